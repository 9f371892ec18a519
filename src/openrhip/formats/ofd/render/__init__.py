"""Rendering: a package as PDF, PNG, SVG or HTML, with its seals and a watermark (转换与显示).

to_pdf keeps text as text. to_png draws the PDF. to_svg is one page with its fonts inside. to_page
is the whole document for a browser. Each takes a list of notices: what was replaced or left out.
"""

from __future__ import annotations

import io
from typing import BinaryIO

from openrhip.formats.ofd import seal_stamps
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.render import page as browser
from openrhip.formats.ofd.render import pdf, svg
from openrhip.formats.ofd.render.png import png
from openrhip.formats.ofd.render.raster import raster
from openrhip.formats.ofd.render.scene import Scene
from openrhip.kernel.errors import Malformed, NotFound, TooLarge

_MAX_PIXELS = 40_000_000
_MAX_PAGES = 50_000


def page_count(data: bytes | Package) -> int:
    """Raises Malformed, TooLarge."""
    return len(_opened(data).pages)


def to_pdf(
    data: bytes | Package, *, watermark: str | None = None, notices: Notices | None = None
) -> bytes:
    """The whole document. Raises Malformed, TooLarge."""
    package = _opened(data)
    scene = _scene(package, notices)
    stamps = seal_stamps.stamps(package, scene.notices, packages=True)
    return pdf.to_pdf(scene, stamps, watermark or "", range(len(package.pages)))


def write_pdf(
    data: bytes | Package,
    target: BinaryIO,
    *,
    watermark: str | None = None,
    notices: Notices | None = None,
) -> None:
    """The whole document into a file, page by page. Raises Malformed, TooLarge."""
    package = _opened(data)
    scene = _scene(package, notices)
    stamps = seal_stamps.stamps(package, scene.notices, packages=True)
    pdf.write(scene, stamps, watermark or "", range(len(package.pages)), target)


def to_png(
    data: bytes | Package,
    page: int = 0,
    dpi: int = 110,
    watermark: str | None = None,
    *,
    notices: Notices | None = None,
) -> bytes:
    """One page, counted from 0, as a PNG. Raises Malformed, NotFound, TooLarge."""
    package = _opened(data)
    _check_page(package, page)
    _, _, width, height = package.page_box(package.pages[page])
    if not 10 <= dpi <= 600 or width * height * (dpi / 25.4) ** 2 > _MAX_PIXELS:
        raise TooLarge("the picture would be too large", where="dpi", remedy="ask for less dpi")
    scene = _scene(package, notices)
    stamps = seal_stamps.stamps(package, scene.notices, page, packages=True)
    made = io.BytesIO()
    pdf.write(scene, stamps, watermark or "", [page], made, level=0)
    return png(raster(made.getvalue(), dpi), dpi)


def to_svg(
    data: bytes | Package,
    page: int = 0,
    watermark: str | None = None,
    *,
    notices: Notices | None = None,
) -> str:
    """One page, counted from 0. Raises Malformed, NotFound, TooLarge."""
    package = _opened(data)
    _check_page(package, page)
    scene = _scene(package, notices)
    return svg.to_svg(
        scene, page, seal_stamps.stamps(package, scene.notices, page), watermark or ""
    )


def to_page(
    data: bytes | Package, *, watermark: str | None = None, notices: Notices | None = None
) -> str:
    """The whole document as one HTML file that needs nothing else. Raises Malformed, TooLarge."""
    package = _opened(data)
    scene = _scene(package, notices)
    stamps = seal_stamps.stamps(package, scene.notices)
    return browser.to_page(scene, stamps, watermark or "", range(len(package.pages)))


def _scene(package: Package, notices: Notices | None) -> Scene:
    return Scene.of(package) if notices is None else Scene(package, notices)


def _opened(data: bytes | Package) -> Package:
    package = data if isinstance(data, Package) else open_package(data)
    if not package.pages:
        raise Malformed("the document has no page", where="Document.xml")
    if len(package.pages) > _MAX_PAGES:
        raise TooLarge(f"the document has more than {_MAX_PAGES} pages", where="Document.xml")
    return package


def _check_page(package: Package, page: int) -> None:
    if not 0 <= page < len(package.pages):
        raise NotFound("the document has no such page", where=f"page {page + 1}")
