"""Consents and notices: C0026 to C0031."""
# ruff: noqa: E501

from __future__ import annotations

from openrhip.formats.cda.generate import Code, Contact, Item, Signer
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING
from sample_records.perioperative import CANCER, GENERAL, OPERATION, STAY, STONES
from sample_records.scene import Stay, at, icd, made

NUMBERS = {"inpatient": "JL26061507"}
WIFE = Signer("代理人", "周玉珍", "", at("2026-08-02 22:40"), person_number="320100194512089941")
DYING = Stay(
    JINLING, "he", "03.01", {"inpatient": "JL26080211"}, room="0703", bed="07", ward="内科二病区",
    start="2026-08-02 21:10", contact=Contact("周玉珍", relation="1", phone="19900001015"),
)  # fmt: skip


def records() -> dict[str, bytes]:
    return dict([_operation(), _anaesthesia(), _transfusion(), _special(), _critical(), _other()])


def _numbers(number: str) -> dict[str, str]:
    return {**NUMBERS, "consent": number}


def _operation() -> tuple[str, bytes]:
    head = STAY.head(
        "C0026-2026061800051", "2026-06-18 18:00", "JL0103",
        STAY.signer("经治医师", "JL0103", "2026-06-18 18:05", legal=True),
        STAY.signer("手术者", "JL0105", "2026-06-18 18:06"), STAY.own_signature("2026-06-18 18:20"),
        numbers=_numbers("ZQ2026061800051"),
    )  # fmt: skip
    values = {
        "DE05.01.024.00": (CANCER, STONES),
        "拟实施手术": Item(parts={
            "DE06.00.093.00": OPERATION, "DE06.00.095.00": at("2026-06-19 08:30"),
            "DE06.00.302.00": "腹腔镜下乙状结肠根治性切除术+胆囊切除术", "DE06.00.271.00": "肠道准备、备血、抗生素预防",
            "DE05.10.141.00": "无绝对禁忌", "DE06.00.340.00": "乙状结肠癌伴不全梗阻；胆囊结石", "DE06.00.073.00": GENERAL,
        }),
        "DE06.00.301.00": "开腹手术；内镜支架置入后择期手术；姑息性造口。",
        "DE06.00.018.00/医疗机构的意见": "手术指征明确，建议在全麻下行腹腔镜手术；如术中情况变化，将及时告知家属并调整方案。",
        "DE06.00.018.00/患者的意见": "医师已说明手术方式、替代方案和风险，我同意手术，并授权医师在紧急情况下作必要处理。",
        "DE05.10.162.00": "麻醉意外；大出血；周围脏器（输尿管、脾、十二指肠）损伤；中转开腹；心律失常。",
        "DE05.01.075.00": "吻合口漏、出血、狭窄；腹腔及切口感染；肠梗阻；深静脉血栓；造口；肿瘤复发转移。",
    }  # fmt: skip
    return made(Kind.OPERATION_CONSENT, "sun-jl", head, values)


def _anaesthesia() -> tuple[str, bytes]:
    head = STAY.head(
        "C0027-2026061800052", "2026-06-18 17:30", "JL0106",
        STAY.signer("麻醉医师", "JL0106", "2026-06-18 17:32", legal=True), STAY.own_signature("2026-06-18 17:45"),
        numbers=_numbers("ZQ2026061800052"),
    )  # fmt: skip
    values = {
        "DE05.01.024.00": (CANCER, STONES),
        "拟实施手术": Item(parts={
            "DE06.00.093.00": OPERATION, "DE06.00.221.00": at("2026-06-19 08:30"),
            "拟实施麻醉": Item(parts={"DE06.00.073.00": GENERAL}),
            "DE06.00.073.00": "桡动脉穿刺测压、颈内静脉穿刺置管",
            "DE05.10.146.00": Item("房颤病史者围术期心律失常、栓塞风险增加；糖尿病致血糖波动、感染风险增加。", {
                "DE04.01.121.00": "阵发性心房颤动、2型糖尿病",
            }),
            "DE06.00.240.00": True, "DE01.00.016.00": False,
        }),
        "DE06.00.018.00/医疗机构的意见": "拟行静吸复合全身麻醉，术中加强监测，备抢救药品。",
        "DE06.00.018.00/患者的意见": "已了解麻醉方式及风险，同意实施麻醉并使用术后镇痛泵。",
        "DE05.01.075.00": "药物过敏；困难气道；误吸；血压剧烈波动、心律失常、心跳骤停；牙齿脱落；术后恶心呕吐、咽痛、认知功能障碍。",
    }  # fmt: skip
    return made(Kind.ANAESTHESIA_CONSENT, "sun-jl", head, values)


