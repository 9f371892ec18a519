"""The HTTP face of the ledger (接口) as plain requests and answers; `process` joins it to a server.

Reads follow C2SP tlog-tiles (/checkpoint, /tile/...); /append, /prove, /consistency, /receipt and
/entry are ours. Only /append needs the token. Errors are problem+json (RFC 9457).
"""

from __future__ import annotations

import hmac
import json
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from openrhip.kernel.errors import Malformed, NotFound, Problem, Refused, TooLarge, Unavailable
from openrhip.ledger.log import Head, Placed, Request
from openrhip.ledger.reader import Reader
from openrhip.ledger.rules.encoding import to_base64
from openrhip.ledger.rules.entries import check_leaf
from openrhip.ledger.rules.tiles import TileName
from openrhip.ledger.sequencer import Sequencer

T = TypeVar("T")
_log = logging.getLogger(__name__)
MAX_BODY = 4 << 20
MAX_BATCH = 1_000
JSON = "application/json"
PROBLEM = "application/problem+json"
LINES = "application/jsonl"
_KEY = re.compile(r"[A-Za-z0-9._:-]{8,64}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Answer:
    """status, media type, body, and whether the body can never change."""

    status: int
    media_type: str
    body: bytes
    immutable: bool = False

    def headers(self) -> list[tuple[str, str]]:
        keep = "public, max-age=31536000, immutable" if self.immutable else "no-store"
        return [("content-type", self.media_type), ("cache-control", keep)]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server understood it. `body` reads it, at most `MAX_BODY` bytes."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Callable[[], Awaitable[bytes]]


Handler = Callable[[str, Head], Awaitable[Answer]]
"""Takes the query, or the path below the handler's name, and the newest head."""


class Api:
    """read: runs a deed with the reader, off the event loop."""

    def __init__(
        self,
        sequencer: Sequencer,
        read: Callable[[Callable[[Reader], T]], Awaitable[T]],
        token: str,
    ) -> None:
        self._sequencer = sequencer
        self._read: Callable[[Callable[[Reader], Any]], Awaitable[Any]] = read
        self._bearer = f"Bearer {token}".encode()
        self._plain: dict[str, Handler] = {
            "checkpoint": self._checkpoint,
            "healthz": self._health,
            "prove": self._prove,
            "consistency": self._consistency,
        }
        self._below: dict[str, Handler] = {
            "tile": self._tile,
            "entry": self._entry,
            "receipt": self._receipt,
        }

    async def answer(self, asked: Asked) -> Answer:
        """The answer to any request; a Problem becomes problem+json."""
        try:
            if asked.method == "POST":
                return await self._append(asked)
            if asked.method not in {"GET", "HEAD"}:
                raise NotFound("the ledger knows GET and POST")
            return await self._get(asked)
        except Problem as problem:
            return _problem(problem)
        except Exception:  # noqa: BLE001 - a fault of ours shows no text and stops no log
            _log.exception("a request ended in a fault of the ledger")
            return Answer(500, PROBLEM, b'{"code":"fault","status":500,"title":"internal fault"}')

    async def _append(self, asked: Asked) -> Answer:
        if asked.path != "/append":
            raise NotFound("entries are posted to /append")
        given = asked.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._bearer):
            raise Refused("the token of the ledger is missing or wrong", where="Authorization")
        key = asked.headers.get("idempotency-key", "")
        if key and not _KEY.fullmatch(key):
            raise Malformed(
                "an idempotency key has 8 to 64 letters, digits and . _ : -",
                where="Idempotency-Key",
            )
        body = await asked.body()
        if asked.headers.get("content-type", JSON).partition(";")[0].strip() == LINES:
            leaves = _lines(body)
            render = render_batch
        else:
            leaves = (check_leaf(body),)
            render = render_one
        return Answer(200, JSON, await self._sequencer.submit(Request(leaves, key), render))

    async def _get(self, asked: Asked) -> Answer:
        _, _, path = asked.path.partition("/")
        name, slash, rest = path.partition("/")
        handler = self._below.get(name) if slash else self._plain.get(name)
        if handler is None:
            raise NotFound("the ledger has no such address")
        return await handler(rest if slash else asked.query, self._head())

    async def _checkpoint(self, _: str, head: Head) -> Answer:
        return Answer(200, "text/plain; charset=utf-8", head.note.encode())

    async def _tile(self, rest: str, head: Head) -> Answer:
        name = TileName.parse(f"tile/{rest}")
        size = head.checkpoint.size
        data = await self._read(lambda reader: reader.resource(name, size))
        return Answer(200, "application/octet-stream", data, immutable=True)

    async def _entry(self, rest: str, head: Head) -> Answer:
        index = _index(rest, head)
        entry = await self._read(lambda reader: reader.entry(index))
        return Answer(200, JSON, entry, immutable=True)

    def _head(self) -> Head:
        if self._sequencer.head is None:
            raise Unavailable("the log is not open yet")
        return self._sequencer.head

    async def _health(self, _: str, head: Head) -> Answer:
        failed = self._sequencer.failed
        state = {
            "ok": failed is None,
            "origin": head.checkpoint.origin,
            "profile": head.tree.profile.name,
            "size": head.checkpoint.size,
            "problem": failed.as_dict() if failed else None,
        }
        return Answer(200 if failed is None else 503, JSON, json.dumps(state).encode())

    async def _prove(self, query: str, head: Head) -> Answer:
        index, size = _numbers(query, ("index", "size"), head)

        def make(reader: Reader) -> dict[str, Any]:
            proof = reader.prove(index, size)
            return {
                "index": index,
                "size": size,
                "leaf_hash": to_base64(proof.leaf_hash),
                "proof": [to_base64(hash_) for hash_ in proof.path],
                "checkpoint": reader.store.checkpoint(size),
            }

        return Answer(200, JSON, json.dumps(await self._read(make)).encode())

    async def _receipt(self, rest: str, head: Head) -> Answer:
        index = _index(rest, head)

        def make(reader: Reader) -> bytes:
            tree = reader.tree(head.checkpoint.size)
            leaf = reader.entry(index)
            fixed = Head(head.checkpoint, head.note, tree)
            return fixed.receipt(index, leaf).to_json()

        return Answer(200, JSON, await self._read(make))

    async def _consistency(self, query: str, head: Head) -> Answer:
        old, new = _numbers(query, ("old", "new"), head)

        def make(reader: Reader) -> dict[str, Any]:
            proof = reader.tree(new).consistency(old) if old else []
            return {"old": old, "new": new, "proof": [to_base64(hash_) for hash_ in proof]}

        return Answer(200, JSON, json.dumps(await self._read(make)).encode(), immutable=True)


