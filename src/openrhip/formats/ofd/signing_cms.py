"""SignedValue.dat of a digital signature: SignedData of GB/T 35275-2017, written and read.

Two forms: with signed attributes and detached content, which bind the time of signing and the
digest of the signer's certificate; and the plain one, whose content is the digest of Signature.xml
and signed directly. Both are read in the object identifiers of GB/T 35275 and of PKCS #7.
Sources: GB/T 35275-2017 §8; RFC 5652 §5; RFC 5035 (signing certificate); RFC 3161 App. A (token).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from openrhip.formats.gm import cms, der, oids, sm2, sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.crl import Crl
from openrhip.formats.gm.signer import Signer
from openrhip.formats.gm.tsp import Timestamper
from openrhip.kernel.errors import Malformed, NotVerified

TOKEN = "1.2.840.113549.1.9.16.2.14"  # noqa: S105 -- id-aa-timeStampToken
_SM3_ALGORITHMS = {oids.SM3, oids.SM3 + ".1"}
_SIGNATURE_ALGORITHMS = {oids.SM2_SIGN, oids.SM2_WITH_SM3, oids.SM2_CURVE, oids.EC_PUBLIC_KEY}
_WHERE = "SignedValue.dat"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature: `covered` are the bytes under it, `digests` what it says of Signature.xml."""

    certificate: Certificate
    certificates: tuple[Certificate, ...]
    covered: bytes
    digests: tuple[bytes, ...]
    signature: bytes
    time: datetime | None
    token: bytes
    canonical: bool
    """Whether the bytes are those that `build` or `build_content` makes of what they hold."""
    crls: tuple[Crl, ...] = ()


def build(
    description: bytes, *, signer: Signer, at: datetime, timestamper: Timestamper | None
) -> bytes:
    """SignedValue.dat over the bytes of Signature.xml; the token is over the signature value."""
    certificate = signer.certificate
    attributes = der.set_of(
        cms.attribute(oids.CONTENT_TYPE, der.oid(oids.GM_DATA)),
        cms.attribute(oids.MESSAGE_DIGEST, der.octets(sm3.digest(description))),
        cms.attribute(oids.SIGNING_TIME, der.validity_time(at)),
        cms.attribute(oids.SIGNING_CERTIFICATE_V2, _signing_certificate(certificate)),
    )
    return _signed(signer, attributes, None, timestamper)


def build_content(
    description: bytes, *, signer: Signer, at: datetime, timestamper: Timestamper | None
) -> bytes:
    """The plain form: the SM3 of Signature.xml is the content, and signed as it is."""
    del at  # the form has no place for it: SignatureDateTime says it
    return _signed(signer, b"", sm3.digest(description), timestamper)


def _signed(
    signer: Signer, attributes: bytes, content: bytes | None, timestamper: Timestamper | None
) -> bytes:
    own = signer.certificate
    signature = sm2.as_der(signer.sign(attributes or content or b""))
    token = timestamper.stamp(signature) if timestamper else b""
    return encode(own, (own, *signer.chain), (attributes, content), signature, token)


def encode(
    certificate: Certificate,
    certificates: Sequence[Certificate],
    signed: tuple[bytes, bytes | None],
    signature: bytes,
    token: bytes,
) -> bytes:
    """The one encoding that this package writes. signed: the attributes' SET, and the content."""
    attributes, content = signed
    inside = b"" if content is None else der.explicit(0, der.octets(content))
    signer_info = der.sequence(
        der.integer(1),
        der.sequence(certificate.issuer_raw, der.integer(certificate.serial)),
        cms.digest_algorithm(),
        b"\xa0" + attributes[1:] if attributes else b"",  # [0] IMPLICIT SET
        der.sequence(der.oid(oids.SM2_SIGN)),
        der.octets(signature),
        der.explicit(1, cms.attribute(TOKEN, token)) if token else b"",
    )
    signed_data = der.sequence(
        der.integer(1),
        der.set_of(cms.digest_algorithm()),
        der.sequence(der.oid(oids.GM_DATA), inside),
        der.explicit(0, *sorted({item.der for item in certificates})),
        der.set_of(signer_info),
    )
    return der.sequence(der.oid(oids.GM_SIGNED_DATA), der.explicit(0, signed_data))


