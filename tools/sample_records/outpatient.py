"""门(急)诊病历 C0002."""
# ruff: noqa: E501

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING, XUANWUHU, CityInstitution, patient
from sample_records.shared_document import (
    TCM,
    Record,
    Signer,
    bl,
    cd,
    code,
    diagnosis,
    el,
    entry,
    escape,
    group,
    later,
    obs,
    para,
    section,
    st,
    table_cd,
)

Order = tuple[str, str, str]  # kind, item, remark
ORDER_KINDS = {"药品": "01", "检查": "02", "检验": "03", "处置": "05", "其他": "99"}


def allergy(text: str) -> str:
    """过敏史: act/observation with the allergen in participant/playingEntity."""
    playing = code("DE02.10.022.00", "过敏史", "2.16.156.10011.2.2.1", "卫生信息数据元目录")
    playing += f"<desc>{escape(text)}</desc>"
    who = el(
        "participant",
        el("participantRole", el("playingEntity", playing), classCode="MANU"),
        typeCode="CSM",
    )
    seen = obs("DE02.10.023.00", "过敏史标志", bl(not text.startswith("否认")), after=who)
    return el(
        "act",
        el("code", nullFlavor="NA") + el("entryRelationship", seen, typeCode="SUBJ"),
        classCode="ACT",
        moodCode="EVN",
    )


def order(one: Order, when: str, doctor: Signer) -> str:
    kind, item, remark = one
    number = ORDER_KINDS[kind]
    person = el("assignedAuthor", el("id", root="2.16.156.10011.1.4", extension=doctor.staff.code)
                + el("code", displayName="医嘱开立者") + el("assignedPerson", el("name", doctor.staff.name)))  # fmt: skip
    author = el("author", el("time", value=when) + person)
    return obs(
        "DE06.00.289.00", "医嘱项目类型", table_cd(number, kind, "1.268", "医嘱项目类型代码表"),
        obs("DE06.00.288.00", "医嘱项目内容", st(item), when=when, after=author),
        *([obs("DE06.00.179.00", "医嘱备注信息", st(remark))] if remark else []),
        obs("DE06.00.290.00", "医嘱执行状态", st("已执行" if kind != "其他" else "已告知")),
    )  # fmt: skip


def body(
    *, when: str, doctor: Signer, first: bool, allergic: str, complaint: str, present: str, past: str,
    exam: str, tests: list[tuple[str, str]], western: list[tuple[str, str]], orders: list[Order],
    tcm: tuple[str, str, str, str, str, str] | None = None,
) -> list[str]:  # fmt: skip
    found = [
        obs(
            "DE06.00.196.00",
            "初诊标志代码",
            table_cd(*(("1", "初诊") if first else ("2", "复诊")), "2.39", "初诊标志代码表"),
        ),
        *(
            group(
                obs("DE05.01.025.00", "初步诊断-西医诊断名称", st(name)),
                diagnosis("DE05.01.024.00", "初步诊断-西医诊断编码", icd, name),
            )
            for icd, name in western
        ),
    ]
    plan = []
    if tcm:
        four, sickness, sickness_code, pattern, pattern_code, rule = tcm
        found.append(obs("DE02.10.028.00", "中医“四诊”观察结果", st(four)))
        found.append(
            group(
                obs("DE05.10.172.00", "初步诊断-中医病名名称", st(sickness)),
                obs("DE05.10.130.00", "初步诊断-中医病名代码", cd(sickness_code, sickness, *TCM)),
                obs("DE05.10.172.00", "初步诊断-中医证候名称", st(pattern)),
                obs("DE05.10.130.00", "初步诊断-中医证候代码", cd(pattern_code, pattern, *TCM)),
            )
        )
        plan = [
            obs("DE05.10.132.00", "辨证依据", st(four)),
            obs("DE06.00.300.00", "治则治法", st(rule)),
        ]
    return [
        section("48765-2", "Allergies, adverse reactions, alerts", allergy(allergic)),
        section("10154-3", "CHIEF COMPLAINT", obs("DE04.01.119.00", "主诉", st(complaint))),
        section("10164-2", "HISTORY OF PRESENT ILLNESS", obs("DE02.10.071.00", "现病史", st(present))),
        section("11348-0", "HISTORY OF PAST ILLNESS", obs("DE02.10.099.00", "既往史", st(past))),
        section("29545-1", "PHYSICAL EXAMINATION", obs("DE04.10.258.00", "体格检查", st(exam))),
        section(
            "30954-2", "STUDIES SUMMARY",
            *(
                group(
                    obs("DE04.30.010.00", "辅助检查项目", st(name)),
                    obs("DE04.30.009.00", "辅助检查结果", st(result)),
                )
                for name, result in tests
            ),
        ),
        section("29548-5", "Diagnosis", *found),
        section("18776-5", "TREATMENT PLAN", *plan),
        section("46209-3", "Provider Orders", *(order(one, when, doctor) for one in orders)),
    ]  # fmt: skip


