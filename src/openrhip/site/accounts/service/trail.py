"""The trail of sign-ins (登录审计)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.site.accounts.models import Event

SEARCH = "find-patient"


@dataclass(frozen=True, slots=True)
class SignInEvent:
    """One line of the account's own history."""

    kind: str
    ok: bool
    address: str
    at: datetime


def note(*, kind: str, ok: bool, address: str, account: int = 0, person: str = "") -> None:
    """Append one event. An unknown name is noted without the name."""
    with writing():
        Event.objects.create(
            account_id=account or None,
            person=person,
            kind=kind,
            ok=ok,
            address=address[:64],
            at=clock.now(),
        )


def recent(*, account: int, most: int = 10) -> list[SignInEvent]:
    """The latest sign-ins and changes of one account, newest first; no searches."""
    rows = Event.objects.filter(account_id=account).exclude(kind=SEARCH).order_by("-id")[:most]
    return [SignInEvent(row.kind, row.ok, row.address, row.at) for row in rows]
