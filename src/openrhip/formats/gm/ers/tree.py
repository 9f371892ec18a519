"""Hash trees of RFC 4998 §4 (归档时间戳哈希树): many digests, one root, a short way for each.

A node is the digest of its children's values, sorted in binary ascending order and put together.
Pairs are formed from left to right; what is left over at the end of a level moves up as it is.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from openrhip.formats.gm.digests import Digest
from openrhip.kernel.errors import Malformed, NotFound

MOST_LEAVES = 1 << 22
Lists = tuple[tuple[bytes, ...], ...]
"""A reduced hash tree: lists of sibling values from the leaf upwards."""


class Tree:
    """A tree over sorted, distinct leaves. All levels are kept, leaves first."""

    __slots__ = ("_levels", "digest", "leaves")

    def __init__(self, digest: Digest, levels: list[bytes]) -> None:
        self.digest = digest
        self._levels = levels
        self.leaves = len(levels[0]) // digest.size

    @classmethod
    def build(cls, digest: Digest, leaves: Iterable[bytes]) -> Tree:
        """A tree over these values; the same value twice is one leaf. Raises Malformed."""
        ordered = sorted(set(leaves))
        if not 0 < len(ordered) <= MOST_LEAVES:
            raise Malformed(f"a hash tree has 1 to {MOST_LEAVES} leaves", where="hash tree")
        if any(len(one) != digest.size for one in ordered):
            raise Malformed("a leaf of another length than the digest", where="hash tree")
        levels = [b"".join(ordered)]
        row = ordered
        while len(row) > 1:
            row = _parents(digest, row)
            levels.append(b"".join(row))
        return cls(digest, levels)

    @classmethod
    def read(cls, digest: Digest, data: bytes, leaves: int) -> Tree:
        """The tree that `encode` wrote. Raises Malformed for another length."""
        levels, at, width = [], 0, leaves
        while width:
            levels.append(data[at : at + width * digest.size])
            at += width * digest.size
            width = (width + 1) // 2 if width > 1 else 0
        if at != len(data) or not 0 < leaves <= MOST_LEAVES:
            raise Malformed("not the nodes of this tree", where="hash tree")
        return cls(digest, levels)

    def encode(self) -> bytes:
        """All nodes, level by level, leaves first."""
        return b"".join(self._levels)

    @property
    def root(self) -> bytes:
        return self._levels[-1]

    def siblings(self, leaf: bytes) -> tuple[bytes, ...]:
        """The values beside the way from a leaf to the root. Raises NotFound."""
        at = self._position(leaf)
        found = []
        for level in self._levels[:-1]:
            beside = self._value(level, at ^ 1)
            if beside:
                found.append(beside)
            at >>= 1
        return tuple(found)

    def reduced(self, members: Sequence[bytes]) -> Lists:
        """The reduced hash tree of a data object (one member) or of a data object group.

        Empty where the leaf is the root: then the timestamp is over it directly. Raises NotFound.
        """
        group = sorted(set(members))
        beside = self.siblings(group_value(self.digest, group))
        if len(group) == 1 and beside:
            return (tuple(sorted((*group, beside[0]))), *((one,) for one in beside[1:]))
        first = (tuple(group),) if len(group) > 1 else ()
        return (*first, *((one,) for one in beside))

    def _position(self, leaf: bytes) -> int:
        level, size = self._levels[0], self.digest.size
        at = bisect_left(range(self.leaves), leaf, key=lambda i: level[i * size : i * size + size])
        if self._value(level, at) != leaf:
            raise NotFound("the value is no leaf of this tree", where="hash tree")
        return at

    def _value(self, level: bytes, at: int) -> bytes:
        size = self.digest.size
        return level[at * size : at * size + size]


def group_value(digest: Digest, members: Sequence[bytes]) -> bytes:
    """The leaf of a data object group: of one member it is its own value (§4.2, step 2)."""
    ordered = sorted(members)
    return ordered[0] if len(ordered) == 1 else digest.of(*ordered)


def climb(digest: Digest, lists: Sequence[Sequence[bytes]]) -> bytes:
    """The root that a reduced hash tree leads to (§4.3, steps 2 to 4). Raises Malformed."""
    if not lists or not all(lists):
        raise Malformed("a reduced hash tree without values", where="reduced hash tree")
    if any(len(value) != digest.size for one in lists for value in one):
        raise Malformed("a value of another length than the digest", where="reduced hash tree")
    value = group_value(digest, lists[0])
    for beside in lists[1:]:
        value = digest.of(*sorted((value, *beside)))
    return value


def _parents(digest: Digest, row: list[bytes]) -> list[bytes]:
    pairs = iter(row)
    new = digest.new().copy
    made = []
    for left, right in zip(pairs, pairs, strict=False):
        node = new()
        node.update(left + right if left < right else right + left)
        made.append(node.digest())
    if len(row) % 2:
        made.append(row[-1])
    return made
