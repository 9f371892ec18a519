"""西药处方 C0004 and 中药处方 C0005."""
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING, XUANWUHU, CityInstitution, patient
from sample_records.shared_document import (
    TCM,
    Record,
    Signer,
    cd,
    code,
    diagnosis,
    el,
    escape,
    mo,
    obs,
    pq,
    section,
    st,
    table_cd,
    whole,
)

ROUTES = {
    "口服": "1",
    "静脉滴注": "405",
    "肌内注射": "403",
    "雾化吸入": "5",
    "外用": "6",
    "嚼服": "9",
    "皮下注射": "401",
}
FORMS = {
    "片剂": "01",
    "肠溶片": "0103",
    "缓释片": "0104",
    "胶囊剂": "02",
    "颗粒剂": "03",
    "注射剂": "07",
    "混悬液": "05",
    "雾化溶液": "0705",
    "饮片": "99",
}


@dataclass
class Drug:
    name: str
    code: str
    spec: str
    form: str
    dose: str
    unit: str
    often: str
    route: str
    total: str
    total_unit: str
    note: str = ""
    group: int = 0  # drugs given together share one; 0 takes the place in the list


def administration(drug: Drug) -> str:
    labelled = el(
        "manufacturedLabeledDrug",
        el("code", code=drug.code, displayName=drug.name) + el("name", escape(drug.name)),
    )
    parts = [
        obs("DE08.50.043.00", "药物规格", st(drug.spec)),
        obs("DE06.00.135.00", "药物使用总剂量", pq(drug.total, drug.total_unit)),
    ]
    if drug.group:
        parts.append(obs("DE08.50.056.00", "处方药品组号", whole(drug.group)))
    if drug.note:
        parts.append(obs("DE06.00.179.00", "用药说明", st(drug.note)))
    inner = (
        el("text")
        + code(
            ROUTES[drug.route],
            drug.route,
            "2.16.156.10011.2.3.1.158",
            "用药途径代码表",
            "routeCode",
        )
        + el("doseQuantity", value=drug.dose, unit=drug.unit)
        + el("rateQuantity", value=drug.often[0], unit=drug.often[1:])
        + code(
            FORMS[drug.form],
            drug.form,
            "2.16.156.10011.2.3.1.211",
            "药物剂型代码表",
            "administrationUnitCode",
        )
        + el("consumable", el("manufacturedProduct", labelled))
        + "".join(el("entryRelationship", one, typeCode="COMP") for one in parts)
    )
    return el("substanceAdministration", inner, classCode="SBADM", moodCode="EVN")


def make(
    number: str, hospital: CityInstitution, who: str, doctor: str, *, when: str, department: str,
    label: tuple[str, str], found: list[tuple[str, str]], drugs: list[Drug], days: int, price: str,
    remark: str = "", age: str = "", herbal: dict[str, str] | None = None,
) -> Record:  # fmt: skip
    member = hospital.member(doctor)
    chemist, dispenser = (
        hospital.member(f"{hospital.prefix}0501"),
        hospital.member(f"{hospital.prefix}0502"),
    )
    hour = int(when[8:10])
    after = f"{when[:8]}{hour + 1:02d}"
    for at, one in enumerate(drugs, 1):
        one.group = one.group or (0 if herbal else at)
    rx = [
        *(administration(one) for one in drugs),
        obs("DE06.00.294.00", "处方有效天数", pq(days, "天")),
    ]
    signers = [
        Signer("处方审核药剂师", chemist, after + "0500", legal=not herbal),
        Signer("处方调配药剂师", dispenser, after + "0800"),
        Signer("处方核对药剂师", chemist, after + "1000"),
        Signer("处方发药药剂师", dispenser, after + "1200"),
    ]
    diagnoses = [diagnosis("DE05.01.024.00", "诊断代码", icd, name) for icd, name in found]
    rx.append(obs("DE08.50.032.00", "处方类别代码", table_cd(*label, "2.40", "处方类别代码表")))
    sections = []
    if herbal:
        signers.insert(0, Signer("处方开立医师", member, when, legal=True))
        diagnoses += [
            obs(
                "DE05.10.130.00",
                "中医诊断病名代码",
                cd(herbal["sick_code"], herbal["sick"], *TCM),
                qualifier="中医诊断病名",
            ),
            obs(
                "DE05.10.130.00",
                "中医证候代码",
                cd(herbal["pattern_code"], herbal["pattern"], *TCM),
                qualifier="中医证候",
            ),
        ]
        rx.append(
            obs(
                "DE08.50.049.00", "中药饮片处方", st(herbal["name"]),
                obs("DE08.50.050.00", "中药饮片剂数", pq(herbal["count"], "剂")),
                obs("DE08.50.047.00", "中药饮片煎煮法", st(herbal["boil"])),
                obs("DE06.00.136.00", "中药用药方法", st(herbal["take"])),
            )
        )  # fmt: skip
    elif remark:
        rx.append(obs("DE06.00.179.00", "处方备注信息", st(remark)))
    sections = [
        section("29548-5", "Diagnosis", *diagnoses),
        section("10160-0", "HISTORY OF MEDICATION USE", *rx),
        section("48768-6", "PAYMENT SOURCES", obs("DE07.00.004.00", "处方药品金额", mo(price))),
    ]
    if herbal:
        plan = [obs("DE06.00.300.00", "治则治法", st(herbal["rule"]))]
        if remark:
            plan.append(obs("DE06.00.179.00", "处方备注信息", st(remark)))
        sections.append(section("18776-5", "TREATMENT PLAN", *plan))
    kind = Kind.HERBAL if herbal else Kind.PRESCRIPTION
    return Record(
        kind=kind, number=number, at=when, hospital=hospital, patient=patient(who), author=member, age=age,
        numbers={"outpatient": f"{hospital.prefix}M{number[-13:]}", "prescription": number.rpartition("-")[2]},
        signers=signers, department=department, start=when, sections=sections,
    )  # fmt: skip


