"""A hospital's node against the real centre, in one process: from a file in a folder to a receipt."""

import json
import os
from datetime import timedelta

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from openrhip.agent import service as agent
from openrhip.agent.centre import Centre
from openrhip.agent.rules import Form, State
from openrhip.agent.sealing import Desk
from openrhip.agent.settings import load
from openrhip.directory.service import machines
from openrhip.formats import ofd
from openrhip.formats.gm.chain import TrustStore
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Unavailable
from openrhip.records import service
from openrhip.records.models import Document


@pytest.fixture(autouse=True)
def nothing_remembered():
    """As Django's own test client: requests leave the test's database connection open."""
    machines._valid.clear()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def make_node(centre, pki, tmp_path, jinling):
    opened = []

    def make(part_bytes="20000"):
        from django.core.wsgi import get_wsgi_application

        home = tmp_path / "node"
        if not (home / "agent.toml").exists():
            agent.init(
                home,
                institution=jinling,
                centre_url="http://testserver",
                keys=pki.folder,
                part_bytes=part_bytes,
                allow_http="yes",
            )
        config = load(home)
        desk = Desk(config)
        client = httpx.Client(
            transport=httpx.WSGITransport(app=get_wsgi_application()),
            base_url=config.centre_url,
        )
        door = Centre(
            config.centre_url,
            institution=jinling,
            signer=desk.institution,
            part_bytes=config.part_bytes,
            client=client,
        )
        node = agent.Node(config, desk=desk, centre=door)
        opened.append(node)
        return node

    yield make
    for node in opened:
        node.close()


def drop(node, samples, *names):
    for name in names:
        (node.config.inbox / name.replace("/", "-")).write_bytes(samples[name])


def work(node, rounds=4):
    for _ in range(rounds):
        node.round()


def test_files_become_archived_documents_with_receipts(make_node, samples):
    node = make_node()
    drop(node, samples, "C0053/wang-jl-1.xml", "C0002/zhou-jl.xml")
    work(node)
    assert node.queue.counts()["acknowledged"] == 2
    assert not list(node.config.inbox.iterdir())
    receipt = json.loads((node.config.done / "C0053-wang-jl-1.xml.receipt.json").read_text())
    assert receipt["accepted"]
    assert service.document(receipt["number"]).kind == "C0053"
    assert Document.objects.count() == 2


def test_a_refused_record_comes_back_with_its_report_and_may_be_tried_again(make_node, samples):
    node = make_node()
    drop(node, samples, "C0053/wang-jl-2.xml")  # corrects what was never deposited
    work(node)
    assert node.queue.counts()["refused"] == 1
    refusal = json.loads((node.config.refused / "C0053-wang-jl-2.xml.refusal.json").read_text())
    assert refusal["by"] == "centre"
    failed = [c["id"] for c in refusal["report"]["checks"] if c["result"] == "failed"]
    assert failed == ["WZ-06"]
    drop(node, samples, "C0053/wang-jl-1.xml")
    work(node)
    assert agent.retry(node.config.home) == 1
    work(node)
    assert node.queue.counts()["acknowledged"] == 2
    assert not list(node.config.refused.iterdir())
    assert {p.name for p in node.config.done.glob("*.xml")} == {
        "C0053-wang-jl-1.xml",
        "C0053-wang-jl-2.xml",
    }


def test_what_the_node_cannot_read_it_refuses_itself(make_node):
    node = make_node()
    (node.config.inbox / "broken.xml").write_bytes(b"<ClinicalDocument/>")
    work(node)
    refusal = json.loads((node.config.refused / "broken.xml.refusal.json").read_text())
    assert refusal["by"] == "node"
    assert refusal["problem"]["what"]
    assert not Document.objects.exists()


def test_a_centre_without_its_ledger_is_waited_for(make_node, centre, samples):
    node = make_node()
    centre.ledger.fail = Unavailable("away")
    drop(node, samples, "C0053/wang-jl-1.xml")
    work(node)
    [job] = node.queue.jobs()
    assert job.state in {State.SEALED, State.UPLOADING}
    assert job.attempts >= 1
    centre.ledger.fail = None
    node.queue.hurry()
    work(node)
    assert node.queue.counts()["acknowledged"] == 1
    assert Document.objects.count() == 1


