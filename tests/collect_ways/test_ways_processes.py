"""A real centre and its processes: a unit's commands, a node that is killed, two ways at once."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import date

import httpx
import pytest

from openrhip.agent import service as agent
from openrhip.collect import sampling
from openrhip.collect.catalogue import load
from openrhip.formats.gm import devpki

pytestmark = pytest.mark.fault
DAY = date(2020, 11, 5)
ENTRIES = """
import json, django; django.setup()
from openrhip.collect.models import Batch
from openrhip.directory import service as directory
log = directory.ledger()
size = int(log.checkpoint().split("\\n")[1])
leaves = [log.entry(index) for index in range(size)]
print(json.dumps({
    "batches": list(Batch.objects.order_by("sequence").values(
        "id", "table", "state", "via", "received", "loaded", "quarantined")),
    "entries": [leaf.fields["document_id"] for leaf in leaves if leaf.kind == "batch"],
}))
"""


def _free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class RealCentre:
    """A home folder with all processes of a centre."""

    def __init__(self, folder):
        self.folder, self.home, self.inbox = folder, folder / "home", folder / "inbox"
        self.url = f"http://127.0.0.1:{_free_port()}"
        self.environment = os.environ | {
            "OPENRHIP_HOME": str(self.home),
            "OPENRHIP_LISTEN": self.url.removeprefix("http://"),
            "OPENRHIP_CENTRE_URL": self.url,
            "OPENRHIP_LEDGER_URL": f"http://127.0.0.1:{_free_port()}",
            "OPENRHIP_COLLECT_INBOX": str(self.inbox),
            "OPENRHIP_COLLECT_WORKERS": "1",
            "OPENRHIP_DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "openrhip.site.settings",
        }
        pki = self.home / "pki"
        pki.mkdir(parents=True)
        (pki / "password").write_bytes(b"test")
        devpki.create(
            pki,
            institutions=[devpki.DevInstitution("U1", "第一示范医院")],
            staff=[],
            password=b"test",
        )
        (self.inbox / "U1").mkdir(parents=True)
        units = folder / "units.json"
        units.write_text('{"institutions": [{"code": "U1", "name": "第一示范医院"}]}')
        self.openrhip("init", "--home", str(self.home), "--development")
        self.openrhip("directory", "load", str(units))
        self.openrhip("collect", "unit", "register", "U1", "--owner", "hospital")
        self.key = ("--unit", "U1", "--key", str(pki / "institutions" / "U1"))
        self.process = None

    def openrhip(self, *arguments, code=0):
        command = [sys.executable, "-m", "openrhip", *arguments]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, check=False, text=True
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def start(self):
        with (self.folder / "serve.log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "openrhip", "serve", "--home", str(self.home)],
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(600):
            try:
                if httpx.get(f"{self.url}/healthz", timeout=2, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError((self.folder / "serve.log").read_text())

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def inspect(self):
        done = subprocess.run(
            [sys.executable, "-c", ENTRIES], env=self.environment, capture_output=True, check=True
        )
        return json.loads(done.stdout)

    def send(self, path, table, *more, code=0):
        return self.openrhip(
            *("collect", "send", str(path), "--table", table, "--day", DAY.isoformat()),
            *("--to", self.url, *self.key, *more),
            code=code,
        )


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    made = RealCentre(tmp_path_factory.mktemp("real"))
    made.start()
    yield made
    made.stop()


def _sample(folder, code, rows, damaged=0):
    catalogue = load()
    table = catalogue.tables[code]
    made = sampling.sample(table, catalogue, rows, DAY, unit="U1")
    if damaged:
        made, _ = sampling.damage(table, catalogue, made, count=damaged, doubles=0)
    sampling.write(made, folder / f"{code}.csv")
    return folder / f"{code}.csv"


def _until(what, seconds=60):
    for _ in range(seconds * 10):
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen in time")


def test_a_units_commands(real, tmp_path):
    path = _sample(tmp_path, "OP_VISIT", 300, damaged=4)
    report = real.send(path, "OP_VISIT", "--wait")
    assert "300 = 入库 loaded" in report
    assert "→" in report
    listed = json.loads(real.openrhip("collect", "status", "--to", real.url, *real.key, "--json"))
    (batch,) = listed["items"]
    assert (batch["state"], batch["received"]) == ("loaded", 300)
    assert 4 <= batch["quarantined"] <= 8, "a double key is two rows"
    assert json.loads(real.send(path, "OP_VISIT", "--json"))["already"]
    refused = _sample(tmp_path, "IP_ADMISSION", 20, damaged=15)
    assert "refused" in real.send(refused, "IP_ADMISSION", "--wait", code=5)


def test_the_same_batch_by_two_ways_at_once(real, tmp_path):
    """By SFTP, twice by HTTPS, and at the centre itself, from processes of their own."""
    path = _sample(tmp_path, "OP_REGISTER" if "OP_REGISTER" in load().tables else "OP_CHARGE", 400)
    table = path.stem
    manifest = tmp_path / "x.manifest.json"
    about = (str(path), "--table", table, "--day", DAY.isoformat())
    real.openrhip("collect", "manifest", *about, *real.key, "-o", str(manifest))
    folder = real.inbox / "U1"
    (folder / path.name).write_bytes(path.read_bytes())
    (folder / manifest.name).write_bytes(manifest.read_bytes())
    ways = [("--to", real.url)] * 2 + [("--home", str(real.home))]
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "openrhip",
                "collect",
                "send",
                *about,
                *way,
                *real.key,
                "--json",
            ],
            env=real.environment,
            stdout=subprocess.PIPE,
        )
        for way in ways
    ]
    said = [json.loads(one.communicate(timeout=60)[0]) for one in running]
    report = folder / "done" / "x.report.json"
    _until(report.exists)
    told = json.loads(report.read_text())["batch"]["id"]
    assert {told} == {one["id"] for one in said}
    found = real.inspect()
    assert [one["id"] for one in found["batches"] if one["table"] == table] == [told]
    assert found["entries"].count(told) == 1


def test_a_node_killed_again_and_again_sends_each_batch_once(real, tmp_path):
    """SIGKILL at moments that move through the node's work, over many small parts."""
    node = tmp_path / "node"
    agent.init(
        node,
        institution="U1",
        centre_url=real.url,
        keys=real.home / "pki",
        part_bytes="2048",
        poll_seconds="0.05",
        quiet_seconds="0",
    )
    tables = ("LAB_REPORT", "EXAM_REPORT", "OP_RX")
    for code in tables:
        folder = node / "outbox" / "collect" / code / DAY.isoformat()
        folder.mkdir(parents=True)
        _sample(folder, code, 60).rename(folder / "rows.csv")
        (folder / "_ready").touch()
    delay, killed = 0.5, 0  # the first ones fall into the node's own start
    for _ in range(40):
        running = subprocess.Popen(
            [sys.executable, "-m", "openrhip", "agent", "run", "--home", str(node)],
            env=real.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        running.send_signal(signal.SIGKILL)
        running.wait()
        killed += 1
        delay += 0.25
        counts = agent.status(node).batch_counts
        if counts["loaded"] + counts["refused"] == len(tables):
            break
    status = agent.status(node)
    assert status.batch_counts["loaded"] == len(tables), [job.as_dict() for job in status.batches]
    assert killed > 2
    found = real.inspect()
    mine = [one for one in found["batches"] if one["table"] in tables]
    assert [one["via"] for one in mine] == ["agent"] * len(tables)
    assert sorted(one["table"] for one in mine) == sorted(tables)
    assert all(one["received"] == one["loaded"] + one["quarantined"] == 60 for one in mine)
    assert all(found["entries"].count(one["id"]) == 1 for one in mine)
    assert sorted(path.parent.name for path in (node / "reports").rglob("*.json")) == sorted(tables)
