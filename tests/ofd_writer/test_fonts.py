"""Fonts: the right one for each character, exact widths, subsets that read back."""

import io

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats import ofd
from openrhip.formats.ofd import fonts
from openrhip.formats.ofd.fonts import Font, advances
from openrhip.kernel.errors import Misconfigured


@pytest.mark.parametrize("char", "患，A1—℃↑")
def test_everyday_characters_stand_in_the_main_fonts(char):
    for font in (Font.SERIF, Font.SANS, Font.BOLD):
        table = advances(font, 10.0)
        assert table[char] > 0
        assert char not in table.strange


@pytest.mark.parametrize("char", "㛃䶮")
def test_rarer_characters_keep_the_look_of_the_text(char):
    found = {}
    for font in (Font.SERIF, Font.SANS, Font.BOLD):
        table = advances(font, 10.0)
        assert table[char] == pytest.approx(10.0)
        found[font] = table.strange[char]
    assert found == {Font.SERIF: Font.MORE, Font.SANS: Font.RARE, Font.BOLD: Font.RARE_BOLD}


def test_characters_beyond_come_from_the_wide_font():
    table = advances(Font.SERIF, 10.0)
    assert table["𠮷"] == pytest.approx(10.0)
    assert table.strange["𠮷"] is Font.RARE
    bold = advances(Font.BOLD, 10.0)
    assert bold["㛃"] == pytest.approx(10.0)
    assert bold.strange["㛃"] is Font.RARE_BOLD
    assert advances(Font.SERIF, 10.0)["\U0002a700"] == 10.0
    assert table.strange["\U0002a700"] is None


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x9FFF), max_size=40))
def test_widths_are_those_of_the_embedded_subset(text):
    usage = fonts.Usage()
    table = advances(Font.SERIF, 1.0)
    known = [char for char in text if table[char] >= 0 and char not in table.strange]
    if not known:
        return
    usage.add(Font.SERIF, "".join(known))
    font = TTFont(io.BytesIO(usage.files()[Font.SERIF]))
    cmap, widths = font.getBestCmap(), font["hmtx"]
    for char in known:
        assert widths[cmap[ord(char)]][0] / 1000 == pytest.approx(table[char])


@pytest.mark.parametrize("text", ["入院记录，血压120/80mmHg。↑", "患者"])
@pytest.mark.parametrize("font", list(Font))
def test_every_way_to_a_subset_gives_the_same_bytes(font, text):
    face = fonts._Face(font)
    first = face.subset(text)
    for _ in range(fonts._PREPROCESS_AFTER + 2):
        assert face.subset(reversed(text)) == first
    face.warm()
    assert face.subset(text) == first


@pytest.mark.parametrize("font", list(Font))
def test_subsets_hold_exactly_what_is_used(font):
    usage = fonts.Usage()
    text = "入院记录ABC"
    usage.add(font, text)
    data = usage.files()[font]
    made = TTFont(io.BytesIO(data))
    assert set(made.getBestCmap()) == set(map(ord, text))
    assert "CFF " in made
    assert len(data) < 12_000
    assert {"cmap", "head", "hhea", "hmtx", "maxp", "name", "OS/2", "post"} <= set(made.keys())


def test_bold_is_really_bold():
    assert advances(Font.BOLD, 1.0)["W"] > advances(Font.SANS, 1.0)["W"]


def test_rare_names_survive_in_every_face():
    name = "㛃𠮷䶮"
    for run in (ofd.Run(name), ofd.Run(name, bold=True), ofd.Run(name, face=ofd.Face.SANS)):
        made = ofd.compose(ofd.Story("t", [ofd.Paragraph(run)]))
        assert made.missing == ()
        assert ofd.text(made.data) == [name]


def test_a_missing_font_file_is_the_operators_matter(monkeypatch, tmp_path):
    monkeypatch.setattr(fonts, "_path", lambda _: tmp_path / "none.otf")
    with pytest.raises(Misconfigured):
        fonts._Face(Font.SANS)
