"""Content of the sample records, one module per kind; `shared_document` writes the XML."""

from __future__ import annotations

from sample_records import discharge_summary, outpatient, prescription

ALL = (discharge_summary, outpatient, prescription)
