"""Collection at the centre as a unit sees it (采集客户端): announce, send what is missing, follow.

Whatever the centre answers ends in one of four ways: its word about the batch, `Waiting` (try again
later), `Gone` (announce again), or `Rejected`: this batch is not taken, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

import httpx

from openrhip.agent.calling import Caller, Gone, Waiting, json_of, send_missing
from openrhip.formats.gm import sm3
from openrhip.kernel.errors import Malformed, Problem
from openrhip.kernel.parts import MAX_PARTS

BASE = "/api/collect"
FORMS = ("json", "csv", "txt")
# Of these a later try knows nothing new; the rest waits: a clock, a registration, a full disk.
_FINAL = frozenset({"malformed", "too-large", "not-verified"})
Read = Callable[[int, int, int], bytes]


class Rejected(Problem):
    """The centre does not take this batch. content: its problem, as it said it."""

    code: ClassVar[str] = "rejected"
    status: ClassVar[int] = 422
    exit_code: ClassVar[int] = 5

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__(
            str(content.get("what") or "no reason given")[:500],
            where=str(content.get("where", ""))[:200],
            remedy=str(content.get("remedy", ""))[:500],
        )
        self.content = content


class Collection(Caller):
    """One unit's door to the centre's collection. Not for several threads at once."""

    via = "https"

    def announce(self, envelope: bytes) -> dict[str, Any]:
        """What is to be sent (`files`), or the batch if it is there already (`state`)."""
        return self._call("POST", "/batches", envelope)

    def send(
        self, announced: dict[str, Any], read: Read, *, alive: Callable[[], bool] = lambda: True
    ) -> None:
        """Send what is missing. read(place, offset, size) gives bytes of a file."""
        for file in announced["files"]:
            self._send_file(announced, file, read, alive)

    def complete(self, announced: dict[str, Any]) -> dict[str, Any]:
        """Hand the whole in: the batch."""
        return self._call("POST", f"/uploads/{announced['id']}/complete?via={self.via}")

    def deliver(
        self, envelope: bytes, read: Read, *, alive: Callable[[], bool] = lambda: True
    ) -> dict[str, Any]:
        """Announce, send, complete; an upload that has ended meanwhile is begun again, once."""
        try:
            return self._deliver(envelope, read, alive)
        except Gone:
            return self._deliver(envelope, read, alive)

    def batch(self, batch_id: str) -> dict[str, Any]:
        return self._call("GET", f"/batches/{_plain(batch_id)}")

    def batches(self, **asked: str) -> Sequence[dict[str, Any]]:
        """Newest first. asked: table, state, month, page."""
        query = urlencode({name: value for name, value in asked.items() if value})
        found: Sequence[dict[str, Any]] = self._call(
            "GET", f"/batches?{query}" if query else "/batches"
        )["items"]
        return found

    def report(self, batch_id: str, *, form: str = "txt") -> bytes:
        """What was wrong and what to do. form: one of FORMS."""
        if form not in FORMS:
            raise Malformed("a report is had as json, csv or txt", where="form")
        answer = self.request("GET", f"{BASE}/batches/{_plain(batch_id)}/report.{form}")
        if not answer.is_success:
            raise _fault(answer, json_of(answer))
        return answer.content

    def _deliver(self, envelope: bytes, read: Read, alive: Callable[[], bool]) -> dict[str, Any]:
        announced = self.announce(envelope)
        if "state" in announced:
            return announced
        self.send(announced, read, alive=alive)
        return self.complete(announced)

    def _send_file(
        self,
        announced: dict[str, Any],
        file: dict[str, Any],
        read: Read,
        alive: Callable[[], bool],
    ) -> None:
        place = int(file["place"])

        def put(number: int, offset: int, content: bytes) -> None:
            target = f"/uploads/{announced['id']}/files/{place}/parts/{number}"
            query = f"?offset={offset}&sm3={sm3.hexdigest(content)}"
            self._call("PUT", target + query, content)

        enough = -(-int(file["size"]) // (MAX_PARTS // 2))
        send_missing(
            file,
            most=min(int(announced["max_part"]), max(self.part_bytes, enough)),
            read=lambda offset, size: read(place, offset, size),
            put=put,
            alive=alive,
        )

    def _call(self, method: str, target: str, body: bytes = b"") -> dict[str, Any]:
        answer = self.request(method, BASE + target, body)
        content = json_of(answer)
        if not answer.is_success:
            raise _fault(answer, content)
        return content


def _fault(answer: httpx.Response, content: dict[str, Any]) -> Problem:
    code, where = str(content.get("code", "")), str(content.get("where", ""))
    about_batch = where.startswith("manifest/") and where != "manifest/unit"
    about_request = where.startswith("X-RHIP-") or answer.status_code == 401
    if about_batch or (code in _FINAL and not about_request):
        return Rejected(content)
    what = str(content.get("what") or content.get("detail") or "no reason given")[:300]
    if answer.status_code in (404, 409, 410):
        return Gone(what, where=where, remedy=str(content.get("remedy", "")))
    return Waiting(f"{answer.status_code}: {what}", remedy=str(content.get("remedy", "")))


def _plain(batch_id: str) -> str:
    if not (batch_id.isascii() and batch_id.isalnum() and len(batch_id) <= 64):
        raise Malformed("no id of a batch", where="batch")
    return batch_id
