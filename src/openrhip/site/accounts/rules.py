"""Pure decisions about sign-in: visitors, limits, lifetimes. No clock, no tables."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from openrhip.directory.rules.access import Actor, Role


class Kind(StrEnum):
    """Who sits before the page."""

    NOBODY = "nobody"
    CITIZEN = "citizen"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The one who asks. account: id of a staff account, person: id of a citizen, else empty."""

    kind: Kind = Kind.NOBODY
    name: str = ""
    account: int = 0
    person: str = ""
    actor: Actor | None = None

    def may(self, *roles: Role) -> bool:
        """Whether one of these roles is held."""
        return self.actor is not None and not set(roles).isdisjoint(self.actor.roles)


CLINICAL = (Role.DOCTOR, Role.NURSE, Role.PHARMACIST, Role.PUBLIC_HEALTH)
"""Roles that open the workbench; the policies still decide about each document."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` attempts in `window`."""

    most: int
    window: timedelta


PASSWORD_PER_ACCOUNT = Limit(10, timedelta(minutes=15))
PASSWORD_PER_ADDRESS = Limit(100, timedelta(minutes=15))
"""Failures only: a whole hospital may sit behind one address."""
FACTOR_PER_ACCOUNT = Limit(8, timedelta(minutes=15))
CODE_PER_PERSON = Limit(6, timedelta(hours=1))
CODE_PER_ADDRESS = Limit(200, timedelta(hours=1))
GUESSES_PER_PERSON = Limit(15, timedelta(hours=2))
"""Over all codes of a person: a week of guessing without a pause finds one in 800 codes."""

SEARCHES_PER_ACCOUNT = Limit(120, timedelta(hours=1))
"""More than anybody at work looks up patients; less than trying out numbers needs."""

CODE_LIFETIME = timedelta(minutes=5)
CODE_WRONG_AT_MOST = 5
STEP_LIFETIME = timedelta(minutes=10)
"""Time between the password and the second factor."""
STAFF_IDLE = timedelta(minutes=30)
CITIZEN_IDLE = timedelta(minutes=20)
RECOVERY_CODES = 8


def exceeded(limit: Limit, attempts: Iterable[datetime], now: datetime) -> bool:
    """Whether these attempts, the present one among them, are more than the limit allows."""
    return sum(1 for at in attempts if at > now - limit.window) > limit.most


def idle_limit(kind: Kind) -> timedelta:
    return STAFF_IDLE if kind is Kind.STAFF else CITIZEN_IDLE


def tidy_name(name: str) -> str:
    """An account's name as it is compared: NFKC, trimmed, lower case."""
    return unicodedata.normalize("NFKC", name).strip().lower()


def tidy_code(text: str) -> str:
    """A code as typed: full-width digits, spaces and hyphens are forgiven."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(sign for sign in plain if not sign.isspace() and sign not in "-–—").upper()
