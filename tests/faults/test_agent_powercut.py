"""The power of a hospital's node is cut: its queue and files are on the disk, all arrives once.

Rounds: OPENRHIP_AGENT_CUT_ROUNDS (default 5).
"""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from itertools import islice

import pytest
from hospital import FlakyCentre, Nursery, make_keys, records

from openrhip.agent import service as agent
from openrhip.formats.cda.samples import city
from openrhip.formats.gm import sm3
from openrhip.kernel.files import write_durably

ROUNDS = int(os.environ.get("OPENRHIP_AGENT_CUT_ROUNDS", "5"))
PER_ROUND = 3

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]


def test_a_power_cut_loses_and_doubles_nothing(disk, tmp_path):
    make_keys(tmp_path / "pki")
    centre = FlakyCentre(trouble=0.05)
    home = disk.path / "node"
    agent.init(
        home,
        institution=city.JINLING.code,
        centre_url=centre.url,
        keys=tmp_path / "pki",
        poll_seconds="0.05",
        part_bytes="30000",
    )
    chance = random.Random()  # noqa: S311
    source = records(city.JINLING.code)
    wanted = set()
    with Nursery(tmp_path / "nodes.log") as nursery:
        for number in range(ROUNDS):
            for name, content in islice(source, PER_ROUND):
                write_durably(home / "inbox" / name, content)
                wanted.add(sm3.hexdigest(content))
            pid = nursery.start(home)
            time.sleep(chance.uniform(0.3, 2.0))
            disk.cut(seed=chance.randrange(1 << 30) if number % 2 else None)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)
            disk.restore()
        centre.trouble = 0.0
        pid = nursery.start(home)
        deadline = time.monotonic() + 600
        while agent.status(home, most=1).counts["acknowledged"] < len(wanted):
            assert time.monotonic() < deadline, agent.status(home, most=1)
            agent.retry(home)
            time.sleep(0.3)
        time.sleep(1.0)
        os.kill(pid, signal.SIGTERM)
    assert set(centre.sources) == wanted
    assert all(len(sealed) == 1 for sealed in centre.sources.values())
    assert set(centre.accepted.values()) == {1}
    assert not list((home / "inbox").glob("*.xml"))
    centre.shutdown()
    centre.server_close()
