"""A centre with a district and two hospitals, whose rows lie in a real lake of the real catalogue.

`city.lay` writes rows as the engine would; columns that are not told are empty.
"""

import itertools
import os
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openrhip.collect import catalogue, models
from openrhip.collect.lake import DeltaLake
from openrhip.collect.lake.layout import schema_of
from openrhip.collect.rules.jobs import Part, Written
from openrhip.collect.service import asking, doors, registry
from openrhip.directory import service as directory
from openrhip.directory.adapters.keys import MemoryKeyRing
from openrhip.directory.ports import NullSender
from openrhip.directory.service import Actor, Role, Strength
from openrhip.kernel import clock, config
from openrhip.kernel.config import SETTINGS, Config
from openrhip.ledger.service import MemoryLedger

NAMES = {"D1": "江宁区", "H1": "第一示范医院", "H2": "第二示范医院"}
NOW = datetime(2020, 12, 10, 2, 0, tzinfo=UTC)
DAY = date(2020, 11, 5)
CATALOGUE = catalogue.load()


def person(code="A1", *roles, strength=Strength.SECOND_FACTOR, institution="CENTRE"):
    """A member of staff; an analyst unless told otherwise."""
    return Actor(
        staff_code=code,
        institution_code=institution,
        roles=roles or (Role.ANALYST,),
        strength=strength,
    )


class City(SimpleNamespace):
    """home, lake, ledger, settings; and what tests do all the time."""

    numbers = itertools.count(1)
    analyst = person()
    officer = person("P1", Role.ANALYST, Role.PRIVACY_OFFICER)

    def lay(self, code, rows, *, unit="H1", day=DAY):
        """Rows (dictionaries) as the batch that stands."""
        table = CATALOGUE.tables[code]
        schema = schema_of(table)
        batch = f"{next(self.numbers):032x}"
        made = [
            {
                "amend_flag": "1", "org_code": unit, **row, "_unit": unit, "_day": day,
                "_batch": batch, "_line": number,
            }
            for number, row in enumerate(rows, 1)
        ]  # fmt: skip
        columns = {field.name: [row.get(field.name) for row in made] for field in schema}
        path = self.home / f"{batch}.parquet"
        pq.write_table(pa.table(columns, schema=schema), path)
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        written = Written(path, len(made), path.stat().st_size)
        self.lake.replace([Part(code, unit, day, batch, (written,))], table=table)
        return batch

    def ask(self, text, *, by=None, wait=20.0, **more):
        """The run, over."""
        return asking.ask(text=text, by=by or self.analyst, wait=wait, **more)

    def rows(self, text, **more):
        from openrhip.collect.service import asking_answers

        run = self.ask(text, **more)
        assert run.state == "answered", (run.problem, run.where, run.reason)
        return asking_answers.rows(run, by=more.get("by") or self.analyst)

    def entries(self):
        """(action, count, reason, tables) of the entries of queries."""
        found = [entry.fields for entry in self.ledger.entries if entry.kind == "query"]
        return [
            (one["action"], one["count"], one.get("reason_code"), one.get("document_kind"))
            for one in found
        ]

    def cover(self, **cell):
        given = {"unit": "H1", "table": "OP_VISIT", "day": DAY, "came": True, "rows": 10}
        models.CoverageCell.objects.create(**given | cell)


@pytest.fixture
def city(tmp_path, db, monkeypatch):
    values = {setting.name: setting.default for setting in SETTINGS}
    settings = Config(home=tmp_path / "home", values=values)
    settings.home.mkdir()
    monkeypatch.setattr(doors, "current", lambda: settings)
    monkeypatch.setattr(config, "current", lambda: settings)
    made = City(
        home=settings.home, lake=DeltaLake(settings.home), ledger=MemoryLedger(), settings=values
    )
    with (
        directory.using(keys=MemoryKeyRing.random(), ledger=made.ledger, messages=NullSender()),
        doors.using(lake=made.lake, catalogue=CATALOGUE),
        clock.frozen(NOW),
    ):
        directory.register_institution(code="CENTRE", name="市卫生信息中心", kind="centre")
        for code, name in NAMES.items():
            owner = "district" if code == "D1" else "hospital"
            directory.register_institution(code=code, name=name, kind=owner)
            registry.register_unit(code=code, owner=owner)
        yield made
