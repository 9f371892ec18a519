"""Packages written by hand, one page for each feature of the drawing model, and what they show."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import pikepdf
import pypdfium2
import pytest
from PIL import Image as Pillow

from openrhip.formats import ofd
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.render import pdf
from openrhip.formats.ofd.render.scene import Scene

_NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
_DPMM = 4  # dots to the millimetre
_FONTS = '<ofd:Fonts><ofd:Font ID="7" FontName="宋体" FamilyName="宋体"/></ofd:Fonts>'


def _package(
    content: str = "",
    *,
    resources: str = "",
    pages: list[str] | None = None,
    documents: int = 1,
    common: str = "",
    tail: str = "",
    page: str = "",
    box: str = "0 0 100 50",
    parts: dict[str, str | bytes] | None = None,
) -> bytes:
    """content: what a layer holds; pages: whole contents of pages instead; tail: of Document.xml.

    Every document has the same parts but for what `parts` replaces.
    """
    container = Container()
    listed: dict[str, str | bytes] = {}
    bodies = "".join(
        f"<ofd:DocBody><ofd:DocInfo><ofd:DocID>{at}</ofd:DocID><ofd:Title>手工</ofd:Title>"
        f"</ofd:DocInfo><ofd:DocRoot>Doc_{at}/Document.xml</ofd:DocRoot></ofd:DocBody>"
        for at in range(documents)
    )
    listed["OFD.xml"] = f'<ofd:OFD {_NS} Version="1.0" DocType="OFD">{bodies}</ofd:OFD>'
    layers = pages or [f'<ofd:Layer ID="2">{content}</ofd:Layer>']
    for at in range(documents):
        refs = "".join(
            f'<ofd:Page ID="{1000 + i}" BaseLoc="Pages/P{i}.xml"/>' for i in range(len(layers))
        )
        listed[f"Doc_{at}/Document.xml"] = (
            f"<ofd:Document {_NS}><ofd:CommonData><ofd:MaxUnitID>9999</ofd:MaxUnitID><ofd:PageArea>"
            f"<ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:PageArea>"
            f"<ofd:PublicRes>Res.xml</ofd:PublicRes>{common}</ofd:CommonData>"
            f"<ofd:Pages>{refs}</ofd:Pages>{tail}</ofd:Document>"
        )
        listed[f"Doc_{at}/Res.xml"] = f'<ofd:Res {_NS} BaseLoc="Res">{_FONTS}{resources}</ofd:Res>'
        for i, layer in enumerate(layers):
            listed[f"Doc_{at}/Pages/P{i}.xml"] = (
                f"<ofd:Page {_NS}>{page}<ofd:Content>{layer}</ofd:Content></ofd:Page>"
            )
    listed |= parts or {}
    for name, data in listed.items():
        if isinstance(data, bytes):
            container.store(name, data)
        else:
            whole = data.replace("{NS}", _NS)
            container.deflate(name, f'<?xml version="1.0" encoding="UTF-8"?>{whole}'.encode())
    return container.finish()


@dataclass
class Drawn:
    """The PDF of a package, and its pages as pictures."""

    package: ofd.Package
    notices: Notices
    pdf: bytes
    images: list[Pillow.Image]
    texts: list[str]

    def at(self, x: float, y: float, page: int = 0) -> tuple[int, int, int]:
        """The colour at a place in mm."""
        image = self.images[page]
        return image.getpixel((int(x * _DPMM), int(y * _DPMM)))

    def ink(self, x: float, y: float, width: float, height: float, page: int = 0) -> int:
        """How many dots in a box are not white."""
        box = tuple(int(v * _DPMM) for v in (x, y, x + width, y + height))
        part = self.images[page].crop(box).convert("L")
        return sum(part.histogram()[:200])

    @property
    def codes(self) -> list[str]:
        return [notice.code for notice in self.notices]

    def open(self) -> pikepdf.Pdf:
        return pikepdf.open(io.BytesIO(self.pdf))

    def operators(self, page: int = 0) -> str:
        with self.open() as document:
            return document.pages[page].Contents.read_bytes().decode("ascii")


@pytest.fixture
def package() -> Callable[..., bytes]:
    return _package


@pytest.fixture
def draw() -> Callable[..., Drawn]:
    """draw(content, ...) as `package`: what comes of it."""

    def make(content: str = "", **more: object) -> Drawn:
        opened = ofd.open_package(_package(content, **more))
        scene = Scene.of(opened)
        made = pdf.to_pdf(scene, (), "", range(len(opened.pages)))
        images, texts = [], []
        document = pypdfium2.PdfDocument(made)
        for page in document:
            images.append(page.render(scale=_DPMM * 25.4 / 72).to_pil().convert("RGB"))
            reader = page.get_textpage()
            texts.append(reader.get_text_range())
            reader.close()
            page.close()
        document.close()
        return Drawn(opened, scene.notices, made, images, texts)

    return make
