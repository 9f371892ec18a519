"""What a damage is, and which rule of a table reads which column (植入错误的依据)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from openrhip.collect.rules.deriving import row_rules
from openrhip.collect.rules.kinds import Kind, Rule
from openrhip.collect.rules.tables import Catalogue, Table

Row = dict[str, str | None]
Change = Callable[[Row], Row | None]  # None: this row cannot be damaged so


@dataclass(frozen=True)
class Spot:
    """A way to damage a row. kind: as asked for; rules: what may fall; change: the new values."""

    kind: str
    rules: frozenset[str]
    columns: frozenset[str]
    change: Change
    told: Callable[[Row], frozenset[str]] | None = None  # which of the rules, seen the old row

    def broken(self, row: Row) -> frozenset[str]:
        return self.told(row) if self.told else self.rules


@dataclass
class Frame:
    """A table, its rules, and which rule reads which column."""

    table: Table
    catalogue: Catalogue
    rules: tuple[Rule, ...]
    readers: dict[str, set[str]] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)

    def read_by(self, column: str, but: Sequence[str] = ()) -> set[Kind]:
        """The kinds of rule that read a column, without those of these ids."""
        return {self.kinds[one] for one in self.readers.get(column, ()) if one not in but}

    def own(self, column: str, kind: Kind) -> str:
        return f"{self.table.code}.{column}.{kind.value}"


def frame_of(table: Table, catalogue: Catalogue) -> Frame:
    frame = Frame(table, catalogue, row_rules(table))
    for rule in frame.rules:
        frame.kinds[rule.id] = rule.kind
        for column in {*rule.columns, *rule.get_all("when")} - {""}:
            frame.readers.setdefault(column, set()).add(rule.id)
    return frame
