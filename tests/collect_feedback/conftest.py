"""Fixtures of the tests of feedback; what they are made of is in `feedback_city`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from feedback_city import city  # noqa: F401
