"""Fonts keyed by character identifiers: numbers in files made from PDF are CIDs, not glyphs."""

import uharfbuzz as hb

from openrhip.formats.ofd.fonts import Font, loaded
from openrhip.formats.ofd.render import faces_cff
from openrhip.formats.ofd.render.faces_face import Face


def _subset(text: str) -> hb.Face:
    """Our serif face with few glyphs; its charset keeps the identifiers of the whole font."""
    source, _ = loaded(Font.SERIF)
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(map(ord, text))
    made: hb.Face = wanted.subset(source)
    return made


def test_identifiers_lead_to_glyphs_and_plain_numbers_stay():
    face = Face(_subset("本附件"), own=True)
    cids = faces_cff.cids(bytes(face.face.reference_table("CFF ").data))
    assert len(cids) == face.count
    assert max(cids) > face.count  # else the numbers could not be told apart
    for char in "本附件":
        glyph = face.lookup(char)
        cid = next(cid for cid, number in cids.items() if number == glyph)
        assert face.numbered(cid, char) == glyph
        assert face.numbered(glyph, char) == glyph  # a producer that wrote glyph numbers
    assert face.numbered(65_000, "本") == 0


def test_house_fonts_and_broken_tables_have_none():
    source, weight = loaded(Font.SERIF)
    assert Face(source, weight).numbered(5, "x") == 5
    for broken in (b"", b"\1\0\4\1", b"\1\0\4\1" + b"\xff" * 60):
        assert faces_cff.cids(broken) == {}
