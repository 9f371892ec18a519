"""For fault tests: units that send batches until each is acknowledged, a centre that loads them.

Each unit sends some days of a small table, each day several times anew; the rows say which sending
they are of, so that a mixture of two, a row twice or a row lost is seen.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from centre import City, kill_group
from hospital import PASSWORD

from openrhip.agent import manifest as manifests
from openrhip.formats.cda.samples import city
from openrhip.formats.gm import sm3
from openrhip.formats.gm.signer import SoftwareSigner

TABLE = """
code = "FAULTS"
zh = "故障测试"
en = "fault tests"
domain = "test"
source = "test"
owed_by = ["hospital"]
key = ["no"]
day_column = "on"
unique_in_store = true
columns = [
  { name = "no", zh = "号", en = "number", required = true, max = 40 },
  { name = "on", zh = "日", en = "day", type = "date", required = true },
  { name = "n", zh = "次", en = "sending", type = "integer", required = true },
]
"""
REGISTER = """
import django; django.setup()
from openrhip.collect import service
from openrhip.formats.cda.samples import city
for one in city.INSTITUTIONS:
    service.register_unit(code=one.code, owner="hospital", tolerance="0.5")
"""
SEND = """
import base64, io, json, sys, django; django.setup()
from openrhip.collect import service
from openrhip.kernel.errors import Problem
print("begun", flush=True)
for number, line in enumerate(open(sys.argv[1])):
    if number < int(sys.argv[2]):
        continue
    sent = json.loads(line)
    data = base64.b64decode(sent["data"])
    try:
        got = service.receive(envelope=sent["envelope"].encode(), via="cli",
                              open_file=lambda _: io.BytesIO(data))
        print(json.dumps({"number": number, "id": got.id}), flush=True)
    except Problem as problem:
        print(json.dumps({"number": number, "problem": problem.code}), flush=True)
        break
"""
LOAD = """
import sys, time, django; django.setup()
from openrhip.collect import service
from openrhip.collect.service import choosing
from openrhip.kernel.errors import Problem
choosing.MOST_GATHERED = 3
print("begun", flush=True)
idle = 0
while idle < int(sys.argv[1]):
    try:
        service.sweep_leftovers()
        done = service.process_due(limit=3) + service.finish_pending()
    except Problem as problem:
        print(problem.code, flush=True)
        done = 0
    idle = 0 if done else idle + 1
    if not done:
        time.sleep(0.1)
print("ended", flush=True)
"""
INSPECT = """
import json, django; django.setup()
import duckdb
from openrhip.collect import models, service
from openrhip.collect.service import doors, entering
table, lake = doors.catalogue().tables["FAULTS"], doors.lake()
with duckdb.connect() as connection:
    rows = connection.sql(lake.sql(table, columns=["_unit", "_day", "_batch", "no", "n"])).fetchall()
faults = {}
for row in models.Batch.objects.filter(state="loaded"):
    path = lake.quarantine_file(table="FAULTS", day=row.day, batch=row.id)
    if path:
        faults[row.id] = duckdb.sql(f"SELECT count(*) FROM read_parquet('{path}')").fetchone()[0]
ledger = entering.ledger()
size = int(ledger.checkpoint().split("\\n")[1])
entries = [entry for entry in map(ledger.entry, range(size)) if entry.kind == "batch"]
print(json.dumps({
    "rows": [[unit, str(day), batch, no, n] for unit, day, batch, no, n in rows],
    "batches": [
        {"id": row.id, "unit": row.unit_id, "day": str(row.day), "state": row.state,
         "current": row.current, "received": row.received, "loaded": row.loaded,
         "quarantined": row.quarantined, "receipt": bool(row.receipt),
         "standing": lake.batch_of(table="FAULTS", unit=row.unit_id, day=row.day) == row.id,
         "faults": faults.get(row.id, 0),
         "originals": all(len(b"".join(service_original(row, n))) for n in range(1))}
        for row in models.Batch.objects.order_by("sequence")],
    "entries": [entry.fields["document_id"] for entry in entries],
    "cells": {f"{cell.unit} {cell.day}": cell.rows for cell in models.CoverageCell.objects.all()},
    "work": len(list(doors.folder("work").iterdir())),
}))
"""
INSPECT = INSPECT.replace(
    "table, lake =",
    """from openrhip.collect.service import originals
def service_original(row, number):
    return originals.open_original(row.id, number, wrapped=row.wrapped_key, at=row.received_at)
