"""Certificate status by question and answer (在线证书状态协议 OCSP; RFC 6960, GM/T 0014): messages.

Requests are written and read, answers read and written; who may answer, and what an answer is
worth at an instant, is judged in `status`. A certificate is named by digests of its issuer's name
and key: SM3, or SHA-1 as most services still ask (there it names and protects nothing).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from openrhip.formats.gm import cms, der, extensions, oids, sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.crl import REASONS, Revocation
from openrhip.formats.gm.extensions import Extension
from openrhip.formats.gm.signed import IssuingKey, SignedObject, sealed
from openrhip.kernel.errors import Malformed, Refused, TooLarge, Unavailable

REQUEST_TYPE, RESPONSE_TYPE = "application/ocsp-request", "application/ocsp-response"
LARGEST_REQUEST = 64 * 1024
LARGEST = 1024 * 1024
MOST_QUESTIONS = 100
LONGEST_NONCE = 128
SUCCESSFUL, MALFORMED_REQUEST, INTERNAL_ERROR, TRY_LATER, SIG_REQUIRED, UNAUTHORIZED = (
    *(0, 1, 2, 3, 5),
    6,
)
GOOD, REVOKED, UNKNOWN = "good", "revoked", "unknown"
_REQUEST, _RESPONSE = "status request", "status response"
_HASHES = {oids.SM3: "sm3", oids.SHA1: "sha1", oids.SHA256: "sha256"}
_STATUS = {
    MALFORMED_REQUEST: "malformedRequest",
    INTERNAL_ERROR: "internalError",
    TRY_LATER: "tryLater",
    SIG_REQUIRED: "sigRequired",
    UNAUTHORIZED: "unauthorized",
}


@dataclass(frozen=True, slots=True)
class CertId:
    """CertID: a certificate by its serial number and digests of its issuer's name and key."""

    algorithm: str
    name_hash: bytes
    key_hash: bytes
    serial: int

    @classmethod
    def of(
        cls, certificate: Certificate, issuer: Certificate, *, algorithm: str = oids.SM3
    ) -> CertId:
        """The name of a certificate of this issuer."""
        return cls(
            algorithm,
            _digest(algorithm, certificate.issuer_raw),
            _digest(algorithm, issuer.public_key.point),
            certificate.serial,
        )

    def names(self, certificate: Certificate, issuer: Certificate) -> bool:
        """Whether it means this certificate of this issuer; never by a digest unknown here."""
        return (
            self.serial == certificate.serial
            and self.algorithm in _HASHES
            and self == CertId.of(certificate, issuer, algorithm=self.algorithm)
        )

    def issued_by(self, issuer: Certificate) -> bool:
        """Whether it means some certificate of this issuer."""
        return self.algorithm in _HASHES and (self.name_hash, self.key_hash) == (
            _digest(self.algorithm, issuer.subject_raw),
            _digest(self.algorithm, issuer.public_key.point),
        )

    def encode(self) -> bytes:
        parameters = b"" if self.algorithm == oids.SM3 else der.null()
        return der.sequence(
            der.sequence(der.oid(self.algorithm), parameters),
            der.octets(self.name_hash),
            der.octets(self.key_hash),
            der.integer(self.serial),
        )


@dataclass(frozen=True, slots=True)
class Request:
    """OCSPRequest, unsigned. nonce: to be repeated by the answer, or nothing."""

    questions: tuple[CertId, ...]
    nonce: bytes = b""

    def encode(self) -> bytes:
        rows = (der.sequence(question.encode()) for question in self.questions)
        block = der.explicit(2, _nonce_block(self.nonce)) if self.nonce else b""
        return der.sequence(der.sequence(der.sequence(*rows), block))


