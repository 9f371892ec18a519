"""What is answered: current rows, days that are asked for, small tables of the database."""

from datetime import datetime

TOKEN = "s0123456789abcdef0123456789abcdef"


def visit(number, **more):
    at = datetime(2020, 11, 5, 9)
    given = {"visit_no": f"V{number}", "visit_at": at, "id_number": TOKEN, "name": "王**"}
    return given | more


def test_a_group_by(city):
    city.lay("OP_VISIT", [visit(1), visit(2)], unit="H1")
    city.lay("OP_VISIT", [visit(3)], unit="H2")
    assert city.rows("SELECT _unit, count(*) AS n FROM OP_VISIT GROUP BY ALL ORDER BY 1") == [
        ["H1", "2"],
        ["H2", "1"],
    ]
    assert city.entries() == [("answer", 2, None, "OP_VISIT")]
