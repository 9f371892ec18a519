"""A lean transport for plain HTTP on one machine (本机传输): one connection a thread, kept open.

The client speaks to the ledger process some hundred times a second; the general transport spends
several times as long on each request as the request itself takes. For https the general one stays.
"""

from __future__ import annotations

import http.client
import threading

import httpx


class PlainTransport(httpx.BaseTransport):
    """http:// only. A connection that the server closed meanwhile is opened again once."""

    def __init__(self, *, timeout: float) -> None:
        self._timeout = timeout
        self._held = threading.local()
        self._all: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Raises httpx.TransportError, as the general transport does."""
        kept = getattr(self._held, "connection", None)
        if kept is not None:
            try:
                return self._ask(kept, request)
            except (OSError, http.client.HTTPException):
                self._drop(kept)
        fresh = http.client.HTTPConnection(
            request.url.host, request.url.port or 80, timeout=self._timeout
        )
        with self._lock:
            self._all.add(fresh)
        try:
            answer = self._ask(fresh, request)
        except TimeoutError as error:
            self._drop(fresh)
            raise httpx.ReadTimeout(str(error), request=request) from error
        except (OSError, http.client.HTTPException) as error:
            self._drop(fresh)
            raise httpx.ConnectError(type(error).__name__, request=request) from error
        self._held.connection = fresh
        return answer

    def close(self) -> None:
        with self._lock:
            for connection in self._all:
                connection.close()
            self._all.clear()

    def _ask(
        self, connection: http.client.HTTPConnection, request: httpx.Request
    ) -> httpx.Response:
        target = request.url.raw_path.decode("ascii")
        connection.request(
            request.method, target, body=request.content or None, headers=dict(request.headers)
        )
        response = connection.getresponse()
        content = response.read()
        return httpx.Response(response.status, headers=response.getheaders(), content=content)

    def _drop(self, connection: http.client.HTTPConnection) -> None:
        connection.close()
        self._held.connection = None
        with self._lock:
            self._all.discard(connection)
