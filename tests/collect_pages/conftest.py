"""The city of the tests of feedback."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "collect_feedback"))

from feedback_city import city  # noqa: F401
