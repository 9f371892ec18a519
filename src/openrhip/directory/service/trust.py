"""The trust of the centre (信任根): roots and revocation lists, read again when they change."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from openrhip.formats.gm.chain import TrustStore
from openrhip.kernel.config import current

_RECHECK_SECONDS = 15.0
_lock = threading.Lock()
_held: dict[Path, tuple[tuple[tuple[str, int], ...], TrustStore, float]] = {}


def folder() -> Path:
    """The folder of trusted roots: setting `trust`, else pki/trust in the home folder."""
    given = current()["trust"]
    return Path(given) if given else current().home / "pki" / "trust"


def store() -> TrustStore:
    """The trust store. A new revocation list counts within seconds. Raises Misconfigured."""
    path = folder()
    with _lock:
        held = _held.get(path)
        if held and time.monotonic() - held[2] < _RECHECK_SECONDS:
            return held[1]
        marks = _marks(path)
        trust = held[1] if held and held[0] == marks else TrustStore.load_folder(path)
        _held[path] = (marks, trust, time.monotonic())
        return trust


def _marks(path: Path) -> tuple[tuple[str, int], ...]:
    if not path.is_dir():
        return ()
    return tuple(sorted((str(file), file.stat().st_mtime_ns) for file in path.rglob("*")))
