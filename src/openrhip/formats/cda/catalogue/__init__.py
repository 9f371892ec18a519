"""The catalogue of shared documents (共享文档目录): WS/T 500-2016 parts 1 to 53 as tables.

of(kind): header facts, sections, data elements with type, unit, value set, 必填/可选. Facts only.
"""

from __future__ import annotations

from openrhip.formats.cda.catalogue.load import english, of, value_sets
from openrhip.formats.cda.catalogue.spec import (
    DocumentSpec,
    HeaderItem,
    SectionSpec,
    Slot,
    ValueSet,
)

__all__ = [
    "DocumentSpec",
    "HeaderItem",
    "SectionSpec",
    "Slot",
    "ValueSet",
    "english",
    "of",
    "value_sets",
]
