"""What is fuzzed: readers of bytes from outside. Each target raises nothing but a typed Problem.

A target gets bytes and feeds them to one kind of reader: as they are, or as a part of a small
package whose other parts are sound. `tests/fuzz` replays the kept inputs; `tools/fuzz.py` looks
for new ones.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import cache

from openrhip.formats.gm import certs, cms, crl, ers, ocsp, tst
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.ers import structures
from openrhip.formats.ofd import reading, render, ses, verifying
from openrhip.formats.ofd.edit.pdf_in import from_pdf
from openrhip.formats.ofd.inspect.checking import check
from openrhip.formats.ofd.package import open_package
from openrhip.formats.ofd.package_zip import Limits
from openrhip.formats.ofd.render import images
from openrhip.kernel.errors import Problem

LIMITS = Limits(file=1 << 20, total=8 << 20, part=4 << 20, parts=500, xml=1 << 20)
PARTS = (
    "Doc_0/Pages/Page_0/Content.xml",
    "Doc_0/PublicRes.xml",
    "Doc_0/Document.xml",
    "OFD.xml",
    "Doc_0/Annotations.xml",
    "Doc_0/Signs/Signatures.xml",
    "Doc_0/Signs/Sign_0/Signature.xml",
    "Doc_0/Tags/CustomTags.xml",
    "Doc_0/Attachments.xml",
)
FONT, IMAGE = "Doc_0/Res/font.otf", "Doc_0/Res/image.png"
_NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'


@cache
def sound() -> dict[str, bytes]:
    """The parts of a small package: a text in an embedded font, an image, lists of all kinds."""
    texts = {
        "OFD.xml": "<ofd:OFD %s Version='1.0' DocType='OFD'><ofd:DocBody><ofd:DocInfo>"
        "<ofd:DocID>0</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
        "<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": "<ofd:Document %s><ofd:CommonData><ofd:MaxUnitID>99</ofd:MaxUnitID>"
        "<ofd:PageArea><ofd:PhysicalBox>0 0 60 40</ofd:PhysicalBox></ofd:PageArea>"
        "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages>"
        "<ofd:Page ID='1' BaseLoc='Pages/Page_0/Content.xml'/></ofd:Pages>"
        "<ofd:Annotations>Annotations.xml</ofd:Annotations>"
        "<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags>"
        "<ofd:Attachments>Attachments.xml</ofd:Attachments></ofd:Document>",
        "Doc_0/PublicRes.xml": "<ofd:Res %s BaseLoc='Res'><ofd:Fonts>"
        "<ofd:Font ID='2' FontName='f'><ofd:FontFile>font.otf</ofd:FontFile></ofd:Font>"
        "</ofd:Fonts><ofd:MultiMedias><ofd:MultiMedia ID='3' Type='Image'>"
        "<ofd:MediaFile>image.png</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias></ofd:Res>",
        "Doc_0/Pages/Page_0/Content.xml": "<ofd:Page %s><ofd:Content><ofd:Layer ID='4'>"
        "<ofd:TextObject ID='5' Boundary='5 5 40 10' Font='2' Size='5'>"
        "<ofd:TextCode X='0' Y='5' DeltaX='g 2 5'>abc</ofd:TextCode></ofd:TextObject>"
        "<ofd:ImageObject ID='6' Boundary='5 20 10 10' CTM='10 0 0 10 0 0' ResourceID='3'/>"
        "</ofd:Layer></ofd:Content></ofd:Page>",
        "Doc_0/Annotations.xml": "<ofd:Annotations %s/>",
        "Doc_0/Signs/Signatures.xml": "<ofd:Signatures %s/>",
        "Doc_0/Signs/Sign_0/Signature.xml": "<ofd:Signature %s/>",
        "Doc_0/Tags/CustomTags.xml": "<ofd:CustomTags %s/>",
        "Doc_0/Attachments.xml": "<ofd:Attachments %s/>",
    }
    return {name: (text % _NS).encode() for name, text in texts.items()} | {FONT: b"", IMAGE: b""}


def with_part(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for part, content in (sound() | {name: data}).items():
            archive.writestr(part, content)
    return file.getvalue()


def _read(data: bytes) -> None:
    """Everything that a reader of a package does with it."""
    opened = open_package(data, limits=LIMITS)
    for look in (
        lambda: opened.documents,
        opened.attachments,
        opened.tags,
        lambda: reading.text(opened),
        lambda: render.to_svg(opened),
        lambda: render.to_png(opened, dpi=20),
        lambda: check(opened),
        lambda: verifying.verify(data, trust=TrustStore(()), limits=LIMITS),
    ):
        try:
            look()
        except Problem:
            continue


def read_package(data: bytes) -> None:
    """A container of any bytes."""
    _read(data)


def read_xml(data: bytes) -> None:
    """The first byte says which part of the package the rest becomes."""
    if data:
        _read(with_part(PARTS[data[0] % len(PARTS)], data[1:]))


def read_font(data: bytes) -> None:
    _read(with_part(FONT, data))


def read_image(data: bytes) -> None:
    picture = images.decode(data, limits=images.Limits(size=1 << 20, pixels=4_000_000))
    picture.web()


_DER: tuple[Callable[[bytes], object], ...] = (
    ses.read_signature,
    ses.read_seal,
    cms.parse,
    tst.read_response,
    tst.read_request,
    certs.Certificate.from_der,
    crl.Crl.from_der,
    ocsp.read_response,
    ocsp.read_request,
    structures.read,
)


def read_asn1(data: bytes) -> None:
    """The first byte chooses the structure."""
    if data:
        _DER[data[0] % len(_DER)](data[1:])


def read_pdf(data: bytes) -> None:
    from_pdf(data)


def read_evidence(data: bytes) -> None:
    """An evidence record: judged, whatever it is."""
    ers.verify(data, [b"a document"], trust=TrustStore(())).as_dict()
    ers.read(data)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "package": read_package,
    "xml": read_xml,
    "asn1": read_asn1,
    "evidence": read_evidence,
    "font": read_font,
    "image": read_image,
    "pdf": read_pdf,
}


def run(target: str, data: bytes) -> bool:
    """Feed the bytes to a target. True if they were read, False for a typed refusal."""
    try:
        TARGETS[target](data)
    except Problem:
        return False
    return True


__all__ = ["LIMITS", "TARGETS", "run", "sound", "with_part"]
