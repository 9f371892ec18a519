"""Fixtures of the tests of the analysts' SQL; what they are made of is in `asking_city`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from asking_city import city  # noqa: F401
