"""The lake: what stands is read once, stays readable by anybody's Delta, and its history is kept."""

import os
import time
from datetime import date, timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from store_city import CATALOGUE, DAY, NOW, written

from openrhip.collect import service
from openrhip.collect.engine.writing import loaded_schema, quarantine_schema
from openrhip.collect.lake import DeltaLake
from openrhip.collect.lake import keys as key_index
from openrhip.collect.lake.layout import fault_schema_of, schema_of
from openrhip.collect.lake.log import Entry, Log
from openrhip.collect.rules.jobs import Part
from openrhip.collect.rules.tables import Column, Type
from openrhip.kernel import ids
from openrhip.kernel.errors import Malformed

VISIT = CATALOGUE.tables["VISIT"]
MONTH = date(2020, 10, 1)
MINUTE = timedelta(minutes=1)


class Shelf:
    """A lake, and batches put into it without the service."""

    def __init__(self, home):
        self.home = home
        self.lake = DeltaLake(home)

    def put(self, unit, day, *rows, table=VISIT, lake=None):
        """rows: (no, n, flag). Answers the batch."""
        part = self.part(unit, day, *rows, table=table)
        (lake or self.lake).replace([part], table=table)
        return part.batch

    def part(self, unit, day, *rows, table=VISIT):
        batch = ids.new_id()
        out = self.home / "out"
        out.mkdir(exist_ok=True)
        files = ()
        if rows:
            made = [
                {
                    "no": no, "n": n, "amend_flag": flag, "_unit": unit, "_day": day,
                    "_batch": batch, "_line": line,
                }
                for line, (no, n, flag) in enumerate(rows, 1)
            ]  # fmt: skip
            files = (
                written(out / f"{batch}.parquet", pa.Table.from_pylist(made, schema_of(table))),
            )
        return Part(table.code, unit, day, batch, files)

    def rows(self, **asked):
        with duckdb.connect() as connection:
            sql = self.lake.sql(VISIT, columns=["_unit", "_day", "no", "n"], **asked)
            return connection.sql(sql).order("ALL").fetchall()


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path)


def asked(*keys):
    return pa.table({"no": list(keys)})


def test_engine_and_lake_have_the_same_columns():
    for table in CATALOGUE.tables.values():
        assert schema_of(table) == loaded_schema(table)
        assert fault_schema_of(table) == quarantine_schema(table)


def test_other_readers_of_delta_see_what_stands(shelf):
    shelf.put("U1", MONTH, ("A", 1, "1"), ("B", 2, "1"))
    shelf.put("U2", MONTH, ("A", 3, "1"))
    shelf.put("U1", MONTH, ("C", 4, "1"))
    found = pa.table(DeltaTable(shelf.lake.rows / "VISIT").to_pyarrow_table())
    assert sorted(zip(found["_unit"].to_pylist(), found["no"].to_pylist(), strict=True)) == [
        ("U1", "C"),
        ("U2", "A"),
    ]
    # An earlier version is Delta's own time travel.
    before = pa.table(DeltaTable(shelf.lake.rows / "VISIT", version=2).to_pyarrow_table())
    assert sorted(before["no"].to_pylist()) == ["A", "A", "B"]


def test_rows_at_fault_know_their_batch_for_other_readers(shelf):
    table = pa.Table.from_pylist(
        [{"_line": 3, "_rules": "VISIT.n.form", "no": "A", "n": "x"}], fault_schema_of(VISIT)
    )
    file = written(shelf.home / "bad.parquet", table)
    shelf.lake.quarantine([Part("VISIT", "U1", MONTH, "b" * 32, (file,))], table=VISIT)
    [row] = pa.table(DeltaTable(shelf.lake.faults / "VISIT").to_pyarrow_table()).to_pylist()
    assert (row["_unit"], row["_day"], row["_batch"]) == ("U1", MONTH, "b" * 32)
    shelf.lake.quarantine([Part("VISIT", "U1", MONTH, "c" * 32, ())], table=VISIT)
    assert DeltaTable(shelf.lake.faults / "VISIT").to_pyarrow_table().num_rows == 0
    assert shelf.lake.quarantine_file(table="VISIT", day=MONTH, batch="b" * 32).exists()


