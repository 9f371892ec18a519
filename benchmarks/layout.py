"""Lay out and write a 3-page record with its fonts as subsets: python -m benchmarks.layout

Documents per second of processor time on one core, each document with another text. The reference
is the layout engine of ofdrw: 58.7 documents of 4 pages per core-second without subset fonts.
"""

from __future__ import annotations

import itertools
import time

from benchmarks import _harness
from openrhip.formats import ofd
from openrhip.formats.ofd import fonts

REFERENCE = 58.7
BAR = 80.0  # what remains of 25 ms for one document of the `seal` benchmark must hold signatures
_TEXT = (
    "患者于3天前无明显诱因出现胸闷、胸痛，位于心前区，呈压榨样，向左肩背部放射，持续约10min，休息后"
    "可缓解，伴大汗、乏力；无恶心、呕吐，无晕厥。自服“速效救心丸”后症状稍缓解。今晨6:30症状再发，"
    "程度较前加重，遂来我院急诊，查心电图示：V1—V4导联ST段抬高0.2~0.4mV，肌钙蛋白I（cTnI）2.35ng/mL↑，"
    "以“急性前壁心肌梗死”收入院。病程中神志清，精神差，饮食、睡眠欠佳，二便如常，体重无明显变化。"
)
_PARTS = ("主诉", "现病史", "既往史", "个人史", "婚育史", "家族史", "体格检查", "辅助检查")


def record(number: int) -> ofd.Story:
    """A 3-page 入院记录 with the patient's grid on each page, a table, signatures and a seal."""
    grid = ofd.KeyValueGrid(
        [
            [
                ofd.Field("姓名：", "张㛃", tag="DE02.01.039.00"),
                ofd.Field("性别：", "女", tag="DE02.01.040.00"),
                ofd.Field("年龄：", "57岁"),
                ofd.Field("住院号：", f"{number:010}"),
            ],
            [
                ofd.Field("科室：", "心血管内科"),
                ofd.Field("病区：", "三病区"),
                ofd.Field("床号：", f"{number % 60}床"),
                ofd.Field("民族：", "汉族"),
            ],
        ]
    )
    header = [
        ofd.Paragraph("示例市第一人民医院", ofd.Style(size=16, bold=True, align=ofd.Align.CENTER)),
        ofd.Paragraph("入 院 记 录", ofd.Style(size=18, bold=True, align=ofd.Align.CENTER)),
        grid,
        ofd.Rule(0.4),
    ]
    blocks: list[ofd.Block] = []
    for at, name in enumerate(_PARTS):
        content = [ofd.Run(f"{name}：", bold=True), _TEXT, _TEXT[(number + at) % 90 :]]
        blocks.append(ofd.Paragraph(content, ofd.Style(indent=2), tag=f"DE04.10.{at:03}.00"))
    rows = [
        [
            str(i),
            "白细胞计数（WBC）",
            ofd.Cell(f"{number % 17}.{i} ↑", bold=True),
            "3.5—9.5",
            "10⁹/L",
        ]
        for i in range(1, 25)
    ]
    columns = [
        ofd.Column("序号", 0.6),
        ofd.Column("检验项目", 3),
        ofd.Column("结果", 1.2),
        ofd.Column("参考区间", 1.6),
        ofd.Column("单位", 1.2),
    ]
    blocks.append(ofd.Table(columns, rows, ruled=ofd.Ruling.THREE_LINE))
    slots = [ofd.Slot("医师签名：", "李䶮", anchor="author-signature"), ofd.Slot("日期：")]
    blocks.append(ofd.SignatureLine(slots, seal=True))
    return ofd.Story("入院记录", blocks, header=header, footer=[ofd.PageNumber()])


def main() -> None:
    numbers = itertools.count(1)
    fonts.warm()
    made = ofd.compose(record(0))
    assert made.pages == 3, made.pages
    assert not made.missing
    runs = _harness.rates(
        lambda: ofd.write(record(next(numbers))), clock=time.process_time, seconds=1.5
    )
    _harness.report(
        name="layout",
        runs=runs,
        unit="documents/core-second",
        reference=REFERENCE,
        bar=BAR,
        milliseconds=round(1000 / sorted(runs)[len(runs) // 2], 2),
        bytes=len(made.data),
    )


if __name__ == "__main__":
    main()
