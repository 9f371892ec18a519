"""Signing and sealing (数字签名、电子签章) of a package.

`sign` adds a digital signature (Type=Sign, GB/T 35275), `seal` an electronic seal with its picture
(Type=Seal, GB/T 38540-2020). Each protects every part of the package but its own description and
value; the list of signatures stays open for later ones unless `lock` closes it, and that of
annotations in a medical record (`signing_open`). A later signature also protects the earlier ones.

Besides, each signature of this package notes the digest of the container's form (headers and
compressed data up to the list of signatures) and of the list itself, as parameters
`openrhip.container` and `openrhip.signatures`, and as `openrhip.timestamp` that a timestamp
follows: the last one thereby fixes the file to the byte, but for what stands in its own
SignedValue.dat around the signature (the timestamp, made later, and the certificates).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from openrhip.formats.gm import sm2, sm3
from openrhip.formats.gm.signer import Signer
from openrhip.formats.gm.tsp import Timestamper
from openrhip.formats.ofd import ses, signing_cms
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd import signing_xml as xml
from openrhip.formats.ofd.package import ENTRY, Package, open_package
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.seals import Seal, fits
from openrhip.formats.ofd.signing_open import annotation_lists
from openrhip.formats.ofd.signing_xml import Mark
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Refused

ANCHOR = "anchor:"
_MARGIN = 25.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a seal goes: page from 0, its corner in millimetres; its own size where 0 is given."""

    page: int
    x: float
    y: float
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is about to be added. value: from Signature.xml and its location to SignedValue.dat."""

    kind: str
    lock: bool
    marks: Sequence[Mark]
    seal: bytes
    parameters: Mapping[str, str]
    value: Callable[[bytes, str], bytes]
    at: datetime


def sign(
    data: bytes,
    *,
    signer: Signer,
    timestamper: Timestamper | None = None,
    reason: str = "",
    lock: bool = False,
) -> bytes:
    """The document with one more digital signature. Raises Malformed, TooLarge, Conflict."""
    plan = _signature(signer, timestamper, reason, lock=lock)
    return _add(open_package(data, exact=True), plan).data


def seal(
    data: bytes,
    *,
    seal: Seal,
    signer: Signer,
    timestamper: Timestamper | None = None,
    placements: Sequence[Placement] = (),
    anchor: str = "",
    lock: bool = False,
) -> bytes:
    """The document with one more seal, shown at the placements or centred on an anchor.

    With neither, the anchor "seal" is taken where there is one, else the last page's lower right.
    Raises Malformed, TooLarge, Conflict, NotFound (no such anchor or page), Refused (the seal is
    not the signer's, or not valid now).
    """
    package = open_package(data, exact=True)
    marks = _marks(package, seal, placements, anchor)
    return _add(package, _sealing(seal, signer, timestamper, marks, lock=lock)).data


def sign_and_seal(
    data: bytes,
    *,
    author: Signer,
    seal: Seal,
    institution: Signer,
    timestamper: Timestamper | None = None,
    reason: str = "",
    placements: Sequence[Placement] = (),
    anchor: str = "",
    lock: bool = False,
) -> bytes:
    """`sign` as the author, then `seal` as the institution: the same bytes, for less work."""
    package = open_package(data, exact=True)
    marks = _marks(package, seal, placements, anchor)
    signed = _add(package, _signature(author, timestamper, reason, lock=False))
    return _add(signed, _sealing(seal, institution, timestamper, marks, lock=lock)).data


def _signature(
    signer: Signer, timestamper: Timestamper | None, reason: str, *, lock: bool
) -> _Plan:
    at = clock.now().replace(microsecond=0)

    def value(description: bytes, _: str) -> bytes:
        return signing_cms.build(description, signer=signer, at=at, timestamper=timestamper)

    parameters = {records.REASON: reason} if reason else {}
    return _Plan(records.SIGN, lock, (), b"", parameters | _committed(timestamper), value, at)


def _committed(timestamper: Timestamper | None) -> dict[str, str]:
    """What is signed before the stamp: that one follows. Taking it away is then noticed."""
    return {records.TIMESTAMP: records.FOLLOWS} if timestamper else {}


def _sealing(
    seal: Seal,
    signer: Signer,
    timestamper: Timestamper | None,
    marks: Sequence[Mark],
    *,
    lock: bool,
) -> _Plan:
    at = clock.now().replace(microsecond=0)
    if not seal.allows(signer.certificate):
        raise Refused("the signer's certificate is not in the seal's list", where=seal.name)
    if not seal.valid_at(at):
        raise Refused("the seal is not valid now", where=seal.name)

    def value(description: bytes, location: str) -> bytes:
        signed = ses.encode_signed(seal.der, at, sm3.digest(description), location)
        signature = sm2.as_der(signer.sign(signed))
        token = timestamper.stamp(signature) if timestamper else b""
        return ses.encode_signature(signed, signer.certificate.der, signature, token)

    issuers = dict.fromkeys((*signer.chain, *seal.chain))
    parameters = {
        records.CHAIN: " ".join(base64.b64encode(issuer.der).decode() for issuer in issuers),
        **_committed(timestamper),
    }
    return _Plan(records.SEAL, lock, marks, seal.der, parameters, value, at)


def _add(package: Package, plan: _Plan) -> Package:
    lines = records.listed(package)
    _refuse_locked(package, lines)
    document = package.documents[0]
    folder = f"{document.root.rpartition('/')[0]}/Signs".removeprefix("/")
    list_part = document.signatures or f"{folder}/Signatures.xml"
    base = list_part.rpartition("/")[0]
    number = next(
        number
        for number in range(len(package.parts) + 1)
        if not any(part.startswith(f"{base}/Sign_{number}/") for part in package.parts)
    )
    home = f"{base}/Sign_{number}"
    added: dict[str, bytes] = {}
    if not document.signatures:
        added[ENTRY] = xml.entry_with(package, f"/{list_part}")
    if plan.seal:
        added[f"{home}/Seal.esl"] = plan.seal
    new_list = xml.list_with(
        package,
        list_part,
        id=xml.next_id([line.id for line in lines]),
        kind=plan.kind,
        location=f"/{home}/Signature.xml",
    )
    return _assemble(package, plan, home, added, (list_part, new_list))


def _assemble(
    package: Package,
    plan: _Plan,
    home: str,
    added: Mapping[str, bytes],
    new_list: tuple[str, bytes],
) -> Package:
    """Order of the container: everything else, then the list, the description, the value."""
    list_part, list_bytes = new_list
    outside = annotation_lists(package)
    container = Container(outside=outside)
    digests: dict[str, bytes] = {}
    noted = b"".join(package.digest(name) for name in sorted(outside))
    for name in (*package.parts, *(name for name in added if name not in package)):
        if name == list_part:
            continue
        if name in added:
            container.store(name, added[name])
        else:
            container.copy(package, name)
        if name not in outside:
            digests[name] = sm3.digest(added[name]) if name in added else package.digest(name)
    form = container.form()
    if plan.lock:
        digests[list_part] = sm3.digest(list_bytes)
    description = xml.signature_xml(
        xml.Description(
            at=plan.at,
            digests=digests,
            parameters={
                **plan.parameters,
                **({records.ANNOTATIONS: base64.b64encode(noted).decode()} if noted else {}),
                records.CONTAINER: base64.b64encode(form).decode(),
                records.LIST: base64.b64encode(sm3.digest(list_bytes)).decode(),
            },
            marks=plan.marks,
            seal_part=f"{home}/Seal.esl" if plan.seal else "",
            value_part=f"{home}/SignedValue.dat",
        )
    )
    container.store(list_part, list_bytes)
    container.store(f"{home}/Signature.xml", description)
    value = plan.value(description, f"/{home}/Signature.xml")
    container.store(f"{home}/SignedValue.dat", value)
    result = container.package(package.limits)
    result.inherit(package, but={*added, list_part})
    return result


def _refuse_locked(package: Package, lines: Sequence[records.Listed]) -> None:
    for line in lines:
        record = records.read_record(package, line)
        if line.list_part in record.covered:
            raise Conflict(
                "the document is locked by an earlier signature",
                where=line.id,
                remedy="sign before the locking signature, or make a new version",
            )


def _marks(
    package: Package, seal: Seal, placements: Sequence[Placement], anchor: str
) -> tuple[Mark, ...]:
    if placements:
        return tuple(_placed(package, seal, placement) for placement in placements)
    found = _anchored(package, seal, anchor or "seal")
    if found:
        return found
    if anchor:
        raise NotFound("the document has no such anchor", where=anchor[:80])
    page = len(package.pages) - 1
    if page < 0:
        raise Malformed("a document without pages cannot be sealed")
    _, _, width, height = package.page_box(package.pages[page])
    x, y = width - seal.width - _MARGIN, height - seal.height - _MARGIN
    return (_placed(package, seal, Placement(page, max(x, 0), max(y, 0))),)


def _placed(package: Package, seal: Seal, placement: Placement) -> Mark:
    if not 0 <= placement.page < len(package.pages):
        raise NotFound("the document has no such page", where=str(placement.page))
    page = package.pages[placement.page]
    width, height = placement.width or seal.width, placement.height or seal.height
    stamp = records.Stamp(page.id, (placement.x, placement.y, width, height), None)
    if not fits(stamp, package.page_box(page), seal.width, seal.height):
        raise Malformed("a seal shows at most in its own size and inside the page", where=seal.name)
    return Mark(page.id, placement.x, placement.y, width, height)


def _anchored(package: Package, seal: Seal, anchor: str) -> tuple[Mark, ...]:
    """The seal centred on every object that carries the anchor's tag."""
    marks: list[Mark] = []
    for tag in package.tags():
        if tag.name != ANCHOR + anchor.removeprefix(ANCHOR):
            continue
        for page_id, object_id in tag.objects:
            place = package.find_object(page_id, object_id)
            if place is not None:
                page, (x, y, width, height) = place
                _, _, across, down = package.page_box(package.pages[page])
                left = min(x + (width - seal.width) / 2, across - seal.width)
                top = min(y + (height - seal.height) / 2, down - seal.height)
                marks.append(_placed(package, seal, Placement(page, max(left, 0), max(top, 0))))
    return tuple(marks)
