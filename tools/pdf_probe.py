"""Looks at what came of a PDF, shared by the tests of conversion."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pypdfium2
from PIL import Image, ImageChops, ImageFilter, ImageStat

from openrhip.formats import ofd
from openrhip.formats.ofd import render
from openrhip.formats.ofd.edit.pdf_in import Made
from openrhip.formats.ofd.package_xml import Element

_NS = "{http://www.ofdspec.org/2016}"


def saved(pdf: pikepdf.Pdf, **how: Any) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **how)
    return out.getvalue()


def page_of(made: Made, index: int = 0) -> Element:
    package = ofd.open_package(made.data)
    return package.xml(package.pages[index].part)


def objects(made: Made, kind: str, index: int = 0) -> list[Element]:
    return list(page_of(made, index).iter(f"{_NS}{kind}"))


def codes(made: Made) -> set[str]:
    return {notice.code for notice in made.notices}


def drawn(pdf: bytes, page: int = 0, scale: float = 1.0) -> Image.Image:
    document = pypdfium2.PdfDocument(pdf)
    image = document[page].render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    document.close()
    return image


def distance(one: Image.Image, two: Image.Image) -> float:
    """The mean difference of two pictures a little out of focus, 0 to 255."""
    blurred = [image.convert("RGB").filter(ImageFilter.GaussianBlur(1.5)) for image in (one, two)]
    found = ImageStat.Stat(ImageChops.difference(*blurred)).mean
    return max(found)


def close(pdf: bytes, made: Made, page: int = 0, most: float = 1.5) -> bool:
    """Whether a page looks the same: edges may lie a third of a pixel apart."""
    mine = Image.open(io.BytesIO(render.to_png(made.data, page, 216))).convert("RGB")
    theirs = drawn(pdf, page, 3.0)
    alike = abs(mine.width - theirs.width) <= 3
    return alike and distance(mine.resize(theirs.size), theirs) < most
