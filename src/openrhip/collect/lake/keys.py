"""Which keys a table holds (主键索引): answers 1,650 questions over nine million keys at once.

For each (table, key) a folder of segments, each written once: sorted 128-bit digests of the keys of
some files of the table, with day and withdrawal of each. All of it is derived from the lake: what
files of the table no segment covers is read when somebody asks, what segments hold of files that
left the table is passed over. Segments are mapped, not read, so that memory stays small.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from openrhip.collect.lake.locks import held
from openrhip.collect.lake.reading import files_sql, quoted
from openrhip.kernel import ids
from openrhip.kernel.files import make_folder, write_durably

if TYPE_CHECKING:
    from openrhip.collect.lake.delta import DeltaLake

MAGIC = b"ORHPKEY2"
MOST_SEGMENTS = 8
LARGEST = 16_000_000  # keys of a merged segment
PORTION = 2_000_000  # rows read into one segment
BUCKET = 8  # keys that share the first bits of their digest, on the average
FEW = 4_000  # keys whose digests are made faster here than by asking DuckDB
_FIELDS = (("high", "<u8"), ("low", "<u8"), ("day", "<i4"), ("file", "<u4"))
_WITHDRAWN = np.uint32(1 << 31)
_EPOCH = date(1970, 1, 1)
Array = Any


@dataclass(slots=True)
class Segment:
    """Sorted keys of some files. file: place in `files`, its highest bit says withdrawn."""

    path: Path
    files: tuple[tuple[str, str], ...]  # path in the table, unit
    high: Array
    low: Array
    day: Array
    file: Array
    starts: Array  # where the keys with certain first bits begin
    alive: Array | None = None

    @property
    def size(self) -> int:
        return len(self.high)


class Keys:
    """The indexes of a lake."""

    def __init__(self, folder: Path, lake: DeltaLake) -> None:
        self.folder = folder
        self.lake = lake
        self._held: dict[Path, _Index] = {}
        self._connection: Any = None

    def known(
        self,
        *,
        table: str,
        key: Sequence[str],
        unit: str | None,
        but_day: date | None,
        asked: pa.Table,
    ) -> pa.Table:
        """The rows of `asked` whose key a standing row has: of a unit, not of a day, not withdrawn.

        asked: text columns in the order of the key, written as the lake would cast them to text.
        """
        if not asked.num_rows:
            return asked
        index = self._index(table, tuple(key))
        index.catch_up(self.lake.log(table), self.connection())
        high, low = self._digests(asked)
        found = index.find(high, low, unit=unit, but_day=but_day)
        return asked.filter(pa.array(found))

    def connection(self) -> Any:
        """A small DuckDB of this process, for digests and for reading keys."""
        if self._connection is None:
            self._connection = duckdb.connect(config={"threads": 1, "memory_limit": "512MB"})
        return self._connection

    def _digests(self, asked: pa.Table) -> tuple[Array, Array]:
        if asked.num_rows <= FEW:
            return _few_digests(asked)
        names = [f"k{number}" for number in range(asked.num_columns)]
        questions = asked.rename_columns(names)
        cursor = self.connection().cursor()
        cursor.register("asked", questions)
        rows = cursor.execute(f"SELECT {_digest(names)} FROM asked").fetchnumpy()  # noqa: S608
        cursor.unregister("asked")
        return np.asarray(rows["high"]), np.asarray(rows["low"])

    def _index(self, table: str, key: tuple[str, ...]) -> _Index:
        name = hashlib.sha256("\0".join(key).encode()).hexdigest()[:16]
        folder = self.folder / table / name
        if folder not in self._held:
            self._held[folder] = _Index(folder, key)
        return self._held[folder]


class _Index:
    def __init__(self, folder: Path, key: tuple[str, ...]) -> None:
        self.folder = folder
        self.key = key
        self.segments: dict[str, Segment] = {}
        self._version = -1

    def catch_up(self, log: Any, connection: Any) -> None:
        """Cover every file of the table; know which covered files still stand."""
        version = log.version
        if version == self._version and all(one.path.exists() for one in self.segments.values()):
            return
        self._load()
        standing = log.files()
        missing = self._uncovered(standing)
        if missing:
            with held(self.folder / ".lock"):
                self._load()
                for portion in _portions(self._uncovered(standing)):
                    self._write(*_read(log.folder, portion, self.key, connection))
                self._load()
                if len(self.segments) > MOST_SEGMENTS:
                    self._merge(set(standing["path"].to_pylist()))
                    self._load()
        paths = set(standing["path"].to_pylist())
        for segment in self.segments.values():
            segment.alive = np.fromiter(
                (path in paths for path, _ in segment.files), bool, len(segment.files)
            )
        self._version = version

    def find(self, high: Array, low: Array, *, unit: str | None, but_day: date | None) -> Array:
        """For each asked key whether a row has it that counts."""
        last = np.full(len(high), -(1 << 30), np.int64)  # day of the newest row
        gone = np.full(len(high), -(1 << 30), np.int64)  # day of the newest withdrawal
        for segment in self.segments.values():
            asked, at = _matches(segment, high, low)
            if not len(at):
                continue
            marks = segment.file[at]
            files = marks & ~_WITHDRAWN
            counts = _alive(segment)[files]
            if unit is not None:
                of_unit = np.fromiter(
                    (owner == unit for _, owner in segment.files), bool, len(segment.files)
                )
                counts &= of_unit[files]
            days = segment.day[at].astype(np.int64)
            if but_day is not None:
                counts &= days != (but_day - _EPOCH).days
            withdrawn = (marks & _WITHDRAWN) != 0
            stands, leaves = counts & ~withdrawn, counts & withdrawn
            np.maximum.at(last, asked[stands], days[stands])
            np.maximum.at(gone, asked[leaves], days[leaves])
        return last > gone

    def _uncovered(self, standing: pa.Table) -> list[tuple[str, str, int]]:
        covered = {path for segment in self.segments.values() for path, _ in segment.files}
        rows = zip(
            standing["path"].to_pylist(),
            standing["unit"].to_pylist(),
            standing["rows"].to_pylist(),
            strict=True,
        )
        return [row for row in rows if row[0] not in covered]

    def _load(self) -> None:
        names = set(_names(self.folder))
        self.segments = {name: one for name, one in self.segments.items() if name in names}
        for name in sorted(names - set(self.segments)):
            try:
                self.segments[name] = _open(self.folder / name)
            except FileNotFoundError:
                continue  # merged into another by somebody else a moment ago
            except (ValueError, KeyError, OSError):
                (self.folder / name).unlink(missing_ok=True)  # damaged: read from the lake again

    def _write(self, files: Sequence[tuple[str, str]], columns: dict[str, Array]) -> None:
        make_folder(self.folder)
        head = json.dumps({"files": files, "rows": len(columns["high"])}).encode()
        head += b" " * (-(len(head) + 16) % 8)
        parts = [MAGIC, len(head).to_bytes(8, "little"), head]
        parts += [columns[name].astype(kind).tobytes() for name, kind in _FIELDS]
        parts.append(_starts(columns["high"]).tobytes())
        write_durably(self.folder / f"{ids.new_id()}.keys", b"".join(parts))

    def _merge(self, standing: set[str]) -> None:
        """The smaller segments become one, without what no longer stands."""
        chosen: list[Segment] = []
        for segment in sorted(self.segments.values(), key=lambda one: one.size):
            total = sum(one.size for one in chosen)
            if len(chosen) >= 2 and (segment.size > 4 * total or total > LARGEST):
                break
            chosen.append(segment)
        files: list[tuple[str, str]] = []
        columns: dict[str, list[Array]] = {name: [] for name, _ in _FIELDS}
        for segment in chosen:
            places = np.zeros(len(segment.files), np.uint32)
            keep = np.zeros(len(segment.files), bool)
            for number, (path, unit) in enumerate(segment.files):
                if path in standing:
                    places[number], keep[number] = len(files), True
                    files.append((path, unit))
            marks = np.asarray(segment.file)
            old = marks & ~_WITHDRAWN
            stay = keep[old]
            columns["file"].append((places[old] | (marks & _WITHDRAWN))[stay])
            for name in ("high", "low", "day"):
                columns[name].append(np.asarray(getattr(segment, name))[stay])
        self._write(files, _sorted({name: np.concatenate(part) for name, part in columns.items()}))
        for segment in chosen:
            segment.path.unlink(missing_ok=True)


def _read(
    folder: Path, files: Sequence[tuple[str, str, int]], key: Sequence[str], connection: Any
) -> tuple[list[tuple[str, str]], dict[str, Array]]:
    """Digests of the keys in some files of the table."""
    own = [(path, unit) for path, unit, _ in files]
    full = [str(folder / path) for path, _, rows in files if rows]
    if not full:
        return own, {name: np.zeros(0, kind) for name, kind in _FIELDS}
    places = pa.table(
        {
            "path": [str(folder / path) for path, _ in own],
            "place": pa.array(range(len(own)), pa.uint32()),
        }
    )
    cursor = connection.cursor()
    cursor.register("places", places)
    source = files_sql(map(Path, full)).removesuffix(")") + ", filename = true)"
    rows = cursor.execute(
        f"SELECT {_digest([f'r.{quoted(name)}' for name in key])}, "  # noqa: S608 - own names
        "CAST(r._day - DATE '1970-01-01' AS INTEGER) AS day, "
        "p.place | (CASE WHEN r.amend_flag = '3' THEN 2147483648 ELSE 0 END)::UINTEGER AS file "
        f"FROM {source} AS r JOIN places AS p ON p.path = r.filename"
    ).fetchnumpy()
    cursor.unregister("places")
    return own, _sorted({name: np.asarray(rows[name]) for name, _ in _FIELDS})


def _digest(names: Iterable[str]) -> str:
    """128 bits of a key, as two columns."""
    joined = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in names)
    key = f"concat_ws(chr(31), {joined})"
    return f"md5_number_upper({key}) AS high, md5_number_lower({key}) AS low"


def _sorted(columns: dict[str, Array]) -> dict[str, Array]:
    order = np.argsort(columns["high"], kind="stable")
    return {name: column[order] for name, column in columns.items()}


def _portions(
    files: Sequence[tuple[str, str, int]],
) -> Iterator[list[tuple[str, str, int]]]:
    portion: list[tuple[str, str, int]] = []
    rows = 0
    for file in files:
        if portion and rows + file[2] > PORTION:
            yield portion
            portion, rows = [], 0
        portion.append(file)
        rows += file[2]
    if portion:
        yield portion


def _matches(segment: Segment, high: Array, low: Array) -> tuple[Array, Array]:
    """Pairs of (place of the asked key, place in the segment) with the same digest."""
    # Digests are spread evenly: a table of their first bits leads to a few keys at once, where a
    # search by halves would wait for memory twenty times.
    buckets = (high >> _shift(segment.size)).astype(np.int64)
    first = segment.starts[buckets].astype(np.int64)
    many = segment.starts[buckets + 1].astype(np.int64) - first
    asked = np.repeat(np.arange(len(high)), many)
    at = np.arange(len(asked)) + np.repeat(first - (np.cumsum(many) - many), many)
    same = segment.high[at] == high[asked]
    asked, at = asked[same], at[same]
    same = segment.low[at] == low[asked]
    return asked[same], at[same]


def _bits(rows: int) -> int:
    return max(1, (rows // BUCKET).bit_length())


def _shift(rows: int) -> np.uint64:
    return np.uint64(64 - _bits(rows))


def _starts(high: Array) -> Array:
    """For each beginning of a digest, and for the end, where its keys start."""
    counts = np.bincount(
        (high >> _shift(len(high))).astype(np.int64), minlength=1 << _bits(len(high))
    )
    return np.concatenate([[0], np.cumsum(counts)]).astype("<u4")


def _few_digests(asked: pa.Table) -> tuple[Array, Array]:
    """The digests that DuckDB makes."""
    columns = [column.to_pylist() for column in asked.columns]
    digests = [
        hashlib.md5(
            "\x1f".join(part or "" for part in key).encode(), usedforsecurity=False
        ).digest()
        for key in zip(*columns, strict=True)
    ]
    both = np.frombuffer(b"".join(digests), "<u8").reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def _alive(segment: Segment) -> Array:
    return segment.alive if segment.alive is not None else np.ones(len(segment.files), bool)


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir() if path.suffix == ".keys"]
    except FileNotFoundError:
        return []


def _open(path: Path) -> Segment:
    with path.open("rb") as file:
        if file.read(8) != MAGIC:
            raise ValueError("a segment of another kind")
        size = int.from_bytes(file.read(8), "little")
        head = json.loads(file.read(size))
    arrays, at, rows = {}, 16 + size, head["rows"]
    for name, kind, count in (
        *((name, kind, rows) for name, kind in _FIELDS),
        ("starts", "<u4", (1 << _bits(rows)) + 1),
    ):
        mapped = np.memmap(path, kind, "r", at, (count,)) if count else np.zeros(0, kind)
        arrays[name] = np.asarray(mapped).view(np.ndarray)
        at += count * np.dtype(kind).itemsize
    return Segment(path, tuple((path_, unit) for path_, unit in head["files"]), **arrays)
