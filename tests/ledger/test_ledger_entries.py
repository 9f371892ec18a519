"""Entries: canonical, typed, and closed to personal data."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.kernel.canonical import canonical_json
from openrhip.kernel.errors import Malformed, Problem, TooLarge
from openrhip.ledger.rules import KINDS, Entry
from openrhip.ledger.rules.entries import COMMON, MAX_LEAF, check_leaf

HEX = st.text("0123456789abcdef", min_size=32, max_size=64)
DIGEST = st.text("0123456789abcdef", min_size=64, max_size=64)
CODE = st.sampled_from(
    ["TREAT", "C0053", "440300-001", "merge", "v1.2", "urn:x", "12440300455755881R"]
)
TIME = st.just("2026-11-24T08:30:00.123456Z")
VALUES = {
    "opaque": HEX,
    "digest": DIGEST,
    "code": CODE,
    "time": TIME,
    "count": st.integers(0, 10**14),
    "signature": st.just("A" * 86 + "=="),
}
DECISIONS = {"disclose": "permit", "emergency": "permit", "export": "permit", "refuse": "deny"}


@st.composite
def entries(draw):
    kind = draw(st.sampled_from(sorted(KINDS)))
    optional = draw(st.sets(st.sampled_from(sorted(COMMON))))
    fields = {}
    for name in KINDS[kind] | optional:
        if name == "decision":
            fields[name] = DECISIONS.get(kind, draw(st.sampled_from(["permit", "deny"])))
        else:
            fields[name] = draw(VALUES[COMMON[name][0]])
    return Entry(kind, fields)


@given(entries())
def test_a_leaf_is_canonical_json_and_reads_back(entry):
    assert entry.leaf == canonical_json({**entry.fields, "kind": entry.kind})
    assert Entry.parse(entry.leaf) == Entry(entry.kind, dict(entry.fields))
    assert len(entry.leaf) <= MAX_LEAF


@given(entries(), st.data())
def test_any_changed_byte_is_refused_or_another_entry(entry, data):
    leaf = bytearray(entry.leaf)
    at = data.draw(st.integers(0, len(leaf) - 1))
    leaf[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != leaf[at]))
    try:
        other = Entry.parse(bytes(leaf))
    except Problem:
        return
    assert other != entry
    assert other.leaf == bytes(leaf)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_entry_or_a_problem(data):
    with pytest.raises(Problem):
        check_leaf(data)


@pytest.mark.parametrize(
    "value",
    [
        "11010519491231002X",
        "110105194912310021",
        "no110105194912310021x",
        "130503670401001",
        "13800138000",
        "tel:13800138000",
        "张三",
        "Zhang San",
        "a@b.cn",
        "",
        "x" * 65,
        'a"b',
        "a\\b",
        "é",
    ],
)
@pytest.mark.parametrize("field", ["purpose", "institution", "reason_code", "actor", "document"])
def test_personal_data_and_free_text_find_no_place(entry, field, value):
    with pytest.raises(Malformed) as problem:
        entry(1, **{field: value})
    assert not value or value not in str(problem.value)
    leaf = {**entry(1).fields, field: value, "kind": "disclose"}
    with pytest.raises(Malformed):
        check_leaf(canonical_json(leaf))


def test_codes_with_many_digits_that_are_no_person_are_allowed(entry):
    for code in (
        "12440300455755881R",
        "PDY10021-X440113",
        "455851234",
        "20261124083000",
        "1380013800",
    ):
        assert entry(1, institution=code)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"patient_name": "x"}, "a field that no entry has"),
        ({"purpose": "13800138000"}, "looks like"),
        ({"decision": "deny"}, "decision of disclose is permit"),
        ({"version": True}, "version"),
        ({"version": -1}, "version"),
        ({"version": "1"}, "version"),
        ({"version": 1.0}, "version"),
        ({"version": 10**16}, "version"),
        ({"time": "2026-11-24T08:30:00Z"}, "time"),
        ({"time": "2026-11-24 08:30:00.000000Z"}, "time"),
        ({"actor": "AB" * 32}, "actor"),
        ({"actor": ["ab"]}, "actor"),
        ({"actor": None}, "actor"),
        ({"actor": {"a": "b"}}, "actor"),
    ],
)
def test_the_diagnosis_names_field_and_reason(entry, change, word):
    with pytest.raises(Malformed, match=word):
        entry(1, **change)


def test_all_failures_are_named_at_once():
    with pytest.raises(Malformed) as problem:
        Entry("disclose", {"actor": "x", "time": "y"})
    for name in ("actor", "time", "patient", "document", "purpose", "policy_set"):
        assert name in problem.value.what


def test_unknown_kinds_and_spellings_are_refused(entry):
    with pytest.raises(Malformed, match="kind"):
        Entry("visit", {})
    leaf = entry(1).leaf
    value = json.loads(leaf)
    for other in (
        json.dumps(value).encode(),
        leaf + b"\n",
        b" " + leaf,
        leaf.replace(b'{"actor', b'{,"actor'),
        leaf.replace(b"permit", b"p\\u0065rmit"),
        json.dumps(dict(reversed(value.items())), separators=(",", ":")).encode(),
        leaf.replace(b'"kind"', b'"kind":"refuse","kind"'),
        b"[]",
        b"null",
        b"",
        b"\xff",
    ):
        with pytest.raises(Malformed):
            check_leaf(other)
    with pytest.raises(TooLarge):
        check_leaf(b" " * (MAX_LEAF + 1))
