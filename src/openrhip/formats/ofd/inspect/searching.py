"""Searching (检索): where words stand, on ten thousand pages as on one.

Pages that lack a character of the word in every spelling are not parsed: their bytes tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.inspect.drawn import Drawn, Run, Walker, quadruple
from openrhip.formats.ofd.inspect.lines import (
    Line,
    fold,
    lines,
    occurrences,
    spellings,
    wrapped,
)
from openrhip.formats.ofd.inspect.resources import Resources
from openrhip.formats.ofd.package import Box, Document, Package, open_package
from openrhip.formats.ofd.package_encoding import DECLARED
from openrhip.formats.ofd.render.geometry import IDENTITY
from openrhip.kernel.errors import Malformed, Problem, TooLarge

MOST = 10_000
_MOST_WORDS = 50
_LONGEST = 200
_AROUND = 24
_REFERENCE = re.compile(rb"&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));")
_ESCAPED = frozenset("&<>\"'")


@dataclass(frozen=True, slots=True)
class Hit:
    """word: as asked; page: index from 0; text: as on the page; around: with what stands beside.

    boxes: x y w h in millimetres, one for each stretch of the word on the page.
    """

    word: str
    page: int
    text: str
    around: str
    boxes: tuple[Box, ...]

    def as_dict(self) -> dict[str, object]:
        return {
            "word": self.word,
            "page": self.page + 1,
            "text": self.text,
            "around": self.around,
            "boxes": [[round(value, 3) for value in box] for box in self.boxes],
        }


def search(
    data: bytes | Path | Package,
    words: str | Sequence[str],
    *,
    pages: Iterable[int] | None = None,
    most: int = MOST,
) -> list[Hit]:
    """Where words stand, page by page, at most `most` times.

    Full and half width, case and blanks between Chinese characters make no difference. Raises
    Malformed, TooLarge.
    """
    package = data if isinstance(data, Package) else open_package(data)
    asked = _asked([words] if isinstance(words, str) else list(words))
    found: list[Hit] = []
    wanted = None if pages is None else set(pages)
    before = 0
    for document in package.documents:
        searcher = _Searcher(package, document, asked)
        for at in range(len(document.pages)):
            if wanted is not None and before + at not in wanted:
                continue
            for hit in searcher.page(at, before + at):
                found.append(hit)
                if len(found) >= most:
                    return found
        before += len(document.pages)
    return found


@dataclass(frozen=True, slots=True)
class _Word:
    """written: as asked; folded; needed: for each character its spellings in bytes."""

    written: str
    folded: str
    needed: tuple[tuple[bytes, ...], ...]


def _asked(words: list[str]) -> list[_Word]:
    if len(words) > _MOST_WORDS or any(len(word) > _LONGEST for word in words):
        raise TooLarge(
            f"at most {_MOST_WORDS} words of {_LONGEST} characters are looked for", where="words"
        )
    found: list[_Word] = []
    for word in words:
        folded = fold(word.strip())[0]
        if not folded.strip():
            raise Malformed("an empty word cannot be looked for", where="words")
        chars = sorted(set(folded) - {" "} - _ESCAPED, key=ord, reverse=True)
        found.append(_Word(word, folded, tuple(spellings(char) for char in chars)))
    return found


class _Searcher:
    """Searches the pages of one document."""

    def __init__(self, package: Package, document: Document, words: list[_Word]) -> None:
        self._package = package
        self._document = document
        self._words = words
        self._resources = Resources(package, document)
        self._walker = Walker(self._resources)
        self._notes = _notes(package, document)
        self._templates = self._held(self._resources.templates.values())
        self._units = self._held(self._resources.lists)

    def _held(self, parts: Iterable[str]) -> list[list[bool]]:
        """For each word, which of its characters stand in one of the parts."""
        contents = [self._bytes(part) for part in dict.fromkeys(parts)]
        return [
            [any(one is None or _any(forms, one) for one in contents) for forms in word.needed]
            for word in self._words
        ]

    def _bytes(self, part: str) -> bytes | None:
        """The part with its characters in UTF-8; None if it must be parsed to know them."""
        try:
            return _plain(self._package.read(part))
        except Problem:
            return None

    def page(self, at: int, number: int) -> Iterator[Hit]:
        package = self._package
        page = self._document.pages[at]
        try:
            left = self._possible(page.part, page.id)
            if not left:
                return
            rows = lines(self._runs(page.part, page.id))
        except Problem as problem:
            if isinstance(problem, TooLarge):
                raise
            package.tell(problem, "页面无法检索", "a page cannot be searched")
            return
        joints = list(wrapped(rows, max(len(word.folded) for word in left)))
        for word in left:
            seen: set[tuple[int, ...]] = set()
            for line, first, last in _found(rows, joints, word):
                hit = _hit(word, number, line, first, last)
                key = tuple(round(value) for box in hit.boxes for value in box)
                if key not in seen:  # text drawn twice to look bold
                    seen.add(key)
                    yield hit

    def _possible(self, part: str, page_id: str) -> list[_Word]:
        """The words whose characters all stand somewhere in what the page shows."""
        content = _plain(self._package.read(part))
        notes = [self._bytes(note) for note in self._notes.get(page_id, ())]
        if content is None or None in notes or b"PageRes" in content:
            return self._words
        contents = [content, *(note for note in notes if note is not None)]
        templates = b"Template" in content
        units = any(b"CompositeObject" in one for one in contents) or templates
        found: list[_Word] = []
        for number, word in enumerate(self._words):
            for at, forms in enumerate(word.needed):
                if not (
                    any(_any(forms, one) for one in contents)
                    or (templates and self._templates[number][at])
                    or (units and self._units[number][at])
                ):
                    break
            else:
                found.append(word)
        return found

    def _runs(self, part: str, page_id: str) -> Iterator[Run]:
        for drawn in self._walker.page(part):
            yield from drawn.runs()
        for note in self._notes.get(page_id, ()):
            for drawn in annotated(self._package, self._walker, note):
                yield from drawn.runs()


def _found(
    rows: list[Line], joints: list[tuple[Line, int]], word: _Word
) -> Iterator[tuple[Line, int, int]]:
    """Where the word stands in lines, and over the ends of lines."""
    for line in rows:
        for first, last in occurrences(line, word.folded):
            yield line, first, last
    for line, joint in joints:
        for first, last in occurrences(line, word.folded):
            if first < joint < last:
                yield line, first, last


def _any(forms: tuple[bytes, ...], content: bytes) -> bool:
    return any(form in content for form in forms)


def _plain(content: bytes) -> bytes | None:
    """The bytes with character references opened; None if they are no UTF-8."""
    declared = DECLARED.match(content[:300])
    if b"\0" in content or (declared and declared[1].lower() not in (b"utf-8", b"utf8")):
        return None
    try:
        content.decode()
    except UnicodeDecodeError:
        return None
    return _REFERENCE.sub(_opened, content) if b"&#" in content else content


def _opened(found: re.Match[bytes]) -> bytes:
    code = int(found[1], 16) if found[1] else int(found[2])
    return chr(code).encode("utf-8", "replace") if code < 0x110000 else b""


def _notes(package: Package, document: Document) -> dict[str, list[str]]:
    """Page id → parts with its annotations."""
    found: dict[str, list[str]] = {}
    location = px.text(package.body(document), "Annotations")
    if not location:
        return found
    try:
        part = package.resolve(location, base=document.root)
        for item in package.bounded(px.children(package.xml(part), "Page"), part):
            file = package.resolve(px.text(item, "FileLoc"), base=part)
            found.setdefault(item.get("PageID", ""), []).append(file)
    except Problem as problem:
        package.tell(problem, "注释列表无法读取", "the list of annotations cannot be read")
    return found


def annotated(package: Package, walker: Walker, part: str) -> Iterator[Drawn]:
    """The objects in the appearances of a page's annotations."""
    for note in px.children(package.xml(part), "Annot"):
        shown = px.child(note, "Appearance")
        if shown is not None and note.get("Visible") != "false":
            box = quadruple(shown.get("Boundary", "")) or (0.0, 0.0, 0.0, 0.0)
            matrix = (1.0, 0.0, 0.0, 1.0, box[0], box[1]) if any(box[:2]) else IDENTITY
            yield from walker.block(shown, matrix, ("Annotation", part), {})


def _hit(word: _Word, page: int, line: Line, first: int, last: int) -> Hit:
    text = line.text
    start = max(text.rfind("\t", 0, first) + 1, first - _AROUND)
    end = text.find("\t", last)
    stop = min(end if end >= 0 else len(text), last + _AROUND)
    boxes = tuple(_joined([one.box for one in line.chars[first:last] if one.box[2] > 0]))
    return Hit(word.written, page, text[first:last], text[start:stop].strip(), boxes)


def _joined(boxes: list[Box]) -> Iterator[Box]:
    """Boxes of neighbours on one height become one."""
    left: Box | None = None
    for box in boxes:
        if left is not None and abs(left[1] - box[1]) < 0.5 * box[3] and box[0] >= left[0]:
            top = min(left[1], box[1])
            right = max(left[0] + left[2], box[0] + box[2])
            bottom = max(left[1] + left[3], box[1] + box[3])
            left = (left[0], top, right - left[0], bottom - top)
        else:
            if left is not None:
                yield left
            left = box
    if left is not None:
        yield left
