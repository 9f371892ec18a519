"""SignedValue.dat in all its forms, brought to one shape."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from openrhip.formats.gm import der, oids, sm2, sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.crl import Crl
from openrhip.formats.gm.sm2 import PublicKey
from openrhip.formats.ofd import ses, ses_write
from openrhip.formats.ofd import signing_cms as cms
from openrhip.formats.ofd.signing_records import CHAIN, SEAL, Record
from openrhip.kernel.errors import Malformed, NotVerified, Problem

_MOST_ISSUERS = 16
_RAW = 64


class KeyNeeded(NotVerified):
    """A bare signature, and no key for it: nothing can be said (缺少公钥)."""


@dataclass(frozen=True, slots=True)
class Value:
    """covered: the bytes under the signature; digests: what it says Signature.xml digests to.

    certificate is None where only a key is known; outside: key or certificate came from the
    verifier and not from the file.
    """

    key: PublicKey
    certificate: Certificate | None
    issuers: tuple[Certificate, ...]
    covered: bytes
    digests: tuple[bytes, ...]
    signature: bytes
    time: datetime | None
    token: bytes
    seal: ses.SealSignature | None
    certificates: tuple[Certificate, ...]
    """Those in SignedValue.dat, where no signature covers them."""
    canonical: bool
    """Whether SignedValue.dat has a form that this package writes."""
    outside: bool = False
    crls: tuple[Crl, ...] = ()


def read_value(
    data: bytes,
    record: Record,
    description: bytes,
    keys: Sequence[PublicKey | Certificate] = (),
) -> Value:
    """Raises Malformed, NotVerified for forms and algorithms that are not supported, KeyNeeded.

    description: the bytes of Signature.xml; keys: for bare signatures.
    """
    carried = _carried(record.parameters.get(CHAIN, ""), record.part)
    if record.listed.kind == SEAL:
        return _seal_value(data, carried)
    if _is_bare(data):
        return _bare_value(data, record, description, keys, carried)
    signed = cms.read(data)
    return Value(
        key=signed.certificate.public_key,
        certificate=signed.certificate,
        issuers=(*signed.certificates, *carried),
        covered=signed.covered,
        digests=signed.digests,
        signature=signed.signature,
        time=signed.time,
        token=signed.token,
        seal=None,
        certificates=signed.certificates,
        canonical=signed.canonical,
        crls=signed.crls,
    )


def _seal_value(data: bytes, carried: tuple[Certificate, ...]) -> Value:
    value = ses.read_signature(data)
    if value.algorithm not in (oids.SM2_WITH_SM3, oids.SM2_SIGN):
        raise NotVerified(f"signature algorithm {value.algorithm}", where="SignedValue.dat")
    certificate = Certificate.from_der(value.certificate)
    again = ses_write.encode_signature(
        value.signed,
        value.certificate,
        value.signature,
        value.timestamp,
        version=value.seal.info.version,
    )
    return Value(
        key=certificate.public_key,
        certificate=certificate,
        issuers=carried,
        covered=value.signed,
        digests=(value.data_hash,),
        signature=value.signature,
        time=value.time,
        token=value.timestamp,
        seal=value,
        certificates=(),
        canonical=value.signature[:1] == b"\x30" and data == again,
    )


def _bare_value(
    data: bytes,
    record: Record,
    description: bytes,
    keys: Sequence[PublicKey | Certificate],
    carried: tuple[Certificate, ...],
) -> Value:
    """Over Signature.xml itself, or over its SM3: by whichever of the given keys it is."""
    if not keys:
        raise KeyNeeded("a bare signature without certificate", where=record.value_part)
    tried = [
        (one, one.public_key if isinstance(one, Certificate) else one, covered)
        for covered in (description, sm3.digest(description))
        for one in keys
    ]
    fitting = [found for found in tried if found[1].verify(data, found[2])]
    given, key, covered = (fitting or tried)[0]
    return Value(
        key=key,
        certificate=given if isinstance(given, Certificate) else None,
        issuers=carried,
        covered=covered,
        digests=(),
        signature=data,
        time=None,
        token=b"",
        seal=None,
        certificates=(),
        canonical=len(data) == _RAW or sm2.from_raw(sm2.to_raw(data)) == data,
        outside=True,
    )


def _is_bare(data: bytes) -> bool:
    """SEQUENCE {r, s} and nothing else, or 64 bytes r || s."""
    if len(data) == _RAW:
        return True
    try:
        members = der.read(data, "SignedValue.dat").children()
    except Problem:
        return False
    return len(members) == 2 and all(member.tag == der.INTEGER for member in members)


def _carried(text: str, where: str) -> tuple[Certificate, ...]:
    """Issuers that travel in Signature.xml: Base64 of DER, between spaces."""
    words = text.split()
    if len(words) > _MOST_ISSUERS:
        raise Malformed("too many issuers travel with a signature", where=where)
    try:
        return tuple(Certificate.from_der(base64.b64decode(word, validate=True)) for word in words)
    except (binascii.Error, ValueError) as error:
        raise Malformed("an issuer that is not Base64", where=where) from error
