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
from openrhip.collect.service.overview import (
    BatchPage,
    PersonTotal,
    TableDay,
    Waiting,
    batch_page,
    first_month,
    person_totals,
    refused_today,
    table_days,
    waiting,
)
from openrhip.collect.service.persons import count_persons, count_persons_due
from openrhip.collect.service.processing import process, process_due
from openrhip.collect.service.reading import batch, batches, history, steps
from openrhip.collect.service.rebuilding import rebuild_coverage
from openrhip.collect.service.receiving import receive
from openrhip.collect.service.recovering import (
    keep_keys,
    keep_lake,
    sweep_leftovers,
    sweep_old_originals,
)
from openrhip.collect.service.registry import declare, declared, register_unit, unit, units
from openrhip.collect.service.revealing import OriginalRow, original_rows
from openrhip.collect.service.verifying import Disagreement, check_lake

__all__ = [
    "BatchPage",
    "BatchState",
    "Disagreement",
    "Incoming",
    "IncomingFile",
    "OriginalRow",
    "PersonTotal",
    "State",
    "Step",
    "TableDay",
    "Trouble",
    "Unit",
    "Waiting",
    "Watch",
    "announce",
    "batch",
    "batch_page",
    "batches",
    "check_days",
    "check_lake",
    "complete_upload",
    "confirm_fault",
    "count_persons",
    "count_persons_due",
    "coverage_of",
    "declare",
    "declared",
    "fault_groups",
    "faults_sheet",
    "finish_pending",
    "first_month",
    "history",
    "keep_keys",
    "keep_lake",
    "list_faults",
    "oddities_of",
    "original_rows",
    "person_totals",
    "process",
    "process_due",
    "put_part",
    "rebuild_coverage",
    "receive",
    "refused_today",
    "register_unit",
    "report",
    "report_sheet",
    "rows_at_fault",
    "steps",
    "sweep_incoming",
    "sweep_leftovers",
    "sweep_old_originals",
    "table_days",
    "unit",
    "units",
    "upload",
    "waiting",
    "watch_inbox",
]
