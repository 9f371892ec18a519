"""Seals in a PDF whose picture is an OFD package: drawn as they are, sharp at every size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from openrhip.formats.ofd.package import Box, open_package
from openrhip.formats.ofd.render.faces import Face, Faces
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix
from openrhip.formats.ofd.render.pdf_canvas import Canvas
from openrhip.formats.ofd.render.pdf_draw import Draw
from openrhip.formats.ofd.render.pdf_file import File
from openrhip.formats.ofd.render.scene import Scene
from openrhip.formats.ofd.render.scene_items import GroupItem
from openrhip.kernel.errors import Problem

_MOST = 40
"""On one page; more of them are pictures of pixels."""


class Seals:
    """The OFD pictures of one PDF, each once as a form. name: gives a face its name."""

    def __init__(self, file: File, name: Callable[[Canvas, Face], str]) -> None:
        self._file = file
        self._name = name
        self._known: dict[bytes, tuple[Draw, GroupItem] | None] = {}
        self._left = _MOST

    def begin(self) -> None:
        """A new page."""
        self._left = _MOST

    def show(self, canvas: Canvas, base: Matrix, place: Box, data: bytes) -> bool:
        """Draw the first page of the picture into the place; False if it cannot be done so."""
        if data not in self._known:
            self._known[data] = self._open(data)
        known = self._known[data]
        if known is None or self._left <= 0:
            return False
        self._left -= 1
        draw, group = known
        x, y, width, height = group.box
        left, top, wide, tall = place
        across, down = wide / width, tall / height
        matrix: Matrix = (across, 0.0, 0.0, down, left - x * across, top - y * down)
        draw.begin(base)
        draw.items(canvas, [replace(group, matrix=matrix)])
        return True

    def _open(self, data: bytes) -> tuple[Draw, GroupItem] | None:
        """Without annotations, and without the seals it may have itself."""
        try:
            package = open_package(data)
            scene = Scene.of(package)
            sheet = scene.sheet(0)
        except Problem:
            return None
        items = tuple(
            item
            for item in sheet.items
            if not (isinstance(item, GroupItem) and item.kind.startswith("annotation"))
        )
        draw = Draw(scene, self._file, Faces(package), self._name, forms=True)
        return draw, GroupItem("", sheet.box, IDENTITY, 1.0, items, "seal", "seal")