def test_putting_the_same_part_in_twice_is_once(shelf):
    part = shelf.part("U1", MONTH, ("A", 1, "1"))
    shelf.lake.replace([part], table=VISIT)
    version = shelf.lake.log("VISIT").version
    shelf.lake.replace([part], table=VISIT)
    DeltaLake(shelf.home).replace([part], table=VISIT)
    assert shelf.lake.log("VISIT").version == version
    assert len(shelf.rows()) == 1


def test_many_parts_are_one_commit(shelf):
    parts = [shelf.part(f"U{n}", MONTH, ("A", n, "1")) for n in range(5)]
    shelf.lake.replace(parts, table=VISIT)
    assert shelf.lake.log("VISIT").version == 1
    assert [row[0] for row in shelf.rows()] == ["U0", "U1", "U2", "U3", "U4"]
    assert shelf.rows(units=["U3"], since=MONTH, until=MONTH) == [("U3", MONTH, "A", 3)]
    assert shelf.rows(since=MONTH + timedelta(days=1)) == []


def test_two_lakes_over_one_folder_follow_each_other(shelf):
    other = DeltaLake(shelf.home)
    shelf.put("U1", MONTH, ("A", 1, "1"))
    assert other.batch_of(table="VISIT", unit="U1", day=MONTH)
    batch = shelf.put("U1", MONTH, ("B", 2, "1"), lake=other)
    assert shelf.lake.batch_of(table="VISIT", unit="U1", day=MONTH) == batch
    assert [row[2] for row in shelf.rows()] == ["B"]


def test_a_writer_that_knows_no_lock_is_taken_into_account(shelf, monkeypatch):
    """Another engine appends while we commit: our commit looks again and goes in after it."""
    shelf.put("U1", MONTH, ("A", 1, "1"))
    log, commit = shelf.lake.log("VISIT"), Log.commit
    foreign = []

    def late(self, **about):
        if not foreign:
            foreign.append(1)
            rows = pq.read_table(self.folder / self.entries()[0].path)
            rows = rows.set_column(rows.schema.get_field_index("_unit"), "_unit", pa.array(["U9"]))
            # The table as this process has it stays behind.
            from deltalake import write_deltalake

            write_deltalake(str(self.folder), rows, mode="append")
            self.refresh = lambda: self._table
        try:
            return commit(self, **about)
        finally:
            self.__dict__.pop("refresh", None)

    monkeypatch.setattr(Log, "commit", late)
    shelf.put("U1", MONTH, ("B", 2, "1"))
    monkeypatch.undo()
    log = Log(log.folder)
    assert log.entries(units=["U9"])
    found = DeltaTable(log.folder).to_pyarrow_table(columns=["_unit", "no"]).to_pylist()
    assert sorted((row["_unit"], row["no"]) for row in found) == [("U1", "B"), ("U9", "A")]


def test_columns_that_the_catalogue_gains_are_added(shelf):
    from dataclasses import replace

    shelf.put("U1", MONTH, ("A", 1, "1"))
    wider = replace(VISIT, columns=(*VISIT.columns, Column("more", "多", "more", Type.DECIMAL)))
    shelf.put("U2", MONTH, ("B", 2, "1"), table=wider)
    with duckdb.connect() as connection:
        rows = connection.sql(shelf.lake.sql(wider, columns=["no", "more"])).order("ALL").fetchall()
    assert rows == [("A", None), ("B", None)]
    assert DeltaTable(shelf.lake.rows / "VISIT").to_pyarrow_table().num_rows == 2


@pytest.mark.parametrize("code", ["../ETC", "a b", "", "visit", "A/B"])
def test_no_path_comes_in_by_a_table(shelf, code):
    with pytest.raises(Malformed):
        shelf.lake.log(code)


def test_sql_in_names_stays_text(shelf):
    unit = "U1' OR '1'='1"
    shelf.put("U1", MONTH, ("A", 1, "1"))
    assert shelf.rows(units=[unit]) == []
    shelf.put(unit, MONTH, ("B", 1, "1"))
    assert [row[2] for row in shelf.rows(units=[unit])] == ["B"]


# --- closed months


def a_month(shelf, units=("U1", "U2"), days=6):
    return {
        (unit, at): shelf.put(
            unit, MONTH + timedelta(days=at), (f"{unit}-{at}", at, "1"), (f"{unit}-{at}b", at, "1")
        )
        for unit in units
        for at in range(days)
    }


