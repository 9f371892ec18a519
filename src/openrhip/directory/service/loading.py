"""Institutions, departments and staff from one JSON file (目录导入): all of it or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openrhip.directory.service.institutions import register_institution
from openrhip.directory.service.personnel import register_staff
from openrhip.kernel.canonical import parse_json
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Malformed, Problem

LARGEST = 16 << 20
_INSTITUTION = {"code": str, "name": str, "kind": str, "aliases": list, "departments": list}
_STAFF = {"code": str, "name": str, "department": str, "roles": list}


def load_directory(data: bytes, *, by: str) -> dict[str, int]:
    """Register what the file names; done again it changes nothing. Answers how many of each.

    {"institutions": [{"code", "name", "kind"?, "aliases"?: [names], "departments"?: [[code, name]],
    "staff"?: [{"code", "name", "department"?, "roles": [...]}]}]}. Raises Malformed and the
    problems of the verbs, with the place in the file.
    """
    whole = parse_json(data, limit=LARGEST)
    listed = whole.get("institutions") if isinstance(whole, dict) else None
    if not isinstance(listed, list):
        raise Malformed("a list of institutions is missing", where="institutions")
    done = {"institutions": 0, "departments": 0, "staff": 0}
    with writing():
        for number, item in enumerate(listed):
            _load(item, f"institutions/{number}", done, by)
    return done


def _load(item: Any, where: str, done: dict[str, int], by: str) -> None:
    facts = _fields(item, {**_INSTITUTION, "staff": list}, where)
    members = facts.pop("staff", [])
    departments = [_pair(pair, f"{where}/departments") for pair in facts.pop("departments", [])]
    aliases = [_text(name, f"{where}/aliases") for name in facts.pop("aliases", [])]
    try:
        register_institution(departments=departments, aliases=aliases, **facts)
    except Problem as problem:
        raise type(problem)(problem.what, where=f"{where}/{problem.where}") from problem
    done["institutions"] += 1
    done["departments"] += len(departments)
    for number, member in enumerate(members):
        place = f"{where}/staff/{number}"
        named = _fields(member, _STAFF, place)
        try:
            register_staff(
                institution_code=facts["code"],
                department_code=named.pop("department", ""),
                by=by,
                **named,
            )
        except Problem as problem:
            raise type(problem)(problem.what, where=f"{place}/{problem.where}") from problem
        done["staff"] += 1


def _fields(item: Any, known: Mapping[str, type], where: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise Malformed("not an object", where=where)
    for name, value in item.items():
        if name not in known:
            raise Malformed(f"unknown field {name[:40]!r}", where=where)
        if not isinstance(value, known[name]):
            raise Malformed("not of the right type", where=f"{where}/{name}")
    for name in ("code", "name"):
        if name not in item:
            raise Malformed(f"the {name} is missing", where=where)
    return dict(item)


def _pair(value: Any, where: str) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:
        raise Malformed("a department is a pair of code and name", where=where)
    return _text(value[0], where), _text(value[1], where)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise Malformed("not a text", where=where)
    return value
