"""The matching table: readable cases first, then what holds for all cases."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.directory.rules import matching
from openrhip.directory.rules.matching import Certainty, Claim, Known, Mark
from openrhip.directory.rules.numbers import Sex

BORN, OTHER_BIRTH = date(1980, 5, 1), date(1981, 6, 2)
YES, NO, SILENT = "agrees", "differs", "silent"

# number, card, name, birth, sex, phone → verdict
TABLE = [
    # identity number decides, if name and birth date do not contradict
    (YES, SILENT, YES, YES, YES, SILENT, Certainty.CERTAIN),
    (YES, SILENT, YES, YES, SILENT, NO, Certainty.CERTAIN),
    (YES, SILENT, NO, YES, YES, SILENT, Certainty.DOUBTFUL),
    (YES, YES, NO, YES, YES, YES, Certainty.DOUBTFUL),
    (YES, SILENT, YES, NO, YES, SILENT, Certainty.DOUBTFUL),
    (YES, SILENT, NO, NO, NO, SILENT, Certainty.NEW),
    # health card
    (SILENT, YES, YES, YES, YES, SILENT, Certainty.CERTAIN),
    (SILENT, YES, NO, YES, YES, SILENT, Certainty.DOUBTFUL),
    (NO, YES, YES, YES, YES, YES, Certainty.DOUBTFUL),
    # name + birth date + phone
    (SILENT, SILENT, YES, YES, YES, YES, Certainty.CERTAIN),
    (SILENT, SILENT, YES, YES, SILENT, YES, Certainty.CERTAIN),
    (SILENT, SILENT, YES, YES, NO, YES, Certainty.DOUBTFUL),
    (SILENT, NO, YES, YES, YES, YES, Certainty.CERTAIN),
    # name + birth date alone: somebody must look
    (SILENT, SILENT, YES, YES, YES, SILENT, Certainty.DOUBTFUL),
    (SILENT, SILENT, YES, YES, YES, NO, Certainty.DOUBTFUL),
    # namesakes of one day with different numbers are two people
    (NO, SILENT, YES, YES, YES, SILENT, Certainty.NEW),
    # ... but a shared telephone beside is worth a look
    (NO, SILENT, YES, YES, YES, YES, Certainty.DOUBTFUL),
    # the rest is nobody
    (SILENT, SILENT, YES, NO, YES, YES, Certainty.NEW),
    (SILENT, SILENT, NO, YES, YES, YES, Certainty.NEW),
    (SILENT, SILENT, YES, SILENT, YES, SILENT, Certainty.NEW),
]


def pair(number, card, name, birth, sex, phone):
    claim = Claim(
        name_key="name",
        birth_date=BORN,
        sex=Sex.UNKNOWN if sex == SILENT else Sex.MALE,
        number=None if number == SILENT else "n",
        card=None if card == SILENT else "c",
        phone=None if phone == SILENT else "p",
    )
    known = Known(
        person_id="p1",
        name_keys=frozenset({"name" if name == YES else "other"}),
        birth_dates=frozenset()
        if birth == SILENT
        else frozenset({BORN if birth == YES else OTHER_BIRTH}),
        sexes=frozenset({Sex.MALE if sex != NO else Sex.FEMALE}),
        numbers=frozenset({"n" if number == YES else "m"}),
        cards=frozenset({"c" if card == YES else "d"}),
        phones=frozenset({"p" if phone == YES else "q"}),
    )
    return claim, known


@pytest.mark.parametrize(("number", "card", "name", "birth", "sex", "phone", "verdict"), TABLE)
def test_table(number, card, name, birth, sex, phone, verdict):
    assert matching.compare(*pair(number, card, name, birth, sex, phone)).certainty is verdict


words = st.sampled_from(["a", "b", "c"])
some = st.frozensets(words, max_size=2)
births = st.sampled_from([BORN, OTHER_BIRTH])
claims = st.builds(
    Claim,
    name_key=words,
    birth_date=births,
    sex=st.sampled_from(Sex),
    number=st.none() | words,
    card=st.none() | words,
    local=st.none() | words,
    phone=st.none() | words,
)
people = st.builds(
    Known,
    person_id=st.text("0123", min_size=1, max_size=3),
    name_keys=st.frozensets(words, min_size=1, max_size=2),
    birth_dates=st.frozensets(births, min_size=1),
    sexes=st.frozensets(st.sampled_from(Sex), min_size=1),
    numbers=some,
    cards=some,
    locals=some,
    phones=some,
)


@given(claims, people)
def test_points_are_those_of_the_table(claim, known):
    found = matching.compare(claim, known)
    assert found.points == sum(matching.POINTS[mark][0] for mark in found.agree) + sum(
        matching.POINTS[mark][1] for mark in found.differ
    )
    assert not set(found.agree) & set(found.differ)


@given(claims, people)
def test_nobody_is_certain_against_name_birth_date_or_number(claim, known):
    found = matching.compare(claim, known)
    if found.certainty is Certainty.CERTAIN:
        assert not {Mark.NAME, Mark.BIRTH, Mark.NUMBER} & set(found.differ)
        assert {Mark.NAME, Mark.BIRTH} <= set(found.agree)


@given(claims, people)
def test_name_and_birth_date_alone_never_suffice(claim, known):
    found = matching.compare(claim, known)
    if found.certainty is Certainty.CERTAIN:
        assert {Mark.NUMBER, Mark.CARD, Mark.LOCAL, Mark.PHONE} & set(found.agree)


@given(claims, st.lists(people, max_size=6, unique_by=lambda known: known.person_id))
def test_order_of_candidates_does_not_matter(claim, known):
    assert matching.judge(claim, known) == matching.judge(claim, reversed(known))


@given(claims, st.lists(people, max_size=6, unique_by=lambda known: known.person_id))
def test_the_chosen_one_has_the_most_points_and_is_no_review_of_itself(claim, known):
    pairs = matching.judge(claim, known)
    chosen, doubts = matching.choose(pairs)
    if chosen is not None:
        certain = [p for p in pairs if p.certainty is Certainty.CERTAIN]
        assert max(p.points for p in certain) == certain[0].points
        assert certain[0].person_id == chosen
    assert chosen not in {doubt.person_id for doubt in doubts}
    assert len(doubts) <= matching.MOST_DOUBTS


def test_two_certain_entries_become_a_review():
    claim, known = pair(YES, SILENT, YES, YES, YES, SILENT)
    twin = Known(**{**{f: getattr(known, f) for f in known.__slots__}, "person_id": "p2"})
    chosen, doubts = matching.choose(matching.judge(claim, [twin, known]))
    assert chosen == "p1"
    assert [doubt.person_id for doubt in doubts] == ["p2"]


def test_numbers_are_not_printed():
    claim, known = pair(YES, YES, YES, YES, YES, YES)
    assert "number" not in repr(claim)
    assert "numbers" not in repr(known)
