"""Merge and unmerge lose nothing: cases, then a model run against the tables."""

from datetime import date

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrhip.directory import models, service
from openrhip.directory.rules.numbers import check_digit
from openrhip.directory.service import Actor, Certainty, Role, Strength
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Refused, Unavailable

pytestmark = pytest.mark.django_db
BORN = date(1985, 3, 3)


def number(order):
    first = f"320102{BORN:%Y%m%d}{order:03}"
    return first + check_digit(first)


def come(name, order, source="H1", **extra):
    return service.identify(
        name=name,
        sex="0",
        birth_date=BORN,
        id_number=number(order),
        source=source,
        **extra,
    ).person_id


@pytest.fixture
def two(doors):
    return come("张三", 1, phone="13812345678"), come("张山", 2, source="H2")


def test_a_merged_id_means_the_survivor(two, clerk, doors):
    first, second = two
    step = service.merge(survivor=first, merged=second, by=clerk, why="核对证件，同一人")
    assert service.resolve_person(second) == first
    assert service.same_person_ids(second) == (first, second)
    shown = service.person(second)
    assert shown.person_id == first
    assert shown.names == ("张三", "张山")
    assert shown.sources == ("H1", "H2")
    assert shown.merged_ids == (second,)
    assert {n.kind for n in shown.numbers} == {"id_number", "phone"}
    assert step.receipt
    [entry] = doors.ledger.entries
    assert (entry.kind, entry.fields["action"]) == ("identity", "merge")
    assert first not in str(entry.fields)


def test_both_numbers_find_the_survivor_and_unmerge_restores(two, clerk):
    first, second = two
    before = service.person(first), service.person(second)
    service.merge(survivor=first, merged=second, by=clerk, why="同一人")
    assert come("张山", 2) == first
    assert come("张三", 1) == first
    service.unmerge(person_id=second, by=clerk, why="误合并")
    after = service.person(first), service.person(second)
    assert after[0] == before[0]
    assert after[1].numbers == before[1].numbers
    assert after[1].merged_ids == ()


def test_what_arrives_while_merged_parts_with_its_entry(two, clerk):
    """A telephone that came with the second number belongs to the second entry after the split."""
    first, second = two
    service.merge(survivor=first, merged=second, by=clerk, why="同一人")
    assert come("张山", 2, source="H3", phone="13900000000") == first
    service.unmerge(person_id=second, by=clerk, why="误合并")
    assert service.person(second).sources == ("H2", "H3")
    assert service.person(second).phone.endswith("00")
    assert service.person(first).phone.endswith("78")


def test_chains_end_at_the_last_survivor(two, clerk):
    first, second = two
    third = come("张叁", 3)
    service.merge(survivor=second, merged=first, by=clerk, why="同一人")
    service.merge(survivor=third, merged=second, by=clerk, why="同一人")
    assert {service.resolve_person(p) for p in (first, second, third)} == {third}
    service.unmerge(person_id=second, by=clerk, why="误合并")
    assert service.resolve_person(first) == second
    assert service.resolve_person(third) == third
    verbs = [step.verb for step in service.merge_history(first)]
    assert verbs == ["merge", "merge", "unmerge"]


def test_merges_that_make_no_sense(two, clerk, doors):
    first, second = two
    with pytest.raises(Conflict):
        service.merge(survivor=first, merged=first, by=clerk, why="同一人")
    with pytest.raises(NotFound):
        service.merge(survivor=first, merged="0" * 32, by=clerk, why="同一人")
    with pytest.raises(Malformed):
        service.merge(survivor=first, merged=second, by=clerk, why=" ")
    with pytest.raises(Conflict):
        service.unmerge(person_id=first, by=clerk, why="误合并")
    with pytest.raises(NotFound):
        service.unmerge(person_id="0" * 32, by=clerk, why="误合并")
    assert doors.ledger.entries == []
    service.merge(survivor=first, merged=second, by=clerk, why="同一人")
    third = come("张叁", 3)
    with pytest.raises(Conflict):
        service.merge(survivor=third, merged=second, by=clerk, why="同一人")
    with pytest.raises(Conflict):
        service.merge(survivor=second, merged=third, by=clerk, why="同一人")


