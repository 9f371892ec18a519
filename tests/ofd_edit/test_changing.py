"""Annotations, attachments and outlines: added, valid, and refused where signatures protect."""

import json

import pytest
from click.testing import CliRunner

from openrhip.formats import ofd
from openrhip.formats.ofd import edit, render
from openrhip.formats.ofd.cli import cli
from openrhip.formats.ofd.edit.attaching import headings_from
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Refused, TooLarge

_NS = "{http://www.ofdspec.org/2016}"
_BOX = (20.0, 100.0, 60.0, 20.0)


def _annotations(data, page=0):
    package = ofd.open_package(data)
    root = package.xml("Doc_0/Annotations.xml")
    files = [
        package.resolve(item[0].text, base="Doc_0/Annotations.xml")
        for item in root
        if item.get("PageID") == package.pages[page].id
    ]
    return [note for file in files for note in package.xml(file)]


@pytest.mark.parametrize(
    ("kind", "type_"),
    [("note", "Path"), ("highlight", "Highlight"), ("underline", "Highlight"), ("stamp", "Stamp")],
)
def test_an_annotation_says_who_what_and_where(first, kind, type_):
    made = edit.annotate(first, [edit.Annotation(kind, 1, _BOX, "请复核 potassium", "李医生")])
    assert ofd.text(made)[0] == ofd.text(first)[0]
    (note,) = _annotations(made, 1)
    assert (note.get("Type"), note.get("Creator"), note.get("LastModDate")) == (
        type_,
        "李医生",
        "2026-11-24",
    )
    assert note.find(f"{_NS}Remark").text == "请复核 potassium"
    assert note.find(f"{_NS}Appearance").get("Boundary") == "20 100 60 20"
    assert not _annotations(made, 0)


def test_annotations_show_and_keep_ids_apart(first):
    one = edit.annotate(first, [edit.Annotation("stamp", 0, _BOX, "已归档")])
    two = edit.annotate(
        one, [edit.Annotation("highlight", 0, _BOX), edit.Annotation("watermark", 0, None, "查阅")]
    )
    notes = _annotations(two)
    ids = [item.get("ID") for note in notes for item in note.iter("*") if item.get("ID")]
    assert len(notes) == 3
    assert len(ids) == len(set(ids))
    last = ofd.open_package(two).xml("Doc_0/Document.xml").find(f".//{_NS}MaxUnitID").text
    assert max(map(int, ids)) == int(last)
    assert render.to_png(one, 0, 40) != render.to_png(first, 0, 40)


def test_a_long_note_fits_its_box_and_stays_whole_as_remark(first):
    text = "长" * 300
    (note,) = _annotations(edit.annotate(first, [edit.Annotation("note", 0, (5, 5, 40, 10), text)]))
    assert note.find(f"{_NS}Remark").text == text


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        (edit.Annotation("note", 9, _BOX, "x"), NotFound),
        (edit.Annotation("circle", 0, _BOX, "x"), Malformed),
        (edit.Annotation("note", 0, _BOX, " "), Malformed),
        (edit.Annotation("note", 0, None, "x"), Malformed),
        (edit.Annotation("note", 0, (0, 0, 0, 5), "x"), Malformed),
        (edit.Annotation("note", 0, (0, 0, float("nan"), 5), "x"), Malformed),
        (edit.Annotation("note", 0, _BOX, "x" * 5000), TooLarge),
    ],
)
def test_annotations_that_make_no_sense(first, annotation, problem):
    with pytest.raises(problem):
        edit.annotate(first, [annotation])


def test_a_signed_file_refuses_annotations(sealed_file):
    with pytest.raises(Refused) as caught:
        edit.annotate(sealed_file, [edit.Annotation("highlight", 0, _BOX)])
    assert caught.value.remedy


def test_a_signed_medical_record_takes_notes_and_stays_valid(medical, doctor):
    noted = edit.annotate(medical, [edit.Annotation("note", 0, _BOX, "转诊时已阅", "王医生")])
    noted = edit.annotate(
        noted, [edit.Annotation("highlight", 1, _BOX), edit.Annotation("stamp", 0, _BOX, "阅")]
    )
    assert len(_annotations(noted)) == 2
    package, before = ofd.open_package(noted), ofd.open_package(medical)
    changed = {name for name in before.parts if package.read(name) != before.read(name)}
    assert changed == {"Doc_0/Annotations.xml"}
    report = ofd.verify(noted, trust=doctor[1], at=clock.now())
    assert report.ok, [finding for finding in report.all_findings() if not finding.ok]


