"""Entering accesses (登记调阅): nonces, ledger entries and rows of concurrent requests at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from openrhip.kernel import clock
from openrhip.kernel.database import writing
from openrhip.kernel.errors import NotVerified
from openrhip.kernel.statements import ask, insert
from openrhip.ledger.rules import Entry, Receipt
from openrhip.records.models import Access, Nonce
from openrhip.records.service import evidence
from openrhip.records.service.batching import Batcher

_USED = "SELECT institution, nonce FROM records_nonce WHERE nonce IN"


@dataclass(frozen=True, slots=True)
class Asked:
    """An access to enter. nonce: of its signed request, or ""."""

    entry: Entry
    access: Access
    nonce: str = ""
    institution: str = ""


def enter(asked: Asked) -> Receipt:
    """Ledger first, then the row and the nonce in one transaction; durable on return.

    Raises NotVerified for a nonce seen before, Unavailable if the ledger does not answer.
    """
    return _batcher.submit(asked)


def _enter_all(batch: Sequence[Asked]) -> list[Receipt | BaseException]:
    used = _used(batch)
    fresh: list[Asked] = []
    answers: dict[int, Receipt | BaseException] = {}
    for asked in batch:
        mark = (asked.institution, asked.nonce)
        if asked.nonce and mark in used:
            answers[id(asked)] = _replayed()
            continue
        used.add(mark)
        fresh.append(asked)
    # The id of an access is the key: whatever is asked again is placed in the ledger once.
    entries = [asked.entry for asked in fresh]
    key = fresh[0].access.id if fresh else ""
    receipts = evidence.ledger().append_many(entries, key=key) if fresh else []
    for asked, receipt in zip(fresh, receipts, strict=True):
        asked.access.receipt = receipt.to_dict()
        answers[id(asked)] = receipt
    try:
        _write(fresh)
    except IntegrityError:
        # Another process used one of the nonces a moment ago: find out which, one by one.
        for asked in fresh:
            try:
                _write([asked])
            except IntegrityError:
                answers[id(asked)] = _replayed()
    return [answers[id(asked)] for asked in batch]


def _used(batch: Sequence[Asked]) -> set[tuple[str, str]]:
    nonces = [asked.nonce for asked in batch if asked.nonce]
    if not nonces:
        return set()
    marks = ", ".join(["%s"] * len(nonces))
    return {(row[0], row[1]) for row in ask(f"{_USED} ({marks})", *nonces)}


def _write(batch: Sequence[Asked]) -> None:
    now = clock.now()
    nonces = [
        Nonce(institution=asked.institution, nonce=asked.nonce, used_at=now)
        for asked in batch
        if asked.nonce
    ]
    with writing():
        if nonces:
            insert(nonces)
        insert([asked.access for asked in batch])


def _replayed() -> NotVerified:
    return NotVerified(
        "this request was made before", where="X-RHIP-Nonce", remedy="sign each request anew"
    )


_batcher: Batcher[Asked, Receipt] = Batcher(_enter_all)
