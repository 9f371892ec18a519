"""Every test of the directory has keys, a ledger and a sender of its own, all in memory."""

from datetime import date
from types import SimpleNamespace

import pytest

from openrhip.directory import service
from openrhip.directory.adapters.keys import MemoryKeyRing
from openrhip.directory.ports import NullSender
from openrhip.directory.rules.access import Actor, Role, Strength
from openrhip.directory.rules.numbers import check_digit
from openrhip.ledger.service import MemoryLedger


@pytest.fixture
def doors():
    made = SimpleNamespace(
        keys=MemoryKeyRing.random(), ledger=MemoryLedger(), messages=NullSender()
    )
    with service.using(keys=made.keys, ledger=made.ledger, messages=made.messages):
        yield made


@pytest.fixture
def clerk():
    return Actor(
        staff_code="clerk-1",
        institution_code="H1",
        roles=(Role.RECORDS_CLERK,),
        strength=Strength.SECOND_FACTOR,
    )


@pytest.fixture
def officer():
    return Actor(
        staff_code="off-1",
        institution_code="H1",
        roles=(Role.PRIVACY_OFFICER,),
        strength=Strength.SECOND_FACTOR,
    )


@pytest.fixture
def town(db, doors):
    """Two hospitals, a doctor, a patient and another person."""
    service.register_institution(
        code="H1", name="南京市第一医院", departments=[("01", "内科"), ("02", "外科")]
    )
    service.register_institution(code="H2", name="南京鼓楼医院")
    service.register_staff(code="doc1", name="李医生", institution_code="H1", department_code="01")
    service.register_staff(code="doc2", name="周医生", institution_code="H2")
    service.register_staff(
        code="clerk-1", name="赵管理员", institution_code="H1", roles=[Role.RECORDS_CLERK]
    )
    service.register_staff(
        code="off-1", name="钱专员", institution_code="H1", roles=[Role.PRIVACY_OFFICER]
    )
    patient = identity("王㛃", order=123)
    other = identity("龚䶮", order=125)
    return SimpleNamespace(
        patient=patient,
        other=other,
        citizen=Actor.citizen(patient),
        doctor=Actor(
            staff_code="doc1",
            institution_code="H1",
            department_code="01",
            roles=(Role.DOCTOR,),
            strength=Strength.SECOND_FACTOR,
        ),
    )


def identity(name, *, order):
    """Register a person with a valid number; answers the id."""
    first = f"32010219900101{order:03}"
    return service.identify(
        name=name,
        sex="1" if order % 2 else "2",
        birth_date=date(1990, 1, 1),
        id_number=first + check_digit(first),
        source="H1",
    ).person_id
