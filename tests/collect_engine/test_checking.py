"""A batch through the engine: loaded and quarantined to the row, every fault told."""

from __future__ import annotations

import time
from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openrhip.collect.catalogue import load, read_table
from openrhip.collect.engine.duckdb_engine import DuckDbEngine
from openrhip.collect.engine.sealing import Sealer
from openrhip.collect.engine.sessions import Sessions
from openrhip.collect.rules.jobs import CheckJob, InputFile, Known, Limits
from openrhip.collect.rules.tables import Catalogue, ValueSet
from openrhip.kernel.errors import Malformed, Problem, TooLarge

ENGINE = DuckDbEngine()
SEALER = Sealer(bytes(range(32)))
HEADER = "visit_no,id_number,name,sex_code,sex_name,birth_date,visit_at,total_fee,drug_fee,org_code,amend_flag,collected_at"
GOOD = "V{0},11010519491231002X,张三,2,女,1949-12-31,2020-06-01 08:00:00,12.50,12.5,91350100M000100Y43,1,20200601T080000"
TABLE = {
    "code": "VISITS",
    "zh": "就诊",
    "en": "visits",
    "domain": "d",
    "source": "s",
    "owed_by": ["hospital"],
    "key": ["visit_no"],
    "day_column": "visit_at",
    "unique_in_store": True,
    "columns": [
        {"name": "visit_no", "zh": "流水号", "en": "number", "max": 12, "required": True},
        {"name": "id_number", "zh": "证件号", "en": "identity", "check": "identity", "personal": "identity"},
        {"name": "name", "zh": "姓名", "en": "name", "max": 10, "required": True, "personal": "name"},
        {"name": "sex_code", "zh": "性别", "en": "sex", "type": "code", "values": "GB/T 2261.1"},
        {"name": "sex_name", "zh": "性别名", "en": "sex name", "name_of": "sex_code", "warn": ["name-agrees"]},
        {"name": "birth_date", "zh": "出生", "en": "birth", "type": "date"},
        {"name": "visit_at", "zh": "就诊", "en": "visit", "type": "datetime", "required": True},
        {"name": "total_fee", "zh": "总", "en": "total", "type": "decimal", "precision": 10, "scale": 2},
        {"name": "drug_fee", "zh": "药", "en": "drugs", "type": "decimal", "precision": 10, "scale": 2},
        {"name": "phone", "zh": "电话", "en": "phone", "check": "phone", "personal": "phone"},
    ],
    "rules": [
        {"id": "sum", "kind": "sum", "total": "total_fee", "parts": ["drug_fee"]},
        {"id": "agrees", "kind": "identity-agrees", "identity": "id_number", "birth": "birth_date", "sex": "sex_code"},
    ],
    "references": [{"columns": ["org_code"], "table": "ORGS", "key": ["code"]}],
}  # fmt: skip


@pytest.fixture(scope="module")
def catalogue():
    table = read_table(TABLE, where="VISITS.toml")
    return Catalogue({"VISITS": table}, load().values, "")


def job_of(catalogue, folder, *contents, table="VISITS", known=None, limits=None, **of_file):
    out = folder / "out"
    out.mkdir(exist_ok=True)
    for old in out.iterdir():
        old.unlink()
    files = []
    for at, content in enumerate(contents):
        path = folder / f"in-{at}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        files.append(InputFile(path, f"part-{at}.csv", **of_file))
    return CheckJob(
        catalogue,
        catalogue.tables[table],
        tuple(files),
        "U1",
        date(2020, 6, 1),
        "B1",
        out,
        date(2020, 7, 1),
        known or Known(),
        SEALER,
        limits or Limits(),
    )


def rows_of(written):
    files = written if isinstance(written, tuple) else (written,)
    return [row for one in files if one for row in pq.read_table(one.path).to_pylist()]


def csv(*rows):
    return "\n".join([HEADER, *rows]) + "\n"


def hits_of(result):
    return {found.rule.removeprefix("VISITS."): found.count for found in result.hits}


def test_a_clean_batch_is_loaded_typed_sealed_and_masked(catalogue, tmp_path):
    result = ENGINE.check(job_of(catalogue, tmp_path, csv(GOOD.format(1), GOOD.format(2))))
    assert (result.received, result.loaded, result.quarantined, result.marked) == (2, 2, 0, 0)
    assert result.hits == ()
    assert result.quarantine is None
    first, second = rows_of(result.good)
    assert first["id_number"] == second["id_number"]
    assert first["id_number"].startswith("s")
    assert SEALER.unseal([first["id_number"]]) == ["11010519491231002X"]
    assert first["name"] == "张**"
    assert str(first["total_fee"]) == "12.50"
    assert first["visit_at"].isoformat() == "2020-06-01T08:00:00"
    assert first["phone"] is None
    assert (first["_unit"], first["_day"], first["_batch"], first["_line"]) == (
        "U1",
        date(2020, 6, 1),
        "B1",
        1,
    )


