"""Queries that come with the platform (预置查询): one file each, over tables of the catalogue."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from openrhip.collect.rules.questions import ChartKind, ChartPlan, Parameter, SavedQuery, Sort


@cache
def shipped() -> dict[str, SavedQuery]:
    """By id, in the order in which they are listed."""
    folder = files("openrhip.collect.asking") / "queries"
    found = sorted(item.name for item in folder.iterdir() if item.name.endswith(".toml"))
    made = [_read(name, (folder / name).read_text("utf-8")) for name in found]
    return {one.id: one for one in made}


def _read(name: str, text: str) -> SavedQuery:
    given = tomllib.loads(text)
    plan = given.get("chart", {})
    return SavedQuery(
        id=name.removesuffix(".toml").split("-", 1)[1],
        zh=given["zh"],
        en=given["en"],
        about_zh=given["about_zh"],
        about_en=given["about_en"],
        sql=given["sql"].strip(),
        parameters=tuple(
            Parameter(**{**one, "sort": Sort(one["sort"])}) for one in given.get("parameters", ())
        ),
        chart=ChartPlan(**{**plan, "kind": ChartKind(plan.get("kind", ""))}),
        headings={key: (pair[0], pair[1]) for key, pair in given.get("headings", {}).items()},
    )
