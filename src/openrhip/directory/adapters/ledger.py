"""The ledger client of this installation."""

from __future__ import annotations

from functools import cache

from openrhip.directory.ports import Ledger
from openrhip.ledger.service import connect


@cache
def client() -> Ledger:
    """The door to the ledger process named by the setting `ledger_url`."""
    return connect()
