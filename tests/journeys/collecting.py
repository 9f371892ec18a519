"""What the journeys' city collects: two hospitals and three districts over this month and the last.

Most batches are rows alone (what settling leaves behind); those that are looked at closely are
sent, signed and checked for real: one with rows at fault, one sent again, one refused, one waiting.
"""

from __future__ import annotations

import csv
import io
import itertools
from datetime import UTC, datetime, time, timedelta

DISTRICTS = (("QX0001", "钟山示范区"), ("QX0002", "秦淮示范区"), ("QX0003", "玄武示范区"))
HOSPITAL_TABLES = (
    *("OP_REGISTRATION", "OP_VISIT", "OP_CHARGE", "OP_CHARGE_ITEM", "OP_RX", "OP_RX_ITEM"),
    *("IP_ADMISSION", "IP_DISCHARGE", "FRONT_SHEET", "LAB_REPORT", "LAB_RESULT", "EXAM_REPORT"),
    "STAT_OP_DAY",
)
DISTRICT_TABLES = (
    *("OP_VISIT", "OP_CHARGE", "HR_PERSON", "HTN_CARD", "DM_CARD", "VAC_RECORD", "CHILD_EXAM"),
)
_numbers = itertools.count(1)


def city_time(day, hour):
    from openrhip.kernel.clock import CITY_ZONE

    return datetime.combine(day, time(hour), CITY_ZONE).astimezone(UTC)


def collect(keys, now):
    """Answers what the journeys look for: people of the pages' addresses."""
    from openrhip.collect.service import registry
    from openrhip.directory import service as directory
    from openrhip.formats.cda.samples import city
    from openrhip.kernel import clock
    from openrhip.kernel.database import writing
    from openrhip.kernel.periods import city_day

    first, second = city.JINLING.code, city.XUANWUHU.code
    today = city_day(now)
    with clock.frozen(now - timedelta(days=70)):
        for code, name in DISTRICTS:
            directory.register_institution(code=code, name=name, kind="district")
            registry.register_unit(code=code, owner="district")
        for code in (first, second):
            registry.register_unit(code=code, owner="hospital")
        registry.declare(unit=first, tables=HOSPITAL_TABLES, by="town")
        registry.declare(unit=DISTRICTS[0][0], tables=DISTRICT_TABLES, by="town")
        registry.declare(unit=DISTRICTS[1][0], tables=DISTRICT_TABLES[:4], by="town")
    with writing():  # all in one: hundreds of transactions take their time
        months(today, first, second)
    persons(today)
    found = closely(keys, first, today, now)
    return {"hospital": first, "district": DISTRICTS[0][0], "month": f"{today:%Y-%m}", **found}


def months(today, first, second):
    """Coverage of this month and most of the last, with gaps, late days and faults."""
    start = (today.replace(day=1) - timedelta(days=20)).replace(day=8)
    days = [start + timedelta(days=at) for at in range((today - start).days)]
    for at, day in enumerate(days):
        for n, table in enumerate(HOSPITAL_TABLES):
            if day == days[-1] and table == "OP_VISIT":
                continue  # of yesterday: sent for real
            if (at + 2 * n) % 19 == 7:
                continue
            late = 60 if (at + n) % 13 == 5 else 3
            send(first, table, day, 900 - 37 * n + 11 * at % 90, late=late, bad=7 * (at == n + 9))
        for n, table in enumerate(HOSPITAL_TABLES[:5]):
            if day < today - timedelta(days=9) or n == 0:
                send(second, table, day, 400 + 13 * n + at, bad=0)
        for n, table in enumerate(DISTRICT_TABLES):
            if at % (n + 3):
                send(DISTRICTS[0][0], table, day, 0 if n == 5 else 120 + 9 * n, late=5)
        if day < today - timedelta(days=12):
            send(DISTRICTS[1][0], "OP_VISIT", day, 80)


