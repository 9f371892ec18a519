"""病程类文书 (C0035 to C0045, C0049 to C0051): stays, notes, rounds, discussions, handovers."""

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout.pattern import (
    BRIEF,
    STAY,
    Beside,
    Diagnoses,
    Facts,
    Pattern,
    Procedures,
    Remainder,
    Rows,
    Text,
    builder,
)
from openrhip.formats.cda.layout.pattern_rows import VALUE, Source, element

_OBSERVED = Text("中医“四诊”观察结果", "DE02.10.028.00")
_PRINCIPLE = Text("治则治法", "DE06.00.300.00")
_COMPLAINT = Text("主诉", "DE04.01.119.00")
_COURSE = Text("诊疗经过", "DE06.00.296.00")
_ADMITTED = Text("入院情况", "DE05.10.148.00")
_RELIABLE = ("病史可靠", "DE05.10.143.00")
_TCM = (
    Text("辨证论治", "DE05.10.131.00"), Text("中药处方", "DE06.00.287.00", "中药"),
    Text("煎煮方法", "DE08.50.047.00"), Text("用药方法", "DE06.00.136.00"),
)  # fmt: skip
_THEN_AND_NOW = Beside(Diagnoses("入院诊断", "入院"), Diagnoses("目前诊断", "目前"))
_IN_AND_OUT = Beside(Diagnoses("入院诊断", "入院"), Diagnoses("出院诊断", "出院"))
_NOW = Text("目前情况", "DE06.00.184.00")
_PLAN = Text("诊疗计划", "DE05.01.025.00", "诊疗计划")

