"""Oddities of a month: those of the golden month, and ones nobody named there."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from openrhip.collect import service
from openrhip.collect.rules.lines import (
    BASIC,
    DIABETES,
    HYPERTENSION,
    PERSONS,
    Earlier,
    Line,
    in_print_order,
)
from openrhip.collect.rules.oddities import oddities
from openrhip.collect.rules.tables import Owner
from openrhip.kernel.periods import Month

NOVEMBER = Month(2020, 11)
GOLDEN = json.loads(
    (Path(__file__).parent.parent / "vectors/golden/collection-2020-11.json").read_text("utf-8")
)["collection"]


def golden_lines():
    return tuple(
        Line(
            *(row[0], row[0], owner, *row[1:8]),
            persons=tuple(zip(PERSONS, row[8:], strict=False)),
        )
        for kind, owner in (("districts", Owner.DISTRICT), ("hospitals", Owner.HOSPITAL))
        for row in GOLDEN[kind]["rows"]
    )


def plain(**more):
    given = {
        "unit": "H1", "name": "甲医院", "owner": Owner.HOSPITAL, "declared": 60, "owed": 83,
        "uploaded": 60, "rows": 900_000, "upload_days": 30, "visits": 30_000, "discharges": 900,
        "received": 900_000, "data_days": 30, "charges": 60_000,
    }  # fmt: skip
    return Line(**given | more)


def codes(line, **more):
    return {one.code for one in oddities([line], month=NOVEMBER, **more)}


def test_those_named_in_the_golden_month_are_found():
    found = {}
    for one in oddities(golden_lines(), month=NOVEMBER):
        found.setdefault(one.code, []).append(one.name)
    assert found["more-upload-days"] == ["江苏省中医院", "南京市儿童医院", "南京鼓楼医院"]
    assert found["tables-without-rows"] == ["秦淮区"]
    assert len(found["never-declared"]) == 8
    # Not named there:
    assert found["no-discharges"] == ["建邺区", "江苏省省级机关医院"]
    assert found["few-days"] == ["江宁区", "六合区", "建邺区", "东南大学附属中大医院"]
    assert found["rows-per-visit-unlike-peers"] == ["江北新区"]
    assert "南京脑科医院" in found["declared-not-sent"]
    assert "same-figures" not in found


def test_the_golden_month_prints_in_this_order():
    lines = golden_lines()
    for owner in Owner:
        asked = tuple(line for line in lines if line.owner is owner)
        assert in_print_order(tuple(sorted(asked, key=lambda one: one.unit)), NOVEMBER) == asked


def test_an_ordinary_line_is_not_odd():
    assert codes(plain()) == set()
    assert codes(plain(), before={"H1": Earlier(850_000)}) == set()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("more-upload-days", {"upload_days": 31}),
        ("tables-without-rows", {"rows": 0, "upload_days": 0, "visits": 0, "discharges": 0}),
        ("nothing-sent", {"uploaded": 0, "rows": 0, "upload_days": 0, "visits": 0}),
        ("never-declared", {"declared": None}),
        ("not-declared", {"not_declared": ("A", "B")}),
        ("declared-not-sent", {"not_sent": ("A",)}),
        ("empty-tables", {"empty": ("A", "B", "C")}),
        ("few-days", {"upload_days": 20, "data_days": 20}),
        ("no-discharges", {"discharges": 0}),
        ("no-visits", {"visits": 0}),
        ("visits-without-charges", {"charges": 0}),
        ("many-at-fault", {"received": 1_100_000, "quarantined": 200_000}),
        ("managed-without-record", {"persons": ((BASIC, 10), (HYPERTENSION, 11))}),
    ],
)
def test_each_is_found_by_itself(code, change):
    assert code in codes(plain(**change))
    for one in oddities([plain(**change)], month=NOVEMBER):
        assert one.zh
        assert one.en
        assert one.fix_zh
        assert one.fix_en
        assert "{" not in one.zh + one.en


def test_a_bulk_of_late_days_is_not_few_days():
    # All thirty days of data came, on two days.
    assert codes(plain(upload_days=2, data_days=30)) == set()


def test_rows_far_from_the_month_before():
    before = {"H1": Earlier(900_000)}
    assert codes(plain(rows=400_000), before=before) == {"far-from-last-month"}
    assert codes(plain(rows=2_000_000), before=before) == {"far-from-last-month"}
    assert codes(plain(rows=600_000), before=before) == set()
    # Half of a month that is half over is no news.
    assert codes(plain(rows=450_000, upload_days=15, data_days=15), days=15, before=before) == set()
    assert codes(plain(), before={"H1": Earlier(10)}) == {"far-from-last-month"}


def test_cumulative_persons_do_not_fall():
    before = {"H1": Earlier(900_000, ((DIABETES, 10),))}
    assert codes(plain(persons=((DIABETES, 9),)), before=before) == {"fewer-persons"}
    assert codes(plain(persons=((DIABETES, 10),)), before=before) == set()


def test_units_with_the_very_same_figures():
    twin = replace(plain(), unit="H2", name="乙医院")
    (found,) = oddities([plain(), twin], month=NOVEMBER)
    assert (found.code, found.unit) == ("same-figures", "H2")
    assert "甲医院" in found.zh


def test_peers_need_to_be_several_and_a_unit_far_from_them():
    peers = [replace(plain(), unit=f"P{n}", rows=900_000 + 1000 * n) for n in range(9)]
    odd = replace(plain(), unit="X", rows=9_000_000)
    assert {one.unit for one in oddities([*peers, odd], month=NOVEMBER)} == {"X"}
    assert not oddities([*peers[:5], odd], month=NOVEMBER)


def test_from_batches_to_oddities(city):
    from datetime import date

    for number in range(1, 31):
        city.send("H1", "VISIT", date(2020, 11, number), 100)
        city.send("H1", "CHARGE", date(2020, 10, number), 100)
        city.send("D1", "VISIT", date(2020, 11, number), 0)
    found = {(one.unit, one.code) for one in service.oddities_of(NOVEMBER)}
    assert {
        ("H1", "never-declared"),
        ("H1", "no-discharges"),
        ("H1", "visits-without-charges"),
        ("D1", "tables-without-rows"),
        ("H2", "nothing-sent"),
    } <= found
    assert ("H1", "far-from-last-month") not in found
