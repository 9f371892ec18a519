"""What crashes leave is swept, closed months are merged by night, rows are given back as they came."""

import os
import time
from datetime import timedelta

import pytest
from store_city import DAY, NOW, content

from openrhip.collect import models, service
from openrhip.collect.service import doors, originals, recovering
from openrhip.directory import service as directory
from openrhip.directory.service import Actor, Role, Strength
from openrhip.kernel import clock, ids
from openrhip.kernel.errors import Malformed, NotFound, NotVerified, Refused, Unavailable

MINUTE = timedelta(minutes=1)


def clerk(unit="U1", *, roles=(Role.RECORDS_CLERK,), strength=Strength.SECOND_FACTOR):
    return Actor(staff_code="S1", institution_code=unit, roles=roles, strength=strength)


def make_old(path, hours=2):
    old = time.time() - hours * 3600
    os.utime(path, (old, old))


# --- originals


def test_rows_are_given_back_as_they_came(place, unit):
    done = unit.load(("V1",), ("V2", "x"), ("V3", "7"))
    rows = service.original_rows(batch_id=done.id, lines=[3, 2, 99], by=clerk())
    assert [(row.line, row.values["no"], row.values["n"]) for row in rows] == [
        (2, "V2", "x"),
        (3, "V3", "7"),
    ]
    entry = place.ledger.entries[-1]
    assert (entry.kind, entry.fields["action"], entry.fields["count"]) == ("batch", "read", 3)
    assert entry.fields["document_id"] == done.id
    assert not list(doors.folder("work").iterdir())


@pytest.mark.parametrize(
    "who",
    [
        clerk("U2"),
        clerk(roles=(Role.DOCTOR,)),
        clerk(strength=Strength.PASSWORD),
        clerk("U2", roles=(Role.OPERATOR,)),
    ],
)
def test_rows_are_not_for_everybody(place, unit, who):
    done = unit.load(("V1",))
    entries = len(place.ledger.entries)
    with pytest.raises(Refused):
        service.original_rows(batch_id=done.id, lines=[1], by=who)
    assert len(place.ledger.entries) == entries


def test_the_privacy_officer_sees_rows_of_every_unit(unit):
    done = unit.load(("V1",))
    officer = clerk("U2", roles=(Role.PRIVACY_OFFICER,))
    assert len(service.original_rows(batch_id=done.id, lines=[1], by=officer)) == 1


def test_without_the_ledger_nothing_is_given_out(place, unit):
    done = unit.load(("V1",))
    place.ledger.fail = Unavailable("away")
    with pytest.raises(Unavailable):
        service.original_rows(batch_id=done.id, lines=[1], by=clerk())


def test_what_makes_no_sense_is_refused(unit):
    done = unit.load(("V1",))
    for lines in ([0], [-1], list(range(1, 2_000))):
        with pytest.raises(Malformed):
            service.original_rows(batch_id=done.id, lines=lines, by=clerk())
    with pytest.raises(NotFound):
        service.original_rows(batch_id="0" * 32, lines=[1], by=clerk())


def test_an_original_that_was_changed_is_not_believed(place, unit):
    got = unit.send(("V1",), ("V2",))
    [path] = place.home.rglob("*.sealed")
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    row = models.Batch.objects.get()
    with pytest.raises(NotVerified):
        list(originals.open_original(row.id, 0, wrapped=row.wrapped_key, at=row.received_at))
    # It is refused: the unit sends it again.
    done = service.process(batch_id=got.id)
    assert (done.state, done.problem.code) == ("refused", "not-verified")


def test_keys_follow_the_newest_of_the_ring(place, unit):
    done = unit.load(("V1",))
    before = bytes(models.Batch.objects.get().wrapped_key)
    assert service.keep_keys() == 0
    newer = directory.key_ring().rotated()
    with directory.using(keys=newer, ledger=place.ledger):
        assert service.keep_keys() == 1
        assert service.keep_keys() == 0
        assert bytes(models.Batch.objects.get().wrapped_key)[:2] != before[:2]
        assert len(service.original_rows(batch_id=done.id, lines=[1], by=clerk())) == 1


