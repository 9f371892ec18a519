"""Entering accesses (登记调阅): nonces, ledger entries and rows of concurrent requests at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from openrhip.directory.service import nonces
from openrhip.kernel.database import writing
from openrhip.kernel.statements import insert
from openrhip.ledger.rules import Entry, Receipt
from openrhip.records.models import Access
from openrhip.records.service import evidence
from openrhip.records.service.batching import Batcher


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
    used = nonces.used_nonces([asked.nonce for asked in batch if asked.nonce])
    fresh: list[Asked] = []
    answers: dict[int, Receipt | BaseException] = {}
    for asked in batch:
        mark = (asked.institution, asked.nonce)
        if asked.nonce and mark in used:
            answers[id(asked)] = nonces.replayed()
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
                answers[id(asked)] = nonces.replayed()
    return [answers[id(asked)] for asked in batch]


def _write(batch: Sequence[Asked]) -> None:
    with writing():
        nonces.use_nonces((asked.institution, asked.nonce) for asked in batch if asked.nonce)
        insert([asked.access for asked in batch])


_batcher: Batcher[Asked, Receipt] = Batcher(_enter_all)
