"""Comparing pages (页面比较): which page became which, and what changed on it."""

from __future__ import annotations

import hashlib
import itertools
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.inspect.differences import (
    ADDED,
    CHANGED,
    MOVED,
    REMOVED,
    DrawingChange,
    TextChange,
)
from openrhip.formats.ofd.inspect.drawn import Drawn, Walker
from openrhip.formats.ofd.inspect.lines import Line, lines
from openrhip.formats.ofd.inspect.resources import Resource, Resources
from openrhip.formats.ofd.inspect.searching import annotated
from openrhip.formats.ofd.package import Box, Document, Package
from openrhip.formats.ofd.package_file import window
from openrhip.formats.ofd.package_xml import Element
from openrhip.kernel.errors import Problem

_DEEPEST = 8
_MOST_READ = 400
"""Pages whose text is read to find their partners."""
_MOST_COMPARED = 1_000_000
"""Pairs of lines or objects of a page that are looked at."""
_MOST_SIMILAR = 40
"""Pages in a gap that are compared each with each by their words."""
_REFERRING = frozenset({
    "Font", "ResourceID", "DrawParam", "ColorSpace", "Substitution", "ImageMask", "Relative",
    "Thumbnail",
})  # fmt: skip


class Side:
    """A document on one side of the comparison."""

    def __init__(self, package: Package, document: Document, notes: dict[str, list[str]]) -> None:
        self.package = package
        self.document = document
        self.resources = Resources(package, document)
        self.walker = Walker(self.resources)
        self.notes = notes
        self.parts = [page.part for page in document.pages]
        self._known: dict[str, str] = {}

    def key(self, at: int) -> tuple[object, ...]:
        """Of a page and its notes: equal keys mean that very likely nothing changed."""
        entries = self.package.entries
        names = [self.parts[at], *self.notes.get(self.document.pages.ids[at], ())]
        return tuple((e.crc, e.size) for e in map(entries.get, names) if e is not None)

    def identity(self, key: str, own: dict[str, Resource], depth: int = 0) -> str:
        """What a resource is, whatever its ID: name of a font, content of a picture, …"""
        resource = self.resources.find(key, own)
        if resource is None or depth > _DEEPEST:
            return f"?{key}"
        cached = self._known.get(f"{resource.listed} {key}")
        if cached is None:
            kind = resource.kind
            if kind == "Font":
                cached = f"font {resource.name}"
            elif resource.file and kind == "MultiMedia":
                cached = f"file {self._digest(resource.file)}"
            else:
                cached = self._element(resource.element, own, depth + 1)
            self._known[f"{resource.listed} {key}"] = cached
        return cached

    def _digest(self, part: str) -> str:
        try:
            return self.package.digest(part).hex()
        except Problem as problem:
            return problem.what

    def look(self, drawn: Drawn, own: dict[str, Resource]) -> str:
        """Everything that an object looks by, as a digest."""
        place = " ".join(f"{value:.3f}" for value in (*drawn.box, *drawn.matrix))
        return f"{place} {self._element(drawn.element, own, 0)}"

    def _element(self, element: Element, own: dict[str, Resource], depth: int) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for item in element.iter("{*}*"):
            words = [px.local(item)]
            for name, value in sorted((str(n), str(v)) for n, v in item.items() if n != "ID"):
                if name in _REFERRING:
                    value = self.identity(value, own, depth)  # noqa: PLW2901 -- same meaning
                words.append(f"{name}={value}")
            words.append((item.text or "").strip())
            digest.update("\0".join(words).encode())
        return digest.hexdigest()

    def objects(self, at: int) -> tuple[list[Drawn], dict[str, Resource]]:
        """The objects of a page and its notes; [] if it cannot be read."""
        part = self.parts[at]
        try:
            found = list(self.walker.page(part))
            own = self.resources.of_page(part, self.package.xml(part))
            for note in self.notes.get(self.document.pages.ids[at], ()):
                found += annotated(self.package, self.walker, note)
        except Problem as problem:
            self.package.tell(problem, "页面无法比较", "a page cannot be compared")
            return [], {}
        return found, own

    def text(self, at: int) -> str:
        """The characters of a page in the order of its objects."""
        return "".join(one.text for one in self.objects(at)[0])

    def words(self, at: int) -> Counter[str]:
        """The characters of a page in pairs, for telling how alike pages are."""
        text = self.text(at)
        return Counter(a + b for a, b in itertools.pairwise(text))


def equal(before: Package, part: str, after: Package, other: str) -> bool:
    """Whether two parts hold the same bytes; compressed data is compared where it can be."""
    one, two = before.entries.get(part), after.entries.get(other)
    if one is None or two is None or (one.size, one.crc) != (two.size, two.crc):
        return False
    if one.method == two.method and one.packed == two.packed:
        packed = window(before.data, one.start, one.start + one.packed)
        if packed == window(after.data, two.start, two.start + two.packed):
            return True
    return before.read(part) == after.read(other)


