"""Fixtures of the store's tests; what they are made of is in `store_city`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from store_city import home, keys, other, place, unit  # noqa: F401
