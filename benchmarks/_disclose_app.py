"""The site, and beside it one address that streams 200 kB and does nothing else: the reference."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from openrhip.site.wsgi import application as site

BODY = os.urandom(int(os.environ.get("OPENRHIP_BENCH_BYTES", "200000")))
HEADERS = [("Content-Type", "application/ofd"), ("Content-Length", str(len(BODY)))]


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/reference":
        start("200 OK", HEADERS)
        return [BODY]
    answer: Iterable[bytes] = site(environ, start)
    return answer
