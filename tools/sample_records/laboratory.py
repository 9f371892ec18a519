"""检验报告 C0007: single reports, a culture with susceptibilities, and a series over forty pages."""
# ruff: noqa: E501, S311

from __future__ import annotations

import random

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING, XUANWUHU, CityInstitution, patient
from sample_records.examination import requested
from sample_records.shared_document import (
    ICD10,
    Record,
    Signer,
    cd,
    code,
    el,
    escape,
    group,
    later,
    obs,
    section,
    st,
    table_cd,
)

INTERPRETATION = "2.16.840.1.113883.5.83"
LEVELS = {
    "H": "偏高",
    "L": "偏低",
    "N": "正常",
    "HH": "危急值(高)",
    "LL": "危急值(低)",
    "A": "异常",
}
LOINC = "2.16.840.1.113883.6.1"

# code, name, abbreviation, unit, low, high, decimals
Test = tuple[str, str, str, str, float, float, int]
BLOOD: list[Test] = [
    ("6690-2", "白细胞计数", "WBC", "10^9/L", 3.5, 9.5, 2), ("770-8", "中性粒细胞百分比", "NEUT%", "%", 40, 75, 1),
    ("736-9", "淋巴细胞百分比", "LYMPH%", "%", 20, 50, 1), ("5905-5", "单核细胞百分比", "MONO%", "%", 3, 10, 1),
    ("713-8", "嗜酸性粒细胞百分比", "EO%", "%", 0.4, 8.0, 1), ("706-2", "嗜碱性粒细胞百分比", "BASO%", "%", 0, 1, 1),
    ("751-8", "中性粒细胞计数", "NEUT#", "10^9/L", 1.8, 6.3, 2), ("731-0", "淋巴细胞计数", "LYMPH#", "10^9/L", 1.1, 3.2, 2),
    ("742-7", "单核细胞计数", "MONO#", "10^9/L", 0.1, 0.6, 2), ("711-2", "嗜酸性粒细胞计数", "EO#", "10^9/L", 0.02, 0.52, 2),
    ("704-7", "嗜碱性粒细胞计数", "BASO#", "10^9/L", 0, 0.06, 2), ("789-8", "红细胞计数", "RBC", "10^12/L", 4.3, 5.8, 2),
    ("718-7", "血红蛋白", "HGB", "g/L", 130, 175, 0), ("4544-3", "红细胞压积", "HCT", "%", 40, 50, 1),
    ("787-2", "平均红细胞体积", "MCV", "fL", 82, 100, 1), ("785-6", "平均红细胞血红蛋白量", "MCH", "pg", 27, 34, 1),
    ("786-4", "平均红细胞血红蛋白浓度", "MCHC", "g/L", 316, 354, 0), ("788-0", "红细胞分布宽度", "RDW-CV", "%", 11, 15, 1),
    ("777-3", "血小板计数", "PLT", "10^9/L", 125, 350, 0), ("32623-1", "平均血小板体积", "MPV", "fL", 7.4, 12.5, 1),
    ("1988-5", "C反应蛋白", "CRP", "mg/L", 0, 8, 1),
]  # fmt: skip
FEMALE = {"RBC": (3.8, 5.1), "HGB": (115.0, 150.0), "HCT": (35.0, 45.0)}
BLOOD_OF_WOMEN: list[Test] = [(*one[:4], *FEMALE.get(one[2], one[4:6]), one[6]) for one in BLOOD]
CHEMISTRY: list[Test] = [
    ("1742-6", "丙氨酸氨基转移酶", "ALT", "U/L", 9, 50, 0), ("1920-8", "天门冬氨酸氨基转移酶", "AST", "U/L", 15, 40, 0),
    ("2885-2", "总蛋白", "TP", "g/L", 65, 85, 1), ("1751-7", "白蛋白", "ALB", "g/L", 40, 55, 1),
    ("1975-2", "总胆红素", "TBIL", "μmol/L", 3.4, 20.5, 1), ("1968-7", "直接胆红素", "DBIL", "μmol/L", 0, 6.8, 1),
    ("6768-6", "碱性磷酸酶", "ALP", "U/L", 45, 125, 0), ("2324-2", "γ-谷氨酰转肽酶", "GGT", "U/L", 10, 60, 0),
    ("3094-0", "尿素", "UREA", "mmol/L", 3.1, 8.0, 2), ("2160-0", "肌酐", "CREA", "μmol/L", 57, 97, 0),
    ("3084-1", "尿酸", "UA", "μmol/L", 208, 428, 0), ("2345-7", "葡萄糖", "GLU", "mmol/L", 3.9, 6.1, 2),
    ("2823-3", "钾", "K", "mmol/L", 3.5, 5.3, 2), ("2951-2", "钠", "Na", "mmol/L", 137, 147, 1),
    ("2075-0", "氯", "Cl", "mmol/L", 99, 110, 1), ("17861-6", "钙", "Ca", "mmol/L", 2.11, 2.52, 2),
    ("2777-1", "无机磷", "P", "mmol/L", 0.85, 1.51, 2), ("2601-3", "镁", "Mg", "mmol/L", 0.75, 1.02, 2),
    ("2093-3", "总胆固醇", "TC", "mmol/L", 3.1, 5.2, 2), ("2571-8", "甘油三酯", "TG", "mmol/L", 0.56, 1.7, 2),
    ("2085-9", "高密度脂蛋白胆固醇", "HDL-C", "mmol/L", 1.04, 1.55, 2), ("13457-7", "低密度脂蛋白胆固醇", "LDL-C", "mmol/L", 1.8, 3.4, 2),
    ("2532-0", "乳酸脱氢酶", "LDH", "U/L", 120, 250, 0), ("2157-6", "肌酸激酶", "CK", "U/L", 50, 310, 0),
]  # fmt: skip
CLOTTING: list[Test] = [
    ("5902-2", "凝血酶原时间", "PT", "s", 9.4, 12.5, 1), ("6301-6", "国际标准化比值", "INR", "", 0.8, 1.2, 2),
    ("3173-2", "活化部分凝血活酶时间", "APTT", "s", 25.1, 36.5, 1), ("3243-3", "凝血酶时间", "TT", "s", 10.3, 16.6, 1),
    ("3255-7", "纤维蛋白原", "FIB", "g/L", 2.0, 4.0, 2), ("48065-7", "D-二聚体", "D-D", "mg/L(FEU)", 0, 0.55, 2),
]  # fmt: skip
GASES: list[Test] = [
    ("2744-1", "酸碱度", "pH", "", 7.35, 7.45, 3), ("2019-8", "二氧化碳分压", "pCO2", "mmHg", 35, 45, 1),
    ("2703-7", "氧分压", "pO2", "mmHg", 80, 100, 1), ("1960-4", "碳酸氢根", "HCO3-", "mmol/L", 21.4, 27.3, 1),
    ("1925-7", "碱剩余", "BE", "mmol/L", -3, 3, 1), ("2708-6", "血氧饱和度", "sO2", "%", 95, 98, 1), ("2518-9", "乳酸", "Lac", "mmol/L", 0.5, 1.7, 1),
]  # fmt: skip
HEART: list[Test] = [
    ("67151-1", "高敏肌钙蛋白T", "hs-TnT", "ng/L", 0, 14, 1), ("33762-6", "N端脑钠肽前体", "NT-proBNP", "pg/mL", 0, 300, 0), ("33959-8", "降钙素原", "PCT", "ng/mL", 0, 0.05, 2),
]  # fmt: skip
PANELS = {
    "血常规": BLOOD,
    "生化全套": CHEMISTRY,
    "凝血功能": CLOTTING,
    "动脉血气分析": GASES,
    "心肌与感染标志物": HEART,
}
LIMITS = {
    "CREA": (30.0, 650.0),
    "K": (2.8, 6.2),
    "pH": (7.2, 7.55),
    "sO2": (70.0, 100.0),
    "INR": (0.7, 3.0),
}


