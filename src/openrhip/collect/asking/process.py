"""The process that answers one question (查询进程): started alone, killed when its time is over.

It runs as a file of its own, with nothing of this package: what it does not have it cannot give
away. Standard input is the job; `rows.jsonl` and, last, `outcome.json` are what it leaves.
"""

from __future__ import annotations

import ctypes
import json
import os
import pathlib
import re
import resource
import signal
import struct
import sys
import threading
import time
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls of Landlock
_RUN, _READ, _LIST, _TRUNCATE = 1, 4, 8, 1 << 14
_ALL = (1 << 13) - 1
_BATCH = 500
_PATH = re.compile(r"(?<![\w<])(?:file:)?/[^\s'\"]*")
_VIEW = re.compile(r'"?\bv\d+"?\.')


def main() -> None:
    job = json.loads(sys.stdin.buffer.read())
    _confine(job)
    import duckdb  # noqa: PLC0415 - after the limits

    fenced = fence(job["paths"])
    started = time.monotonic()
    try:
        outcome = _answer(duckdb, job)
    except duckdb.Error as error:
        outcome = {"state": "failed", **_said(error)}
    except MemoryError:
        outcome = {"state": "failed", "problem": "memory", "text": ""}
    _leave({**outcome, "seconds": round(time.monotonic() - started, 3), "fenced": fenced})


def _confine(job: dict[str, Any]) -> None:
    """Limits that hold whatever the engine does; the alarm ends the process by itself."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, job["seconds"])
    cpu = int(job["seconds"] * job["threads"]) + 5
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    files = job["spill_bytes"] + job["answer_bytes"]
    resource.setrlimit(resource.RLIMIT_FSIZE, (files, files))
    space = job["memory_bytes"] * 2 + (3 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    os.umask(0o077)
    os.nice(2)


def fence(paths: Sequence[str]) -> bool:
    """The kernel lets this process read these files and the interpreter's, write to its own folder,
    and reach nothing else, also no network (Landlock). False where the kernel has no such thing.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, 0, 1)
    if version < 1:
        return False
    files = _ALL | (_TRUNCATE if version >= 3 else 0)
    asked = struct.pack("=QQ", files, 3)[: 16 if version >= 4 else 8]
    rules = libc.syscall(_CREATE, asked, len(asked), 0)
    if rules < 0:
        return False
    homes = {sys.prefix, sys.base_prefix, "/usr/lib", "/lib", "/lib64"}
    facts = (
        "/proc/self",
        "/proc/meminfo",
        "/proc/stat",
        "/sys/fs/cgroup",
        "/sys/devices/system/cpu",
    )
    for path, rights in (
        *((fact, _READ | (_LIST if pathlib.Path(fact).is_dir() else 0)) for fact in facts),
        *((home, _READ | _LIST | _RUN) for home in homes),
        *((path, _READ) for path in paths),
        (str(pathlib.Path.cwd()), files),
    ):
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        libc.syscall(_ADD, rules, 1, struct.pack("=Qi", rights, place), 0)
        os.close(place)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    done: int = libc.syscall(_RESTRICT, rules, 0)
    os.close(rules)
    return done == 0


def _answer(duckdb: Any, job: dict[str, Any]) -> dict[str, Any]:
    connection = _opened(duckdb, job)
    threading.Thread(target=_tell_progress, args=(connection,), daemon=True).start()
    values = {name: _value(*given) for name, given in job["values"].items()}
    answer = connection.execute(job["sql"], values)
    columns = [(str(one[0]), str(one[1])) for one in answer.description]
    zoned = [name for name, kind in columns if "TIME ZONE" in kind]
    if zoned:
        return {"state": "failed", "problem": "zone", "text": zoned[0]}
    rows, truncated = _write(answer, job)
    return {"state": "answered", "columns": columns, "rows": rows, "truncated": truncated}


def _opened(duckdb: Any, job: dict[str, Any]) -> Any:
    """The views over their files, and from then on nothing else of the machine."""
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": job["threads"],
            "memory_limit": f"{job['memory_bytes'] >> 20}MB",
            "temp_directory": os.path.join(os.getcwd(), "spill"),  # noqa: PTH109, PTH118
            "max_temp_directory_size": f"{job['spill_bytes'] >> 20}MB",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
        },
    )
    for view in job["views"]:
        connection.execute(f"CREATE SCHEMA {view['schema']}")
        head = f'CREATE VIEW {view["schema"]}."{view["name"]}" AS '
        try:
            connection.execute(head + view["sql"])
        except duckdb.BinderException:
            connection.execute(head + view["wider"])
    paths = ", ".join("'" + path.replace("'", "''") + "'" for path in job["paths"])
    connection.execute("SET enable_progress_bar = true")
    connection.execute("SET enable_progress_bar_print = false")
    connection.execute("SET TimeZone = 'Asia/Shanghai'")
    connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _write(answer: Any, job: dict[str, Any]) -> tuple[int, bool]:
    """The rows as lines of JSON, up to the limits of number and size."""
    rows, left = 0, job["answer_bytes"]
    with open("rows.jsonl", "w", encoding="utf-8") as file:  # noqa: PTH123
        while batch := answer.fetchmany(_BATCH):
            for row in batch:
                line = json.dumps([_text(value) for value in row], ensure_ascii=False) + "\n"
                left -= len(line.encode())
                if rows == job["rows"] or left < 0:
                    return rows, True
                file.write(line)
                rows += 1
    return rows, False


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    return str(value)


def _value(sort: str, text: str | None) -> Any:
    if text is None:
        return None
    if sort in ("month", "day"):
        return date.fromisoformat(text)
    return {"integer": int, "number": Decimal}.get(sort, str)(text)


def _said(error: Exception) -> dict[str, str]:
    """What the engine says, without places on the disk and without the text it was given."""
    name = type(error).__name__
    if name == "OutOfMemoryException":
        return {"problem": "memory", "text": ""}
    text = re.split(r"\n\s*\n|\nLINE ", str(error))[0]
    text = _VIEW.sub("", _PATH.sub("…", text))
    return {"problem": name.removesuffix("Exception").lower(), "text": text[:600]}


def _tell_progress(connection: Any) -> None:
    while True:
        time.sleep(0.4)
        told = connection.query_progress()
        if told >= 0:
            _put("progress", str(int(told)))


def _leave(outcome: dict[str, Any]) -> None:
    _put("outcome.json", json.dumps(outcome, ensure_ascii=False))


def _put(name: str, text: str) -> None:
    part = f".{name}"
    with open(part, "w", encoding="utf-8") as file:  # noqa: PTH123
        file.write(text)
    os.replace(part, name)  # noqa: PTH105


if __name__ == "__main__":
    main()
