"""The page for the browser: one file, nothing from outside, readable without its script."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from lxml import etree

from openrhip.formats import ofd
from openrhip.formats.ofd import render
from openrhip.formats.ofd.cli import cli
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.render import page as browser
from openrhip.kernel.errors import Malformed

_VOID = {"meta", "br", "link", "input", "img"}


class Tree(HTMLParser):
    """Checks that elements nest, and collects them with their attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[tuple[str, dict[str, str | None], tuple[str, ...]]] = []
        self.words: dict[str, list[str]] = {}
        self.said: list[str] = []  # in the pages
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs), tuple(self.open)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.words.setdefault(self.open[-1], []).append(data)
            if self.open[-1] in {"text", "tspan"}:
                self.said.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes, _ in self.found if name == tag]


def _record(pages: int = 3) -> bytes:
    blocks = []
    for number in range(pages):
        blocks += [
            ofd.Heading(f"第{number}节<&>"),
            ofd.Paragraph(f"患者张㛃𠮷{number}号。"),
            ofd.PageBreak(),
        ]
    return ofd.write(ofd.Story("出院<小结>&", blocks[:-1], header=[ofd.Paragraph("某医院")]))


def test_one_file_that_asks_for_nothing():
    page = render.to_page(_record(), watermark="李医生")
    tree = Tree(page)
    for tag, attributes, _ in tree.found:
        assert tag not in {"link", "img", "iframe", "object", "base"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name != "style"
            if name in {"href", "xlink:href", "src"}:
                assert value.startswith(("#", "data:"))
    assert not re.search(r"url\((?!#|data:)", page)
    assert "@import" not in page


def test_its_policy_allows_just_its_style_and_script():
    page = render.to_page(_record())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    policy = policy.replace("&#x27;", "'")
    assert policy.startswith("default-src 'none'; img-src data:; font-src data:;")
    assert "unsafe" not in policy
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy


def test_pages_text_outline_and_title():
    tree = Tree(render.to_page(_record()))
    sections = tree.all("section")
    assert [one["id"] for one in sections] == ["p1", "p2", "p3"]
    assert sections[1]["aria-label"] == "第 2 页 Page 2"
    assert "".join(tree.said).count("某医院") == 3
    assert "患者张㛃𠮷2号。" in "".join(tree.said)
    assert tree.words["title"][0] == "出院<小结>&"
    assert tree.words["h1"] == ["出院<小结>&"]
    goals = [a["href"] for a in tree.all("a") if a.get("href", "").startswith("#p")]
    assert goals == ["#p1", "#p2", "#p3"]
    assert (
        tree.words["a"][1:] == ["第0节<&>", "第1节<&>", "第2节<&>"] or "第0节<&>" in tree.words["a"]
    )
    assert tree.all("html")[0]["lang"] == "zh-CN"
    assert tree.all("svg")[1]["viewbox"] == "0 0 210 297"


def test_fonts_come_once_for_the_document():
    few, many = (render.to_page(_record(count)) for count in (12, 20))
    assert few.count("@font-face") == many.count("@font-face")
    assert len(many) < len(few) * 2


def test_long_documents_put_pages_in_late_and_keep_their_text_in_front(monkeypatch):
    monkeypatch.setattr(browser, "_LAZY", 2)
    page = render.to_page(_record(4))
    tree = Tree(page)
    assert len(tree.all("template")) == 4
    fronts = [a for a in tree.all("div") if a.get("hidden") == "until-found"]
    assert len(fronts) == 4
    said = "".join(tree.words["div"]).replace(" ", "")
    assert all(f"患者张㛃𠮷{n}号。" in said for n in range(4))
    assert not Tree(render.to_page(_record(2))).all("template")


def test_notices_are_listed_in_both_languages(foreign, text_of, font_of):
    data = foreign(text_of("甲"), fonts=font_of("仿宋&lt;b&gt;"))
    tree = Tree(render.to_page(data))
    assert "仿宋<b>" in "".join(tree.words["li"])
    assert any("not embedded" in word for word in tree.words["span"])
    assert "手工<b>" in tree.words["h1"][0]
    assert "footer" not in {tag for tag, _, _ in Tree(render.to_page(_record())).found}


def test_links_lead_to_pages_and_to_the_web_alone(foreign, text_of):
    def action(inside: str) -> str:
        return text_of("甲").replace(
            "<ofd:TextCode",
            f'<ofd:Actions><ofd:Action Event="CLICK">{inside}</ofd:Action></ofd:Actions><ofd:TextCode',
            1,
        )

    pages = [
        action('<ofd:Goto><ofd:Dest Type="Fit" PageID="901"/></ofd:Goto>'),
        action('<ofd:URI URI="https://example.org/?a=1&amp;b=2"/>'),
        action('<ofd:URI URI="javascript:alert(1)"/>'),
    ]
    tree = Tree(render.to_page(foreign(pages=pages)))
    goals = [a["xlink:href"] for a in tree.all("a") if "xlink:href" in a]
    assert goals == ["#p2", "https://example.org/?a=1&b=2"]
    assert "javascript" not in render.to_svg(foreign(pages=pages), 2)


def test_a_page_that_cannot_be_read_is_named_and_the_others_are_shown(foreign, text_of):
    data = foreign(pages=[text_of("甲"), "<unclosed>", text_of("乙")])
    notices = Notices()
    tree = Tree(render.to_page(data, notices=notices))
    assert [one["id"] for one in tree.all("section")] == ["p1", "p2", "p3"]
    assert "page.unreadable" in {one.code for one in notices}
    assert "".join(tree.said) == "甲乙"
    with pytest.raises(Malformed):
        render.to_page(b"none")


def test_pages_of_two_sizes_have_their_rules_for_print(foreign):
    page = render.to_page(_record(1))
    assert "@page s0{size:210mm 297mm;margin:0}" in page


def test_svg_of_a_page_is_well_formed_with_every_paint(foreign):
    shade = (
        '<ofd:PathObject ID="{n}" Boundary="0 0 40 40" Fill="true"><ofd:FillColor>{c}</ofd:FillColor>'
        "<ofd:AbbreviatedData>M 0 0 L 40 0 L 40 40 L 0 40 C</ofd:AbbreviatedData></ofd:PathObject>"
    )
    stops = '<ofd:Segment Position="0"><ofd:Color Value="255 0 0"/></ofd:Segment><ofd:Segment Position="1"><ofd:Color Value="0 0 255"/></ofd:Segment>'
    paints = [
        f'<ofd:AxialShd StartPoint="0 0" EndPoint="40 0" Extend="1">{stops}</ofd:AxialShd>',
        f'<ofd:RadialShd StartPoint="20 20" EndPoint="20 20" StartRadius="2" EndRadius="20">{stops}</ofd:RadialShd>',
        "<ofd:GouraudShd>"
        + "".join(
            f'<ofd:Point X="{x}" Y="{y}" EdgeFlag="0"><ofd:Color Value="{c}"/></ofd:Point>'
            for x, y, c in ((0, 0, "255 0 0"), (40, 0, "0 255 0"), (0, 40, "0 0 255"))
        )
        + "</ofd:GouraudShd>",
    ]
    paints.append(
        '<ofd:Pattern Width="5" Height="5" ReflectMethod="RowAndColumn"><ofd:CellContent>'
        '<ofd:PathObject ID="1" Boundary="0 0 5 5" Fill="true"><ofd:FillColor Value="0 128 0"/>'
        "<ofd:AbbreviatedData>M 0 0 L 5 0 L 0 5 C</ofd:AbbreviatedData></ofd:PathObject>"
        "</ofd:CellContent></ofd:Pattern>"
    )
    clip = (
        '<ofd:PathObject ID="9" Boundary="50 0 40 40" Fill="true"><ofd:Clips><ofd:Clip><ofd:Area>'
        '<ofd:Path Boundary="0 0 20 40"><ofd:AbbreviatedData>M 0 0 L 20 0 L 20 40 C</ofd:AbbreviatedData>'
        "</ofd:Path></ofd:Area></ofd:Clip></ofd:Clips><ofd:AbbreviatedData>M 0 0 L 40 0 L 40 40 C"
        "</ofd:AbbreviatedData></ofd:PathObject>"
    )
    data = foreign("".join(shade.format(n=n, c=c) for n, c in enumerate(paints, 20)) + clip)
    notices = Notices()
    tree = etree.fromstring(render.to_svg(data, notices=notices).encode())
    kinds = {etree.QName(e).localname for e in tree.iter()}
    assert {"linearGradient", "radialGradient", "pattern", "clipPath"} <= kinds
    ids = {e.get("id") for e in tree.iter() if e.get("id")}
    for element in tree.iter():
        for value in element.attrib.values():
            for goal in re.findall(r"url\(#([^)]+)\)", value):
                assert goal in ids
    assert not notices


@pytest.mark.parametrize(
    ("how", "cells"),
    [
        ("Normal", set()),
        ("Column", {"matrix(-1 0 0 1 10 0)"}),
        ("Row", {"matrix(1 0 0 -1 0 10)"}),
        (
            "RowAndColumn",
            {"matrix(-1 0 0 1 10 0)", "matrix(1 0 0 -1 0 10)", "matrix(-1 0 0 -1 10 10)"},
        ),
    ],
)
def test_patterns_in_svg_mirror_as_the_standard_says(foreign, how, cells):
    """Column turns about the upright axis, Row about the level one."""
    cell = (
        '<ofd:PathObject ID="1" Boundary="0 0 5 5" Fill="true" Stroke="false"><ofd:FillColor'
        ' Value="0"/><ofd:AbbreviatedData>M 0 0 L 5 0 L 0 5 C</ofd:AbbreviatedData></ofd:PathObject>'
    )
    data = foreign(
        '<ofd:PathObject ID="2" Boundary="0 0 40 40" Fill="true"><ofd:FillColor><ofd:Pattern'
        f' Width="5" Height="5" ReflectMethod="{how}"><ofd:CellContent>{cell}</ofd:CellContent>'
        "</ofd:Pattern></ofd:FillColor><ofd:AbbreviatedData>M 0 0 L 40 0 L 40 40 C"
        "</ofd:AbbreviatedData></ofd:PathObject>"
    )
    tree = etree.fromstring(render.to_svg(data).encode())
    (pattern,) = tree.iter("{http://www.w3.org/2000/svg}pattern")
    groups = {e.get("transform") for e in pattern if e.get("transform")}
    assert groups == cells
    size = float(pattern.get("width")), float(pattern.get("height"))
    assert size == (5 + 5 * ("Column" in how), 5 + 5 * ("Row" in how))


def test_circles_beside_each_other_are_a_cone(foreign):
    stops = "".join(
        f'<ofd:Segment Position="{at}"><ofd:Color Value="{color}"/></ofd:Segment>'
        for at, color in ((0, "255 0 0"), (1, "0 0 255"))
    )
    data = foreign(
        '<ofd:PathObject ID="2" Boundary="0 0 40 40" Fill="true"><ofd:FillColor><ofd:RadialShd'
        f' StartPoint="5 20" StartRadius="2" EndPoint="30 20" EndRadius="5">{stops}'
        "</ofd:RadialShd></ofd:FillColor><ofd:AbbreviatedData>M 0 0 L 40 0 L 40 40 C"
        "</ofd:AbbreviatedData></ofd:PathObject>"
    )
    tree = etree.fromstring(render.to_svg(data).encode())
    circles = list(tree.iter("{http://www.w3.org/2000/svg}circle"))
    assert (circles[0].get("fill"), circles[-1].get("fill")) == ("#ff0000", "#0000ff")
    assert (circles[0].get("cx"), circles[-1].get("r")) == ("5", "5")


def test_the_command_writes_it(tmp_path):
    (tmp_path / "a.ofd").write_bytes(_record(1))
    done = CliRunner().invoke(
        cli, ["render", str(tmp_path / "a.ofd"), "-o", str(tmp_path / "a.html"), "--json"]
    )
    assert done.exit_code == 0
    assert '"notices": []' in done.output
    assert (tmp_path / "a.html").read_text().startswith("<!doctype html>")
