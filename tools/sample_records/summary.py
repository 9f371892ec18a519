"""病历概要 C0001."""
# ruff: noqa: E501

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING, XUANWUHU, CityInstitution, patient
from sample_records.shared_document import (
    ICD9,
    TCM,
    Record,
    Signer,
    cd,
    code,
    diagnosis,
    el,
    group,
    later,
    mo,
    obs,
    section,
    st,
    table_cd,
    ts,
)

OUTCOME = ("1.148", "病情转归代码表")


def event(
    *, department: str, kind: tuple[str, str], number: str, span: tuple[str, str], onset: str, reason: str,
    found: list[tuple[str, str, str]], doctor: str, procedures: tuple[tuple[str, str], ...] = (), drugs: tuple[tuple[str, str, str], ...] = (),
    other: str = "", tcm: tuple[str, ...] = (), fees: tuple[str, str, str] = ("", "", ""),
) -> str:  # fmt: skip
    """A 卫生事件 section: one visit or stay."""
    inpatient = kind[0] == "3"
    body = [
        obs("DE08.10.026.00", "医疗机构科室名称", st(department)),
        obs("DE02.01.060.00", "患者类型代码", table_cd(*kind, "1.271", "患者类型代码表")),
        obs(
            *(("DE01.00.014.00", "住院号") if inpatient else ("DE01.00.010.00", "门(急)诊号")),
            st(number),
        ),
    ]
    if inpatient:
        body.append(
            group(
                obs("DE06.00.092.00", "入院日期时间", ts(span[0])),
                obs("DE06.00.017.00", "出院日期时间", ts(span[1])),
            )
        )
    body += [
        obs("DE04.01.018.00", "发病日期时间", ts(onset)),
        obs("DE05.10.053.00", "就诊原因", st(reason), when=span[0]),
    ]
    for at, (icd, name, outcome) in enumerate(found):
        label = "其他西医诊断编码" if at else "西医诊断编码"
        turn = obs("DE05.10.113.00", "病情转归代码", table_cd(outcome[0], outcome[1:], *OUTCOME))
        body.append(diagnosis_with(label, icd, name, turn))
    if tcm:
        sick, sick_code, pattern, pattern_code = tcm
        body.append(
            obs(
                "DE05.10.130.00", "中医病名代码", cd(sick_code, sick, *TCM),
                obs("DE05.10.130.00", "中医证候代码", cd(pattern_code, pattern, *TCM)),
            )
        )  # fmt: skip
    body += [
        el("procedure", code(*one, *ICD9), classCode="PROC", moodCode="EVN") for one in procedures
    ]
    for name, usage, harm in drugs:
        parts = [obs("DE06.00.136.00", "关键药物用法", st(usage))]
        if harm:
            parts.append(obs("DE06.00.129.00", "药物不良反应情况", st(harm)))
        body.append(obs("DE08.50.022.00", "关键药物名称", st(name), *parts))
    if other:
        body.append(obs("DE06.00.251.00", "其他医学处置", st(other)))
    body.append(obs("DE02.01.039.00", "责任医师姓名", st(doctor)))
    if fees[0]:
        outside, inside, own = fees
        body.append(
            group(
                obs("DE02.01.044.00", "医疗保险类别代码", table_cd("01", "城镇职工基本医疗保险", "1.248", "医疗保险类别代码表")),
                obs("DE07.00.007.00", "医疗付费方式代码", table_cd("01", "城镇职工基本医疗保险", "1.269", "医疗付费方式代码表")),
                obs("DE07.00.004.00", "门诊费用金额", mo(outside)) if outside != "0" else obs("DE07.00.010.00", "住院费用金额", mo(inside)),
                obs("DE07.00.001.00", "个人承担费用", mo(own)),
            )
        )  # fmt: skip
    return section("", "卫生事件", *body)


def diagnosis_with(label: str, icd: str, name: str, part: str) -> str:
    from sample_records.shared_document import ICD10  # noqa: PLC0415

    return obs("DE05.01.024.00", label, cd(icd, name, *ICD10), part)


