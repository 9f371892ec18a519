"""What a shared document must satisfy (校验): every failure at once, with place and instruction.

header: rules for every kind. walk: structure, required data elements, types, value sets against the
catalogue of the kind. cross: rules across fields. Errors refuse a document, warnings do not.
"""

from __future__ import annotations

from openrhip.formats.cda.check import cross
from openrhip.formats.cda.check import head as heads
from openrhip.formats.cda.check.header import RULES, faults_of
from openrhip.formats.cda.check.messages import MESSAGES
from openrhip.formats.cda.check.walk import Walk
from openrhip.formats.cda.model import ClinicalDocument, Finding
from openrhip.formats.cda.parse import root_of
from openrhip.kernel import clock

__all__ = ["MESSAGES", "RULES", "check"]


def check(document: ClinicalDocument | bytes, *, strict: bool = False) -> tuple[Finding, ...]:
    """Everything that is wrong with a document; it can be accepted when no finding is an error.

    document: a parsed one, or the XML itself, which is quicker: only its header is parsed.
    strict: what the standard requires and the document lacks is an error, not a warning; lengths
    and repetitions are looked at too. Raises as `parse` does for XML that is no shared document.
    """
    now = clock.now()
    source = document if isinstance(document, bytes) else document.source
    if not source:
        assert isinstance(document, ClinicalDocument)  # noqa: S101  bytes that are empty: `read`
        return tuple(faults_of(document, now))
    root = root_of(source)
    head = heads.read(root) if isinstance(document, bytes) else document
    walk = Walk(now, strict=strict)
    walk.body(root, head.kind)
    cross.facts(walk, head, root)
    return (*faults_of(head, now), *walk.found)
