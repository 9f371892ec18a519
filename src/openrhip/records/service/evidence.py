"""Evidence (存证): the entries records write to the ledger, and the commitments inside them.

No name, code of a person or identity number enters a leaf. An actor is SM3(salt || reference)
with a salt of its own for each access; the patient is the directory's keyed pseudonym, the same in
entries of consents. Salts derive from a key
of the installation, so that the platform can open them for the patient's own history and proof.
"""

from __future__ import annotations

import secrets
from functools import cache, lru_cache
from typing import Any, cast

from openrhip.directory import service as directory
from openrhip.directory.service import RequestProof
from openrhip.formats.gm import sm3
from openrhip.kernel.config import current
from openrhip.kernel.errors import Misconfigured, NotVerified, Problem
from openrhip.kernel.files import write_durably
from openrhip.ledger.rules import Checkpoint, Entry, LogKey, Receipt, verify_inclusion
from openrhip.ledger.rules.encoding import from_base64, to_base64
from openrhip.ledger.rules.notes import open_note
from openrhip.ledger.service import LedgerDoor


def ledger() -> LedgerDoor:
    """The ledger's door, as the directory was given it."""
    return cast("LedgerDoor", directory.ledger())


def log_key() -> LogKey:
    """The public key that signs the ledger's checkpoints."""
    return ledger().key()


def check_receipt(entry: Entry, receipt: Receipt) -> None:
    """Raises NotVerified unless the ledger's receipt of this entry holds, signature and proof.

    Entries that were committed together share a checkpoint: its signature is verified once.
    """
    key = log_key()
    try:
        checkpoint = _signed_checkpoint(str(key), receipt.checkpoint)
        leaf_hash = key.profile.leaf_hash(entry.leaf)
        if receipt.log != checkpoint.origin or receipt.leaf_hash != to_base64(leaf_hash):
            raise NotVerified("the receipt is of another entry or another log")
        verify_inclusion(
            key.profile,
            leaf_hash=leaf_hash,
            index=receipt.index,
            size=checkpoint.size,
            path=[from_base64(line) for line in receipt.proof],
            root=checkpoint.root,
        )
    except Problem as problem:
        raise NotVerified(
            f"the ledger's receipt does not hold: {problem.what}", where="receipt"
        ) from problem


@lru_cache(maxsize=256)
def _signed_checkpoint(key: str, note: str) -> Checkpoint:
    """The checkpoint of a note that this key signed. Raises NotVerified, Malformed."""
    parsed = LogKey.parse(key)
    checkpoint = Checkpoint.parse(open_note(note, [parsed]))
    if checkpoint.origin != parsed.name:
        raise NotVerified("the checkpoint is of another log")
    return checkpoint


@cache
def _secret() -> bytes:
    path = current().home / "keys" / "records" / "evidence.key"
    if not path.exists():
        write_durably(path, secrets.token_hex(32).encode(), mode=0o600)
    try:
        return bytes.fromhex(path.read_text("ascii").strip())
    except ValueError as error:
        raise Misconfigured("the evidence key is damaged", where=str(path)) from error


def salt_of(deed_id: str) -> str:
    """The salt of one deed's commitments: known to the platform, opened for the patient."""
    return sm3.hmac(_secret(), b"salt|" + deed_id.encode()).hex()[:32]


def commitment(salt: str, reference: str) -> str:
    """SM3(salt || reference) in hex: who holds both can check it."""
    return sm3.hexdigest(bytes.fromhex(salt) + reference.encode())


def requested(request: RequestProof | None) -> dict[str, str | int]:
    """The fields that show which signed request caused an entry: the hospital cannot deny it."""
    if request is None:
        return {}
    return {
        "request_hash": request.digest,
        "signer": request.signer,
        "signature": request.signature,
    }


def entry_of(leaf: dict[str, Any]) -> Entry:
    """The entry that a row keeps as a dictionary with its kind."""
    fields = dict(leaf)
    return Entry(str(fields.pop("kind")), fields)


def leaf_of(entry: Entry) -> dict[str, Any]:
    return {"kind": entry.kind, **entry.fields}
