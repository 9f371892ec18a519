"""What the benchmarks of the directory share: a home of its own and a filled directory."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def p50(work: Callable[[], object], times: int) -> float:
    """Median duration in milliseconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e3


@contextmanager
def home() -> Iterator[str]:
    """Migrated database, key ring, ledger in memory; answers the kind of database."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["OPENRHIP_HOME"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openrhip.site.settings")
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from openrhip.directory import service
        from openrhip.directory.adapters.keys import FileKeyRing
        from openrhip.ledger.service import MemoryLedger

        call_command("migrate", verbosity=0)
        ring = FileKeyRing.create(Path(folder) / "keys" / "directory")
        with service.using(keys=ring, ledger=MemoryLedger()):
            yield connection.vendor
        connection.close()
