"""Asking the tables (数据查询): who may, one question at a time, on the ledger before any answer.

A run's row is written first. Its process works in a folder of its own; whoever looks next finds
what it left, enters that in the ledger, and only then shows rows. Refused questions are entered
as well. The text stays in this room's table; the ledger has its digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from openrhip.collect import models
from openrhip.collect.asking import judging, lineage, relations, running, tree
from openrhip.collect.asking.relations import Kind, Relation
from openrhip.collect.asking.running import Job
from openrhip.collect.asking.views import Views
from openrhip.collect.rules import questions
from openrhip.collect.rules.questions import MOST_TEXT, Parameter, Right, Run, State
from openrhip.collect.service import asking_entries, asking_rows, doors
from openrhip.collect.service import asking_settings as settings
from openrhip.collect.service.asking_entries import role_of, settle, view
from openrhip.collect.service.room import guarded
from openrhip.directory.service import Actor, Role, Strength
from openrhip.formats.gm import sm3
from openrhip.kernel import clock, ids
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Problem, Refused, TooLarge
from openrhip.kernel.files import make_folder

MOST_ROWS = 50_000
ANSWER_BYTES = 32 << 20
THREADS = 2
KEPT = timedelta(hours=24)
_REASONS = {Malformed: "syntax", TooLarge: "too-large", Refused: "not-allowed"}
_SETTINGS = {Right.FREE: "collect_free_roles", Right.SMALL: "collect_small_roles"}


def rights_of(by: Actor) -> frozenset[Right]:
    """What somebody may. Operators never read, not even with another role beside."""
    proven = by.strength in (Strength.SECOND_FACTOR, Strength.MACHINE)
    if Role.ANALYST not in by.roles or Role.OPERATOR in by.roles or not proven:
        return frozenset()
    more = {
        right
        for right in _SETTINGS
        if by.second_factor and settings.roles(_SETTINGS[right]) & set(by.roles)
    }
    return frozenset({Right.ASK, *more})


def known(by: Actor) -> Mapping[str, Relation]:
    """What somebody may ask, by name: tables, value sets, coverage."""
    return relations.relations(doors.catalogue(), free=Right.FREE in rights_of(by))


def ask(
    *,
    text: str,
    by: Actor,
    given: Mapping[str, str] | None = None,
    parameters: Sequence[Parameter] = (),
    query: str = "",
    wait: float = 0.0,
) -> Run:
    """Ask; answers the run, over or still going. given: values of the marks, as they were typed;
    parameters: what the marks are, where their names do not say it; query: the saved one it is.

    Raises Refused (no right to ask: entered), Malformed (a value of a mark), Conflict (too many
    at once), Unavailable (the ledger does not answer: nothing is shown).
    """
    if Right.ASK not in rights_of(by):
        asking_entries.refuse_person(by, text)
        raise Refused(
            "only analysts of the centre may ask the tables",
            remedy="needs the role analyst and a second factor",
        )
    values = bind(text, given or {}, parameters)
    row = _row(text, by, query, {name: value for name, (_, value) in values.items()})
    with guarded():
        try:
            job = _job(row, by, values)
        except (Malformed, TooLarge, Refused) as problem:
            return _refused(row, problem)
        with writing():
            _room_for_one_more()
            row.save(force_insert=True)
        running.start(job, folder_of(row.id))
    running.wait(folder_of(row.id), wait)
    return view(settle(row))


def bind(
    text: str, given: Mapping[str, str], parameters: Sequence[Parameter] = ()
) -> dict[str, tuple[str, str | None]]:
    """The marks of a query with (sort, value as text). Raises Malformed, which names the mark."""
    found = {}
    for one in parameters_of(text, parameters):
        value = questions.typed(one, given.get(one.name, ""))
        found[one.name] = (one.sort.value, running.as_text(value))
    return found


def parameters_of(text: str, parameters: Sequence[Parameter] = ()) -> tuple[Parameter, ...]:
    """What the marks of a query are: as they are told, else as their names say."""
    told = {one.name: one for one in parameters}
    return tuple(
        told.get(name) or Parameter.named(name) for name in questions.marks(text[:MOST_TEXT])
    )


def folder_of(run_id: str) -> Path:
    return doors.folder("asked") / run_id


def _job(row: models.QueryRun, by: Actor, values: Mapping[str, tuple[str, str | None]]) -> Job:
    """Checks the question, writes into the row what it reads, and makes the job of it."""
    found = tree.parse(row.sql if len(row.sql) < MOST_TEXT else row.sql + " ")
    unknown = tree.parameters(found) - set(values)
    if unknown:
        raise Malformed(f"there is no value for {min(unknown)}", where=min(unknown))
    judged = judging.judge(found, known(by), _typed(values))
    told = lineage.told(judged)
    judging.limit(found, MOST_ROWS + 1)
    grouped = judging.count_groups(found, judged.uses)
    row.tables = list(judged.tables)
    row.told |= {
        "personal": sorted(told.personal),
        "derived": sorted(told.derived),
        "counted": sorted(told.counted),
        "places": told.columns,
        "grouped": grouped,
        "tables": any(use.relation.kind is Kind.TABLE for use in judged.uses),
    }
    folder = folder_of(row.id)
    make_folder(folder)
    units = asking_rows.scope_of(by)
    rows = asking_rows.Rows(units)
    views, paths = Views(doors.catalogue(), doors.lake(), folder, rows, units).of(judged.uses)
    memory = settings.size("collect_ask_memory")
    return Job(
        sql=judging.written(judged),
        views=views,
        paths=paths,
        values=dict(values),
        rows=MOST_ROWS,
        seconds=_seconds(),
        memory_bytes=memory,
        spill_bytes=4 * memory,
        answer_bytes=ANSWER_BYTES,
        threads=THREADS,
    )


def look(run_id: str, *, by: Actor) -> Run:
    """A run of one's own, as it is now. Raises NotFound, Unavailable."""
    return view(settle(_own(run_id, by)))


