"""Certification requests (证书申请; PKCS#10, RFC 2986, GM/T 0092): how a production CA is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openrhip.formats.gm import certs, der, names, pem
from openrhip.formats.gm.signed import check_signature_algorithm, sealed
from openrhip.formats.gm.sm2 import PrivateKey, PublicKey
from openrhip.kernel.errors import Malformed, NotVerified, TooLarge

_WHERE = "certification request"


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose signature proved possession of the private key."""

    attributes: tuple[names.Attribute, ...]
    public_key: PublicKey
    der: bytes

    @property
    def subject(self) -> str:
        return names.text(self.attributes)

    def pem(self) -> bytes:
        return pem.encode("CERTIFICATE REQUEST", self.der)


def create(subject: Sequence[names.Attribute], key: PrivateKey) -> Request:
    """A request without attributes: the authority decides the extensions."""
    info = der.sequence(
        der.integer(0), names.encode(subject), key.public_key.to_spki(), der.explicit(0)
    )
    return Request(tuple(subject), key.public_key, sealed(info, key))


def read(data: bytes) -> Request:
    """From PEM or DER. Raises Malformed, or NotVerified when its signature does not hold."""
    if len(data) > certs.LARGEST:
        raise TooLarge(f"a request of more than {certs.LARGEST} bytes")
    body = data
    if data[:1] != b"\x30":
        body = pem.decode(data, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")[1]
    outer = der.Fields(der.read(body, _WHERE), _WHERE)
    info = outer.take("certificationRequestInfo", der.SEQUENCE)
    check_signature_algorithm(outer.take("signatureAlgorithm"), _WHERE)
    signature = outer.take("signature").bits(_WHERE)
    outer.end()
    fields = der.Fields(info, _WHERE)
    if fields.take("version").integer(_WHERE) != 0:
        raise Malformed("unknown version", where=_WHERE)
    subject = names.decode(fields.take("subject"), _WHERE)
    key = PublicKey.from_spki(fields.take("subjectPublicKeyInfo").raw)
    if not key.verify(signature, info.raw):
        raise NotVerified("the request is not signed by its own key", where=_WHERE)
    return Request(subject, key, body)