def test_faulty_rows_go_to_quarantine_with_all_their_rules(catalogue, tmp_path):
    rows = [GOOD.format(1)]
    rows.append(GOOD.format(2).replace("12.50", "13.50").replace("1949-12-31", "1949-12-30"))
    rows.append(GOOD.format(3).replace("女", "男"))
    rows.append("too,few")
    rows.append(GOOD.format(5) + ",more")
    rows.append(GOOD.format(6).replace("V6", ""))
    rows += [GOOD.format(7)] * 2
    rows.append(GOOD.format(9).replace(",1,2020", ",3,2020"))
    result = ENGINE.check(job_of(catalogue, tmp_path, csv(*rows)))
    assert (result.received, result.loaded, result.quarantined) == (9, 3, 6)
    assert (result.marked, result.amended, result.withdrawn) == (1, 0, 1)
    assert hits_of(result) == {
        "sum": 1, "agrees": 1, "sex_name.name-agrees": 1, "row.shape": 2,
        "visit_no.required": 1, "key.unique": 2,
    }  # fmt: skip
    kept = {row["_line"]: row["_rules"] for row in rows_of(result.quarantine)}
    assert kept == {
        2: "VISITS.sum,VISITS.agrees", 4: "VISITS.row.shape", 5: "VISITS.row.shape",
        6: "VISITS.visit_no.required", 7: "VISITS.key.unique", 8: "VISITS.key.unique",
    }  # fmt: skip
    assert {row["_line"]: row["_marks"] for row in rows_of(result.good)} == {
        1: None, 3: "VISITS.sex_name.name-agrees", 9: None,
    }  # fmt: skip
    assert {row["id_number"] for row in rows_of(result.quarantine)} == {"11**2X", None}


def test_lines_run_on_over_files_and_blocks(catalogue, tmp_path, monkeypatch):
    monkeypatch.setattr("openrhip.collect.engine.csv_door.BLOCK", 997)
    first = csv(*(GOOD.format(n) for n in range(30)), "x", *(GOOD.format(n) for n in range(30, 60)))
    second = csv(*(GOOD.format(n) for n in range(59, 80)))
    result = ENGINE.check(job_of(catalogue, tmp_path, first, second))
    assert (result.received, result.loaded, result.quarantined) == (82, 79, 3)
    assert hits_of(result) == {"row.shape": 1, "key.unique": 2}
    assert sorted(row["_line"] for row in rows_of(result.quarantine)) == [31, 61, 62]
    lines = {row["visit_no"]: row["_line"] for row in rows_of(result.good)}
    assert lines["V0"] == 1
    assert lines["V30"] == 32
    assert lines["V79"] == 82


