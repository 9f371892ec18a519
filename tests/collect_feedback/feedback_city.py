"""A centre with a district and two hospitals, whose batches are rows without files.

`city.send` does what settling a batch does to the tables, so that thousands of batches can be told
in a moment; what needs rows of data lays them into a real lake with `city.lay`.
"""

import itertools
import os
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openrhip.collect import models
from openrhip.collect.lake import DeltaLake
from openrhip.collect.lake.layout import fault_schema_of, schema_of
from openrhip.collect.rules.jobs import Part, RuleHits, Written
from openrhip.collect.rules.tables import (
    COMMON,
    Catalogue,
    Column,
    CrossRule,
    Owner,
    Period,
    Personal,
    Table,
    Type,
)
from openrhip.collect.service import doors, following, reading, registry
from openrhip.directory import service as directory
from openrhip.directory.adapters.keys import MemoryKeyRing
from openrhip.directory.ports import NullSender
from openrhip.kernel import clock
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.config import SETTINGS, Config
from openrhip.kernel.database import writing
from openrhip.ledger.service import MemoryLedger

NAMES = {"D1": "江宁区", "H1": "第一示范医院", "H2": "第二示范医院"}
DAY = date(2020, 11, 5)
AFTER = datetime(2020, 12, 10, 2, 0, tzinfo=UTC)
BOTH = frozenset(Owner)


def a_table(code, zh, **more):
    own = (
        Column("no", "流水号", "number", required=True, length=(0, 36)),
        Column("id_number", "证件号码", "identity number", personal=Personal.IDENTITY),
        Column("amount", "金额", "amount", Type.DECIMAL, precision=10, scale=2),
        Column("note", "备注", "note"),
    )
    given = {
        "purpose_zh": "",
        "purpose_en": "",
        "domain": "test",
        "source": "test",
        "owed_by": BOTH,
        "period": Period.DAY,
        "key": ("no",),
        "columns": (*own, *COMMON),
        "unique_in_store": True,
        "person": "id_number",
    }
    return Table(code, zh, code.lower(), **given | more)


TOTAL = CrossRule(
    "items_add_up",
    "total-of",
    (
        ("total", "amount"),
        ("table", "CHARGE_ITEM"),
        ("part", "amount"),
        ("key", ("no",)),
        ("tolerance", "0.01"),
    ),
    zh="收费总额不等于收费明细之和",
    en="the charge is not the sum of its lines",
    fix_zh="核对收费明细",
    fix_en="check its lines",
)
DISTRICT = frozenset({Owner.DISTRICT})
TABLES = (
    a_table("VISIT", "门急诊就诊记录", counts="visit"),
    a_table("DISCHARGE", "出院记录", counts="discharge"),
    a_table("CHARGE", "收费结算", domain="charge", rules=(TOTAL,)),
    a_table("CHARGE_ITEM", "收费明细", domain="charge", key=("no", "note")),
    a_table("REPORT", "月报", period=Period.MONTH, unique_in_store=False),
    a_table("STAFF", "人员名册", period=Period.SNAPSHOT, unique_in_store=False),
    a_table("PERSON", "个人基本信息", counts="basic-record", owed_by=DISTRICT),
    a_table("HTN", "高血压管理卡", counts="hypertension", owed_by=DISTRICT),
    a_table("DM", "糖尿病管理卡", counts="diabetes", owed_by=DISTRICT),
)
CATALOGUE = Catalogue({table.code: table for table in TABLES}, digest="feedback")


def city_time(day, hour=0, minute=0):
    """An instant of the city's day, in UTC."""
    return datetime.combine(day, time(hour, minute), CITY_ZONE).astimezone(UTC)


def token(number):
    """Stands for the keyed tokens of the lake."""
    return None if number is None else f"t-{number}"


