"""真实性: who made the document, when, and that it is still what they signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from openrhip.directory.rules import holders
from openrhip.formats.gm import sm3
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd.verifying import SignatureReport
from openrhip.records.checks.case import Case
from openrhip.records.checks.report import Fault

SEAL, SIGN = "Seal", "Sign"
LEEWAY = timedelta(minutes=10)  # clocks of two machines may differ by this much
ANNOTATIONS = "ofd.annotations"
_UNSIGNED = (
    "去除该注释，或重新签名盖章后提交",
    "take the note out, or sign and seal the record again",
)
_AGAIN = ("重新签名、盖章后提交", "sign and seal it again, then deposit")


def nothing_changed(case: Case) -> Iterator[Fault]:
    """All digests, the list of parts and the container are as they were signed.

    OFD-H lets notes be added to a signed record; what comes into the archive carries none that its
    signatures do not protect: a note could hide what was signed.
    """
    yield from _failed(case.report.findings)
    for finding in case.report.findings:
        if finding.ok and finding.code == ANNOTATIONS:
            yield Fault(finding.text_zh, finding.text_en, finding.where, *_UNSIGNED)


def signatures_hold(case: Case) -> Iterator[Fault]:
    """Each signature and seal: value, digests, certificate chain, revocation, timestamp."""
    for signature in case.report.signatures:
        yield from _failed(signature.findings, signature.id)


def both_there(case: Case) -> Iterator[Fault]:
    """At least one signature of a person, and the institution's seal as the last word."""
    kinds = [signature.kind for signature in case.report.signatures]
    if SIGN not in kinds:
        yield Fault(
            "缺少医务人员的电子签名",
            "The signature of a member of staff is missing.",
            "Signatures.xml",
            "由作者签名",
            "have its author sign it",
        )
    if SEAL not in kinds:
        yield Fault(
            "缺少机构电子印章",
            "The institution's seal is missing.",
            "Signatures.xml",
            "加盖机构电子印章",
            "have the institution seal it",
        )
    elif kinds[-1] != SEAL:
        yield Fault(
            "机构印章之后又有签名",
            "A signature was added after the seal.",
            "Signatures.xml",
            "最后盖章",
            "seal it last",
        )


def sealed_by_sender(case: Case) -> Iterator[Fault]:
    """The seal is that of the institution which deposits, and which the source names."""
    facts = case.facts
    for seal in _of_kind(case, SEAL):
        code = holders.institution_code(seal.holder)
        if code not in facts.codes:
            yield Fault(
                "印章不属于提交文档的机构",
                "The seal is not the depositing institution's.",
                seal.id,
                f"由 {facts.institution_name} 盖章后提交",
                "deposit only what your own institution sealed",
            )
        elif not holders.speaks_for(seal.holder, code, names=facts.names):
            yield Fault(
                "印章不是用机构证书加盖的",
                "The seal was not set with the institution's own certificate.",
                seal.id,
                "用机构证书盖章，不得用人员证书",
                "seal with the institution's certificate, not with one of its staff",
            )
        elif not holders.is_name(seal.seal, facts.names):
            yield Fault(
                "印章名称不是登记的机构名称",
                "The seal bears a name that is not registered for the institution.",
                f"{seal.id} {seal.seal}",
                f"使用名称为 {facts.institution_name} 的印章，或登记该名称",
                "use the seal with the registered name, or have that name registered",
            )
    if case.document.custodian.code not in facts.codes:
        yield Fault(
            "源文档的保管机构不是提交文档的机构",
            "The source names another institution as custodian.",
            "/ClinicalDocument/custodian",
            "由保管机构提交",
            "let the custodian deposit it",
        )


def signed_by_staff(case: Case) -> Iterator[Fault]:
    """Each signer is registered and active staff of the institution."""
    facts = case.facts
    for signature in _of_kind(case, SIGN):
        code = holders.staff_code(signature.holder)
        known = facts.staff(code) if code else None
        if known is None:
            yield Fault(
                "签名人未在本中心登记",
                "The signer is not registered here.",
                f"{signature.id} {code}",
                "先登记医务人员",
                "register the member of staff first",
            )
        elif not known.active or known.institution_code not in facts.codes:
            yield Fault(
                "签名人不是本机构在岗人员",
                "The signer is no active member of this institution.",
                f"{signature.id} {code}",
                "更新人员登记或由在岗人员签名",
                "update the registration, or have active staff sign",
            )


def signed_by_author(case: Case) -> Iterator[Fault]:
    """One of the signers is an author or authenticator named in the source."""
    document = case.document
    people = [*document.authors, *document.authenticators]
    people += [document.legal_authenticator] if document.legal_authenticator else []
    named = {one.code for one in people if one.code}
    signers = {holders.staff_code(one.holder) for one in _of_kind(case, SIGN)}
    if signers and not signers & named:
        yield Fault(
            "签名人不是源文档中的作者或审核者",
            "No signer is an author or authenticator of the source.",
            "/ClinicalDocument/author",
            "由源文档所列作者签名",
            "have an author named in the source sign",
        )


def time_is_proven(case: Case) -> Iterator[Fault]:
    """Each signature has a timestamp, not before the record was made and not in the future."""
    made = case.document.created_at
    for signature in case.report.signatures:
        if not signature.timestamped or signature.time is None:
            yield Fault(
                "签名没有可信时间戳", "The signature has no timestamp.", signature.id, *_AGAIN
            )
        elif signature.time > case.facts.at + LEEWAY:
            yield Fault(
                "签名时间晚于当前时间",
                "The signature is from the future.",
                signature.id,
                "校准签章系统时钟",
                "set the clock of the signing system",
            )
        elif made is not None and signature.time < made - LEEWAY:
            yield Fault(
                "签名早于文档生成时间",
                "The signature is older than the record.",
                signature.id,
                *_AGAIN,
            )


def metadata_agrees(case: Case) -> Iterator[Fault]:
    """What the OFD says of the record is what the source's header says."""
    document = case.document
    stated = case.package.metadata
    identifier = document.document_id
    expected = {
        "Kind": document.kind.code,
        "DocumentId": f"{identifier.root}/{identifier.extension}",
        "Institution": document.custodian.code,
        "SourceSM3": sm3.hexdigest(case.package.read(case.sources[0].part)),
        "PatientName": document.patient.name,
        "Confidentiality": document.confidentiality.code or "N",
    }
    for name, value in expected.items():
        if stated.get(name, value) != value:
            yield Fault(
                f"元数据 {name} 与源文档不符",
                f"The metadata {name} differs from the source.",
                "OFD.xml",
                "由同一源文档重新排版",
                "lay the pages out from this very source",
            )


def _of_kind(case: Case, kind: str) -> list[SignatureReport]:
    return [one for one in case.report.signatures if one.kind == kind]


def _failed(findings: tuple[Finding, ...], signature: str = "") -> Iterator[Fault]:
    for finding in findings:
        if not finding.ok:
            where = f"{signature} {finding.where}".strip()
            yield Fault(finding.text_zh, finding.text_en, where, *_AGAIN)
