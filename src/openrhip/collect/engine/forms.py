"""The form of values as SQL (值的格式): strictly written first, only then cast.

Every expression is in DuckDB's dialect and means the same after sqlglot has put it into Spark's:
no look-around, no \\d, no `$` (which matches before a last line feed), no cast of a text whose
form was not proven.
"""

from __future__ import annotations

from openrhip.collect.engine.sqltext import holds, name, whole
from openrhip.collect.rules.tables import Column, Type

YEAR = "(18[5-9][0-9]|19[0-9]{2}|20[0-9]{2}|2100)"  # days lie in 1850-01-01 … 2100-12-31
INVISIBLE = r"\x{200B}-\x{200F}\x{2028}-\x{202E}\x{2060}\x{FEFF}"
BLANK = r" \x{A0}\x{3000}"
_HIDDEN = r"\x00-\x1F\x7F-\x{9F}" + INVISIBLE
_HIDDEN_LINES = r"\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}" + INVISIBLE
_CLOCK = "([01][0-9]|2[0-3])", "[0-5][0-9]"
WHOLE_NUMBER = "-?(0|[1-9][0-9]{0,17})"
MAX_PRECISION = 38


def typed_name(column: str) -> str:
    """How the typed value of a column is called behind the first stage."""
    return f"{column}:t"


def is_text(column: Column) -> bool:
    return column.type in (Type.TEXT, Type.CODE)


def precision(column: Column) -> int:
    return column.precision or 18


def sql_type(column: Column) -> str:
    """The type a column has once it is loaded."""
    return {
        Type.INTEGER: "BIGINT",
        Type.DECIMAL: f"DECIMAL({precision(column)}, {column.scale})",
        Type.DATE: "DATE",
        Type.DATETIME: "TIMESTAMP",
        Type.FLAG: "BOOLEAN",
    }.get(column.type, "VARCHAR")


def text_fault(column: Column) -> str:
    """Broken form of a text: hidden characters, or a blank at either end."""
    hidden = _HIDDEN_LINES if column.multiline else _HIDDEN
    return holds(name(column.name), rf"[{hidden}]|\A[{BLANK}]|[{BLANK}]\z")


def typed(column: Column) -> str:
    """The typed value out of the text; NULL where it is missing or its form is broken."""
    value = name(column.name)
    made = _MAKERS.get(column.type)
    return made(value, column) if made else value


def number_pattern(column: Column) -> str:
    """The form of a decimal number: digits as DECIMAL(precision, scale) holds them."""
    before = precision(column) - column.scale
    digits = f"[1-9][0-9]{{0,{before - 1}}}" if before else ""
    head = f"-?(0|{digits})" if digits else "-?0"
    return head + (rf"(\.[0-9]{{1,{column.scale}}})?" if column.scale else "")


def literal_of(column: Column, text: str) -> str:
    """A value of the catalogue (minimum, maximum, compared value) in a column's type."""
    quoted = "'" + text.replace("'", "''") + "'"
    if column.type in (Type.DATE, Type.DATETIME) and "-" not in text[:8]:
        quoted = f"'{text[:4]}-{text[4:6]}-{text[6:8]}{_clock_of(text[8:])}'"
    if column.type is Type.FLAG:
        return "TRUE" if text in ("1", "T") else "FALSE"
    if column.type is Type.TIME and len(text) == 6:
        quoted = f"'{text[:2]}:{text[2:4]}:{text[4:]}'"
    kind = sql_type(column)
    if column.type in (Type.INTEGER, Type.DECIMAL):
        scale = len(text.partition(".")[2])  # no wider: Spark rounds where both do not fit in 38
        kind = f"DECIMAL({18 + scale}, {scale})"
    return quoted if kind == "VARCHAR" else f"CAST({quoted} AS {kind})"


def _clock_of(text: str) -> str:
    digits = text.lstrip("T").strip()
    return f" {digits[:2]}:{digits[2:4]}:{digits[4:6]}" if digits else ""


def _integer(value: str, _column: Column) -> str:
    return f"CASE WHEN {whole(value, WHOLE_NUMBER)} THEN TRY_CAST({value} AS BIGINT) END"


def _decimal(value: str, column: Column) -> str:
    cast = f"TRY_CAST({value} AS {sql_type(column)})"
    return f"CASE WHEN {whole(value, number_pattern(column))} THEN {cast} END"


def _date(value: str, _column: Column) -> str:
    joined = _joined(value, (1, 4), (5, 2), (7, 2))
    dashed, bare = f"{YEAR}-[0-9]{{2}}-[0-9]{{2}}", f"{YEAR}[0-9]{{4}}"
    return (
        f"CASE WHEN {whole(value, dashed)} THEN TRY_CAST({value} AS DATE)"
        f" WHEN {whole(value, bare)} THEN TRY_CAST({joined} AS DATE) END"
    )


def _datetime(value: str, _column: Column) -> str:
    hours, sixty = _CLOCK
    long = f"{YEAR}-[0-9]{{2}}-[0-9]{{2}} {hours}:{sixty}:{sixty}"
    short = f"{YEAR}[0-9]{{4}}T?{hours}{sixty}{sixty}"
    bare = f"replace({value}, 'T', '')"
    day = _joined(bare, (1, 4), (5, 2), (7, 2))
    clock = _joined(bare, (9, 2), (11, 2), (13, 2), glue=":")
    return (
        f"CASE WHEN {whole(value, long)} THEN TRY_CAST({value} AS TIMESTAMP)"
        f" WHEN {whole(value, short)} THEN TRY_CAST({day} || ' ' || {clock} AS TIMESTAMP) END"
    )


def _time(value: str, _column: Column) -> str:
    hours, sixty = _CLOCK
    clock = _joined(value, (1, 2), (3, 2), (5, 2), glue=":")
    return (
        f"CASE WHEN {whole(value, f'{hours}:{sixty}:{sixty}')} THEN {value}"
        f" WHEN {whole(value, f'{hours}{sixty}{sixty}')} THEN {clock} END"
    )


def _flag(value: str, _column: Column) -> str:
    return f"CASE WHEN {value} IN ('1', 'T') THEN TRUE WHEN {value} IN ('0', 'F') THEN FALSE END"


def _joined(value: str, *parts: tuple[int, int], glue: str = "-") -> str:
    between = f" || '{glue}' || "
    return between.join(f"substr({value}, {start}, {count})" for start, count in parts)


_MAKERS = {
    Type.INTEGER: _integer,
    Type.DECIMAL: _decimal,
    Type.DATE: _date,
    Type.DATETIME: _datetime,
    Type.TIME: _time,
    Type.FLAG: _flag,
}
