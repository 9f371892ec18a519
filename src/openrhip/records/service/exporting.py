"""Export of proof bundles (导出证明包): a disclosure whose entry binds the bundle's manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from openrhip.directory.service import Actor, Purpose, RequestProof, trust
from openrhip.formats.gm import sm3
from openrhip.formats.gm.chain import MAKERS
from openrhip.kernel import clock
from openrhip.kernel.errors import NotFound
from openrhip.ledger.rules import Checkpoint, Receipt
from openrhip.records import bundle
from openrhip.records.models import Document
from openrhip.records.rules import Deed
from openrhip.records.service import disclosing, evidence
from openrhip.records.service.preservation import showing


@dataclass(frozen=True, slots=True)
class Export:
    """A finished bundle. name: for the file; content: the ZIP."""

    access_id: str
    name: str
    content: bytes


def export_bundle(
    *,
    who: Actor,
    document_id: str,
    purpose: Purpose,
    request: RequestProof | None = None,
    nonce: str = "",
) -> Export:
    """A bundle of a document for an actor whom the policies allow to take it away.

    Raises NotFound, DisclosureRefused, Unavailable.
    """
    row = Document.objects.kept().filter(pk=document_id).first()
    if row is None or row.receipt is None:
        raise NotFound("no such document", where="document")
    parts = _parts(row)
    manifest = bundle.manifest_of(parts)
    disclosure = disclosing.disclose(
        who=who,
        document_id=document_id,
        purpose=purpose,
        deed=Deed.EXPORT,
        request=request,
        nonce=nonce,
        manifest=sm3.hexdigest(manifest),
    )
    evidenced = _evidence(disclosure, parts.deposit_receipt)
    content = bundle.build(parts, disclosure.content(), manifest, evidenced)
    day = row.recorded_at.astimezone(clock.CITY_ZONE)
    return Export(disclosure.access_id, f"{row.kind}-{day:%Y%m%d}-{row.id[:8]}.zip", content)


def _parts(row: Document) -> bundle.Parts:
    return bundle.Parts(
        document_digest=row.digest,
        document_size=row.size,
        facts={
            "id": row.id,
            "kind": row.kind,
            "title": row.title,
            "institution": row.institution,
            "version": row.version,
            "pages": row.pages,
            "recorded_at": clock.rfc3339(row.recorded_at),
            "deposited_at": clock.rfc3339(row.deposited_at),
        },
        deposit=evidence.entry_of(row.leaf),
        deposit_receipt=Receipt.from_dict(row.receipt or {}),
        log_key=evidence.log_key(),
        trust=_trust_files(trust.folder()),
        made_at=clock.now(),
        record=showing.holding_record_of(row.id),
    )


def _evidence(disclosure: disclosing.Disclosure, deposit: Receipt) -> bundle.Evidence:
    ledger = evidence.ledger()
    note = ledger.checkpoint()
    newest = Checkpoint.parse(note.rpartition("\n\n")[0] + "\n")
    sizes = {deposit.size, disclosure.receipt.size}
    return bundle.Evidence(
        export=disclosure.permit.entry,
        receipt=disclosure.receipt,
        checkpoint=note,
        consistency={
            size: () if size == newest.size else ledger.consistency(size, newest.size)
            for size in sizes
        },
    )


def _trust_files(folder: Path) -> dict[str, bytes]:
    """Roots, issuers, seal makers, revocation lists, under the two endings bundles use."""
    found: dict[str, bytes] = {}
    for path in sorted((*folder.iterdir(), *(folder / MAKERS).glob("*"))):
        if not path.is_file():
            continue
        inside = f"{MAKERS}/" if path.parent != folder else ""
        name = f"{inside}{path.name.partition('.')[0]}"
        if path.name.endswith(".crl.pem") or path.suffix == ".crl":
            found[f"{name}.crl.pem"] = path.read_bytes()
        elif path.suffix in {".pem", ".cer", ".crt"}:
            found[f"{name}.cert.pem"] = path.read_bytes()
    return found