def _level(value: float, low: float, high: float) -> str:
    if value < low:
        return "LL" if value < low - 0.9 * (high - low) and low > 0 else "L"
    if value > high:
        return "HH" if value > high + 20 * (high - low) else "H"
    return "N"


def _range(test: Test) -> str:
    _, _, _, unit, low, high, digits = test
    inner = el("low", value=f"{low:.{digits}f}", unit=unit or "1") + el(
        "high", value=f"{high:.{digits}f}", unit=unit or "1"
    )
    if low == 0:
        inner = el("high", value=f"{high:.{digits}f}", unit=unit or "1")
    return el("referenceRange", el("observationRange", f'<value xsi:type="IVL_PQ">{inner}</value>'))


def _interpretation(level: str) -> str:
    return el(
        "interpretationCode", code=level, codeSystem=INTERPRETATION, displayName=LEVELS[level]
    )


def by_element(test: Test, value: float) -> str:
    """An item as WS/T 500.7 has it: project code, result code, quantity with unit."""
    number, name, short, unit, low, high, digits = test
    level = _level(value, low, high)
    shown = f"{value:.{digits}f}"
    quantity = obs(
        "DE04.30.015.00", "检验定量结果", f'<value xsi:type="REAL" value="{shown}"/>',
        *([obs("DE04.30.016.00", "检查定量结果计量单位", st(unit))] if unit else []),
        after=_interpretation(level), tail=_range(test),
    )  # fmt: skip
    return obs(
        "DE04.30.019.00", "检验项目代码", cd(number, f"{name}({short})", LOINC, "LOINC"), quantity
    )


