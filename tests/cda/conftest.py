"""Every test here stands at a fixed time, later than all samples."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from openrhip.kernel import clock


@pytest.fixture(autouse=True)
def _at_a_fixed_time():
    with clock.frozen(datetime(2026, 11, 20, 4, 0, tzinfo=UTC)):
        yield
