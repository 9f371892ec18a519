"""Pictures, gradients and tiles of PDFs: as they are where that is possible, and the same to look at."""

import io
import struct
import zlib

import pytest
from pdf_probe import close, codes, objects, saved
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image

from openrhip.formats import ofd
from openrhip.formats.ofd import edit

_NS = "{http://www.ofdspec.org/2016}"


def _axial(**more):
    function = Dictionary(
        FunctionType=2, Domain=Array([0, 1]), C0=Array([1, 0, 0]), C1=Array([0, 0, 1]), N=1
    )
    return Dictionary(
        ShadingType=2,
        ColorSpace=Name.DeviceRGB,
        Coords=Array([20, 0, 180, 0]),
        Function=function,
        **more,
    )


def test_gradients_stay_gradients(sheet):
    radial = _axial()
    radial.ShadingType, radial.Coords = 3, Array([100, 50, 0, 100, 50, 40])
    pattern = Dictionary(PatternType=2, Shading=radial)
    content = "q 20 60 160 30 re W n /S sh Q /Pattern cs /P scn 60 10 80 40 re f"
    pdf = sheet(content, {"Shading": {"S": _axial()}, "Pattern": {"P": pattern}})
    made = edit.from_pdf(pdf)
    assert objects(made, "AxialShd")
    assert objects(made, "RadialShd")
    assert not made.notices
    assert close(pdf, made)


def _tile(**entries):
    usual = {"/Type": Name.Pattern, "/PatternType": 1, "/PaintType": 1, "/TilingType": 1, "/BBox": Array([0, 0, 10, 10]),
             "/XStep": 10, "/YStep": 10, "/Resources": Dictionary()}  # fmt: skip
    usual |= {f"/{key}": value for key, value in entries.items()}
    return usual, b"1 0 0 rg 0 0 5 5 re f 0 0 1 rg 5 5 5 5 re f"


@pytest.mark.parametrize("matrix", [[1.13, 0, 0, 1.13, 3, 4], [1.4, 1.4, -1.4, 1.4, 0, 0]])
def test_tiles_stay_tiles(sheet, matrix):
    tile = _tile(Matrix=Array(matrix))
    pdf = sheet("/Pattern cs /P scn 20 20 100 60 re f", {"Pattern": {"P": tile}})
    made = edit.from_pdf(pdf)
    assert len(objects(made, "Pattern")) == 1
    assert not made.notices
    assert close(pdf, made, most=5.0)


def test_tiles_that_overlap_become_pixels_and_say_so(sheet):
    pdf = sheet("/Pattern cs /P scn 20 20 100 60 re f", {"Pattern": {"P": _tile(XStep=8)}})
    made = edit.from_pdf(pdf)
    assert "region.rasterised" in codes(made)
    assert close(pdf, made, most=12.0)


def _image(data, **entries):
    usual = {
        "/Type": Name.XObject,
        "/Subtype": Name.Image,
        "/Width": 4,
        "/Height": 2,
        "/BitsPerComponent": 8,
    }
    return {**usual, **{f"/{key}": value for key, value in entries.items()}}, data


def _placed(sheet, image):
    return sheet("160 0 0 80 20 10 cm /I Do", {"XObject": {"I": image}})


_GREY = bytes((0, 60, 120, 180, 255, 200, 100, 50))


_RGB = bytes(range(24)) * 1


@pytest.mark.parametrize(
    ("entries", "data"),
    [
        ({"ColorSpace": Name.DeviceGray}, _GREY),
        ({"ColorSpace": Name.DeviceRGB}, bytes(v * 10 for v in range(24))),
        ({"ColorSpace": Name.DeviceCMYK}, bytes(v * 7 for v in range(32))),
        ({"ColorSpace": Name.DeviceGray, "BitsPerComponent": 1}, b"\xa0\x50"),
        ({"ColorSpace": Name.DeviceGray, "BitsPerComponent": 4}, b"\x0f\x8c\x12\xf0"),
        ({"ColorSpace": Name.DeviceGray, "Decode": Array([1, 0])}, _GREY),
        ({"ColorSpace": Array([Name.Indexed, Name.DeviceRGB, 1, String(b"\xff\0\0\0\0\xff")]),
          "BitsPerComponent": 1}, b"\xa0\x50"),
        ({"ColorSpace": Name.DeviceGray, "Mask": Array([0, 100])}, _GREY),
        ({"ImageMask": True, "BitsPerComponent": 1}, b"\xa0\x50"),
    ],
)  # fmt: skip
def test_pictures_of_all_kinds_show_as_in_the_pdf(sheet, entries, data):
    pdf = _placed(sheet, _image(data, **entries))
    made = edit.from_pdf(pdf)
    assert len(objects(made, "ImageObject")) == 1
    assert not made.notices
    assert close(pdf, made, most=4.0)


def test_jpeg_travels_as_it_is_and_once(sheet):
    out = io.BytesIO()
    Image.new("RGB", (40, 20), (200, 30, 30)).save(out, "JPEG")
    image = _image(
        out.getvalue(), Width=40, Height=20, ColorSpace=Name.DeviceRGB, Filter=Name.DCTDecode
    )
    pdf = sheet(
        "q 40 0 0 20 0 0 cm /I Do Q q 40 0 0 20 50 50 cm /J Do Q",
        {"XObject": {"I": image, "J": image}},
    )
    package = ofd.open_package(edit.from_pdf(pdf).data)
    pictures = [name for name in package.parts if name.endswith(".jpg")]
    assert [package.read(name) for name in pictures] == [out.getvalue()]