class City(SimpleNamespace):
    """home, lake; what tests do all the time."""

    numbers = itertools.count(1)

    def send(
        self,
        unit="H1",
        table="VISIT",
        day=DAY,
        rows=10,
        *,
        at=None,
        bad=0,
        refused=None,
        hits=(),
        follow=True,
        declared=None,
        **more,
    ):
        """A batch that was checked: loaded (and standing now), or refused. at: city hours after
        the end of its day, or an instant. hits: {rule: count}.
        """
        table_ = CATALOGUE.tables[table]
        if not isinstance(at, datetime):
            end = city_time(day + timedelta(days=1))
            at = end + timedelta(hours=2 if at is None else at)
        number = next(self.numbers)
        batch = f"{number:032x}"
        if refused is None:
            models.Batch.objects.filter(unit_id=unit, table=table, day=day, current=True).update(
                current=False
            )
        row = models.Batch.objects.create(
            id=batch,
            unit_id=unit,
            table=table_.code,
            day=day,
            manifest="{}",
            digest=f"{number:064x}",
            content=f"{number:064x}",
            signature=b"",
            signer="",
            sent_at=at,
            received_at=at,
            via="drill",
            rows_declared=rows + bad if declared is None else declared,
            late_days=0,
            wrapped_key=b"",
            state="loaded" if refused is None else "refused",
            received=rows + bad,
            loaded=rows if refused is None else 0,
            quarantined=bad,
            problem=refused,
            current=refused is None,
            **more,
        )
        found = tuple(RuleHits(rule, count) for rule, count in dict(hits).items())
        if found:
            models.Report.objects.create(batch=row, hits=reading.pack_hits(found))
        if follow:
            with writing():
                following.follow([(unit, table, day)])
        return batch

    def lay(self, batch, rows=(), bad=()):
        """Rows of a batch into the lake. rows: dicts; bad: (line, rules, dict)."""
        row = models.Batch.objects.get(id=batch)
        table = CATALOGUE.tables[row.table]
        schema = schema_of(table)
        whole = [
            {"amend_flag": "1", **one, "_unit": row.unit_id, "_day": row.day, "_batch": batch,
             "_line": line}
            for line, one in enumerate(rows, 1)
        ]  # fmt: skip
        part = self._part(row, schema, whole, "good")
        self.lake.replace([part], table=table)
        faulty = [{**one, "_line": line, "_rules": rules} for line, rules, one in bad]
        part = self._part(row, fault_schema_of(table), faulty, "bad")
        self.lake.quarantine([part], table=table)

    def _part(self, row, schema, rows, name):
        files = ()
        if rows:
            path = self.home / f"{row.id}-{name}.parquet"
            columns = {field.name: [one.get(field.name) for one in rows] for field in schema}
            pq.write_table(pa.table(columns, schema=schema), path)
            handle = os.open(path, os.O_RDONLY)
            os.fsync(handle)
            os.close(handle)
            files = (Written(path, len(rows), path.stat().st_size),)
        return Part(row.table, row.unit_id, row.day, row.id, files)

    def load(self, *rows, unit="H1", table="VISIT", day=DAY, **more):
        """Send and lay rows; flags are counted as an engine would."""
        flags = [one.get("amend_flag", "1") for one in rows]
        batch = self.send(
            unit,
            table,
            day,
            len(rows),
            amended=flags.count("2"),
            withdrawn=flags.count("3"),
            **more,
        )
        self.lay(batch, rows)
        return batch


@pytest.fixture
def city(db, tmp_path, monkeypatch):
    """Three units, at ten on the tenth of December."""
    home = tmp_path / "home"
    home.mkdir()
    config = Config(home=home, values={setting.name: setting.default for setting in SETTINGS})
    monkeypatch.setattr("openrhip.kernel.config.current", lambda: config)
    monkeypatch.setattr("openrhip.collect.service.persons.current", lambda: config)
    made = City(home=home, lake=DeltaLake(home))
    stand_in = {
        "lake": made.lake,
        "catalogue": CATALOGUE,
        "seal": lambda values: [token(one) for one in values],
    }
    with (
        directory.using(keys=MemoryKeyRing.random(), ledger=MemoryLedger(), messages=NullSender()),
        doors.using(**stand_in),
        clock.frozen(AFTER),
    ):
        for code, name in NAMES.items():
            owner = "district" if code.startswith("D") else "hospital"
            kind = {"district": "district", "hospital": "hospital"}[owner]
            directory.register_institution(code=code, name=name, kind=kind)
            registry.register_unit(code=code, owner=owner)
        yield made


def without_digest():
    """The same catalogue, as a test may alter it: nothing of it is kept."""
    return replace(CATALOGUE, digest="")
