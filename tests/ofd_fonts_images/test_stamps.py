"""Pictures of seals: every kind of picture and version, cut riding seals, seals without a file."""

import base64
import io
import re
import struct
import zlib
from datetime import UTC, datetime

import pikepdf
import pytest
from PIL import Image

from openrhip.formats import ofd
from openrhip.formats.gm import der, oids
from openrhip.formats.ofd import render, seal_stamps
from openrhip.formats.ofd.notices import Notices

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
_NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
LISTED = "<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>"


def _seal(picture: bytes, kind: str, version: int) -> bytes:
    when = der.generalized_time(NOW)
    listing = b"" if version == 1 else der.integer(1)
    info = der.sequence(
        der.sequence(der.text(der.IA5, "ES"), der.integer(version), der.text(der.IA5, "x")),
        der.text(der.IA5, "id"),
        der.sequence(
            der.integer(1),
            der.utf8("章"),
            listing,
            der.sequence(der.octets(b"c")),
            when,
            when,
            when,
        ),
        der.sequence(
            der.text(der.IA5, kind), der.octets(picture), der.integer(40), der.integer(40)
        ),
    )
    made_by = der.octets(b"maker"), der.oid(oids.SM2_WITH_SM3), der.bits(b"sig")
    return der.sequence(info, der.sequence(*made_by) if version == 1 else b"".join(made_by))


def _value(seal: bytes, version: int) -> bytes:
    when = der.generalized_time(NOW)
    place = der.text(der.IA5, "/Doc_0/Signs/Sign_0/Signature.xml")
    signer = der.octets(b"cert"), der.oid(oids.SM2_WITH_SM3)
    if version == 1:
        time = der.bits(b"2026-11-24T08:00:00")
        return der.sequence(
            der.sequence(der.integer(1), seal, time, der.bits(b"h"), place, *signer),
            der.bits(b"sig"),
        )
    signed = der.sequence(der.integer(version), seal, when, der.bits(b"h"), place)
    return der.sequence(signed, *signer, der.bits(b"sig"))


def _signed(seal: bytes, value: bytes, annotations: str, *, with_file: bool) -> dict[str, bytes]:
    inside = "<ofd:Seal><ofd:BaseLoc>Seal.esl</ofd:BaseLoc></ofd:Seal>" if with_file else ""
    parts = {
        "Doc_0/Signs/Signatures.xml": (
            f'<ofd:Signatures {_NS}><ofd:Signature ID="s1" Type="Seal"'
            ' BaseLoc="Sign_0/Signature.xml"/></ofd:Signatures>'
        ).encode(),
        "Doc_0/Signs/Sign_0/Signature.xml": (
            f"<ofd:Signature {_NS}><ofd:SignedInfo>{annotations}{inside}</ofd:SignedInfo>"
            "<ofd:SignedValue>SignedValue.dat</ofd:SignedValue></ofd:Signature>"
        ).encode(),
        "Doc_0/Signs/Sign_0/SignedValue.dat": value,
    }
    if with_file:
        parts["Doc_0/Signs/Sign_0/Seal.esl"] = seal
    return parts


def _place(box: str = "10 10 40 40", clip: str = "", page: int = 900) -> str:
    cut = f' Clip="{clip}"' if clip else ""
    return f'<ofd:StampAnnot ID="1" PageRef="{page}" Boundary="{box}"{cut}/>'


def _raster(form: str) -> bytes:
    image = Image.new("RGB", (40, 40), (220, 0, 0))
    image.paste((0, 160, 0), (20, 0, 40, 40))
    out = io.BytesIO()
    image.convert("P" if form == "GIF" else "RGB").save(out, form)
    return out.getvalue()


def _vector(foreign) -> bytes:
    """An OFD picture: a red bar over the left half, nothing on the right."""
    return foreign(
        '<ofd:PathObject ID="1" Boundary="0 0 15 30" Fill="true" Stroke="false">'
        '<ofd:FillColor Value="220 0 0"/><ofd:AbbreviatedData>M 0 0 L 15 0 L 15 30 L 0 30 C'
        "</ofd:AbbreviatedData></ofd:PathObject>",
        box="0 0 30 30",
    )


