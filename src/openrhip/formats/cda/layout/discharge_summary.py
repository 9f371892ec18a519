"""出院小结 (C0053)."""

from __future__ import annotations

from openrhip.formats.cda.layout import general
from openrhip.formats.cda.layout.sheet import Sheet
from openrhip.formats.cda.model import ClinicalDocument
from openrhip.formats.ofd.story import Story


def build(document: ClinicalDocument) -> Story:
    sheet = Sheet(document)
    return general.assemble(sheet, sheet.rest())
