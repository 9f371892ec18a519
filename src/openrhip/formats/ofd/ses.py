"""Electronic seals and seal signatures (电子印章、电子签章): reading their DER.

Versions 1 (GM/T 0031-2014), 4 (GB/T 38540-2020) and 5 (GM/T 0031-2025), told apart by their shape
and the version in the seal's header; `ses_write` writes the same. The exact bytes that each
signature covers are kept: TBS_Sign as a whole for the signer; SES_SealInfo for the maker of the
seal, in version 1 the SEQUENCE of SES_SealInfo, his certificate and the algorithm.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from openrhip.formats.gm import der, oids, sm3
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Malformed

CERTIFICATES, DIGESTS = 1, 2
"""certListType: whole certificates, or digests of them."""
PERSON, INSTITUTION = 2, 1
"""Type of a seal as this package writes it: 单位印章 1, 个人印章 2."""
HEADER_ID = "ES"
FIRST, NATIONAL, RENEWED = 1, 4, 5
"""GM/T 0031-2014, GB/T 38540-2020, GM/T 0031-2025."""
VERSIONS = (FIRST, NATIONAL, RENEWED)
VERSION = NATIONAL
"""What is written unless another is asked for."""
SM3_NAME = "SM3"
_SM3_NAMES = {"sm3", oids.SM3}


@dataclass(frozen=True, slots=True)
class SealInfo:
    """SES_SealInfo: who may use the seal, from when to when, and how it looks (millimetres)."""

    version: int
    vendor: str
    seal_id: str
    kind: int
    name: str
    certificates: tuple[bytes, ...]
    digests: tuple[tuple[str, bytes], ...]
    created: datetime
    valid_from: datetime
    valid_to: datetime
    picture_type: str
    picture: bytes
    width: int
    height: int
    raw: bytes = b""

    def lists(self, certificate: bytes) -> bool:
        """Whether the certificate (DER) is among the signers, whole or by its SM3."""
        return certificate in self.certificates or any(
            kind.lower() in _SM3_NAMES and digest == sm3.digest(certificate)
            for kind, digest in self.digests
        )


@dataclass(frozen=True, slots=True)
class SealData:
    """SESeal: the seal and the signature of its maker over `signed`."""

    info: SealInfo
    maker: bytes
    algorithm: str
    signature: bytes
    timestamp: bytes
    raw: bytes
    signed: bytes


@dataclass(frozen=True, slots=True)
class SealSignature:
    """SES_Signature: `signed` is what `signature` covers; `data_hash` is that of Signature.xml.

    `certificate` is the signer's; `timestamp` is over the signature. In version 1 the signer may
    sign a token instead of a time: then `time` is None and `earlier` the token.
    """

    version: int
    seal: SealData
    time: datetime | None
    data_hash: bytes
    location: str
    certificate: bytes
    algorithm: str
    signature: bytes
    timestamp: bytes
    signed: bytes
    earlier: bytes = b""


def read_seal(data: bytes) -> SealData:
    """A seal file (Seal.esl). Raises Malformed."""
    return _seal(der.read(data, "seal"))


def read_signature(data: bytes) -> SealSignature:
    """A seal signature (SignedValue.dat of Type=Seal). Raises Malformed."""
    root = der.read(data, "SignedValue.dat")
    members = root.children()
    if len(members) == 2:
        return _signature_v1(members)
    if len(members) not in (4, 5):
        raise Malformed("no seal signature of a known version", where="SignedValue.dat")
    fields = der.Fields(root, "SES_Signature")
    signed = fields.take("toSign", der.SEQUENCE)
    inner = der.Fields(signed, "TBS_Sign")
    version = inner.take("version").integer("version")
    seal = _seal(inner.take("eseal"))
    time = inner.take("timeInfo").time("timeInfo")
    data_hash = inner.take("dataHash").bits("dataHash")
    location = inner.take("propertyInfo").text("propertyInfo")
    inner.maybe(der.context(0))
    inner.end()
    certificate = fields.take("cert").octets("cert")
    algorithm = fields.take("signatureAlgID").oid("signatureAlgID")
    signature = fields.take("signature").bits("signature")
    stamp = fields.maybe(der.context(0))
    fields.end()
    token = stamp.only("timeStamp").bits("timeStamp") if stamp else b""
    return SealSignature(
        version=version,
        seal=seal,
        time=time,
        data_hash=data_hash,
        location=location,
        certificate=certificate,
        algorithm=algorithm,
        signature=signature,
        timestamp=token,
        signed=signed.raw,
    )


def _seal(node: der.Node) -> SealData:
    members = node.expect(der.SEQUENCE, "SESeal").children()
    first = len(members) == 2
    if first:
        maker_info = der.Fields(members[1], "SES_SignInfo")
        info = _info(members[0], first=True)
    else:
        maker_info = der.Fields(node, "SESeal")
        info = _info(maker_info.take("eSealInfo"))
    maker = maker_info.take("cert")
    algorithm = maker_info.take("signAlgID")
    signature = maker_info.take("signedValue").bits("signedValue")
    stamp = maker_info.maybe(der.context(0))
    maker_info.end()
    return SealData(
        info=info,
        maker=maker.octets("cert"),
        algorithm=algorithm.oid("signAlgID"),
        signature=signature,
        timestamp=stamp.only("timeStamp").bits("timeStamp") if stamp else b"",
        raw=node.raw,
        signed=der.sequence(info.raw, maker.raw, algorithm.raw) if first else info.raw,
    )


def _header(fields: der.Fields) -> tuple[int, str]:
    header = der.Fields(fields.take("header"), "SES_Header")
    if header.take("ID").text("ID") != HEADER_ID:
        raise Malformed("the seal's header is not 'ES'", where="SES_Header")
    version = header.take("version").integer("version")
    vendor = _loose(header.take("Vid"))
    header.end()
    return version, vendor


def _info(node: der.Node, *, first: bool = False) -> SealInfo:
    """first: of version 1, whose list of signers has no type and holds certificates."""
    fields = der.Fields(node, "SES_SealInfo")
    version, vendor = _header(fields)
    seal_id = _loose(fields.take("esID"))
    properties = der.Fields(fields.take("property"), "SES_ESPropertyInfo")
    kind = properties.take("type").integer("type")
    name = _loose(properties.take("name"))
    listing = CERTIFICATES if first else properties.take("certListType").integer("certListType")
    listed = properties.take("certList", der.SEQUENCE).children()
    if listing not in (CERTIFICATES, DIGESTS):
        raise Malformed("a list of signers of unknown type", where="certListType")
    whole = listing == CERTIFICATES
    created, valid_from, valid_to = _times(properties)
    picture_type, picture, width, height = _picture(fields.take("picture"))
    fields.maybe(der.context(0), der.SEQUENCE)
    fields.end()
    return SealInfo(
        version=version,
        vendor=vendor,
        seal_id=seal_id,
        kind=kind,
        name=name,
        certificates=_certificates(listed, strict=not first) if whole else (),
        digests=() if whole else tuple(_digest(item) for item in listed),
        created=created,
        valid_from=valid_from,
        valid_to=valid_to,
        picture_type=picture_type,
        picture=picture,
        width=width,
        height=height,
        raw=node.raw,
    )


def _certificates(listed: list[der.Node], *, strict: bool) -> tuple[bytes, ...]:
    """Version 1 files list certificates as they are, in strings, or something else: then nobody."""
    if strict:
        return tuple(item.octets("certList") for item in listed)
    return tuple(
        item.raw if item.tag == der.SEQUENCE else item.content
        for item in listed
        if item.tag in (der.OCTET_STRING, der.SEQUENCE)
    )


def _loose(node: der.Node) -> str:
    """A string that is only shown: producers put UTF-8 or GB 18030 where IA5 belongs."""
    if node.tag not in (der.IA5, der.UTF8, der.PRINTABLE, der.VISIBLE):
        return node.text("SES")
    for codec in ("utf-8", "gb18030"):
        try:
            return node.content.decode(codec)
        except UnicodeDecodeError:
            continue
    raise Malformed("a string that is no text", where="SES")


def _digest(node: der.Node) -> tuple[str, bytes]:
    fields = der.Fields(node, "certDigest")
    kind = fields.take("type").text("type")
    value = fields.take("value").octets("value")
    fields.end()
    return kind, value


def _times(fields: der.Fields) -> tuple[datetime, datetime, datetime]:
    created = fields.take("createDate").time("createDate")
    start = fields.take("validStart").time("validStart")
    end = fields.take("validEnd").time("validEnd")
    fields.end()
    return created, start, end


def _picture(node: der.Node) -> tuple[str, bytes, int, int]:
    fields = der.Fields(node, "SES_ESPictrueInfo")
    kind = fields.take("type").text("type")
    picture = fields.take("data").octets("data")
    width = fields.take("width").integer("width")
    height = fields.take("height").integer("height")
    fields.end()
    if not (0 < width <= 1000 and 0 < height <= 1000):
        raise Malformed("a seal picture of absurd size", where="SES_ESPictrueInfo")
    return kind, picture, width, height


def _signature_v1(members: list[der.Node]) -> SealSignature:
    signed = members[0].expect(der.SEQUENCE, "TBS_Sign")
    fields = der.Fields(signed, "TBS_Sign")
    version = fields.take("version").integer("version")
    seal = _seal(fields.take("eseal"))
    time, token = _time_v1(fields.take("timeInfo"))
    data_hash = _bytes_v1(fields.take("dataHash"), "dataHash")
    location = fields.take("propertyInfo").text("propertyInfo")
    certificate = fields.take("cert").octets("cert")
    algorithm = fields.take("signatureAlgorithm").oid("signatureAlgorithm")
    fields.end()
    return SealSignature(
        version=version,
        seal=seal,
        time=time,
        data_hash=data_hash,
        location=location,
        certificate=certificate,
        algorithm=algorithm,
        signature=_bytes_v1(members[1], "signature"),
        timestamp=b"",
        signed=signed.raw,
        earlier=token,
    )


def _bytes_v1(node: der.Node, where: str) -> bytes:
    """A BIT STRING; some producers write an OCTET STRING."""
    return node.content if node.tag == der.OCTET_STRING else node.bits(where)


def _time_v1(node: der.Node) -> tuple[datetime | None, bytes]:
    """A time, or a BIT STRING that holds a token or, with some producers, the time as text."""
    if node.tag not in (der.BIT_STRING, der.OCTET_STRING):
        return node.time("timeInfo"), b""
    content = _bytes_v1(node, "timeInfo")
    try:
        time = datetime.fromisoformat(content.decode("ascii"))
    except ValueError:
        return None, content
    return (time if time.tzinfo else time.replace(tzinfo=CITY_ZONE)), b""
