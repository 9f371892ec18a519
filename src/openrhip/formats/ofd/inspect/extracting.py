"""Taking things out of a package (提取): attachments, pictures, fonts, tags, metadata.

Names come from the file and are hostile: what is written stays in the folder, under a name that no
system takes for anything but a file, and never over another file unless asked to.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from openrhip.formats.ofd.inspect.contents import contents
from openrhip.formats.ofd.inspect.resources import Resources
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.reading import regions
from openrhip.kernel.errors import Conflict, Malformed, Problem

KINDS = ("attachments", "images", "fonts", "tags", "metadata")
_LONGEST = 120
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|clock\$|com\d|lpt\d)(\.|$)")
_SUFFIXES = {
    b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"BM": ".bmp", b"GIF8": ".gif",
    b"II*\0": ".tif", b"MM\0*": ".tif", b"\x97JB2": ".jb2", b"\0\0\0\x0cjP": ".jp2",
    b"\xff\x4f\xff\x51": ".j2k", b"OTTO": ".otf", b"\0\1\0\0": ".ttf", b"true": ".ttf",
    b"ttcf": ".ttc", b"%!PS": ".pfa", b"\x80\x01": ".pfb", b"RIFF": ".riff",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Something to take out. name: safe, and unique among what is taken out with it."""

    kind: str
    name: str
    part: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Written:
    """Where something went; size in bytes."""

    kind: str
    path: Path
    part: str
    size: int


def extract(data: bytes | Path | Package, kinds: tuple[str, ...] = KINDS) -> Iterator[Found]:
    """What a package holds of these kinds, one after another. Raises Malformed, TooLarge."""
    package = data if isinstance(data, Package) else open_package(data)
    names: set[str] = set()
    for kind in kinds:
        if kind not in KINDS:
            raise Malformed(f"nothing of this kind is extracted: {kind[:40]}", where="kinds")
        for wish, part, content in _SOURCES[kind](package):
            yield Found(kind, _unique(safe_name(wish), names), part, content)


def write_out(
    data: bytes | Path | Package, folder: Path, kinds: tuple[str, ...], *, force: bool = False
) -> list[Written]:
    """Write what is found into a folder. Raises Conflict for names that are taken already."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Written] = []
    for found in extract(data, kinds):
        path = folder / found.name
        if path.is_symlink() or (force and path.exists() and not path.is_file()):
            raise Conflict("a link or folder stands in the way", where=str(path))
        try:
            with path.open("wb" if force else "xb") as file:
                file.write(found.data)
        except FileExistsError as error:
            raise Conflict(
                "a file of this name is there already", where=str(path), remedy="use --force"
            ) from error
        written.append(Written(found.kind, path, found.part, len(found.data)))
    return written


def safe_name(wish: str) -> str:
    """A name for a file: no folders, no devices, no controls, not too long."""
    name = unicodedata.normalize("NFC", wish)
    name = _FORBIDDEN.sub("_", name).strip(" .")
    if not name or not name.strip("_"):
        name = "unnamed"
    if _DEVICES.match(name):
        name = f"_{name}"
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 12:
        stem, suffix = name, ""
    if len(name.encode()) > _LONGEST:
        room = _LONGEST - len(suffix.encode()) - 1
        stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .") or "unnamed"
    return f"{stem}.{suffix}" if suffix else stem


def _unique(name: str, taken: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    trial, number = name, 1
    while trial.casefold() in taken:
        number += 1
        trial = f"{stem or suffix}-{number}{dot + suffix if stem else ''}"
    taken.add(trial.casefold())
    return trial


Wish = tuple[str, str, bytes]
"""Name as wished, part, content."""


def _attachments(package: Package) -> Iterator[Wish]:
    for one in package.attachments():
        if one.part and (content := _content(package, one.part)) is not None:
            name = one.name or one.part
            suffix = one.part.rpartition(".")[2]
            if "." not in name and len(suffix) <= 8 and suffix.isalnum():
                name = f"{name}.{suffix}"  # many producers leave it off
            yield name, one.part, content


def _resources(package: Package, kind: str) -> Iterator[Wish]:
    seen: set[str] = set()
    for document in package.documents:
        resources = Resources(package, document)
        for page in document.pages:
            try:
                if package.mentions(page.part, b"PageRes"):
                    resources.of_page(page.part, package.xml(page.part))
            except Problem as problem:
                package.tell(problem, "页面无法读取", "a page cannot be read")
        for resource in resources.every():
            if resource.kind != kind or not resource.file or resource.file in seen:
                continue
            seen.add(resource.file)
            if (content := _content(package, resource.file)) is not None:
                yield (
                    _with_suffix(resource.file.rpartition("/")[2], content),
                    resource.file,
                    content,
                )


def _content(package: Package, part: str) -> bytes | None:
    try:
        return package.read(part)
    except Problem as problem:
        package.tell(problem, "文件损坏，未提取", "a damaged part is not extracted")
        return None


def _with_suffix(name: str, content: bytes) -> str:
    if "." in name.strip("."):
        return name
    found = next((end for start, end in _SUFFIXES.items() if content.startswith(start)), ".bin")
    return name + found


def _images(package: Package) -> Iterator[Wish]:
    yield from _resources(package, "MultiMedia")


def _fonts(package: Package) -> Iterator[Wish]:
    yield from _resources(package, "Font")


def _tags(package: Package) -> Iterator[Wish]:
    placed = regions(package)
    found = [
        {
            "name": one.name,
            "text": one.text,
            "page": one.page + 1,
            "box": [round(value, 3) for value in one.box],
        }
        for one in placed
    ]
    yield "tags.json", "", _json(found)


def _metadata(package: Package) -> Iterator[Wish]:
    found = contents(package)
    facts = {
        "doc_type": found.doc_type,
        "version": found.version,
        "documents": [
            {"root": one.root, "metadata": one.metadata, "custom": one.custom, "pages": one.pages}
            for one in found.documents
        ],
    }
    yield "metadata.json", "", _json(facts)


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


_SOURCES = {
    "attachments": _attachments,
    "images": _images,
    "fonts": _fonts,
    "tags": _tags,
    "metadata": _metadata,
}
