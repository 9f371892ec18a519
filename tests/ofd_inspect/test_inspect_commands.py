"""`openrhip ofd info`, `search`, `extract`, `check`, `diff` as a user calls them."""

import json

import pytest
from click.testing import CliRunner

from openrhip.formats.ofd.cli import cli
from openrhip.kernel.errors import Malformed, NotFound


@pytest.fixture
def run(tmp_path):
    def call(*words, code=0):
        result = CliRunner().invoke(cli, [str(word) for word in words])
        assert result.exit_code == code, result.output
        return result.output

    return call


@pytest.fixture
def file(tmp_path, own):
    path = tmp_path / "own.ofd"
    path.write_bytes(own)
    return path


@pytest.fixture
def odd(tmp_path, parcel):
    path = tmp_path / "odd.ofd"
    path.write_bytes(parcel({"Doc_0/Document.xml": ("Tpls/T.xml", "TPLS/T.xml")}))
    return path


def test_info(run, file, odd):
    text = run("info", file)
    assert "outline: 诊疗经过 → page 1" in text
    assert "attachment: source.xml" in text
    facts = json.loads(run("info", file, "--json"))
    assert facts["pages"] == 2
    assert facts["documents"][0]["outlines"][1]["title"] == "医嘱"
    assert "notice: 路径写法不规范" in run("info", odd)
    assert json.loads(run("info", odd, "--json"))["notices"][0]["code"] == "path.irregular"


def test_search(run, file, odd):
    assert run("search", file, "胸痛").endswith("1 hits\n")
    assert "路径写法不规范" in run("search", odd, "小结")
    assert json.loads(run("search", odd, "小结", "--json"))["notices"]
    found = json.loads(run("search", file, "胸痛", "医嘱", "--json"))
    assert {(hit["word"], hit["page"]) for hit in found["hits"]} >= {("胸痛", 1), ("医嘱", 2)}
    assert found["complete"]
    assert json.loads(run("search", file, "医院", "--page", 2, "--json"))["hits"][0]["page"] == 2
    assert "there may be more" in run("search", file, "医院", "--most", 1)


def test_extract(run, file, tmp_path):
    out = tmp_path / "out"
    assert "source.xml" in run("extract", file, "-o", out, "--attachments")
    assert [one.name for one in out.iterdir()] == ["source.xml"]
    from openrhip.kernel.errors import Conflict

    assert isinstance(
        CliRunner().invoke(cli, ["extract", str(file), "-o", str(out)]).exception, Conflict
    )
    written = json.loads(run("extract", file, "-o", out, "--force", "--json"))["written"]
    assert {one["kind"] for one in written} == {"attachments", "fonts", "tags", "metadata"}
    assert json.loads(run("extract", file, "--metadata"))["documents"][0]["pages"] == 2
    run("extract", file, "--fonts", code=2)
    both = json.loads(run("extract", file, "--metadata", "--tags", "--json"))
    assert set(both) == {"metadata", "tags", "notices"}


def test_check(run, file, odd):
    assert run("check", file) == "conforms: 0 wrong, 0 advice\n"
    assert "ok font" in run("check", file, "--all")
    assert "advice path.irregular" in run("check", odd)
    assert json.loads(run("check", odd, "--json"))["ok"]
    assert "does not conform" in run("check", odd, "--profile", "ofd-a", code=4)


def test_no_such_page(file):
    result = CliRunner().invoke(cli, ["search", str(file), "胸痛", "--page", "9"])
    assert isinstance(result.exception, NotFound)


def test_a_list_of_signatures_that_is_not_there(run, tmp_path, parcel):
    path = tmp_path / "unlisted.ofd"
    named = "</ofd:DocRoot><ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>"
    path.write_bytes(parcel({"OFD.xml": ("</ofd:DocRoot>", named)}))
    assert "signatures: cannot be read" in run("info", path)
    assert "Signatures.xml" in json.loads(run("info", path, "--json"))["signatures_problem"]


def test_diff_says_which_file_and_draws_png(run, file, tmp_path):
    (tmp_path / "text.ofd").write_bytes(b"hello")
    result = CliRunner().invoke(cli, ["diff", str(file), str(tmp_path / "text.ofd")])
    assert isinstance(result.exception, Malformed)
    assert "text.ofd" in result.exception.where
    assert ".png" in run("diff", file, file, "-o", tmp_path / "d.jpg", code=2)


def test_diff(run, file, odd, tmp_path, parcel):
    assert run("diff", file, file) == "the same\n"
    other = tmp_path / "other.ofd"
    other.write_bytes(parcel({"Doc_0/Pages/Page_1/Content.xml": ("小结", "总结")}))
    text = run("diff", odd, other, "-o", tmp_path / "d.png", code=1)
    assert "+ (10.0, 10.5) 出院总结ＡＢＣ" in text
    assert (tmp_path / "d.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(run("diff", odd, other, "--json", code=1))
    assert found["pages"][0]["texts"][0]["after"] == "出院总结ＡＢＣ"
