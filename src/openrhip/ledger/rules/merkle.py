"""Merkle tree (默克尔树) of RFC 6962 section 2.1: roots and proofs, made and verified.

Proofs are made through a `Nodes` reader that knows complete subtrees only: node (height, index)
covers the leaves [index << height, (index + 1) << height). The ragged right edge is hashed here.
Verification follows RFC 9162 sections 2.1.3.2 and 2.1.4.2 and needs no reader.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from openrhip.kernel.errors import Malformed, NotVerified
from openrhip.ledger.rules.hashing import HASH_SIZE, Profile

Nodes = Callable[[int, int], bytes]
"""(height, index) -> hash of a complete subtree."""

MAX_SIZE = 1 << 63


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """index: of the leaf; size: of the tree; path: from the leaf's sibling to the root."""

    index: int
    size: int
    leaf_hash: bytes
    path: tuple[bytes, ...]


class Tree:
    """One tree at one size: the hashes of its ragged right edge are computed once and kept."""

    def __init__(self, profile: Profile, size: int, nodes: Nodes) -> None:
        self.profile = profile
        self.size = size
        self._nodes = nodes
        self._edge: dict[int, bytes] = {}

    def root(self) -> bytes:
        """Merkle Tree Hash of all leaves."""
        return self.hash_of(0, self.size) if self.size else self.profile.empty_root

    def hash_of(self, low: int, high: int) -> bytes:
        """Merkle Tree Hash of the leaves [low, high), a range as RFC 6962 splits it."""
        width = high - low
        height = width.bit_length() - 1
        if width == 1 << height:
            return self._nodes(height, low >> height)
        known = self._edge.get(low) if high == self.size else None
        if known is None:
            middle = low + (1 << height)
            left = self._nodes(height, low >> height)
            known = self.profile.node_hash(left, self.hash_of(middle, high))
            if high == self.size:
                self._edge[low] = known
        return known

    def path(self, index: int) -> list[bytes]:
        """PATH(index, D[size]) of RFC 6962 section 2.1.1, from the leaf upwards."""
        if not 0 <= index < self.size:
            raise Malformed(f"the tree of size {self.size} has no leaf {index}")
        low, high, path = 0, self.size, []
        while high - low > 1:
            middle = low + split(high - low)
            if index < middle:
                path.append(self.hash_of(middle, high))
                high = middle
            else:
                path.append(self.hash_of(low, middle))
                low = middle
        path.reverse()
        return path

    def consistency(self, old: int) -> list[bytes]:
        """PROOF(old, D[size]) of RFC 6962 section 2.1.2."""
        if not 0 < old <= self.size:
            raise Malformed(f"no consistency proof from size {old} to {self.size}")
        low, high, proof = 0, self.size, []
        while old != high:
            middle = low + split(high - low)
            if old <= middle:
                proof.append(self.hash_of(middle, high))
                high = middle
            else:
                proof.append(self.hash_of(low, middle))
                low = middle
        if low:
            proof.append(self.hash_of(low, high))
        proof.reverse()
        return proof

    def around(self, first: int, end: int) -> list[bytes]:
        """The hashes beside the leaves [first, end), left to right: the proof of a whole batch."""
        if not 0 <= first < end <= self.size:
            raise Malformed(f"the tree of size {self.size} has no leaves {first} to {end}")
        found: list[bytes] = []
        stack = [(0, self.size)]
        while stack:
            low, high = stack.pop()
            if first <= low and high <= end:
                continue
            if high <= first or low >= end:
                found.append(self.hash_of(low, high))
                continue
            middle = low + split(high - low)
            stack += [(middle, high), (low, middle)]
        return found


def split(width: int) -> int:
    """The largest power of two smaller than width."""
    return 1 << ((width - 1).bit_length() - 1)


def root_hash(profile: Profile, leaf_hashes: Sequence[bytes]) -> bytes:
    """Merkle Tree Hash of a list of leaf hashes held in memory."""
    return Tree(profile, len(leaf_hashes), nodes_of(profile, leaf_hashes)).root()


