"""X.509 certificates with SM2 and SM3 (数字证书; GM/T 0015, GB/T 20518, RFC 5280).

`Certificate.from_der` checks the whole structure once; afterwards no property raises. Equal bytes
give the same object while it is remembered, so parsing and issuer signatures are paid once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import ClassVar

from openrhip.formats.gm import der, extensions, names, oids, pem, sm3
from openrhip.formats.gm.extensions import Extension
from openrhip.formats.gm.signed import IssuingKey, SignedObject, sealed, signature_algorithm
from openrhip.formats.gm.sm2 import PublicKey
from openrhip.kernel.errors import Malformed

LARGEST = 64 * 1024
_COMMON = 8 * 1024  # larger ones are read, but not remembered
_WHERE = "certificate"


@dataclass(frozen=True, slots=True)
class Profile:
    """What a certificate may be used for."""

    key_usage: frozenset[str]
    is_ca: bool = False
    path_length: int | None = None
    extended: tuple[str, ...] = ()
    more: tuple[Extension, ...] = ()


ROOT = Profile(frozenset({"keyCertSign", "cRLSign"}), is_ca=True)
ISSUING = Profile(frozenset({"keyCertSign", "cRLSign"}), is_ca=True, path_length=0)
SIGNING = Profile(frozenset({"digitalSignature", "nonRepudiation"}))
ENCRYPTION = Profile(frozenset({"keyEncipherment", "dataEncipherment", "keyAgreement"}))
TIME_STAMPING = Profile(
    frozenset({"digitalSignature", "nonRepudiation"}), extended=(oids.EKU_TIME_STAMPING,)
)
OCSP_SIGNING = Profile(
    frozenset({"digitalSignature", "nonRepudiation"}),
    extended=(oids.EKU_OCSP_SIGNING,),
    more=(Extension(oids.OCSP_NO_CHECK, critical=False, value=der.null()),),
)
PROFILES = {
    "root": ROOT,
    "issuing": ISSUING,
    "signing": SIGNING,
    "encryption": ENCRYPTION,
    "timestamp": TIME_STAMPING,
    "ocsp": OCSP_SIGNING,
}


@dataclass(frozen=True, slots=True)
class Services:
    """Web addresses written into a certificate: lists, status services, issuers' certificates."""

    crl: tuple[str, ...] = ()
    ocsp: tuple[str, ...] = ()
    issuers: tuple[str, ...] = ()

    def extensions(self) -> list[Extension]:
        found = [extensions.crl_points(self.crl)] if self.crl else []
        if self.ocsp or self.issuers:
            found.append(extensions.authority_access(ocsp=self.ocsp, issuers=self.issuers))
        return found


NO_SERVICES = Services()


