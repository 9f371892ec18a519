"""The header of a generated document (文档头): who, whom, where, when."""

from __future__ import annotations

from openrhip.formats.cda import catalogue, oids
from openrhip.formats.cda.generate.record import (
    Contact,
    Header,
    Institution,
    Person,
    Place,
    Signer,
    Subject,
)
from openrhip.formats.cda.generate.xml import add, ident, moment
from openrhip.formats.cda.kinds import KIND_SYSTEM, Kind
from openrhip.formats.cda.tree import Element
from openrhip.kernel.errors import Malformed

NUMBERS = {
    "archive": oids.ARCHIVE,  # 健康档案标识号
    "health-card": oids.HEALTH_CARD,
    "outpatient": oids.OUTPATIENT,
    "inpatient": oids.INPATIENT,
    "case": oids.CASE,
    "specimen": oids.SPECIMEN,
    "insurance": oids.INSURANCE,
    "prescription": oids.PRESCRIPTION,
    "request": oids.REQUEST,
    "examination-report": oids.EXAMINATION_REPORT,
    "laboratory-report": oids.LABORATORY_REPORT,
    "consent": oids.CONSENT,
}
_LEVELS = {"N": "正常访问保密级别", "R": "限制访问保密级别", "V": "非常限制访问保密级别"}
_CONFIDENTIALITY = "2.16.840.1.113883.5.25"


