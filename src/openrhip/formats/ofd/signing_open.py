"""What a signature of a medical record leaves open (OFD-H): the list of annotations.

The draft of OFD-H wants the whole document protected but the lists of annotations and of
signatures, so that notes (e.g. of an exchange) can be added to a signed record. Only where the
signed OFD.xml says DocType="OFD-H" does this hold; annotations that were there when it was signed
stay protected, and where they were; later ones are reported and never called protected.
"""

from __future__ import annotations

from collections.abc import Iterator

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import ENTRY, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import Problem

MEDICAL = "OFD-H"
_NONE: frozenset[str] = frozenset()


def doc_type(package: Package) -> str:
    """What the package says it is: OFD, OFD-A, OFD-H; OFD where it says nothing."""
    return package.xml(ENTRY).get("DocType", "OFD").strip()


def annotation_lists(package: Package) -> frozenset[str]:
    """The lists that signatures of this package leave open; none unless it is an OFD-H."""
    if doc_type(package) != MEDICAL:
        return _NONE
    found: set[str] = set()
    for document in package.documents:
        if location := px.text(package.body(document), "Annotations"):
            try:
                part = package.resolve(location, base=document.root, strict=True)
                if _is_list(package.xml(part)):
                    found.add(part)
            except Problem:
                continue  # it leads to nothing yet, or is no list
    return frozenset(found)


def _is_list(root: Element) -> bool:
    """Whether it names annotation files by page and holds nothing else: what stays open must not
    carry content."""
    return px.local(root) == "Annotations" and all(
        px.local(page) == "Page"
        and set(page.attrib) <= {"PageID"}
        and [px.local(one) for one in page if px.local(one)] == ["FileLoc"]
        for page in root
        if px.local(page)
    )


def annotation_files(package: Package) -> frozenset[str]:
    """The files that those lists name now. What cannot be resolved is left out."""
    return frozenset({part for _, part in _listed(package)} - annotation_lists(package))


def annotated(package: Package) -> frozenset[str]:
    """Which page each of those files belongs to now, a line for each: `PageID /part`."""
    return frozenset(f"{page} /{part}" for page, part in _listed(package))


def _listed(package: Package) -> Iterator[tuple[str, str]]:
    for part in annotation_lists(package):
        for page in px.children(package.xml(part), "Page"):
            try:
                file = package.resolve(px.text(page, "FileLoc"), base=part, strict=True)
            except Problem:
                continue  # `verify_reach` says what is wrong with it
            yield page.get("PageID", ""), file
