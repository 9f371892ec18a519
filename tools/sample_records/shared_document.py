"""Writes a shared document (WS/T 500-2016, HL7 CDA R2) from header facts and sections."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from openrhip.formats.cda import oids
from openrhip.formats.cda.kinds import KIND_SYSTEM, Kind
from openrhip.formats.cda.samples.city import CityInstitution, CityPatient, CityStaff

LOINC = oids.LOINC
DE = oids.DATA_ELEMENTS
HEAD = 'xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
ICD10 = ("2.16.156.10011.2.3.3.11.3", "诊断代码表(ICD-10)")
TCM = ("2.16.156.10011.2.3.3.14", "中医病证分类与代码表(GB/T 15657)")
ICD9 = ("2.16.156.10011.2.3.3.12", "手术(操作)代码表(ICD-9-CM)")
LOCAL = "2.16.156.10011.2.3."
SEX = {"1": "男性", "2": "女性"}
MARITAL = {"未婚": "10", "已婚": "20", "丧偶": "30", "离婚": "40"}
ETHNIC = {"汉族": "01", "回族": "03", "维吾尔族": "05"}
WORK = {
    "退(离)休人员": "80", "专业技术人员": "13", "职员": "17", "学生": "31", "农民": "27",
    "企业管理人员": "21", "自由职业者": "51",
}  # fmt: skip
IDS = {
    "outpatient": oids.OUTPATIENT, "inpatient": oids.INPATIENT, "case": oids.CASE,
    "specimen": oids.SPECIMEN, "prescription": oids.PRESCRIPTION, "request": oids.REQUEST,
    "exam": oids.EXAMINATION_REPORT, "lab": oids.LABORATORY_REPORT,
}  # fmt: skip


@dataclass
class Signer:
    role: str
    staff: CityStaff
    time: str = ""
    legal: bool = False


@dataclass
class Record:
    """A sample. Times are HL7 TS text; `numbers` maps keys of IDS to extensions."""

    kind: Kind
    number: str
    at: str
    hospital: CityInstitution
    patient: CityPatient
    author: CityStaff
    numbers: dict[str, str]
    signers: list[Signer] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    department: str = ""
    ward: str = ""
    room: str = ""
    bed: str = ""
    start: str = ""
    end: str = ""
    encounter: str = ""
    title: str = ""
    contact: tuple[str, str, str, str] | None = None
    age: str = ""
    version: int = 1
    replaces: str = ""
    confidentiality: str = "N"
    patient_extra: str = ""
    patient_more: str = ""
    participants: str = ""
    patient_type: tuple[str, str] | None = None
    enterer: CityStaff | None = None


def later(when: str, minutes: int) -> str:
    """A time some minutes after another, as HL7 TS."""
    at = datetime.strptime(when, "%Y%m%d%H%M%S") + timedelta(minutes=minutes)  # noqa: DTZ007
    return at.strftime("%Y%m%d%H%M%S")


def el(tag: str, body: str = "", **attributes: str) -> str:
    shown = "".join(f" {key.replace('xsi_', 'xsi:')}={quoteattr(value)}"
                    for key, value in attributes.items())  # fmt: skip
    return f"<{tag}{shown}>{body}</{tag}>" if body else f"<{tag}{shown}/>"


def ident(root: str, extension: str = "") -> str:
    return el("id", root=root, extension=extension) if extension else el("id", root=root)


def code(value: str, display: str, system: str, name: str, tag: str = "code") -> str:
    return el(tag, code=value, displayName=display, codeSystem=system, codeSystemName=name)


def st(text: str) -> str:
    return f'<value xsi:type="ST">{escape(text)}</value>'


def cd(value: str, display: str, system: str, name: str = "") -> str:
    extra = f" codeSystemName={quoteattr(name)}" if name else ""
    return (
        f'<value xsi:type="CD" code={quoteattr(value)} displayName={quoteattr(display)}'
        f" codeSystem={quoteattr(system)}{extra}/>"
    )


def table_cd(value: str, display: str, table: str, name: str) -> str:
    return cd(value, display, LOCAL + table, name)


def pq(value: str | float, unit: str) -> str:
    return f'<value xsi:type="PQ" value="{value}" unit={quoteattr(unit)}/>'


def mo(value: str) -> str:
    return f'<value xsi:type="MO" value="{value}" currency="元"/>'


def bl(value: bool) -> str:
    return f'<value xsi:type="BL" value="{str(value).lower()}"/>'


def whole(value: int) -> str:
    return f'<value xsi:type="INT" value="{value}"/>'


def ts(value: str) -> str:
    return f'<value xsi:type="TS" value="{value}"/>'


def obs(
    de: str, label: str, value: str, *parts: str, when: str = "", after: str = "",
    qualifier: str = "", system: str = DE, tail: str = "",
) -> str:  # fmt: skip
    """An observation; `after` goes behind the value, `tail` (referenceRange) behind the parts."""
    inner = el("qualifier", el("name", displayName=qualifier)) if qualifier else ""
    name = "卫生信息数据元目录" if system == DE else "住院病案首页基本数据集"
    head = el("code", inner, code=de, displayName=label, codeSystem=system, codeSystemName=name)
    time = el("effectiveTime", value=when) if when else ""
    below = "".join(el("entryRelationship", part, typeCode="COMP") for part in parts)
    whole_text = head + time + value + after + below + tail
    return el("observation", whole_text, classCode="OBS", moodCode="EVN")


def entry(statement: str) -> str:
    return el("entry", statement, typeCode="COMP")


def group(*statements: str, head: str = "") -> str:
    """An organizer BATTERY around observations."""
    inner = "".join(el("component", one, typeCode="COMP") for one in statements)
    status = el("statusCode", code="completed")
    return el("organizer", head + status + inner, classCode="BATTERY", moodCode="EVN")


def para(*texts: str) -> str:
    return "".join(el("paragraph", escape(one)) for one in texts)


def section(
    loinc: str, display: str, *statements: str, text: str = "", title: str = "", system: str = LOINC
) -> str:
    """A section; an empty `loinc` gives a code of display name only, as the standard's own do."""
    head = (
        code(loinc, display, system, "LOINC" if system == LOINC else "卫生信息数据元目录")
        if loinc
        else el("code", displayName=display)
    )
    named = el("title", escape(title)) if title else ""
    body = head + named + (f"<text>{text}</text>" if text else "<text/>")
    return el("component", el("section", body + "".join(entry(one) for one in statements)))


