"""`openrhip cda`: every verb, in words and in JSON."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from openrhip.formats import cda, ofd
from openrhip.formats.cda.cli import cli
from openrhip.kernel.errors import Malformed, NotFound
from openrhip.site.cli import cli as whole

SAMPLES = cda.samples()
OPERATION = SAMPLES["C0009/sun-jl.xml"]


def run(*arguments, exit_code=0):
    done = CliRunner().invoke(cli, [str(one) for one in arguments])
    assert done.exit_code == exit_code, done.output
    return done.output


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "operation.xml"
    path.write_bytes(OPERATION)
    return path


@pytest.fixture
def wrong(tmp_path):
    path = tmp_path / "wrong.xml"
    path.write_bytes(OPERATION.replace(b'value="180" unit="mL"', b'value="~180" unit="mL"'))
    return path


def test_the_command_is_one_of_the_overview():
    shown = CliRunner().invoke(whole, ["cda", "--help"]).output
    assert all(verb in shown for verb in ("check", "kinds", "show", "lay-out", "sample"))


def test_check_says_where_and_what_to_do_and_fails_for_errors_only(sample, wrong):
    assert "0 errors, 0 warnings" in run("check", sample)
    shown = run("check", wrong, sample, exit_code=3)
    assert f"{wrong}: error quantity-unreadable /ClinicalDocument/" in shown
    assert "DE06.00.097.00" in shown
    assert "Write digits with a decimal point." in shown
    assert f"{sample}: 0 errors" in shown
    assert "180" not in shown  # nothing of the record


def test_check_in_json_answers_for_each_file_unreadable_ones_too(sample, wrong, tmp_path):
    none = tmp_path / "none.xml"
    none.write_bytes(b"<html/>")
    found = json.loads(run("check", sample, wrong, none, "--json", exit_code=3))
    assert found["ok"] is False
    assert [one["ok"] for one in found["files"]] == [True, False, False]
    finding = found["files"][1]["findings"][0]
    assert {"severity", "where", "text_zh", "text_en", "remedy", "remedy_zh"} <= set(finding)
    assert found["files"][2]["error"]["code"] == "malformed"
    assert "unreadable" in run("check", none, exit_code=3)


def test_strict_makes_an_error_of_what_is_missing(tmp_path):
    path = tmp_path / "less.xml"
    path.write_bytes(OPERATION.replace(b"DE06.00.268.00", b"DE06.00.999.00"))
    assert "warning element-missing" in run("check", path)
    assert "error element-missing" in run("check", path, "--strict", exit_code=3)


def test_kinds_are_the_fifty_three(sample):
    found = json.loads(run("kinds", "--json"))["kinds"]
    assert len(found) == 53
    assert found[8]["code"] == "C0009"
    assert found[8]["template"] == "2.16.156.10011.2.1.1.29"
    assert "手术操作" in {one["zh"] for one in found[8]["sections"]}
    assert all(one["sections"] and one["zh"] and one["en"] for one in found)
    assert "C0053 2.16.156.10011.2.1.1.73 出院小结 | Discharge summary" in run("kinds")


def test_show_gives_header_and_content_by_data_element(sample):
    shown = run("show", sample)
    assert "kind: C0009 一般手术记录" in shown
    assert "DE06.00.097.00 出血量(mL): 180 mL" in shown
    found = json.loads(run("show", sample, "--json"))
    assert found["header"]["document"] == cda.parse(OPERATION).document_id.extension
    lines = {one["element"]: one["text"] for one in found["content"]}
    assert lines["DE06.00.268.00"] == "2600 mL"


@pytest.mark.parametrize("name", [name for name, xml in SAMPLES.items() if len(xml) < 60_000])
def test_show_leaves_out_no_value(name, tmp_path):
    path = tmp_path / "one.xml"
    path.write_bytes(SAMPLES[name])
    texts = "\n".join(one["text"] for one in json.loads(run("show", path, "--json"))["content"])
    stack = [entry for one in cda.parse(SAMPLES[name]).sections for entry in one.entries]
    assert stack
    while stack:
        entry = stack.pop()
        stack += entry.parts
        assert all(value.text in texts for value in entry.values)


def test_lay_out_writes_pages_in_three_forms(sample, tmp_path):
    for suffix, start in ((".ofd", b"PK"), (".pdf", b"%PDF"), (".html", b"<!DOCTYPE html>")):
        out = tmp_path / f"page{suffix}"
        told = json.loads(run("lay-out", sample, "-o", out, "--json"))
        assert told == {"output": str(out), "bytes": out.stat().st_size}
        assert out.read_bytes()[: len(start)].lower() == start.lower()
    package = ofd.open_package((tmp_path / "page.ofd").read_bytes())
    assert [package.read(one.part) for one in package.attachments()] == [OPERATION]
    assert "none of .ofd" in run("lay-out", sample, "-o", tmp_path / "page.doc", exit_code=2)


def test_a_problem_names_the_file(tmp_path):
    none = tmp_path / "none.xml"
    none.write_bytes(b"<html/>")
    for verb in (("show", none), ("lay-out", none, "-o", tmp_path / "x.pdf")):
        done = CliRunner().invoke(cli, [str(one) for one in verb])
        assert isinstance(done.exception, Malformed)
        assert str(none) in done.exception.where


def test_a_sample_can_be_checked_at_once(tmp_path):
    out = tmp_path / "sample.xml"
    assert str(out) in run("sample", "c0053", "-o", out)
    assert "0 errors" in run("check", out)
    done = CliRunner().invoke(cli, ["sample", "C0099", "-o", str(out)])
    assert isinstance(done.exception, NotFound)
    assert "kinds" in done.exception.remedy
