"""The body of a document against the catalogue of its kind, in one pass over the tree.

Every statement meets its slot by a dictionary look-up; what the rules across fields need is noted
on the way. Messages and places are made only where something is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from openrhip.formats.cda import tree, values
from openrhip.formats.cda.catalogue import Slot
from openrhip.formats.cda.catalogue.matching import Lookup, SectionMatch, section_key, sections
from openrhip.formats.cda.catalogue.spec import STATEMENTS
from openrhip.formats.cda.check import content, place
from openrhip.formats.cda.check.messages import MESSAGES
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.model import Finding
from openrhip.formats.cda.tree import NS, Element

_CODE, _VALUE, _TIME = NS + "code", NS + "value", NS + "effectiveTime"
_TEXT = NS + "text"
_LOW, _HIGH = NS + "low", NS + "high"
_ENTRY, _COMPONENT = NS + "entry", NS + "component"
_BELOW = frozenset({NS + "entryRelationship", NS + "component"})
_FORMS = {NS + form: form for form in (*STATEMENTS, "supply", "encounter", "regionOfInterest",
                                       "observationMedia")}  # fmt: skip
_DOSES = frozenset({NS + "doseQuantity", NS + "rateQuantity"})
_NO_SLOTS = Lookup(())
_UNKNOWN = Slot("observation", "", "", "", "", "", "", "", required=False, repeats=True, longest=0)
_DEEPEST = 90  # statements within statements; the reader bounds the tree as well


class _Filled:
    """What was found at one level: keys of slots, and the data elements of everything below."""

    __slots__ = ("elements", "keys")

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.elements: set[str] = set()

    def has(self, slot: Slot) -> bool:
        return slot.key in self.keys or slot.element in self.elements


class Walk:
    """The pass. `facts`: data element → its value elements in order; `operations`: procedures."""

    __slots__ = ("_now", "_strict", "facts", "found", "operations")

    def __init__(self, now: datetime, *, strict: bool) -> None:
        self.found: list[Finding] = []
        self.facts: dict[str, list[Element]] = {}
        self.operations: list[Element] = []
        self._now = now
        self._strict = strict

    def say(self, code: str, element: Element | str, name: str = "", *more: str) -> None:
        """A finding at an element, or at a place that is already a text."""
        where = element if isinstance(element, str) else place.of(element, *more)
        self.found.append(MESSAGES[code].finding(where, name, strict=self._strict))

    def body(self, root: Element, kind: Kind) -> None:
        """Every section and statement; then what is missing."""
        matches = sections(kind)
        present: dict[str, _Filled] = {}
        tops = tree.top_sections(root)
        for section in tops:
            key = section_key(section)
            match = matches.get(key)
            filled = present.setdefault(key, _Filled()) if match else _Filled()
            self._section(section, match, filled)
        if not tops and root.find(f"{NS}component/{NS}nonXMLBody") is None:
            self.say("body", "/ClinicalDocument/component")
        elif tops:
            if tops[0].getparent().getparent() is root:  # type: ignore[union-attr]
                self.say("body-direct", tops[0])
            self._missing(matches.values(), present)

    def _missing(self, matches: Iterable[SectionMatch], present: dict[str, _Filled]) -> None:
        base = "/ClinicalDocument/component/structuredBody"
        for match in matches:
            spec = match.specs[0]
            filled = present.get(spec.code or spec.name)
            if filled is None:
                for one in match.specs:
                    if one.required:
                        self.say("section-missing", base, one.label)
                continue
            for slot in match.lookup.required:
                if not filled.has(slot):
                    self.say("element-missing", f"{base}/section[{spec.label}]", slot.label)

    def _section(self, section: Element, match: SectionMatch | None, filled: _Filled) -> None:
        lookup = match.lookup if match else _NO_SLOTS
        texts = lookup.facets.get("text")
        if texts is not None and _says_something(next(section.iterchildren(_TEXT), None)):
            filled.keys.update(slot.key for slot in texts)
        for step in section:
            tag = step.tag
            if tag == _ENTRY:
                self._statements(step, lookup, filled, 0)
            elif tag == _COMPONENT:
                for inner in step.iterfind(NS + "section"):
                    self._section(inner, None, _Filled())

    def _statements(self, step: Element, lookup: Lookup, filled: _Filled, depth: int) -> None:
        for statement in step:
            form = _FORMS.get(statement.tag)
            if form is not None:
                self._statement(statement, form, lookup, filled, depth)

    def _statement(
        self, statement: Element, form: str, lookup: Lookup, filled: _Filled, depth: int
    ) -> None:
        code, value, time, nested = self._children(statement)
        element = code.get("code", "") if code is not None else ""
        slot = lookup.sole.get(element) or lookup.match(statement, form, code, element)
        if slot is None and element:
            slot = self._elsewhere(lookup, element, filled)
        one = slot or _UNKNOWN
        below, inside = self._level(statement, slot, lookup, filled, element)
        if nested and depth < _DEEPEST:
            for step in nested:
                self._statements(step, below, inside, depth + 1)
        if time is not None:
            self._time(time, one, form)
        if value is not None:
            self._value(one, value, element, form)
        if slot is not None:
            self._complete(statement, slot, below, inside, value)
        if form == "procedure":
            self.operations.append(statement)
        filled.elements.add(element)
        if inside is not filled and inside.elements:
            filled.elements |= inside.elements

    def _children(
        self, statement: Element
    ) -> tuple[Element | None, Element | None, Element | None, list[Element]]:
        """code, value, effectiveTime and what nests, in one pass over the children."""
        code = value = time = None
        nested: list[Element] = []
        for child in statement:
            tag = child.tag
            if tag == _CODE:
                code = child
            elif tag == _VALUE:
                value = child
            elif tag in _BELOW:
                nested.append(child)
            elif tag == _TIME:
                time = child
            elif tag in _DOSES:
                self._dose(child)
        return code, value, time, nested

    def _level(
        self, statement: Element, slot: Slot | None, lookup: Lookup, filled: _Filled, element: str
    ) -> tuple[Lookup, _Filled]:
        """What may stand below a statement, and where it is noted."""
        if slot is None:
            # A wrapper the catalogue does not know: what is in it counts as beside it.
            return (_NO_SLOTS, _Filled()) if element else (lookup, filled)
        if self._strict and not slot.repeats and slot.key in filled.keys:
            self.say("element-repeated", statement, slot.label)
        filled.keys.add(slot.key)
        return lookup.below(slot), _Filled()

    @staticmethod
    def _elsewhere(lookup: Lookup, element: str, filled: _Filled) -> Slot | None:
        """The slot of a data element that stands higher than the catalogue has it."""
        found = lookup.anywhere(element)
        if found is None:
            return None
        filled.keys.add(found[0])
        return found[1]

    def _complete(
        self, statement: Element, slot: Slot, below: Lookup, inside: _Filled, value: Element | None
    ) -> None:
        """What the slot's parts must have; none of it below a flag that says no."""
        if below.facets:
            self._facets(statement, below, inside)
        if below.required and (value is None or value.get("value") != "false"):
            for part in below.required:
                if not inside.has(part):
                    self.say("element-missing", statement, part.label)
        if value is None and slot.kind and slot.element and not statement.get("nullFlavor"):
            self.say("element-empty", statement, slot.label)

    def _value(self, slot: Slot, value: Element, element: str, form: str) -> None:
        if form == "observationMedia" or value.get("representation") == "B64":
            if values.media_of(value, "") is None:
                self.say("media-unreadable", value)
            return
        if slot is _UNKNOWN:
            own = element if element.startswith(("DE", "HD")) else ""
            for code, name in content.of_unknown(value, own):
                self.say(code, value, name)
            if own:
                self.facts.setdefault(own, []).append(value)
            return
        for code, name in content.of_value(slot, value):
            self.say(code, value, name)
        if element:
            self.facts.setdefault(element, []).append(value)
        if self._strict and slot.longest and len(value.text or "") > slot.longest:
            self.say("text-long", value, slot.label)

    def _time(self, time: Element, slot: Slot, form: str) -> None:
        """Each of effectiveTime's ends readable, in order, and no operation in the future."""
        ends = []
        for one in (time, *time):
            raw = (one.get("value") or "").strip()
            if not raw:
                continue
            at = values.moment(raw)
            if at is None or at.at is None:
                self.say("time-unreadable", one, slot.label)
                continue
            if form == "procedure" and at.at > self._now:
                self.say("procedure-future", time)
            ends.append((one.tag, at.at))
        if [tag for tag, _ in ends] == [_LOW, _HIGH] and ends[0][1] > ends[1][1]:
            self.say("period-order", time, slot.label)

    def _dose(self, dose: Element) -> None:
        raw = (dose.get("value") or "").strip()
        if not raw:
            return
        amount = content.number(raw)
        if amount is None:
            self.say("quantity-unreadable", dose)
        elif amount <= 0:
            self.say("dose", dose)

    def _facets(self, statement: Element, lookup: Lookup, inside: _Filled) -> None:
        """Times, people, drugs and codes inside a statement, as far as they must be there."""
        for name, slots in lookup.facets.items():
            steps, coded = _STEPS[name]
            found = _down(statement, steps)
            if found is None:
                continue
            inside.keys.update(slot.key for slot in slots)
            slot = slots[0]
            if coded and slot.kind == "CD" and (slot.required or found.get("code")):
                for fault, label in content.of_coded(slot, found):
                    self.say(fault, found, label)


