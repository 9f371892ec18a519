"""What signatures of a file protect, and what a change may touch (签名保护范围).

A change to a protected part would break the signature: it is refused, with what to do instead.
Sources: GB/T 33190-2016 §18; the draft of OFD-H (annotation list unprotected).
"""

from __future__ import annotations

from collections.abc import Collection

from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.notices import Notices
from openrhip.formats.ofd.package import Package
from openrhip.kernel.errors import Malformed, Problem, Refused

ENCRYPTED = ("Encryptions.xml",)
_INTEGRITY = "OFDEntries.xml"


def signed(package: Package) -> bool:
    """Whether any document of the package has signatures."""
    return bool(_listed(package))


def _listed(package: Package) -> tuple[records.Listed, ...]:
    present = [d for d in package.documents if d.signatures and d.signatures in package]
    return records.listed(package) if present else ()


def protected(package: Package) -> frozenset[str]:
    """The parts that at least one signature protects. What cannot be read counts as protecting
    everything."""
    found: set[str] = set()
    for line in _listed(package):
        try:
            record = records.read_record(package, line)
        except Problem:
            return frozenset(package.parts)
        found |= record.covered | record.own_parts
    return frozenset(found)


def allow(package: Package, touched: Collection[str], doing: str) -> None:
    """Raises Refused if a signature protects a part that is to be changed."""
    refuse_encrypted(package)
    if _INTEGRITY in package:
        raise Refused(
            f"{doing}: the file has an integrity list (防夹带) that fixes all of its parts",
            where=_INTEGRITY,
            remedy="change the document it was made from, and make the list anew",
        )
    if not signed(package):
        return
    hit = sorted(set(touched) & protected(package))
    if hit:
        raise Refused(
            f"{doing}: a signature of the file protects what would change",
            where=hit[0],
            remedy="change the unsigned document and sign it again; or take a copy without "
            "signatures (merge --drop-signatures)",
        )


def refuse_encrypted(package: Package) -> None:
    if any(name in package for name in ENCRYPTED):
        raise Refused(
            "the file is encrypted", where=ENCRYPTED[0], remedy="decrypt it first (ofd decrypt)"
        )


def leave_signatures(package: Package, name: str, notices: Notices, *, drop: bool) -> None:
    """Signatures end with the file they were made for: without `drop` that is refused."""
    refuse_encrypted(package)
    if _INTEGRITY in package:
        notices.note(
            "integrity.dropped",
            "完整性清单（防夹带）不随页带入",
            "the integrity list is not carried over",
            name,
        )
    try:
        count = len(_listed(package))
    except Malformed:
        count = 1
    if not count:
        return
    if not drop:
        raise Refused(
            "the file is signed, and signatures cannot be carried into another file",
            where=name,
            remedy="add --drop-signatures to take its pages without signatures and seals",
        )
    notices.note(
        "signatures.dropped",
        f"未带入 {count} 个签名或签章，其印章图案也不再显示",
        f"{count} signatures or seals were not carried over; their pictures no longer show",
        name,
    )
