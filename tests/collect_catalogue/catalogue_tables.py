"""A small table and its value sets, in which the tests break one thing at a time."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

TABLE: dict[str, Any] = {
    "code": "T_ONE",
    "zh": "测试表",
    "en": "test",
    "purpose_zh": "用于测试。",
    "purpose_en": "For tests.",
    "domain": "test",
    "source": "test",
    "owed_by": ["district", "hospital"],
    "key": ["no"],
    "day_column": "at",
    "person": "id_number",
    "columns": [
        {"name": "no", "zh": "编号", "en": "number", "max": 20, "required": True},
        {"name": "at", "zh": "时间", "en": "time", "type": "datetime", "required": True},
        {
            "name": "id_number",
            "zh": "证件号码",
            "en": "identity",
            "check": "identity",
            "personal": "identity",
        },
        {"name": "sex", "zh": "性别代码", "en": "sex", "type": "code", "values": "GB/T 2261.1"},
        {"name": "sex_name", "zh": "性别", "en": "sex in words", "name_of": "sex"},
        {"name": "born", "zh": "出生日期", "en": "birth date", "type": "date"},
        {
            "name": "fee",
            "zh": "费用",
            "en": "fee",
            "type": "decimal",
            "precision": 8,
            "scale": 2,
            "minimum": "0",
            "form": "N..8,2",
        },
        {
            "name": "drug",
            "zh": "药费",
            "en": "drugs",
            "type": "decimal",
            "precision": 8,
            "scale": 2,
        },
    ],
    "references": [{"columns": ["no"], "table": "T_ONE"}],
    "rules": [
        {"id": "agrees", "kind": "identity-agrees", "identity": "id_number", "birth": "born"},
        {"id": "in_order", "kind": "order", "columns": ["born", "at"]},
        {"id": "within", "kind": "compare", "left": "drug", "op": "<=", "right": "fee"},
        {"id": "adds_up", "kind": "sum", "total": "fee", "parts": ["drug"], "tolerance": "0.01"},
        {"id": "told", "kind": "needed", "column": "born", "when": "sex", "among": ["1", "2"]},
    ],
}


def changed(path: str, value: object) -> dict[str, Any]:
    """TABLE with one entry put in place: "columns/0/max"; None takes the entry away."""
    made = deepcopy(TABLE)
    *way, last = [int(part) if part.isdigit() else part for part in path.split("/")]
    place: Any = made
    for part in way:
        place = place[part]
    if value is None:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return made
