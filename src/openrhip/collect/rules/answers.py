"""What of an answer may be taken away (导出脱敏): small counts and personal columns are masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from openrhip.collect.rules.questions import Column

HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Mask:
    """least: the smallest count that is shown; 0 and 1 mask nothing. personal: mask such columns.

    A row whose group, or one of whose counts, is smaller loses everything that was worked out of
    the group: a rate beside a hidden count would tell it.
    """

    columns: Sequence[Column]
    least: int = 0
    personal: bool = True

    def rows(
        self, found: Iterator[list[str | None]], *, grouped: bool
    ) -> Iterator[list[str | None]]:
        """grouped: the last value of each row is the size of its group, and is left out."""
        for row in found:
            size = row[-1] if grouped else None
            yield self._row(row[:-1] if grouped else row, size)

    def _row(self, row: list[str | None], size: str | None) -> list[str | None]:
        small = self._small(row, size)
        return [
            self._value(value, column, small=small)
            for value, column in zip(row, self.columns, strict=True)
        ]

    def _small(self, row: Sequence[str | None], size: str | None) -> bool:
        counts = [v for v, c in zip(row, self.columns, strict=True) if c.count]
        return any(_is_small(value, self.least) for value in (*counts, size))

    def _value(self, value: str | None, column: Column, *, small: bool) -> str | None:
        if column.personal and self.personal:
            return None if value is None else HIDDEN
        if small and (column.derived or column.count) and value is not None:
            return f"<{self.least}" if column.count else HIDDEN
        return value


def _is_small(value: str | None, least: int) -> bool:
    """More than nothing, less than that."""
    try:
        return value is not None and 0 < float(value) < least
    except ValueError:
        return False
