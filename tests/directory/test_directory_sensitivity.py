"""Levels of documents, GB/T 39725."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.directory.rules.sensitivity import RULES, sensitivity


@pytest.mark.parametrize(
    ("facts", "level", "rule"),
    [
        ({"kind": "C0053"}, 4, "default"),
        ({"diagnoses": ["J18.900"]}, 4, "default"),
        ({"diagnoses": ["I10.x05", "B20.500x001"]}, 5, "hiv"),
        ({"diagnoses": ["z21"]}, 5, "hiv"),
        ({"text": "抗 hiv 抗体 阳性"}, 5, "hiv"),
        ({"diagnoses": ["A53.900"]}, 5, "std"),
        ({"diagnoses": ["F20.000"]}, 5, "psychiatry"),
        ({"diagnoses": ["F17.200"]}, 4, "default"),
        ({"department": "临床心理科"}, 5, "psychiatry"),
        ({"department": "心血管内科"}, 4, "default"),
        ({"diagnoses": ["O04.900"]}, 5, "abortion"),
        ({"diagnoses": ["T74.200"]}, 5, "abuse"),
        ({"confidentiality": "v"}, 5, "very-restricted"),
        ({"confidentiality": "R"}, 4, "default"),
    ],
)
def test_levels(facts, level, rule):
    found = sensitivity(**facts)
    assert found.level == level
    assert rule in found.rules
    assert found.zh
    assert found.en


def test_all_deciding_rules_are_named():
    assert sensitivity(diagnoses=["B20", "F20"]).rules == ("hiv", "psychiatry")


def test_rules_are_sound_data():
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert 1 <= rule.level <= 5
        assert all(word == word.upper() for word in rule.words), rule.id
        assert (
            rule.kinds or rule.diagnoses or rule.departments or rule.words or rule.confidentiality
        )


@given(
    st.text(max_size=10),
    st.lists(st.text(max_size=10), max_size=5),
    st.text(max_size=20),
    st.text(max_size=50),
    st.text(max_size=3),
)
def test_every_document_has_a_level(kind, diagnoses, department, text, confidentiality):
    found = sensitivity(
        kind=kind,
        diagnoses=diagnoses,
        department=department,
        text=text,
        confidentiality=confidentiality,
    )
    assert 1 <= found.level <= 5
    assert found.rules
