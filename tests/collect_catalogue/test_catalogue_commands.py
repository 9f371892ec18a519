"""`openrhip collect catalogue` and the page of a table."""

import json

import pytest
from catalogue_tables import TABLE
from click.testing import CliRunner
from lxml import html

from openrhip.collect.catalogue import describing, load, read_table
from openrhip.collect.cli import cli
from openrhip.collect.rules.tables import Catalogue
from openrhip.kernel.errors import NotFound


def run(*arguments):
    return CliRunner().invoke(cli, ["catalogue", *arguments], catch_exceptions=False)


def test_check_says_that_nothing_is_wrong():
    answer = run("check", "--json")
    assert answer.exit_code == 0
    told = json.loads(answer.output)
    assert told["ok"] and told["tables"] == 152  # noqa: PT018
    assert "nothing is wrong" in run("check").output


def test_check_tells_every_flaw_of_a_centres_folder(tmp_path):
    (tmp_path / "tables").mkdir()
    text = (describing.__file__.rsplit("/", 1)[0]) + "/tables/OP_VISIT.toml"
    with open(text, encoding="utf-8") as file:
        shipped = file.read()
    broken = shipped.replace('"GB/T 2261.1"', '"GB/T 0"')
    (tmp_path / "tables" / "OP_VISIT.toml").write_text(broken, encoding="utf-8")
    (tmp_path / "tables" / "UNREAD.toml").write_text("code = 1\n")
    answer = run("check", "--json", "--catalogue", str(tmp_path))
    assert answer.exit_code == 3
    flaws = {(one["where"], one["code"]) for one in json.loads(answer.output)["flaws"]}
    assert ("tables/UNREAD.toml", "unreadable") in flaws
    assert ("tables/OP_VISIT/sex_code", "unknown-values") in flaws
    assert "→" in run("check", "--catalogue", str(tmp_path)).output


def test_list_show_values():
    hospital = json.loads(run("list", "--owner", "hospital", "--json").output)["tables"]
    assert len(hospital) == 83
    assert "152 tables" in run("list").output
    told = json.loads(run("show", "op_visit", "--json").output)
    assert told["key"] == ["visit_no"]
    assert {"id", "kind", "severity", "fix_zh"} <= set(told["rules"][0])
    assert "门急诊就诊" in run("show", "OP_VISIT").output
    assert json.loads(run("values", "GB/T 2261.1", "--json").output)["codes"]["1"] == "男性"
    assert "ICD-10" in run("values").output
    assert "shape" in run("values", "ICD-10").output
    for arguments in (("show", "NOTHING"), ("values", "NOTHING")):
        with pytest.raises(NotFound):
            run(*arguments)


def test_sample_writes_files_and_says_what_is_broken(tmp_path):
    path = tmp_path / "visits.csv"
    common = ("--rows", "60", "--day", "2026-11-03", "--pool", "1000")
    assert run("sample", "OP_VISIT", *common, "-o", str(path)).exit_code == 0
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) == 61
    assert lines[0].startswith("visit_no,")
    answer = run("sample", "OP_VISIT", *common, "--damaged", "10", "--json", "-o", str(path))
    told = json.loads(answer.output)
    assert told["rows"] == 60
    assert len(told["broken"]) >= 10
    month = json.loads(run("sample", "FUND_MONTH", *common, "--json", "-o", str(path)).output)
    assert month["day"] == "2026-11-01"
    other = tmp_path / "gb.csv"
    run("sample", "OP_VISIT", *common, "--encoding", "gb18030", "-o", str(other))
    assert "性" in other.read_text("gb18030")


def test_the_page_tells_everything_and_needs_nothing(tmp_path):
    path = tmp_path / "page.html"
    assert run("page", "HTN_CARD", "-o", str(path), "--json").exit_code == 0
    text = path.read_text("utf-8")
    page = html.fromstring(text)
    table = load().tables["HTN_CARD"]
    for column in table.columns:
        assert page.get_element_by_id(f"column-{column.name}") is not None
    for rule in describing.rules_of(table):
        assert rule.id in text
        assert rule.fix_zh in page.text_content()
    assert not page.xpath("//script | //link | //img | //@onclick | //@src")
    assert all(link.startswith("#") for link in page.xpath("//a/@href"))
    for link in page.xpath("//a/@href"):
        assert page.get_element_by_id(link[1:]) is not None
    assert "HR_PERSON" in page.text_content()


def test_hostile_words_of_a_catalogue_stay_words():
    evil = "<script>alert(1)</script>"
    data = {**TABLE, "zh": evil, "references": [], "source": evil}
    table = read_table(data, where="t")
    page = describing.page(table, Catalogue({"T_ONE": table}, load().values))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_body_is_for_other_pages():
    body = describing.body(load().tables["OP_VISIT"], load())
    assert "<html" not in body
    assert "<style" not in body
    assert "style=" not in body
