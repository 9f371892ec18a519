"""Clusters answer as the embedded engine does: every case, the same files, the same hits."""

import re
import socket
from datetime import date

import keeping
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from keeping import check_values
from merging import apart, merged

from openrhip.collect import catalogue
from openrhip.collect.adapters.engines import engine_at
from openrhip.collect.adapters.spark import SparkEngine
from openrhip.collect.engine import conformance
from openrhip.collect.engine.duckdb_engine import DuckDbEngine
from openrhip.collect.engine.sealing import Sealer
from openrhip.collect.engine.spark_sql import translated
from openrhip.collect.rules.jobs import CheckJob, InputFile, Known
from openrhip.collect.rules.tables import Catalogue
from openrhip.kernel.errors import Malformed, Misconfigured, Unavailable

CASES = conformance.cases()
DAY = date(2026, 6, 30)
APART = [case for case in CASES if apart(case)]
TOGETHER = merged([case for case in CASES if not apart(case)])
SAIL = pytest.mark.xdist_group("sail")
SPARK = pytest.mark.xdist_group("spark")


def answers(engine, case, folder):
    answer = conformance.ask(engine, case, folder, form="parquet")
    assert not conformance.differences(case, answer.broken)
    assert answer.result.received == len(case.rows)
    assert answer.result.received == answer.result.loaded + answer.result.quarantined
    check_values(case, answer)
    return answer


@SAIL
@pytest.mark.parametrize("case", [*CASES, TOGETHER], ids=lambda case: case.name)
def test_sail_answers_every_case(sail, case, tmp_path):
    answers(sail, case, tmp_path)


@SPARK
@pytest.mark.parametrize("case", [TOGETHER, *APART], ids=lambda case: case.name)
def test_spark_answers_every_case(spark, case, tmp_path):
    answers(spark, case, tmp_path)


@pytest.fixture(scope="module")
def people():
    """A table with personal columns of every sort, rows with faults, and lines that are no rows."""
    columns = [
        {"name": "k", "max": 20},
        {"name": "id", "check": "identity", "personal": "identity"},
        {"name": "card", "max": 30, "personal": "card"},
        {"name": "name", "max": 20, "personal": "name", "required": True},
        {"name": "tel", "personal": "phone", "check": "phone", "warn": ["phone"]},
        {"name": "home", "max": 60, "personal": "address"},
        {"name": "words", "multiline": True, "max": 3000, "personal": "free"},
        {"name": "born", "type": "date"},
        {"name": "at", "type": "datetime"},
        {"name": "clock", "type": "time"},
        {"name": "n", "type": "integer"},
        {"name": "fee", "type": "decimal", "precision": 12, "scale": 3},
        {"name": "f", "type": "flag"},
        {"name": "big", "type": "code", "values": "BIG"},
    ]
    frame = {"code": "PEOPLE", "zh": "人", "en": "people", "domain": "test", "source": "test"}
    told = [{"zh": each["name"], "en": each["name"], **each} for each in columns]
    rules = [{"id": "agrees", "kind": "identity-agrees", "identity": "id", "birth": "born"}]
    references = [{"columns": ["id"], "table": "PERSONS", "key": ["id"], "severity": "warning"}]
    table = catalogue.read_table(
        {**frame, "owed_by": [], "key": ["k"], "columns": told, "rules": rules}
        | {"references": references},
        where="people",
    )
    codes = [[f"C{number:04d}", "name"] for number in range(1000)]
    words = {"zh": "x", "en": "x", "version": "1", "source": "x"}
    big = catalogue.read_values({**words, "key": "BIG", "codes": codes}, where="big")
    common = {key: one for key, one in catalogue.load().values.items() if key.startswith("OR-")}
    return Catalogue({"PEOPLE": table}, common | {"BIG": big})


HEADER = "k,id,card,name,tel,home,words,born,at,clock,n,fee,f,big,org_code,amend_flag,collected_at"
LINES = r'''1,330102199003071230,A1,张三丰,13800138000,杭州市西湖区文三路一号,"话
,""引""",1990-03-07,20260630T080000,080000,-0,0.5,T,C0001,12330100470116614F,1,20260630080000
2,330102199003071230,,𠮷,123,x,,19900307,2026-06-30 08:00:00,08:00:00,12345678901234567,-0.125,0,C0999,12330100470116614F,2,20260630080000
3,11010519491231002X,A 1,李,,,,1949-12-31,,,,,,C1000,12330100470116614F,1,20260630080000
4,11010519491231002x,,,13800138000,,,,,,,,,,12330100470116614F,1,20260630080000
5,only three,fields
6,,,王,0571-87654321,杭州,,1986-05-04,1986-05-04 00:30:00,,999999999999999999,999999999.999,F,,12330100470116614F,3,20260630080000
6,,,王,1,杭州,,,,,,,,,12330100470116614F,1,20260630080000
7,330102200002294569,"a""b",O'Neil \ x,,,'; --,2000-02-28,,,,,,c0001,12330100470116614F,1,20260630080000
8,,,"broken
'''


