"""The only door of collection: keyword-only verbs, frozen dataclasses in and out."""

from __future__ import annotations

from openrhip.collect.rules.states import BatchState, State, Step, Trouble, Unit
from openrhip.collect.service.coverage import coverage_of
from openrhip.collect.service.crosschecks import check_days
from openrhip.collect.service.dropping import Watch, watch_inbox
from openrhip.collect.service.entering import finish_pending
from openrhip.collect.service.faults import confirm_fault, fault_groups, list_faults
from openrhip.collect.service.feedback import (
    faults_sheet,
    report,
    report_sheet,
    rows_at_fault,
)
from openrhip.collect.service.incoming import (
    Incoming,
    IncomingFile,
    announce,
    complete_upload,
    put_part,
    sweep_incoming,
    upload,
)
from openrhip.collect.service.oddities import oddities_of
from openrhip.collect.service.persons import count_persons
from openrhip.collect.service.processing import process, process_due
from openrhip.collect.service.reading import batch, batches, history, steps
from openrhip.collect.service.rebuilding import rebuild_coverage
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
    "Watch",
    "announce",
    "batch",
    "batches",
    "check_days",
    "complete_upload",
    "confirm_fault",
    "count_persons",
    "coverage_of",
    "declare",
    "declared",
    "fault_groups",
    "faults_sheet",
    "finish_pending",
    "history",
    "list_faults",
    "oddities_of",
    "process",
    "process_due",
    "put_part",
    "rebuild_coverage",
    "receive",
    "register_unit",
    "report",
    "report_sheet",
    "rows_at_fault",
    "steps",
    "sweep_incoming",
    "unit",
    "units",
    "upload",
    "watch_inbox",
]
