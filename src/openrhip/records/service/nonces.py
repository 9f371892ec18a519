"""Nonces of signed requests (一次性随机数): each is good for one request."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError

from openrhip.agent.wire import WINDOW_SECONDS
from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotVerified
from openrhip.records.models import Nonce

# A request is believed within the window on either side of its time: twice that is remembered.
REMEMBER = timedelta(seconds=2 * WINDOW_SECONDS + 60)


def use_nonce(*, institution: str, nonce: str) -> None:
    """Raises NotVerified if the institution used this nonce before."""
    try:
        with writing():
            Nonce.objects.create(institution=institution, nonce=nonce, used_at=clock.now())
    except IntegrityError as error:
        raise NotVerified(
            "this request was made before", where="X-RHIP-Nonce", remedy="sign each request anew"
        ) from error


def sweep_nonces() -> int:
    """Forget nonces whose requests are too old to be believed anyway; answers how many."""
    old = clock.now() - REMEMBER
    if not Nonce.objects.filter(used_at__lt=old).exists():
        return 0
    with writing():
        return Nonce.objects.filter(used_at__lt=old).delete()[0]
