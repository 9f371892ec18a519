"""The key of tokens (标识密钥): out of the directory's ring, the same through every rotation."""

from __future__ import annotations

from openrhip.collect.engine.sealing import Sealer
from openrhip.directory import service as directory
from openrhip.directory.ports import as_bytes


def open_seal() -> Sealer:
    """Identity and card numbers → tokens that stay equal for equal numbers, for good."""
    return Sealer(bytes.fromhex(directory.key_ring().pseudonym(as_bytes(("collect", "tokens")))))
