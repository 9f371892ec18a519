"""Where in the XML something stands, in the manner of XPath without prefixes (位置)."""

from __future__ import annotations

from openrhip.formats.cda import tree
from openrhip.formats.cda.tree import Element

_COUNTED = frozenset({"component", "entry", "entryRelationship"})


def of(element: Element, *more: str) -> str:
    """The path from the root; steps that repeat carry their number."""
    steps: list[str] = []
    current: Element | None = element
    while current is not None:
        step = tree.name(current) or "*"
        parent = current.getparent()
        if step in _COUNTED and parent is not None and tree.name(parent) != "ClinicalDocument":
            same = [one for one in parent if one.tag == current.tag]
            step = f"{step}[{same.index(current) + 1}]"
        steps.append(step)
        current = parent
    return "/" + "/".join([*reversed(steps), *more])
