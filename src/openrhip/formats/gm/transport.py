"""Timestamps over HTTP (RFC 3161 3.4): a client's `post` and a small server.

The one module of this package that touches the network; nothing else in it imports this.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from openrhip.formats.gm import tst
from openrhip.formats.gm.tsp import REQUEST_TYPE, RESPONSE_TYPE, Authority
from openrhip.kernel.errors import Malformed, Misconfigured, TooLarge, Unavailable


def poster(url: str, *, timeout: float = 10.0) -> Callable[[bytes], bytes]:
    """A `post` for RemoteTimestamper. Raises Unavailable, TooLarge or Malformed when called."""
    if not url.startswith(("http://", "https://")):
        raise Misconfigured("the address of a timestamp authority is http:// or https://")

    def post(request_der: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            url, data=request_der, headers={"Content-Type": REQUEST_TYPE}, method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:  # noqa: S310
                kind = response.headers.get_content_type()
                body: bytes = response.read(tst.LARGEST_RESPONSE + 1)
        except (urllib.error.URLError, OSError) as error:
            raise Unavailable("the timestamp authority does not answer", where=url) from error
        if len(body) > tst.LARGEST_RESPONSE:
            raise TooLarge("the timestamp authority answered too much", where=url)
        if kind != RESPONSE_TYPE:
            raise Malformed(f"the answer is {kind}, not {RESPONSE_TYPE}", where=url)
        return body

    return post


def server(authority: Authority, host: str, port: int) -> ThreadingHTTPServer:
    """A server that answers POST of application/timestamp-query; the caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        server_version = "tsa"
        sys_version = ""

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.headers.get_content_type() != REQUEST_TYPE:
                self.send_error(415)
            elif not length.isascii() or not length.isdigit():
                self.send_error(411)
            elif int(length) > tst.LARGEST_REQUEST:
                self.send_error(413)
            else:
                self._answer(authority.respond(self.rfile.read(int(length))))

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", RESPONSE_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Requests are not logged: they carry digests of records."""

    made = ThreadingHTTPServer((host, port), Handler)
    made.daemon_threads = True
    return made
