"""Things of a PDF page as objects of an OFD page (图元输出): with boundaries, colours and clips.

Sources: GB/T 33190-2016 §8.2 (graphic units), §9 (paths), §10 (images), §11 (text).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import pikepdf

from openrhip.formats.ofd.edit.pdf_images import Picture, saved, simple
from openrhip.formats.ofd.edit.pdf_numbers import get, matrix, short, whole
from openrhip.formats.ofd.edit.pdf_paths import Clip, Path, clips_xml, grown, meet
from openrhip.formats.ofd.edit.pdf_shades import Shade
from openrhip.formats.ofd.edit.pdf_state import Paint, State
from openrhip.formats.ofd.edit.pdf_text import Lines
from openrhip.formats.ofd.edit.pdf_tools import Tile, Tools
from openrhip.formats.ofd.package import Box
from openrhip.formats.ofd.render.geometry import Matrix, apply, bounds, invert, multiply
from openrhip.kernel.errors import Problem, TooLarge

PT = 72 / 25.4
_DPI = 200
_MOST_PIXELS = 6_000_000
_MOST_STEPS = 4_000
_MOST_OBJECTS = 200_000  # of a page: what readers take
_FLIP: Matrix = (1.0, 0.0, 0.0, -1.0, 0.0, 1.0)


class Sheet:
    """The objects of one page (or of an annotation's appearance), from the back to the front.

    tiler: reads the cell of a tiling pattern.
    """

    tiler: Callable[[object, State], Tile | None] | None = None

    def __init__(self, tools: Tools, box: Box, where: str) -> None:
        self.tools = tools
        self.box = box
        self.where = where
        self.out: list[str] = []
        self.lines = Lines(self._text)
        self._gathered: tuple[object, Path, State, str] | None = None

    def other_lines(self) -> Lines:
        """Another gathering of text, for content within a line of text."""
        return Lines(self._text)

    def _next(self) -> int:
        """The id of the next object."""
        if len(self.out) > _MOST_OBJECTS:
            raise TooLarge(f"more than {_MOST_OBJECTS} objects on a page", where=self.where)
        return self.tools.book.next_id()

    def finish(self) -> str:
        self.flush()
        return "".join(self.out)

    def flush(self) -> None:
        """What is being gathered is written, so that what follows lies above it."""
        self.lines.flush()
        self._flush_gathered()

    def _text(self, rest: str, box: Box, clip: object, ctm: Matrix | None) -> None:
        self._flush_gathered()
        held = clip if isinstance(clip, Clip) else Clip()
        if held.hides(box):
            return
        back = ""
        if ctm is not None:
            inverse = invert(ctm)
            back = " ".join(short(value, 5) for value in inverse) if inverse else ""
        clips = clips_xml(held, box, (box[0], box[1]), back)
        head, begun, body = rest.partition(">")
        self.out.append(
            f'<ofd:TextObject ID="{self._next()}" Boundary="{_box(box)}"{head}{begun}{clips}{body}'
        )

    def path(self, path: Path, state: State, *, fill: str, stroke: bool) -> None:
        """fill: "", "NonZero" or "Even-Odd"."""
        box = path.box
        if box is None:
            return
        self.lines.flush()
        pen = state.pen
        whole_box = grown(box, pen.millimetres * (0.75 if state.join else 1.5)) if stroke else box
        if state.clip.hides(whole_box) or self._masked(path, state, fill=fill, stroke=stroke):
            return
        if fill and state.fill.pattern is not None:
            self._flush_gathered()
            self._pattern(path, state, fill)
            fill = ""
            if not stroke:
                return
        if self._gather(path, state, fill, stroke=stroke):
            return
        self._flush_gathered()
        self._write_path(path, state, fill, stroke=stroke)

    def _gather(self, path: Path, state: State, fill: str, *, stroke: bool) -> bool:
        """Opaque lines in one look are one object, and so are upright rectangles in one colour
        that go round the same way (so that none cancels another)."""
        if state.alpha(stroke=stroke) < 255 or (fill and stroke):
            return False
        if fill:
            turn = path.turn
            if not turn:
                return False
            key: object = (turn, state.fill.color, state.clip)
        else:
            key = (state.pen, state.stroke.color, state.clip)
        if self._gathered is not None and self._gathered[0] == key:
            steps = self._gathered[1].steps
            if len(steps) < _MOST_STEPS:
                steps.extend(path.steps)
                return True
        self._flush_gathered()
        self._gathered = (key, Path(list(path.steps)), state.copy(), fill)
        return True

    def _flush_gathered(self) -> None:
        if self._gathered is not None:
            _, path, state, fill = self._gathered
            self._gathered = None
            self._write_path(path, state, fill, stroke=not fill)

    def _write_path(self, path: Path, state: State, fill: str, *, stroke: bool) -> None:
        box = path.box
        if box is None:
            return
        flags, colors = "", ""
        fading = state.alpha(), state.alpha(stroke=True)
        if not (fill and stroke) and fading[stroke] < 255:  # readers honour it best on the object
            flags = f' Alpha="{fading[stroke]}"'
            fading = 255, 255
        if stroke:
            pen = state.pen
            flags += pen.attributes()
            box = grown(box, pen.millimetres * (0.75 if state.join else 1.5))
            colors += _color("StrokeColor", state.stroke, fading[1])
        else:
            flags += ' Stroke="false"'
        if fill:
            flags += ' Fill="true"' + (' Rule="Even-Odd"' if fill == "Even-Odd" else "")
            colors += _color("FillColor", state.fill, fading[0])
        x, y = round(box[0], 3), round(box[1], 3)
        fine = max(box[2], box[3]) < 8 or len(path.steps) <= 12
        data = path.data(x, y, 3 if fine else 2)
        self.out.append(
            f'<ofd:PathObject ID="{self._next()}" Boundary="{_box((x, y, *box[2:]))}"'
            f"{flags}>{clips_xml(state.clip, box, (x, y))}{colors}"
            f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
        )

    def _pattern(self, path: Path, state: State, fill: str) -> None:
        """A path filled with a gradient, or with a tile."""
        pattern = state.fill.pattern
        if whole(get(pattern, "/PatternType")) == 2:
            base = multiply(matrix(get(pattern, "/Matrix")), state.base)
            shade = self.tools.shades.read(get(pattern, "/Shading"), base)
            if shade is not None:
                self.shaded(path, state, shade, fill)
                return
        elif self.tiler is not None and (tile := self.tiler(pattern, state)) is not None:
            self._tiled(path, state, tile, fill)
            return
        box = path.box
        if box is None:
            return
        star = "*" if fill == "Even-Odd" else ""
        area = self._visible(box, state)
        if area is None:
            return
        form = self._form_of(f"{_path_words(path, area)} f{star}", pattern, state, area)
        self._pixels("/X Do", {"XObject": {"X": form}}, area, state, "tile")

    def _form_of(self, words: str, pattern: object, state: State, area: Box) -> object:
        """A form that fills a path with a pattern: its matrix takes the place of the page's."""
        to_points = _points(area)
        base = multiply(state.base, to_points)
        back = invert(base) or (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        pdf = self.tools.scratch.pdf
        color = " ".join(short(value / 255, 4) for value in state.fill.color)
        if whole(get(pattern, "/PaintType")) == 2:
            begin, spaces = (
                f"/C cs {color} /P scn",
                {"/C": [pikepdf.Name.Pattern, pikepdf.Name.DeviceRGB]},
            )
        else:
            begin, spaces = "/Pattern cs /P scn", {}
        content = f"{begin} q {' '.join(short(v, 6) for v in back)} cm {words} Q"
        form = pdf.make_stream(content.encode())
        form.Type, form.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        far = 1e5
        form.BBox = pikepdf.Array([-far, -far, far, far])
        form.Matrix = pikepdf.Array([round(value, 6) for value in base])
        form.Resources = pikepdf.Dictionary(Pattern=pikepdf.Dictionary({"/P": pattern}))
        if spaces:
            form.Resources.ColorSpace = pikepdf.Dictionary(
                {key: pikepdf.Array(value) for key, value in spaces.items()}
            )
        return form

    def _tiled(self, path: Path, state: State, tile: Tile, fill: str) -> None:
        """A path filled with a tile."""
        box = path.box
        if box is None:
            return
        self.flush()
        alpha = f' Alpha="{state.alpha()}"' if state.alpha() < 255 else ""
        rule = ' Rule="Even-Odd"' if fill == "Even-Odd" else ""
        x, y = round(box[0], 3), round(box[1], 3)
        self.out.append(
            f'<ofd:PathObject ID="{self._next()}" Boundary="{_box((x, y, *box[2:]))}"'
            f' Stroke="false" Fill="true"{rule}{alpha}>{clips_xml(state.clip, box, (x, y))}'
            f"<ofd:FillColor>{tile.xml(x, y)}</ofd:FillColor>"
            f"<ofd:AbbreviatedData>{path.data(x, y, 3)}</ofd:AbbreviatedData></ofd:PathObject>"
        )

    def shaded(self, path: Path, state: State, shade: Shade, fill: str) -> None:
        """A path filled with a gradient."""
        box = path.box
        if box is None:
            return
        self.flush()
        alpha = f' Alpha="{state.alpha()}"' if state.alpha() < 255 else ""
        rule = ' Rule="Even-Odd"' if fill == "Even-Odd" else ""
        x, y = round(box[0], 3), round(box[1], 3)
        ctm, back = "", ""
        inverse = invert(shade.matrix)
        if shade.kind == 3 and not shade.even and inverse is not None:
            own = (*shade.matrix[:4], shade.matrix[4] - x, shade.matrix[5] - y)
            turned = invert(own)
            if turned is not None:
                ctm = f' CTM="{" ".join(short(value, 6) for value in own)}"'
                back = " ".join(short(value, 6) for value in turned)
        if ctm and inverse is not None:
            moved = Path([(n, tuple(apply(inverse, *p) for p in pts)) for n, pts in path.steps])
            data, inner = moved.data(0.0, 0.0, 4), shade.xml(0.0, 0.0, own=True)
        else:
            data, inner = path.data(x, y, 2), shade.xml(x, y)
        self.out.append(
            f'<ofd:PathObject ID="{self._next()}" Boundary="{_box((x, y, *box[2:]))}"'
            f'{ctm} Stroke="false" Fill="true"{rule}{alpha}>'
            f"{clips_xml(state.clip, box, (x, y), back)}<ofd:FillColor>{inner}</ofd:FillColor>"
            f"<ofd:AbbreviatedData>{data}</ofd:AbbreviatedData></ofd:PathObject>"
        )

    def shading(self, shading: object, state: State) -> None:
        """The operator sh: a gradient over all that is not clipped."""
        area = self._visible(state.clip.box or self.box, state)
        if area is None:
            return
        shade = self.tools.shades.read(shading, state.matrix)
        if shade is not None:
            x, y, width, height = area
            path = Path()
            path.rectangle(((x, y), (x + width, y), (x + width, y + height), (x, y + height)))
            self.shaded(path, state, shade, "NonZero")
            return
        words = " ".join(short(v, 6) for v in multiply(state.matrix, _points(area)))
        self._pixels(f"{words} cm /S sh", {"Shading": {"S": shading}}, area, state, "shading")

    def image(self, stored: int, state: State, place: Matrix) -> None:
        """An image resource; place: the unit square (y up) → the page."""
        self.flush()
        moved = multiply(_FLIP, place)
        box_ = bounds(moved, (0.0, 0.0, 1.0, 1.0))
        box: Box = (box_[0], box_[1], max(box_[2], 0.01), max(box_[3], 0.01))
        if state.clip.hides(box):
            return
        own = (*moved[:4], moved[4] - box[0], moved[5] - box[1])
        inverse = invert(own)
        back = " ".join(short(value, 6) for value in inverse) if inverse else ""
        alpha = f' Alpha="{state.alpha()}"' if state.alpha() < 255 else ""
        ctm = " ".join(short(value, 4) for value in own)
        clips = clips_xml(state.clip, box, (box[0], box[1]), back)
        self.out.append(
            f'<ofd:ImageObject ID="{self._next()}" Boundary="{_box(box)}"'
            f' CTM="{ctm}" ResourceID="{stored}"{alpha}'
            + (f">{clips}</ofd:ImageObject>" if clips else "/>")
        )

    def store(self, key: object, made: Picture | None) -> int:
        """The number of a picture in the new document; 0 if there is none."""
        number = self.tools.book.image(made.data, made.form) if made is not None else 0
        self.tools.stored[key] = number
        return number

    def _visible(self, box: Box, state: State) -> Box | None:
        """The part of a box that shows on the page."""
        found = meet(meet(state.clip.box, box) if state.clip.box else box, self.box)
        return found if found[2] > 0.01 and found[3] > 0.01 else None

    def _masked(self, path: Path, state: State, *, fill: str, stroke: bool) -> bool:
        """A path under a soft mask as pixels; False if it is drawn without the mask."""
        mask, box = state.mask, path.box
        if mask is None:
            return False
        if box is None or state.fill.pattern is not None or not fill or stroke:
            self.note_mask()
            return False
        area = self._visible(box, state)
        if area is None:
            return True
        color = " ".join(short(value / 255, 4) for value in state.fill.color)
        star = "*" if fill == "Even-Odd" else ""
        words = f"{self.mask_words(state, area)} {color} rg {_path_words(path, area)} f{star}"
        self._pixels(words, {"ExtGState": {"G": mask.state}}, area, state, "mask")
        return True

    def mask_words(self, state: State, area: Box) -> str:
        """Sets the soft mask as it was set: under the matrix of that time."""
        if state.mask is None:
            return ""
        there = multiply(state.mask.matrix, _points(area))
        back = invert(there)
        if back is None:
            return ""
        return (
            f"{' '.join(short(v, 6) for v in there)} cm /G gs"
            f" {' '.join(short(v, 6) for v in back)} cm"
        )

    def form_as_pixels(self, form: object, state: State, box: Box) -> None:
        """A form under a soft mask."""
        area = self._visible(box, state)
        if area is None or state.mask is None:
            return
        words = " ".join(short(v, 6) for v in multiply(state.matrix, _points(area)))
        content = f"{self.mask_words(state, area)} {words} cm /X Do"
        resources = {"ExtGState": {"G": state.mask.state}, "XObject": {"X": form}}
        self._pixels(content, resources, area, state, "mask")

    def note_mask(self) -> None:
        self.tools.notices.note(
            "transparency.approximated",
            "软蒙版或混合模式无法保留，按不带蒙版绘制",
            "a soft mask or blend mode was left out",
            self.where,
        )

    def _pixels(
        self, content: str, resources: Mapping[str, Mapping[str, object]], area: Box, state: State,
        what: str,
    ) -> None:  # fmt: skip
        """A region as a picture, where OFD has no like."""
        self.flush()
        size = (area[2] * PT, area[3] * PT)
        scale = min(_DPI / 72, math.sqrt(_MOST_PIXELS / (size[0] * size[1])))
        pixels = max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
        try:
            drawn = self.tools.scratch.draw(content, resources, size, pixels, clear=True)
        except Problem:
            self.note_mask()
            return
        self.tools.notices.note(
            "region.rasterised",
            "部分内容（图案、网格渐变或软蒙版）已转为图像",
            f"a part (pattern, mesh or soft mask: {what}) became a picture",
            self.where,
        )
        extrema = drawn.getchannel("A").getextrema()
        if extrema == (0, 0):
            return
        if extrema == (255, 255):
            drawn = simple(drawn.convert("RGB"))
        stored = self.tools.book.image(saved(drawn), "PNG")
        x, y, width, height = area
        self.image(stored, state, (width, 0.0, 0.0, -height, x, y + height))


def _points(area: Box) -> Matrix:
    """mm of the page → points of a small page over the area, y up."""
    return PT, 0.0, 0.0, -PT, -area[0] * PT, (area[1] + area[3]) * PT


def _path_words(path: Path, area: Box) -> str:
    to = _points(area)
    verbs = {"M": "m", "L": "l", "B": "c", "C": "h"}
    return " ".join(
        " ".join(short(v, 4) for point in points for v in apply(to, *point)) + " " + verbs[name]
        for name, points in path.steps
    )


def _box(box: Box) -> str:
    return f"{short(box[0], 3)} {short(box[1], 3)} {short(box[2], 3)} {short(box[3], 3)}"


def _color(name: str, paint: Paint, alpha: int) -> str:
    red, green, blue = paint.color
    if alpha < 255:
        return f'<ofd:{name} Value="{red} {green} {blue}" Alpha="{alpha}"/>'
    if name == "StrokeColor" and paint.color == (0, 0, 0):
        return ""
    return f'<ofd:{name} Value="{red} {green} {blue}"/>'
