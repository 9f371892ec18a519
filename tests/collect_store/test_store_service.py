"""Receiving and loading: what a unit sends is taken in once, wholly, and the truth is told of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from store_city import CATALOGUE, DAY, NOW, content

from openrhip.collect import models, service
from openrhip.collect.rules.tables import Catalogue
from openrhip.collect.service import doors, entering, receiving, settling
from openrhip.kernel import clock
from openrhip.kernel.errors import (
    Conflict,
    Malformed,
    Misconfigured,
    NotFound,
    NotVerified,
    Refused,
    Unavailable,
)

MINUTE = timedelta(minutes=1)


def test_a_batch_is_received_and_loaded(place, unit):
    got = unit.send(("V1",), ("V2", "x"), ("V3",))
    assert got.state == "received"
    assert got.rows_declared == 3
    assert not got.already
    done = service.process(batch_id=got.id)
    assert (done.state, done.received, done.loaded, done.quarantined) == ("loaded", 3, 2, 1)
    assert done.current
    assert done.late_days == 0
    assert done.finished_at == NOW
    assert [(hit.rule, hit.count) for hit in done.hits] == [("VISIT.n.form", 1)]
    assert done.hits[0].examples[0].line == 2
    assert place.numbers() == ["V1", "V3"]
    assert [(row["_line"], row["_rules"], row["no"]) for row in place.faults(done)] == [
        (2, "VISIT.n.form", "V2")
    ]
    assert [step.state for step in service.steps(got.id)] == ["received", "checking", "loaded"]


def test_nothing_of_it_lies_about_in_the_clear(place, unit):
    unit.load(("SECRET-NUMBER", "x"), ("V2",), ("V3",))
    for path in place.home.rglob("*"):
        if path.is_file() and path.suffix == ".sealed":
            assert b"SECRET-NUMBER" not in path.read_bytes()
    assert not list((place.home / "collect" / "work").iterdir())


# --- once


def test_the_same_batch_again_changes_nothing(place, unit):
    first = unit.load(("V1",))
    again = unit.send(("V1",))
    assert again.already
    assert again.id == first.id
    assert again.state == "loaded"
    signed_anew = unit.send(("V1",), sent_at=NOW + MINUTE)
    assert signed_anew.already
    assert signed_anew.id == first.id
    assert service.process_due() == 0
    assert models.Batch.objects.count() == 1
    assert len(place.ledger.entries) == 1


def test_the_same_content_waiting_is_one_batch(unit):
    first = unit.send(("V1",))
    again = unit.send(("V1",), sent_at=NOW + MINUTE)
    assert again.already
    assert again.id == first.id


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("apart", [timedelta(0), MINUTE])
def test_two_processes_at_once_let_one_batch_in(place, unit, monkeypatch, apart):
    """Both looked before either wrote; the same manifest, or the same content signed anew."""
    first = unit.send(("V1",))
    real, looks = receiving.known, []

    def look(manifest):
        looks.append(1)
        return None if len(looks) <= 2 else real(manifest)

    monkeypatch.setattr(receiving, "known", look)
    second = unit.send(("V1",), sent_at=NOW + apart)
    assert second.id == first.id
    assert second.already
    assert models.Batch.objects.count() == 1
    assert len(list(place.home.rglob("*.sealed"))) == 1


def test_what_was_replaced_can_be_sent_again_signed_anew(place, unit):
    unit.load(("V1",))
    second = unit.load(("V2",), sent_at=NOW + MINUTE)
    old = unit.send(("V1",))
    assert old.already
    assert not old.current
    assert service.batch(second.id).current
    third = unit.load(("V1",), sent_at=NOW + 2 * MINUTE)
    assert third.current
    assert not third.already
    assert place.numbers() == ["V1"]


def test_a_sending_that_was_signed_earlier_does_not_replace(place, unit):
    unit.load(("V1",), sent_at=NOW)
    with pytest.raises(Conflict):
        unit.send(("V2",), sent_at=NOW - MINUTE)
    assert place.numbers() == ["V1"]


def test_overtaken_on_the_way_it_is_refused(place, unit, monkeypatch):
    late = unit.send(("V2",), sent_at=NOW + MINUTE)
    with monkeypatch.context() as patched:
        patched.setattr(receiving, "known", lambda _: None)  # another process, a moment ago
        early = unit.send(("V1",), sent_at=NOW)
    assert service.process(batch_id=early.id).problem.code == "overtaken"
    assert service.batch(late.id).current
    assert place.numbers() == ["V2"]


# --- replacing


def test_a_day_sent_anew_replaces_it_as_a_whole(place, unit, other):
    first = unit.load(("V1",), ("V2", "x"), ("V3",))
    other.load(("V9",))
    unit.load(("W1",), day=DAY - timedelta(days=1))
    second = unit.load(("V2", "5"), sent_at=NOW + MINUTE)
    assert place.rows() == [
        ("U1", DAY - timedelta(days=1), "W1", 1),
        ("U1", DAY, "V2", 5),
        ("U2", DAY, "V9", 1),
    ]
    assert not service.batch(first.id).current
    assert second.current
    assert [one.id for one in service.history("U1", "VISIT", DAY)] == [first.id, second.id]
    assert place.lake.quarantined_batch_of(table="VISIT", unit="U1", day=DAY) is None
    # The rows at fault of the one that was replaced, and its good rows, are still there to read.
    assert [row["no"] for row in place.faults(first)] == ["V2"]
    old = place.lake.files_of(table="VISIT", day=DAY, batch=first.id)
    assert len(old) == 1
    assert old[0] not in place.lake.files(table="VISIT")


def test_an_empty_batch_stands_for_a_day_without_rows(place, unit):
    unit.load(("V1",))
    empty = unit.load(sent_at=NOW + MINUTE)
    assert (empty.state, empty.received, empty.loaded, empty.current) == ("loaded", 0, 0, True)
    assert place.lake.batch_of(table="VISIT", unit="U1", day=DAY) == empty.id
    assert place.numbers() == []


def test_the_first_batch_of_a_table_may_be_empty(place, unit):
    empty = unit.load()
    assert empty.current
    assert place.numbers() == []
    unit.load(("V1",), sent_at=NOW + MINUTE)
    assert place.numbers() == ["V1"]


def test_batches_come_to_their_end_in_order_of_arrival(place, unit):
    first = unit.send(("V1",))
    second = unit.send(("V2",), sent_at=NOW + MINUTE)
    assert service.process(batch_id=second.id).current
    assert service.batch(first.id).state == "loaded"
    assert not service.batch(first.id).current
    assert place.numbers() == ["V2"]


# --- amendments


def test_amended_and_withdrawn_rows_of_earlier_days_are_superseded(place, unit, other):
    before = DAY - timedelta(days=1)
    unit.load(("V1", "1"), ("V2", "2"), ("V3", "3"), day=before)
    other.load(("V1", "7"), day=before)
    done = unit.load(("V1", "10", "2"), ("V2", "0", "3"), ("V4", "4"))
    assert (done.amended, done.withdrawn, done.loaded) == (1, 1, 3)
    assert [(row[0], row[2], row[3]) for row in place.rows()] == [
        ("U1", "V3", 3),
        ("U1", "V1", 10),
        ("U1", "V4", 4),
        ("U2", "V1", 7),
    ]
    assert len(place.rows(current=False)) == 7
    # A reading of the earlier day alone knows of the later amendment as well.
    assert [row[2] for row in place.rows(until=before, units=["U1"])] == ["V3"]


def test_an_amendment_that_is_replaced_amends_no_more(place, unit):
    before = DAY - timedelta(days=1)
    unit.load(("V1", "1"), day=before)
    unit.load(("V1", "10", "2"))
    unit.load(("V4", "4"), sent_at=NOW + MINUTE)
    assert [(row[2], row[3]) for row in place.rows()] == [("V1", 1), ("V4", 4)]


def test_a_key_of_another_day_is_known_unless_it_was_withdrawn(place, unit, other):
    two, one = DAY - timedelta(days=2), DAY - timedelta(days=1)
    unit.load(("V1",), ("V2",), ("V3",), day=two)
    unit.load(("V2", "0", "3"), ("X1",), day=one)
    done = unit.load(("V1",), ("V2",), ("V4",), ("V5",))
    assert done.quarantined == 1
    assert done.hits[0].rule == "VISIT.key.unique-store"
    assert [row["no"] for row in place.faults(done)] == ["V1"]
    assert other.load(("V1",)).quarantined == 0
    # Sent anew for the same day, its own keys are none of another day.
    assert unit.load(("V2",), ("V4",), sent_at=NOW + MINUTE).quarantined == 0


def test_of_a_snapshot_the_newest_counts(place, unit, other):
    before = DAY - timedelta(days=1)
    unit.load(("A",), ("B",), table="REGISTER", day=before)
    other.load(("Z",), table="REGISTER", day=before)
    unit.load(("A",), ("C",), table="REGISTER")
    assert place.numbers("REGISTER") == ["A", "C", "Z"]
    assert place.numbers("REGISTER", until=before) == ["A", "B", "Z"]


# --- refused


def test_over_the_tolerance_it_is_refused_whole(place, unit):
    unit.load(("V0",))
    done = unit.load(("V1",), ("V2", "x"), ("V3", "y"), sent_at=NOW + MINUTE)
    assert (done.state, done.problem.code, done.loaded) == ("refused", "tolerance", 0)
    assert (done.received, done.quarantined, done.held) == (3, 2, 1)
    assert not done.current
    assert done.hits[0].count == 2
    assert place.numbers() == ["V0"]
    assert [row["no"] for row in place.faults(done)] == ["V2", "V3"]
    assert place.lake.quarantined_batch_of(table="VISIT", unit="U1", day=DAY) is None
    entry = place.ledger.entries[-1]
    assert entry.fields["action"] == "refuse"
    assert entry.fields["reason_code"] == "tolerance"


def test_rows_that_are_missing_refuse_the_batch(place, unit):
    done = unit.load(("V1",), ("V2",), rows=3)
    assert (done.state, done.problem.code, done.received) == ("refused", "count", 2)
    assert place.numbers() == []


def test_unreadable_files_refuse_the_batch(place, unit):
    done = unit.load(data=b"other,n,amend_flag\n1,2,3\n")
    assert (done.state, done.problem.code, done.problem.where) == ("refused", "malformed", "no")
    assert unit.send(data=b"other,n,amend_flag\n1,2,3\n").already
    corrected = unit.load(("V1",), sent_at=NOW + MINUTE)
    assert corrected.current


def test_what_was_refused_may_be_sent_again_signed_anew(place, unit):
    rows = (("V1", "x"), ("V2", "y"))
    assert unit.load(*rows).state == "refused"
    again = unit.load(*rows, sent_at=NOW + MINUTE)
    assert again.state == "refused"
    assert not again.already
    assert models.Batch.objects.count() == 2


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        ({"table": "NOTABLE"}, NotFound),
        ({"table": "DISTRICTS"}, Refused),
        ({"day": DAY + timedelta(days=5)}, Malformed),
        ({"table": "MONTHLY", "day": DAY.replace(day=2)}, Malformed),
        ({"unit": "U2"}, NotVerified),
        ({"via": "pigeon"}, Malformed),
        ({"sent_at": NOW + timedelta(hours=1)}, NotVerified),
    ],
)
def test_what_nobody_may_send_is_not_received(place, unit, about, kind):
    with pytest.raises(kind):
        unit.send(("V1",), **about)
    assert not models.Batch.objects.exists()
    assert not list((place.home / "collect").rglob("*.sealed"))


def test_staff_do_not_sign_for_their_hospital(place, unit, keys):
    with pytest.raises(NotVerified):
        unit.send(("V1",), signer=keys.staff)


def test_another_file_than_the_signed_one_is_not_received(place, unit):
    import io

    envelope = unit.envelope(content(("V1",)))
    for other in (content(("V2",)), content(("V1",), ("V2",)), b""):
        with pytest.raises(NotVerified):
            service.receive(
                envelope=envelope, open_file=lambda _, o=other: io.BytesIO(o), via="cli"
            )
    with pytest.raises(NotFound):
        service.receive(envelope=envelope, open_file={}, via="cli")
    assert not list((place.home / "collect").rglob("*.sealed"))


def test_a_unit_that_was_put_to_rest_sends_no_more(place, unit):
    service.register_unit(code="U1", owner="hospital", active=False)
    with pytest.raises(Refused):
        unit.send(("V1",))


# --- late


def test_late_days_are_counted_from_the_end_of_the_day_after(unit):
    assert unit.send(("V1",), received_at=NOW).late_days == 0
    old = DAY - timedelta(days=3)
    assert unit.send(("V1",), day=old, received_at=NOW).late_days == 3


# --- gathered


def test_batches_of_a_table_go_in_together(place, unit, other):
    days = [DAY - timedelta(days=back) for back in range(5)]
    for at, day in enumerate(days):
        unit.send((f"V{at}",), day=day)
        other.send((f"V{at}", "x"), (f"W{at}",), ("Z",) if at else ("Y",), day=day)
    before = place.lake.log("VISIT").version
    assert before == -1
    assert service.process_due() == 10
    assert place.lake.log("VISIT").version == 1  # made, then one commit
    states = service.batches(unit="U2")
    assert [one.state for one in states] == ["loaded"] * 5
    assert all(one.receipt for one in states)
    assert len(place.ledger.entries) == 10
    assert len({row.entry_key for row in models.Batch.objects.all()}) == 1


def test_tables_that_others_refer_to_come_first(place, unit):
    unit.send(("V1",))
    unit.send(("P1",), table="PERSON")
    service.process_due()
    assert [entry.fields["document_kind"] for entry in place.ledger.entries] == ["PERSON", "VISIT"]


def test_a_batch_whose_check_fails_waits_and_the_others_go_on(place, unit, other):
    bad = unit.send(("V1",))
    good = other.send(("V1",))

    def fail(job):
        if job.batch == bad.id:
            raise RuntimeError("secret of a patient")

    place.engine.before = fail
    assert service.process_due() == 1
    assert service.batch(good.id).state == "loaded"
    waiting = service.batch(bad.id)
    assert waiting.state == "received"
    assert [step.note for step in service.steps(bad.id)][-1] == "waits: RuntimeError"
    assert service.process_due() == 0  # it is not due yet
    with pytest.raises(Unavailable) as told:
        service.process(batch_id=bad.id)
    assert "secret" not in str(told.value)
    place.engine.before = lambda job: None
    with clock.frozen(NOW + timedelta(hours=2)):
        assert service.process_due() == 1
    assert service.batch(bad.id).state == "loaded"


def test_a_table_that_left_the_catalogue_holds_nobody_up(place, unit):
    gone = unit.send(("P1",), table="PERSON")
    kept = unit.send(("V1",))
    smaller = Catalogue({"VISIT": CATALOGUE.tables["VISIT"]}, digest="sma11")
    with doors.using(engine=place.engine, lake=place.lake, catalogue=smaller, seal=list):
        for _ in range(3):
            service.process_due()
        assert service.batch(kept.id).state == "loaded"
        assert service.batch(gone.id).state == "received"
        with pytest.raises(NotFound):
            service.process(batch_id=gone.id)
    assert service.process(batch_id=gone.id).state == "loaded"


def test_a_lake_that_cannot_be_asked_is_waited_for(place, unit, monkeypatch):
    got = unit.send(("V1",))
    models.Batch.objects.update(state="checking", catalogue="ca7a")

    def away(**_):
        raise OSError(5, "input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(place.lake, "batch_of", away)
        assert service.process_due() == 0
    assert service.batch(got.id).state == "received"
    assert service.process(batch_id=got.id).state == "loaded"


def test_a_missing_engine_is_told_and_nothing_is_lost(place, unit):
    got = unit.send(("V1",))

    def fail(job):
        raise Misconfigured("no engine")

    place.engine.before = fail
    with pytest.raises(Misconfigured):
        service.process(batch_id=got.id)
    assert service.batch(got.id).state == "received"


# --- ledger


def test_the_entry_says_what_came_of_the_batch(place, unit):
    first = unit.load(("V1",), ("V2", "x"), ("V3",))
    second = unit.load(("V1",), sent_at=NOW + MINUTE)
    one, two = place.ledger.entries
    assert one.kind == "batch"
    assert one.fields["institution"] == "U1"
    assert one.fields["document_id"] == first.id
    assert one.fields["count"] == 2
    assert two.fields["document_id"] == second.id
    assert two.fields["supersedes"] == one.fields["document"]


def test_without_the_ledger_batches_are_loaded_and_entered_later(place, unit, other):
    place.ledger.fail = Unavailable("away")
    unit.send(("V1",))
    other.send(("V1",))
    assert service.process_due() == 2
    assert all(one.state == "loaded" and one.receipt is None for one in service.batches())
    place.ledger.fail = None
    assert service.finish_pending() == 2
    assert service.finish_pending() == 0
    assert all(one.receipt for one in service.batches())
    assert len(place.ledger.entries) == 2


def test_an_entry_that_was_made_but_not_noted_is_not_made_twice(place, unit, other):
    unit.send(("V1",))
    other.send(("V1",))
    service.process_due()
    models.Batch.objects.update(receipt=None)
    assert service.finish_pending() == 2
    assert len(place.ledger.entries) == 2
    assert entering.finish_pending() == 0


# --- crashes between the steps


class Crash(BaseException):
    """As if the process had been killed: nothing tidies up after it."""


@pytest.mark.parametrize("step", ["_note_outcomes", "_into_lake", "_finish", "after lake"])
def test_after_a_crash_at_any_step_the_truth_is_found(place, unit, monkeypatch, step):
    unit.load(("V0",), ("V1", "x"))
    got = unit.send(("V2",), ("V3", "x"), sent_at=NOW + MINUTE)

    def crash(*_):
        raise Crash

    with monkeypatch.context() as patched:
        if step == "after lake":
            patched.setattr(entering, "enter", crash)
        else:
            patched.setattr(settling, step, crash)
        with pytest.raises(Crash):
            service.process(batch_id=got.id)
    checked = len(place.engine.checked)
    if step == "after lake":
        # The transaction was through: only the entry is missing.
        assert service.batch(got.id).state == "loaded"
        assert service.finish_pending() == 1
    done = service.process(batch_id=got.id)
    assert (done.state, done.loaded, done.quarantined) == ("loaded", 1, 1)
    assert place.numbers() == ["V2"]
    assert [row["no"] for row in place.faults(done)] == ["V3"]
    assert len(place.ledger.entries) == 2
    # Where the lake had it already, nothing was checked again.
    assert (len(place.engine.checked) == checked) is (step in ("_finish", "after lake"))


def test_a_crash_between_the_two_commits_leaves_no_row_twice(place, unit, monkeypatch):
    unit.load(("V0",), ("V1", "x"))
    got = unit.send(("V2",), ("V3", "x"), sent_at=NOW + MINUTE)

    def crash(*_, **__):
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(place.lake, "replace", crash)
        with pytest.raises(Crash):
            service.process(batch_id=got.id)
    assert place.numbers() == ["V0"]
    done = service.process(batch_id=got.id)
    assert done.state == "loaded"
    assert place.numbers() == ["V2"]
    assert [row["no"] for row in place.faults(done)] == ["V3"]


def test_checked_again_after_such_a_crash_the_newer_outcome_counts(place, unit, monkeypatch):
    """Between the two checks a key came on another day: one more row is at fault."""
    got = unit.send(("V2",), ("V3", "x"), ("V4",), ("V5",))

    def crash(*_, **__):
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(place.lake, "replace", crash)
        with pytest.raises(Crash):
            service.process(batch_id=got.id)
    unit.load(("V2",), day=DAY - timedelta(days=1))
    done = service.process(batch_id=got.id)
    assert (done.loaded, done.quarantined) == (2, 2)
    assert [row["no"] for row in place.faults(done)] == ["V2", "V3"]
    assert place.numbers(since=DAY) == ["V4", "V5"]


def test_a_full_database_after_the_lake_is_caught_up(place, unit, monkeypatch):
    from django.db import OperationalError

    got = unit.send(("V1",), ("V2", "x"))

    def full(*_):
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(settling, "_end", full)
        with pytest.raises(Unavailable):
            service.process(batch_id=got.id)
    assert service.batch(got.id).state == "received"
    assert service.process(batch_id=got.id).loaded == 1
    assert len(place.engine.checked) == 1


# --- units


def test_units_and_their_declarations(place):
    assert [one.code for one in service.units()] == ["U1", "U2"]
    assert service.unit("U1").name == "第一示范医院"
    assert service.unit("U1").tolerance == Decimal("0.5")
    assert service.declare(unit="U1", tables=["VISIT", "PERSON"], by="S1") == ("PERSON", "VISIT")
    service.declare(unit="U1", tables=["VISIT", "MONTHLY"], by="S1")
    assert service.declared("U1") == ("MONTHLY", "VISIT")
    assert models.Declaration.objects.filter(until__isnull=False).count() == 1
    for wrong in ({"unit": "U9", "tables": []}, {"unit": "U1", "tables": ["NONE"]}):
        with pytest.raises(NotFound):
            service.declare(**wrong, by="S1")
    with pytest.raises(NotFound):
        service.register_unit(code="U9", owner="hospital")
    with pytest.raises(Malformed):
        service.register_unit(code="U1", owner="hospital", tolerance="1.5")


def test_batches_are_listed_by_what_is_asked(place, unit, other):
    unit.load(("V1",))
    unit.load(("V1", "x"), day=DAY - timedelta(days=1))
    other.send(("P1",), table="PERSON")
    assert len(service.batches()) == 3
    assert [one.table for one in service.batches(unit="U2")] == ["PERSON"]
    assert [one.state for one in service.batches(state=service.State.REFUSED)] == ["refused"]
    assert service.batches(page=2) == ()
    with pytest.raises(NotFound):
        service.batch("0" * 32)
    with pytest.raises(Malformed):
        service.batch("../../etc/passwd")
    assert doors.folder("work").is_dir()
