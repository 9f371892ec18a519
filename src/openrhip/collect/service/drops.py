"""A folder that somebody else writes into (投递目录): nothing in it is followed, nothing trusted.

Everything is done through the folder's own handle: a link put in the place of a file or of a
subfolder is not followed, and no name leads out of it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

from openrhip.agent.manifest import check_name
from openrhip.agent.watch import UNFINISHED, Mark
from openrhip.kernel import ids
from openrhip.kernel.errors import Malformed

MOST_FILES = 20_000  # of a folder, in one look
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NotPlain(Exception):
    """What is under the name is no plain file or folder of its own, or not what was looked at."""


class Drop:
    """One such folder, held open. Names are checked; subfolders go one level down."""

    def __init__(self, path: Path) -> None:
        self._handle = _open_folder(str(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def marks(self, folder: str = "") -> dict[str, Mark]:
        """The plain files that are not being written any more, as far as a name tells."""
        found: dict[str, Mark] = {}
        with self._in(folder) as handle, os.scandir(handle) as entries:
            for entry in islice(entries, MOST_FILES):
                if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
                    continue
                with suppress(FileNotFoundError):
                    state = entry.stat(follow_symlinks=False)
                    if _is_plain(state) and _is_name(entry.name):
                        found[entry.name] = Mark.of(state)
        return found

    def open(self, name: str, mark: Mark, folder: str = "") -> BinaryIO:
        """The file that bore this mark. Raises NotPlain."""
        with self._in(folder) as handle:
            try:
                opened = os.open(check_name(name), _FILE, dir_fd=handle)
            except OSError as error:
                raise NotPlain(name) from error
        file = os.fdopen(opened, "rb")
        state = os.fstat(opened)
        if not _is_plain(state) or Mark.of(state) != mark:
            file.close()
            raise NotPlain(name)
        return file

    def read(self, name: str, mark: Mark, *, limit: int, folder: str = "") -> bytes:
        """Its content; one byte more than the limit if it is longer. Raises NotPlain."""
        with self.open(name, mark, folder) as file:
            return file.read(limit + 1)

    def move(self, name: str, *, to: str, source: str = "", mark: Mark | None = None) -> bool:
        """Move a file, over one of the same name there; False if there is none (of this mark)."""
        with self._in(source) as here, self._in(to) as there:
            try:
                state = os.stat(check_name(name), dir_fd=here, follow_symlinks=False)
                if not _is_plain(state) or (mark is not None and Mark.of(state) != mark):
                    return False
                os.rename(name, name, src_dir_fd=here, dst_dir_fd=there)
            except FileNotFoundError:
                return False
            except OSError as error:
                raise NotPlain(name) from error
            os.fsync(there)
            os.fsync(here)
        return True

    def write(self, name: str, content: bytes, *, folder: str) -> None:
        """A new file, over one of the same name; durable on return. Raises NotPlain."""
        made = f".{ids.new_id()}"
        with self._in(folder) as handle:
            with os.fdopen(os.open(made, _NEW, 0o640, dir_fd=handle), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.rename(made, check_name(name), src_dir_fd=handle, dst_dir_fd=handle)
            except OSError as error:
                os.unlink(made, dir_fd=handle)
                raise NotPlain(name) from error
            os.fsync(handle)

    def remove(self, name: str, *, folder: str) -> None:
        with self._in(folder) as handle, suppress(FileNotFoundError):
            os.unlink(check_name(name), dir_fd=handle)

    def forget_older(self, folder: str, than: datetime) -> None:
        """Remove the files that have been here since before then; their owner cannot set that."""
        before = int(than.timestamp() * 1e9)
        for name, mark in self.marks(folder).items():
            if mark.ctime_ns < before:
                self.remove(name, folder=folder)

    @contextmanager
    def _in(self, folder: str) -> Iterator[int]:
        if not folder:
            yield self._handle
            return
        with suppress(FileExistsError):
            os.mkdir(folder, 0o770, dir_fd=self._handle)
        handle = _open_folder(folder, self._handle)
        try:
            yield handle
        finally:
            os.close(handle)


def _open_folder(name: str, within: int | None = None) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=within)
    except OSError as error:
        raise NotPlain(f"{Path(name).name} is no folder of its own") from error


def _is_plain(state: os.stat_result) -> bool:
    return stat.S_ISREG(state.st_mode) and state.st_nlink == 1


def _is_name(name: str) -> bool:
    try:
        return check_name(name) == name
    except Malformed:
        return False
