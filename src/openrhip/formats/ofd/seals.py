"""Electronic seals (电子印章): made once by a seal maker, used by their owner, shown on pages.

Sources: GB/T 38540-2020 §6 (the seal), GB/T 33190-2016 §18.2.3 (StampAnnot).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from PIL import Image

from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.signer import Signer
from openrhip.formats.ofd import seal_picture, ses
from openrhip.formats.ofd.package import Box, Package
from openrhip.formats.ofd.signing_records import SEAL, Record, Stamp, listed, read_record
from openrhip.kernel import clock, ids
from openrhip.kernel.errors import Malformed, Problem, TooLarge

VENDOR = "OpenRHIP"
LARGEST = 4 << 20
_PIXELS = 16_000_000
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
    ) -> Seal:
        """Make a seal of version 4 that the owners' certificates may use.

        picture: PNG or JPEG, by default a round seal with the name; width and height in
        millimetres. Without dates the seal is valid from now to the end of the first owner's
        certificate. Raises Malformed.
        """
        picture = picture or seal_picture.round_seal(name)
        picture_type = next((t for head, t in _TYPES.items() if picture.startswith(head)), "")
        if not picture_type or not owners or not name:
            raise Malformed("a seal needs a name, an owner and a PNG or JPEG picture", where="seal")
        start = (valid_from or clock.now()).replace(microsecond=0)
        end = (valid_to or owners[0].not_after).replace(microsecond=0)
        if end <= start:
            raise Malformed("the seal would end before it begins", where="seal")
        info = ses.SealInfo(
            version=ses.VERSION,
            vendor=VENDOR,
            seal_id=seal_id or ids.new_id(),
            kind=kind,
            name=name,
            certificates=tuple(owner.der for owner in owners),
            digests=(),
            created=start,
            valid_from=start,
            valid_to=end,
            picture_type=picture_type,
            picture=picture,
            width=width,
            height=height,
        )
        encoded = ses.encode_info(info)
        seal = ses.encode_seal(encoded, maker.certificate.der, maker.sign(encoded))
        return cls.from_der(seal, chain=maker.chain)

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


def stamps(package: Package) -> list[tuple[int, Box, bytes]]:
    """Seals to show: (page index, boundary in mm, PNG or JPEG), in the order of the signatures.

    A riding seal (骑缝章) comes as its parts, each cut out. A seal that cannot be read shows
    nothing: whether it holds is what `verify` says. Pictures that are OFD packages are left out.
    """
    pages = {page.id: number for number, page in enumerate(package.pages)}
    found: list[tuple[int, Box, bytes]] = []
    try:
        lines = listed(package)
    except Problem:
        return []
    for line in lines:
        if line.kind != SEAL:
            continue
        try:
            record = read_record(package, line)
            picture = _picture(package, record)
        except Problem:
            continue
        for stamp in record.stamps:
            if stamp.page_id in pages and picture:
                box, shown = _clipped(stamp, picture)
                found.append((pages[stamp.page_id], box, shown))
    return found


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


def _picture(package: Package, record: Record) -> bytes:
    picture = seal_of(package, record).info.picture
    return picture if any(picture.startswith(head) for head in _TYPES) else b""


def _clipped(stamp: Stamp, picture: bytes) -> tuple[Box, bytes]:
    """The visible part and its picture."""
    shown = visible(stamp)
    if shown == stamp.box:
        return stamp.box, picture
    x, y, width, height = stamp.box
    left, top, across, down = shown[0] - x, shown[1] - y, shown[2], shown[3]
    try:
        with Image.open(io.BytesIO(picture)) as image:
            if image.width * image.height > _PIXELS:
                return stamp.box, picture
            part = image.convert("RGBA").crop(
                (
                    round(left / width * image.width),
                    round(top / height * image.height),
                    max(round((left + across) / width * image.width), 1),
                    max(round((top + down) / height * image.height), 1),
                )
            )
    except (OSError, ValueError, Image.DecompressionBombError):
        return stamp.box, picture
    out = io.BytesIO()
    part.save(out, "PNG")
    return shown, out.getvalue()
