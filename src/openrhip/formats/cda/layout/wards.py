"""急诊留观 (C0003), 治疗记录 (C0008), 住院医嘱 (C0052), 健康体检 (HSDC00.01)."""

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout.operations import DRUGS
from openrhip.formats.cda.layout.pattern import (
    BRIEF,
    VISIT,
    Diagnoses,
    Facts,
    Pattern,
    Procedures,
    Rows,
    Text,
    Vitals,
    builder,
)
from openrhip.formats.cda.layout.pattern_rows import NUMBER, PEOPLE, TIME, Source, group

_ORDERS = Rows("医嘱", group("医嘱项目"), (
    Source("序号", 11, NUMBER), Source("类型", 16, "DE06.00.289.00"),
    Source("医嘱内容", 44, "DE06.00.288.00"), Source("时间", 22, TIME),
    Source("人员", 60, PEOPLE), Source("状态", 12, "DE06.00.290.00"),
    Source("说明", 14, "DE06.00.179.00"), Source("申请单号", 20, "DE01.00.008.00"),
    Source("组号", 11, "DE08.50.056.00"),
))  # fmt: skip
_TESTS = Rows("辅助检查", group("辅助检查"), (
    Source("项目", 50, "DE04.30.010.00"), Source("结果", 120, "DE04.30.009.00"),
))  # fmt: skip

PATTERNS = {
    Kind.OBSERVATION: Pattern((
        Facts("", (("初复诊", "DE06.00.196.00"), ("过敏", "DE02.10.023.00"))),
        Text("主诉", "DE04.01.119.00"), Text("现病史", "DE02.10.071.00"),
        Text("既往史", "DE02.10.099.00"), Text("体格检查", "DE04.10.258.00"), _TESTS,
        Text("中医“四诊”观察结果", "DE02.10.028.00"), Diagnoses("诊断"),
        Text("辨证依据", "DE05.10.132.00"), Text("治则治法", "DE06.00.300.00"), _ORDERS,
        Procedures("手术及操作"), Text("急诊抢救记录", "DE06.00.181.00", "抢救"),
        Text("留观病程记录", "DE06.00.181.00", "病程"), Text("注意事项", "DE09.00.119.00"),
        Text("患者去向", "DE06.00.185.00"),
    ), grid=VISIT),
    Kind.TREATMENT: Pattern((
        Facts("", (
            ("有创诊疗操作", "DE05.10.165.00"), ("过敏", "DE02.10.023.00"),
            ("体重", "DE04.10.188.00"),
        )),
        Diagnoses("入院诊断"), Text("处理及指导意见", "DE06.00.018.00"), Procedures("操作"), DRUGS,
        Text("医嘱使用备注", "DE06.00.179.00"), Text("今后治疗方案", "DE06.00.159.00"),
        Text("随访方式", "DE06.00.108.00"),
    )),
    Kind.ORDERS: Pattern((
        Facts("", (("体重", "DE04.10.188.00"), ("医嘱类别", "DE06.00.286.00"))), _ORDERS,
    ), grid=BRIEF),
    Kind.CHECK_UP: Pattern((Vitals(), Diagnoses("诊断")), grid=VISIT),
}  # fmt: skip
build = builder(PATTERNS)
