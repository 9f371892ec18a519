"""The centre as the node sees it: signed HTTP requests, uploads in parts that resume.

Every answer ends in one of three ways: an `Answer` of the centre about the document, a `Waiting`
(try again later, with the reason), or `Gone` (the upload has ended: begin again).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from openrhip.agent import wire
from openrhip.formats.gm import sm3
from openrhip.kernel.canonical import canonical_json, parse_json
from openrhip.kernel.errors import Malformed, Problem, Unavailable

BASE = "/api/records"
TIMEOUT = httpx.Timeout(300.0, connect=5.0)  # a large file takes the centre a while to judge
_MOST_ANSWER = 4 << 20


class Waiting(Problem):
    """The centre cannot take it now, or does not know this node yet; it stays in the queue."""

    code = "waiting"
    status = 503
    exit_code = 8


class Gone(Problem):
    """The upload has ended at the centre: begin again with the same bytes."""

    code = "gone"
    status = 410
    exit_code = 7


@dataclass(frozen=True, slots=True)
class Answer:
    """The centre's word: accepted, number, report and receipt as in its JSON."""

    accepted: bool
    content: dict[str, Any]


class Centre:
    """One hospital's door to the centre. Not for several threads at once."""

    def __init__(
        self,
        url: str,
        *,
        institution: str,
        signer: wire.Signs,
        part_bytes: int = 4 << 20,
        client: httpx.Client | None = None,
    ) -> None:
        self.institution = institution
        self.signer = signer
        self.part_bytes = part_bytes
        self.host = wire.host_of(url)
        self.client = client or httpx.Client(base_url=url, timeout=TIMEOUT, trust_env=False)

    def close(self) -> None:
        self.client.close()

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
        used = {int(number) for number in state["received"]}
        free = (number for number in range(2000) if number not in used)
        most = min(self.part_bytes, int(state["max_part"]))
        for offset, size in _pieces(state["missing"], most):
            if not alive():
                raise Waiting("stopped by its operator")
            content = read(offset, size)
            target = f"/uploads/{upload_id}/parts/{next(free)}"
            query = f"?offset={offset}&sm3={sm3.hexdigest(content)}"
            self._call("PUT", target + query, content)

    def complete(self, upload_id: str) -> Answer:
        """Have the whole judged."""
        return _answer(self._call("POST", f"/uploads/{upload_id}/complete"))

    def _call(self, method: str, target: str, body: bytes = b"") -> dict[str, Any]:
        path = BASE + target
        request = wire.sign(
            method=method,
            host=self.host,
            target=path,
            institution=self.institution,
            signer=self.signer,
            body=body,
        )
        kind = "application/json" if method == "POST" else "application/octet-stream"
        try:
            response = self.client.request(
                method, path, content=body, headers=request.headers() | {"Content-Type": kind}
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"the centre does not answer: {type(error).__name__}") from error
        content = _json(response)
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


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        content = parse_json(response.content, limit=_MOST_ANSWER)
    except Malformed:
        content = None
    if not isinstance(content, dict):
        # A proxy's page, or a centre that is just starting: never taken for a refusal.
        raise Waiting(f"{response.status_code}: the answer is no JSON")
    return content


def _pieces(gaps: Any, most: int) -> Iterator[tuple[int, int]]:
    for gap in gaps:
        offset, rest = int(gap["offset"]), int(gap["size"])
        while rest > 0:
            size = min(rest, most)
            yield offset, size
            offset, rest = offset + size, rest - size
