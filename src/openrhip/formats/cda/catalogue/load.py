"""From the tables of this package to the catalogue; a table is read when it is first asked for.

tables/C00NN.tsv: one row for each fact of the header (level h), section (level 0) and slot (level
1 and deeper, below the row above). tables/sets.tsv: value sets. tables/english.tsv: English names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise

from openrhip.formats.cda.catalogue.spec import (
    DocumentSpec,
    HeaderItem,
    SectionSpec,
    Slot,
    ValueSet,
)
from openrhip.formats.cda.kinds import Kind

_Row = list[str]


def _rows(name: str) -> Iterator[_Row]:
    text = (files(__name__.rpartition(".")[0]) / "tables" / name).read_text("utf-8")
    lines = text.splitlines()
    for line in lines[1:]:
        yield line.split("\t")


@cache
def value_sets() -> Mapping[str, ValueSet]:
    """Every value set by its id (GB/T 2261.1, CV05.10.024, the data element for its own tables)."""
    found = {}
    for name, oid, title, kind, shape, codes, also in _rows("sets.tsv"):
        table = dict(pair.split("=", 1) for pair in codes.split(";") if pair)
        pattern = re.compile(shape) if shape else None
        others = frozenset(one for one in also.split(";") if one)
        found[name] = ValueSet(name, oid, title, kind == "closed", pattern, table, others)
    return found


@cache
def english() -> Mapping[str, str]:
    """Data element, section, number or role → its English name."""
    return dict(_rows("english.tsv"))


@cache
def of(kind: Kind) -> DocumentSpec:
    """The catalogue of a kind; one without sections for what WS/T 500 does not describe."""
    if not kind.code.startswith("C0"):
        return DocumentSpec(kind, (), ())
    rows = list(_rows(f"{kind.code}.tsv"))
    header = tuple(
        HeaderItem(row[1], row[2], row[4], row[5], row[6], row[8].startswith("1"))
        for row in rows
        if row[0] == "h"
    )
    body = [row for row in rows if row[0] != "h"]
    starts = [at for at, row in enumerate(body) if row[0] == "0"]
    blocks = [body[a:b] for a, b in pairwise([*starts, len(body)])]
    counts = Counter(block[0][2] or block[0][4] for block in blocks)
    entries = [(_base(row), row) for block in blocks for row in block if row[0] == "1"]
    keys = _keys(entries)
    at = 0
    sections: list[SectionSpec] = []
    for block in blocks:
        head = block[0]
        tops = _children(block, 1)
        slots = []
        for row, below in tops:
            slots.append(_slot(row, below, 2, keys[at]))
            at += 1
        key = head[2] or head[4]
        if counts[key] > 1:
            key = f"{key}/{head[4]}#{len(sections)}"
        required = head[8].startswith("1")
        sections.append(SectionSpec(key, head[2], head[4], head[5], required, tuple(slots)))
    return DocumentSpec(kind, header, tuple(sections))


def _base(row: _Row) -> str:
    """What names a slot before it has to be told from others: data element, role or name."""
    if row[1] in {"performer", "author", "participant"}:
        return row[3] or row[4]
    return row[2] or row[4]


def _keys(named: list[tuple[str, _Row]]) -> list[str]:
    """Keys that differ among themselves: DE…, DE…/name, DE…/name#2."""
    counts = Counter(base for base, _ in named)
    keys = [base if counts[base] == 1 else f"{base}/{row[4] or row[3]}" for base, row in named]
    seen: Counter[str] = Counter()
    final = []
    for key in keys:
        seen[key] += 1
        final.append(key if seen[key] == 1 else f"{key}#{seen[key]}")
    return final


def _children(block: list[_Row], level: int) -> Iterator[tuple[_Row, list[_Row]]]:
    """Rows at a level, each with the rows below it."""
    tops = [at for at, row in enumerate(block) if row[0] == str(level)]
    for a, b in pairwise([*tops, len(block)]):
        yield block[a], block[a + 1 : b]


def _slot(row: _Row, below: list[_Row], level: int, key: str) -> Slot:
    inner = list(_children(below, level))
    keys = _keys([(_base(one), one) for one, _ in inner])
    return Slot(
        place=row[1],
        key=key,
        element=row[2],
        role=row[3],
        name=row[4],
        kind=row[5],
        set_id=row[6],
        unit=row[7],
        required=row[8].startswith("1"),
        repeats=row[8].endswith("*"),
        longest=int(row[9] or 0),
        parts=tuple(
            _slot(one, rest, level + 1, name) for (one, rest), name in zip(inner, keys, strict=True)
        ),
    )
