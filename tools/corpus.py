"""What becomes of a folder of OFD files made by others: python tools/corpus.py FOLDER

One row a distinct file: opened or refused and why, pages drawn, notices, the verdict on its
signatures. `--reference` is a table another program made of the same files (id TAB verdict);
`--pictures` holds its drawings (id_PAGE.png), compared by structural similarity in grey at the
reference's size. Files of others stay where they are: nothing is copied into the project.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from openrhip.formats import ofd
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.ofd import render
from openrhip.kernel.errors import Problem

MOST_PAGES = 6
_WINDOW = 7
_ROUNDING = 3
_VIEW = 256  # pixels
_DPI = 127  # five pixels a millimetre


def distinct(folder: Path) -> dict[str, Path]:
    """Name → file, each content once."""
    seen: set[bytes] = set()
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.ofd")):
        digest = hashlib.sha256(path.read_bytes()).digest()
        if digest in seen:
            continue
        seen.add(digest)
        stem = path.stem.replace(" ", "_").replace("=", "_")
        key = base = f"{path.relative_to(folder).parts[0]}-{stem}"
        number = 1
        while key in found:
            number += 1
            key = f"{base}~{number}"
        found[key] = path
    return found


def similarity(mine: Image.Image, other: Image.Image, *, scaled: bool = True) -> float:
    """Mean structural similarity in grey (Wang et al. 2004), uniform 7 × 7 windows.

    scaled: at viewing size, as the authors' own ssim.m (2009) does first: averaged and reduced so
    that the shorter side has about 256 pixels. Else at full resolution, where the smoothing of
    letters by two rasterizers counts too.
    """
    width, height = (min(pair) for pair in zip(mine.size, other.size, strict=True))
    if max(mine.width, other.width) - width > _ROUNDING:
        mine = mine.resize(other.size, Image.Resampling.LANCZOS)
    else:  # rounded to whole pixels in two ways: nothing is blurred
        mine, other = (one.crop((0, 0, width, height)) for one in (mine, other))
    factor = max(1, round(min(mine.size) / _VIEW)) if scaled else 1
    a, b = (np.asarray(one.convert("L").reduce(factor), dtype=np.float64) for one in (mine, other))

    def mean(values: Any) -> Any:
        sums = np.pad(values.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        w = _WINDOW
        return (sums[w:, w:] - sums[:-w, w:] - sums[w:, :-w] + sums[:-w, :-w]) / w**2

    count = _WINDOW**2 / (_WINDOW**2 - 1)
    ma, mb = mean(a), mean(b)
    va, vb = (mean(a * a) - ma**2) * count, (mean(b * b) - mb**2) * count
    both = (mean(a * b) - ma * mb) * count
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    found = (2 * ma * mb + c1) * (2 * both + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2))
    return float(found.mean())


def examine(key: str, path: Path, pictures: Path | None) -> dict[str, Any]:
    row: dict[str, Any] = {"id": key, "pages": 0, "opened": "", "signatures": "", "similar": []}
    row["full"] = []
    begun = time.process_time()
    data = path.read_bytes()
    try:
        package = ofd.open_package(data)
        row["pages"] = len(package.pages)
        for page in range(min(row["pages"], MOST_PAGES)):
            drawn = render.to_png(package, page, _DPI)
            theirs = pictures / f"{key}_{page}.png" if pictures else None
            if theirs and theirs.exists():
                mine = Image.open(io.BytesIO(drawn))
                for name, scaled in (("similar", True), ("full", False)):
                    score = similarity(mine, Image.open(theirs), scaled=scaled)
                    row[name].append(round(score, 3))
        ofd.text(package)
        row["opened"] = "yes"
        row["notices"] = sorted({notice.code for notice in getattr(package, "notices", ())})
    except Problem as problem:
        row["opened"] = f"refused: {problem}"
    try:
        report = ofd.verify(data, trust=TrustStore(()))
        row["signatures"] = report.verdict
        if report.signatures:
            row["integrity"], row["trust"] = report.integrity, report.trust
        row["reasons"] = sorted({one.code for one in report.all_findings() if not one.ok})
    except Problem as problem:
        row["signatures"] = f"refused: {problem.what}"
    row["seconds"] = round(time.process_time() - begun, 2)
    return row


def line(row: dict[str, Any]) -> str:
    """The row in Markdown."""
    signed = row["signatures"]
    if "integrity" in row:
        reasons = ", ".join(f"`{one}`" for one in row["reasons"])
        signed = f"{signed}; integrity {row['integrity']}, trust {row['trust']}: {reasons}"
    cells = (
        row["id"], row["opened"], row["pages"] or "", signed, row["reference"],
        " ".join(f"{score:.2f}" for score in row.get("similar", ())),
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--reference", type=Path, help="lines: id TAB verdict")
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--json", type=Path, help="write all rows here")
    given = parser.parse_args()
    lines = given.reference.read_text("utf-8").splitlines() if given.reference else []
    reference = dict(line.split("\t", 1) for line in lines if "\t" in line)
    rows = []
    print("| file | opens | pages | signatures: ours | signatures: the reference | similarity |")
    print("|---|---|---|---|---|---|")
    for key, path in distinct(given.folder).items():
        try:
            row = examine(key, path, given.pictures)
        except Exception as error:  # noqa: BLE001 -- a crash is a row of the table, and counted
            row = {"id": key, "opened": f"CRASH {error!r}", "pages": 0, "signatures": ""}
        row["reference"] = reference.get(key, "")
        rows.append(row)
        print(line(row))
    crashes = sum(row["opened"].startswith("CRASH") for row in rows)
    print(f"{len(rows)} files, {crashes} crashes")
    for name in ("similar", "full"):
        scores = sorted(score for row in rows for score in row.get(name, ()))
        good = sum(score >= 0.95 for score in scores)
        print(f"{name}: {good} of {len(scores)} pages ≥ 0.95, worst {scores[:5]}")
    if given.json:
        given.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    sys.exit(1 if crashes else 0)


if __name__ == "__main__":
    main()