PATTERNS = {
    Kind.SHORT_STAY: Pattern((
        _COMPLAINT, Text("现病史", "DE02.10.071.00"), Text("症状", "DE04.01.118.00"), _ADMITTED,
        _OBSERVED, _IN_AND_OUT, _PRINCIPLE, _COURSE, Text("出院情况", "DE06.00.193.00"),
        Text("出院医嘱", "DE06.00.287.00"),
    ), grid=STAY, more=(_RELIABLE,)),
    Kind.SHORT_STAY_DEATH: Pattern((
        _COMPLAINT, _ADMITTED, _OBSERVED, Diagnoses("入院诊断", "入院"), _PRINCIPLE, _COURSE,
        Facts("死亡", (("死亡时间", "DE02.01.036.00"), ("死亡原因", "DE05.10.099.00"))),
        Diagnoses("死亡诊断", "死亡"),
    ), grid=STAY, more=(_RELIABLE,)),
    Kind.FIRST_COURSE: Pattern((
        _COMPLAINT, Text("病例特点", "DE05.10.133.00"), _OBSERVED,
        Text("诊断依据", "DE05.01.070.00"), Diagnoses("初步诊断", "初步"),
        Diagnoses("鉴别诊断", "鉴别"), _PLAN, _PRINCIPLE,
    ), grid=BRIEF),
    Kind.DAILY_COURSE: Pattern((
        Text("病程记录", "DE06.00.309.00"), _OBSERVED, Text("医嘱", "DE06.00.287.00"), *_TCM,
    ), grid=BRIEF),
    Kind.SENIOR_ROUND: Pattern((
        Text("查房记录", "DE06.00.181.00"), _OBSERVED, _PLAN, Text("医嘱", "DE06.00.287.00"), *_TCM,
    ), grid=BRIEF),
    Kind.DIFFICULT_CASE: Pattern((
        Text("讨论意见", "DE06.00.018.00", "讨论"),
        Text("主持人总结意见", "DE06.00.018.00", "主持人"), _OBSERVED, *_TCM,
    ), grid=BRIEF),
    Kind.HANDOVER: Pattern((
        _COMPLAINT, _ADMITTED, _THEN_AND_NOW, _NOW, _OBSERVED, _COURSE,
        Text("接班诊疗计划", "DE06.00.298.00"), _PRINCIPLE, Text("注意事项", "DE09.00.119.00"),
    ), grid=BRIEF, each_signs=True),
    Kind.TRANSFER: Pattern((
        Facts("转科", (
            ("记录类型", "DE06.00.314.00"), ("转出科室", "DE08.10.026.00", "转出"),
            ("转入科室", "DE08.10.026.00", "转入"), ("转科目的", "DE06.00.315.00"),
        )),
        _COMPLAINT, _ADMITTED, _THEN_AND_NOW, _NOW, _OBSERVED, _COURSE,
        Text("转入诊疗计划", "DE06.00.298.00"), _PRINCIPLE, *_TCM,
        Text("注意事项", "DE09.00.119.00"),
    ), grid=BRIEF, each_signs=True),
    Kind.STAGE_SUMMARY: Pattern((
        _COMPLAINT, _ADMITTED, _THEN_AND_NOW, _NOW, _OBSERVED, _COURSE,
        Text("今后治疗方案", "DE06.00.159.00"), _PRINCIPLE, Text("医嘱", "DE06.00.287.00"), *_TCM,
    ), grid=BRIEF),
    Kind.RESCUE: Pattern((
        Diagnoses("诊断"), Text("病情变化", "DE05.10.134.00"),
        Facts("抢救", (
            ("开始时间", "DE06.00.221.00"), ("结束时间", "DE06.00.218.00"),
            ("抢救措施", "DE06.00.094.00", "抢救"),
        )),
        Procedures("手术及操作"),
        Rows("检查检验", element("DE04.30.020.00"), (
            Source("项目", 44, VALUE), Source("结果", 60, "DE04.30.009.00"),
            Source("定量结果", 30, "DE04.30.015.00"), Source("结论", 24, "DE04.30.017.00"),
        )),
        Text("注意事项", "DE09.00.119.00"),
    ), grid=BRIEF),
    Kind.CONSULTATION: Pattern((
        Facts("会诊", (
            ("会诊类型", "DE06.00.319.00"), ("会诊原因", "DE06.00.039.00"),
            ("会诊目的", "DE06.00.214.00"),
        )),
        Text("病历摘要", "DE06.00.182.00"), Diagnoses("诊断"), _OBSERVED,
        Text("辅助检查", "DE04.30.009.00"), Text("诊疗过程", "DE06.00.297.00"), _COURSE, _PRINCIPLE,
        Text("会诊意见", "DE06.00.018.00"),
    ), grid=BRIEF, each_signs=True),
    Kind.DISCHARGE_RECORD: Pattern((
        Facts("", (("入院日期", "DE06.00.092.00"), ("出院日期", "DE06.00.017.00"))),
        _ADMITTED, _IN_AND_OUT, Text("阳性辅助检查结果", "DE04.50.128.00"), _OBSERVED, _COURSE,
        _PRINCIPLE, Text("出院情况", "DE06.00.193.00"),
        Text("出院时症状与体征", "DE04.01.117.00"), Text("出院医嘱", "DE06.00.287.00"), *_TCM,
    ), grid=STAY),
    Kind.DEATH: Pattern((
        _ADMITTED, Diagnoses("入院诊断", "入院"), _COURSE,
        Facts("死亡", (("入院日期", "DE06.00.092.00"), ("死亡时间", "DE02.01.036.00"))),
        Diagnoses("直接死亡原因", "死亡原因"), Diagnoses("死亡诊断", "死亡诊断"),
        Text("家属是否同意尸体解剖", "DE09.00.115.00"),
    ), grid=STAY),
    Kind.DEATH_DISCUSSION: Pattern((
        Text("直接死亡原因", "DE05.01.025.00", "死亡原因"),
        Text("死亡诊断", "DE05.01.025.00", "死亡诊断"),
        Remainder("讨论内容", "DE06.00.181.00"), Remainder("主持人总结意见", "DE06.00.018.00"),
    ), grid=STAY),
}  # fmt: skip
build = builder(PATTERNS)
