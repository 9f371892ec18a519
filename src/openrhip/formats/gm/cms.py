"""Signed data (签名数据) with SM2 and SM3: GB/T 35275-2017 7, PKCS#7 and CMS (RFC 5652 5).

Both content types are read: that of GB/T 35275 and that of PKCS#7, which implementations mix.
With signed attributes the signature covers their DER SET; without, the content itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from openrhip.formats.gm import der, oids, sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.crl import Crl
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.signer import Signer
from openrhip.kernel.errors import Malformed, TooLarge

LARGEST = 16 * 1024 * 1024
MOST_MEMBERS = 64
SIGNED_DATA = frozenset({oids.GM_SIGNED_DATA, oids.PKCS7_SIGNED_DATA})
_SIGNATURE_ALGORITHMS = frozenset({oids.SM2_WITH_SM3, oids.SM2_SIGN, oids.SM2_CURVE})
_DIGESTS = frozenset({oids.SM3, "1.2.156.10197.1.401.1"})
_WHERE = "signed data"


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signature. attributes: OID → DER of values; attributes_der: the signed SET, or None."""

    issuer_raw: bytes
    serial: int
    key_id: bytes
    digest_algorithm: str
    signature_algorithm: str
    signature: bytes
    attributes: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    attributes_der: bytes | None = None
    unsigned: dict[str, tuple[bytes, ...]] = field(default_factory=dict)

    def find(self, certificates: Sequence[Certificate]) -> Certificate | None:
        """The signer's certificate among these."""
        for one in certificates:
            if self.key_id and one.key_id == self.key_id:
                return one
            if not self.key_id and (one.serial, one.issuer_raw) == (self.serial, self.issuer_raw):
                return one
        return None


@dataclass(frozen=True, slots=True)
class SignedData:
    """content_type: OID of the inner content; content: its bytes, None when detached."""

    outer_type: str
    content_type: str
    content: bytes | None
    certificates: tuple[Certificate, ...]
    crls: tuple[Crl, ...]
    signers: tuple[SignerInfo, ...]


def parse(data: bytes, *, where: str = _WHERE) -> SignedData:
    """Read ContentInfo with SignedData. Raises Malformed or TooLarge."""
    if len(data) > LARGEST:
        raise TooLarge(f"signed data of more than {LARGEST} bytes", where=where)
    info = der.Fields(der.read(data, where), where)
    outer = info.take("contentType").oid(where)
    if outer not in SIGNED_DATA:
        raise Malformed("the content type is not signedData", where=where)
    fields = der.Fields(info.take("content", der.context(0)).only(where), where)
    info.end()
    version = fields.take("version").integer(where)
    digests = {
        read_algorithm(node, where)
        for node in _members(fields.take("digestAlgorithms", der.SET), where)
    }
    content_type, content = _content(fields.take("contentInfo"), where)
    certificates, crls = fields.maybe(der.context(0)), fields.maybe(der.context(1))
    infos = _members(fields.take("signerInfos", der.SET), where)
    fields.end()
    if not infos:
        raise Malformed("nobody signed it", where=where)
    signers = tuple(_signer_info(node, where) for node in infos)
    _check_version(version, outer, content_type, signers, where)
    if not digests.issuperset(one.digest_algorithm for one in signers):
        raise Malformed("a signer's digest algorithm is not listed", where=where)
    return SignedData(
        outer,
        content_type,
        content,
        tuple(Certificate.from_der(node.raw) for node in _members(certificates, where)),
        tuple(Crl.from_der(node.raw) for node in _members(crls, where)),
        signers,
    )


def sign(
    content: bytes,
    *,
    signer: Signer,
    outer_type: str = oids.GM_SIGNED_DATA,
    content_type: str = oids.GM_DATA,
    attributes: Sequence[bytes] | None = None,
    certificates: Sequence[Certificate] | None = None,
    detached: bool = False,
) -> bytes:
    """ContentInfo with SignedData of one signer.

    attributes: encoded Attributes to sign beside contentType and messageDigest, or None to sign
    the content directly (GB/T 35275). certificates: by default the signer's and its chain.
    """
    gm = outer_type == oids.GM_SIGNED_DATA
    if attributes is None:
        signed, block = content, b""
    else:
        rows = [
            attribute(oids.CONTENT_TYPE, der.oid(content_type)),
            attribute(oids.MESSAGE_DIGEST, der.octets(sm3.digest(content))),
            *attributes,
        ]
        signed = der.set_of(*rows)
        block = b"\xa0" + signed[1:]
    own = signer.certificate
    info = der.sequence(
        der.integer(1),
        der.sequence(own.issuer_raw, der.integer(own.serial)),
        digest_algorithm(),
        block,
        der.sequence(der.oid(oids.SM2_SIGN if gm else oids.SM2_WITH_SM3)),
        der.octets(signer.sign(signed)),
    )
    inside = b"" if detached else der.explicit(0, der.octets(content))
    listed = (own, *signer.chain) if certificates is None else tuple(certificates)
    plain = content_type in {oids.GM_DATA, oids.PKCS7_DATA}
    body = der.sequence(
        der.integer(1 if gm or plain else 3),
        der.set_of(digest_algorithm()),
        der.sequence(der.oid(content_type), inside),
        der.explicit(0, *sorted(one.der for one in listed)) if listed else b"",
        der.set_of(info),
    )
    return der.sequence(der.oid(outer_type), der.explicit(0, body))


