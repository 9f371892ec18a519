"""A disk whose power can be cut, for every room's fault tests: the fixture `disk`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import powercut


@pytest.fixture
def disk():
    """A mounted `powercut.Disk`: work below `disk.path`, then `disk.cut()` and `disk.restore()`."""
    if reason := powercut.missing():
        pytest.skip(reason)
    with (
        tempfile.TemporaryDirectory(prefix="powercut-") as folder,
        powercut.Disk(Path(folder)) as mounted,
    ):
        yield mounted
