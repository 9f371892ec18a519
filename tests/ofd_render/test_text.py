"""Text: places, glyphs, directions, outlines, and that it stays text (GB/T 33190-2016 §11)."""

from itertools import pairwise

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats.ofd.fonts import Font, Usage, glyph_in

RED = (255, 0, 0)
PT = 72 / 25.4


def text(codes, attrs="", inner="", font=7, size=10, box="10 10 80 30"):
    if isinstance(codes, str) and not codes.startswith("<"):
        codes = f'<ofd:TextCode X="0" Y="10">{codes}</ofd:TextCode>'
    return (
        f'<ofd:TextObject ID="5" Boundary="{box}" Font="{font}" Size="{size}" {attrs}>{inner}'
        f"{codes}</ofd:TextObject>"
    )


def code(chars, x=0, y=10, dx="", dy=""):
    steps = (f' DeltaX="{dx}"' if dx else "") + (f' DeltaY="{dy}"' if dy else "")
    place = "".join(f' {n}="{v}"' for n, v in (("X", x), ("Y", y)) if v is not None)
    return f"<ofd:TextCode{place}{steps}>{chars}</ofd:TextCode>"


def places(drawn, page=0):
    """Each character with where it stands on the page, in mm."""
    document = pypdfium2.PdfDocument(drawn.pdf)
    sheet = document[page]
    reader = sheet.get_textpage()
    found = []
    for at in range(reader.count_chars()):
        char = reader.get_text_range(at, 1)
        if char.strip():
            left, bottom, right, top = reader.get_charbox(at, loose=True)
            found.append((char, left / PT, (sheet.get_height() - top) / PT, right / PT,
                          (sheet.get_height() - bottom) / PT))  # fmt: skip
    reader.close()
    sheet.close()
    document.close()
    return found


