"""Matching of people (患者主索引匹配): deterministic points, two thresholds, three vetoes.

Points say how alike a claim and a known person are; nothing is learnt, weighted by frequency or
hidden. docs/directory.md shows the table to the staff who work the review list.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from openrhip.directory.rules.numbers import Sex

CERTAIN_FROM = 70
DOUBTFUL_FROM = 35
MOST_DOUBTS = 10
"""A claim is put on the review list against at most so many people."""


class Certainty(StrEnum):
    """What `identify` answers."""

    CERTAIN = "certain"
    """认定为同一人"""
    DOUBTFUL = "doubtful"
    """疑似, on the review list; treated as another person until someone decides"""
    NEW = "new"
    """新登记"""


class Mark(StrEnum):
    """One thing compared: points if it agrees, points if it differs, silence if one lacks it."""

    NUMBER = "id_number"
    CARD = "health_card"
    LOCAL = "local_id"
    NAME = "name"
    BIRTH = "birth_date"
    SEX = "sex"
    PHONE = "phone"


POINTS: dict[Mark, tuple[int, int]] = {
    Mark.NUMBER: (60, -40),
    Mark.CARD: (45, 0),
    Mark.LOCAL: (45, 0),
    Mark.NAME: (25, -30),
    Mark.BIRTH: (25, -30),
    Mark.SEX: (5, -10),
    Mark.PHONE: (20, 0),
}
VETOES = frozenset({Mark.NAME, Mark.BIRTH, Mark.NUMBER})
"""If one of these differs the pair is never certain, whatever else agrees."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a source says of one person. Numbers are normalised and never printed."""

    name_key: str
    birth_date: date
    sex: Sex
    number: str | None = field(default=None, repr=False)
    card: str | None = field(default=None, repr=False)
    local: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Known:
    """One person of the index with every variant that any source gave."""

    person_id: str
    name_keys: frozenset[str]
    birth_dates: frozenset[date]
    sexes: frozenset[Sex]
    numbers: frozenset[str] = field(default=frozenset(), repr=False)
    cards: frozenset[str] = field(default=frozenset(), repr=False)
    locals: frozenset[str] = field(default=frozenset(), repr=False)
    phones: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """person_id with points and the marks that agree and differ."""

    person_id: str
    points: int
    agree: tuple[Mark, ...]
    differ: tuple[Mark, ...]
    certainty: Certainty


def compare(claim: Claim, known: Known) -> Comparison:
    """Points of one pair. Symmetric in what both sides have; silent where one side is empty."""
    seen = {
        Mark.NUMBER: _verdict(claim.number, known.numbers),
        Mark.CARD: _verdict(claim.card, known.cards),
        Mark.LOCAL: _verdict(claim.local, known.locals),
        Mark.NAME: _verdict(claim.name_key, known.name_keys),
        Mark.BIRTH: _verdict(claim.birth_date, known.birth_dates),
        Mark.SEX: _sexes(claim.sex, known.sexes),
        Mark.PHONE: _verdict(claim.phone, known.phones),
    }
    agree = tuple(mark for mark, verdict in seen.items() if verdict is True)
    differ = tuple(mark for mark, verdict in seen.items() if verdict is False)
    points = sum(POINTS[mark][0] for mark in agree) + sum(POINTS[mark][1] for mark in differ)
    return Comparison(known.person_id, points, agree, differ, _certainty(points, differ))


def judge(claim: Claim, people: Iterable[Known]) -> tuple[Comparison, ...]:
    """All pairs worth a thought, best first; ties go by person id so that the order is fixed."""
    compared = (compare(claim, known) for known in people)
    worth = [pair for pair in compared if pair.certainty is not Certainty.NEW]
    return tuple(sorted(worth, key=lambda pair: (-pair.points, pair.person_id)))


def choose(pairs: Sequence[Comparison]) -> tuple[str | None, tuple[Comparison, ...]]:
    """The person it is (None: nobody known), and the pairs for the review list.

    If two people are certain (two unmerged entries of one person), the better one is chosen and
    the other becomes a review. Pairs below certain are reviews only if nobody is certain, or if
    a number, card or source identifier stands on both.
    """
    certain = [pair for pair in pairs if pair.certainty is Certainty.CERTAIN]
    if not certain:
        return None, tuple(pairs[:MOST_DOUBTS])
    shared = {Mark.NUMBER, Mark.CARD, Mark.LOCAL}
    rest = [
        pair
        for pair in pairs
        if pair is not certain[0]
        and (pair.certainty is Certainty.CERTAIN or shared & set(pair.agree))
    ]
    return certain[0].person_id, tuple(rest[:MOST_DOUBTS])


def _certainty(points: int, differ: Sequence[Mark]) -> Certainty:
    if points >= CERTAIN_FROM and not VETOES & set(differ):
        return Certainty.CERTAIN
    return Certainty.DOUBTFUL if points >= DOUBTFUL_FROM else Certainty.NEW


def _verdict(mine: object | None, theirs: AbstractSet[object]) -> bool | None:
    return None if mine is None or not theirs else mine in theirs


def _sexes(mine: Sex, theirs: frozenset[Sex]) -> bool | None:
    stated = {sex for sex in theirs if sex in (Sex.MALE, Sex.FEMALE)}
    if mine not in (Sex.MALE, Sex.FEMALE) or not stated:
        return None
    return mine in stated
