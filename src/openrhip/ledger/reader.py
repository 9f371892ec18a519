"""Reading a log out of its store (读取): nodes, proofs, partial tiles and bundles at any past size.

A reader holds no state but caches, so that it may run beside the sequencer on its own connection.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from openrhip.kernel.errors import NotFound
from openrhip.ledger.ports import Store
from openrhip.ledger.rules.hashing import Profile
from openrhip.ledger.rules.merkle import InclusionProof, Tree
from openrhip.ledger.rules.tiles import HEIGHT, WIDTH, Tile, TileName, bundle, width_at

K = TypeVar("K")
V = TypeVar("V")

CACHED_TILES = 128
CACHED_ROOTS = 1 << 16


class Recent(OrderedDict[K, V]):
    """A dictionary that forgets what was not used for longest."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def obtain(self, key: K, make: Callable[[], V]) -> V:
        """The value, made if it is not known."""
        if key in self:
            self.move_to_end(key)
            return self[key]
        value = make()
        self.keep(key, value)
        return value

    def keep(self, key: K, value: V) -> None:
        self[key] = value
        if len(self) > self.most:
            self.popitem(last=False)


class Reader:
    """Answers from entries and full tiles alone."""

    def __init__(self, store: Store, profile: Profile) -> None:
        self.store = store
        self.profile = profile
        self.full: Recent[tuple[int, int], Tile] = Recent(CACHED_TILES)
        self.roots: Recent[tuple[int, int], bytes] = Recent(CACHED_ROOTS)
        self._open: dict[int, tuple[int, Tile]] = {}

    def full_tile(self, level: int, index: int) -> Tile:
        """A full tile with its inner nodes. Raises NotFound."""

        def read() -> Tile:
            return Tile(self.profile, self.store.tile(level, index))

        return self.full.obtain((level, index), read)

    def root_of(self, level: int, index: int) -> bytes:
        """The root of a full tile: one hash of the level above."""
        return self.roots.obtain(
            (level, index),
            lambda: Tile(self.profile, self.store.tile(level, index)).rows[HEIGHT][0],
        )

    def open_tile(self, level: int, index: int, width: int) -> Tile:
        """A tile that was not full at the size asked for, with at least `width` hashes."""
        known_index, tile = self._open.get(level, (-1, Tile(self.profile)))
        if known_index != index:
            tile = Tile(self.profile)
        at = index * WIDTH + tile.width
        missing = width - tile.width
        if missing > 0 and level == 0:
            entries = self.store.entries(at, missing)
            if len(entries) < missing:
                raise NotFound(f"the log has no entry {at + len(entries)}")
            tile.extend(self.profile.leaf_hashes(entries))
        elif missing > 0:
            tile.extend([self.root_of(level - 1, below) for below in range(at, at + missing)])
        self._open[level] = (index, tile)
        return tile

    def tree(self, size: int) -> Tree:
        """The tree of the first `size` entries."""

        def node(height: int, index: int) -> bytes:
            level, within = divmod(height, HEIGHT)
            if within == 0 and level and width_at(level, index // WIDTH, size) < WIDTH:
                return self.root_of(level - 1, index)
            tile_index = index >> (HEIGHT - within)
            width = width_at(level, tile_index, size)
            if width == WIDTH:
                tile = self.full_tile(level, tile_index)
            else:
                tile = self.open_tile(level, tile_index, width)
            return tile.rows[within][index - (tile_index << (HEIGHT - within))]

        return Tree(self.profile, size, node)

    def prove(self, index: int, size: int) -> InclusionProof:
        """Proof that entry `index` is in the tree of `size` entries."""
        path = tuple(self.tree(size).path(index))
        leaf_hash = self.profile.leaf_hash(self.entry(index))
        return InclusionProof(index, size, leaf_hash, path)

    def entry(self, index: int) -> bytes:
        """The bytes of one entry. Raises NotFound."""
        found = self.store.entries(index, 1)
        if not found:
            raise NotFound(f"the log has no entry {index}")
        return found[0]

    def resource(self, name: TileName, size: int) -> bytes:
        """A tile or entry bundle, full or partial, of a log of `size` entries. Raises NotFound."""
        if name.width > width_at(name.level or 0, name.index, size):
            raise NotFound("the log has no such tile yet", where=name.path())
        if name.level is None:
            entries = self.store.entries(name.index * WIDTH, name.width)
            return bundle(entries)
        if width_at(name.level, name.index, size) == WIDTH:
            return self.full_tile(name.level, name.index).data(name.width)
        return self.open_tile(name.level, name.index, name.width).data(name.width)
