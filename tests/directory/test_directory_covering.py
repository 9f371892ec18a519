"""Which consents speak of a request: what holds for all of them, whoever asks."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from openrhip.directory.rules.access import Actor, DocumentFacts, Purpose, Role
from openrhip.directory.rules.consent import Effect, Grantee, Scope, Standing, covered

NOW = datetime(2026, 11, 1, tzinfo=UTC)
codes = {
    Grantee.INSTITUTION: st.sampled_from(["H1", "H2"]),
    Grantee.DEPARTMENT: st.sampled_from(["H1/01", "H2/01"]),
    Grantee.STAFF: st.sampled_from(["s1", "s2"]),
}
days = st.integers(-3, 3).map(lambda day: NOW + timedelta(days=day))
kinds = st.frozensets(st.sampled_from(["C0001", "C0053"]), max_size=2)
actors = st.one_of(
    st.just(Actor.citizen("a" * 32)),
    st.builds(
        Actor,
        staff_code=st.sampled_from(["s1", "s2"]),
        institution_code=st.sampled_from(["H1", "H2"]),
        department_code=st.sampled_from(["01", ""]),
        roles=st.just((Role.DOCTOR,)),
    ),
)


@st.composite
def standings(draw, effect=None):
    grantee = draw(st.sampled_from(Grantee))
    chosen = effect or draw(st.sampled_from(Effect))
    if grantee is Grantee.EVERYONE:
        chosen = Effect.REFUSE
    scope = Scope(
        grantee=grantee,
        grantee_code=draw(codes[grantee]) if grantee in codes else "",
        purposes=draw(st.frozensets(st.sampled_from(Purpose), max_size=2)),
        kinds=draw(kinds),
        level=draw(st.integers(1, 5)),
        effect=chosen,
    )
    return Standing(
        consent_id=draw(st.text("abc", min_size=1, max_size=3)),
        scope=scope,
        valid_from=draw(days),
        valid_until=draw(st.none() | days),
        withdrawn_at=draw(st.none() | days),
    )


requests = st.fixed_dictionaries(
    {
        "who": actors,
        "document": st.builds(
            DocumentFacts,
            document_id=st.just("d"),
            kind=st.sampled_from(["C0001", "C0053"]),
            custodian_code=st.just("H1"),
            level=st.integers(1, 5),
        ),
        "purpose": st.sampled_from(Purpose),
        "treating": st.booleans(),
    }
)


@given(st.lists(standings(), max_size=5), standings(), requests)
def test_more_consents_never_close_and_more_objections_never_open(known, more, request):
    before = covered(known, at=NOW, **request)
    after = covered([*known, more], at=NOW, **request)
    assert after.level >= before.level
    assert after.refused >= before.refused
    if more.scope.effect is Effect.REFUSE:
        assert after.level == before.level
    else:
        assert after.refused == before.refused


@given(standings(), requests)
def test_what_is_not_in_force_counts_for_nothing(standing, request):
    found = covered([standing], at=NOW, **request)
    ended = (standing.valid_until or NOW + timedelta(1)) <= NOW
    withdrawn = (standing.withdrawn_at or NOW + timedelta(1)) <= NOW
    if ended or withdrawn or standing.valid_from > NOW:
        assert found == covered([], at=NOW, **request)


@given(standings(effect=Effect.PERMIT), requests)
def test_a_consent_counts_only_for_whom_and_what_it_names(standing, request):
    found = covered([standing], at=NOW, **request)
    if not found.level:
        return
    scope, who = standing.scope, request["who"]
    assert not scope.kinds or request["document"].kind in scope.kinds
    assert not scope.purposes or request["purpose"] in scope.purposes
    assert scope.grantee_code in {
        "",
        who.institution_code,
        who.staff_code,
        f"{who.institution_code}/{who.department_code}",
    }
    if scope.grantee is Grantee.GUARDIANS:
        assert who.person_id
    if scope.grantee is Grantee.ALL_TREATING:
        assert request["treating"]


@given(st.data(), requests)
def test_order_does_not_matter(data, request):
    known = data.draw(st.lists(standings(), max_size=5))
    shuffled = data.draw(st.permutations(known))
    assert covered(known, at=NOW, **request) == covered(shuffled, at=NOW, **request)
