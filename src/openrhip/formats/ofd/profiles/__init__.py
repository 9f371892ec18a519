"""Profiles of OFD (应用规范): named sets of rules that a package keeps, and how to keep them.

`PROFILES` names them; each is loaded when first asked for. A check gives one finding per rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from openrhip.kernel.errors import NotFound

if TYPE_CHECKING:
    from openrhip.formats.gm.findings import Finding
    from openrhip.formats.ofd.package import Package


@dataclass(frozen=True, slots=True)
class Profile:
    """name: as on the command line; source: the standard's number and date."""

    name: str
    title_zh: str
    title_en: str
    source: str
    check: Callable[[Package], tuple[Finding, ...]]


_HOMES = {"ofd-a": "ofd_a", "ofd-h": "ofd_h"}


class _Registry(Mapping[str, Profile]):
    """Name → profile; a profile's module is imported when the profile is first asked for."""

    def __getitem__(self, name: str) -> Profile:
        found: Profile = import_module(f"{__name__}.{_HOMES[name]}").PROFILE
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


PROFILES: Mapping[str, Profile] = _Registry()


def profile(name: str) -> Profile:
    """The profile of this name, in any case. Raises NotFound."""
    key = name.strip().lower()
    if key not in PROFILES:
        raise NotFound("no such profile", where=name[:40], remedy=f"one of: {', '.join(PROFILES)}")
    return PROFILES[key]
