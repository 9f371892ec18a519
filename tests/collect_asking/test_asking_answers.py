# ruff: noqa: S608 - queries are what is tested here
"""What is answered: current rows, the days that are asked for, small tables of the database."""

from datetime import date, datetime

import pytest
from asking_city import CATALOGUE, DAY, person

from openrhip.collect.asking import judging, relations, tree
from openrhip.collect.asking.views import Views
from openrhip.kernel.errors import Malformed

TOKEN = "s0123456789abcdef0123456789abcdef"
NOVEMBER = "_day >= DATE '2020-11-01' AND _day < DATE '2020-12-01'"


def visit(number, **more):
    at = datetime(2020, 11, 5, 9)  # noqa: DTZ001 - the lake keeps city time
    return {"visit_no": f"V{number}", "visit_at": at, "id_number": TOKEN, "name": "王**"} | more


def test_a_group_by(city):
    city.lay("OP_VISIT", [visit(1), visit(2)], unit="H1")
    city.lay("OP_VISIT", [visit(3)], unit="H2")
    assert city.rows("SELECT _unit, count(*) AS n FROM OP_VISIT GROUP BY ALL ORDER BY 1") == [
        ["H1", "2"],
        ["H2", "1"],
    ]
    assert city.entries() == [("answer", 2, None, "OP_VISIT")]


def test_amended_withdrawn_and_replaced_rows_are_left_out(city):
    city.lay("OP_VISIT", [visit(1), visit(2), visit(3)])
    city.lay("OP_VISIT", [visit(1), visit(2), visit(3), visit(4)])
    later = date(2020, 11, 9)
    city.lay("OP_VISIT", [visit(1, amend_flag="2"), visit(2, amend_flag="3")], day=later)
    found = city.rows("SELECT visit_no, _day FROM OP_VISIT ORDER BY 1")
    assert found == [["V1", "2020-11-09"], ["V3", "2020-11-05"], ["V4", "2020-11-05"]]


def test_a_table_without_rows_is_empty(city):
    assert city.rows("SELECT * FROM OP_VISIT") == []
    assert city.rows("SELECT count(*) FROM OP_VISIT WHERE total_fee > 1") == [["0"]]


def test_tokens_are_shortened_and_still_tell_persons_apart(city):
    other = TOKEN[:-1] + "0"
    third = "h" + TOKEN[1:]
    city.lay("OP_VISIT", [visit(1), visit(2), visit(3, id_number=third)])
    city.lay("IP_DISCHARGE", [{"admission_no": "A", "id_number": TOKEN}])
    assert city.rows("SELECT DISTINCT id_number FROM OP_VISIT ORDER BY 1") == [
        [third[:17]],
        [TOKEN[:17]],
    ]
    joined = "SELECT count(*) FROM OP_VISIT JOIN IP_DISCHARGE USING (id_number)"
    assert city.rows(joined) == [["2"]]
    assert city.rows(f"SELECT count(*) FROM OP_VISIT WHERE id_number = '{other}'") == [["0"]]


def test_free_words_need_the_right(city):
    city.lay("OP_CHARGE", [{"charge_no": "C", "remark": "王建国来电"}])
    for text in (
        "SELECT remark FROM OP_CHARGE",
        "SELECT c.remark FROM OP_CHARGE c",
        "SELECT count(*) FROM OP_CHARGE WHERE remark LIKE '王%'",
        "SELECT 1 FROM OP_CHARGE ORDER BY remark",
    ):
        run = city.ask(text)
        assert (run.state, run.reason) == ("failed", "binder")
    run = city.ask("SELECT * FROM OP_CHARGE")
    assert "remark" not in {one.name for one in run.columns}
    assert city.rows("SELECT remark FROM OP_CHARGE", by=city.officer) == [["王建国来电"]]


def test_columns_of_the_files_are_out_of_reach(city):
    city.lay("OP_VISIT", [visit(1)])
    for name in ("filename", "file_row_number", "rowid", "file_index"):
        run = city.ask(f"SELECT {name} FROM OP_VISIT")
        assert run.state == "failed", name
        assert "lake" not in run.problem


def test_value_sets_units_and_tables(city):
    assert ["1", "男性"] in city.rows("SELECT code, name FROM V_GB_T_2261_1")
    assert city.rows("SELECT code, owner FROM UNITS ORDER BY 1") == [
        ["D1", "district"],
        ["H1", "hospital"],
        ["H2", "hospital"],
    ]
    many = "SELECT count(*) FROM VALUE_CODES WHERE value_set = 'GB/T 2261.1'"
    assert int(city.rows(many)[0][0]) > 3
    assert city.rows("SELECT zh FROM TABLES WHERE code = 'OP_VISIT'") == [["门急诊就诊记录"]]


def test_coverage_as_a_table(city):
    city.cover(rows=10)
    city.cover(unit="H2", rows=7, day=date(2020, 12, 1))
    assert city.rows("SELECT unit, sum(rows) FROM COVERAGE GROUP BY ALL ORDER BY 1") == [
        ["H1", "10"],
        ["H2", "7"],
    ]
    assert city.rows("SELECT unit FROM COVERAGE WHERE day >= DATE '2020-12-01'") == [["H2"]]
    assert city.rows("SELECT count(*) FROM COVERAGE_MONTH") == [["0"]]


def test_too_much_coverage_asks_for_days(city, monkeypatch):
    from openrhip.collect.asking import views

    monkeypatch.setattr(views, "CHUNK", 1)
    monkeypatch.setattr(views, "MOST_SMALL", 1)
    city.cover()
    city.cover(unit="H2", day=date(2020, 12, 1))
    run = city.ask("SELECT count(*) FROM COVERAGE")
    assert (run.state, run.where) == ("refused", "COVERAGE")
    assert city.rows("SELECT count(*) FROM COVERAGE WHERE day < DATE '2020-12-01'") == [["1"]]