def by_code(test: Test, value: float) -> str:
    """An item as most laboratory systems write it: its own code, PQ, interpretation, range."""
    number, name, short, unit, low, high, digits = test
    shown = f"{value:.{digits}f}"
    head = code(number, f"{name}({short})", LOINC, "LOINC")
    value_xml = f'<value xsi:type="PQ" value="{shown}" unit="{unit or "1"}"/>'
    return el(
        "observation",
        head + value_xml + _interpretation(_level(value, low, high)) + _range(test),
        classCode="OBS",
        moodCode="EVN",
    )


def specimen(kind: str, state: str, taken: str, received: str, item: str) -> str:
    time = el("effectiveTime", el("low", value=taken) + el("high", value=received))
    return obs(
        "DE04.30.019.00", "检验项目代码", st(item),
        obs("DE04.50.134.00", "标本类别", time + st(kind)), obs("DE04.50.135.00", "标本状态", st(state)), when=received,
    )  # fmt: skip


def make(
    number: str, hospital: CityInstitution, who: str, *, when: str, department: str, sort: str, method: str, kind: str, item: str,
    found: tuple[str, str], entries: list[str], verdict: str = "", remark: str = "", inpatient: str = "", bed: str = "", ward: str = "", text: str = "",
    abnormal: bool = True, extra: tuple[str, ...] = (),
) -> Record:  # fmt: skip
    received, done = later(when, 28), later(when, 115)
    technician, checker = (
        hospital.member(f"{hospital.prefix}0301"),
        hospital.member(f"{hospital.prefix}0302"),
    )
    result = ("2", "异常") if abnormal else ("1", "正常")
    sections = [
        section("29548-5", "Diagnosis", obs("DE05.01.024.00", "诊断代码", cd(*found, *ICD10), when=when[:8])),
        section(
            "30954-2", "STUDIES SUMMARY",
            obs("DE02.10.027.00", "检验方法名称", st(method)),
            obs("DE04.30.018.00", "检验类别", st(sort)),
            specimen(kind, "合格", when, received, item),
            obs("DE04.30.017.00", "检验结果代码", table_cd(*result, "2.38", "检查(检验)结果代码表")),
            *entries,
            text=text,
        ),
        *extra,
        section(
            "", "检验报告",
            *([obs("DE04.50.130.00", "检验报告结果", st(verdict))] if verdict else []),
            obs("DE08.10.026.00", "检验报告科室", st("医学检验科")),
            obs("DE08.10.013.00", "检验报告机构名称", st(hospital.name)),
            obs("DE06.00.179.00", "检验报告备注", st(remark or "本报告仅对所检测的标本负责；如有疑问，请于3日内与检验科联系。")),
        ),
    ]  # fmt: skip
    ids = (
        {"inpatient": inpatient}
        if inpatient
        else {"outpatient": f"{hospital.prefix}M{number[-13:]}"}
    )
    return Record(
        kind=Kind.LABORATORY, number=number, at=done, hospital=hospital, patient=patient(who), author=technician,
        numbers={**ids, "lab": number.rpartition("-")[2], "request": "SQ" + number[-11:], "specimen": "1" + number[-9:]},
        signers=[Signer("审核医师", checker, later(done, 12), legal=True), Signer("检验技师", technician, done), Signer("检验医师", checker, later(done, 5))],
        department=department, ward=ward, bed=bed, start=when, sections=sections, participants=requested(hospital, department),
        patient_type=("3", "住院") if inpatient else ("1", "门诊"),
    )  # fmt: skip


