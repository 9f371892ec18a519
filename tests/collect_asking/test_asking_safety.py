"""What a query must never do: each is refused by the syntax tree, and told why."""

import duckdb
import pytest

from openrhip.collect.asking import allowed, judging, relations, tree
from openrhip.kernel.errors import Malformed, Refused, TooLarge

pytestmark = pytest.mark.filterwarnings("error")
KNOWN = None


@pytest.fixture(scope="module")
def known():
    from asking_city import CATALOGUE

    return relations.relations(CATALOGUE, free=False)


def judge(text, known):
    judged = judging.judge(tree.parse(text), known, {})
    judging.written(judged)
    return judged


FILES = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/passwd')",
    "SELECT * FROM read_parquet('/srv/lake/**')",
    "SELECT * FROM parquet_scan('x')",
    "SELECT * FROM read_json('x')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('x')",
    "SELECT * FROM parquet_metadata('x')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'lake/OP_VISIT/2020-11/a.parquet'",
    'SELECT * FROM "OP_VISIT.parquet"',
    "FROM 'https://example.com/x.csv'",
    "SELECT content FROM read_text(['a', 'b'])",
    "SELECT getenv('HOME')",
    "SELECT * FROM OP_VISIT, LATERAL (SELECT getenv('HOME'))",
    "SELECT * REPLACE (getenv('HOME') AS name) FROM OP_VISIT",
    "SELECT * EXCLUDE (name) REPLACE (read_text('x') AS visit_no) FROM OP_VISIT",
    "SELECT count(*) FILTER (WHERE getenv('HOME') = '') FROM OP_VISIT",
    "SELECT sum(1) OVER (ORDER BY getenv('HOME')) FROM OP_VISIT",
    "SELECT 1 FROM OP_VISIT ORDER BY getenv('HOME')",
    "SELECT 1 FROM OP_VISIT GROUP BY getenv('HOME')",
    "SELECT 1 FROM OP_VISIT HAVING getenv('HOME') = ''",
    "SELECT 1 FROM OP_VISIT LIMIT getenv('HOME')",
    "SELECT 1 FROM OP_VISIT QUALIFY getenv('HOME') = ''",
    "SELECT list_transform([1], x -> getenv('HOME'))",
    "SELECT CASE WHEN true THEN getenv('HOME') END",
    "WITH a AS (SELECT getenv('HOME')) SELECT * FROM a",
    "SELECT 1 UNION ALL SELECT getenv('HOME')",
    "SELECT (SELECT getenv('HOME'))",
    "SELECT * FROM (VALUES (getenv('HOME')))",
    "SELECT 1 WHERE EXISTS (SELECT getenv('HOME'))",
    "SELECT * FROM OP_VISIT a JOIN OP_VISIT b ON getenv('HOME') = a.visit_no",
]
STATEMENTS = [
    "COPY OP_VISIT TO '/tmp/x'",
    "COPY (SELECT 1) TO '/tmp/x'",
    "ATTACH '/tmp/x.db'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "PRAGMA database_list",
    "SET memory_limit = '1TB'",
    "RESET memory_limit",
    "CREATE TABLE t AS SELECT 1",
    "CREATE MACRO f(x) AS x",
    "DROP VIEW OP_VISIT",
    "INSERT INTO OP_VISIT VALUES (1)",
    "UPDATE OP_VISIT SET name = ''",
    "DELETE FROM OP_VISIT",
    "TRUNCATE OP_VISIT",
    "EXPORT DATABASE '/tmp'",
    "CALL pragma_version()",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "PREPARE x AS SELECT 1",
    "EXECUTE x",
    "BEGIN",
    "VACUUM",
    "CHECKPOINT",
    "USE memory",
    "DESCRIBE OP_VISIT",
    "SUMMARIZE OP_VISIT",
    "SHOW TABLES",
    "SHOW ALL TABLES",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP VIEW OP_VISIT",
    "SELECT 1 /* ; */; COPY (SELECT 1) TO '/tmp/x' --",
    "SELECT * FROM (DESCRIBE OP_VISIT)",
    "SELECT * FROM (SHOW TABLES)",
    "WITH x AS (INSERT INTO OP_VISIT VALUES (1)) SELECT 1",
    "SELECT 1 INTO OUTFILE 'x'",
]
SYSTEM = [
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_views",
    "SELECT * FROM duckdb_functions()",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pg_catalog.pg_tables",
    "SELECT * FROM pragma_table_info('OP_VISIT')",
    "SELECT * FROM main.OP_VISIT",
    "SELECT * FROM v0.OP_VISIT",
    "SELECT * FROM memory.v0.OP_VISIT",
    "SELECT * FROM system.information_schema.tables",
    "SELECT current_setting('temp_directory')",
    "SELECT system.main.getenv('x')",
    "SELECT main.getenv('x')",
    "SELECT pg_catalog.pg_get_viewdef(1)",
    "SELECT getvariable('x')",
    "SELECT nextval('x')",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('OP_VISIT')",
    "SELECT * FROM seq_scan('OP_VISIT')",
    "SELECT * FROM OP_VISIT AT (VERSION => 1)",
    "SELECT * FROM repeat_row(1, num_rows = 9)",
    "SELECT repeat('x', 1000000000)",
    "SELECT CAST('pg_class' AS regclass)",
    "SELECT 'x'::mytype",
    "SELECT * FROM PATIENTS_ORIGINAL",
    "WITH duckdb_views AS (SELECT * FROM duckdb_views) SELECT * FROM duckdb_views",
    'WITH "/data/la\u212ae/a.parquet" AS (SELECT 1) SELECT * FROM "/data/lake/a.parquet"',
    'WITH "a.parquet" AS (SELECT 1) SELECT * FROM "a.parquet"',
    'WITH RECURSIVE "\u212a" AS (SELECT 1 UNION ALL SELECT * FROM k) SELECT 1',
    "WITH RECURSIVE r AS (SELECT * FROM r UNION ALL SELECT * FROM r) SELECT * FROM r",
    "WITH a AS (SELECT 1) SELECT * FROM (WITH b AS (SELECT 2) SELECT * FROM b), b",
    "WITH OP_VISIT AS (SELECT 1) SELECT * FROM OP_VISIT",
    "SELECT * FROM (PIVOT OP_VISIT ON sex_code USING count(*))",
    "SELECT x COLLATE nocase FROM (SELECT 'a' AS x)",
]


