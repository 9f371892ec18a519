"""Pure rules of the ledger: hashes, Merkle tree, tiles, signed notes, entries, receipts.

Nothing here reads a file, a socket or the clock. Everything a stranger needs to verify a receipt
offline is in this package: `verify_receipt(leaf, receipt, log_key=...)`.
"""

from openrhip.ledger.rules.checkpoints import Checkpoint
from openrhip.ledger.rules.entries import KINDS, Entry
from openrhip.ledger.rules.hashing import C2SP, GM, PROFILES, Profile
from openrhip.ledger.rules.merkle import (
    InclusionProof,
    root_hash,
    verify_consistency,
    verify_inclusion,
)
from openrhip.ledger.rules.notes import LogKey, NoteSigner
from openrhip.ledger.rules.receipts import (
    Receipt,
    evidence,
    receipt_ok,
    verify_evidence,
    verify_receipt,
    verify_receipt_json,
)

__all__ = [
    "C2SP",
    "GM",
    "KINDS",
    "PROFILES",
    "Checkpoint",
    "Entry",
    "InclusionProof",
    "LogKey",
    "NoteSigner",
    "Profile",
    "Receipt",
    "evidence",
    "receipt_ok",
    "root_hash",
    "verify_consistency",
    "verify_evidence",
    "verify_inclusion",
    "verify_receipt",
    "verify_receipt_json",
]
