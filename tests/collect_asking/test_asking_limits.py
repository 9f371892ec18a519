"""Limits: time, memory, rows, at once; cancelling; what a killed process leaves; the ledger."""

import os
import signal
import subprocess
import sys
import time

import pytest
from asking_city import person

from openrhip.collect import models
from openrhip.collect.asking import running
from openrhip.collect.rules.answers import Mask
from openrhip.collect.rules.questions import Column
from openrhip.collect.service import asking, asking_answers
from openrhip.directory.service import Role, Strength
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, NotFound, Refused, Unavailable

SLOW = "SELECT count(*) FROM range(3000000000) a(x), range(1000) b(y) WHERE hash(x + y) % 7 = 1"


@pytest.fixture
def slow(city):
    run = city.ask(SLOW, wait=0)
    yield run
    running.stop(asking.folder_of(run.id))


def test_a_query_over_its_time_is_killed(city):
    city.settings["collect_ask_seconds"] = "1.5"
    began = time.monotonic()
    run = city.ask(SLOW)
    assert run.state == "overtime"
    assert time.monotonic() - began < 12
    assert [entry[:2] for entry in city.entries()] == [("overtime", 0)]
    assert not asking.folder_of(run.id).exists()


def test_a_query_is_cancelled(city, slow):
    assert slow.state == "running"
    assert asking.look(slow.id, by=city.analyst).state == "running"
    done = asking.cancel(slow.id, by=city.analyst)
    assert done.state == "cancelled"
    assert not running.alive(asking.folder_of(slow.id))
    assert asking.cancel(slow.id, by=city.analyst).state == "cancelled"
    assert [entry[:2] for entry in city.entries()] == [("cancel", 0)]


def test_a_query_that_was_killed_from_outside(city, slow):
    folder = asking.folder_of(slow.id)
    os.kill(int((folder / "process").read_text()), signal.SIGKILL)
    assert running.wait(folder, 10)
    run = asking.look(slow.id, by=city.analyst)
    assert (run.state, run.reason) == ("failed", "ended")


def test_only_so_many_at_once(city, slow):
    city.settings["collect_ask_at_once"] = "1"
    with pytest.raises(Conflict):
        city.ask("SELECT 1")
    assert models.QueryRun.objects.count() == 1


def test_what_nobody_looks_after_is_settled(city, slow):
    assert asking.keep_queries() == 0
    row = models.QueryRun.objects.get()
    with clock.frozen(row.until + (row.until - row.at)):
        assert asking.keep_queries() == 1
    row.refresh_from_db()
    assert row.state in ("overtime", "failed")
    assert row.receipt is not None


def test_memory_is_bounded(city):
    city.settings["collect_ask_memory"] = "64MB"
    run = city.ask("SELECT list(x) FROM range(30000000) t(x)")
    assert (run.state, run.reason) == ("failed", "memory"), run


def test_rows_are_bounded(city, monkeypatch):
    monkeypatch.setattr(asking, "MOST_ROWS", 100)
    run = city.ask("SELECT x FROM range(100000) t(x)")
    assert (run.rows, run.truncated) == (100, True)
    run = city.ask("SELECT x FROM range(100) t(x) ORDER BY x DESC LIMIT 3")
    assert (run.rows, run.truncated) == (3, False)
    assert asking_answers.rows(run, by=city.analyst) == [["99"], ["98"], ["97"]]


def test_an_answers_size_is_bounded(city, monkeypatch):
    monkeypatch.setattr(asking, "ANSWER_BYTES", 5_000)
    run = city.ask("SELECT rpad('x', 1000, 'y') FROM range(1000)")
    assert run.truncated
    assert 1 <= run.rows < 6


