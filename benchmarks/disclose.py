"""Disclosure over HTTP: signature, policy, ledger, key release, decryption, 200 kB; 16 clients.

The real web process (two workers) and the real ledger process serve real signed requests; the
clients run on the same two cores. Requests are signed before a run, as hospitals do on machines of
their own. Reference: the same server streaming the same number of bytes and doing nothing else.

    python -m benchmarks.disclose [--requests 60] [--runs 5]
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

from benchmarks._harness import report

CLIENTS = 16
SIZE = 200_000
DOCUMENTS = 40
SERVER = """
from openrhip.kernel.config import current
from openrhip.site import services
services.run_web(current(), target="benchmarks._disclose_app:application")
"""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--requests", type=int, default=60, help="of each client in a run")
    options.add_argument("--runs", type=int, default=5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), requests=given.requests, runs=given.runs)


def measure(home: Path, *, requests: int, runs: int) -> None:
    web, ledger = free_port(), free_port()
    prepare(home, web, ledger)
    processes = [start("-m", "openrhip", "ledger", "serve", "--home", str(home))]
    try:
        await_url(f"http://127.0.0.1:{ledger}/healthz")
        asker = Asker(home, web, deposit_all())
        processes.append(start("-c", SERVER))
        await_url(f"http://127.0.0.1:{web}/healthz")
        asker.run(10)  # warm-up
        disclosed, reference, spent = [], [], 0.0
        for _ in range(runs):
            reference.append(asker.run(requests, plain=True))
            before = cpu_seconds(processes)
            disclosed.append(asker.run(requests))
            spent += cpu_seconds(processes) - before
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait(20)
    plain = statistics.median(times(reference))
    everything = sorted(times(disclosed))
    report(
        name="disclose",
        runs=[statistics.median(times([run])) for run in disclosed],
        unit="ms p50",
        reference=round(plain, 3),
        bar=30.0,
        higher_is_better=False,
        clients=CLIENTS,
        bytes=SIZE,
        server_cpu_ms=round(spent * 1000 / (runs * requests * CLIENTS), 3),
        p99=round(everything[int(len(everything) * 0.99)], 2),
        per_second=round(statistics.median(rate for _, rate in disclosed), 1),
        reference_per_second=round(statistics.median(rate for _, rate in reference), 1),
    )


def cpu_seconds(processes: list[subprocess.Popen[bytes]]) -> float:
    """Processor time of the servers and their workers so far (Linux): steady on a busy machine."""
    wanted = {process.pid for process in processes}
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found.append((int(path.parent.name), int(fields[1]), int(fields[11]) + int(fields[12])))
    for _ in range(3):  # workers are children, or children of children
        wanted |= {pid for pid, parent, _ in found if parent in wanted}
    ticks = sum(used for pid, _, used in found if pid in wanted)
    return ticks / os.sysconf("SC_CLK_TCK")


def times(runs: list[tuple[list[float], float]]) -> list[float]:
    return [each for spent, _ in runs for each in spent]


class Asker:
    """Sixteen threads with a connection each, in the closed loop of a busy workbench."""

    def __init__(self, home: Path, port: int, documents: list[str]) -> None:
        from openrhip.formats.gm.signer import SoftwareSigner

        self.port = port
        self.documents = documents
        password = (home / "pki" / "password").read_bytes().strip()
        self.signer = SoftwareSigner.load(home / "pki" / "institutions", CODE, password)

    def run(self, requests: int, *, plain: bool = False) -> tuple[list[float], float]:
        """All times in milliseconds, and requests a second."""
        lines = [[self.request(plain=plain) for _ in range(requests)] for _ in range(CLIENTS)]
        spent: list[float] = []
        barrier = threading.Barrier(CLIENTS + 1)
        threads = [threading.Thread(target=self.ask, args=(each, barrier, spent)) for each in lines]
        for thread in threads:
            thread.start()
        barrier.wait()
        begun = time.perf_counter()
        for thread in threads:
            thread.join()
        if len(spent) != CLIENTS * requests:
            raise SystemExit("a client failed")
        return spent, CLIENTS * requests / (time.perf_counter() - begun)

    def ask(self, lines: list[bytes], barrier: threading.Barrier, spent: list[float]) -> None:
        buffer = bytearray(SIZE + 65_536)
        with socket.create_connection(("127.0.0.1", self.port)) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            barrier.wait()
            for line in lines:
                begun = time.perf_counter()
                link.sendall(line)
                receive(link, buffer)
                spent.append((time.perf_counter() - begun) * 1000)

    def request(self, *, plain: bool) -> bytes:
        from openrhip.agent import wire

        target, headers = "/reference", {}
        if not plain:
            target = f"/api/records/documents/{random.choice(self.documents)}"  # noqa: S311
            headers = wire.sign(
                method="GET",
                host=f"127.0.0.1:{self.port}",
                target=target,
                institution=CODE,
                signer=self.signer,
                actor=STAFF,
                purpose="treatment",
            ).headers()
        lines = [f"GET {target} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()


def receive(link: socket.socket, buffer: bytearray) -> None:
    """One answer with a Content-Length, into a buffer that is used again."""
    view = memoryview(buffer)
    have = 0
    while (end := buffer.find(b"\r\n\r\n", 0, have)) < 0:
        have += link.recv_into(view[have:])
    head = bytes(buffer[:end]).lower()
    if not head.startswith(b"http/1.1 200"):
        raise SystemExit(bytes(buffer[:have]).decode("utf-8", "replace"))
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    whole = end + 4 + length
    while have < whole:
        got = link.recv_into(view[have:whole])
        if not got:
            raise SystemExit("the server hung up")
        have += got


# The centre ------------------------------------------------------------------------------------

CODE, STAFF = "BENCH-1", "D1"


def prepare(home: Path, web: int, ledger: int) -> None:
    os.environ["OPENRHIP_HOME"] = str(home)
    from openrhip.formats.gm import devpki
    from openrhip.site import home as homes

    homes.prepare(
        home,
        development=True,
        values={
            "listen": f"127.0.0.1:{web}",
            "centre_url": f"http://127.0.0.1:{web}",
            "ledger_url": f"http://127.0.0.1:{ledger}",
        },
    )
    devpki.add(
        home / "pki",
        institutions=[devpki.DevInstitution(CODE, "示范医院")],
        staff=[devpki.DevStaff(STAFF, "王医生", CODE)],
        password=(home / "pki" / "password").read_bytes().strip(),
    )


def deposit_all() -> list[str]:
    """Documents of exactly 200 kB as the archive keeps them, each of its own patient."""
    from openrhip.directory import service as directory
    from openrhip.formats.gm import sm3
    from openrhip.kernel import clock
    from openrhip.kernel.database import writing
    from openrhip.records.models import Document
    from openrhip.records.service import depositing, vault

    directory.register_institution(code=CODE, name="示范医院")
    directory.register_staff(code=STAFF, name="王医生", institution_code=CODE)
    made = []
    for number in range(DOCUMENTS):
        person = register(number)
        content = os.urandom(SIZE)
        digest = sm3.hexdigest(content)
        document_id = f"{number:032x}"
        kept = vault.keep([content], document_id=document_id)
        row = Document(
            id=document_id, institution=CODE, digest=digest, size=SIZE,
            media="ofd", stored_key=kept.stored_key, wrapped_key=kept.wrapped_key,
            key_id=kept.key_id, kind="C0053", title="出院小结", person_id=person,
            source_id=f"bench^{number}", author=STAFF, level=4, pages=3,
            recorded_at=clock.now(), deposited_at=clock.now(), report={},
            leaf={"kind": "deposit", "time": clock.rfc3339(clock.now()),
                  "document": digest, "institution": CODE},
        )  # fmt: skip
        with writing():
            row.save(force_insert=True)
        made.append(depositing.archived(institution=CODE, digest=digest).number)
    return made


def register(number: int) -> str:
    from datetime import date

    from openrhip.directory import service as directory

    person = directory.identify(
        name="病人" + "甲乙丙丁戊己庚辛壬癸"[number % 10],
        sex="1",
        birth_date=date(1950, 1, 1 + number % 28),
        phone=f"1990000{number:04d}",
        health_card=f"BENCH{number:08d}",
        source=CODE,
    )
    return person.person_id


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *arguments], env=os.environ.copy())


def await_url(url: str) -> None:
    for _ in range(300):
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


if __name__ == "__main__":
    main()
