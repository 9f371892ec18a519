"""The site's tests: a directory in memory, a ledger, a doctor with an account, a citizen."""

from datetime import date
from types import SimpleNamespace

import pyotp
import pytest

from openrhip.directory import service as directory
from openrhip.directory.adapters.keys import MemoryKeyRing
from openrhip.directory.ports import NullSender
from openrhip.kernel import clock
from openrhip.ledger.service import MemoryLedger
from openrhip.site.accounts.service import factors, staff

PASSWORD = "correct horse battery"
CITIZEN = ("王建国", "320100195304129931")


@pytest.fixture(autouse=True)
def quick(settings):
    """Quick hashing; development off unless a test turns it on."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.DEVELOPMENT = False


@pytest.fixture
def doors():
    made = SimpleNamespace(
        keys=MemoryKeyRing.random(), ledger=MemoryLedger(), messages=NullSender()
    )
    with directory.using(keys=made.keys, ledger=made.ledger, messages=made.messages):
        yield made


@pytest.fixture
def city(db, doors):
    """One hospital with a doctor and an operator; one citizen with a telephone."""
    directory.register_institution(code="H1", name="金陵示范医院", departments=[("01", "内科")])
    directory.register_staff(code="D1", name="沈立新", institution_code="H1", department_code="01")
    directory.register_staff(
        code="O1", name="罗运维", institution_code="H1", roles=[directory.Role.OPERATOR]
    )
    person = directory.identify(
        name=CITIZEN[0],
        sex="1",
        birth_date=date(1953, 4, 12),
        id_number=CITIZEN[1],
        phone="13900000001",
        source="H1",
    ).person_id
    return SimpleNamespace(
        person=person,
        doctor=staff.create_account(name="Shen", password=PASSWORD, staff_code="D1"),
        operator=staff.create_account(name="luo", password=PASSWORD, staff_code="O1"),
        doors=doors,
    )


@pytest.fixture
def totp():
    """Bind an app to an account; answers a function that tells the code of the present moment."""

    def bind(account):
        secret = factors.new_secret()
        app = pyotp.TOTP(secret)
        assert factors.enrol_totp(
            account=account.id, secret=secret, code=app.at(clock.now()), address="test"
        )
        return lambda: app.at(clock.now())

    return bind


@pytest.fixture
def signed_in(client, city, totp):
    """The test client, signed in as the doctor, by both steps."""
    from datetime import timedelta

    with clock.frozen(clock.now() - timedelta(minutes=5)):
        code = totp(city.doctor)
    client.post("/staff/sign-in/", {"name": "shen", "password": PASSWORD})
    answer = client.post("/staff/second-step/", {"code": code()})
    assert answer.status_code == 302
    return client
