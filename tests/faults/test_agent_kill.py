"""A hospital's node is killed again and again, at any point, against a centre that fails too.

Every record that was put into the folder arrives exactly once, and its receipt comes back.
Rounds: OPENRHIP_AGENT_KILL_ROUNDS (default 15).
"""

from __future__ import annotations

import json
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

ROUNDS = int(os.environ.get("OPENRHIP_AGENT_KILL_ROUNDS", "15"))
PER_ROUND = 3

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]


@pytest.fixture
def node(tmp_path):
    make_keys(tmp_path / "pki")
    centre = FlakyCentre()
    home = tmp_path / "node"
    agent.init(
        home,
        institution=city.JINLING.code,
        centre_url=centre.url,
        keys=tmp_path / "pki",
        poll_seconds="0.05",
        part_bytes="30000",
    )
    yield home, centre
    centre.shutdown()
    centre.server_close()


def drop(home, source):
    """Write as a careful system does: under a name that is not taken, then renamed."""
    name, content = source
    path = home / "inbox" / name
    path.with_suffix(".part").write_bytes(content)
    path.with_suffix(".part").replace(path)
    return sm3.hexdigest(content)


def wait_until_done(home, wanted, seconds=900):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        agent.retry(home)  # what waits for its back-off goes on at once
        if agent.status(home, most=1).counts["acknowledged"] >= wanted:
            return
        time.sleep(0.2)
    raise AssertionError(agent.status(home, most=1))


def test_killed_at_any_point_nothing_is_lost_or_doubled(node, tmp_path):
    home, centre = node
    chance = random.Random()  # noqa: S311
    source = records(city.JINLING.code)
    wanted = set()
    with Nursery(tmp_path / "nodes.log") as nursery:
        for _ in range(ROUNDS):
            wanted |= {drop(home, one) for one in islice(source, PER_ROUND)}
            pid = nursery.start(home)
            time.sleep(chance.uniform(0.05, 1.2))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        centre.trouble = 0.0
        pid = nursery.start(home)
        wait_until_done(home, len(wanted))
        time.sleep(0.5)
        os.kill(pid, signal.SIGTERM)
    assert set(centre.sources) == wanted
    assert all(len(sealed) == 1 for sealed in centre.sources.values())  # sealed once each
    assert set(centre.accepted.values()) == {1}  # deposited once each
    assert not list((home / "inbox").glob("*.xml"))
    assert len(list((home / "done").glob("*.xml"))) == len(wanted)
    for receipt in (home / "done").glob("*.receipt.json"):
        assert json.loads(receipt.read_text())["accepted"]


def test_sigterm_ends_the_node_cleanly(node, tmp_path):
    home, _ = node
    with Nursery(tmp_path / "nodes.log") as nursery:
        pid = nursery.start(home)
        time.sleep(0.5)
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                break
            time.sleep(0.05)
        else:
            pytest.fail("the node did not end")
    agent.status(home)


def test_two_nodes_on_one_folder_are_refused(node):
    from openrhip.kernel.errors import Conflict

    home, _ = node
    first = agent.open_node(home)
    with pytest.raises(Conflict):
        agent.open_node(home)
    first.close()
