"""The nightly run is killed at any point: every document gets its evidence, once.

A real process with small portions gets SIGKILL again and again; at the end the run is let finish and
every record is verified. Rounds: OPENRHIP_EVIDENCE_KILL_ROUNDS (default 5).
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time

import pytest
from centre import City, kill_group

ROUNDS = int(os.environ.get("OPENRHIP_EVIDENCE_KILL_ROUNDS", "5"))
DOCUMENTS = 6000

pytestmark = [pytest.mark.fault, pytest.mark.timeout(1800)]

DEPOSIT = f"""
import django; django.setup()
from datetime import UTC, datetime, timedelta
from openrhip.formats.gm import sm3
from openrhip.kernel import ids
from openrhip.kernel.database import writing
from openrhip.records.models import Document
at = datetime.now(UTC) - timedelta(minutes=1)
with writing():
    Document.objects.bulk_create([Document(
        id=ids.new_id(), institution="H", digest=sm3.hexdigest(str(n).encode()), size=1, media="ofd",
        stored_key="0" * 64, wrapped_key=b"", key_id="k", kind="C0053", title="t", person_id="p",
        source_id=str(n), author="a", level=1, pages=1, recorded_at=at, deposited_at=at, leaf={{}},
        report={{}}, receipt={{"index": 1}}) for n in range({DOCUMENTS})])
"""
RUN = """
import django; django.setup()
from openrhip.records.service.preservation import gathering, running, trees
gathering.CHUNK, trees.MOST = 20, 200
print("begun", flush=True)
running.run()
print("ended", flush=True)
"""
INSPECT = """
import json, django; django.setup()
from django.db.models import Count
from openrhip.records.models import Document, EvidenceLeaf, EvidenceTree
from openrhip.records.service import evidence
from openrhip.records.service.preservation import showing
ledger = evidence.ledger()
size = int(ledger.checkpoint().split("\\n")[1])
entries = [entry for entry in map(ledger.entry, range(size)) if entry.kind == "evidence"]
ids = list(Document.objects.values_list("id", flat=True))
print(json.dumps({
    "documents": len(ids), "leaves": EvidenceLeaf.objects.count(),
    "distinct": EvidenceLeaf.objects.values("document").distinct().count(),
    "roots": list(EvidenceTree.objects.values_list("root", flat=True)),
    "open": EvidenceTree.objects.filter(receipt__isnull=True).count(),
    "entered": [entry.fields["manifest"] for entry in entries],
    "counted": sum(entry.fields["count"] for entry in entries),
    "holding": sum(showing.verify(one).ok for one in ids[::100]),
}))
"""


@pytest.fixture
def place(tmp_path):
    made = City(tmp_path / "home")
    yield made
    made.stop()


def test_every_document_gets_evidence_once_whenever_the_run_is_killed(place):
    place.run("-c", DEPOSIT)
    killed = 0
    for _ in range(ROUNDS):
        process = subprocess.Popen(
            [sys.executable, "-c", RUN],
            env=place.environment,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout.readline() == b"begun\n"
        time.sleep(random.uniform(0.05, 0.6))  # noqa: S311
        if process.poll() is None:
            kill_group(process)
            killed += 1
        process.stdout.close()
    assert killed > ROUNDS // 2, "the run was hardly met at work"
    assert place.run("-c", RUN).split() == [b"begun", b"ended"]
    seen = json.loads(place.run("-c", INSPECT))
    assert seen["documents"] == seen["leaves"] == seen["distinct"] == seen["counted"] == DOCUMENTS
    assert seen["open"] == 0
    assert sorted(seen["roots"]) == sorted(seen["entered"]), "each tree is in the ledger once"
    assert seen["holding"] == DOCUMENTS // 100