def matched(before: Side, after: Side) -> list[tuple[int | None, int | None]]:
    """Pairs of page indexes in the order of the new file; None for pages without a partner.

    Equal pages first, then such with equal text, with much of the text, with the same ID, with
    some of the text; where too many are left, by ID and order alone.
    """
    old = [before.key(at) for at in range(len(before.parts))]
    new = [after.key(at) for at in range(len(after.parts))]
    pairs = dict(_anchors(old, new))
    steps = (
        lambda left, free: _same_text(before, after, left, free),
        lambda left, free: _alike(before, after, left, free, 0.6),
        lambda left, free: _same_id(before, after, left, free),
        lambda left, free: _alike(before, after, left, free, 0.3),
        lambda left, free: zip(left, free, strict=False) if len(left) == len(free) else (),
    )
    for step in steps:
        taken = set(pairs.values())
        left = [at for at in range(len(old)) if at not in pairs]
        free = [at for at in range(len(new)) if at not in taken]
        if left and free:
            pairs |= dict(step(left, free))
    back = {goal: at for at, goal in pairs.items()}
    found: list[tuple[int | None, int | None]] = [(back.get(at), at) for at in range(len(new))]
    found += [(at, None) for at in range(len(old)) if at not in pairs]
    return found


def _same_text(
    before: Side, after: Side, left: list[int], free: list[int]
) -> Iterator[tuple[int, int]]:
    if max(len(left), len(free)) > _MOST_READ:
        return
    places: dict[str, list[int]] = defaultdict(list)
    for at in free:
        places[after.text(at)].append(at)
    for at in left:
        text = before.text(at)
        if text and places.get(text):
            yield at, places[text].pop(0)


def _same_id(
    before: Side, after: Side, left: list[int], free: list[int]
) -> Iterator[tuple[int, int]]:
    goals = {after.document.pages.ids[at]: at for at in reversed(free)}
    for at in left:
        goal = goals.pop(before.document.pages.ids[at], None)
        if goal is not None:
            yield at, goal


def _anchors(old: Sequence[object], new: Sequence[object]) -> Iterator[tuple[int, int]]:
    """Equal pages: from both ends, then those in the same order, then the others."""
    start, end = 0, min(len(old), len(new))
    while start < end and old[start] == new[start]:
        yield start, start
        start += 1
    tail = 0
    while tail < end - start and old[-1 - tail] == new[-1 - tail]:
        yield len(old) - 1 - tail, len(new) - 1 - tail
        tail += 1
    places: dict[object, list[int]] = defaultdict(list)
    for at in range(start, len(new) - tail):
        places[new[at]].append(at)
    for at in range(start, len(old) - tail):
        waiting = places.get(old[at])
        if waiting:
            yield at, waiting.pop(0)


def _alike(
    before: Side, after: Side, left: list[int], free: list[int], least: float
) -> Iterator[tuple[int, int]]:
    """By the likeness of their words, the most alike first."""
    if max(len(left), len(free)) > _MOST_SIMILAR:
        return
    old, new = {at: before.words(at) for at in left}, {at: after.words(at) for at in free}
    scores = sorted(
        ((_likeness(old[a], new[b]), -abs(a - b), a, b) for a in left for b in free), reverse=True
    )
    used_old: set[int] = set()
    used_new: set[int] = set()
    for score, _, a, b in scores:
        if score >= least and a not in used_old and b not in used_new:
            used_old.add(a)
            used_new.add(b)
            yield a, b


def _likeness(one: Counter[str], two: Counter[str]) -> float:
    total = one.total() + two.total()
    return 2 * (one & two).total() / total if total else 1.0


def in_order(goals: Iterable[int]) -> set[int]:
    """The longest run of goals that rises: pages outside of it were moved."""
    tails: list[int] = []
    links: list[tuple[int, int]] = []
    ends: list[int] = []
    for goal in goals:
        at = bisect_left(tails, goal)
        previous = ends[at - 1] if at else -1
        links.append((goal, previous))
        if at == len(tails):
            tails.append(goal)
            ends.append(len(links) - 1)
        else:
            tails[at] = goal
            ends[at] = len(links) - 1
    kept: set[int] = set()
    link = ends[-1] if ends else -1
    while link >= 0:
        goal, link = links[link]
        kept.add(goal)
    return kept


