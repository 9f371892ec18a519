"""Asking the data (数据查询): saved queries, the editor, tables and columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openrhip.collect.asking.relations import Relation
from openrhip.collect.pages import asking_words as words
from openrhip.collect.pages.asking_forms import QuestionForm
from openrhip.collect.pages.places import Tab
from openrhip.collect.pages.words import DOMAINS
from openrhip.collect.rules.questions import MOST_TEXT, Parameter, SavedQuery
from openrhip.collect.service import asking, asking_saved
from openrhip.directory.pages.asked import AskedRequest
from openrhip.kernel.errors import Conflict, Malformed, NotFound

WAIT = 2.5  # seconds; what takes longer is looked at again
MOST_LISTED = 400
EXAMPLE = """SELECT _unit AS unit, count(*) AS visits
FROM OP_VISIT
WHERE _day >= :month AND _day < :month + INTERVAL 1 MONTH
GROUP BY ALL
ORDER BY visits DESC"""


def tabs(request: AskedRequest) -> tuple[Tab, ...]:
    entries = (
        (_("现成的查询"), reverse("questions")),
        (_("写查询"), reverse("new-question")),
        (_("表与栏目"), reverse("question-tables")),
        (_("我的记录"), reverse("question-runs")),
    )
    best = max((len(href) for _t, href in entries if request.path.startswith(href)), default=0)
    return tuple(
        Tab(text, href, request.path.startswith(href) and len(href) == best)
        for text, href in entries
    )


@require_safe
def listed(request: AskedRequest) -> HttpResponse:
    """The queries that are at hand, and what was asked last."""
    found = asking_saved.saved_queries(by=request.actor)
    context = {
        "tabs": tabs(request),
        "shipped": [one for one in found if not one.owner],
        "own": [one for one in found if one.owner],
        "mine": request.actor.reference,
        "recent": asking.runs(by=request.actor, most=5),
        "words": words,
    }
    return render(request, "collect/questions.jinja", context)


@require_safe
def runs(request: AskedRequest) -> HttpResponse:
    """What one asked before."""
    found = asking.runs(by=request.actor, most=50)
    context = {"tabs": tabs(request), "runs": found, "words": words}
    return render(request, "collect/question_runs.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: AskedRequest) -> HttpResponse:
    """The editor, with tables and columns beside it. Post: ask."""
    parameters: Sequence[Parameter]
    shown = request.POST.get("show", request.GET.get("table", "")).upper()
    if request.method == "POST":
        text = request.POST.get("sql", "")[:MOST_TEXT]
        parameters = _parameters(text, ())
        form = QuestionForm(request.POST, parameters=parameters)
        if "show" in request.POST:
            form = QuestionForm(initial=request.POST.dict(), parameters=parameters)
        elif asked := _ask(request, form, request.POST.get("sql", ""), parameters):
            return asked
    else:
        text, parameters = _beginning(request)
        form = QuestionForm(initial={"sql": text}, parameters=parameters)
    known = asking.known(request.actor)
    context = {
        "tabs": tabs(request),
        "form": form,
        "groups": grouped(list(known.values()), few=True),
        "table": known.get(shown),
        "words": words,
    }
    return render(request, "collect/question_new.jinja", context)


@require_http_methods(["GET", "HEAD", "POST"])
def saved(request: AskedRequest, query_id: str) -> HttpResponse:
    """A query with a name: its parameters. Post: ask."""
    query = asking_saved.saved_query(query_id, by=request.actor)
    initial = {f"p-{name}": value[:200] for name, value in request.GET.items()}
    given: dict[str, Any] = {"initial": {"sql": query.sql, **initial}}
    if request.method == "POST":
        given["data"] = {**request.POST.dict(), "sql": query.sql}
    form = QuestionForm(**given, parameters=query.parameters)
    if request.method == "POST":
        asked = _ask(request, form, query.sql, query.parameters, query=query)
        if asked is not None:
            return asked
    context = {
        "tabs": tabs(request),
        "form": form,
        "query": query,
        "own": query.owner == request.actor.reference,
        "words": words,
    }
    return render(request, "collect/question.jinja", context)


@require_POST
def retire(request: AskedRequest, query_id: str) -> HttpResponse:
    """One's own query is no longer listed."""
    asking_saved.retire_query(query_id, by=request.actor)
    messages.success(request, _("查询已经移除。"))
    return HttpResponseRedirect(reverse("questions"))