def verify_inclusion(
    profile: Profile, *, leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> None:
    """RFC 9162 section 2.1.3.2. Raises NotVerified."""
    if not 0 <= index < size <= MAX_SIZE:
        raise NotVerified(f"leaf {index} lies outside a tree of size {size}")
    _check_hashes(path)
    at, last, computed = index, size - 1, leaf_hash
    for sibling in path:
        if last == 0:
            raise NotVerified("the inclusion proof is too long")
        if at & 1 or at == last:
            computed = profile.node_hash(sibling, computed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            computed = profile.node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise NotVerified("the inclusion proof is too short")
    if computed != root:
        raise NotVerified("the inclusion proof does not lead to the root of the checkpoint")


def verify_consistency(
    profile: Profile,
    *,
    old: int,
    new: int,
    old_root: bytes,
    new_root: bytes,
    proof: Sequence[bytes],
) -> None:
    """RFC 9162 section 2.1.4.2; the empty tree is consistent with all. Raises NotVerified."""
    if not 0 <= old <= new <= MAX_SIZE:
        raise NotVerified(f"a log of size {old} cannot have become one of size {new}")
    _check_hashes(proof)
    if old in (0, new):
        same = old_root == (new_root if old else profile.empty_root)
        if proof or not same:
            raise NotVerified("the two checkpoints disagree")
        return
    first, second = _fold(profile, old, new, old_root, proof)
    if first != old_root or second != new_root:
        raise NotVerified("the consistency proof does not connect the two checkpoints")


def _fold(
    profile: Profile, old: int, new: int, old_root: bytes, proof: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """Both roots as the proof gives them."""
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise NotVerified("the consistency proof is too short")
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise NotVerified("the consistency proof is too long")
        if at & 1 or at == last:
            first = profile.node_hash(sibling, first)
            second = profile.node_hash(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = profile.node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise NotVerified("the consistency proof is too short")
    return first, second


def nodes_of(profile: Profile, leaf_hashes: Sequence[bytes]) -> Nodes:
    """A reader of complete subtrees over leaf hashes in memory; each level is hashed once."""
    levels: list[list[bytes]] = [list(leaf_hashes)]
    while len(levels[-1]) > 1:
        levels.append(profile.pair_hashes(levels[-1], 0))
    return lambda height, index: levels[height][index]


def batch_nodes(
    profile: Profile,
    *,
    first: int,
    size: int,
    leaf_hashes: Sequence[bytes],
    beside: Sequence[bytes],
) -> Tree:
    """The tree as far as a batch and the hashes beside it (`Tree.around`) show it.

    It answers root and the paths of the batch's own leaves. Raises NotVerified if too little or too
    much was given.
    """
    end = first + len(leaf_hashes)
    if not 0 <= first < end <= size <= MAX_SIZE:
        raise NotVerified(f"the leaves {first} to {end} lie outside a tree of size {size}")
    _check_hashes(beside)
    return _BatchTree(profile, first, size, list(leaf_hashes), list(beside))


class _BatchTree(Tree):
    def __init__(
        self, profile: Profile, first: int, size: int, leaves: list[bytes], beside: list[bytes]
    ) -> None:
        super().__init__(profile, size, self._unknown)
        self._known: dict[tuple[int, int], bytes] = {}
        self._first, self._leaves, self._beside = first, leaves, beside
        self._learn(0, size)
        if self._beside:
            raise NotVerified("the proof of the batch is too long")

    def hash_of(self, low: int, high: int) -> bytes:
        return self._known[low, high]

    def _learn(self, low: int, high: int) -> bytes:
        end = self._first + len(self._leaves)
        if high <= self._first or low >= end:
            if not self._beside:
                raise NotVerified("the proof of the batch is too short")
            result = self._beside.pop(0)
        elif high - low == 1:
            result = self._leaves[low - self._first]
        else:
            middle = low + split(high - low)
            left = self._learn(low, middle)
            result = self.profile.node_hash(left, self._learn(middle, high))
        self._known[low, high] = result
        return result

    @staticmethod
    def _unknown(height: int, index: int) -> bytes:
        raise NotVerified(f"the batch does not show node {index} at height {height}")


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if len(hashes) > 130 or any(len(item) != HASH_SIZE for item in hashes):
        raise NotVerified(f"a proof is at most 130 hashes of {HASH_SIZE} bytes")