def test_the_process_is_locked(city):
    """What the allow-list keeps out would not succeed either: the engine itself refuses."""
    from openrhip.collect.asking.running import Job

    job = Job("SELECT 1", (), (), {}, 10, 10.0, 1 << 28, 1 << 28, 1 << 20, 1)
    for number, sql in enumerate(
        (
            "SELECT * FROM read_text('/etc/passwd')",
            "SET memory_limit = '9GB'",
            "COPY (SELECT 1) TO 'x.csv'",
            "ATTACH 'x.db'",
            "INSTALL httpfs",
        )
    ):
        folder = city.home / f"locked{number}"
        running.start(Job(**{**{f: getattr(job, f) for f in job.__slots__}, "sql": sql}), folder)
        assert running.wait(folder, 20)
        found = running.outcome(folder)
        assert found is not None
        assert found.state == "failed", sql
        assert "/etc" not in found.text


FENCED = """
import os, runpy, socket, sys
os.chdir(sys.argv[2])
fence = runpy.run_path(sys.argv[1])["fence"]
if not fence([sys.argv[3]]):
    print("no fence")
    sys.exit()
open(sys.argv[3]).read()
open("mine", "w").write("x")
for act in (
    lambda: open("/etc/hosts"),
    lambda: open(sys.argv[4]),
    lambda: open(sys.argv[4], "w"),
    lambda: os.listdir("/etc"),
    lambda: open("/proc/1/environ"),
    lambda: socket.create_connection(("127.0.0.1", 9)),
):
    try:
        act()
    except PermissionError:
        continue
    sys.exit("went through the fence")
print("fenced")
"""


