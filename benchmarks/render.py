"""Pages drawn to PNG at 110 dpi: python -m benchmarks.render

Pages per second of processor time on one core: the worse of our own records and of files made by
others, where OPENRHIP_OFD_CORPUS names a folder of such (their first three pages each). The
reference is pypdfium2 drawing the finished PDF of the same pages: what remains is reading OFD.
Bar: 20 pages a second.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path

import pypdfium2

from benchmarks._harness import report
from openrhip.formats import cda, ofd
from openrhip.formats.ofd import render
from openrhip.kernel.errors import Problem

BAR = 20.0
DPI = 110
MOST = 3


def pages(data: bytes) -> int:
    """How many pages were drawn, up to MOST."""
    try:
        package = ofd.open_package(data)
        count = min(len(package.pages), MOST)
        for page in range(count):
            render.to_png(package, page, DPI)
    except Problem:
        return 0
    return count


def speed(documents: Sequence[bytes]) -> float:
    begun = time.process_time()
    drawn = sum(map(pages, documents))
    return drawn / (time.process_time() - begun)


def of_pdf(documents: Sequence[bytes]) -> float:
    """pypdfium2 alone on the same pages."""
    made = [render.to_pdf(one) for one in documents]
    begun, drawn = time.process_time(), 0
    for one in made:
        file = pypdfium2.PdfDocument(one)
        for page in range(min(len(file), MOST)):
            file[page].render(scale=DPI / 72).to_pil()
            drawn += 1
        file.close()
    return drawn / (time.process_time() - begun)


def main() -> None:
    ours = [cda.lay_out(cda.parse(s), source=s) for s in list(cda.samples().values())[:20]]
    corpus = os.environ.get("OPENRHIP_OFD_CORPUS")
    distinct = {path.read_bytes() for path in Path(corpus).rglob("*.ofd")} if corpus else set()
    others = [data for data in sorted(distinct) if pages(data)]
    speed(ours[:3])
    own = [speed(ours) for _ in range(3)]
    foreign = [speed(others) for _ in range(3)] if others else []
    runs = min((own, foreign or own), key=statistics.median)
    report(
        name="render",
        runs=runs,
        unit="pages/core-second",
        reference=round(of_pdf(ours if runs is own else others), 1),
        bar=BAR,
        own_pages=round(statistics.median(own), 1),
        foreign_pages=round(statistics.median(foreign), 1) if foreign else None,
        foreign_files=len(others),
    )


if __name__ == "__main__":
    main()
