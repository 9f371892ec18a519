"""The catalogue check of one column (列检查): names, value sets, forms, bounds, personal data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation

from openrhip.collect.rules.deriving import kinds_of
from openrhip.collect.rules.expressions import fault_of
from openrhip.collect.rules.flaws import Flaw
from openrhip.collect.rules.kinds import Kind
from openrhip.collect.rules.tables import Catalogue, Column, Personal, Table, Type

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_ELEMENT = re.compile(r"DE[0-9]{2}\.[0-9]{2}\.[0-9]{3}\.[0-9]{2}")
_FORM = re.compile(
    r"(?P<letters>AN|A|N)(?P<size>[0-9]{1,4}|\.\.[0-9]{1,5}|[0-9]{1,3}\.\.[0-9]{1,5})"
    r"(?:,(?P<scale>[0-9]{1,2}))?"
)
_FIXED_FORMS = {
    "D8": (Type.DATE,),
    "T6": (Type.TIME,),
    "DT15": (Type.DATETIME,),
    "DT14": (Type.DATETIME,),
    "T/F": (Type.FLAG,),
    "L": (Type.FLAG,),
}
_TEXTS = (Type.TEXT, Type.CODE)
_NUMBERS = (Type.INTEGER, Type.DECIMAL)
_CHECKS = {"identity": Personal.IDENTITY, "credit-code": Personal.NO, "phone": Personal.PHONE}
# data elements that always tell who somebody is
_TELLING = {
    "DE02.01.030.00": {Personal.IDENTITY},
    "DE02.01.039.00": {Personal.NAME},
    "DE02.01.010.00": {Personal.PHONE},
    "DE01.00.021.00": {Personal.CARD, Personal.IDENTITY},
}
_MOMENTS = {
    Type.DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    Type.DATETIME: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}( [0-9]{2}(:[0-9]{2}){2})?"),
}


def of_column(table: Table, column: Column, catalogue: Catalogue) -> Iterator[Flaw]:
    """Every flaw of a column."""
    where = f"tables/{table.code}/{column.name}"
    if not _NAME.fullmatch(column.name):
        yield Flaw(where, "column-name", f"{column.name!r} is no name of a column")
    if not column.zh or not column.en:
        yield Flaw(where, "empty-words", "a column has names in both languages")
    if column.element and not _ELEMENT.fullmatch(column.element):
        yield Flaw(where, "element", f"{column.element!r} is no data element of WS 363")
    yield from _values(table, column, catalogue, where)
    yield from _sizes(column, where)
    yield from _form(column, where)
    yield from _bounds(column, where)
    yield from _checks(table, column, catalogue, where)
    yield from _warnings(column, where)


def _values(table: Table, column: Column, catalogue: Catalogue, where: str) -> Iterator[Flaw]:
    if column.values:
        if column.values not in catalogue.values:
            yield Flaw(where, "unknown-values", f"there is no value set {column.values}")
        if column.type is not Type.CODE:
            yield Flaw(where, "values-type", f"a column with a value set is no {column.type}")
    if column.name_of:
        code = next((one for one in table.columns if one.name == column.name_of), None)
        if code is None or not code.values:
            yield Flaw(where, "name-of", f"{column.name_of} is no column with a value set")
        if column.type is not Type.TEXT:
            yield Flaw(where, "name-of", "a name beside a code is a text")
    if column.pattern and (problem := fault_of(column.pattern)):
        yield Flaw(where, "pattern", problem)
    if column.multiline and column.type is not Type.TEXT:
        yield Flaw(where, "multiline", f"a {column.type} has one line")


def _sizes(column: Column, where: str) -> Iterator[Flaw]:
    least, most = column.length
    if (least or most) and column.type not in _TEXTS:
        yield Flaw(where, "length", f"a {column.type} has no length of characters")
    if most and least > most:
        yield Flaw(where, "length", f"at least {least} and at most {most} characters")
    if column.type is Type.DECIMAL:
        if column.scale > (column.precision or 18):
            yield Flaw(where, "precision", f"{column.scale} of {column.precision} digits")
    elif column.precision or column.scale:
        yield Flaw(where, "precision", f"a {column.type} has no precision")


def _form(column: Column, where: str) -> Iterator[Flaw]:
    """The representation of WS 363 (A..50, N..6,2, D8, DT15, T/F) agrees with the rest."""
    form = column.form
    if not form:
        return
    if form in _FIXED_FORMS:
        if column.type not in _FIXED_FORMS[form]:
            yield Flaw(where, "form", f"{form} is no form of a {column.type}")
        return
    found = _FORM.fullmatch(form)
    if found is None:
        yield Flaw(where, "form", f"{form} is no form of WS 363")
        return
    letters, size, scale = found["letters"], found["size"], int(found["scale"] or 0)
    most = int(size.rpartition("..")[2])
    if letters == "N" and column.type in _NUMBERS:
        yield from _number_form(column, form, most, scale, where)
    elif column.type not in _TEXTS or scale:
        yield Flaw(where, "form", f"{form} is no form of a {column.type}")
    elif not column.check and not column.values and column.length[1] not in (0, most):
        yield Flaw(where, "form", f"{form}, but at most {column.length[1]} characters")


def _number_form(column: Column, form: str, most: int, scale: int, where: str) -> Iterator[Flaw]:
    if column.type is Type.INTEGER:
        if scale:
            yield Flaw(where, "form", f"{form} is no form of an integer")
    elif (column.precision or 18, column.scale) != (most, scale):
        yield Flaw(where, "form", f"{form}, but decimal({column.precision},{column.scale})")


def _bounds(column: Column, where: str) -> Iterator[Flaw]:
    given = [text for text in (column.minimum, column.maximum) if text]
    if not given:
        return
    if column.type in (*_TEXTS, Type.FLAG):
        yield Flaw(where, "bounds", f"a {column.type} has no minimum or maximum")
        return
    values = [typed(column, text) for text in given]
    for text, value in zip(given, values, strict=True):
        if value is None:
            yield Flaw(where, "bounds", f"{text!r} is no {column.type}")
    if len(values) == 2 and None not in values and values[0] > values[1]:  # type: ignore[operator]
        yield Flaw(where, "bounds", f"{given[0]} is more than {given[1]}")


def typed(column: Column, text: str) -> Decimal | datetime | str | None:
    """A literal in the type of a column, or None if it is not written so."""
    if column.type in _NUMBERS:
        shape = r"-?(0|[1-9][0-9]{0,17})" + (
            r"(\.[0-9]{1,18})?" if column.type is Type.DECIMAL else ""
        )
        try:
            return Decimal(text) if re.fullmatch(shape, text) else None
        except InvalidOperation:  # pragma: no cover - the shape leaves none
            return None
    if column.type is Type.TIME:
        return text if re.fullmatch(r"([01][0-9]|2[0-3])(:[0-5][0-9]){2}", text) else None
    if column.type in _MOMENTS:
        return _moment(column.type, text)
    if column.type is Type.FLAG:
        return text if text in {"0", "1", "T", "F"} else None
    return text if column.type in _TEXTS else None


def _moment(kind: Type, text: str) -> datetime | None:
    if not _MOMENTS[kind].fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _checks(table: Table, column: Column, catalogue: Catalogue, where: str) -> Iterator[Flaw]:
    if column.check:
        if column.check not in _CHECKS:
            yield Flaw(where, "check", f"{column.check!r} is no check")
        elif _CHECKS[column.check] not in (Personal.NO, column.personal):
            yield Flaw(where, "personal", f"a column checked as {column.check} is not marked so")
        if column.type is not Type.TEXT:
            yield Flaw(where, "check", f"a {column.type} has no check")
    if (telling := _TELLING.get(column.element)) and column.personal not in telling:
        yield Flaw(where, "personal", f"{column.element} tells who somebody is")
    if column.personal and column.type not in _TEXTS:
        yield Flaw(where, "personal", f"a {column.type} cannot be masked")
    name, codes = column.check_when
    if not name and not codes:
        return
    when = next((one for one in table.columns if one.name == name), None)
    if not column.check or when is None or not codes:
        yield Flaw(where, "check-when", "check_when needs a check, a column and codes")
    elif when.values in catalogue.values:
        yield from foreign_codes(codes, when, catalogue, where, "check-when")


def foreign_codes(
    codes: tuple[str, ...], when: Column, catalogue: Catalogue, where: str, flaw: str
) -> Iterator[Flaw]:
    """Codes that a complete value set of the column does not have: such a condition never holds."""
    one = catalogue.values.get(when.values)
    if one is None or not one.complete:
        return
    known = {code for code, _ in one.codes}
    for code in codes:
        if code not in known:
            yield Flaw(where, flaw, f"{code!r} is no code of {one.key}")


def _warnings(column: Column, where: str) -> Iterator[Flaw]:
    if column.check and column.check not in _CHECKS:
        return
    unknown = column.warn - {kind.value for kind in kinds_of(column)}
    for name in sorted(unknown):
        known = name in {kind.value for kind in Kind}
        yield Flaw(where, "warn", f"{name!r} is no rule of it" if known else f"{name!r} is no rule")
