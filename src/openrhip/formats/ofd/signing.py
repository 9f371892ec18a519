"""Signing and sealing (数字签名、电子签章) of a package.

`sign` adds a digital signature (Type=Sign, GB/T 35275), `seal` an electronic seal with its picture
(Type=Seal; the version of the seal decides: GM/T 0031-2014, GB/T 38540-2020, GM/T 0031-2025). Each
protects every part of the package but its own description and value; the list of signatures stays
open for later ones unless `lock` closes it, and that of annotations in a medical record
(`signing_open`). A later signature also protects the earlier ones.

Besides, each signature of this package notes the digest of the container's form (headers and
compressed data up to the list of signatures) and of the list itself, as parameters
`openrhip.container` and `openrhip.signatures`, and as `openrhip.timestamp` that a timestamp
follows: the last one thereby fixes the file to the byte, but for what stands in its own
SignedValue.dat around the signature (the timestamp, made later, and the certificates).

`revocation` (chains, lists and status answers, see `gm.revocation.collect`) is kept as a part
beside the signature and protected by it, so that it can be judged when those are long gone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import datetime

from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.revocation import RevocationData
from openrhip.formats.gm.signer import Signer
from openrhip.formats.gm.tsp import Timestamper
from openrhip.formats.ofd import signing_forms as forms
from openrhip.formats.ofd import signing_places as places
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.seals import Seal
from openrhip.formats.ofd.signing_assembly import Plan, add
from openrhip.formats.ofd.signing_forms import Form
from openrhip.formats.ofd.signing_places import Placement, Side
from openrhip.formats.ofd.signing_xml import Mark
from openrhip.kernel import clock
from openrhip.kernel.errors import Refused

__all__ = ["Form", "Placement", "Side", "seal", "sign", "sign_and_seal"]


def sign(
    data: bytes,
    *,
    signer: Signer,
    timestamper: Timestamper | None = None,
    reason: str = "",
    lock: bool = False,
    form: Form = Form.ATTRIBUTES,
    base: str = "",
    revocation: RevocationData | None = None,
) -> bytes:
    """The document with one more digital signature.

    base: ID of an earlier signature that this one builds on. Raises Malformed, TooLarge, Conflict,
    NotFound (no such base), Refused (a timestamp with a form that holds none).
    """
    plan = _signature(
        signer, timestamper, reason, lock=lock, form=form, base=base, revocation=revocation
    )
    return add(open_package(data, exact=True), plan).data


def seal(
    data: bytes,
    *,
    seal: Seal,
    signer: Signer,
    timestamper: Timestamper | None = None,
    placements: Sequence[Placement] = (),
    anchor: str = "",
    riding: Side | None = None,
    lock: bool = False,
    base: str = "",
    revocation: RevocationData | None = None,
) -> bytes:
    """The document with one more seal: at the placements, over the pages' edges, or on an anchor.

    riding (骑缝章) and placements go together. With none of them, the anchor "seal" is taken where
    there is one, else the last page's lower right. Raises Malformed, TooLarge, Conflict, NotFound
    (no such anchor, page or base), Refused (the seal is not the signer's, or not valid now).
    """
    package = open_package(data, exact=True)
    if riding:
        placements = (*placements, *places.riding(package, seal, riding))
    marks = places.marks(package, seal, placements, anchor)
    plan = _sealing(seal, signer, timestamper, marks, lock=lock, base=base, revocation=revocation)
    return add(package, plan).data


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
    revocation: RevocationData | None = None,
) -> bytes:
    """`sign` as the author, then `seal` as the institution: the same bytes, for less work.

    revocation: of both and of the seal's maker; it is kept once, with the seal.
    """
    package = open_package(data, exact=True)
    marks = places.marks(package, seal, placements, anchor)
    signed = add(package, _signature(author, timestamper, reason, lock=False))
    plan = _sealing(seal, institution, timestamper, marks, lock=lock, revocation=revocation)
    return add(signed, plan).data


def placements_riding(data: bytes, seal: Seal, side: Side = Side.RIGHT) -> tuple[Placement, ...]:
    """Where a riding seal of this document stands, page by page."""
    package: Package = open_package(data, exact=True)
    return places.riding(package, seal, side)


def _signature(
    signer: Signer,
    timestamper: Timestamper | None,
    reason: str,
    *,
    lock: bool,
    form: Form = Form.ATTRIBUTES,
    base: str = "",
    revocation: RevocationData | None = None,
) -> Plan:
    at = clock.now().replace(microsecond=0)
    return Plan(
        kind=records.SIGN,
        lock=lock,
        marks=(),
        seal=b"",
        parameters={
            **({records.REASON: reason} if reason else {}),
            **(_carried(signer.chain) if form in forms.BARE else {}),
            **_committed(timestamper),
        },
        value=forms.digital(form, signer=signer, at=at, timestamper=timestamper),
        at=at,
        revocation=revocation.encode() if revocation else b"",
        base=base,
    )


def _carried(issuers: Iterable[Certificate]) -> dict[str, str]:
    """Issuers' certificates, for forms of SignedValue.dat that have no place for them."""
    texts = [base64.b64encode(issuer.der).decode("ascii") for issuer in dict.fromkeys(issuers)]
    return {records.CHAIN: " ".join(texts)} if texts else {}


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
    base: str = "",
    revocation: RevocationData | None = None,
) -> Plan:
    at = clock.now().replace(microsecond=0)
    _refuse_unusable(seal, signer, at)
    return Plan(
        kind=records.SEAL,
        lock=lock,
        marks=marks,
        seal=seal.der,
        parameters=_carried((*signer.chain, *seal.chain)) | _committed(timestamper),
        value=forms.sealing(seal, signer=signer, at=at, timestamper=timestamper),
        at=at,
        revocation=revocation.encode() if revocation else b"",
        base=base,
    )


def _refuse_unusable(seal: Seal, signer: Signer, at: datetime) -> None:
    if not seal.allows(signer.certificate):
        raise Refused("the signer's certificate is not in the seal's list", where=seal.name)
    if not seal.valid_at(at):
        raise Refused("the seal is not valid now", where=seal.name)
