"""Colours, shadings and patterns (GB/T 33190-2016 §8.3)."""

import pytest

WHITE, RED, BLUE = (255, 255, 255), (255, 0, 0), (0, 0, 255)


def box(color, attrs="", place="10 10 80 20", size=(80, 20)):
    wide, tall = size
    return (
        f'<ofd:PathObject ID="5" Boundary="{place}" Fill="true" Stroke="false" {attrs}>'
        f"<ofd:FillColor{color}</ofd:FillColor><ofd:AbbreviatedData>M 0 0 L {wide} 0"
        f" L {wide} {tall} L 0 {tall} C</ofd:AbbreviatedData></ofd:PathObject>"
    )


def _stops(*colors):
    return "".join(
        f'<ofd:Segment Position="{at}"><ofd:Color Value="{color}"{more}/></ofd:Segment>'
        for at, color, more in colors
    )


TWO = _stops((0, "255 0 0", ""), (1, "0 0 255", ""))
SPACES = (
    '<ofd:ColorSpaces><ofd:ColorSpace ID="80" Type="GRAY" BitsPerComponent="4"/>'
    '<ofd:ColorSpace ID="81" Type="CMYK"/><ofd:ColorSpace ID="82" Type="RGB"><ofd:Palette>'
    "<ofd:CV>1 2 3</ofd:CV><ofd:CV>255 0 0</ofd:CV></ofd:Palette></ofd:ColorSpace>"
    '<ofd:ColorSpace ID="83" Type="RGB" BitsPerComponent="16"/></ofd:ColorSpaces>'
)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ('Value="255 0 0"', RED),
        ('Value="#ff #00 #00"', RED),
        ('Value="#FF0000"', RED),
        ('Value="128"', (128, 128, 128)),
        ('Value="8" ColorSpace="80"', (136, 136, 136)),
        ('Value="0 255 255 0" ColorSpace="81"', RED),
        ('Value="0 255 255 0"', RED),
        ('Index="1" ColorSpace="82"', RED),
        ('Value="65535 0 0" ColorSpace="83"', RED),
        ('Value="300 -5 0.4"', RED),
        ("", (0, 0, 0)),
        ('ColorSpace="81"', WHITE),
    ],
)
def test_plain_colours(draw, given, shown):
    drawn = draw(box(f" {given}>"), resources=SPACES)
    assert drawn.at(20, 20) == shown
    assert drawn.codes == []


@pytest.mark.parametrize(
    "given",
    ['Value="red"', 'Value="1 2"', 'Index="7" ColorSpace="82"', 'Value="#"', 'Value="nan 0 0"'],
)
def test_what_is_no_colour_is_black_and_named(draw, given):
    drawn = draw(box(f" {given}>"), resources=SPACES)
    assert drawn.at(20, 20) == (0, 0, 0)
    assert drawn.codes == ["colour.unknown"]


def test_the_default_colour_space_counts(draw):
    common = "<ofd:DefaultCS>80</ofd:DefaultCS>"
    assert draw(box(' Value="15">'), resources=SPACES, common=common).at(20, 20) == WHITE


def test_axial_shading(draw):
    drawn = draw(box(f'><ofd:AxialShd StartPoint="20 0" EndPoint="60 0">{TWO}</ofd:AxialShd>'))
    assert drawn.at(20, 20) == WHITE  # not extended
    assert drawn.at(31, 20) == pytest.approx((250, 0, 5), abs=8)
    assert drawn.at(50, 20) == pytest.approx((127, 0, 127), abs=6)
    with drawn.open() as document:
        pattern = next(iter(document.pages[0].Resources.Pattern.values()))
        assert pattern.Shading.ShadingType == 2
    wide = draw(
        box(f'><ofd:AxialShd StartPoint="20 0" EndPoint="60 0" Extend="3">{TWO}</ofd:AxialShd>')
    )
    assert wide.at(20, 20) == RED
    assert wide.at(85, 20) == pytest.approx(BLUE, abs=2)


def test_axial_shading_moves_with_its_object(draw):
    shade = f'><ofd:AxialShd StartPoint="0 0" EndPoint="40 0">{TWO}</ofd:AxialShd>'
    drawn = draw(box(shade, 'CTM="2 0 0 1 0 0"', size=(40, 20)))
    assert drawn.at(50, 20) == pytest.approx((127, 0, 127), abs=6)


