"""The integrity list of GM/T 0099 beside signatures (防夹带): made last, so outside of them.

Two parts may follow the last signature: `OFDEntries.xml` and the value that it names, both at the
root. They hold names alone; the list's own signature and its closure are judged with the rest.
"""

from __future__ import annotations

from datetime import datetime

from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Package
from openrhip.kernel.errors import Problem

LIST = "OFDEntries.xml"
_NONE: frozenset[str] = frozenset()


def listing(package: Package) -> frozenset[str]:
    """The list and its value, where the package has both at its root; else none."""
    if LIST not in package:
        return _NONE
    try:
        location = px.text(package.xml(LIST), "SignedValueLoc").removeprefix("/")
    except Problem:
        return _NONE
    if "/" in location or not location.lower().endswith(".dat") or location not in package:
        return _NONE
    return frozenset({LIST, location})


def judge_listing(package: Package, trust: TrustStore, at: datetime) -> list[Finding]:
    """What GM/T 0099 says of the list; nothing if there is none."""
    if not listing(package):
        return []
    from openrhip.formats.ofd.profiles.gmt0099 import integrity  # noqa: PLC0415  seldom needed

    report = integrity.check(package.data, trust=trust, at=at, limits=package.limits)
    return list(report.findings)