def test_old_originals_go_by_the_month(place, unit, monkeypatch):
    done = unit.load(("V1",))
    [path] = place.home.rglob("*.sealed")
    monkeypatch.setattr(recovering, "_days", lambda name: 30)
    assert service.sweep_old_originals() == 0
    with clock.frozen(NOW + timedelta(days=70)):
        assert service.sweep_old_originals() == 1
    assert not path.exists()
    with pytest.raises(NotFound):
        service.original_rows(batch_id=done.id, lines=[1], by=clerk())
    monkeypatch.setattr(recovering, "_days", lambda name: 0)
    assert service.sweep_old_originals() == 0


# --- leftovers


def test_files_of_no_batch_are_swept_and_others_stay(place, unit):
    unit.send(("V1",))
    [kept] = place.home.rglob("*.sealed")
    orphan = kept.with_name(f"{ids.new_id()}-0.sealed")
    part = kept.with_name(".part-abc")
    for path in (orphan, part):
        path.write_bytes(b"x")
    assert service.sweep_leftovers() == 0  # somebody may be receiving just now
    for path in (kept, orphan, part):
        make_old(path)
    assert service.sweep_leftovers() == 2
    assert kept.exists()
    assert not orphan.exists()
    assert not part.exists()


def test_work_folders_of_dead_processes_are_swept(place, unit):
    got = unit.send(("V1",))
    folder = doors.folder("work") / got.id
    folder.mkdir()
    (folder / "in-0.csv").write_bytes(content(("V1",)))
    from openrhip.collect.lake.locks import held
    from openrhip.collect.service import choosing

    with held(choosing.turn_of("VISIT")):
        assert service.sweep_leftovers() == 0  # somebody works in it
    assert service.sweep_leftovers() == 1
    assert not folder.exists()


def test_a_work_folder_that_outlived_its_batch_is_swept_at_once(place, unit):
    got = unit.send(("V1",))
    service.process(batch_id=got.id)
    folder = doors.folder("work") / got.id
    folder.mkdir()
    (folder / "in-0.csv").write_bytes(content(("V1",)))
    assert service.sweep_leftovers() == 1
    assert not folder.exists()


# --- by night


def test_closed_months_are_merged_once_a_night(place, unit, monkeypatch):
    monkeypatch.setattr(recovering, "current", doors.current)
    days = [DAY - timedelta(days=back) for back in range(70, 76)]
    for at, day in enumerate(days):
        unit.load((f"V{at}",), day=day)
    months = {f"{day:%Y-%m}" for day in days}
    before = place.rows()
    with clock.frozen(NOW.replace(hour=16)):  # midnight in the city, before the hour that is set
        assert service.keep_lake() == 0
    assert service.keep_lake() == 1
    assert service.keep_lake() == 0
    assert place.rows() == before
    assert len(place.lake.files(table="VISIT")) == len(months)
    done = unit.load(("NEW",), day=days[2], sent_at=NOW + MINUTE)
    assert done.current
    assert "NEW" in place.numbers()
    assert "V2" not in place.numbers()


# --- after a restore


def test_database_and_lake_are_compared_and_what_is_lacking_is_loaded_again(place, unit, other):
    import shutil

    from click.testing import CliRunner

    from openrhip.collect.cli.lake import lake as command

    first = unit.load(("V1",), ("V2", "x"))
    other.load(("V1",))
    saved = place.home / "saved"
    shutil.copytree(place.lake.rows, saved)
    second = unit.load(("V3",), sent_at=NOW + MINUTE)
    unit.load(("W1",), day=DAY - timedelta(days=1))
    assert service.check_lake() == ()
    shutil.rmtree(place.lake.rows)
    shutil.move(saved, place.lake.rows)
    place.lake._logs.clear()
    told = service.check_lake()
    assert [(one.day, one.in_lake) for one in told] == [
        (DAY - timedelta(days=1), None),
        (DAY, first.id),
    ]
    assert CliRunner().invoke(command, ["check"]).exit_code != 0
    done = CliRunner().invoke(command, ["check", "--mend", "--json"])
    assert done.exit_code == 0
    assert done.output.count("true") == 2
    assert service.check_lake() == ()
    assert place.numbers() == ["W1", "V3", "V1"]
    assert service.batch(second.id).current
    assert service.batch(second.id).receipt


def test_what_only_the_lake_knows_is_told(place, unit):
    got = unit.load(("V1",))
    models.Batch.objects.filter(id=got.id).update(current=False)
    [told] = service.check_lake(mend=True)
    assert (told.in_rows, told.in_lake, told.mended) == (None, got.id, False)
