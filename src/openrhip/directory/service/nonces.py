"""Nonces of signed requests (一次性随机数): each is good for one request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError
from django.db.models import Max

from openrhip.agent.wire import WINDOW_SECONDS
from openrhip.directory.models import Nonce
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotVerified
from openrhip.kernel.statements import ask, insert

# A request is believed within the window on either side of its time: twice that is remembered.
REMEMBER = timedelta(seconds=2 * WINDOW_SECONDS + 60)
_USED = "SELECT institution, nonce FROM directory_nonce WHERE nonce IN"


def use_nonce(*, institution: str, nonce: str) -> None:
    """Raises NotVerified if the institution used this nonce before."""
    try:
        with writing():
            Nonce.objects.create(institution=institution, nonce=nonce, used_at=clock.now())
    except IntegrityError as error:
        raise replayed() from error


def use_nonces(pairs: Iterable[tuple[str, str]]) -> None:
    """Use up (institution, nonce) pairs within the caller's own transaction.

    Raises IntegrityError if one of them was used before; the transaction is lost then.
    """
    now = clock.now()
    insert([Nonce(institution=code, nonce=nonce, used_at=now) for code, nonce in pairs])


def used_nonces(nonces: Sequence[str]) -> set[tuple[str, str]]:
    """Which institutions used any of these before."""
    if not nonces:
        return set()
    marks = ", ".join(["%s"] * len(nonces))
    return {(row[0], row[1]) for row in ask(f"{_USED} ({marks})", *nonces)}


def replayed() -> NotVerified:
    """What somebody hears who makes a request again."""
    return NotVerified(
        "this request was made before", where="X-RHIP-Nonce", remedy="sign each request anew"
    )


def last_requests() -> dict[str, datetime]:
    """When each institution's machines were heard last, while that is remembered."""
    rows = Nonce.objects.values("institution").annotate(at=Max("used_at"))
    return dict(rows.values_list("institution", "at"))


def sweep_nonces() -> int:
    """Forget nonces whose requests are too old to be believed anyway; answers how many."""
    old = clock.now() - REMEMBER
    if not Nonce.objects.filter(used_at__lt=old).exists():
        return 0
    with writing():
        return Nonce.objects.filter(used_at__lt=old).delete()[0]
