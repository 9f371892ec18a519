"""DER, strictly (X.690): a small reader and writer for the structures of this package.

Reading keeps the bytes of every part as they came, because signatures are over those bytes.
Definite minimal lengths and single-byte tags only; everything else is Malformed. A reader walks
the structure it expects, so hostile nesting costs nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from openrhip.kernel.errors import Malformed

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTF8, PRINTABLE, TELETEX, IA5, UTC_TIME, GENERALIZED_TIME = (
    *(0x0A, 0x0C, 0x13, 0x14, 0x16),
    *(0x17, 0x18),
)
NUMERIC, VISIBLE, UNIVERSAL, BMP, SEQUENCE, SET = 0x12, 0x1A, 0x1C, 0x1E, 0x30, 0x31
_TEXTS = {
    UTF8: "utf-8",
    PRINTABLE: "ascii",
    IA5: "ascii",
    VISIBLE: "ascii",
    TELETEX: "latin-1",
    BMP: "utf-16-be",
    NUMERIC: "ascii",
    UNIVERSAL: "utf-32-be",
}


def context(number: int, *, constructed: bool = True) -> int:
    """The identifier octet of a context-specific tag: [number]."""
    return (0xA0 if constructed else 0x80) | number


class Node:
    """One element: its tag (identifier octet) and where it lies in the bytes that were read."""

    __slots__ = ("_bytes", "_end", "_inner", "_start", "tag")

    def __init__(self, data: bytes, start: int, inner: int, end: int) -> None:
        self.tag = data[start]
        self._bytes, self._start, self._inner, self._end = data, start, inner, end

    @property
    def raw(self) -> bytes:
        """The element with its header, exactly as it came."""
        return self._bytes[self._start : self._end]

    @property
    def content(self) -> bytes:
        return self._bytes[self._inner : self._end]

    def expect(self, tag: int, where: str) -> Node:
        """Itself, or Malformed if its tag is another."""
        if self.tag != tag:
            raise Malformed(f"tag {tag:#04x} expected, {self.tag:#04x} found", where=where)
        return self

    def children(self) -> list[Node]:
        """The elements inside; Malformed if they do not fill it exactly."""
        found = []
        at = self._inner
        while at < self._end:
            node = _node(self._bytes, at, self._end)
            found.append(node)
            at = node._end  # noqa: SLF001 - its own kind
        return found

    def only(self, where: str) -> Node:
        """The one element inside, as in an EXPLICIT tag."""
        inside = self.children()
        if len(inside) != 1:
            raise Malformed("exactly one element expected inside", where=where)
        return inside[0]

    def integer(self, where: str, *, tag: int = INTEGER) -> int:
        body = self.expect(tag, where).content
        if not body or (len(body) > 1 and (body[0], body[1] >> 7) in {(0, 0), (0xFF, 1)}):
            raise Malformed("not a minimal INTEGER", where=where)
        return int.from_bytes(body, "big", signed=True)

    def boolean(self, where: str) -> bool:
        body = self.expect(BOOLEAN, where).content
        if body not in {b"\x00", b"\xff"}:
            raise Malformed("not a BOOLEAN", where=where)
        return body == b"\xff"

    def oid(self, where: str) -> str:
        return _oid_text(self.expect(OID, where).content, where)

    def octets(self, where: str) -> bytes:
        return self.expect(OCTET_STRING, where).content

    def bits(self, where: str) -> bytes:
        """The bytes of a BIT STRING that has no unused bits, as keys and signatures have."""
        body = self.expect(BIT_STRING, where).content
        if not body or body[0]:
            raise Malformed("a BIT STRING of whole bytes expected", where=where)
        return body[1:]

    def flags(self, where: str) -> frozenset[int]:
        """The numbers of the set bits of a BIT STRING."""
        body = self.expect(BIT_STRING, where).content
        if not body or body[0] > 7 or len(body) > 9 or (len(body) == 1 and body[0]):
            raise Malformed("not a short BIT STRING", where=where)
        width = 8 * (len(body) - 1)
        value = int.from_bytes(body[1:], "big")
        return frozenset(i for i in range(width) if value >> (width - 1 - i) & 1)

    def text(self, where: str) -> str:
        """Any of the string types."""
        encoding = _TEXTS.get(self.tag)
        if encoding is None:
            raise Malformed(f"a string expected, tag {self.tag:#04x} found", where=where)
        try:
            return self.content.decode(encoding)
        except UnicodeDecodeError as error:
            raise Malformed("bytes outside the string's alphabet", where=where) from error

    def time(self, where: str) -> datetime:
        """UTCTime (1950-2049) or GeneralizedTime, fraction allowed; Z only (RFC 5280 4.1.2.5)."""
        if self.tag not in {UTC_TIME, GENERALIZED_TIME}:
            raise Malformed(f"a time expected, tag {self.tag:#04x} found", where=where)
        return _time(self.content, self.tag == UTC_TIME, where)


def read(data: bytes, where: str, *, tag: int = SEQUENCE) -> Node:
    """The one element that fills `data`. Raises Malformed."""
    node = _node(data, 0, len(data), where)
    if len(node.raw) != len(data):
        raise Malformed("bytes follow the structure", where=where)
    return node.expect(tag, where)


class Fields:
    """The members of a SEQUENCE in order: take what must come, offer what may come."""

    __slots__ = ("_at", "_nodes", "where")

    def __init__(self, node: Node, where: str, *, tag: int = SEQUENCE) -> None:
        self.where = where
        self._nodes = node.expect(tag, where).children()
        self._at = 0

    def take(self, name: str, tag: int | None = None) -> Node:
        """The next member. Raises Malformed when it is missing or has another tag."""
        if self._at >= len(self._nodes):
            raise Malformed(f"{name} is missing", where=self.where)
        node = self._nodes[self._at]
        if tag is not None and node.tag != tag:
            raise Malformed(
                f"{name}: tag {tag:#04x} expected, {node.tag:#04x} found", where=self.where
            )
        self._at += 1
        return node

    def maybe(self, *tags: int) -> Node | None:
        """The next member if it has one of these tags."""
        if self._at < len(self._nodes) and self._nodes[self._at].tag in tags:
            self._at += 1
            return self._nodes[self._at - 1]
        return None

    def more(self) -> bool:
        return self._at < len(self._nodes)

    def rest(self) -> list[Node]:
        """Everything that has not been taken."""
        left = self._nodes[self._at :]
        self._at = len(self._nodes)
        return left

    def end(self) -> None:
        """Raises Malformed if something is left."""
        if self.more():
            raise Malformed("unexpected members at the end", where=self.where)


def _node(data: bytes, at: int, end: int, where: str = "DER") -> Node:
    if end - at < 2:
        raise Malformed("the structure is cut off", where=where)
    if data[at] & 0x1F == 0x1F:
        raise Malformed("tags of several bytes do not occur here", where=where)
    length = data[at + 1]
    inner = at + 2
    if length >= 0x80:
        size = length & 0x7F
        inner += size
        if not 1 <= size <= 4 or inner > end:
            raise Malformed("a length that DER does not allow", where=where)
        length = int.from_bytes(data[at + 2 : inner], "big")
        if length < 0x80 or length >> (8 * (size - 1)) == 0:
            raise Malformed("a length that is not minimal", where=where)
    if inner + length > end:
        raise Malformed("the structure is cut off", where=where)
    return Node(data, at, inner, inner + length)


@lru_cache(maxsize=1024)
def _oid_text(body: bytes, where: str) -> str:
    if not body or len(body) > 64 or body[-1] & 0x80:
        raise Malformed("not an object identifier", where=where)
    arcs = []
    value = 0
    fresh = True
    for octet in body:
        if fresh and octet == 0x80:
            raise Malformed("an object identifier that is not minimal", where=where)
        value = value << 7 | octet & 0x7F
        fresh = not octet & 0x80
        if fresh:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def _time(body: bytes, short: bool, where: str) -> datetime:
    try:
        text = body.decode("ascii")
        if not text.endswith("Z") or not text[:-1].replace(".", "", 1).isdigit():
            raise ValueError
        text = text[:-1]
        if short:
            text = ("19" if text[:2] >= "50" else "20") + text
        whole, _, fraction = text.partition(".")
        if len(whole) != 14 or (short and fraction):
            raise ValueError
        numbers = (int(whole[:4]), *(int(whole[i : i + 2]) for i in range(4, 14, 2)))
        return datetime(*numbers, int(fraction[:6].ljust(6, "0")) if fraction else 0, tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError as error:
        raise Malformed("not a time in UTC", where=where) from error


# Writing


def wrap(tag: int, *parts: bytes) -> bytes:
    """An element of this tag around the parts."""
    body = b"".join(parts)
    length = len(body)
    if length < 0x80:
        return bytes((tag, length)) + body
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + body


def sequence(*parts: bytes) -> bytes:
    return wrap(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """SET OF: the members in ascending order of their encodings (X.690 11.6)."""
    return wrap(SET, *sorted(parts))


def explicit(number: int, *parts: bytes) -> bytes:
    """[number] EXPLICIT around elements, or IMPLICIT around the members of a constructed one."""
    return wrap(context(number), *parts)


def integer(value: int, *, tag: int = INTEGER) -> bytes:
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return wrap(tag, value.to_bytes(size, "big", signed=True))


def boolean(value: bool) -> bytes:
    return b"\x01\x01\xff" if value else b"\x01\x01\x00"


def null() -> bytes:
    return b"\x05\x00"


@lru_cache(maxsize=256)
def oid(text: str) -> bytes:
    """An object identifier from its dotted form. Raises Malformed."""
    try:
        arcs = [int(arc) for arc in text.split(".")]
    except ValueError as error:
        raise Malformed("not an object identifier") from error
    if len(arcs) < 2 or min(arcs) < 0 or arcs[0] > 2 or (arcs[0] < 2 and arcs[1] > 39):
        raise Malformed("not an object identifier")
    body = bytearray()
    for arc in (40 * arcs[0] + arcs[1], *arcs[2:]):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        body += bytes(reversed(groups))
    return wrap(OID, bytes(body))


def octets(value: bytes) -> bytes:
    return wrap(OCTET_STRING, value)


def bits(value: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return wrap(BIT_STRING, b"\x00", value)


def flags(numbers: frozenset[int]) -> bytes:
    """A BIT STRING with named bits: trailing zero bits are dropped (X.690 11.2.2)."""
    if not numbers:
        return wrap(BIT_STRING, b"\x00")
    size = max(numbers) // 8 + 1
    value = sum(1 << (8 * size - 1 - number) for number in numbers)
    return wrap(BIT_STRING, bytes((7 - max(numbers) % 8,)), value.to_bytes(size, "big"))


def utf8(value: str) -> bytes:
    return wrap(UTF8, value.encode("utf-8"))


def text(tag: int, value: str) -> bytes:
    """A string of the given type. Raises Malformed for characters it does not hold."""
    try:
        return wrap(tag, value.encode(_TEXTS[tag]))
    except UnicodeEncodeError as error:
        raise Malformed("characters that this string type does not hold") from error


def generalized_time(at: datetime) -> bytes:
    """GeneralizedTime in UTC; a fraction only when there is one, without trailing zeros (DER)."""
    at = at.astimezone(UTC)
    fraction = f".{at.microsecond:06d}".rstrip("0").rstrip(".") if at.microsecond else ""
    return wrap(GENERALIZED_TIME, f"{at:%Y%m%d%H%M%S}{fraction}Z".encode("ascii"))


def validity_time(at: datetime) -> bytes:
    """UTCTime through 2049, GeneralizedTime after it, whole seconds (RFC 5280 4.1.2.5)."""
    at = at.astimezone(UTC)
    if 1950 <= at.year < 2050:
        return wrap(UTC_TIME, f"{at:%y%m%d%H%M%S}Z".encode("ascii"))
    return generalized_time(at.replace(microsecond=0))
