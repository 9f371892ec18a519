"""手术、麻醉、输血 (C0009 to C0013) and notes before and after operations (C0046 to C0048)."""

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout.pattern import (
    BRIEF,
    Beside,
    Diagnoses,
    Facts,
    Pattern,
    Procedures,
    Rows,
    Text,
    builder,
)
from openrhip.formats.cda.layout.pattern_rows import (
    NAME,
    PEOPLE,
    TIME,
    Source,
    element,
    form,
    group,
)

BLOOD = (("ABO血型", "DE04.50.001.00"), ("Rh血型", "DE04.50.010.00"))
PRESSURE = (("收缩压", "DE04.10.174.00"), ("舒张压", "DE04.10.176.00"))
BOTH = Beside(Diagnoses("术前诊断", "术前"), Diagnoses("术后诊断", "术后"))
DRUGS = Rows(
    "用药", form("substanceAdministration"),
    (
        Source("药物", 40, "fact:药物名称"), Source("单次剂量", 16, "fact:用药剂量-单次"),
        Source("单位", 11, "DE08.50.024.00"), Source("途径", 24, "fact:用药途径"),
        Source("频率", 14, "DE06.00.133.00"), Source("用法", 44, "DE06.00.136.00"),
        Source("总剂量", 15, "DE06.00.135.00"),
    ),
)  # fmt: skip
PLANNED = Facts("拟实施手术", (
    ("手术名称", "DE06.00.094.00"), ("手术编码", "DE06.00.093.00"), ("目标部位", "DE06.00.187.00"),
    ("手术时间", "DE06.00.221.00"), ("麻醉方法", "DE06.00.073.00"),
))  # fmt: skip
_OPERATION = (
    Source("手术及操作", 46, NAME), Source("名称", 34, "DE06.00.094.00"),
    Source("起止时间", 30, TIME), Source("人员", 34, PEOPLE), Source("级别", 16, "DE06.00.255.00"),
    Source("手术间", 18, "DE06.00.256.00"), Source("体位", 16, "DE06.00.260.00"),
    Source("经过", 44, "DE06.00.296.00"),
)  # fmt: skip
_TRANSFUSED = (
    Source("时间", 30, TIME), Source("品种", 22, "DE08.50.040.00"),
    Source("血袋编码", 26, "DE01.00.023.00"), Source("输血量", 18, "DE06.00.267.00"),
    Source("单位", 10, "DE08.50.036.00"), Source("反应", 12, "DE06.00.264.00"),
    Source("反应类型", 22, "DE06.00.265.00"), Source("次数", 10, "DE06.00.263.00"),
)  # fmt: skip


def _transfusion(title: str) -> Rows:
    return Rows(title, group("输血"), _TRANSFUSED)


