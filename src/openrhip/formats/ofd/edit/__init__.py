"""Making packages from others and changing them: merge, split, annotate, attach, convert (编辑).

Everything gives new bytes; nothing changes a file in place. What could not be carried over is in
the `notices` of the result. Names are fetched when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "Part": "merging",
    "Made": "merging",
    "merge": "merging",
    "split": "merging",
    "every": "merging",
    "page_ranges": "merging",
    "Options": "assembling",
    "Annotation": "annotating",
    "annotate": "annotating",
    "File": "attaching",
    "Heading": "attaching",
    "attach": "attaching",
    "outline": "attaching",
    "set_outline": "attaching",
    "from_pdf": "pdf_in",
    "PdfLimits": "pdf_limits",
    "from_images": "scans",
    "Scan": "scans",
    "to_pdf": "pdf_out",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_HOMES)
