"""The command line: openrhip collect ask and queries."""

import json

import pytest
from click.testing import CliRunner

from openrhip.collect.cli import cli
from openrhip.directory import service as directory
from openrhip.kernel.errors import Malformed, NotFound, Refused


@pytest.fixture
def run(city):
    directory.register_staff(
        code="SJ1", name="钱析微", institution_code="CENTRE", roles=["analyst"]
    )
    directory.register_staff(
        code="YW1", name="林运维", institution_code="CENTRE", roles=["operator"]
    )
    city.lay("OP_VISIT", [{"visit_no": f"V{n}"} for n in range(3)])

    def call(*arguments, **more):
        return CliRunner().invoke(cli, list(arguments), catch_exceptions=True, **more)

    return call


COUNT = "SELECT _unit, count(*) AS n FROM OP_VISIT GROUP BY ALL"


def test_asking(run, city):
    answer = run("ask", "--as", "SJ1", COUNT)
    assert answer.stdout.splitlines() == ["_unit  n", "H1     3"]
    assert "ledger entry" in answer.stderr
    found = json.loads(run("ask", "--as", "SJ1", "--json", "-", input=COUNT).stdout)
    assert (found["rows"], found["tables"], found["count"]) == ([["H1", "3"]], ["OP_VISIT"], 1)
    assert run("ask", "--as", "SJ1", "--csv", COUNT).stdout.splitlines()[1] == "H1,<5"
    assert [one[0] for one in city.entries()] == ["answer", "answer", "answer", "export"]


def test_saved_queries(run):
    listed = run("queries", "--as", "SJ1").stdout
    assert "visits-by-day" in listed
    assert ":month" in listed
    found = json.loads(run("queries", "--as", "SJ1", "--json").stdout)
    assert {"id", "zh", "en", "sql", "parameters"} <= set(found[0])
    answer = run(
        "ask", "--as", "SJ1", "--query", "visits-by-unit", "--set", "month=2020-11", "--json"
    )
    assert json.loads(answer.stdout)["rows"] == [["第一示范医院", "3", None]]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--as", "SJ1", "COPY (SELECT 1) TO 'x'"), Refused),
        (("--as", "SJ1", "SELECT nothing FROM OP_VISIT"), Malformed),
        (("--as", "SJ1", "SELEC 1"), Malformed),
        (("--as", "SJ1", "SELECT :month"), Malformed),
        (("--as", "SJ1", "--set", "month", "SELECT :month"), Malformed),
        (("--as", "YW1", "SELECT 1"), Refused),
        (("--as", "NOBODY", "SELECT 1"), NotFound),
        (("--as", "SJ1", "--query", "nothing"), NotFound),
    ],
)
def test_what_does_not_work(run, arguments, error):
    assert isinstance(run("ask", *arguments).exception, error)


def test_wrong_usage(run):
    assert run("ask", "--as", "SJ1").exit_code == 2
    assert run("ask", "SELECT 1").exit_code == 2
