"""The watched folder: whole batches are taken, half ones wait, hostile ones lead nowhere."""

import json
import os
from datetime import timedelta

import pytest

from openrhip.agent import manifest as manifests
from openrhip.collect.models import Batch
from openrhip.collect.service import dropping, receiving
from openrhip.collect.service.dropping import Watch
from openrhip.kernel import clock
from openrhip.kernel.errors import Misconfigured, Unavailable


@pytest.fixture
def inbox(tmp_path, centre):
    folder = tmp_path / "inbox"
    for code in ("U1", "U2"):
        (folder / code).mkdir(parents=True)
    return folder


@pytest.fixture
def watch(inbox):
    return Watch(inbox)


def _put(folder, files, envelope, name="visits"):
    for file, content in files.items():
        (folder / file).write_bytes(content)
    (folder / f"{name}.manifest.json").write_bytes(envelope)


def _looks(watch, times=2):
    return sum(watch.look() for _ in range(times))


def _later(minutes):
    return clock.frozen(clock.now() + timedelta(minutes=minutes))


def _names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def _report(folder, name="visits"):
    return json.loads((folder / f"{name}.report.json").read_text())


def test_a_batch_is_taken_followed_and_reported(unit, inbox, watch, visits):
    folder, files = inbox / "U1", {"a.csv": visits, "表.csv": visits + b"V3,x\n"}
    _put(folder, files, unit.envelope(files))
    assert watch.look() == 0, "seen once is not yet at rest"
    assert not Batch.objects.exists()
    watch.look()
    batch = Batch.objects.get()
    assert (batch.unit_id, batch.via, batch.rows_declared) == ("U1", "folder", 5)
    assert _names(folder) == ["done", "refused", "taken"]
    taken = ["a.csv", "visits.manifest.json", "visits.receipt.json", "表.csv"]
    assert _names(folder / "taken") == taken
    receipt = json.loads((folder / "taken" / "visits.receipt.json").read_text())
    assert (receipt["batch"], receipt["state"]) == (batch.id, "received")
    assert _looks(watch) == 0
    Batch.objects.update(state="loaded", current=True)
    assert watch.look() == 1
    assert _names(folder / "taken") == []
    assert _names(folder / "done") == [
        "a.csv",
        "visits.manifest.json",
        "visits.report.json",
        "表.csv",
    ]
    found = _report(folder / "done")
    assert (found["batch"]["id"], found["batch"]["state"]) == (batch.id, "loaded")
    assert found["report"]["format"] == "openrhip-batch-report-1"
    assert _looks(watch) == 0


def test_what_the_check_refuses_goes_to_refused(unit, inbox, watch, visits):
    folder = inbox / "U1"
    _put(folder, {"a.csv": visits}, unit.envelope({"a.csv": visits}))
    _looks(watch)
    problem = {"code": "tolerance", "zh": "超出", "en": "too many", "where": "", "remedy": "mend"}
    Batch.objects.update(state="refused", problem=problem)
    assert watch.look() == 1
    assert _names(folder / "done") == _names(folder / "taken") == []
    assert _names(folder / "refused") == ["a.csv", "visits.manifest.json", "visits.report.json"]
    assert _report(folder / "refused")["batch"]["problem"]["code"] == "tolerance"


def test_what_is_still_being_written_waits(unit, inbox, watch, visits):
    folder = inbox / "U1"
    envelope = unit.envelope({"a.csv": visits, "b.csv": visits})
    manifest = folder / "visits.manifest.json"
    manifest.write_bytes(envelope[:200])
    (folder / "a.csv").write_bytes(visits)
    assert _looks(watch) == 0
    manifest.write_bytes(envelope)
    assert _looks(watch) == 0, "one file is missing"
    (folder / "b.csv").write_bytes(visits[:9])
    assert _looks(watch) == 0, "one file is half there"
    (folder / "b.csv.part").write_bytes(visits)
    assert _looks(watch) == 0
    os.replace(folder / "b.csv.part", folder / "b.csv")
    assert not Batch.objects.exists()
    _looks(watch)
    assert Batch.objects.count() == 1
    assert not (folder / "refused" / "visits.report.json").exists()


def test_what_never_becomes_whole_is_refused_with_what_is_missing(unit, inbox, watch, visits):
    folder = inbox / "U1"
    _put(folder, {"a.csv": visits}, unit.envelope({"a.csv": visits, "b.csv": visits}))
    (folder / "half.manifest.json").write_bytes(b'{"manifest":')
    _looks(watch)
    with _later(2):
        assert watch.look() == 1
        assert _report(folder / "refused", "half")["problem"]["code"] == "malformed"
    with _later(11):
        assert watch.look() == 1
    problem = _report(folder / "refused")["problem"]
    assert (problem["code"], problem["where"]) == ("incomplete", "files/b.csv")
    assert _names(folder) == ["done", "refused", "taken"]


