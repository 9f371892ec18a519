"""出院小结 C0053."""
# ruff: noqa: E501

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING, XUANWUHU, patient
from sample_records.shared_document import (
    ICD9,
    Record,
    Signer,
    code,
    diagnosis,
    el,
    group,
    obs,
    para,
    pq,
    section,
    st,
    table_cd,
)

OUTCOME = ("1.148", "病情转归代码表")


def procedure(icd9: str, name: str, *, when: str, how: tuple[str, str, str], story: str) -> str:
    cut, heal, narcosis = how
    parts = (
        obs("DE06.00.094.00", "手术及操作名称", st(name)),
        obs(
            "DE06.00.257.00",
            "手术切口类别代码",
            table_cd(cut[0], cut[1:], "1.251", "手术切口类别代码表"),
        ),
        obs(
            "DE05.10.147.00",
            "切口愈合等级代码",
            table_cd(heal[0], heal[1:], "1.252", "手术切口愈合等级代码表"),
        ),
        obs(
            "DE06.00.073.00",
            "麻醉方法代码",
            table_cd(narcosis[:2], narcosis[2:], "1.159", "麻醉方法代码表"),
        ),
        obs("DE05.10.063.00", "手术过程", st(story)),
    )
    inner = code(icd9, name, *ICD9) + el("statusCode", code="completed")
    inner += el("effectiveTime", value=when)
    inner += "".join(el("entryRelationship", one, typeCode="COMP") for one in parts)
    return el("procedure", inner, classCode="PROC", moodCode="EVN")


def body(
    *, came: str, admitted: list[tuple[str, str]], left: list[tuple[str, str]], signs: str,
    state: str, course: str, outcome: str, days: int, orders: str, positive: list[str],
    operations: tuple[str, ...] = (), plan: str = "",
) -> list[str]:  # fmt: skip
    return [
        section("11450-4", "PROBLEM LIST", obs("DE05.10.148.00", "入院情况", st(came)), text=para(came)),
        section(
            "46241-6", "HOSPITAL ADMISSION DX",
            *(diagnosis("DE05.01.024.00", "入院诊断-西医诊断编码", *one) for one in admitted),
        ),
        section(
            "11535-2", "Discharge Diagnosis",
            *(diagnosis("DE05.01.024.00", "出院诊断-西医诊断编码", *one) for one in left),
            obs("DE04.01.117.00", "出院时症状与体征", st(signs)),
            obs("DE06.00.193.00", "出院情况", st(state)),
        ),
        section("47519-4", "HISTORY OF PROCEDURES", *operations),
        section(
            "18776-5", "TREATMENT PLAN",
            *([obs("DE06.00.300.00", "治则治法", st(plan))] if plan else []),
        ),
        section(
            "8648-8", "Hospital Course",
            obs("DE06.00.296.00", "诊疗过程描述", st(course)),
            obs("DE05.10.113.00", "治疗结果代码", table_cd(outcome[0], outcome[1:], *OUTCOME)),
            obs("DE06.00.310.00", "实际住院天数", pq(days, "天")),
        ),
        section("46209-3", "Provider Orders", obs("DE06.00.287.00", "出院医嘱", st(orders))),
        section(
            "30954-2", "STUDIES SUMMARY",
            group(*(obs("DE04.50.128.00", "阳性辅助检查结果", st(one)) for one in positive)),
        ),
    ]  # fmt: skip


