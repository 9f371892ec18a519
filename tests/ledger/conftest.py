"""Entries, stores and a running ledger process for the tests of this room."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit, urlunsplit

import pytest

from openrhip.ledger.adapters.postgres import PostgresStore
from openrhip.ledger.adapters.sqlite import SqliteStore
from openrhip.ledger.home import Home
from openrhip.ledger.ports import MemoryStore
from openrhip.ledger.rules import C2SP, GM, Entry, NoteSigner
from openrhip.ledger.service import Ledger

ORIGIN = "ledger.example/city"


@pytest.fixture
def entry():
    """Make the entry of a number; the same number gives the same entry."""

    def make(number: int, **more) -> Entry:
        fields = {
            "time": "2026-11-24T08:30:00.000000Z",
            "actor": f"{number % 7:064x}",
            "patient": f"{number:032x}",
            "document": f"{number * 31:064x}",
            "purpose": "TREAT",
            "policy_set": "2c" * 32,
            "decision": "permit",
            "institution": "440300-001",
        }
        return Entry("disclose", fields | more)

    return make


@pytest.fixture(params=[GM, C2SP], ids=["gm", "c2sp"])
def profile(request):
    return request.param


@pytest.fixture
def signer(profile):
    return NoteSigner.generate(ORIGIN, profile)


@pytest.fixture(scope="session")
def postgres_database():
    """A database of its own per test process."""
    url = os.environ.get("OPENRHIP_TEST_POSTGRES")
    if not url:
        pytest.skip("OPENRHIP_TEST_POSTGRES names no server: PostgreSQL is not tested here")
    psycopg = pytest.importorskip("psycopg")
    name = f"ledger_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_database):
    """The database with nothing in it."""
    import psycopg

    with psycopg.connect(postgres_database, autocommit=True) as db:
        db.execute("DROP SCHEMA IF EXISTS ledger CASCADE")
    return postgres_database


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def new_store(request, tmp_path):
    """A function that gives one more connection to the same store."""
    if request.param == "memory":
        one = MemoryStore()
        yield lambda: one
        return
    opened = []
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""

    def make():
        store = PostgresStore(url) if url else SqliteStore(tmp_path / "log.sqlite3")
        opened.append(store)
        return store

    yield make
    for store in opened:
        store.close()


class Process:
    """A ledger process over a home folder; `url` once it listens."""

    def __init__(self, home, *, store_url="", port=0):
        self.home, self.store_url, self.port = home, store_url, port
        self.child = None
        self.url = ""

    def start(self):
        environment = os.environ | {"OPENRHIP_HOME": str(self.home)}
        if self.store_url:
            environment["OPENRHIP_LEDGER_STORE"] = self.store_url
        code = "from openrhip.site.cli import main; main()"
        arguments = ["ledger", "serve", "--listen", f"127.0.0.1:{self.port}", "--json"]
        self.child = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], env=environment, stdout=subprocess.PIPE
        )
        line = self.child.stdout.readline()
        if b"listening" not in line:
            raise RuntimeError(f"the ledger did not start: {line!r} {self.child.wait(10)}")
        self.url = json.loads(line)["listening"]
        return self

    def client(self):
        return Ledger(self.url, home=self.home)

    def stop(self, number=signal.SIGTERM):
        if self.child is not None:
            self.child.send_signal(number)
            code = self.child.wait(20)
            self.child.stdout.close()
            self.child = None
            return code
        return None


@pytest.fixture
def home(tmp_path, profile):
    """A home folder with a ledger in it."""
    folder = tmp_path / "home"
    Home.of(folder).init(origin=ORIGIN, profile=profile.name)
    return folder


@pytest.fixture
def start_process():
    """Start ledger processes; they end with the test."""
    started = []

    def start(home, **more):
        process = Process(home, **more)
        started.append(process)
        return process.start()

    yield start
    for process in started:
        process.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def process(request, home, start_process):
    """A running ledger process on either store."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    return start_process(home, store_url=url)
