"""Electronic seals (电子印章): made once by a seal maker, used by their owner, shown on pages.

Sources: GB/T 38540-2020 §6 (the seal), GB/T 33190-2016 §18.2.3 (StampAnnot).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openrhip.formats.gm import sm2, sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.signer import Signer
from openrhip.formats.gm.tsp import Timestamper
from openrhip.formats.ofd import seal_picture, ses, ses_write
from openrhip.formats.ofd.package import Box, Package
from openrhip.formats.ofd.signing_records import Record, Stamp
from openrhip.kernel import clock, ids
from openrhip.kernel.errors import Malformed, Problem, TooLarge

VENDOR = "OpenRHIP"
LARGEST = 4 << 20
_TYPES = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal ready for use: its DER (the content of Seal.esl) and what is in it."""

    der: bytes
    data: ses.SealData
    chain: tuple[Certificate, ...] = ()

    @classmethod
    def from_der(cls, data: bytes, *, chain: Sequence[Certificate] = ()) -> Seal:
        """Read a seal file of version 1, 4 or 5. Raises Malformed, TooLarge.

        chain: issuers of the maker's certificate; they travel with each signature if given.
        """
        if len(data) > LARGEST:
            raise TooLarge(f"a seal of {len(data)} bytes; at most {LARGEST} are read", where="seal")
        return cls(data, ses.read_seal(data), tuple(chain))

    @classmethod
    def create(
        cls,
        *,
        name: str,
        owners: Sequence[Certificate],
        maker: Signer,
        picture: bytes = b"",
        width: int = seal_picture.DIAMETER,
        height: int = seal_picture.DIAMETER,
        kind: int = ses.INSTITUTION,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        seal_id: str = "",
        version: int = ses.VERSION,
        vendor: str = VENDOR,
        by_digest: bool = False,
        timestamper: Timestamper | None = None,
    ) -> Seal:
        """Make a seal that the owners' certificates may use.

        picture: PNG, JPEG or an OFD package, by default a round seal with the name; width and
        height in millimetres. Without dates the seal is valid from now to the end of the first
        owner's certificate. version: 1, 4 or 5; by_digest lists the owners by the SM3 of their
        certificates (4 and 5); timestamper stamps the maker's signature (5). Raises Malformed.
        """
        picture = picture or seal_picture.round_seal(name)
        start = (valid_from or clock.now()).replace(microsecond=0)
        if not owners or not name:
            raise Malformed("a seal needs a name and an owner", where="seal")
        end = (valid_to or owners[0].not_after).replace(microsecond=0)
        _refuse_impossible(version, timestamper, picture, start, end)
        listed = tuple(dict.fromkeys(owner.der for owner in owners))
        info = ses.SealInfo(
            version=version,
            vendor=vendor,
            seal_id=seal_id or ids.new_id(),
            kind=kind,
            name=name,
            certificates=() if by_digest else listed,
            digests=tuple((ses.SM3_NAME, sm3.digest(one)) for one in listed) if by_digest else (),
            created=clock.now().replace(microsecond=0),
            valid_from=start,
            valid_to=end,
            picture_type=seal_picture.kind(picture),
            picture=picture,
            width=width,
            height=height,
        )
        encoded = ses_write.encode_info(info)
        own = maker.certificate.der
        signature = sm2.as_der(maker.sign(ses_write.maker_signs(encoded, own, version=version)))
        token = timestamper.stamp(signature) if timestamper else b""
        made = ses_write.encode_seal(encoded, own, signature, version=version, token=token)
        return cls.from_der(made, chain=maker.chain)

    @property
    def name(self) -> str:
        return self.data.info.name

    @property
    def picture(self) -> bytes:
        return self.data.info.picture

    @property
    def width(self) -> int:
        return self.data.info.width

    @property
    def height(self) -> int:
        return self.data.info.height

    def allows(self, certificate: Certificate) -> bool:
        """Whether the certificate is in the seal's list of signers."""
        return self.data.info.lists(certificate.der)

    def valid_at(self, at: datetime) -> bool:
        return self.data.info.valid_from <= at <= self.data.info.valid_to


_NAMES = {ses.INSTITUTION: "单位印章 institution", ses.PERSON: "个人印章 person"}


def describe(seal: Seal) -> dict[str, Any]:
    """Every field of a seal, as it stands there; nothing is verified."""
    info, data = seal.data.info, seal.data
    return {
        "name": info.name,
        "id": info.seal_id,
        "version": info.version,
        "vendor": info.vendor,
        "type": info.kind,
        "type_name": _NAMES.get(info.kind, ""),
        "created": clock.rfc3339(info.created),
        "valid_from": clock.rfc3339(info.valid_from),
        "valid_to": clock.rfc3339(info.valid_to),
        "picture": info.picture_type,
        "picture_bytes": len(info.picture),
        "width_mm": info.width,
        "height_mm": info.height,
        "maker": _named(data.maker),
        "algorithm": data.algorithm,
        "timestamp": bool(data.timestamp),
        "signers": [
            *({"certificate": _named(one), "sm3": sm3.hexdigest(one)} for one in info.certificates),
            *({"digest": kind, "value": value.hex()} for kind, value in info.digests),
        ],
    }


def _named(certificate: bytes) -> str:
    """The subject of a certificate, or that it cannot be read."""
    try:
        return Certificate.from_der(certificate).subject
    except Problem:
        return "(cannot be read)"


def _refuse_impossible(
    version: int,
    timestamper: Timestamper | None,
    picture: bytes,
    start: datetime,
    end: datetime,
) -> None:
    if version not in ses.VERSIONS:
        raise Malformed("a seal is of version 1, 4 or 5", where="seal")
    if timestamper and version != ses.RENEWED:
        raise Malformed("only a seal of version 5 carries a timestamp of its own", where="seal")
    if not seal_picture.kind(picture):
        raise Malformed("the picture of a seal is PNG, JPEG or an OFD package", where="seal")
    if len(picture) > LARGEST // 2:
        raise TooLarge("the picture of the seal is too large", where="seal")
    if end <= start:
        raise Malformed("the seal would end before it begins", where="seal")


TOLERANCE = 0.5
"""Millimetres by which a seal may exceed its size or the page."""


def fits(stamp: Stamp, page: Box, width: float, height: float) -> bool:
    """Whether a stamp is at most as large as the seal, and what shows of it inside the page."""
    x, y, across, down = visible(stamp)
    return (
        0 < stamp.box[2] <= width + TOLERANCE
        and 0 < stamp.box[3] <= height + TOLERANCE
        and min(x, y) >= -TOLERANCE
        and x + across <= page[2] + TOLERANCE
        and y + down <= page[3] + TOLERANCE
    )


def visible(stamp: Stamp) -> Box:
    """What shows of it. Clip is in millimetres from the corner of the boundary."""
    if stamp.clip is None:
        return stamp.box
    x, y, width, height = stamp.box
    left, top, across, down = stamp.clip
    left, top = min(max(left, 0.0), width), min(max(top, 0.0), height)
    across, down = min(across, width - left), min(down, height - top)
    if across <= 0 or down <= 0:
        return stamp.box
    return x + left, y + top, across, down


def seal_of(package: Package, record: Record) -> ses.SealData:
    """The seal inside a signature's SignedValue.dat. Raises Malformed."""
    return ses.read_signature(package.read(record.value_part)).seal