def check(
    signed: SignedData, info: SignerInfo, certificate: Certificate, content: bytes
) -> list[Finding]:
    """The findings about one signature over `content` with the key of `certificate`."""
    findings = [_algorithms(info)]
    if info.attributes_der is None:
        message = content
    else:
        message = info.attributes_der
        findings += [_content_type(signed, info), _message_digest(info, content)]
    ok = certificate.public_key.verify(info.signature, message)
    findings.append(
        Finding(
            "cms.signature",
            ok,
            "签名值验证通过" if ok else "签名值验证不通过",
            f"the signature value {'holds' if ok else 'does not hold'}",
            _WHERE,
        )
    )
    return findings


def attribute(oid: str, *values: bytes) -> bytes:
    """Attribute ::= SEQUENCE {type, SET OF value}."""
    return der.sequence(der.oid(oid), der.set_of(*values))


def digest_algorithm() -> bytes:
    return der.sequence(der.oid(oids.SM3))


def read_algorithm(node: der.Node, where: str) -> str:
    """The OID of an AlgorithmIdentifier; parameters may only be NULL or the OID of a curve."""
    fields = der.Fields(node, where)
    algorithm = fields.take("algorithm").oid(where)
    parameters = fields.maybe(der.NULL, der.OID)
    fields.end()
    if parameters is not None and parameters.tag == der.NULL and parameters.content:
        raise Malformed("a NULL with content", where=where)
    return algorithm


def _check_version(
    version: int, outer: str, content_type: str, signers: Sequence[SignerInfo], where: str
) -> None:
    """RFC 5652 5.1: 3 for content other than data or signers named by key, else 1.

    GB/T 35275 says 1 always; its producers write either.
    """
    plain = content_type in {oids.GM_DATA, oids.PKCS7_DATA} and not any(
        one.key_id for one in signers
    )
    allowed = {1} if plain else {1, 3} if outer == oids.GM_SIGNED_DATA else {3}
    if version not in allowed:
        raise Malformed("a version that does not fit the content", where=where)


def _content(node: der.Node, where: str) -> tuple[str, bytes | None]:
    fields = der.Fields(node, where)
    kind = fields.take("contentType").oid(where)
    inner = fields.maybe(der.context(0))
    fields.end()
    return kind, None if inner is None else inner.only(where).octets(where)


def _members(node: der.Node | None, where: str) -> list[der.Node]:
    found = [] if node is None else node.children()
    if len(found) > MOST_MEMBERS:
        raise TooLarge(f"a set of more than {MOST_MEMBERS} members", where=where)
    return found


def _signer_info(node: der.Node, where: str) -> SignerInfo:
    fields = der.Fields(node, where)
    version = fields.take("version").integer(where)
    key_id = fields.maybe(der.context(0, constructed=False))
    if version != (1 if key_id is None else 3):
        raise Malformed("a signer of unknown version", where=where)
    issuer, serial = b"", 0
    if key_id is None:
        name = der.Fields(fields.take("issuerAndSerialNumber"), where)
        issuer = name.take("issuer", der.SEQUENCE).raw
        serial = name.take("serialNumber").integer(where)
    digest = read_algorithm(fields.take("digestAlgorithm"), where)
    block = fields.maybe(der.context(0))
    algorithm = read_algorithm(fields.take("signatureAlgorithm"), where)
    signature = fields.take("signature").octets(where)
    unsigned = fields.maybe(der.context(1))
    fields.end()
    return SignerInfo(
        issuer,
        serial,
        b"" if key_id is None else key_id.content,
        digest,
        algorithm,
        signature,
        _attributes(block, where),
        None if block is None else b"\x31" + block.raw[1:],
        _attributes(unsigned, where),
    )


def _attributes(node: der.Node | None, where: str) -> dict[str, tuple[bytes, ...]]:
    found: dict[str, tuple[bytes, ...]] = {}
    for item in _members(node, where):
        fields = der.Fields(item, where)
        oid = fields.take("attrType").oid(where)
        values = _members(fields.take("attrValues", der.SET), where)
        fields.end()
        if oid in found:
            raise Malformed("an attribute occurs twice", where=where)
        found[oid] = tuple(value.raw for value in values)
    return found


def _algorithms(info: SignerInfo) -> Finding:
    ok = info.digest_algorithm in _DIGESTS and info.signature_algorithm in _SIGNATURE_ALGORITHMS
    return Finding(
        "cms.algorithm",
        ok,
        "签名算法为 SM2、杂凑算法为 SM3" if ok else "签名算法或杂凑算法不是 SM2/SM3，不予采信",
        "signed with SM2 and SM3" if ok else "not signed with SM2 and SM3: not accepted",
        _WHERE,
    )


def _content_type(signed: SignedData, info: SignerInfo) -> Finding:
    values = info.attributes.get(oids.CONTENT_TYPE, ())
    same = {frozenset({signed.content_type}), frozenset({oids.GM_DATA, oids.PKCS7_DATA})}
    stated = _single_oid(values)
    ok = stated is not None and any({stated, signed.content_type} <= group for group in same)
    return Finding(
        "cms.content-type",
        ok,
        f"签名属性 contentType {'与内容一致' if ok else '缺失或与内容不一致'}",
        f"the signed content type {'matches' if ok else 'is missing or another'}",
        _WHERE,
    )


def _single_oid(values: tuple[bytes, ...]) -> str | None:
    if len(values) != 1:
        return None
    try:
        return der.read(values[0], _WHERE, tag=der.OID).oid(_WHERE)
    except Malformed:
        return None


def _message_digest(info: SignerInfo, content: bytes) -> Finding:
    expected = der.octets(sm3.digest(content))
    ok = info.attributes.get(oids.MESSAGE_DIGEST) == (expected,)
    return Finding(
        "cms.digest",
        ok,
        f"签名属性 messageDigest 与内容的 SM3 杂凑值{'一致' if ok else '不一致'}",
        f"the signed digest {'is' if ok else 'is not'} the SM3 of the content",
        _WHERE,
    )