def test_characters_stand_where_the_steps_put_them(draw):
    drawn = draw(text(code("甲乙丙丁", dx="12 g 2 15")))
    assert [(char, pytest.approx(left, abs=0.1)) for char, left, *_ in places(drawn)] == [
        ("甲", 10), ("乙", 22), ("丙", 37), ("丁", 52),
    ]  # fmt: skip


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(-3, 12), min_size=1, max_size=30))
def test_steps_are_kept_within_hundredths_of_the_size(steps):
    from openrhip.formats.ofd.render.pdf_canvas import Canvas
    from openrhip.formats.ofd.render.pdf_text import show

    canvas = Canvas()
    shifts = [1000 - step * 100 for step in steps]
    show(canvas, ["0001"] * (len(steps) + 1), shifts, 10.0)
    words = "".join(canvas.out)
    spacing = float(words.split(" Tc")[0]) if " Tc" in words else 0.0
    x, found = 0.0, [0.0]
    array = words[words.index("<") :].split("]")[0].replace("<", " <").replace(">", "> ")
    for word in array.split():
        if word.startswith("<"):
            for _ in range(len(word[1:-1]) // 4):
                x += 10 + spacing
                found.append(x)
        elif word[0] in "-0123456789":
            x -= float(word) / 100
            found[-1] = x
    wanted, sums = 0.0, [0.0]
    for step in steps:
        wanted += step
        sums.append(wanted)
    assert found[: len(sums)] == pytest.approx(sums, abs=0.02 + 0.01 * len(steps) ** 0.5)


def test_without_steps_characters_stand_in_their_own_widths(draw):
    drawn = draw(text(code("甲乙丙")) + text(code("AB"), box="10 30 80 15"))
    first, second, third, a, b = places(drawn)
    assert second[1] - first[1] == pytest.approx(10, abs=0.1)
    assert third[1] - second[1] == pytest.approx(10, abs=0.1)
    assert 4 < b[1] - a[1] < 8


def test_the_last_step_goes_on_where_the_list_ends_early(draw):
    drawn = draw(text(code("甲乙丙丁", dx="12")) + text(code("1234", dx="7"), box="10 30 80 15"))
    lefts = [left for _, left, *_ in places(drawn)]
    assert lefts[:4] == pytest.approx([10, 22, 34, 46], abs=0.1)
    assert [b - a for a, b in pairwise(lefts[4:])] == pytest.approx([7, 7, 7], abs=0.1)


def test_a_code_without_place_takes_that_of_the_code_before(draw):
    drawn = draw(text(code("甲", x=20, y=10) + code("乙", x=None, y=25) + code("丙", 40, None)))
    found = {char: (left, bottom) for char, left, _, _, bottom in places(drawn)}
    assert found["乙"][0] == pytest.approx(found["甲"][0], abs=0.1)
    assert found["丙"][1] == pytest.approx(found["乙"][1], abs=0.1)


def test_vertical_text_is_read_downwards(draw):
    drawn = draw(text(code("甲乙丙", dy="g 2 12"), 'ReadDirection="90"'), box="0 0 100 60")
    found = places(drawn)
    assert [char for char, *_ in found] == ["甲", "乙", "丙"]
    assert len({round(left, 1) for _, left, *_ in found}) == 1
    assert found[1][2] - found[0][2] == pytest.approx(12, abs=0.1)
    own = draw(text(code("甲乙丙"), 'ReadDirection="90"'), box="0 0 100 60")
    assert places(own)[1][2] - places(own)[0][2] == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize(
    ("turn", "left", "top"), [(0, 0, -10), (90, 0, 0), (180, -10, 0), (270, -10, -10)]
)
def test_characters_are_turned_clockwise_about_their_origin(draw, turn, left, top):
    drawn = draw(text(code("一", 20, 20), f'CharDirection="{turn}"'))
    assert drawn.ink(30 + left, 30 + top, 10, 10) > 50
    assert drawn.ink(0, 0, 100, 50) == drawn.ink(30 + left - 1, 30 + top - 1, 12, 12)


def test_turned_characters_of_a_turned_line_stay_one_text(draw):
    turned = 'CharDirection="90" ReadDirection="90"'
    drawn = draw(text(code("ABC", 20, 0, dy="g 2 8"), turned), box="0 0 100 60")
    assert "".join(drawn.texts[0].split()) == "ABC"
    assert drawn.operators().count(" Tm") == 1


def test_scale_across_slant_and_weight(draw):
    wide = draw(text("一", 'HScale="2"'))
    plain = draw(text("一"))
    assert wide.ink(21, 10, 8, 20) > 50
    assert plain.ink(21, 10, 8, 20) == 0
    slanted = draw(text("丨", 'Italic="true"'))
    assert slanted.operators() != draw(text("丨")).operators()
    bold = draw(text("一丁", 'Weight="800"'))
    assert bold.ink(0, 0, 100, 50) > draw(text("一丁")).ink(0, 0, 100, 50)


def test_filled_outlined_and_invisible_text(draw):
    red = '<ofd:StrokeColor Value="255 0 0"/>'
    both = draw(text("口", 'Stroke="true" LineWidth="0.5"', red, size=20))
    assert " 2 Tr" in both.operators()
    outlined = draw(text("口", 'Stroke="true" Fill="false" LineWidth="0.5"', red))
    assert " 1 Tr" in outlined.operators()
    assert outlined.ink(10, 10, 20, 20) > 20
    hidden = draw(text("隐形", 'Fill="false"'))
    assert hidden.ink(0, 0, 100, 50) == 0
    assert "".join(hidden.texts[0].split()) == "隐形"
    clear = draw(text("淡", 'Alpha="128"', '<ofd:FillColor Value="255 0 0" Alpha="128"/>'))
    with clear.open() as document:
        (state,) = document.pages[0].Resources.ExtGState.values()
        assert float(state.ca) == pytest.approx(0.252, abs=0.002)


CHARS = "甲乙丙丁fi"


def _embedded():
    usage = Usage()
    usage.add(Font.SERIF, CHARS)
    data = usage.files()[Font.SERIF]
    return data, {char: glyph_in(data, char) for char in CHARS}


OWN = '<ofd:Fonts><ofd:Font ID="8" FontName="Own"><ofd:FontFile>f.otf</ofd:FontFile></ofd:Font></ofd:Fonts>'


def transform(at, count, glyphs):
    numbers = " ".join(map(str, glyphs))
    return (
        f'<ofd:CGTransform CodePosition="{at}" CodeCount="{count}" GlyphCount="{len(glyphs)}">'
        f"<ofd:Glyphs>{numbers}</ofd:Glyphs></ofd:CGTransform>"
    )


@pytest.fixture
def with_font(draw):
    data, glyphs = _embedded()

    def make(codes, attrs=""):
        return draw(
            text(codes, attrs, font=8), resources=OWN, parts={"Doc_0/Res/f.otf": data}
        ), glyphs  # fmt: skip

    return make


def test_glyphs_are_those_the_file_fixes(with_font):
    _, glyphs = with_font(code("甲"))
    same, _ = with_font(transform(0, 2, [glyphs["丙"], glyphs["丁"]]) + code("甲乙", dx="12"))
    plain, _ = with_font(code("丙丁", dx="12"))
    assert same.images[0].tobytes() == plain.images[0].tobytes()
    assert "".join(same.texts[0].split()) == "甲乙"


def test_many_characters_to_one_glyph_and_one_to_many(with_font):
    _, glyphs = with_font(code("甲"))
    one, _ = with_font(transform(0, 2, [glyphs["甲"]]) + code("fi乙", dx="6 6"))
    assert "".join(one.texts[0].split()) == "fi乙"
    found = {char: left for char, left, *_ in places(one)}
    assert found["乙"] == pytest.approx(22, abs=0.1)
    many, _ = with_font(transform(0, 1, [glyphs["丙"], glyphs["丁"]]) + code("甲乙", dx="24"))
    assert many.ink(12, 10, 6, 12) > 20
    assert many.ink(24, 10, 6, 12) > 20
    assert "".join(many.texts[0].split()) == "甲乙"


def test_positions_count_in_their_own_code_or_in_the_whole_object(with_font):
    _, glyphs = with_font(code("甲"))
    own, _ = with_font(code("甲") + transform(0, 1, [glyphs["丁"]]) + code("乙", 20))
    whole, _ = with_font(transform(1, 1, [glyphs["丁"]]) + code("甲") + code("乙", 20))
    plain, _ = with_font(code("甲") + code("丁", 20))
    assert own.images[0].tobytes() == plain.images[0].tobytes()
    assert "".join(whole.texts[0].split()) == "甲乙"


def test_large_fonts_stay_small_in_the_pdf(draw):
    drawn = draw(text("甲乙丙"))
    assert len(drawn.pdf) < 20_000
    with drawn.open() as document:
        (font,) = document.pages[0].Resources.Font.values()
        assert b"begincidchar" in font.Encoding.read_bytes()


@pytest.mark.parametrize(
    "codes",
    [
        code("甲乙", dx="g"),
        code("甲乙", dx="g x 1"),
        code("甲乙", dx="q"),
        code("甲乙", dx="nan"),
        code("甲乙", dx="1e99"),
        code("甲乙", x="a"),
        transform("x", 1, [1]) + code("甲乙", y="inf"),
    ],
)
def test_places_that_are_no_numbers_are_named_and_the_text_is_drawn(draw, codes):
    drawn = draw(text(codes))
    assert "".join(drawn.texts[0].split()) == "甲乙"
    assert "text.malformed" in drawn.codes


def test_a_text_without_size_or_font(draw):
    drawn = draw(text("甲", size=0) + text("乙", font=404))
    assert "".join(drawn.texts[0].split()) == "乙"
    assert {"object.malformed", "resource.missing"} <= set(drawn.codes)
