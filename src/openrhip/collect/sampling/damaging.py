"""Planted faults (植入错误): sampled rows are damaged, and exactly what each then breaks is known.

A damage is done only where nothing but its own rules can fall: the columns that it changes are
read by no other rule that the change could break. References are left alone: what is known of
other tables is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Catalogue, Table
from openrhip.collect.sampling.frames import Frame, Spot, frame_of
from openrhip.collect.sampling.spots import spots_of
from openrhip.kernel.errors import Refused


def kinds_of(table: Table, catalogue: Catalogue) -> tuple[str, ...]:
    """The kinds of damage that a table's rows can take."""
    found = {spot.kind: None for spot in spots_of(frame_of(table, catalogue))}
    return (*found, "double-key") if table.key else tuple(found)


def damage(
    table: Table,
    catalogue: Catalogue,
    rows: pa.Table,
    *,
    count: int,
    kinds: Sequence[str] = (),
    seed: int = 1,
    doubles: float = 0.1,
) -> tuple[pa.Table, dict[int, frozenset[str]]]:
    """Damage about `count` rows; which lines (from 1) then break which rules, look-ups apart.

    kinds: as `kinds_of` names them, all of them without any; doubles: the share that gets a
    second fault of another kind. Raises Refused for kinds that the table cannot have.
    """
    frame = frame_of(table, catalogue)
    by_kind = _spots(frame, kinds)
    random = np.random.default_rng([seed, 11])
    lines = random.permutation(rows.num_rows)[: min(count, rows.num_rows)]
    changes: dict[str, dict[int, str | None]] = {}
    expected: dict[int, frozenset[str]] = {}
    names = list(by_kind)
    for at, line in enumerate(lines.tolist()):
        if line + 1 in expected or not names:
            continue
        row = rows.slice(line, 1).to_pylist()[0]
        done: list[Spot] = []
        broken: frozenset[str] = frozenset()
        for turn in range(2 if random.random() < doubles else 1):
            for spot in _offers(by_kind, names, at + turn * 7, random):
                if _apart(frame, spot, done) and (new := spot.change(row)) is not None:
                    broken |= spot.broken(row)
                    row |= new
                    for column, value in new.items():
                        changes.setdefault(column, {})[line] = value
                    done.append(spot)
                    break
        if broken:
            expected[line + 1] = broken
    if not kinds or "double-key" in kinds:
        _double_keys(frame, rows, expected, changes, random, max(1, count // 20))
    return _changed(rows, changes), expected


def _spots(frame: Frame, kinds: Sequence[str]) -> dict[str, list[Spot]]:
    found: dict[str, list[Spot]] = {}
    for spot in spots_of(frame):
        if not kinds or spot.kind in kinds:
            found.setdefault(spot.kind, []).append(spot)
    missing = [kind for kind in kinds if kind not in found and kind != "double-key"]
    if missing:
        raise Refused(f"rows of {frame.table.code} cannot be damaged so: {', '.join(missing)}")
    return found


def _offers(
    by_kind: Mapping[str, list[Spot]], names: Sequence[str], at: int, random: np.random.Generator
) -> Iterator[Spot]:
    """Spots of the kind whose turn it is, then of the others."""
    for step in range(len(names)):
        spots = by_kind[names[(at + step) % len(names)]]
        start = int(random.integers(len(spots)))
        yield from (spots[(start + more) % len(spots)] for more in range(len(spots)))


def _apart(frame: Frame, spot: Spot, done: Sequence[Spot]) -> bool:
    """Whether a further damage neither mends nor changes what the others broke."""
    for other in done:
        if spot.columns & other.columns or spot.rules & other.rules or spot.kind == other.kind:
            return False
        read = {one for column in spot.columns for one in frame.readers.get(column, ())}
        theirs = {one for column in other.columns for one in frame.readers.get(column, ())}
        if read & other.rules or theirs & spot.rules or read & theirs:
            return False
    return True


def _double_keys(
    frame: Frame,
    rows: pa.Table,
    expected: dict[int, frozenset[str]],
    changes: dict[str, dict[int, str | None]],
    random: np.random.Generator,
    count: int,
) -> None:
    """Rows that get the key of an undamaged row: both are at fault."""
    key = frame.table.key
    harmless = {
        Kind.REQUIRED, Kind.FORM, Kind.LENGTH, Kind.PATTERN, Kind.RANGE, Kind.VALUES, Kind.UNIQUE,
        Kind.UNIQUE_STORE, Kind.REFERENCE,
    }  # fmt: skip
    if not key or any(frame.read_by(name) - harmless for name in key):
        return
    rule = frozenset({f"{frame.table.code}.key.unique"})
    free = [line for line in random.permutation(rows.num_rows).tolist() if line + 1 not in expected]
    for first, second in zip(free[: 2 * count : 2], free[1 : 2 * count : 2], strict=False):
        for name in key:
            changes.setdefault(name, {})[second] = rows[name][first].as_py()
        expected[first + 1] = expected[second + 1] = rule


def _changed(rows: pa.Table, changes: Mapping[str, Mapping[int, str | None]]) -> pa.Table:
    for name, values in changes.items():
        mask = np.zeros(rows.num_rows, dtype=bool)
        mask[list(values)] = True
        new = pa.array([values[line] for line in sorted(values)], pa.string())
        old = rows[name].combine_chunks() if rows[name].num_chunks != 1 else rows[name].chunk(0)
        at = rows.column_names.index(name)
        rows = rows.set_column(at, name, pc.replace_with_mask(old, pa.array(mask), new))
    return rows
