"""Writes the sample records into src/openrhip/formats/cda/samples/<kind>/, the same each time.

python tools/make_samples.py [--check]   --check only says whether the files are up to date.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]

from sample_records import ALL  # noqa: E402
from sample_records.shared_document import build  # noqa: E402

TARGET = ROOT / "src/openrhip/formats/cda/samples"


def made() -> dict[str, bytes]:
    """Every sample by its path below the samples folder."""
    found = {}
    for module in ALL:
        for name, record in module.records().items():
            found[f"{record.kind.code}/{name}.xml"] = build(record)
    return found


def main() -> int:
    wanted = made()
    stale = []
    for name, content in wanted.items():
        path = TARGET / name
        if path.exists() and path.read_bytes() == content:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    extra = {f"{path.parent.name}/{path.name}" for path in TARGET.glob("*/*.xml")} - wanted.keys()
    print(f"{len(wanted)} samples, {len(stale)} written anew or stale, {len(extra)} unknown")
    return 1 if "--check" in sys.argv and (stale or extra) else 0


if __name__ == "__main__":
    sys.exit(main())
