"""Hash profiles (散列配置): the tree of RFC 6962 section 2.1 over SM3 or SHA-256.

A leaf is hashed behind the byte 0x00 and a node behind 0x01, so that no leaf can pass for a node.
`c2sp` is byte-exact to C2SP tlog-tiles; `gm` differs from it in the hash and the signature only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from openrhip.kernel.errors import Malformed

HASH_SIZE = 32


@dataclass(frozen=True, slots=True)
class Profile:
    """name: `gm` or `c2sp`; algorithm: as hashlib calls it; signature: what signs checkpoints."""

    name: str
    algorithm: str
    signature: str
    empty_root: bytes = field(init=False)
    _leaf: Any = field(init=False, repr=False, compare=False)
    _node: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A digest that has read its prefix is copied: one hashlib call less for every hash.
        object.__setattr__(self, "empty_root", hashlib.new(self.algorithm, b"").digest())
        object.__setattr__(self, "_leaf", hashlib.new(self.algorithm, b"\x00"))
        object.__setattr__(self, "_node", hashlib.new(self.algorithm, b"\x01"))

    def leaf_hash(self, leaf: bytes) -> bytes:
        """HASH(0x00 || leaf)."""
        state = self._leaf.copy()
        state.update(leaf)
        digest: bytes = state.digest()
        return digest

    def node_hash(self, left: bytes, right: bytes) -> bytes:
        """HASH(0x01 || left || right)."""
        state = self._node.copy()
        state.update(left + right)
        digest: bytes = state.digest()
        return digest

    def leaf_hashes(self, leaves: Iterable[bytes]) -> list[bytes]:
        """`leaf_hash` of many: the loop of a batch, without a call for each."""
        fresh, hashes = self._leaf.copy, []
        for leaf in leaves:
            state = fresh()
            state.update(leaf)
            hashes.append(state.digest())
        return hashes

    def pair_hashes(self, row: Sequence[bytes], start: int) -> list[bytes]:
        """`node_hash` of the complete pairs of a row from the even index `start` on."""
        fresh, hashes = self._node.copy, []
        for at in range(start, len(row) - 1, 2):
            state = fresh()
            state.update(row[at] + row[at + 1])
            hashes.append(state.digest())
        return hashes


GM = Profile("gm", "sm3", "SM2")
C2SP = Profile("c2sp", "sha256", "Ed25519")
PROFILES = {profile.name: profile for profile in (GM, C2SP)}


def profile_named(name: str) -> Profile:
    """The profile of this name. Raises Malformed."""
    try:
        return PROFILES[name]
    except KeyError as error:
        known = ", ".join(PROFILES)
        raise Malformed(f"no ledger profile {name[:20]!r}", remedy=f"one of: {known}") from error
