"""Checkpoint (检查点): what the log claims to be, in the text of C2SP tlog-checkpoint.

Three lines: origin, size in decimal, root in base64. The log signs it as a note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from openrhip.kernel.errors import Malformed
from openrhip.ledger.rules.encoding import from_base64, to_base64
from openrhip.ledger.rules.hashing import HASH_SIZE

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """origin: name of the log; size: number of leaves; root: Merkle Tree Hash of them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The body of the note, with its final newline."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the body of a note; extension lines may follow. Raises Malformed."""
        if not text.endswith("\n"):
            raise Malformed("a checkpoint ends with a newline", where="checkpoint")
        lines = text[:-1].split("\n")
        if len(lines) < 3 or not all(lines):
            raise Malformed("a checkpoint has at least three lines, none empty", where="checkpoint")
        if not _SIZE.fullmatch(lines[1]) or int(lines[1]) >= 1 << 63:
            raise Malformed("the size is no decimal number", where="checkpoint/size")
        root = from_base64(lines[2], where="checkpoint/root")
        if len(root) != HASH_SIZE:
            raise Malformed(f"a root has {HASH_SIZE} bytes", where="checkpoint/root")
        return cls(lines[0], int(lines[1]), root)