def asked(people, folder, seal):
    source, other = folder / "a.csv", folder / "b.csv"
    source.write_text(f"{HEADER}\n{LINES}", "utf-8")
    other.write_text(f"{HEADER}\n{re.sub('^(?=[0-9],)', 'b', LINES, flags=re.MULTILINE)}", "utf-8")
    known = pa.table({"id": seal(["11010519491231002X"])})
    (folder / "out").mkdir()
    return CheckJob(
        catalogue=people,
        table=people.tables["PEOPLE"],
        files=(InputFile(source, "a"), InputFile(other, "b")),
        unit="O'unit \\ 1",
        day=DAY,
        batch="batch",
        out=folder / "out",
        today=DAY,
        known=Known(references={"PEOPLE.id.reference": lambda asked: known}),
        seal=seal,
    )


def same_result(cluster, embedded, people, folder):
    """Tokens, masks, several files, broken lines: rows, types, hits and examples are equal."""
    seal = Sealer(bytes(range(32)))
    results = []
    for engine in (cluster, embedded):
        own = folder / engine.name
        own.mkdir()
        results.append(engine.check(asked(people, own, seal)))
    mine, theirs = results
    assert keeping.told(mine) == keeping.told(theirs)
    (rows, types), (other_rows, other_types) = keeping.loaded(mine), keeping.loaded(theirs)
    assert rows == other_rows
    assert types ^ other_types == set()
    assert keeping.quarantined(mine) == keeping.quarantined(theirs)
    assert mine.received == mine.loaded + mine.quarantined
    assert min(mine.loaded, mine.quarantined, mine.marked, mine.amended) > 0
    assert {path.name for path in (folder / cluster.name / "out").iterdir()} == {
        written.path.name for written in (*mine.good, mine.quarantine)
    }


@SAIL
def test_sail_gives_the_result_of_the_embedded_engine(sail, duckdb, people, tmp_path):
    same_result(sail, duckdb, people, tmp_path)


@SPARK
def test_spark_gives_the_result_of_the_embedded_engine(spark, duckdb, people, tmp_path):
    same_result(spark, duckdb, people, tmp_path)


@SAIL
def test_sail_refuses_what_the_doors_refuse(sail, people, tmp_path):
    job = asked(people, tmp_path, Sealer(bytes(32)))
    job.files[0].path.write_bytes(f"{HEADER}\n1,\xff\xfe{',' * 15}".encode("latin-1"))
    with pytest.raises(Malformed):
        sail.check(job)
    assert not list(job.out.iterdir())


@SAIL
def test_sail_checks_a_batch_without_rows(sail, people, tmp_path):
    job = asked(people, tmp_path, Sealer(bytes(32)))
    for file in job.files:
        file.path.write_text(f"{HEADER}\n", "utf-8")
    result = sail.check(job)
    assert (result.received, result.good, result.quarantine, result.hits) == (0, (), None, ())


@SAIL
def test_sail_reads_the_same_delta_tables(sail, duckdb, people, tmp_path):
    result = duckdb.check(asked(people, tmp_path, Sealer(bytes(32))))
    rows = pa.concat_tables([pq.ParquetFile(written.path).read() for written in result.good])
    lake = tmp_path / "PEOPLE"
    write_deltalake(str(lake), rows, partition_by=["_unit", "_day"])
    seen = sail.read_delta(lake).toArrow().select(rows.column_names).sort_by("_line")
    assert seen.to_pylist() == rows.sort_by("_line").to_pylist()


@SPARK
def test_spark_without_the_jars_says_what_it_lacks(spark, tmp_path):
    with pytest.raises(Unavailable, match="Delta Lake"):
        spark.read_delta(tmp_path)


def test_a_cluster_that_is_not_there_is_said_to_be_so(people, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    engine = SparkEngine(f"sc://127.0.0.1:{port}", retries=1)
    job = asked(people, tmp_path, Sealer(bytes(32)))
    with pytest.raises(Unavailable):
        engine.check(job)
    assert not list(job.out.iterdir())


@pytest.mark.parametrize(
    "sql", ["regexp_full_match(a, 'x')", "strptime(a, '%Y')", "list_sum([1])", "a // 2"]
)
def test_what_is_not_proven_on_spark_is_not_let_through(sql):
    with pytest.raises(Misconfigured, match="not proven"):
        translated(sql)


def test_the_setting_names_the_engine():
    assert isinstance(engine_at("duckdb"), DuckDbEngine)
    assert engine_at("spark://host:15002").url == "sc://host:15002"
    with pytest.raises(Misconfigured, match="no such engine"):
        engine_at("oracle://host")
