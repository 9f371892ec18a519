"""Tables of accounts: what is written is appended; secrets are sealed or hashed with a key.

Name and password are the framework's user; who that is and what they may do, the directory says.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

ACCOUNT = settings.AUTH_USER_MODEL


class TotpDevice(models.Model):
    """The shared secret of an authenticator app, sealed. `last_step` forbids replay."""

    account = models.OneToOneField(ACCOUNT, models.CASCADE, related_name="+")
    secret = models.BinaryField()
    last_step = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"TOTP of {self.account_id}"


class Passkey(models.Model):
    """A WebAuthn credential: only its public half is here."""

    account = models.ForeignKey(ACCOUNT, models.CASCADE, related_name="+")
    credential = models.CharField(max_length=1400, unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    label = models.CharField(max_length=60)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.label


class RecoveryCode(models.Model):
    """One way back for a lost device, kept as a keyed digest, good once."""

    account = models.ForeignKey(ACCOUNT, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"recovery code of {self.account_id}"


class Challenge(models.Model):
    """A one-time code on its way to a citizen; `person` is empty for those we do not know."""

    id = models.CharField(primary_key=True, max_length=32)
    person = models.CharField(max_length=32, blank=True)
    digest = models.CharField(max_length=64)
    wrong = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.id


class Attempt(models.Model):
    """One attempt under a key (what and who, as a keyed digest), for throttling."""

    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="attempt_key_at")]

    def __str__(self) -> str:
        return self.key


class Event(models.Model):
    """The trail of sign-ins: append-only; no feature reads it but the account's own page."""

    account = models.ForeignKey(ACCOUNT, models.PROTECT, null=True, related_name="+")
    person = models.CharField(max_length=32, blank=True)
    kind = models.CharField(max_length=40)
    ok = models.BooleanField()
    address = models.CharField(max_length=64)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.kind} {'ok' if self.ok else 'failed'}"