def _pixel(png: bytes, x: float, y: float) -> tuple[int, int, int]:
    image = Image.open(io.BytesIO(png)).convert("RGB")
    return image.getpixel((round(x * 100 / 25.4), round(y * 100 / 25.4)))


def _red(color: tuple[int, int, int]) -> bool:
    return color[0] > 180 and color[1] < 60


GREY = (
    '<ofd:PathObject ID="1" Boundary="0 0 100 60" Fill="true" Stroke="false"><ofd:FillColor'
    ' Value="200 200 200"/><ofd:AbbreviatedData>M 0 0 L 100 0 L 100 60 L 0 60 C'
    "</ofd:AbbreviatedData></ofd:PathObject>"
)


@pytest.mark.parametrize("version", [1, 4, 5])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "GIF", "ofd"])
def test_every_picture_of_every_version_is_shown(foreign, form, version):
    picture = _vector(foreign) if form == "ofd" else _raster(form)
    seal = _seal(picture, form, version)
    parts = _signed(seal, _value(seal, version), _place(), with_file=False)
    data = foreign(GREY, signatures=LISTED, parts=parts)
    notices = Notices()
    png = render.to_png(data, dpi=100, notices=notices)
    assert not notices
    left, right = _pixel(png, 20, 30), _pixel(png, 40, 30)
    assert left[0] > 2 * max(left[1:])
    assert right == (200, 200, 200) if form == "ofd" else right[1] > 2 * max(right[0], right[2])
    assert _pixel(png, 60, 30) == (200, 200, 200)
    assert "data:image/" in render.to_svg(data)
    ((page, box, shown),) = ofd.stamps(ofd.open_package(data))
    assert (page, box) == (0, (10, 10, 40, 40))
    assert shown.startswith((b"\x89PNG", b"\xff\xd8\xff"))


def test_the_seal_file_serves_where_the_value_cannot_be_read(foreign):
    seal = _seal(_raster("PNG"), "PNG", 4)
    for value in (b"", b"\x30\x03\x02\x01\x05"):
        parts = _signed(seal, value, _place(), with_file=True)
        data = foreign(signatures=LISTED, parts=parts)
        assert len(ofd.stamps(ofd.open_package(data))) == 1
    parts = _signed(seal, b"none", _place(), with_file=False)
    notices = Notices()
    assert render.to_png(foreign(signatures=LISTED, parts=parts), notices=notices)
    assert [(one.code, one.where) for one in notices] == [
        ("seal.unreadable", "Doc_0/Signs/Sign_0/Signature.xml")
    ]


def test_a_riding_seal_is_cut_over_its_pages(foreign):
    seal = _seal(_raster("PNG"), "PNG", 4)
    places = _place("80 10 40 40", "0 0 20 40", 900) + _place("60 10 40 40", "20 0 20 40", 901)
    parts = _signed(seal, _value(seal, 4), places, with_file=True)
    data = foreign(signatures=LISTED, parts=parts, pages=["", ""])
    found = ofd.stamps(ofd.open_package(data))
    assert [(page, box) for page, box, _ in found] == [(0, (80, 10, 20, 40)), (1, (80, 10, 20, 40))]
    first, second = (Image.open(io.BytesIO(shown)).convert("RGB") for _, _, shown in found)
    assert first.size == second.size == (20, 40)
    assert first.getcolors() == [(800, (220, 0, 0))]
    assert second.getcolors() == [(800, (0, 160, 0))]
    assert _red(_pixel(render.to_png(data, 0, dpi=100), 90, 30))
    assert not _red(_pixel(render.to_png(data, 1, dpi=100), 90, 30))
    assert _pixel(render.to_png(data, 1, dpi=100), 70, 30) == (255, 255, 255)


@pytest.mark.parametrize(
    "place",
    [
        _place(page=777),
        _place("1 1"),
        _place("0 0 0 0"),
        _place("0 0 1 nan"),
        _place(clip="1 2"),
        "",
    ],
)
def test_places_that_cannot_be_show_nothing(foreign, place):
    seal = _seal(_raster("PNG"), "PNG", 4)
    data = foreign(signatures=LISTED, parts=_signed(seal, _value(seal, 4), place, with_file=False))
    assert ofd.stamps(ofd.open_package(data)) == []
    assert render.to_svg(data)