class Certificate(SignedObject):
    """One parsed certificate of SM2 with SM3, version 3. Immutable; equal when the bytes are."""

    __slots__ = (
        *("attributes", "authority_key_id", "crl_points", "extended_key_usage", "extensions"),
        *("is_ca", "issuer_attributes", "issuer_raw", "key_usage", "not_after", "not_before"),
        *("path_length", "public_key", "serial", "spki", "subject_raw"),
    )
    WHERE: ClassVar[str] = _WHERE
    LARGEST: ClassVar[int] = LARGEST

    def _read_tbs(self, fields: der.Fields, algorithm: bytes) -> None:
        version = fields.maybe(der.context(0))
        if version is not None and version.only(_WHERE).integer(_WHERE) not in {0, 1, 2}:
            raise Malformed("unknown version", where=_WHERE)
        self.serial = fields.take("serialNumber").integer(_WHERE)
        self._check_inner(fields, algorithm)
        issuer = fields.take("issuer", der.SEQUENCE)
        validity = der.Fields(fields.take("validity"), _WHERE)
        self.not_before = validity.take("notBefore").time(_WHERE)
        self.not_after = validity.take("notAfter").time(_WHERE)
        subject = fields.take("subject", der.SEQUENCE)
        self.issuer_raw, self.subject_raw = issuer.raw, subject.raw
        self.issuer_attributes = names.decode(issuer, _WHERE)
        self.attributes = names.decode(subject, _WHERE)
        self.spki = fields.take("subjectPublicKeyInfo", der.SEQUENCE).raw
        self.public_key = PublicKey.from_spki(self.spki)
        fields.maybe(der.context(1, constructed=False))
        fields.maybe(der.context(2, constructed=False))
        found = fields.maybe(der.context(3))
        fields.end()
        self.extensions = {} if found is None else extensions.decode(found.only(_WHERE), _WHERE)
        self._read_extensions()

    def _read_extensions(self) -> None:
        def value(oid: str) -> bytes | None:
            found = self.extensions.get(oid)
            return None if found is None else found.value

        constraints, usage = value(oids.BASIC_CONSTRAINTS), value(oids.KEY_USAGE)
        extended, authority = value(oids.EXTENDED_KEY_USAGE), value(oids.AUTHORITY_KEY_ID)
        self.is_ca, self.path_length = (
            (False, None)
            if constraints is None
            else extensions.read_basic_constraints(constraints, _WHERE)
        )
        self.key_usage = (
            frozenset[str]() if usage is None else extensions.read_key_usage(usage, _WHERE)
        )
        self.authority_key_id = (
            None if authority is None else extensions.read_authority_key_id(authority, _WHERE)
        )
        points = value(oids.CRL_POINTS)
        self.crl_points = frozenset() if points is None else extensions.read_crl_points(points)
        self.extended_key_usage = () if extended is None else extensions.read_oids(extended, _WHERE)

    @classmethod
    def from_der(cls, data: bytes) -> Certificate:
        """Read DER. Raises Malformed or TooLarge."""
        return _remembered(bytes(data)) if len(data) <= _COMMON else cls(bytes(data))

    @classmethod
    def from_pem(cls, data: bytes) -> Certificate:
        """The first certificate of a PEM text (or DER). Raises Malformed."""
        return load_all(data)[0]

    def pem(self) -> bytes:
        return pem.encode("CERTIFICATE", self.der)

    @property
    def subject(self) -> str:
        return names.text(self.attributes)

    @property
    def issuer(self) -> str:
        return names.text(self.issuer_attributes)

    def attribute(self, name: str) -> str:
        """The most specific attribute of the subject with that short name or OID, or nothing."""
        return names.first(self.attributes, name)

    @property
    def common_name(self) -> str:
        return names.first(self.attributes, "CN")

    @property
    def organization(self) -> str:
        return names.first(self.attributes, "O")

    @property
    def self_issued(self) -> bool:
        return self.subject_raw == self.issuer_raw

    @property
    def key_id(self) -> bytes:
        """The subject key identifier, or the digest that stands for it (20 bytes of SM3)."""
        found = self.extensions.get(oids.SUBJECT_KEY_ID)
        if found is not None and found.value[:1] == b"\x04":
            return found.value[2:]
        return key_id(self.public_key)

    @property
    def crl_urls(self) -> tuple[str, ...]:
        """Where its issuer's lists are fetched (CRLDistributionPoints), http and https only."""
        return extensions.web_addresses(sorted(self.crl_points))

    @property
    def ocsp_urls(self) -> tuple[str, ...]:
        """Where its status is asked (AuthorityInfoAccess), http and https only."""
        return self._access(oids.ACCESS_OCSP)

    @property
    def issuer_urls(self) -> tuple[str, ...]:
        """Where its issuer's certificate is fetched (AuthorityInfoAccess)."""
        return self._access(oids.ACCESS_ISSUERS)

    def _access(self, method: str) -> tuple[str, ...]:
        found = self.extensions.get(oids.AUTHORITY_ACCESS)
        return () if found is None else extensions.read_authority_access(found.value, method)


def load_all(data: bytes) -> tuple[Certificate, ...]:
    """Every certificate of a PEM text, or the one of a DER file. Raises Malformed if none."""
    if data[:1] == b"\x30":
        return (Certificate.from_der(data),)
    found = tuple(
        Certificate.from_der(body)
        for label, body in pem.decode_all(data)
        if label in {"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}
    )
    if not found:
        raise Malformed("no certificate in it (PEM block CERTIFICATE, or DER)")
    return found


def key_id(key: PublicKey) -> bytes:
    """A key identifier: the first 20 bytes of SM3 over the point (RFC 7093 method 1 with SM3)."""
    return sm3.digest(key.point)[:20]


def issue(
    *,
    subject: Sequence[names.Attribute],
    public_key: PublicKey,
    issuer: Certificate | None,
    issuer_key: IssuingKey,
    not_before: datetime,
    not_after: datetime,
    profile: Profile,
    serial: int | None = None,
    services: Services = NO_SERVICES,
    extra: Iterable[Extension] = (),
) -> Certificate:
    """A new certificate; `issuer=None`: self-signed. Raises Malformed for impossible facts."""
    if not_after <= not_before:
        raise Malformed("the certificate would end before it begins")
    name = names.encode(subject)
    issuer_name = name if issuer is None else issuer.subject_raw
    authority = key_id(public_key) if issuer is None else issuer.key_id
    rows = [
        extensions.basic_constraints(ca=profile.is_ca, path_length=profile.path_length),
        extensions.key_usage(profile.key_usage),
        extensions.subject_key_id(key_id(public_key)),
        extensions.authority_key_id(authority),
    ]
    if profile.extended:
        rows.append(extensions.extended_key_usage(profile.extended, critical=True))
    rows += [*profile.more, *services.extensions()]
    number = secrets.randbits(126) | 1 << 126 if serial is None else serial
    tbs = der.sequence(
        der.explicit(0, der.integer(2)),
        der.integer(number),
        signature_algorithm(),
        issuer_name,
        der.sequence(der.validity_time(not_before), der.validity_time(not_after)),
        name,
        public_key.to_spki(),
        der.explicit(3, der.sequence(*(row.encode() for row in (*rows, *extra)))),
    )
    return Certificate.from_der(sealed(tbs, issuer_key))


@lru_cache(maxsize=2048)
def _remembered(data: bytes) -> Certificate:
    return Certificate(data)