def make(
    number: str,
    hospital: CityInstitution,
    who: str,
    doctor: str,
    *,
    when: str,
    department: str,
    **content: object,
) -> Record:
    member = hospital.member(doctor)
    signer = Signer("责任医师", member, later(when, 25), legal=True)
    return Record(
        kind=Kind.OUTPATIENT, number=number, at=when, hospital=hospital, patient=patient(who), author=member,
        numbers={"outpatient": number.replace("C0002-", "M")}, signers=[signer], department=department,
        start=when, encounter=code("1", "门诊" if department != "急诊医学科" else "急诊", "2.16.156.10011.2.3.1.271", "患者类型代码表"),
        sections=body(when=when, doctor=signer, **content),  # type: ignore[arg-type]
    )  # fmt: skip


def records() -> dict[str, Record]:
    return {
        "zhou-jl": make(
            "JL-C0002-2026031100231", JINLING, "zhou", "JL0105", when="20260311093000", department="普通外科",
            first=True, allergic="头孢克洛（皮疹）",
            complaint="右侧乳房无痛性肿块发现2周。",
            present="患者2周前洗澡时无意中触及右侧乳房外上方一肿块，约“花生米”大小，无疼痛，无乳头溢液，肿块大小与月经周期无明显关系，局部皮肤无红肿、破溃，未予诊治。今来我院就诊。病程中无发热，精神、食欲、睡眠可，体重无明显变化。",
            past="平素体健。否认高血压、糖尿病、冠心病史，否认肝炎、结核史。2015年因急性阑尾炎行阑尾切除术。月经规律，未婚未育。否认乳腺癌家族史。",
            exam="T 36.6℃，P 72次/分，R 16次/分，BP 112/70mmHg。神志清，浅表淋巴结未触及肿大。双乳对称，乳头无内陷，皮肤无橘皮样改变及酒窝征。右乳外上象限距乳头约4cm处触及一1.5cm×1.2cm肿块，质韧，边界清楚，表面光滑，活动度好，无压痛。左乳未触及明确肿块。双侧腋窝、锁骨上淋巴结未触及肿大。",
            tests=[("乳腺彩超", "右乳10点钟方向见15mm×11mm低回声结节，边界清，形态规则，纵横比<1，CDFI未见明显血流，BI-RADS 3类。左乳未见明显异常。双侧腋下未见异常肿大淋巴结。")],
            western=[("D24.x00", "右乳腺良性肿瘤（纤维腺瘤可能）")],
            orders=[
                ("检验", "血常规+血型；凝血四项；女性肿瘤标志物五项", "空腹"),
                ("其他", "3个月后复查乳腺彩超；如结节短期内明显增大，行超声引导下穿刺活检", "已向患者说明"),
                ("其他", "规律作息，每月月经后自检乳房", ""),
            ],
        ),
        "li-jl": make(
            "JL-C0002-2026042000518", JINLING, "li", "JL0101", when="20260420142000", department="心血管内科",
            first=False, allergic="否认药物及食物过敏史",
            complaint="高血压病史20年，头晕1周。",
            present="患者20年前体检发现血压升高，最高达178/96mmHg，长期口服“氨氯地平5mg 每日1次”，血压控制在140/80mmHg左右。近1周自觉头晕，以晨起及体位改变时明显，无视物旋转，无恶心呕吐，无肢体活动障碍，自测血压150～165/75～85mmHg。2026年3月曾于玄武湖示范医院住院诊治肺部感染，已好转。",
            past="高血压病史20年；骨质疏松症5年；2026年3月因社区获得性肺炎于外院住院。否认糖尿病、脑卒中史。否认输血史。",
            exam="BP 162/82mmHg（卧位），148/78mmHg（立位3分钟）。神志清，颈软，双侧颈动脉未闻及杂音。双肺呼吸音清。心率74次/分，律齐，主动脉瓣第二听诊区可闻及2/6级收缩期杂音。四肢肌力5级，双下肢轻度凹陷性水肿。",
            tests=[
                ("心电图", "窦性心律，左心室高电压，V5、V6导联T波低平。"),
                ("肾功能、电解质（2026-04-20）", "肌酐 74μmol/L，尿酸 386μmol/L，血钾 4.1mmol/L，血钠 139mmol/L。"),
            ],
            western=[("I10.x04", "高血压病2级(高危)"), ("R42.x00", "头晕")],
            orders=[
                ("药品", "苯磺酸氨氯地平片 5mg 口服 每日1次", "28片"),
                ("药品", "缬沙坦胶囊 80mg 口服 每日1次", "28粒；2周后复查血钾、肌酐"),
                ("检查", "24小时动态血压监测", "预约2026-04-24"),
                ("检查", "颈动脉彩超", ""),
                ("其他", "低盐饮食，每日食盐<5g；起床缓慢，防跌倒；每日晨起服药前及晚间自测血压并记录", ""),
            ],
        ),
        "li-spelt-xw": make(
            "XW-C0002-2026050300077", XUANWUHU, "li_spelt", "XW0105", when="20260503203500", department="急诊医学科",
            first=True, allergic="否认药物过敏史",
            complaint="跌倒致右腕部肿痛、活动受限2小时。",
            present="患者2小时前在家中浴室滑倒，右手掌着地，当即感右腕部疼痛、肿胀，不能活动。无昏迷、呕吐，无胸腹部疼痛。由邻居送至我院急诊，未携带身份证及医保卡，姓名、出生日期由患者口述并由邻居书写登记。",
            past="自述有“高血压、骨头疏松”，具体用药不详。",
            exam="BP 158/84mmHg，P 88次/分。神清，头颅无外伤。右腕部肿胀，呈“餐叉样”畸形，局部压痛明显，可触及骨擦感，手指血运、感觉正常，桡动脉搏动可及。余肢体无异常。",
            tests=[("右腕关节正侧位X线", "右桡骨远端骨折，骨折断端向背侧、桡侧移位，骨质疏松。")],
            western=[("S52.501", "右侧桡骨远端骨折(Colles骨折)"), ("M81.905", "骨质疏松症")],
            orders=[
                ("处置", "局部血肿内麻醉下手法复位，石膏托外固定", "复位后复查X线位置满意"),
                ("药品", "塞来昔布胶囊 0.2g 口服 每日1次", "6粒"),
                ("其他", "抬高患肢，主动活动手指；1周后骨科门诊复查X线；如手指麻木、发绀、剧痛立即就诊。就诊时请携带身份证补登信息", ""),
            ],
        ),
        "ayi-xw": make(
            "XW-C0002-2026021800142", XUANWUHU, "ayi", "XW0104", when="20260218100000", department="中医科",
            first=True, allergic="青霉素（皮试阳性）",
            complaint="失眠、心烦3个月。",
            present="患者3个月前因工作劳累出现入睡困难，每晚睡眠约3～4小时，多梦易醒，醒后难以再睡，伴心烦、手足心热、口干、腰膝酸软，偶有潮热盗汗，大便偏干。曾自服“褪黑素”效果不显。月经近半年周期紊乱，末次月经2026年1月20日。",
            past="体健。否认慢性病史。孕2产2。",
            exam="BP 118/76mmHg。神志清，精神欠佳。心肺听诊无异常，腹软无压痛。甲状腺未触及肿大。",
            tests=[("甲状腺功能、性激素六项（2026-02-10）", "FT3、FT4、TSH正常；FSH 28.6IU/L，E2 42pg/mL。")],
            western=[("G47.000", "失眠症"), ("N95.101", "围绝经期综合征")],
            tcm=(
                "望：神疲，面色少华，颧红；舌红少苔。闻：语声清，无异常气味。问：失眠多梦，心烦，手足心热，口干，腰膝酸软，大便干。切：脉细数。",
                "不寐", "BNX010", "阴虚火旺证", "ZZYX060", "滋阴降火，养心安神。方选黄连阿胶汤合酸枣仁汤加减。",
            ),
            orders=[
                ("药品", "中药饮片7剂（详见中药处方 XW-C0005-2026021800033）", "水煎服，每日1剂，早晚分服"),
                ("处置", "耳穴压豆：神门、心、肾、皮质下、内分泌", "每周2次"),
                ("其他", "调畅情志，睡前避免浓茶、咖啡及电子屏幕；2周后复诊", ""),
            ],
        ),
    }  # fmt: skip


_ = (entry, group, para)
