"""A hospital's node and the real centre, in one process: from files in the outbox to the report."""

import json
import os
from datetime import date, timedelta

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from openrhip.agent import service as agent
from openrhip.agent.batch_queue import BatchStep
from openrhip.agent.batches import Batches
from openrhip.agent.collection import Collection
from openrhip.agent.outbox import Outbox
from openrhip.agent.settings import load, write
from openrhip.collect import sampling
from openrhip.collect import service as collect
from openrhip.collect.models import Batch
from openrhip.collect.service import doors, incoming
from openrhip.kernel import clock
from openrhip.kernel.errors import Misconfigured, Problem, Unavailable

DAY = date(2020, 11, 5)


@pytest.fixture(autouse=True)
def one_connection():
    """As Django's own test client: requests leave the test's database connection open."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def make_batches(centre, keys, tmp_path):
    opened = []

    def make(part_bytes="20000", wrap=lambda transport: transport, **settings):
        from django.core.wsgi import get_wsgi_application

        home = tmp_path / "node"
        if not (home / "agent.toml").exists():
            home.mkdir()
            write(
                home,
                institution="U1",
                centre_url="http://testserver",
                allow_http="yes",
                part_bytes=part_bytes,
                quiet_seconds="0",
                **settings,
            )
        config = load(home)
        config.make_folders()
        client = httpx.Client(
            transport=wrap(httpx.WSGITransport(app=get_wsgi_application())),
            base_url=config.centre_url,
        )
        made = Batches(
            config,
            Collection(
                config.centre_url,
                institution="U1",
                signer=keys.signer("U1"),
                part_bytes=config.part_bytes,
                client=client,
            ),
        )
        opened.append(made)
        return made

    yield make
    for made in opened:
        made.close()


def _visits(rows=30, damaged=0, seed=1):
    catalogue = doors.catalogue()
    table = catalogue.tables["OP_VISIT"]
    made = sampling.sample(table, catalogue, rows, DAY, unit="U1", seed=seed)
    if not damaged:
        return made, {}
    return sampling.damage(table, catalogue, made, count=damaged, doubles=0)


def _put_day(batches, rows, name="visits.csv", ready=True, **about):
    folder = batches.config.outbox / "collect" / "OP_VISIT" / DAY.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    sampling.write(rows, folder / name, **about)
    if ready:
        (folder / "_ready").touch()
    return folder


def _rounds(batches, number=4):
    """Whatever waits is tried at once."""
    moved = 0
    for _ in range(number):
        batches.queue.hurry()
        moved += batches.round()
    return moved


def _states(batches):
    return [job.state for job in batches.queue.jobs()]


def test_a_day_of_visits_becomes_a_loaded_batch_with_its_report(make_batches):
    batches = make_batches()
    rows, faults = _visits(rows=200, damaged=5)
    folder = _put_day(batches, rows, encoding="gb18030")
    _rounds(batches)
    assert _states(batches) == [BatchStep.RECEIVED]
    assert (folder / "visits.csv").exists(), "data stays until the verdict"
    assert collect.process_due() == 1
    _rounds(batches)
    (job,) = batches.queue.jobs()
    row = Batch.objects.get()
    assert (job.state, job.number) == (BatchStep.LOADED, row.id)
    assert (row.received, row.quarantined) == (200, len(faults))
    assert row.loaded == 200 - len(faults)
    assert (job.answer["loaded"], job.answer["current"]) == (row.loaded, True)
    reports = batches.config.reports / "OP_VISIT"
    stem = f"{DAY}-{row.id}"
    assert sorted(path.name for path in reports.iterdir()) == [
        f"{stem}.{form}" for form in ("csv", "json", "txt")
    ]
    report = json.loads((reports / f"{stem}.json").read_text())
    assert report["rows"]["quarantined"] == len(faults)
    done = batches.config.done / "collect" / "OP_VISIT" / stem / "visits.csv"
    assert done.exists()
    assert not folder.exists()
    assert _rounds(batches) == 0


def test_a_lone_file_is_a_batch_of_its_table_and_day(make_batches):
    batches = make_batches()
    rows, _ = _visits()
    sampling.write(rows, batches.config.outbox / "collect" / "OP_VISIT_20201105.parquet")
    _rounds(batches)
    collect.process_due()
    _rounds(batches)
    row = Batch.objects.get()
    assert (row.table, row.day, row.state) == ("OP_VISIT", DAY, "loaded")
    assert row.via == "agent"
    assert (batches.config.done / "collect" / "OP_VISIT_20201105.parquet").exists()


def test_what_the_centre_refuses_is_told_with_the_reason(make_batches):
    batches = make_batches()
    rows, _ = _visits(rows=20, damaged=15)
    _put_day(batches, rows)
    _rounds(batches)
    collect.process_due()
    _rounds(batches)
    (job,) = batches.queue.jobs()
    assert job.state is BatchStep.REFUSED
    assert job.answer["problem"]["code"] == "tolerance"
    refused = batches.config.refused / "collect" / "OP_VISIT" / f"{DAY}-{job.number}"
    assert (refused / "visits.csv").exists()
    found = agent.status(batches.config.home)
    assert found.batch_counts["refused"] == 1
    assert found.batches[0].as_dict()["answer"]["problem"]["zh"]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("NO_SUCH_TABLE_2020-11-05.csv", b"a\n1\n", "not-found"),
        ("OP_VISIT_2999-01-01.csv", b"a\n1\n", "malformed"),
        ("OP_VISIT_2020-11-05.csv", b"a\n\xff\xff\n", "malformed"),
        ("OP_VISIT_2020-11-05.parquet", b"no parquet", "malformed"),
    ],
)
def test_what_can_never_be_sent_ends_at_once(make_batches, name, content, code):
    batches = make_batches()
    (batches.config.outbox / "collect" / name).write_bytes(content)
    _rounds(batches)
    (job,) = batches.queue.jobs()
    assert (job.state, job.answer["problem"]["code"]) == (BatchStep.REFUSED, code)
    assert (batches.config.refused / "collect" / name).read_bytes() == content
    assert len(list(batches.config.reports.rglob("*.json"))) == 1
    assert not Batch.objects.exists()


class Cut(httpx.BaseTransport):
    """The line is cut after so many requests."""

    def __init__(self, inner, after):
        self.inner, self.left, self.asked = inner, after, []

    def handle_request(self, request):
        if self.left == 0:
            raise httpx.ConnectError("cut")
        self.left -= 1
        self.asked.append((request.method, request.url.path))
        return self.inner.handle_request(request)


@pytest.mark.parametrize("after", [1, 2, 3, 5])
def test_an_upload_that_was_cut_resumes(make_batches, after):
    lines = []

    def cutting(transport):
        lines.append(Cut(transport, after))
        return lines[-1]

    rows, _ = _visits(rows=100)
    first = make_batches(part_bytes="4096", wrap=cutting)
    folder = _put_day(first, rows)
    _rounds(first, 2)
    assert _states(first) == [BatchStep.SIGNED]
    assert "does not answer" in first.queue.jobs()[0].problem
    first.close()
    # A new process over the same folder; the first one's parts are not sent again.
    second = make_batches(part_bytes="4096", wrap=lambda transport: Cut(transport, 1000))
    _rounds(second)
    assert _states(second) == [BatchStep.RECEIVED]
    size = (folder / "visits.csv").stat().st_size
    parts = -(-size // 4096)
    again = [one for one in second.centre.client._transport.asked if one[0] == "PUT"]
    sent = [one for one in lines[0].asked if one[0] == "PUT"]
    assert len(sent) == max(0, after - 1)
    assert len(again) == parts - len(sent)
    assert Batch.objects.count() == 1
    assert not list(incoming._root().iterdir())


def test_an_answer_that_got_lost_changes_nothing(make_batches):
    """The batch is complete at the centre, the node never hears it, and asks again."""

    class Deaf(httpx.BaseTransport):
        def __init__(self, inner):
            self.inner, self.lost = inner, 0

        def handle_request(self, request):
            answer = self.inner.handle_request(request)
            if request.url.path.endswith("/complete") and not self.lost:
                self.lost += 1
                raise httpx.ReadTimeout("lost")
            return answer

    batches = make_batches(wrap=Deaf)
    _put_day(batches, _visits()[0])
    _rounds(batches, 2)
    assert Batch.objects.count() == 1
    _rounds(batches)
    assert _states(batches) == [BatchStep.RECEIVED]
    assert batches.queue.jobs()[0].number == Batch.objects.get().id


def test_a_centre_that_is_away_is_waited_for(make_batches, monkeypatch):
    batches = make_batches()
    _put_day(batches, _visits()[0])

    def away(*_):
        raise Unavailable("the centre does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(batches.centre, "request", away)
        _rounds(batches)
        (job,) = batches.queue.jobs()
        assert (job.state, job.attempts > 0) == (BatchStep.SIGNED, True)
    assert batches.round() == 0, "its time has not come"
    with clock.frozen(clock.now() + timedelta(minutes=6)):
        assert batches.round() == 1


def test_files_that_change_before_they_are_sent_are_another_batch(make_batches, monkeypatch):
    batches = make_batches()
    folder = _put_day(batches, _visits()[0])
    with monkeypatch.context() as patched:
        patched.setattr(Batches, "_advance", lambda *_: False)
        _rounds(batches, 2)
    sampling.write(_visits(rows=31)[0], folder / "visits.csv")
    _rounds(batches)
    assert sorted(_states(batches)) == [BatchStep.GONE, BatchStep.RECEIVED]
    assert Batch.objects.get().rows_declared == 31


def test_a_newer_sending_of_the_day_replaces_it(make_batches):
    batches = make_batches()
    for seed in (1, 2):
        _put_day(batches, _visits(seed=seed)[0])
        with clock.frozen(clock.now() + timedelta(seconds=seed)):
            _rounds(batches, 3)
            collect.process_due()
            _rounds(batches, 3)
    assert list(Batch.objects.order_by("sequence").values_list("current", flat=True)) == [
        False,
        True,
    ]
    assert _states(batches) == [BatchStep.LOADED] * 2


def test_a_node_that_died_before_it_moved_the_files_moves_them(make_batches, monkeypatch):
    batches = make_batches()
    folder = _put_day(batches, _visits()[0])
    with monkeypatch.context() as patched:
        patched.setattr(Batches, "_file_away", lambda *_: None)
        _rounds(batches)
        collect.process_due()
        _rounds(batches)
    assert _states(batches) == [BatchStep.LOADED]
    assert (folder / "visits.csv").exists()
    batches.close()
    again = make_batches()
    _rounds(again)
    assert not folder.exists()
    assert Batch.objects.count() == 1


def test_a_node_without_a_seal_sends_collected_data_only(keys, tmp_path):
    home = tmp_path / "bare"
    agent.init(home, institution="U1", centre_url="http://127.0.0.1:9", keys=keys.folder)
    assert not (home / "keys" / "seals").exists()
    node = agent.open_node(home)
    try:
        assert node.batches is not None
        assert node.round() == 0
        with pytest.raises(Misconfigured, match="no seal"):
            _ = node.desk.seal
    finally:
        node.close()
    (home / "keys" / "seals").mkdir()
    (home / "keys" / "seals" / "U1.esl").write_bytes(b"broken")
    with pytest.raises(Problem):
        agent.open_node(home)


# What is whole ---------------------------------------------------------------------------------


@pytest.fixture
def outbox(tmp_path):
    (tmp_path / "out").mkdir()
    return Outbox(tmp_path / "out", quiet_seconds=3600)


def test_a_folder_is_ready_by_its_mark_or_when_it_lay_quiet(outbox):
    folder = outbox.folder / "OP_VISIT" / "2020-11-05"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"a\n")
    outbox.look()
    assert outbox.look().ready == ()
    (folder / "_ready").touch()
    assert outbox.look().ready == (), "the mark itself must be at rest"
    (found,) = outbox.look().ready
    assert (found.table, found.day, found.folder) == ("OP_VISIT", DAY, folder)
    assert [one.path.name for one in found.files] == ["a.csv"]
    (folder / "_ready").unlink()
    outbox.quiet = 0
    outbox.look()
    assert len(outbox.look().ready) == 1


def test_what_is_written_linked_or_named_otherwise_is_not_taken(outbox, tmp_path):
    outbox.quiet = 0
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"x\n")
    day = outbox.folder / "OP_VISIT" / "2020-11-05"
    day.mkdir(parents=True)
    (day / "link.csv").symlink_to(secret)
    os.link(secret, day / "second.csv")
    (day / "notes.docx").write_bytes(b"x")
    (day / "a.csv.part").write_bytes(b"x")
    (day / ".b.csv").write_bytes(b"x")
    (outbox.folder / "OP_VISIT" / "yesterday").mkdir()
    (outbox.folder / "OP_VISIT" / "2020-13-01").mkdir()
    (outbox.folder / "visits.csv").write_bytes(b"x")
    (outbox.folder / "OP_VISIT_2020-11-06.csv").symlink_to(secret)
    outbox.look()
    look = outbox.look()
    assert look.ready == ()
    names = {path.name for path in look.unknown}
    assert names == {
        "link.csv",
        "second.csv",
        "notes.docx",
        "yesterday",
        "2020-13-01",
        "visits.csv",
        "OP_VISIT_2020-11-06.csv",
    }


def test_an_outbox_that_is_not_there_holds_nothing(tmp_path):
    look = Outbox(tmp_path / "none", quiet_seconds=0).look()
    assert (look.ready, look.unknown) == ((), ())
