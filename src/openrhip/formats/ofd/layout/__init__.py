"""From story to pages: where each piece of text, line and picture stands (版面).

A block becomes slices, a slice is what a page cannot cut (a line, a table row); the flow puts
slices on pages. Coordinates are millimetres from the top left corner, y down, as OFD has them.
"""

from __future__ import annotations

from openrhip.formats.ofd.layout.flow import Laid, LaidPage, lay_out

__all__ = ["Laid", "LaidPage", "lay_out"]
