"""The table of a job's states (任务状态表), and how long to wait before trying again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from openrhip.kernel.errors import Conflict


class State(StrEnum):
    """Where a job stands; what the state names is durable on the node's disk."""

    SEEN = "seen"  # 已发现: the file's bytes are in the node's store
    LAID_OUT = "laid-out"  # 已排版: the unsigned OFD is
    SEALED = "sealed"  # 已签章: the signed, sealed, timestamped OFD is; it never changes again
    UPLOADING = "uploading"  # 上传中: the centre gave the upload a number
    ACKNOWLEDGED = "acknowledged"  # 已回执: the centre's receipt is
    REFUSED = "refused"  # 被拒收: the report is; an operator may let it try again


class Form(StrEnum):
    """What the hospital's system put into the folder."""

    CDA = "cda"
    OFD = "ofd"
    PDF = "pdf"


FINAL = frozenset({State.ACKNOWLEDGED, State.REFUSED})

# from → to. Every state but the final ones may end in REFUSED; only an operator leaves REFUSED.
NEXT: dict[State, frozenset[State]] = {
    State.SEEN: frozenset({State.LAID_OUT, State.SEALED, State.REFUSED}),
    State.LAID_OUT: frozenset({State.SEALED, State.REFUSED}),
    State.SEALED: frozenset({State.UPLOADING, State.ACKNOWLEDGED, State.REFUSED}),
    State.UPLOADING: frozenset({State.SEALED, State.ACKNOWLEDGED, State.REFUSED}),
    State.ACKNOWLEDGED: frozenset(),
    State.REFUSED: frozenset({State.SEEN, State.SEALED}),
}

LONGEST_WAIT = 300.0
FIRST_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class Job:
    """One file on its way. Keys are SM3 digests in the node's own file store.

    answer: the centre's receipt or refusal, or the node's own refusal; problem: why it waits.
    """

    id: str
    name: str
    form: Form
    state: State
    source_key: str
    companion_key: str
    laid_out_key: str
    sealed_key: str
    sealed_size: int
    upload_id: str
    attempts: int
    due_at: datetime
    seen_at: datetime
    changed_at: datetime
    problem: str
    answer: dict[str, Any] | None

    def as_dict(self) -> dict[str, Any]:
        """The job as `openrhip agent status --json` shows it."""
        return {
            "id": self.id,
            "file": self.name,
            "form": self.form,
            "state": self.state,
            "sm3": self.source_key,
            "sealed_sm3": self.sealed_key,
            "upload": self.upload_id,
            "attempts": self.attempts,
            "due_at": self.due_at.isoformat(),
            "seen_at": self.seen_at.isoformat(),
            "changed_at": self.changed_at.isoformat(),
            "problem": self.problem,
            "answer": self.answer,
        }


def check_step(old: State, new: State) -> None:
    """Raises Conflict for a step the table does not have."""
    if new not in NEXT[old]:
        raise Conflict(f"a job does not go from {old} to {new}")


def wait_seconds(attempts: int, *, draw: float | None = None) -> float:
    """Exponential back-off with jitter: half to the whole of min(2**attempts, 300) seconds.

    draw in [0, 1) replaces chance in tests.
    """
    ceiling = min(FIRST_WAIT * 2.0 ** min(attempts, 16), LONGEST_WAIT)
    chance = random.random() if draw is None else draw  # noqa: S311 - spreads load, guards nothing
    return ceiling * (0.5 + chance / 2)
