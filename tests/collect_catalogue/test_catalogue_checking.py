"""The catalogue check: nothing is wrong with what is shipped, and every flaw is found."""

import dataclasses

import pytest
from catalogue_tables import TABLE, changed

from openrhip.collect.catalogue import load, read_table
from openrhip.collect.rules import flaws
from openrhip.collect.rules.checking import check, of_values, summary
from openrhip.collect.rules.tables import Catalogue, Owner, ValueSet


def of_one(data):
    table = read_table(data, where="t")
    return check(Catalogue({table.code: table}, load().values))


def test_nothing_is_wrong_with_what_is_shipped():
    catalogue = load()
    assert [flaw.as_dict() for flaw in check(catalogue)] == []
    assert dict(summary(catalogue).owed) == {"district": 129, "hospital": 83}
    assert len(catalogue.tables) == 152


def test_nothing_is_wrong_with_the_table_of_these_tests():
    assert of_one(TABLE) == ()


FLAWED = [
    ("code", "t-one", "table-code"),
    ("purpose_zh", "", "empty-words"),
    ("domain", "Test Domain", "slug"),
    ("counts", "Visits!", "slug"),
    ("owed_by", [], "owed-by-nobody"),
    ("cda", "C9999", "cda"),
    ("columns/1/name", "no", "column-twice"),
    ("columns/1/zh", "编号", "zh-twice"),
    ("key", [], "no-key"),
    ("key", ["no", "no"], "key-twice"),
    ("key", ["born"], "key-optional"),
    ("key", ["nothing"], "unknown-column"),
    ("period", "snapshot", "snapshot-day"),
    ("day_column", "", "day-column"),
    ("day_column", "no", "day-type"),
    ("day_column", "born", "day-optional"),
    ("person", "nobody", "unknown-column"),
    ("person", "no", "person-column"),
    ("columns/0/name", "No-1", "column-name"),
    ("columns/0/en", "", "empty-words"),
    ("columns/0/element", "DE2.1.39", "element"),
    ("columns/0/form", "AN..36", "form"),
    ("columns/0/form", "X9", "form"),
    ("columns/1/form", "D8", "form"),
    ("columns/6/form", "N..8,3", "form"),
    ("columns/3/values", "GB/T 0", "unknown-values"),
    ("columns/3/type", "text", "values-type"),
    ("columns/4/name_of", "no", "name-of"),
    ("columns/4/type", "integer", "name-of"),
    ("columns/0/pattern", "(?=x)", "pattern"),
    ("columns/0/pattern", r"\d+", "pattern"),
    ("columns/0/pattern", "[0-9", "pattern"),
    ("columns/6/multiline", True, "multiline"),
    ("columns/6/max", 3, "length"),
    ("columns/0/min", 30, "length"),
    ("columns/6/scale", 9, "precision"),
    ("columns/0/precision", 9, "precision"),
    ("columns/0/minimum", "1", "bounds"),
    ("columns/6/minimum", "one", "bounds"),
    ("columns/6/maximum", "-1", "bounds"),
    ("columns/5/minimum", "2026-02-30", "bounds"),
    ("columns/2/check", "passport", "check"),
    ("columns/2/personal", "", "personal"),
    ("columns/0/element", "DE02.01.039.00", "personal"),
    ("columns/6/personal", "card", "personal"),
    ("columns/2/check_when", ["nothing", ["1"]], "check-when"),
    ("columns/2/check_when", ["sex", ["7"]], "check-when"),
    ("columns/0/warn", ["range"], "warn"),
    ("columns/0/warn", ["nonsense"], "warn"),
    ("references/0/table", "T_TWO", "unknown-table"),
    ("references/0/columns", ["nothing"], "unknown-column"),
    ("references/0/key", ["no", "at"], "key-length"),
    ("references/0/key", ["at"], "key-type"),
    ("references/0/key", ["sex_name"], "not-the-key"),
    ("references/0/key", ["nothing"], "unknown-column"),
    ("references/0/scope", "world", "scope"),
    ("rules/0/id", "in_order", "rule-id"),
    ("rules/0/id", "Rule 1", "rule-id"),
    ("rules/0/kind", "unique", "rule-kind"),
    ("rules/0/kind", "nonsense", "rule-kind"),
    ("rules/0/identity", None, "rule-argument"),
    ("rules/0/identity", "no", "rule-type"),
    ("rules/0/birth", "no", "rule-type"),
    ("rules/0/sex", "no", "rule-type"),
    ("rules/1/columns", ["born"], "rule-argument"),
    ("rules/1/columns", ["born", "fee"], "rule-type"),
    ("rules/1/columns", ["born", "nothing"], "unknown-column"),
    ("rules/1/columns", "born", "rule-argument"),
    ("rules/2/op", "=<", "rule-argument"),
    ("rules/2/value", "3", "rule-argument"),
    ("rules/2/right", "at", "rule-type"),
    ("rules/2/colour", "red", "rule-argument"),
    ("rules/3/parts", ["fee"], "rule-argument"),
    ("rules/3/parts", ["no"], "rule-type"),
    ("rules/3/tolerance", "little", "rule-argument"),
    ("rules/4/among", [], "rule-argument"),
    ("rules/4/among", ["7"], "rule-argument"),
    ("rules/4/column", "no", "rule-argument"),
    ("rules/4/when", "born", "rule-argument"),
]


