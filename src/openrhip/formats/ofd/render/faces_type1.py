"""Type 1 fonts (Adobe Type 1 Font Format): read into outlines and written as CFF."""

from __future__ import annotations

from openrhip.formats.ofd.render.faces_cff import Broken


def looks_like(data: bytes) -> bool:
    return data.startswith((b"\x80\x01", b"%!PS-AdobeFont", b"%!FontType1"))


def wrapped(data: bytes) -> bytes:
    """An OpenType file with the font's outlines. Raises Broken."""
    del data
    raise Broken
