"""Watching a log from outside (监督): what was once seen must stay.

Whoever keeps the newest checkpoint and calls `watch` now and then notices a rewritten history, a
log that went back, and, by comparing what others keep, a log that tells different stories.
"""

from __future__ import annotations

from dataclasses import dataclass

from openrhip.kernel.errors import NotVerified
from openrhip.ledger.rules import Checkpoint, LogKey, verify_consistency
from openrhip.ledger.rules.notes import open_note
from openrhip.ledger.service.door import LedgerDoor


@dataclass(frozen=True, slots=True)
class Watched:
    """note: the checkpoint to keep from now on; before and now: sizes of the log."""

    note: str
    before: int
    now: int


def watch(ledger: LedgerDoor, key: LogKey, kept: str | None) -> Watched:
    """Prove that the log has only grown since the kept note (None: seen for the first time).

    Raises NotVerified if history changed or a signature does not hold, and Unavailable.
    """
    note = ledger.checkpoint()
    now = _opened(note, key)
    if kept is None:
        return Watched(note, 0, now.size)
    before = _opened(kept, key)
    if before.size > now.size:
        raise NotVerified(
            f"the log once had {before.size} entries and now has {now.size}",
            remedy="keep the old checkpoint: it is the evidence",
        )
    verify_consistency(
        key.profile,
        old=before.size,
        new=now.size,
        old_root=before.root,
        new_root=now.root,
        proof=ledger.consistency(before.size, now.size),
    )
    return Watched(note, before.size, now.size)


def _opened(note: str, key: LogKey) -> Checkpoint:
    checkpoint = Checkpoint.parse(open_note(note, [key]))
    if checkpoint.origin != key.name:
        raise NotVerified("the checkpoint is of another log", where="checkpoint")
    return checkpoint
