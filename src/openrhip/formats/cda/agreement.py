"""Whether the pages of a record say what its source says (标引与源文档一致).

Each region tagged with a data element is held against the CDA that travels inside. Words must
stand in the source; numbers and dates must, however they are punctuated. Yes and no may be printed
in words of the form (有, 良好): elements that say only that are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator

from openrhip.formats.cda.model import ClinicalDocument, Section
from openrhip.formats.cda.parse import parse
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.package_zip import Limits
from openrhip.formats.ofd.profiles.rules import Breach
from openrhip.formats.ofd.reading import Region, regions
from openrhip.kernel.errors import Malformed

XML_TYPES = frozenset({"xml", "text/xml", "application/xml", "application/hl7-cda+xml"})
_BLANK = re.compile(r"\s+")
_DIGITS = re.compile(r"\d+")
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")
_WORDS = re.compile(r"[^:()\[\]]*\w[^:()\[\]]*")
_YES_NO = frozenset({"是", "否", "有", "无", "true", "false"})


def compare(package: Package) -> Iterator[Breach]:
    """Each region that shows what the attached source does not say, for `ofd_h.check`.

    Raises Malformed if there is not exactly one CDA inside, or it cannot be read.
    """
    inside = [
        one
        for one in package.attachments()
        if one.media_type.lower() in XML_TYPES or one.part.lower().endswith(".xml")
    ]
    if len(inside) != 1:
        raise Malformed("not exactly one CDA inside", where="Attachments")
    source = package.read(inside[0].part)
    for name in disagreements(parse(source), source, regions(package)):
        yield Breach(name, "页面内容与源文档不符", "the page shows what the source does not say")


def disagreements(
    document: ClinicalDocument, source: bytes, tagged: Iterable[Region]
) -> Iterator[str]:
    """The data elements whose regions show what the source does not say."""
    said = _said(document)
    whole = _haystack(source)
    runs = " ".join(_DIGITS.findall(whole))
    for region in tagged:
        values = said.get(region.name)
        if not values or values <= _YES_NO:
            continue  # elements of the header stand on the page in many forms
        shown = squeezed(region.text)
        numbers = _NUMBERS.findall(shown)
        if numbers:
            joined = "".join(_DIGITS.findall(shown))
            holds = all(number in whole for number in numbers) or joined in runs
        else:
            # A label may stand before the value, and brackets around it.
            pieces = _WORDS.findall(shown)
            holds = not pieces or shown in whole or pieces[-1] in whole
        if not holds:
            yield region.name


def squeezed(text: str) -> str:
    """Blank space, width and presentation forms do not count."""
    return _BLANK.sub("", unicodedata.normalize("NFKC", text))


def _said(document: ClinicalDocument) -> dict[str, set[str]]:
    """Data element → everything the source says for it, squeezed."""
    said: defaultdict[str, set[str]] = defaultdict(set)
    stack = [entry for section in _all(document.sections) for entry in section.entries]
    while stack:
        entry = stack.pop()
        stack += entry.parts
        said[entry.code.code].update(squeezed(value.text) for value in entry.values if value.text)
    return said


def _haystack(source: bytes) -> str:
    """Everything the source says, squeezed: texts and the values of attributes."""
    root = px.parse(source, where="source", limits=Limits())
    texts = [text for text in root.itertext() if isinstance(text, str)]
    for element in root.iter():
        texts += [str(value) for value in element.attrib.values()]
    return squeezed("\n".join(texts))


def _all(sections: tuple[Section, ...]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _all(section.sections)
