"""Staff and their sign-in accounts."""

from __future__ import annotations

from collections.abc import Iterable

from openrhip.directory import models
from openrhip.directory.rules import names
from openrhip.directory.rules.access import Actor, Role, Strength
from openrhip.directory.rules.facts import Staff
from openrhip.directory.service.ids import CODE, checked_code
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Refused

_CITIZENS = {Role.CITIZEN, Role.GUARDIAN}


def register_staff(
    *,
    code: str,
    name: str,
    institution_code: str,
    department_code: str = "",
    roles: Iterable[Role | str] = (Role.DOCTOR,),
    account_id: int | None = None,
    by: str = "system",
) -> Staff:
    """Engage or update a member of staff. Raises Malformed, NotFound, Conflict. Idempotent."""
    if not CODE.fullmatch(code):
        raise Malformed("a staff code has 1 to 64 letters and digits", where="code")
    wanted = _roles(roles)
    with writing():
        department = _department(institution_code, department_code)
        fields = {
            "name": names.clean_name(name),
            "institution_id": institution_code,
            "department": department,
            "roles": wanted,
            "active": True,
        }
        row, _ = models.Staff.objects.update_or_create(
            code=code, defaults=fields, create_defaults={**fields, "made_at": clock.now()}
        )
        if account_id is not None:
            _link(row, account_id)
        _state(row, by)
    return staff(code)


def link_account(*, code: str, account_id: int) -> Staff:
    """Tie a sign-in account to a member of staff. Raises NotFound, Conflict."""
    with writing():
        _link(_row(code), account_id)
    return staff(code)


def dismiss_staff(*, code: str, by: str) -> Staff:
    """The member of staff leaves: no access from the next decision on. Raises NotFound."""
    with writing():
        row = _row(code)
        row.active = False
        row.save(update_fields=["active"])
        _state(row, by)
    return staff(code)


def staff(code: str) -> Staff:
    """By code. Raises NotFound."""
    return _view(_row(code))


def find_staff(*, institution_code: str = "", role: Role | None = None) -> tuple[Staff, ...]:
    """Active staff, of one institution or all; of one role or all."""
    rows = models.Staff.objects.filter(active=True).select_related("institution", "department")
    if institution_code:
        rows = rows.filter(institution_id=institution_code)
    return tuple(
        _view(row) for row in rows.order_by("code") if role is None or role.value in row.roles
    )


def actor_for_user(user_id: int, *, second_factor: bool = False) -> Actor:
    """The actor of a sign-in account. Raises Refused if no active member of staff is tied to it."""
    row = (
        models.Staff.objects.select_related("institution", "department")
        .filter(account_id=user_id, active=True)
        .first()
    )
    if row is None:
        raise Refused("no active member of staff belongs to this account")
    return Actor(
        staff_code=row.code,
        institution_code=row.institution_id,
        department_code=row.department.code if row.department else "",
        roles=tuple(Role(role) for role in row.roles),
        strength=Strength.SECOND_FACTOR if second_factor else Strength.PASSWORD,
        name=row.name,
    )


def _roles(roles: Iterable[Role | str]) -> list[str]:
    try:
        wanted = sorted({Role(role) for role in roles})
    except ValueError as error:
        raise Malformed("unknown role", where="roles") from error
    if not wanted or _CITIZENS & set(wanted):
        raise Malformed("staff need at least one role, and none of citizens", where="roles")
    return [role.value for role in wanted]


def _department(institution_code: str, code: str) -> models.Department | None:
    place = checked_code(institution_code, "institution")
    if not models.Institution.objects.filter(code=place).exists():
        raise NotFound("no institution of this code", where=place)
    if not code:
        return None
    code = checked_code(code, "department")
    row = models.Department.objects.filter(institution_id=institution_code, code=code).first()
    if row is None:
        raise NotFound("no department of this code", where=f"{institution_code}/{code}")
    return row


def _link(row: models.Staff, account_id: int) -> None:
    if models.Staff.objects.filter(account_id=account_id).exclude(code=row.code).exists():
        raise Conflict("the account belongs to another member of staff", where="account_id")
    row.account_id = account_id
    row.save(update_fields=["account"])


def _state(row: models.Staff, by: str) -> None:
    last = models.StaffState.objects.filter(staff=row).order_by("-id").first()
    now = (row.active, row.roles, row.institution_id)
    if last is None or (last.active, last.roles, last.institution_code) != now:
        models.StaffState.objects.create(
            staff=row,
            active=row.active,
            roles=row.roles,
            institution_code=row.institution_id,
            at=clock.now(),
            by=by,
        )


def _row(code: str) -> models.Staff:
    rows = models.Staff.objects.select_related("institution", "department")
    row = rows.filter(code=checked_code(code, "member of staff")).first()
    if row is None:
        raise NotFound("no member of staff of this code", where=code)
    return row


def _view(row: models.Staff) -> Staff:
    return Staff(
        code=row.code,
        name=row.name,
        institution_code=row.institution_id,
        institution_name=row.institution.name,
        department_code=row.department.code if row.department else "",
        department_name=row.department.name if row.department else "",
        roles=tuple(Role(role) for role in row.roles),
        active=row.active,
        account_id=row.account_id,
    )
