"""Judging a bundle offline: container, manifest, ledger entries, checkpoints, and the document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from openrhip.formats import ofd
from openrhip.formats.gm import certs, sm3
from openrhip.formats.gm.chain import MAKERS, TrustStore
from openrhip.formats.gm.crl import Crl
from openrhip.formats.gm.findings import Finding
from openrhip.kernel.canonical import canonical_json, parse_json
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.errors import Malformed, Problem
from openrhip.ledger.rules import (
    Checkpoint,
    Entry,
    LogKey,
    Receipt,
    verify_consistency,
    verify_receipt,
)
from openrhip.ledger.rules.encoding import from_base64
from openrhip.ledger.rules.notes import open_note
from openrhip.records.bundle.building import (
    AFTER_MANIFEST,
    CHECKPOINT,
    CONSISTENCY,
    DEPOSIT,
    DOCUMENT,
    EVIDENCE,
    EXPORT,
    FORMAT,
    LOG_KEY,
    MANIFEST,
)
from openrhip.records.bundle.container import differs, unpack
from openrhip.records.bundle.verdict import BundleReport

_MOST_JSON = 1 << 20


@dataclass
class _Bench:
    """A bundle on the bench: its files, and what was learned so far."""

    files: dict[str, bytes]
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    signatures: tuple[dict[str, Any], ...] = ()
    existed_at: str = ""

    def say(self, code: str, *, ok: bool, zh: str, en: str, where: str = "") -> None:
        self.findings.append(Finding(code, ok, zh, en, where))

    def wrong(self, code: str, zh: str, en: str, where: str = "") -> None:
        self.say(code, ok=False, zh=zh, en=en, where=where)


def verify(
    data: bytes,
    trust: TrustStore | None = None,
    log_key: LogKey | str | None = None,
    *,
    trust_inside: bool = False,
) -> BundleReport:
    """Judge a bundle. Without `trust` or `log_key` those inside are used, a note says so, and the
    verdict is indeterminate at best: anyone can make a bundle that agrees with itself.

    trust_inside: the verifier has compared the keys inside with the published ones.
    Raises Malformed or TooLarge only if the bytes are no bundle at all.
    """
    bench = _Bench(unpack(data))
    place = differs(data, bench.files)
    bench.say(
        "bundle.container",
        ok=not place,
        zh="容器逐字节符合规定形式" if not place else "容器字节被改动",
        en="the container has its one form" if not place else "bytes of the container were changed",
        where=place,
    )
    _manifest(bench)
    key = _key(bench, log_key)
    if key is not None:
        _ledger(bench, key)
    _document(bench, trust)
    return BundleReport(
        findings=tuple(bench.findings),
        document=dict(bench.manifest.get("document", {})),
        deposited_at=_time(bench, DEPOSIT),
        exported_at=_time(bench, EXPORT),
        notes=tuple(bench.notes),
        signatures=bench.signatures,
        trust_inside=trust_inside,
        existed_at=bench.existed_at,
    )


def _manifest(bench: _Bench) -> None:
    """The manifest has its form; every file is listed and is what it was."""
    manifest = _canonical(bench, MANIFEST)
    if not _is_manifest(manifest):
        bench.wrong("bundle.manifest", "清单缺失或格式不符", "no manifest of this form", MANIFEST)
        return
    bench.manifest = manifest
    listed: dict[str, str] = manifest["files"]
    for name in sorted(set(bench.files) - set(listed) - AFTER_MANIFEST):
        bench.wrong("bundle.closure", "夹带未列入清单的文件", "a file is not listed", name)
    for name, digest in sorted(listed.items()):
        if name not in bench.files:
            bench.wrong("bundle.closure", "缺少清单中的文件", "a listed file is missing", name)
            continue
        ok = sm3.hexdigest(bench.files[name]) == digest
        bench.say(
            "bundle.digest",
            ok=ok,
            zh="摘要与清单一致" if ok else "文件被改动:摘要与清单不符",
            en="the digest is the listed one" if ok else "the file was changed",
            where=name,
        )


def _is_manifest(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.get("format") == FORMAT
        and isinstance(value.get("document"), dict)
        and isinstance(value.get("files"), dict)
        and all(isinstance(digest, str) for digest in value["files"].values())
    )


def _key(bench: _Bench, given: LogKey | str | None) -> LogKey | None:
    """The log key to verify with: the verifier's own, else the one inside with a note."""
    inside = bench.files.get(LOG_KEY, b"").decode("utf-8", "replace")
    try:
        own = given if isinstance(given, LogKey) else LogKey.parse(given) if given else None
        found = own or LogKey.parse(inside)
    except Problem as problem:
        bench.wrong("bundle.log-key", "账本公钥无法读取", f"log key: {problem.what}", LOG_KEY)
        return None
    if own is None:
        bench.notes.append(
            Finding(
                "bundle.log-key-inside",
                ok=True,
                text_zh=f"账本公钥取自证明包本身,请与公布的公钥核对:{found}",
                text_en=f"the log key is the bundle's own; compare it with the published: {found}",
                where=LOG_KEY,
            )
        )
    elif inside != f"{own}\n":
        bench.wrong("bundle.log-key", "包内账本公钥与给定的不同", "another log key", LOG_KEY)
    return found


