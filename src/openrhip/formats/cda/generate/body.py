"""The body of a generated document (文档体): sections and entries, in the order of the standard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import cast

from openrhip.formats.cda import catalogue, oids
from openrhip.formats.cda.catalogue import DocumentSpec, SectionSpec, Slot
from openrhip.formats.cda.generate.record import Code, Content, Item, Person, Quantity, Scalar
from openrhip.formats.cda.generate.xml import add, ident, moment
from openrhip.formats.cda.tree import NS, Element, child

_ELEMENTS = "卫生信息数据元目录"
_FRONT_SHEET = ("2.16.156.10011.2.2.4", "住院病案首页基本数据集")
_CLASSES = {
    "observation": "OBS", "organizer": "BATTERY", "procedure": "PROC", "act": "ACT",
    "substanceAdministration": "SBADM",
}  # fmt: skip
# CDA fixes the order of children; what is not named here is a statement and comes last.
_ORDER = (
    "id", "code", "text", "time", "low", "high", "value", "route", "site", "dose", "rate", "form",
    "drug.code", "drug.name", "material.code", "material.name", "product.id", "maker",
    "performer", "author", "participant", "allergen",
)  # fmt: skip
_RANK = {place: at for at, place in enumerate(_ORDER)}


def write(
    root: Element,
    spec: DocumentSpec,
    values: Mapping[str, Content],
    narrative: Mapping[str, tuple[str, ...]],
) -> None:
    """component/structuredBody with the sections that have content and those that must be there."""
    body = add(add(root, "component"), "structuredBody")
    for section in spec.sections:
        texts = narrative.get(section.key, ())
        filled = [slot for slot in section.slots if slot.key in values]
        if filled or texts or section.required:
            _section(body, section, [(slot, values[slot.key]) for slot in filled], texts)


def _section(
    body: Element,
    section: SectionSpec,
    filled: list[tuple[Slot, Content]],
    texts: tuple[str, ...],
) -> None:
    made = add(add(body, "component"), "section")
    if section.code.startswith("DE"):
        _code(made, section.code, section.name)
    elif section.code:
        add(made, "code", code=section.code, displayName=section.title_en,
            codeSystem=oids.LOINC, codeSystemName="LOINC")  # fmt: skip
    else:
        add(made, "code", displayName=section.name)
    add(made, "title", section.name)
    text = add(made, "text")
    for slot, content in filled:
        if slot.place == "text":
            add(text, "paragraph", str(content))
    for paragraph in texts:
        add(text, "paragraph", paragraph)
    for slot, content in filled:
        if slot.place != "text":
            for one in _each(content):
                _statement(add(made, "entry", typeCode="COMP"), slot, one)


def _each(content: Content) -> tuple[Scalar | Item, ...]:
    return content if isinstance(content, tuple) else (content,)


def _code(parent: Element, element: str, name: str, qualifier: str = "") -> None:
    front = element.startswith("HD")
    made = add(
        parent, "code", code=element, displayName=name,
        codeSystem=_FRONT_SHEET[0] if front else oids.DATA_ELEMENTS,
        codeSystemName=_FRONT_SHEET[1] if front else _ELEMENTS,
    )  # fmt: skip
    if qualifier:
        add(add(made, "qualifier"), "name", displayName=qualifier)


def _statement(parent: Element, slot: Slot, content: Scalar | Item) -> None:
    item = content if isinstance(content, Item) else Item(content)
    mood = {"classCode": _CLASSES[slot.place], "moodCode": "EVN"}
    made = add(parent, slot.place, **mood)
    parts = [(part, one) for part in slot.parts if part.key in item.parts
             for one in _each(item.parts[part.key])]  # fmt: skip
    small = sorted(
        ((part, one) for part, one in parts if not part.is_statement),
        key=lambda pair: _RANK[pair[0].place],
    )
    _name(made, slot, small)
    _facets(made, [pair for pair in small if _RANK[pair[0].place] < _RANK["value"]])
    if item.value is not None:
        _value(made, slot, item.value)
    _facets(made, [pair for pair in small if _RANK[pair[0].place] > _RANK["value"]])
    below = "component" if slot.place == "organizer" else "entryRelationship"
    for part, one in parts:
        if part.is_statement:
            _statement(add(made, below, typeCode="COMP"), part, one)


def _name(made: Element, slot: Slot, small: list[tuple[Slot, Scalar | Item]]) -> None:
    """code: the data element, the code of an operation, or the name of the group."""
    for part, one in small:
        if part.place == "id":
            ident(made, oids.PATHOLOGY_NUMBER, str(one))
    code = next((one for part, one in small if part.place == "code"), None)
    if slot.element:
        _code(made, slot.element, slot.name, slot.role)
    elif isinstance(code, Code):
        _coded(made, "code", code, next(p.set_id for p, _ in small if p.place == "code"))
    elif slot.place != "substanceAdministration":
        add(made, "code", displayName=slot.name)
    if slot.place == "organizer":
        add(made, "statusCode", code="completed")


def _coded(parent: Element, name: str, code: Code, set_id: str, **more: str) -> None:
    table = catalogue.value_sets().get(set_id)
    known = table.name if table and table.oid == code.system else ""
    add(parent, name, code=code.code, displayName=code.name, codeSystem=code.system,
        codeSystemName=known, **more)  # fmt: skip


def _value(made: Element, slot: Slot, value: Scalar) -> None:
    kind = slot.kind
    if isinstance(value, Code):
        _coded(made, "value", value, slot.set_id, xsi_type=kind)
    elif isinstance(value, Quantity):
        unit = "currency" if kind == "MO" else "unit"
        add(made, "value", xsi_type=kind, value=str(value.value), **{unit: value.unit})
    elif isinstance(value, bool):
        add(made, "value", xsi_type=kind, value="true" if value else "false")
    elif isinstance(value, date):
        add(made, "value", xsi_type=kind, value=moment(value))
    elif isinstance(value, int):
        add(made, "value", xsi_type=kind, value=str(value))
    else:
        add(made, "value", str(value), xsi_type=kind)


def _facets(made: Element, small: list[tuple[Slot, Scalar | Item]]) -> None:
    for slot, one in small:
        writer = _FACETS.get(slot.place)
        if writer is not None:
            writer(made, slot, one)


def _time(made: Element, slot: Slot, one: Scalar | Item) -> None:
    at = moment(cast("date", one))
    if slot.place == "time":
        add(made, "effectiveTime", value=at)
        return
    found = made.find(NS + "effectiveTime")
    add(add(made, "effectiveTime") if found is None else found, slot.place, value=at)


def _code_facet(name: str) -> Callable[[Element, Slot, Scalar | Item], None]:
    def write_code(made: Element, slot: Slot, one: Scalar | Item) -> None:
        if isinstance(one, Code):
            _coded(made, name, one, slot.set_id)
        else:
            add(add(made, name), "originalText", str(one))

    return write_code


def _amount(name: str) -> Callable[[Element, Slot, Scalar | Item], None]:
    def write_amount(made: Element, _: Slot, one: Scalar | Item) -> None:
        amount = cast("Quantity", one)
        add(made, name, value=str(amount.value), unit=amount.unit)

    return write_amount


def _product(made: Element) -> Element:
    found = child(made, "consumable", "manufacturedProduct")
    return add(add(made, "consumable"), "manufacturedProduct") if found is None else found


def _drug(made: Element, slot: Slot, one: Scalar | Item) -> None:
    kind, _, what = slot.place.partition(".")
    product = _product(made)
    if slot.place == "product.id":
        ident(product, "", str(one))
        return
    if kind == "maker":
        add(add(product, "manufacturerOrganization"), "name", str(one))
        return
    inner = "manufacturedLabeledDrug" if kind == "drug" else "manufacturedMaterial"
    found = child(product, inner)
    thing = add(product, inner) if found is None else found
    if isinstance(one, Code):
        _coded(thing, what, one, slot.set_id)
    else:
        add(thing, what, str(one))


def _person(made: Element, slot: Slot, one: Scalar | Item) -> None:
    one = cast("Person", one)
    outer, role, who = {
        "performer": ("PRF", "assignedEntity", "assignedPerson"),
        "author": ("AUT", "assignedAuthor", "assignedPerson"),
        "participant": ("ATND", "participantRole", "playingEntity"),
    }[slot.place]
    person = add(made, slot.place, typeCode=outer)
    if one.time is not None:
        add(person, "time", value=moment(one.time))
    inner = add(person, role, classCode="ASSIGNED")
    ident(inner, oids.STAFF, one.code)
    add(inner, "code", displayName=slot.role or slot.name)
    add(add(inner, who, classCode="PSN", determinerCode="INSTANCE"), "name", one.name)
    if one.organization:
        add(add(inner, "representedOrganization"), "name", one.organization)


def _allergen(made: Element, slot: Slot, one: Scalar | Item) -> None:
    role = add(add(made, "participant", typeCode="CSM"), "participantRole", classCode="MANU")
    entity = add(role, "playingEntity", classCode="MMAT")
    _code(entity, slot.element, slot.role or slot.name)
    add(entity, "desc", str(one))


_FACETS: dict[str, Callable[[Element, Slot, Scalar | Item], None]] = {
    **dict.fromkeys(("time", "low", "high"), _time),
    "route": _code_facet("routeCode"),
    "site": _code_facet("targetSiteCode"),
    "form": _code_facet("administrationUnitCode"),
    "dose": _amount("doseQuantity"),
    "rate": _amount("rateQuantity"),
    **dict.fromkeys(
        ("drug.code", "drug.name", "material.code", "material.name", "product.id", "maker"), _drug
    ),
    **dict.fromkeys(("performer", "author", "participant"), _person),
    "allergen": _allergen,
}
