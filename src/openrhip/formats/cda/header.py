"""The header of a shared document (文档头): WS/T 500-2016, table 1 of each part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from openrhip.formats.cda import oids, tree, values
from openrhip.formats.cda.model import (
    Coded,
    Encounter,
    Identifier,
    Organization,
    Participant,
    Patient,
    Replaced,
)
from openrhip.formats.cda.tree import Element, attribute, child, children

_ADDRESS = (
    "state", "city", "county", "township", "streetName", "houseNumber", "houserNumber",
)  # fmt: skip
_MAX_PLACES = 12


def person_name(element: Element | None) -> str:
    """HL7 PN: family and given parts joined, or the text as it stands."""
    return "".join(tree.text(element).split("\n")).strip() if element is not None else ""


def address(element: Element | None) -> str:
    """HL7 AD in Chinese order, from province to house number; else the text as it stands."""
    if element is None:
        return ""
    inner = tree.firsts(element)
    parts = [tree.text(inner[step]) for step in _ADDRESS if step in inner]
    joined = "".join(parts)
    return joined or tree.text(element)


def phone(element: Element | None) -> str:
    return attribute(element, "value").removeprefix("tel:")


def organization(element: Element | None) -> Organization | None:
    if element is None:
        return None
    return _organization(tree.firsts(element))


def _organization(inner: Mapping[str, Element]) -> Organization:
    found = inner.get("id")
    return Organization(
        code=attribute(found, "extension"),
        name=tree.text(inner.get("name")),
        root=attribute(found, "root"),
    )


def places(element: Element | None) -> tuple[Organization, ...]:
    """The chain of asOrganizationPartOf/wholeOrganization, from bed up to hospital."""
    chain = []
    current = element
    for _ in range(_MAX_PLACES):
        if current is None:
            break
        inner = tree.firsts(current)
        found = _organization(inner)
        if found.code or found.name:
            chain.append(found)
        current = child(inner.get("asOrganizationPartOf"), "wholeOrganization")
    return tuple(chain)


ROLES = (
    "assignedAuthor", "assignedEntity", "associatedEntity", "participantRole", "partivipantRole",
    "relatedEntity",
)  # fmt: skip
PERSONS = ("assignedPerson", "associatedPerson", "playingEntity", "relatedPerson")
_BODIES = ("representedOrganization", "scopingOrganization")


def _first_of(found: Mapping[str, Element], names: tuple[str, ...]) -> Element | None:
    return next((found[name] for name in names if name in found), None)


def participant(element: Element) -> Participant:
    """author, legalAuthenticator, authenticator, dataEnterer, performer or participant."""
    outer = tree.firsts(element)
    role = tree.firsts(_first_of(outer, ROLES))
    person = tree.firsts(_first_of(role, PERSONS))
    chain = places(_first_of(role, _BODIES))
    title = values.coded_of(child(person.get("professionalTechnicalPosition"),
                                  "professionaltechnicalpositionCode"))  # fmt: skip
    return Participant(
        kind=tree.name(element),
        role=values.coded_of(role.get("code")).text,
        code=attribute(role.get("id"), "extension"),
        name=person_name(person.get("name")),
        title=title.text,
        time=values.moment_of(outer.get("time")),
        organization=chain[0] if chain else None,
        phone=phone(role.get("telecom")),
        address=address(role.get("addr")),
        extra=tuple(one.name for one in chain[1:] if one.name),
    )


def age(element: Element | None) -> str:
    """With its unit; years where none is named."""
    number = attribute(element, "value")
    return f"{number}{attribute(element, 'unit') or '岁'}" if number else tree.text(element)


def place(element: Element | None) -> str:
    """The address inside a place of birth, origin or household."""
    inner = child(element, "place")
    return address(child(inner, "addr")) or tree.text(inner)


def patient(root: Element) -> Patient:
    """recordTarget/patientRole; what is missing is "" and left to the checks."""
    target = child(root, "recordTarget", "patientRole")
    role = tree.firsts(target)
    one = role.get("patient")
    person = tree.firsts(one)
    get = person.get
    ids = tuple(values.identifier_of(item) for item in children(target, "id"))
    by_root = {item.root: item.extension for item in reversed(ids)}
    numbers = [values.identifier_of(item) for item in children(one, "id")]
    own = next((item.extension for item in numbers if item.root == oids.PERSON_NUMBER), "")
    return Patient(
        name=person_name(get("name")),
        sex=values.coded_of(get("administrativeGenderCode")),
        birth=values.moment_of(get("birthTime")),
        id_number=own,
        health_card=by_root.get(oids.HEALTH_CARD, ""),
        outpatient_number=by_root.get(oids.OUTPATIENT, ""),
        inpatient_number=by_root.get(oids.INPATIENT, ""),
        phone=phone(role.get("telecom")),
        address=address(role.get("addr")),
        age=age(get("age")),
        marital=values.coded_of(get("maritalStatusCode")),
        ethnic=values.coded_of(get("ethnicGroupCode")),
        nationality=values.coded_of(get("nationality")),
        occupation=values.coded_of(child(get("occupation"), "occupationCode")),
        patient_type=values.coded_of(child(role.get("patientType"), "patienttypeCode")),
        employer=tree.text(child(get("employerOrganization"), "name")),
        birthplace=place(get("birthplace")),
        native_place=place(get("nativePlace")),
        household=place(get("household")),
        ids=tuple(item for item in ids if item.extension),
        extra=(*_extra(role, person), *_occasion(root, role, person)),
    )


def _extra(
    role: Mapping[str, Element], person: Mapping[str, Element]
) -> tuple[tuple[str, str], ...]:
    employer = person.get("employerOrganization")
    household = child(person.get("household"), "place", "addr", "postalCode")
    pairs = (
        ("邮政编码", tree.text(child(role.get("addr"), "postalCode"))),
        ("单位电话", phone(child(employer, "telecom"))),
        ("单位地址", address(child(employer, "addr"))),
        ("单位邮编", tree.text(child(employer, "addr", "postalCode"))),
        ("户口邮编", tree.text(household)),
    )
    return tuple((label, text) for label, text in pairs if text)


def _occasion(
    root: Element, role: Mapping[str, Element], person: Mapping[str, Element]
) -> Iterator[tuple[str, str]]:
    """Facts that some kinds put beside the patient: discussion, schooling, days after operation."""
    schooling = values.coded_of(child(person.get("educationLevel"), "educationLevelCode"))
    if schooling:
        yield "学历", schooling.text
    discussion = child(role.get("providerOrganization"), "asOrganizationPartOf")
    if at := values.show(values.moment_of(child(discussion, "effectiveTime"))):
        yield "讨论时间", at
    if where := address(child(discussion, "wholeOrganization", "addr")):
        yield "讨论地点", where
    for event in children(root, "documentationOf"):
        time = child(event, "serviceEvent", "effectiveTime")
        width = child(time, "width")
        if days := attribute(width, "value"):
            yield "手术或分娩后天数", f"{days} {attribute(width, 'unit')}".strip()
        if span := values.show_span(values.span_of(time)):
            yield "小结时间", span


def custodian(root: Element) -> Organization:
    found = organization(
        child(root, "custodian", "assignedCustodian", "representedCustodianOrganization")
    )
    return found or Organization()


def replaced(root: Element) -> Replaced | None:
    """relatedDocument RPLC/parentDocument; the empty one of the templates counts as none."""
    for related in children(root, "relatedDocument"):
        parent = child(related, "parentDocument")
        found = child(parent, "id")
        if attribute(related, "typeCode") == "RPLC" and attribute(found, "extension"):
            assert found is not None  # noqa: S101  it has an extension
            return Replaced(
                document_id=values.identifier_of(found),
                set_id=attribute(child(parent, "setId"), "extension"),
                version=whole(attribute(child(parent, "versionNumber"), "value")),
            )
    return None


def whole(raw: str) -> int | None:
    """A number of at most nine digits, or None."""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def encounter(root: Element) -> Encounter:
    found = child(root, "componentOf", "encompassingEncounter")
    span = values.span_of(child(found, "effectiveTime"))
    provider = child(found, "location", "healthCareFacility", "serviceProviderOrganization")
    if provider is None:
        provider = where_provided(root)
    return Encounter(
        ids=tuple(values.identifier_of(one) for one in children(found, "id")),
        kind=values.coded_of(child(found, "code")),
        start=span.low,
        end=span.high,
        places=places(provider),
    )


def where_provided(root: Element) -> Element | None:
    """providerOrganization where it names a department, ward or bed (nursing, outpatients)."""
    found = child(root, "recordTarget", "patientRole", "providerOrganization")
    inner = child(found, "asOrganizationPartOf", "wholeOrganization")
    return found if inner is not None and tree.text(child(inner, "name")) else None


def document_id(root: Element) -> Identifier:
    found = child(root, "id")
    return Identifier(attribute(found, "root"), attribute(found, "extension"))


def confidentiality(root: Element) -> Coded:
    return values.coded_of(child(root, "confidentialityCode"))
