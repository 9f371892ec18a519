"""Staff accounts: made by the operator, opened by a password first (账户与口令)."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from openrhip.directory import service as directory
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound
from openrhip.site.accounts import rules
from openrhip.site.accounts.models import Passkey, TotpDevice
from openrhip.site.accounts.rules import Kind, Visitor
from openrhip.site.accounts.service import throttle, trail


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """id: for sessions; has_factor: the second step is set up."""

    id: int
    name: str
    display_name: str
    has_totp: bool
    passkeys: int

    @property
    def has_factor(self) -> bool:
        return self.has_totp or self.passkeys > 0


def create_account(*, name: str, password: str, staff_code: str) -> StaffAccount:
    """An account for a member of staff of the directory.

    Raises Malformed for a weak password, Conflict for a name in use, NotFound for unknown staff.
    """
    member = directory.staff(staff_code)
    row = User(username=rules.tidy_name(name), first_name=member.name)
    if not 1 <= len(row.username) <= 64:
        raise Malformed("an account needs a name of 1 to 64 characters", where="name")
    _check_password(password, row)
    row.password = make_password(password)
    try:
        with writing():
            row.save(force_insert=True)
            directory.link_account(code=staff_code, account_id=row.pk)
    except IntegrityError as error:
        raise Conflict("an account of this name exists already", where="name") from error
    return _account(row)


def set_password(*, account: int, password: str) -> None:
    """Replace the password; all its sessions end. Raises Malformed if it is weak, NotFound."""
    row = user(account)
    _check_password(password, row)
    with writing():
        User.objects.filter(pk=row.pk).update(password=make_password(password))


def account(account_id: int) -> StaffAccount:
    """Raises NotFound, also for an account that was closed."""
    return _account(user(account_id))


def close_account(*, account: int) -> None:
    """The account can no longer be opened; its trail stays."""
    with writing():
        User.objects.filter(pk=account).update(is_active=False)


def check_password(*, name: str, password: str, address: str) -> StaffAccount | None:
    """The first step. None: wrong or throttled, and the caller cannot tell which."""
    tidy = rules.tidy_name(name)[:64]
    free = throttle.try_once(what="password", who=tidy, limit=rules.PASSWORD_PER_ACCOUNT)
    free &= throttle.try_once(what="address", who=address, limit=rules.PASSWORD_PER_ADDRESS)
    row = User.objects.filter(username=tidy, is_active=True).first()
    if row is None:
        make_password(password[:512])  # as long as a real check takes
    right = row is not None and free and row.check_password(password[:512])
    trail.note(kind="password", ok=right, address=address, account=row.pk if row else 0)
    if row is None or not right:
        return None
    throttle.forget(what="password", who=tidy)
    return _account(row)


def user(account_id: int) -> User:
    """The row itself, for the framework's own sign-in only. Raises NotFound."""
    row = User.objects.filter(pk=account_id, is_active=True).first()
    if row is None:
        raise NotFound("no such account")
    return row


def visitor(account_id: int) -> Visitor:
    """The account as one who asks, with both factors given. Raises NotFound, Refused."""
    actor = directory.actor_for_user(account_id, second_factor=True)
    return Visitor(kind=Kind.STAFF, name=actor.name, account=account_id, actor=actor)


def _check_password(password: str, row: User) -> None:
    try:
        validate_password(password, row)
    except ValidationError as error:
        raise Malformed(" ".join(error.messages), where="password") from error


def _account(row: User) -> StaffAccount:
    return StaffAccount(
        id=row.pk,
        name=row.username,
        display_name=row.first_name,
        has_totp=TotpDevice.objects.filter(account=row).exists(),
        passkeys=Passkey.objects.filter(account=row).count(),
    )
