"""What feedback and coverage speak in: rules, words, names of units, limits of timeliness."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from openrhip.collect import models
from openrhip.collect.rules.covering import limits_of
from openrhip.collect.rules.deriving import rules_of
from openrhip.collect.rules.kinds import Rule
from openrhip.collect.rules.tables import Catalogue
from openrhip.directory import service as directory
from openrhip.kernel import config

OLD_RULE = ("采集目录已更新，该规则不再使用", "a rule of an earlier catalogue", "", "")
_KEPT = 2_000
_rules: dict[tuple[str, str], dict[str, Rule]] = {}
_limits = lru_cache(maxsize=8)(limits_of)


def limits() -> tuple[Decimal, ...]:
    """Timeliness limits in days. Raises Misconfigured."""
    return _limits(config.current()["collect_timely_days"])


def rules(catalogue: Catalogue, table: str) -> dict[str, Rule]:
    """The rules of a table by id; none for a table that is no longer in the catalogue."""
    kept = _rules.get((catalogue.digest, table)) if catalogue.digest else None
    if kept is None:
        found = catalogue.tables.get(table)
        kept = {rule.id: rule for rule in rules_of(found)} if found else {}
        if len(_rules) > _KEPT:
            _rules.clear()
        _rules[catalogue.digest, table] = kept
    return kept


def names() -> dict[str, str]:
    """Names of the institutions, by code."""
    return {one.code: one.name for one in directory.institutions()}


def table_name(catalogue: Catalogue, code: str) -> str:
    """The Chinese name of a table, or its code where the catalogue no longer has it."""
    table = catalogue.tables.get(code)
    return table.zh if table else code


def words(catalogue: Catalogue, table: str, rule: str, kept: models.Fault | None) -> dict[str, str]:
    """What is wrong and what to do: a finding's own words, else the catalogue's."""
    if kept is not None and kept.zh:
        texts = (kept.zh, kept.en, kept.fix_zh, kept.fix_en)
    else:
        known = rules(catalogue, table).get(rule)
        texts = (known.zh, known.en, known.fix_zh, known.fix_en) if known else OLD_RULE
    return dict(zip(("zh", "en", "fix_zh", "fix_en"), texts, strict=True))
