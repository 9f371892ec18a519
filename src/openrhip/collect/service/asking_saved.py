"""Queries with a name (保存的查询): those of the platform, one's own, and shared ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict

from django.db.models import Q

from openrhip.collect import models
from openrhip.collect.asking.shipped import shipped
from openrhip.collect.rules.questions import (
    MOST_TEXT,
    ChartKind,
    ChartPlan,
    Parameter,
    Right,
    SavedQuery,
    Sort,
    marks,
)
from openrhip.collect.service import asking
from openrhip.directory.service import Actor
from openrhip.kernel import clock, ids
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed, NotFound, Refused, TooLarge

NO_CHART = ChartPlan()
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


def saved_queries(*, by: Actor) -> tuple[SavedQuery, ...]:
    """Those of the platform first, then one's own and shared ones by name."""
    rows = models.SavedQuery.objects.filter(Q(owner=by.reference) | Q(shared=True))
    own = rows.filter(retired_at__isnull=True).order_by("name")
    return (*shipped().values(), *map(_view, own))


def saved_query(query_id: str, *, by: Actor) -> SavedQuery:
    """Raises NotFound."""
    if query_id in shipped():
        return shipped()[query_id]
    return _view(_row(query_id, by))


def save_query(
    *,
    name: str,
    sql: str,
    by: Actor,
    about: str = "",
    parameters: Sequence[Parameter] = (),
    chart: ChartPlan = NO_CHART,
    shared: bool = False,
    query: str = "",
) -> SavedQuery:
    """Keep a query under a name; query: of one's own that is to be changed.

    Raises Malformed, TooLarge, Refused, NotFound.
    """
    if Right.ASK not in asking.rights_of(by):
        raise Refused("only analysts keep queries")
    if not _NAME.fullmatch(name.strip() or "\n") or len(about) > 300:
        raise Malformed("a name has 1 to 100 characters", where="name")
    if not sql.strip() or "\x00" in sql:
        raise Malformed("there is no query", where="sql")
    if len(sql) > MOST_TEXT:
        raise TooLarge(f"a query has at most {MOST_TEXT} characters", where="sql")
    row = _row(query, by, own=True) if query else None
    now = clock.now()
    row = row or models.SavedQuery(id=ids.new_id(), owner=by.reference, made_at=now)
    told = {one.name: one for one in parameters}
    row.name, row.about, row.sql, row.shared = name.strip(), about.strip(), sql, shared
    row.parameters = [asdict(told.get(one) or Parameter.named(one)) for one in marks(sql)]
    row.chart, row.changed_at = asdict(chart), now
    with writing():
        row.save()
    return _view(row)


def retire_query(query_id: str, *, by: Actor) -> None:
    """One's own is no longer listed. Raises NotFound."""
    row = _row(query_id, by, own=True)
    with writing():
        models.SavedQuery.objects.filter(pk=row.pk).update(retired_at=clock.now())


def _row(query_id: str, by: Actor, *, own: bool = False) -> models.SavedQuery:
    rows = models.SavedQuery.objects.filter(retired_at__isnull=True)
    mine = Q(owner=by.reference) if own else Q(owner=by.reference) | Q(shared=True)
    row = rows.filter(mine, id=query_id).first() if ids.is_id(query_id) else None
    if row is None:
        raise NotFound("no such query", where="query")
    return row


def _view(row: models.SavedQuery) -> SavedQuery:
    return SavedQuery(
        id=row.id,
        zh=row.name,
        en=row.name,
        about_zh=row.about,
        about_en=row.about,
        sql=row.sql,
        parameters=tuple(Parameter(**{**one, "sort": Sort(one["sort"])}) for one in row.parameters),
        chart=ChartPlan(**{**row.chart, "kind": ChartKind(row.chart.get("kind", ""))}),
        owner=row.owner,
        shared=row.shared,
    )
