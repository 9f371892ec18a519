"""Fixtures of the attacks on collection; a city is that of the analysts' tests."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
for _room in ("collect_asking", "collect_engine"):
    sys.path.insert(0, str(HERE.parent / _room))

from asking_city import city  # noqa: E402, F401
