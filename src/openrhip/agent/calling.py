"""Signed calls to the centre (签名调用): what every conversation of a node with it shares."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx

from openrhip.agent import wire
from openrhip.kernel.canonical import parse_json
from openrhip.kernel.errors import Malformed, Problem, Unavailable
from openrhip.kernel.parts import MAX_PARTS

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


class Caller:
    """One institution's signed requests to its centre. Not for several threads at once."""

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

    def request(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        """The centre's answer, whatever it is. Raises Unavailable."""
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
            return self.client.request(
                method, path, content=body, headers=request.headers() | {"Content-Type": kind}
            )
        except httpx.HTTPError as error:
            raise Unavailable(f"the centre does not answer: {type(error).__name__}") from error


def json_of(response: httpx.Response) -> dict[str, Any]:
    try:
        content = parse_json(response.content, limit=_MOST_ANSWER)
    except Malformed:
        content = None
    if not isinstance(content, dict):
        # A proxy's page, or a centre that is just starting: never taken for a refusal.
        raise Waiting(f"{response.status_code}: the answer is no JSON")
    return content


def send_missing(
    state: dict[str, Any],
    *,
    most: int,
    read: Callable[[int, int], bytes],
    put: Callable[[int, int, bytes], None],
    alive: Callable[[], bool],
) -> None:
    """Send the gaps of a file that comes in parts, as the centre states them.

    read(offset, size) gives its bytes, put(number, offset, content) sends a part. Raises Waiting
    as soon as it is not alive any more.
    """
    used = {int(number) for number in state["received"]}
    free = (number for number in range(MAX_PARTS) if number not in used)
    for offset, size in _pieces(state["missing"], most):
        if not alive():
            raise Waiting("stopped by its operator")
        number = next(free, None)
        if number is None:
            raise Gone("the file came in too many small parts")
        put(number, offset, read(offset, size))


def _pieces(gaps: Any, most: int) -> Iterator[tuple[int, int]]:
    for gap in gaps:
        offset, rest = int(gap["offset"]), int(gap["size"])
        while rest > 0:
            size = min(rest, most)
            yield offset, size
            offset, rest = offset + size, rest - size
