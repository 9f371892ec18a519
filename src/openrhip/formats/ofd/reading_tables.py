"""Tables as rows of cells (表格提取): by the lines that rule them, or by their columns.

A table with lines around its cells (网格) is read by the lines: cells over several columns or rows
come out at their first place, the others are empty. One with lines between rows, or at its head and
ends alone (三线表), is read by the white between its columns. A table that goes on on the next page
with its head repeated is one table.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from openrhip.formats.ofd.package import Box, Package, open_package
from openrhip.formats.ofd.reading_lines import Fragment, around, fragments, joined, ordered
from openrhip.formats.ofd.render.geometry import Matrix, apply
from openrhip.formats.ofd.render.scene import Leaf, PathItem, Scene

_NEAR = 0.4  # mm: lines nearer than this are one
_SHORTEST = 1.0
_THIN = 0.8
_MOST = 4_000  # lines of one page
_SLOTS = 20_000
_TABLES = 100  # of one page
_GAP = 0.9  # mm of white between columns
_WIDE = "\u2e80"


@dataclass(frozen=True, slots=True)
class TableText:
    """A table: page where it begins (from 0), its box there in mm, rows of equal length."""

    page: int
    box: Box
    rows: tuple[tuple[str, ...], ...]
    edges: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class _Rule:
    """A line: at which height (or across), from where to where."""

    at: float
    start: float
    end: float


def tables(data: bytes | Package, pages: Iterable[int] | None = None) -> list[TableText]:
    """The tables of the document in order. Raises Malformed, NotFound, TooLarge."""
    package = data if isinstance(data, Package) else open_package(data)
    scene = Scene.of(package)
    found: list[TableText] = []
    last = -1
    for page in range(len(package.pages)) if pages is None else pages:
        for number, table in enumerate(_on_page(page, scene.page(page))):
            if number == 0 and found and last == page - 1 and _goes_on(found[-1], table):
                found[-1] = replace(found[-1], rows=found[-1].rows + table.rows[1:])
            else:
                found.append(table)
            last = page
    return found


def _goes_on(before: TableText, after: TableText) -> bool:
    return (
        before.rows[0] == after.rows[0]
        and len(before.edges) == len(after.edges)
        and all(abs(a - b) < 1 for a, b in zip(before.edges, after.edges, strict=True))
    )


def _on_page(page: int, items: Sequence[Leaf]) -> list[TableText]:
    level, upright = _rules(items)
    if len(level) + len(upright) > _MOST:
        return []
    parts = fragments(items)
    found: list[TableText] = []
    left: list[_Rule] = []
    for rows, columns in _groups(level, upright):
        if len(found) >= _TABLES:
            break
        made = _grid(page, rows, columns, parts) if len(columns) > 1 else None
        if made is None:
            left.extend(rows)
            continue
        found.append(made)
        parts = [part for part in parts if not _inside(part, made.box)]
    for rows in islice(_stacks(left), _TABLES):
        made = _listed(page, rows, parts)
        if made is not None:
            found.append(made)
            parts = [part for part in parts if not _inside(part, made.box)]
    return sorted(found, key=lambda table: table.box[1])


def _rules(items: Iterable[Leaf]) -> tuple[list[_Rule], list[_Rule]]:
    """Level and upright lines of a page, each kind merged where they lie on one another."""
    level: list[_Rule] = []
    upright: list[_Rule] = []
    for item in items:
        if not isinstance(item, PathItem) or item.behind:
            continue
        if item.stroke is None:
            x, y, wide, tall = _reach(item)
            if tall < _THIN <= wide:
                level.append(_Rule(y + tall / 2, x, x + wide))
            elif wide < _THIN <= tall:
                upright.append(_Rule(x + wide / 2, y, y + tall))
            continue
        for (x1, y1), (x2, y2) in _strokes(item):
            if abs(y1 - y2) < 0.05 and abs(x1 - x2) > _SHORTEST:
                level.append(_Rule((y1 + y2) / 2, min(x1, x2), max(x1, x2)))
            elif abs(x1 - x2) < 0.05 and abs(y1 - y2) > _SHORTEST:
                upright.append(_Rule((x1 + x2) / 2, min(y1, y2), max(y1, y2)))
        if len(level) + len(upright) > _MOST:
            break
    return _merged(level), _merged(upright)


Point = tuple[float, float]


def _strokes(item: PathItem) -> Iterator[tuple[Point, Point]]:
    start = now = (0.0, 0.0)
    for verb, numbers in item.segments:
        point = start if verb == "C" else _at(item.matrix, numbers)
        if verb in "LC":
            yield now, point
        elif verb == "M":
            start = point
        now = point


def _at(matrix: Matrix, numbers: Sequence[float]) -> Point:
    return apply(matrix, numbers[-2], numbers[-1])


def _reach(item: PathItem) -> Box:
    points = [_at(item.matrix, numbers) for verb, numbers in item.segments if verb in "ML"]
    return around([(x, y, 0.0, 0.0) for x, y in points])


def _merged(rules: list[_Rule]) -> list[_Rule]:
    """Pieces of one line as one."""
    found: list[_Rule] = []
    heights: list[float] = []
    for rule in sorted(rules, key=lambda rule: rule.at):  # one height for what lies together
        near = heights and rule.at - heights[-1] < _NEAR
        heights.append(heights[-1] if near else rule.at)
    lined = zip(sorted(rules, key=lambda rule: rule.at), heights, strict=True)
    for rule in sorted((replace(r, at=at) for r, at in lined), key=lambda r: (r.at, r.start)):
        last = found[-1] if found else None
        if last is not None and last.at == rule.at and rule.start <= last.end + _NEAR:
            found[-1] = replace(last, end=max(last.end, rule.end))
        else:
            found.append(rule)
    return found


def _groups(level: list[_Rule], upright: list[_Rule]) -> Iterator[tuple[list[_Rule], list[_Rule]]]:
    """Lines that hang together: level ones and the upright ones that meet them."""
    parent = list(range(len(level) + len(upright)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    heights = [rule.at for rule in level]
    for number, rule in enumerate(upright):
        for at in range(bisect_right(heights, rule.start - _NEAR), len(level)):
            other = level[at]
            if other.at > rule.end + _NEAR:
                break
            if other.start - _NEAR <= rule.at <= other.end + _NEAR:
                parent[root(at)] = root(len(level) + number)
    groups: dict[int, tuple[list[_Rule], list[_Rule]]] = {}
    for at in range(len(parent)):
        rows, columns = groups.setdefault(root(at), ([], []))
        if at < len(level):
            rows.append(level[at])
        else:
            columns.append(upright[at - len(level)])
    yield from groups.values()


def _grid(
    page: int, level: list[_Rule], upright: list[_Rule], parts: Sequence[Fragment]
) -> TableText | None:
    ys, xs = sorted({rule.at for rule in level}), sorted({rule.at for rule in upright})
    down, across = len(ys) - 1, len(xs) - 1
    if down < 1 or across < 1 or down * across < 2 or down * across > _SLOTS:
        return None
    owner = _cells(ys, xs, level, upright)
    texts: dict[int, list[Fragment]] = {}
    for part in parts:
        row, column = bisect_right(ys, part.middle) - 1, bisect_right(xs, _middle(part)) - 1
        if 0 <= row < down and 0 <= column < across:
            texts.setdefault(owner[row * across + column], []).append(part)
    if len(texts) < 2:
        return None
    rows = tuple(
        tuple(_said(texts.get(row * across + column, ())) for column in range(across))
        for row in range(down)
    )
    return TableText(page, (xs[0], ys[0], xs[-1] - xs[0], ys[-1] - ys[0]), rows, tuple(xs))


def _cells(ys: list[float], xs: list[float], level: list[_Rule], upright: list[_Rule]) -> list[int]:
    """For each slot the first slot of its cell: where no line stands between, it is one cell."""
    across = len(xs) - 1
    owner = list(range((len(ys) - 1) * across))
    by_height = _by_place(level)
    by_edge = _by_place(upright)
    for row, (top, bottom) in enumerate(pairwise(ys)):
        for column, (start, end) in enumerate(pairwise(xs)):
            at = row * across + column
            if column and not _stands(by_edge.get(start, ()), (top + bottom) / 2):
                _join(owner, at, at - 1)
            if row and not _stands(by_height.get(top, ()), (start + end) / 2):
                _join(owner, at, at - across)
    return [_first(owner, at) for at in range(len(owner))]


def _by_place(rules: Sequence[_Rule]) -> dict[float, list[_Rule]]:
    found: dict[float, list[_Rule]] = {}
    for rule in rules:
        found.setdefault(rule.at, []).append(rule)
    return found


def _stands(rules: Iterable[_Rule], at: float) -> bool:
    return any(rule.start <= at <= rule.end for rule in rules)


def _first(owner: list[int], at: int) -> int:
    while owner[at] != at:
        at = owner[at]
    return at


def _join(owner: list[int], one: int, other: int) -> None:
    one, other = _first(owner, one), _first(owner, other)
    owner[max(one, other)] = min(one, other)


def _stacks(level: list[_Rule]) -> Iterator[list[_Rule]]:
    """Level lines of one width below each other, three at least."""
    groups: dict[tuple[int, int], list[_Rule]] = {}
    for rule in level:
        groups.setdefault((round(rule.start), round(rule.end)), []).append(rule)
    for rules in groups.values():
        if len(rules) >= 3:
            yield sorted(rules, key=lambda rule: rule.at)


def _listed(page: int, rules: list[_Rule], parts: Sequence[Fragment]) -> TableText | None:
    """A table whose columns only white parts."""
    while len(rules) > 3 and _above(rules, parts):
        rules = rules[1:]
    top, bottom = rules[0].at, rules[-1].at
    left, right = rules[0].start, rules[0].end
    box = (left, top, right - left, bottom - top)
    mine = [part for part in parts if _inside(part, box)]
    edges = _columns(mine, left)
    if len(edges) < 2:
        return None
    rows: list[tuple[str, ...]] = []
    ruled = len(rules) > 3
    for above, below in pairwise(rules):
        band = [part for part in mine if above.at < part.middle < below.at]
        for group in [band] if ruled else _split(band):
            cells: list[list[Fragment]] = [[] for _ in edges]
            for part in group:
                cells[max(bisect_right(edges, part.box[0] + 0.01) - 1, 0)].append(part)
            if group:
                rows.append(tuple(_said(cell) for cell in cells))
    if len(rows) < 2:
        return None
    kept, edges = _together(rows, edges)
    return TableText(page, box, kept, (*edges, right)) if len(edges) > 1 else None


def _above(rules: list[_Rule], parts: Sequence[Fragment]) -> bool:
    """Whether the first line is no table's but a header's, with a heading or text below it."""
    first = rules[0]
    box = (first.start, first.at, first.end - first.start, rules[1].at - first.at)
    band = [part for part in parts if _inside(part, box)]
    if len(_columns(band, first.start)) > 1:
        return False
    lines = len({round(part.bottom) for part in band})
    return lines != 1 or band[0].box[0] - first.start < _NEAR


def _together(
    rows: Sequence[tuple[str, ...]], edges: list[float]
) -> tuple[tuple[tuple[str, ...], ...], list[float]]:
    """Neighbours of which no row fills both are one column: a head in the middle over figures."""
    columns = list(zip(*rows, strict=True))
    made, starts = [columns[0]], [edges[0]]
    for column, edge in zip(columns[1:], edges[1:], strict=True):
        if any(one and other for one, other in zip(made[-1], column, strict=True)):
            made.append(column)
            starts.append(edge)
        else:
            made[-1] = tuple(one or other for one, other in zip(made[-1], column, strict=True))
    return tuple(zip(*made, strict=True)), starts


def _columns(parts: Sequence[Fragment], left: float) -> list[float]:
    """Where columns begin: after white from the top to the bottom."""
    edges: list[float] = []
    reach = float("-inf")
    for part in sorted(parts, key=lambda part: part.box[0]):
        if part.box[0] - reach > _GAP:
            edges.append(part.box[0] if edges else min(left, part.box[0]))
        reach = max(reach, part.right)
    return edges


def _split(parts: Sequence[Fragment]) -> list[list[Fragment]]:
    """Rows between two lines: white between rows is larger than between lines of a cell."""
    heights = sorted({round(part.bottom, 1) for part in parts})
    lines: list[float] = []
    for height in heights:
        if not lines or height - lines[-1] > 1:
            lines.append(height)
    gaps = [after - before for before, after in pairwise(lines)]
    if not gaps:
        return [list(parts)]
    least, most = min(gaps), max(gaps)
    limit = (least + most) / 2 if most > least * 1.15 else 0.0
    starts = [lines[0]]
    starts += [after for (_, after), gap in zip(pairwise(lines), gaps, strict=True) if gap > limit]
    rows: list[list[Fragment]] = [[] for _ in starts]
    for part in parts:
        rows[max(bisect_right(starts, part.bottom + 0.6) - 1, 0)].append(part)
    return rows


def _middle(part: Fragment) -> float:
    return part.box[0] + part.box[2] / 2


def _inside(part: Fragment, box: Box) -> bool:
    x, y, wide, tall = box
    return x <= _middle(part) <= x + wide and y <= part.middle <= y + tall


def _said(parts: Sequence[Fragment]) -> str:
    """A cell's text: lines that were broken to fit are one again, others stay apart."""
    rows = ordered(parts)
    full = max((part.right for part in parts), default=0.0)
    text = ""
    for at, row in enumerate(rows):
        line = joined(0, row).text.strip()
        if at:
            last = rows[at - 1]
            size = last[-1].size
            apart = row[0].bottom - last[0].bottom > 2 * size
            if apart or last[-1].right < full - 1.5 * size:
                text += "\n"
            elif text[-1:] < _WIDE and line[:1] < _WIDE:
                text += " "
        text += line
    return text


__all__ = ["TableText", "tables"]