@pytest.mark.parametrize(("path", "value", "code"), FLAWED)
def test_every_flaw_is_found(path, value, code):
    found = of_one(changed(path, value))
    assert code in {flaw.code for flaw in found}
    for flaw in found:
        assert flaw.zh
        assert flaw.en
        assert flaw.remedy
        assert flaw.remedy_zh
        assert flaw.where.startswith("tables/")


def test_totals_over_tables_are_checked():
    other = {**TABLE, "code": "T_TWO", "owed_by": ["hospital"], "references": [], "rules": []}
    rule = {"id": "over", "kind": "total-of", "total": "fee", "part": "fee", "table": "T_TWO",
            "key": ["no"]}  # fmt: skip
    both = {}
    for data in (changed("rules/5", rule), other):
        table = read_table(data, where="t")
        both[table.code] = table
    found = check(Catalogue(both, load().values))
    assert [flaw.code for flaw in found] == ["not-owed"]
    for change, code in (
        ({"part": "sex"}, "rule-type"),
        ({"part": "nothing"}, "unknown-column"),
        ({"table": "T_NONE"}, "unknown-table"),
        ({"key": []}, "rule-argument"),
    ):
        table = read_table(changed("rules/5", {**rule, **change}), where="t")
        found = check(Catalogue({**both, table.code: table}, load().values))
        assert code in {flaw.code for flaw in found}


def test_references_stay_with_those_who_owe_both():
    one = read_table(changed("references/0/table", "T_TWO"), where="t")
    two = read_table(
        {**TABLE, "code": "T_TWO", "owed_by": ["district"], "references": []}, where="t"
    )
    found = check(Catalogue({"T_ONE": one, "T_TWO": two}, load().values))
    assert [flaw.code for flaw in found] == ["not-owed"]


def test_a_snapshot_repeats_its_keys():
    data = {**TABLE, "period": "snapshot", "day_column": "", "unique_in_store": True}
    assert "snapshot-store" in {flaw.code for flaw in of_one(data)}


def test_counts_of_other_centres():
    catalogue = load()
    other = dataclasses.replace(catalogue, expected=((Owner.DISTRICT, 100),))
    assert [flaw.code for flaw in check(other)] == ["count"]


GOOD = ValueSet("X", "值域", "x", "1", "s", (("1", "一"), ("2", "二")))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"source": ""}, "empty-words"),
        ({"codes": (("1", "一"), ("1", "二"))}, "code-twice"),
        ({"codes": (("1", " "),)}, "code-blank"),
        ({"codes": ((" 1", "一"),)}, "code-blank"),
        ({"codes": ()}, "no-codes"),
        ({"complete": False}, "no-shape"),
        ({"shape": r"\w"}, "shape"),
        ({"shape": "[3-9]"}, "code-shape"),
        ({"other_names": (("3", "三"),)}, "other-name"),
    ],
)
def test_flaws_of_value_sets(change, code):
    assert list(of_values(GOOD)) == []
    assert code in {flaw.code for flaw in of_values(dataclasses.replace(GOOD, **change))}


def test_every_flaw_has_an_example_here():
    told = {code for _, _, code in FLAWED} | {
        "unreadable", "count", "not-owed", "snapshot-store", "empty-words", "code-twice",
        "code-blank", "no-codes", "no-shape", "shape", "code-shape", "other-name",
    }  # fmt: skip
    assert told == set(flaws._REMEDIES)
