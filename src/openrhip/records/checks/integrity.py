"""完整性: nothing is missing, nothing was added, source and pages say the same."""

from __future__ import annotations

from collections.abc import Iterator

from openrhip.formats import cda
from openrhip.formats.cda import ClinicalDocument, agreement
from openrhip.formats.cda.agreement import squeezed
from openrhip.formats.gm import sm3
from openrhip.kernel.errors import Problem
from openrhip.records.checks.case import Case, NotReadable
from openrhip.records.checks.report import Fault


def as_announced(case: Case) -> Iterator[Fault]:
    """Size and SM3 are those the hospital announced."""
    facts = case.facts
    if len(case.content) != facts.size or sm3.hexdigest(case.content) != facts.digest:
        yield Fault(
            "收到的字节与申报的大小或摘要不符",
            "The bytes received are not those that were announced.",
            "",
            "重新上传",
            "upload again",
        )


def source_inside(case: Case) -> Iterator[Fault]:
    """Exactly one CDA document travels inside and can be read."""
    number = len(case.sources)
    if number != 1:
        yield Fault(
            f"应附一份 CDA 源文档，实有 {number} 份",
            f"One CDA source belongs inside; there are {number}.",
            "Attachments.xml",
            "将 WS/T 500 共享文档作为唯一的 XML 附件",
            "attach the shared document (WS/T 500) as the only XML",
        )
    elif isinstance(case.parsed, Problem):
        problem = case.parsed
        yield Fault(
            "CDA 源文档无法解析",
            f"The CDA source cannot be read: {problem.what}",
            problem.where,
            "按 WS/T 500 生成源文档",
            problem.remedy or "write it in the shape of WS/T 500",
        )


def source_complete(case: Case) -> Iterator[Fault]:
    """The CDA satisfies the rules of its standard: every fault with its own remedy."""
    for finding in cda.check(case.document):
        if not finding.ok:
            yield Fault(
                finding.text_zh,
                finding.text_en,
                finding.where,
                finding.remedy_zh or "更正后重新提交",
                finding.remedy,
            )


def pages_say_the_same(case: Case) -> Iterator[Fault]:
    """What the header says stands on the pages: name, kind of record, institution, numbers."""
    if isinstance(case.texts, Problem):
        raise NotReadable
    pages = squeezed("".join(case.texts))
    for label_zh, label_en, value in _shown(case.document):
        if value and squeezed(value) not in pages:
            yield Fault(
                f"页面上没有源文档中的{label_zh}",
                f"The pages do not show the source's {label_en}.",
                label_en,
                "由同一源文档重新排版",
                "lay the pages out from this very source",
            )


def tags_agree(case: Case) -> Iterator[Fault]:
    """Each region tagged with a data element shows what the source says (`cda.agreement`)."""
    document = case.document
    source = case.package.read(case.sources[0].part)
    for name in agreement.disagreements(document, source, case.regions):
        yield Fault(
            "标引的页面内容与源文档不符",
            "A tagged region shows what the source does not say.",
            name,
            "由同一源文档重新排版",
            "lay the pages out from this very source",
        )


def version_follows(case: Case) -> Iterator[Fault]:
    """No record comes twice under one id; a correction names the newest archived version."""
    document = case.document
    if case.facts.prior(source_id(document.document_id)) is not None:
        yield Fault(
            "同一文档流水号的文档已归档",
            "A document with this id is in the archive already.",
            "/ClinicalDocument/id",
            "如需更正，使用新流水号并以 relatedDocument RPLC 指明被替代的文档",
            "to correct it use a new id, and name the replaced document (relatedDocument RPLC)",
        )
    if document.replaces is None:
        return
    prior = case.facts.prior(source_id(document.replaces.document_id))
    where = "/ClinicalDocument/relatedDocument"
    if prior is None:
        yield Fault(
            "被替代的文档未在本中心归档",
            "The replaced document is not in the archive.",
            where,
            "先提交原文档",
            "deposit the original first",
        )
    elif prior.superseded:
        yield Fault(
            "被替代的文档已有更新版本",
            "The replaced document has a newer version already.",
            where,
            "替代最新版本",
            "replace the newest version",
        )
    elif document.version <= prior.version:
        yield Fault(
            "版本号未递增",
            "The version number does not go up.",
            "/ClinicalDocument/versionNumber",
            f"应大于 {prior.version}",
            f"use a number above {prior.version}",
        )


def source_id(identifier: cda.Identifier) -> str:
    """The identity of a CDA document as one text."""
    return f"{identifier.root}^{identifier.extension}"


def _shown(document: ClinicalDocument) -> Iterator[tuple[str, str, str]]:
    patient = document.patient
    yield "患者姓名", "patient's name", patient.name
    yield "性别", "sex", patient.sex.display
    yield "机构名称", "institution's name", document.custodian.name
    author = next((one.name for one in document.authors if one.name), "")
    yield "作者姓名", "author's name", author
