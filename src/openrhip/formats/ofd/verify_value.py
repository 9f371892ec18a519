"""SignedValue.dat in all its forms, brought to one shape."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from openrhip.formats.gm import der, oids
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.ofd import ses
from openrhip.formats.ofd import signing_cms as cms
from openrhip.formats.ofd.signing_records import CHAIN, SEAL, Record
from openrhip.kernel.errors import Malformed, NotVerified, Problem

_MOST_ISSUERS = 16


@dataclass(frozen=True, slots=True)
class Value:
    """covered: the bytes under the signature; digests: what it says Signature.xml digests to."""

    certificate: Certificate
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
    """Whether SignedValue.dat has the one form that this package writes."""


def read_value(data: bytes, record: Record) -> Value:
    """Raises Malformed, or NotVerified for forms and algorithms that are not supported."""
    carried = _carried(record.parameters.get(CHAIN, ""), record.part)
    if record.listed.kind == SEAL:
        return _seal_value(data, carried)
    if _is_bare(data):
        raise NotVerified("a bare signature without certificate", where=record.value_part)
    signed = cms.read(data)
    return Value(
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
    )


def _seal_value(data: bytes, carried: tuple[Certificate, ...]) -> Value:
    value = ses.read_signature(data)
    if value.algorithm not in (oids.SM2_WITH_SM3, oids.SM2_SIGN):
        raise NotVerified(f"signature algorithm {value.algorithm}", where="SignedValue.dat")
    return Value(
        certificate=Certificate.from_der(value.certificate),
        issuers=carried,
        covered=value.signed,
        digests=(value.data_hash,),
        signature=value.signature,
        time=value.time,
        token=value.timestamp,
        seal=value,
        certificates=(),
        canonical=value.signature[:1] == b"\x30"
        and data
        == ses.encode_signature(value.signed, value.certificate, value.signature, value.timestamp),
    )


def _is_bare(data: bytes) -> bool:
    """SEQUENCE {r, s} and nothing else."""
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