table, lake =""",
)
ROWS, BAD = 6, 2


class Collection(City):
    """A centre with a table of its own and everything that its units will send, made beforehand."""

    def __init__(self, home: Path, aside: Path, *, days: int, times: int) -> None:
        (aside / "catalogue" / "tables").mkdir(parents=True)
        (aside / "catalogue" / "tables" / "FAULTS.toml").write_text(TABLE, "utf-8")
        os.environ["OPENRHIP_COLLECT_CATALOGUE"] = str(aside / "catalogue")
        super().__init__(home)
        self.run("-c", REGISTER)
        self.sendings = list(_sendings(home / "pki", days=days, times=times))
        self.list = aside / "sendings"
        self.list.write_text("".join(json.dumps(one) + "\n" for one in self.sendings), "utf-8")
        self.acked: dict[int, str] = {}
        self.next = 0

    def begin(self, script: str, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        return process

    def sender(self) -> subprocess.Popen[bytes]:
        return self.begin(SEND, str(self.list), str(self.next))

    def loader(self, idle: int = 1_000_000) -> subprocess.Popen[bytes]:
        return self.begin(LOAD, str(idle))

    def note(self, sender: subprocess.Popen[bytes]) -> list[str]:
        """Take down what a sender that ended was told; answers the problems."""
        problems = []
        assert sender.stdout is not None
        told_lines = sender.stdout.read().splitlines()
        sender.stdout.close()
        for line in told_lines:
            try:
                told = json.loads(line)
            except ValueError:
                continue  # cut off by the end of the process
            if "problem" in told:
                problems.append(told["problem"])
                continue
            self.acked[told["number"]] = told["id"]
            self.next = max(self.next, told["number"] + 1)
        return problems

    def inspect(self) -> dict:
        return json.loads(self.run("-c", INSPECT))


def end(*processes: subprocess.Popen[bytes]) -> None:
    for process in processes:
        if process.poll() is None:
            kill_group(process)
        process.wait()


def check_in_between(seen: dict) -> None:
    """Whatever happened: of each unit and day the rows of one batch stand, all of them, once."""
    whole = {batch["id"]: batch for batch in seen["batches"]}
    by_cell: dict[tuple[str, str], list] = {}
    for unit, day, batch, no, n in seen["rows"]:
        by_cell.setdefault((unit, day), []).append((batch, no, n))
    for rows in by_cell.values():
        assert len({batch for batch, _, _ in rows}) == 1, "rows of two batches stand together"
        assert len({no for _, no, _ in rows}) == len(rows) == ROWS - BAD, "a row twice or lost"
        assert len({n for _, _, n in rows}) == 1
        assert rows[0][0] in whole, "rows of a batch nobody knows"
    for batch in seen["batches"]:
        assert batch["originals"]
        if batch["state"] == "loaded":
            assert batch["received"] == batch["loaded"] + batch["quarantined"] == ROWS
            assert batch["faults"] == BAD
        if batch["current"]:
            assert batch["standing"], "the rows say loaded, the lake does not"
    assert len(seen["entries"]) == len(set(seen["entries"])), "an entry twice in the ledger"


def check_in_the_end(place: Collection) -> None:
    """Everything that was acknowledged is there and came to its end; the last sending stands."""
    seen = place.inspect()
    check_in_between(seen)
    batches = {batch["id"]: batch for batch in seen["batches"]}
    assert len(place.acked) == len(place.sendings)
    assert len(batches) == len(place.sendings), "a batch twice or lost"
    assert set(place.acked.values()) == set(batches)
    for batch in batches.values():
        assert batch["state"] == "loaded"
        assert batch["receipt"]
    assert sorted(seen["entries"]) == sorted(batches), "each batch has one entry"
    last = {(one["unit"], one["day"]): (at, one) for at, one in enumerate(place.sendings)}
    standing = {(unit, day): (batch, n) for unit, day, batch, _, n in seen["rows"]}
    assert standing == {cell: (place.acked[at], one["sending"]) for cell, (at, one) in last.items()}
    current = {(one["unit"], one["day"]) for one in batches.values() if one["current"]}
    assert current == set(last)
    assert all(rows == ROWS - BAD for rows in seen["cells"].values())
    assert seen["work"] == 0, "something was left in the clear"


def _sendings(pki: Path, *, days: int, times: int):
    """In the order in which they are sent: each day's sendings one after another, mixed up."""
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    signers = {
        one.code: SoftwareSigner.load(pki / "institutions", one.code, PASSWORD)
        for one in city.INSTITUTIONS
    }
    head = "no,on,n,org_code,amend_flag,collected_at\n"
    for sending in range(times):
        for back in range(1, days + 1):
            day = (now - timedelta(days=back)).date()
            for code, signer in signers.items():
                lines = [
                    f"{code}-{day}-{row},{day},{sending if row >= BAD else 'x'},{code},1,{day} 08:00:00\n"
                    for row in range(ROWS)
                ]
                data = (head + "".join(lines)).encode()
                file = manifests.BatchFile(
                    name="rows.csv",
                    format="csv",
                    rows=ROWS,
                    size=len(data),
                    sm3=sm3.hexdigest(data),
                    encoding="utf-8",
                    delimiter=",",
                )
                made = manifests.build(
                    unit=code,
                    table="FAULTS",
                    day=day,
                    files=[file],
                    sent_at=now + timedelta(seconds=sending),
                )
                yield {
                    "unit": code,
                    "day": str(day),
                    "sending": sending,
                    "envelope": manifests.sign(made, signer).encode().decode(),
                    "data": base64.b64encode(data).decode(),
                }
