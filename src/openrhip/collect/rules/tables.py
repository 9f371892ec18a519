"""The catalogue's terms (采集目录): tables, columns, value sets, references, rules across columns.

A table is data: one TOML file each (`collect/catalogue/tables`), read by `catalogue.reading` into
these frozen dataclasses. `rules.deriving.rules_of` makes the list of rules out of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps the row out (quarantine, 隔离); a warning loads and marks it."""

    ERROR = "error"
    WARNING = "warning"


class Type(StrEnum):
    """How a value is written, strictly and as a whole, before it is cast. Digits are ASCII only.

    text: no control characters (U+0000-001F, U+007F-009F), nothing invisible (U+200B-200F,
    U+2028-202E, U+2060, U+FEFF), no blank (space, U+00A0, U+3000) at either end; `multiline`
    allows tab, line feed and carriage return. code: a code; with a value set only that is checked,
    else the form of text. integer: -?(0|[1-9][0-9]{0,17}), so -0 is 0.
    decimal: -?(0|[1-9][0-9]*)(\\.[0-9]{1,scale})?, with at most precision − scale digits before
    the point (what DECIMAL(precision, scale) holds; precision 0 is 18; no point with scale 0; a
    lone 0 always fits).
    date: YYYY-MM-DD or YYYYMMDD. datetime: YYYY-MM-DD hh:mm:ss, YYYYMMDDThhmmss or
    YYYYMMDDhhmmss, naive city time. time: hh:mm:ss or hhmmss. Hours 00-23, minutes and seconds
    00-59. Days exist in the calendar and lie in 1850-01-01 … 2100-12-31.
    flag: 0 or 1 (or F, T as WS 363 writes it; the same truth).
    """

    TEXT = "text"
    CODE = "code"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"
    FLAG = "flag"


class Personal(StrEnum):
    """What a column tells about whom; decides what the tables keep of it."""

    NO = ""
    IDENTITY = "identity"  # an identity number: kept as a keyed token
    CARD = "card"  # a health card, social card or other personal number: a keyed token
    NAME = "name"  # kept as its first character and **
    PHONE = "phone"  # first three and last four digits
    ADDRESS = "address"  # first six characters and **
    FREE = "free"  # words that may name anybody: not shown to analysts without the right


class Owner(StrEnum):
    """Who owes a table."""

    DISTRICT = "district"
    HOSPITAL = "hospital"


