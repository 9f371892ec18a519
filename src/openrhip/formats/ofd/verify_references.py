"""The protected parts of a signature (签名保护的文件): is each there, with its digest?"""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.formats.gm import oids
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd.signing_records import Record, Reference
from openrhip.formats.ofd.verify_findings import Context, failed, held
from openrhip.kernel.errors import NotVerified

KEYED = "1.2.156.10197.1.401.2"
"""SM3 with a key (HMAC): whoever has no key can say nothing."""
_SM3 = {oids.SM3, f"{oids.SM3}.1", "sm3"}
_WEAK = {"md5", "sha1", "sha-1", "", "1.2.840.113549.2.5", oids.SHA1}
_MOST_NAMED = 20


def references(context: Context, record: Record, later: Sequence[Record]) -> list[Finding]:
    """One finding for all, one for each that fails, and one for each if the report is detailed."""
    method = record.check_method.strip().lower()
    if method in _WEAK:
        name = record.check_method or "MD5"
        return [
            failed(
                "ofd.weak",
                f"摘要算法 {name} 已不安全，不予承认",
                f"digests by {name} are weak and not accepted",
                record.part,
            )
        ]
    if method == KEYED:
        raise NotVerified(f"digests by SM3 with a key ({KEYED})", where=record.part)
    if method not in _SM3:
        raise NotVerified(f"digests by {record.check_method[:60]}", where=record.part)
    wrong: list[Finding] = []
    right: list[Finding] = []
    for reference in record.references:
        finding = _fault(context, reference, record, later)
        if finding:
            wrong.append(finding)
        elif context.detailed:
            known = context.names.of(reference.part)
            right.append(
                held(
                    "ofd.reference",
                    f"{known.zh}摘要相符",
                    f"{known.en}: its digest matches",
                    reference.part,
                )
            )
    most = len(wrong) if context.detailed else _MOST_NAMED
    return [*(wrong[:most] or [_all(len(record.references))]), *right]


def _all(count: int) -> Finding:
    return held("ofd.digests", f"{count} 个文件的摘要全部相符", f"all {count} digests match")


def _fault(
    context: Context, reference: Reference, record: Record, later: Sequence[Record]
) -> Finding | None:
    """What is wrong with a protected part, if anything."""
    if not reference.part:
        return failed(
            "ofd.missing",
            f"签名 {record.id} 保护的文件已不在包内：在其后被移除",
            f"a part that signature {record.id} protects is missing: it was removed after it",
            reference.location[:200],
        )
    if context.digest_or_none(reference.part) != reference.digest:
        return _changed(context, reference.part, record, later)
    return None


def _changed(context: Context, part: str, record: Record, later: Sequence[Record]) -> Finding:
    now = context.digest_or_none(part)
    keeper = next((one.id for one in later if one.digests.get(part, b"") == now), "")
    until_zh, until_en = (f"、签名 {keeper} 之前", f" and before {keeper}") if keeper else ("", "")
    name = context.names.of(part)
    return failed(
        "ofd.digest",
        f"{name.zh}在签名 {record.id} 之后{until_zh}被改动：摘要不符",
        f"{name.en} was changed after signature {record.id}{until_en}: its digest differs",
        part,
    )
