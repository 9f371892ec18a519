"""Tiles (哈希瓦片) of C2SP tlog-tiles: the tree in pieces of height 8, and entries in bundles.

A full tile is 256 hashes, 8,192 bytes, and is written once. The tiles at the right edge are open:
`Frontier` keeps them in memory with their inner nodes, so that adding a leaf costs about one hash.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from openrhip.kernel.errors import Malformed, NotFound, TooLarge
from openrhip.ledger.rules.hashing import HASH_SIZE, Profile

HEIGHT = 8
WIDTH = 1 << HEIGHT
FULL_TILE = WIDTH * HASH_SIZE
MAX_ENTRY = 65_535
_LAST = re.compile(r"(?:x[0-9]{3}/){0,6}[0-9]{3}(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class TileName:
    """level: 0 to 63, or None for an entry bundle; index in the level; width: 1 to 256."""

    level: int | None
    index: int
    width: int = WIDTH

    def path(self) -> str:
        """Below the prefix of the log: tile/0/x001/234.p/17."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        number = "/".join(["x" + part for part in parts[:-1]] + parts[-1:])
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{'entries' if self.level is None else self.level}/{number}{partial}"

    @classmethod
    def parse(cls, path: str) -> TileName:
        """Read a path; only the one canonical spelling is accepted. Raises Malformed."""
        head, _, rest = path.removeprefix("tile/").partition("/")
        found = _LAST.fullmatch(rest)
        if not (path.startswith("tile/") and found and (head == "entries" or head.isdecimal())):
            raise Malformed("no path of a tile", where=path[:80])
        width = int(found[1]) if found[1] else WIDTH
        number = rest.partition(".p/")[0].replace("x", "").replace("/", "")
        name = cls(None if head == "entries" else int(head[:3]), int(number), width)
        if name.path() != path or (name.level or 0) > 63 or (found[1] and width >= WIDTH):
            raise Malformed("no path of a tile", where=path[:80])
        return name


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes the tile has in a tree of `size` leaves: 0 to 256."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH))


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries behind their big-endian uint16 lengths. Raises TooLarge."""
    return b"".join(_length(entry) + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises Malformed."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or at + 2 > len(data):
            raise Malformed("the entry bundle ends within an entry")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) > WIDTH:
        raise Malformed(f"an entry bundle has at most {WIDTH} entries")
    return entries


def _length(entry: bytes) -> bytes:
    if len(entry) > MAX_ENTRY:
        raise TooLarge(f"an entry has at most {MAX_ENTRY} bytes")
    return len(entry).to_bytes(2, "big")


class Tile:
    """Up to 256 hashes and the complete nodes above them: rows[h][i] covers 2**h hashes."""

    __slots__ = ("profile", "rows")

    def __init__(self, profile: Profile, hashes: bytes = b"") -> None:
        self.profile = profile
        self.rows: list[list[bytes]] = [[] for _ in range(HEIGHT + 1)]
        self.extend(split_hashes(hashes))

    def extend(self, hashes: Sequence[bytes]) -> None:
        """Append hashes; nodes that become complete are computed."""
        self.rows[0].extend(hashes)
        for below, above in pairwise(self.rows):
            above.extend(self.profile.pair_hashes(below, 2 * len(above)))

    def cut(self, width: int) -> None:
        """Forget all hashes behind the first `width`."""
        for height, row in enumerate(self.rows):
            del row[width >> height :]

    @property
    def width(self) -> int:
        return len(self.rows[0])

    def data(self, width: int = WIDTH) -> bytes:
        """The bytes of the tile or of a partial one."""
        return b"".join(self.rows[0][:width])


def split_hashes(data: bytes) -> list[bytes]:
    """The hashes of a tile. Raises Malformed."""
    if len(data) % HASH_SIZE or len(data) > FULL_TILE:
        raise Malformed(f"a tile is at most {WIDTH} hashes of {HASH_SIZE} bytes")
    return [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)]


FullTiles = Callable[[int, int], Tile]
"""(level, index) -> a full tile; raises NotFound if there is none."""


@dataclass(frozen=True, slots=True)
class Grown:
    """What adding leaves did: the size before, and the tiles that became full."""

    before: int
    full: tuple[tuple[int, int, Tile], ...]


class Frontier:
    """The open tiles of a log, one per level, and its size."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.size = 0
        self.open: list[Tile] = [Tile(profile)]

    @classmethod
    def load(
        cls, profile: Profile, size: int, leaf_hashes: Sequence[bytes], full: FullTiles
    ) -> Frontier:
        """Rebuild from the leaf hashes of the open level-0 tile and the roots of full tiles."""
        self = cls(profile)
        self.size = size
        self.open[0].extend(leaf_hashes)
        level = 1
        while size >> (HEIGHT * level):
            tile = Tile(profile)
            count = size >> (HEIGHT * level)
            below = range(count - count % WIDTH, count)
            tile.extend([full(level - 1, index).rows[HEIGHT][0] for index in below])
            self.open.append(tile)
            level += 1
        return self

    def add(self, leaf_hashes: Sequence[bytes]) -> Grown:
        """Append leaves. The tiles that became full are answered, and replaced by empty ones."""
        before, at = self.size, 0
        full: list[tuple[int, int, Tile]] = []
        while at < len(leaf_hashes):
            part = leaf_hashes[at : at + WIDTH - self.open[0].width]
            self.open[0].extend(part)
            at += len(part)
            self.size += len(part)
            self._close_full(full)
        return Grown(before, tuple(full))

    def _close_full(self, full: list[tuple[int, int, Tile]]) -> None:
        """Carry the roots of full tiles upwards, as far as they fill others."""
        level = 0
        while self.open[level].width == WIDTH:
            tile = self.open[level]
            full.append((level, (self.size >> (HEIGHT * (level + 1))) - 1, tile))
            self.open[level] = Tile(self.profile)
            level += 1
            if level == len(self.open):
                self.open.append(Tile(self.profile))
            self.open[level].extend(tile.rows[HEIGHT])

    def undo(self, grown: Grown) -> None:
        """Take back the last `add`."""
        for level, _, tile in reversed(grown.full):
            self.open[level] = tile
        self.size = grown.before
        for level, tile in enumerate(self.open):
            tile.cut((self.size >> (HEIGHT * level)) % WIDTH)

    def node(self, height: int, index: int, full: FullTiles) -> bytes:
        """The hash of a complete subtree: out of an open tile, else out of a full one."""
        level, within = divmod(height, HEIGHT)
        tile_index = index >> (HEIGHT - within)
        if level < len(self.open) and tile_index == self.size >> (HEIGHT * (level + 1)):
            tile = self.open[level]
        else:
            tile = full(level, tile_index)
        try:
            return tile.rows[within][index - (tile_index << (HEIGHT - within))]
        except IndexError as error:
            raise NotFound(f"the log has no node {index} at height {height} yet") from error
