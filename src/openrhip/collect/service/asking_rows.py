"""Rows of the database that can be asked like tables (采集情况作为表): coverage and units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from openrhip.collect import models
from openrhip.collect.asking.judging import Use
from openrhip.collect.asking.relations import Kind
from openrhip.collect.service import registry
from openrhip.directory.service import Actor

_NAMES = {"unit": "unit", "table_code": "table"}


def scope_of(by: Actor) -> tuple[str, ...]:
    """Whose rows an analyst reads: all; those of their own unit if it is one that sends."""
    own = by.institution_code
    return (own,) if own and models.Unit.objects.filter(code=own).exists() else ()


class Rows:
    """What `asking.views` asks for. units: only of these, () for all."""

    def __init__(self, units: Sequence[str]) -> None:
        self.units = tuple(units)

    def __call__(self, use: Use) -> Iterable[Sequence[Any]]:
        """Raises nothing: a relation without rows is empty."""
        names = [_NAMES.get(field.name, field.name) for field in use.relation.fields]
        if use.relation.kind is Kind.COVERAGE:
            cells = models.CoverageCell.objects.all()
            if use.since:
                cells = cells.filter(day__gte=use.since)
            if use.until:
                cells = cells.filter(day__lte=use.until)
            return self._listed(cells, names)
        if use.relation.kind is Kind.COVERAGE_MONTH:
            return self._listed(models.CoverageMonth.objects.all(), names)
        return [
            (one.code, one.name, one.owner.value)
            for one in registry.units()
            if not self.units or one.code in self.units
        ]

    def _listed(self, rows: Any, names: Sequence[str]) -> Iterable[Sequence[Any]]:
        kept = rows.filter(unit__in=self.units) if self.units else rows
        found: Iterable[Sequence[Any]] = kept.values_list(*names).iterator(chunk_size=10_000)
        return found
