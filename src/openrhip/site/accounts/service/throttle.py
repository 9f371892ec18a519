"""Throttling that survives a restart and counts across processes (限流)."""

from __future__ import annotations

from datetime import timedelta

from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.site.accounts.models import Attempt
from openrhip.site.accounts.rules import Limit, exceeded
from openrhip.site.accounts.service import keys

_KEEP = timedelta(hours=2)


def try_once(*, what: str, who: str, limit: Limit) -> bool:
    """Count an attempt first, then say whether it is still within the limit."""
    now = clock.now()
    key = keys.digest("throttle", what, who)
    with writing():
        Attempt.objects.create(key=key, at=now)
        Attempt.objects.filter(at__lt=now - _KEEP).delete()
        seen = list(
            Attempt.objects.filter(key=key, at__gt=now - limit.window)
            .order_by("-at")
            .values_list("at", flat=True)[: limit.most + 1]
        )
    return not exceeded(limit, seen, now)


def forget(*, what: str, who: str) -> None:
    """After a success the account starts afresh."""
    with writing():
        Attempt.objects.filter(key=keys.digest("throttle", what, who)).delete()


def take_back(*, what: str, who: str) -> None:
    """The attempt just counted was a success: it does not weigh on others behind the address."""
    with writing():
        rows = Attempt.objects.filter(key=keys.digest("throttle", what, who))
        newest = rows.order_by("-at", "-pk").values_list("pk", flat=True)[:1]
        Attempt.objects.filter(pk__in=list(newest)).delete()