def _normal(rng: random.Random, test: Test) -> float:
    _, _, _, _, low, high, _ = test
    return rng.uniform(low + 0.1 * (high - low), high - 0.1 * (high - low))


def panel(tests: list[Test], seed: int, **given: float) -> list[str]:
    rng = random.Random(seed)
    key = {"NEUT%": "NEUTP", "LYMPH%": "LYMPHP", "LDL-C": "LDL", "HDL-C": "HDL"}
    return [by_element(one, given.get(key.get(one[2], one[2]), _normal(rng, one))) for one in tests]


def series() -> list[str]:
    """Twenty-five days of intensive care: each day's panels, each with its own time and specimen."""
    rng = random.Random(20260402)
    begun = {
        "CREA": 412.0, "UREA": 24.6, "CRP": 168.0, "PCT": 12.4, "WBC": 18.6, "NEUT%": 91.2, "LYMPH%": 5.1, "NEUT#": 16.9, "HGB": 92.0, "RBC": 3.02, "HCT": 28.1,
        "NT-proBNP": 6400.0, "hs-TnT": 86.0, "Lac": 4.2, "ALB": 28.4, "D-D": 6.8, "pCO2": 68.0, "pO2": 58.0, "pH": 7.26, "sO2": 88.0, "PLT": 96.0, "GLU": 13.4, "K": 5.4,
    }  # fmt: skip
    level = {
        one[2]: begun.get(one[2], (one[4] + one[5]) / 2)
        for tests in PANELS.values()
        for one in tests
    }
    made = []
    for day in range(25):
        for at, (name, tests) in enumerate(PANELS.items()):
            when = f"202604{2 + day:02d}{6 + at * 2:02d}{rng.randint(10, 50):02d}00"
            shown = []
            for one in tests:
                short, low, high = one[2], one[4], one[5]
                middle, wide = (low + high) / 2, high - low
                moved = level[short] + (middle - level[short]) * 0.09 + rng.gauss(0, wide * 0.09)
                least, most = LIMITS.get(short, (0.0 if low >= 0 else -9.0, 1e6))
                level[short] = min(max(moved, least), most)
                shown.append(by_code(one, level[short]))
            kind = "动脉血" if name == "动脉血气分析" else "静脉血"
            playing = el("specimenPlayingEntity", el("name", kind))
            head = code(f"P{at + 1:02d}", name, "2.16.156.10011.2.3.9.1", "检验组套(本院)")
            head += el("statusCode", code="completed") + el("effectiveTime", value=when)
            head += el(
                "specimen",
                el(
                    "specimenRole",
                    el(
                        "id",
                        root="2.16.156.10011.1.14",
                        extension=f"2604{2 + day:02d}{at}{day * 7 + 100}",
                    )
                    + playing,
                ),
            )
            inner = "".join(el("component", one) for one in shown)
            made.append(el("organizer", head + inner, classCode="BATTERY", moodCode="EVN"))
    return made


