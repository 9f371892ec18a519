"""Tables of machines that speak for institutions (机器)."""

from __future__ import annotations

from django.db import models


class Nonce(models.Model):
    """A nonce that an institution used; remembered while its request could be replayed."""

    institution = models.CharField(max_length=64)
    nonce = models.CharField(max_length=32)
    used_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "nonce"], name="nonce_once")]
        indexes = [models.Index(fields=["used_at"], name="nonce_age")]

    def __str__(self) -> str:
        return self.nonce