def diagnosis(de: str, label: str, icd: str, name: str, **more: str) -> str:
    return obs(de, label, cd(icd, name, *ICD10), **more)


def _address(patient: CityPatient) -> str:
    rest = patient.address.removeprefix(patient.county)
    return el(
        "addr",
        el("houseNumber", escape(rest)) + el("county", patient.county) + el("city", "南京市")
        + el("state", "江苏省") + el("postalCode", "210000"),
        use="H",
    )  # fmt: skip


def _age(record: Record) -> str:
    born: date = record.patient.birth_date
    at = date(int(record.at[:4]), int(record.at[4:6]), int(record.at[6:8]))
    return str(at.year - born.year - ((at.month, at.day) < (born.month, born.day)))


def _patient(record: Record) -> str:
    one = record.patient
    ids = ident(oids.HEALTH_CARD, one.health_card) if one.health_card else ""
    ids += "".join(ident(IDS[key], value) for key, value in record.numbers.items())
    kind = ""
    if record.patient_type:
        kind = el("patientType", el(
            "patienttypeCode", code=record.patient_type[0], displayName=record.patient_type[1],
            codeSystem=LOCAL + "1.271", codeSystemName="患者类型代码表"))  # fmt: skip
    own = ident(oids.PERSON_NUMBER, one.id_number) if one.id_number else ""
    person = (
        own
        + el("name", escape(one.name))
        + code(one.sex, SEX[one.sex], LOCAL + "3.4", "生理性别代码表(GB/T 2261.1)",
               "administrativeGenderCode")
        + el("birthTime", value=one.birth_date.strftime("%Y%m%d"))
        + code(MARITAL[one.marital], one.marital, LOCAL + "3.5", "婚姻状况代码表(GB/T 2261.2)",
               "maritalStatusCode")
        + code(ETHNIC[one.ethnic], one.ethnic, LOCAL + "3.3", "民族类别代码表(GB/T 3304)",
               "ethnicGroupCode")
        + record.patient_extra
        + el("age", value=record.age or _age(record), unit="岁")
        + record.patient_more
        + el("occupation", code(WORK[one.occupation], one.occupation, LOCAL + "3.13",
                                "从业状况(个人身体)代码表(GB/T 2261.4)", "occupationCode"))
    )  # fmt: skip
    role = (
        ids
        + kind
        + _address(one)
        + (el("telecom", value=one.phone) if one.phone else "")
        + el("patient", person, classCode="PSN", determinerCode="INSTANCE")
        + _organization("providerOrganization", record.hospital)
    )
    return el(
        "recordTarget", el("patientRole", role, classCode="PAT"),
        typeCode="RCT", contextControlCode="OP",
    )  # fmt: skip


def _organization(tag: str, hospital: CityInstitution) -> str:
    inner = ident(oids.INSTITUTION, hospital.code) + el("name", hospital.name)
    return el(tag, inner, classCode="ORG", determinerCode="INSTANCE")


def _signer(signer: Signer) -> str:
    inner = (
        ident(oids.STAFF, signer.staff.code)
        + el("code", displayName=signer.role)
        + el("assignedPerson", el("name", signer.staff.name), classCode="PSN",
             determinerCode="INSTANCE")
    )  # fmt: skip
    tag, kind = ("legalAuthenticator", "LA") if signer.legal else ("authenticator", "AUTHEN")
    return el(
        tag,
        el("time", value=signer.time)
        + el("signatureCode", code="S")
        + el("assignedEntity", inner, classCode="ASSIGNED"),
        typeCode=kind,
    )