@pytest.mark.parametrize("text", FILES + STATEMENTS + SYSTEM)
def test_is_refused(text, known):
    with pytest.raises((Refused, Malformed)) as caught:
        judge(text, known)
    assert "/srv" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT count(*) FROM op_visit",
        "select v.* from OP_VISIT as v where v.visit_at > TIMESTAMP '2020-01-01 00:00:00' -- ok; DROP",
        "WITH a AS (SELECT sex_code, count(*) AS n FROM OP_VISIT GROUP BY 1) SELECT * FROM a",
        "SELECT x FROM range(3) t(x)",
        "SELECT ';', '--', '/*', $$ it's $$",
        "FROM OP_VISIT SELECT sex_code, count(*) GROUP BY ALL ORDER BY ALL",
        "SELECT DISTINCT ON (sex_code) visit_no FROM OP_VISIT",
        "WITH RECURSIVE r AS (SELECT 1 x UNION ALL SELECT x + 1 FROM r WHERE x < 9) SELECT * FROM r",
        "SELECT COLUMNS('fee$') FROM OP_VISIT",
        "SELECT extract(year FROM visit_at), date_trunc('month', _day), visit_at::DATE FROM OP_VISIT",
        "SELECT a._unit FROM OP_VISIT a LEFT JOIN OP_DIAGNOSIS d USING (visit_no) WHERE d.visit_no IS NULL",
        "SELECT sum(total_fee) OVER (PARTITION BY _unit ORDER BY _day ROWS 6 PRECEDING) FROM OP_VISIT",
        "SELECT quantile_cont(total_fee, 0.9), median(age_years) FROM OP_VISIT WHERE name LIKE '王%'",
        "SELECT code, name FROM V_GB_T_2261_1 UNION ALL SELECT code, name FROM V_OR_AMEND",
        "SELECT list_filter([1, 2], x -> x > 1), [1, 2][1], {'a': 1}.a, CASE WHEN 1 = 1 THEN 2 END",
        "SELECT 1 WHERE 1 IN (SELECT 1) AND EXISTS (SELECT 2) AND NOT (3 BETWEEN 1 AND 2)",
    ],
)  # fmt: skip
def test_is_allowed(text, known):
    made = tree.text_of(judge(text, known).tree)
    assert "--" not in made.replace("'--'", "")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", Malformed),
        ("   ", Malformed),
        ("SELECT 'a\x00b'", Malformed),
        ("SELEC 1", Malformed),
        ("SELECT " + "1 + " * 6000 + "1", TooLarge),
        ("SELECT " + "CASE WHEN 1 = 1 THEN " * 600 + "1" + " END" * 600, TooLarge),
        ("SELECT * FROM " + "(SELECT * FROM " * 150 + "OP_VISIT" + ")" * 150, TooLarge),
        ("SELECT " + "NOT " * 4000 + "true", Malformed),
    ],
)
def test_what_cannot_be_read(text, error, known):
    with pytest.raises(error):
        judge(text, known)