def test_citizens_and_doctors_merge_nobody(two, clerk, doors):
    first, second = two
    doctor = Actor(staff_code="doc1", institution_code="H1", roles=(Role.DOCTOR,))
    for by in (doctor, Actor.citizen(first)):
        with pytest.raises(Refused):
            service.merge(survivor=first, merged=second, by=by, why="同一人")
    service.merge(survivor=first, merged=second, by=clerk, why="同一人")
    with pytest.raises(Refused):
        service.unmerge(person_id=second, by=doctor, why="误合并")
    assert len(doors.ledger.entries) == 1


def staff(*roles, strength=Strength.SECOND_FACTOR, **extra):
    return Actor(staff_code="s1", institution_code="H1", roles=roles, strength=strength, **extra)


@pytest.mark.parametrize(
    "by",
    [
        staff(Role.OPERATOR),
        staff(Role.OPERATOR, Role.RECORDS_CLERK),
        staff(Role.RECORDS_CLERK, strength=Strength.PASSWORD),
        staff(Role.PRIVACY_OFFICER, strength=Strength.ONE_TIME_CODE),
        staff(Role.RECORDS_CLERK, name="张 三"),
    ],
    ids=["operator", "operator-beside", "password", "code", "own"],
)
def test_who_decides_who_is_who(two, clerk, doors, by):
    """No operator, no single factor, and nobody about an entry of their own name."""
    first, second = two
    with pytest.raises(Refused):
        service.merge(survivor=first, merged=second, by=by, why="同一人")
    with pytest.raises(Refused):
        service.merge(survivor=second, merged=first, by=by, why="同一人")
    service.merge(survivor=first, merged=second, by=clerk, why="同一人")
    with pytest.raises(Refused):
        service.unmerge(person_id=second, by=by, why="误合并")
    service.unmerge(person_id=second, by=clerk, why="误合并")
    doubt = service.identify(
        name="张三", sex="0", birth_date=BORN, id_number=number(2), source="H3"
    )
    for same in (True, False):
        with pytest.raises(Refused):
            service.settle_review(review_id=doubt.reviews[0], same=same, by=by, why="看过了")
    assert [entry.fields["action"] for entry in doors.ledger.entries] == ["merge", "unmerge"]


def test_the_name_of_registered_staff_counts_too(two, town):
    first, second = two
    service.register_staff(
        code="s1", name="张三", institution_code="H1", roles=[Role.RECORDS_CLERK]
    )
    with pytest.raises(Refused, match="their own"):
        service.merge(survivor=first, merged=second, by=staff(Role.RECORDS_CLERK), why="同一人")


def test_a_step_tells_how_its_author_had_signed_in(two, clerk):
    first, second = two
    service.merge(survivor=first, merged=second, by=clerk, why="同一人")
    typed = staff(Role.RECORDS_CLERK, strength=Strength.MACHINE)
    service.unmerge(person_id=second, by=typed, why="误合并")
    steps = service.merge_history(first)
    assert [step.strength for step in steps] == ["second-factor", "machine"]


def test_without_the_ledger_nobody_is_merged(two, clerk, doors):
    first, second = two
    doors.ledger.fail = Unavailable("down")
    with pytest.raises(Unavailable):
        service.merge(survivor=first, merged=second, by=clerk, why="同一人")
    assert service.resolve_person(second) == second
    assert models.MergeState.objects.count() == 0


def doubtful(doors):
    known = come("王㛃", 7)
    fresh = service.identify(
        name="王洁", sex="0", birth_date=BORN, id_number=number(7), source="H2"
    )
    assert fresh.certainty is Certainty.DOUBTFUL
    return known, fresh.person_id, fresh.reviews[0]


