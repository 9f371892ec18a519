"""Text with places: reading order of foreign pages, boxes of characters, tables as rows."""

import json
import time

import pypdfium2
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats import ofd
from openrhip.formats.ofd import render
from openrhip.formats.ofd.cli import cli
from openrhip.formats.ofd.reading_lines import Fragment, ordered
from openrhip.kernel.errors import Malformed, NotFound


def _line(x: float, y: float, text: str, size: float = 3) -> str:
    steps = f"g {len(text) - 1} {size}" if len(text) > 1 else ""
    return (
        f'<ofd:TextObject ID="1" Boundary="{x} {y} 60 4" Font="1" Size="{size}">'
        f'<ofd:TextCode X="0" Y="{size}" DeltaX="{steps}">{text}</ofd:TextCode></ofd:TextObject>'
    )


def test_columns_are_read_one_after_the_other_whatever_the_order_of_drawing(foreign):
    left = [f"左栏第{n}行文字内容" for n in "一二三四五"]
    right = [f"右栏第{n}行文字内容" for n in "一二三四五"]
    drawn = [_line(25, 2, "跨两栏的标题")]
    for at in (3, 0, 4, 1, 2):
        drawn.append(_line(52, 10 + 5 * at, right[at]))
        drawn.append(_line(5, 10 + 5 * at, left[at]))
    assert ofd.text(foreign("".join(drawn))) == ["\n".join(["跨两栏的标题", *left, *right])]


def test_rows_of_a_form_are_read_across(foreign):
    drawn = [
        _line(x, 5 + 9 * at, text)
        for x, texts in ((5, ["姓名", "性别", "科室"]), (40, ["张某某", "女", "心内科"]))
        for at, text in enumerate(texts)
    ]
    assert ofd.text(foreign("".join(drawn))) == ["姓名 张某某\n性别 女\n科室 心内科"]


def test_one_object_with_several_lines_and_one_that_runs_down(foreign):
    data = foreign(
        '<ofd:TextObject ID="1" Boundary="5 5 60 20" Font="1" Size="4">'
        '<ofd:TextCode X="0" Y="4" DeltaX="4 -4 4" DeltaY="0 6 0">甲乙丙丁</ofd:TextCode>'
        '</ofd:TextObject><ofd:TextObject ID="2" Boundary="80 5 5 30" Font="1" Size="4">'
        '<ofd:TextCode X="0" Y="4" DeltaX="0 0" DeltaY="5 5">竖排字</ofd:TextCode>'
        "</ofd:TextObject>"
    )
    (text,) = ofd.text(data)
    assert sorted(text.split("\n")) == sorted(["甲乙", "丙丁", "竖排字"])
    (upright,) = [word for word in ofd.words(data) if word.text == "竖排字"]
    assert upright.box[3] > 3 * upright.box[2]


def test_text_drawn_twice_to_look_bold_is_read_once(foreign):
    assert ofd.text(foreign(_line(5, 5, "加粗") + _line(5.1, 5, "加粗"))) == ["加粗"]


def test_lines_have_a_box_for_each_character():
    data = ofd.write(ofd.Story("t", [ofd.Paragraph("患者张㛃，血压120/80mmHg。" * 12)]))
    rows = ofd.lines(data, 0)
    assert "\n".join(row.text for row in rows) == ofd.text(data)[0]
    for row in rows:
        assert len(row.boxes) == len(row.text)
        x, y, wide, tall = row.box
        for before, after in zip(row.boxes, row.boxes[1:], strict=False):
            assert before[0] <= after[0]
        for box in row.boxes:
            assert x - 0.01 <= box[0]
            assert box[0] + box[2] <= x + wide + 0.01
            assert y - 0.01 <= box[1]
            assert box[1] + box[3] <= y + tall + 0.01
    assert len({round(row.box[1]) for row in rows}) == len(rows)


def test_a_step_for_every_character_draws_none_twice(foreign):
    data = foreign(
        '<ofd:TextObject ID="1" Boundary="5 5 60 20" Font="1" Size="4">'
        '<ofd:TextCode X="0" Y="4" DeltaX="5 7 9">甲乙丙</ofd:TextCode></ofd:TextObject>'
    )
    document = pypdfium2.PdfDocument(render.to_pdf(data))
    page = document[0]
    reader = page.get_textpage()
    assert "".join(reader.get_text_range().split()) == "甲乙丙"
    reader.close()
    page.close()
    document.close()


def test_glyphs_fixed_by_number_with_a_step_too_many_in_one_direction(foreign):
    fixed = '<ofd:CGTransform CodePosition="0" CodeCount="1" GlyphCount="2"><ofd:Glyphs>1 2</ofd:Glyphs></ofd:CGTransform>'
    for deltas in ('DeltaX="4 4 4"', 'DeltaX="4 4 4" DeltaY="1"', 'DeltaY="4 4 4"'):
        data = foreign(
            f'<ofd:TextObject ID="1" Boundary="5 5 60 20" Font="1" Size="4">{fixed}'
            f'<ofd:TextCode X="0" Y="4" {deltas}>甲乙</ofd:TextCode></ofd:TextObject>'
        )
        assert "".join(ofd.text(data)[0].split()) == "甲乙"


