"""Timestamps and revocation data over HTTP (RFC 3161 3.4, RFC 6960 A.1, RFC 5280 4.2.1.13).

The one module of this package that touches the network; nothing else in it imports this. Whatever
is asked is bounded in time and size. Addresses of lists and status services stand in certificates,
so another chooses them: only http and https are followed, no redirects, and no address of a private
or local network unless the caller says that its authority is there.
"""

from __future__ import annotations

import ipaddress
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPMessage, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO
from urllib.parse import urlsplit

from openrhip.formats.gm import crl, ocsp, tst
from openrhip.formats.gm.tsp import REQUEST_TYPE, RESPONSE_TYPE, Authority
from openrhip.kernel.errors import Malformed, Misconfigured, Refused, TooLarge, Unavailable

_STEP = 1 << 16
CRL_TYPE = "application/pkix-crl"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An answer that leads elsewhere is no answer."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        del req, fp, code, msg, headers, newurl


_OPENER = urllib.request.build_opener(_NoRedirects())


def poster(url: str, *, timeout: float = 10.0) -> Callable[[bytes], bytes]:
    """A `post` for RemoteTimestamper. Raises Unavailable, TooLarge or Malformed when called."""
    if not url.startswith(("http://", "https://")):
        raise Misconfigured("the address of a timestamp authority is http:// or https://")

    def post(request_der: bytes) -> bytes:
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            url, data=request_der, headers={"Content-Type": REQUEST_TYPE}, method="POST"
        )
        body, kind = _fetched(request, timeout, tst.LARGEST_RESPONSE, "the timestamp authority")
        if kind != RESPONSE_TYPE:
            raise Malformed(f"the answer is {kind}, not {RESPONSE_TYPE}", where=url)
        return body

    return post


class HttpRevocation:
    """The port `revocation.Revocation` over HTTP."""

    def __init__(self, *, timeout: float = 10.0, private: bool = False) -> None:
        """private: addresses in private and local networks are asked too."""
        self._timeout = timeout
        self._private = private

    def crl(self, url: str, /) -> bytes:
        """A list. Raises Refused for addresses that are not asked, Unavailable, TooLarge."""
        self._allow(url)
        request = urllib.request.Request(url)  # noqa: S310 - the scheme was checked above
        return _fetched(request, self._timeout, crl.LARGEST, "the revocation list's server")[0]

    def ocsp(self, url: str, request: bytes, /) -> bytes:
        """The answer of a status service. Raises as `crl`, and Malformed for another type."""
        self._allow(url)
        question = urllib.request.Request(  # noqa: S310 - the scheme was checked above
            url, data=request, headers={"Content-Type": ocsp.REQUEST_TYPE}, method="POST"
        )
        body, kind = _fetched(question, self._timeout, ocsp.LARGEST, "the status service")
        if kind != ocsp.RESPONSE_TYPE:
            raise Malformed(f"the answer is {kind}, not {ocsp.RESPONSE_TYPE}", where=url)
        return body

    def _allow(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or 80
        except ValueError as error:
            raise Refused("not a web address", where=url[:200]) from error
        if parts.scheme not in {"http", "https"} or not host:
            raise Refused("only http and https are asked", where=url[:200])
        if self._private:
            return
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unavailable("the address is not known", where=url[:200]) from error
        if not all(ipaddress.ip_address(one[4][0]).is_global for one in found):
            raise Refused(
                "an address in a private or local network is not asked",
                where=url[:200],
                remedy="if your authority is there, allow private addresses",
            )


def _fetched(
    request: urllib.request.Request, timeout: float, largest: int, who: str
) -> tuple[bytes, str]:
    """The body and its type, within the time as a whole and the size."""
    url, end = request.full_url[:200], time.monotonic() + timeout
    try:
        with _OPENER.open(request, timeout=timeout) as response:
            kind = response.headers.get_content_type()
            body = _read(response, end, largest)
    except (urllib.error.URLError, HTTPException, OSError, ValueError) as error:
        raise Unavailable(f"{who} does not answer", where=url) from error
    if len(body) > largest:
        raise TooLarge(f"{who} answered too much", where=url)
    return body, kind


def _read(response: HTTPResponse, end: float, largest: int) -> bytes:
    body = b""
    while len(body) <= largest:
        more = response.read1(_STEP)
        if not more:
            break
        body += more
        if time.monotonic() > end:
            raise TimeoutError
    return body


Answers = Mapping[str, tuple[str, str, Callable[[bytes], bytes]]]
"""Path → (type of requests, type of answers, what answers). GET sends an empty request."""


def server(authority: Authority, host: str, port: int) -> ThreadingHTTPServer:
    """A server of timestamps on any path; the caller runs and closes it."""
    return serve({"": (REQUEST_TYPE, RESPONSE_TYPE, authority.respond)}, host, port)


def serve(answers: Answers, host: str, port: int) -> ThreadingHTTPServer:
    """A small server; the path "" answers what no other does. The caller runs and closes it."""

    class Handler(BaseHTTPRequestHandler):
        timeout = 10
        server_version = "gm"
        sys_version = ""

        def do_POST(self) -> None:
            expected = self._expected()
            length = self.headers.get("Content-Length", "")
            if expected is None:
                self.send_error(404)
            elif self.headers.get_content_type() != expected[0]:
                self.send_error(415)
            elif not length.isascii() or not length.isdigit():
                self.send_error(411)
            elif int(length) > tst.LARGEST_REQUEST:
                self.send_error(413)
            else:
                self._answer(expected[1], expected[2](self.rfile.read(int(length))))

        def do_GET(self) -> None:
            expected = self._expected()
            if expected is None or expected[0]:
                self.send_error(404 if expected is None else 405)
            else:
                self._answer(expected[1], expected[2](b""))

        def _expected(self) -> tuple[str, str, Callable[[bytes], bytes]] | None:
            return answers.get(self.path, answers.get(""))

        def _answer(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Requests are not logged: they carry digests of records."""

    made = ThreadingHTTPServer((host, port), Handler)
    made.daemon_threads = True
    return made
