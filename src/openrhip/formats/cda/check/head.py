"""The header as far as the checks ask for it (文档头速读), each level in one pass.

What no rule looks at stays empty: codes beside the patient, roles, places' numbers, the body.
"""

from __future__ import annotations

from openrhip.formats.cda import header, oids, tree, values
from openrhip.formats.cda.model import (
    ClinicalDocument,
    Coded,
    Encounter,
    Finding,
    Identifier,
    Moment,
    Organization,
    Participant,
    Patient,
    Span,
)
from openrhip.formats.cda.parse import kind_and_faults, version
from openrhip.formats.cda.tree import NS, Element, by_tag

_AUTHOR, _AUTHENTICATOR, _LEGAL = NS + "author", NS + "authenticator", NS + "legalAuthenticator"
_ROLES = tuple(NS + name for name in header.ROLES)
_PERSONS = tuple(NS + name for name in header.PERSONS)
_ID, _NAME, _TIME, _ADDR = NS + "id", NS + "name", NS + "time", NS + "addr"
_PART, _WHOLE = NS + "asOrganizationPartOf", NS + "wholeOrganization"
_PATIENT, _PLACE = NS + "patient", NS + "place"
_NOTHING = Coded()

Found = dict[str, Element]


def read(root: Element) -> ClinicalDocument:
    """The document of a root, without what the checks of the header pass over."""
    faults: list[Finding] = []
    kind = kind_and_faults(root, faults)
    first = by_tag(root)
    get = first.get
    authors, signers = [], []
    for one in root:
        if one.tag == _AUTHOR:
            authors.append(_participant(one, "author"))
        elif one.tag == _AUTHENTICATOR:
            signers.append(_participant(one, "authenticator"))
    legal = get(_LEGAL)
    target = _down(first, "recordTarget", "patientRole")
    return ClinicalDocument(
        kind=kind,
        title=tree.text(get(NS + "title")) or kind.title_zh,
        document_id=_identifier(get(_ID)),
        effective_time=values.moment_of(get(NS + "effectiveTime")) or Moment("", None),
        confidentiality=Coded(tree.attribute(get(NS + "confidentialityCode"), "code")),
        language=tree.attribute(get(NS + "languageCode"), "code"),
        set_id=tree.attribute(get(NS + "setId"), "extension"),
        version=version(get(NS + "versionNumber"), faults),
        patient=_patient(target),
        authors=tuple(authors),
        custodian=_custodian(first),
        data_enterer=None,
        legal_authenticator=None if legal is None else _participant(legal, "legalAuthenticator"),
        authenticators=tuple(signers),
        participants=(),
        replaces=header.replaced(root) if NS + "relatedDocument" in first else None,
        encounter=_encounter(first, root),
        sections=(),
        faults=tuple(faults),
    )


def _identifier(element: Element | None) -> Identifier:
    return Identifier(tree.attribute(element, "root"), tree.attribute(element, "extension"))


def _down(found: Found, step: str, *steps: str) -> Element | None:
    first = found.get(NS + step)
    return tree.child(first, *steps)


def _first_of(found: Found, names: tuple[str, ...]) -> Element | None:
    return next((found[name] for name in names if name in found), None)


def _participant(element: Element, kind: str) -> Participant:
    """Name and time of who wrote or signed."""
    outer = by_tag(element)
    role = _first_of(outer, _ROLES)
    person = None if role is None else _first_of(by_tag(role), _PERSONS)
    name = next(person.iterchildren(_NAME), None) if person is not None else None
    return Participant(kind, name=header.person_name(name), time=values.moment_of(outer.get(_TIME)))


def _custodian(first: Found) -> Organization:
    found = _down(first, "custodian", "assignedCustodian", "representedCustodianOrganization")
    return header.organization(found) or Organization()


def _patient(target: Element | None) -> Patient:
    role = {} if target is None else by_tag(target)
    ids = () if target is None else tuple(map(_identifier, target.iterchildren(_ID)))
    by_root = {item.root: item.extension for item in reversed(ids)}
    one = role.get(_PATIENT)
    person = {} if one is None else by_tag(one)
    get = person.get
    numbers = () if one is None else map(_identifier, one.iterchildren(_ID))
    own = next((item.extension for item in numbers if item.root == oids.PERSON_NUMBER), "")
    sex = get(NS + "administrativeGenderCode")
    return Patient(
        name=header.person_name(get(_NAME)),
        sex=_NOTHING if sex is None else values.coded_of(sex),
        birth=values.moment_of(get(NS + "birthTime")),
        id_number=own,
        health_card=by_root.get(oids.HEALTH_CARD, ""),
        outpatient_number=by_root.get(oids.OUTPATIENT, ""),
        inpatient_number=by_root.get(oids.INPATIENT, ""),
        phone=header.phone(role.get(NS + "telecom")),
        address=header.address(role.get(_ADDR)),
        age=header.age(get(NS + "age")),
        employer=tree.text(tree.child(get(NS + "employerOrganization"), "name")),
        birthplace=header.place(get(NS + "birthplace")),
        native_place=header.place(get(NS + "nativePlace")),
        household=header.place(get(NS + "household")),
        ids=tuple(item for item in ids if item.extension),
    )


def _encounter(first: Found, root: Element) -> Encounter:
    visit = _down(first, "componentOf", "encompassingEncounter")
    inner = {} if visit is None else by_tag(visit)
    time = inner.get(NS + "effectiveTime")
    span = Span() if time is None else values.span_of(time)
    provider = _down(inner, "location", "healthCareFacility", "serviceProviderOrganization")
    if provider is None:
        provider = header.where_provided(root)
    return Encounter(start=span.low, end=span.high, places=header.places(provider))