def _says_something(text: Element | None) -> bool:
    return text is not None and any(not part.isspace() for part in text.itertext() if part)


def _down(element: Element, steps: tuple[str, ...]) -> Element | None:
    for step in steps:
        below = next(element.iterchildren(step), None)
        if below is None:
            return None
        element = below
    return element


def _path(*steps: str) -> tuple[str, ...]:
    return tuple(NS + step for step in steps)


_PRODUCT = ("consumable", "manufacturedProduct")
# Place of a slot → the element that fills it, and whether that is a code.
_STEPS: dict[str, tuple[tuple[str, ...], bool]] = {
    "text": (_path("text"), False), "id": (_path("id"), False), "code": (_path("code"), True),
    "time": (_path("effectiveTime"), False), "low": (_path("effectiveTime", "low"), False),
    "high": (_path("effectiveTime", "high"), False), "performer": (_path("performer"), False),
    "author": (_path("author"), False), "participant": (_path("participant"), False),
    "allergen": (_path("participant", "participantRole", "playingEntity"), False),
    "route": (_path("routeCode"), True), "site": (_path("targetSiteCode"), True),
    "form": (_path("administrationUnitCode"), True), "dose": (_path("doseQuantity"), False),
    "rate": (_path("rateQuantity"), False),
    "drug.code": (_path(*_PRODUCT, "manufacturedLabeledDrug", "code"), True),
    "drug.name": (_path(*_PRODUCT, "manufacturedLabeledDrug", "name"), False),
    "material.code": (_path(*_PRODUCT, "manufacturedMaterial", "code"), True),
    "material.name": (_path(*_PRODUCT, "manufacturedMaterial", "name"), False),
    "maker": (_path(*_PRODUCT, "manufacturerOrganization", "name"), False),
    "product.id": (_path(*_PRODUCT, "id"), False),
}  # fmt: skip
