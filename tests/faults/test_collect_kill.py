"""Processes that receive and load batches are killed at any point; two of each work at once.

What was acknowledged is loaded, wholly and once, and the last sending of a day stands.
Rounds: OPENRHIP_COLLECT_KILL_ROUNDS (default 4).
"""

from __future__ import annotations

import os
import random
import time

import pytest
from collecting import Collection, check_in_between, check_in_the_end, end

ROUNDS = int(os.environ.get("OPENRHIP_COLLECT_KILL_ROUNDS", "4"))

pytestmark = [pytest.mark.fault, pytest.mark.timeout(7200)]


def test_batches_are_whole_or_absent_whenever_processes_are_killed(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENRHIP_COLLECT_CATALOGUE", "")
    place = Collection(tmp_path / "home", tmp_path / "aside", days=3, times=max(3, ROUNDS // 2))
    try:
        for number in range(ROUNDS):
            loaders = [place.loader(), place.loader()]
            senders = [place.sender(), place.sender()]  # both send the same, at once
            time.sleep(random.uniform(0.1, 1.2))  # noqa: S311
            end(*random.sample([*loaders, *senders], 4))
            for sender in senders:
                place.note(sender)
            for loader in loaders:
                loader.stdout.close()
            if number == ROUNDS - 1:
                check_in_between(place.inspect())
        while place.next < len(place.sendings):
            sender = place.sender()
            sender.wait(300)
            assert place.note(sender) == []
        loader = place.loader(idle=25)
        assert loader.wait(300) == 0
        loader.stdout.close()
        check_in_the_end(place)
    finally:
        place.stop()
