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
            table_cd(cut[0], cut[1:], "1.256", "手术切口类别代码表"),
        ),
        obs(
            "DE05.10.147.00",
            "切口愈合等级代码",
            table_cd(heal[0], heal[1:], "1.257", "手术切口愈合等级代码表"),
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
                    how=("10类切口", "9其他", "03局部麻醉"),
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


def li() -> Record:
    team = XUANWUHU.member
    return Record(
        kind=Kind.DISCHARGE_SUMMARY, number="XW-C0053-2026031900021", at="20260319095000",
        hospital=XUANWUHU, patient=patient("li"), author=team("XW0102"), numbers={"inpatient": "XW26031014"},
        signers=[Signer("住院医师", team("XW0102"), "20260319100500", legal=True), Signer("上级医师", team("XW0101"), "20260319110000")],
        department="呼吸内科", ward="呼吸一病区", room="0712", bed="33", start="20260310143000", end="20260319100000",
        contact=("赵敏", "30", "女儿", "19900000107"),
        sections=body(
            came="患者因“咳嗽、咳黄痰伴发热5天”入院。入院时体温38.2℃，右中肺可闻及细湿啰音。胸部CT示右肺中叶斑片影。CURB-65评分2分。",
            admitted=[("J15.902", "社区获得性肺炎(右肺中叶)"), ("I10.x04", "高血压病2级(高危)"), ("M81.905", "骨质疏松症")],
            left=[("J15.902", "社区获得性肺炎(右肺中叶)"), ("I10.x04", "高血压病2级(高危)"), ("M81.905", "骨质疏松症")],
            signs="体温正常5天，偶有咳嗽，少许白痰。双肺未闻及干湿性啰音。BP 138/76mmHg。",
            state="治愈出院", plan="清热化痰，宣肺止咳；后期益气养阴。",
            course="入院后予莫西沙星抗感染、氨溴索化痰，配合中药麻杏石甘汤合千金苇茎汤加减口服。痰培养：肺炎链球菌（对莫西沙星敏感）。入院第4天体温正常，第8天复查CT示病灶明显吸收，CRP降至6mg/L。输液部位曾出现轻度静脉炎，更换部位、外敷后好转。",
            outcome="1治愈", days=9,
            orders="1. 注意保暖，避免受凉，适量饮水，加强营养。\n2. 氨溴索口服溶液 10mL 口服 每日2次，服5天。\n3. 氨氯地平片 5mg 口服 每日1次，监测血压。\n4. 4周后呼吸科门诊复查胸部CT；如再发热、气促，及时就诊。",
            positive=["胸部CT(2026-03-10)：右肺中叶斑片状渗出影。", "痰培养(2026-03-12)：肺炎链球菌。", "CRP 65mg/L，PCT 0.32ng/mL。"],
        ),
    )  # fmt: skip


def sun() -> Record:
    """With narrative of its own: a table of pathology, and sections that are empty."""
    team = JINLING.member
    sections = body(
        came="因“间断便血3个月，发现乙状结肠占位1周”由外院转入。入院查体：贫血貌，腹平软，左下腹轻压痛，未触及包块，直肠指诊未及肿物，指套少许暗红色血迹。",
        admitted=[("C18.700", "乙状结肠恶性肿瘤"), ("K80.201", "胆囊结石"), ("E11.9", "2型糖尿病")],
        left=[("C18.700", "乙状结肠恶性肿瘤(pT3N1bM1a ⅣA期)"), ("C78.700", "肝继发性恶性肿瘤"), ("K80.201", "胆囊结石"), ("D64.900", "贫血"), ("I48.x01", "阵发性心房颤动")],
        signs="进半流质饮食，排气排便正常。切口下段少许脂肪液化，换药后愈合可。", state="病情稳定，转肿瘤专科医院行术后化疗", course="完善检查后于2026年6月19日在全麻下行腹腔镜下乙状结肠根治性切除+胆囊切除+肝穿刺活检术。术后第4天出现腹胀、呕吐，考虑术后早期炎性肠梗阻，予禁食、胃肠减压、肠外营养后缓解；术后第2天发生阵发性房颤，予胺碘酮转复窦律。",
        outcome="2好转", days=17, orders="1. 2周后肿瘤科就诊，评估XELOX+贝伐珠单抗方案。\n2. 高蛋白、低渣饮食；切口隔日换药。\n3. 复查血常规、肝肾功能、CEA。",
        positive=["CEA 48.6ng/mL；CA19-9 72.4U/mL。", "上腹部增强MRI：肝S6段2.1cm转移灶。"],
        operations=(
            procedure("45.7601", "腹腔镜下乙状结肠根治性切除术", when="20260619090000", how=("3Ⅱ类切口", "2乙级愈合", "01全身麻醉"), story="探查肝S6段见2cm结节，余腹膜未见种植。肿瘤位于乙状结肠中段，侵及浆膜下。清扫253组淋巴结，切除肠管18cm，端端吻合，置盆腔引流管1根。"),
        ),
    )  # fmt: skip
    rows = (
        ("肿瘤部位", "乙状结肠"),
        ("组织学类型", "中分化腺癌"),
        ("浸润深度", "浆膜下层(pT3)"),
        ("淋巴结转移", "3/18(pN1b)"),
        ("脉管侵犯", "(+)"),
        ("神经侵犯", "(-)"),
        ("切缘", "上、下、环周切缘(-)"),
        ("错配修复蛋白", "MLH1(+) PMS2(+) MSH2(+) MSH6(+)，pMMR"),
    )
    table = "".join(el("tr", el("td", a) + el("td", b)) for a, b in rows)
    head = el("thead", el("tr", el("th", "项目") + el("th", "结果")))
    path = el("table", el("caption", "术后病理（B2026-05127）") + head + el("tbody", table))
    bullets = el(
        "list",
        "".join(
            el("item", one)
            for one in ("基因检测：KRAS G12D突变，NRAS、BRAF野生型", "微卫星稳定(MSS)")
        ),
        listType="unordered",
    )
    sections.append(
        section(
            "60567-5", "Comprehensive pathology report panel", text=path + bullets, title="病理"
        )
    )
    sections.append(section("69730-0", "Instructions", text="", title="随访指导"))
    return Record(
        kind=Kind.DISCHARGE_SUMMARY, number="JL-C0053-2026070200011", at="20260702080000",
        hospital=JINLING, patient=patient("sun"), author=team("JL0103"), numbers={"inpatient": "JL26061507", "case": "B0421190"},
        signers=[Signer("住院医师", team("JL0103"), "20260702081500", legal=True), Signer("上级医师", team("JL0105"), "20260702083000")],
        department="普通外科", ward="普外三病区", room="1208", bed="41", start="20260615101500", end="20260702083000",
        contact=("周建华", "10", "配偶", "19900000108"), sections=sections, confidentiality="R", enterer=team("JL0201"),
    )  # fmt: skip


def ayi() -> Record:
    """A long name, a short stay, almost everything empty."""
    team = XUANWUHU.member
    return Record(
        kind=Kind.DISCHARGE_SUMMARY, number="XW-C0053-2026060200008", at="20260602100000",
        hospital=XUANWUHU, patient=patient("ayi"), author=team("XW0103"), numbers={"inpatient": "XW26060101"},
        signers=[Signer("住院医师", team("XW0103"), "20260602101000", legal=True)],
        department="内分泌科", ward="内分泌病区", bed="02", start="20260601090000", end="20260602093000",
        sections=body(
            came="发现血糖升高1天，要求行糖耐量试验。", admitted=[("R73.900", "血糖升高")], left=[("R73.000", "糖耐量异常")],
            signs="无特殊不适。", state="好转出院", course="行75g口服葡萄糖耐量试验：空腹6.0mmol/L，2小时9.4mmol/L。予饮食、运动指导。",
            outcome="2好转", days=1, orders="控制饮食，规律运动，3个月后内分泌科门诊复查。", positive=[],
        ),
    )  # fmt: skip


def records() -> dict[str, Record]:
    return {
        "ayi-xw": ayi(),
        "li-xw": li(),
        "sun-jl": sun(),
        "wang-jl-1": wang(),
        "wang-jl-2": wang_corrected(),
    }
