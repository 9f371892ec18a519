"""The header of a shared document (文档头): WS/T 500-2016, table 1 of each part."""

from __future__ import annotations

from collections.abc import Iterator

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
    parts = [tree.text(child(element, step)) for step in _ADDRESS]
    joined = "".join(part for part in parts if part)
    return joined or tree.text(element)


def phone(element: Element | None) -> str:
    return attribute(element, "value").removeprefix("tel:")


def organization(element: Element | None) -> Organization | None:
    if element is None:
        return None
    found = next(children(element, "id"), None)
    return Organization(
        code=attribute(found, "extension"),
        name=tree.text(child(element, "name")),
        root=attribute(found, "root"),
    )


def places(element: Element | None) -> tuple[Organization, ...]:
    """The chain of asOrganizationPartOf/wholeOrganization, from bed up to hospital."""
    chain = []
    current = element
    for _ in range(_MAX_PLACES):
        found = organization(current)
        if found is None:
            break
        if found.code or found.name:
            chain.append(found)
        current = child(current, "asOrganizationPartOf", "wholeOrganization")
    return tuple(chain)


def participant(element: Element) -> Participant:
    """author, legalAuthenticator, authenticator, dataEnterer, performer or participant."""
    role = next(
        (
            found
            for step in (
                "assignedAuthor", "assignedEntity", "associatedEntity", "participantRole",
                "partivipantRole", "relatedEntity",
            )
            if (found := child(element, step)) is not None
        ),
        None,
    )  # fmt: skip
    person = next(
        (
            found
            for step in ("assignedPerson", "associatedPerson", "playingEntity", "relatedPerson")
            if (found := child(role, step)) is not None
        ),
        None,
    )
    body = next(
        (
            found
            for step in ("representedOrganization", "scopingOrganization")
            if (found := child(role, step)) is not None
        ),
        None,
    )
    chain = places(body)
    code = values.coded_of(child(role, "code"))
    title = values.coded_of(child(person, "professionalTechnicalPosition",
                                  "professionaltechnicalpositionCode"))  # fmt: skip
    return Participant(
        kind=tree.name(element),
        role=code.text,
        code=attribute(child(role, "id"), "extension"),
        name=person_name(child(person, "name")),
        title=title.text,
        time=values.moment_of(child(element, "time")),
        organization=chain[0] if chain else None,
        phone=phone(child(role, "telecom")),
        address=address(child(role, "addr")),
        extra=tuple(one.name for one in chain[1:] if one.name),
    )


def _age(person: Element | None) -> str:
    age = child(person, "age")
    number = attribute(age, "value")
    return f"{number}{attribute(age, 'unit') or '岁'}" if number else tree.text(age)


def _place(person: Element | None, step: str) -> str:
    return address(child(person, step, "place", "addr")) or tree.text(child(person, step, "place"))


def patient(root: Element) -> Patient:
    """recordTarget/patientRole; what is missing is "" and left to the checks."""
    role = child(root, "recordTarget", "patientRole")
    person = child(role, "patient")
    ids = tuple(values.identifier_of(one) for one in children(role, "id"))
    by_root = {one.root: one.extension for one in reversed(ids)}
    numbers = [values.identifier_of(one) for one in children(person, "id")]
    own = next((one.extension for one in numbers if one.root == oids.PERSON_NUMBER), "")
    employer = child(person, "employerOrganization")
    return Patient(
        name=person_name(child(person, "name")),
        sex=values.coded_of(child(person, "administrativeGenderCode")),
        birth=values.moment_of(child(person, "birthTime")),
        id_number=own,
        health_card=by_root.get(oids.HEALTH_CARD, ""),
        outpatient_number=by_root.get(oids.OUTPATIENT, ""),
        inpatient_number=by_root.get(oids.INPATIENT, ""),
        phone=phone(child(role, "telecom")),
        address=address(child(role, "addr")),
        age=_age(person),
        marital=values.coded_of(child(person, "maritalStatusCode")),
        ethnic=values.coded_of(child(person, "ethnicGroupCode")),
        nationality=values.coded_of(child(person, "nationality")),
        occupation=values.coded_of(child(person, "occupation", "occupationCode")),
        patient_type=values.coded_of(child(role, "patientType", "patienttypeCode")),
        employer=tree.text(child(employer, "name")),
        birthplace=_place(person, "birthplace"),
        native_place=_place(person, "nativePlace"),
        household=_place(person, "household"),
        ids=tuple(one for one in ids if one.extension),
        extra=(*_extra(role, person), *_occasion(root, role)),
    )


def _extra(role: Element | None, person: Element | None) -> tuple[tuple[str, str], ...]:
    employer = child(person, "employerOrganization")
    pairs = (
        ("邮政编码", tree.text(child(role, "addr", "postalCode"))),
        ("单位电话", phone(child(employer, "telecom"))),
        ("单位地址", address(child(employer, "addr"))),
        ("单位邮编", tree.text(child(employer, "addr", "postalCode"))),
        ("户口邮编", tree.text(child(person, "household", "place", "addr", "postalCode"))),
    )
    return tuple((label, text) for label, text in pairs if text)


def _occasion(root: Element, role: Element | None) -> Iterator[tuple[str, str]]:
    """Facts that some kinds put beside the patient: discussion, schooling, days after operation."""
    schooling = values.coded_of(child(role, "patient", "educationLevel", "educationLevelCode"))
    if schooling:
        yield "学历", schooling.text
    discussion = child(role, "providerOrganization", "asOrganizationPartOf")
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
        provider = _where_provided(root)
    return Encounter(
        ids=tuple(values.identifier_of(one) for one in children(found, "id")),
        kind=values.coded_of(child(found, "code")),
        start=span.low,
        end=span.high,
        places=places(provider),
    )


def _where_provided(root: Element) -> Element | None:
    """providerOrganization where it names a department, ward or bed (nursing, outpatients)."""
    found = child(root, "recordTarget", "patientRole", "providerOrganization")
    inner = child(found, "asOrganizationPartOf", "wholeOrganization")
    return found if inner is not None and tree.text(child(inner, "name")) else None


def document_id(root: Element) -> Identifier:
    found = child(root, "id")
    return Identifier(attribute(found, "root"), attribute(found, "extension"))


def confidentiality(root: Element) -> Coded:
    return values.coded_of(child(root, "confidentialityCode"))
