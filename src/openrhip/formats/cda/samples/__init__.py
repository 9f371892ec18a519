"""Sample records (样例文档) in the shape of WS/T 500-2016, made by tools/make_samples.py."""

from __future__ import annotations

from importlib.resources import files


def load() -> dict[str, bytes]:
    """Every sample by name ("C0053/wang-jl-1.xml"), in the order of their names."""
    found: dict[str, bytes] = {}
    for folder in files(__name__).iterdir():
        if folder.is_dir():
            found |= {
                f"{folder.name}/{item.name}": item.read_bytes()
                for item in folder.iterdir()
                if item.name.endswith(".xml")
            }
    return dict(sorted(found.items()))
