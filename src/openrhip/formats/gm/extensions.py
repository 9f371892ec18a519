"""Certificate extensions (GM/T 0015 5.2.4, RFC 5280 4.2) that this package reads and writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from openrhip.formats.gm import der, oids
from openrhip.kernel.errors import Malformed

# Bit numbers of KeyUsage (RFC 5280 4.2.1.3)
KEY_USAGES = (
    *("digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment"),
    *("keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"),
)
MOST_EXTENSIONS = 64
LONGEST_ADDRESS = 1024


@dataclass(frozen=True, slots=True)
class Extension:
    """oid, whether it is critical, and the DER inside."""

    oid: str
    critical: bool
    value: bytes

    def encode(self) -> bytes:
        mark = der.boolean(value=True) if self.critical else b""
        return der.sequence(der.oid(self.oid), mark, der.octets(self.value))


def decode(node: der.Node, where: str) -> dict[str, Extension]:
    """Extensions by OID. Raises Malformed, also when one occurs twice (RFC 5280 4.2)."""
    found: dict[str, Extension] = {}
    for item in node.expect(der.SEQUENCE, where).children():
        fields = der.Fields(item, where)
        oid = fields.take("extnID").oid(where)
        mark = fields.maybe(der.BOOLEAN)
        critical = mark is not None and mark.boolean(where)
        value = fields.take("extnValue").octets(where)
        fields.end()
        if oid in found or len(found) >= MOST_EXTENSIONS:
            raise Malformed("an extension occurs twice, or there are too many", where=where)
        found[oid] = Extension(oid, critical, value)
    return found


def basic_constraints(*, ca: bool, path_length: int | None) -> Extension:
    parts = [der.boolean(value=True)] if ca else []
    if path_length is not None:
        parts.append(der.integer(path_length))
    return Extension(oids.BASIC_CONSTRAINTS, critical=True, value=der.sequence(*parts))


def read_basic_constraints(value: bytes, where: str) -> tuple[bool, int | None]:
    """(is a CA, longest path below it or None)."""
    fields = der.Fields(der.read(value, where), where)
    mark = fields.maybe(der.BOOLEAN)
    length = fields.maybe(der.INTEGER)
    fields.end()
    limit = None if length is None else length.integer(where)
    if limit is not None and limit < 0:
        raise Malformed("a negative path length", where=where)
    return mark is not None and mark.boolean(where), limit


def key_usage(names: Iterable[str]) -> Extension:
    try:
        numbers = frozenset(KEY_USAGES.index(name) for name in names)
    except ValueError as error:
        raise Malformed(f"a key usage is one of {', '.join(KEY_USAGES)}") from error
    return Extension(oids.KEY_USAGE, critical=True, value=der.flags(numbers))


def read_key_usage(value: bytes, where: str) -> frozenset[str]:
    numbers = der.read(value, where, tag=der.BIT_STRING).flags(where)
    return frozenset(KEY_USAGES[number] for number in numbers if number < len(KEY_USAGES))


def extended_key_usage(purposes: Iterable[str], *, critical: bool) -> Extension:
    value = der.sequence(*(der.oid(purpose) for purpose in purposes))
    return Extension(oids.EXTENDED_KEY_USAGE, critical, value)


def read_oids(value: bytes, where: str) -> tuple[str, ...]:
    return tuple(item.oid(where) for item in der.read(value, where).children())


def subject_key_id(key_id: bytes) -> Extension:
    return Extension(oids.SUBJECT_KEY_ID, critical=False, value=der.octets(key_id))


def authority_key_id(key_id: bytes) -> Extension:
    value = der.sequence(der.wrap(der.context(0, constructed=False), key_id))
    return Extension(oids.AUTHORITY_KEY_ID, critical=False, value=value)


def read_authority_key_id(value: bytes, where: str) -> bytes | None:
    member = der.Fields(der.read(value, where), where).maybe(der.context(0, constructed=False))
    return None if member is None else member.content


def crl_points(urls: Iterable[str]) -> Extension:
    """CRLDistributionPoints with one URI each (RFC 5280 4.2.1.13)."""
    points = (
        der.sequence(
            der.explicit(
                0, der.explicit(0, der.wrap(der.context(6, constructed=False), url.encode("ascii")))
            )
        )
        for url in urls
    )
    return Extension(oids.CRL_POINTS, critical=False, value=der.sequence(*points))


def authority_access(*, ocsp: Iterable[str] = (), issuers: Iterable[str] = ()) -> Extension:
    """AuthorityInfoAccess (RFC 5280 4.2.2.1): where status is asked, and issuers are fetched."""
    rows = (
        der.sequence(
            der.oid(method), der.wrap(der.context(6, constructed=False), url.encode("ascii"))
        )
        for method, urls in ((oids.ACCESS_OCSP, ocsp), (oids.ACCESS_ISSUERS, issuers))
        for url in urls
    )
    return Extension(oids.AUTHORITY_ACCESS, critical=False, value=der.sequence(*rows))


def read_authority_access(value: bytes, method: str) -> tuple[str, ...]:
    """The web addresses of one access method in their order; none if unreadable."""
    where = "authority information access"
    found: list[bytes] = []
    try:
        for row in der.read(value, where).children():
            fields = der.Fields(row, where)
            kind = fields.take("accessMethod").oid(where)
            name = fields.take("accessLocation")
            fields.end()
            if kind == method:
                found.append(name.raw)
    except Malformed:
        return ()
    return web_addresses(found)


def web_addresses(names: Iterable[bytes]) -> tuple[str, ...]:
    """Those of general names (raw) that are http or https addresses."""
    where = "general name"
    found = []
    for raw in names:
        if raw[:1] == b"\x86":
            text = der.read(raw, where, tag=0x86).content.decode("ascii", "replace")
            if text.startswith(("http://", "https://")) and len(text) <= LONGEST_ADDRESS:
                found.append(text)
    return tuple(found)


def read_crl_points(value: bytes) -> frozenset[bytes]:
    """The general names (raw) under which the certificate's lists are found; none if unreadable.

    Points limited to some reasons or served by another issuer are left out.
    """
    where = "CRL distribution points"
    found: set[bytes] = set()
    try:
        for point in der.read(value, where).children():
            fields = der.Fields(point, where)
            name = fields.maybe(der.context(0))
            if name is not None and not fields.more():
                found |= _full_names(name, where)
    except Malformed:
        return frozenset()
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a list covers (IssuingDistributionPoint, RFC 5280 5.2.5). names: of its point."""

    names: frozenset[bytes] | None
    only_users: bool
    only_authorities: bool

    def includes(self, *, is_ca: bool, points: frozenset[bytes]) -> bool:
        if (self.only_users and is_ca) or (self.only_authorities and not is_ca):
            return False
        return self.names is None or bool(self.names & points)


def read_issuing_point(value: bytes, where: str) -> Scope | None:
    """The scope; None for kinds not served: indirect, by reason, attribute certificates."""
    fields = der.Fields(der.read(value, where), where)
    name = fields.maybe(der.context(0))
    marks = []
    for number in (1, 2):
        mark = fields.maybe(der.context(number, constructed=False))
        marks.append(mark is not None and mark.content == b"\xff")
    if fields.more():
        return None
    return Scope(None if name is None else _full_names(name, where), *marks)


def _full_names(node: der.Node, where: str) -> frozenset[bytes]:
    """DistributionPointName: the raw names of fullName, nothing for the relative form."""
    inner = node.only(where)
    if inner.tag != der.context(0):
        return frozenset()
    return frozenset(one.raw for one in inner.children())
