"""A centre that collects from two units, with a small catalogue and an engine that is a double."""

import csv
import io
import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openrhip.agent import manifest as manifests
from openrhip.collect.lake import DeltaLake
from openrhip.collect.lake.layout import fault_schema_of, schema_of
from openrhip.collect.ports import Engine
from openrhip.collect.rules.jobs import CheckResult, Example, RuleHits, Written
from openrhip.collect.rules.tables import (
    COMMON,
    Catalogue,
    Column,
    Owner,
    Period,
    Reference,
    Table,
    Type,
)
from openrhip.collect.service import doors, registry
from openrhip.directory import service as directory
from openrhip.directory.adapters.keys import MemoryKeyRing
from openrhip.directory.ports import NullSender
from openrhip.directory.service import machines, trust
from openrhip.formats.gm import devpki, sm3
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel import clock
from openrhip.kernel.config import SETTINGS, Config
from openrhip.kernel.errors import Malformed
from openrhip.ledger.service import MemoryLedger

PASSWORD = b"test"
NAMES = {"U1": "第一示范医院", "U2": "第二示范医院"}
# Certificates are made today: at ten in the morning of the city, of the day after DAY.
NOW = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)
DAY = NOW.date() - timedelta(days=1)
BOTH = frozenset(Owner)
HEAD = ("no", "n", "amend_flag", "org_code", "collected_at")


def a_table(code, **other):
    own = (
        Column("no", "号", "number", required=True),
        Column("n", "数", "count", Type.INTEGER),
        Column("person", "人", "person"),
    )
    given = {
        "period": Period.DAY, "key": ("no",), "columns": (*own, *COMMON), "unique_in_store": True,
    }  # fmt: skip
    return Table(
        code,
        code,
        code,
        "",
        "",
        "test",
        "test",
        owed_by=other.pop("owed_by", BOTH),
        **given | other,
    )


CATALOGUE = Catalogue(
    {
        "VISIT": a_table("VISIT", references=(Reference(("person",), "PERSON", ("no",), "city"),)),
        "PERSON": a_table("PERSON"),
        "MONTHLY": a_table("MONTHLY", period=Period.MONTH),
        "REGISTER": a_table("REGISTER", period=Period.SNAPSHOT, unique_in_store=False),
        "DISTRICTS": a_table("DISTRICTS", owed_by=frozenset({Owner.DISTRICT})),
    },
    digest="ca7a",
)


class DoubleEngine(Engine):
    """Rows whose `n` is no number are at fault; keys stored already as well."""

    name = "double"

    def __init__(self):
        self.checked = []
        self.before = lambda job: None

    def check(self, job):
        self.checked.append(job.batch)
        self.before(job)
        rows = [row for file in job.files for row in self._rows(file)]
        if rows and "no" not in rows[0]:
            raise Malformed("a column is missing", where="no")
        stored = set()
        fresh = [row["no"] for row in rows if row.get("amend_flag") == "1"]
        if job.known.stored and fresh:
            stored = set(job.known.stored(pa.table({"no": fresh}))["no"].to_pylist())
        good, bad = [], []
        for line, row in enumerate(rows, 1):
            broken = []
            if row["n"] and not row["n"].lstrip("-").isdecimal():
                broken.append(f"{job.table.code}.n.form")
            if row["no"] in stored and row.get("amend_flag") == "1":
                broken.append(f"{job.table.code}.key.unique-store")
            (bad if broken else good).append((line, row, broken))
        hits = {}
        for line, row, broken in bad:
            for rule in broken:
                hits.setdefault(rule, []).append(Example(line, "n", row["n"]))
        return CheckResult(
            received=len(rows),
            loaded=len(good),
            quarantined=len(bad),
            marked=0,
            amended=sum(row.get("amend_flag") == "2" for _, row, _ in good),
            withdrawn=sum(row.get("amend_flag") == "3" for _, row, _ in good),
            hits=tuple(
                RuleHits(rule, len(found), tuple(found[:10])) for rule, found in hits.items()
            ),
            good=(self._good(job, good),) if good else (),
            quarantine=self._bad(job, bad) if bad else None,
            engine=self.name,
        )

    def _rows(self, file):
        return csv.DictReader(io.StringIO(file.path.read_bytes().decode(file.encoding)))

    def _good(self, job, good):
        schema = schema_of(job.table)
        columns = {field.name: [] for field in schema}
        for line, row, _ in good:
            made = {
                **row, "collected_at": None, "n": int(row["n"]) if row["n"] else None, "_unit": job.unit, "_day": job.day,
                "_batch": job.batch, "_line": line,
            }  # fmt: skip
            for name, values in columns.items():
                values.append(made.get(name))
        return written(job.out / "good.parquet", pa.table(columns, schema=schema))

    def _bad(self, job, bad):
        schema = fault_schema_of(job.table)
        columns = {field.name: [] for field in schema}
        for line, row, broken in bad:
            made = {**row, "_line": line, "_rules": ",".join(broken)}
            for name, values in columns.items():
                values.append(made.get(name))
        return written(job.out / "bad.parquet", pa.table(columns, schema=schema))


