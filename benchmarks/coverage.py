"""Coverage of a city after a year (采集情况): the page's data, and an analyst's question.

A year is kept in layout: every table that twelve districts and twenty-five hospitals owe, on every
day, as rows of coverage that count two billion rows of data. Fifty million real rows of one
table lie in the lake, as the nightly compaction leaves them: a file for each unit and month, small
files for the days of the running month.

OPENRHIP_BENCH_ROWS: how many real rows (50,000,000); OPENRHIP_BENCH_DAYS: days in layout (366).
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks._harness import report

if TYPE_CHECKING:
    from openrhip.collect.rules.tables import Column, Table

ROWS = int(os.environ.get("OPENRHIP_BENCH_ROWS", "50000000"))
DAYS = int(os.environ.get("OPENRHIP_BENCH_DAYS", "366"))
COUNTED = 2_000_000_000
UNITS = [(f"QX{n:07d}", "district") for n in range(12)] + [
    (f"YY{n:07d}", "hospital") for n in range(25)
]
FIRST = date(2020, 1, 1)
ASKED = (2020, 11)
NOW = datetime(2020, 12, 10, 2, tzinfo=UTC)
PAGE_BAR, ASK_BAR = 300.0, 2.0  # ms, s
RUNS = 7


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="openrhip-coverage-"))
    os.environ["OPENRHIP_HOME"] = str(home)
    try:
        _start()
        from openrhip.directory import service as directory
        from openrhip.directory.adapters.keys import MemoryKeyRing
        from openrhip.directory.ports import NullSender
        from openrhip.kernel import clock
        from openrhip.ledger.service import MemoryLedger

        doors = {
            "keys": MemoryKeyRing.random(),
            "ledger": MemoryLedger(),
            "messages": NullSender(),
        }
        with directory.using(**doors), clock.frozen(NOW):
            _units()
            _timed("a year in layout", _lay_out)
            _timed(f"{ROWS:,} real rows", lambda: _real_rows(home))
            _measure(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure(home: Path) -> None:
    from openrhip.collect import service as collect
    from openrhip.collect.figures import cumulative_rows
    from openrhip.kernel.periods import Month

    month = Month(*ASKED)

    operator = _operator()

    def page() -> None:
        answer = operator.get(f"/console/collection/?month={month}", secure=True)
        assert answer.status_code == 200, answer.status_code
        assert "单位0".encode() in answer.content

    def data() -> None:
        found = collect.coverage_of(month)
        collect.oddities_of(month, found=found)
        cumulative_rows(month)

    alone = [spent * 1000 for spent in _runs(data)]
    pages = [spent * 1000 for spent in _runs(page)]
    busy = [spent * 1000 for spent in _runs(page, time.process_time)]
    asked = _runs(lambda: _group_by(home))
    typed = _runs(_by_sql)
    one = [s * 1000 for s in _runs(lambda: collect.coverage_of(month, unit=UNITS[0][0]))]
    print(f"the page's data alone: {statistics.median(alone):.0f} ms")
    print(f"one unit's coverage: {statistics.median(one):.0f} ms")
    print(f"an analyst's group-by over the month: {statistics.median(asked):.2f} s")
    print(f"the same as SQL, checked, in a process of its own: {statistics.median(typed):.2f} s")
    report(
        name="coverage",
        runs=pages,
        unit="ms",
        bar=PAGE_BAR,
        higher_is_better=False,
        counted_rows=cumulative_rows(Month(2020, 12)),
        real_rows=ROWS,
        group_by_seconds=round(statistics.median(asked), 3),
        group_by_bar=ASK_BAR,
        group_by_holds=statistics.median(asked) <= ASK_BAR,
        page_processor_ms=round(statistics.median(busy), 1),
        data_ms=round(statistics.median(alone), 1),
        as_sql_seconds=round(statistics.median(typed), 3),
        one_unit_ms=round(statistics.median(one), 1),
    )


def _start() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrhip.site.settings")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _operator() -> Any:
    """A browser that is signed in as an operator, by both steps."""
    import pyotp
    from django.test import Client

    from openrhip.directory import service as directory
    from openrhip.kernel import clock
    from openrhip.site.accounts.service import factors, staff

    password = "a benchmark's password 7301"  # noqa: S105 - of an account that lives for minutes
    directory.register_staff(
        code="O1", name="罗运维", institution_code=UNITS[0][0], roles=[directory.Role.OPERATOR]
    )
    account = staff.create_account(name="luo", password=password, staff_code="O1")
    secret = factors.new_secret()
    code = pyotp.TOTP(secret)
    with clock.frozen(NOW - timedelta(minutes=5)):
        factors.enrol_totp(
            account=account.id, secret=secret, code=code.at(clock.now()), address="benchmark"
        )
    browser = Client(SERVER_NAME="127.0.0.1")
    browser.post("/staff/sign-in/", {"name": "luo", "password": password}, secure=True)
    answer = browser.post("/staff/second-step/", {"code": code.at(NOW)}, secure=True)
    assert answer.status_code == 302, answer.status_code
    return browser


def _units() -> None:
    from openrhip.collect import service as collect
    from openrhip.collect.catalogue import load
    from openrhip.collect.rules.tables import Owner
    from openrhip.directory import service as directory

    known = load()
    for at, (code, owner) in enumerate(UNITS):
        directory.register_institution(code=code, name=f"单位{at}", kind=owner)
        collect.register_unit(code=code, owner=owner)
        if at % 4:
            owed = [table.code for table in known.owed(Owner(owner))]
            collect.declare(unit=code, tables=owed[: 30 + at], by="benchmark")


def _lay_out() -> None:
    """Cells of every unit, owed table and day; the sums are made by what rebuilds them."""
    from django.db import connection

    from openrhip.collect import models
    from openrhip.collect.catalogue import load
    from openrhip.collect.rules.tables import Owner
    from openrhip.collect.service import rebuilding
    from openrhip.kernel import statements
    from openrhip.kernel.database import writing

    known = load()
    cells = sum(len(known.owed(Owner(owner))) for _, owner in UNITS) * DAYS
    each = COUNTED // cells
    for unit, owner in UNITS:
        tables = [table.code for table in known.owed(Owner(owner))]
        rows = [
            (unit, table, day, each + 20, each, each, day.toordinal() * 37 % 5000)
            for table in tables
            for day in map(_day, range(DAYS))
        ]
        uploads = {(day.replace(day=1), day) for day in map(_day, range(DAYS))}
        with writing():
            with connection.cursor() as cursor:
                cursor.executemany(_CELLS, rows)
            statements.insert(
                [models.UploadDay(unit=unit, month=m, day=d) for m, d in sorted(uploads)]
            )
            rebuilding.sum_up(unit, known)


_CELLS = (
    'INSERT INTO collect_coveragecell (unit, "table", day, came, received, "rows", live, '
    "superseded, quarantined, marked, changed, sends, refused, late) "
    "VALUES (%s, %s, %s, TRUE, %s, %s, %s, 0, 20, 0, 0, 1, 0, %s)"
)


def _real_rows(home: Path) -> None:
    """OP_VISIT over the year, in files as the lake has them, entered in its log."""
    import duckdb

    from openrhip.collect.catalogue import load
    from openrhip.collect.lake import DeltaLake, layout
    from openrhip.collect.lake.locks import held
    from openrhip.collect.lake.log import Entry

    table = load().tables["OP_VISIT"]
    log = DeltaLake(home).log(table.code)
    daily = max(1, ROWS // (len(UNITS) * 345))
    made: list[Entry] = []
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        for unit, _ in UNITS:
            for days in _spans():
                path = log.folder / layout.month(days[0]) / f"m-{unit}-{days[0]}.parquet"
                path.parent.mkdir(parents=True, exist_ok=True)
                rows = daily * len(days)
                connection.execute(
                    f"COPY (SELECT {_values(table, unit, days[0], daily)} "  # noqa: S608
                    f"FROM range({rows}) AS t(i)) TO '{path}' (FORMAT PARQUET, COMPRESSION zstd)"
                )
                made.append(
                    Entry(
                        path=str(path.relative_to(log.folder)),
                        size=path.stat().st_size,
                        rows=rows,
                        unit=unit,
                        least=days[0],
                        most=days[-1],
                        batch="",
                    )
                )
    with held(log.lock):
        log.commit(add=made, remove=[], schema=layout.schema_of(table), changed=True)


def _spans() -> Iterator[list[date]]:
    """Whole months up to November, then single days: December still runs."""
    for month in range(1, 12):
        start = date(2020, month, 1)
        days = (date(2020, month + 1, 1) - start).days
        yield [start + timedelta(days=n) for n in range(days)]
    for number in range(1, 11):
        yield [date(2020, 12, number)]


def _values(table: Table, unit: str, first: date, daily: int) -> str:
    """SQL for every column: values that repeat as real ones do."""
    from openrhip.collect.lake import layout

    day = f"(DATE '{first}' + (i // {daily})::INTEGER)"
    own = {
        "org_code": f"'{unit}'",
        "amend_flag": "'1'",
        "visit_no": "i",
        "id_number": "hash(i % 400000)",
        "sex_code": "1 + i % 2",
        "dept_code": "i % 97",
        "diag_code": "'J' || (i * 7 % 1000)",
        "visit_at": f"{day}::TIMESTAMP + TO_SECONDS((i * 7919) % 50400 + 25200)",
        "birth_date": "DATE '1930-01-01' + (i * 31 % 32000)::INTEGER",
        "total_fee": "(i * 7919 % 90000) / 100",
    }
    parts = [
        f"CAST({own.get(column.name) or _plain(column)} AS "
        f'{_duck(str(layout.kept_type(column)))}) AS "{column.name}"'
        for column in table.columns
    ]
    lines = "i + 1 AS _line, NULL::VARCHAR AS _marks"
    return ", ".join([*parts, f"'{unit}' AS _unit, {day} AS _day, 'b' AS _batch, {lines}"])


def _plain(column: Column) -> str:
    """What the question does not ask for repeats, or is not there."""
    if not column.required:
        return "NULL"
    return {"date": "DATE '2020-01-01'", "datetime": "TIMESTAMP '2020-01-01'"}.get(
        str(column.type), "'1'"
    )


def _duck(kind: str) -> str:
    return {
        "string": "VARCHAR",
        "int64": "BIGINT",
        "date32[day]": "DATE",
        "timestamp[us]": "TIMESTAMP",
        "bool": "BOOLEAN",
    }.get(kind) or kind.replace("decimal128", "DECIMAL")


def _group_by(home: Path) -> None:
    """Visits, persons and charges by unit, day and sex over the month, as an analyst asks them."""
    from openrhip.collect import asking
    from openrhip.collect.catalogue import load
    from openrhip.collect.lake import DeltaLake

    table = load().tables["OP_VISIT"]
    first = date(*ASKED, 1)
    source = DeltaLake(home).sql(table, since=first, until=date(2020, 11, 30))
    with asking.opened() as connection:
        rows = asking.ask(
            connection,
            "SELECT _unit, _day, sex_code, COUNT(*), APPROX_COUNT_DISTINCT(id_number), "  # noqa: S608
            f"SUM(total_fee) FROM ({source}) GROUP BY ALL ORDER BY ALL",
            {},
        )
    assert len(rows) >= len(UNITS) * 30


def _by_sql() -> None:
    """The same question as it is typed: checked, asked in its process, entered, answered."""
    from openrhip.collect.service import asking
    from openrhip.directory import service as directory
    from openrhip.directory.adapters.keys import MemoryKeyRing
    from openrhip.directory.ports import NullSender
    from openrhip.directory.service import Actor, Role, Strength
    from openrhip.ledger.service import MemoryLedger

    by = Actor(staff_code="A", roles=(Role.ANALYST,), strength=Strength.SECOND_FACTOR)
    text = (
        "SELECT _unit, _day, sex_code, count(*), approx_count_distinct(id_number), sum(total_fee) "
        "FROM OP_VISIT WHERE _day >= :month AND _day < :month + INTERVAL 1 MONTH "
        "GROUP BY ALL ORDER BY ALL"
    )
    month = f"{ASKED[0]}-{ASKED[1]:02d}"
    doubles = {"keys": MemoryKeyRing.random(), "messages": NullSender()}
    with directory.using(ledger=MemoryLedger(), **doubles):
        run = asking.ask(text=text, by=by, given={"month": month}, wait=60)
    assert run.rows >= len(UNITS) * 30


def _day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _runs(
    work: Callable[[], object], clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    work()
    return [_spent(work, clock) for _ in range(RUNS)]


def _spent(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    work()
    return clock() - start


def _timed(what: str, work: Callable[[], object]) -> None:
    print(f"{what}: {_spent(work):.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
