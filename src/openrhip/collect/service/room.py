"""What a full disk and an absent database are called (空间不足): Unavailable, and nothing half."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError

from openrhip.kernel.errors import Problem, Unavailable

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_AWAY = frozenset({errno.EIO, errno.EROFS, errno.ESTALE, errno.EMFILE, errno.ENFILE})
_TEXT = re.compile(r"no space left|disk is full|disk quota|os error (28|122)", re.IGNORECASE)


@contextmanager
def guarded() -> Iterator[None]:
    """Within the block a disk that is full or away is Unavailable: the same call may succeed."""
    try:
        yield
    except Problem:
        raise
    except Exception as error:
        if is_full(error):
            raise Unavailable(
                "the disk is full", remedy="make room; what was sent can be sent again"
            ) from error
        if isinstance(error, OperationalError) or _number(error) in _AWAY:
            name = type(error).__name__
            raise Unavailable(f"disk or database does not answer: {name}") from error
        raise


def is_full(error: BaseException | None) -> bool:
    """Whether a full disk is behind this, however it was wrapped."""
    while error is not None:
        if _number(error) in _FULL or _TEXT.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _number(error: BaseException) -> int | None:
    return error.errno if isinstance(error, OSError) else None