def test_the_kernel_keeps_the_process_to_its_files(tmp_path):
    open_to, closed = tmp_path / "a.parquet", tmp_path / "b.parquet"
    for path in (open_to, closed):
        path.write_text("x")
    own = tmp_path / "own"
    own.mkdir()
    done = subprocess.run(
        [sys.executable, "-I", "-c", FENCED, running.PROCESS, own, open_to, closed],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.stdout.strip() == "no fence":
        pytest.skip("this kernel has no Landlock: the engine's own lock holds alone")
    assert (done.stdout.strip(), done.stderr) == ("fenced", "")


def test_the_process_has_no_secrets_of_ours(city, slow):
    number = int((asking.folder_of(slow.id) / "process").read_text())
    with open(f"/proc/{number}/environ", "rb") as file:
        assert {part.split(b"=")[0] for part in file.read().split(b"\0") if part} <= {
            b"PATH",
            b"LANG",
            b"TZ",
        }


@pytest.mark.parametrize(
    "who",
    [
        person("X", Role.DOCTOR),
        person("X", Role.PRIVACY_OFFICER),
        person("X", strength=Strength.PASSWORD),
        person("X", Role.ANALYST, Role.OPERATOR),
    ],
)
def test_who_may_not_ask_is_on_the_ledger(city, who):
    with pytest.raises(Refused):
        city.ask("SELECT 1", by=who)
    assert city.entries() == [("refuse", 0, "no-right", None)]
    assert models.QueryRun.objects.count() == 0


def test_the_entry_says_what_was_asked_but_not_its_text(city):
    run = city.ask("SELECT count(*) FROM OP_VISIT, HTN_CARD WHERE name = '王建国'")
    (entry,) = [one for one in city.ledger.entries if one.kind == "query"]
    assert entry.fields["document"] == run.digest
    assert entry.fields["document_id"] == run.id
    assert entry.fields["role"] == "analyst"
    assert entry.fields["document_kind"] == "HTN_CARD:OP_VISIT"
    assert "A1" not in entry.leaf.decode()
    run = city.ask(
        "SELECT count(*) FROM OP_VISIT, IP_DISCHARGE, HTN_FOLLOWUP, FRONT_SHEET, OP_RX_ITEM, LAB_RESULT"
    )
    assert city.entries()[-1][3] == "several"


def test_an_answer_waits_for_the_ledger(city, monkeypatch):
    def away(*args, **more):
        raise Unavailable("the ledger does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(city.ledger, "append", away)
        with pytest.raises(Unavailable):
            city.ask("SELECT 42 AS n")
        row = models.QueryRun.objects.get()
        with pytest.raises(Unavailable):
            asking.look(row.id, by=city.analyst)
    assert asking.keep_queries() == 1
    run = asking.look(row.id, by=city.analyst)
    assert asking_answers.rows(run, by=city.analyst) == [["42"]]
    assert len(city.entries()) == 1


def test_answers_go_after_a_day(city):
    run = city.ask("SELECT 1")
    with clock.frozen(clock.now() + asking.KEPT * 2):
        assert asking.keep_queries() == 1
        assert not asking.folder_of(run.id).exists()
        with pytest.raises(NotFound):
            asking_answers.rows(asking.look(run.id, by=city.analyst), by=city.analyst)


def exported(city, sql, by=None):
    by = by or city.analyst
    run = city.ask(sql, by=by)
    assert run.state == "answered", run.problem
    text = "".join(asking_answers.export(run, by=by)).removeprefix("\ufeff")
    return [line.split(",") for line in text.splitlines()]


def lay(city):
    few = [{"visit_no": f"A{n}", "sex_code": "1", "total_fee": n, "name": "王**"} for n in range(3)]
    many = [
        {"visit_no": f"B{n}", "sex_code": "2", "total_fee": n, "name": "李**"} for n in range(9)
    ]
    city.lay("OP_VISIT", few + many)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (
            "SELECT sex_code, count(*) AS n, avg(total_fee) AS fee FROM OP_VISIT GROUP BY 1 ORDER BY 1",
            [["1", "<5", "***"], ["2", "9", "4"]],
        ),
        (
            "SELECT sex_code, avg(total_fee) AS fee FROM OP_VISIT GROUP BY 1 ORDER BY 1",
            [["1", "***"], ["2", "4"]],
        ),
        (
            (
                "WITH x AS (SELECT sex_code, count(*) AS n FROM OP_VISIT GROUP BY 1) "
                "SELECT sex_code, n AS number, n / 2 AS half FROM x ORDER BY 1"
            ),
            [["1", "<5", "***"], ["2", "9", "4.5"]],
        ),
        (
            (
                "SELECT sex_code, sum(CASE WHEN total_fee < 2 THEN 1 ELSE 0 END) AS cheap FROM OP_VISIT "
                "GROUP BY 1 ORDER BY 1"
            ),
            [["1", "<5"], ["2", "<5"]],
        ),
        (
            (
                "SELECT DISTINCT sex_code, count(*) OVER (PARTITION BY sex_code) AS n FROM OP_VISIT "
                "ORDER BY 1"
            ),
            [["1", "<5"], ["2", "9"]],
        ),
        ("SELECT name, visit_no FROM OP_VISIT ORDER BY 2 LIMIT 1", [["***", "A0"]]),
        ("SELECT upper(name) AS x FROM OP_VISIT LIMIT 1", [["***"]]),
        ("SELECT min(name) AS x FROM OP_VISIT", [["***"]]),
        ("WITH x(a) AS (SELECT name FROM OP_VISIT) SELECT a AS b FROM x LIMIT 1", [["***"]]),
        ("SELECT count(DISTINCT name) AS n FROM OP_VISIT", [["<5"]]),
        ("SELECT x FROM range(2) t(x)", [["0"], ["1"]]),
    ],
)
def test_exports_are_masked(city, sql, expected):
    lay(city)
    assert exported(city, sql)[1:] == expected


def test_with_the_right_exports_are_whole(city):
    lay(city)
    sql = "SELECT name, count(*) AS n FROM OP_VISIT GROUP BY 1 ORDER BY 2"
    assert exported(city, sql)[1:] == [["***", "<5"], ["***", "9"]]
    assert exported(city, sql, by=city.officer)[1:] == [["王**", "3"], ["李**", "9"]]
    assert [entry[2] for entry in city.entries()] == [None, "masked", None, "whole"]


def test_an_export_is_no_formula(city):
    assert exported(city, "SELECT '=1+1' AS \"=x\", '-3' AS b, '@y' AS c") == [
        ["'=x", "b", "c"],
        ["'=1+1", "-3", "'@y"],
    ]


def test_zero_is_no_small_count():
    mask = Mask([Column("n", "BIGINT", count=True)], 5)
    assert list(mask.rows(iter([["0"], ["4"], ["5"], [None]]), grouped=False)) == [
        ["0"],
        ["<5"],
        ["5"],
        [None],
    ]
