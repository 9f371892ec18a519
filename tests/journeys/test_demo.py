"""The demo as a newcomer starts it: one command, everything up, everything fed, a clean end."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]


def demo(home, *more):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("OPENRHIP", "DJANGO"))
    }
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "openrhip",
            "demo",
            "--home",
            str(home),
            "--port",
            "0",
            "--once",
            "--json",
            *more,
        ],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=380,
    )


def test_the_demo_comes_up_and_ends_cleanly(tmp_path):
    """Given a fresh machine, when the demo runs, then every sample is archived and faults are refused."""
    from openrhip.formats import cda

    home = tmp_path / "demo"
    answer = demo(home)
    assert answer.returncode == 0, answer.stderr[-2000:]
    shown = json.loads(answer.stdout)
    assert shown["counts"]["acknowledged"] == len(cda.samples(demo=True))
    assert shown["counts"]["refused"] == 2
    assert {one["name"] for one in shown["accounts"]} == {
        "shenlixin",
        "panguohua",
        "yunwei",
        "bingan",
        "yinsi",
        "fenxi",
        "jinlingshuju",
    }
    assert shown["batches"] > 200
    refused = [path.name for path in (home / "nodes").glob("*/refused/*.refusal.json")]
    assert sorted(refused) == [
        "broken-identity.xml.refusal.json",
        "broken-truncated.xml.refusal.json",
    ]
    # Nothing runs on: the ledger and the nodes have let go of their locks.
    again = demo(home, "--keep")
    assert again.returncode == 0, again.stderr[-2000:]


def test_a_folder_that_is_no_demo_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("do not delete")
    answer = demo(tmp_path)
    assert answer.returncode == 7
    assert (tmp_path / "thesis.txt").exists()
