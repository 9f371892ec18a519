"""Every test of the directory has keys, a ledger and a sender of its own, all in memory."""

from types import SimpleNamespace

import pytest

from openrhip.directory import service
from openrhip.directory.adapters.keys import MemoryKeyRing
from openrhip.directory.ports import NullSender
from openrhip.directory.rules.access import Actor, Role, Strength
from openrhip.ledger.service import MemoryLedger


@pytest.fixture
def doors():
    made = SimpleNamespace(keys=MemoryKeyRing.random(), ledger=MemoryLedger(), messages=NullSender())
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