@dataclass(frozen=True, slots=True)
class Status:
    """SingleResponse: state is good, revoked (then with when and why) or unknown."""

    question: CertId
    state: str
    this_update: datetime
    next_update: datetime | None
    revocation: Revocation | None = None

    def encode(self) -> bytes:
        until = b""
        if self.next_update is not None:
            until = der.explicit(0, der.generalized_time(_whole(self.next_update)))
        return der.sequence(
            self.question.encode(),
            self._state(),
            der.generalized_time(_whole(self.this_update)),
            until,
        )

    def _state(self) -> bytes:
        if self.revocation is None:
            return b"\x80\x00" if self.state == GOOD else b"\x82\x00"
        code = next(
            (number for number, name in REASONS.items() if name == self.revocation.reason), 0
        )
        reason = der.explicit(0, der.integer(code, tag=der.ENUMERATED)) if code else b""
        return der.explicit(1, der.generalized_time(_whole(self.revocation.at)), reason)


class Answer(SignedObject):
    """BasicOCSPResponse: what a responder signed, about one or more certificates.

    responder: the raw name, or the octets of its key's digest; certificates travel with it.
    """

    __slots__ = ("certificates", "nonce", "produced_at", "responder", "rows", "understood")
    WHERE: ClassVar[str] = _RESPONSE
    LARGEST: ClassVar[int] = LARGEST

    def _read_more(self, outer: der.Fields) -> None:
        found = outer.maybe(der.context(0))
        listed: list[der.Node] = []
        if found is not None:
            listed = found.only(_RESPONSE).expect(der.SEQUENCE, _RESPONSE).children()
        if len(listed) > cms.MOST_MEMBERS:
            raise TooLarge("too many certificates in a status response", where=_RESPONSE)
        self.certificates = tuple(Certificate.from_der(node.raw) for node in listed)

    def _read_tbs(self, fields: der.Fields, algorithm: bytes) -> None:
        del algorithm  # not repeated inside
        version = fields.maybe(der.context(0))
        if version is not None and version.only(_RESPONSE).integer(_RESPONSE) != 0:
            raise Malformed("unknown version", where=_RESPONSE)
        self.responder = _responder(fields)
        self.produced_at = fields.take("producedAt", der.GENERALIZED_TIME).time(_RESPONSE)
        rows = fields.take("responses", der.SEQUENCE).children()
        if len(rows) > MOST_QUESTIONS:
            raise TooLarge("too many answers in a status response", where=_RESPONSE)
        read = [_status(row) for row in rows]
        self.rows = tuple(row for row, _ in read)
        block = fields.maybe(der.context(1))
        fields.end()
        found = {} if block is None else extensions.decode(block.only(_RESPONSE), _RESPONSE)
        self.nonce = _nonce(found, _RESPONSE)
        self.understood = all(known for _, known in read) and not any(
            row.critical and row.oid != oids.OCSP_NONCE for row in found.values()
        )

    @classmethod
    def from_der(cls, data: bytes) -> Answer:
        """Read a BasicOCSPResponse. Raises Malformed or TooLarge."""
        return cls(bytes(data))

    def about(self, certificate: Certificate, issuer: Certificate) -> Status | None:
        """What it says of a certificate of this issuer, if anything."""
        return next((row for row in self.rows if row.question.names(certificate, issuer)), None)

    def response(self) -> bytes:
        """The whole OCSPResponse (DER), as services send and other programs store it."""
        basic = der.sequence(der.oid(oids.OCSP_BASIC), der.octets(self.der))
        return der.sequence(der.integer(SUCCESSFUL, tag=der.ENUMERATED), der.explicit(0, basic))


