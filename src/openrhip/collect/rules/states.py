"""States of a batch (批次状态): what became of it, as everybody outside the service sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from openrhip.collect.rules.jobs import CheckResult, RuleHits
from openrhip.collect.rules.tables import Owner, Period

DEFAULT_TOLERANCE = Decimal("0.20")
_DAY = timedelta(days=1)


class State(StrEnum):
    """received: sealed and durable, waiting. checking: taken by a worker. loaded: in the tables.
    refused: nothing of it was loaded, and `problem` says why.
    """

    RECEIVED = "received"
    CHECKING = "checking"
    LOADED = "loaded"
    REFUSED = "refused"


OPEN = (State.RECEIVED, State.CHECKING)
NEXT: Mapping[State, tuple[State, ...]] = {
    # checking → received: a worker died or had no room; the batch waits again.
    State.RECEIVED: (State.CHECKING, State.REFUSED),
    State.CHECKING: (State.LOADED, State.REFUSED, State.RECEIVED),
    State.LOADED: (),
    State.REFUSED: (),
}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit (接入单位) that sends: an institution of the directory. tolerance: share of rows."""

    code: str
    name: str
    owner: Owner
    tolerance: Decimal
    active: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a batch was refused. code: of the problem, or `tolerance`, `overtaken`."""

    code: str
    zh: str
    en: str
    where: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a batch's own history; lines are only ever appended."""

    state: State
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class BatchState:
    """A batch. rows_declared: as its manifest says; received: rows found. Once loaded,
    received = loaded + quarantined, to the row. Of a refused batch nothing is loaded, quarantined
    counts the rows at fault, and `held` the others. late_days: days after the end of the day its
    data was due (0 is in time). current: it is what stands for its unit, table and day.
    already: this very content was there before, and nothing changed. receipt: of its ledger entry,
    None while that is not yet made.
    """

    id: str
    unit: str
    table: str
    day: date
    state: State
    sent_at: datetime
    received_at: datetime
    via: str
    rows_declared: int
    received: int = 0
    loaded: int = 0
    quarantined: int = 0
    marked: int = 0
    amended: int = 0
    withdrawn: int = 0
    late_days: int = 0
    current: bool = False
    hits: tuple[RuleHits, ...] = ()
    problem: Trouble | None = None
    receipt: Mapping[str, Any] | None = None
    finished_at: datetime | None = None
    catalogue: str = ""
    already: bool = False

    @property
    def held(self) -> int:
        """Rows without fault that were kept back because the batch was refused as a whole."""
        return self.received - self.loaded - self.quarantined

    @property
    def settled(self) -> bool:
        """Loaded or refused: nothing more happens to it by itself."""
        return self.state not in OPEN

    def as_dict(self) -> dict[str, Any]:
        """The batch in JSON, as units are told it."""
        content = asdict(self)
        for name in ("day", "sent_at", "received_at", "finished_at"):
            content[name] = content[name].isoformat() if content[name] else None
        content.pop("catalogue")
        return content | {
            "state": self.state.value,
            "hits": [dict(hit, examples=list(hit["examples"])) for hit in content["hits"]],
            "receipt": dict(self.receipt) if self.receipt else None,
            "settled": self.settled,
            "held": self.held if self.settled else 0,
        }


def due_day(period: Period, day: date) -> date:
    """The city day by whose end a batch shall be here: the day after its day or its month."""
    if period is Period.SNAPSHOT:
        return day
    if period is Period.MONTH:
        return (day.replace(day=28) + 4 * _DAY).replace(day=1)
    return day + _DAY


def late_days(period: Period, day: date, received: date) -> int:
    """Whole days after `due_day`; 0 is in time."""
    return max(0, (received - due_day(period, day)).days)


def over_tolerance(result: CheckResult, tolerance: Decimal) -> bool:
    """Whether so many rows are at fault that the batch is refused as a whole."""
    return result.quarantined > tolerance * result.received
