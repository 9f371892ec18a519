"""Running preservation (运行): a chore of the worker in small steps, and commands by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from openrhip.formats.gm import digests
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict
from openrhip.records.service.preservation import gathering, means, rehashing, renewing, trees
from openrhip.records.service.preservation.results import Done

BUDGET = 2.0
"""Seconds that the worker gives to one turn: other chores wait meanwhile."""


def keep_evidence() -> int:
    """The worker's chore: finish, gather the night's documents, renew, re-hash; what time allows.

    Answers how much was done. Another process at it: nothing.
    """
    until = time.monotonic() + BUDGET
    done = 0
    try:
        with means.alone():
            while time.monotonic() < until:
                step = _step(clock.now())
                if not step:
                    break
                done += step
    except Conflict:
        return 0
    return done


def run() -> Done:
    """Everything that is missing or due, now and to the end. Raises Conflict, Unavailable."""
    with means.alone():
        now = clock.now()
        begun = _exhaust(trees.finish_next)
        documents = gathering.gather_all(now)
        renewed = renewing.renewal_step(now)
        return Done(documents, renewed, begun + _exhaust(trees.finish_next))


def renew(*, before: datetime | None = None) -> Done:
    """Renew all timestamps that end before the instant, by default within the margin."""
    with means.alone():
        begun = _exhaust(trees.finish_next)
        now = clock.now()
        renewed = renewing.begin(renewing.due(before)) if before else renewing.renewal_step(now)
        return Done(0, renewed, begun + _exhaust(trees.finish_next))


def rehash(*, algorithm: str, most: int | None = None) -> Done:
    """Re-hash everything that is by another algorithm; most: about so many documents, then stop.

    Raises Malformed for an unknown algorithm.
    """
    name = digests.by_name(algorithm).name
    with means.alone():
        begun = _exhaust(trees.finish_next)
        before = rehashing.done()
        while rehashing.rehash_step(name):
            if most is not None and rehashing.done() - before >= most:
                break
        return Done(rehashing.done() - before, 0, begun + _exhaust(trees.finish_next))


def _step(now: datetime) -> int:
    done = trees.finish_next() or gathering.night_step(now) or renewing.renewal_step(now)
    return done or _aged(now)


def _aged(now: datetime) -> int:
    """Re-hash what is by an algorithm whose end is near, if new evidence uses another."""
    wanted = means.algorithm().name
    policy, soon = means.policy(), now + means.margin()
    if not any(not policy.holds(row.algorithm, soon) for row in rehashing.waiting(wanted)):
        return 0
    return rehashing.rehash_step(wanted)


def _exhaust(step: Callable[[], int]) -> int:
    done = 0
    while count := step():
        done += count
    return done
