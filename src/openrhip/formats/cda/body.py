"""The body of a shared document (文档体): sections, narrative, entries, embedded pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from openrhip.formats.cda import header, tree, values
from openrhip.formats.cda.model import (
    Coded,
    Entry,
    Fact,
    Finding,
    Media,
    Participant,
    Section,
    Value,
)
from openrhip.formats.cda.narrative import blocks_of
from openrhip.formats.cda.tree import Element, attribute, child, children

FORMS = frozenset(
    {
        "observation", "organizer", "procedure", "substanceAdministration", "supply", "act",
        "encounter", "regionOfInterest", "observationMedia",
    }
)  # fmt: skip
_PEOPLE = frozenset({"performer", "author", "participant", "informant"})
_THINGS = frozenset({"specimen", "consumable", "product", "subject"})
_FACTS = {
    "doseQuantity": ("用药剂量-单次", "DE08.50.023.00"),
    "rateQuantity": ("用药频率", "DE06.00.133.00"),
    "routeCode": ("用药途径", "DE06.00.134.00"),
    "administrationUnitCode": ("药物剂型", "DE08.50.011.00"),
    "maxDoseQuantity": ("最大剂量", ""),
    "approachSiteCode": ("部位", ""),
    "targetSiteCode": ("目标部位", "DE06.00.187.00"),
    "methodCode": ("方法", ""),
    "priorityCode": ("优先级", ""),
    "quantity": ("数量", ""),
    "repeatNumber": ("次数", ""),
}


def sections_of(root: Element, faults: list[Finding]) -> tuple[Section, ...]:
    """component/structuredBody/component/section, in order; nonXMLBody becomes one section.

    Some systems write component/section right below the root; those are read as well.
    """
    outer = child(root, "component")
    body = child(outer, "structuredBody")
    base = "/ClinicalDocument/component/structuredBody"
    if body is None:
        plain = child(outer, "nonXMLBody", "text")
        if plain is None:
            return tuple(_sections(root, "/ClinicalDocument", faults))
        return (Section(Coded(display="正文"), "", blocks_of(plain)),)
    return tuple(_sections(body, base, faults))


def _sections(parent: Element, base: str, faults: list[Finding]) -> Iterator[Section]:
    for at, component in enumerate(children(parent, "component"), 1):
        for section in children(component, "section"):
            yield _section(section, f"{base}/component[{at}]/section", faults)


def _section(element: Element, where: str, faults: list[Finding]) -> Section:
    entries: list[Entry] = []
    for at, item in enumerate(children(element, "entry"), 1):
        entries += _statements(item, f"{where}/entry[{at}]", faults)
    text = child(element, "text")
    return Section(
        code=values.coded_of(child(element, "code")),
        title=tree.text(child(element, "title")),
        blocks=blocks_of(text) if text is not None else (),
        entries=tuple(entries),
        media=tuple(_media(entries)),
        sections=tuple(_sections(element, where, faults)),
        where=where,
    )


def _media(entries: list[Entry]) -> Iterator[Media]:
    for entry in entries:
        yield from (value.media for value in entry.values if value.media)
        yield from _media(list(entry.parts))


def _statements(parent: Element, where: str, faults: list[Finding]) -> Iterator[Entry]:
    """The clinical statements directly inside an entry, component or entryRelationship."""
    for element in parent:
        form = tree.name(element)
        if form in FORMS:
            yield _entry(element, form, f"{where}/{form}", faults)


def _entry(element: Element, form: str, where: str, faults: list[Finding]) -> Entry:
    found: list[Value] = []
    people: list[Participant] = []
    facts: list[Fact] = []
    parts: list[Entry] = []
    count: Counter[str] = Counter()
    single: dict[str, Element] = {}
    ids = []
    for item in element:
        step = tree.name(item)
        if step == "value":
            found.append(_value(item, form, element, where, faults))
        elif step in {"entryRelationship", "component"}:
            count[step] += 1
            parts += _statements(item, f"{where}/{step}[{count[step]}]", faults)
        elif step == "id":
            ids.append(values.identifier_of(item))
        elif step in _PEOPLE:
            people.append(header.participant(item))
            facts += _playing(item)
        elif step in _FACTS:
            facts += _fact(item, step)
        elif step in _THINGS:
            facts += _things(item, step)
        else:
            single.setdefault(step, item)
    return Entry(
        form=form,
        code=values.coded_of(single.get("code")),
        values=tuple(found),
        text=tree.text(single.get("text")),
        time=values.span_of(single.get("effectiveTime")),
        status=attribute(single.get("statusCode"), "code"),
        interpretation=values.coded_of(single.get("interpretationCode")),
        reference=_reference(element) if "referenceRange" in single else "",
        negated=attribute(element, "negationInd") == "true",
        ids=tuple(ids),
        facts=tuple(facts),
        people=tuple(one for one in people if one.name or one.organization),
        parts=tuple(parts),
        where=where,
    )


def _value(item: Element, form: str, element: Element, where: str, faults: list[Finding]) -> Value:
    value = values.value_of(item)
    media_id = (element.get("ID") or attribute(child(element, "id"), "extension")).strip()
    if form == "observationMedia" or attribute(item, "representation") == "B64":
        media = values.media_of(item, media_id)
        if media is None:
            faults.append(
                Finding(
                    "media-unreadable", False,
                    "嵌入的图像不是有效的base64数据", "An embedded picture is not valid base64.",
                    f"{where}/value", "Embed the picture again, without line noise.",
                    "重新嵌入图像",
                )
            )  # fmt: skip
        return Value("ED", "", media=media)
    if value.moment and value.moment.at is None:
        faults.append(bad_time(f"{where}/value"))
    return value


def bad_time(where: str) -> Finding:
    return Finding(
        "time-unreadable", False, "日期时间格式不正确", "A date or time cannot be read.",
        where, "Write YYYYMMDD or YYYYMMDDHHMMSS.", "按YYYYMMDD或YYYYMMDDHHMMSS填写",
    )  # fmt: skip


def _reference(element: Element) -> str:
    ranges = []
    for one in children(element, "referenceRange"):
        inner = child(one, "observationRange")
        value = child(inner, "value")
        text = tree.text(child(inner, "text"))
        if not text and value is not None:
            text = values.value_of(value).text
        if text:
            ranges.append(text)
    return "；".join(ranges)


def _fact(item: Element, step: str) -> list[Fact]:
    label, tag = _FACTS[step]
    if step.endswith("Code"):
        text = values.coded_of(item).text
    elif item.get("value"):
        text = f"{attribute(item, 'value')} {attribute(item, 'unit')}".strip()
    else:
        text = values.value_of(item).text or tree.text(item)
    return [Fact(label, text, tag)] if text else []


def _things(item: Element, step: str) -> list[Fact]:
    """Names and codes inside a specimen, a drug or another material."""
    label, tag = {
        "specimen": ("标本", "DE04.50.134.00"),
        "consumable": ("药物名称", "DE08.50.022.00"),
    }.get(step, ("", ""))
    names = [tree.text(one) for one in item.iter(tree.NS + "name", tree.NS + "desc")]
    codes = [values.coded_of(one).text for one in item.iter(tree.NS + "code")]
    ids = [attribute(one, "extension") for one in item.iter(tree.NS + "id")]
    code_label, id_label = {
        "specimen": (label, "标本编号"),
        "consumable": ("药物代码", "编号"),
    }.get(step, (label, "编号"))
    return [
        *(Fact(label, text, tag) for text in names if text),
        *(Fact(code_label, text) for text in codes if text),
        *(Fact(id_label, text) for text in ids if text),
    ]


def _playing(item: Element) -> list[Fact]:
    """participant/participantRole/playingEntity: allergen and the like, coded and described."""
    facts = []
    for playing in item.iter(tree.NS + "playingEntity"):
        coded = values.coded_of(child(playing, "code"))
        text = tree.text(child(playing, "desc"))
        if text:
            facts.append(Fact(coded.display or "对象", text, coded.code))
    return facts