def read_response(data: bytes) -> Answer:
    """The answer in an OCSPResponse. Raises Malformed, TooLarge; Refused or Unavailable if none."""
    if len(data) > LARGEST:
        raise TooLarge(f"a status response of more than {LARGEST} bytes")
    fields = der.Fields(der.read(data, _RESPONSE), _RESPONSE)
    status = fields.take("responseStatus").integer(_RESPONSE, tag=der.ENUMERATED)
    body = fields.maybe(der.context(0))
    fields.end()
    if status in {TRY_LATER, INTERNAL_ERROR}:
        raise Unavailable(f"the status service cannot answer now: {_STATUS[status]}")
    if status != SUCCESSFUL:
        raise Refused(f"the status service refused: {_STATUS.get(status, str(status))}")
    if body is None:
        raise Malformed("a successful status response without an answer", where=_RESPONSE)
    inner = der.Fields(body.only(_RESPONSE), _RESPONSE)
    if inner.take("responseType").oid(_RESPONSE) != oids.OCSP_BASIC:
        raise Malformed("a status response of unknown type", where=_RESPONSE)
    basic = inner.take("response").octets(_RESPONSE)
    inner.end()
    return Answer.from_der(basic)


def read_any(data: bytes) -> Answer:
    """An answer from a file: the whole OCSPResponse, or the BasicOCSPResponse in it."""
    first = der.read(data, _RESPONSE).children()
    whole = bool(first) and first[0].tag == der.ENUMERATED
    return read_response(data) if whole else Answer.from_der(data)


def refusal(status: int) -> bytes:
    """An OCSPResponse without an answer."""
    return der.sequence(der.integer(status, tag=der.ENUMERATED))


def read_request(data: bytes) -> Request:
    """Raises Malformed or TooLarge. A signature of the asker is not looked at."""
    if len(data) > LARGEST_REQUEST:
        raise TooLarge(f"a status request of more than {LARGEST_REQUEST} bytes")
    outer = der.Fields(der.read(data, _REQUEST), _REQUEST)
    fields = der.Fields(outer.take("tbsRequest"), _REQUEST)
    outer.maybe(der.context(0))
    outer.end()
    version = fields.maybe(der.context(0))
    if version is not None and version.only(_REQUEST).integer(_REQUEST) != 0:
        raise Malformed("unknown version", where=_REQUEST)
    fields.maybe(der.context(1))
    rows = fields.take("requestList", der.SEQUENCE).children()
    block = fields.maybe(der.context(2))
    fields.end()
    if not 1 <= len(rows) <= MOST_QUESTIONS:
        raise TooLarge(f"1 to {MOST_QUESTIONS} questions are answered", where=_REQUEST)
    found = {} if block is None else extensions.decode(block.only(_REQUEST), _REQUEST)
    if any(row.critical and row.oid != oids.OCSP_NONCE for row in found.values()):
        raise Malformed("a critical extension that is not understood", where=_REQUEST)
    return Request(tuple(_question(row) for row in rows), _nonce(found, _REQUEST))


def issue(
    rows: Sequence[Status],
    *,
    responder: Certificate,
    key: IssuingKey,
    produced_at: datetime,
    nonce: bytes = b"",
    certificates: Sequence[Certificate] = (),
) -> Answer:
    """A new answer, by the responder's name; certificates: what travels with it."""
    block = der.explicit(1, _nonce_block(nonce)) if nonce else b""
    tbs = der.sequence(
        der.explicit(1, responder.subject_raw),
        der.generalized_time(_whole(produced_at)),
        der.sequence(*(row.encode() for row in rows)),
        block,
    )
    listed = der.sequence(*(one.der for one in certificates))
    return Answer.from_der(sealed(tbs, key, der.explicit(0, listed) if certificates else b""))


def responds(answer: Answer, certificate: Certificate) -> bool:
    """Whether the responder that the answer names may be this certificate's holder."""
    if answer.responder[:1] == b"\x30":
        return answer.responder == certificate.subject_raw
    point = certificate.public_key.point
    digest = sm3.digest(point)
    return answer.responder in {
        hashlib.sha1(point, usedforsecurity=False).digest(),
        digest,
        digest[:20],
        certificate.key_id,
    }


def _responder(fields: der.Fields) -> bytes:
    node = fields.maybe(der.context(1), der.context(2))
    if node is None:
        raise Malformed("a status response without responder", where=_RESPONSE)
    inner = node.only(_RESPONSE)
    if node.tag == der.context(1):
        return inner.expect(der.SEQUENCE, _RESPONSE).raw
    return inner.octets(_RESPONSE)


