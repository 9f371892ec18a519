"""The centre's web process is killed while hospitals deposit: every receipt that was given stays true.

The real server (granian with two workers) and the real ledger process; all web processes get
SIGKILL at once. Rounds: OPENRHIP_CENTRE_KILL_ROUNDS (default 4).
"""

from __future__ import annotations

import os
import random
import threading
import time

import pytest
from centre import City, Hospital, check

from openrhip.formats.cda.samples import city

ROUNDS = int(os.environ.get("OPENRHIP_CENTRE_KILL_ROUNDS", "4"))
CLIENTS = 3

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]


@pytest.fixture
def place(tmp_path):
    made = City(tmp_path / "home")
    yield made
    made.stop()


def test_every_receipt_outlives_kill_9(place):
    hospital = Hospital(place, city.JINLING.code)
    stop = threading.Event()
    threads = [threading.Thread(target=hospital.work, args=(stop,)) for _ in range(CLIENTS)]
    place.start_web()
    for thread in threads:
        thread.start()
    try:
        for _ in range(ROUNDS):
            time.sleep(random.uniform(0.3, 1.5))  # noqa: S311
            place.kill_web()
            place.start_web()
        hospital.settle()
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    check(place, hospital)
