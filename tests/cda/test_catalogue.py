"""The catalogue: what the tables of the fifty-three kinds have in common, and facts of some."""

from __future__ import annotations

import re

import pytest

from openrhip.formats.cda import catalogue
from openrhip.formats.cda.check.messages import MESSAGES
from openrhip.formats.cda.kinds import Kind

KINDS = [kind for kind in Kind if kind.code.startswith("C0")]
TYPES = {"ST", "CD", "PQ", "TS", "BL", "INT", "REAL", "MO", "ED", "II", ""}
HAN = re.compile(r"[一-鿿]")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_tables_are_whole(kind):
    spec = catalogue.of(kind)
    assert spec.sections
    assert spec.signers()
    keys = [section.key for section in spec.sections]
    assert len(keys) == len(set(keys))
    for _, slot in spec.slots():
        assert slot.kind in TYPES or slot.kind.startswith("PN"), slot.label
        assert not slot.set_id or slot.set_id in catalogue.value_sets(), slot.label
        parts = [part.key for part in slot.parts]
        assert len(parts) == len(set(parts)), slot.label


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_label_is_said_in_english(kind):
    spec = catalogue.of(kind)
    labels = [slot.label for _, slot in spec.slots()] + [one.label for one in spec.sections]
    labels += [*spec.signers(), *(one.name for one in spec.header if one.place == "number")]
    for label in labels:
        said = MESSAGES["element-missing"].finding("/", label).text_en
        assert not HAN.search(said), label


def test_labels_keep_their_code_and_what_is_in_brackets():
    message = MESSAGES["unit-differs"]
    said = message.finding("/", "DE04.10.186.00 体温 (℃)")
    assert said.text_zh.endswith("DE04.10.186.00 体温 (℃)")
    assert said.text_en.endswith("DE04.10.186.00 temperature (℃).")
    named = MESSAGES["signature-missing"].finding("/", "责任医师、责任护士")
    assert named.text_en.endswith("responsible physician, responsible nurse.")


def test_value_sets_have_one_object_identifier_each():
    sets = catalogue.value_sets().values()
    written = [one.oid for one in sets if one.oid]
    assert len(written) == len(set(written))
    assert all(one.codes for one in sets if one.closed)
    assert all(one.oid not in one.also for one in sets)


@pytest.mark.parametrize(
    ("table", "oid", "code", "name"),
    [
        ("GB/T 2261.1", "2.16.156.10011.2.3.3.4", "2", "女性"),
        ("CV04.50.005", "2.16.156.10011.2.3.1.85", "3", "O型"),
        ("CV05.10.024", "2.16.156.10011.2.3.1.258", "4", "四级手术"),
        ("CV06.00.226", "2.16.156.10011.2.3.1.265", "5", "死亡"),
        ("CV05.10.019", "2.16.156.10011.2.3.1.253", "1", "有"),
    ],
)
def test_facts_of_value_sets(table, oid, code, name):
    one = catalogue.value_sets()[table]
    assert one.closed
    assert one.oid == oid
    assert one.name_of(code) == name
    assert one.holds(code)
    assert one.holds(f"0{code}")
    assert not one.holds("98")


def test_open_value_sets_keep_a_shape():
    diagnoses = catalogue.value_sets()["ICD-10"]
    assert not diagnoses.closed
    assert diagnoses.holds("I21.000")
    assert not diagnoses.holds("急性心肌梗死")
