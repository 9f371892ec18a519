"""`openrhip collect send | status | watch | unit`: what an IT department types."""

import json

import httpx
import pytest
from click.testing import CliRunner
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from openrhip.agent import manifest as manifests
from openrhip.agent.collection import Collection
from openrhip.collect import sampling
from openrhip.collect import service as collect
from openrhip.collect.cli import cli, common, sending, watching
from openrhip.collect.models import Batch
from openrhip.collect.service import doors
from openrhip.kernel.errors import Misconfigured, Unavailable


@pytest.fixture(autouse=True)
def one_connection():
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def here(centre, keys, monkeypatch):
    """Whoever is asked over HTTP is the centre of this test; a worker checks at once."""
    from django.core.wsgi import get_wsgi_application

    def opened(url, *, institution, signer):
        transport = httpx.WSGITransport(app=get_wsgi_application())
        client = httpx.Client(transport=transport, base_url=url)
        return Collection(url, institution=institution, signer=signer, client=client)

    monkeypatch.setattr("openrhip.agent.collection.Collection", opened)
    monkeypatch.setattr(sending.time, "sleep", lambda _: collect.process_due())
    return [
        "--to",
        "https://testserver",
        "--unit",
        "U1",
        "--key",
        str(keys.folder / "institutions/U1"),
    ]


@pytest.fixture
def visits_csv(tmp_path):
    def made(rows=20, damaged=0):
        catalogue = doors.catalogue()
        table = catalogue.tables["OP_VISIT"]
        from datetime import date

        found = sampling.sample(table, catalogue, rows, date(2020, 11, 5), unit="U1")
        if damaged:
            found, _ = sampling.damage(table, catalogue, found, count=damaged, doubles=0)
        sampling.write(found, tmp_path / "visits.csv")
        return str(tmp_path / "visits.csv")

    return made


def run(*arguments):
    return CliRunner().invoke(cli, arguments)


def test_send_and_wait_prints_the_report(here, visits_csv):
    answer = run(
        "send", "--table", "op_visit", "--day", "2020-11-05", visits_csv(), "--wait", *here
    )
    assert answer.exit_code == 0, answer.output
    assert "loaded 20" in answer.output
    row = Batch.objects.get()
    assert (row.state, row.via) == ("loaded", "https")
    again = run("send", "--table", "OP_VISIT", "--day", "2020-11-05", visits_csv(), "--json", *here)
    assert json.loads(again.output)["already"]
    assert json.loads(again.output)["id"] == row.id
    listed = run("status", *here)
    assert row.id in listed.output
    one = run("status", row.id, "--json", *here)
    assert json.loads(one.output)["loaded"] == 20


def test_a_refused_batch_ends_with_its_exit_code_and_report(here, visits_csv):
    arguments = ("--table", "OP_VISIT", "--day", "2020-11-05", visits_csv(20, 15))
    answer = run("send", *arguments, "--wait", *here)
    assert answer.exit_code == 5
    assert "refused" in answer.output
    assert "→" in answer.output
    told = run("status", Batch.objects.get().id, *here)
    assert (told.exit_code, "refused" in told.output) == (0, True)


def test_without_waiting_it_says_how_to_ask(here, visits_csv):
    answer = run("send", "--table", "OP_VISIT", "--day", "2020-11-05", visits_csv(), *here)
    assert f"openrhip collect status {Batch.objects.get().id}" in answer.output
    waiting = run("status", "--state", "received", *here)
    assert "20 rows declared" in waiting.output
    assert run("status", "--table", "none", *here).output == "no batches\n"


def test_patience_ends(here, visits_csv, monkeypatch):
    monkeypatch.setattr(sending.time, "sleep", lambda _: None)
    arguments = ("--table", "OP_VISIT", "--day", "2020-11-05", visits_csv(), "--wait")
    answer = run("send", *arguments, "--patience", "0", *here)
    assert isinstance(answer.exception, Unavailable)
    assert Batch.objects.get().id in answer.exception.remedy


def test_at_the_centre_itself(centre, keys, visits_csv, monkeypatch, tmp_path):
    monkeypatch.setattr(
        sending,
        "_at_centre",
        lambda home, unit, key, password: sending.Local(unit or "", keys.signer("U1")),
    )
    here = ("--home", str(tmp_path), "--unit", "U1")
    arguments = ("--table", "OP_VISIT", "--day", "2020-11-05", visits_csv(), "--wait")
    answer = run("send", *arguments, *here)
    assert (answer.exit_code, "loaded 20" in answer.output) == (0, True), answer.output
    assert Batch.objects.get().via == "cli"
    assert "loaded" in run("status", "--month", "2020-11", *here).output
    monkeypatch.setattr(sending, "_at_centre", lambda *_: sending.Local("U1", None))
    assert isinstance(run("send", *arguments, *here).exception, Misconfigured)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--to", "http://a", "--home", "."),
        ("--to", "http://a"),
        ("--to", "http://a", "--unit", "U1"),
    ],
)
def test_where_to_must_be_said(arguments, visits_csv):
    answer = run("send", "--table", "X", "--day", "2020-11-05", visits_csv(), *arguments)
    assert answer.exit_code == 2


def test_nothing_travels_unencrypted(here, visits_csv):
    arguments = ("--table", "OP_VISIT", "--day", "2020-11-05", visits_csv())
    answer = run("send", *arguments, "--to", "http://centre.example", *here[2:])
    assert isinstance(answer.exception, Misconfigured)


def test_a_day_is_a_day(here, visits_csv):
    answer = run("send", "--table", "OP_VISIT", "--day", "5 Nov", visits_csv(), *here)
    assert answer.exception.where == "--day"


def test_a_manifest_for_the_folder(keys, visits_csv, tmp_path):
    arguments = ("--table", "OP_VISIT", "--day", "2020-11-05", "--unit", "U1")
    assert run("manifest", visits_csv(), *arguments).exit_code == 2
    key = str(keys.folder / "institutions/U1")
    answer = run("manifest", visits_csv(), *arguments, "--key", key)
    assert answer.exit_code == 0, answer.output
    read = manifests.parse((tmp_path / "visits.manifest.json").read_bytes())
    assert (read.manifest.unit, read.manifest.rows) == ("U1", 20)
    manifests.verify(read, certificate=keys.signer("U1").certificate)


def test_watch_takes_what_was_put_down(unit, tmp_path, visits, monkeypatch):
    monkeypatch.setattr(watching, "start", lambda: None)
    folder = tmp_path / "inbox" / "U1"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_bytes(visits)
    (folder / "v.manifest.json").write_bytes(unit.envelope({"a.csv": visits}))
    answer = run("watch", "--inbox", str(folder.parent), "--once", "--pause", "0", "--json")
    assert answer.exit_code == 0, answer.output
    assert Batch.objects.get().via == "folder"


def test_units_are_registered_and_declare_their_tables(centre, monkeypatch):
    for module in (common, __import__("openrhip.collect.cli.registering", fromlist=["start"])):
        monkeypatch.setattr(module, "start", lambda: None)
    made = run("unit", "register", "U1", "--owner", "hospital", "--tolerance", "0.05", "--json")
    assert json.loads(made.output)["tolerance"] == "0.0500"
    declared = run("unit", "declare", "U1", "op_visit", "--by", "test", "--json")
    assert json.loads(declared.output)["tables"] == ["OP_VISIT"]
    everything = run("unit", "declare", "U1", "--all", "--by", "test")
    assert "declared 83 tables" in everything.output
    assert "第一示范医院" in run("unit", "list").output
