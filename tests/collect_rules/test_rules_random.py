"""Random tables and rows: the oracle and the embedded engine say the same of every row."""

import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import Asked, broken

from openrhip.collect import catalogue
from openrhip.collect.engine import conformance
from openrhip.collect.rules.tables import Catalogue

CODE = conformance.CODE
BLANK = [
    "",
    " ",
    "\u3000",
    "\u00a0",
    "\t",
    "\n",
    "\r\n",
    "\u200b",
    "\ufeff",
    "\u0085",
    "\x00",
    "\x7f",
]
CODES = ["1", "2", "9", "A01", "I10.9", "01", "甲", "O'x", "a,b"]
NUMBERS = [
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "12.34",
    "150",
    "151",
    "99999999999999999",
    "1e3",
    "01",
    "+1",
    "１",
    ".5",
    "inf",
    "9999.99",
    "-0.01",
    "999999999999999999",
]
DAYS = [
    "2026-06-30",
    "20260630",
    "2026-06-29",
    "2024-02-29",
    "2023-02-29",
    "1850-01-01",
    "1849-12-31",
    "2100-12-31",
    "2026/06/30",
    "1990-03-07",
]
MOMENTS = [
    "2026-06-30 08:00:00",
    "20260630T080000",
    "20260630080001",
    "2026-06-29 23:59:59",
    "2026-06-30 24:00:00",
    "2026-06-30T08:00:00",
    "1990-03-07 00:00:00",
    "20260701000000",
]
TIMES = ["08:00:00", "080000", "23:59:59", "24:00:00", "8:00:00"]
FLAGS = ["0", "1", "T", "F", "t", "true", "2"]
PEOPLE = [
    "11010519491231002X",
    "330102199003071230",
    "330102199003071222",
    "33010219900307123x",
    "330102900307123",
    "440524188001010014",
    "330102199002301233",
]
FIRMS = ["91350100M000100Y43", "12330100470116614F", "91350100M000100Y44"]
PHONES = ["13800138000", "0571-87654321", "400-812-3456", "12345678901", "+86-13800138000"]
TEXTS = ["x", "张三", "𠮷", "é", "e\u0301", "x y", '"', "'", "\\", "%", "a\tb", "男", "男性"]
ALL = [*CODES, *NUMBERS, *DAYS, *MOMENTS, *TIMES, *FLAGS, *PEOPLE, *FIRMS, *PHONES, *TEXTS]
PLAIN = [text for text in ALL if text.isprintable()]  # what a catalogue may hold
POOLS = {
    "integer": NUMBERS,
    "decimal": NUMBERS,
    "date": DAYS,
    "datetime": MOMENTS,
    "time": TIMES,
    "flag": FLAGS,
    "text": ALL,
    "code": CODES,
}
BOUNDS = {
    "integer": ["-1", "0", "150"],
    "decimal": ["-0.01", "0", "12.34"],
    "date": ["1990-03-07", "20260630"],
    "datetime": ["2026-06-30 08:00:00", "2026-06-30", "19900307000000"],
    "time": ["08:00:00", "235959"],
}
SETS = [
    {
        "key": "CLOSED",
        "codes": [["1", "男性"], ["2", "女性"], ["甲", "乙"]],
        "other_names": [["1", "男"]],
    },
    {
        "key": "OPEN",
        "complete": False,
        "shape": "[A-Z][0-9]{2}(\\.[0-9])?",
        "codes": [["A01", "x"], ["O'x", "y"]],
    },
    {"key": "SHAPE", "shape": "[0-9]{1,2}|[A-Z]+"},
]
maybe = st.booleans()


@st.composite
def columns(draw, at):
    kind = draw(st.sampled_from(sorted(POOLS)))
    made = {"name": f"c{at}", "zh": "列", "en": "column", "type": kind, "required": draw(maybe)}
    if kind in ("text", "code"):
        made |= {"min": draw(st.integers(0, 3)), "max": draw(st.integers(3, 20))}
        made |= {"multiline": draw(maybe)}
        choice = draw(
            st.sampled_from(["", "pattern", "values", "identity", "credit-code", "phone"])
        )
        if choice == "pattern":
            made["pattern"] = draw(
                st.sampled_from(["[0-9A-Z]+", "(1|2|9)", "[^ ]{2,5}", "x|男.?"[:3]])
            )
        elif choice == "values":
            made["values"] = draw(st.sampled_from([each["key"] for each in SETS]))
        elif choice:
            made["check"] = choice
            if at and draw(maybe):
                made["check_when"] = [
                    "c0",
                    draw(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=4, unique=True)),
                ]
    if kind == "decimal":
        scale = draw(st.integers(0, 4))
        made |= {"precision": draw(st.integers(scale or 1, 18)), "scale": scale}
    if kind in BOUNDS and draw(maybe):
        made["minimum"] = draw(st.sampled_from(BOUNDS[kind]))
    if kind in BOUNDS and draw(maybe):
        made["maximum"] = draw(st.sampled_from(BOUNDS[kind]))
    if kind == "decimal":
        for bound in {"minimum", "maximum"} & made.keys():
            made[bound] = "0"
    return made


