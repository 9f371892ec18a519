"""The page for the browser in a browser: its policy lets it work, axe finds nothing, text is found."""

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from openrhip.formats import ofd
from openrhip.formats.ofd import render
from openrhip.formats.ofd.render import page as browser_page

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
AXE = Path(__file__).parent.parent / "vendor" / "axe" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium on this machine"),
]


@pytest.fixture
def shown(browser, tmp_path):
    """shown(html) → an open page and what its console said."""
    opened = []

    def show(html: str, width: int = 1000):
        path = tmp_path / "page.html"
        path.write_text(html, "utf-8")
        page = browser.new_page(viewport={"width": width, "height": 800})
        opened.append(page)
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        return page, said

    yield show
    for page in opened:
        page.close()


def _record(pages: int) -> bytes:
    blocks = []
    for number in range(pages):
        blocks += [ofd.Heading(f"第{number}节"), ofd.Paragraph(f"患者张㛃𠮷{number}号，女。" * 20)]
        blocks.append(ofd.PageBreak())
    return ofd.write(ofd.Story("出院小结", blocks[:-1]))


def _ink(page) -> int:
    """Dark pixels below the head of the page."""
    page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))")
    image = Image.open(io.BytesIO(page.screenshot())).convert("L")
    return sum(image.crop((0, 160, image.width, image.height)).histogram()[:100])


@pytest.mark.parametrize("width", [390, 1200])
def test_it_works_under_its_policy_and_axe_finds_nothing(shown, width):
    page, said = shown(render.to_page(_record(3), watermark="李医生"), width)
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("tags => axe.run({runOnly: tags})", WCAG)
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found["violations"]] == []
    assert said == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("window.find('张㛃𠮷2号')")
    assert page.locator("#go").is_visible()
    assert _ink(page) > 100


def test_pages_of_a_long_document_come_when_they_are_near(shown, monkeypatch):
    monkeypatch.setattr(browser_page, "_LAZY", 4)
    page, said = shown(render.to_page(_record(30)))
    drawn = "document.querySelectorAll('.page svg').length"
    assert page.evaluate(drawn) < 8
    page.select_option("#go", "20")
    page.wait_for_function("document.querySelector('#p20 svg')")
    assert page.evaluate(drawn) < 20
    assert _ink(page) > 100
    page.select_option("#zoom", "150")
    assert page.evaluate("document.getElementById('go').value") == "20"
    assert said == []


def test_glyphs_fixed_by_number_show_under_their_characters(
    shown, foreign, text_of, font_of, small_font
):
    """The character says 丙, the number says the glyph of 甲: seen is 甲, found is 丙."""
    import uharfbuzz as hb

    number = hb.Font(hb.Face(small_font)).get_nominal_glyph(ord("甲"))
    more = f'<ofd:CGTransform CodePosition="0"><ofd:Glyphs>{number}</ofd:Glyphs></ofd:CGTransform>'
    parts = {"Doc_0/Res/f.otf": small_font}
    fonts = font_of("某体", "f.otf")
    pictures = []
    for text, fixed in (("丙", more), ("甲", "")):
        page, said = shown(
            render.to_page(foreign(text_of(text, more=fixed), fonts=fonts, parts=parts))
        )
        page.evaluate("document.fonts.ready")
        assert page.evaluate("word => window.find(word)", text)
        page.evaluate("getSelection().removeAllRanges()")
        pictures.append(page.screenshot())
        assert said == []
    assert pictures[0] == pictures[1]
