"""Two units with keys, a centre that collects from them, and batches made of plain CSV."""

from datetime import date
from types import SimpleNamespace

import pytest
from django.test import Client

from openrhip.agent import manifest as manifests
from openrhip.agent import wire
from openrhip.collect.service import doors, registry
from openrhip.directory import service as directory
from openrhip.directory.adapters.keys import MemoryKeyRing
from openrhip.directory.ports import NullSender
from openrhip.directory.service import machines, trust
from openrhip.formats.gm import devpki, sm3
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel.config import SETTINGS, Config
from openrhip.ledger.service import MemoryLedger

PASSWORD = b"test"
NAMES = {"U1": "第一示范医院", "U2": "第二示范医院"}
DAY = date(2020, 11, 5)
BASE = "/api/collect"


class Keys:
    """Keys of the two units, made once for the session."""

    def __init__(self, folder):
        self.folder = folder
        devpki.create(
            folder,
            institutions=[devpki.DevInstitution(code, name) for code, name in NAMES.items()],
            staff=[devpki.DevStaff("S1", "沈立新", "U1")],
            password=PASSWORD,
        )
        (folder / "password").write_bytes(PASSWORD)

    def signer(self, code, kind="institutions"):
        return SoftwareSigner.load(self.folder / kind, code, PASSWORD)


@pytest.fixture(scope="session")
def keys(tmp_path_factory):
    return Keys(tmp_path_factory.mktemp("unit-keys"))


@pytest.fixture
def home(tmp_path, keys, monkeypatch):
    values = {setting.name: setting.default for setting in SETTINGS}
    config = Config(home=tmp_path / "home", values=values | {"trust": str(keys.folder / "trust")})
    config.home.mkdir()
    for module in (trust, doors):
        monkeypatch.setattr(module, "current", lambda: config)
    machines._valid.clear()
    return config.home


@pytest.fixture
def centre(home, db):
    """A centre that both units are registered with."""
    made = SimpleNamespace(home=home, ledger=MemoryLedger(), keys=MemoryKeyRing.random())
    with directory.using(keys=made.keys, ledger=made.ledger, messages=NullSender()):
        for code, name in NAMES.items():
            directory.register_institution(code=code, name=name)
            registry.register_unit(code=code, owner="hospital")
        yield made


class Sender:
    """A unit: signs manifests and requests."""

    def __init__(self, keys, code):
        self.code = code
        self.signer = keys.signer(code)
        self.client = Client()

    def envelope(self, files, *, table="OP_VISIT", day=DAY, unit=None, signer=None, **about):
        """files: name → content."""
        described = [
            manifests.BatchFile(
                name=name,
                format="csv",
                rows=max(0, content.count(b"\n") - 1),
                size=len(content),
                sm3=sm3.hexdigest(content),
                encoding="utf-8",
                delimiter=",",
            )
            for name, content in files.items()
        ]
        made = manifests.build(
            unit=unit or self.code, table=table, day=day, files=described, **about
        )
        return manifests.sign(made, signer or self.signer).encode()

    def call(self, method, target, body=b""):
        request = wire.sign(
            method=method,
            host="testserver",
            target=BASE + target,
            institution=self.code,
            signer=self.signer,
            body=body,
        )
        return self.client.generic(
            method,
            request.target,
            body,
            content_type="application/json",
            headers=request.headers(),
        )

    def part(self, upload_id, place, number, offset, piece):
        query = f"?offset={offset}&sm3={sm3.hexdigest(piece)}"
        return self.call("PUT", f"/uploads/{upload_id}/files/{place}/parts/{number}{query}", piece)


@pytest.fixture
def unit(centre, keys):
    return Sender(keys, "U1")


@pytest.fixture
def other(centre, keys):
    return Sender(keys, "U2")


@pytest.fixture
def visits():
    """Content of a CSV file; nothing here judges its rows."""
    return b"visit_no,name\nV1,\xe7\x8e\x8b\xe4\xba\x94\nV2,\xe6\x9d\x8e\xe5\x9b\x9b\n"
