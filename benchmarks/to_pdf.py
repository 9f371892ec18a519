"""OFD to PDF: python -m benchmarks.to_pdf

Pages per second of processor time on one core over a set of files: those below OPENRHIP_OFD_CORPUS
where it names a folder of files made by others, else records of our own. OPENRHIP_REFERENCE_PDF
may name a command that gets the files' paths, converts each that it can, and prints for each a
line "path pages seconds" of processor time: both are then compared on the files that it can do.
Bars: three times the reference; and a document of 1,000 pages in less than 6 seconds.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks._documents import thousands
from benchmarks._harness import report
from openrhip.formats import cda, ofd
from openrhip.formats.ofd import render
from openrhip.kernel.errors import Problem

RECORDED = 7.3
TIMES = 3
PAGES = 1000
LONGEST = 6.0


def files(folder: Path) -> list[Path]:
    corpus = os.environ.get("OPENRHIP_OFD_CORPUS")
    if corpus:
        distinct = {path.read_bytes(): path for path in sorted(Path(corpus).rglob("*.ofd"))}
        return list(distinct.values())
    found = []
    for number, source in enumerate(cda.samples().values()):
        path = folder / f"{number}.ofd"
        path.write_bytes(cda.lay_out(cda.parse(source), source=source))
        found.append(path)
    return found[:30]


def reference(paths: list[Path]) -> dict[Path, tuple[int, float]]:
    """Path → pages and processor seconds of what the other could do; empty without a command."""
    command = os.environ.get("OPENRHIP_REFERENCE_PDF", "")
    if not command:
        return {}
    done = subprocess.run(
        [*shlex.split(command), *map(str, paths)], capture_output=True, text=True, check=True
    )
    rows = [line.rsplit(" ", 2) for line in done.stdout.splitlines()]
    return {Path(row[0]): (int(row[1]), float(row[2])) for row in rows if len(row) == 3}


def convert(path: Path) -> tuple[int, float]:
    """Pages and processor seconds; no pages for what is refused."""
    begun = time.process_time()
    try:
        package = ofd.open_package(path.read_bytes())
        render.to_pdf(package)
        pages = len(package.pages)
    except Problem:
        pages = 0
    return pages, time.process_time() - begun


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        paths = files(Path(name))
        convert(paths[0])
        others = reference(paths)
        chosen = [path for path in paths if not others or path in others]
        runs = []
        for _ in range(3):
            done = [convert(path) for path in chosen]
            runs.append(sum(pages for pages, _ in done) / sum(seconds for _, seconds in done))
        big = Path(name) / "big.ofd"
        big.write_bytes(thousands(PAGES))
        seconds = []
        for _ in range(3):
            begun = time.perf_counter()
            render.to_pdf(big.read_bytes())
            seconds.append(time.perf_counter() - begun)
    other = sum(p for p, _ in others.values()) / sum(s for _, s in others.values() or [(0, 1)])
    print(f"{PAGES} pages: {min(seconds):.2f} to {max(seconds):.2f} s; {len(chosen)} files")
    base = other or RECORDED
    row = report(
        name="to_pdf",
        runs=runs,
        unit="pages/core-second",
        reference=base,
        bar=TIMES * base,
        reference_is="measured" if others else "recorded",
        files=len(chosen),
        thousand_pages_seconds=round(sorted(seconds)[1], 2),
        thousand_pages_hold=sorted(seconds)[1] < LONGEST,
    )
    assert row


if __name__ == "__main__":
    main()
