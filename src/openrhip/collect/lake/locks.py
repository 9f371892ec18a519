"""Locks between processes (进程间互斥): a file each, given back when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openrhip.kernel.files import make_folder


@contextmanager
def held(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Within the block nobody else holds it. Without `wait` False says that somebody does."""
    if not path.parent.is_dir():
        make_folder(path.parent)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(handle)
