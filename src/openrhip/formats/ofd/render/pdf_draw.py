"""Items of a scene drawn on a canvas of a PDF: paths, images, groups, their paints and clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from openrhip.formats.ofd.render import images, pdf_paint
from openrhip.formats.ofd.render.faces import Face, Faces
from openrhip.formats.ofd.render.geometry import IDENTITY, Matrix, multiply
from openrhip.formats.ofd.render.pdf_canvas import Canvas
from openrhip.formats.ofd.render.pdf_file import File, n, ns
from openrhip.formats.ofd.render.pdf_images import image
from openrhip.formats.ofd.render.pdf_shapes import rounded, tiles
from openrhip.formats.ofd.render.pdf_text import Texts, line_width
from openrhip.formats.ofd.render.scene import GroupItem, ImageItem, Item, PathItem, Scene, TextItem
from openrhip.formats.ofd.render.scene_items import (
    Axial,
    Border,
    Clip,
    Mesh,
    Paint,
    Pattern,
    Pen,
    Radial,
    flat,
)
from openrhip.kernel.errors import Problem

_HUGE = "[-32000 -32000 32000 32000]"
_FRAME = Pen(0.002)
_RICH = 3000  # gradients and patterns of one page
_LAYER = 6  # of these a mask or a see-through group counts as
_TILES = 250_000  # of one pattern on one object: where there would be more, one colour must do
_GREY = (160, 160, 160)


class Draw:
    """Draws items; what several pages share is kept. forms: whether that is worth the while."""

    def __init__(
        self,
        scene: Scene,
        file: File,
        faces: Faces,
        name: Callable[[Canvas, Face], str],
        *,
        forms: bool,
    ) -> None:
        self._scene = scene
        self._file = file
        self._texts = Texts(faces, name)
        self._forms = forms
        self._groups: dict[str, tuple[int, int]] = {}
        self._spent = 0
        self._states: dict[str, int] = {}
        self._images: dict[tuple[str, str, str], int] = {}
        self._pictures: dict[bytes, tuple[int, bool]] = {}
        self.page: Matrix = IDENTITY
        self.screen = 0  # the optional content that is not printed, if there is any

    def begin(self, base: Matrix) -> None:
        """A new page, whose space `base` leads into that of the PDF."""
        self.page = base
        self._spent = 0

    def _afford(self, cost: int = 1) -> bool:
        """Whether the page may have more of what is costly to show: patterns, masks, groups."""
        self._spent += cost
        if self._spent <= _RICH:
            return True
        return self._plainly()

    def _plainly(self) -> bool:
        self._scene.notices.note(
            "page.too-rich",
            "页面的渐变、底纹或透明组过多，其余从简绘制",
            "too many gradients, patterns or see-through groups; the rest is drawn plainly",
        )
        return False

    def items(self, canvas: Canvas, items: Iterable[Item]) -> None:
        """Items in the space where the canvas is now."""
        for item in items:
            if isinstance(item, TextItem):
                self._text(canvas, item)
            elif isinstance(item, PathItem):
                self._path(canvas, item)
            elif isinstance(item, ImageItem):
                self._image(canvas, item)
            else:
                self._group(canvas, item)

    def _text(self, canvas: Canvas, item: TextItem) -> None:
        fill, stroke = item.fill, item.stroke
        solid = isinstance(fill, tuple) and stroke is None
        alpha = item.alpha * item.fill_alpha
        if solid and alpha >= 1 and not item.clips and not item.blend:
            canvas.fill(fill)  # type: ignore[arg-type]
            self._texts.draw(canvas, item)
            return
        canvas.save()
        self._clip(canvas, item.clips)
        self._state(canvas, item, item.matrix)
        self._paints(canvas, item)
        if stroke is not None:
            canvas.pen(item.pen)
            canvas.line_width(line_width(item))
        self._texts.draw(canvas, item)
        canvas.restore()

    def _path(self, canvas: Canvas, item: PathItem) -> None:
        a, b, c, d, _, _ = item.matrix
        moved = (b, c) == (0.0, 0.0) and a == d == 1.0
        plain = moved or item.stroke is None
        paints = (item.fill, item.stroke)
        solid = all(paint is None or isinstance(paint, tuple) for paint in paints)
        alpha = item.alpha * min(item.fill_alpha, item.stroke_alpha)
        wrapped = bool(item.clips or item.blend) or alpha < 1 or not solid or not plain
        if wrapped:
            canvas.save()
            self._clip(canvas, item.clips)
            self._state(canvas, item, item.matrix)
        canvas.end_text()
        self._paints(canvas, item)
        if item.stroke is not None:
            canvas.pen(item.pen)
        if not plain:
            canvas.move(item.matrix)
        if canvas.path(item.segments, item.matrix if plain else IDENTITY):
            star = "*" if item.even_odd else ""
            if item.fill is None:
                canvas.out.append("S\n")
            else:
                canvas.out.append(f"{'f' if item.stroke is None else 'B'}{star}\n")
        if wrapped:
            canvas.restore()

    def _paints(self, canvas: Canvas, item: TextItem | PathItem) -> None:
        for paint, stroke in ((item.fill, False), (item.stroke, True)):
            if paint is None:
                continue
            name = "" if isinstance(paint, tuple) else self._pattern(canvas, paint, item)
            if name:
                canvas.pattern(name, stroke=stroke)
            else:
                (canvas.stroke if stroke else canvas.fill)(flat(paint))

    def _state(self, canvas: Canvas, item: Item, matrix: Matrix) -> None:
        """Opacity and blending, and a mask for a gradient of changing opacity."""
        fill = stroke = item.alpha
        mask = 0
        if isinstance(item, (TextItem, PathItem)):
            fill, stroke = item.alpha * item.fill_alpha, item.alpha * item.stroke_alpha
            for paint in (item.fill, item.stroke):
                if isinstance(paint, (Axial, Radial, Mesh)):
                    whole, differ = pdf_paint.opacities(paint)
                    if differ and self._afford(_LAYER):
                        mask = self._mask(paint, matrix)
                    else:
                        fill, stroke = fill * whole, stroke * whole
        fill, stroke = round(fill, 3), round(stroke, 3)
        words = f"/ca {n(fill)}/CA {n(stroke)}" if fill < 1 or stroke < 1 else ""
        words += f"/BM/{item.blend}" if item.blend else ""
        words += f"/SMask<</S/Luminosity/G {mask} 0 R>>" if mask else ""
        if words:
            self._apply(canvas, words)

    def _apply(self, canvas: Canvas, words: str) -> None:
        number = self._states.get(words)
        if number is None:
            number = self._states[words] = self._file.put(f"<<{words}>>")
        canvas.out.append(f"/{canvas.use('ExtGState', f'A{number}', number)} gs ")

    def _mask(self, paint: Axial | Radial | Mesh, matrix: Matrix) -> int:
        shade = pdf_paint.shading(self._file, paint, mask=True)
        placed = pdf_paint.frame(paint, matrix)
        return self._file.stream(
            f"/Type/XObject/Subtype/Form/BBox{_HUGE}/Group<</S/Transparency/CS/DeviceGray>>"
            f"/Resources<</Shading<</S {shade} 0 R>>>>",
            f"{ns(placed)} cm /S sh".encode("ascii"),
        )

    def _pattern(self, canvas: Canvas, paint: Paint, item: TextItem | PathItem) -> str:
        """A pattern's name; "" where one colour must do."""
        placed = multiply(item.matrix, canvas.base)
        if isinstance(paint, Pattern) and tiles(item, paint) > _TILES:
            self._plainly()
            return ""
        if not self._afford():
            return ""
        if isinstance(paint, Pattern):
            number = self._tile(paint, self.page if paint.to_page else placed)
        elif isinstance(paint, (Axial, Radial, Mesh)):
            number = pdf_paint.pattern(self._file, paint, placed)
        else:
            raise TypeError(paint)
        return canvas.use("Pattern", f"P{number}", number)

    def _tile(self, paint: Pattern, base: Matrix) -> int:
        """A tiling pattern; mirrored neighbours make the tile twice as large."""
        cell = Canvas()
        across = paint.reflect in {"Column", "RowAndColumn"}
        down = paint.reflect in {"Row", "RowAndColumn"}
        for i in range(1 + across):
            for j in range(1 + down):
                matrix: Matrix = (
                    -1.0 if i else 1.0, 0.0, 0.0, -1.0 if j else 1.0,
                    paint.x_step + paint.width if i else 0.0,
                    paint.y_step + paint.height if j else 0.0,
                )  # fmt: skip
                cell.save()
                if i or j:
                    cell.move(matrix)
                cell.base = matrix
                cell.out.append(f"0 0 {n(paint.width)} {n(paint.height)} re W n ")
                self.items(cell, paint.items)
                cell.restore()
        wide, tall = paint.x_step * (1 + across), paint.y_step * (1 + down)
        placed = multiply(paint.matrix, base)
        return self._file.stream(
            f"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 {n(wide)} {n(tall)}]"
            f"/XStep {n(wide)}/YStep {n(tall)}/Matrix[{ns(placed)}]"
            f"/Resources{cell.resource_words()}",
            cell.content(),
        )

    def _clip(self, canvas: Canvas, clips: Sequence[Clip]) -> None:
        """Cut what follows; to be called where the state is saved."""
        for clip in clips:
            texts = [area.text for area in clip.areas if area.text is not None]
            odd = any(area.even_odd for area in clip.areas)
            drawn = False
            for area in clip.areas:
                if area.text is None:
                    drawn = canvas.path(area.segments, area.matrix) or drawn
            if drawn:
                canvas.out.append("W* n " if odd else "W n ")
            for text in texts:
                self._texts.draw(canvas, text, clip=True)
            canvas.end_text()

    def _group(self, canvas: Canvas, item: GroupItem) -> None:
        if not item.items:
            return
        apart = (item.alpha < 1 or bool(item.blend)) and self._afford(_LAYER)
        as_form = apart or (bool(item.key) and self._forms)
        canvas.save()
        self._clip(canvas, item.clips)
        self._state(canvas, item, item.matrix)
        if item.screen_only:
            self.screen = self.screen or self._file.reserve()
            canvas.out.append(f"/OC/{canvas.use('Properties', 'S', self.screen)} BDC ")
        if item.matrix != IDENTITY:
            canvas.move(item.matrix)
        if as_form:
            if number := self._form(item, apart=apart):
                canvas.out.append(f"/{canvas.use('XObject', f'X{number}', number)} Do ")
        else:
            base = canvas.base
            canvas.base = multiply(item.matrix, base)
            self.items(canvas, item.items)
            canvas.base = base
        if item.screen_only:
            canvas.end_text()
            canvas.out.append("EMC ")
        canvas.restore()

    def _form(self, item: GroupItem, *, apart: bool) -> int:
        key = f"{item.key}:{apart}" if item.key else ""
        known = self._groups.get(key) if key else None
        if known is not None:
            number, cost = known
            if cost and not self._afford(cost):
                return 0
        else:
            before = self._spent
            inner = Canvas()
            self.items(inner, item.items)
            group = "/Group<</S/Transparency>>" if apart else ""
            number = self._file.stream(
                f"/Type/XObject/Subtype/Form/BBox{_HUGE}{group}/Resources{inner.resource_words()}",
                inner.content(),
            )
            if key:
                self._groups[key] = number, self._spent - before
        return number

    def _image(self, canvas: Canvas, item: ImageItem) -> None:
        key = (item.part, item.mask, item.substitution)
        number = self._images.get(key)
        if number is None:
            number = self._images[key] = self._load(item)
        if not number and item.border is None:
            self._frame(canvas, item.matrix)
            return
        canvas.save()
        self._clip(canvas, item.clips)
        self._state(canvas, item, item.matrix)
        if number:
            self._show(canvas, item.matrix, number)
        canvas.restore()
        if item.border is not None:
            self._border(canvas, item, item.border)

    def _load(self, item: ImageItem) -> int:
        """The image as an object; the substitution where it cannot be read; 0 if neither can."""
        read = self._scene.package.read
        for part in filter(None, (item.part, item.substitution)):
            try:
                picture = images.decode(read(part))
                if item.mask:
                    picture = images.masked(picture, images.decode(read(item.mask)))
                return image(self._file, picture)
            except Problem:
                self._unreadable(part)
        return 0

    def _unreadable(self, where: str) -> None:
        self._scene.notices.note(
            "image.unreadable",
            "图像无法读取，以方框代替",
            "a picture cannot be read; a frame stands for it",
            where,
        )

    def picture(self, canvas: Canvas, matrix: Matrix, data: bytes) -> None:
        """A picture that is in no part: a seal's. One without opacity colours what it covers, so
        that the text below stays legible."""
        known = self._pictures.get(data)
        if known is None:
            try:
                read = images.decode(data)
                known = image(self._file, read), read.alpha is None
            except Problem:
                known = 0, False
                self._unreadable("seal")
            self._pictures[data] = known
        number, opaque = known
        if number:
            canvas.save()
            if opaque:
                self._apply(canvas, "/BM/Multiply")
            self._show(canvas, matrix, number)
            canvas.restore()

    def _show(self, canvas: Canvas, matrix: Matrix, number: int) -> None:
        canvas.move(multiply((1.0, 0.0, 0.0, -1.0, 0.0, 1.0), matrix))
        canvas.out.append(f"/{canvas.use('XObject', f'X{number}', number)} Do ")

    def _frame(self, canvas: Canvas, matrix: Matrix) -> None:
        """The sign for a picture nobody can read."""
        canvas.save()
        canvas.stroke(_GREY)
        canvas.pen(_FRAME)
        canvas.move(matrix)
        canvas.path(images.PLACEHOLDER)
        canvas.out.append("S ")
        canvas.restore()

    def _border(self, canvas: Canvas, item: ImageItem, border: Border) -> None:
        x, y, wide, tall = item.box
        drawn = rounded(wide, tall, *border.radii)
        self._path(
            canvas,
            PathItem(
                item.id, item.box, (1.0, 0.0, 0.0, 1.0, x, y), item.alpha, drawn, border.color,
                None, pen=border.pen, stroke_alpha=border.alpha,
            ),
        )  # fmt: skip
