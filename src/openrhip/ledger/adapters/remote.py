"""A log read over HTTP as C2SP tlog-tiles serves it: for auditors who have no access to the store.

Only what that specification names is asked for, so that any such log can be read. Nothing that
comes is believed here: `audit` derives it all again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import httpx

from openrhip.kernel.errors import NotFound, Refused, Unavailable
from openrhip.ledger.ports import Group
from openrhip.ledger.rules.checkpoints import Checkpoint
from openrhip.ledger.rules.tiles import WIDTH, TileName, unbundle, width_at

_MOST = 32 << 20
"""An entry bundle has at most 256 entries of 65,535 bytes."""


class RemoteStore:
    """url: prefix of the log. Reading only; a bundle is kept until the next one is needed."""

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout
        self._http: httpx.Client | None = None
        self._size = 0
        self._note = ""
        self._bundle: tuple[int, list[bytes]] = (-1, [])

    def open(self, *, write: bool) -> None:
        if write:
            raise Refused("a log is not written over HTTP in this way")
        self.close()
        secure = self._url.startswith("https:")
        self._http = httpx.Client(timeout=self._timeout, trust_env=False, verify=secure)
        self._note = self._get("checkpoint").decode("utf-8", "replace")
        self._size = Checkpoint.parse(self._note.rpartition("\n\n")[0] + "\n").size

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
            self._http = None

    def latest(self) -> tuple[int, str] | None:
        return self._size, self._note

    def checkpoint(self, size: int) -> str | None:
        return self._note if size == self._size else None

    def checkpoints(self, after: int, most: int) -> Sequence[tuple[int, str]]:
        return [(self._size, self._note)] if after < self._size and most else []

    def entries(self, first: int, count: int) -> list[bytes]:
        """At most the rest of one bundle: the caller asks on from there."""
        index, skip = divmod(first, WIDTH)
        width = width_at(0, index, self._size)
        if self._bundle[0] != index and width:
            data = self._get(TileName(None, index, width).path())
            self._bundle = (index, unbundle(data))
        return self._bundle[1][skip : skip + count] if width else []

    def tile(self, level: int, index: int) -> bytes:
        return self._get(TileName(level, index).path())

    def requests(self, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
        del keys
        return {}

    def commit(self, group: Group) -> None:
        del group
        raise Refused("a log is not written over HTTP in this way")

    def _get(self, path: str) -> bytes:
        if self._http is None:
            raise Unavailable("the log is not open")
        parts, size = [], 0
        try:
            with self._http.stream("GET", f"{self._url}/{path}") as answer:
                if answer.status_code == 404:
                    raise NotFound("the log does not serve this", where=path)
                if answer.status_code != 200:
                    raise Unavailable(f"the log answered with status {answer.status_code}")
                for part in answer.iter_bytes():
                    size += len(part)
                    if size > _MOST:
                        raise Unavailable("the log answers with too much", where=path)
                    parts.append(part)
        except httpx.HTTPError as error:
            raise Unavailable(f"the log does not answer ({type(error).__name__})") from error
        return b"".join(parts)
