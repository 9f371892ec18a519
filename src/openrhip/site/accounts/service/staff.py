"""Staff accounts: made by the operator, opened by a password first (账户与口令)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound
from openrhip.site.accounts import rules
from openrhip.site.accounts.models import Account, Passkey, TotpDevice
from openrhip.site.accounts.rules import Kind, Role, Visitor
from openrhip.site.accounts.service import throttle, trail


@dataclass(frozen=True, slots=True)
class StaffAccount:
    """id: for sessions; roles: what may be opened; has_factor: whether the second step is set up."""

    id: int
    name: str
    display_name: str
    staff_code: str
    institution: str
    roles: frozenset[Role]
    has_totp: bool
    passkeys: int

    @property
    def has_factor(self) -> bool:
        return self.has_totp or self.passkeys > 0


def create_account(
    *,
    name: str,
    display_name: str,
    password: str,
    roles: Iterable[Role],
    staff_code: str = "",
    institution: str = "",
) -> StaffAccount:
    """Make an account. Raises Malformed for a weak password, Conflict for a name in use."""
    row = Account(
        name=rules.tidy_name(name),
        display_name=display_name,
        staff_code=staff_code,
        institution=institution,
        roles=sorted(Role(role).value for role in roles),
        made_at=clock.now(),
    )
    if not row.name or len(row.name) > 64:
        raise Malformed("an account needs a name of 1 to 64 characters", where="name")
    _check_password(password, row)
    row.password = make_password(password)
    try:
        with writing():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("an account of this name exists already", where="name") from error
    return _account(row)


def set_password(*, account: int, password: str) -> None:
    """Replace the password. Raises Malformed if it is weak, NotFound."""
    row = _row(account)
    _check_password(password, row)
    with writing():
        Account.objects.filter(pk=row.pk).update(password=make_password(password))


def account(account_id: int) -> StaffAccount:
    """Raises NotFound, also for an account that was closed."""
    return _account(_row(account_id))


def close_account(*, account: int) -> None:
    """The account can no longer be opened; its trail stays."""
    with writing():
        Account.objects.filter(pk=account).update(is_active=False)


def check_password(*, name: str, password: str, address: str) -> StaffAccount | None:
    """The first step. None: wrong or throttled, and the caller cannot tell which."""
    tidy = rules.tidy_name(name)[:64]
    free = throttle.try_once(what="password", who=tidy, limit=rules.PASSWORD_PER_ACCOUNT)
    free &= throttle.try_once(what="address", who=address, limit=rules.PASSWORD_PER_ADDRESS)
    row = Account.objects.filter(name=tidy, is_active=True).first()
    if row is None:
        make_password(password[:512])  # as long as a real check takes
    right = row is not None and free and row.check_password(password[:512])
    trail.note(kind="password", ok=right, address=address, account=row.pk if row else 0)
    if row is None or not right:
        return None
    throttle.forget(what="password", who=tidy)
    return _account(row)


def session_hash(account_id: int) -> str:
    """Changes with the password: a session that holds another is over."""
    return _row(account_id).get_session_auth_hash()


def visitor(account_id: int) -> Visitor:
    """The account as one who asks. Raises NotFound."""
    found = account(account_id)
    return Visitor(
        kind=Kind.STAFF,
        name=found.display_name,
        account=found.id,
        staff_code=found.staff_code,
        institution=found.institution,
        roles=found.roles,
    )


def _check_password(password: str, row: Account) -> None:
    try:
        validate_password(password, row)
    except ValidationError as error:
        raise Malformed(" ".join(error.messages), where="password") from error


def _row(account_id: int) -> Account:
    row = Account.objects.filter(pk=account_id, is_active=True).first()
    if row is None:
        raise NotFound("no such account")
    return row


def _account(row: Account) -> StaffAccount:
    return StaffAccount(
        id=row.pk,
        name=row.name,
        display_name=row.display_name,
        staff_code=row.staff_code,
        institution=row.institution,
        roles=frozenset(Role(role) for role in row.roles),
        has_totp=TotpDevice.objects.filter(account=row).exists(),
        passkeys=Passkey.objects.filter(account=row).count(),
    )
