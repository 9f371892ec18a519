"""The only door of collection: keyword-only verbs, frozen dataclasses in and out."""

from __future__ import annotations

from openrhip.collect.rules.states import BatchState, State, Step, Trouble, Unit
from openrhip.collect.service.entering import finish_pending
from openrhip.collect.service.processing import process, process_due
from openrhip.collect.service.reading import batch, batches, history, steps
from openrhip.collect.service.receiving import receive
from openrhip.collect.service.units import declare, declared, register_unit, unit, units

__all__ = [
    "BatchState",
    "State",
    "Step",
    "Trouble",
    "Unit",
    "batch",
    "batches",
    "declare",
    "declared",
    "finish_pending",
    "history",
    "process",
    "process_due",
    "receive",
    "register_unit",
    "steps",
    "unit",
    "units",
]
