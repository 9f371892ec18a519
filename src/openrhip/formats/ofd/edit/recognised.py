"""Recognised text of scans (识别文字): words.json, hOCR and ALTO as lines of words in pixels.

Sources: hOCR 1.2 (ocr_line, ocrx_word, bbox), ALTO 4 (TextLine, String; MeasurementUnit).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree, html

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.package_zip import Limits
from openrhip.kernel.errors import Malformed, TooLarge

_LARGEST = 64 << 20
_MOST_WORDS = 1_000_000
_BBOX = re.compile(r"\bbbox" + r"\s+(-?\d{1,7}(?:\.\d+)?)" * 4)


@dataclass(frozen=True, slots=True)
class Word:
    """box: x y w h in pixels of the scan."""

    text: str
    box: Box


Line = list[Word]
Page = list[Line]


@dataclass(frozen=True, slots=True)
class Recognised:
    """per_inch: units of the boxes to an inch; 0: they are pixels of the scan."""

    pages: list[Page]
    per_inch: float = 0.0


def read(data: bytes) -> Recognised:
    """The lines of each page, by the content of the file. Raises Malformed, TooLarge."""
    if len(data) > _LARGEST:
        raise TooLarge(f"recognised text of {len(data)} bytes", where="text")
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in (b"[", b"{"):
        found = Recognised(_from_json(data))
    elif b"<alto" in head or b":alto" in head:
        found = _from_alto(data)
    elif b"<" in head:
        found = Recognised(_from_hocr(data))
    else:
        raise Malformed("neither words.json nor hOCR nor ALTO", where="text")
    if sum(len(line) for page in found.pages for line in page) > _MOST_WORDS:
        raise TooLarge(f"more than {_MOST_WORDS} words", where="text")
    return found


def _from_json(data: bytes) -> list[Page]:
    """[{"words": [{"text": …, "box": [x, y, w, h]}] or "lines": [[word, …], …]}, …]."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON", where="text") from error
    pages = value.get("pages") if isinstance(value, dict) else value
    if not isinstance(pages, list):
        raise Malformed("words.json is a list of pages", where="text")
    found: list[Page] = []
    for page in pages:
        if not isinstance(page, dict):
            raise Malformed("a page of words.json has words or lines", where="text")
        lines = page.get("lines")
        if lines is None:
            lines = [[word] for word in _listed(page.get("words", []))]
        found.append([[_word(word) for word in _listed(line)] for line in _listed(lines)])
    return found


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Malformed("a list is expected in words.json", where="text")
    return value


def _word(value: object) -> Word:
    if not isinstance(value, dict):
        raise Malformed("a word has a text and a box", where="text")
    text, box = value.get("text"), value.get("box")
    numbers = [one for one in box if isinstance(one, int | float)] if isinstance(box, list) else []
    if not isinstance(text, str) or len(numbers) != 4 or not all(abs(n) < 1e6 for n in numbers):
        raise Malformed("a word has a text and a box of four numbers", where="text")
    x, y, width, height = (float(one) for one in numbers)
    return Word(text, (x, y, width, height))


def _from_hocr(data: bytes) -> list[Page]:
    parser = html.HTMLParser(
        no_network=True, huge_tree=False, remove_pis=True, remove_comments=True
    )
    try:
        root = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Malformed("hOCR that cannot be read", where="text") from error
    pages = [item for item in root.iter() if "ocr_page" in _classes(item)]
    if not pages:
        raise Malformed("hOCR without a page (ocr_page)", where="text")
    return [list(_hocr_lines(page)) for page in pages]


def _classes(item: Element) -> list[str]:
    return (item.get("class") or "").split() if isinstance(item.tag, str) else []


def _hocr_lines(page: Element) -> Iterator[Line]:
    kinds = {"ocr_line", "ocr_header", "ocr_caption", "ocr_textfloat", "ocrx_line"}
    for item in page.iter():
        if not kinds.intersection(_classes(item)):
            continue
        words = [
            word
            for inner in item.iter()
            if "ocrx_word" in _classes(inner) and (word := _hocr_word(inner)) is not None
        ]
        if not words and (whole := _hocr_word(item)) is not None:
            words = [whole]
        if words:
            yield words


def _hocr_word(item: Element) -> Word | None:
    match = _BBOX.search(item.get("title") or "")
    text = " ".join("".join(str(part) for part in item.itertext()).split())
    if match is None or not text:
        return None
    left, top, right, bottom = (float(one) for one in match.groups())
    return Word(text, (left, top, right - left, bottom - top))


def _from_alto(data: bytes) -> Recognised:
    root = px.parse(data, where="text", limits=Limits(xml=_LARGEST))
    unit = next((px.text(item) for item in root.iter("{*}MeasurementUnit")), "pixel")
    per_inch = {"mm10": 254.0, "inch1200": 1200.0}.get(unit, 0.0)
    found: list[Page] = []
    for page in root.iter("{*}Page"):
        lines: Page = []
        for line in page.iter("{*}TextLine"):
            words = [
                Word(item.get("CONTENT", ""), _alto_box(item))
                for item in px.children(line, "String")
            ]
            if words:
                lines.append(words)
        found.append(lines)
    return Recognised(found, per_inch)


def _alto_box(item: Element) -> Box:
    try:
        x, y, width, height = (
            float(item.get(name, "0")) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")
        )
    except ValueError as error:
        raise Malformed("ALTO with places that are no numbers", where="text") from error
    if not all(abs(one) < 1e7 for one in (x, y, width, height)):
        raise Malformed("ALTO with places beyond any page", where="text")
    return x, y, width, height
