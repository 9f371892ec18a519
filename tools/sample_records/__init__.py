"""Content of the sample records, one module per kind; `shared_document` writes the XML."""

from __future__ import annotations

from sample_records import (
    admission,
    discharge_summary,
    examination,
    front_sheet,
    laboratory,
    outpatient,
    prescription,
    summary,
)

ALL = (
    admission,
    discharge_summary,
    examination,
    front_sheet,
    laboratory,
    outpatient,
    prescription,
    summary,
)
