"""Both tables of the bulletin, and the commands."""

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest
from click.testing import CliRunner
from feedback_city import city_time

from openrhip.collect import service
from openrhip.collect.cli import cli
from openrhip.collect.figures import figures, in_chinese_units
from openrhip.collect.rules.sheets import BOM
from openrhip.kernel import clock
from openrhip.kernel.errors import Problem
from openrhip.kernel.periods import Month

NOVEMBER = Month(2020, 11)


@pytest.fixture
def month(city):
    """A month with the oddities of the golden one."""
    with clock.frozen(city_time(date(2020, 10, 1))):
        service.declare(unit="D1", tables=["VISIT", "DISCHARGE"], by="S1")
        service.declare(unit="H2", tables=["VISIT"], by="S1")
    for number in range(1, 31):
        day = date(2020, 11, number)
        city.send("H1", "VISIT", day, 50)
        city.send("H1", "DISCHARGE", day, 2)
        city.send("H2", "VISIT", day, 40)
        city.send("D1", "VISIT", day, 0)
    city.send("H2", "VISIT", date(2020, 11, 30), 41, at=datetime(2020, 11, 1, 3, tzinfo=UTC))
    city.load({"no": "1", "id_number": "a"}, unit="D1", table="PERSON", day=date(2020, 9, 1))
    service.count_persons(NOVEMBER)
    return city


def test_both_tables_as_the_bulletin_has_them(month):
    found = figures(NOVEMBER)
    assert found.districts.heading == "2020年11月南京市卫生信息平台数据采集情况（区）"
    assert found.hospitals.heading == "2020年11月南京市卫生信息平台数据采集情况（医院）"
    assert found.districts.columns[-3:] == (
        "健康档案累计-基本信息",
        "健康档案累计-高血压",
        "健康档案累计-糖尿病",
    )
    assert len(found.hospitals.columns) == 8
    assert found.districts.rows == (("江宁区", 2, 9, 1, 0, 0, 0, 0, 1, 0, 0),)
    # More upload days than the month has: first, whatever the rows.
    assert found.hospitals.rows == (
        ("第二示范医院", 1, 6, 1, 1201, 31, 1201, 0),
        ("第一示范医院", None, 6, 2, 1560, 30, 1500, 60),
    )
    assert found.hospitals.printed[1][1] == "未反馈"
    assert (found.rows_of_districts, found.rows_of_hospitals, found.rows) == (0, 2761, 2761)
    assert found.cumulative == 2762
    assert {one.code for one in found.oddities} >= {
        "more-upload-days",
        "tables-without-rows",
        "never-declared",
    }


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (8_190_000_000, "81.9亿"),
        (8_194_999_999, "81.9亿"),
        (8_195_000_000, "82.0亿"),
        (100_000_000, "1.0亿"),
        (45_678, "4.6万"),
        (9_999, "9999"),
        (0, "0"),
    ],
)
def test_large_numbers_as_the_bulletin_prints_them(number, printed):
    assert in_chinese_units(number) == printed


def run(*arguments):
    answer = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_figures_from_the_command_line(month, tmp_path):
    plain = json.loads(run("figures", "2020-11", "--json"))
    assert plain["collection"]["hospitals"]["rows"][1][1] is None
    assert plain["collection"]["rows_in_month"]["all"] == 2761
    text = run("figures", "2020-11")
    assert "未反馈" in text
    assert "31天" in text
    file = tmp_path / "f.csv"
    run("figures", "2020-11", "--csv", "-o", str(file))
    rows = list(csv.reader(io.StringIO(file.read_text("utf-8").removeprefix(BOM), newline="")))
    assert rows[0] == ["2020年11月南京市卫生信息平台数据采集情况（区）"]
    assert rows[2][:2] == ["江宁区", "2"]
    assert ["第一示范医院", "未反馈", "6", "2", "1560", "30", "1500", "60"] in rows


def test_coverage_from_the_command_line(month):
    text = run("coverage", "2020-11")
    assert "第一示范医院" in text
    assert "no discharge" in text
    plain = json.loads(run("coverage", "2020-11", "--unit", "H1", "--json"))
    (unit,) = plain["units"]
    assert (unit["rows"], unit["declared"], unit["upload_days"]) == (1560, None, 30)
    assert 0 < unit["scores"]["overall"] < 1
    assert {cell["table"] for cell in plain["tables"]["H1"]} >= {"VISIT", "DISCHARGE"}
    assert "VISIT" in run("coverage", "2020-11", "--unit", "H1")


def test_rebuilding_from_the_command_line(month):
    before = service.coverage_of(NOVEMBER)
    assert "121 cells worked out anew" in run("coverage", "2020-11", "--rebuild")
    assert service.coverage_of(NOVEMBER) == before


def test_reports_and_faults_from_the_command_line(city, tmp_path):
    rule = "VISIT.no.required"
    batch = city.send(rows=9, bad=1, hits={rule: 1})
    city.lay(batch, [], [(4, rule, {"amount": "=1"})])
    assert rule in run("report", batch)
    assert json.loads(run("report", batch, "--json"))["rules"][0]["rule"] == rule
    assert run("report", batch, "--csv").startswith(BOM)
    assert "'=1" in run("report", batch, "--rows")
    file = tmp_path / "r.csv"
    run("report", batch, "--rows", "-o", str(file))
    assert "'=1" in file.read_text("utf-8")
    assert "流水号未填写" in run("faults")
    assert json.loads(run("faults", "--json"))["faults"][0]["rows"] == 1
    (each,) = json.loads(run("faults", "--each", "--unit", "H1", "--json"))["faults"]
    assert (each["rule"], each["day"], each["count"]) == (rule, "2020-11-05", 1)
    assert rule in run("faults", "--each")
    assert run("faults", "--csv").startswith(BOM)
    assert "no open fault" in run("faults", "--month", "2020-10")


def test_a_finding_is_confirmed_from_the_command_line(city):
    city.send(rows=9, declared=8)
    (found,) = service.list_faults()
    run("faults", "--confirm", str(found.id), "--by", "S1", "--why", "清单写错，数据无误")
    assert not service.list_faults()
    assert "清单" in run("faults", "--closed")


def test_wrong_months_and_batches_are_told(city):
    for arguments in (("figures", "2020-13"), ("coverage", "x"), ("report", "nope")):
        answer = CliRunner().invoke(cli, arguments)
        assert isinstance(answer.exception, Problem)


def test_this_month_is_the_default(city):
    city.send("H1", "VISIT", date(2020, 12, 1), 3)
    assert json.loads(run("coverage", "--json"))["month"] == "2020-12"
