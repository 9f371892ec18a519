"""For fault tests: a whole centre in a home folder, and hospitals that deposit until answered."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
from hospital import PASSWORD, make_keys, records

from openrhip.agent.centre import Answer, Centre, Gone
from openrhip.formats import cda, ofd
from openrhip.formats.gm import sm3, tsp
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel.errors import Problem

REGISTER = """
import django; django.setup()
from openrhip.directory import service as directory
from openrhip.formats.cda.samples import city
for one in city.INSTITUTIONS:
    directory.register_institution(code=one.code, name=one.name,
                                   departments=[(d.code, d.name) for d in one.departments])
    for staff in one.staff:
        directory.register_staff(code=staff.code, name=staff.name, institution_code=one.code,
                                 department_code=staff.department)
"""
INSPECT = """
import json, django; django.setup()
from openrhip.formats.gm import frames, sm3
from openrhip.records import service
from openrhip.records.models import Document, Upload
from openrhip.records.service import evidence, vault
service.finish_pending()
ledger, found = evidence.ledger(), []
for row in Document.objects.all():
    key = vault.keeper().unwrap(row.key_id, bytes(row.wrapped_key), context=row.id.encode())
    content = b"".join(frames.decrypt(vault.store().chunks(row.stored_key), key=key,
                                      context=row.id.encode()))
    found.append({"number": row.id, "digest": row.digest, "index": row.receipt["index"],
                  "whole": sm3.hexdigest(content) == row.digest, "source": row.source_id})
size = int(ledger.checkpoint().split("\\n")[1])
leaves = [ledger.entry(index) for index in range(size)]
deposits = [leaf.fields["document_id"] for leaf in leaves if leaf.kind == "deposit"]
print(json.dumps({"documents": found, "deposits": deposits,
                  "refusals": sum(leaf.kind == "refuse" for leaf in leaves)}))
"""


class City:
    """A home folder with its processes."""

    def __init__(self, home):
        self.home = home
        self.port, ledger = free_port(), free_port()
        self.environment = os.environ | {
            "OPENRHIP_HOME": str(home),
            "OPENRHIP_LISTEN": f"127.0.0.1:{self.port}",
            "OPENRHIP_CENTRE_URL": f"http://127.0.0.1:{self.port}",
            "OPENRHIP_LEDGER_URL": f"http://127.0.0.1:{ledger}",
            "OPENRHIP_DATABASE_URL": "",
            "DJANGO_SETTINGS_MODULE": "openrhip.site.settings",
        }
        make_keys(home / "pki")
        self.run("-m", "openrhip", "init", "--home", str(home), "--development")
        self.run("-c", REGISTER)
        self.ledger_url = f"http://127.0.0.1:{ledger}"
        self.ledger = self.web = None
        self.start_ledger()

    def run(self, *arguments):
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "openrhip", *arguments],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start_ledger(self):
        self.ledger = self.start("ledger", "serve", "--home", str(self.home))
        self.await_url(f"{self.ledger_url}/healthz")

    def start_web(self):
        self.web = self.start("serve", "--home", str(self.home), "--only", "web")
        self.await_url(f"http://127.0.0.1:{self.port}/healthz")

    def kill_web(self):
        if self.web is not None:
            kill_group(self.web)
            self.web = None

    def kill_ledger(self):
        if self.ledger is not None:
            kill_group(self.ledger)
            self.ledger = None

    def stop(self):
        self.kill_web()
        self.kill_ledger()

    def await_url(self, url):
        for _ in range(600):
            try:
                if httpx.get(url, timeout=2, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError(f"{url} does not answer")


class Hospital:
    """Seals records and deposits them until each is answered; remembers every receipt."""

    def __init__(self, city_, code):
        self.city, self.code = city_, code
        pki = city_.home / "pki"
        self.signer = SoftwareSigner.load(pki / "institutions", code, PASSWORD)
        self.seal = ofd.Seal.from_der((pki / "seals" / f"{code}.esl").read_bytes())
        self.tsa = tsp.LocalTimestamper(
            tsp.Authority(SoftwareSigner.load(pki / "tsa", "tsa", PASSWORD))
        )
        # Read before any cut: while the power is off the disk cannot be read either.
        self.staff = {
            path.name.removesuffix(".key.pem"): SoftwareSigner.load(
                path.parent, path.name.removesuffix(".key.pem"), PASSWORD
            )
            for path in (pki / "staff").glob("*.key.pem")
        }
        self.source = records(code)
        self.lock = threading.Lock()
        self.open = []
        self.receipts = {}
        self.sealed = 0

    def next(self):
        with self.lock:
            if self.open:
                return self.open.pop()
            _, source = next(self.source)
        document = cda.parse(source)
        author = next(one.code for one in document.authors if one.code)
        data = ofd.sign(
            cda.lay_out(document, source=source),
            signer=self.staff[author],
            timestamper=self.tsa,
        )
        with self.lock:
            self.sealed += 1
        return ofd.seal(data, seal=self.seal, signer=self.signer, timestamper=self.tsa)

    def settle(self, seconds=600):
        """Wait until nothing is left unanswered."""
        deadline = time.monotonic() + seconds
        while self.open and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(1)

    def work(self, stop):
        centre = Centre(
            f"http://127.0.0.1:{self.city.port}",
            institution=self.code,
            signer=self.signer,
            part_bytes=40_000,
        )
        while not stop.is_set():
            content = self.next()
            try:
                answer = deposit(centre, content)
            except Problem:
                with self.lock:
                    self.open.append(content)
                if stop.wait(0.05):
                    break
                continue
            assert answer.accepted, answer.content
            with self.lock:
                self.receipts[sm3.hexdigest(content)] = answer.content
        centre.close()


def deposit(centre, content):
    while True:
        begun = centre.begin(digest=sm3.hexdigest(content), size=len(content), media="ofd")
        if isinstance(begun, Answer):
            return begun
        try:
            centre.send(begun, lambda at, size: content[at : at + size], alive=lambda: True)
            return centre.complete(begun)
        except Gone:
            continue


def kill_group(process):
    """SIGKILL to a process and its workers; returns once none of them runs any more."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(60)
    deadline = time.monotonic() + 60
    while any(group == process.pid and state != "Z" for group, state in running()):
        assert time.monotonic() < deadline, "a worker does not end"
        time.sleep(0.02)


def running():
    """(process group, state) of every process."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        yield int(fields[2]), fields[0]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def check(place, hospital):
    """What was answered is there, whole, once, in the store, the database and the ledger."""
    seen = json.loads(place.run("-c", INSPECT))
    by_digest = {row["digest"]: row for row in seen["documents"]}
    assert len(by_digest) == len(seen["documents"]), "a document is doubled"
    assert all(row["whole"] for row in seen["documents"]), "stored bytes differ"
    sources = [row["source"] for row in seen["documents"]]
    assert len(set(sources)) == len(sources), "a record is doubled"
    assert sorted(seen["deposits"]) == sorted(row["number"] for row in seen["documents"])
    assert seen["refusals"] == 0
    assert hospital.receipts, "nothing was deposited at all"
    for digest, answer in hospital.receipts.items():
        assert by_digest[digest]["number"] == answer["number"]
        assert by_digest[digest]["index"] == answer["receipt"]["index"]
