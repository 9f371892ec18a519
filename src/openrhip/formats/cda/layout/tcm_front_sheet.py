"""中医住院病案首页 (C0033): stay, diagnoses, operations, leaving, fees by class."""

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout.operations import BLOOD
from openrhip.formats.cda.layout.pattern import Facts, Name, Pattern, Rows, builder
from openrhip.formats.cda.layout.pattern_rows import NAME, PEOPLE, TIME, Source, form, group

_GRID = (
    ("姓名", "性别", "出生日期", "年龄"),
    ("国籍", "民族", "婚姻", "职业"),
    ("身份证号", "住院号", "健康卡号"),
    ("入院时间", "出院时间", "科室", "病房"),
)
_CHINESE, _CHINESE_CODE = "DE05.10.172.00", "DE05.10.130.00"
_WESTERN, _WESTERN_CODE = "DE05.01.025.00", "DE05.01.024.00"


def _diagnoses(title: str, name: str, code: str, *labels: str) -> Rows:
    return Rows(title, group(*labels), (
        Source("诊断", 30, NAME), Source("名称", 76, name), Source("编码", 30, code),
        Source("入院病情", 30, "DE09.00.104.00"),
    ))  # fmt: skip


def _fees(title: str, *names: tuple[str, str]) -> Facts:
    fields: tuple[Name, ...] = tuple((label, f"HDSD00.12.{code}") for label, code in names)
    return Facts(title, fields)


PATTERNS = {
    Kind.TCM_FRONT_SHEET: Pattern((
        Facts("住院", (
            ("医疗付款方式", "DE07.00.007.00"), ("第几次住院", "DE02.10.090.00"),
            ("实际住院", "DE06.00.310.00"), ("治疗类别", "DE06.00.304.00"),
            ("新生儿出生体重", "DE04.10.019.00", "出生"),
            ("新生儿入院体重", "DE04.10.019.00", "入院"),
            ("实施临床路径", "HDSD00.12.099"), ("疾病状态", "DE05.10.119.00"),
        )),
        _diagnoses("门(急)诊中医诊断", _CHINESE, _CHINESE_CODE, "门急诊中医病名", "门急诊中医证候"),
        _diagnoses("门(急)诊西医诊断", _WESTERN, _WESTERN_CODE, "门急诊西医诊断", "病理诊断"),
        _diagnoses("出院中医诊断", _CHINESE, _CHINESE_CODE, "出院中医主病", "出院中医主证"),
        _diagnoses("出院西医诊断", _WESTERN, _WESTERN_CODE, "出院西医主要诊断", "出院西医其他诊断"),
        Facts("", (
            ("损伤中毒的外部原因", "DE05.10.152.00"), ("药物过敏", "DE02.10.023.00"),
            ("过敏药物", "DE02.10.022.00"), *BLOOD, ("尸检", "DE09.00.108.00"),
        )),
        Rows("手术及操作", form("procedure", "47519-4"), (
            Source("手术及操作", 44, NAME), Source("名称", 36, "DE06.00.094.00"),
            Source("日期", 22, TIME), Source("级别", 14, "DE06.00.255.00"),
            Source("人员", 34, PEOPLE), Source("切口", 12, "DE06.00.257.00"),
            Source("愈合", 12, "DE05.10.147.00"), Source("麻醉", 20, "DE06.00.073.00"),
        )),
        Facts("离院与质量", (
            ("离院方式", "DE06.00.223.00"), ("拟接受机构", "DE08.10.013.00"),
            ("31天内再住院计划", "DE06.00.194.00"), ("病案质量", "DE09.00.103.00"),
            ("中药制剂", "DE06.00.243.00"), ("中医诊疗技术", "DE06.00.245.00"),
            ("中医诊疗设备", "DE06.00.244.00"), ("辨证施护", "DE06.00.180.00"),
        )),
        _fees("住院费用", ("总费用", "169"), ("自付", "170")),
        _fees(
            "综合医疗服务类", ("一般医疗服务费", "174"), ("辨证论治费", "175"),
            ("辨证论治会诊费", "176"), ("一般治疗操作费", "177"), ("护理费", "172"),
            ("其他费用", "173"),
        ),
        _fees(
            "诊断类", ("病理诊断费", "136"), ("实验室诊断费", "138"), ("影像学诊断费", "139"),
            ("临床诊断项目费", "137"),
        ),
        _fees(
            "治疗与康复类", ("非手术治疗项目费", "145"), ("手术治疗费", "147"), ("康复费", "062"),
        ),
        _fees("中医类", ("中医诊断费", "156"), ("中医治疗费", "157"), ("中医其他治疗费", "153")),
        _fees(
            "药品与血液", ("西药费", "113"), ("中成药费", "151"), ("中草药费", "150"),
            ("血费", "130"), ("白蛋白类", "126"), ("球蛋白类", "128"), ("凝血因子类", "127"),
            ("细胞因子类", "129"),
        ),
        _fees(
            "耗材与其他", ("检查用材料费", "045"), ("治疗用材料费", "047"),
            ("手术用材料费", "046"), ("其他费", "092"),
        ),
    ), grid=_GRID),
}  # fmt: skip
build = builder(PATTERNS)
