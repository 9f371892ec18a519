"""A large content stream read as it comes, operator by operator, none of them kept (流式读取)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pikepdf

_MOST_OPERANDS = 64


class Flow(pikepdf.StreamParser):
    """Calls back for each operator. Inline pictures are passed on without their data."""

    def __init__(self, execute: Callable[[object, Sequence[Any]], None]) -> None:
        super().__init__()
        self._execute = execute
        self._operands: list[Any] = []
        self._inside = False

    def handle_object(self, obj: Any, offset: int, length: int) -> None:
        del offset, length
        if not isinstance(obj, pikepdf.Operator):
            if len(self._operands) < _MOST_OPERANDS:
                self._operands.append(obj)
            return
        name = bytes(obj)
        if name == b"BI":
            self._inside = True
        elif name == b"EI":
            self._inside = False
        elif not self._inside:
            self._execute(obj, self._operands)
        self._operands = []

    def handle_eof(self) -> None:
        self._operands = []