def read(data: bytes) -> Signed:
    """Read SignedValue.dat. Raises Malformed; NotVerified for algorithms that are not supported."""
    parsed = cms.parse(data, where=_WHERE)
    if len(parsed.signers) != 1 or parsed.content_type not in {oids.GM_DATA, oids.PKCS7_DATA}:
        raise Malformed("exactly one signer over data expected", where=_WHERE)
    info = parsed.signers[0]
    if info.digest_algorithm not in _SM3_ALGORITHMS:
        raise NotVerified(f"digest algorithm {info.digest_algorithm}", where=_WHERE)
    if info.signature_algorithm not in _SIGNATURE_ALGORITHMS:
        raise NotVerified(f"signature algorithm {info.signature_algorithm}", where=_WHERE)
    certificate = info.find(parsed.certificates)
    if certificate is None:
        raise Malformed("the signer's certificate is not in the signed data", where=_WHERE)
    if set(info.unsigned) - {TOKEN}:
        raise Malformed("unknown unsigned attributes", where=_WHERE)
    digests = _content_digests(parsed.content)
    if info.attributes_der is None and parsed.content is None:
        raise Malformed("a signature over nothing", where=_WHERE)
    if info.attributes_der is not None:
        _check_certificate(info, certificate)
        digests += _message_digest(info, parsed.content, digests)
    token = _one(info.unsigned, TOKEN) or b""
    attributes = info.attributes_der or b""
    again = encode(
        certificate, parsed.certificates, (attributes, parsed.content), info.signature, token
    )
    return Signed(
        certificate=certificate,
        certificates=parsed.certificates,
        covered=info.attributes_der or parsed.content or b"",
        digests=digests,
        signature=info.signature,
        time=_signing_time(info),
        token=token,
        canonical=info.signature[:1] == b"\x30" and again == data,
        crls=parsed.crls,
    )


def _content_digests(content: bytes | None) -> tuple[bytes, ...]:
    """The content is the digest of Signature.xml; some producers write its Base64 text."""
    if content is None:
        return ()
    if len(content) != sm3.SIZE:
        try:
            return (base64.b64decode(content, validate=True),)
        except (binascii.Error, ValueError):
            pass
    return (content,)


def _message_digest(
    info: cms.SignerInfo, content: bytes | None, known: tuple[bytes, ...]
) -> tuple[bytes, ...]:
    """Over the content where there is one (RFC 5652), or over Signature.xml itself."""
    value = _one(info.attributes, oids.MESSAGE_DIGEST)
    if value is None:
        raise Malformed("signed attributes without a message digest", where=_WHERE)
    digest = der.read(value, _WHERE, tag=der.OCTET_STRING).content
    return known if content is not None and digest == sm3.digest(content) else (digest,)


def _signing_time(info: cms.SignerInfo) -> datetime | None:
    value = _one(info.attributes, oids.SIGNING_TIME)
    if value is None:
        return None
    tag = der.UTC_TIME if value[:1] == b"\x17" else der.GENERALIZED_TIME
    return der.read(value, _WHERE, tag=tag).time("signingTime")


def _check_certificate(info: cms.SignerInfo, certificate: Certificate) -> None:
    """Raises NotVerified if the signed attributes name another certificate."""
    value = _one(info.attributes, oids.SIGNING_CERTIFICATE_V2)
    if value is not None and value != _signing_certificate(certificate):
        raise Malformed("the signature names another certificate", where=_WHERE)


def _one(attributes: dict[str, tuple[bytes, ...]], oid: str) -> bytes | None:
    values = attributes.get(oid)
    if values is None:
        return None
    if len(values) != 1:
        raise Malformed("an attribute with more or less than one value", where=_WHERE)
    return values[0]


def _signing_certificate(certificate: Certificate) -> bytes:
    """SigningCertificateV2 with SM3 of the certificate and nothing else."""
    digest = der.octets(bytes.fromhex(certificate.fingerprint))
    return der.sequence(der.sequence(der.sequence(cms.digest_algorithm(), digest)))
