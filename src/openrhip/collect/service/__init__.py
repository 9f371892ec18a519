"""The only door of collection: keyword-only verbs, frozen dataclasses in and out."""

from __future__ import annotations

from openrhip.collect.rules.states import BatchState, State, Step, Trouble, Unit
from openrhip.collect.service.entering import finish_pending
from openrhip.collect.service.incoming import (
    Incoming,
    IncomingFile,
    announce,
    complete_upload,
    put_part,
    sweep_incoming,
    upload,
)
from openrhip.collect.service.processing import process, process_due
from openrhip.collect.service.reading import batch, batches, history, steps
from openrhip.collect.service.receiving import receive
from openrhip.collect.service.registry import declare, declared, register_unit, unit, units

__all__ = [
    "BatchState",
    "Incoming",
    "IncomingFile",
    "State",
    "Step",
    "Trouble",
    "Unit",
    "announce",
    "batch",
    "batches",
    "complete_upload",
    "declare",
    "declared",
    "finish_pending",
    "history",
    "process",
    "process_due",
    "put_part",
    "receive",
    "register_unit",
    "steps",
    "sweep_incoming",
    "unit",
    "units",
    "upload",
]