def wang() -> Record:
    team = JINLING.member
    return Record(
        kind=Kind.DISCHARGE_SUMMARY, number="JL-C0053-2026051600017", at="20260516103000",
        hospital=JINLING, patient=patient("wang"), author=team("JL0102"),
        numbers={"inpatient": "JL26050731", "case": "B0417726"},
        signers=[
            Signer("住院医师", team("JL0102"), "20260516104500", legal=True),
            Signer("上级医师", team("JL0101"), "20260516112000"),
        ],
        department="心血管内科", ward="心内一病区", room="0806", bed="17",
        start="20260507091500", end="20260516100000",
        contact=("王小军", "20", "儿子", "19900000101"),
        sections=body(
            came="患者因“反复活动后胸闷1年，加重伴胸痛3天”入院。1年前起快步行走约300米后出现胸骨后压榨感，"
            "休息3～5分钟缓解，未规律诊治。3天前晨练时胸痛再发，向左肩放射，持续约15分钟，含服硝酸甘油后缓解。"
            "入院查体：T 36.5℃，P 78次/分，R 18次/分，BP 152/88mmHg，双肺呼吸音清，心率78次/分，律齐，"
            "各瓣膜区未闻及病理性杂音，双下肢无水肿。心电图示V3～V6导联ST段水平型压低0.1mV。"
            "高敏肌钙蛋白I 0.021ng/mL（参考值<0.034ng/mL）。",
            admitted=[("I20.0", "不稳定型心绞痛"), ("I10.x05", "高血压病3级(极高危)"), ("E11.9", "2型糖尿病")],
            left=[
                ("I20.0", "不稳定型心绞痛"), ("I25.103", "冠状动脉粥样硬化性心脏病"),
                ("I10.x05", "高血压病3级(极高危)"), ("E11.9", "2型糖尿病"), ("E78.5", "高脂血症"),
            ],
            signs="无胸闷、胸痛，无心悸、气促。BP 128/74mmHg，心率66次/分，律齐，双肺未闻及干湿性啰音，右侧桡动脉"
            "穿刺处无渗血、血肿，桡动脉搏动可，双下肢无水肿。",
            state="好转出院",
            operations=(
                procedure(
                    "36.0601", "冠状动脉药物涂层支架置入术", when="20260509140000",
                    how=("0介入操作", "9其他", "03局部麻醉"),
                    story="经右桡动脉入路行冠状动脉造影：左主干未见狭窄；前降支近中段弥漫性病变，最重处狭窄90%，TIMI血流2级；"
                    "回旋支中段狭窄40%；右冠状动脉远段狭窄50%。于前降支近中段置入药物洗脱支架1枚（3.0×28mm），"
                    "非顺应性球囊后扩张，复查造影残余狭窄<10%，TIMI血流3级。术程顺利，造影剂用量110mL。",
                ),
            ),
            course="入院后完善血常规、生化、凝血功能、心肌损伤标志物、心脏超声等检查，予阿司匹林、替格瑞洛双联抗血小板，"
            "依诺肝素抗凝，阿托伐他汀调脂稳定斑块，美托洛尔控制心室率，培哚普利降压，二甲双胍联合达格列净控制血糖。"
            "排除禁忌后于2026年5月9日行冠状动脉造影及前降支支架置入术，术后予水化、监测心电及肾功能。"
            "术后第3天复查肌酐78μmol/L，血红蛋白128g/L，未再发作胸痛，六分钟步行试验420米。",
            outcome="2好转", days=9,
            orders="1. 低盐低脂糖尿病饮食，戒烟，避免劳累与情绪激动，循序进行心脏康复训练。\n"
            "2. 阿司匹林肠溶片 100mg 口服 每日1次（长期）；替格瑞洛片 90mg 口服 每日2次（至少12个月，不得自行停药）。\n"
            "3. 阿托伐他汀钙片 20mg 口服 每晚1次；琥珀酸美托洛尔缓释片 47.5mg 口服 每日1次；培哚普利片 4mg 口服 每日1次。\n"
            "4. 盐酸二甲双胍片 0.5g 口服 每日3次；达格列净片 10mg 口服 每日1次。\n"
            "5. 出院后2周、1个月、3个月心内科门诊复查血常规、肝肾功能、血脂、血糖、心电图，目标LDL-C<1.4mmol/L。\n"
            "6. 如再发胸痛持续超过15分钟、黑便或皮肤大片瘀斑，立即拨打120就诊。",
            positive=[
                "冠状动脉造影(2026-05-09)：前降支近中段狭窄90%，回旋支中段狭窄40%，右冠状动脉远段狭窄50%。",
                "心脏超声(2026-05-08)：左室舒张功能减退，LVEF 58%，主动脉瓣轻度反流。",
                "生化(2026-05-08)：LDL-C 3.42mmol/L，糖化血红蛋白 7.6%，空腹血糖 8.9mmol/L。",
            ],
        ),
    )  # fmt: skip


def wang_corrected() -> Record:
    """The second version: the length of double antiplatelet therapy was wrong."""
    record = wang()
    record.number = "JL-C0053-2026051800003"
    record.at = "20260518091000"
    record.version = 2
    record.replaces = "JL-C0053-2026051600017"
    record.signers = [
        Signer("住院医师", JINLING.member("JL0102"), "20260518092000", legal=True),
        Signer("上级医师", JINLING.member("JL0101"), "20260518100500"),
    ]
    record.sections = [
        one.replace(
            "至少12个月，不得自行停药", "至2027年5月，期间不得自行停药，拔牙或手术前须咨询心内科"
        )
        for one in record.sections
    ]
    return record


def records() -> dict[str, Record]:
    return {"wang-jl-1": wang(), "wang-jl-2": wang_corrected()}


_ = XUANWUHU
