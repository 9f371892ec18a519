"""`openrhip collect ask | queries`: the analysts' SQL from the command line (数据查询)."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import click

from openrhip.collect.cli.common import JSON, columns, say, start
from openrhip.collect.rules.questions import Parameter, Run, State
from openrhip.kernel.errors import Malformed, Problem, Refused, Unavailable

SHOWN = 200
WHO = click.option("--as", "who", required=True, metavar="STAFF", help="Who asks: staff code.")


@click.command()
@click.argument("sql", required=False)
@click.option("--query", help="A saved query by its id, in place of SQL.")
@click.option("--set", "given", multiple=True, metavar="NAME=VALUE", help="Value of a :name.")
@WHO
@click.option("--csv", "as_csv", is_flag=True, help="Export as CSV, masked as the role asks.")
@JSON
def ask(
    sql: str | None,
    query: str | None,
    given: tuple[str, ...],
    who: str,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Ask the collected tables with SQL, read only (数据查询). - reads standard input.

    Every query is entered in the ledger before its answer is shown.
    """
    start()
    from openrhip.collect.service import asking, asking_answers

    by, values = _actor(who), dict(map(_pair, given))
    text, parameters = _text(sql, query, by)
    run = asking.ask(
        text=text, by=by, given=values, parameters=parameters, query=query or "", wait=3600
    )
    if run.state is not State.ANSWERED:
        raise _problem(run)
    if as_csv:
        for piece in asking_answers.export(run, by=by):
            sys.stdout.write(piece)
        return
    rows = asking_answers.rows(run, by=by, most=None if as_json else SHOWN)
    if as_json:
        say({**_plain(run), "rows": rows})
        return
    heading = [one.name for one in run.columns]
    columns([heading, *([value or "" for value in row] for row in rows)])
    click.echo(_closing(run, len(rows)), err=True)


@click.command()
@WHO
@JSON
def queries(who: str, as_json: bool) -> None:
    """Saved queries: id, name, parameters (保存的查询)."""
    start()
    from openrhip.collect.service import asking_saved

    found = asking_saved.saved_queries(by=_actor(who))
    if as_json:
        say([
            {
                "id": one.id, "zh": one.zh, "en": one.en, "sql": one.sql,
                "parameters": [item.name for item in one.parameters],
            }
            for one in found
        ])  # fmt: skip
        return
    columns((one.id, one.zh, one.en, _marks(one.parameters)) for one in found)


def _actor(code: str) -> Any:
    from openrhip.directory import service as directory

    return directory.actor_of_staff(code, strength=directory.Strength.MACHINE)


def _text(sql: str | None, query: str | None, by: Any) -> tuple[str, Sequence[Parameter]]:
    from openrhip.collect.service import asking_saved

    if bool(sql) == bool(query):
        raise click.UsageError("give either SQL or --query")
    if query:
        saved = asking_saved.saved_query(query, by=by)
        return saved.sql, saved.parameters
    return (sys.stdin.read() if sql == "-" else sql or ""), ()


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise Malformed("a value is given as NAME=VALUE", where=text[:40])
    return name.removeprefix(":"), value


def _problem(run: Run) -> Problem:
    said = run.problem or f"the query was ended: {run.reason or run.state.value}"
    if run.state is State.REFUSED and run.reason == "not-allowed":
        return Refused(said, where=run.where)
    if run.state in (State.REFUSED, State.FAILED) and run.reason != "ended":
        return Malformed(said, where=run.where or run.reason)
    return Unavailable(said, where=run.state.value)


def _plain(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "state": run.state.value,
        "tables": list(run.tables),
        "columns": [{"name": one.name, "type": one.type} for one in run.columns],
        "count": run.rows,
        "truncated": run.truncated,
        "seconds": run.seconds,
        "ledger_entry": run.entry,
    }


def _closing(run: Run, shown: int) -> str:
    more = f", the first {shown} shown" if shown < run.rows else ""
    kept = " (there were more)" if run.truncated else ""
    return f"{run.rows} rows{kept}{more}, {run.seconds:.2f} s, ledger entry {run.entry}"


def _marks(parameters: Sequence[Parameter]) -> str:
    return " ".join(f":{one.name}" for one in parameters)