def _lines(body: bytes) -> tuple[bytes, ...]:
    lines = body.removesuffix(b"\n").split(b"\n")
    if len(lines) > MAX_BATCH:
        raise TooLarge(f"a batch has at most {MAX_BATCH} entries")
    for number, line in enumerate(lines):
        try:
            check_leaf(line)
        except Problem as problem:
            problem.where = f"line {number + 1}: {problem.where}"
            raise
    return tuple(lines)


def _index(text: str, head: Head) -> int:
    index = _number(text, "index")
    if index >= head.checkpoint.size:
        raise NotFound(f"the log has no entry {index}", where="index")
    return index


def _numbers(query: str, names: tuple[str, str], head: Head) -> tuple[int, int]:
    """Both numbers of a proof; the second is the newest size if it is left out."""
    try:
        given = dict(parse_qsl(query, max_num_fields=4))
    except ValueError as error:
        raise Malformed("a query of another form", where="query") from error
    low = _number(given.get(names[0], ""), names[0])
    high = _number(given.get(names[1], str(head.checkpoint.size)), names[1])
    if high > head.checkpoint.size:
        raise NotFound(f"the log has {head.checkpoint.size} entries", where=names[1])
    return low, high


def _number(text: str, where: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise Malformed("a whole number is needed", where=where)
    return int(text)


def render_one(head: Head, place: Placed, request: Request) -> bytes:
    """A receipt as JSON."""
    return head.receipt(place.first, request.leaves[0]).to_json()


def render_batch(head: Head, place: Placed, request: Request) -> bytes:
    """One proof for all entries of a batch: the hashes beside them in the tree."""
    del request
    beside = head.tree.around(place.first, place.first + place.count)
    value = {
        "log": head.checkpoint.origin,
        "first": place.first,
        "count": place.count,
        "checkpoint": head.note,
        "beside": [to_base64(hash_) for hash_ in beside],
    }
    return json.dumps(value).encode()


def _problem(problem: Problem) -> Answer:
    value = {"type": f"about:{problem.code}", "status": problem.status, "title": problem.what}
    body = json.dumps({**value, **problem.as_dict()}, ensure_ascii=False).encode()
    return Answer(problem.status, PROBLEM, body)
