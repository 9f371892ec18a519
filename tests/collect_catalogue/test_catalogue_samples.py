"""Samples of every table pass the engine, and planted faults are exactly those that are found."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pyarrow.parquet as pq
import pytest

from openrhip.collect import sampling
from openrhip.collect.catalogue import load
from openrhip.collect.engine.conformance import told
from openrhip.collect.engine.duckdb_engine import DuckDbEngine
from openrhip.collect.rules.jobs import CheckJob, InputFile
from openrhip.collect.rules.tables import Period
from openrhip.collect.sampling.adding import additions
from openrhip.collect.sampling.ordering import Edge, settle
from openrhip.collect.sampling.people import MOST, people
from openrhip.collect.sampling.plan import Sum
from openrhip.formats.cda.numbers import person_number_holds, sex_of
from openrhip.kernel.errors import Refused

DAY = date(2026, 11, 1)
CATALOGUE = load()
POOL = people(3_000, seed=5)


def sampled(code, rows, day=DAY, unit="U001", seed=1):
    return sampling.sample(CATALOGUE.tables[code], CATALOGUE, rows, day, unit, seed, POOL)


@pytest.fixture(scope="module")
def engine():
    return DuckDbEngine()


def broken(engine, table, rows, folder, suffix="parquet", encoding="utf-8"):
    path, out = folder / f"{table.code}.{suffix}", folder / f"{table.code}-out"
    out.mkdir()
    sampling.write(rows, path, encoding=encoding)
    job = CheckJob(
        catalogue=CATALOGUE,
        table=table,
        files=(InputFile(path, path.name, suffix, encoding, rows=rows.num_rows),),
        unit="U001",
        day=DAY,
        batch="b",
        out=out,
        today=DAY + timedelta(days=30),
    )
    return told(engine.check(job), rows.num_rows).broken


@pytest.mark.parametrize("part", range(4))
def test_every_table_is_sampled_and_every_planted_fault_is_found(engine, tmp_path, part):
    """30 rows of each of the 152 tables; half of them damaged, the others pass every rule."""
    sizes = Counter()
    for code in sorted(CATALOGUE.tables)[part::4]:
        table = CATALOGUE.tables[code]
        rows = sampled(code, 30)
        assert rows.column_names == [column.name for column in table.columns]
        assert rows.num_rows == 30
        damaged, expected = sampling.damage(
            table, CATALOGUE, rows, count=15, seed=part, doubles=0.3
        )
        found = broken(engine, table, damaged, tmp_path)
        assert {at: ids for at, ids in enumerate(found, 1) if ids} == expected, code
        sizes.update(len(ids) for ids in expected.values())
    assert sizes[1] > 300
    assert sum(times for size, times in sizes.items() if size > 1) > 80


def test_kinds_of_damage():
    kinds = Counter()
    for table in CATALOGUE.tables.values():
        kinds.update(sampling.kinds_of(table, CATALOGUE))
    assert len(kinds) == 18
    assert kinds["missing"] == kinds["form"] == kinds["values"] == len(CATALOGUE.tables) == 152


@pytest.mark.parametrize(("suffix", "encoding"), [("csv", "utf-8"), ("csv", "gb18030")])
def test_samples_pass_as_units_send_them(engine, tmp_path, suffix, encoding):
    for code in ("OP_VISIT", "FRONT_SHEET", "HR_PERSON", "REG_STAFF"):
        table = CATALOGUE.tables[code]
        found = broken(engine, table, sampled(code, 300), tmp_path, suffix, encoding)
        assert set(found) == {frozenset()}


def test_the_same_arguments_give_the_same_rows():
    assert sampled("OP_VISIT", 50).equals(sampled("OP_VISIT", 50))
    others = [
        sampled("OP_VISIT", 50, unit="U002"),
        sampled("OP_VISIT", 50, day=DAY + timedelta(days=1)),
    ]
    keys = set(sampled("OP_VISIT", 50)["visit_no"].to_pylist())
    for other in others:
        assert keys.isdisjoint(other["visit_no"].to_pylist())
    assert not sampled("OP_VISIT", 50, seed=2).equals(sampled("OP_VISIT", 50))


def test_references_hold_between_tables_of_a_unit_and_day():
    made = {code: sampled(code, 60) for code in CATALOGUE.tables}
    referred = {one.table for table in CATALOGUE.tables.values() for one in table.references}
    more = {code: sampled(code, 180) for code in referred}  # up to three lines an episode
    references = 0
    for code, table in CATALOGUE.tables.items():
        for one in table.references:
            there = more[one.table]
            keys = set(zip(*(there[name].to_pylist() for name in one.key), strict=True))
            asked = zip(*(made[code][name].to_pylist() for name in one.columns), strict=True)
            missing = {key for key in asked if None not in key} - keys
            assert missing == set(), (code, one.columns, one.table)
            references += 1
    assert references > 250


def test_totals_over_tables_hold_for_a_unit_and_day():
    asked = 0
    for code, table in CATALOGUE.tables.items():
        for rule in (one for one in table.rules if one.kind == "total-of"):
            here, there = sampled(code, 40), sampled(rule.get("table"), 120)
            sums: Counter[tuple[str, ...]] = Counter()
            keys = zip(*(there[name].to_pylist() for name in rule.get_all("key")), strict=True)
            for key, part in zip(keys, there[rule.get("part")].to_pylist(), strict=True):
                sums[key] += Decimal(part)
            keys = zip(*(here[name].to_pylist() for name in rule.get_all("key")), strict=True)
            for key, total in zip(keys, here[rule.get("total")].to_pylist(), strict=True):
                assert Decimal(total) == sums[key], rule.id
                asked += 1
    assert asked >= 240


def test_keys_are_unique_and_persons_recur():
    visits, cards = sampled("OP_VISIT", 2_000), sampled("HTN_CARD", 2_000)
    assert len(set(visits["visit_no"].to_pylist())) == 2_000
    numbers = {one for one in visits["id_number"].to_pylist() if one and one.startswith("320100")}
    assert len(numbers & set(cards["id_number"].to_pylist())) > 1_500
    items = sampled("OP_CHARGE_ITEM", 600)
    keys = set(zip(items["charge_no"].to_pylist(), items["item_no"].to_pylist(), strict=True))
    assert len(keys) == 600


def test_monthly_tables_and_registers():
    assert CATALOGUE.tables["REG_DEPT"].period is Period.SNAPSHOT
    one, other = sampled("REG_DEPT", 10), sampled("REG_DEPT", 10, day=DAY + timedelta(days=3))
    assert one["dept_code"] == other["dept_code"]
    with pytest.raises(ValueError, match="not negative"):
        sampled("REG_DEPT", -1)
    assert sampled("OP_VISIT", 0).num_rows == 0


def test_people_have_right_numbers_that_occur_once():
    pool = people(60_000, seed=2)
    numbers = pool.identity.to_pylist()
    assert len(set(numbers)) == 60_000
    for at in range(0, 60_000, 997):
        assert person_number_holds(numbers[at])
        assert sex_of(numbers[at]) == ("1" if pool.male[at] else "2")
        assert numbers[at].startswith("320100")
    for size in (0, MOST + 1):
        with pytest.raises(ValueError, match="pool"):
            people(size)


def test_faults_of_chosen_kinds_only():
    table = CATALOGUE.tables["OP_VISIT"]
    rows = sampled("OP_VISIT", 200)
    _, expected = sampling.damage(table, CATALOGUE, rows, count=50, kinds=["phone"], doubles=0)
    assert set(expected.values()) == {frozenset({"OP_VISIT.phone.phone"})}
    assert 30 <= len(expected) <= 50
    with pytest.raises(Refused):
        sampling.damage(table, CATALOGUE, rows, count=5, kinds=["earthquake"])


def test_damage_leaves_the_other_rows_alone():
    table = CATALOGUE.tables["FRONT_SHEET"]
    rows = sampled("FRONT_SHEET", 100)
    damaged, expected = sampling.damage(table, CATALOGUE, rows, count=30)
    before, after = rows.to_pylist(), damaged.to_pylist()
    assert {at + 1 for at in range(100) if before[at] != after[at]} <= set(expected)


def test_totals_are_shared_out_where_they_are_known():
    sums = (Sum("t", ("a", "b")), Sum("t", ("c", "d", "e")), Sum("a", ("x", "y")))
    order = [(one.total, one.down) for one in additions(sums)]
    assert order.index(("t", False)) < order.index(("t", True)) < order.index(("a", True))


def test_orders_settle_around_what_is_fixed():
    import numpy as np

    values = {"a": np.array([9, 1]), "b": np.array([5, 5]), "c": np.array([3, 7])}
    settle(values, [Edge("a", "b"), Edge("b", "c", 1), Edge("c", "a")], frozenset({"b"}), {})
    assert values["b"].tolist() == [5, 5]
    assert (values["a"] <= 5).all()
    assert (values["c"] >= 6).all()


def test_encodings_that_are_not_sent_are_refused(tmp_path):
    with pytest.raises(Refused):
        sampling.write(sampled("REG_DEPT", 3), tmp_path / "x.csv", encoding="utf-16")
    sampling.write(sampled("REG_DEPT", 3), tmp_path / "x.parquet")
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 3
