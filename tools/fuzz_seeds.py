"""First inputs for each fuzz target, made by this project's own writers."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import fuzz_targets as targets
from PIL import Image

from openrhip.formats import ofd
from openrhip.formats.gm import devpki, tsp
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.ofd import fonts, render


def seeds(target: str) -> Iterator[bytes]:
    yield from {
        "package": _packages,
        "xml": _xml,
        "asn1": _asn1,
        "evidence": _evidence,
        "font": _fonts,
        "image": _images,
        "pdf": _pdfs,
    }[target]()


def _story() -> ofd.Story:
    return ofd.Story("种子", [ofd.Heading("标题"), ofd.Paragraph("正文 text", tag="DE01")])


def _signed() -> tuple[bytes, dict[str, bytes]]:
    """A signed and sealed package, and the DER files of a development PKI."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        devpki.create(
            folder,
            institutions=[devpki.DevInstitution("I1", "医院")],
            staff=[devpki.DevStaff("S1", "医生", "I1")],
            password=b"x",
        )
        signer = SoftwareSigner.load(folder / "institutions", "I1", b"x")
        stamper = tsp.LocalTimestamper(
            tsp.Authority(SoftwareSigner.load(folder / "tsa", "tsa", b"x"))
        )
        made = ofd.sign(ofd.write(_story()), signer=signer, timestamper=stamper)
        seal = ofd.Seal.create(name="医院", owners=[signer.certificate], maker=signer)
        made = ofd.seal(made, seal=seal, signer=signer, timestamper=stamper)
        files = {
            "seal": seal.der,
            "certificate": signer.certificate.der,
            "token": stamper.stamp(b"x"),
        }
    return made, files


def _packages() -> Iterator[bytes]:
    yield targets.with_part("OFD.xml", targets.sound()["OFD.xml"])
    yield _signed()[0]


def _xml() -> Iterator[bytes]:
    package = ofd.open_package(_signed()[0])
    for number, name in enumerate(targets.PARTS):
        yield bytes([number]) + targets.sound()[name]
        like = [part for part in package.parts if part.endswith(name.rpartition("/")[2])]
        for part in like:
            yield bytes([number]) + package.read(part)
    yield bytes([0]) + _DRAWING.encode()


def _asn1() -> Iterator[bytes]:
    made, files = _signed()
    package = ofd.open_package(made)
    values = [package.read(part) for part in package.parts if part.endswith("SignedValue.dat")]
    yield bytes([2]) + values[0]
    yield bytes([0]) + values[1]
    yield bytes([1]) + files["seal"]
    yield bytes([2]) + files["token"]
    yield bytes([5]) + files["certificate"]


def _evidence() -> Iterator[bytes]:
    """The kept records: renewed and re-hashed ones among them."""
    folder = Path(__file__).parents[1] / "tests" / "vectors" / "ers"
    yield from (path.read_bytes() for path in sorted(folder.glob("*.ers")))


def _fonts() -> Iterator[bytes]:
    usage = fonts.Usage()
    usage.add(fonts.Font.SERIF, "abc种子")
    yield from usage.files().values()
    package = ofd.open_package(ofd.write(_story()))
    yield from (package.read(part) for part in package.parts if part.endswith((".otf", ".ttf")))


def _pdfs() -> Iterator[bytes]:
    yield render.to_pdf(ofd.write(_story()))
    yield render.to_pdf(targets.with_part(targets.PARTS[0], _DRAWING.encode()))


def _images() -> Iterator[bytes]:
    image = Image.linear_gradient("L").resize((9, 7))
    for kind, mode in (
        ("PNG", "RGBA"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("BMP", "RGB"), ("GIF", "P"),
        ("TIFF", "1"), ("TIFF", "RGB"), ("JPEG2000", "RGB"), ("PNG", "1"),
    ):  # fmt: skip
        out = io.BytesIO()
        more = {"compression": "group4"} if (kind, mode) == ("TIFF", "1") else {}
        image.convert(mode).save(out, kind, **more)
        yield out.getvalue()


_DRAWING = (
    '<ofd:Page xmlns:ofd="http://www.ofdspec.org/2016"><ofd:Content><ofd:Layer ID="9">'
    '<ofd:PathObject ID="10" Boundary="1 1 30 30" Fill="true" LineWidth="1" DashPattern="2 1">'
    "<ofd:Clips><ofd:Clip><ofd:Area><ofd:Path Boundary='0 0 20 20' Fill='true'>"
    "<ofd:AbbreviatedData>M 0 0 L 20 0 L 20 20 C</ofd:AbbreviatedData></ofd:Path></ofd:Area>"
    "</ofd:Clip></ofd:Clips><ofd:FillColor><ofd:AxialShd StartPoint='0 0' EndPoint='20 0'>"
    "<ofd:Segment Position='0'><ofd:Color Value='255 0 0'/></ofd:Segment><ofd:Segment "
    "Position='1'><ofd:Color Value='0 0 255'/></ofd:Segment></ofd:AxialShd></ofd:FillColor>"
    "<ofd:StrokeColor><ofd:Pattern Width='4' Height='4'><ofd:CellContent><ofd:PathObject "
    "ID='11' Boundary='0 0 4 4'><ofd:AbbreviatedData>M 0 0 L 4 4</ofd:AbbreviatedData>"
    "</ofd:PathObject></ofd:CellContent></ofd:Pattern></ofd:StrokeColor><ofd:AbbreviatedData>"
    "M 0 0 L 20 0 Q 25 5 20 20 B 1 2 3 4 5 6 A 4 4 0 1 1 9 9 C</ofd:AbbreviatedData>"
    "</ofd:PathObject></ofd:Layer></ofd:Content></ofd:Page>"
)
