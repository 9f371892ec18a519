"""The power of the centre's disk is cut while hospitals deposit: nothing acknowledged is lost.

Database, document store, uploads, keys and ledger lie on the disk. Rounds:
OPENRHIP_CENTRE_CUT_ROUNDS (default 2).
"""

from __future__ import annotations

import os
import random
import threading
import time

import pytest
from centre import City, Hospital, check

from openrhip.formats.cda.samples import city

ROUNDS = int(os.environ.get("OPENRHIP_CENTRE_CUT_ROUNDS", "2"))

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]


def test_every_receipt_outlives_a_power_cut(disk):
    place = City(disk.path / "home")
    hospital = Hospital(place, city.JINLING.code)
    stop = threading.Event()
    threads = [threading.Thread(target=hospital.work, args=(stop,)) for _ in range(2)]
    chance = random.Random()  # noqa: S311
    try:
        place.start_web()
        for thread in threads:
            thread.start()
        for number in range(ROUNDS):
            time.sleep(chance.uniform(1.0, 3.0))
            # Every other cut keeps a random part of what was not synced, as disks do.
            disk.cut(seed=chance.randrange(1 << 30) if number % 2 else None)
            place.kill_web()
            place.kill_ledger()
            disk.restore()
            place.start_ledger()
            place.start_web()
        hospital.settle()
        stop.set()
        for thread in threads:
            thread.join(60)
        check(place, hospital)
    finally:
        stop.set()
        place.stop()
