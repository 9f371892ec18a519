"""Comparing two files (比较两个版本): what changed, by part, page, line, object and value.

Parts that are equal byte for byte are told by the directory and a comparison of their compressed
bytes; nothing of them is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from openrhip.formats.gm import sm3
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.inspect.comparing_pages import (
    Side,
    equal,
    in_order,
    matched,
    page_changes,
)
from openrhip.formats.ofd.inspect.contents import DocumentContents, Outline, contents
from openrhip.formats.ofd.inspect.differences import (
    ADDED,
    CHANGED,
    MOVED,
    REMOVED,
    Differences,
    PageChange,
    PartChange,
    SignatureCover,
    ValueChange,
)
from openrhip.formats.ofd.inspect.lists import Annotation, note_parts
from openrhip.formats.ofd.package import Document, Package, open_package
from openrhip.kernel.errors import Problem

_MOST_NAMED = 200
_LONGEST = 500
_VALUES = re.compile(rb"=\s*[\"']([^\"']{1,200})[\"']")


def compare(before: bytes | Path | Package, after: bytes | Path | Package) -> Differences:
    """What changed from one file to another. Raises Malformed, NotFound, TooLarge."""
    old = before if isinstance(before, Package) else open_package(before)
    new = after if isinstance(after, Package) else open_package(after)
    parts = tuple(_parts(old, new))
    pages: list[PageChange] = []
    same = 0
    touched = {change.part for change in parts}
    for one, two in zip(old.documents, new.documents, strict=False):
        found, count = _pages(old, one, new, two, touched)
        pages += found
        same += count
    shared = min(len(old.documents), len(new.documents))
    start = sum(len(one.pages) for one in old.documents[:shared])
    pages += [PageChange(REMOVED, at, None) for at in range(start, len(old.pages))]
    start = sum(len(one.pages) for one in new.documents[:shared])
    pages += [PageChange(ADDED, None, at) for at in range(start, len(new.pages))]
    return Differences(
        parts=parts,
        pages=tuple(pages),
        values=tuple(_values(old, new)),
        signatures=(*_covers(old, "before"), *_covers(new, "after")),
        same_pages=same,
    )


def _parts(old: Package, new: Package) -> Iterator[PartChange]:
    for part in old.parts:
        if part not in new:
            yield PartChange(REMOVED, part, old.entries[part].size, 0)
        elif not equal(old, part, new, part):
            yield PartChange(CHANGED, part, old.entries[part].size, new.entries[part].size)
    for part in new.parts:
        if part not in old:
            yield PartChange(ADDED, part, 0, new.entries[part].size)


def _notes(package: Package, document: Document) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for page_id, part in note_parts(package, document):
        found.setdefault(page_id, []).append(part)
    return found


def _pages(
    old: Package, one: Document, new: Package, two: Document, touched: set[str]
) -> tuple[list[PageChange], int]:
    before, after = Side(old, one, _notes(old, one)), Side(new, two, _notes(new, two))
    base_old = _offset(old, one)
    base_new = _offset(new, two)
    pairs = matched(before, after)
    steady = in_order(goal for at, goal in sorted(
        (at, goal) for at, goal in pairs if at is not None and goal is not None))  # fmt: skip
    suspects = _suspects(before, after)
    found: list[PageChange] = []
    same = 0
    for at, other in pairs:
        if at is None or other is None:
            found.append(
                PageChange(
                    ADDED if at is None else REMOVED,
                    None if at is None else base_old + at,
                    None if other is None else base_new + other,
                )
            )
            continue
        moved = other not in steady
        change = None
        if not _untouched(before, at, after, other, suspects, touched):
            change = _page(before, at, after, other, (base_old + at, base_new + other))
        if change is not None:
            found.append(change)
        elif moved:
            found.append(PageChange(MOVED, base_old + at, base_new + other))
        else:
            same += 1
    return found, same


def _offset(package: Package, document: Document) -> int:
    count = 0
    for one in package.documents:
        if one is document:
            break
        count += len(one.pages)
    return count


def _suspects(before: Side, after: Side) -> frozenset[bytes]:
    """IDs of resources and templates that changed."""
    keys = {one.id for one in before.resources.every()}
    keys |= {one.id for one in after.resources.every()}
    changed = {key for key in keys if before.identity(key, {}) != after.identity(key, {})}
    for key in before.resources.templates.keys() | after.resources.templates.keys():
        one, two = before.resources.templates.get(key), after.resources.templates.get(key)
        if not one or not two or not equal(before.package, one, after.package, two):
            changed.add(key)
    found = {key.encode() for key in changed}
    through = {
        key.encode()
        for key, part in before.resources.templates.items()
        if found and not found.isdisjoint(_quoted(before.package, part))
    }
    return frozenset(found | through)


def _quoted(package: Package, part: str) -> Iterable[bytes]:
    """The values of all attributes in a part, as they stand there."""
    try:
        values: list[bytes] = _VALUES.findall(package.read(part))
    except Problem:
        return ()
    return values


def _untouched(
    before: Side, at: int, after: Side, other: int, suspects: frozenset[bytes], touched: set[str]
) -> bool:
    part, goal = before.parts[at], after.parts[other]
    if not equal(before.package, part, after.package, goal):
        return False
    notes = before.notes.get(before.document.pages.ids[at], [])
    against = after.notes.get(after.document.pages.ids[other], [])
    if len(notes) != len(against) or not all(
        equal(before.package, a, after.package, b) for a, b in zip(notes, against, strict=True)
    ):
        return False
    if not touched or not suspects:
        return True
    content = before.package.read(part)
    if b"PageRes" in content or b"\0" in content:
        return False
    return all(suspects.isdisjoint(_quoted(before.package, one)) for one in (part, *notes))


def _page(
    before: Side, at: int, after: Side, other: int, numbers: tuple[int, int]
) -> PageChange | None:
    texts, drawings = page_changes(before, at, after, other)
    sizes = _size(before, at), _size(after, other)
    if not texts and not drawings and sizes[0] == sizes[1]:
        return None
    size = sizes if sizes[0] != sizes[1] else None
    return PageChange(CHANGED, *numbers, tuple(texts), tuple(drawings), size)


def _size(side: Side, at: int) -> str:
    try:
        _, _, width, height = side.package.page_box(side.document.pages[at])
    except Problem as problem:
        return problem.what
    return f"{width:g} x {height:g}"


def _values(old: Package, new: Package) -> Iterator[ValueChange]:
    first, second = contents(old), contents(new)
    yield from _mapped(
        "package",
        {"DocType": first.doc_type, "Version": first.version},
        {"DocType": second.doc_type, "Version": second.version},
    )
    for one, two in zip(first.documents, second.documents, strict=False):
        yield from _mapped("metadata", one.metadata, two.metadata)
        yield from _mapped("preference", one.preferences, two.preferences)
        for of, values in _lists(one).items():
            yield from _mapped(of, values, _lists(two)[of])
    yield from _mapped(
        "attachment",
        {a.name: _content(old, a.part, a.location) for a in first.attachments},
        {a.name: _content(new, a.part, a.location) for a in second.attachments},
    )
    yield from _mapped(
        "tag",
        {tag.name: tag.text for tag in first.tags},
        {tag.name: tag.text for tag in second.tags},
    )


def _lists(document: DocumentContents) -> dict[str, dict[str, str]]:
    rights = document.permissions
    return {
        "outline": dict(_outline(document.outlines, "")),
        "bookmark": {
            one.name: f"page {one.dest.page_id}" if one.dest else "" for one in document.bookmarks
        },
        "permission": {
            name: str(value) for name, value in (asdict(rights) if rights else {}).items()
        },
        "note": dict(map(_note, document.annotations)),
        "version": {
            one.id: f"{one.name} {one.date}, {len(one.files)} files" for one in document.versions
        },
    }


def _note(note: Annotation) -> tuple[str, str]:
    page = "?" if note.page is None else note.page + 1
    return f"{note.id} on page {page}", f"{note.kind} {note.creator} {note.date} {note.remark}"


def _outline(entries: tuple[Outline, ...], above: str) -> Iterator[tuple[str, str]]:
    for number, entry in enumerate(entries, 1):
        place = f"{above}{number}"
        yield place, entry.title
        yield from _outline(entry.children, f"{place}.")


def _content(package: Package, part: str, location: str) -> str:
    if not part:
        return f"not inside: {location}"
    try:
        data = package.read(part)
    except Problem as problem:
        return problem.what
    return f"{len(data)} bytes, SM3 {sm3.hexdigest(data)[:16]}"


def _mapped(of: str, old: dict[str, str], new: dict[str, str]) -> Iterator[ValueChange]:
    for name, value in old.items():
        if name not in new:
            yield ValueChange(REMOVED, of, name, value[:_LONGEST], "")
        elif new[name] != value:
            yield ValueChange(CHANGED, of, name, value[:_LONGEST], new[name][:_LONGEST])
    for name, value in new.items():
        if name not in old:
            yield ValueChange(ADDED, of, name, "", value[:_LONGEST])


def _covers(package: Package, file: str) -> Iterator[SignatureCover]:
    """What each signature covers, and which of that is not as signed. No verification."""
    try:
        lines = records.listed(package)
    except Problem as problem:
        yield SignatureCover(file, "", "", "", 0, (), (), problem.what)
        return
    for line in lines:
        try:
            record = records.read_record(package, line)
        except Problem as problem:
            yield SignatureCover(file, line.id, line.kind, "", 0, (), (), problem.what)
            continue
        own = record.own_parts | {line.list_part}
        open_parts = sorted(set(package.parts) - record.covered - own)
        yield SignatureCover(
            file, line.id, line.kind, record.time, len(record.covered),
            tuple(open_parts[:_MOST_NAMED]), tuple(_broken(package, record)),
        )  # fmt: skip


def _broken(package: Package, record: records.Record) -> Iterator[str]:
    if record.check_method not in ("SM3", "1.2.156.10197.1.401"):
        return
    for reference in record.references:
        if not reference.part:
            yield reference.location
            continue
        try:
            if package.digest(reference.part) != reference.digest:
                yield reference.part
        except Problem:
            yield reference.part
