"""Digest algorithms (杂凑算法) by name and object identifier: SM3 first, others for later decades.

What proves a document for decades outlives algorithms: structures name theirs, this table says
which ones can be computed here. Those not in it are not accepted anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openrhip.formats.gm import oids
from openrhip.kernel.errors import Malformed, NotVerified

if TYPE_CHECKING:
    from hashlib import _Hash

_NIST = "2.16.840.1.101.3.4.2"


@dataclass(frozen=True, slots=True)
class Digest:
    """name: as settings and commands write it; size: of a value, in bytes."""

    name: str
    oid: str
    size: int

    def new(self) -> _Hash:
        """A running digest."""
        return hashlib.new(self.name)

    def of(self, *parts: bytes) -> bytes:
        """The digest of the parts, one after the other."""
        running = hashlib.new(self.name)
        for part in parts:
            running.update(part)
        return running.digest()


SM3 = Digest("sm3", oids.SM3, 32)
TABLE = (
    SM3,
    Digest("sha256", f"{_NIST}.1", 32),
    Digest("sha384", f"{_NIST}.2", 48),
    Digest("sha512", f"{_NIST}.3", 64),
    Digest("sha3_256", f"{_NIST}.8", 32),
    Digest("sha3_384", f"{_NIST}.9", 48),
    Digest("sha3_512", f"{_NIST}.10", 64),
)
NAMES = tuple(one.name for one in TABLE)
OIDS = frozenset(one.oid for one in TABLE)
_BY_NAME = {one.name: one for one in TABLE}
_BY_OID = {one.oid: one for one in TABLE}


def by_name(name: str) -> Digest:
    """Raises Malformed for a name that is not in the table."""
    found = _BY_NAME.get(name.lower().replace("-", "_"))
    if found is None:
        raise Malformed(f"no digest algorithm {name[:40]!r}", remedy=f"one of: {', '.join(NAMES)}")
    return found


def by_oid(oid: str) -> Digest:
    """Raises NotVerified for an algorithm that cannot be computed here."""
    found = _BY_OID.get(oid)
    if found is None:
        raise NotVerified(f"digest algorithm {oid[:60]} is not supported")
    return found


def of_stream(parts: Iterable[bytes], wanted: Iterable[Digest]) -> dict[str, bytes]:
    """Digests of one pass over the parts, by name."""
    running = {one.name: one.new() for one in wanted}
    for part in parts:
        for one in running.values():
            one.update(part)
    return {name: one.digest() for name, one in running.items()}