def test_a_review_settled_as_the_same_person_merges(doors, clerk):
    known, fresh, review = doubtful(doors)
    service.settle_review(review_id=review, same=True, by=clerk, why="改名，见公安证明")
    assert service.resolve_person(fresh) == known
    assert service.reviews() == ()
    [closed] = service.reviews(open_only=False)
    assert closed.verdict == "merged"
    # From now on the variant of the name is known.
    again = service.identify(
        name="王洁", sex="0", birth_date=BORN, id_number=number(7), source="H3"
    )
    assert (again.person_id, again.certainty) == (known, Certainty.CERTAIN)


def test_a_review_settled_as_two_people_is_not_asked_again(doors, clerk):
    known, fresh, review = doubtful(doors)
    service.settle_review(review_id=review, same=False, by=clerk, why="证件冒用")
    assert service.reviews() == ()
    assert service.reviews(open_only=False)[0].verdict == "distinct"
    come("王洁", 7)
    assert service.reviews() == ()
    assert service.resolve_person(fresh) == fresh != known


def test_a_split_opens_the_review_again(doors, clerk):
    _, fresh, review = doubtful(doors)
    service.settle_review(review_id=review, same=True, by=clerk, why="改名")
    service.unmerge(person_id=fresh, by=clerk, why="不是同一人")
    assert [item.review_id for item in service.reviews()] == [review]


def test_no_such_review(doors, clerk):
    with pytest.raises(NotFound):
        service.settle_review(review_id="0" * 32, same=True, by=clerk, why="同一人")


# A model of the index: parent pointers of five entries. Whatever is merged and split in whatever
# order, every id means what the model says, and no row that a source brought ever changes.
SIZE = 5
step = st.one_of(
    st.tuples(st.just("merge"), st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)),
    st.tuples(st.just("unmerge"), st.integers(0, SIZE - 1), st.just(0)),
    st.tuples(st.just("come"), st.integers(0, SIZE - 1), st.integers(1, 3)),
)


def root(parents, at):
    while parents[at] is not None:
        at = parents[at]
    return at


def brought():
    return {
        (row.pk, row.person_id, row.kind, row.lookup, bytes(row.sealed), row.contested, row.source)
        for row in models.Identifier.objects.all()
    } | {
        (row.pk, row.person_id, row.source, row.name, row.birth_date)
        for row in models.Registration.objects.all()
    }


def play(steps, clerk):
    people = [come(f"王{index}", index) for index in range(SIZE)]
    parents = dict.fromkeys(range(SIZE))
    for verb, at, other in steps:
        before = brought()
        if verb == "come":
            assert come(f"王{at}", at, source=f"S{other}") == people[root(parents, at)]
        elif verb == "merge":
            possible = at != other and parents[at] is None and parents[other] is None
            try:
                service.merge(survivor=people[other], merged=people[at], by=clerk, why="同一人")
                assert possible
                parents[at] = other
            except Conflict:
                assert not possible
        else:
            try:
                service.unmerge(person_id=people[at], by=clerk, why="误合并")
                assert parents[at] is not None
                parents[at] = None
            except Conflict:
                assert parents[at] is None
        assert before <= brought()
        for index, person in enumerate(people):
            assert service.resolve_person(person) == people[root(parents, index)]
    return people, parents


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(step, max_size=12))
def test_any_order_of_merges_and_splits_loses_nothing(doors, clerk, steps):
    with transaction.atomic():
        people, parents = play(steps, clerk)
        for index in range(SIZE):
            group = [i for i in range(SIZE) if root(parents, i) == root(parents, index)]
            shown = service.person(people[index])
            assert {n.masked for n in shown.numbers} == {
                f"3201**********{number(i)[-4:]}" for i in group
            }
        for index in range(SIZE):
            if parents[index] is not None:
                service.unmerge(person_id=people[index], by=clerk, why="全部拆分")
        assert [service.resolve_person(p) for p in people] == people
        assert all(len(service.person(p).numbers) == 1 for p in people)
        transaction.set_rollback(True)
