"""The centre's web process is killed while hospitals deposit: every receipt that was given stays true.

The real server (granian with two workers) and the real ledger process; all web processes get
SIGKILL at once. Rounds: OPENRHIP_CENTRE_KILL_ROUNDS (default 4).
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx
import pytest
from hospital import PASSWORD, make_keys, records

from openrhip.agent.centre import Answer, Centre, Gone
from openrhip.formats import cda, ofd
from openrhip.formats.cda.samples import city
from openrhip.formats.gm import sm3, tsp
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel.errors import Problem

ROUNDS = int(os.environ.get("OPENRHIP_CENTRE_KILL_ROUNDS", "4"))
CLIENTS = 3

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]

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
from openrhip.formats.gm import sm3
from openrhip.records import cipher, service
from openrhip.records.models import Document, Upload
from openrhip.records.service import evidence, vault
service.finish_pending()
ledger, found = evidence.ledger(), []
for row in Document.objects.all():
    key = vault.keeper().unwrap(row.key_id, bytes(row.wrapped_key), context=row.id.encode())
    content = b"".join(cipher.decrypt(vault.store().chunks(row.stored_key), key=key,
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
        self.ledger = self.start("ledger", "serve", "--home", str(home))
        self.await_url(f"http://127.0.0.1:{ledger}/healthz")
        self.web = None

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

    def start_web(self):
        self.web = self.start("serve", "--home", str(self.home), "--only", "web")
        self.await_url(f"http://127.0.0.1:{self.port}/healthz")

    def kill_web(self):
        if self.web is not None:
            os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait(20)
            self.web = None

    def stop(self):
        self.kill_web()
        self.ledger.terminate()
        self.ledger.wait(20)

    def await_url(self, url):
        for _ in range(600):
            try:
                if httpx.get(url, timeout=2, trust_env=False).is_success:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        pytest.fail(f"{url} does not answer")


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
        staff = SoftwareSigner.load(self.city.home / "pki" / "staff", author, PASSWORD)
        data = ofd.sign(cda.lay_out(document, source=source), signer=staff, timestamper=self.tsa)
        with self.lock:
            self.sealed += 1
        return ofd.seal(data, seal=self.seal, signer=self.signer, timestamper=self.tsa)

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


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def place(tmp_path):
    made = City(tmp_path / "home")
    yield made
    made.stop()


def test_every_receipt_outlives_kill_9(place):
    hospital = Hospital(place, city.JINLING.code)
    stop = threading.Event()
    threads = [threading.Thread(target=hospital.work, args=(stop,)) for _ in range(CLIENTS)]
    place.start_web()
    for thread in threads:
        thread.start()
    try:
        for _ in range(ROUNDS):
            time.sleep(random.uniform(0.3, 1.5))  # noqa: S311
            place.kill_web()
            place.start_web()
        deadline = time.monotonic() + 120
        while hospital.open and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(1)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
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
