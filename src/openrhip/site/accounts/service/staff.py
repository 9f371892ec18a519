"""Staff accounts: made by the operator, opened by a password first (账户与口令)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as the operator sees it. active: open, and its owner is still engaged."""

    id: int
    name: str
    full_name: str
    place: str
    roles: tuple[str, ...]
    active: bool
    has_factor: bool
    last_login: datetime | None


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


def change_password(*, account: int, old: str, new: str, address: str) -> bool:
    """By its owner. False: the old one is wrong or tried too often. Raises Malformed if weak."""
    row = user(account)
    free = throttle.try_once(what="password", who=row.username, limit=rules.PASSWORD_PER_ACCOUNT)
    right = free and row.check_password(old[:512])
    if right:
        set_password(account=account, password=new)
    trail.note(kind="password-change", ok=right, address=address, account=account)
    return right


def close_account(*, account: int, by: int = 0, address: str = "") -> None:
    """The account can no longer be opened; its trail stays. by: the account that closes it."""
    with writing():
        User.objects.filter(pk=account).update(is_active=False)
        trail.note(kind="closed", ok=True, address=address, account=account)
        trail.note(kind="closed-other", ok=True, address=address, account=by)


def accounts() -> list[AccountRow]:
    """All accounts with their staff, factors and last sign-in, by name."""
    people = {item.account_id: item for item in directory.find_staff()}
    totp = set(TotpDevice.objects.values_list("account_id", flat=True))
    keys = set(Passkey.objects.values_list("account_id", flat=True))
    return [
        AccountRow(
            id=row.pk,
            name=row.username,
            full_name=people[row.pk].name if row.pk in people else row.first_name,
            place=people[row.pk].institution_name if row.pk in people else "",
            roles=tuple(role.value for role in people[row.pk].roles) if row.pk in people else (),
            active=row.is_active and row.pk in people,
            has_factor=row.pk in totp or row.pk in keys,
            last_login=row.last_login,
        )
        for row in User.objects.order_by("username")
    ]


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
    throttle.take_back(what="address", who=address)
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
