"""What an engine is asked and what it answers (校验任务与结果); what the tables are asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from openrhip.collect.rules.tables import Catalogue, Table

# Columns that loading adds to those of the catalogue, in this order, behind them.
LOAD_COLUMNS = ("_unit", "_day", "_batch", "_line", "_marks")
# _line: BIGINT, 1-based data row number over the batch's files in order (header not counted);
# _marks: the broken warning rules' ids, comma-separated, NULL if none.


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of a batch on disk. format: csv | parquet; encoding: utf-8 | gb18030."""

    path: Path
    name: str
    format: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    rows: int | None = None  # as the manifest says


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one batch: what is over them is refused with TooLarge or Malformed."""

    line_bytes: int = 1 << 20
    field_chars: int = 65_536
    columns: int = 500
    rows: int = 50_000_000
    memory: str = "1GB"
    threads: int = 2
    examples: int = 10  # kept for each rule


@dataclass(frozen=True, slots=True)
class Known:
    """Look-ups of one batch, each given the batch's distinct keys and answering those known.

    The arguments and the answer are Arrow tables of text columns in the order of the key; answers
    hold a subset of the asked rows. A missing function lets the rule pass (nothing is known yet
    about that table); see `lake`.
    """

    stored: Callable[[Any], Any] | None = None  # key already on other days of this unit
    references: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)  # by rule id


@dataclass(frozen=True, slots=True)
class CheckJob:
    """One batch to be checked. out: an empty folder for what is written. today: city date, no
    birth or event may lie after it. seal: identity numbers → keyed tokens, over an Arrow or Python
    sequence of text (None in, None out); without it such columns are kept as they are (tests).
    """

    catalogue: Catalogue
    table: Table
    files: tuple[InputFile, ...]
    unit: str
    day: date
    batch: str
    out: Path
    today: date
    known: Known = field(default_factory=Known)
    seal: Callable[[Sequence[str | None]], Sequence[str | None]] | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Written:
    """A Parquet file that is durable (fsynced). least, most: of `_day`, ISO dates."""

    path: Path
    rows: int
    size: int


@dataclass(frozen=True, slots=True)
class Example:
    """One row at fault. value: as it was sent, masked where the column is personal."""

    line: int
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class RuleHits:
    """How many rows broke a rule, and the first of them."""

    rule: str
    count: int
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckResult:
    """received = loaded + quarantined, always. marked: loaded rows with warnings. quarantine:
    Parquet with _line BIGINT, _rules VARCHAR (ids, comma-separated, in the order of the bits),
    then every column as text, personal ones masked.
    amended, withdrawn: loaded rows with amend flag 2, 3.
    """

    received: int
    loaded: int
    quarantined: int
    marked: int
    amended: int
    withdrawn: int
    hits: tuple[RuleHits, ...]
    good: tuple[Written, ...]
    quarantine: Written | None
    engine: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one unit, table and day that replace what stood there before."""

    table: str
    unit: str
    day: date
    batch: str
    files: tuple[Written, ...]
