"""Deposit (归档接收): check, archive, enter into the ledger, answer with a receipt.

Order: bytes durable → row → ledger entry under the row's own key → receipt into the row. A crash
anywhere leaves a row without receipt, which nobody sees; the hospital's next attempt, or
`finish_pending`, goes on from it, and the ledger places an entry of one key only once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError

from openrhip.directory import service as directory
from openrhip.directory.service import Institution, RequestProof, trust
from openrhip.formats.gm import sm3
from openrhip.kernel import clock, events, ids
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound, TooLarge, Unavailable
from openrhip.ledger.rules import Entry
from openrhip.records import checks, reading
from openrhip.records.checks.integrity import source_id
from openrhip.records.checks.report import Fault, FourReport, Line, Property, Result
from openrhip.records.models import Document, Refusal
from openrhip.records.rules import DepositOutcome, Media, check_upload
from openrhip.records.service import evidence, vault

DEPOSITED, REFUSED = "records.deposited", "records.refused"


def deposit(
    *,
    institution: str,
    content: bytes,
    digest: str | None = None,
    size: int | None = None,
    media: str = Media.OFD,
    request: RequestProof | None = None,
) -> DepositOutcome:
    """Judge and keep a document of an institution. Idempotent by the digest of its bytes.

    digest and size: as announced by the hospital, by default those of the content. Raises NotFound
    for an unknown institution, Malformed, TooLarge, Unavailable (the same call may succeed later).
    """
    actual = sm3.hexdigest(content)
    check_upload(size=len(content), digest=actual, media=media)
    home = directory.institution(institution)
    if done := archived(institution=home.code, digest=actual):
        return done
    facts = _facts(
        home, digest=digest or actual, size=len(content) if size is None else size, at=clock.now()
    )
    report, case = checks.examine(content, facts)
    entry_id = ""
    if report.ok:
        report, entry_id = _identify(report, case, home.code)
    if report.ok and case.document.replaces:
        report = _same_patient(report, case, entry_id)
    if not report.ok:
        return _refuse(report, facts, actual, request)
    return _archive(case, report, entry_id, request)


def archived(*, institution: str, digest: str) -> DepositOutcome | None:
    """The answer given before for these bytes; finishes what a crash left unfinished."""
    row = Document.objects.filter(institution=institution, digest=digest).first()
    return None if row is None else _document_outcome(_settle_document(row), already=True)


def deposited(*, institution: str, digest: str) -> DepositOutcome:
    """What became of these bytes: receipt or newest refusal. Raises NotFound."""
    if done := archived(institution=institution, digest=digest):
        return done
    row = (
        Refusal.objects.filter(institution=institution, digest=digest)
        .order_by("-refused_at")
        .first()
    )
    if row is None:
        raise NotFound("these bytes never came to an end here", where="sm3")
    return _refusal_outcome(_settle_refusal(row), already=True)


def finish_pending(*, most: int = 100) -> int:
    """Bring rows without receipt into the ledger; for the worker. Answers how many."""
    done = 0
    for row in Document.objects.filter(receipt__isnull=True).order_by("deposited_at")[:most]:
        _settle_document(row)
        done += 1
    for refusal in Refusal.objects.filter(receipt__isnull=True).order_by("refused_at")[:most]:
        _settle_refusal(refusal)
        done += 1
    return done


def four_properties(
    content: bytes, *, institution: str, at: datetime | None = None
) -> checks.FourReport:
    """The four-property report alone: nothing is kept. Raises NotFound."""
    home = directory.institution(institution)
    digest, when = sm3.hexdigest(content), at or clock.now()
    facts = _facts(home, digest=digest, size=len(content), at=when)
    return checks.examine(content, facts)[0]


def _facts(home: Institution, *, digest: str, size: int, at: datetime) -> checks.Facts:
    """What the centre knows around a file of this institution."""
    return checks.Facts(
        institution=home.code,
        institution_name=home.name,
        aliases=home.aliases,
        codes=frozenset({home.code}),
        digest=digest,
        size=size,
        at=at,
        trust=trust.store(),
        staff=_staff,
        prior=lambda source: _prior(home.code, source),
    )


def _identify(report: FourReport, case: checks.Case, institution: str) -> tuple[FourReport, str]:
    """The patient's own entry in the index, which stays theirs through merges and unmerges.

    A claim the index refuses becomes a line of the report.
    """
    claim = reading.claim_of(case.document)
    try:
        if claim.birth_date is None:
            raise Malformed("the date of birth is missing", where="birth_date")
        found = directory.identify(
            name=claim.name,
            sex=claim.sex,
            birth_date=claim.birth_date,
            id_number=claim.id_number,
            health_card=claim.health_card,
            phone=claim.phone,
            local_id=claim.local_id,
            source=institution,
        )
    except (Malformed, TooLarge) as problem:
        fault = Fault(
            "患者无法在主索引中登记",
            f"The patient index cannot take this patient: {problem.what}",
            f"/ClinicalDocument/recordTarget {problem.where}".strip(),
            "更正患者信息后重新提交",
            problem.remedy or "correct the patient's particulars and deposit again",
        )
        line = Line(
            "WZ-07", Property.INTEGRITY, "患者可识别", "the patient can be identified",
            Result.FAILED, (fault,),
        )  # fmt: skip
        return FourReport((*report.lines, line)), ""
    return report, found.entry_id


def _same_patient(report: FourReport, case: checks.Case, entry_id: str) -> FourReport:
    """A correction is about the patient whose record it replaces; else a line of the report."""
    replaced = case.document.replaces
    prior = case.facts.prior(source_id(replaced.document_id)) if replaced else None
    if prior is None or prior.person_id in directory.same_person_ids(entry_id):
        return report
    fault = Fault(
        "被替代的文档是另一位患者的",
        "The replaced document is another patient's.",
        "/ClinicalDocument/relatedDocument",
        "核对患者身份；确为同一人时，先在主索引中合并",
        "check whose record it is; if it is the same person, have the index merge the two first",
    )
    line = Line(
        "WZ-08", Property.INTEGRITY, "更正不换患者", "a correction keeps its patient",
        Result.FAILED, (fault,),
    )  # fmt: skip
    return FourReport((*report.lines, line))


def _archive(
    case: checks.Case, report: FourReport, entry_id: str, request: RequestProof | None
) -> DepositOutcome:
    facts = case.facts
    fields = reading.index_of(case.document)
    earlier = _newest(facts.institution, fields.replaces) if fields.replaces else None
    document_id, now = ids.new_id(), clock.now()
    kept = vault.keep([case.content], document_id=document_id)
    leaf = {
        "kind": "deposit",
        "time": rfc3339(now),
        "document": facts.digest,
        "document_id": document_id,
        "document_kind": fields.kind,
        "version": fields.version,
        "institution": facts.institution,
        "patient": directory.person_pseudonym(entry_id),
        **({"supersedes": earlier.digest} if earlier else {}),
        **evidence.requested(request),
    }
    row = Document(
        id=document_id,
        institution=facts.institution,
        digest=facts.digest,
        size=len(case.content),
        media=Media.OFD,
        stored_key=kept.stored_key,
        wrapped_key=kept.wrapped_key,
        key_id=kept.key_id,
        kind=fields.kind,
        title=fields.title,
        person_id=entry_id,
        source_id=fields.source_id,
        set_id=fields.set_id,
        version=fields.version,
        replaces=earlier,
        author=fields.author,
        author_name=fields.author_name[:100],
        department=fields.department,
        department_code=fields.department_code,
        level=fields.level,
        pages=len(case.package.pages),
        recorded_at=fields.recorded_at or now,
        deposited_at=now,
        leaf=leaf,
        report=report.as_dict(),
    )
    try:
        with writing():
            row.save(force_insert=True)
    except IntegrityError as error:
        vault.store().delete(kept.stored_key)
        if done := archived(institution=facts.institution, digest=facts.digest):
            return done  # the same bytes came twice at once
        raise Conflict(
            "the same record, or another correction of its version, came a moment earlier",
            where="relatedDocument",
            remedy="ask again: the answer will say which",
        ) from error
    return _document_outcome(_settle_document(row))


def _settle_document(row: Document) -> Document:
    if row.receipt is None:
        receipt = _enter(evidence.entry_of(row.leaf), row.id)
        with writing():
            if Document.objects.filter(pk=row.pk, receipt__isnull=True).update(receipt=receipt):
                # Who made a record of a person has been treating that person.
                directory.note_relation(
                    person_id=row.person_id,
                    institution_code=row.institution,
                    source="records",
                    since=row.recorded_at,
                )
                events.publish(
                    DEPOSITED,
                    {
                        "document_id": row.id,
                        "institution": row.institution,
                        "person_id": row.person_id,
                    },
                )
        row.refresh_from_db()
    return row


def _refuse(
    report: FourReport, facts: checks.Facts, digest: str, request: RequestProof | None
) -> DepositOutcome:
    same = {
        "institution": facts.institution,
        "digest": digest,
        "fingerprint": report.fingerprint,
    }
    if known := Refusal.objects.filter(**same).first():
        return _refusal_outcome(_settle_refusal(known), already=True)
    refusal_id, now = ids.new_id(), clock.now()
    reasons = [line.id for line in report.failed]
    leaf = {
        "kind": "refuse",
        "time": rfc3339(now),
        "actor": evidence.commitment(evidence.salt_of(refusal_id), facts.institution),
        "purpose": "deposit",
        "institution": facts.institution,
        "document": digest,
        "reason_code": reasons[0],
        "count": len(reasons),
        "decision": "deny",
        **evidence.requested(request),
    }
    try:
        with writing():
            row = Refusal.objects.create(
                id=refusal_id,
                size=facts.size,
                refused_at=now,
                report=report.as_dict(),
                reasons=reasons,
                leaf=leaf,
                **same,
            )
    except IntegrityError:
        row = Refusal.objects.get(**same)
    return _refusal_outcome(_settle_refusal(row))


def _settle_refusal(row: Refusal) -> Refusal:
    if row.receipt is None:
        receipt = _enter(evidence.entry_of(row.leaf), row.id)
        with writing():
            if Refusal.objects.filter(pk=row.pk, receipt__isnull=True).update(receipt=receipt):
                events.publish(REFUSED, {"refusal_id": row.id, "institution": row.institution})
        row.refresh_from_db()
    return row


def _enter(entry: Entry, key: str) -> dict[str, Any]:
    """Into the ledger, once for this key however often it is tried. Raises Unavailable."""
    return evidence.ledger().append(entry, key=key).to_dict()


def _document_outcome(row: Document, *, already: bool = False) -> DepositOutcome:
    return DepositOutcome(
        accepted=True,
        number=row.id,
        digest=row.digest,
        at=row.deposited_at,
        report=row.report,
        receipt=_given(row.receipt),
        leaf=row.leaf,
        already=already,
    )


def _refusal_outcome(row: Refusal, *, already: bool = False) -> DepositOutcome:
    return DepositOutcome(
        accepted=False,
        number=row.id,
        digest=row.digest,
        at=row.refused_at,
        report=row.report,
        receipt=_given(row.receipt),
        leaf=row.leaf,
        already=already,
    )


def _given(receipt: dict[str, Any] | None) -> dict[str, Any]:
    if receipt is None:
        raise Unavailable("the deposit is not in the ledger yet", remedy="ask again")
    return receipt


def _staff(code: str) -> checks.StaffFacts | None:
    try:
        found = directory.staff(code)
    except NotFound:
        return None
    return checks.StaffFacts(found.code, found.institution_code, found.active)


def _newest(institution: str, source_id: str) -> Document | None:
    return (
        Document.objects.kept()
        .filter(institution=institution, source_id=source_id)
        .order_by("-version", "-deposited_at")
        .first()
    )


def _prior(institution: str, source_id: str) -> checks.Prior | None:
    row = _newest(institution, source_id)
    if row is None:
        return None
    superseded = Document.objects.filter(replaces=row).exists()
    return checks.Prior(row.id, row.version, superseded, row.person_id)