def test_a_closed_month_is_merged_and_reads_the_same(shelf):
    batches = a_month(shelf)
    shelf.put("U1", date(2020, 11, 2), ("N", 1, "1"))
    before = shelf.rows()
    assert shelf.lake.compact(table="VISIT", before=date(2020, 11, 1)) == 12
    assert shelf.lake.compact(table="VISIT", before=date(2020, 11, 1)) == 0
    assert shelf.rows() == before
    assert len(shelf.lake.files(table="VISIT")) == 3
    assert DeltaTable(shelf.lake.rows / "VISIT").to_pyarrow_table().num_rows == len(before)
    day = MONTH + timedelta(days=2)
    assert shelf.lake.batch_of(table="VISIT", unit="U1", day=day) == batches["U1", 2]
    assert shelf.rows(since=day, until=day, units=["U2"]) == [
        ("U2", day, "U2-2", 2),
        ("U2", day, "U2-2b", 2),
    ]


def test_a_day_of_a_merged_month_is_replaced_as_any_other(shelf):
    batches = a_month(shelf)
    shelf.lake.compact(table="VISIT", before=date(2020, 11, 1))
    day = MONTH + timedelta(days=2)
    shelf.put("U1", day, ("NEW", 9, "1"))
    assert shelf.rows(since=day, until=day, units=["U1"]) == [("U1", day, "NEW", 9)]
    assert len(shelf.rows()) == 23
    # The rows it replaced are history, also after the small files went.
    age(shelf, days=5)
    shelf.lake.vacuum(table="VISIT", keep_days=400)
    sql = shelf.lake.rows_sql(table=VISIT, unit="U1", day=day, batch=batches["U1", 2])
    with duckdb.connect() as connection:
        assert len(connection.sql(sql).fetchall()) == 2
    # A further sending of an already changed month, and one more night.
    shelf.put("U1", day, ("NEWER", 9, "1"))
    assert shelf.lake.compact(table="VISIT", before=date(2020, 11, 1)) == 2
    assert shelf.rows(since=day, until=day, units=["U1"]) == [("U1", day, "NEWER", 9)]
    assert shelf.lake.batch_of(table="VISIT", unit="U1", day=MONTH) == batches["U1", 0]


def test_what_is_replaced_while_a_month_is_merged_wins(shelf, monkeypatch):
    from openrhip.collect.lake import keeping

    a_month(shelf, units=("U1",))
    merge = keeping._merge

    def slow(log, group):
        merged = merge(log, group)
        shelf.put("U1", MONTH, ("NEW", 9, "1"))
        return merged

    with monkeypatch.context() as patched:
        patched.setattr(keeping, "_merge", slow)
        assert shelf.lake.compact(table="VISIT", before=date(2020, 11, 1)) == 0
    assert shelf.rows(until=MONTH) == [("U1", MONTH, "NEW", 9)]
    assert shelf.lake.compact(table="VISIT", before=date(2020, 11, 1)) == 6
    assert len(shelf.rows()) == 11


def age(shelf, *, days):
    """Everything in the lake is so much older."""
    old = time.time() - days * 86_400
    for path in shelf.lake.rows.rglob("*"):
        if path.is_file():
            os.utime(path, (old, old))


def test_clearing_leaves_what_stands_and_the_history(shelf):
    first = shelf.put("U1", MONTH, ("A", 1, "1"))
    shelf.put("U1", MONTH, ("B", 1, "1"))
    assert shelf.lake.vacuum(table="VISIT", keep_days=400) == 0
    age(shelf, days=399)
    assert shelf.lake.vacuum(table="VISIT", keep_days=400) == 0
    age(shelf, days=401)
    assert shelf.lake.vacuum(table="VISIT", keep_days=400) == 1
    assert shelf.lake.rows_sql(table=VISIT, unit="U1", day=MONTH, batch=first) is None
    assert [row[2] for row in shelf.rows()] == ["B"]


