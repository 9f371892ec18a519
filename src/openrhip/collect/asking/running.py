"""Starting, watching and ending the process of a question (查询进程的启停).

It outlives the web process that started it: whoever looks next finds its outcome in the folder.
It holds a lock on a file as long as it lives, so that nobody waits for one that is gone, and no
number of a process is taken for another.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from openrhip.kernel.files import make_folder

PROCESS = Path(__file__).with_name("process.py")
GRACE = 3.0  # seconds over the limit after which whoever looks ends it
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class View:
    """schema.name over sql; wider: where files lack columns that the catalogue has by now."""

    schema: str
    name: str
    sql: str
    wider: str


@dataclass(frozen=True, slots=True)
class Job:
    """One question. values: (sort, text) by name; paths: all that may be opened."""

    sql: str
    views: Sequence[View]
    paths: Sequence[str]
    values: Mapping[str, tuple[str, str | None]]
    rows: int
    seconds: float
    memory_bytes: int
    spill_bytes: int
    answer_bytes: int
    threads: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the process left. state: answered | failed. problem: a word; text: the engine's own.
    fenced: the kernel kept it to its files.
    """

    state: str
    seconds: float = 0.0
    columns: tuple[tuple[str, str], ...] = ()
    rows: int = 0
    truncated: bool = False
    problem: str = ""
    text: str = ""
    fenced: bool = False


def start(job: Job, folder: Path) -> None:
    """Begin; the folder is the process's own."""
    _reap()
    make_folder(folder)
    folder.chmod(0o700)
    lock = os.open(folder / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(PROCESS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
            pass_fds=[lock],
            start_new_session=True,
        )
    finally:
        os.close(lock)
    _started.append(process)
    (folder / "process").write_text(str(process.pid))
    assert process.stdin is not None  # noqa: S101 - a pipe was asked for
    try:
        process.stdin.write(json.dumps(asdict(job), default=str).encode())
        process.stdin.close()
    except BrokenPipeError:
        pass  # it is gone already; that is found when somebody looks


def alive(folder: Path) -> bool:
    """Whether the process still runs."""
    _reap()
    try:
        lock = os.open(folder / "alive", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def outcome(folder: Path) -> Outcome | None:
    """What it left, None if nothing (yet)."""
    try:
        found = json.loads((folder / "outcome.json").read_bytes())
    except FileNotFoundError:
        return None
    found["columns"] = tuple((name, kind) for name, kind in found.get("columns", ()))
    return Outcome(**found)


def progress(folder: Path) -> int | None:
    """Percent, as the engine guesses them."""
    try:
        return min(100, int((folder / "progress").read_text()))
    except (FileNotFoundError, ValueError):
        return None


def stop(folder: Path) -> bool:
    """End it at once; whether there was anything to end."""
    if not alive(folder):
        return False
    os.killpg(int((folder / "process").read_text()), signal.SIGKILL)
    end = time.monotonic() + 2
    while alive(folder) and time.monotonic() < end:
        time.sleep(0.01)
    return True


def wait(folder: Path, seconds: float) -> bool:
    """Until it is over, at most so long; whether it is."""
    end, pause = time.monotonic() + seconds, 0.01
    while alive(folder):
        if time.monotonic() >= end:
            return False
        time.sleep(pause)
        pause = min(0.1, pause * 1.5)
    return True


def rows(folder: Path, *, first: int = 0, most: int | None = None) -> Iterator[list[str | None]]:
    """The answer's rows as text. None as long as they are kept."""
    last = None if most is None else first + most
    with (folder / "rows.jsonl").open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            if last is not None and number >= last:
                return
            if number >= first:
                yield json.loads(line)


def tidy(folder: Path) -> None:
    """Only the answer stays: not what the engine put aside, not the small tables it read."""
    shutil.rmtree(folder / "spill", ignore_errors=True)
    for path in folder.glob("t*.parquet"):
        path.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Nothing of it stays."""
    shutil.rmtree(folder, ignore_errors=True)


def _reap() -> None:
    """Take leave of processes that ended."""
    _started[:] = [process for process in _started if process.poll() is None]


def as_text(value: Any) -> str | None:
    """A value of a parameter as the job carries it."""
    return None if value is None else str(value)