def cancel(run_id: str, *, by: Actor) -> Run:
    """End it; nothing happens if it is over. Raises NotFound, Unavailable."""
    row = _own(run_id, by)
    stopped = running.stop(folder_of(row.id))
    return view(settle(row, cancelled=stopped))


def runs(*, by: Actor, most: int = 20) -> tuple[Run, ...]:
    """The newest runs of one's own."""
    rows = models.QueryRun.objects.filter(by=by.reference).order_by("-at")[:most]
    return tuple(map(view, rows))


def keep_queries() -> int:
    """A chore: runs nobody looks after are settled, old answers go; answers how many."""
    now, done = clock.now(), 0
    for row in models.QueryRun.objects.filter(state=State.RUNNING.value, until__lt=now)[:50]:
        settle(row)
        done += 1
    for row in models.QueryRun.objects.filter(leaf__isnull=False, receipt__isnull=True)[:50]:
        asking_entries.enter(row)
        done += 1
    for row in models.QueryRun.objects.filter(kept=True, at__lt=now - KEPT)[:200]:
        running.clear(folder_of(row.id))
        with writing():
            models.QueryRun.objects.filter(pk=row.pk).update(kept=False)
        done += 1
    return done


def _own(run_id: str, by: Actor) -> models.QueryRun:
    row = None
    if ids.is_id(run_id):
        row = models.QueryRun.objects.filter(id=run_id, by=by.reference).first()
    if row is None:
        raise NotFound("no such query of yours", where="run")
    return row


def _row(text: str, by: Actor, query: str, given: Mapping[str, str | None]) -> models.QueryRun:
    now = clock.now()
    return models.QueryRun(
        id=ids.new_id(),
        at=now,
        by=by.reference,
        role=role_of(by),
        sql=text[: MOST_TEXT + 1],
        digest=sm3.hexdigest(text.encode()),
        query=query,
        parameters={name: value or "" for name, value in given.items()},
        until=now + timedelta(seconds=_seconds() + running.GRACE),
        leaf=None,
        told={"actor": asking_entries.actor_fields(by)},
    )


def _refused(row: models.QueryRun, problem: Problem) -> Run:
    row.state = State.REFUSED.value
    row.problem, row.where = problem.what[:1000], problem.where[:120]
    row.finished_at = clock.now()
    reason = next((r for kind, r in _REASONS.items() if isinstance(problem, kind)), "refused")
    running.clear(folder_of(row.id))
    asking_entries.prepare(row, "refuse", reason)
    with writing():
        row.save(force_insert=True)
    asking_entries.enter(row)
    return view(row)


def _room_for_one_more() -> None:
    """Settled by whoever comes next, so that a closed browser keeps no place."""
    open_rows = models.QueryRun.objects.filter(state=State.RUNNING.value)
    busy = [row for row in open_rows if running.alive(folder_of(row.id))]
    if len(busy) >= settings.whole("collect_ask_at_once"):
        raise Conflict("other queries are running", remedy="try again in a moment")


def _typed(values: Mapping[str, tuple[str, str | None]]) -> dict[str, Any]:
    """The values again as the engine gets them: dates as dates."""
    return {
        name: date.fromisoformat(text) if text and sort in ("month", "day") else text
        for name, (sort, text) in values.items()
    }


def _seconds() -> float:
    return settings.seconds("collect_ask_seconds")