@pytest.mark.parametrize(
    ("about", "code", "where"),
    [
        ({"table": "NO_SUCH_TABLE"}, "not-found", "manifest/table"),
        ({"unit": "U2"}, "refused", "manifest/unit"),
        ({"signer": "U2"}, "not-verified", "certificates"),
    ],
)
def test_what_is_refused_says_why(unit, keys, inbox, watch, visits, about, code, where):
    about = about | ({"signer": keys.signer("U2")} if "signer" in about else {})
    folder = inbox / "U1"
    _put(folder, {"a.csv": visits}, unit.envelope({"a.csv": visits}, **about))
    assert _looks(watch) == 1
    problem = _report(folder / "refused")["problem"]
    assert (problem["code"], problem["where"]) == (code, where)
    assert not Batch.objects.exists()


def test_a_changed_file_is_refused(unit, inbox, watch, visits):
    folder = inbox / "U1"
    _put(folder, {"a.csv": bytes(len(visits))}, unit.envelope({"a.csv": visits}))
    assert _looks(watch) == 1
    assert _report(folder / "refused")["problem"]["where"] == "files/a.csv"


def test_the_same_batch_again_changes_nothing(unit, inbox, watch, visits):
    folder, envelope = inbox / "U1", unit.envelope({"a.csv": visits})
    for name in ("first", "again"):
        _put(folder, {"a.csv": visits}, envelope, name)
        _looks(watch)
        Batch.objects.update(state="loaded", current=True)
        _looks(watch)
    assert Batch.objects.count() == 1
    assert _report(folder / "done", "first")["batch"]["id"] == Batch.objects.get().id
    assert _report(folder / "done", "again")["batch"]["id"] == Batch.objects.get().id


def test_files_of_the_same_name_wait_for_those_before(unit, inbox, watch, visits):
    """A unit whose files are always called the same: the second batch waits for the first."""
    from datetime import date

    folder, later = inbox / "U1", visits + b"V9,x\n"
    _put(folder, {"a.csv": visits}, unit.envelope({"a.csv": visits}))
    _looks(watch)
    _put(folder, {"a.csv": later}, unit.envelope({"a.csv": later}, day=date(2020, 11, 6)))
    _looks(watch, 3)
    assert Batch.objects.count() == 1
    Batch.objects.update(state="loaded")
    _looks(watch)
    assert Batch.objects.count() == 2
    assert (folder / "done" / "a.csv").read_bytes() == visits
    assert (folder / "taken" / "a.csv").read_bytes() == later


def test_links_and_second_names_are_never_read(unit, inbox, watch, visits, tmp_path):
    folder, secret = inbox / "U1", tmp_path / "secret"
    secret.write_bytes(visits)
    (folder / "visits.manifest.json").write_bytes(unit.envelope({"a.csv": visits}))
    (folder / "a.csv").symlink_to(secret)
    _looks(watch)
    (folder / "a.csv").unlink()
    os.link(secret, folder / "a.csv")
    _looks(watch)
    (folder / "a.csv").unlink()
    os.mkfifo(folder / "a.csv")
    _looks(watch)
    assert not Batch.objects.exists()
    linked = folder / "link.manifest.json"
    linked.symlink_to(secret)
    _looks(watch)
    assert linked.is_symlink()
    assert secret.read_bytes() == visits


@pytest.mark.parametrize("name", ["taken", "done", "refused"])
def test_a_folder_that_is_a_link_is_not_written_through(unit, inbox, watch, visits, name, tmp_path):
    folder, outside = inbox / "U1", tmp_path / "outside"
    outside.mkdir()
    (outside / "old").write_bytes(b"kept")
    os.utime(outside / "old", (0, 0))
    (folder / name).symlink_to(outside)
    _put(folder, {"a.csv": visits}, unit.envelope({"a.csv": visits}))
    (folder / "bad.manifest.json").write_bytes(unit.envelope({"a.csv": visits}, unit="U2"))
    with _later(60 * 24 * 30):
        _looks(watch)
    assert _names(outside) == ["old"]


def test_a_unit_folder_that_is_a_link_is_nobodys(unit, inbox, watch, visits, tmp_path):
    real = tmp_path / "real"
    real.mkdir()
    _put(real, {"a.csv": visits}, unit.envelope({"a.csv": visits}))
    (inbox / "U1").rmdir()
    (inbox / "U1").symlink_to(real)
    assert _looks(watch) == 0
    assert not Batch.objects.exists()


