"""OFD, the fixed-layout format of GB/T 33190-2016 (开放版式文档): write, read, sign, render.

Names are fetched when first used, so that a reader of text does not load the fonts, and a signer
does not load the renderer. Terms: 版式 fixed layout, 公章 seal, 自定义标引 custom tag.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

_STORY = (
    "Align", "Attachment", "Barcode", "Block", "Cell", "Column", "Columns", "Face", "Field",
    "Heading", "Image", "Inline", "KeyValueGrid", "Metadata", "Page", "PageBreak", "PageNumber",
    "Paragraph", "Raised", "Rule", "Ruling", "Run", "SignatureLine", "Slot", "Spacer", "Story",
    "Style", "Table", "Together", "VectorPath",
)  # fmt: skip

_HOMES: dict[str, str] = {
    **dict.fromkeys(_STORY, "story"),
    "write": "writer",
    "compose": "writer",
    "Composed": "writer",
    "text": "reading",
    "regions": "reading",
    "tag_texts": "reading",
    "Region": "reading",
    "lines": "reading",
    "words": "reading",
    "Word": "reading",
    "Line": "reading_lines",
    "tables": "reading_tables",
    "TableText": "reading_tables",
    "open_package": "package",
    "search": "inspect.searching",
    "Hit": "inspect.searching",
    "contents": "inspect.contents",
    "extract": "inspect.extracting",
    "check": "inspect.checking",
    "CheckReport": "inspect.checking",
    "compare": "inspect.comparing",
    "at_version": "inspect.versions",
    "Differences": "inspect.differences",
    "Package": "package",
    "Limits": "package",
    "sign": "signing",
    "seal": "signing",
    "sign_and_seal": "signing",
    "Placement": "signing",
    "Form": "signing",
    "Side": "signing",
    "Seal": "seals",
    "verify": "verifying",
    "Report": "verifying",
    "verify_evidenced": "evidence",
    "EvidencedReport": "evidence",
    "SignatureReport": "verifying",
    "stamps": "seal_stamps",
}
_MODULES = ("edit", "layout", "render", "seals", "story")


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is not None:
        value = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value  # also over a submodule of the same name: the function wins
        return value
    if name in _MODULES:
        module: ModuleType = import_module(f"{__name__}.{name}")
        return module
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*_HOMES, *_MODULES})