def test_gradients_that_repeat_and_turn_back(draw):
    head = 'StartPoint="0 0" EndPoint="80 0" MapUnit="20"'
    again = draw(box(f'><ofd:AxialShd {head} MapType="Repeat">{TWO}</ofd:AxialShd>'))
    assert again.at(31, 20) == pytest.approx((240, 0, 12), abs=12)
    assert again.at(29, 20) == pytest.approx((12, 0, 240), abs=14)
    back = draw(box(f'><ofd:AxialShd {head} MapType="Reflect">{TWO}</ofd:AxialShd>'))
    assert back.at(30, 20) == pytest.approx((3, 0, 250), abs=10)
    assert back.at(49, 20) == pytest.approx((240, 0, 12), abs=14)


def test_opacity_along_a_gradient(draw):
    fading = _stops((0, "255 0 0", ""), (1, "255 0 0", ' Alpha="0"'))
    drawn = draw(box(f'><ofd:AxialShd StartPoint="0 0" EndPoint="80 0">{fading}</ofd:AxialShd>'))
    assert drawn.at(12, 20) == pytest.approx((255, 8, 8), abs=12)
    assert drawn.at(50, 20) == pytest.approx((255, 127, 127), abs=8)
    with drawn.open() as document:
        state = next(iter(document.pages[0].Resources.ExtGState.values()))
        assert str(state.SMask.S) == "/Luminosity"


def test_radial_shading(draw):
    place = 'StartPoint="40 10" StartRadius="0" EndPoint="40 10" EndRadius="10"'
    drawn = draw(box(f"><ofd:RadialShd {place}>{TWO}</ofd:RadialShd>"))
    assert drawn.at(50, 20) == pytest.approx(RED, abs=8)
    assert drawn.at(59, 20) == pytest.approx((20, 0, 235), abs=14)
    assert drawn.at(65, 20) == WHITE
    flat = f'{place} Eccentricity="0.8" Angle="0"'
    drawn = draw(box(f"><ofd:RadialShd {flat}>{TWO}</ofd:RadialShd>"))
    assert drawn.at(58, 20) != WHITE
    assert drawn.at(50, 27) == WHITE  # the short half axis is 6
    upright = f'{place} Eccentricity="0.8" Angle="90"'
    turned = draw(box(f"><ofd:RadialShd {upright}>{TWO}</ofd:RadialShd>"))
    assert turned.at(58, 20) == WHITE
    assert turned.at(50, 28) != WHITE


def _point(x, y, color, flag=""):
    given = f' EdgeFlag="{flag}"' if flag != "" else ""
    return f'<ofd:Point X="{x}" Y="{y}"{given}><ofd:Color Value="{color}"/></ofd:Point>'


def test_triangles_of_colour(draw):
    points = (
        _point(0, 0, "255 0 0") + _point(20, 0, "255 0 0") + _point(0, 20, "255 0 0")
        + _point(20, 20, "0 0 255", 1)
    )  # fmt: skip
    drawn = draw(box(f"><ofd:GouraudShd>{points}</ofd:GouraudShd>"))
    assert drawn.at(12, 12) == RED
    assert drawn.at(29, 29) == pytest.approx(BLUE, abs=40)
    assert drawn.at(60, 20) == WHITE
    with drawn.open() as document:
        pattern = next(iter(document.pages[0].Resources.Pattern.values()))
        assert pattern.Shading.ShadingType == 4
    filled = draw(
        box(f'><ofd:GouraudShd>{points}<ofd:BackColor Value="0 255 0"/></ofd:GouraudShd>')
    )
    assert filled.at(60, 20) == (0, 255, 0)


@pytest.mark.parametrize("name", ["LaGouraudShd", "LaGourandShd"])
def test_lattices_of_colour(draw, name):
    points = "".join(
        _point(x, y, "255 0 0" if x < 80 else "0 0 255") for y in (0, 10, 20) for x in (0, 80)
    )
    drawn = draw(box(f'><ofd:{name} VerticesPerRow="2">{points}</ofd:{name}>'))
    assert drawn.at(50, 20) == pytest.approx((127, 0, 127), abs=6)
    with drawn.open() as document:
        pattern = next(iter(document.pages[0].Resources.Pattern.values()))
        assert pattern.Shading.ShadingType == 5


