"""Receipts (回执): all that is needed to show offline that an entry is in the log.

A receipt holds the signed checkpoint and the path from the leaf to its root. It is written as JSON,
or as the text of C2SP tlog-proof. Verification answers one finding per check and never raises for
what it is given to judge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from openrhip.formats.gm.findings import Finding
from openrhip.kernel.canonical import parse_json
from openrhip.kernel.errors import Malformed, Problem
from openrhip.ledger.rules.checkpoints import Checkpoint
from openrhip.ledger.rules.encoding import from_base64
from openrhip.ledger.rules.entries import Entry
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

    def to_json(self) -> bytes:
        """The one canonical spelling (RFC 8785)."""
        return _canonical(self.to_dict())

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
        """Read a receipt from outside, only in its canonical spelling. Raises Malformed."""
        receipt = cls.from_dict(parse_json(data, limit=MAX_RECEIPT))
        if receipt.to_json() != data:
            raise Malformed("the receipt is not in its canonical spelling", where="receipt")
        return receipt

    def to_tlog_proof(self) -> str:
        """The receipt as C2SP tlog-proof text (without its leaf hash, which the entry gives)."""
        return "\n".join([_PROOF_HEAD, f"index {self.index}", *self.proof, "", self.checkpoint])


def verify_receipt(leaf: bytes, receipt: Receipt, *, log_key: LogKey | str) -> tuple[Finding, ...]:
    """Check a receipt for the bytes of an entry; `receipt_ok` tells whether all of it holds."""
    key = _caught(lambda: log_key if isinstance(log_key, LogKey) else LogKey.parse(log_key))
    if isinstance(key, Problem):
        return (_finding("log-key", key),)
    leaf_hash = key.profile.leaf_hash(leaf)
    findings = [_leaf_hash(receipt, leaf_hash)]
    checkpoint = _caught(lambda: Checkpoint.parse(open_note(receipt.checkpoint, [key])))
    if isinstance(checkpoint, Problem):
        return (*findings, _finding("checkpoint-signature", checkpoint, "checkpoint"))
    findings.append(_finding("checkpoint-signature", None, "checkpoint"))
    same = receipt.log == checkpoint.origin == key.name
    findings.append(
        _finding("log-origin", None if same else Malformed("another log is named"), "log")
    )
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
    findings.append(_finding("inclusion", inclusion, "proof"))
    return tuple(findings)


def _leaf_hash(receipt: Receipt, leaf_hash: bytes) -> Finding:
    given = _caught(lambda: from_base64(receipt.leaf_hash))
    if given == leaf_hash:
        return _finding("leaf-hash", None, "leaf_hash")
    problem = given if isinstance(given, Problem) else Malformed("it is that of other bytes")
    return _finding("leaf-hash", problem, "leaf_hash")


def verify_receipt_json(leaf: bytes, data: bytes, *, log_key: LogKey | str) -> tuple[Finding, ...]:
    """The same for the bytes of a receipt file: broken JSON is a finding too."""
    receipt = _caught(lambda: Receipt.from_json(data))
    if isinstance(receipt, Problem):
        return (_finding("receipt-form", receipt),)
    return (_finding("receipt-form", None), *verify_receipt(leaf, receipt, log_key=log_key))


def evidence(entry: Entry, receipt: Receipt) -> bytes:
    """An entry with its receipt as one canonical JSON file, to be handed to anybody."""
    return _canonical({"entry": json.loads(entry.leaf), "receipt": receipt.to_dict()})


def verify_evidence(data: bytes, *, log_key: LogKey | str) -> tuple[Finding, ...]:
    """Check the bytes of an evidence file; a newline may follow."""
    read = _caught(lambda: _read_evidence(data.removesuffix(b"\n")))
    if isinstance(read, Problem):
        return (_finding("receipt-form", read),)
    entry, receipt = read
    return (_finding("receipt-form", None), *verify_receipt(entry.leaf, receipt, log_key=log_key))


def _read_evidence(data: bytes) -> tuple[Entry, Receipt]:
    value = parse_json(data, limit=MAX_RECEIPT)
    if not isinstance(value, dict) or set(value) != {"entry", "receipt"}:
        raise Malformed("evidence has exactly an entry and a receipt", where="evidence")
    if not isinstance(value["entry"], dict) or "kind" not in value["entry"]:
        raise Malformed("an entry is an object with a kind", where="entry")
    kind = value["entry"].pop("kind")
    entry, receipt = Entry(kind, value["entry"]), Receipt.from_dict(value["receipt"])
    if evidence(entry, receipt) != data:
        raise Malformed("the evidence is not in its canonical spelling", where="evidence")
    return entry, receipt


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


def _canonical(value: Mapping[str, Any]) -> bytes:
    # RFC 8785 for texts, lists and small whole numbers under ASCII names, at the speed of json.
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace")


def _finding(code: str, problem: Problem | None, where: str = "") -> Finding:
    zh, en = _TEXTS[code]
    if problem is None:
        return Finding(code, True, zh, en, where)
    text = f"does not hold: {en} ({problem.what})"
    return Finding(code, False, f"不成立:{zh}", text, where or problem.where)