def make(
    number: str, hospital: CityInstitution, who: str, *, when: str, doctor: str, blood: tuple[str, str], facts: dict[str, str], events: list[str],
    contact: tuple[str, str, str, str],
) -> Record:  # fmt: skip
    member = hospital.member(doctor)

    def one(loinc: str, display: str, de: str, label: str) -> str:
        text = facts.get(label, "")
        return section(loinc, display, *([obs(de, label, st(text))] if text else []))

    past = [
        obs(de, label, st(facts[label]))
        for de, label in (
            ("DE02.10.026.00", "疾病史(含外伤)"),
            ("DE02.10.008.00", "传染病史"),
            ("DE02.10.061.00", "手术史"),
            ("DE02.10.098.00", "婚育史"),
        )
        if facts.get(label)
    ]
    types = {"A": "1", "B": "2", "O": "3", "AB": "4"}
    sections = [
        section(
            "30954-2", "STUDIES SUMMARY",
            group(
                obs("DE04.50.001.00", "ABO血型代码", table_cd(types[blood[0]], f"{blood[0]}型", "1.85", "ABO血型代码表")),
                obs("DE04.50.010.00", "Rh血型代码", table_cd("2" if blood[1] == "阳性" else "1", f"Rh{blood[1]}", "1.250", "Rh(D)血型代码表")),
            ),
        ),
        section("11348-0", "HISTORY OF PAST ILLNESS", *past),
        one("56836-0", "History of blood transfusion", "DE02.10.100.00", "输血史"),
        one("48765-2", "Allergies, adverse reactions, alerts", "DE02.10.022.00", "过敏史"),
        one("11369-6", "HISTORY OF IMMUNIZATIONS", "DE02.10.101.00", "预防接种史"),
        one("29762-2", "Social history", "DE02.10.097.00", "个人史"),
        one("49033-4", "Menstrual History", "DE02.10.102.00", "月经史"),
        one("10157-6", "HISTORY OF FAMILY MEMBER DISEASES", "DE02.10.103.00", "家族史"),
        *events,
    ]  # fmt: skip
    return Record(
        kind=Kind.SUMMARY, number=number, at=when, hospital=hospital, patient=patient(who), author=member, numbers={"outpatient": f"{hospital.prefix}M{number[-13:]}"},
        signers=[Signer("责任医师", member, later(when, 20), legal=True)], sections=sections, contact=contact, start=when, department=next(d.name for d in hospital.departments if d.code == member.department),
    )  # fmt: skip


