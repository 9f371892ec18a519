"""The door to the ledger for the rooms above (服务): the client, and one in memory for tests."""

from openrhip.ledger.service.client import Ledger, connect
from openrhip.ledger.service.door import LedgerDoor
from openrhip.ledger.service.memory import MemoryLedger
from openrhip.ledger.service.watching import Watched, watch

__all__ = ["Ledger", "LedgerDoor", "MemoryLedger", "Watched", "connect", "watch"]