def test_lists_that_cannot_be_read_hinder_no_page(foreign):
    seal = _seal(_raster("PNG"), "PNG", 4)
    parts = _signed(seal, _value(seal, 4), _place(), with_file=False)
    for broken in ({}, {"Doc_0/Signs/Signatures.xml": b"<a"}):
        data = foreign(signatures=LISTED, parts=broken)
        assert render.to_png(data)
    parts["Doc_0/Signs/Sign_0/Signature.xml"] = b"<a"
    assert render.to_png(foreign(signatures=LISTED, parts=parts))


def test_a_seal_picture_bomb_is_not_unpacked(foreign):
    head = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    for clip in ("", "0 0 20 40"):
        seal = _seal(bomb, "PNG", 4)
        parts = _signed(seal, _value(seal, 4), _place(clip=clip), with_file=False)
        notices = Notices()
        render.to_png(foreign(signatures=LISTED, parts=parts), notices=notices)
        assert [one.code for one in notices] == ["seal.unreadable"]


def test_an_ofd_picture_does_not_draw_seals_of_its_own(foreign):
    inner = _seal(_raster("PNG"), "PNG", 4)
    nested = foreign(
        signatures=LISTED, parts=_signed(inner, _value(inner, 4), _place(), with_file=False)
    )
    assert Image.open(io.BytesIO(seal_stamps.ready(nested))).getchannel("A").getextrema() == (0, 0)


def test_an_ofd_picture_stays_a_drawing_in_the_pdf_once_for_all_pages(foreign):
    seal = _seal(_vector(foreign), "ofd", 4)
    places = _place() + _place(page=901) + _place("50 10 20 20", page=901)
    parts = _signed(seal, _value(seal, 4), places, with_file=False)
    data = foreign(signatures=LISTED, parts=parts, pages=[GREY, GREY])
    with pikepdf.open(io.BytesIO(render.to_pdf(data))) as document:
        forms = [one for page in document.pages for one in page.Resources.XObject.values()]
        assert {str(one.Subtype) for one in forms} == {"/Form"}
        assert len({one.objgen for one in forms}) == 1
    png = render.to_png(data, 1, dpi=100)
    for x in (20, 52):
        assert _red(_pixel(png, x, 20))
    for x in (40, 65):
        assert _pixel(png, x, 20) == (200, 200, 200)


def test_an_ofd_picture_that_is_cut_or_damaged(foreign):
    seal = _seal(_vector(foreign), "ofd", 4)
    cut = _signed(seal, _value(seal, 4), _place(clip="0 0 10 40"), with_file=False)
    png = render.to_png(foreign(signatures=LISTED, parts=cut), dpi=100)
    assert _red(_pixel(png, 15, 30))
    assert _pixel(png, 25, 30) == (255, 255, 255)
    seal = _seal(b"PK\3\4 is not enough", "ofd", 4)
    parts = _signed(seal, _value(seal, 4), _place(), with_file=False)
    for draw in (render.to_pdf, render.to_svg, render.to_png):
        notices = Notices()
        draw(foreign(signatures=LISTED, parts=parts), notices=notices)
        assert [one.code for one in notices] == ["seal.unreadable"]


def test_a_seal_in_very_many_places(foreign, monkeypatch):
    monkeypatch.setattr("openrhip.formats.ofd.render.pdf_seals._MOST", 3)
    seal = _seal(_vector(foreign), "ofd", 4)
    places = "".join(_place(f"{at * 10} 10 10 10") for at in range(6))
    parts = _signed(seal, _value(seal, 4), places, with_file=False)
    png = render.to_png(foreign(signatures=LISTED, parts=parts), dpi=100)
    assert all(_red(_pixel(png, at * 10 + 2, 15)) for at in range(6))


def test_seals_in_the_browser_page(foreign):
    seal = _seal(_vector(foreign), "ofd", 4)
    parts = _signed(seal, _value(seal, 4), _place(), with_file=False)
    page = render.to_page(foreign(signatures=LISTED, parts=parts))
    (shown,) = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    image = Image.open(io.BytesIO(base64.b64decode(shown)))
    assert image.getpixel((5, 5)) == (220, 0, 0, 255)
    assert image.getpixel((image.width - 5, 5))[3] == 0
