"""The header of a generated document, read back into the dataclass it was written from."""

from __future__ import annotations

from datetime import date, datetime

from openrhip.formats.cda import header as parsing
from openrhip.formats.cda import oids, tree, values
from openrhip.formats.cda.generate.head import NUMBERS
from openrhip.formats.cda.generate.record import (
    Code,
    Contact,
    Header,
    Institution,
    Person,
    Place,
    Signer,
    Subject,
)
from openrhip.formats.cda.tree import Element, attribute, child, children
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Malformed

_NAMES = {oid: key for key, oid in NUMBERS.items()}


def header_of(root: Element) -> Header:
    """Raises Malformed where the time of the document cannot be read."""
    created = _time(child(root, "effectiveTime"))
    if created is None:
        raise Malformed("The document does not say when it was made.",
                        where="/ClinicalDocument/effectiveTime")  # fmt: skip
    visit = child(root, "componentOf", "encompassingEncounter")
    number = parsing.document_id(root).extension
    replaced = parsing.replaced(root)
    set_id = attribute(child(root, "setId"), "extension")
    informant = child(root, "informant", "relatedEntity")
    event = child(root, "documentationOf", "serviceEvent")
    discussion = child(
        root, "recordTarget", "patientRole", "providerOrganization", "asOrganizationPartOf"
    )
    return Header(
        number=number,
        created=created,
        patient=_subject(child(root, "recordTarget", "patientRole")),
        author=_author(child(root, "author"), created),
        custodian=_institution(root),
        numbers=_numbers(root),
        signers=tuple(_signers(root)),
        contacts=tuple(
            _contact(child(one, "associatedEntity"), attribute(one, "typeCode"))
            for one in children(root, "participant")
        ),
        informant=_contact(informant, "NOT") if informant is not None else None,
        place=_place(root),
        start=_time(child(visit, "effectiveTime", "low")),
        end=_time(child(visit, "effectiveTime", "high")),
        encounter=_code(child(visit, "code")),
        discussed=_time(child(discussion, "effectiveTime")),
        discussed_where=parsing.address(child(discussion, "wholeOrganization", "addr")),
        days_after=parsing.whole(attribute(child(event, "effectiveTime", "width"), "value")),
        title="" if _usual_title(root) else tree.text(child(root, "title")),
        confidentiality=attribute(child(root, "confidentialityCode"), "code"),
        version=parsing.whole(attribute(child(root, "versionNumber"), "value")) or 1,
        set_id="" if set_id == number else set_id,
        replaces=replaced.document_id.extension if replaced else "",
    )


def _usual_title(root: Element) -> bool:
    return tree.text(child(root, "title")) == attribute(child(root, "code"), "displayName")


def _time(element: Element | None) -> datetime | None:
    at = values.moment_of(element)
    return at.at.astimezone(CITY_ZONE) if at and at.at else None


def _day(element: Element | None) -> date | None:
    at = _time(element)
    return at.date() if at else None


def _code(element: Element | None) -> Code | None:
    coded = values.coded_of(element)
    return Code(coded.code, coded.display, coded.system) if coded else None


def _numbers(root: Element) -> dict[str, str]:
    role = child(root, "recordTarget", "patientRole")
    found = [values.identifier_of(one) for one in children(role, "id")]
    return {_NAMES[one.root]: one.extension for one in found if one.root in _NAMES}


def _subject(role: Element | None) -> Subject:
    person = child(role, "patient")
    ids = [values.identifier_of(one) for one in children(person, "id")]
    return Subject(
        name=tree.text(child(person, "name")),
        sex=attribute(child(person, "administrativeGenderCode"), "code"),
        birth=_day(child(person, "birthTime")),
        id_number=next((one.extension for one in ids if one.root == oids.PERSON_NUMBER), ""),
        age=attribute(child(person, "age"), "value"),
        marital=attribute(child(person, "maritalStatusCode"), "code"),
        ethnic=attribute(child(person, "ethnicGroupCode"), "code"),
        occupation=attribute(child(person, "occupation", "occupationCode"), "code"),
        nationality=attribute(child(person, "nationality"), "code"),
        patient_type=attribute(child(role, "patientType", "patienttypeCode"), "code"),
        phone=attribute(child(role, "telecom"), "value"),
        address=parsing.address(child(role, "addr")),
        employer=tree.text(child(person, "employerOrganization", "name")),
    )


def _author(element: Element | None, created: datetime) -> Person:
    inner = child(element, "assignedAuthor")
    at = _time(child(element, "time"))
    return Person(
        tree.text(child(inner, "assignedPerson", "name")),
        attribute(child(inner, "id"), "extension"),
        None if at == created else at,
        tree.text(child(inner, "representedOrganization", "name")),
    )


def _institution(root: Element) -> Institution:
    found = parsing.custodian(root)
    return Institution(found.code, found.name)


def _signers(root: Element) -> list[Signer]:
    found = []
    for name in ("legalAuthenticator", "authenticator"):
        for element in children(root, name):
            inner = child(element, "assignedEntity")
            own = values.identifier_of(one) if (one := child(inner, "id")) is not None else None
            person = own is not None and own.root == oids.PERSON_NUMBER
            number = own.extension if own else ""
            found.append(
                Signer(
                    attribute(child(inner, "code"), "displayName"),
                    tree.text(child(inner, "assignedPerson", "name")),
                    "" if person else number,
                    _time(child(element, "time")),
                    legal=name == "legalAuthenticator",
                    person_number=number if person else "",
                )
            )
    return found


def _contact(inner: Element | None, kind: str) -> Contact:
    person = next(
        (found for step in ("associatedPerson", "relatedPerson")
         if (found := child(inner, step)) is not None),
        None,
    )  # fmt: skip
    code = child(inner, "code")
    relation = attribute(code, "code")
    return Contact(
        name=tree.text(child(person, "name")),
        kind=kind,
        role="" if relation else attribute(code, "displayName"),
        relation=relation,
        phone=attribute(child(inner, "telecom"), "value"),
        code=attribute(child(inner, "id"), "extension"),
    )


def _place(root: Element) -> Place:
    places = {one.root: one for one in parsing.encounter(root).places}
    department, ward = places.get(oids.DEPARTMENT), places.get(oids.WARD)
    room, bed = places.get(oids.ROOM), places.get(oids.BED)
    return Place(
        department=department.name if department else "",
        department_code=department.code if department else "",
        ward=ward.name if ward else "",
        ward_code=ward.code if ward else "",
        room=room.name if room else "",
        bed=bed.name if bed else "",
    )
