"""A staff account as an actor of the directory (操作者)."""

from __future__ import annotations

from openrhip.directory import service as directory
from openrhip.directory.rules.access import Actor, Role, Strength
from openrhip.site.accounts.rules import Role as AccountRole
from openrhip.site.accounts.rules import Visitor

_DIRECTORY_ROLES = {
    AccountRole.OPERATOR: Role.OPERATOR,
    AccountRole.PRIVACY: Role.PRIVACY_OFFICER,
    AccountRole.STEWARD: Role.RECORDS_CLERK,
}


def staff_actor(visitor: Visitor) -> Actor:
    """Password and second factor were given. Clinical roles come from the directory alone."""
    roles = {_DIRECTORY_ROLES[role] for role in visitor.roles if role in _DIRECTORY_ROLES}
    institution, department = visitor.institution, ""
    if visitor.may(AccountRole.CLINICIAN):
        member = directory.staff(visitor.staff_code)
        roles |= set(member.roles)
        institution, department = member.institution_code, member.department_code
    return Actor(
        staff_code=visitor.staff_code or f"account-{visitor.account}",
        institution_code=institution,
        department_code=department,
        roles=tuple(sorted(roles)),
        strength=Strength.SECOND_FACTOR,
        name=visitor.name,
    )
