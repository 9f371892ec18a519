"""Fonts in SVG and HTML: each face once, as data inside the file, with a cmap made for its text.

A glyph that the file fixes by number gets the code of the character that it stands for, so that
text stays text; only where one character would need two glyphs, the second is drawn as a path.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata

from openrhip.formats.ofd.render.faces import Face
from openrhip.formats.ofd.render.faces_sfnt import for_web


class WebFace:
    """A face and the characters it shows. name: class of its texts."""

    def __init__(self, face: Face, name: str) -> None:
        self.face = face
        self.name = name
        self.codes: dict[str, int] = {}

    def takes(self, char: str, glyph: int) -> bool:
        """Whether the character can show this glyph; then it does from now on."""
        known = self.codes.get(char)
        if known is not None:
            return known == glyph
        if not glyph or not _single(char):
            return False
        self.codes[char] = glyph
        return True

    def rule(self) -> str:
        """Its @font-face and class; the family is named by the content."""
        data, mapping = self.face.subset()
        codes = {ord(char): mapping.get(glyph, 0) for char, glyph in self.codes.items()}
        family = "ofd" + hashlib.sha256(data).hexdigest()[:12]
        file = for_web(data, codes, family)
        inside = base64.b64encode(file).decode("ascii")
        return (
            f"@font-face{{font-family:{family};src:url(data:font/otf;base64,{inside})}}"
            f".{self.name}{{font-family:{family},serif}}"
        )


class WebFonts:
    """All faces of a document, or of one page."""

    def __init__(self) -> None:
        self._faces: dict[int, WebFace] = {}

    def of(self, face: Face) -> WebFace:
        found = self._faces.get(id(face))
        if found is None:
            found = self._faces[id(face)] = WebFace(face, f"f{len(self._faces)}")
        return found

    def styles(self) -> str:
        return "".join(one.rule() for one in self._faces.values() if one.codes)


_JOINED = frozenset(("Mn", "Mc", "Me", "Cc", "Cf", "Cs", "Cn", "Zl", "Zp"))
_SIMPLE = (
    (" ", "\u058f"), ("\u10a0", "\u10ff"), ("\u1e00", "\ua4cf"), ("\uac00", "\ud7a3"),
    ("\ue000", "\ufaff"), ("\ufe10", "\ufe6f"), ("\uff00", "\uffef"), ("\U0001d000", "\U0010fffd"),
)  # fmt: skip
"""Scripts that no browser shapes: Thai, Tamil and the like are taken apart even glyph by glyph."""
_plain: dict[str, bool] = {}


def _single(char: str) -> bool:
    """Whether a browser sets the character by itself: one code, not joined, not turned about."""
    found = _plain.get(char)
    if found is None:
        found = len(char) == 1 and (
            unicodedata.category(char) not in _JOINED
            and any(first <= char <= last for first, last in _SIMPLE)
            and unicodedata.bidirectional(char) not in ("R", "AL", "RLE", "RLO", "LRE", "LRO")
        )
        if len(_plain) > 100_000:
            _plain.clear()
        _plain[char] = found
    return found
