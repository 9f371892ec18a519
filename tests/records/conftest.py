"""A city in miniature for the tests of records: two hospitals with keys, seals and staff."""

from types import SimpleNamespace

import pytest

from openrhip.directory import service as directory
from openrhip.directory.adapters.keys import MemoryKeyRing
from openrhip.directory.ports import NullSender
from openrhip.directory.service import Actor, Role, Strength, trust
from openrhip.formats import cda, ofd
from openrhip.formats.cda.samples import city
from openrhip.formats.gm import devpki, tsp
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel.config import SETTINGS, Config
from openrhip.ledger.service import MemoryLedger
from openrhip.records import service
from openrhip.records.service import evidence, vault

PASSWORD = b"test"


def _picture():
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGBA", (80, 80), (200, 0, 0, 90)).save(out, "PNG")
    return out.getvalue()


class Pki:
    """Keys of the sample city, made once for the session."""

    def __init__(self, folder):
        self.folder = folder
        devpki.create(
            folder,
            institutions=[devpki.DevInstitution(i.code, i.name) for i in city.INSTITUTIONS],
            staff=[
                devpki.DevStaff(s.code, s.name, i.code) for i in city.INSTITUTIONS for s in i.staff
            ],
            password=PASSWORD,
        )
        (folder / "password").write_bytes(PASSWORD)
        self.tsa = tsp.LocalTimestamper(tsp.Authority(self.signer("tsa", "tsa")))
        maker = self.signer("maker", "maker")
        self.seals = {}
        for one in city.INSTITUTIONS:
            seal = ofd.Seal.create(
                name=one.name,
                owners=[self.signer("institutions", one.code).certificate],
                maker=maker,
                picture=_picture(),
            )
            self.seals[one.code] = seal
            (folder / "seals").mkdir(exist_ok=True)
            (folder / "seals" / f"{one.code}.esl").write_bytes(seal.der)

    def signer(self, kind, code):
        return SoftwareSigner.load(self.folder / kind, code, PASSWORD)

    def sealed(self, source, *, institution=None, author=None, unsigned=None):
        """A sample CDA laid out, signed, sealed and timestamped by whom it names."""
        document = cda.parse(source)
        author = author or next(a.code for a in document.authors if a.code)
        institution = institution or document.custodian.code
        data = unsigned or cda.lay_out(document, source=source)
        data = ofd.sign(data, signer=self.signer("staff", author), timestamper=self.tsa)
        return ofd.seal(
            data,
            seal=self.seals[institution],
            signer=self.signer("institutions", institution),
            timestamper=self.tsa,
        )


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="session")
def samples():
    return cda.samples()


@pytest.fixture(scope="session")
def summary_v1(pki, samples):
    """A sealed discharge summary of 金陵示范医院."""
    return pki.sealed(samples["C0053/wang-jl-1.xml"])


@pytest.fixture(scope="session")
def summary_v2(pki, samples):
    """Its correction."""
    return pki.sealed(samples["C0053/wang-jl-2.xml"])


@pytest.fixture
def home(tmp_path, pki, monkeypatch):
    """A home folder of its own; nothing cached from other tests."""
    values = {setting.name: setting.default for setting in SETTINGS}
    config = Config(home=tmp_path / "home", values=values | {"trust": str(pki.folder / "trust")})
    for module in (trust, vault, evidence):
        monkeypatch.setattr(module, "current", lambda: config)
    cached = (vault.store, vault.keeper, evidence._secret)
    for function in cached:
        function.cache_clear()
    yield config.home
    for function in cached:
        function.cache_clear()


@pytest.fixture
def centre(home, db):
    """The centre with its directory filled; `ledger.entries` for assertions."""
    made = SimpleNamespace(
        home=home, ledger=MemoryLedger(), keys=MemoryKeyRing.random(), messages=NullSender()
    )
    with directory.using(keys=made.keys, ledger=made.ledger, messages=made.messages):
        register_city()
        yield made


def register_city():
    for one in city.INSTITUTIONS:
        directory.register_institution(
            code=one.code,
            name=one.name,
            aliases=one.aliases,
            departments=[(d.code, d.name) for d in one.departments],
        )
        for staff in one.staff:
            directory.register_staff(
                code=staff.code,
                name=staff.name,
                institution_code=one.code,
                department_code=staff.department,
            )


@pytest.fixture
def jinling():
    return city.JINLING.code


@pytest.fixture
def xuanwuhu():
    return city.XUANWUHU.code


@pytest.fixture
def doctor():
    """A doctor of the depositing hospital."""
    return Actor(
        staff_code="JL0101",
        institution_code=city.JINLING.code,
        department_code="03.04",
        roles=(Role.DOCTOR,),
        strength=Strength.SECOND_FACTOR,
        name="沈立新",
    )


@pytest.fixture
def stranger():
    """A doctor of the other hospital, without a treatment relation."""
    return Actor(
        staff_code="XW0101",
        institution_code=city.XUANWUHU.code,
        department_code="03.01",
        roles=(Role.DOCTOR,),
        strength=Strength.SECOND_FACTOR,
        name="潘国华",
    )


@pytest.fixture
def treated_at():
    """Say that the patient of a document is being treated at an institution now."""

    def note(document_id, institution_code):
        directory.note_relation(
            person_id=service.document(document_id).person_id,
            institution_code=institution_code,
            source="test",
        )

    return note
