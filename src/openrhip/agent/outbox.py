"""The outbox of collected data (采集发件箱): which files are a whole batch, ready to be sent.

Two ways to put a batch down, below `outbox/collect/`:

- a folder `<TABLE>/<YYYY-MM-DD>/` with the files of that day; it is ready once a file `_ready` is
  in it, or when nothing in it changed for the quiet time;
- one file `<TABLE>_<YYYY-MM-DD>.csv` (or .parquet); it is ready after the quiet time.

Names that begin with a dot or end in .tmp, .part or .writing are still being written. Links, and
files that have a second name, are not read.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openrhip.agent.describing import FORMATS
from openrhip.agent.watch import UNFINISHED, Mark, Seen

READY = "_ready"
MOST_FILES = 1_000
_TABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_LONE = re.compile(r"([A-Z][A-Z0-9_]{0,63})_([0-9]{4}-?[0-9]{2}-?[0-9]{2})\.[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A batch that is ready. folder: the day's folder, None for a lone file."""

    table: str
    day: date
    files: tuple[Seen, ...]
    folder: Path | None

    @property
    def key(self) -> str:
        """What tells this state of these files from every other."""
        marks = ",".join(f"{one.path.name}:{':'.join(map(str, one.mark))}" for one in self.files)
        return f"{self.table}/{self.day}/{marks}"


@dataclass(frozen=True, slots=True)
class Look:
    """ready: batches; unknown: what is no table, no day or no file that is sent."""

    ready: tuple[Found, ...]
    unknown: tuple[Path, ...]


class Outbox:
    """Looks at one outbox again and again; remembers only the last look."""

    def __init__(self, folder: Path, *, quiet_seconds: float) -> None:
        self.folder = folder
        self.quiet = quiet_seconds
        self._last: dict[str, Mark] = {}

    def look(self) -> Look:
        """Batches whose files are unchanged since the last look."""
        marks: dict[str, Mark] = {}
        ready: list[Found] = []
        unknown: list[Path] = []
        for path, found in self._candidates(unknown):
            files = tuple(one for one in found if one.path.name != READY)
            marks.update({str(one.path): one.mark for one in found})
            if _parse(path) is None:
                unknown.append(path)
                continue
            table, day = _parse(path) or ("", date.min)
            hurry = len(files) < len(found)
            if files and all(self._at_rest(one, hurry=hurry) for one in found):
                folder = path if path.name == files[0].path.parent.name else None
                ready.append(Found(table, day, files, folder))
        self._last = marks
        return Look(tuple(ready), tuple(unknown))

    def _at_rest(self, seen: Seen, *, hurry: bool) -> bool:
        if self._last.get(str(seen.path)) != seen.mark:
            return False
        return hurry or time.time() - seen.mark.ctime_ns / 1e9 >= self.quiet

    def _candidates(self, unknown: list[Path]) -> Iterator[tuple[Path, list[Seen]]]:
        """Lone files and day folders with their files, in the order of their names."""
        for path, state in _entries(self.folder):
            if stat.S_ISREG(state.st_mode):
                if state.st_nlink == 1 and path.suffix.lower() in FORMATS:
                    yield path, [Seen(path, Mark.of(state))]
                else:
                    unknown.append(path)
            elif stat.S_ISDIR(state.st_mode):
                for day, inner in _entries(path):
                    if stat.S_ISDIR(inner.st_mode):
                        yield day, _files(day, unknown)
                    else:
                        unknown.append(day)
            else:
                unknown.append(path)


def _files(folder: Path, unknown: list[Path]) -> list[Seen]:
    found: list[Seen] = []
    for path, state in _entries(folder):
        plain = stat.S_ISREG(state.st_mode) and state.st_nlink == 1
        if plain and (path.name == READY or path.suffix.lower() in FORMATS):
            found.append(Seen(path, Mark.of(state)))
        else:
            unknown.append(path)
    return found[: MOST_FILES + 1]


def _entries(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    try:
        with os.scandir(folder) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in listed:
        if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
            continue
        try:
            yield Path(entry.path), entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue


def _parse(path: Path) -> tuple[str, date] | None:
    """Table and day out of `<TABLE>/<day>` or `<TABLE>_<day>.csv`."""
    lone = _LONE.fullmatch(path.name)
    table, text = (lone[1], lone[2]) if lone else (path.parent.name, path.name)
    day = _DAY.fullmatch(text)
    if day is None or not _TABLE.fullmatch(table):
        return None
    try:
        return table, date(int(day[1]), int(day[2]), int(day[3]))
    except ValueError:
        return None