def written(path, table):
    pq.write_table(table, path)
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    return Written(path, table.num_rows, path.stat().st_size)


def content(*rows):
    """CSV of rows (no, n, flag); n and flag may be left out."""
    lines = [",".join(HEAD)]
    for row in rows:
        no, n, flag = (*row, *("1", "1")[len(row) - 1 :])
        lines.append(f"{no},{n},{flag},123456789,2020-11-05 08:00:00")
    return ("\n".join(lines) + "\n").encode()


class Keys:
    """Keys of the units, made once for the session."""

    def __init__(self, folder):
        self.folder = folder
        devpki.create(
            folder,
            institutions=[devpki.DevInstitution(code, name) for code, name in NAMES.items()],
            staff=[devpki.DevStaff("S1", "沈立新", "U1")],
            password=PASSWORD,
        )
        self.signers = {
            code: SoftwareSigner.load(folder / "institutions", code, PASSWORD) for code in NAMES
        }
        self.staff = SoftwareSigner.load(folder / "staff", "S1", PASSWORD)


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("store-keys"))


@pytest.fixture
def home(tmp_path, keys, monkeypatch):
    values = {setting.name: setting.default for setting in SETTINGS}
    config = Config(home=tmp_path / "home", values=values | {"trust": str(keys.folder / "trust")})
    config.home.mkdir()
    for module in (trust, doors):
        monkeypatch.setattr(module, "current", lambda: config)
    machines._valid.clear()
    return config.home


class Centre(SimpleNamespace):
    """home, ledger, engine, lake; and what tests do all the time."""

    def rows(self, table="VISIT", **asked):
        """(unit, day, no, n) of what stands, in order."""
        sql = self.lake.sql(CATALOGUE.tables[table], **asked)
        with duckdb.connect() as connection:
            return connection.sql(
                f"SELECT _unit, _day, no, n FROM ({sql}) ORDER BY ALL"  # noqa: S608
            ).fetchall()

    def numbers(self, table="VISIT", **asked):
        return [row[2] for row in self.rows(table, **asked)]

    def faults(self, state):
        path = self.lake.quarantine_file(table=state.table, day=state.day, batch=state.id)
        return pq.read_table(path).to_pylist() if path else []


@pytest.fixture
def place(home, db):
    """The centre, at ten in the morning of the day after DAY."""
    made = Centre(home=home, ledger=MemoryLedger(), engine=DoubleEngine(), lake=DeltaLake(home))
    stand_in = {"engine": made.engine, "lake": made.lake, "catalogue": CATALOGUE, "seal": list}
    with (
        directory.using(keys=MemoryKeyRing.random(), ledger=made.ledger, messages=NullSender()),
        doors.using(**stand_in),
        clock.frozen(NOW),
    ):
        for code, name in NAMES.items():
            directory.register_institution(code=code, name=name)
            registry.register_unit(code=code, owner="hospital", tolerance="0.5")
        yield made


class Sender:
    """A unit that signs and sends."""

    def __init__(self, keys, code):
        self.code = code
        self.signer = keys.signers[code]

    def envelope(self, data, *, table="VISIT", day=DAY, sent_at=NOW, rows=None, name="a.csv", **by):
        described = manifests.BatchFile(
            name=name,
            format="csv",
            rows=max(0, data.count(b"\n") - 1) if rows is None else rows,
            size=len(data),
            sm3=sm3.hexdigest(data),
            encoding="utf-8",
            delimiter=",",
        )
        made = manifests.build(
            unit=by.get("unit", self.code), table=table, day=day, files=[described], sent_at=sent_at
        )
        return manifests.sign(made, by.get("signer", self.signer)).encode()

    def send(self, *rows, data=None, via="cli", received_at=None, **about):
        """Receive a batch of these rows; its state."""
        from openrhip.collect import service

        data = content(*rows) if data is None else data
        return service.receive(
            envelope=self.envelope(data, **about),
            open_file=lambda name: io.BytesIO(data),
            via=via,
            received_at=received_at,
        )

    def load(self, *rows, **about):
        """Receive and process."""
        from openrhip.collect import service

        return service.process(batch_id=self.send(*rows, **about).id)


@pytest.fixture
def unit(place, keys):
    return Sender(keys, "U1")


@pytest.fixture
def other(place, keys):
    return Sender(keys, "U2")
