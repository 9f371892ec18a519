"""The ledger process is killed under load, and its disk loses power. Nothing acknowledged is lost,
altered or doubled, and the log never forks.

Rounds: OPENRHIP_KILL_ROUNDS (default 100) and OPENRHIP_CUT_ROUNDS (default 20).
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from openrhip.kernel.errors import Misconfigured, Problem
from openrhip.ledger.adapters.postgres import PostgresStore
from openrhip.ledger.adapters.sqlite import SqliteStore
from openrhip.ledger.audit import audit
from openrhip.ledger.home import Home
from openrhip.ledger.log import Log, Request
from openrhip.ledger.rules import Checkpoint, Entry, receipt_ok, verify_receipt
from openrhip.ledger.rules.notes import open_note
from openrhip.ledger.service import Ledger

KILL_ROUNDS = int(os.environ.get("OPENRHIP_KILL_ROUNDS", "100"))
CUT_ROUNDS = int(os.environ.get("OPENRHIP_CUT_ROUNDS", "20"))
POSTGRES_ROUNDS = max(2, KILL_ROUNDS // 10)

pytestmark = pytest.mark.fault


def entry(number: int) -> Entry:
    return Entry(
        "deposit",
        {
            "time": "2026-11-24T08:30:00.000000Z",
            "document": f"{number:064x}",
            "institution": "440300-001",
        },
    )


class Server:
    """The ledger process, as often as it is started."""

    CODE = "from openrhip.site.cli import main; main()"

    def __init__(self, home: Path, *, store_url: str = "") -> None:
        self.home = home
        self.environment = os.environ | {
            "OPENRHIP_HOME": str(home),
            "OPENRHIP_LEDGER_STORE": store_url,
        }
        self.child = None
        self.url = ""

    def start(self) -> None:
        arguments = ["ledger", "serve", "--listen", "127.0.0.1:0", "--json"]
        self.child = subprocess.Popen(
            [sys.executable, "-c", self.CODE, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
        )
        line = self.child.stdout.readline()
        assert b"listening" in line, line
        self.url = json.loads(line)["listening"]

    def kill(self) -> None:
        if self.child is not None:
            self.child.send_signal(signal.SIGKILL)
            self.child.wait(20)
            self.child.stdout.close()
            self.child = None


class Load:
    """Clients that append under keys of their own and remember what was acknowledged.

    What got no answer is asked again under its key in the next round, like a real client would.
    """

    def __init__(self, home: Path, *, clients: int = 6) -> None:
        self.home, self.clients = home, clients
        self.acknowledged: dict[int, int] = {}
        self.notes: set[str] = set()
        self.unanswered: list[tuple[list[int], str]] = []
        self.retried = 0
        self._numbers = itertools.count()
        self._lock = threading.Lock()

    def run(self, url: str, deed) -> None:
        """Load the server, do the deed, and wait for the clients to give up."""
        stop = threading.Event()
        threads = [
            threading.Thread(target=self._client, args=(url, stop)) for _ in range(self.clients)
        ]
        for thread in threads:
            thread.start()
        deed()
        stop.set()
        for thread in threads:
            thread.join()

    def _client(self, url: str, stop: threading.Event) -> None:
        ledger = Ledger(url, home=self.home, tries=1)
        while not stop.is_set():
            numbers, key = self._work()
            try:
                receipts = ledger.append_many([entry(number) for number in numbers], key=key)
            except Problem:
                with self._lock:
                    self.unanswered.append((numbers, key))
                break
            with self._lock:
                for number, receipt in zip(numbers, receipts, strict=True):
                    before = self.acknowledged.setdefault(number, receipt.index)
                    assert before == receipt.index
                self.notes.add(receipts[-1].checkpoint)
        ledger.close()

    def _work(self) -> tuple[list[int], str]:
        with self._lock:
            if self.unanswered:
                self.retried += 1
                return self.unanswered.pop()
            count = random.choice([1, 1, 1, 40])  # noqa: S311
            numbers = list(itertools.islice(self._numbers, count))
            return numbers, f"request-{numbers[0]}"

    def check(self, home: Home, store) -> None:
        """Everything acknowledged is there, once, as it was, and every checkpoint still holds."""
        key = home.key()
        store.open(write=False)
        report = audit(store, key, last=home.last(key))
        assert report.ok, report.findings
        stored = store.entries(0, report.size)
        assert len(stored) == len(set(stored)) == report.size
        for number, index in self.acknowledged.items():
            assert stored[index] == entry(number).leaf
        for note in self.notes:
            seen = Checkpoint.parse(open_note(note, [key]))
            assert store.checkpoint(seen.size) is not None
            kept = Checkpoint.parse(open_note(store.checkpoint(seen.size), [key]))
            assert kept == seen
        store.close()


def survive_kills(home: Path, store, *, rounds: int, store_url: str = "") -> Load:
    Home.of(home).init(origin="ledger.example/faults", profile="gm")
    server, load = Server(home, store_url=store_url), Load(home)
    draw = random.Random(9)  # noqa: S311
    try:
        for number in range(rounds):
            server.start()

            def deed() -> None:
                time.sleep(draw.uniform(0.01, 0.15))
                server.kill()

            load.run(server.url, deed)
            if number % 20 == 19:
                load.check(Home.of(home), store)
        server.start()
        load.run(server.url, lambda: time.sleep(0.5))
        while load.unanswered:
            load.run(server.url, lambda: time.sleep(0.1))
    finally:
        server.kill()
    load.check(Home.of(home), store)
    return load


@pytest.mark.timeout(60 + 4 * KILL_ROUNDS)
def test_kill_9_under_load_loses_and_doubles_nothing(tmp_path):
    store = SqliteStore(tmp_path / "ledger" / "log.sqlite3")
    load = survive_kills(tmp_path, store, rounds=KILL_ROUNDS)
    assert len(load.acknowledged) > 5 * KILL_ROUNDS
    assert load.retried >= KILL_ROUNDS // 4
    print(  # noqa: T201 - the figures of the run
        f"\n{KILL_ROUNDS} kills: {len(load.acknowledged)} entries and {len(load.notes)} checkpoints"
        f" acknowledged, {load.retried} requests asked again; 0 lost, 0 doubled, 0 forks"
    )


@pytest.fixture
def postgres_url():
    url = os.environ.get("OPENRHIP_TEST_POSTGRES")
    if not url:
        pytest.skip("OPENRHIP_TEST_POSTGRES names no server: PostgreSQL is not tested here")
    import psycopg

    name = f"ledger_faults_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.timeout(60 + 4 * POSTGRES_ROUNDS)
def test_kill_9_under_load_on_postgresql(tmp_path, postgres_url):
    store = PostgresStore(postgres_url)
    load = survive_kills(tmp_path, store, rounds=POSTGRES_ROUNDS, store_url=postgres_url)
    assert len(load.acknowledged) > 5 * POSTGRES_ROUNDS


def cut_once(disk, load: Load, server: Server, *, seed: int | None, wait: float) -> None:
    def deed() -> None:
        time.sleep(wait)
        disk.cut(seed=seed)
        server.kill()

    load.run(server.url, deed)
    disk.restore()


@pytest.mark.timeout(120 + 8 * CUT_ROUNDS)
def test_power_cuts_lose_and_double_nothing(disk):
    """Half of the cuts drop all that is unsynced, half keep a random part of it."""
    home = disk.path / "home"
    Home.of(home).init(origin="ledger.example/faults", profile="gm")
    server, load = Server(home), Load(home, clients=4)
    draw = random.Random(11)  # noqa: S311
    try:
        for number in range(CUT_ROUNDS):
            server.start()
            seed = number if number % 2 else None
            cut_once(disk, load, server, seed=seed, wait=draw.uniform(0.1, 0.3))
            store = SqliteStore(Home.of(home).folder / "log.sqlite3")
            load.check(Home.of(home), store)
    finally:
        server.kill()
    assert len(load.acknowledged) > 5 * CUT_ROUNDS
    print(  # noqa: T201 - the figures of the run
        f"\n{CUT_ROUNDS} power cuts: {len(load.acknowledged)} entries acknowledged, 0 lost"
    )


def lost_after_a_cut(disk, *, synchronous: str) -> int:
    """How many of 50 committed entries a cut takes from a store that syncs less."""
    home = Home.of(disk.path / "home")
    home.init(origin="ledger.example/faults", profile="gm")
    path = home.folder / "log.sqlite3"
    first = Log(SqliteStore(path), home.signer())
    first.open()
    first.store.close()
    log = Log(SqliteStore(path, synchronous=synchronous), home.signer())
    log.open()
    receipts = []
    for number in range(50):
        log.append([Request((entry(number).leaf,))])
        receipts.append(log.head.receipt(number, entry(number).leaf))
    assert receipt_ok(verify_receipt(entry(49).leaf, receipts[49], log_key=home.key()))
    disk.cut()
    with pytest.raises(Problem):
        log.append([Request((entry(50).leaf,))])
    log.store.close()
    disk.restore()
    again = Log(SqliteStore(path), home.signer())
    try:
        size = again.open().checkpoint.size
    finally:
        again.store.close()
    return 50 - size


def test_the_store_as_it_is_loses_nothing(disk):
    assert lost_after_a_cut(disk, synchronous="FULL") == 0


@pytest.mark.parametrize("synchronous", ["NORMAL", "OFF"])
def test_with_less_syncing_the_same_cut_does_lose(disk, synchronous):
    """Takes the guard away: if this finds no loss, the tests above prove nothing."""
    try:
        assert lost_after_a_cut(disk, synchronous=synchronous) > 0
    except Misconfigured:
        assert synchronous == "OFF"  # even the order of writes is gone: the store is torn


def test_a_key_and_token_survive_a_cut(disk):
    home = Home.of(disk.path / "home")
    key = home.init(origin="ledger.example/faults", profile="gm")
    token = home.token()
    disk.cut()
    disk.restore()
    assert (home.key(), home.token()) == (key, token)
    assert home.signer().key == key