def send(unit, table, day, rows, *, late=3, bad=0):
    """A batch as settling leaves it. late: hours after the end of its day."""
    from openrhip.collect import models
    from openrhip.collect.rules.jobs import RuleHits
    from openrhip.collect.service import following, reading

    number = next(_numbers)
    at = city_time(day + timedelta(days=1), 0) + timedelta(hours=late)
    row = models.Batch.objects.create(
        id=f"{number:032x}",
        unit_id=unit,
        table=table,
        day=day,
        manifest="{}",
        digest=f"{number:064x}",
        content=f"{number:064x}",
        signature=b"",
        signer="",
        sent_at=at,
        received_at=at,
        finished_at=at,
        via="drill",
        rows_declared=rows + bad,
        late_days=late // 24,
        wrapped_key=b"",
        state="loaded",
        received=rows + bad,
        loaded=rows,
        quarantined=bad,
        current=True,
    )
    models.Step.objects.create(batch=row, state="received", at=at)
    models.Step.objects.create(batch=row, state="loaded", at=at)
    if bad:
        hits = (RuleHits(f"{table}.amend_flag.values", bad),)
        models.Report.objects.create(batch=row, hits=reading.pack_hits(hits))
    following.follow([(unit, table, day)])


def persons(today):
    from openrhip.collect import models
    from openrhip.kernel import clock

    first = today.replace(day=1)
    for back, share in ((0, 1.0), (1, 0.97)):
        month = (first - timedelta(days=1)).replace(day=1) if back else first
        for at, (code, _name) in enumerate(DISTRICTS[:2]):
            for kind, number in (
                ("basic-record", 612_345),
                ("hypertension", 58_210),
                ("diabetes", 21_874),
            ):
                models.PersonCount.objects.create(
                    unit=code,
                    month=month,
                    kind=kind,
                    persons=int(number * share * (1 - 0.35 * at)),
                    counted_at=clock.now(),
                )


def closely(keys, unit, today, now):
    """Batches through the door and the engine: answers their ids."""
    from openrhip.collect import service as collection
    from openrhip.kernel import clock

    day = today - timedelta(days=1)
    signer = keys.signer("institutions", unit)
    with clock.frozen(now - timedelta(hours=3)):
        good = sent(signer, unit, "OP_VISIT", day, lambda rows: rows)
        assert collection.process(batch_id=good).state == "loaded"
    with clock.frozen(now - timedelta(hours=2)):
        again = sent(signer, unit, "OP_VISIT", day, spoilt)
        state = collection.process(batch_id=again)
        assert state.state == "loaded", state
        assert state.quarantined, state
    with clock.frozen(now - timedelta(hours=1)):
        bad = sent(
            signer, unit, "OP_RX", day, lambda rows: [{**row, "org_code": ""} for row in rows]
        )
        assert collection.process(batch_id=bad).state == "refused"
    with clock.frozen(now - timedelta(minutes=20)):
        waits = sent(signer, unit, "LAB_REPORT", today, lambda rows: rows)
    return {"spoilt": again, "refused_batch": bad, "waits": waits}


def spoilt(rows):
    """Faults of several kinds in a few rows."""
    for at, row in enumerate(rows):
        if at % 15 == 3:
            row["sex_code"] = "男"
        if at % 29 == 5:
            row["birth_date"] = "2026-02-30"
        if at % 20 == 7:
            row["dept_name"] = ""
    return rows


def sent(signer, unit, table, day, change, rows=60):
    """Sample rows, changed, signed and received; the batch's id."""
    from openrhip.agent import manifest as manifests
    from openrhip.collect import sampling
    from openrhip.collect import service as collection
    from openrhip.collect.service import doors
    from openrhip.formats.gm import sm3
    from openrhip.kernel import clock

    known = doors.catalogue()
    made = sampling.sample(
        known.tables[table], known, rows, day, unit=unit, pool=sampling.people(500), org_code=unit
    )
    changed = change(made.to_pylist())
    out = io.StringIO()
    writer = csv.DictWriter(out, made.column_names)
    writer.writeheader()
    writer.writerows(changed)
    data = out.getvalue().encode()
    file = manifests.BatchFile(
        name=f"{table}.csv",
        format="csv",
        rows=rows,
        size=len(data),
        sm3=sm3.hexdigest(data),
        encoding="utf-8",
        delimiter=",",
    )
    built = manifests.build(unit=unit, table=table, day=day, files=[file], sent_at=clock.now())
    envelope = manifests.sign(built, signer).encode()
    state = collection.receive(
        envelope=envelope, open_file=lambda _name: io.BytesIO(data), via="agent"
    )
    return state.id
