"""护理文书 (C0017 to C0025): observations and deeds as tables, what is measured in a ruled grid."""

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout.operations import BLOOD, PRESSURE
from openrhip.formats.cda.layout.pattern import (
    BRIEF,
    STAY,
    Diagnoses,
    Facts,
    Pattern,
    Rows,
    Text,
    builder,
)
from openrhip.formats.cda.layout.pattern_rows import (
    NAME,
    PEOPLE,
    TIME,
    VALUE,
    Source,
    element,
    form,
    group,
)

_SIGNS = Facts("生命体征", (
    ("体温", "DE04.10.186.00"), ("脉率", "DE04.10.118.00"), ("心率", "DE04.10.206.00"),
    ("呼吸", "DE04.10.081.00"), *PRESSURE, ("血氧饱和度", "DE04.50.149.00"),
    ("血糖", "DE04.50.102.00"), ("体重", "DE04.10.188.00"), ("腹围", "DE04.10.052.00"),
))  # fmt: skip
_LEVEL = (("护理等级", "DE06.00.211.00"), ("护理类型", "DE06.00.212.00"))
_CARE = (
    ("导管护理", "DE06.00.209.00", "导管"), ("气管护理", "DE06.00.229.00"),
    ("体位护理", "DE04.10.259.00"),
    ("皮肤护理", "DE04.50.068.00"), ("营养护理", "DE06.00.292.00"), ("心理护理", "DE06.00.283.00"),
    ("安全护理", "DE06.00.178.00"),
)  # fmt: skip
_OBSERVED = Rows("护理观察", element("DE02.10.031.00"), (
    Source("观察项目", 50, VALUE), Source("观察结果", 120, "DE02.10.028.00"),
))  # fmt: skip
_DONE = Rows("护理操作", element("DE06.00.342.00"), (
    Source("操作", 46, VALUE), Source("类目", 40, "DE06.00.210.00"),
    Source("结果", 84, "DE06.00.209.00"),
))  # fmt: skip
_ALLERGY = Rows("过敏史", group("过敏史"), (
    Source("过敏", 20, "DE02.10.023.00"), Source("过敏史", 150, "DE02.10.022.00"),
))  # fmt: skip
_COUNTED = (
    Source("核对", 26, NAME), Source("物品", 70, "DE08.50.042.00"),
    Source("清点", 16, "DE09.00.111.00"), Source("核对", 16, "DE06.00.204.00"),
    Source("人员", 40, PEOPLE),
)  # fmt: skip