def test_an_analyst_of_a_unit_sees_that_unit_only(city):
    city.lay("OP_VISIT", [visit(1)], unit="H1")
    city.lay("OP_VISIT", [visit(2)], unit="H2")
    city.cover()
    city.cover(unit="H2")
    own = person("A9", institution="H2")
    assert city.rows("SELECT _unit FROM OP_VISIT", by=own) == [["H2"]]
    assert city.rows("SELECT unit FROM COVERAGE", by=own) == [["H2"]]
    assert city.rows("SELECT code FROM UNITS", by=own) == [["H2"]]


def test_parameters_are_typed(city):
    city.lay("OP_VISIT", [visit(1)])
    sql = "SELECT :month AS m, :unit AS u, :count + 1 AS n FROM OP_VISIT WHERE _day >= :month"
    given = {"month": "2020-11", "unit": "", "count": "41"}
    assert city.rows(sql, given=given) == [["2020-11-01", None, "42"]]
    with pytest.raises(Malformed):
        city.ask(sql, given=given | {"month": "2020-13"})
    with pytest.raises(Malformed):
        city.ask(sql, given={"month": "2020-11"})
    quoted = "SELECT ':month' AS a, '1'::INTEGER AS b -- :unit"
    assert city.rows(quoted) == [[":month", "1"]]
    assert city.rows("SELECT :unit AS u", given={"unit": "x' OR 1=1 --"}) == [["x' OR 1=1 --"]]


def uses(sql, **values):
    found = tree.parse(sql)
    return judging.judge(found, relations.relations(CATALOGUE, free=False), values).uses


@pytest.mark.parametrize(
    ("where", "since", "until"),
    [
        (NOVEMBER, (2020, 11, 1), (2020, 11, 30)),
        ("_day BETWEEN DATE '2020-11-01' AND DATE '2020-11-30'", (2020, 11, 1), (2020, 11, 30)),
        ("_day = '2020-11-05'", (2020, 11, 5), (2020, 11, 5)),
        ("DATE '2020-11-05' <= _day AND visit_no = 'x'", (2020, 11, 5), None),
        ("visit_at >= TIMESTAMP '2020-11-05 12:00:00'", (2020, 11, 5), None),
        ("visit_at < TIMESTAMP '2020-11-05 12:00:00'", None, (2020, 11, 5)),
        ("visit_at < TIMESTAMP '2020-11-05 00:00:00'", None, (2020, 11, 4)),
        ("_day >= $month AND _day < $month + INTERVAL 1 MONTH", (2020, 11, 1), (2020, 11, 30)),
        ("_day >= date_trunc('month', DATE '2020-11-17')", (2020, 11, 1), None),
        ("_day >= DATE '2020-11-01' AND _day >= DATE '2020-11-07'", (2020, 11, 7), None),
        ("_day >= DATE '2020-11-01' OR visit_no = 'x'", None, None),
        ("NOT (_day >= DATE '2020-11-01')", None, (2020, 10, 31)),
        ("_day >= (SELECT DATE '2020-11-01')", None, None),
        ("_day >= birth_date", None, None),
        ("_day <> DATE '2020-11-01'", None, None),
        ("collected_at >= TIMESTAMP '2020-11-05 12:00:00'", None, None),
        ("_day >= 'no date'", None, None),
    ],
)
def test_days_are_taken_from_the_conditions(where, since, until):
    (use,) = uses(f"SELECT count(*) FROM OP_VISIT WHERE {where}", month=date(2020, 11, 1))
    assert use.since == (date(*since) if since else None)
    assert use.until == (date(*until) if until else None)


def test_days_belong_to_the_table_that_is_named():
    a, b = uses(
        "SELECT 1 FROM OP_VISIT a LEFT JOIN OP_DIAGNOSIS b USING (visit_no) "
        "WHERE a._day = DATE '2020-11-05'"
    )
    assert (a.since, a.until) == (date(2020, 11, 5), date(2020, 11, 5))
    assert (b.since, b.until) == (None, None)
    first, second = uses(
        "WITH x AS (SELECT * FROM OP_VISIT WHERE _day = DATE '2020-11-05') "
        "SELECT * FROM x, OP_VISIT WHERE x._day = DATE '2020-11-06'"
    )
    assert first.since == date(2020, 11, 5)
    assert second.since is None


def test_other_months_are_not_read(city):
    for month in (9, 10, 11, 12):
        city.lay("OP_VISIT", [visit(month)], day=date(2020, month, 5))
    sql = f"SELECT count(*) FROM OP_VISIT WHERE {NOVEMBER}"
    made = Views(CATALOGUE, city.lake, city.home, lambda use: ())
    _, paths = made.of(uses(sql))
    assert [path.split("/")[-2] for path in paths] == ["2020-11"]
    assert city.rows(sql) == [["1"]]


def test_files_that_lack_a_new_column_are_read_with_it_empty(city):
    import pyarrow.parquet as pq

    city.lay("OP_VISIT", [visit(1)])
    (path,) = city.lake.files(table="OP_VISIT")
    pq.write_table(pq.read_table(path).drop_columns(["phone"]), path)
    assert city.rows("SELECT visit_no, phone FROM OP_VISIT") == [["V1", None]]
    assert city.rows(f"SELECT count(phone) FROM OP_VISIT WHERE _day = DATE '{DAY}'") == [["0"]]
