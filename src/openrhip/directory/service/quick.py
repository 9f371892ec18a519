"""An asker by code, in one fixed statement (快速查询): every disclosure asks it."""

from __future__ import annotations

from openrhip.directory.rules.access import Actor, Role, Strength
from openrhip.kernel.errors import NotFound, Refused
from openrhip.kernel.statements import ask, json_value

_STAFF = """
SELECT s.code, s.name, s.institution_id, d.code, s.roles, s.active FROM directory_staff AS s
LEFT JOIN directory_department AS d ON d.id = s.department_id WHERE s.code = %s
"""


def actor_of_staff(code: str, *, strength: Strength = Strength.PASSWORD) -> Actor:
    """The actor of active staff whom an institution names. Raises NotFound, Refused."""
    rows = ask(_STAFF, code)
    if not rows:
        raise NotFound("no member of staff of this code", where=code[:64])
    found, name, institution, department, roles, active = rows[0]
    if not active:
        raise Refused("the member of staff is not active", where=code[:64])
    return Actor(
        staff_code=found,
        institution_code=institution,
        department_code=department or "",
        roles=tuple(Role(role) for role in json_value(roles)),
        strength=strength,
        name=name,
    )