def _ledger(bench: _Bench, key: LogKey) -> None:
    """Both entries with their receipts; the export binds the manifest; one log, not two."""
    checkpoint = _checkpoint(bench, key)
    sizes: set[int] = set()
    for name in (DEPOSIT, EXPORT):
        receipt = _entry(bench, name, key)
        if receipt is not None and checkpoint is not None:
            sizes.add(_follows(bench, name, receipt, checkpoint, key))
    proofs = _canonical(bench, CONSISTENCY)
    extra = set(proofs) - {str(size) for size in sizes} if isinstance(proofs, dict) else {"?"}
    if extra:
        bench.wrong("bundle.consistency", "一致性证明被改动", "foreign proofs", CONSISTENCY)
    _bound(bench)


def _entry(bench: _Bench, name: str, key: LogKey) -> Receipt | None:
    """One entry and its receipt; what fails is named with the file it is in."""
    leaf_file, receipt_file = f"entries/{name}.json", f"entries/{name}.receipt.json"
    leaf = bench.files.get(leaf_file, b"")
    value = _canonical(bench, receipt_file)
    try:
        bench.entries[name] = Entry.parse(leaf)
    except Problem as problem:
        bench.wrong("ledger.entry", "账本条目无法读取", f"entry: {problem.what}", leaf_file)
    try:
        receipt = Receipt.from_dict(value)
    except Problem as problem:
        bench.wrong("ledger.receipt", "回执无法读取", f"receipt: {problem.what}", receipt_file)
        return None
    for finding in verify_receipt(leaf, receipt, log_key=key):
        # The receipt holds only the entry's hash: if they part, either file may be the changed one.
        file = f"{leaf_file}, {receipt_file}" if finding.code == "leaf-hash" else receipt_file
        where = f"{file} {finding.where}".strip()
        code = f"ledger.{finding.code}"
        bench.say(code, ok=finding.ok, zh=finding.text_zh, en=finding.text_en, where=where)
    return receipt


def _checkpoint(bench: _Bench, key: LogKey) -> Checkpoint | None:
    try:
        note = bench.files.get(CHECKPOINT, b"").decode("utf-8")
        checkpoint = Checkpoint.parse(open_note(note, [key]))
    except (Problem, UnicodeDecodeError) as problem:
        what = problem.what if isinstance(problem, Problem) else "not UTF-8"
        bench.wrong("ledger.checkpoint", "检查点不成立", f"checkpoint: {what}", CHECKPOINT)
        return None
    bench.say(
        "ledger.checkpoint",
        ok=True,
        zh=f"检查点由账本签名,共 {checkpoint.size} 条",
        en=f"the log signed a checkpoint of {checkpoint.size} entries",
        where=CHECKPOINT,
    )
    return checkpoint


def _follows(bench: _Bench, name: str, receipt: Receipt, newest: Checkpoint, key: LogKey) -> int:
    """The receipt's checkpoint is an earlier state of the newest one; answers its size."""
    where = f"{CONSISTENCY} {name}"
    try:
        old = Checkpoint.parse(open_note(receipt.checkpoint, [key]))
        proofs = _canonical(bench, CONSISTENCY)
        lines = proofs.get(str(old.size)) if isinstance(proofs, dict) else None
        if not isinstance(lines, list):
            raise Malformed("no consistency proof for this receipt")
        verify_consistency(
            key.profile,
            old=old.size,
            new=newest.size,
            old_root=old.root,
            new_root=newest.root,
            proof=[from_base64(str(line)) for line in lines],
        )
    except Problem as problem:
        text = f"not shown to be one log: {problem.what}"
        bench.wrong("bundle.consistency", "不能证明属于同一部账本", text, where)
        return 0
    bench.say(
        "bundle.consistency",
        ok=True,
        zh="回执的检查点与最新检查点属于同一部账本",
        en="the receipt's checkpoint and the newest are of one log",
        where=where,
    )
    return old.size


