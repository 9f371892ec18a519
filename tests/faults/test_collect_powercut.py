"""The power of the disk is cut while batches are received and loaded; or the disk is full.

Originals, lake, database, keys and ledger lie on the disk. Rounds: OPENRHIP_COLLECT_CUT_ROUNDS
(default 2).
"""

from __future__ import annotations

import os
import random
import time

import pytest
from collecting import Collection, check_in_between, check_in_the_end, end

ROUNDS = int(os.environ.get("OPENRHIP_COLLECT_CUT_ROUNDS", "2"))

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]


@pytest.fixture
def place(disk, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENRHIP_COLLECT_CATALOGUE", "")
    made = Collection(disk.path / "home", tmp_path / "aside", days=2, times=max(3, ROUNDS))
    yield made
    made.stop()


def finish(place):
    """Send what is left and load all of it."""
    while place.next < len(place.sendings):
        sender = place.sender()
        sender.wait(300)
        assert place.note(sender) == []
    loader = place.loader(idle=25)
    assert loader.wait(300) == 0
    loader.stdout.close()
    check_in_the_end(place)


def test_what_was_acknowledged_outlives_a_power_cut(disk, place):
    chance = random.Random()  # noqa: S311
    for number in range(ROUNDS):
        loader, sender = place.loader(), place.sender()
        time.sleep(chance.uniform(0.3, 2.5))
        # Every other cut keeps a random part of what was not synced, as disks do.
        disk.cut(seed=chance.randrange(1 << 30) if number % 2 else None)
        end(sender, loader)
        loader.stdout.close()
        place.note(sender)
        place.kill_ledger()
        disk.restore()
        place.start_ledger()
        check_in_between(place.inspect())
    finish(place)


def test_a_full_disk_is_told_and_leaves_nothing_half(disk, place):
    chance = random.Random()  # noqa: S311
    told = []
    for room in (0, 30_000, chance.randrange(200_000)):
        loader = place.loader()
        disk.fill(room)
        sender = place.sender()
        try:
            sender.wait(120)  # it ends when it is told that something is unavailable
        finally:
            end(sender, loader)
            disk.fill(None)
        loader.stdout.close()
        told += place.note(sender)
        check_in_between(place.inspect())
        if place.next == len(place.sendings):
            break
    assert set(told) <= {"unavailable"}
    assert told, "the disk was never found full"
    finish(place)
