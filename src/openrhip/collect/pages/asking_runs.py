"""A query's run (查询结果): its answer as table and chart, taking it away, keeping the query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openrhip.collect.pages import asking_words as words
from openrhip.collect.pages.asking import tabs
from openrhip.collect.pages.asking_charts import chart_of, described
from openrhip.collect.pages.asking_forms import SaveForm
from openrhip.collect.rules.questions import ChartPlan, Column, Run, SavedQuery, State
from openrhip.collect.service import asking, asking_answers, asking_saved
from openrhip.directory.pages.asked import AskedRequest
from openrhip.directory.pages.paging import Pages, page_number, pages_of
from openrhip.directory.pages.words import chinese
from openrhip.kernel.errors import NotFound

PAGE = 200
DRAWN = 2_000  # rows that a chart is made of


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of the answer as it is shown."""

    text: str
    column: Column


@dataclass(frozen=True, slots=True)
class _Page:
    number: int
    pages: int
    total: int


@require_safe
def run(request: AskedRequest, run_id: str) -> HttpResponse:
    """How far it is, or what came of it."""
    found = asking.look(run_id, by=request.actor)
    query = _query(found, request)
    context = {
        "tabs": tabs(request),
        "run": found,
        "query": query,
        "title": words.query_name(query) if query else _("查询结果"),
        "words": words,
        "State": State,
        "moments": _moments(found, query),
    }
    if found.kept:
        context |= _answer(request, found, query)
    return render(request, "collect/question_run.jinja", context)


@require_safe
def state(request: AskedRequest, run_id: str) -> HttpResponse:
    """In a word, for the page that waits."""
    found = asking.look(run_id, by=request.actor)
    text = f"{found.state.value} {found.progress if found.progress is not None else ''}".strip()
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_POST
def cancel(request: AskedRequest, run_id: str) -> HttpResponse:
    """End it now."""
    asking.cancel(run_id, by=request.actor)
    return HttpResponseRedirect(reverse("question-run", args=[run_id]))


@require_POST
def export(request: AskedRequest, run_id: str) -> HttpResponseBase:
    """The answer as CSV; that it was taken away is entered in the ledger first."""
    found = asking.look(run_id, by=request.actor)
    query = _query(found, request)
    headings = {one.column.name: one.text for one in _headings(found.columns, query)}
    pieces = asking_answers.export(found, by=request.actor, headings=headings)
    answer = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="query-{run_id[:8]}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def save(request: AskedRequest, run_id: str) -> HttpResponse:
    """Keep the query of a run under a name."""
    found = asking.look(run_id, by=request.actor)
    names = [one.name for one in found.columns]
    given = request.POST if request.method == "POST" else None
    form = SaveForm(given, columns=names, initial=_guess(found))
    if form.is_bound and form.is_valid():
        made = asking_saved.save_query(
            name=form.cleaned_data["name"],
            about=form.cleaned_data["about"],
            sql=found.sql,
            by=request.actor,
            parameters=asking.parameters_of(found.sql),
            chart=form.plan(),
            shared=form.cleaned_data["shared"],
        )
        messages.success(request, _("查询已经保存。"))
        return HttpResponseRedirect(reverse("question", args=[made.id]))
    context = {"tabs": tabs(request), "form": form, "run": found}
    return render(request, "collect/question_save.jinja", context)


def _answer(request: AskedRequest, found: Run, query: SavedQuery | None) -> dict[str, object]:
    number = min(page_number(request), max(1, -(-found.rows // PAGE)))
    first = (number - 1) * PAGE
    try:
        rows = asking_answers.rows(found, by=request.actor, first=first, most=PAGE)
    except NotFound:
        return {"cleared": True}
    plan = query.chart if query else _plan(request, found)
    drawn = asking_answers.rows(found, by=request.actor, most=DRAWN) if plan.kind else []
    chart = chart_of(plan, found.columns, drawn)
    heads = _headings(found.columns, query)
    pages: Pages = pages_of(request, _Page(number, max(1, -(-found.rows // PAGE)), found.rows))
    return {
        "heads": heads,
        "drawable": "" if query or number > 1 else _guess(found).get("chart", ""),
        "rows": [
            [_shown(value, one) for value, one in zip(row, heads, strict=True)] for row in rows
        ],
        "chart": chart,
        "chart_kind": plan.kind.value if chart else "",
        "chart_title": _chart_title(heads, plan),
        "chart_text": described(chart) if chart else "",
        "paging": pages,
        "masked": asking_answers.is_masked(found, by=request.actor),
        "least": asking_answers.least(),
    }


def _plan(request: AskedRequest, found: Run) -> ChartPlan:
    """Of a query without a name: a chart as the address asks, ?chart=bar; none otherwise."""
    asked = request.GET.get("chart", "")
    guess = _guess(found)
    if asked not in ("bar", "line") or not guess:
        return ChartPlan()
    return ChartPlan(type(ChartPlan().kind)(asked), guess["x"], guess["y"])


def _guess(found: Run) -> dict[str, str]:
    """The first column that is no number over the first that is one."""
    names = [one.name for one in found.columns if not one.is_number]
    numbers = [one.name for one in found.columns if one.is_number]
    if not names or not numbers:
        return {}
    dated = found.columns[[one.name for one in found.columns].index(names[0])].type
    kind = "line" if dated in ("DATE", "TIMESTAMP") else "bar"
    return {"chart": kind, "x": names[0], "y": numbers[0]}


def _query(found: Run, request: AskedRequest) -> SavedQuery | None:
    """The saved query of a run, while it is there and says the same."""
    if not found.query:
        return None
    try:
        query = asking_saved.saved_query(found.query, by=request.actor)
    except NotFound:
        return None
    return query if query.sql == found.sql else None


def _headings(columns: Sequence[Column], query: SavedQuery | None) -> list[Heading]:
    told = query.headings if query else {}
    place = 0 if chinese() else 1
    return [Heading(told[c.name][place] if c.name in told else c.name, c) for c in columns]


def _chart_title(heads: Sequence[Heading], plan: ChartPlan) -> str:
    found = {one.column.name: one.text for one in heads}
    return found.get(plan.y, plan.y)


def _shown(value: str | None, heading: Heading) -> str:
    if value is not None and heading.column.is_number:
        return words.number(value)
    if value is not None and heading.column.type == "TIMESTAMP":
        return value.removesuffix(" 00:00:00")
    return "" if value is None else value


def _moments(found: Run, query: SavedQuery | None) -> list[tuple[str, str]]:
    """The parameters that it was asked with."""
    parameters = query.parameters if query else asking.parameters_of(found.sql)
    shown = []
    for one in parameters:
        value = found.parameters.get(one.name, "")
        value = value[:7] if one.sort == "month" else value
        shown.append((words.parameter_label(one), value or _("全部")))
    return shown