def test_the_same_file_twice_is_one_document(make_node, samples):
    node = make_node()
    drop(node, samples, "C0053/wang-jl-1.xml")
    work(node)
    (node.config.inbox / "copy.xml").write_bytes(samples["C0053/wang-jl-1.xml"])
    work(node)
    assert node.queue.counts()["acknowledged"] == 1
    assert Document.objects.count() == 1
    assert (node.config.done / "copy.xml.receipt.json").exists()
    assert not list(node.config.inbox.iterdir())


def test_a_node_that_ends_between_any_two_steps_goes_on(make_node, samples, monkeypatch):
    """Every durable step is followed by a death; the next node starts from the disk."""
    node = make_node()
    drop(node, samples, "C0053/wang-jl-1.xml")
    node.round()
    for _ in range(4):  # lay out, seal, begin, upload
        before = agent.Node._advance

        def one_step(self, job):
            from openrhip.agent.service import STEPS

            STEPS[job.state](self, job)
            raise KeyboardInterrupt  # as good as kill -9: nothing after the step runs

        monkeypatch.setattr(agent.Node, "_advance", one_step)
        with pytest.raises(KeyboardInterrupt):
            node.round()
        monkeypatch.setattr(agent.Node, "_advance", before)
        node.close()
        node = make_node()
    work(node)
    assert node.queue.counts()["acknowledged"] == 1
    assert Document.objects.count() == 1
    assert (node.config.done / "C0053-wang-jl-1.xml.receipt.json").exists()


def test_a_pdf_with_its_description_is_archived_as_pictures(make_node, samples):
    import io

    import pikepdf

    made = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(made)
    node = make_node()
    (node.config.inbox / "report.pdf").write_bytes(made.getvalue())
    work(node, 2)
    assert agent.status(node.config.home).waiting_files == ("report.pdf",)
    (node.config.inbox / "report.pdf.xml").write_bytes(samples["C0053/wang-jl-1.xml"])
    work(node)
    [job] = node.queue.jobs()
    assert job.state is State.ACKNOWLEDGED
    assert {p.name for p in node.config.done.iterdir()} == {
        "report.pdf",
        "report.pdf.xml",
        "report.pdf.receipt.json",
    }


def test_a_fault_of_the_program_stops_one_job_and_not_the_node(make_node, samples, monkeypatch):
    node = make_node()
    drop(node, samples, "C0053/wang-jl-1.xml", "C0002/zhou-jl.xml")
    lay_out = node.desk.lay_out

    def faulty(form, source, companion):
        if source == samples["C0053/wang-jl-1.xml"]:
            raise TypeError("a fault")
        return lay_out(form, source, companion)

    monkeypatch.setattr(node.desk, "lay_out", faulty)
    work(node)
    counts = node.queue.counts()
    assert (counts["acknowledged"], counts["seen"]) == (1, 1)
    [waiting] = node.queue.jobs(state=State.SEEN)
    assert "TypeError" in waiting.problem


def test_a_corrected_file_of_the_same_size_and_time_is_read_anew(make_node):
    node = make_node()
    path = node.config.inbox / "a.xml"
    keys = []
    for content in (b"<dose>10</dose>", b"<dose>99</dose>"):
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        os.utime(path, ns=(10**18, 10**18))
        keys.append(node._take(path))
    assert node.files.read(keys[1]) == b"<dose>99</dose>"


def test_a_link_put_in_place_of_a_file_is_not_taken(make_node):
    node = make_node()
    path = node.config.inbox / "r.ofd"
    path.write_bytes(b"x" * 10)
    node.watch.look()
    [ready] = node.watch.look().ready
    path.unlink()
    path.symlink_to(node.config.password_file)
    node._admit(ready)
    assert not any(node.queue.counts().values())
    assert path.is_symlink()


def test_the_nodes_seal_is_the_last_signature(make_node, samples, pki, jinling):
    """Locked: a correction is a new document, and nobody signs on after the institution."""
    desk = Desk(make_node().config)
    finished = desk.finish(desk.lay_out(Form.CDA, samples["C0053/wang-jl-1.xml"], b""))
    trust = TrustStore.load_folder(pki.folder / "trust")
    assert ofd.verify(finished, trust=trust).ok
    # what is kept in it serves when lists and certificates are long gone
    bare = TrustStore(trust.roots, seal_makers=trust.seal_makers)
    assert ofd.verify(finished, trust=bare, at=clock.now() + timedelta(days=9 * 365)).ok
    with pytest.raises(Conflict, match="locked"):
        ofd.sign(finished, signer=pki.signer("institutions", jinling))