def page_changes(
    before: Side, at: int, after: Side, other: int
) -> tuple[list[TextChange], list[DrawingChange]]:
    """What changed on a page: text by lines, and other objects."""
    old, own_old = before.objects(at)
    new, own_new = after.objects(other)
    gone, come = _different(before, old, own_old, after, new, own_new)
    texts, pieces = _texts(old, new)
    drawings = list(_drawings(gone, come, pieces))
    return texts, drawings


def _different(
    before: Side, old: list[Drawn], own_old: dict[str, Resource],
    after: Side, new: list[Drawn], own_new: dict[str, Resource],
) -> tuple[list[Drawn], list[Drawn]]:  # fmt: skip
    """The objects of each side that do not look like one of the other."""
    waiting: dict[str, list[Drawn]] = defaultdict(list)
    for drawn in new:
        waiting[after.look(drawn, own_new)].append(drawn)
    gone: list[Drawn] = []
    for drawn in old:
        same = waiting.get(before.look(drawn, own_old))
        if same:
            same.pop()
        else:
            gone.append(drawn)
    return gone, [drawn for several in waiting.values() for drawn in several]


def _texts(old: list[Drawn], new: list[Drawn]) -> tuple[list[TextChange], set[str]]:
    """Lines that changed, and the pieces that they were put together from."""
    first = lines(run for drawn in old for run in drawn.runs())
    second = lines(run for drawn in new for run in drawn.runs())
    found: list[TextChange] = []
    pieces: set[str] = set()
    for before, after in _uneven(first, second):
        for line in (*before, *after):
            pieces |= line.pieces
        both = min(len(before), len(after))
        found += map(_text, before[:both], after[:both])
        found += [TextChange(REMOVED, line.text, "", _around(line), None) for line in before[both:]]
        found += [TextChange(ADDED, "", line.text, None, _around(line)) for line in after[both:]]
    return found, pieces


def _uneven(first: list[Line], second: list[Line]) -> Iterator[tuple[list[Line], list[Line]]]:
    """Stretches of lines that differ. Of very many lines only which there are, in no order."""
    old, new = [one.text for one in first], [one.text for one in second]
    if len(old) * len(new) <= _MOST_COMPARED:
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        for kind, a, b, c, d in matcher.get_opcodes():
            if kind != "equal":
                yield first[a:b], second[c:d]
        return
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    yield list(_picked(first, gone)), list(_picked(second, come))


def _picked(several: list[Line], wanted: Counter[str]) -> Iterator[Line]:
    for line in several:
        text = line.text
        if wanted[text] > 0:
            wanted[text] -= 1
            yield line


def _text(one: Line, two: Line) -> TextChange:
    return TextChange(CHANGED, one.text, two.text, _around(one), _around(two))


def _around(line: Line) -> Box:
    return joined([one.box for one in line.chars if one.box[2] > 0])


def joined(boxes: Sequence[Box]) -> Box:
    """The box around boxes."""
    if not boxes:
        return (0.0, 0.0, 0.0, 0.0)
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return left, top, right - left, bottom - top


def _drawings(gone: list[Drawn], come: list[Drawn], pieces: set[str]) -> Iterator[DrawingChange]:
    """Pairs of what went and what came, by ID and kind, then by place."""

    def shown(drawn: Drawn) -> bool:
        codes = px.children(drawn.element, "TextCode")
        return drawn.kind == "TextObject" and any((one.text or "") in pieces for one in codes)

    gone = [one for one in gone if not shown(one)]
    come = [one for one in come if not shown(one)]
    by_id = {(one.kind, one.id): one for one in come}
    left: list[Drawn] = []
    used: set[int] = set()
    for one in gone:
        other = by_id.get((one.kind, one.id))
        if other is None or id(other) in used:
            left.append(one)
            continue
        used.add(id(other))
        yield _drawing(one, other)
    free = [one for one in come if id(one) not in used]
    near = len(left) * len(free) <= _MOST_COMPARED
    for one in left:
        other = None
        if near:
            other = next((two for two in free if two.kind == one.kind and _near(one, two)), None)
        if other is None:
            yield DrawingChange(REMOVED, one.kind, one.box, None)
        else:
            free.remove(other)
            yield _drawing(one, other)
    for one in free:
        yield DrawingChange(ADDED, one.kind, None, one.box)


def _drawing(one: Drawn, other: Drawn) -> DrawingChange:
    size = [abs(a - b) < 0.01 for a, b in zip(one.box[2:], other.box[2:], strict=True)]
    place = [abs(a - b) < 0.01 for a, b in zip(one.box[:2], other.box[:2], strict=True)]
    kind = MOVED if all(size) and not all(place) else CHANGED
    return DrawingChange(kind, one.kind, one.box, other.box)


def _near(one: Drawn, two: Drawn) -> bool:
    return all(abs(a - b) < 2.0 for a, b in zip(one.box, two.box, strict=True))