def test_a_mistake_tells_its_place(known):
    with pytest.raises(Malformed) as caught:
        tree.parse("SELECT 1,\n  2 FROM FROM OP_VISIT")
    assert caught.value.where == "2:10"


@pytest.mark.parametrize(
    "name", ["x\" FROM read_text('/etc/passwd') --", "'; DROP VIEW v; --", "a\nb", "中文", "select"]
)
def test_names_are_written_as_names(name, known):
    """What is in quotes stays one name in the text that runs."""
    quoted = '"' + name.replace('"', '""') + '"'
    text = "'" + name.replace("'", "''") + "'"
    sql = f"SELECT visit_no AS {quoted}, {text} AS t FROM OP_VISIT {quoted} ORDER BY {quoted}"  # noqa: S608
    judged = judging.judge(tree.parse(sql), known, {})
    made = tree.read(judging.written(judged))
    (first, second) = judging.outputs(made)
    assert (first["alias"], second["value"]["value"]) == (name, name)


def test_a_text_that_says_more_than_its_tree_is_refused(known, monkeypatch):
    """Even if the engine wrote a name wrongly down."""
    judged = judging.judge(tree.parse("SELECT 1 FROM OP_VISIT"), known, {})
    for wrong in (
        "SELECT 1 FROM v0.OP_VISIT, read_text('x')",
        "SELECT 1 FROM v1.OP_VISIT",
        "SELECT 1 FROM OP_VISIT",
        "SELECT 1 FROM v0.IP_DISCHARGE",
        "SELECT 1; SELECT 2",
        "SELECT 1 FROM 'x.parquet'",
    ):
        monkeypatch.setattr(tree, "text_of", lambda found, text=wrong: text)
        with pytest.raises(Refused):
            judging.written(judged)


def test_columns_of_free_words_are_not_there_without_the_right(known):
    from asking_city import CATALOGUE

    closed = {field.name for field in known["OP_RECORD"].fields if field.closed}
    assert closed
    assert not closed & {field.name for field in known["OP_RECORD"].readable}
    assert not any(f.closed for f in relations.relations(CATALOGUE, free=True)["OP_RECORD"].fields)


def test_every_allowed_function_is_one_of_the_engine():
    """A name of the list that the engine does not have would only mislead."""
    with duckdb.connect() as connection:
        there = {
            row[0].lower()
            for row in connection.execute(
                "SELECT DISTINCT function_name FROM duckdb_functions() "
                "WHERE function_type IN ('scalar', 'aggregate', 'macro', 'table')"
            ).fetchall()
        }
    syntax = {
        "coalesce", "ifnull", "if", "extract", "grouping", "grouping_id", "try", "not",
        "percentile_cont", "percentile_disc",
    }  # fmt: skip
    assert allowed.FUNCTIONS - allowed.WINDOWS - there - syntax == set()


def test_functions_that_reach_out_are_not_allowed():
    with duckdb.connect() as connection:
        there = {row[0] for row in connection.execute(
            "SELECT function_name FROM duckdb_functions() WHERE function_type IN "
            "('table', 'table_macro', 'pragma') OR function_name SIMILAR TO "
            "'.*(read|write|scan|copy|env|setting|secret|query|pragma|duckdb|file|glob|load).*'"
        ).fetchall()}  # fmt: skip
    assert allowed.FUNCTIONS & there <= {"range", "generate_series", "unnest"}