def test_receipts_that_a_unit_made_up_tell_it_nothing(unit, other, inbox, watch, visits):
    envelope = unit.envelope({"a.csv": visits})
    _put(inbox / "U1", {"a.csv": visits}, envelope)
    _looks(watch)
    batch = Batch.objects.get()
    taken = inbox / "U2" / "taken"
    taken.mkdir(exist_ok=True)
    mark = [0, 0, 0, 0, 0]
    forged = {
        "foreign": {"batch": batch.id, "files": [["a.csv", *mark]]},
        "path": {"batch": batch.id, "files": [["../../U1/taken/a.csv", *mark]]},
        "shape": {"batch": 7, "files": "x"},
        "none": {"batch": "0" * 32, "files": []},
    }
    for name, content in forged.items():
        (taken / f"{name}.receipt.json").write_text(json.dumps(content))
    (taken / "noise.receipt.json").write_bytes(b"\xff")
    Batch.objects.update(state="loaded")
    _looks(watch)
    assert _names(inbox / "U2" / "done") == []
    assert len(_names(taken)) == 5
    assert (inbox / "U1" / "done" / "a.csv").exists()


def test_a_step_that_was_broken_off_is_done_again(unit, inbox, watch, visits, monkeypatch):
    folder, files = inbox / "U1", {"a.csv": visits, "b.csv": visits}
    _put(folder, files, unit.envelope(files))
    move, done = dropping.Drop.move, []

    def dying(self, name, **about):
        if len(done) == 2:
            raise OSError("the power went")
        done.append(name)
        return move(self, name, **about)

    monkeypatch.setattr(dropping.Drop, "move", dying)
    _looks(watch)
    assert (folder / "b.csv").exists()
    assert _names(folder / "taken") == ["a.csv", "visits.manifest.json", "visits.receipt.json"]
    monkeypatch.setattr(dropping.Drop, "move", move)
    # A newer file of that name was put down meanwhile? It is not moved in the old one's place.
    Watch(inbox).look()
    assert _names(folder / "taken") == [
        "a.csv",
        "b.csv",
        "visits.manifest.json",
        "visits.receipt.json",
    ]
    assert Batch.objects.count() == 1


def test_a_newer_file_is_not_taken_for_the_old_one(unit, inbox, watch, visits, monkeypatch):
    folder = inbox / "U1"
    _put(folder, {"a.csv": visits}, unit.envelope({"a.csv": visits}))
    monkeypatch.setattr(dropping, "_follow", lambda *_: 0)
    _looks(watch)
    monkeypatch.undo()
    (folder / "a.csv").unlink()
    (folder / "a.csv").write_bytes(b"of tomorrow")
    watch.look()
    assert (folder / "a.csv").read_bytes() == b"of tomorrow"
    assert "a.csv" not in _names(folder / "taken")


def test_a_full_disk_lets_it_wait(unit, inbox, watch, visits, monkeypatch):
    folder = inbox / "U1"
    _put(folder, {"a.csv": visits}, unit.envelope({"a.csv": visits}))
    real = receiving.receive

    def full(**_):
        raise Unavailable("the disk is full")

    monkeypatch.setattr(receiving, "receive", full)
    assert _looks(watch, 3) == 0
    assert (folder / "visits.manifest.json").exists()
    monkeypatch.setattr(receiving, "receive", real)
    watch.look()
    assert Batch.objects.count() == 1


def test_one_process_looks_at_a_time(unit, inbox, watch, visits):
    _put(inbox / "U1", {"a.csv": visits}, unit.envelope({"a.csv": visits}))
    with dropping._alone() as free:
        assert free
        assert _looks(watch, 3) == 0
    assert not Batch.objects.exists()
    _looks(watch)
    assert Batch.objects.count() == 1


def test_what_was_dealt_with_is_forgotten_after_a_week(unit, inbox, watch, visits):
    folder = inbox / "U1"
    _put(folder, {"a.csv": visits}, unit.envelope({"a.csv": visits}, table="NO_SUCH"))
    _looks(watch)
    assert "a.csv" in _names(folder / "refused")
    with _later(60 * 24 * 8):
        watch.look()
    assert _names(folder / "refused") == []


def test_the_chore_looks_where_the_setting_says(unit, inbox, visits, monkeypatch):
    settings = {"collect_inbox": "", "collect_inbox_days": "7"}
    monkeypatch.setattr(dropping, "current", lambda: settings)
    monkeypatch.setattr(dropping, "_watches", {})
    _put(inbox / "U1", {"a.csv": visits}, unit.envelope({"a.csv": visits}))
    assert dropping.watch_inbox() == 0
    settings["collect_inbox"] = str(inbox)
    dropping.watch_inbox()
    dropping.watch_inbox()
    assert Batch.objects.count() == 1
    monkeypatch.setattr(dropping, "_watches", {})
    settings["collect_inbox_days"] = "soon"
    with pytest.raises(Misconfigured):
        dropping.watch_inbox()


def test_names_that_lead_elsewhere_are_no_names(tmp_path):
    for name in ("../a", "a/b", "", ".", "..", "a\0b", ".hidden", "x" * 201, "a\nb"):
        with pytest.raises(manifests.Malformed):
            manifests.check_name(name)
