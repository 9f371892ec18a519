"""Writes the sample records and the broken ones of the tests, the same bytes each time.

python tools/make_samples.py [--check]   --check only says whether the files are up to date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools")]

from sample_records import ALL, WRITTEN, broken  # noqa: E402
from sample_records.shared_document import build  # noqa: E402

SAMPLES = ROOT / "src/openrhip/formats/cda/samples"
VECTORS = ROOT / "tests/vectors/cda"


def made() -> dict[Path, bytes]:
    """Every file by its path."""
    found = {}
    for module in ALL:
        for name, record in module.records().items():
            found[SAMPLES / record.kind.code / f"{name}.xml"] = build(record)
    for module in WRITTEN:
        found |= {SAMPLES / name: body for name, body in module.records().items()}
    found |= {VECTORS / f"{name}.xml": body for name, body in broken.made().items()}
    table = json.dumps(broken.expected(), indent=1, ensure_ascii=False) + "\n"
    return found | {VECTORS / "expected.json": table.encode()}


def main() -> int:
    wanted = made()
    stale = []
    for path, content in wanted.items():
        if path.exists() and path.read_bytes() == content:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    there = {*SAMPLES.glob("*/*.xml"), *VECTORS.glob("*.xml")}
    extra = there - wanted.keys()
    print(f"{len(wanted)} files, {len(stale)} written anew or stale, {len(extra)} unknown")
    return 1 if "--check" in sys.argv and (stale or extra) else 0


if __name__ == "__main__":
    sys.exit(main())
