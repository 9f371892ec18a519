"""Passkeys (通行密钥, WebAuthn) as a second factor: the library decides, this keeps the books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.db import IntegrityError
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, NotVerified
from openrhip.site.accounts import rules
from openrhip.site.accounts.models import Passkey
from openrhip.site.accounts.service import keys, staff, throttle, trail

_LARGEST = 16_384
_MOST = 10


@dataclass(frozen=True, slots=True)
class Key:
    """A passkey as its owner sees it."""

    id: int
    label: str
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Options:
    """json: for the browser; challenge: base64url, for the session."""

    json: str
    challenge: str


def possible() -> bool:
    """Browsers accept passkeys for names, not for bare addresses."""
    try:
        ip_address(_host())
    except ValueError:
        return True
    return False


def passkeys_of(*, account: int) -> list[Key]:
    rows = Passkey.objects.filter(account_id=account).order_by("id")
    return [Key(row.pk, row.label, row.made_at, row.used_at) for row in rows]


def registration_options(*, account: int) -> Options:
    known = staff.account(account)
    made = webauthn.generate_registration_options(
        rp_id=_host(),
        rp_name="OpenRHIP",
        user_name=known.name,
        user_display_name=known.display_name,
        user_id=keys.digest("passkey-user", str(account)).encode(),
        exclude_credentials=_descriptors(account),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
    )
    return Options(options_to_json(made), bytes_to_base64url(made.challenge))


def register(*, account: int, challenge: str, answer: str, label: str, address: str) -> Key:
    """Bind a new passkey. Raises NotVerified, Conflict."""
    try:
        checked = webauthn.verify_registration_response(
            credential=_bounded(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_host(),
            expected_origin=_origin(),
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        trail.note(kind="passkey-enrol", ok=False, address=address, account=account)
        raise NotVerified("the browser's answer does not fit the question") from error
    if Passkey.objects.filter(account_id=account).count() >= _MOST:
        raise Conflict(f"an account has at most {_MOST} passkeys")
    row = Passkey(
        account_id=account,
        credential=bytes_to_base64url(checked.credential_id),
        public_key=checked.credential_public_key,
        sign_count=checked.sign_count,
        label=label.strip()[:60] or "Passkey",
        made_at=clock.now(),
    )
    try:
        with writing():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("this passkey is registered already") from error
    trail.note(kind="passkey-enrol", ok=True, address=address, account=account)
    return Key(row.pk, row.label, row.made_at, None)


def remove(*, account: int, key: int) -> None:
    with writing():
        Passkey.objects.filter(account_id=account, pk=key).delete()


def sign_in_options(*, account: int) -> Options:
    made = webauthn.generate_authentication_options(
        rp_id=_host(),
        allow_credentials=_descriptors(account),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return Options(options_to_json(made), bytes_to_base64url(made.challenge))


def check(*, account: int, challenge: str, answer: str, address: str) -> bool:
    """The second step by passkey. A counter that runs backwards is a copied key: refused."""
    free = throttle.try_once(what="factor", who=str(account), limit=rules.FACTOR_PER_ACCOUNT)
    ok = free and _verified(account, challenge, answer)
    trail.note(kind="passkey", ok=ok, address=address, account=account)
    if ok:
        throttle.forget(what="factor", who=str(account))
    return ok


def _verified(account: int, challenge: str, answer: str) -> bool:
    try:
        parsed = webauthn.helpers.parse_authentication_credential_json(_bounded(answer))
        row = Passkey.objects.filter(
            account_id=account, credential=bytes_to_base64url(parsed.raw_id)
        ).first()
        if row is None:
            return False
        checked = webauthn.verify_authentication_response(
            credential=parsed,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_host(),
            expected_origin=_origin(),
            credential_public_key=bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return False
    with writing():
        Passkey.objects.filter(pk=row.pk).update(
            sign_count=checked.new_sign_count, used_at=clock.now()
        )
    return True


def _descriptors(account: int) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(row.credential))
        for row in Passkey.objects.filter(account_id=account)
    ]


def _bounded(answer: str) -> str:
    if len(answer) > _LARGEST:
        raise ValueError("too large")
    return answer


def _host() -> str:
    return urlsplit(str(settings.PASSKEY_ORIGIN)).hostname or "localhost"


def _origin() -> str:
    url = urlsplit(str(settings.PASSKEY_ORIGIN))
    return f"{url.scheme}://{url.netloc}"
