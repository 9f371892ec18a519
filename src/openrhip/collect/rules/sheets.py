"""Sheets for other programs (电子表格): CSV whose cells no spreadsheet takes for a formula.

What units send comes back to them and is opened in a spreadsheet. A text that begins as a formula
would be computed there, with whatever the sender put into it; it gets a leading apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

_STARTS = frozenset("=+-@\t\r\n＝＋－＠")  # the wide forms: some spreadsheets read them alike
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
BOM = "\ufeff"  # without it spreadsheets take UTF-8 for the local code page


def safe(value: object) -> str:
    """One cell. Numbers stay numbers, also those written as text; NULL is empty."""
    if value is None:
        return ""
    if isinstance(value, int | float | Decimal | date):
        return str(value)
    text = str(value).replace("\x00", "")
    bare = text.lstrip(" \u3000\xa0")
    if bare[:1] in _STARTS and bare and not _NUMBER.fullmatch(text):
        return "'" + text
    return text


def sheet(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A whole CSV sheet, with the mark that makes spreadsheets read it as UTF-8."""
    return "".join(lines(heading, rows))


def lines(heading: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The same, piece by piece, for long lists."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    out.write(BOM)
    writer.writerow([safe(name) for name in heading])
    for number, row in enumerate(rows):
        writer.writerow([safe(value) for value in row])
        if number % 1000 == 999:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()
