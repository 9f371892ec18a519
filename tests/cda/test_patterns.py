"""Page templates as tables: every kind has one, and it names what the catalogue knows."""

import dataclasses
from importlib import import_module

import pytest

from openrhip.formats import cda, ofd
from openrhip.formats.cda import catalogue, layout
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout.sheet import Sheet

MODULES = ("consents", "course", "nursing", "obstetrics", "operations", "tcm_front_sheet", "wards")
PATTERNS = {
    kind: pattern
    for name in MODULES
    for kind, pattern in import_module(f"{layout.__name__}.{name}").PATTERNS.items()
}
SPECIFIED = [kind for kind in PATTERNS if kind is not Kind.CHECK_UP]


def named(thing):
    """All data elements that a pattern names."""
    if isinstance(thing, str):
        return {thing} if thing.startswith(("DE", "HDSD")) else set()
    if dataclasses.is_dataclass(thing):
        return set().union(
            *(named(getattr(thing, field.name)) for field in dataclasses.fields(thing))
        )
    if isinstance(thing, tuple | list):
        return set().union(*map(named, thing)) if thing else set()
    return set()


def test_every_kind_has_a_template():
    assert set(layout._TEMPLATES) == set(Kind)
    for module in set(layout._TEMPLATES.values()):
        assert callable(import_module(f"{layout.__name__}.{module}").build)


@pytest.mark.parametrize("kind", SPECIFIED, ids=lambda kind: kind.code)
def test_a_pattern_names_elements_of_its_kind(kind):
    known = {slot.element for _, slot in catalogue.of(kind).slots()}
    # Texts that several kinds share may name an element that one of them lacks; most must be known
    strange = named(PATTERNS[kind].parts) - known
    assert len(strange) <= len(named(PATTERNS[kind].parts)) / 2, strange


@pytest.mark.parametrize("kind", SPECIFIED, ids=lambda kind: kind.code)
def test_samples_leave_little_to_the_plain_form(kind):
    """What no part names follows in the plain form: at most one section of a sample does."""
    for name, source in cda.samples().items():
        if name.startswith(f"{kind.code}/"):
            sheet = Sheet(cda.parse(source))
            for part in PATTERNS[kind].parts:
                part.blocks(sheet)
            left = [block for block in sheet.rest() if isinstance(block, ofd.Heading)]
            assert len(left) <= 1, [block.text for block in left]


def test_consents_are_signed_by_everyone_with_the_time():
    source = next(data for name, data in cda.samples().items() if name.startswith("C0026"))
    text = "\n".join(ofd.text(cda.lay_out(cda.parse(source), source=source)))
    assert text.count("签名时间：") >= 3
    for numeral in "一二三四":
        assert f"{numeral}、" in text
