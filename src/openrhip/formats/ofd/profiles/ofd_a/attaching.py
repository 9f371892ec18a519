"""Which attachments stay in an archived copy (附件): texts and open, published formats."""

from __future__ import annotations

TEXTS = frozenset(
    {"txt", "xml", "csv", "json", "text/plain", "text/xml", "text/csv", "application/xml",
     "application/json", "application/hl7-cda+xml"}
)  # fmt: skip
SHORT = {"text/plain": "TXT", "text/xml": "XML", "application/xml": "XML",
         "application/hl7-cda+xml": "XML", "txt": "TXT", "xml": "XML"}  # fmt: skip
OPEN = frozenset({"ofd", "pdf", "application/ofd", "application/pdf"})


def stays(name: str, media_type: str) -> bool:
    """By the format that is stated, else by the end of the name; `text/html` is a web page."""
    stated = media_type.strip().lower().partition(";")[0]
    return (stated or name.rpartition(".")[2].lower()) in TEXTS | OPEN
