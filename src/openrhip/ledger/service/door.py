"""What every ledger offers (账本门面), over HTTP or in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from openrhip.ledger.rules import Checkpoint, Entry, InclusionProof, LogKey, Receipt


class LedgerDoor(Protocol):
    """An entry is durable when `append` returns. All verbs raise Unavailable if nothing answers.

    key: an idempotency key of 8 to 64 letters, digits and . _ : - ; the same key with the same
    entries is placed once, also after a crash of the caller; with other entries it is a Conflict.
    """

    def append(self, entry: Entry, *, key: str = "") -> Receipt: ...

    def append_many(self, entries: Sequence[Entry], *, key: str = "") -> list[Receipt]: ...

    def receipt(self, index: int) -> Receipt:
        """A fresh receipt of an entry, against the newest checkpoint."""

    def prove(self, index: int, *, size: int | None = None) -> InclusionProof: ...

    def entry(self, index: int) -> Entry: ...

    def checkpoint(self) -> str:
        """The newest checkpoint, a signed note."""

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]: ...

    def key(self) -> LogKey:
        """The public key of the log as it is configured here. Raises Misconfigured."""


def checkpoint_of(note: str) -> Checkpoint:
    """The checkpoint in a note, unverified."""
    return Checkpoint.parse(note.rpartition("\n\n")[0] + "\n")
