"""Entries, stores and a running ledger process for the tests of this room."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from contextlib import closing
from urllib.parse import urlsplit, urlunsplit

import pytest

from openrhip.ledger.adapters.postgres import PostgresStore
from openrhip.ledger.adapters.sqlite import SqliteStore
from openrhip.ledger.ports import MemoryStore
from openrhip.ledger.rules import C2SP, GM, Entry, NoteSigner

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
def postgres_database(worker_id="main"):
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


@pytest.fixture
def free_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def counter():
    """A counter that threads may share."""
    numbers, lock = itertools.count(), threading.Lock()

    def take() -> int:
        with lock:
            return next(numbers)

    return take
