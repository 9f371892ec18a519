"""A few units of the golden month, sent, checked and loaded by a real centre, printed anew.

The whole month at one hundredth is `make bench NAME=golden_month`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("golden")  # one run for all of them
ROOT = Path(__file__).parents[2]
UNITS = ("秦淮区", "江苏省中医院", "江苏省口腔医院")


@pytest.fixture(scope="module")
def printed():
    """The closing line of the benchmark over these units, at a two-thousandth."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.golden_month"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if "DATABASE" not in name},
            "OPENRHIP_BENCH_SCALE": "0.0005",
            "OPENRHIP_BENCH_UNITS": " ".join(UNITS),
        },
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_cell_is_printed_as_scaled(printed):
    assert printed["value"] == 0
    assert printed["rows"] > 10_000


@pytest.mark.parametrize("name", UNITS)
def test_the_odd_ones_are_found(printed, name):
    assert any(name in names for names in printed["oddities"].values())


def test_the_oddities_that_the_bulletin_shows_are_named(printed):
    found = printed["oddities"]
    assert "江苏省中医院" in found["more-upload-days"]
    assert "秦淮区" in found["tables-without-rows"]
    assert "江苏省口腔医院" in found["never-declared"]
