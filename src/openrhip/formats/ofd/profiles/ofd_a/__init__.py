"""OFD-A (GB/T 42133-2022, OFD 档案应用指南): is a package fit for an archive, and making it so.

`check` gives one finding per rule of the table, with its clause; `convert` makes a copy that keeps
them, linked by digest to the original, and reports every change.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from openrhip.formats.ofd.profiles import Profile
from openrhip.formats.ofd.profiles.rules import run
from openrhip.formats.ofd.profiles.view import View

if TYPE_CHECKING:
    from openrhip.formats.gm.findings import Finding
    from openrhip.formats.ofd.package import Package
    from openrhip.formats.ofd.profiles.ofd_a.converting import Conversion, convert

__all__ = ["PROFILE", "Conversion", "check", "convert"]


def check(package: Package) -> tuple[Finding, ...]:
    """One finding per rule; what cannot be read fails its rule and raises nothing."""
    from openrhip.formats.ofd.profiles.ofd_a import table  # noqa: PLC0415  only for checks

    return run(table.RULES, View(package), source=table.SOURCE)


PROFILE = Profile(
    "ofd-a",
    "OFD 档案应用（OFD-A）",
    "OFD for archives (OFD-A)",
    "GB/T 42133-2022",
    check,
)


def __getattr__(name: str) -> Any:
    if name in ("convert", "Conversion"):
        return getattr(import_module(f"{__name__}.converting"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
