"""The list of signatures and their descriptions (签名列表文件、签名描述文件): reading.

Sources: GB/T 33190-2016 §18 (Signatures.xml, Signature.xml); GM/T 0099-2020 B.2 (Parameters).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Box, Document, Package
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import Malformed, NotFound, TooLarge

SEAL, SIGN = "Seal", "Sign"
MOST = 100
"""Signatures in one document at most: each costs public-key work."""
CONTAINER = "openrhip.container"
"""Parameter: Base64 of the SM3 of the container's form up to the list of signatures."""
LIST = "openrhip.signatures"
"""Parameter: Base64 of the SM3 of the list of signatures when this signature was made."""
ANNOTATIONS = "openrhip.annotations"
"""Parameter: Base64 of the SM3 of the list of annotations, where the signature leaves it open
(several lists: their digests in the order of their names)."""
ANNOTATED = "openrhip.annotated"
"""Parameter: what that list named when it was signed, a line for each file: `PageID /part`."""
REVOCATION = "openrhip.revocation"
"""Parameter: the part with chains and revocation data as they were at signing."""
REVOCATION_FILE, SEAL_FILE = "Revocation.der", "Seal.esl"
REASON = "openrhip.reason"
TIMESTAMP = "openrhip.timestamp"
"""Parameter with the value "follows": a timestamp belongs to this signature."""
FOLLOWS = "follows"
CHAIN = "openrhip.chain"
"""Parameter: issuers' certificates (Base64 of DER, between spaces), so that a seal, which carries
only its signer's certificate, can be verified offline with nothing but the root."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of Signatures.xml. id: as written; kind: SEAL or SIGN; list_part: the list itself.

    base: ID of the signature that it builds on (Relative), or nothing.
    """

    id: str
    kind: str
    location: str
    list_part: str
    document: Document
    base: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A protected part. part is "" if the package has none at that location."""

    location: str
    part: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Stamp:
    """Where a seal shows: boundary and clip in millimetres, clip within the boundary."""

    page_id: str
    box: Box
    clip: Box | None


@dataclass(frozen=True)
class Record:
    """One Signature.xml. seal_part is "" where there is none: the seal then stands in the value."""

    listed: Listed
    part: str
    provider: str
    method: str
    time: str
    check_method: str
    references: tuple[Reference, ...]
    stamps: tuple[Stamp, ...]
    seal_part: str
    value_part: str
    parameters: dict[str, str]
    revocation_part: str = ""

    @property
    def id(self) -> str:
        return self.listed.id

    @cached_property
    def own_parts(self) -> frozenset[str]:
        """The parts that make up this signature."""
        return frozenset({self.part, self.value_part, self.seal_part, self.revocation_part} - {""})

    @cached_property
    def covered(self) -> frozenset[str]:
        return frozenset(self.digests)

    @cached_property
    def digests(self) -> dict[str, bytes]:
        """Protected part → its digest, "" → that of one that is not there."""
        return {reference.part: reference.digest for reference in self.references}


def listed(package: Package) -> tuple[Listed, ...]:
    """All signatures in the order of their lists. Raises Malformed, NotFound, TooLarge."""
    found = tuple(line for document in package.documents for line in _lines(package, document))
    if len(found) > MOST:
        raise TooLarge(f"{len(found)} signatures; at most {MOST} are read")
    keys = [(line.list_part, line.id) for line in found]
    places = [(line.list_part, line.location) for line in found]
    if len(set(keys)) < len(keys) or len(set(places)) < len(places):
        raise Malformed("two signatures share an ID or a place", where=found[0].list_part)
    return found


def _lines(package: Package, document: Document) -> Iterator[Listed]:
    if not document.signatures:
        return
    root = package.xml(document.signatures)
    if px.local(root) != "Signatures":
        raise Malformed("no list of signatures", where=document.signatures)
    for item in root:
        _check_line(item, document.signatures)
    for item in px.children(root, "Signature"):
        kind = item.get("Type", SEAL)
        if kind not in (SEAL, SIGN):
            raise Malformed("a signature of unknown type", where=document.signatures)
        yield Listed(
            id=item.get("ID", ""),
            kind=kind,
            location=item.get("BaseLoc", ""),
            list_part=document.signatures,
            document=document,
            base=item.get("Relative", ""),
        )


_LINE = frozenset({"ID", "Type", "BaseLoc", "Relative"})


def _check_line(item: Element, where: str) -> None:
    """The list lies outside of most signatures: nothing but what the schema has may stand in it."""
    known = px.local(item) in ("MaxSignId", "Signature", "")
    if not known or len(item) or set(item.attrib) - _LINE:
        raise Malformed("the list of signatures holds something else", where=where)


def read_record(package: Package, line: Listed) -> Record:
    """The description of one signature. Raises Malformed, NotFound, TooLarge."""
    part = package.resolve(line.location, base=line.list_part)
    root = package.xml(part)
    info = px.child(root, "SignedInfo")
    if px.local(root) != "Signature" or info is None:
        raise Malformed("no description of a signature", where=part)
    provider = px.child(info, "Provider")
    references = px.child(info, "References")
    seal = px.child(info, "Seal")
    if seal is not None and line.kind != SEAL:
        raise Malformed("a digital signature with a seal", where=part)
    parameters = {
        item.get("Name", ""): px.text(item)
        for item in px.children(px.child(info, "Parameters"), "Parameter")
    }
    revocation = parameters.get(REVOCATION, "")
    seal_part = "" if seal is None else _own(package, px.text(seal, "BaseLoc"), part)
    return Record(
        listed=line,
        part=part,
        provider=provider.get("ProviderName", "") if provider is not None else "",
        method=px.text(info, "SignatureMethod"),
        time=px.text(info, "SignatureDateTime"),
        check_method=references.get("CheckMethod", "MD5") if references is not None else "",
        references=_references(package, references, part),
        stamps=tuple(_stamp(item, part) for item in px.children(info, "StampAnnot")),
        seal_part=seal_part,
        value_part=_own(package, px.text(root, "SignedValue"), part),
        parameters=parameters,
        revocation_part=_own(package, revocation, part) if revocation else "",
    )


def _own(package: Package, location: str, part: str) -> str:
    """A part of the signature itself: it stands beside its description, in the same folder."""
    found = package.resolve(location, base=part)
    if found == part or found.rpartition("/")[0] != part.rpartition("/")[0]:
        raise Malformed("a signature's own part lies outside of its folder", where=part)
    return found


def _references(package: Package, element: Element | None, part: str) -> tuple[Reference, ...]:
    found: list[Reference] = []
    items = list(px.children(element, "Reference"))
    if len(items) > len(package.parts) + MOST:
        raise TooLarge("a signature protects more parts than the package has", where=part)
    for item in items:
        location = item.get("FileRef", "")
        try:
            digest = base64.b64decode(px.text(item, "CheckValue"), validate=True)
        except (binascii.Error, ValueError) as error:
            raise Malformed("a digest that is not Base64", where=part) from error
        try:
            target = package.resolve(location, base=part, strict=True)
        except NotFound:
            target = ""
        found.append(Reference(location, target, digest))
    parts = [reference.part for reference in found if reference.part]
    if not found or len(set(parts)) < len(parts):
        raise Malformed("a signature protects nothing, or one part twice", where=part)
    return tuple(found)


def _stamp(item: Element, part: str) -> Stamp:
    box = px.numbers(item.get("Boundary", ""), 4, where=part)
    clip = item.get("Clip")
    inner = px.numbers(clip, 4, where=part) if clip else None
    return Stamp(
        page_id=item.get("PageRef", ""),
        box=(box[0], box[1], box[2], box[3]),
        clip=(inner[0], inner[1], inner[2], inner[3]) if inner else None,
    )
