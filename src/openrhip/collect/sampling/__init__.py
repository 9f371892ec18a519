"""Samples (示例数据): made-up rows that pass every rule, and rows with planted faults.

Deterministic: the same table, rows, day, unit and seed give the same values on every machine.
"""

from openrhip.collect.sampling.damaging import damage, kinds_of
from openrhip.collect.sampling.files import write
from openrhip.collect.sampling.people import People, people
from openrhip.collect.sampling.rows import sample

__all__ = ["People", "damage", "kinds_of", "people", "sample", "write"]
