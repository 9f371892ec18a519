"""The watched folder (监视目录): which files are whole and ready to be taken.

A file is ready when its mark (device, inode, size, times) was the same on two looks in a row: a
slow copy is not taken half. What is then opened must still bear that mark and be a plain file under
one name: a link put there in between, or a second name of some other file, is not read. Names that
begin with a dot or end in .tmp, .part or .writing are still being written; a hospital system that
renames its finished file into place is served at the next look but one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from openrhip.agent.rules import Form

UNFINISHED = (".tmp", ".part", ".filepart", ".writing", ".crdownload")
FORMS = {".xml": Form.CDA, ".ofd": Form.OFD, ".pdf": Form.PDF}
COMPANION = ".xml"  # report.pdf is described by report.pdf.xml


class NotThere(Exception):
    """What is under the name is not the file that was looked at; another look will tell."""


class Mark(NamedTuple):
    """What tells one state of one file from every other; ctime cannot be set back by its owner."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, found: os.stat_result) -> Mark:
        return cls(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was looked at."""

    path: Path
    mark: Mark


@dataclass(frozen=True, slots=True)
class Ready:
    """A whole file; companion: the CDA that describes a PDF."""

    file: Seen
    form: Form
    companion: Seen | None = None

    @property
    def path(self) -> Path:
        return self.file.path


@dataclass(frozen=True, slots=True)
class Look:
    """What one look into the folder found. waiting: PDFs whose description is not there yet."""

    ready: tuple[Ready, ...]
    waiting: tuple[Path, ...]
    unknown: tuple[Path, ...]


class Watch:
    """Looks at one folder again and again; remembers only the last look."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._last: dict[str, Mark] = {}

    def look(self) -> Look:
        """Files whose marks are unchanged since the last look."""
        marks, linked = self._marks()
        stable = {name for name, mark in marks.items() if self._last.get(name) == mark}
        self._last = marks
        ready: list[Ready] = []
        waiting: list[Path] = []
        unknown: list[Path] = []
        for name in sorted(stable):
            path = self.folder / name
            form = FORMS.get(path.suffix.lower())
            seen = Seen(path, marks[name])
            if form is None or name in linked:
                unknown.append(path)
            elif form is Form.PDF:
                companion = name + COMPANION
                if companion in stable and companion not in linked:
                    described = Seen(self.folder / companion, marks[companion])
                    ready.append(Ready(seen, form, described))
                elif companion not in marks:
                    waiting.append(path)
            elif not name.lower().endswith(".pdf" + COMPANION):
                ready.append(Ready(seen, form))
        return Look(tuple(ready), tuple(waiting), tuple(unknown))

    def _marks(self) -> tuple[dict[str, Mark], set[str]]:
        """The marks by name, and the names of files that have another name besides."""
        found: dict[str, Mark] = {}
        linked: set[str] = set()
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
                    continue
                try:
                    state = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if entry.is_file(follow_symlinks=False):
                    found[entry.name] = Mark.of(state)
                    if state.st_nlink > 1:
                        linked.add(entry.name)
        return found, linked


@contextmanager
def opened(path: Path, mark: Mark | None = None) -> Iterator[tuple[BinaryIO, Mark]]:
    """The plain file under this name, for reading, with its mark: the given one, if one is given.

    Raises NotThere for links, second names, other kinds, another mark, and for a file that changed
    until the end of the block.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise NotThere(path.name) from error
    with os.fdopen(handle, "rb") as file:
        state = os.fstat(file.fileno())
        found = Mark.of(state)
        plain = stat.S_ISREG(state.st_mode) and state.st_nlink == 1
        if not plain or (mark is not None and found != mark):
            raise NotThere(path.name)
        yield file, found
        if Mark.of(os.fstat(file.fileno())) != found:
            raise NotThere(path.name)