def test_looked_up_keys(catalogue, tmp_path):
    asked = []

    def stored(keys):
        asked.append(keys.column(0).to_pylist())
        return pa.table({"k": ["V2", "V3"]})

    known = Known(stored, {"VISITS.org_code.reference": lambda keys: keys.slice(0, 0)})
    rows = [GOOD.format(n) for n in range(1, 4)] + [GOOD.format(3).replace(",1,2020", ",2,2020")]
    result = ENGINE.check(job_of(catalogue, tmp_path, csv(*rows[:2], rows[3]), known=known))
    assert asked == [["V1", "V2"]]
    assert hits_of(result) == {"key.unique-store": 1, "org_code.reference": 3}
    assert (result.loaded, result.marked, result.quarantined, result.amended) == (2, 2, 1, 1)


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"PK\x03\x04" + bytes(30), Malformed, "zip"),
        (b"\x1f\x8b\x08aaa", Malformed, "gzip"),
        (b"", Malformed, "empty"),
        (csv(GOOD).replace(",", ";"), Malformed, "semicolon"),
        (csv(GOOD).replace("visit_no", "Visit_No"), Malformed, "write visit_no"),
        (csv(GOOD).replace("visit_no", "drug_fee"), Malformed, "twice"),
        (csv(GOOD).replace("visit_no", '"x""; DROP TABLE chunk; --"'), Malformed, "no column"),
        (csv(GOOD).replace(",name", ",phone"), Malformed, "missing: name"),
        (csv(GOOD).encode().replace("张".encode(), b"\xff"), Malformed, "line 2"),
        (csv(GOOD).encode().replace("张".encode(), b"\0"), Malformed, "line 2"),
        (csv(GOOD).encode("utf-16"), Malformed, "UTF-16"),
        (HEADER.encode() + b"\n" + b"x" * 3_000_000, TooLarge, "a line"),
        (b"x" * 3_000_000, TooLarge, "a line"),
        (",".join(map(str, range(10_000))), TooLarge, "columns"),
        (csv(GOOD.replace("张三", "x" * 70_000)), TooLarge, "field"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused(catalogue, tmp_path, content, error, says):
    with pytest.raises(error, match=says):
        ENGINE.check(job_of(catalogue, tmp_path, content))


def test_gb18030_bom_crlf_and_quotes(catalogue, tmp_path):
    text = csv(
        GOOD.format(1), GOOD.format(2).replace("张三", '"张,""三"""'), "", GOOD.format(3)
    ).replace("\n", "\r\n")
    for content, encoding in (
        (text.encode("gb18030"), "gb18030"),
        (text.encode("utf-8-sig"), "utf-8"),
    ):
        result = ENGINE.check(job_of(catalogue, tmp_path, content, encoding=encoding))
        assert (result.received, result.loaded) == (3, 3)
    broken = text.encode("gb18030").replace("女".encode("gb18030"), b"\xff\xff")
    with pytest.raises(Malformed, match=r"GB18030.*line 2"):
        ENGINE.check(job_of(catalogue, tmp_path, broken, encoding="gb18030"))


def test_a_stray_quote_costs_its_line_alone(catalogue, tmp_path):
    rows = [
        GOOD.format(1),
        GOOD.format(2).replace("张三", '"张三'),
        GOOD.format(3),
        GOOD.format(4).replace("张三", '张"三'),
    ]
    rows.append(GOOD.format(5).replace("张三", "张\r三"))
    rows.append(GOOD.format(6).replace("张三", '"张三"'))
    result = ENGINE.check(job_of(catalogue, tmp_path, csv(*rows)))
    assert hits_of(result) == {"row.shape": 3}
    assert sorted(row["_line"] for row in rows_of(result.quarantine)) == [2, 4, 5]
    assert sorted(row["visit_no"] for row in rows_of(result.good)) == ["V1", "V3", "V6"]


def test_parquet_gives_what_csv_gives(catalogue, tmp_path):
    rows = [GOOD.format(n).split(",") for n in range(5)]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(HEADER.split(","))}
    table = pa.table(columns)
    typed = table.set_column(5, "birth_date", pa.array([date(1949, 12, 31)] * 5))
    path = tmp_path / "x.parquet"
    for content in (table, typed):
        pq.write_table(content, path)
        result = ENGINE.check(job_of(catalogue, tmp_path, path.read_bytes(), format="parquet"))
        assert (result.received, result.loaded, result.hits) == (5, 5, ())
    with pytest.raises(Malformed, match="no Parquet"):
        ENGINE.check(job_of(catalogue, tmp_path, csv(GOOD), format="parquet"))


def test_names_of_a_catalogue_are_never_executed(tmp_path):
    evil = "a\" FROM chunk; DROP TABLE chunk; --'"
    data = TABLE | {
        "code": "E",
        "key": [evil],
        "day_column": "",
        "unique_in_store": False,
        "rules": [],
        "references": [],
    }
    data["columns"] = [
        {"name": evil, "zh": "'", "en": "'", "values": "V'"},
        {"name": "b", "zh": "b", "en": "b", "type": "date"},
    ]
    sets = {"V'": ValueSet("V'", "x", "x", "1", "s", (("a'b", "x"),))}
    catalogue = Catalogue({"E": read_table(data, where="E")}, load().values | sets, "")
    header = '"' + evil.replace('"', '""') + '",b,org_code,amend_flag,collected_at\n'
    content = header + "".join(
        f"{v},2020-01-0{n},91350100M000100Y43,1,20200601T080000\n"
        for n, v in enumerate(("a'b", "'; DROP TABLE chunk", "a'b"), 1)
    )
    result = ENGINE.check(job_of(catalogue, tmp_path, content, table="E"))
    assert (result.received, result.quarantined) == (3, 3)


