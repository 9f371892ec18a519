"""Four-property check (四性检测) of a deposited document, in the manner of DA/T 70-2018.

真实性 authenticity, 完整性 integrity, 可用性 usability, 安全性 safety. The list of checks is data
(`table.CHECKS`); `examine` runs them all and collects every fault with its place and remedy.
Pure: what the directory and the archive know comes in as `Facts`.
"""

from openrhip.records.checks.case import Case, Facts, Prior, StaffFacts
from openrhip.records.checks.report import Fault, FourReport, Line, Property
from openrhip.records.checks.table import CHECKS, examine

__all__ = [
    "CHECKS",
    "Case",
    "Facts",
    "Fault",
    "FourReport",
    "Line",
    "Prior",
    "Property",
    "StaffFacts",
    "examine",
]
