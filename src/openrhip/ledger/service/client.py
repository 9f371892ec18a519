"""The client of the ledger process (账本客户端)."""

from __future__ import annotations

import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx

from openrhip.kernel import errors, ids
from openrhip.kernel.canonical import parse_json
from openrhip.kernel.config import Config, current
from openrhip.kernel.errors import Malformed, Misconfigured, NotVerified, Problem, Unavailable
from openrhip.ledger.home import Home
from openrhip.ledger.rules import Entry, InclusionProof, LogKey, Receipt, verify_receipt
from openrhip.ledger.rules.encoding import from_base64, hash_text, to_base64
from openrhip.ledger.rules.merkle import batch_nodes
from openrhip.ledger.rules.notes import open_note
from openrhip.ledger.service.door import checkpoint_of
from openrhip.ledger.service.plain import PlainTransport

MAX_ANSWER = 8 << 20
BATCH = 1_000
_WAIT = 0.05
_PROBLEMS: dict[str, type[Problem]] = {
    kind.code: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, Problem)
}


class Ledger:
    """url: of the process; token: for append, by default that of the home folder on this machine;
    key: of the log, by default that of the home folder; timeout in seconds; tries of an append.

    Safe to share between threads. An append that got no answer is asked again under its key, so
    that it is placed once; after some tries it is Unavailable, and it may or may not be placed.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        key: LogKey | None = None,
        home: Path | None = None,
        timeout: float = 10.0,
        tries: int = 4,
    ) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._key = key
        self._home = home
        self._tries = tries
        # Reading the authorities' certificates takes longer than an append; plain HTTP needs none.
        secure = self.url.startswith("https:")
        self._http = httpx.Client(
            timeout=timeout,
            trust_env=False,
            verify=secure,
            transport=None if secure else PlainTransport(timeout=timeout),
        )
        # Who forgets to close leaves no open connection behind.
        self._close = weakref.finalize(self, self._http.close)

    def append(self, entry: Entry, *, key: str = "") -> Receipt:
        """Write one entry; it is durable when the receipt is here, and the receipt is verified."""
        data = self._post(entry.leaf, "application/json", key)
        receipt = Receipt.from_dict(_json(data))
        bad = [f for f in verify_receipt(entry.leaf, receipt, log_key=self.key()) if not f.ok]
        if bad:
            raise NotVerified(f"the receipt of the ledger {bad[0].text_en}", where=bad[0].code)
        return receipt

    def append_many(self, entries: Sequence[Entry], *, key: str = "") -> list[Receipt]:
        """Write entries in order, 1,000 a request; each request is placed as a whole.

        More than 1,000 entries under one key become requests under `key.0`, `key.1`, ...
        """
        receipts: list[Receipt] = []
        for number, at in enumerate(range(0, len(entries), BATCH)):
            part = [entry.leaf for entry in entries[at : at + BATCH]]
            part_key = f"{key}.{number}" if key and len(entries) > BATCH else key
            data = self._post(b"\n".join(part), "application/jsonl", part_key)
            receipts += self._batch_receipts(part, _json(data))
        return receipts

    def receipt(self, index: int) -> Receipt:
        return Receipt.from_dict(_json(self._get(f"/receipt/{index}")))

    def prove(self, index: int, *, size: int | None = None) -> InclusionProof:
        tail = "" if size is None else f"&size={size}"
        value = _json(self._get(f"/prove?index={index}{tail}"))
        try:
            path = tuple(from_base64(text) for text in value["proof"])
            return InclusionProof(
                int(value["index"]), int(value["size"]), from_base64(value["leaf_hash"]), path
            )
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed("the ledger answered with no proof") from error

    def entry(self, index: int) -> Entry:
        return Entry.parse(self._get(f"/entry/{index}"))

    def checkpoint(self) -> str:
        return self._get("/checkpoint").decode("utf-8", "replace")

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        value = _json(self._get(f"/consistency?old={old}&new={new}"))
        try:
            return tuple(from_base64(text) for text in value["proof"])
        except (KeyError, TypeError) as error:
            raise Malformed("the ledger answered with no proof") from error

    def health(self) -> dict[str, Any]:
        """What the process says of itself."""
        value: dict[str, Any] = _json(self._get("/healthz"))
        return value

    def key(self) -> LogKey:
        if self._key is None:
            self._key = self._folder().key()
        return self._key

    def close(self) -> None:
        self._close()

    def _batch_receipts(self, leaves: list[bytes], value: Any) -> list[Receipt]:
        """Every receipt of a batch out of the one proof, which is checked on the way."""
        profile = self.key().profile
        hashes = [profile.leaf_hash(leaf) for leaf in leaves]
        try:
            note, origin, first = str(value["checkpoint"]), str(value["log"]), int(value["first"])
            beside = [from_base64(text) for text in value["beside"]]
        except (KeyError, TypeError, ValueError) as error:
            raise Malformed("the ledger answered with no receipt") from error
        open_note(note, [self.key()])
        checkpoint = checkpoint_of(note)
        tree = batch_nodes(
            profile, first=first, size=checkpoint.size, leaf_hashes=hashes, beside=beside
        )
        if tree.root() != checkpoint.root:
            raise NotVerified("the proof of the batch does not lead to the root of the checkpoint")
        return [
            Receipt(
                origin,
                first + at,
                to_base64(hash_),
                note,
                tuple([hash_text(node) for node in tree.path(first + at)]),
            )
            for at, hash_ in enumerate(hashes)
        ]

    def _post(self, body: bytes, media_type: str, key: str) -> bytes:
        headers = {
            "authorization": f"Bearer {self._append_token()}",
            "content-type": media_type,
            "idempotency-key": key or ids.new_id(),
        }
        for left in range(self._tries - 1, -1, -1):
            try:
                return self._answer(
                    self._http.post(f"{self.url}/append", content=body, headers=headers)
                )
            except (httpx.HTTPError, Unavailable) as error:
                if not left:
                    raise _silent(error) from error
                time.sleep(_WAIT * 3 ** (self._tries - 1 - left))
        raise Unavailable("the ledger does not answer")

    def _get(self, path: str) -> bytes:
        try:
            return self._answer(self._http.get(self.url + path))
        except httpx.HTTPError as error:
            raise _silent(error) from error

    @staticmethod
    def _answer(response: httpx.Response) -> bytes:
        if response.status_code == 200:
            return response.content
        try:
            value = parse_json(response.content, limit=MAX_ANSWER)
            kind = _PROBLEMS[value["code"]]
            what, where, remedy = (str(value.get(name, "")) for name in ("what", "where", "remedy"))
        except (Problem, KeyError, TypeError, AttributeError) as error:
            raise Unavailable(f"the ledger answered with status {response.status_code}") from error
        raise kind(what, where=where, remedy=remedy)

    def _append_token(self) -> str:
        if self._token is None:
            self._token = self._folder().token()
        return self._token

    def _folder(self) -> Home:
        return Home.of(self._home or current().home)


def connect(config: Config | None = None) -> Ledger:
    """The ledger that the configuration names, with key and token of its home folder."""
    config = config or current()
    return Ledger(config["ledger_url"], home=config.home)


def _json(data: bytes) -> Any:
    return parse_json(data, limit=MAX_ANSWER)


def _silent(error: Exception) -> Problem:
    if isinstance(error, Misconfigured | Unavailable):
        return error
    return Unavailable(
        f"the ledger does not answer ({type(error).__name__})",
        remedy="is the ledger process running?",
    )