def test_what_does_not_fit_waits_on_disk(catalogue, tmp_path, monkeypatch):
    monkeypatch.setattr("openrhip.collect.engine.csv_door.BLOCK", 2000)
    monkeypatch.setattr("openrhip.collect.engine.duckdb_engine.bytes_of", lambda memory: 1)
    job = job_of(
        catalogue, tmp_path, csv(*(GOOD.format(n) for n in range(100)), GOOD.format(3), "x")
    )
    result = ENGINE.check(job)
    assert (result.received, result.loaded, result.quarantined) == (102, 99, 3)
    assert hits_of(result) == {"key.unique": 2, "row.shape": 1}
    assert sorted(row["_line"] for row in rows_of(result.quarantine)) == [4, 101, 102]
    # how many files the good rows fill depends on the threads; nothing else is left behind
    written = {file.path.name for file in result.good}
    assert {path.name for path in job.out.iterdir()} == {*written, "quarantine.parquet"}
    assert sum(file.rows for file in result.good) == 99


def test_many_batches_answer_as_each_alone(catalogue, tmp_path):
    contents = [
        csv(GOOD.format(1), GOOD.format(1)),
        csv(GOOD.format(1).replace("1949-12-31", "1949-12-30"), "x", GOOD.format(2)),
        csv(GOOD.format(1).replace("张三", "x" * 70_000)),
        HEADER,
        b"PK\x03\x04",
        csv(*(GOOD.format(n) for n in range(5))),
    ]
    known = Known(lambda keys: keys.slice(0, 1))
    jobs, alone = [], []
    for at, content in enumerate(contents):
        for folder in (tmp_path / f"a{at}", tmp_path / f"b{at}"):
            folder.mkdir()
        jobs.append(job_of(catalogue, tmp_path / f"a{at}", content, known=known))
        try:
            alone.append(ENGINE.check(job_of(catalogue, tmp_path / f"b{at}", content, known=known)))
        except Problem as problem:
            alone.append(problem)
    for one, other in zip(ENGINE.check_many(jobs), alone, strict=True):
        assert type(one) is type(other)
        if isinstance(one, Problem):
            assert str(one) == str(other)
            continue
        assert (one.received, one.loaded, one.quarantined, one.hits) == (
            other.received,
            other.loaded,
            other.quarantined,
            other.hits,
        )
        assert rows_of(one.good) == rows_of(other.good)
        assert rows_of(one.quarantine) == rows_of(other.quarantine)
    assert [type(one).__name__ for one in alone] == [
        "CheckResult",
        "CheckResult",
        "TooLarge",
        "CheckResult",
        "Malformed",
        "CheckResult",
    ]


def test_several_files_of_a_small_batch_count_on(catalogue, tmp_path):
    first, second = (
        csv(GOOD.format(1), "x", GOOD.format(2)),
        csv("y", GOOD.format(2), GOOD.format(3)),
    )
    jobs = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        jobs.append(job_of(catalogue, tmp_path / name, first, second))
    for result in ENGINE.check_many(jobs):
        assert sorted(row["_line"] for row in rows_of(result.quarantine)) == [2, 3, 4, 5]
        assert sorted(row["_line"] for row in rows_of(result.good)) == [1, 6]


def test_nothing_reaches_beyond_the_columns_given():
    with Sessions().cursor(Limits()) as cursor:
        for sql in (
            "FROM '/etc/passwd'",
            "COPY (SELECT 1) TO '/tmp/x'",
            "INSTALL httpfs",
            "ATTACH '/tmp/x.db'",
            "SET threads = 4",
            "SELECT * FROM GOOD",
        ):
            with pytest.raises(duckdb.Error):
                cursor.connection.execute(sql)


@pytest.mark.parametrize("length", [0, 3, 11, 12, 200])
def test_cut_files_are_refused_or_counted(catalogue, tmp_path, length):
    content = csv(GOOD.format(1)).encode()[:-length] if length else csv(GOOD.format(1)).encode()
    try:
        result = ENGINE.check(job_of(catalogue, tmp_path, content))
    except Malformed:
        return
    assert result.received == result.loaded + result.quarantined
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"visit_no": ["V1"]}), path)
    with pytest.raises(Malformed):
        ENGINE.check(
            job_of(catalogue, tmp_path, path.read_bytes()[: 100 + length], format="parquet")
        )


def test_a_line_without_end_is_refused_after_its_first_blocks(catalogue, tmp_path):
    job = job_of(catalogue, tmp_path, HEADER + "\n")
    with job.files[0].path.open("r+b") as file:
        file.seek(0, 2)
        file.write(b"x" * (1 << 20))
        file.truncate(10 << 30)  # a sparse file: what is read of it is counted
        file.flush()
    begun = time.process_time()
    with pytest.raises((Malformed, TooLarge)):
        ENGINE.check(job)
    assert time.process_time() - begun < 5
    job.files[0].path.unlink()