def culture() -> tuple[str, str]:
    """Narrative tables of a urine culture with susceptibilities."""
    rows = [
        ("头孢唑林", "≥64", "R"), ("头孢曲松", "≥64", "R"), ("头孢他啶", "16", "R"), ("头孢吡肟", "8", "SDD"), ("哌拉西林/他唑巴坦", "≤4", "S"),
        ("亚胺培南", "≤0.25", "S"), ("美罗培南", "≤0.25", "S"), ("阿米卡星", "≤2", "S"), ("庆大霉素", "≥16", "R"), ("左氧氟沙星", "≥8", "R"),
        ("环丙沙星", "≥4", "R"), ("呋喃妥因", "32", "S"), ("复方新诺明", "≥320", "R"), ("磷霉素", "≤16", "S"),
    ]  # fmt: skip
    body = "".join(el("tr", "".join(el("td", escape(cell)) for cell in row)) for row in rows)
    head = el(
        "thead", el("tr", "".join(el("th", one) for one in ("抗菌药物", "MIC(μg/mL)", "敏感度")))
    )
    table = el("table", el("caption", "药敏试验结果（CLSI M100）") + head + el("tbody", body))
    return el(
        "paragraph", "培养结果：大肠埃希菌 菌落计数 >10^5 CFU/mL，ESBL阳性（产超广谱β-内酰胺酶）。"
    ) + table, "大肠埃希菌，ESBL(+)，菌落计数>10^5CFU/mL"


def records() -> dict[str, Record]:
    text, verdict = culture()
    return {
        "wang-jl": make(
            "JL-C0007-2026050800206", JINLING, "wang", when="20260508062000", department="心血管内科", inpatient="JL26050731", ward="心内一病区", bed="17",
            sort="临床化学检验", method="全自动生化分析仪", kind="血清", item="生化全套", found=("I20.0", "不稳定型心绞痛"),
            entries=[group(*panel(CHEMISTRY, 3, GLU=8.9, LDL=3.42, TC=5.86, TG=2.31, UA=452, CREA=78, HDL=0.98))],
            verdict="血脂异常，血糖升高，尿酸升高。",
        ),
        "liu-jl": make(
            "JL-C0007-2026022100419", JINLING, "liu", when="20260221093000", department="急诊医学科",
            sort="临床血液学检验", method="流式细胞术+免疫比浊法", kind="EDTA抗凝全血", item="血常规(五分类)+CRP", found=("A49.900", "细菌感染"),
            entries=[group(*panel(BLOOD, 8, WBC=15.83, NEUTP=88.6, LYMPHP=7.2, CRP=96.4, PLT=362))],
            verdict="白细胞及中性粒细胞比例升高，C反应蛋白明显升高，提示细菌感染。", remark="危急值已于2026-02-21 11:20电话通知急诊医学科，接听人：邵子昂。",
        ),
        "zhao-jl": make(
            "JL-C0007-2026041100077", JINLING, "zhao", when="20260411081500", department="肾脏内科",
            sort="临床微生物学检验", method="质谱鉴定；仪器法药敏", kind="清洁中段尿", item="尿培养+鉴定+药敏", found=("N39.000", "泌尿道感染"),
            entries=[
                obs("DE04.30.017.00", "检验结果代码", table_cd("2", "阳性", "2.38", "检查(检验)结果代码表"), qualifier="尿培养"),
            ],
            verdict=verdict, text=text, remark="ESBL阳性菌株对青霉素类、头孢菌素类及氨曲南临床治疗可能无效，请结合临床用药。",
        ),
        "zhou-xw": make(
            "XW-C0007-2026061700033", XUANWUHU, "zhou", when="20260617074000", department="妇科",
            sort="临床血液学检验", method="电阻抗法", kind="EDTA抗凝全血", item="血常规(五分类)", found=("Z01.700", "术前检查"),
            entries=[group(*panel(BLOOD_OF_WOMEN, 77))], abnormal=False,
        ),
        "ma-xw-series": make(
            "XW-C0007-2026042700001", XUANWUHU, "ma", when="20260427063000", department="呼吸内科", inpatient="XW26040218", ward="呼吸重症病区", bed="ICU-03",
            sort="累积检验报告", method="各专业组自动化分析仪", kind="静脉血、动脉血", item="2026-04-02至2026-04-26累积检验报告", found=("J96.000", "急性呼吸衰竭"),
            entries=series(), verdict="累积报告包含25日125组检验结果。感染指标、肌酐、乳酸呈下降趋势。",
        ),
    }  # fmt: skip
