"""The messages of the timestamp protocol (时间戳; RFC 3161 2.4, GM/T 0033): read and write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from openrhip.formats.gm import cms, der, oids
from openrhip.kernel.errors import Malformed, TooLarge

LARGEST_REQUEST = 64 * 1024
LARGEST_RESPONSE = 1024 * 1024
# PKIFailureInfo (RFC 3161 2.4.2): name → bit
FAILURES = {
    "badAlg": 0,
    "badRequest": 2,
    "badDataFormat": 5,
    "timeNotAvailable": 14,
    "unacceptedPolicy": 15,
    "unacceptedExtension": 16,
    "addInfoNotAvailable": 17,
    "systemFailure": 25,
}
GRANTED, GRANTED_WITH_MODS, REJECTION = 0, 1, 2
_INFO, _REQUEST, _RESPONSE = "timestamp", "timestamp request", "timestamp response"


@dataclass(frozen=True, slots=True)
class Request:
    """digest: of the data; policy: wanted policy OID or nothing; cert: send certificates."""

    digest: bytes
    algorithm: str = oids.SM3
    policy: str = ""
    nonce: int | None = None
    cert: bool = False
    critical_extensions: bool = False

    def encode(self) -> bytes:
        return der.sequence(
            der.integer(1),
            _imprint(self.digest, self.algorithm),
            der.oid(self.policy) if self.policy else b"",
            b"" if self.nonce is None else der.integer(self.nonce),
            der.boolean(value=True) if self.cert else b"",
        )


@dataclass(frozen=True, slots=True)
class Info:
    """TSTInfo: what a timestamp says. time: genTime; accuracy: at most that far off, if stated."""

    policy: str
    algorithm: str
    digest: bytes
    serial: int
    time: datetime
    accuracy: timedelta | None = None
    ordering: bool = False
    nonce: int | None = None

    def encode(self) -> bytes:
        return der.sequence(
            der.integer(1),
            der.oid(self.policy),
            _imprint(self.digest, self.algorithm),
            der.integer(self.serial),
            der.generalized_time(self.time),
            b"" if self.accuracy is None else _accuracy(self.accuracy),
            der.boolean(value=True) if self.ordering else b"",
            b"" if self.nonce is None else der.integer(self.nonce),
        )


@dataclass(frozen=True, slots=True)
class Response:
    """status: 0 granted, 1 granted with changes, else refused; failures: names; token: DER."""

    status: int
    text: str = ""
    failures: frozenset[str] = frozenset()
    token: bytes = b""

    def encode(self) -> bytes:
        bits = frozenset(FAILURES[name] for name in self.failures)
        info = der.sequence(
            der.integer(self.status),
            der.sequence(der.utf8(self.text)) if self.text else b"",
            der.flags(bits) if bits else b"",
        )
        return der.sequence(info, self.token)


def read_request(data: bytes) -> Request:
    """Raises Malformed or TooLarge."""
    if len(data) > LARGEST_REQUEST:
        raise TooLarge(f"a timestamp request of more than {LARGEST_REQUEST} bytes")
    fields = der.Fields(der.read(data, _REQUEST), _REQUEST)
    if fields.take("version").integer(_REQUEST) != 1:
        raise Malformed("unknown version", where=_REQUEST)
    algorithm, digest = _read_imprint(fields.take("messageImprint"), _REQUEST)
    policy, nonce = fields.maybe(der.OID), fields.maybe(der.INTEGER)
    cert, block = fields.maybe(der.BOOLEAN), fields.maybe(der.context(0))
    fields.end()
    return Request(
        digest,
        algorithm,
        "" if policy is None else policy.oid(_REQUEST),
        None if nonce is None else _bounded(nonce.integer(_REQUEST)),
        cert is not None and cert.boolean(_REQUEST),
        critical_extensions=block is not None,
    )


def read_info(data: bytes) -> Info:
    """Raises Malformed."""
    fields = der.Fields(der.read(data, _INFO), _INFO)
    if fields.take("version").integer(_INFO) != 1:
        raise Malformed("unknown version", where=_INFO)
    policy = fields.take("policy").oid(_INFO)
    algorithm, digest = _read_imprint(fields.take("messageImprint"), _INFO)
    serial = fields.take("serialNumber").integer(_INFO)
    time = fields.take("genTime", der.GENERALIZED_TIME).time(_INFO)
    accuracy, ordering = fields.maybe(der.SEQUENCE), fields.maybe(der.BOOLEAN)
    nonce = fields.maybe(der.INTEGER)
    fields.maybe(der.context(0))
    fields.maybe(der.context(1))
    fields.end()
    return Info(
        policy,
        algorithm,
        digest,
        serial,
        time,
        None if accuracy is None else _read_accuracy(accuracy),
        ordering is not None and ordering.boolean(_INFO),
        None if nonce is None else nonce.integer(_INFO),
    )


def read_response(data: bytes) -> Response:
    """Raises Malformed or TooLarge."""
    if len(data) > LARGEST_RESPONSE:
        raise TooLarge(f"a timestamp response of more than {LARGEST_RESPONSE} bytes")
    fields = der.Fields(der.read(data, _RESPONSE), _RESPONSE)
    info = der.Fields(fields.take("status"), _RESPONSE)
    status = info.take("status").integer(_RESPONSE)
    texts = info.maybe(der.SEQUENCE)
    bits = info.maybe(der.BIT_STRING)
    info.end()
    token = fields.maybe(der.SEQUENCE)
    fields.end()
    said = [] if texts is None else [node.text(_RESPONSE) for node in texts.children()[:8]]
    set_bits = frozenset[int]() if bits is None else bits.flags(_RESPONSE)
    names = frozenset(name for name, bit in FAILURES.items() if bit in set_bits)
    return Response(status, "; ".join(said)[:500], names, b"" if token is None else token.raw)


def _imprint(digest: bytes, algorithm: str) -> bytes:
    return der.sequence(der.sequence(der.oid(algorithm)), der.octets(digest))


def _read_imprint(node: der.Node, where: str) -> tuple[str, bytes]:
    fields = der.Fields(node, where)
    algorithm = cms.read_algorithm(fields.take("hashAlgorithm"), where)
    digest = fields.take("hashedMessage").octets(where)
    fields.end()
    if not 16 <= len(digest) <= 64:
        raise Malformed("a digest of impossible length", where=where)
    return algorithm, digest


def _bounded(nonce: int) -> int:
    if nonce.bit_length() > 512:
        raise Malformed("a nonce of absurd size", where=_REQUEST)
    return nonce


def _accuracy(value: timedelta) -> bytes:
    seconds, rest = divmod(value // timedelta(microseconds=1), 1_000_000)
    millis, micros = divmod(rest, 1000)
    return der.sequence(
        der.integer(seconds) if seconds else b"",
        der.integer(millis, tag=der.context(0, constructed=False)) if millis else b"",
        der.integer(micros, tag=der.context(1, constructed=False)) if micros else b"",
    )


def _read_accuracy(node: der.Node) -> timedelta:
    fields = der.Fields(node, _INFO)
    total = timedelta()
    for tag, unit, limit in (
        (der.INTEGER, timedelta(seconds=1), 10**9),
        (der.context(0, constructed=False), timedelta(milliseconds=1), 999),
        (der.context(1, constructed=False), timedelta(microseconds=1), 999),
    ):
        member = fields.maybe(tag)
        if member is not None:
            number = member.integer(_INFO, tag=tag)
            if not 0 <= number <= limit:
                raise Malformed("an accuracy outside its range", where=_INFO)
            total += number * unit
    fields.end()
    return total
