"""For fault tests: keys of the sample city, records with ids of their own, and a centre in a thread."""

from __future__ import annotations

import itertools
import json
import random
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

from openrhip.formats import cda, ofd
from openrhip.formats.cda.samples import city
from openrhip.formats.gm import devpki, sm3
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel.files import write_durably

PASSWORD = b"test"
_ID = re.compile(rb'(<id root="2\.16\.156\.10011\.1\.1" extension=")[^"]*(")')


def make_keys(folder: Path) -> None:
    """Certificates and seals of the two sample hospitals."""
    devpki.create(
        folder,
        institutions=[devpki.DevInstitution(one.code, one.name) for one in city.INSTITUTIONS],
        staff=[
            devpki.DevStaff(staff.code, staff.name, one.code)
            for one in city.INSTITUTIONS
            for staff in one.staff
        ],
        password=PASSWORD,
    )
    write_durably(folder / "password", PASSWORD)
    maker = SoftwareSigner.load(folder / "maker", "maker", PASSWORD)
    for one in city.INSTITUTIONS:
        owner = SoftwareSigner.load(folder / "institutions", one.code, PASSWORD).certificate
        seal = ofd.Seal.create(name=one.name, owners=(owner,), maker=maker)
        write_durably(folder / "seals" / f"{one.code}.esl", seal.der)


def records(institution: str):
    """Endless records of one hospital, each under an id of its own."""
    own = [
        source
        for source in cda.samples().values()
        if len(source) < 40_000
        and cda.parse(source).custodian.code == institution
        and cda.parse(source).replaces is None
    ]
    for number in itertools.count():
        source, found = _ID.subn(rb"\g<1>FAULT-%06d\g<2>" % number, own[number % len(own)], 1)
        assert found == 1
        yield f"record-{number:06d}.xml", source


class FlakyCentre(ThreadingHTTPServer):
    """The centre's upload protocol in memory; sometimes it fails, or hangs up after the deed.

    accepted: SM3 of each sealed document → how often it was deposited anew; sources: SM3 of the CDA
    inside → the sealed documents it came in.
    """

    daemon_threads = True

    def __init__(self, *, trouble: float = 0.1) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.trouble = trouble
        self.lock = threading.Lock()
        self.uploads: dict[str, dict] = {}
        self.accepted: dict[str, int] = {}
        self.sources: dict[str, set[str]] = {}
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address) -> None:
        """Hung-up connections are the point of it."""

    def judge(self, content: bytes) -> dict:
        digest = sm3.hexdigest(content)
        package = ofd.open_package(content)
        [part] = package.attachments()
        source = sm3.hexdigest(package.read(part.part))
        already = digest in self.accepted
        self.accepted[digest] = self.accepted.get(digest, 0) + (not already)
        self.sources.setdefault(source, set()).add(digest)
        return {"accepted": True, "number": digest[:32], "already": already}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FlakyCentre

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        draw = random.random()  # noqa: S311
        if draw < self.server.trouble / 2:
            return self.answer(503, {"code": "unavailable", "what": "trouble"})
        with self.server.lock:
            status, content = self.deed(self.path.removeprefix("/api/records"), body)
        if draw < self.server.trouble:
            self.close_connection = True  # done, but the answer is lost
            return None
        return self.answer(status, content)

    do_GET = do_PUT = do_POST = handle_any  # noqa: N815

    def deed(self, path: str, body: bytes) -> tuple[int, dict]:  # noqa: PLR0911
        uploads = self.server.uploads
        if path == "/uploads":
            wanted = json.loads(body)
            digest = wanted["sm3"]
            if digest in self.server.accepted:
                return 200, {"accepted": True, "number": digest[:32], "already": True}
            uploads.setdefault(digest[:32], {"size": wanted["size"], "parts": {}})
            return 201, self.state(digest[:32])
        upload_id, _, rest = path.removeprefix("/uploads/").partition("/")
        if upload_id not in uploads:
            return 404, {"code": "not-found", "what": "no such upload"}
        if not rest:
            return 200, self.state(upload_id)
        if rest == "complete":
            if self.state(upload_id)["missing"]:
                return 409, {"code": "conflict", "what": "parts are missing"}
            parts = uploads.pop(upload_id)["parts"]
            whole = b"".join(content for _, content in sorted(parts.values()))
            return 201, self.server.judge(whole)
        number = int(rest.removeprefix("parts/").partition("?")[0])
        offset = int(re.search(r"offset=(\d+)", rest)[1])
        uploads[upload_id]["parts"][number] = (offset, body)
        return 200, self.state(upload_id)

    def state(self, upload_id: str) -> dict:
        upload = self.server.uploads[upload_id]
        at, gaps = 0, []
        for offset, content in sorted(upload["parts"].values()):
            if offset > at:
                gaps.append({"offset": at, "size": offset - at})
            at = max(at, offset + len(content))
        if at < upload["size"]:
            gaps.append({"offset": at, "size": upload["size"] - at})
        received = sorted(upload["parts"])
        return {"id": upload_id, "missing": gaps, "received": received, "max_part": 1 << 20}

    def answer(self, status: int, content: dict) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *args) -> None:  # noqa: A002
        """Quiet."""


NURSERY = """
import os, signal, sys
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
from openrhip.agent import cli, service
from openrhip.formats import cda, ofd
source = next(iter(cda.samples().values()))
cda.lay_out(cda.parse(source), source=source)  # fonts are loaded once, before the first fork
ofd.sign, ofd.seal, ofd.verify, ofd.Seal
print("ready", flush=True)
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        sys.stdin.close()
        try:
            cli.cli.main(["run", "--home", line.strip()], standalone_mode=False)
        finally:
            os._exit(0)
    print(pid, flush=True)
"""


class Nursery:
    """Starts nodes as processes of their own within milliseconds (forked from a warm parent)."""

    def __init__(self, log: Path) -> None:
        self.log = log.open("wb")

    def __enter__(self) -> Self:
        self.parent = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        assert self.parent.stdout.readline() == "ready\n"
        return self

    def start(self, home: Path) -> int:
        """A node that runs until it is killed; its process id."""
        self.parent.stdin.write(f"{home}\n")
        self.parent.stdin.flush()
        return int(self.parent.stdout.readline())

    def __exit__(self, *_: object) -> None:
        self.parent.stdin.close()
        self.parent.stdout.close()
        self.parent.kill()
        self.parent.wait(20)
        self.log.close()
