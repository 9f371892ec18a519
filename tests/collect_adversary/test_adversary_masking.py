# ruff: noqa: S608 - queries are what is tested here
"""No way of writing a question takes personal columns out of the masking of exports."""

import pytest
from asking_city import CATALOGUE

from openrhip.collect.asking import judging, lineage, relations, tree

KNOWN = relations.relations(CATALOGUE, free=False)
FIELDS = [field.name for field in KNOWN["OP_VISIT"].fields]
NAME = FIELDS.index("name")
C = ",".join(f"c{at}" for at in range(len(FIELDS)))
HIDING = {
    "row": "SELECT v FROM OP_VISIT v",
    "row of the table": "SELECT OP_VISIT FROM OP_VISIT",
    "row as text": "SELECT v::VARCHAR AS t FROM OP_VISIT v",
    "rows in a list": "SELECT list(v) AS t FROM OP_VISIT v",
    "field of a row": "SELECT (v)['name'] AS x FROM OP_VISIT v",
    "field by place": f"SELECT struct_extract_at(v, {NAME + 1}) AS x FROM OP_VISIT v",
    "number": f"SELECT #{NAME + 1} AS x FROM OP_VISIT",
    "columns renamed": f"SELECT c{NAME} AS x FROM OP_VISIT AS t({C})",
    "columns of a star renamed": f"SELECT c{NAME} AS x FROM (SELECT * FROM OP_VISIT) AS t({C})",
    "union": "SELECT 'x' AS a WHERE false UNION ALL SELECT name FROM OP_VISIT",
    "union by name": "SELECT 1 AS q, 'x' AS a UNION ALL BY NAME SELECT name AS a, 2 AS q FROM OP_VISIT",
    "union in WITH": "WITH u AS (SELECT 'x' AS a UNION ALL SELECT name FROM OP_VISIT) SELECT a FROM u",
    "union with a star": "SELECT x FROM (SELECT 'a' AS x UNION ALL SELECT * FROM OP_VISIT)",
    "recursive": "WITH RECURSIVE r(x) AS (SELECT 'a' UNION ALL SELECT v.name FROM OP_VISIT v, r) SELECT x FROM r",
    "star that renames": "SELECT * RENAME (name AS x) FROM OP_VISIT",
    "star that replaces": "SELECT * REPLACE (name AS visit_no) FROM OP_VISIT",
    "unnest": "SELECT x FROM OP_VISIT v, unnest([v.name]) AS t(x)",
    "unnest without a name": "SELECT unnest FROM OP_VISIT v, unnest([v.name])",
    "unnest a struct": "SELECT unnest({'x': name}) FROM OP_VISIT",
    "values": "SELECT x FROM OP_VISIT v, LATERAL (VALUES (v.name)) t(x)",
    "pattern of columns": "SELECT COLUMNS('na(me)') AS '\\1' FROM OP_VISIT",
    "columns together": "SELECT concat(*COLUMNS(*)) AS x FROM OP_VISIT",
    "name of an expression": "SELECT * FROM (SELECT upper(name) FROM OP_VISIT)",
}  # fmt: skip
OPEN = (
    "SELECT _unit, count(*) AS n FROM OP_VISIT GROUP BY ALL",
    "SELECT sex_code FROM OP_VISIT UNION ALL SELECT code FROM V_GB_T_2261_1",
    "SELECT n FROM (SELECT count(DISTINCT id_number) AS n FROM OP_VISIT)",
    "WITH a AS (SELECT _unit, sum(total_fee) AS s FROM OP_VISIT GROUP BY 1) SELECT a._unit, s FROM a",
)


def _told(text):
    judged = judging.judge(tree.parse(text), KNOWN, {})
    return lineage.told(judged)


@pytest.mark.parametrize("text", HIDING.values(), ids=HIDING)
def test_no_writing_of_a_question_unmasks_a_column(text):
    told = _told(text)
    places = len(told.columns) if told.columns else 1
    assert any(told.column(at, "x", "VARCHAR").personal for at in range(places))


@pytest.mark.parametrize("text", OPEN)
def test_what_is_not_personal_is_still_exported(text):
    told = _told(text)
    assert not told.everything
    assert told.columns
    assert not any(personal for personal, _, _ in told.columns)


def test_an_export_of_whole_rows_is_masked(city):
    from openrhip.collect.service import asking_answers

    city.lay("OP_VISIT", [{"visit_no": "V1", "name": "欧阳**"}])
    for text in (HIDING["row"], HIDING["union"], HIDING["number"], HIDING["star that renames"]):
        run = city.ask(text)
        if run.state == "answered":
            assert "欧阳" not in "".join(asking_answers.export(run, by=city.analyst)), text