class Period(StrEnum):
    """How often a table is owed. snapshot: the whole table each time (registers)."""

    DAY = "day"
    MONTH = "month"
    SNAPSHOT = "snapshot"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. name: snake_case ASCII; element: WS 363 data element (DE…) or empty; form: its
    representation there (A..50, N..6,2, D8, DT15). minimum, maximum: text, as written in the type;
    those of a datetime may be dates (the day counts then); text has none.
    length: characters, least and most (text, code without value set). pattern: matches the whole
    value; literals, classes of ASCII characters, groups, | and repetition only (no look-around, no
    back reference, no `.`, no \\d \\w \\s \\b, which engines read differently). name_of: this
    column holds the name that belongs to the code in that column. warn: kinds that only warn here.
    check: "" | identity (GB 11643) | credit-code (GB 32100) | phone; check_when: (column, codes):
    the check holds only where that column has one of these codes (the form is asked everywhere).
    """

    name: str
    zh: str
    en: str
    type: Type = Type.TEXT
    required: bool = False
    length: tuple[int, int] = (0, 0)  # (0, 0): not limited by the table; 1,000 characters at most
    precision: int = 0
    scale: int = 0
    values: str = ""
    name_of: str = ""
    pattern: str = ""
    pattern_zh: str = ""
    minimum: str = ""
    maximum: str = ""
    element: str = ""
    form: str = ""
    personal: Personal = Personal.NO
    check: str = ""
    check_when: tuple[str, tuple[str, ...]] = ("", ())
    multiline: bool = False
    warn: frozenset[str] = frozenset()
    note_zh: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """These columns name a row of another table. scope: "unit" (that unit's rows) or "city"."""

    columns: tuple[str, ...]
    table: str
    key: tuple[str, ...]
    scope: str = "unit"
    severity: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class CrossRule:
    """A rule across columns or tables, as the file states it; see `rules.kinds.Kind`.

    arguments: name → value, all text or tuples of text. id: a slug, unique in the table.
    zh, en: what is asked; fix_zh, fix_en: what whoever corrects shall do ("" takes the default).
    """

    id: str
    kind: str
    arguments: tuple[tuple[str, str | tuple[str, ...]], ...]
    severity: Severity = Severity.ERROR
    zh: str = ""
    en: str = ""
    fix_zh: str = ""
    fix_en: str = ""

    def get(self, name: str, default: str = "") -> str:
        value = dict(self.arguments).get(name, default)
        return value if isinstance(value, str) else ",".join(value)

    def get_all(self, name: str) -> tuple[str, ...]:
        value = dict(self.arguments).get(name, ())
        return (value,) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Table:
    """One table that units owe. counts: what its loaded rows are counted as ("" or visit,
    discharge, basic-record, hypertension, diabetes …). person: column with the identity number.
    day_column: the date or datetime that decides to which day a row belongs ("" for snapshots).
    unique_in_store: a key may come only once over all days of the unit, but for amendments.
    cda: code of the shared document (C0005 …) whose data elements fill the columns, or empty.
    """

    code: str
    zh: str
    en: str
    purpose_zh: str
    purpose_en: str
    domain: str
    source: str
    owed_by: frozenset[Owner]
    period: Period
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    day_column: str = ""
    counts: str = ""
    person: str = ""
    unique_in_store: bool = False
    cda: str = ""
    references: tuple[Reference, ...] = ()
    rules: tuple[CrossRule, ...] = ()

    def column(self, name: str) -> Column:
        """The column of this name. Raises KeyError: the catalogue check proved names before."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A code table (值域). key: such as "GB/T 2261.1"; codes: (code, name). complete: whether all
    codes of the source are here; where not, an unknown code of the right `shape` (a regular
    expression as Column.pattern, for the whole value) is taken, and `shape` alone decides when
    codes is empty. Without a shape such a set takes anything.
    other_names: names that are as good as the one in codes.
    """

    key: str
    zh: str
    en: str
    version: str
    source: str
    codes: tuple[tuple[str, str], ...] = ()
    complete: bool = True
    shape: str = ""
    other_names: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All tables and value sets of a centre. digest: SM3 of its files, says which one judged.
    expected: how many tables each kind of unit owes, as the centre's catalogue.toml says.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    values: dict[str, ValueSet] = field(default_factory=dict)
    digest: str = ""
    expected: tuple[tuple[Owner, int], ...] = ()

    def owed(self, owner: Owner) -> tuple[Table, ...]:
        """The tables that a kind of unit owes, by code."""
        return tuple(table for _, table in sorted(self.tables.items()) if owner in table.owed_by)


# Columns that every table has, after its own (WS 363 metadata of collected data).
COMMON = (
    Column(
        "org_code",
        "医疗机构代码",
        "institution code",
        required=True,
        length=(9, 22),
        element="DE08.10.052.00",
        form="AN..22",
        pattern="[0-9A-Z-]{9,22}",
    ),
    Column(
        "amend_flag",
        "修改标志",
        "amend flag: 1 normal, 2 amended, 3 withdrawn",
        Type.CODE,
        required=True,
        values="OR-AMEND",
    ),
    Column("secrecy", "密级", "secrecy level", Type.CODE, values="OR-SECRECY"),
    Column(
        "collected_at",
        "数据采集时间",
        "when the data was collected",
        Type.DATETIME,
        required=True,
        form="DT15",
    ),
    Column(
        "updated_at", "数据更新时间", "when the data was updated last", Type.DATETIME, form="DT15"
    ),
)
