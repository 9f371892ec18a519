"""Nobody decides about their own entry (回避): staff are known to the index by name only."""

from __future__ import annotations

from openrhip.directory import models
from openrhip.directory.rules import names
from openrhip.directory.rules.access import Actor
from openrhip.kernel.errors import Refused


def refuse(by: Actor, *roots: str) -> None:
    """Raises Refused if one of these people bears the name of the member of staff.

    The directory has no other link between staff and people; a namesake's case goes to a colleague.
    """
    kept = models.Staff.objects.filter(code=by.staff_code).values_list("name", flat=True).first()
    keys = {names.person_key(name) for name in (kept, by.name) if name}
    same = models.Registration.objects.filter(person__root__in=roots, name_key__in=keys)
    if keys and same.exists():
        raise Refused(
            "nobody decides about an entry that may be their own",
            remedy="let a colleague do it",
        )