def test_small_files_of_merged_months_go_after_a_grace(shelf):
    a_month(shelf, units=("U1",))
    shelf.lake.compact(table="VISIT", before=date(2020, 11, 1))
    assert shelf.lake.vacuum(table="VISIT", keep_days=400) == 0
    age(shelf, days=3)
    assert shelf.lake.vacuum(table="VISIT", keep_days=400) == 6
    assert len(shelf.rows()) == 12


# --- keys


def test_keys_are_known_by_unit_and_by_city(shelf):
    shelf.put("U1", MONTH, ("A", 1, "1"), ("B", 1, "1"))
    shelf.put("U2", MONTH, ("C", 1, "1"))

    def known(unit, *keys):
        asked_keys = pa.table({"no": pa.array(keys, pa.string())})
        found = shelf.lake.known_keys(table=VISIT, key=VISIT.key, unit=unit, asked=asked_keys)
        return found["no"].to_pylist()

    assert known(None, "A", "C", "D") == ["A", "C"]
    assert known("U1", "A", "C", "D") == ["A"]
    shelf.put("U1", MONTH, ("D", 1, "1"))
    assert known(None, "A", "C", "D") == ["C", "D"]
    assert known("U3", "A") == []
    assert known(None) == []


def test_keys_survive_merging_and_the_loss_of_their_index(shelf, monkeypatch):
    import shutil

    monkeypatch.setattr(key_index, "MOST_SEGMENTS", 2)
    a_month(shelf, units=("U1",), days=9)
    every = [f"U1-{at}" for at in range(9)]

    def known(lake):
        found = lake.stored_keys(table=VISIT, unit="U1", but_day=MONTH, asked=asked("X", *every))
        return found["no"].to_pylist()

    assert known(shelf.lake) == every[1:]
    for at in range(5):
        shelf.put("U1", MONTH + timedelta(days=20 + at), (f"L{at}", 1, "1"))
        assert known(shelf.lake) == every[1:]
    assert len(list(shelf.home.rglob("*.keys"))) <= 3
    shelf.lake.compact(table="VISIT", before=date(2020, 11, 1))
    assert known(shelf.lake) == every[1:]
    assert known(DeltaLake(shelf.home)) == every[1:]
    shutil.rmtree(shelf.home / "collect" / "keys")
    assert known(shelf.lake) == every[1:]
    assert known(DeltaLake(shelf.home)) == every[1:]


def test_digests_are_the_same_however_many_are_asked(shelf, monkeypatch):
    names = ["", "A", "中文", "x" * 70, "1.50"]
    rows = pa.table({"a": names, "b": ["", "q", "王", "z", "\x1f"]})
    few = shelf.lake._keys._digests(rows)
    monkeypatch.setattr(key_index, "FEW", 0)
    many = shelf.lake._keys._digests(rows)
    assert [list(part) for part in few] == [list(part) for part in many]


def test_a_torn_index_is_made_anew(shelf):
    shelf.put("U1", MONTH, ("A", 1, "1"))
    later = MONTH + timedelta(days=1)

    def known(lake):
        return lake.stored_keys(
            table=VISIT, unit="U1", but_day=later, asked=asked("A", "B")
        ).num_rows

    assert known(shelf.lake) == 1
    [segment] = shelf.home.rglob("*.keys")
    segment.write_bytes(segment.read_bytes()[:40])
    assert known(DeltaLake(shelf.home)) == 1


def test_typed_keys_are_asked_as_text(shelf, tmp_path):
    from dataclasses import replace

    table = replace(
        VISIT,
        key=("on", "sum", "n"),
        columns=(
            Column("on", "", "", Type.DATE),
            Column("sum", "", "", Type.DECIMAL, precision=8, scale=2),
            *VISIT.columns,
        ),
    )
    rows = pa.Table.from_pylist(
        [
            {
                "on": MONTH,
                "sum": "1.50",
                "n": 7,
                "amend_flag": "1",
                "_day": MONTH,
                "_unit": "U1",
                "_batch": "b" * 32,
            }
        ],
        pa.schema(
            [f if f.name != "sum" else pa.field("sum", pa.string()) for f in schema_of(table)]
        ),
    ).cast(schema_of(table))
    file = written(tmp_path / "typed.parquet", rows)
    shelf.lake.replace([Part("VISIT", "U1", MONTH, "b" * 32, (file,))], table=table)
    found = shelf.lake.stored_keys(
        table=table,
        unit="U1",
        but_day=MONTH + timedelta(days=1),
        asked=pa.table({"a": ["2020-10-01"] * 2, "b": ["1.50", "1.5"], "c": ["7", "7"]}),
    )
    assert found.num_rows == 1


