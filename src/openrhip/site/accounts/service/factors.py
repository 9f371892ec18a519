"""The second factor (第二要素): authenticator app (RFC 6238) and recovery codes."""

from __future__ import annotations

import secrets

import pyotp
from django.conf import settings

from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed
from openrhip.site.accounts import rules
from openrhip.site.accounts.models import Passkey, RecoveryCode, TotpDevice
from openrhip.site.accounts.service import keys, throttle, trail

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_STEP = 30
_SECRET = "totp"  # noqa: S105 - the purpose of a key, not a secret


def new_secret() -> str:
    """A fresh secret in base32, not yet anybody's."""
    return pyotp.random_base32()


def provisioning_uri(*, secret: str, name: str) -> str:
    """The otpauth address that an app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="OpenRHIP")


def enrol_totp(*, account: int, secret: str, code: str, address: str) -> bool:
    """Bind the app to the account if it shows the right code now."""
    step = _matching_step(secret, code)
    trail.note(kind="totp-enrol", ok=step is not None, address=address, account=account)
    if step is None:
        return False
    with writing():
        TotpDevice.objects.update_or_create(
            account_id=account,
            defaults={
                "secret": keys.seal(secret, purpose=_SECRET, owner=str(account)),
                "last_step": step,
                "made_at": clock.now(),
            },
        )
    return True


def check_totp(*, account: int, code: str, address: str) -> bool:
    """The second step by app. A code is good once."""
    device = TotpDevice.objects.filter(account_id=account).first()
    free = _free(account)
    step = None
    if device is not None:
        secret = keys.unseal(bytes(device.secret), purpose=_SECRET, owner=str(account))
        step = _matching_step(secret, code)
    ok = False
    if free and device is not None and step is not None:
        with writing():
            # Conditional: of two requests with the same code one wins.
            fresh = TotpDevice.objects.filter(pk=device.pk, last_step__lt=step)
            ok = fresh.update(last_step=step) == 1
    return _done("totp", ok, account, address)


def shown_code(*, account: int) -> str:
    """The app's present code, in development only: a demo is followed without a telephone."""
    device = TotpDevice.objects.filter(account_id=account).first()
    if not settings.DEVELOPMENT or device is None:
        return ""
    secret = keys.unseal(bytes(device.secret), purpose=_SECRET, owner=str(account))
    code: str = pyotp.TOTP(secret).at(clock.now())
    return code


def new_recovery_codes(*, account: int) -> list[str]:
    """Replace all recovery codes; the texts are shown once and kept nowhere."""
    codes = [
        "".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(rules.RECOVERY_CODES)
    ]
    with writing():
        RecoveryCode.objects.filter(account_id=account).delete()
        RecoveryCode.objects.bulk_create(
            RecoveryCode(account_id=account, digest=_recovery_digest(account, code))
            for code in codes
        )
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def reset(*, account: int, by: int, address: str) -> None:
    """A lost phone: all factors go, the next sign-in sets one up. by: the operator's account."""
    with writing():
        TotpDevice.objects.filter(account_id=account).delete()
        Passkey.objects.filter(account_id=account).delete()
        RecoveryCode.objects.filter(account_id=account).delete()
        trail.note(kind="factor-reset", ok=True, address=address, account=account)
        trail.note(kind="factor-reset-other", ok=True, address=address, account=by)


def recovery_codes_left(*, account: int) -> int:
    return RecoveryCode.objects.filter(account_id=account, used_at=None).count()


def check_recovery_code(*, account: int, code: str, address: str) -> bool:
    """The second step by a recovery code, which is then used up."""
    free = _free(account)
    digest = _recovery_digest(account, rules.tidy_code(code)[:40])
    ok = False
    if free:
        with writing():
            rows = RecoveryCode.objects.filter(account_id=account, digest=digest, used_at=None)
            ok = rows.update(used_at=clock.now()) == 1
    return _done("recovery-code", ok, account, address)


def _free(account: int) -> bool:
    return throttle.try_once(what="factor", who=str(account), limit=rules.FACTOR_PER_ACCOUNT)


def _done(kind: str, ok: bool, account: int, address: str) -> bool:
    trail.note(kind=kind, ok=ok, address=address, account=account)
    if ok:
        throttle.forget(what="factor", who=str(account))
    return ok


def _recovery_digest(account: int, code: str) -> str:
    return keys.digest("recovery", str(account), code)


def _matching_step(secret: str, code: str) -> int | None:
    """The time step whose code this is: now, or one step to either side."""
    typed = rules.tidy_code(code)
    if len(typed) != 6 or not typed.isascii() or not typed.isdigit():
        return None
    now = int(clock.now().timestamp()) // _STEP
    try:
        totp = pyotp.TOTP(secret)
        for step in (now, now - 1, now + 1):
            if keys.same(totp.generate_otp(step), typed):
                return step
    except ValueError as error:
        raise Malformed("the secret of the authenticator app is not base32") from error
    return None
