"""Building a bundle: manifest first, then the export's own entry over it, then the container."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from openrhip.formats.gm import sm3
from openrhip.kernel.canonical import canonical_json
from openrhip.kernel.clock import rfc3339
from openrhip.ledger.rules import Entry, LogKey, Receipt
from openrhip.ledger.rules.encoding import to_base64
from openrhip.records.bundle.container import pack
from openrhip.records.bundle.readme import README

FORMAT = "openrhip-bundle-1"
DOCUMENT, MANIFEST, LOG_KEY = "document.ofd", "manifest.json", "log.key"
CHECKPOINT, CONSISTENCY = "checkpoint.txt", "consistency.json"
EVIDENCE = "evidence.ers"
DEPOSIT, EXPORT = "deposit", "export"
# What comes into being after the manifest: each of these is bound by the log's signature instead.
AFTER_MANIFEST = frozenset(
    {
        MANIFEST,
        CHECKPOINT,
        CONSISTENCY,
        f"entries/{EXPORT}.json",
        f"entries/{EXPORT}.receipt.json",
    }
)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the manifest lists. facts: of the document, texts and whole numbers only.

    trust: file name → PEM of roots, issuers and revocation lists. record: the evidence record of
    the document (RFC 4998), or nothing.
    """

    document_digest: str
    document_size: int
    facts: Mapping[str, str | int]
    deposit: Entry
    deposit_receipt: Receipt
    log_key: LogKey
    trust: Mapping[str, bytes]
    made_at: datetime
    record: bytes = b""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the ledger gave for the export. consistency: size of a receipt's tree → proof."""

    export: Entry
    receipt: Receipt
    checkpoint: str
    consistency: Mapping[int, Sequence[bytes]]


def manifest_of(parts: Parts) -> bytes:
    """The manifest: SM3 of every file that exists before the export is entered."""
    digests = {name: sm3.hexdigest(data) for name, data in _early(parts).items()}
    digests[DOCUMENT] = parts.document_digest
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "made_at": rfc3339(parts.made_at),
        "document": {**parts.facts, "sm3": parts.document_digest, "size": parts.document_size},
        "files": digests,
    }
    return canonical_json(manifest)


def build(parts: Parts, document: bytes, manifest: bytes, evidence: Evidence) -> bytes:
    """The finished bundle."""
    consistency = {
        str(size): [to_base64(node) for node in proof]
        for size, proof in evidence.consistency.items()
    }
    files = {
        **_early(parts),
        DOCUMENT: document,
        MANIFEST: manifest,
        CHECKPOINT: evidence.checkpoint.encode(),
        CONSISTENCY: canonical_json(consistency),
        f"entries/{EXPORT}.json": evidence.export.leaf,
        f"entries/{EXPORT}.receipt.json": canonical_json(evidence.receipt.to_dict()),
    }
    return pack(files)


def _early(parts: Parts) -> dict[str, bytes]:
    return {
        "README.txt": README.encode(),
        LOG_KEY: f"{parts.log_key}\n".encode(),
        f"entries/{DEPOSIT}.json": parts.deposit.leaf,
        f"entries/{DEPOSIT}.receipt.json": canonical_json(parts.deposit_receipt.to_dict()),
        **{f"trust/{name}": data for name, data in parts.trust.items()},
        **({EVIDENCE: parts.record} if parts.record else {}),
    }
