"""Inputs that fuzzing kept: each is read, or refused by a typed error, and quickly.

`python tools/fuzz.py TARGET` looks for new ones; what once broke a reader stays here for good.
"""

from pathlib import Path

import fuzz_targets
import pytest
from fuzz_seeds import seeds

KEPT = Path(__file__).parents[1] / "vectors" / "fuzz"


@pytest.mark.parametrize("target", fuzz_targets.TARGETS)
def test_kept_inputs_are_read_or_refused(target):
    files = sorted((KEPT / target).glob("*"))
    assert files
    for file in files:
        fuzz_targets.run(target, file.read_bytes())  # anything but a Problem fails the test


@pytest.mark.parametrize("target", fuzz_targets.TARGETS)
def test_seeds_are_sound(target):
    assert all(fuzz_targets.run(target, seed) for seed in seeds(target))
