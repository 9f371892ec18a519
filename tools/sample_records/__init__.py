"""Content of the sample records.

ALL: one module for each kind of the first nine; `shared_document` writes the XML.
WRITTEN: one module for each part of a stay, every other kind; `cda.generate` writes the XML.
"""

from __future__ import annotations

from sample_records import (
    admission,
    consents,
    course,
    deaths,
    discharge_summary,
    examination,
    front_sheet,
    laboratory,
    nursing,
    obstetrics,
    outpatient,
    perioperative,
    prescription,
    summary,
    tcm_front_sheet,
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

WRITTEN = (consents, course, deaths, nursing, obstetrics, perioperative, tcm_front_sheet)
