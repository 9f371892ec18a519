"""The centre as the node sees it: signed HTTP requests, uploads in parts that resume.

Every answer ends in one of three ways: an `Answer` of the centre about the document, a `Waiting`
(try again later, with the reason), or `Gone` (the upload has ended: begin again).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openrhip.agent.calling import Caller, Gone, Waiting, json_of, send_missing
from openrhip.formats.gm import sm3
from openrhip.kernel.canonical import canonical_json

BASE = "/api/records"


@dataclass(frozen=True, slots=True)
class Answer:
    """The centre's word: accepted, number, report and receipt as in its JSON."""

    accepted: bool
    content: dict[str, Any]


class Centre(Caller):
    """One hospital's door to the centre's records. Not for several threads at once."""

    def begin(self, *, digest: str, size: int, media: str) -> str | Answer:
        """The upload's id, or the answer if these bytes were judged before."""
        body = canonical_json({"sm3": digest, "size": size, "media": media})
        answer = self._call("POST", "/uploads", body)
        return _answer(answer) if "accepted" in answer else str(answer["id"])

    def send(
        self, upload_id: str, read: Callable[[int, int], bytes], *, alive: Callable[[], bool]
    ) -> None:
        """Send what is missing. `read(offset, size)` gives the sealed bytes; stops if not alive."""
        state = self._call("GET", f"/uploads/{upload_id}")

        def put(number: int, offset: int, content: bytes) -> None:
            target = f"/uploads/{upload_id}/parts/{number}"
            query = f"?offset={offset}&sm3={sm3.hexdigest(content)}"
            self._call("PUT", target + query, content)

        most = min(self.part_bytes, int(state["max_part"]))
        send_missing(state, most=most, read=read, put=put, alive=alive)

    def complete(self, upload_id: str) -> Answer:
        """Have the whole judged."""
        return _answer(self._call("POST", f"/uploads/{upload_id}/complete"))

    def _call(self, method: str, target: str, body: bytes = b"") -> dict[str, Any]:
        response = self.request(method, BASE + target, body)
        content = json_of(response)
        if response.is_success or "accepted" in content:
            return content
        what = str(content.get("what") or content.get("detail") or "no reason given")[:300]
        if response.status_code in (404, 410) or content.get("code") == "conflict":
            raise Gone(what)
        if response.status_code == 413 or content.get("code") == "malformed":
            return {"accepted": False, "problem": content}
        raise Waiting(f"{response.status_code}: {what}", remedy=str(content.get("remedy", "")))


def _answer(content: dict[str, Any]) -> Answer:
    return Answer(bool(content.get("accepted")), content)
