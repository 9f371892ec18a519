"""What the header of every kind must satisfy (文档头校验).

A rule is data: a code, where it looks, when it holds, and what the person who must correct it does.
Clauses: WS/T 500-2016 (header elements and cardinality), GB 11643 (identity number), GB 32100.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from openrhip.formats.cda import numbers, oids
from openrhip.formats.cda.body import bad_time
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.model import ClinicalDocument, Finding, Moment
from openrhip.kernel.clock import CITY_ZONE

_HEAD = "/ClinicalDocument"
_ROLE = f"{_HEAD}/recordTarget/patientRole"
_VISIT = f"{_HEAD}/componentOf/encompassingEncounter"
_LEEWAY = timedelta(minutes=10)  # clocks of two machines may differ by this much
_LONGEST_HEADER = 200  # characters
_OLDEST_AGE = 135
_SEXES = frozenset("0129")
_BODY = f"{_HEAD}/component"
BIRTHS = frozenset({Kind.LABOUR, Kind.BIRTH, Kind.CAESAREAN})  # their headers carry no sex


@dataclass(frozen=True, slots=True)
class Rule:
    """`holds(document, now)` is asked; the texts are what the sender reads when it does not."""

    code: str
    where: str
    holds: Callable[[ClinicalDocument, datetime], bool]
    text_zh: str
    text_en: str
    remedy: str

    remedy_zh: str

    def finding(self) -> Finding:
        return Finding(
            self.code, False, self.text_zh, self.text_en, self.where, self.remedy, self.remedy_zh
        )


def _some_number(document: ClinicalDocument, _: datetime) -> bool:
    patient = document.patient
    return bool(
        patient.id_number
        or patient.health_card
        or patient.outpatient_number
        or patient.inpatient_number
        or patient.number(oids.CASE)
    )


def _short_header(document: ClinicalDocument, _: datetime) -> bool:
    """Header texts that stand in the head of each page; the longest honest address is far below."""
    patient = document.patient
    texts = [
        patient.address, patient.household, patient.employer, patient.birthplace, patient.phone,
        patient.native_place, patient.age, document.custodian.name, patient.sex.text,
        *(one.extension for one in patient.ids), *(one.name for one in document.encounter.places),
    ]  # fmt: skip
    return all(len(text) <= _LONGEST_HEADER for text in texts)


def _printable_id(document: ClinicalDocument, _: datetime) -> bool:
    extension = document.document_id.extension
    return len(extension) <= 128 and extension.isprintable()


def _number_holds(document: ClinicalDocument, _: datetime) -> bool:
    number = document.patient.id_number
    return not number or numbers.person_number_holds(number.upper())


def _birth_agrees(document: ClinicalDocument, now: datetime) -> bool:
    patient = document.patient
    if not patient.id_number or not patient.birth_date or not _number_holds(document, now):
        return True
    return numbers.birth_date_of(patient.id_number) == patient.birth_date


def _sex_agrees(document: ClinicalDocument, now: datetime) -> bool:
    patient = document.patient
    if not patient.id_number or patient.sex.code not in {"1", "2"}:
        return True
    return not _number_holds(document, now) or (
        numbers.sex_of(patient.id_number) == patient.sex.code
    )


def _past(at: Moment | None, now: datetime) -> bool:
    return at is None or at.at is None or at.at <= now + _LEEWAY


def _made(document: ClinicalDocument) -> Moment | None:
    return document.effective_time or None


def _born_sanely(document: ClinicalDocument, now: datetime) -> bool:
    born = document.patient.birth_date
    today = now.astimezone(CITY_ZONE).date()
    return born is None or (born <= today and born.year >= today.year - _OLDEST_AGE)


def _in_order(document: ClinicalDocument, _: datetime) -> bool:
    visit = document.encounter
    if not (visit.start and visit.end and visit.start.at and visit.end.at):
        return True
    return visit.start.at.date() <= visit.end.at.date()


def _begun_alive(document: ClinicalDocument, _: datetime) -> bool:
    born, visit = document.patient.birth_date, document.encounter.start
    return not (born and visit and visit.at) or born <= visit.at.astimezone(CITY_ZONE).date()


def _custodian_code(document: ClinicalDocument, _: datetime) -> bool:
    code = document.custodian.code
    return len(code) != 18 or numbers.body_code_holds(code)  # a 22-digit registration has no check


def _replacement(document: ClinicalDocument, _: datetime) -> bool:
    old = document.replaces
    if old is None:
        return document.version == 1
    return (
        old.document_id != document.document_id
        and document.version > (old.version or 0)
        and document.version > 1
    )


def _own_set(document: ClinicalDocument, _: datetime) -> bool:
    old = document.replaces
    return old is None or not old.set_id or old.set_id == document.set_id


RULES = (
    Rule(
        "document-id", f"{_HEAD}/id",
        lambda it, _: bool(it.document_id.root and it.document_id.extension),
        "缺少文档流水号", "The document has no id with root and extension.",
        "Give every document its own serial number (OID 2.16.156.10011.1.1).",
        "为每份文档赋予唯一流水号（OID 2.16.156.10011.1.1）",
    ),
    Rule(
        "document-id-shape", f"{_HEAD}/id",
        _printable_id,
        "文档流水号过长或含不可见字符", "The document id is too long or not printable.",
        "Use at most 128 printable characters.",
        "使用不超过128个可见字符",
    ),
    Rule(
        "title", f"{_HEAD}/title", lambda it, _: len(it.title) <= 100,
        "文档标题过长", "The title has more than 100 characters.", "Shorten the title.",
        "缩短标题",
    ),
    Rule(
        "document-time", f"{_HEAD}/effectiveTime", lambda it, _: bool(it.effective_time),
        "缺少文档生成时间", "The document does not say when it was made.",
        "Fill effectiveTime with YYYYMMDDHHMMSS.",
        "填写effectiveTime，格式YYYYMMDDHHMMSS",
    ),
    Rule(
        "document-time-future", f"{_HEAD}/effectiveTime",
        lambda it, now: _past(_made(it), now),
        "文档生成时间晚于当前时间", "The document was made in the future.",
        "Set the clock of the sending system and export again.",
        "校准发送系统时钟后重新导出",
    ),
    Rule(
        "language", f"{_HEAD}/languageCode", lambda it, _: it.language in {"", "zh-CN"},
        "文档语言应为zh-CN", "The language of the document is not zh-CN.",
        "Write languageCode code='zh-CN'.",
        "填写languageCode code='zh-CN'",
    ),
    Rule(
        "confidentiality", f"{_HEAD}/confidentialityCode",
        lambda it, _: it.confidentiality.code in {"N", "R", "V"},
        "缺少保密级别或取值不在N、R、V内", "The confidentiality is none of N, R, V.",
        "N is normal, R restricted, V very restricted.",
        "N为普通、R为限制、V为非常限制",
    ),
    Rule(
        "patient-name", f"{_ROLE}/patient/name", lambda it, _: bool(it.patient.name),
        "缺少患者姓名", "The patient has no name.", "Fill patient/name.",
        "填写patient/name",
    ),
    Rule(
        "patient-name-length", f"{_ROLE}/patient/name", lambda it, _: len(it.patient.name) <= 100,
        "患者姓名过长", "The patient's name has more than 100 characters.",
        "Check the export: name holds something else.",
        "检查导出：姓名处填入了其他内容",
    ),
    Rule(
        "header-text-length", _ROLE, _short_header,
        "文档头中的地址、单位、编号或科室名称过长",
        "An address, institution, number or department of the header has over 200 characters.",
        "Check the export: a field holds something else.",
        "检查导出：某字段填入了其他内容",
    ),
    Rule(
        "patient-id", f"{_ROLE}/id", _some_number,
        "缺少患者标识（身份证号、健康卡号、门诊号、住院号至少一项）",
        "The patient has no identity, health card, outpatient or inpatient number.",
        "Fill at least one; it is how the record finds its person.",
        "至少填写一项，用于关联患者",
    ),
    Rule(
        "id-number", f"{_ROLE}/patient/id", _number_holds,
        "公民身份号码不符合GB 11643（长度、日期或校验码）",
        "The identity number breaks GB 11643 (length, date or check digit).",
        "Read the number again from the identity card.",
        "按身份证件核对号码",
    ),
    Rule(
        "birth-disagrees", f"{_ROLE}/patient/birthTime", _birth_agrees,
        "出生日期与公民身份号码不一致", "Date of birth and identity number disagree.",
        "Correct whichever was keyed wrongly.",
        "更正录错的一项",
    ),
    Rule(
        "sex-disagrees", f"{_ROLE}/patient/administrativeGenderCode", _sex_agrees,
        "性别与公民身份号码不一致", "Sex and identity number disagree.",
        "Correct whichever was keyed wrongly.",
        "更正录错的一项",
    ),
    Rule(
        "sex", f"{_ROLE}/patient/administrativeGenderCode",
        lambda it, _: it.patient.sex.code in _SEXES or (it.kind in BIRTHS and not it.patient.sex),
        "性别代码应取自GB/T 2261.1（0、1、2、9）", "The sex code is none of GB/T 2261.1.",
        "Use 1 male, 2 female, 0 unknown, 9 not stated.",
        "1男、2女、0未知、9未说明",
    ),
    Rule(
        "birth", f"{_ROLE}/patient/birthTime",
        lambda it, _: bool(it.patient.birth) or bool(it.patient.age),
        "缺少出生日期", "The patient has no date of birth.", "Fill birthTime with YYYYMMDD.",
        "填写birthTime，格式YYYYMMDD",
    ),
    Rule(
        "birth-range", f"{_ROLE}/patient/birthTime", _born_sanely,
        "出生日期晚于今天或过早", "The date of birth lies in the future or too far back.",
        "Correct birthTime.",
        "更正birthTime",
    ),
    Rule(
        "author", f"{_HEAD}/author", lambda it, _: any(one.name for one in it.authors),
        "缺少文档作者", "The document has no author with a name.", "Fill author/assignedAuthor.",
        "填写author/assignedAuthor",
    ),
    Rule(
        "custodian", f"{_HEAD}/custodian", lambda it, _: bool(it.custodian.code),
        "缺少文档管理机构代码", "The custodian has no institution code.",
        "Fill id (OID 2.16.156.10011.1.5) with the institution's code.",
        "填写机构代码（OID 2.16.156.10011.1.5）",
    ),
    Rule(
        "custodian-name", f"{_HEAD}/custodian", lambda it, _: bool(it.custodian.name),
        "缺少文档管理机构名称", "The custodian has no name.", "Fill the institution's name.",
        "填写机构名称",
    ),
    Rule(
        "custodian-code", f"{_HEAD}/custodian", _custodian_code,
        "机构统一社会信用代码不符合GB 32100", "The institution's code breaks GB 32100.",
        "Copy the code from the institution's certificate.",
        "按机构证书核对代码",
    ),
    Rule(
        "encounter-order", f"{_VISIT}/effectiveTime", _in_order,
        "就诊结束时间早于开始时间", "The encounter ends before it begins.",
        "Correct low and high.",
        "更正low与high",
    ),
    Rule(
        "encounter-future", f"{_VISIT}/effectiveTime/low",
        lambda it, now: _past(it.encounter.start, now),
        "就诊开始时间晚于当前时间", "The encounter begins in the future.", "Correct low.",
        "更正low",
    ),
    Rule(
        "encounter-before-birth", f"{_VISIT}/effectiveTime/low", _begun_alive,
        "就诊开始时间早于出生日期", "The encounter begins before the patient's birth.",
        "Correct low or birthTime.",
        "更正low或birthTime",
    ),
    Rule(
        "replacement", f"{_HEAD}/relatedDocument", _replacement,
        "版本号与被替代文档不一致", "Version number and replaced document do not agree.",
        "A first version has number 1 and replaces nothing; a correction has a higher number, "
        "an id of its own and relatedDocument RPLC.",
        "首版版本号为1且不替代文档；更正文档应有新流水号、更高版本号并以relatedDocument RPLC指明",
    ),
    Rule(
        "set-id", f"{_HEAD}/setId", _own_set,
        "文档集合标识与被替代文档不一致", "The correction belongs to another set of versions.",
        "Keep the setId of the first version.",
        "沿用首版的setId",
    ),
)  # fmt: skip


def faults_of(document: ClinicalDocument, now: datetime) -> Iterator[Finding]:
    """What the header breaks, and what could not be read in it."""
    for fault in document.faults:
        if not fault.where.startswith(_BODY):
            yield fault
    for rule in RULES:
        if not rule.holds(document, now):
            yield rule.finding()
    yield from _times(document, now)


def _times(document: ClinicalDocument, now: datetime) -> Iterator[Finding]:
    """Times of the header that cannot be read, and signatures from the future."""
    visit = document.encounter
    places = [
        (document.effective_time, f"{_HEAD}/effectiveTime"),
        (document.patient.birth, f"{_ROLE}/patient/birthTime"),
        (visit.start, f"{_VISIT}/effectiveTime/low"),
        (visit.end, f"{_VISIT}/effectiveTime/high"),
    ]
    people = [*document.authors, *document.authenticators]
    people += [document.legal_authenticator] if document.legal_authenticator else []
    for person in people:
        where = f"{_HEAD}/{person.kind}/time"
        places.append((person.time, where))
        if not _past(person.time, now):
            yield Finding(
                "signature-future", False, "签名时间晚于当前时间",
                "A signature is from the future.",
                where, "Set the clock of the sending system and export again.",
                "校准发送系统时钟后重新导出",
            )  # fmt: skip
    for at, where in places:
        if at and at.at is None:
            yield bad_time(where)
