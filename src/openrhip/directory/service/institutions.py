"""Institutions, their departments and the names they are known under."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.db.models import Count

from openrhip.directory import models
from openrhip.directory.rules import names
from openrhip.directory.rules.facts import Department, Found, Institution, Resolution
from openrhip.directory.service.ids import CODE, checked_code
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound


def register_institution(
    *,
    code: str,
    name: str,
    kind: str = "hospital",
    aliases: Iterable[str] = (),
    departments: Iterable[tuple[str, str]] = (),
) -> Institution:
    """Register or update; names only ever join. departments: (code, name). Idempotent."""
    if not CODE.fullmatch(code):
        raise Malformed("an institution code has 1 to 64 letters and digits", where="code")
    official = names.clean_name(name)
    if not re.fullmatch(r"[a-z-]{1,30}", kind):
        raise Malformed("a kind is a lower-case word", where="kind")
    with writing():
        row, _ = models.Institution.objects.update_or_create(
            code=code,
            defaults={"name": official, "kind": kind},
            create_defaults={"name": official, "kind": kind, "made_at": clock.now()},
        )
        for each in (official, *aliases):
            _name(row, each)
        for department_code, department_name in departments:
            _department(row, department_code, department_name)
    return _view(row)


def add_alias(*, code: str, alias: str) -> Institution:
    """A further name of an institution. Raises NotFound."""
    with writing():
        row = _row(code)
        _name(row, alias)
    return _view(row)


def register_department(*, institution_code: str, code: str, name: str) -> Department:
    """Register or rename a department. Raises NotFound, Malformed."""
    with writing():
        return _department(_row(institution_code), code, name)


def institution(code_or_alias: str) -> Institution:
    """By code or any name. Raises NotFound, or Conflict where a name fits several."""
    found = resolve(code_or_alias)
    if found.how is Found.AMBIGUOUS:
        raise Conflict(
            "the name fits several institutions",
            where=", ".join(item.code for item in found.institutions),
            remedy="use the code",
        )
    if not found.institutions:
        raise NotFound("no institution of this code or name")
    return found.institutions[0]


def resolve(name: str) -> Resolution:
    """Code, then name without regard to width and brackets, then the loosened name if unique."""
    asked = names.clean_name(name)
    row = models.Institution.objects.filter(code=asked).first()
    if row is not None:
        return Resolution(asked, Found.CODE, (_view(row),))
    exact, loose = names.institution_key(asked), names.loose_key(asked)
    for how, rows in (
        (Found.NAME, models.InstitutionName.objects.filter(key=exact)),
        (Found.LOOSE, models.InstitutionName.objects.filter(loose=loose)),
    ):
        codes = sorted(set(rows.values_list("institution_id", flat=True)))
        if codes:
            verdict = how if len(codes) == 1 else Found.AMBIGUOUS
            return Resolution(asked, verdict, tuple(_view(_row(code)) for code in codes))
    return Resolution(asked, Found.UNKNOWN, ())


def institutions() -> tuple[Institution, ...]:
    """All, by code."""
    known: dict[str, list[str]] = {}
    for code, name in models.InstitutionName.objects.order_by("id").values_list(
        "institution_id", "name"
    ):
        known.setdefault(code, []).append(name)
    return tuple(
        _with(row, known.get(row.code, [])) for row in models.Institution.objects.order_by("code")
    )


def ambiguous_names() -> tuple[Resolution, ...]:
    """Names that several institutions claim, for the operator to settle."""
    keys = (
        models.InstitutionName.objects.values("key")
        .annotate(many=Count("institution", distinct=True))
        .filter(many__gt=1)
        .order_by("key")
    )
    shown = []
    for row in keys:
        one = models.InstitutionName.objects.filter(key=row["key"]).order_by("id")[0]
        shown.append(resolve(one.name))
    return tuple(shown)


def departments(institution_code: str) -> tuple[Department, ...]:
    """Departments of an institution, by code. Raises NotFound."""
    rows = models.Department.objects.filter(institution=_row(institution_code)).order_by("code")
    return tuple(Department(row.code, row.name) for row in rows)


def _row(code: str) -> models.Institution:
    row = models.Institution.objects.filter(code=checked_code(code, "institution")).first()
    if row is None:
        raise NotFound("no institution of this code", where=code)
    return row


def _name(row: models.Institution, name: str) -> None:
    clean = names.clean_name(name)
    key = names.institution_key(clean)
    if not key:
        raise Malformed("a name needs letters", where="name")
    models.InstitutionName.objects.get_or_create(
        institution=row,
        key=key,
        defaults={"name": clean, "loose": names.loose_key(clean), "made_at": clock.now()},
    )


def _department(row: models.Institution, code: str, name: str) -> Department:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,32}", code):
        raise Malformed("a department code has 1 to 32 letters and digits", where="department")
    made, _ = models.Department.objects.update_or_create(
        institution=row, code=code, defaults={"name": names.clean_name(name)}
    )
    return Department(made.code, made.name)


def _view(row: models.Institution) -> Institution:
    known = models.InstitutionName.objects.filter(institution=row).order_by("id")
    return _with(row, [item.name for item in known])


def _with(row: models.Institution, known: list[str]) -> Institution:
    aliases = tuple(name for name in known if name != row.name)
    return Institution(row.code, row.name, row.kind, aliases, row.active)
