"""Tables over pages: repeated heads, cut cells, cells over rows and columns."""

import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd.layout import lay_out
from openrhip.formats.ofd.layout.pieces import Path, Text, flat

LAB = [
    ofd.Column("序号", 0.6, ofd.Align.CENTER),
    ofd.Column("检验项目", 3),
    ofd.Column("结果", 1.2, ofd.Align.RIGHT),
    ofd.Column("参考区间", 1.6, ofd.Align.CENTER),
]


def _lab(rows: int, ruled: ofd.Ruling = ofd.Ruling.GRID) -> ofd.Story:
    body = [
        [str(number), "白细胞计数（WBC）", ofd.Cell(f"{number}.5 ↑", bold=True), "3.5—9.5"]
        for number in range(rows)
    ]
    return ofd.Story("检验报告", [ofd.Table(LAB, body, ruled=ruled)], footer=[ofd.PageNumber()])


@pytest.mark.parametrize("ruled", list(ofd.Ruling))
def test_forty_pages_with_a_head_on_each(ruled):
    pages = ofd.text(ofd.write(_lab(1900, ruled)))
    assert len(pages) >= 40
    numbers: list[int] = []
    for page in pages:
        lines = page.split("\n")
        assert lines[0] == "序号 检验项目 结果 参考区间"
        assert sum("检验项目" in line for line in lines) == 1
        numbers += [int(line.split(" ")[0]) for line in lines[1:-1]]
    assert numbers == list(range(1900))


def test_a_head_never_stands_alone_at_the_foot_of_a_page():
    for filler in range(30, 60):
        blocks = [ofd.Paragraph("行") for _ in range(filler)]
        story = ofd.Story("t", [*blocks, *_lab(3).blocks])
        for page in ofd.text(ofd.write(story)):
            assert not page.endswith("参考区间")


def test_a_cell_higher_than_a_page_goes_on_with_the_head_repeated():
    long = "".join(f"第{number}句，患者一般情况可。" for number in range(900))
    table = ofd.Table([ofd.Column("项", 1), ofd.Column("内容", 3)], [["甲", long], ["乙", "完"]])
    pages = ofd.text(ofd.write(ofd.Story("t", [table])))
    assert len(pages) > 2
    assert all(page.startswith("项 内容") for page in pages)
    joined = "".join("".join(page.split("\n")[1:]) for page in pages).replace(" ", "")
    assert joined == f"甲{long}乙完"


def test_cells_over_rows_and_columns_are_placed_and_framed():
    table = ofd.Table(
        [ofd.Column(), ofd.Column(), ofd.Column()],
        [
            [ofd.Cell("甲", rows=2), ofd.Cell("乙丙", span=2)],
            ["丁", "戊"],
            [ofd.Cell("己", span=3)],
        ],
    )
    laid = lay_out(ofd.Story("t", [table]))
    pieces = flat(laid.pages[0].pieces)
    at = {piece.text: piece for piece in pieces if isinstance(piece, Text)}
    assert at["甲"].y > at["乙丙"].y  # in the middle of its two rows
    assert at["丁"].x == at["乙丙"].x
    assert at["己"].y > at["丁"].y
    assert sum(isinstance(piece, Path) for piece in pieces) >= 5


def test_rows_that_a_cell_joins_are_cut_when_no_page_holds_them():
    rows = [[ofd.Cell("大项", rows=200), "0"], *[[str(number)] for number in range(1, 200)]]
    table = ofd.Table([ofd.Column(), ofd.Column()], rows)
    pages = ofd.text(ofd.write(ofd.Story("t", [table])))
    found = [word for page in pages for word in page.split() if word != "大项"]
    assert found == [str(number) for number in range(200)]
    assert "".join(pages).count("大项") == 1


def test_own_head_rows():
    rows = [["甲", "乙"], ["丙", "丁"], *[["1", "2"]] * 100]
    table = ofd.Table([ofd.Column(), ofd.Column()], rows, heads=2)
    pages = ofd.text(ofd.write(ofd.Story("t", [table])))
    assert len(pages) == 3
    assert all(page.startswith("甲 乙\n丙 丁\n1 2") for page in pages)


def test_a_three_line_table_is_closed_on_every_page():
    laid = lay_out(_lab(200, ofd.Ruling.THREE_LINE))
    for page in laid.pages:
        thick = [p for p in flat(page.pieces) if isinstance(p, Path) and p.line == 0.5]
        assert len(thick) == 2


def test_empty_tables_and_cells():
    table = ofd.Table([ofd.Column("甲"), ofd.Column()], [[], ["", ofd.Cell()], ["x"]])
    assert ofd.text(ofd.write(ofd.Story("t", [table])))[0].split() == ["甲", "x"]
    assert ofd.text(ofd.write(ofd.Story("t", [ofd.Table([ofd.Column()], [])]))) == [""]
