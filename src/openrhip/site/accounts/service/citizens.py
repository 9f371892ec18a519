"""Citizens sign in with name, identity number and a one-time code (居民验证码登录).

The answer is the same whether the person is known or not: a challenge always exists, and a code
for nobody can never be right.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db.models import F

from openrhip.directory import service as directory
from openrhip.directory.rules import numbers
from openrhip.kernel import clock, ids
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed
from openrhip.site.accounts import rules
from openrhip.site.accounts.models import Challenge
from openrhip.site.accounts.rules import Kind, Visitor
from openrhip.site.accounts.service import keys, throttle, trail


@dataclass(frozen=True, slots=True)
class Asked:
    """id: of the challenge, for the session; shown_code: the code itself, in development only."""

    id: str
    shown_code: str = ""


def ask_code(*, name: str, id_number: str, address: str) -> Asked | None:
    """Send a code to the registered phone. None: too many attempts, whoever it is."""
    number = rules.tidy_code(id_number)[:32]
    free = throttle.try_once(what="code", who=_one_spelling(number), limit=rules.CODE_PER_PERSON)
    free &= throttle.try_once(what="code-address", who=address, limit=rules.CODE_PER_ADDRESS)
    person = directory.citizen_login_lookup(name.strip()[:80], number) or ""
    # Once more by whom it reaches: several numbers of one person share one limit.
    who = person or _one_spelling(number)
    free &= throttle.try_once(what="code-person", who=who, limit=rules.CODE_PER_PERSON)
    if not free:
        return None
    code = f"{secrets.randbelow(10**6):06d}"
    challenge = ids.new_id()
    now = clock.now()
    with writing():
        Challenge.objects.filter(expires_at__lt=now).delete()
        Challenge.objects.create(
            id=challenge,
            person=person,
            digest=_digest(challenge, code),
            expires_at=now + rules.CODE_LIFETIME,
        )
        if person:
            _send(person, code)
    return Asked(challenge, code if settings.DEVELOPMENT else "")


def check_code(*, challenge: str, code: str, address: str) -> str | None:
    """The person's id if the code is right, in time and unused; else None."""
    row = Challenge.objects.filter(
        pk=challenge, used_at=None, expires_at__gt=clock.now(), wrong__lt=rules.CODE_WRONG_AT_MOST
    ).first()
    if row is None:
        return None
    # Guesses count per person over all their codes, not only per code.
    who = row.person or row.pk
    free = throttle.try_once(what="code-guess", who=who, limit=rules.GUESSES_PER_PERSON)
    right = free and keys.same(row.digest, _digest(challenge, rules.tidy_code(code)[:12]))
    ok = False
    with writing():
        same = Challenge.objects.filter(pk=row.pk, used_at=None, wrong__lt=rules.CODE_WRONG_AT_MOST)
        if right and row.person:
            ok = same.update(used_at=clock.now()) == 1
            throttle.forget(what="code-guess", who=who)
        else:
            same.update(wrong=F("wrong") + 1)
        trail.note(kind="code", ok=ok, address=address, person=row.person)
    return row.person if ok else None


def visitor(person: str) -> Visitor:
    """The citizen as one who asks. Raises NotFound.

    `person` is the entry they signed in as: should a wrong merge be undone meanwhile, the session
    is theirs and not the other's.
    """
    found = directory.person(person)
    actor = directory.Actor(
        person_id=person,
        roles=(directory.Role.CITIZEN,),
        strength=directory.Strength.ONE_TIME_CODE,
        name=found.name,
    )
    return Visitor(kind=Kind.CITIZEN, name=found.name, person=person, actor=actor)


def _one_spelling(number: str) -> str:
    """The number as the directory looks it up, whatever hyphens and spaces were typed."""
    try:
        return numbers.certificate(number).lookup_text
    except Malformed:
        return "".join(sign for sign in number if sign.isalnum())


def _send(person: str, code: str) -> None:
    minutes = int(rules.CODE_LIFETIME.total_seconds() // 60)
    message = directory.Message(
        to_person=person,
        phone=directory.login_phone(person),
        kind="sign-in-code",
        zh=f"您的登录验证码是 {code}，{minutes} 分钟内有效。工作人员不会向您索要验证码。",
        en=f"Your sign-in code is {code}, good for {minutes} minutes. Nobody will ask you for it.",
        expires_at=clock.now() + rules.CODE_LIFETIME,
    )
    directory.send_message(message)


def _digest(challenge: str, code: str) -> str:
    return keys.digest("code", challenge, code)
