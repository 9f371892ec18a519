"""The kinds of rule (规则种类): each with its meaning, its arguments and its level.

On a missing value (NULL; the empty field is NULL) every kind passes but REQUIRED and NEEDED. Where
a column's form is broken, only that is told: kinds that need the typed value pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from openrhip.collect.rules.tables import Severity


class Level(StrEnum):
    """row: decided on the row alone or with look-ups, quarantines or marks the row; batch: about
    the batch as a whole; day: across tables of a unit and day; history: against what came before.
    """

    ROW = "row"
    BATCH = "batch"
    DAY = "day"
    HISTORY = "history"


class Kind(StrEnum):
    """What each asks. A value that is missing or (for typed kinds: RANGE, ORDER, COMPARE, SUM, DAY)
    has a broken form passes; the others look at the text as it was sent.

    VALUES: the text is a code of the set, as ValueSet says. RANGE: typed. IDENTITY:
    [1-9][0-9]{16}[0-9X] (X in capitals), the birth date (places 7-14) exists and lies in
    1850-01-01 … today, check character of GB 11643; with when/among only where that column has
    one of these codes. CREDIT_CODE: [0-9A-HJ-NP-RTUWXY]{2}[0-9]{6}[0-9A-HJ-NP-RTUWXY]{10}, last
    one the check character of GB 32100. PHONE: one of (\\+86-?)?1[3-9][0-9]{9},
    (0[0-9]{2,3}-?)?[2-9][0-9]{6,7}(-[0-9]{1,6})?, [48]00-?[0-9]{3}-?[0-9]{4}. NAME_AGREES: where
    the code beside it is in the set's codes, the name is its name or one of its other names.
    ORDER: those present and well formed stand in this order, equal ones too; where any of the
    columns is a date, all are compared as days. COMPARE: numbers as numbers, dates and datetimes
    (as days where they are mixed), flags as truth, other columns as text by code points; `value` is
    written as left's type. NEEDED, ABSENT: where `when` has one of `among` (any value, without it).
    SUM: |total − sum of parts| ≤ tolerance (0 without one), exact; a missing part is 0.
    IDENTITY_AGREES: only for numbers of the shape of IDENTITY and where the identity column's own
    check_when holds: places 7-14 are the birth date; where the sex code is 1 or 2, place 17 is odd
    for 1, even for 2. DAY: the same day as the batch's (monthly tables: the same month). UNIQUE:
    over all rows of the batch, keys as text; a key with a missing column passes. UNIQUE_STORE (for
    rows with amend flag 1), REFERENCE: keys as typed values in one way of writing (ISO dates …);
    pass where a column is missing or its form as a number, date, time or flag is broken.
    """

    # from a column's attributes
    REQUIRED = "required"  # a value is there
    FORM = "form"  # written as the type asks, digits and scale included
    LENGTH = "length"  # characters (code points), least and most
    PATTERN = "pattern"  # the whole value matches
    VALUES = "values"  # the code is in the value set
    RANGE = "range"  # minimum ≤ value ≤ maximum, typed
    IDENTITY = "identity"  # 18 places, real birth date not after today, check character (GB 11643)
    CREDIT_CODE = "credit-code"  # 18 places, check character (GB 32100)
    PHONE = "phone"  # a mobile or a telephone number
    NAME_AGREES = "name-agrees"  # the name column holds the name of the code beside it
    # across columns: [[rules]] of a table's file
    ORDER = "order"  # columns=[a, b, …]: a ≤ b ≤ … (dates, datetimes compared as days if mixed)
    COMPARE = "compare"  # left, op (< <= > >= = !=), right column, or `value`: a literal
    NEEDED = "needed"  # column; when=column, among=[codes]: a value is there
    ABSENT = "absent"  # column; when, among: no value is there
    SUM = "sum"  # total=column, parts=[columns], tolerance="0.01"; a missing part counts 0
    IDENTITY_AGREES = "identity-agrees"  # identity; birth, sex (one may be left out)
    # the day column lies in the batch's day (or month, for monthly tables), or before it where the
    # row amends or withdraws (amend flag 2, 3)
    DAY = "day"
    # with look-ups
    UNIQUE = "unique"  # the key occurs once in the batch: each of the double rows is at fault
    UNIQUE_STORE = "unique-store"  # the key is not yet in the unit's other days (amend flag 1)
    REFERENCE = "reference"  # the referred row is known
    # of the whole
    TOTAL_OF = "total-of"  # day level: total=column here = sum of `part` of `table`, over `key`
    COUNT = "count"  # batch level: rows as the manifest says
    CHANGE = "change"  # history level: rows against the unit's own history


ROW_KINDS = tuple(Kind)[: tuple(Kind).index(Kind.TOTAL_OF)]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one table. id: TABLE.column.kind or TABLE.slug; columns: those it reads, the
    first is the one to be corrected; arguments: as Kind says, all text or tuples of text.
    """

    id: str
    kind: Kind
    severity: Severity
    columns: tuple[str, ...]
    arguments: tuple[tuple[str, str | tuple[str, ...]], ...]
    zh: str
    en: str
    fix_zh: str
    fix_en: str

    @property
    def row_level(self) -> bool:
        return self.kind in ROW_KINDS

    def get(self, name: str, default: str = "") -> str:
        value = dict(self.arguments).get(name, default)
        return value if isinstance(value, str) else ",".join(value)

    def get_all(self, name: str) -> tuple[str, ...]:
        value = dict(self.arguments).get(name, ())
        return (value,) if isinstance(value, str) else value