def _cell(attrs, data="M 0 0 L 5 0 L 5 5 L 0 5 C"):
    return (
        f'><ofd:Pattern Width="10" Height="10" {attrs}><ofd:CellContent><ofd:PathObject ID="6"'
        ' Boundary="0 0 10 10" Fill="true" Stroke="false"><ofd:FillColor Value="255 0 0"/>'
        f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject></ofd:CellContent>"
        "</ofd:Pattern>"
    )


def _corners(drawn, x, y):
    """Which quarters of the tile at a place are inked."""
    return [drawn.at(x + dx, y + dy) == RED for dy in (2.5, 7.5) for dx in (2.5, 7.5)]


def test_patterns_are_tiles(draw):
    drawn = draw(box(_cell("")))
    assert _corners(drawn, 10, 10) == _corners(drawn, 80, 20) == [True, False, False, False]
    apart = draw(box(_cell('XStep="20"')))
    assert not any(_corners(apart, 20, 10))
    assert _corners(apart, 30, 10) == [True, False, False, False]
    with drawn.open() as document:
        pattern = next(iter(document.pages[0].Resources.Pattern.values()))
        assert (pattern.PatternType, pattern.XStep) == (1, 10)


@pytest.mark.parametrize(
    ("how", "right", "below"),
    [
        ("Column", [False, True, False, False], [True, False, False, False]),
        ("Row", [True, False, False, False], [False, False, True, False]),
        ("RowAndColumn", [False, True, False, False], [False, False, True, False]),
    ],
)
def test_patterns_that_mirror_their_neighbours(draw, how, right, below):
    drawn = draw(box(_cell(f'ReflectMethod="{how}"')))
    assert _corners(drawn, 10, 10) == [True, False, False, False]
    assert _corners(drawn, 20, 10) == right
    assert _corners(drawn, 10, 20) == below


def test_patterns_begin_at_the_object_or_at_the_page(draw):
    at_object, at_page = (
        draw(box(_cell(f'RelativeTo="{what}"'), place="14 10 60 20")) for what in ("Object", "Page")
    )
    assert _corners(at_object, 14, 10) == [True, False, False, False]
    assert _corners(at_page, 20, 10) == [True, False, False, False]
    small = draw(box(_cell('CTM="0.5 0 0 0.5 0 0"')))
    assert small.at(11, 11) == RED
    assert small.at(14, 11) == WHITE
    assert small.at(16, 11) == RED


def test_lines_and_text_take_gradients_too(draw):
    shade = f'<ofd:AxialShd StartPoint="0 0" EndPoint="80 0">{TWO}</ofd:AxialShd>'
    line = (
        '<ofd:PathObject ID="5" Boundary="10 5 80 10" LineWidth="4"><ofd:StrokeColor>'
        f"{shade}</ofd:StrokeColor><ofd:AbbreviatedData>M 0 5 L 80 5</ofd:AbbreviatedData>"
        "</ofd:PathObject>"
    )
    text = (
        '<ofd:TextObject ID="6" Boundary="10 20 80 30" Font="7" Size="20"><ofd:FillColor>'
        f'{shade}</ofd:FillColor><ofd:TextCode X="0" Y="18" DeltaX="60">一一</ofd:TextCode>'
        "</ofd:TextObject>"
    )
    drawn = draw(line + text)
    assert drawn.at(50, 10) == pytest.approx((127, 0, 127), abs=6)
    reds = [drawn.at(x, y / 4) for x in (15, 80) for y in range(100, 160)]
    assert any(red > 200 and green < 60 for red, green, _ in reds)
    assert any(blue > 200 and green < 60 for _, green, blue in reds)
    assert "".join(drawn.texts[0].split()) == "一一"


@pytest.mark.parametrize(
    "shade",
    [
        '<ofd:AxialShd StartPoint="0" EndPoint="1 1"/>',
        '<ofd:RadialShd StartPoint="0 0" EndPoint="x"/>',
        "<ofd:GouraudShd/>",
        '<ofd:LaGouraudShd VerticesPerRow="9"/>',
        '<ofd:Pattern Width="0" Height="1"><ofd:CellContent/></ofd:Pattern>',
        "<ofd:Cloud/>",
    ],
)
def test_shades_that_cannot_be_read_become_a_plain_colour_and_are_named(draw, shade):
    drawn = draw(box(f">{shade}"))
    assert drawn.at(20, 20) != WHITE
    assert "colour.unknown" in drawn.codes
