"""The outbox (发件箱): events written in the transaction that caused them."""

from __future__ import annotations

from django.db import models


class Outbox(models.Model):
    """One event for one subscriber, delivered at least once, in order of id per subscriber."""

    kind = models.CharField(max_length=80)
    subscriber = models.CharField(max_length=80)
    payload = models.JSONField()
    made_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        indexes = [models.Index(fields=["due_at"], name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.kind} -> {self.subscriber}"
