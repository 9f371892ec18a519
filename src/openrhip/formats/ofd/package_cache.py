"""What is kept of a package between two looks (缓存): the latest, and never more than a bound."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The latest values by name, as long as their weights (bytes) stay below a bound together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[str, tuple[T, int]] = OrderedDict()
        self.weight = 0

    def get(self, name: str) -> T | None:
        found = self._values.get(name)
        if found is None:
            return None
        try:
            self._values.move_to_end(name)
        except KeyError:  # another thread let it go in between
            return found[0]
        return found[0]

    def put(self, name: str, value: T, weight: int) -> None:
        """Keep a value; the longest unused ones go. One that is too heavy is not kept."""
        if weight * 2 > self._most:
            return
        before = self._values.pop(name, None)
        if before is not None:
            self.weight -= before[1]
        self._values[name] = (value, weight)
        self.weight += weight
        while self.weight > self._most and len(self._values) > 1:
            try:
                _, (_, gone) = self._values.popitem(last=False)
            except KeyError:
                return
            self.weight -= gone

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def take(self, other: Kept[T], names: set[str]) -> None:
        """Take over what another holds of these names."""
        for name, (value, weight) in list(other._values.items()):
            if name in names:
                self.put(name, value, weight)
