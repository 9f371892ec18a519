"""Rows of visits, some of them damaged in known ways: what a damage breaks is written beside it.

`make(rows, damaged)` gives a table of the catalogue's form, rows, and for each row the ids of the
rules it must break. Every damage is one of 20 kinds; one in twenty of the damaged rows has two.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from openrhip.collect import catalogue
from openrhip.collect.rules.tables import Catalogue, Table

DAY = date(2026, 6, 30)
ORGANISATION = "12330100470116614F"
STAFF = frozenset((f"S{number:04d}",) for number in range(500))
_WEIGHTS = [2 ** (17 - at) % 11 for at in range(17)]
_SETS = {
    "SEX": ([["0", "未知的性别"], ["1", "男性"], ["2", "女性"]], [["1", "男"], ["2", "女"]]),
    "IDT": ([["01", "居民身份证"], ["03", "护照"]], []),
    "OUT": ([["1", "治愈"], ["2", "好转"], ["5", "死亡"]], []),
}
_TABLE = {
    "code": "VISITS", "zh": "就诊", "en": "visits", "domain": "test", "source": "test",
    "owed_by": ["hospital"], "key": ["visit_no"], "day_column": "visit_at",
    "unique_in_store": True,
    "columns": [
        {"name": "visit_no", "max": 20, "required": True},
        {"name": "id_type", "type": "code", "values": "IDT", "required": True},
        {"name": "id_number", "max": 18, "check": "identity", "check_when": ["id_type", ["01"]]},
        {"name": "name", "max": 20, "required": True},
        {"name": "sex_code", "type": "code", "values": "SEX", "required": True},
        {"name": "sex_name", "max": 20, "name_of": "sex_code", "warn": ["name-agrees"]},
        {"name": "birth_date", "type": "date", "required": True, "minimum": "1900-01-01"},
        {"name": "phone", "check": "phone"},
        {"name": "visit_at", "type": "datetime", "required": True},
        {"name": "dept_code", "max": 10, "required": True},
        {"name": "diagnosis", "pattern": "[A-Z][0-9]{2}(\\.[0-9]{1,3})?"},
        {"name": "age", "type": "integer", "minimum": "0", "maximum": "150"},
        {"name": "drug_fee", "type": "decimal", "precision": 10, "scale": 2, "minimum": "0"},
        {"name": "exam_fee", "type": "decimal", "precision": 10, "scale": 2, "minimum": "0"},
        {"name": "total_fee", "type": "decimal", "precision": 10, "scale": 2, "minimum": "0"},
        {"name": "outcome", "type": "code", "values": "OUT"},
        {"name": "death_at", "type": "datetime"},
        {"name": "staff_code", "max": 10},
        {"name": "credit_code", "check": "credit-code"},
    ],
    "rules": [
        {"id": "agrees", "kind": "identity-agrees", "identity": "id_number", "birth": "birth_date",
         "sex": "sex_code"},
        {"id": "in_order", "kind": "order", "columns": ["birth_date", "visit_at", "death_at"]},
        {"id": "fees", "kind": "sum", "total": "total_fee", "parts": ["drug_fee", "exam_fee"]},
        {"id": "died_when", "kind": "needed", "column": "death_at", "when": "outcome",
         "among": ["5"]},
        {"id": "alive", "kind": "absent", "column": "death_at", "when": "outcome",
         "among": ["1", "2"]},
    ],
    "references": [
        {"columns": ["staff_code"], "table": "STAFF", "key": ["code"], "severity": "error"},
    ],
}  # fmt: skip
Row = dict[str, str | None]


@dataclass(frozen=True)
class Damage:
    """One way to damage a row. breaks: rules, without the table; touches: what else it meddles with
    (two damages of a row touch nothing in common).
    """

    breaks: tuple[str, ...]
    touches: frozenset[str]
    deed: Callable[[Row, random.Random], None]


@dataclass(frozen=True)
class Damaged:
    """broken: per row. stored: keys of other days. damages: how many rows break each rule."""

    catalogue: Catalogue
    table: Table
    rows: list[Row]
    broken: list[frozenset[str]]
    stored: frozenset[tuple[str]]
    damages: Counter[str]


def table_and_catalogue() -> tuple[Table, Catalogue]:
    columns = [{"zh": each["name"], "en": each["name"], **each} for each in _TABLE["columns"]]
    table = catalogue.read_table({**_TABLE, "columns": columns}, where="visits")
    frame = {"zh": "set", "en": "set", "version": "1", "source": "test"}
    sets = {
        key: catalogue.read_values(
            {**frame, "key": key, "codes": codes, "other_names": names}, where=key
        )
        for key, (codes, names) in _SETS.items()
    }
    common = {key: found for key, found in catalogue.load().values.items() if key.startswith("OR-")}
    return table, Catalogue({table.code: table}, common | sets)


def make(rows: int, damaged: int, *, seed: int = 20260630) -> Damaged:
    """So many rows, so many of them damaged, spread evenly; the same for the same seed."""
    table, found = table_and_catalogue()
    rng = random.Random(seed)  # noqa: S311 - believable data, no secrets
    made = [good_row(number, rng) for number in range(rows)]
    broken: list[set[str]] = [set() for _ in made]
    for turn, at in enumerate(_places(rows, damaged)):
        for damage in _chosen(turn, rng):
            damage.deed(made[at], rng)
            broken[at].update(f"VISITS.{slug}" for slug in damage.breaks)
    _double_keys(made, broken)
    stored = frozenset((key,) for row in made if (key := row["visit_no"] or "").startswith("OLD"))
    counts = Counter(rule for each in broken for rule in each)
    return Damaged(found, table, made, [frozenset(each) for each in broken], stored, counts)


def _places(rows: int, damaged: int) -> Iterator[int]:
    return (turn * rows // damaged for turn in range(damaged))


def _chosen(turn: int, rng: random.Random) -> tuple[Damage, ...]:
    first = DAMAGES[turn % len(DAMAGES)]
    if turn % 20:
        return (first,)
    others = [other for other in DAMAGES if not other.touches & first.touches]
    return (first, rng.choice(others))


def _double_keys(made: list[Row], broken: list[set[str]]) -> None:
    """Every row whose key says `double` gets the key of the row before it."""
    for at, row in enumerate(made):
        if row["visit_no"] == "double":
            before = made[at - 1]
            if (before["visit_no"] or "").startswith("OLD"):
                before["visit_no"] = f"V{at - 1:09d}"
                broken[at - 1].discard("VISITS.key.unique-store")
            row["visit_no"] = before["visit_no"]
            broken[at - 1].add("VISITS.key.unique")


def good_row(number: int, rng: random.Random) -> Row:
    """A visit at which nothing is wrong."""
    born = date(1930, 1, 1) + timedelta(days=rng.randrange(33000))
    woman = rng.random() < 0.5
    drugs, exams = rng.randrange(50000), rng.randrange(80000)
    died = rng.random() < 0.01
    minute = rng.randrange(24 * 60)
    at = datetime.combine(DAY, time(minute // 60, minute % 60, rng.randrange(60)))
    return {
        "visit_no": f"V{number:09d}",
        "id_type": "01" if rng.random() < 0.97 else "03",
        "id_number": identity(born, woman=woman, order=rng.randrange(499)),
        "name": rng.choice("王李张刘陈杨黄赵吴周𠮷㐂") + rng.choice(("伟", "秀英", "·玉")),
        "sex_code": "2" if woman else "1",
        "sex_name": rng.choice(("女性", "女") if woman else ("男性", "男")),
        "birth_date": born.isoformat() if rng.random() < 0.5 else f"{born:%Y%m%d}",
        "phone": rng.choice(("13800138000", "0571-87654321", None)),
        "visit_at": f"{at:{rng.choice(('%Y-%m-%d %H:%M:%S', '%Y%m%dT%H%M%S', '%Y%m%d%H%M%S'))}}",
        "dept_code": f"{rng.randrange(1, 70):02d}.{rng.randrange(1, 20):02d}",
        "diagnosis": f"{rng.choice('ABCDEIJKN')}{rng.randrange(100):02d}.{rng.randrange(1000)}",
        "age": str(max(0, (DAY - born).days // 366)),
        "drug_fee": yuan(drugs),
        "exam_fee": yuan(exams),
        "total_fee": yuan(drugs + exams),
        "outcome": "5" if died else rng.choice(("1", "2")),
        "death_at": f"{at:%Y-%m-%d %H:%M:%S}" if died else None,
        "staff_code": f"S{rng.randrange(500):04d}" if rng.random() < 0.9 else None,
        "credit_code": rng.choice(("91350100M000100Y43", "12330100470116614F", None)),
        "org_code": ORGANISATION,
        "amend_flag": "1",
        "secrecy": rng.choice(("N", None)),
        "collected_at": "20260701T010000",
        "updated_at": None,
    }


def yuan(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


def identity(born: date, *, woman: bool, order: int) -> str:
    """An identity number (GB 11643) of a region that does not exist any more."""
    places = f"330199{born:%Y%m%d}{order * 2 + (0 if woman else 1):03d}"
    total = sum(int(place) * weight for place, weight in zip(places, _WEIGHTS, strict=True))
    return places + "10X98765432"[total % 11]


def _put(name: str, *values: str | None) -> Callable[[Row, random.Random], None]:
    def deed(row: Row, rng: random.Random) -> None:
        row[name] = rng.choice(values)

    return deed


def _spoil(name: str, spoiled: Callable[[str], str]) -> Callable[[Row, random.Random], None]:
    def deed(row: Row, _rng: random.Random) -> None:
        row[name] = spoiled(row[name] or "")

    return deed


def _check_character(row: Row, rng: random.Random) -> None:
    number = row["id_number"] or ""
    row["id_type"] = "01"
    row["id_number"] = number[:17] + rng.choice([c for c in "0123456789Xx" if c != number[17]])


def _other_birth(row: Row, rng: random.Random) -> None:
    row["id_type"] = "01"
    born = date.fromisoformat(row["birth_date"] or "")
    row["birth_date"] = (born - timedelta(days=rng.randrange(1, 400))).isoformat()


def _died(row: Row, _rng: random.Random) -> None:
    row["outcome"], row["death_at"] = "5", "2026-06-29 23:59:59"


def _died_when(row: Row, _rng: random.Random) -> None:
    row["outcome"], row["death_at"] = "5", None


def _alive(row: Row, _rng: random.Random) -> None:
    row["outcome"], row["death_at"] = "1", "2026-07-01 00:00:00"


def _too_much(row: Row, _rng: random.Random) -> None:
    whole, _, cents = (row["total_fee"] or "").partition(".")
    row["total_fee"] = f"{int(whole) + 1}.{cents}"


def _next_day(row: Row, rng: random.Random) -> None:
    row["outcome"], row["death_at"] = "2", None
    row["visit_at"] = rng.choice(("2026-07-01 00:00:00", "20260629T235959", "20250630120000"))


def _damage(touches: str, deed: Callable[[Row, random.Random], None], *breaks: str) -> Damage:
    return Damage(breaks, frozenset(touches.split()), deed)


def _stored(row: Row, _rng: random.Random) -> None:
    row["visit_no"] = (row["visit_no"] or "").replace("V", "OLD")


DAMAGES = (
    _damage("name", _put("name", None), "name.required"),
    _damage(
        "birth",
        _spoil("birth_date", lambda born: born.replace("-", "")[:4] + "/1/1"),
        "birth_date.form",
    ),
    _damage(
        "visit death",
        _put("visit_at", "2026-06-30T08:00:00", "2026-06-30 24:00:00"),
        "visit_at.form",
    ),
    _damage(
        "fee",
        _put("exam_fee", "12.345", "1e3", "inf", ".5", "+1", "1,000", "１２"),
        "exam_fee.form",
    ),
    _damage("name", _spoil("name", lambda name: name + "\u200b"), "name.form"),
    _damage("dept", _put("dept_code", "12345678901", "内科内科内科内科内科内"), "dept_code.length"),
    _damage(
        "diagnosis", _put("diagnosis", "I1", "i10", "I10.", "I10.1234", "Ｉ10"), "diagnosis.pattern"
    ),
    _damage("sex id", _put("sex_code", "3", "男", "01", "1.0"), "sex_code.values"),
    _damage("age", _put("age", "151", "-1", "999999999999999999"), "age.range"),
    _damage("id", _check_character, "id_number.identity"),
    _damage("birth id visit", _other_birth, "agrees"),
    _damage(
        "credit",
        _put("credit_code", "91350100M000100Y44", "91350100m000100y43", "无"),
        "credit_code.credit-code",
    ),
    _damage(
        "phone", _put("phone", "12345678901", "1380013800", "１３８００１３８０００"), "phone.phone"
    ),
    _damage("sex id", _put("sex_name", "未知的性别", "MALE", "1"), "sex_name.name-agrees"),
    _damage("visit death birth", _died, "in_order"),
    _damage("visit death", _died_when, "died_when"),
    _damage("visit death", _alive, "alive"),
    _damage("fee", _too_much, "fees"),
    _damage("visit death birth", _next_day, "day"),
    _damage("key", _stored, "key.unique-store"),
    _damage("key", _put("visit_no", "double"), "key.unique"),
    _damage("staff", _put("staff_code", "S9999", "s0001", "S0001X"), "staff_code.reference"),
)
