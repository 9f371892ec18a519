"""Certificate revocation lists (证书撤销列表; RFC 5280 5, GM/T 0015): read, issue, ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from openrhip.formats.gm import der, extensions, names, oids, pem
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.extensions import Extension
from openrhip.formats.gm.signed import IssuingKey, SignedObject, sealed, signature_algorithm
from openrhip.kernel.errors import Malformed

LARGEST = 16 * 1024 * 1024
_WHERE = "revocation list"
# CRLReason (RFC 5280 5.3.1): number → name
REASONS = {
    0: "unspecified",
    1: "keyCompromise",
    2: "cACompromise",
    3: "affiliationChanged",
    4: "superseded",
    5: "cessationOfOperation",
    6: "certificateHold",
    8: "removeFromCRL",
    9: "privilegeWithdrawn",
    10: "aACompromise",
}


@dataclass(frozen=True, slots=True)
class Revocation:
    """serial of the certificate, when it was revoked, and why: a name of REASONS, or nothing."""

    serial: int
    at: datetime
    reason: str = ""


class Crl(SignedObject):
    """One parsed list. Immutable; equal when the bytes are."""

    __slots__ = (
        *("extensions", "issuer_attributes", "issuer_raw", "next_update", "number", "revoked"),
        *("scope", "this_update"),
    )
    WHERE: ClassVar[str] = _WHERE
    LARGEST: ClassVar[int] = LARGEST

    def _read_tbs(self, fields: der.Fields, algorithm: bytes) -> None:
        version = fields.maybe(der.INTEGER)
        if version is not None and version.integer(_WHERE) != 1:
            raise Malformed("unknown version", where=_WHERE)
        self._check_inner(fields, algorithm)
        issuer = fields.take("issuer", der.SEQUENCE)
        self.issuer_raw, self.issuer_attributes = issuer.raw, names.decode(issuer, _WHERE)
        self.this_update = fields.take("thisUpdate").time(_WHERE)
        until = fields.maybe(der.UTC_TIME, der.GENERALIZED_TIME)
        self.next_update = None if until is None else until.time(_WHERE)
        rows = fields.maybe(der.SEQUENCE)
        found = [] if rows is None else [_revocation(row) for row in rows.children()]
        self.revoked = {row.serial: row for row in found}
        block = fields.maybe(der.context(0))
        fields.end()
        self.extensions = {} if block is None else extensions.decode(block.only(_WHERE), _WHERE)
        point = self.extensions.get(oids.ISSUING_POINT)
        self.scope = None if point is None else extensions.read_issuing_point(point.value, _WHERE)
        number = self.extensions.get(oids.CRL_NUMBER)
        self.number = (
            None
            if number is None
            else der.read(number.value, _WHERE, tag=der.INTEGER).integer(_WHERE)
        )

    @classmethod
    def from_der(cls, data: bytes) -> Crl:
        """Read DER. Raises Malformed or TooLarge."""
        return cls(bytes(data))

    @classmethod
    def from_pem(cls, data: bytes) -> Crl:
        """Read a PEM text (or DER). Raises Malformed."""
        return cls.from_der(data if data[:1] == b"\x30" else pem.decode(data, "X509 CRL")[1])

    def pem(self) -> bytes:
        return pem.encode("X509 CRL", self.der)

    @property
    def issuer(self) -> str:
        return names.text(self.issuer_attributes)

    def covers(self, certificate: Certificate) -> bool:
        """Whether the list answers for this certificate of its issuer, as far as we understand."""
        odd = {oid for oid, row in self.extensions.items() if row.critical}
        if odd - {oids.ISSUING_POINT} or (oids.ISSUING_POINT in odd and self.scope is None):
            return False
        return self.scope is None or self.scope.includes(
            is_ca=certificate.is_ca, points=certificate.crl_points
        )

    def revocation(self, certificate: Certificate) -> Revocation | None:
        """The entry of a certificate of this issuer, if it has one."""
        return self.revoked.get(certificate.serial)


def issue(
    *,
    issuer: Certificate,
    issuer_key: IssuingKey,
    revoked: Iterable[Revocation],
    this_update: datetime,
    next_update: datetime,
    number: int = 1,
    extra: Iterable[Extension] = (),
) -> Crl:
    """A new list, version 2, with its number and the issuer's key identifier."""
    if next_update <= this_update:
        raise Malformed("the list would expire before it begins")
    rows = [_entry(row) for row in sorted(revoked, key=lambda row: row.serial)]
    block = (
        extensions.authority_key_id(issuer.key_id),
        Extension(oids.CRL_NUMBER, critical=False, value=der.integer(number)),
    )
    tbs = der.sequence(
        der.integer(1),
        signature_algorithm(),
        issuer.subject_raw,
        der.validity_time(this_update),
        der.validity_time(next_update),
        der.sequence(*rows) if rows else b"",
        der.explicit(0, der.sequence(*(row.encode() for row in (*block, *extra)))),
    )
    return Crl.from_der(sealed(tbs, issuer_key))


def _entry(row: Revocation) -> bytes:
    details = b""
    if row.reason:
        code = next((number for number, name in REASONS.items() if name == row.reason), None)
        if code is None:
            raise Malformed(f"a reason is one of {', '.join(REASONS.values())}")
        value = der.integer(code, tag=der.ENUMERATED)
        details = der.sequence(Extension(oids.CRL_REASON, critical=False, value=value).encode())
    return der.sequence(der.integer(row.serial), der.validity_time(row.at), details)


def _revocation(node: der.Node) -> Revocation:
    fields = der.Fields(node, _WHERE)
    serial = fields.take("userCertificate").integer(_WHERE)
    at = fields.take("revocationDate").time(_WHERE)
    details = fields.maybe(der.SEQUENCE)
    fields.end()
    if details is None:
        return Revocation(serial, at)
    found = extensions.decode(details, _WHERE)
    if any(row.critical and row.oid != oids.CRL_REASON for row in found.values()):
        # for instance certificateIssuer of an indirect list
        raise Malformed("an entry has a critical extension that is not understood", where=_WHERE)
    code = found.get(oids.CRL_REASON)
    if code is None:
        return Revocation(serial, at)
    inner = der.read(code.value, _WHERE, tag=der.ENUMERATED)
    number = inner.integer(_WHERE, tag=der.ENUMERATED)
    return Revocation(serial, at, REASONS.get(number, "unspecified"))
