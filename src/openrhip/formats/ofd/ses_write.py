"""Electronic seals and seal signatures (电子印章、电子签章): writing their DER in three versions.

Version 1 (GM/T 0031-2014) keeps the maker in a structure of its own and the signer inside of what
is signed, with times in UTCTime; 4 (GB/T 38540-2020) and 5 (GM/T 0031-2025) differ in the number
and in the timestamp that a seal of version 5 may carry over its maker's signature.
"""

from __future__ import annotations

from datetime import UTC, datetime

from openrhip.formats.gm import der, oids
from openrhip.formats.ofd.ses import (
    CERTIFICATES,
    DIGESTS,
    FIRST,
    HEADER_ID,
    SealInfo,
)
from openrhip.kernel.errors import Malformed

_LAST_UTC = 2049


def encode_info(info: SealInfo) -> bytes:
    """SES_SealInfo. Raises Malformed for what a version cannot hold."""
    first = info.version == FIRST
    if first and info.digests:
        raise Malformed("a seal of version 1 lists whole certificates only", where="certList")
    listed = [der.octets(certificate) for certificate in info.certificates] or [
        der.sequence(der.text(der.PRINTABLE, kind), der.octets(digest))
        for kind, digest in info.digests
    ]
    header = der.sequence(
        der.text(der.IA5, HEADER_ID), der.integer(info.version), der.text(der.IA5, info.vendor)
    )
    properties = der.sequence(
        der.integer(info.kind),
        der.utf8(info.name),
        b"" if first else der.integer(DIGESTS if info.digests else CERTIFICATES),
        der.sequence(*listed),
        *(
            _utc(at) if first else der.generalized_time(at)
            for at in (info.created, info.valid_from, info.valid_to)
        ),
    )
    picture = der.sequence(
        der.text(der.IA5, info.picture_type),
        der.octets(info.picture),
        der.integer(info.width),
        der.integer(info.height),
    )
    return der.sequence(header, der.text(der.IA5, info.seal_id), properties, picture)


def maker_signs(info: bytes, maker: bytes, *, version: int) -> bytes:
    """What the maker signs: SES_SealInfo, in version 1 with his certificate and the algorithm."""
    if version != FIRST:
        return info
    return der.sequence(info, der.octets(maker), der.oid(oids.SM2_WITH_SM3))


def encode_seal(
    info: bytes, maker: bytes, signature: bytes, *, version: int, token: bytes = b""
) -> bytes:
    """SESeal around an encoded SES_SealInfo, the maker's certificate and signature.

    token: a timestamp over that signature (version 5), or empty.
    """
    signing = der.octets(maker), der.oid(oids.SM2_WITH_SM3), der.bits(signature)
    if version == FIRST:
        return der.sequence(info, der.sequence(*signing))
    return der.sequence(info, *signing, *_stamp(token))


def encode_signed(
    seal: bytes,
    at: datetime,
    data_hash: bytes,
    location: str,
    *,
    version: int,
    certificate: bytes = b"",
) -> bytes:
    """TBS_Sign: what the signer signs. certificate: his, which version 1 wants inside."""
    time, signer = der.generalized_time(at.replace(microsecond=0)), b""
    if version == FIRST:
        time = der.bits(at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode("ascii"))
        signer = der.octets(certificate) + der.oid(oids.SM2_WITH_SM3)
    return der.sequence(
        der.integer(version),
        seal,
        time,
        der.bits(data_hash),
        der.text(der.IA5, location),
        signer,
    )


def encode_signature(
    signed: bytes, certificate: bytes, signature: bytes, token: bytes, *, version: int
) -> bytes:
    """SES_Signature around TBS_Sign; token is a timestamp over the signature value, or empty."""
    if version == FIRST:
        return der.sequence(signed, der.bits(signature))
    return der.sequence(
        signed,
        der.octets(certificate),
        der.oid(oids.SM2_WITH_SM3),
        der.bits(signature),
        *_stamp(token),
    )


def _stamp(token: bytes) -> tuple[bytes, ...]:
    return (der.explicit(0, der.bits(token)),) if token else ()


def _utc(at: datetime) -> bytes:
    """UTCTime, which version 1 prescribes; GeneralizedTime where the year needs it."""
    return der.validity_time(at) if at.year <= _LAST_UTC else der.generalized_time(at)
