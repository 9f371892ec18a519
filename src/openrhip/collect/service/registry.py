"""Units (接入单位) and the tables they declared to send (申明上传表)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from openrhip.collect import models
from openrhip.collect.rules.states import DEFAULT_TOLERANCE, Unit
from openrhip.collect.rules.tables import Owner
from openrhip.collect.service import doors
from openrhip.directory import service as directory
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed, NotFound


def register_unit(
    *,
    code: str,
    owner: Owner | str,
    tolerance: Decimal | str = DEFAULT_TOLERANCE,
    active: bool = True,
) -> Unit:
    """Register or change a unit; its institution is in the directory already. Idempotent.

    tolerance: share of a batch's rows that may be at fault, 0 to 1. Raises NotFound, Malformed.
    """
    share = Decimal(tolerance)
    if not 0 <= share <= 1:
        raise Malformed("a tolerance lies between 0 and 1", where="tolerance")
    found = directory.institution(code)
    if found.code != code:
        raise NotFound("no institution of this code", where=code)
    given = {"owner": Owner(owner).value, "tolerance": share, "active": active}
    with writing():
        models.Unit.objects.update_or_create(
            code=code,
            defaults=given,
            create_defaults={**given, "registered_at": clock.now()},
        )
    return unit(code)


def unit(code: str) -> Unit:
    """Raises NotFound."""
    row = models.Unit.objects.filter(code=code).first()
    if row is None:
        raise NotFound("no unit of this code sends here", where=code)
    return _view(row, directory.institution(code).name)


def units(*, owner: Owner | None = None) -> tuple[Unit, ...]:
    """All units, by code."""
    names = {one.code: one.name for one in directory.institutions()}
    rows = models.Unit.objects.order_by("code")
    if owner is not None:
        rows = rows.filter(owner=owner.value)
    return tuple(_view(row, names.get(row.code, row.code)) for row in rows)


def declare(*, unit: str, tables: Iterable[str], by: str) -> tuple[str, ...]:
    """These are the tables that the unit sends from now on; others are ended. Answers them all.

    Raises NotFound for a unit or a table that is not there.
    """
    known, wanted = doors.catalogue().tables, set(tables)
    for code in sorted(wanted):
        if code not in known:
            raise NotFound("no such table in the catalogue", where=code)
    if not models.Unit.objects.filter(code=unit).exists():
        raise NotFound("no unit of this code sends here", where=unit)
    now = clock.now()
    with writing():
        standing = models.Declaration.objects.filter(unit_id=unit, until__isnull=True)
        before = set(standing.values_list("table", flat=True))
        standing.exclude(table__in=wanted).update(until=now)
        models.Declaration.objects.bulk_create(
            models.Declaration(unit_id=unit, table=code, since=now, by=by)
            for code in sorted(wanted - before)
        )
    return tuple(sorted(wanted))


def declared(unit: str) -> tuple[str, ...]:
    """The tables that a unit declared, by code."""
    return tuple(
        models.Declaration.objects.filter(unit_id=unit, until__isnull=True)
        .order_by("table")
        .values_list("table", flat=True)
    )


def _view(row: models.Unit, name: str) -> Unit:
    return Unit(row.code, name, Owner(row.owner), Decimal(row.tolerance), row.active)
