"""Names of institutions (机构名称) for lists: by code, from the directory."""

from __future__ import annotations

from collections.abc import Iterable

from openrhip.directory import service as directory
from openrhip.kernel.errors import NotFound


def names_of(codes: Iterable[str]) -> dict[str, str]:
    """Names of institutions; a code nobody knows any more names itself."""
    found = {}
    for code in set(codes):
        try:
            found[code] = directory.institution(code).name if code else ""
        except NotFound:
            found[code] = code
    return found
