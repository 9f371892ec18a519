"""Which batches come next (排队): tables that others refer to first, each table by one process."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.db.models import Count, Min, Q, QuerySet

from openrhip.collect import models
from openrhip.collect.rules.states import OPEN
from openrhip.collect.rules.tables import Catalogue
from openrhip.collect.service import doors
from openrhip.kernel import clock

MOST_GATHERED = 40
MOST_ROWS = 250_000
PATIENCE = timedelta(minutes=10)
"""So long a batch waits for one of its unit that it may refer to."""
FAIRNESS = timedelta(minutes=2)
_OPEN = [state.value for state in OPEN]
_known_depths: dict[str, dict[str, int]] = {}


def turn_of(table: str) -> Path:
    """The lock of a table: whoever holds it alone checks and loads its batches."""
    return doors.folder("locks") / table


def tables_due() -> list[str]:
    """Tables with batches that may be taken up, those that others refer to first."""
    depth = depths(doors.catalogue())
    found = (
        _due()
        .values_list("table")
        .annotate(first=Min("sequence"), many=Count("sequence"), oldest=Min("received_at"))
    )
    long_ago = clock.now() - FAIRNESS

    def turn(row: tuple[str, int, int, datetime]) -> tuple[bool, int, int, int]:
        # The more batches go in together, the less each costs; but none waits for ever.
        table, first, many, oldest = row
        return oldest > long_ago, depth.get(table, 0), -many, first

    return [row[0] for row in sorted(found, key=turn)]


def group(table: str, *, most: int) -> list[models.Batch]:
    """The next batches of a table, in order, at most one of a unit and day, of bounded size."""
    catalogue = doors.catalogue()
    waited_for = _waited_for(table, catalogue)
    chosen: list[models.Batch] = []
    cells: set[tuple[str, object]] = set()
    rows = 0
    for row in _due().filter(table=table).order_by("sequence").select_related("unit")[: 4 * most]:
        cell = (row.unit_id, row.day)
        if cell in cells or row.unit_id in waited_for:
            cells.add(cell)
            continue
        if len(chosen) == most or (chosen and rows + row.rows_declared > MOST_ROWS):
            break
        cells.add(cell)
        chosen.append(row)
        rows += row.rows_declared
    return chosen


def until(row: models.Batch) -> list[models.Batch]:
    """This batch and the open ones of its unit, table and day that came before it."""
    rows = models.Batch.objects.filter(
        unit_id=row.unit_id,
        table=row.table,
        day=row.day,
        sequence__lte=row.sequence,
        state__in=_OPEN,
    )
    return list(rows.order_by("sequence").select_related("unit"))


def _depths(references: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, int]:
    """How many tables stand below one another by reference; circles are cut where they close."""
    below = dict(references)
    found: dict[str, int] = {}

    def depth(table: str, path: tuple[str, ...]) -> int:
        if table in found or table in path or table not in below:
            return found.get(table, 0)
        own = [depth(other, (*path, table)) + 1 for other in below[table] if other != table]
        found[table] = max(own, default=0)
        return found[table]

    for table in below:
        depth(table, ())
    return found


def depths(catalogue: Catalogue) -> dict[str, int]:
    """0 for tables that refer to none."""
    if catalogue.digest and catalogue.digest in _known_depths:
        return _known_depths[catalogue.digest]
    references = tuple(
        (code, tuple(sorted({reference.table for reference in table.references})))
        for code, table in sorted(catalogue.tables.items())
    )
    found = _depths(references)
    _known_depths.clear()
    _known_depths[catalogue.digest] = found
    return found


def _due() -> QuerySet[models.Batch]:
    now = clock.now()
    ready = Q(wait_until__isnull=True) | Q(wait_until__lte=now)
    return models.open_batches().filter(ready)


def _waited_for(table: str, catalogue: Catalogue) -> set[str]:
    """Units of which a table that this one refers to is still on its way in."""
    if table not in catalogue.tables:
        return set()
    depth = depths(catalogue)
    below = [
        reference.table
        for reference in catalogue.tables[table].references
        if depth.get(reference.table, 0) < depth.get(table, 0)
    ]
    if not below:
        return set()
    recent = clock.now() - PATIENCE
    rows = _due().filter(table__in=below, received_at__gte=recent)
    return set(rows.values_list("unit_id", flat=True))