def write(root: Element, kind: Kind, header: Header) -> None:
    """Everything before the body, in the order of CDA."""
    add(root, "realmCode", code="CN")
    add(root, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_MT000040")
    add(root, "templateId", root=kind.template_id)
    ident(root, oids.DOCUMENT, header.number)
    add(root, "code", code=kind.code, codeSystem=KIND_SYSTEM,
        codeSystemName="卫生信息共享文档规范编码体系", displayName=kind.title_zh)  # fmt: skip
    add(root, "title", header.title or kind.title_zh)
    add(root, "effectiveTime", value=moment(header.created))
    add(root, "confidentialityCode", code=header.confidentiality, codeSystem=_CONFIDENTIALITY,
        codeSystemName="Confidentiality",
        displayName=_LEVELS.get(header.confidentiality, ""))  # fmt: skip
    add(root, "languageCode", code="zh-CN")
    add(root, "setId", root=oids.DOCUMENT, extension=header.set_id or header.number)
    add(root, "versionNumber", value=str(header.version))
    _subject(root, header)
    _author(root, header)
    if header.informant is not None:
        _contact(add(root, "informant"), header.informant, "relatedEntity", "relatedPerson")
    _custodian(root, header.custodian)
    for signer in sorted(header.signers, key=lambda one: not one.legal):
        _signer(root, signer)
    for contact in header.contacts:
        made = add(root, "participant", typeCode=contact.kind)
        _contact(made, contact, "associatedEntity", "associatedPerson")
    if header.days_after is not None:
        event = add(add(root, "documentationOf"), "serviceEvent")
        add(add(event, "effectiveTime"), "width", value=str(header.days_after), unit="天")
    if header.replaces:
        parent = add(add(root, "relatedDocument", typeCode="RPLC"), "parentDocument")
        ident(parent, oids.DOCUMENT, header.replaces)
        add(parent, "setId", root=oids.DOCUMENT, extension=header.set_id)
        add(parent, "versionNumber", value=str(header.version - 1))
    _encounter(root, header)


def _coded(parent: Element, name: str, code: str, set_id: str) -> None:
    table = catalogue.value_sets()[set_id]
    if code and not table.holds(code):
        raise Malformed(f"{code!r} is no code of {table.name}.", where=name)
    if code:
        add(parent, name, code=code, displayName=table.name_of(code), codeSystem=table.oid,
            codeSystemName=table.name)  # fmt: skip


def _subject(root: Element, header: Header) -> None:
    one = header.patient
    target = add(root, "recordTarget", typeCode="RCT", contextControlCode="OP")
    role = add(target, "patientRole", classCode="PAT")
    for key, number in header.numbers.items():
        if key not in NUMBERS:
            raise Malformed(f"No kind of number is called {key!r}.", where="numbers",
                            remedy=f"Use one of {', '.join(NUMBERS)}.")  # fmt: skip
        ident(role, NUMBERS[key], number)
    if one.patient_type:
        _coded(add(role, "patientType"), "patienttypeCode", one.patient_type, "CV09.00.404")
    if one.address:
        add(add(role, "addr", use="H"), "houseNumber", one.address)
    if one.phone:
        add(role, "telecom", value=one.phone)
    _person(role, one)
    provider = _organization(role, "providerOrganization", header.custodian)
    if header.discussed or header.discussed_where:
        part = add(provider, "asOrganizationPartOf", classCode="PART")
        if header.discussed:
            add(part, "effectiveTime", value=moment(header.discussed))
        if header.discussed_where:
            whole = add(part, "wholeOrganization")
            add(add(whole, "addr"), "houseNumber", header.discussed_where)


def _person(role: Element, one: Subject) -> None:
    person = add(role, "patient", classCode="PSN", determinerCode="INSTANCE")
    if one.id_number:
        ident(person, oids.PERSON_NUMBER, one.id_number)
    add(person, "name", one.name)
    _coded(person, "administrativeGenderCode", one.sex, "GB/T 2261.1")
    if one.birth:
        add(person, "birthTime", value=moment(one.birth))
    _coded(person, "maritalStatusCode", one.marital, "GB/T 2261.2")
    _coded(person, "ethnicGroupCode", one.ethnic, "GB/T 3304")
    _coded(person, "nationality", one.nationality, "GB/T 2659")
    if one.age:
        add(person, "age", value=one.age, unit="岁")
    if one.employer:
        add(add(person, "employerOrganization"), "name", one.employer)
    if one.occupation:
        _coded(add(person, "occupation"), "occupationCode", one.occupation, "GB/T 2261.4")


def _organization(parent: Element, name: str, one: Institution) -> Element:
    made = add(parent, name, classCode="ORG", determinerCode="INSTANCE")
    ident(made, oids.INSTITUTION, one.code)
    add(made, "name", one.name)
    return made


def _author(root: Element, header: Header) -> None:
    author: Person = header.author
    made = add(root, "author", typeCode="AUT", contextControlCode="OP")
    add(made, "time", value=moment(author.time or header.created))
    inner = add(made, "assignedAuthor", classCode="ASSIGNED")
    ident(inner, oids.AUTHOR, author.code)
    add(add(inner, "assignedPerson"), "name", author.name)
    if author.organization:
        add(add(inner, "representedOrganization"), "name", author.organization)


def _custodian(root: Element, one: Institution) -> None:
    outer = add(add(root, "custodian", typeCode="CST"), "assignedCustodian", classCode="ASSIGNED")
    _organization(outer, "representedCustodianOrganization", one)


def _signer(root: Element, one: Signer) -> None:
    name, kind = ("legalAuthenticator", "LA") if one.legal else ("authenticator", "AUTHEN")
    made = add(root, name, typeCode=kind)
    if one.time:
        add(made, "time", value=moment(one.time))
    add(made, "signatureCode", code="S")
    inner = add(made, "assignedEntity", classCode="ASSIGNED")
    if one.person_number:
        ident(inner, oids.PERSON_NUMBER, one.person_number)
    else:
        ident(inner, oids.STAFF, one.code)
    add(inner, "code", displayName=one.role)
    person = add(inner, "assignedPerson", classCode="PSN", determinerCode="INSTANCE")
    add(person, "name", one.name)


def _contact(made: Element, one: Contact, entity: str, person: str) -> None:
    inner = add(made, entity, classCode="ECON" if one.kind == "NOT" else "ASSIGNED")
    if one.code:
        ident(inner, oids.STAFF, one.code)
    if one.relation:
        _coded(inner, "code", one.relation, "GB/T 4761")
    elif one.role:
        add(inner, "code", displayName=one.role)
    if one.phone:
        add(inner, "telecom", value=one.phone)
    add(add(inner, person, classCode="PSN", determinerCode="INSTANCE"), "name", one.name)


def _encounter(root: Element, header: Header) -> None:
    place = header.place
    if not (header.start or header.end or header.encounter or place != Place()):
        return
    made = add(add(root, "componentOf", typeCode="COMP"), "encompassingEncounter",
               classCode="ENC", moodCode="EVN")  # fmt: skip
    if header.encounter is not None:
        one = header.encounter
        add(made, "code", code=one.code, displayName=one.name, codeSystem=one.system)
    time = add(made, "effectiveTime")
    if header.start:
        add(time, "low", value=moment(header.start))
    if header.end:
        add(time, "high", value=moment(header.end))
    location = add(made, "location", typeCode="LOC")
    facility = add(location, "healthCareFacility", classCode="SDLOC")
    current = add(facility, "serviceProviderOrganization", classCode="ORG",
                  determinerCode="INSTANCE")  # fmt: skip
    chain = [
        (oids.BED, place.bed, place.bed), (oids.ROOM, place.room, place.room),
        (oids.DEPARTMENT, place.department_code, place.department),
        (oids.WARD, place.ward_code, place.ward),
    ]  # fmt: skip
    for oid, code, name in chain:
        if name:
            current = _part_of(current)
            ident(current, oid, code)
            add(current, "name", name)
    current = _part_of(current)
    ident(current, oids.INSTITUTION, header.custodian.code)
    add(current, "name", header.custodian.name)


def _part_of(current: Element) -> Element:
    part = add(current, "asOrganizationPartOf", classCode="PART")
    return add(part, "wholeOrganization", classCode="ORG", determinerCode="INSTANCE")
