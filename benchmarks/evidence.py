"""Long-term evidence of a night: one hash tree over all its documents, one timestamp.

In a home folder of its own, with SQLite and an authority in process. Measured are documents given
evidence a second (rows taken, tree built, stamped, entered), and beside it what one evidence record
costs to put together and to verify, what is stored, renewal of all, and re-hashing with reading.

    python -m benchmarks.evidence [--documents 100000] [--runs 3]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks._harness import report

SAMPLE = 200
REHASHED = 2000


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--documents", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder) / "home", documents=given.documents, runs=given.runs)


def measure(home: Path, *, documents: int, runs: int) -> None:
    from openrhip.site import home as homes

    homes.prepare(home, development=True, values={})
    from openrhip.directory import service as directory
    from openrhip.directory.adapters.keys import MemoryKeyRing
    from openrhip.directory.ports import NullSender
    from openrhip.ledger.service import MemoryLedger

    with directory.using(keys=MemoryKeyRing.random(), ledger=MemoryLedger(), messages=NullSender()):
        _measure(home, documents=documents, runs=runs)


def _measure(home: Path, *, documents: int, runs: int) -> None:
    from openrhip.records.models import EvidenceTree
    from openrhip.records.service.preservation import running

    _deposit(0, 1000)
    running.run()  # warm-up
    speeds = []
    for number in range(1, runs + 1):
        _deposit(number, documents)
        size = _stored(home)
        start = time.perf_counter()
        done = running.run()
        speeds.append(done.documents / (time.perf_counter() - start))
        assert done.documents == documents
        stored = {name: value - size[name] for name, value in _stored(home).items()}
    made, verified, length = _records(documents)
    start = time.perf_counter()
    renewed = running.renew(before=datetime(2200, 1, 1, tzinfo=UTC)).renewed
    renewal = time.perf_counter() - start
    assert renewed == EvidenceTree.objects.filter(kind=EvidenceTree.DOCUMENTS).count()
    print(
        f"one record: {made * 1000:.2f} ms to make, {verified * 1000:.2f} ms to verify, {length} "
        f"bytes; renewal of {renewed} trees: {renewal:.2f} s"
    )
    report(
        name="evidence",
        runs=speeds,
        unit="documents/s",
        documents=documents,
        bytes_in_tables=round(stored["tables"] / documents, 1),
        bytes_of_nodes=round(stored["files"] / documents, 1),
        record_ms=round(made * 1000, 2),
        verify_ms=round(verified * 1000, 2),
        record_bytes=length,
        renewal_s=round(renewal, 2),
        rehash_per_s=round(_rehash(), 1),
    )


def _deposit(run: int, count: int) -> None:
    """Rows of documents as a deposit leaves them; their bytes are not needed for evidence."""
    from openrhip.formats.gm import sm3
    from openrhip.kernel import ids
    from openrhip.kernel.database import writing
    from openrhip.records.models import Document

    at = datetime.now(UTC) - timedelta(minutes=5)
    with writing():
        Document.objects.bulk_create(
            (
                _row(ids.new_id(), sm3.hexdigest(f"{run} {number}".encode()), at)
                for number in range(count)
            ),
            batch_size=1000,
        )


def _row(document_id: str, digest: str, at: datetime, **more: Any) -> Any:
    from openrhip.records.models import Document

    return Document(
        id=document_id,
        institution="H1",
        digest=digest,
        media="ofd",
        kind="C0053",
        title="出院小结",
        person_id="0" * 32,
        source_id=document_id,
        author="D1",
        level=1,
        pages=1,
        recorded_at=at,
        deposited_at=at,
        leaf={},
        report={},
        receipt={"index": 1},
        **{"size": 1, "stored_key": "0" * 64, "wrapped_key": b"", "key_id": "k", **more},
    )


def _records(documents: int) -> tuple[float, float, int]:
    """Seconds to make (each with its tree read anew) and to verify one record, and its length."""
    from openrhip.directory.service import trust
    from openrhip.formats.gm import ers
    from openrhip.records.models import Document
    from openrhip.records.service.preservation import assembling, showing

    chosen = Document.objects.order_by("-deposited_at", "id")[:: max(1, documents // SAMPLE)]
    made, verified, length = [], [], 0
    for row in list(chosen)[:SAMPLE]:
        assembling._tree.cache_clear()  # noqa: SLF001 - the first record of a night
        start = time.perf_counter()
        record = showing.record_of(row.id)
        made.append(time.perf_counter() - start)
        start = time.perf_counter()
        digest = bytes.fromhex(row.digest)
        assert ers.verify(record, [lambda _, found=digest: found], trust=trust.store()).ok
        verified.append(time.perf_counter() - start)
        length = len(record)
    return statistics.median(made), statistics.median(verified), length


def _rehash() -> float:
    """Documents read from the archive and hashed anew a second, 60 kB each."""
    from openrhip.formats.gm import sm3
    from openrhip.kernel import ids
    from openrhip.records.models import EvidenceTree
    from openrhip.records.service import vault
    from openrhip.records.service.preservation import running

    EvidenceTree.objects.filter(kind=EvidenceTree.DOCUMENTS).update(algorithm="sha512")
    at, content = datetime.now(UTC) - timedelta(minutes=5), b"a record " * 6667
    for number in range(REHASHED):
        document_id, data = ids.new_id(), content + str(number).encode()
        kept = vault.keep([data], document_id=document_id)
        _row(
            document_id, sm3.hexdigest(data), at,
            size=len(data), stored_key=kept.stored_key, wrapped_key=kept.wrapped_key,
            key_id=kept.key_id,
        ).save(force_insert=True)  # fmt: skip
    running.run()
    start = time.perf_counter()
    done = running.rehash(algorithm="sha512")
    assert (done.documents, done.stamps) == (REHASHED, 1)
    return REHASHED / (time.perf_counter() - start)


def _stored(home: Path) -> dict[str, int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    files = sum(path.stat().st_size for path in (home / "files").rglob("*") if path.is_file())
    return {"tables": (home / "centre.sqlite3").stat().st_size, "files": files}


if __name__ == "__main__":
    main()
