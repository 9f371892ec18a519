"""Receipts (回执): all that is needed to show offline that an entry is in the log.

A receipt holds the signed checkpoint and the path from the leaf to its root. It is written as JSON,
or as the text of C2SP tlog-proof. Verification answers one finding per check and never raises for
what it is given to judge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from openrhip.formats.gm.findings import Finding
from openrhip.kernel.canonical import parse_json
from openrhip.kernel.errors import Malformed, Problem
from openrhip.ledger.rules.checkpoints import Checkpoint
from openrhip.ledger.rules.encoding import from_base64
from openrhip.ledger.rules.merkle import verify_inclusion
from openrhip.ledger.rules.notes import LogKey, open_note

T = TypeVar("T")
MAX_RECEIPT = 1 << 16
_FIELDS = {"log", "index", "leaf_hash", "checkpoint", "proof"}
_PROOF_HEAD = "c2sp.org/tlog-proof@v1"

_TEXTS = {
    "receipt-form": ("回执格式", "form of the receipt"),
    "log-key": ("账本公钥", "public key of the log"),
    "leaf-hash": ("条目与回执中的散列一致", "the entry fits the hash in the receipt"),
    "checkpoint-signature": ("检查点由账本签名", "the checkpoint is signed by the log"),
    "log-origin": ("检查点出自该账本", "the checkpoint is of this log"),
    "inclusion": ("条目包含在检查点的树中", "the entry is in the tree of the checkpoint"),
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """log: origin; index: of the leaf; checkpoint: signed note; leaf_hash and proof in base64."""

    log: str
    index: int
    leaf_hash: str
    checkpoint: str
    proof: tuple[str, ...]

    @property
    def size(self) -> int:
        """The size of the tree in the checkpoint. Raises Malformed; verifies nothing."""
        return Checkpoint.parse(self.checkpoint.rpartition("\n\n")[0] + "\n").size

    def to_dict(self) -> dict[str, Any]:
        return {
            "log": self.log,
            "index": self.index,
            "leaf_hash": self.leaf_hash,
            "checkpoint": self.checkpoint,
            "proof": list(self.proof),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Receipt:
        """Read what `to_dict` wrote. Raises Malformed."""
        if not isinstance(value, Mapping) or set(value) != _FIELDS:
            raise Malformed("a receipt has exactly " + ", ".join(sorted(_FIELDS)), where="receipt")
        texts = [value["log"], value["leaf_hash"], value["checkpoint"]]
        index, proof = value["index"], value["proof"]
        fits = (
            all(isinstance(text, str) for text in texts)
            and isinstance(index, int)
            and not isinstance(index, bool)
            and isinstance(proof, list | tuple)
            and all(isinstance(line, str) for line in proof)
        )
        if not fits:
            raise Malformed("a field of the receipt has the wrong type", where="receipt")
        return cls(texts[0], index, texts[1], texts[2], tuple(proof))

    @classmethod
    def from_json(cls, data: bytes) -> Receipt:
        """Read a receipt from outside. Raises Malformed."""
        return cls.from_dict(parse_json(data, limit=MAX_RECEIPT))

    def to_tlog_proof(self) -> str:
        """The receipt as C2SP tlog-proof text (without its leaf hash, which the entry gives)."""
        return "\n".join([_PROOF_HEAD, f"index {self.index}", *self.proof, "", self.checkpoint])


def verify_receipt(leaf: bytes, receipt: Receipt, *, log_key: LogKey | str) -> tuple[Finding, ...]:
    """Check a receipt for the bytes of an entry. Trustworthy if every finding is ok: `receipt_ok`."""
    findings: list[Finding] = []

    def check(code: str, problem: Problem | None, where: str = "") -> None:
        zh, en = _TEXTS[code]
        if problem is not None:
            zh, en = f"不成立:{zh}", f"does not hold: {en} ({problem.what})"
            where = where or problem.where
        findings.append(Finding(code, problem is None, zh, en, where))

    key = _caught(lambda: log_key if isinstance(log_key, LogKey) else LogKey.parse(log_key))
    if isinstance(key, Problem):
        check("log-key", key)
        return tuple(findings)
    leaf_hash = key.profile.leaf_hash(leaf)
    given = _caught(lambda: from_base64(receipt.leaf_hash))
    if given != leaf_hash:
        given = Malformed("the hash in the receipt is of other bytes")
    check("leaf-hash", given if isinstance(given, Problem) else None, "leaf_hash")
    text = _caught(lambda: open_note(receipt.checkpoint, [key]))
    check("checkpoint-signature", text if isinstance(text, Problem) else None, "checkpoint")
    if isinstance(text, Problem):
        return tuple(findings)
    checkpoint = _caught(lambda: Checkpoint.parse(text))
    if isinstance(checkpoint, Problem):
        check("checkpoint-signature", checkpoint)
        return tuple(findings)
    same = receipt.log == checkpoint.origin == key.name
    check("log-origin", None if same else Malformed("another log is named"), "log")
    inclusion = _caught(
        lambda: verify_inclusion(
            key.profile,
            leaf_hash=leaf_hash,
            index=receipt.index,
            size=checkpoint.size,
            path=[from_base64(line, where="proof") for line in receipt.proof],
            root=checkpoint.root,
        )
    )
    check("inclusion", inclusion, "proof")
    return tuple(findings)


def verify_receipt_json(leaf: bytes, data: bytes, *, log_key: LogKey | str) -> tuple[Finding, ...]:
    """The same for the bytes of a receipt file: broken JSON is a finding too."""
    receipt = _caught(lambda: Receipt.from_json(data))
    zh, en = _TEXTS["receipt-form"]
    if isinstance(receipt, Problem):
        text = f"does not hold: {en} ({receipt.what})"
        return (Finding("receipt-form", False, f"不成立:{zh}", text, receipt.where),)
    return (Finding("receipt-form", True, zh, en), *verify_receipt(leaf, receipt, log_key=log_key))


def receipt_ok(findings: tuple[Finding, ...]) -> bool:
    """Whether all checks were made and all hold."""
    made = {finding.code for finding in findings}
    needed = {"leaf-hash", "checkpoint-signature", "log-origin", "inclusion"}
    return needed <= made and all(finding.ok for finding in findings)


def _caught(deed: Callable[[], T]) -> T | Problem:
    try:
        return deed()
    except Problem as problem:
        return problem
