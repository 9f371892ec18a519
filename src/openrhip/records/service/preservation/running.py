"""Running preservation (运行): a chore of the worker in small steps, and commands by hand."""

from __future__ import annotations

import time
from datetime import datetime

from openrhip.formats.gm import digests
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Problem
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
        documents = gathering.gather_all(now)
        renewed = renewing.renewal_step(now)
        return Done(documents, renewed, _finish())


def renew(*, before: datetime | None = None) -> Done:
    """Renew all timestamps that end before the instant, by default within the margin."""
    with means.alone():
        now = clock.now()
        renewed = renewing.begin(renewing.due(before)) if before else renewing.renewal_step(now)
        return Done(0, renewed, _finish())


def rehash(*, algorithm: str, most: int | None = None) -> Done:
    """Re-hash everything that is by another algorithm; most: about so many documents, then stop.

    Raises Malformed for an unknown algorithm, Refused if the authority does not stamp it.
    """
    name = digests.by_name(algorithm).name
    with means.alone():
        before = rehashing.done()
        while rehashing.rehash_step(name):
            if most is not None and rehashing.done() - before >= most:
                break
        return Done(rehashing.done() - before, 0, _finish())


def abandon() -> int:
    """Forget re-hashes that have no timestamp yet. Answers how many documents were in them."""
    with means.alone():
        return rehashing.abandon()


def _step(now: datetime) -> int:
    problem: Problem | None = None
    done = 0
    try:
        done = trees.finish_next()
    except Problem as error:
        problem = error  # a tree that waits for its authority holds up nothing else
    done = done or gathering.night_step(now) or renewing.renewal_step(now) or _aged(now)
    if problem and not done:
        raise problem
    return done


def _aged(now: datetime) -> int:
    """Re-hash what is by an algorithm whose end is near, if new evidence uses another."""
    wanted = means.algorithm().name
    policy, soon = means.policy(), now + means.margin()
    if not any(not policy.holds(row.algorithm, soon) for row in rehashing.waiting(wanted)):
        return 0
    return rehashing.rehash_step(wanted)


def _finish() -> int:
    done = 0
    while trees.finish_next():
        done += 1
    return done