PATTERNS = {
    Kind.NURSING: Pattern((
        Diagnoses("诊断"), Text("过敏史", "DE02.10.022.00"), _SIGNS,
        Facts("护理", (
            *_LEVEL, ("饮食", "DE03.00.080.00"), ("饮食指导", "DE06.00.291.00"),
            ("足背动脉搏动", "DE04.10.237.00"), ("隔离", "DE06.00.201.00"), *_CARE,
        )),
        Text("简要病情", "DE06.00.181.00"), _OBSERVED, _DONE,
        Facts("手术交接", (
            ("发出手术安全核对表", "DE06.00.204.00", "安全"),
            ("收回手术安全核对表", "DE06.00.338.00", "安全"),
            ("发出手术风险评估表", "DE06.00.204.00", "风险"),
            ("收回手术风险评估表", "DE06.00.338.00", "风险"),
        )),
    ), grid=BRIEF),
    Kind.CRITICAL_NURSING: Pattern((
        Diagnoses("诊断"), _ALLERGY, _SIGNS,
        Facts("护理", (*_LEVEL, ("饮食", "DE03.00.080.00"))), _OBSERVED, _DONE,
        Text("呼吸机监护", "DE06.00.207.00"),
    ), grid=BRIEF),
    Kind.OPERATION_NURSING: Pattern((
        Facts("", (*BLOOD, ("体重", "DE04.10.188.00"), *_LEVEL)),
        Diagnoses("术前诊断", "术前"), _ALLERGY, Text("皮肤检查", "DE04.10.126.00"),
        Rows("手术及操作", form("procedure", "47519-4"), (
            Source("手术及操作", 46, NAME), Source("时间", 30, TIME), Source("人员", 26, PEOPLE),
            Source("部位", 20, "fact:目标部位"), Source("手术间", 18, "DE06.00.256.00"),
            Source("术中病理", 12, "DE04.30.060.00"), Source("准备事项", 34, "DE06.00.317.00"),
        )),
        Rows("器械物品核对", group("术前清点", "关前核对", "关后核对"), _COUNTED),
        _OBSERVED, _DONE,
        Rows("病人交接", element("DE06.00.206.00"), (
            Source("核对项目", 120, VALUE), Source("人员", 50, PEOPLE),
        )),
    ), grid=BRIEF),
    Kind.VITAL_SIGNS: Pattern((
        Diagnoses("诊断"),
        Facts("生命体征", (
            ("体温", "DE04.10.186.00"), ("脉率", "DE04.10.118.00"),
            ("起搏器心率", "DE04.10.206.00"), ("呼吸", "DE04.10.081.00"), *PRESSURE,
            ("体重", "DE04.10.188.00"), ("腹围", "DE04.10.052.00"),
        )),
        _OBSERVED,
    ), grid=BRIEF),
    Kind.INTAKE_OUTPUT: Pattern((
        Diagnoses("诊断"), Facts("", (("体重", "DE04.10.188.00"), *_LEVEL)),
        _OBSERVED, _DONE,
        Rows("用药", form("substanceAdministration"), (
            Source("药物", 44, "fact:药物名称"), Source("单次剂量", 18, "fact:用药剂量-单次"),
            Source("途径", 24, "fact:用药途径"), Source("频率", 20, "fact:用药频率"),
            Source("用法", 40, "DE06.00.136.00"), Source("总剂量", 16, "DE06.00.135.00"),
        )),
        Facts("", (("呕吐", "DE04.01.048.00"), ("排尿困难", "DE04.01.051.00"))),
    ), grid=BRIEF),
    Kind.CONSUMABLES: Pattern((
        Diagnoses("诊断"),
        Rows("高值耗材", form("substanceAdministration"), (
            Source("材料", 48, "fact:药物名称"), Source("编码", 28, "fact:编号"),
            Source("数量", 11, "fact:用药剂量-单次"), Source("使用途径", 22, "fact:用药途径"),
            Source("生产厂家", 34, "fact:药物名称"), Source("供应商", 36, "DE08.50.035.00"),
            Source("植入", 11, "DE08.50.058.00"),
        )),
    ), grid=BRIEF),
    Kind.ADMISSION_ASSESSMENT: Pattern((
        Facts("入院信息", (
            ("入院原因", "DE05.10.053.00"), ("入院途径", "DE06.00.339.00"),
            ("入病房方式", "DE06.00.237.00"), ("主要症状", "DE04.01.118.00"),
        )),
        Diagnoses("入院诊断", "入院"), _SIGNS,
        Facts("健康史", (
            ("一般健康状况良好", "DE05.10.031.00"), ("传染性", "DE05.10.119.00"),
            ("疾病史", "DE02.10.026.00"), ("传染病史", "DE02.10.008.00"),
            ("预防接种史", "DE02.10.101.00"), ("手术史", "DE02.10.061.00"),
            ("输血史", "DE02.10.100.00"), ("过敏史", "DE02.10.022.00"),
            ("家族史", "DE02.10.103.00"),
        )),
        Facts("健康评估", (
            ("发育", "DE05.10.022.00"), ("营养", "DE05.10.097.00"), ("自理能力", "DE05.10.122.00"),
            ("精神状态正常", "DE05.10.142.00"), ("心理状态", "DE05.10.084.00"),
            ("睡眠", "DE05.10.065.00"), ("Apgar评分", "DE05.10.001.00"),
            ("特殊情况", "DE05.10.158.00"),
        )),
        Facts("生活方式", (
            ("吸烟", "DE03.00.070.00"), ("吸烟状况", "DE03.00.073.00"),
            ("日吸烟量", "DE03.00.053.00"), ("停止吸烟", "DE03.00.065.00"),
            ("饮酒", "DE03.00.030.00"), ("饮酒频率", "DE03.00.076.00"),
            ("日饮酒量", "DE03.00.054.00"), ("饮食", "DE03.00.080.00"),
        )),
        _OBSERVED,
        Facts("", (("通知医师", "DE06.00.280.00"), ("评估时间", "DE05.10.144.00"))),
    )),
    Kind.NURSING_PLAN: Pattern((
        Diagnoses("诊断"), Facts("", _LEVEL), Text("护理问题", "DE05.10.136.00"), _DONE,
        Facts("护理措施", (*_CARE, ("饮食指导", "DE06.00.291.00"))),
    ), grid=BRIEF),
    Kind.DISCHARGE_ASSESSMENT: Pattern((
        Diagnoses("出院诊断", "出院"),
        Facts("出院评估", (
            ("出院时间", "DE06.00.017.00"), ("离院方式", "DE06.00.223.00"),
            ("自理能力", "DE05.10.122.00"), ("饮食情况", "DE03.00.080.00"),
            ("出院情况", "DE06.00.193.00"),
        )),
        Text("饮食指导", "DE06.00.291.00"), Text("生活方式指导", "DE06.00.238.00"),
        Text("用药指导", "DE06.00.136.00"), Text("宣教内容", "DE06.00.124.00"),
        Text("复诊指导", "DE06.00.299.00"),
    ), grid=STAY),
}  # fmt: skip
build = builder(PATTERNS)
