"""Entries (存证条目): what is written down, as canonical JSON, and why no personal data can get in.

Every field has a grammar: opaque ids and digests in hex, codes, times, counts. Free text has no
place. A code with the shape of an identity number or a telephone number is refused. The grammar of
a kind is compiled into one regular expression over the canonical bytes, so that form, order of keys
and content of thousands of entries a second are checked by one match each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from openrhip.kernel.canonical import parse_json
from openrhip.kernel.errors import Malformed, TooLarge

MAX_LEAF = 4_096

# 18-digit identity number with a believable birth date, the old 15-digit one, a mobile number.
_PERSONAL = (
    r"(?:\d{6}(?:18|19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx]"
    r"|(?<!\d)\d{8}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)"
    r"|(?<!\d)1[3-9]\d{9}(?!\d))"
)
# All of these have eleven digits in a row; most codes have not, and are done with that.
_NO_PERSON = rf'(?:(?![^"]*\d{{11}})|(?![^"]*{_PERSONAL}))'

TYPES = {
    # An id made by the platform, or an HMAC or digest: 128 to 256 bits in lower-case hex.
    "opaque": r'"[0-9a-f]{32,64}+"',
    "digest": r'"[0-9a-f]{64}"',
    "code": rf'"{_NO_PERSON}[A-Za-z0-9][A-Za-z0-9._:-]{{0,63}}+"',
    "time": r'"20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d\.\d{6}Z"',
    "count": r"(?:0|[1-9]\d{0,14})",
    "signature": r'"[A-Za-z0-9+/]{86,160}+={0,2}"',
    "decision": '"(?:permit|deny)"',
}

COMMON = {
    # Each name with its type and meaning.
    "time": ("time", "when it happened, RFC 3339 in UTC to the microsecond"),
    "actor": ("opaque", "commitment to who did it"),
    "role": ("code", "role in which the actor acted"),
    "institution": ("code", "institution of the actor, its code or id"),
    "patient": ("opaque", "commitment to or opaque id of whose data it is"),
    "patient_seq": ("count", "running number of entries about this patient"),
    "previous": ("digest", "leaf hash of the entry before it about this patient"),
    "document": ("digest", "digest or salted commitment of the document"),
    "document_id": ("opaque", "opaque id of the document"),
    "document_kind": ("code", "kind of the document, such as C0053"),
    "version": ("count", "version of the document"),
    "supersedes": ("digest", "digest of the document that this one replaces"),
    "purpose": ("code", "purpose of use"),
    "policy_set": ("digest", "digest of the policy set that decided"),
    "decision": ("decision", "permit or deny"),
    "reason": ("opaque", "commitment to a reason given in words"),
    "reason_code": ("code", "reason out of a closed list"),
    "subject": ("opaque", "id or commitment of the consent, policy or person that it is about"),
    "other": ("opaque", "the second person of a merge"),
    "action": ("code", "give, withdraw, merge, unmerge, activate, ..."),
    "scope": ("digest", "digest of the scope of a consent"),
    "until": ("time", "when a consent ends"),
    "count": ("count", "how many"),
    "manifest": ("digest", "root of a list that is kept elsewhere"),
    "request_hash": ("digest", "digest of the request that caused it"),
    "signer": ("opaque", "fingerprint of the certificate of the requester"),
    "signature": ("signature", "the requester's signature over the request, base64"),
}

KINDS: dict[str, frozenset[str]] = {
    # kind: required fields; every other common field may be given
    "deposit": frozenset({"time", "document", "institution"}),
    "disclose": frozenset({"time", "actor", "patient", "document", "purpose", "policy_set"}),
    "refuse": frozenset({"time", "actor", "purpose"}),
    "consent": frozenset({"time", "patient", "subject", "action"}),
    "policy": frozenset({"time", "policy_set", "action"}),
    "export": frozenset({"time", "actor", "patient", "document"}),
    "emergency": frozenset({"time", "actor", "patient", "purpose", "reason"}),
    "identity": frozenset({"time", "subject", "action"}),
    "evidence": frozenset({"time", "manifest", "action", "count"}),
    # a batch of collected data: document is the digest of its manifest, document_kind its table
    "batch": frozenset({"time", "institution", "document", "document_kind", "action", "count"}),
    # an analyst's question to the collected tables: document is the digest of its text, count the
    # rows answered, manifest the digest of the list of its tables; refused ones as well
    "query": frozenset({"time", "actor", "document", "action", "count"}),
}
_DECIDED = {"disclose": "permit", "emergency": "permit", "export": "permit", "refuse": "deny"}


@dataclass(frozen=True, slots=True)
class Entry:
    """kind: one of KINDS; fields: names of COMMON to text or whole numbers. Checked when made."""

    kind: str
    fields: Mapping[str, str | int]

    def __post_init__(self) -> None:
        if not _fits(self.leaf):
            raise _diagnosis({**self.fields, "kind": self.kind})

    @property
    def leaf(self) -> bytes:
        """The bytes that are hashed: RFC 8785 canonical JSON, one flat object."""
        # Plain json writes RFC 8785 here: names and values that pass the grammar are ASCII, and
        # numbers are whole.
        value = {**self.fields, "kind": self.kind}
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")

    @classmethod
    def parse(cls, leaf: bytes) -> Entry:
        """Read the bytes of a leaf; only the canonical form is accepted. Raises Malformed."""
        value = json.loads(check_leaf(leaf))
        return cls(value.pop("kind"), value)


def check_leaf(leaf: bytes) -> bytes:
    """The leaf itself if it is a canonical entry. Raises Malformed or TooLarge with a diagnosis."""
    if _fits(leaf):
        return leaf
    if len(leaf) > MAX_LEAF:
        raise TooLarge(f"an entry has at most {MAX_LEAF} bytes", where="entry")
    value = parse_json(leaf, limit=MAX_LEAF)
    if not isinstance(value, dict):
        raise Malformed("an entry is a JSON object", where="entry")
    raise _diagnosis(value)


@lru_cache(maxsize=64)
def _grammar(kind: bytes) -> re.Pattern[bytes] | None:
    """The grammar of a kind, compiled when it is first met; None for an unknown kind."""
    return _compile(kind.decode()) if kind.decode() in KINDS else None


def _compile(kind: str) -> re.Pattern[bytes]:
    types = {name: TYPES[type_] for name, (type_, _) in COMMON.items()}
    types["kind"] = f'"{kind}"'
    if kind in _DECIDED:
        types["decision"] = f'"{_DECIDED[kind]}"'
    required = KINDS[kind] | {"kind"}
    parts = []
    for name in sorted(types):
        # Every field starts with a comma, the first as well: `_fits` puts it there. So an optional
        # field that is absent is passed over by its first letters.
        field = f',"{name}":{types[name]}'
        parts.append(field if name in required else f"(?:{field})?+")
    return re.compile("".join(parts).encode())


_KIND = re.compile(rb'"kind":"([a-z]{1,20})"')
_FIELDS = {name: re.compile(TYPES[type_].encode()) for name, (type_, _) in COMMON.items()}
_LOOKS_PERSONAL = re.compile(_PERSONAL)


def _fits(leaf: bytes) -> bool:
    kind = _KIND.search(leaf)
    grammar = _grammar(kind[1]) if kind else None
    if grammar is None or len(leaf) > MAX_LEAF or leaf[:1] + leaf[-1:] != b"{}":
        return False
    return grammar.fullmatch(b"," + leaf[1:-1]) is not None


def _diagnosis(value: Mapping[str, Any]) -> Malformed:
    """Every reason why this is no entry. Values are never repeated: they may be personal."""
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        known = ", ".join(KINDS)
        return Malformed("no such kind of entry", where="kind", remedy=f"one of: {known}")
    wrong = [name for name in sorted(KINDS[kind]) if name not in value]
    reasons = [f"{name} is missing" for name in wrong]
    for name in sorted(set(value) - {"kind"}, key=str):
        if reason := _reason(kind, name, value[name]):
            wrong.append(name if name in COMMON else "unknown")
            reasons.append(reason)
    if not reasons:
        return Malformed("an entry is written as canonical JSON (RFC 8785)", where=kind)
    return Malformed("; ".join(reasons)[:500], where=f"{kind}/{wrong[0]}")


def _reason(kind: str, name: str, value: object) -> str:
    if name not in COMMON:
        return "a field that no entry has"
    if isinstance(value, str) and _LOOKS_PERSONAL.search(value) and COMMON[name][0] == "code":
        return f"{name} looks like an identity or telephone number"
    data = json.dumps(value).encode() if isinstance(value, str | int) else b""
    if not _FIELDS[name].fullmatch(data) or isinstance(value, bool):
        return f"{name} is not of the form {COMMON[name][0]}"
    if name == "decision" and value != _DECIDED.get(kind, value):
        return f"decision of {kind} is {_DECIDED[kind]}"
    return ""
