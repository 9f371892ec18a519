"""The watched folder (监视目录): which files are whole and ready to be taken.

A file is ready when size, time and inode were the same on two looks in a row: a slow copy is not
taken half. Names that begin with a dot or end in .tmp, .part or .writing are still being written;
a hospital system that renames its finished file into place is served at the next look but one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from openrhip.agent.rules import Form

UNFINISHED = (".tmp", ".part", ".writing", ".crdownload")
FORMS = {".xml": Form.CDA, ".ofd": Form.OFD, ".pdf": Form.PDF}
COMPANION = ".xml"  # report.pdf is described by report.pdf.xml


@dataclass(frozen=True, slots=True)
class Ready:
    """A whole file; companion: the CDA that describes a PDF."""

    path: Path
    form: Form
    companion: Path | None = None


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
        self._last: dict[str, tuple[int, int, int]] = {}

    def look(self) -> Look:
        """Files whose marks are unchanged since the last look."""
        marks = self._marks()
        stable = {name for name, mark in marks.items() if self._last.get(name) == mark}
        self._last = marks
        ready: list[Ready] = []
        waiting: list[Path] = []
        unknown: list[Path] = []
        for name in sorted(stable):
            path = self.folder / name
            form = FORMS.get(path.suffix.lower())
            if form is None:
                unknown.append(path)
            elif form is Form.PDF:
                companion = name + COMPANION
                if companion in stable:
                    ready.append(Ready(path, form, self.folder / companion))
                elif companion not in marks:
                    waiting.append(path)
            elif not name.lower().endswith(".pdf" + COMPANION):
                ready.append(Ready(path, form))
        return Look(tuple(ready), tuple(waiting), tuple(unknown))

    def _marks(self) -> dict[str, tuple[int, int, int]]:
        found: dict[str, tuple[int, int, int]] = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
                    continue
                try:
                    stat = entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue
                if entry.is_file(follow_symlinks=False):
                    found[entry.name] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        return found