PATTERNS = {
    Kind.OPERATION: Pattern((
        Facts("", (("手术史", "DE02.10.062.00"),)),
        BOTH,
        Rows("手术及操作", form("procedure", "47519-4"), _OPERATION),
        Facts("麻醉与出入量", (
            ("麻醉方式", "DE06.00.073.00"), ("出血量", "DE06.00.097.00"),
            ("输血量", "DE06.00.267.00"), ("输血反应", "DE06.00.264.00"),
            ("输液量", "DE06.00.268.00"), ("术前用药", "DE06.00.136.00", "术前"),
            ("术中用药", "DE06.00.136.00", "术中"),
        )),
        Text("手术经过", "DE05.10.063.00"),
        Facts("引流", (("引流", "DE05.10.165.00"),)),
    )),
    Kind.PRE_ANAESTHESIA: Pattern((
        Diagnoses("术前诊断", "术前诊断"), Text("术前合并疾病", "DE05.01.076.00"),
        Text("简要病史", "DE05.10.140.00"), Text("过敏史", "DE02.10.022.00"),
        Facts("体格检查", (
            ("体重", "DE04.10.188.00"), ("一般状况", "DE04.10.219.00"),
            ("精神状态正常", "DE05.10.142.00"), ("心脏听诊", "DE04.10.207.00"),
            ("肺部听诊", "DE04.10.031.00"), ("四肢", "DE04.10.179.00"), ("脊柱", "DE04.10.093.00"),
            ("腹部", "DE04.10.046.00"), ("气管", "DE06.00.230.00"), ("牙齿", "DE04.10.264.00"),
        )),
        Facts("辅助检查", (
            *BLOOD, ("心电图", "DE04.30.043.00"), ("胸部X线", "DE04.30.045.00"),
            ("CT", "DE04.30.005.00"), ("B超", "DE04.30.002.00"),
            ("MRI", "DE04.30.009.00", "MRI"), ("肺功能", "DE04.30.009.00", "肺功能"),
            ("血常规", "DE04.50.128.00", "血常规"), ("尿常规", "DE04.50.048.00"),
            ("凝血功能", "DE04.50.142.00"), ("肝功能", "DE04.50.026.00"),
            ("血气分析", "DE04.50.128.00", "血气"),
        )),
        Procedures("拟实施手术", "18776-5"),
        Text("拟实施麻醉方法", "DE06.00.073.00"),
    )),
    Kind.ANAESTHESIA: Pattern((
        Facts("", (*BLOOD, ("体重", "DE04.10.188.00"))),
        BOTH,
        Rows("手术", form("procedure", "47519-4"), _OPERATION),
        Rows("麻醉", form("procedure", "59774-0"), (
            Source("麻醉方法", 26, NAME), Source("开始时间", 24, TIME),
            Source("ASA", 10, "DE05.10.129.00"), Source("体位", 28, "DE04.10.260.00"),
            Source("气管插管", 34, "DE06.00.228.00"), Source("呼吸类型", 18, "DE06.00.208.00"),
            Source("效果", 14, "DE06.00.253.00"), Source("合并症", 14, "DE05.01.077.00"),
        )),
        DRUGS,
        Facts("术中监测", (
            ("体温", "DE04.10.186.00"), ("脉率", "DE04.10.118.00"), ("呼吸", "DE04.10.081.00"),
            ("心率", "DE04.10.206.00"), *PRESSURE,
        )),
        Rows("常规监测", element("DE06.00.216.00", "常规"), (
            Source("项目", 50, "=value"), Source("结果", 120, "DE06.00.281.00"),
        )),
        Rows("特殊监测", element("DE06.00.216.00", "特殊"), (
            Source("项目", 50, "=value"), Source("结果", 120, "DE06.00.281.00"),
        )),
        _transfusion("输血"),
        Facts("出入量与去向", (
            ("术中输液", "DE06.00.269.00"), ("出血量", "DE06.00.097.00"),
            ("患者去向", "DE06.00.185.00"),
        )),
    )),
    Kind.POST_ANAESTHESIA: Pattern((
        Facts("", (*BLOOD, ("体重", "DE04.10.188.00"))),
        BOTH,
        Procedures("手术"),
        Text("麻醉方法", "DE06.00.073.00"), Text("一般状况", "DE04.10.219.00"),
        Facts("麻醉恢复", (
            ("恢复情况", "DE06.00.225.00"), ("清醒时间", "DE06.00.233.00"),
            ("拔除气管插管", "DE05.10.165.00"), ("特殊情况", "DE05.10.158.00"),
        )),
    )),
    Kind.TRANSFUSION: Pattern((
        Diagnoses("诊断"), _transfusion("输血记录"),
        Facts("血型", (("ABO血型", "DE04.50.001.00"), ("Rh血型", "DE04.50.010.00"))),
    )),
    Kind.PRE_OPERATION: Pattern((
        Text("病历摘要", "DE06.00.182.00"), Diagnoses("术前诊断", "术前"),
        Text("诊断依据", "DE05.01.070.00"),
        Facts("", (("过敏史标志", "DE02.10.023.00"), ("过敏史", "DE02.10.022.00"))),
        Text("辅助检查", "DE04.30.009.00"), Text("手术适应证", "DE05.10.151.00"),
        Text("手术禁忌证", "DE05.10.141.00"), Text("手术指征", "DE06.00.340.00"),
        Text("会诊意见", "DE06.00.018.00"), PLANNED, Text("手术要点", "DE06.00.254.00"),
        Text("术前准备", "DE06.00.271.00"), Text("注意事项", "DE09.00.119.00"),
    )),
    Kind.PRE_OPERATION_DISCUSSION: Pattern((
        Diagnoses("术前诊断", "术前"), Text("入院日期", "DE06.00.092.00"), PLANNED,
        Text("手术指征", "DE06.00.340.00"), Text("手术方案", "DE06.00.301.00"),
        Text("手术要点", "DE06.00.254.00"), Text("术前准备", "DE06.00.271.00"),
        Text("注意事项", "DE09.00.119.00"), Text("讨论意见", "DE06.00.018.00", "意见"),
        Text("讨论结论", "DE06.00.018.00", "结论"),
    ), grid=BRIEF),
    Kind.POST_OPERATION: Pattern((
        Procedures("手术"),
        Facts("手术", (
            ("手术名称", "DE06.00.094.00"), ("目标部位", "DE06.00.187.00"),
            ("手术日期", "DE06.00.221.00"), ("麻醉方法", "DE06.00.073.00"),
        )),
        Text("手术过程", "DE05.10.063.00"), Diagnoses("术后诊断", "术后"),
        Text("诊断依据", "DE05.01.070.00"), Text("注意事项", "DE09.00.119.00"),
    ), grid=BRIEF),
}  # fmt: skip
build = builder(PATTERNS)
