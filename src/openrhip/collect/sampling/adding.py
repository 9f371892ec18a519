"""Totals and their parts (合计与分项): added up, or shared out where a total is known already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from openrhip.collect.rules.tables import Table
from openrhip.collect.sampling.choosing import bounds
from openrhip.collect.sampling.plan import MICRO, Plan, Sum


@dataclass(frozen=True, slots=True)
class Addition:
    """down: the total is known and shared out among the parts."""

    total: str
    parts: tuple[str, ...]
    down: bool


@lru_cache(maxsize=512)
def additions(sums: tuple[Sum, ...], given: frozenset[str] = frozenset()) -> tuple[Addition, ...]:
    """The sums of a table in an order in which each finds what it needs. given: known totals."""
    first: dict[str, Sum] = {}
    for one in sorted(sums, key=lambda one: -len(one.parts)):
        first.setdefault(one.total, one)
    down = {one for one in sums if first[one.total] is not one or one.total in given}
    while True:  # what a total is shared out to is shared out further
        shared = {part for one in down for part in one.parts}
        more = {one for one in sums if one.total in shared} - down
        if not more:
            break
        down |= more
    left = [Addition(one.total, one.parts, one in down) for one in sums]
    done: list[Addition] = []
    while left:
        ready = [one for one in left if not _awaited(one, left)] or left[:1]
        done += ready
        left = [one for one in left if one not in ready]
    return tuple(done)


def _awaited(one: Addition, left: Iterable[Addition]) -> bool:
    """Whether another sum still has to say what this one needs."""
    needs = {one.total} if one.down else set(one.parts)
    for other in left:
        if other is one:
            continue
        says = set(other.parts) if other.down else {other.total}
        if needs & says:
            return True
    return False


def limits(table: Table, plan: Plan) -> dict[str, tuple[int, int]]:
    """The most (in millionths) and the scale that columns of sums may have, so that all fit."""
    order = additions(plan.sums)
    most: dict[str, int] = {}
    scale: dict[str, int] = {}
    for one in order:
        for name in (one.total, *one.parts):
            most.setdefault(name, bounds(table.column(name), plan.literals)[1])
            scale.setdefault(name, table.column(name).scale)
    for _ in range(4):  # from the totals to the parts and back
        for one in order:
            least = min(scale[name] for name in (one.total, *one.parts))
            scale |= dict.fromkeys((one.total, *one.parts), least)
            if one.down:
                most[one.total] = min([most[one.total], *(most[name] for name in one.parts)])
            unit = 10 ** (MICRO - least)
            share = most[one.total] if one.down else most[one.total] // len(one.parts)
            for name in one.parts:
                most[name] = min(most[name], share // unit * unit)
    return {name: (most[name], scale[name]) for name in most}


def spare_part(total: str, order: Sequence[Addition]) -> str:
    """A part of an added-up total that belongs to nothing else, or ""."""
    used = [name for one in order for name in (one.total, *one.parts)]
    for one in order:
        if one.total == total and not one.down:
            return next((name for name in one.parts if used.count(name) == 1), "")
    return ""
