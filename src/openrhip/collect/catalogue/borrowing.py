"""Value sets of the shared documents (共享文档值域), lent to the catalogue: one truth for both."""

from __future__ import annotations

from dataclasses import dataclass

from openrhip.formats.cda.catalogue.load import value_sets
from openrhip.kernel.errors import Malformed


@dataclass(frozen=True, slots=True)
class Lent:
    codes: tuple[tuple[str, str], ...]
    complete: bool
    shape: str


def of_documents(key: object, where: str) -> Lent:
    """The codes of a table of `formats.cda`. Raises Malformed."""
    found = value_sets().get(key) if isinstance(key, str) else None
    if found is None:
        raise Malformed(
            "from_cda names no table of the shared documents", where=where, remedy="give its codes"
        )
    # engines read \d and groups without capture differently; classes and plain groups alike
    shape = found.shape.pattern.replace(r"\d", "[0-9]").replace("(?:", "(") if found.shape else ""
    return Lent(tuple(found.codes.items()), found.closed, shape)