def _cert_id(node: der.Node, where: str) -> CertId:
    fields = der.Fields(node, where)
    algorithm = cms.read_algorithm(fields.take("hashAlgorithm"), where)
    name = fields.take("issuerNameHash").octets(where)
    key = fields.take("issuerKeyHash").octets(where)
    serial = fields.take("serialNumber").integer(where)
    fields.end()
    if not (16 <= len(name) <= 64 and 16 <= len(key) <= 64) or serial.bit_length() > 512:
        raise Malformed("a certificate's name of absurd size", where=where)
    return CertId(algorithm, name, key, serial)


def _question(node: der.Node) -> CertId:
    fields = der.Fields(node, _REQUEST)
    found = _cert_id(fields.take("reqCert"), _REQUEST)
    block = fields.maybe(der.context(0))
    fields.end()
    if block is not None and any(
        row.critical for row in extensions.decode(block.only(_REQUEST), _REQUEST).values()
    ):
        raise Malformed("a critical extension that is not understood", where=_REQUEST)
    return found


def _status(node: der.Node) -> tuple[Status, bool]:
    """One answer, and whether all of it is understood."""
    fields = der.Fields(node, _RESPONSE)
    question = _cert_id(fields.take("certID"), _RESPONSE)
    state = fields.take("certStatus")
    this_update = fields.take("thisUpdate", der.GENERALIZED_TIME).time(_RESPONSE)
    until, block = fields.maybe(der.context(0)), fields.maybe(der.context(1))
    fields.end()
    next_update = None if until is None else until.only(_RESPONSE).time(_RESPONSE)
    found = {} if block is None else extensions.decode(block.only(_RESPONSE), _RESPONSE)
    name, revocation = GOOD, None
    if state.tag == der.context(1):
        name, revocation = REVOKED, _revoked(state, question.serial)
    elif state.tag == der.context(2, constructed=False):
        name = UNKNOWN
    elif state.tag != der.context(0, constructed=False) or state.content:
        raise Malformed("a status that does not exist", where=_RESPONSE)
    known = not any(row.critical for row in found.values())
    return Status(question, name, this_update, next_update, revocation), known


def _revoked(node: der.Node, serial: int) -> Revocation:
    """RevokedInfo, whose tag is IMPLICIT: its members stand in the node itself."""
    members = node.children()
    if not 1 <= len(members) <= 2:
        raise Malformed("a revocation without its time", where=_RESPONSE)
    at = members[0].expect(der.GENERALIZED_TIME, _RESPONSE).time(_RESPONSE)
    if len(members) == 1:
        return Revocation(serial, at)
    inner = members[1].expect(der.context(0), _RESPONSE).only(_RESPONSE)
    code = inner.integer(_RESPONSE, tag=der.ENUMERATED)
    return Revocation(serial, at, REASONS.get(code, "unspecified"))


def _nonce_block(nonce: bytes) -> bytes:
    row = Extension(oids.OCSP_NONCE, critical=False, value=der.octets(nonce))
    return der.sequence(row.encode())


def _nonce(found: dict[str, Extension], where: str) -> bytes:
    """RFC 8954 wraps it in an OCTET STRING; some services send it bare."""
    row = found.get(oids.OCSP_NONCE)
    if row is None:
        return b""
    try:
        value = der.read(row.value, where, tag=der.OCTET_STRING).content
    except Malformed:
        value = row.value
    if len(value) > LONGEST_NONCE:
        raise Malformed("a nonce of absurd size", where=where)
    return value


def _digest(algorithm: str, data: bytes) -> bytes:
    name = _HASHES[algorithm]
    return (
        sm3.digest(data)
        if name == "sm3"
        else hashlib.new(name, data, usedforsecurity=False).digest()
    )


def _whole(at: datetime) -> datetime:
    return at.replace(microsecond=0)