# --- the log after a power cut


def test_a_torn_commit_is_taken_away(shelf):
    shelf.put("U1", MONTH, ("A", 1, "1"))
    shelf.put("U1", MONTH, ("B", 1, "1"))
    newest = max((shelf.lake.rows / "VISIT" / "_delta_log").glob("*.json"))
    whole = newest.read_bytes()
    for torn in (
        b"",
        bytes(len(whole)),
        whole[: len(whole) // 2],
        whole.splitlines(keepends=True)[0],
    ):
        newest.write_bytes(torn)
        lake = DeltaLake(shelf.home)
        assert lake.log("VISIT").version == 1
        assert lake.batch_of(table="VISIT", unit="U1", day=MONTH)
        assert not newest.exists()


def test_a_torn_checkpoint_is_taken_away(shelf):
    shelf.put("U1", MONTH, ("A", 1, "1"))
    log = shelf.lake.log("VISIT")
    log.checkpoint()
    logs = log.folder / "_delta_log"
    [made] = logs.glob("*.checkpoint.parquet")
    made.write_bytes(b"")
    (logs / ".checkpointing").write_text(str(log.version))
    lake = DeltaLake(shelf.home)
    assert lake.log("VISIT").version == 1
    assert not made.exists()
    shelf.put("U1", MONTH, ("B", 1, "1"), lake=lake)
    assert [row[2] for row in shelf.rows()] == ["B"]


def test_the_log_is_summed_up_now_and_then(shelf, monkeypatch):
    from openrhip.collect.lake import log as logs

    monkeypatch.setattr(logs, "CHECKPOINT_EVERY", 3)
    for at in range(7):
        shelf.put("U1", MONTH, (f"A{at}", 1, "1"))
    assert len(list((shelf.lake.rows / "VISIT" / "_delta_log").glob("*.checkpoint.parquet"))) == 2
    assert [row[2] for row in Shelf(shelf.home).rows()] == ["A6"]


def test_the_logs_own_files_are_cleared_and_nobody_misses_anything(shelf, monkeypatch):
    from openrhip.collect.lake import log as logs

    for at in range(4):
        shelf.put("U1", MONTH + timedelta(days=at), (f"A{at}", 1, "1"))
    idle = DeltaLake(shelf.home)
    assert len(idle.files(table="VISIT")) == 4
    folder = shelf.lake.rows / "VISIT" / "_delta_log"
    for path in folder.glob("*.json"):
        os.utime(path, (time.time() - 40 * 86_400,) * 2)
    shelf.put("U1", MONTH + timedelta(days=9), ("B", 1, "1"))
    shelf.lake.vacuum(table="VISIT", keep_days=400)
    left = len(list(folder.glob("*.json")))
    assert left < 6
    shelf.lake.vacuum(table="VISIT", keep_days=400)
    assert len(shelf.rows()) == 5
    monkeypatch.setattr(logs, "OPEN_SECONDS", 0.0)
    assert len(idle.files(table="VISIT")) == 5
    assert len(Shelf(shelf.home).rows()) == 5
    assert DeltaTable(folder.parent).to_pyarrow_table(columns=["no"]).num_rows == 5


def test_an_entry_tells_readers_what_to_pass_over():
    entry = Entry("a", 1, 5, "U1", MONTH, MONTH + timedelta(days=3), "", amends=True)
    assert '"_day": "2020-10-04"' in entry.stats(parted=False)


def test_history_of_a_batch_is_read_by_its_id(place, unit):
    first = unit.load(("V1",), ("V2",))
    unit.load(("V3",), sent_at=NOW + MINUTE)
    assert [one.current for one in service.history("U1", "VISIT", DAY)] == [False, True]
    sql = place.lake.rows_sql(table=VISIT, unit="U1", day=DAY, batch=first.id)
    with duckdb.connect() as connection:
        rows = connection.sql(f"SELECT no FROM ({sql})").fetchall()  # noqa: S608
    assert sorted(rows) == [("V1",), ("V2",)]