def records() -> dict[str, Record]:
    wang_stay = event(
        department="心血管内科", kind=("3", "住院"), number="JL26050731", span=("20260507091500", "20260516100000"), onset="20250501", reason="反复活动后胸闷1年，加重伴胸痛3天",
        found=[("I20.0", "不稳定型心绞痛", "2好转"), ("I25.103", "冠状动脉粥样硬化性心脏病", "2好转"), ("I10.x05", "高血压病3级(极高危)", "2好转"), ("E11.9", "2型糖尿病", "2好转")],
        procedures=(("88.5700", "冠状动脉造影"), ("36.0601", "冠状动脉药物涂层支架置入术")),
        drugs=(("替格瑞洛片", "90mg 口服 每日2次，至少12个月", ""), ("阿司匹林肠溶片", "100mg 口服 每日1次，长期", ""), ("阿托伐他汀钙片", "20mg 口服 每晚1次", "")),
        other="心脏康复指导、戒烟宣教", doctor="顾文静", fees=("0", "38652.40", "9213.75"),
    )  # fmt: skip
    wang_visit = event(
        department="心血管内科", kind=("1", "门诊"), number="JLM2026060900412", span=("20260609094500", ""), onset="20250501", reason="PCI术后1月复诊",
        found=[("I25.103", "冠状动脉粥样硬化性心脏病(PCI术后)", "2好转")], drugs=(("达格列净片", "10mg 口服 每日1次", "偶有尿频，可耐受"),), doctor="顾文静", fees=("486.72", "0", "121.68"),
    )  # fmt: skip
    return {
        "wang-jl": make(
            "JL-C0001-2026061000002", JINLING, "wang", when="20260610150000", doctor="JL0102", blood=("A", "阳性"), contact=("王小军", "20", "儿子", "19900000101"),
            facts={"疾病史(含外伤)": "高血压15年；2型糖尿病8年；高脂血症。", "传染病史": "否认。", "手术史": "2010年左侧腹股沟疝修补术；2026年5月冠状动脉支架置入术（前降支，1枚）。", "婚育史": "已婚，育有1子。", "输血史": "否认输血史。", "过敏史": "否认药物、食物过敏史。", "预防接种史": "2025年11月流感疫苗。", "个人史": "吸烟40年，20支/日，2026年5月起戒烟；偶饮酒。", "家族史": "父亲60岁死于心肌梗死，母亲有高血压。"},
            events=[wang_stay, wang_visit],
        ),
        "li-xw": make(
            "XW-C0001-2026040900006", XUANWUHU, "li", when="20260409090000", doctor="XW0102", blood=("O", "阳性"), contact=("赵敏", "30", "女儿", "19900000107"),
            facts={"疾病史(含外伤)": "高血压20年；骨质疏松症5年。", "传染病史": "否认。", "手术史": "无。", "婚育史": "丧偶，育有2女。", "输血史": "否认。", "过敏史": "否认药物及食物过敏史。", "预防接种史": "2024年23价肺炎球菌多糖疫苗。", "个人史": "无烟酒嗜好，退休小学教师。", "月经史": "14岁初潮，50岁绝经。", "家族史": "母亲有高血压。"},
            events=[
                event(
                    department="呼吸内科", kind=("3", "住院"), number="XW26031014", span=("20260310143000", "20260319100000"), onset="20260305", reason="咳嗽、咳黄痰伴发热5天",
                    found=[("J15.902", "社区获得性肺炎(右肺中叶)", "1治愈"), ("I10.x04", "高血压病2级(高危)", "2好转")], drugs=(("莫西沙星氯化钠注射液", "0.4g 静脉滴注 每日1次，7天", "输液部位轻度静脉炎"),),
                    tcm=("风温肺热病", "A05.01.05", "痰热壅肺证", "B04.05.02"), doctor="葛红霞", fees=("0", "9864.15", "1872.20"),
                ),
                event(
                    department="中医科", kind=("1", "门诊"), number="XWM2026040800047", span=("20260408143000", ""), onset="20210101", reason="腰背酸痛、畏寒",
                    found=[("M81.905", "骨质疏松症", "3未愈")], tcm=("骨痿病", "A07.06.15", "肾阳虚证", "B04.06.01"), drugs=(("右归丸加减（中药饮片7剂）", "每日1剂，早晚温服", ""),), doctor="汪素琴", fees=("295.60", "0", "88.68"),
                ),
            ],
        ),
        "zhang-xw": make(
            "XW-C0001-2026050800001", XUANWUHU, "zhang", when="20260508160000", doctor="XW0105", blood=("AB", "阴性"), contact=("张𠮷庆", "60", "兄", "19900000109"),
            facts={"疾病史(含外伤)": "2026年4月车祸致左胫腓骨骨折。", "传染病史": "否认。", "手术史": "2026年4月左胫骨骨折切开复位内固定术。", "输血史": "2026年4月输AB型Rh(D)阴性悬浮红细胞2U，无输血反应。", "过敏史": "碘造影剂（荨麻疹）。", "个人史": "吸烟10年，10支/日。"},
            events=[
                event(
                    department="骨科", kind=("3", "住院"), number="XW26041502", span=("20260415231000", "20260506093000"), onset="20260415", reason="车祸致左小腿肿痛、畸形、活动受限2小时",
                    found=[("S82.201", "胫骨骨干骨折(左)", "2好转"), ("S82.401", "腓骨骨折(左)", "2好转")], procedures=(("79.3602", "胫骨骨折切开复位钢板内固定术"),), drugs=(("低分子肝素钠注射液", "4000AxaIU 皮下注射 每日1次，14天", ""),), doctor="郝建军", fees=("0", "52318.66", "15480.02"),
                ),
            ],
        ),
    }  # fmt: skip


_ = diagnosis