@require_safe
def tables(request: AskedRequest) -> HttpResponse:
    """Everything that can be asked, found by name or code."""
    sought = request.GET.get("q", "").strip()[:60]
    known = asking.known(request.actor)
    found = [one for one in known.values() if _speaks_of(one, sought)]
    context = {
        "tabs": tabs(request),
        "sought": sought,
        "total": len(found),
        "groups": grouped(found[:MOST_LISTED]),
        "words": words,
    }
    return render(request, "collect/question_tables.jinja", context)


@require_safe
def table(request: AskedRequest, name: str) -> HttpResponse:
    """The columns of one of them."""
    found = asking.known(request.actor).get(name.upper())
    if found is None:
        raise NotFound("no such table", where="table")
    context = {"tabs": tabs(request), "table": found, "words": words}
    return render(request, "collect/question_table.jinja", context)


def grouped(found: Sequence[Relation], *, few: bool = False) -> list[tuple[str, list[Relation]]]:
    """By domain. few: without the value sets, of which there are many."""
    groups: dict[str, list[Relation]] = {}
    for one in found:
        if not (few and one.kind == "value-set"):
            groups.setdefault(words.area_text(one), []).append(one)
    order = ["collection", *DOMAINS]
    places = {domain: at for at, domain in enumerate(order)}
    listed = sorted(groups.items(), key=lambda item: places.get(item[1][0].domain, len(order)))
    return [(title, sorted(group, key=lambda one: one.name)) for title, group in listed]


def _ask(
    request: AskedRequest,
    form: QuestionForm,
    text: str,
    parameters: Sequence[Parameter],
    query: SavedQuery | None = None,
) -> HttpResponse | None:
    """To the run's page; None where a field does not hold."""
    if not form.is_valid():
        return None
    try:
        run = asking.ask(
            text=text,
            by=request.actor,
            given=form.given(),
            parameters=parameters,
            query=query.id if query else "",
            wait=WAIT,
        )
    except Malformed as problem:
        form.complain(problem)
        return None
    except Conflict:
        form.add_error("sql", _("正在运行的查询已达上限，请稍后再试。"))
        return None
    return HttpResponseRedirect(reverse("question-run", args=[run.id]))


def _parameters(text: str, told: Sequence[Parameter]) -> tuple[Parameter, ...]:
    try:
        return asking.parameters_of(text, told)
    except Malformed:
        return ()


def _beginning(request: AskedRequest) -> tuple[str, Sequence[Parameter]]:
    """What stands in the editor: a saved query, an earlier run, an example."""
    given: Mapping[str, str] = request.GET.dict()
    if "query" in given:
        query = asking_saved.saved_query(given["query"], by=request.actor)
        return query.sql, query.parameters
    if "run" in given:
        run = asking.look(given["run"], by=request.actor)
        parameters = _parameters(run.sql, ())
        told = [
            Parameter(one.name, one.sort, one.zh, one.en, _typed(one, run.parameters))
            for one in parameters
        ]
        return run.sql, told
    text = EXAMPLE
    if given.get("table", "").upper() in asking.known(request.actor):
        name = given["table"].upper()
        relation = asking.known(request.actor)[name]
        text = f"SELECT *\nFROM {name}\nLIMIT 100"
        if relation.day:
            where = f"{relation.day} >= :month AND {relation.day} < :month + INTERVAL 1 MONTH"
            text = f"SELECT *\nFROM {name}\nWHERE {where}\nLIMIT 100"
    return text, _parameters(text, ())


def _typed(one: Parameter, values: Mapping[str, str]) -> str:
    value = values.get(one.name, "")
    return value[:7] if one.sort == "month" else value


def _speaks_of(one: Relation, sought: str) -> bool:
    if not sought:
        return True
    low = sought.lower()
    own = (one.name, one.zh, one.en, one.code)
    return any(low in text.lower() for text in own) or any(
        low in text.lower() for field in one.fields for text in (field.name, field.zh, field.en)
    )
