"""Heat maps (热力图): cells computed here, drawn as tables whose text says what the colour says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from openrhip.collect.pages.places import Place
from openrhip.collect.pages.words import DOMAINS, domain_text, named
from openrhip.collect.rules.lines import Coverage, DayCell, Line, TableCell
from openrhip.collect.rules.tables import Catalogue, Owner, Period, Table
from openrhip.collect.service import TableDay
from openrhip.kernel.periods import Month

Cell = tuple[str, str]  # class of colour, text
NOT_DUE: Cell = ("", "·")
NOT_ASKED: Cell = ("none", "")
WEEKEND = 5


@dataclass(frozen=True, slots=True)
class Head:
    """A column: a day, or a unit. note: for what stands out, such as a weekend."""

    text: str
    title: str = ""
    weekend: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its heading. note: a number beside it."""

    text: str
    href: str
    cells: tuple[Cell, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under a heading of their own, which may be empty."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Map:
    """upright: the headings of columns are names, written upright."""

    heads: tuple[Head, ...]
    groups: tuple[Group, ...]
    upright: bool = False

    @property
    def empty(self) -> bool:
        return not any(group.rows for group in self.groups)


def day_heads(month: Month) -> tuple[Head, ...]:
    return tuple(
        Head(str(day.day), day.isoformat(), day.weekday() >= WEEKEND) for day in month.days()
    )


def units_by_day(found: Coverage, place: Place) -> Map:
    """Share of the daily tables that came, by unit and day."""
    return Map(
        heads=day_heads(found.month),
        groups=tuple(
            Group(
                title,
                tuple(
                    Row(
                        line.name,
                        place.home(line.unit, found.month),
                        tuple(_of_day(cell, found.until) for cell in found.days[line.unit]),
                        _share(line),
                    )
                    for line in lines
                ),
            )
            for title, lines in _by_owner(found.lines)
        ),
    )


def units_by_table(found: Coverage, catalogue: Catalogue, owner: Owner) -> Map:
    """Share of the table-days that came, by table and unit of one kind."""
    lines = [line for line in found.lines if line.owner is owner]
    cells = {
        line.unit: {cell.table: cell for cell in found.tables[line.unit] if asked(line, cell)}
        for line in lines
    }
    codes = {code for of_unit in cells.values() for code in of_unit}
    tables = [table for code, table in catalogue.tables.items() if code in codes]
    return Map(
        heads=tuple(Head(line.name) for line in lines),
        groups=tuple(
            Group(
                domain_text(domain),
                tuple(
                    Row(
                        named(table),
                        "",
                        tuple(_of_table(cells[line.unit].get(table.code)) for line in lines),
                        table.code,
                    )
                    for table in of_domain
                ),
            )
            for domain, of_domain in by_domain(tables)
        ),
        upright=True,
    )


def tables_by_day(
    found: Coverage, line: Line, cells: Iterable[TableDay], catalogue: Catalogue, place: Place
) -> Map:
    """What stands for a unit's daily tables, day by day."""
    by_table: dict[str, dict[date, TableDay]] = {}
    for cell in cells:
        by_table.setdefault(cell.table, {})[cell.day] = cell
    wanted = {cell.table: cell for cell in found.tables[line.unit] if asked(line, cell)}
    tables = [
        table
        for code, table in catalogue.tables.items()
        if table.period is Period.DAY and (code in wanted or code in by_table)
    ]
    days = tuple(found.month.days())
    first = found.limits[0] if found.limits else Decimal(1)

    def row(table: Table) -> Row:
        there, about = by_table.get(table.code, {}), wanted.get(table.code)
        judged = about and about.expected and (about.declared or line.declared is None)
        due = found.until if judged else None
        return Row(
            named(table),
            place.batches(unit=line.unit, table=table.code, month=found.month),
            tuple(_of_cell(there.get(day), day, due, first) for day in days),
            f"{about.days}/{about.expected}" if about and judged else "",
        )

    return Map(
        heads=day_heads(found.month),
        groups=tuple(
            Group(domain_text(domain), tuple(row(table) for table in of_domain))
            for domain, of_domain in by_domain(tables)
        ),
    )


def asked(line: Line, cell: TableCell) -> bool:
    """Whether a unit is judged by a table (it declared it, or owes it and never declared any), or
    sent it anyway.
    """
    return bool(cell.declared or cell.days or (line.declared is None and cell.owed))


def by_domain(tables: Iterable[Table]) -> list[tuple[str, list[Table]]]:
    """Tables by domain, in the order the pages show them."""
    found: dict[str, list[Table]] = {}
    for table in sorted(tables, key=lambda one: one.code):
        found.setdefault(table.domain, []).append(table)
    order = {domain: at for at, domain in enumerate(DOMAINS)}
    return sorted(found.items(), key=lambda pair: (order.get(pair[0], len(order)), pair[0]))


SHARES = (("full", "100"), ("most", "90–99"), ("some", "50–89"), ("few", "1–49"), ("zero", "0"))
"""Classes of colour with what they stand for, in per cent."""


def cell_legend() -> tuple[tuple[Cell, str], ...]:
    """What the signs of a unit's own map mean."""
    return (
        (("full", "✓"), _("按时到达")),
        (("most", "+2"), _("晚到的天数")),
        (("some", "!"), _("到达，有隔离的行")),
        (("few", "0"), _("到达，但没有行")),
        (("zero", "✗"), _("只有被拒收的批次")),
        (("zero", "–"), _("应到未到")),
        (NOT_DUE, _("未到期或不要求")),
    )


def share_legend() -> tuple[tuple[Cell, str], ...]:
    """What the numbers of the maps of units mean."""
    texts = {"full": "✓", "most": "95", "some": "70", "few": "20", "zero": "0"}
    said = [((key, texts[key]), f"{span}%") for key, span in SHARES]
    return (*said, (NOT_DUE, _("未到期")), (NOT_ASKED, _("未申明")))


def share_cell(came: int, expected: int) -> Cell:
    """Whole per cent, rounded down; what is not whole is never ✓, what came is never 0."""
    if came >= expected:
        return ("full", "✓")
    if not came:
        return ("zero", "0")
    part = max(1, min(99, came * 100 // expected))
    return ("most" if part >= 90 else "some" if part >= 50 else "few", str(part))


def _of_day(cell: DayCell, until: date) -> Cell:
    if cell.day > until or not cell.expected:
        return NOT_DUE
    return share_cell(cell.tables, cell.expected)


def _of_table(cell: TableCell | None) -> Cell:
    if cell is None:
        return NOT_ASKED
    if not cell.expected:
        return ("full", "✓") if cell.days else NOT_DUE
    return share_cell(cell.days, cell.expected)


def _of_cell(cell: TableDay | None, day: date, due: date | None, limit: Decimal) -> Cell:
    if cell is None or not cell.came:
        if cell is not None and cell.refused:
            return ("zero", "✗")
        return ("zero", "–") if due is not None and day <= due else NOT_DUE
    if cell.quarantined:
        return ("some", "!")
    if not cell.rows:
        return ("few", "0")
    if Decimal(cell.late) > limit * 1440:
        return ("most", f"+{-(-cell.late // 1440)}")
    return ("full", "✓")


def _by_owner(lines: Sequence[Line]) -> list[tuple[str, list[Line]]]:
    found: Mapping[Owner, list[Line]] = {owner: [] for owner in Owner}
    for line in lines:
        found[line.owner].append(line)
    titles = {Owner.DISTRICT: _("区"), Owner.HOSPITAL: _("医院")}
    return [(titles[owner], of_owner) for owner, of_owner in found.items() if of_owner]


def _share(line: Line) -> str:
    return f"{line.actual:,}/{line.expected:,}" if line.expected else ""