def _department_code(record: Record, name: str) -> str:
    return next((one.code for one in record.hospital.departments if one.name == name), "")


def _places(record: Record) -> str:
    chain = _organization("wholeOrganization", record.hospital)
    levels = (
        (oids.WARD, record.ward),
        (oids.DEPARTMENT, record.department),
        (oids.ROOM, record.room),
        (oids.BED, record.bed),
    )
    for root, name in levels:
        if name:
            number = name if root in {oids.ROOM, oids.BED} else _department_code(record, name)
            if root == oids.WARD:
                number = "BQ" + _department_code(record, record.department).replace(".", "")
            inner = ident(root, number) + el("name", escape(name))
            inner += el("asOrganizationPartOf", chain, classCode="PART")
            chain = el("wholeOrganization", inner, classCode="ORG", determinerCode="INSTANCE")
    whole = el("asOrganizationPartOf", chain, classCode="PART")
    facility = el("serviceProviderOrganization", whole, classCode="ORG", determinerCode="INSTANCE")
    return el("location", el("healthCareFacility", facility, classCode="SDLOC"), typeCode="LOC")


def _encounter(record: Record) -> str:
    low = el("low", value=record.start) if record.start else ""
    high = el("high", value=record.end) if record.end else ""
    inner = record.encounter + el("effectiveTime", low + high) + _places(record)
    return el(
        "componentOf",
        el("encompassingEncounter", inner, classCode="ENC", moodCode="EVN"),
        typeCode="COMP",
    )


def _contact(contact: tuple[str, str, str, str]) -> str:
    name, relation_code, relation, phone = contact
    inner = (
        code(relation_code, relation, LOCAL + "3.8", "家庭关系代码表(GB/T 4761)")
        + el("telecom", value=phone)
        + el("associatedPerson", el("name", escape(name)), classCode="PSN",
             determinerCode="INSTANCE")
    )  # fmt: skip
    return el("participant", el("associatedEntity", inner, classCode="ECON"), typeCode="NOT")


def build(record: Record) -> bytes:
    """The XML of a sample, indented, in UTF-8."""
    kind = record.kind
    display = {"N": "正常访问保密级别", "R": "限制访问保密级别", "V": "非常限制访问保密级别"}
    set_id = record.replaces or record.number
    related = ""
    if record.replaces:
        parent = ident(oids.DOCUMENT, record.replaces)
        parent += el("setId", root=oids.DOCUMENT, extension=set_id) + el("versionNumber", value="1")
        related = el("relatedDocument", el("parentDocument", parent), typeCode="RPLC")
    author = ident(oids.AUTHOR, record.author.code)
    author += el("assignedPerson", el("name", record.author.name))
    parts = [
        el("realmCode", code="CN"),
        el("typeId", root="2.16.840.1.113883.1.3", extension="POCD_MT000040"),
        el("templateId", root=kind.template_id),
        ident(oids.DOCUMENT, record.number),
        el("code", code=kind.code, codeSystem=KIND_SYSTEM,
           codeSystemName="卫生信息共享文档规范编码体系", displayName=kind.title_zh),
        el("title", record.title or kind.title_zh),
        el("effectiveTime", value=record.at),
        el("confidentialityCode", code=record.confidentiality,
           codeSystem="2.16.840.1.113883.5.25", codeSystemName="Confidentiality",
           displayName=display[record.confidentiality]),
        el("languageCode", code="zh-CN"),
        el("setId", root=oids.DOCUMENT, extension=set_id),
        el("versionNumber", value=str(record.version)),
        _patient(record),
        el("author", el("time", value=record.at)
           + el("assignedAuthor", author, classCode="ASSIGNED"),
           typeCode="AUT", contextControlCode="OP"),
        *([el("dataEnterer", el("assignedEntity", ident(oids.STAFF, record.enterer.code)
           + el("assignedPerson", el("name", record.enterer.name))), typeCode="ENT")]
          if record.enterer else []),
        el("custodian", el("assignedCustodian",
           _organization("representedCustodianOrganization", record.hospital),
           classCode="ASSIGNED"), typeCode="CST"),
        *(_signer(one) for one in sorted(record.signers, key=lambda one: not one.legal)),
        *([_contact(record.contact)] if record.contact else []),
        record.participants,
        related,
        _encounter(record),
        el("component", el("structuredBody", "".join(record.sections))),
    ]  # fmt: skip
    root = etree.fromstring(f"<ClinicalDocument {HEAD}>{''.join(parts)}</ClinicalDocument>")
    etree.indent(root, space=" ")
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8")) + b"\n"