def _transfusion() -> tuple[str, bytes]:
    head = STAY.head(
        "C0028-2026061800053", "2026-06-18 18:10", "JL0103",
        STAY.signer("医师", "JL0103", "2026-06-18 18:12", legal=True), STAY.own_signature("2026-06-18 18:25"),
        numbers=_numbers("ZQ2026061800053"),
    )  # fmt: skip
    values = {
        "DE05.01.024.00": (CANCER, icd("D64.900", "贫血")), "DE06.00.106.00": Code("1", "无"),
        "输血治疗": Item(parts={
            "输血时间": at("2026-06-19 11:50"), "DE06.00.266.00": "异体输血", "DE06.00.340.00": "血红蛋白92g/L，拟行大手术，预计失血",
            "拟输血液": Item(parts={"材料代码": Code("13")}),
            "DE05.10.109.00": "ALT 22U/L；HBsAg阴性；抗-HCV阴性；抗-HIV阴性；梅毒螺旋体抗体阴性。",
        }),
        "DE06.00.018.00/医疗机构的意见": "有输血指征，首选成分输血。",
        "DE06.00.018.00/患者的意见": "同意输血治疗。",
        "DE06.00.130.00": "过敏、发热、溶血等输血反应；经血传播疾病（肝炎、艾滋病、梅毒、疟疾等）；循环超负荷。",
    }  # fmt: skip
    return made(Kind.TRANSFUSION_CONSENT, "sun-jl", head, values)


def _special() -> tuple[str, bytes]:
    head = STAY.head(
        "C0029-2026061500054", "2026-06-15 16:00", "JL0103",
        STAY.signer("医师", "JL0103", "2026-06-15 16:02", legal=True), STAY.own_signature("2026-06-15 16:10"),
        numbers=_numbers("ZQ2026061500054"),
    )  # fmt: skip
    values = {
        "DE05.01.024.00": icd("K92.201", "消化道出血"),
        "DE06.00.306.00": Item("电子结肠镜检查及活组织检查", {"DE06.00.305.00": "明确便血原因，取得病理诊断"}),
        "DE06.00.301.00": "CT仿真结肠镜；钡剂灌肠造影（不能取活检）。",
        "DE05.01.075.00": "出血、穿孔、腹痛腹胀；心脑血管意外；肠道准备不良致检查不全。",
        "DE06.00.018.00/医疗机构的意见": "有检查指征，无禁忌，建议检查。", "DE06.00.018.00/患者意见": "同意检查。",
    }  # fmt: skip
    return made(Kind.SPECIAL_CONSENT, "sun-jl", head, values)


def _critical() -> tuple[str, bytes]:
    head = DYING.head(
        "C0030-2026080200055", "2026-08-02 22:30", "JL0103",
        DYING.signer("医师", "JL0103", "2026-08-02 22:32", legal=True), WIFE,
        numbers={"inpatient": "JL26080211", "consent": "ZQ2026080200055"},
    )  # fmt: skip
    values = {
        "DE05.01.024.00": (icd("J44.100", "慢性阻塞性肺病伴有急性加重"), icd("J96.900", "呼吸衰竭")),
        "DE06.00.183.00": Item(
            "患者慢阻肺急性加重，Ⅱ型呼吸衰竭，意识模糊，血气pH 7.18、PaCO₂ 98mmHg。已予无创通气、支气管扩张剂、抗感染、纠酸补液，必要时气管插管。",
            {"DE06.00.278.00": Item(
                "患者病情危重，随时可能出现呼吸心跳骤停、多器官功能衰竭而危及生命，特此告知。",
                {"通知时间": at("2026-08-02 22:30")},
            )},
        ),
    }  # fmt: skip
    return made(Kind.CRITICAL_NOTICE, "he-jl", head, values)


def _other() -> tuple[str, bytes]:
    head = STAY.head(
        "C0031-2026061900056", "2026-06-19 17:00", "JL0103",
        STAY.signer("医师", "JL0103", "2026-06-19 17:02", legal=True), STAY.own_signature("2026-06-19 17:10"),
        numbers=_numbers("ZQ2026061900056"),
    )  # fmt: skip
    values = {
        "DE05.01.024.00": (CANCER,),
        "DE09.00.117.00": "自费药品及耗材使用知情同意书",
        "DE09.00.116.00": "术后镇痛泵药盒、可吸收结扎夹、肠内营养制剂属医保目录外或部分自付项目，已说明用途、价格及可替代的品种。",
        "DE06.00.018.00/医疗机构的意见": "建议使用上述自费项目，以利术后恢复。", "DE06.00.018.00/患者的意见": "同意使用，费用自理。",
    }  # fmt: skip
    return made(Kind.OTHER_CONSENT, "sun-jl", head, values)