def herb(name: str, grams: int, note: str = "") -> Drug:
    return Drug(
        name,
        f"T{sum(map(ord, name)):09d}",
        "统货",
        "饮片",
        str(grams),
        "g",
        "1剂/天",
        "口服",
        str(grams * 7),
        "g",
        note,
    )


ORDINARY, EMERGENCY, CHILD, HERBAL = (
    ("1", "普通处方"),
    ("2", "急诊处方"),
    ("3", "儿科处方"),
    ("1", "普通处方"),
)


def records() -> dict[str, Record]:
    return {
        "wang-jl": make(
            "JL-C0004-2026060900412", JINLING, "wang", "JL0102", when="20260609094500", department="心血管内科", label=ORDINARY, days=28,
            found=[("I25.103", "冠状动脉粥样硬化性心脏病(PCI术后)"), ("I10.x05", "高血压病3级(极高危)"), ("E11.9", "2型糖尿病")],
            drugs=[
                Drug("阿司匹林肠溶片", "XB01ACA055", "100mg×30片", "肠溶片", "100", "mg", "1次/天", "口服", "1", "盒", "餐前空腹服用"),
                Drug("替格瑞洛片", "XB01ACT012", "90mg×14片", "片剂", "90", "mg", "2次/天", "口服", "4", "盒", "不得自行停药"),
                Drug("阿托伐他汀钙片", "XC10AAA003", "20mg×28片", "片剂", "20", "mg", "1次/晚", "口服", "1", "盒"),
                Drug("琥珀酸美托洛尔缓释片", "XC07ABM005", "47.5mg×28片", "缓释片", "47.5", "mg", "1次/天", "口服", "1", "盒", "可沿刻痕掰开，不可嚼碎"),
                Drug("达格列净片", "XA10BKD001", "10mg×30片", "片剂", "10", "mg", "1次/天", "口服", "1", "盒"),
            ],
            price="486.72", remark="双联抗血小板治疗期间注意牙龈、消化道出血；下次复诊2026年7月7日。",
        ),
        "chen-jl": make(
            "JL-C0004-2026012600688", JINLING, "chen", "JL0104", when="20260126152000", department="儿科", label=CHILD, days=3, age="6",
            found=[("J18.000", "支气管肺炎")],
            drugs=[
                Drug("注射用头孢曲松钠", "XJ01DDT002", "0.5g×1支", "注射剂", "0.8", "g", "1次/天", "静脉滴注", "6", "支", "皮试(-)", 1),
                Drug("0.9%氯化钠注射液", "XB05XAL001", "100mL×1袋", "注射剂", "100", "mL", "1次/天", "静脉滴注", "3", "袋", "与上药同组，滴速40滴/分", 1),
                Drug("吸入用布地奈德混悬液", "XR03BAB002", "1mg:2mL×5支", "雾化溶液", "1", "mg", "2次/天", "雾化吸入", "6", "支", "雾化后漱口、洗脸", 2),
                Drug("布洛芬混悬液", "XM01AEB001", "100mL:2g×1瓶", "混悬液", "8", "mL", "1次(必要时)", "口服", "1", "瓶", "体温≥38.5℃时服用，间隔≥6小时，24小时内不超过4次", 3),
            ],
            price="158.30", remark="体重21kg；监护人：陈志强（父亲）。",
        ),
        "xu-jl": make(
            "JL-C0004-2026052300015", JINLING, "xu", "JL0103", when="20260523021500", department="急诊医学科", label=EMERGENCY, days=1,
            found=[("K29.100", "急性胃炎")],
            drugs=[
                Drug("注射用泮托拉唑钠", "XA02BCP001", "40mg×1支", "注射剂", "40", "mg", "1次(立即)", "静脉滴注", "1", "支", "溶于0.9%氯化钠注射液100mL"),
                Drug("间苯三酚注射液", "XA03AXJ001", "40mg:4mL×1支", "注射剂", "40", "mg", "1次(立即)", "肌内注射", "1", "支"),
            ],
            price="63.85",
        ),
        "ayi-xw": make(
            "XW-C0005-2026021800033", XUANWUHU, "ayi", "XW0104", when="20260218102000", department="中医科", label=HERBAL, days=7,
            found=[("G47.000", "失眠症")],
            drugs=[
                herb("黄连", 6), herb("阿胶", 9, "烊化"), herb("黄芩", 9), herb("白芍", 15), herb("酸枣仁", 30, "打碎"),
                herb("川芎", 6), herb("知母", 12), herb("茯神", 15), herb("生地黄", 20), herb("麦冬", 12),
                herb("龙骨", 30, "先煎"), herb("牡蛎", 30, "先煎"), herb("肉桂", 2, "后下"), herb("炙甘草", 6),
            ],
            price="312.48",
            herbal={
                "sick": "不寐", "sick_code": "BNX010", "pattern": "阴虚火旺证", "pattern_code": "ZZYX060",
                "name": "黄连阿胶汤合酸枣仁汤加减", "count": "7", "boil": "龙骨、牡蛎先煎30分钟，余药浸泡30分钟后同煎，肉桂后下，阿胶烊化兑入；每剂煎2次，合并药液约400mL",
                "take": "每日1剂，早晚饭后1小时温服", "rule": "滋阴降火，养心安神",
            },
            remark="忌辛辣、浓茶、咖啡。",
        ),
        "ma-xw": make(
            "XW-C0005-2026033000021", XUANWUHU, "ma", "XW0104", when="20260330091000", department="中医科", label=HERBAL, days=7,
            found=[("J44.900", "慢性阻塞性肺疾病")],
            drugs=[
                herb("生黄芪", 30), herb("党参", 15), herb("炒白术", 12), herb("防风", 9), herb("茯苓", 15), herb("陈皮", 9),
                herb("法半夏", 9), herb("杏仁", 9, "后下"), herb("炙麻黄", 5), herb("蛤蚧", 3, "研末冲服"), herb("五味子", 6), herb("炙甘草", 6),
            ],
            price="268.90",
            herbal={
                "sick": "肺胀", "sick_code": "BNF030", "pattern": "肺脾气虚证", "pattern_code": "ZZZF220",
                "name": "玉屏风散合六君子汤加减", "count": "7", "boil": "浸泡30分钟，武火煮沸后文火煎30分钟，杏仁后下；每剂煎2次",
                "take": "每日1剂，分2次温服；蛤蚧粉分2次冲服", "rule": "补肺健脾，化痰平喘",
            },
        ),
        "li-xw": make(
            "XW-C0005-2026040800047", XUANWUHU, "li", "XW0104", when="20260408143000", department="中医科", label=HERBAL, days=7,
            found=[("M81.905", "骨质疏松症")],
            drugs=[
                herb("熟地黄", 20), herb("山药", 15), herb("山茱萸", 12), herb("杜仲", 15), herb("续断", 15), herb("骨碎补", 15),
                herb("淫羊藿", 12), herb("怀牛膝", 12), herb("鹿角胶", 9, "烊化"), herb("当归", 10), herb("丹参", 15),
            ],
            price="295.60",
            herbal={
                "sick": "骨痿", "sick_code": "BNV080", "pattern": "肾阳虚证", "pattern_code": "ZZSP040",
                "name": "右归丸加减", "count": "7", "boil": "浸泡30分钟，文火煎40分钟，鹿角胶烊化兑入",
                "take": "每日1剂，早晚温服", "rule": "温补肾阳，强筋壮骨",
            },
        ),
    }  # fmt: skip
