"""Lay out a record as an unsigned package with its fonts inside: python -m benchmarks.lay_out

Documents per second of processor time on one core, each document with another text, fonts embedded
as subsets. The reference lays out the same paragraphs without embedding a font:
OPENRHIP_REFERENCE_LAYOUT may name a command that gets a file with one paragraph a line and prints,
as its last word, documents per second of processor time; else what it did when it was last
measured. Bar: five times the reference.
"""

from __future__ import annotations

import itertools
import tempfile
import time

from benchmarks._documents import measured
from benchmarks._harness import rates, report
from openrhip.formats import ofd
from openrhip.formats.ofd import fonts

RECORDED = 36.0
TIMES = 5
PARAGRAPHS = 17
_TEXT = (
    "患者于3天前无明显诱因出现胸闷、胸痛，位于心前区，呈压榨样，向左肩背部放射，持续约10min，休息后"
    "可缓解，伴大汗、乏力；无恶心、呕吐，无晕厥。自服“速效救心丸”后症状稍缓解。今晨6:30症状再发，"
    "程度较前加重，遂来我院急诊，查心电图示：V1—V4导联ST段抬高0.2~0.4mV，肌钙蛋白I（cTnI）2.35ng/mL↑，"
    "以“急性前壁心肌梗死”收入院。病程中神志清，精神差，饮食、睡眠欠佳，二便如常，体重无明显变化。"
)


def paragraphs(number: int) -> list[str]:
    """A title and paragraphs that fill four pages; another text for each number."""
    return ["入院记录", *(_TEXT[(number + at) % 40 :] + _TEXT for at in range(PARAGRAPHS))]


def document(number: int) -> bytes:
    title, *rest = paragraphs(number)
    blocks = [ofd.Paragraph(title, ofd.Style(size=16)), *(ofd.Paragraph(one) for one in rest)]
    return ofd.write(ofd.Story(title, blocks))


def main() -> None:
    numbers = itertools.count(1)
    fonts.warm()
    pages = len(ofd.open_package(document(0)).pages)
    runs = rates(lambda: document(next(numbers)), clock=time.process_time, seconds=1.5)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("\n".join(paragraphs(0)))
        file.flush()
        other, origin = measured("OPENRHIP_REFERENCE_LAYOUT", file.name, RECORDED)
    report(
        name="lay_out",
        runs=runs,
        unit="documents/core-second",
        reference=other,
        bar=TIMES * other,
        reference_is=origin,
        pages=pages,
        bytes=len(document(0)),
    )


if __name__ == "__main__":
    main()
