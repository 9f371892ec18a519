"""Groups, images, and what bounds the work of a page (§10, §13)."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image as Pillow

from openrhip.formats import ofd
from openrhip.formats.ofd import render
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.render import scene_reader
from openrhip.formats.ofd.render.raster import raster
from openrhip.formats.ofd.render.scene import Scene
from openrhip.formats.ofd.render.scene_items import GroupItem
from openrhip.kernel.errors import Malformed, TooLarge

WHITE, RED, BLUE = (255, 255, 255), (255, 0, 0), (0, 0, 255)


def square(color, place="10 10 20 20", attrs="", inner=""):
    return (
        f'<ofd:PathObject ID="5" Boundary="{place}" Fill="true" Stroke="false" {attrs}>{inner}'
        f'<ofd:FillColor Value="{color}"/><ofd:AbbreviatedData>M 0 0 L 20 0 L 20 20 L 0 20 C'
        "</ofd:AbbreviatedData></ofd:PathObject>"
    )


def unit(key, content):
    return (
        f'<ofd:CompositeGraphicUnits><ofd:CompositeGraphicUnit ID="{key}" Width="40" Height="40">'
        f"<ofd:Content>{content}</ofd:Content></ofd:CompositeGraphicUnit>"
        "</ofd:CompositeGraphicUnits>"
    )


def test_composite_objects_are_moved_cut_and_faded_as_a_whole(draw):
    resources = unit(60, square("255 0 0", "0 0 20 20") + square("0 0 255", "10 0 20 20"))
    use = '<ofd:CompositeObject ID="5" Boundary="{}" ResourceID="60" {}/>'
    drawn = draw(
        use.format("10 10 60 40", 'CTM="2 0 0 1 0 0"') + use.format("80 10 10 10", ""),
        resources=resources,
    )
    assert drawn.at(15, 20) == RED
    assert drawn.at(65, 20) == BLUE
    assert drawn.at(85, 15) == RED
    assert drawn.at(95, 15) == WHITE
    assert drawn.at(85, 25) == WHITE
    faded = draw(use.format("10 10 40 40", 'Alpha="128"'), resources=resources)
    assert faded.at(25, 20) == pytest.approx((127, 127, 255), abs=2)  # no red shines through
    with faded.open() as document:
        (form,) = document.pages[0].Resources.XObject.values()
        assert str(form.Group.S) == "/Transparency"


def test_composite_objects_stand_in_each_other_but_not_in_themselves(draw):
    nested = unit(60, '<ofd:CompositeObject ID="6" Boundary="5 5 20 20" ResourceID="61"/>')
    nested += unit(61, square("255 0 0", "0 0 20 20"))
    use = '<ofd:CompositeObject ID="5" Boundary="10 10 40 40" ResourceID="60"/>'
    assert draw(use, resources=nested).at(20, 20) == RED
    loop = unit(60, '<ofd:CompositeObject ID="6" Boundary="5 5 20 20" ResourceID="60"/>')
    drawn = draw(use + square("0 0 255", "60 10 20 20"), resources=loop)
    assert drawn.at(70, 20) == BLUE
    assert "group.too-deep" in drawn.codes


def test_units_that_multiply_are_bounded(package, monkeypatch):
    monkeypatch.setattr("openrhip.formats.ofd.render.scene._MAX_ITEMS", 5000)
    resources = "".join(
        unit(
            60 + at, f'<ofd:CompositeObject ID="6" Boundary="0 0 9 9" ResourceID="{61 + at}"/>' * 20
        )
        for at in range(10)
    )
    resources += unit(70, square("255 0 0"))
    use = '<ofd:CompositeObject ID="5" Boundary="10 10 40 40" ResourceID="60"/>'
    with pytest.raises(TooLarge):
        render.to_pdf(package(use, resources=resources))


def test_patterns_in_patterns_are_bounded(package):
    head = '<ofd:PathObject ID="5" Boundary="0 0 9 9" Fill="true"><ofd:FillColor><ofd:Pattern Width="9" Height="9"><ofd:CellContent>'
    tail = "</ofd:CellContent></ofd:Pattern></ofd:FillColor><ofd:AbbreviatedData>M 0 0 L 9 9 L 0 9 C</ofd:AbbreviatedData></ofd:PathObject>"
    deep = scene_reader._MAX_DEPTH + 2
    with pytest.raises((TooLarge, Malformed)):
        render.to_pdf(package(head * deep + tail * deep))


def test_groups_are_kept_for_who_wants_them(package):
    use = '<ofd:CompositeObject ID="5" Boundary="10 10 40 40" CTM="2 0 0 2 0 0" Alpha="128" ResourceID="60"/>'
    data = package(use, resources=unit(60, square("255 0 0", "1 1 20 20", 'Alpha="128"')))
    scene = Scene.of(ofd.open_package(data))
    (group,) = scene.sheet(0).items
    assert isinstance(group, GroupItem)
    assert group.kind == "composite"
    (leaf,) = scene.page(0)
    assert leaf.matrix == (2, 0, 0, 2, 12, 12)
    assert leaf.alpha == pytest.approx((128 / 255) ** 2)
    assert leaf.box == (12, 12, 40, 40)


def _png(color=(255, 0, 0), mode="RGB", size=(8, 8), **more):
    out = io.BytesIO()
    Pillow.new(mode, size, color).save(out, "PNG", **more)
    return out.getvalue()


def _media(**files):
    items = "".join(
        f'<ofd:MultiMedia ID="{key[1:]}" Type="Image"><ofd:MediaFile>{key}.png</ofd:MediaFile>'
        "</ofd:MultiMedia>"
        for key in files
    )
    return {
        "resources": f"<ofd:MultiMedias>{items}</ofd:MultiMedias>",
        "parts": {f"Doc_0/Res/{key}.png": data for key, data in files.items()},
    }


def image(attrs='ResourceID="1"', inner="", place="10 10 20 20"):
    return f'<ofd:ImageObject ID="5" Boundary="{place}" CTM="20 0 0 20 0 0" {attrs}>{inner}</ofd:ImageObject>'


def test_images_masks_and_borders(draw):
    mask = Pillow.new("1", (2, 1))
    mask.putpixel((1, 0), 1)
    packed = io.BytesIO()
    mask.save(packed, "PNG")
    border = '<ofd:Border LineWidth="2" HorizonalCornerRadius="5" VerticalCornerRadius="5"><ofd:BorderColor Value="0 0 255"/></ofd:Border>'
    drawn = draw(
        image('ResourceID="1" ImageMask="2"', border), **_media(p1=_png(), p2=packed.getvalue())
    )
    assert drawn.at(15, 20) == WHITE
    assert drawn.at(25, 20) == RED
    assert drawn.at(10, 20) == BLUE
    assert drawn.at(10.3, 10.3) == WHITE  # the corner is round


def test_an_image_is_cut_at_its_boundary(draw):
    drawn = draw(image(place="10 10 10 20"), **_media(p1=_png()))
    assert drawn.at(15, 20) == RED
    assert drawn.at(25, 20) == WHITE


@pytest.mark.parametrize(
    ("mode", "color"),
    [("RGB", (255, 0, 0)), ("P", (255, 0, 0)), ("L", 128), ("RGBA", (255, 0, 0, 255))],
)
def test_pixels_of_every_kind_come_through(draw, mode, color):
    shown = RED if mode != "L" else (128, 128, 128)
    made = Pillow.new("RGB", (8, 8), color).quantize(4) if mode == "P" else None
    out = io.BytesIO()
    (made or Pillow.new(mode, (8, 8), color)).save(out, "PNG")
    assert draw(image(), **_media(p1=out.getvalue())).at(20, 20) == shown


def test_an_image_nobody_can_read_has_a_substitute_or_a_frame(draw):
    files = _media(p1=b"no picture", p2=_png())
    drawn = draw(image('ResourceID="1" Substitution="2"'), **files)
    assert drawn.at(20, 20) == RED
    framed = draw(image(), **files)
    assert framed.ink(9, 9, 22, 22) > 20
    assert "image.unreadable" in framed.codes
    absent = draw(image('ResourceID="404"') + square("0 0 255", "60 10 20 20"), **files)
    assert absent.at(70, 20) == BLUE
    assert "resource.missing" in absent.codes


def _timed(data):
    start = time.process_time()
    render.to_png(data, dpi=50)
    return time.process_time() - start


FINE = (
    '<ofd:PathObject ID="5" Boundary="0 0 100 50" Fill="true"><ofd:FillColor><ofd:Pattern'
    ' Width="{0}" Height="{0}"><ofd:CellContent><ofd:PathObject ID="6" Boundary="0 0 9 9"'
    ' Fill="true"><ofd:FillColor Value="255 0 0"/><ofd:AbbreviatedData>M 0 0 L 1 0 L 1 1 C'
    "</ofd:AbbreviatedData></ofd:PathObject></ofd:CellContent></ofd:Pattern></ofd:FillColor>"
    "<ofd:AbbreviatedData>M 0 0 L 100 0 L 100 50 L 0 50 C</ofd:AbbreviatedData></ofd:PathObject>"
)
DASHED = (
    '<ofd:PathObject ID="5" Boundary="0 0 0 0" LineWidth="1" DashPattern="0.00001 0.00001">'
    "<ofd:AbbreviatedData>M 0 0 L 900000 900000</ofd:AbbreviatedData></ofd:PathObject>"
)
SHINE = '<ofd:CompositeObject ID="5" Boundary="0 0 100 50" Alpha="254" ResourceID="60"/>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (FINE.format("0.0001"), "page.too-rich"),
        (DASHED, "object.malformed"),
        (SHINE * 6000, "page.too-rich"),
    ],
)
def test_what_would_take_without_end_to_show_is_drawn_plainly(package, monkeypatch, content, code):
    monkeypatch.setattr("openrhip.formats.ofd.render.pdf_draw._RICH", 200)
    resources = unit(60, square("255 0 0", "0 0 20 20"))
    data = package(content, resources=resources)
    assert _timed(data) < 5
    notices = Notices()
    render.to_pdf(data, notices=notices)
    assert [notice.code for notice in notices] == [code]


def test_a_page_that_takes_too_long_ends_typed(package):
    made = render.to_pdf(package(square("255 0 0", "0 0 100 50", 'CTM="5 0 0 5 0 0"') * 3000))
    assert raster(made, 100).getpixel((50, 50)) == RED
    with pytest.raises(TooLarge):
        raster(made, 600, seconds=-1.0)


def test_many_threads_draw_at_once(package):
    data = package(square("255 0 0") * 200)
    wanted = render.to_png(data)
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: render.to_png(data), range(24))) == {wanted}