def test_jpeg_2000_travels_as_it_is(sheet):
    out = io.BytesIO()
    Image.new("RGB", (40, 20), (200, 30, 30)).save(out, "JPEG2000")
    image = _image(
        out.getvalue(), Width=40, Height=20, ColorSpace=Name.DeviceRGB, Filter=Name.JPXDecode
    )
    pdf = _placed(sheet, image)
    made = edit.from_pdf(pdf)
    package = ofd.open_package(made.data)
    assert [package.read(name) for name in package.parts if name.endswith(".jp2")] == [
        out.getvalue()
    ]
    assert close(pdf, made)


def test_a_picture_with_a_soft_mask_keeps_it(sheet):
    base = Pdf.open(io.BytesIO(_placed(sheet, _image(bytes(24), ColorSpace=Name.DeviceRGB))))
    picture = base.pages[0].Resources.XObject.I
    picture.SMask = base.make_stream(_GREY, {"/Type": Name.XObject, "/Subtype": Name.Image, "/Width": 4, "/Height": 2,
                                             "/ColorSpace": Name.DeviceGray, "/BitsPerComponent": 8})  # fmt: skip
    pdf = saved(base)
    made = edit.from_pdf(pdf)
    package = ofd.open_package(made.data)
    (name,) = [name for name in package.parts if name.endswith(".png")]
    found = Image.open(io.BytesIO(package.read(name)))
    assert list(found.getchannel("A").tobytes()) == pytest.approx(list(_GREY), abs=2)


def test_rows_of_png_predictors_are_taken_over(sheet):
    rows = b"".join(b"\x01" + bytes((9, 1, 1, 1)) for _ in range(2))
    packed = zlib.compress(rows)
    parms = Dictionary(Predictor=15, Colors=1, BitsPerComponent=8, Columns=4)
    image = _image(packed, ColorSpace=Name.DeviceGray, Filter=Name.FlateDecode, DecodeParms=parms)
    package = ofd.open_package(edit.from_pdf(_placed(sheet, image)).data)
    (name,) = [name for name in package.parts if name.endswith(".png")]
    assert packed in package.read(name)
    assert Image.open(io.BytesIO(package.read(name))).tobytes() == bytes((9, 10, 11, 12)) * 2


def test_fax_data_becomes_a_tiff(sheet):
    out = io.BytesIO()
    drawn = Image.new("1", (64, 32), 1)
    drawn.paste(0, (10, 5, 40, 20))
    drawn.save(out, "TIFF", compression="group4")
    tiff = Image.open(io.BytesIO(out.getvalue()))
    start, size = tiff.tag_v2[273][0], tiff.tag_v2[279][0]
    data = out.getvalue()[start : start + size]
    black = tiff.tag_v2[262] == 1
    parms = Dictionary(K=-1, Columns=64, Rows=32, BlackIs1=False)
    image = _image(data, Width=64, Height=32, BitsPerComponent=1, ColorSpace=Name.DeviceGray,
                   Filter=Name.CCITTFaxDecode, DecodeParms=parms)  # fmt: skip
    pdf = _placed(sheet, image)
    made = edit.from_pdf(pdf)
    package = ofd.open_package(made.data)
    assert [name for name in package.parts if name.endswith(".tif")]
    assert isinstance(black, bool)
    assert close(pdf, made, most=3.0)


def test_jbig2_gets_its_header_and_shared_segments(sheet):
    """A page of one region coded in MMR, which is group 4 of TIFF (ITU-T T.88 §7.4)."""

    def segment(number, kind, content, page):
        return struct.pack(">IBBBI", number, kind, 0, page, len(content)) + content

    out = io.BytesIO()
    drawn = Image.new("1", (8, 8), 0)
    drawn.paste(1, (0, 4, 8, 6))
    drawn.save(out, "TIFF", compression="group4")
    with Image.open(out) as tiff:
        start, size = tiff.tag_v2[273][0], tiff.tag_v2[279][0]
    region = struct.pack(">IIIIB", 8, 8, 0, 0, 0) + b"\x01" + out.getvalue()[start : start + size]
    information = struct.pack(">IIIIBH", 8, 8, 0, 0, 0, 0)
    data = segment(1, 48, information, 1) + segment(2, 38, region, 1)
    base = Pdf.open(io.BytesIO(_placed(sheet, _image(
        data, Width=8, Height=8, BitsPerComponent=1, ColorSpace=Name.DeviceGray, Filter=Name.JBIG2Decode))))  # fmt: skip
    shared = segment(0, 62, struct.pack(">I", 0x20000000) + b"a\0b\0", 0)
    base.pages[0].Resources.XObject.I.DecodeParms = Dictionary(
        JBIG2Globals=base.make_stream(shared)
    )
    pdf = saved(base)
    made = edit.from_pdf(pdf)
    package = ofd.open_package(made.data)
    (name,) = [name for name in package.parts if name.endswith(".jb2")]
    assert package.read(name)[13:] == shared + data
    assert close(pdf, made, most=4.0)


def test_inline_pictures(sheet):
    pdf = sheet(b"q 100 0 0 50 10 10 cm BI /W 4 /H 2 /BPC 8 /CS /G ID " + _GREY + b" EI Q")
    made = edit.from_pdf(pdf)
    assert len(objects(made, "ImageObject")) == 1
    assert close(pdf, made, most=4.0)
