"""Showing an answer and taking it away (结果与导出)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F

from openrhip.collect import models
from openrhip.collect.asking import running
from openrhip.collect.rules import sheets
from openrhip.collect.rules.answers import Mask
from openrhip.collect.rules.questions import Column, Right, Run, State
from openrhip.collect.service import asking, asking_entries, asking_settings
from openrhip.directory.service import Actor
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotFound


def rows(run: Run, *, by: Actor, first: int = 0, most: int | None = None) -> list[list[str | None]]:
    """Rows of an answer of one's own, as text. Raises NotFound, also once they are cleared."""
    row = _answered(run.id, by)
    found = running.rows(asking.folder_of(row.id), first=first, most=most)
    keep = len(row.columns)
    return [one[:keep] for one in found]


def export(run: Run, *, by: Actor, headings: dict[str, str] | None = None) -> Iterator[str]:
    """The answer as CSV, masked as the role asks, in pieces; entered in the ledger before.

    Raises NotFound, Unavailable.
    """
    row = _answered(run.id, by)
    whole = Right.SMALL in asking.rights_of(by) or not row.told.get("tables")
    asking_entries.enter_export(row, by, masked=not whole)
    with writing():
        models.QueryRun.objects.filter(pk=row.pk).update(exports=F("exports") + 1)
    columns = [Column(**one) for one in row.columns]
    mask = Mask(columns, 0 if whole else least(), personal=not whole)
    found = mask.rows(running.rows(asking.folder_of(row.id)), grouped=bool(row.told.get("grouped")))
    shown = [(headings or {}).get(one.name, one.name) for one in columns]
    return sheets.lines(shown, found)


def least() -> int:
    """The smallest count that is exported without the right."""
    return asking_settings.whole("collect_small_cells")


def is_masked(run: Run, *, by: Actor) -> bool:
    """Whether an export of this would be masked: it reads tables, and the right is missing."""
    row: Any = models.QueryRun.objects.filter(pk=run.id).only("told").first()
    return bool(row and row.told.get("tables")) and Right.SMALL not in asking.rights_of(by)


def _answered(run_id: str, by: Actor) -> models.QueryRun:
    row = models.QueryRun.objects.filter(id=run_id, by=by.reference).first()
    if row is None or row.state != State.ANSWERED.value or row.receipt is None or not row.kept:
        raise NotFound("there is no answer", where="run", remedy="ask again")
    if not (asking.folder_of(row.id) / "rows.jsonl").exists():
        raise NotFound("the answer was cleared", where="run", remedy="ask again")
    return row