def test_words_page_by_page():
    data = ofd.write(ofd.Story("t", [ofd.Paragraph("甲"), ofd.PageBreak(), ofd.Paragraph("乙")]))
    assert [(one.page, one.text) for one in ofd.words(data)] == [(0, "甲"), (1, "乙")]
    assert [one.text for one in ofd.words(data, [1])] == ["乙"]
    with pytest.raises(NotFound):
        list(ofd.words(data, [2]))
    with pytest.raises(NotFound):
        ofd.lines(data, -1)
    with pytest.raises(Malformed):
        ofd.tables(b"none")


_ROWS = [
    ["血钾", ofd.Cell("6.8 ↑", bold=True), "3.5-5.5 mmol/L"],
    ["很长的项目名称" * 6, "1", "2 3"],
    ["钠", "140", "135-145"],
] * 3
_SAID = [
    ("项目", "结果", "参考范围"),
    *[
        ("血钾", "6.8 ↑", "3.5-5.5 mmol/L"),
        ("很长的项目名称" * 6, "1", "2 3"),
        ("钠", "140", "135-145"),
    ]
    * 3,
]


@pytest.mark.parametrize("ruled", [ofd.Ruling.GRID, ofd.Ruling.ROWS, ofd.Ruling.THREE_LINE])
def test_our_tables_come_back_as_rows(ruled):
    columns = [ofd.Column("项目", 3), ofd.Column("结果"), ofd.Column("参考范围", 2)]
    table = ofd.Table(columns, _ROWS, ruled=ruled)
    blocks = [ofd.Paragraph("检验所见如下。" * 20), table, ofd.Paragraph("以上供参考。" * 20)]
    (found,) = ofd.tables(ofd.write(ofd.Story("t", blocks)))
    assert list(found.rows) == _SAID
    assert found.page == 0


@pytest.mark.parametrize(
    "before", [[], [ofd.Heading("检验")], [ofd.Paragraph("一"), ofd.Paragraph("二")]]
)
def test_the_line_below_a_header_is_not_the_tables(before):
    table = ofd.Table(
        [ofd.Column("项目"), ofd.Column("结果")], [["血钾", "6.8"]], ruled=ofd.Ruling.THREE_LINE
    )
    header = [ofd.Paragraph("某医院"), ofd.Rule()]
    found = ofd.tables(ofd.write(ofd.Story("甲", [*before, table], header=header)))
    assert [one.rows for one in found] == [(("项目", "结果"), ("血钾", "6.8"))]


def test_a_table_over_pages_is_one_and_cells_over_columns_stand_first():
    rows = [[f"项目{n}", str(n)] for n in range(120)]
    table = ofd.Table([ofd.Column("项目"), ofd.Column("结果")], [*rows, [ofd.Cell("合计", span=2)]])
    (found,) = ofd.tables(ofd.write(ofd.Story("t", [table])))
    assert found.rows == (("项目", "结果"), *map(tuple, rows), ("合计", ""))


def test_frames_and_rules_alone_are_no_tables():
    blocks = [ofd.Rule(), ofd.Paragraph("甲" * 200), ofd.Rule(), ofd.Paragraph("乙"), ofd.Rule()]
    assert ofd.tables(ofd.write(ofd.Story("t", blocks))) == []


def test_pages_made_to_keep_a_reader_busy(foreign):
    words = "".join(_line((n * 37) % 90, (n * 53) % 55, "字") for n in range(6_000))
    lines = "".join(
        f'<ofd:PathObject ID="1" Boundary="0 0 100 60"><ofd:AbbreviatedData>{data}'
        "</ofd:AbbreviatedData></ofd:PathObject>"
        for data in (
            " ".join(f"M {n / 20} 0 L {n / 20} 60" for n in range(900)),
            " ".join(f"M 0 {n / 40} L 100 {n / 40}" for n in range(900)),
        )
    )
    data = foreign(words + lines)
    began = time.process_time()
    assert len(ofd.text(data)[0]) > 1000
    ofd.tables(data)
    assert time.process_time() - began < 6


_SOME = st.builds(
    lambda x, y, text, size: Fragment(
        text, (x, y, len(text) * size, size), tuple((x, y, size, size) for _ in text), size
    ),
    st.floats(0, 200), st.floats(0, 200), st.text("甲乙ab", min_size=1, max_size=20), st.floats(1, 9),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        _SOME, max_size=60, unique_by=lambda f: (f.text, round(f.box[0] * 2), round(f.box[1] * 2))
    )
)
def test_every_fragment_is_read_once(parts):
    read = [part for row in ordered(parts) for part in row]
    assert sorted(map(id, read)) == sorted(map(id, parts))


def test_commands(tmp_path):
    path = tmp_path / "a.ofd"
    table = ofd.Table([ofd.Column("项目"), ofd.Column("结果")], [["钠", "1,4"]])
    path.write_bytes(ofd.write(ofd.Story("t", [ofd.Paragraph("甲"), table])))
    run = CliRunner().invoke
    said = run(cli, ["tables", str(path)])
    assert said.output.splitlines() == ["项目,结果", '钠,"1,4"']
    told = json.loads(run(cli, ["tables", str(path), "--json"]).output)
    assert told["tables"][0]["rows"] == [["项目", "结果"], ["钠", "1,4"]]
    words = run(cli, ["words", str(path), "--page", "1"]).output.splitlines()
    assert words[0].split("\t")[0] == "1"
    assert words[0].endswith("\t甲")
    assert json.loads(run(cli, ["words", str(path), "--json"]).output)["words"][0]["text"] == "甲"