def _bound(bench: _Bench) -> None:
    """The export's entry names this manifest; both entries name this document."""
    digest = sm3.hexdigest(bench.files.get(DOCUMENT, b""))
    listed = bench.manifest.get("document", {}).get("sm3")
    for name in (DEPOSIT, EXPORT):
        entry = bench.entries.get(name)
        right = entry is not None and entry.kind == name
        ok = right and entry is not None and entry.fields.get("document") == digest == listed
        bench.say(
            "bundle.document",
            ok=ok,
            zh="账本条目即为本文件" if ok else "账本条目不是本文件",
            en="the entry is of this document" if ok else "the entry is of another document",
            where=f"entries/{name}.json",
        )
    export = bench.entries.get(EXPORT)
    manifest = sm3.hexdigest(bench.files.get(MANIFEST, b""))
    ok = export is not None and export.fields.get("manifest") == manifest
    bench.say(
        "bundle.manifest-entered",
        ok=ok,
        zh="清单已登记在账本中" if ok else "清单被改动:与账本登记的不同",
        en="the manifest is in the ledger" if ok else "the manifest is not the entered one",
        where=MANIFEST,
    )


def _document(bench: _Bench, trust: TrustStore | None) -> None:
    """The document's own signatures, seal, chains and timestamps, as of the export."""
    try:
        store = trust or _trust_inside(bench)
        if trust is not None:
            # Revocation lists are believed only if their issuer signed: those inside may help.
            store = trust.with_crls(_crls(bench))
        at = _instant(_time(bench, EXPORT))
        report = _judged(bench, store, at)
    except Problem as problem:
        bench.wrong("document", "文件无法核验", f"cannot be verified: {problem.what}", DOCUMENT)
        return
    for finding in report.all_findings():
        where = f"{DOCUMENT} {finding.where}".strip()
        bench.findings.append(
            Finding(finding.code, finding.ok, finding.text_zh, finding.text_en, where)
        )
    bench.say(
        "document.verdict",
        ok=report.ok,
        zh=f"签名与印章总体结论:{report.verdict}",
        en=f"signatures and seals: {report.verdict}",
        where=DOCUMENT,
    )
    bench.signatures = tuple(
        {
            "kind": one.kind,
            "signer": one.signer,
            "organization": one.organization,
            "seal": one.seal,
            "time": one.time.isoformat() if one.time else None,
            "verdict": one.verdict,
        }
        for one in report.signatures
    )


def _judged(bench: _Bench, store: TrustStore, at: datetime | None) -> ofd.Report:
    """The document's signatures: by its evidence record, as of the instant this proves, if any."""
    content = bench.files.get(DOCUMENT, b"")
    if EVIDENCE not in bench.files:
        return ofd.verify(content, trust=store, at=at)
    found = ofd.verify_evidenced(content, bench.files[EVIDENCE], trust=store, at=at)
    for finding in found.evidence.all_findings():
        where = f"{EVIDENCE} {finding.where}".strip()
        bench.findings.append(replace(finding, where=where))
    proven = found.evidence.proven
    bench.existed_at = rfc3339(proven) if proven else ""
    return found.document


def _trust_inside(bench: _Bench) -> TrustStore:
    makers = _certificates(bench, f"trust/{MAKERS}/")
    found = [one for one in _certificates(bench, "trust/") if one not in makers]
    roots = [one for one in found if one.self_issued]
    prints = ", ".join(one.fingerprint for one in roots)
    bench.notes.append(
        Finding(
            "bundle.trust-inside",
            ok=True,
            text_zh=f"信任根取自证明包本身,请核对其 SM3 指纹:{prints}",
            text_en=f"the roots are the bundle's own; compare their SM3 fingerprints: {prints}",
            where="trust/",
        )
    )
    issuers = [one for one in found if not one.self_issued]
    return TrustStore(roots, tuple(_crls(bench)), issuers, makers)


def _certificates(bench: _Bench, folder: str) -> list[certs.Certificate]:
    return [
        certificate
        for name, data in bench.files.items()
        if name.startswith(folder) and name.endswith(".cert.pem")
        for certificate in certs.load_all(data)
    ]


def _crls(bench: _Bench) -> Iterator[Crl]:
    for name, data in bench.files.items():
        if name.startswith("trust/") and name.endswith(".crl.pem"):
            yield Crl.from_pem(data)


def _canonical(bench: _Bench, name: str) -> Any:
    """The JSON of a file, or None (and a finding) if it is missing, broken or not canonical."""
    data = bench.files.get(name)
    try:
        value = parse_json(data or b"", limit=_MOST_JSON)
        same = canonical_json(value) == data
    except Problem:
        value, same = None, False
    if not same and not any(f.code == "bundle.form" and f.where == name for f in bench.findings):
        bench.wrong("bundle.form", "文件缺失、损坏或被改动", "missing, damaged or changed", name)
    return value if same else None


def _time(bench: _Bench, name: str) -> str:
    entry = bench.entries.get(name)
    return str(entry.fields.get("time", "")) if entry else ""


def _instant(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError:
        return None
