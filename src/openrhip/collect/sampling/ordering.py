"""Values that stand in an order (先后与大小): lowered below what is fixed, then raised above."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Edge:
    """less ≤ more, or less + step ≤ more."""

    less: str
    more: str
    step: int = 0


def settle(
    values: dict[str, np.ndarray],
    edges: Iterable[Edge],
    fixed: frozenset[str],
    bounds: Mapping[str, tuple[int, int]],
) -> None:
    """Change what is not fixed until every edge holds; values stay within their bounds."""
    ordered = _sorted([edge for edge in edges if edge.less in values and edge.more in values])
    for edge in reversed(ordered):
        if edge.less not in fixed and _anchored(edge.more, ordered, fixed):
            top = values[edge.more] - edge.step
            values[edge.less] = _within(np.minimum(values[edge.less], top), edge.less, bounds)
    for edge in ordered:
        if edge.more not in fixed:
            bottom = values[edge.less] + edge.step
            values[edge.more] = _within(np.maximum(values[edge.more], bottom), edge.more, bounds)
    for edge in reversed(ordered):  # what its upper bound stopped pushes the others down
        if edge.less not in fixed:
            top = values[edge.more] - edge.step
            values[edge.less] = np.minimum(values[edge.less], top)


def _within(values: np.ndarray, name: str, bounds: Mapping[str, tuple[int, int]]) -> np.ndarray:
    return np.clip(values, *bounds[name]) if name in bounds else values


def _sorted(edges: list[Edge]) -> list[Edge]:
    """Edges from the least column upwards; one that closes a circle is left out."""
    above: dict[str, set[str]] = {}
    kept = []
    for edge in edges:
        if edge.less == edge.more or edge.less in _reached(edge.more, above):
            continue
        above.setdefault(edge.less, set()).add(edge.more)
        kept.append(edge)
    height: dict[str, int] = {}

    def rank(name: str) -> int:
        if name not in height:
            below = [edge.less for edge in kept if edge.more == name]
            height[name] = 1 + max(map(rank, below), default=0)
        return height[name]

    return sorted(kept, key=lambda edge: (rank(edge.more), rank(edge.less)))


def _reached(name: str, above: Mapping[str, set[str]]) -> set[str]:
    seen = {name}
    todo = [name]
    while todo:
        for other in above.get(todo.pop(), ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def _anchored(name: str, edges: list[Edge], fixed: frozenset[str]) -> bool:
    """Whether something fixed stands above, so that it cannot simply be raised."""
    above: dict[str, set[str]] = {}
    for edge in edges:
        above.setdefault(edge.less, set()).add(edge.more)
    return bool(_reached(name, above) & fixed)