def test_attachments_are_added_replaced_and_refused(first, sealed_file):
    made = edit.attach(first, [edit.File("报告.pdf", b"%PDF"), edit.File("a.txt", b"hi")])
    package = ofd.open_package(made)
    found = {
        item.name: (item.media_type, package.read(item.part)) for item in package.attachments()
    }
    assert found["报告.pdf"] == ("application/pdf", b"%PDF")
    assert set(found) == {"source.xml", "报告.pdf", "a.txt"}
    with pytest.raises(Conflict):
        edit.attach(made, [edit.File("a.txt", b"again")])
    again = ofd.open_package(edit.attach(made, [edit.File("a.txt", b"again")], replace=True))
    assert [again.read(i.part) for i in again.attachments() if i.name == "a.txt"] == [b"again"]
    assert b"hi" not in [again.read(part) for part in again.parts]
    with pytest.raises(Refused):
        edit.attach(sealed_file, [edit.File("a.txt", b"")])


@pytest.mark.parametrize("name", ["", "  ", "a" * 300, "a\nb", "x/"])
def test_attachments_need_a_name(first, name):
    with pytest.raises(Malformed):
        edit.attach(first, [edit.File(name, b"")])


def test_a_first_attachment_and_an_outline_stand_in_their_places():
    plain = ofd.write(ofd.Story("甲", [ofd.Paragraph("x")]))
    made = edit.set_outline(edit.attach(plain, [edit.File("a.txt", b"")]), [edit.Heading("一", 0)])
    root = ofd.open_package(made).xml("Doc_0/Document.xml")
    assert [item.tag.rpartition("}")[2] for item in root] == [
        "CommonData",
        "Pages",
        "Outlines",
        "Attachments",
    ]


def test_outlines_are_set_read_and_taken_away(first, sealed_file):
    headings = [edit.Heading("总", 0, 5.0, (edit.Heading("分", 2),))]
    made = edit.set_outline(first, headings)
    assert edit.outline(made) == headings
    assert edit.outline(edit.set_outline(made, [])) == []
    with pytest.raises(Refused):
        edit.set_outline(sealed_file, headings)
    with pytest.raises(NotFound):
        edit.set_outline(first, [edit.Heading("x", 7)])


def _nested(depth):
    value = []
    for _ in range(depth):
        value = [{"title": "x", "page": 1, "below": value}]
    return value


@pytest.mark.parametrize(
    "value",
    [{}, [1], [{"title": "x"}], [{"title": 1, "page": 1}], [{"title": "x", "page": True}],
     [{"title": "x", "page": 1, "y": "a"}], [{"title": "x", "page": 1, "more": 1}], _nested(40)],
)  # fmt: skip
def test_outlines_that_are_none(value):
    with pytest.raises(Malformed):
        headings_from(value)


def test_the_commands_work_together(first, second, tmp_path):
    def run(*words, code=0):
        result = CliRunner().invoke(cli, [str(word) for word in words])
        assert result.exit_code == code, (result.output, result.exception)
        return result.output

    a, b, out = tmp_path / "a.ofd", tmp_path / "b.ofd", tmp_path / "out.ofd"
    a.write_bytes(first)
    b.write_bytes(second)
    said = json.loads(run("merge", a, b, "-o", out, "--pages", "1-2", "--json"))
    assert said["bytes"] == len(out.read_bytes())
    assert len(ofd.text(out.read_bytes())) == 4
    run("split", out, "--every", "3", "-o", tmp_path / "p-{}.ofd")
    assert [len(ofd.text((tmp_path / f"p-{n}.ofd").read_bytes())) for n in (1, 2)] == [3, 1]
    parts = json.loads(run("split", out, "--every", "3", "-o", tmp_path / "p-{}.ofd", "--json"))
    assert all("notices" in part for part in parts["parts"])
    run("outline", out, "-o", out, code=2)
    run("split", out, "--pages", "4,1", "-o", tmp_path / "one.ofd")
    assert ofd.text((tmp_path / "one.ofd").read_bytes()) == [
        ofd.text(second)[1],
        ofd.text(first)[0],
    ]
    run(
        "annotate",
        out,
        "-o",
        out,
        "--kind",
        "note",
        "--page",
        "all",
        "--box",
        "10,10,50,20",
        "--text",
        "看",
    )
    run("attach", out, b, "-o", out)
    run("outline", out, "-o", out, "--set", "1=总", "--set", "2=  分")
    assert run("outline", out) == "总  1\n  分  2\n"
    assert json.loads(run("outline", out, "--json"))[0]["below"][0]["title"] == "分"
    (tmp_path / "toc.json").write_text('[{"title": "t", "page": 3}]')
    run("outline", out, "-o", out, "--from", tmp_path / "toc.json")
    assert [h.page for h in edit.outline(out.read_bytes())] == [2]
    run("split", out, "-o", tmp_path / "x.ofd", code=2)
    with pytest.raises(Malformed, match="outside of the page"):
        edit.annotate(first, [edit.Annotation("note", 0, (500, 10, 20, 20), "x")])
    run("annotate", out, "-o", out, "--kind", "note", "--box", "1,2", "--text", "x", code=2)