@st.composite
def rules(draw, told):
    of = {}
    for each in told:
        of.setdefault(each["type"], []).append(each["name"])
    any_name = st.sampled_from([each["name"] for each in told])
    ordered = [names for kind, names in of.items() if kind not in ("text", "code", "flag")]
    days = of.get("date", []) + of.get("datetime", [])
    numbers = of.get("integer", []) + of.get("decimal", [])
    made = []
    for names in [*ordered, days]:
        if len(names) > 1:
            made.append({"kind": "order", "columns": names})
            op = draw(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]))
            made.append({"kind": "compare", "left": names[0], "op": op, "right": names[1]})
    if len(numbers) > 1:
        tolerance = draw(st.sampled_from(["0", "0.01", "1"]))
        made.append(
            {"kind": "sum", "total": numbers[0], "parts": numbers[1:], "tolerance": tolerance}
        )
    for kind in ("needed", "absent"):
        among = draw(st.lists(st.sampled_from(PLAIN), max_size=4, unique=True))
        when = {"when": draw(any_name)} | ({"among": among} if among else {})
        made.append({"kind": kind, "column": draw(any_name), **when})
    texts = [each["name"] for each in told if each["type"] in ("text", "code")]
    if texts and days:
        sex = {"sex": draw(st.sampled_from(texts))} if draw(maybe) else {}
        made.append(
            {
                "kind": "identity-agrees",
                "identity": draw(st.sampled_from(texts)),
                "birth": days[0],
                **sex,
            }
        )
    severity = st.sampled_from(["error", "warning"])
    return [{"id": f"r{at}", "severity": draw(severity), **each} for at, each in enumerate(made)]


@st.composite
def batches(draw):
    told = [draw(columns(at)) for at in range(draw(st.integers(2, 7)))]
    named = [each for each in told if each.get("values")]
    if named and draw(maybe):
        name = {"name": "named", "zh": "名", "en": "name", "name_of": named[0]["name"]}
        told.append({**name, "warn": ["name-agrees"]})
    dated = [
        each["name"]
        for each in told
        if each["type" if "type" in each else "name"] in ("date", "datetime")
    ]
    frame = {"code": CODE, "zh": "x", "en": "x", "domain": "x", "source": "x", "owed_by": []}
    rest = {
        "period": draw(st.sampled_from(["day", "month"])),
        "day_column": dated[0] if dated else "",
    }
    key = draw(st.lists(st.sampled_from([each["name"] for each in told]), max_size=2, unique=True))
    typed = [each for each in told if "type" in each]
    table = catalogue.read_table(
        {**frame, **rest, "key": key, "columns": told, "rules": draw(rules(typed))}, where="random"
    )
    words = {"zh": "x", "en": "x", "version": "1", "source": "x"}
    sets = {each["key"]: catalogue.read_values({**words, **each}, where="set") for each in SETS}
    common = {each: one for each, one in catalogue.load().values.items() if each.startswith("OR-")}
    values = {
        each["name"]: st.one_of(
            st.none(),
            st.sampled_from(POOLS[each.get("type", "text")]),
            st.sampled_from(ALL),
            st.builds(
                lambda b, v, a: b + v + a,
                st.sampled_from(BLANK),
                st.sampled_from(ALL),
                st.sampled_from(BLANK),
            ),
            st.text(max_size=6),
        )
        for each in told
    }
    usual = {"org_code": "12330100470116614F", "amend_flag": "1", "collected_at": "20260630T080000"}
    row = st.fixed_dictionaries(values).map(
        lambda found: (
            {each.name: None for each in table.columns}
            | usual
            | {k: v or None for k, v in found.items()}
        )
    )
    return Catalogue({CODE: table}, common | sets), draw(st.lists(row, min_size=1, max_size=25))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(batch=batches(), day=st.sampled_from([date(2026, 6, 30), date(1990, 3, 7)]))
def test_the_oracle_and_the_embedded_engine_agree(duckdb, batch, day):
    found, rows = batch
    table = found.tables[CODE]
    template = next(case for case in conformance.cases() if not case.table.key)
    expected = broken(Asked(found, table, rows, day, template.today))
    case = replace(
        template, catalogue=found, table=table, rows=tuple(rows), broken=tuple(expected), day=day
    )
    with tempfile.TemporaryDirectory() as folder:
        answer = conformance.ask(duckdb, case, Path(folder), form="parquet")
    assert not conformance.differences(case, answer.broken)
