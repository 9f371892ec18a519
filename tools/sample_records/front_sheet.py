"""住院病案首页 C0032."""
# ruff: noqa: E501

from __future__ import annotations

from dataclasses import dataclass, field

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING, XUANWUHU, CityInstitution, patient
from sample_records.shared_document import (
    ICD9,
    Record,
    Signer,
    bl,
    code,
    diagnosis,
    el,
    escape,
    group,
    ident,
    later,
    mo,
    obs,
    pq,
    section,
    st,
    table_cd,
)

COSTS = "2.16.156.10011.2.2.4"
STAFF = "2.16.156.10011.1.4"


@dataclass
class Operation:
    icd9: str
    name: str
    when: str
    level: tuple[str, str]
    cut: tuple[str, str]
    heal: tuple[str, str]
    narcosis: tuple[str, str]
    surgeon: str
    first: str = ""
    second: str = ""
    anaesthetist: str = ""


@dataclass
class Costs:
    total: float
    own: float
    lines: dict[str, float] = field(default_factory=dict)


LABELS = {
    "147": "综合医疗服务类-一般医疗服务费", "148": "综合医疗服务类-一般治疗操作费", "145": "综合医疗服务类-护理费", "146": "综合医疗服务类-其他费用",
    "121": "诊断类-病理诊断费", "123": "诊断类-实验室诊断费", "124": "诊断类-影像学诊断费", "122": "诊断类-临床诊断项目费",
    "129": "治疗类-非手术治疗项目费", "130": "治疗类-非手术治疗项目费-临床物理治疗费", "131": "治疗类-手术治疗费", "132": "治疗类-手术治疗费-麻醉费", "133": "治疗类-手术治疗费-手术费",
    "055": "康复类-康复费", "136": "中医类-中医治疗费", "098": "西药类-西药费", "099": "西药类-西药费-抗菌药物费用", "135": "中药类-中成药费", "134": "中药类-中草药费",
    "115": "血液和血液制品类-血费", "111": "血液和血液制品类-白蛋白类制品费", "113": "血液和血液制品类-球蛋白类制品费", "112": "血液和血液制品类-凝血因子类制品费", "114": "血液和血液制品类-细胞因子类制品费",
    "038": "耗材类-检查用一次性医用材料费", "040": "耗材类-治疗用一次性医用材料费", "039": "耗材类-手术用一次性医用材料费", "130x": "其他类-其他费",
}  # fmt: skip
GROUPS = (
    ("147", "148", "145", "146"),
    ("121", "123", "124", "122"),
    ("055",),
    ("136",),
    ("135", "134"),
    ("115", "111", "113", "112", "114"),
    ("038", "040", "039"),
)


def money(amount: float) -> str:
    return mo(f"{amount:.2f}")


def cost(key: str, costs: Costs, *parts: str) -> str:
    number = "HDS00.10.130" if key == "130x" else f"HDSD00.11.{key}"
    return obs(number, LABELS[key], money(costs.lines.get(key, 0.0)), *parts, system=COSTS)


def fees(paid: tuple[str, str], costs: Costs) -> str:
    body = [
        obs("DE07.00.007.00", "医疗付费方式代码", table_cd(*paid, "1.269", "医疗付费方式代码表")),
        obs(
            "HDSD00.11.142",
            "住院总费用",
            money(costs.total),
            obs("HDSD00.11.143", "住院总费用-自付金额(元)", money(costs.own), system=COSTS),
            system=COSTS,
        ),
        *(group(*(cost(key, costs) for key in keys)) for keys in GROUPS),
        group(
            cost("129", costs, cost("130", costs)),
            cost("131", costs, cost("132", costs), cost("133", costs)),
        ),
        cost("098", costs, cost("099", costs)),
        cost("130x", costs),
    ]
    return section("48768-6", "PAYMENT SOURCES", *body)


def operation(one: Operation, hospital: CityInstitution) -> str:
    def number(name: str) -> str:
        return next(member.code for member in hospital.staff if member.name == name)

    def person(name: str) -> str:
        return el(
            "performer",
            el(
                "assignedEntity",
                ident(STAFF, number(name)) + el("assignedPerson", el("name", name)),
            ),
        )

    def helper(role: str, name: str) -> str:
        playing = (
            ident(STAFF, number(name))
            + el("code", displayName=role)
            + el("playingEntity", el("name", name))
        )
        return el("participant", el("participantRole", playing), typeCode="ATND")

    parts = [
        obs("DE06.00.094.00", "手术操作名称", st(one.name)),
        obs("DE06.00.255.00", "手术级别", table_cd(*one.level, "1.258", "手术级别代码表")),
        obs(
            "DE06.00.257.00", "手术切口类别代码", table_cd(*one.cut, "1.256", "手术切口类别代码表")
        ),
        obs(
            "DE05.10.147.00",
            "手术切口愈合等级",
            table_cd(*one.heal, "1.257", "手术切口愈合等级代码表"),
        ),
        obs(
            "DE06.00.073.00",
            "麻醉方法代码",
            table_cd(*one.narcosis, "1.159", "麻醉方法代码表"),
            after=person(one.anaesthetist) if one.anaesthetist else "",
        ),
    ]
    inner = (
        code(one.icd9, one.name, *ICD9)
        + el("statusCode", code="completed")
        + el("effectiveTime", value=one.when)
        + person(one.surgeon)
    )
    if one.first:
        inner += helper("第一助手", one.first)
    if one.second:
        inner += helper("第二助手", one.second)
    inner += "".join(el("entryRelationship", part, typeCode="COMP") for part in parts)
    return el("procedure", inner, classCode="PROC", moodCode="EVN")


def left(icd: str, name: str, came: tuple[str, str], *, main: bool) -> str:
    word, sort = ("主要诊断", "出院诊断-主要诊断") if main else ("其他诊断", "出院诊断-其他诊断")
    return group(
        obs("DE05.01.025.00", f"{sort}名称", st(name), qualifier=f"{word}名称"),
        diagnosis("DE05.01.024.00", f"{sort}疾病编码", icd, name, qualifier=f"{word}疾病编码"),
        obs(
            "DE09.00.104.00",
            f"{sort}-入院病情代码",
            table_cd(*came, "1.253", "入院病情代码表"),
            qualifier=f"{word}-入院病情代码",
        ),
    )


HAD, UNCLEAR, NOT, UNKNOWN = ("1", "有"), ("2", "临床未确定"), ("4", "无"), ("3", "情况不明")


def home(record_county: str, work: tuple[str, str, str]) -> tuple[str, str]:
    """Within patient: 出生地 and 国籍 before the age; 工作单位, 户口, 籍贯 behind it."""
    unit, phone, address = work
    place = el("county", record_county) + el("city", "南京市") + el("state", "江苏省")
    made = el("birthplace", el("place", el("addr", place)))
    made += code(
        "156", "中国", "2.16.156.10011.2.3.3.1", "世界各国和地区名称代码(GB/T 2659)", "nationality"
    )
    more = ""
    if unit:
        more += el(
            "employerOrganization",
            el("name", escape(unit))
            + el("telecom", value=phone)
            + el("addr", el("houseNumber", address) + el("postalCode", "210008")),
        )
    more += el(
        "household",
        el(
            "place",
            el("addr", el("houseNumber", "示范派出所辖区") + place + el("postalCode", "210000")),
        ),
    )
    return made, more + el(
        "nativePlace", el("place", el("addr", el("city", "南京市") + el("state", "江苏省")))
    )


def make(
    number: str, hospital: CityInstitution, who: str, *, span: tuple[str, str], times: int, days: int, units: tuple[str, str, str], inpatient: str, case: str, staff: tuple[str, ...],
    contact: tuple[str, str, str, str], route: tuple[str, str], outside: tuple[str, str], found: list[tuple[str, str, tuple[str, str]]], operations: list[Operation], costs: Costs, paid: tuple[str, str],
    blood: tuple[tuple[str, str], tuple[str, str]], allergy: str = "", work: tuple[str, str, str] = ("", "", ""), leave: tuple[str, str] = ("1", "医嘱离院"), newborn: tuple[int, ...] = (), pathology: tuple[str, str, str] | None = None,
    injury: tuple[str, str] | None = None, coma: tuple[tuple[int, int, int], tuple[int, int, int]] | None = None, transfer: str = "", again: str = "",
) -> Record:  # fmt: skip
    chief, deputy, attending, resident, nurse, coder = (hospital.member(one) for one in staff)
    made = later(span[1], 300)
    weights = [
        obs("DE04.10.019.00", "新生儿入院体重(g)" if at else "新生儿出生体重(g)", pq(w, "g"))
        for at, w in enumerate(newborn)
    ]
    first = [
        group(
            obs("DE05.10.025.00", "门(急)诊诊断名称", st(outside[1]), qualifier="门(急)诊诊断"),
            diagnosis("DE05.01.024.00", "门(急)诊诊断疾病编码", *outside, qualifier="门(急)诊诊断"),
        )
    ]
    if pathology:
        p_number, icd, name = pathology
        named = obs("DE05.01.025.00", "病理诊断名称", st(name), qualifier="病理诊断名称").replace(
            "<code ", ident("2.16.156.10011.1.8", p_number) + "<code ", 1
        )
        first.append(
            group(
                named, diagnosis("DE05.01.024.00", "病理诊断编码", icd, name, qualifier="病理诊断")
            )
        )
    problems = [
        obs(
            "DE05.10.119.00",
            "住院者疾病状态代码",
            table_cd("2", "急", "1.100", "住院者疾病状态代码表"),
        )
    ]
    if injury:
        problems.append(
            obs(
                "DE05.10.152.00",
                "损伤中毒的外部原因",
                st(injury[1]),
                diagnosis("DE05.01.078.00", "损伤中毒的外部原因-疾病编码", *injury),
            )
        )
    for word, duration in zip(("前", "后"), coma or (), strict=False):
        problems.append(group(*(
            obs(f"DE05.10.138.0{at}", f"颅脑损伤患者入院{word}昏迷时间-{unit}", pq(amount, unit))
            for at, (unit, amount) in enumerate(zip(("d", "h", "min"), duration, strict=True), 1)
        )))  # fmt: skip
    moved = []
    if transfer:
        organization = el("representedOrganization", el("name", transfer))
        moved = [
            el(
                "observation",
                el("code")
                + el("author", el("time") + el("assignedAuthor", el("id") + organization)),
                classCode="OBS",
                moodCode="EVN",
            )
        ]
    playing = el(
        "playingEntity",
        code("DE02.10.022.00", "过敏药物", "2.16.156.10011.2.2.1", "卫生信息数据元目录")
        + f'<desc xsi:type="ST">{escape(allergy)}</desc>',
    )
    allergic = obs(
        "DE02.10.023.00",
        "药物过敏标志",
        bl(bool(allergy)),
        after=el("participant", el("participantRole", playing), typeCode="CSM") if allergy else "",
    )
    quality = "".join(
        el(
            "author",
            el("time")
            + el(
                "assignedAuthor",
                ident(STAFF, one.code)
                + el("code", displayName=role)
                + el("assignedPerson", el("name", one.name)),
            ),
        )
        for role, one in (("质控医师", attending), ("质控护士", nurse))
    )
    room, unit_name, ward = units[2], units[0], units[1]
    unit_code = next(one.code for one in hospital.departments if one.name == unit_name)
    place = ident("2.16.156.10011.1.21", room) + el("name", room)
    place += el(
        "asOrganizationPartOf",
        el("wholeOrganization", ident("2.16.156.10011.1.26", unit_code) + el("name", unit_name)),
    )
    out_of = el(
        "act",
        el("code")
        + el(
            "author",
            el("time") + el("assignedAuthor", el("id") + el("representedOrganization", place)),
        ),
        classCode="ACT",
        moodCode="EVN",
    )
    sections = [
        section("8716-3", "VITAL SIGNS", *weights),
        section("29548-5", "Diagnosis", *first),
        section("11450-4", "PROBLEM LIST", *problems),
        section("42349-1", "REASON FOR REFERRAL", *moved),
        section("11535-2", "Discharge Diagnosis", *(left(icd, name, came, main=not at) for at, (icd, name, came) in enumerate(found)),
                obs("DE06.00.223.00", "离院方式", table_cd(*leave, "1.265", "离院方式代码表"),
                    *([obs("DE08.10.013.00", "拟接受医疗机构名称", st("南京示范康复医院"))] if leave[0] in {"2", "3"} else []))),
        section("48765-2", "Allergies, adverse reactions, alerts", el("act", el("code", nullFlavor="NA") + el("entryRelationship", allergic, typeCode="SUBJ"), classCode="ACT", moodCode="EVN")),
        section("30954-2", "STUDIES SUMMARY", group(
            obs("DE04.50.001.00", "ABO血型代码", table_cd(*blood[0], "1.85", "ABO血型代码表")),
            obs("DE04.50.010.00", "Rh血型代码", table_cd(*blood[1], "1.250", "Rh(D)血型代码表")))),
        section("47519-4", "HISTORY OF PROCEDURES", *(operation(one, hospital) for one in operations)),
        section("11336-5", "HISTORY OF HOSPITALIZATIONS", obs("DE02.10.090.00", "住院次数", pq(times, "次"))),
        section("8648-8", "Hospital Course", obs("DE06.00.310.00", "实际住院天数", pq(days, "天")), out_of),
        section("", "行政管理",
                *([obs("DE09.00.108.00", "死亡患者尸检标志", bl(False))] if leave[0] == "5" else []),
                obs("DE09.00.103.00", "病案质量", table_cd("1", "甲", "2.29", "病案质量等级表"), when=made[:8], after=quality)),
        section("18776-5", "TREATMENT PLAN", obs("DE06.00.194.00", "出院31天内再住院标志", bl(bool(again)), *([obs("DE06.00.195.00", "出院31天内再住院目的", st(again))] if again else []))),
        fees(paid, costs),
    ]  # fmt: skip
    roles = (
        ("科主任", chief, True),
        ("主任(副主任)医师", deputy, False),
        ("主治医师", attending, False),
        ("住院医师", resident, False),
        ("责任护士", nurse, False),
        ("编码员", coder, False),
    )
    own, more = home(patient(who).county, work)
    return Record(
        kind=Kind.FRONT_SHEET, number=number, at=made, hospital=hospital, patient=patient(who), author=resident, numbers={"inpatient": inpatient, "case": case},
        signers=[Signer(role, one, later(made, 30 + at), legal=legal) for at, (role, one, legal) in enumerate(roles)], department=unit_name, ward=ward, room=room, start=span[0], end=span[1],
        encounter=code(*route, "2.16.156.10011.2.3.1.270", "入院途径代码表"), contact=contact, sections=sections, patient_extra=own, patient_more=more,
    )  # fmt: skip


def records() -> dict[str, Record]:
    return {
        "wang-jl": make(
            "JL-C0032-2026051600017", JINLING, "wang", span=("20260507091500", "20260516100000"), times=1, days=9, units=("心血管内科", "心内一病区", "0806"), inpatient="JL26050731", case="B0417726",
            staff=("JL0101", "JL0101", "JL0102", "JL0102", "JL0201", "JL0502"), contact=("王小军", "20", "子", "19900000101"), route=("2", "门诊"), outside=("I20.0", "不稳定型心绞痛"), work=("南京示范机械厂（退休）", "02555500001", "南京市秦淮区示范路2号"),
            found=[("I20.0", "不稳定型心绞痛", HAD), ("I25.103", "冠状动脉粥样硬化性心脏病", HAD), ("I10.x05", "高血压病3级(极高危)", HAD), ("E11.9", "2型糖尿病", HAD), ("E78.5", "高脂血症", UNCLEAR)],
            operations=[
                Operation("36.0601", "冠状动脉药物涂层支架置入术", "20260509", ("4", "四级手术"), ("1", "0类切口"), ("9", "-"), ("03", "局部麻醉"), "沈立新", "顾文静"),
                Operation("88.5700", "冠状动脉造影", "20260509", ("3", "三级手术"), ("1", "0类切口"), ("9", "-"), ("03", "局部麻醉"), "沈立新", "顾文静"),
            ],
            costs=Costs(38652.40, 9213.75, {"147": 720, "148": 486.5, "145": 612, "123": 2318, "124": 1460, "122": 1985.2, "129": 1240, "130": 0, "131": 9860, "132": 0, "133": 9860, "098": 4236.7, "099": 0, "040": 1534, "039": 14200}),
            paid=("1", "城镇职工基本医疗保险"), blood=(("1", "A"), ("2", "阳性")),
        ),
        "zhao-jl": make(
            "JL-C0032-2026020900006", JINLING, "zhao", span=("20260203080000", "20260208110000"), times=2, days=5, units=("妇科", "产科病区", "0910"), inpatient="JL26020302", case="B0398812",
            staff=("JL0101", "JL0105", "JL0104", "JL0103", "JL0201", "JL0502"), contact=("刘洋", "10", "配偶", "19900000104"), route=("2", "门诊"), outside=("O34.201", "瘢痕子宫"), work=("南京示范软件有限公司", "02555500021", "南京市雨花台区示范大道1号"),
            found=[("O82.000", "经选择性剖宫产术的分娩", NOT), ("O34.201", "妊娠合并瘢痕子宫", HAD), ("O24.400", "妊娠期糖尿病", HAD), ("Z37.000", "单一活产", NOT)],
            operations=[Operation("74.1x01", "子宫下段横切口剖宫产术", "20260204", ("3", "三级手术"), ("3", "Ⅱ类切口"), ("1", "甲级愈合"), ("0201", "蛛网膜下腔-硬膜外联合阻滞"), "吕志远", "邵子昂", "韩雪梅", "姚佳宁")],
            costs=Costs(11238.06, 3120.4, {"147": 400, "148": 322, "145": 690, "123": 980, "124": 260, "122": 300, "131": 4110, "132": 1210, "133": 2900, "098": 2016.06, "099": 318.2, "040": 860, "039": 1300}),
            paid=("1", "城镇职工基本医疗保险"), blood=(("3", "O"), ("2", "阳性")), newborn=(3420,), allergy="头孢曲松",
        ),
        "zhang-xw": make(
            "XW-C0032-2026050600003", XUANWUHU, "zhang", span=("20260415231000", "20260506093000"), times=1, days=21, units=("骨科", "骨科二病区", "0615"), inpatient="XW26041502", case="X1120045",
            staff=("XW0101", "XW0105", "XW0105", "XW0103", "XW0201", "XW0502"), contact=("张𠮷庆", "60", "兄", "19900000109"), route=("1", "急诊"), outside=("S82.201", "胫骨骨干骨折"), work=("南京示范物流有限公司", "02555500033", "南京市浦口区示范园区"),
            found=[("S82.201", "左胫骨骨干骨折", HAD), ("S82.401", "左腓骨骨折", HAD), ("S06.001", "脑震荡", HAD), ("D62.x00", "急性失血性贫血", UNCLEAR), ("I82.812", "左小腿肌间静脉血栓形成", NOT), ("S80.101", "左小腿挫伤", HAD), ("S00.051", "头皮挫伤", HAD)],
            operations=[
                Operation("79.3602", "胫骨骨折切开复位钢板内固定术", "20260418", ("3", "三级手术"), ("2", "Ⅰ类切口"), ("1", "甲级愈合"), ("01", "全身麻醉"), "郝建军", "白宇轩", "葛红霞", "尹可欣"),
                Operation("99.0400", "红细胞输注", "20260418", ("1", "一级手术"), ("1", "0类切口"), ("9", "-"), ("99", "无"), "白宇轩"),
            ],
            costs=Costs(52318.66, 15480.02, {"147": 1680, "148": 1204, "145": 1890, "146": 60, "123": 3120, "124": 2860, "122": 740, "129": 620, "130": 420, "131": 7360, "132": 2160, "133": 5200, "055": 980, "098": 5824.66, "099": 1210.5, "115": 440, "038": 320, "040": 2220, "039": 23000}),
            paid=("8", "其他社会保险"), blood=(("4", "AB"), ("1", "阴性")), allergy="碘造影剂", injury=("V43.501", "小汽车驾驶员在交通事故中损伤"), coma=((0, 0, 8), (0, 0, 0)), again="取出内固定",
        ),
        "sun-jl": make(
            "JL-C0032-2026070200011", JINLING, "sun", span=("20260615101500", "20260702083000"), times=3, days=17, units=("普通外科", "普外三病区", "1208"), inpatient="JL26061507", case="B0421190",
            staff=("JL0101", "JL0105", "JL0105", "JL0103", "JL0201", "JL0502"), contact=("周建华", "10", "配偶", "19900000108"), route=("3", "其他医疗机构转入"), outside=("K80.201", "胆囊结石"),
            found=[("C18.700", "乙状结肠恶性肿瘤", HAD), ("C78.700", "肝继发性恶性肿瘤", UNCLEAR), ("C77.201", "肠系膜淋巴结继发恶性肿瘤", UNCLEAR), ("K80.201", "胆囊结石", HAD), ("D64.900", "贫血", HAD), ("E44.000", "中度蛋白质-能量营养不良", HAD), ("I48.x01", "阵发性心房颤动", NOT), ("E87.600", "低钾血症", NOT), ("J98.101", "双下肺膨胀不全", NOT), ("K91.301", "术后早期炎性肠梗阻", NOT), ("E11.9", "2型糖尿病", HAD), ("N28.101", "左肾囊肿", HAD), ("Z85.400", "生殖器官恶性肿瘤个人史", HAD)],
            operations=[
                Operation("45.7601", "腹腔镜下乙状结肠根治性切除术", "20260619", ("4", "四级手术"), ("3", "Ⅱ类切口"), ("2", "乙级愈合"), ("01", "全身麻醉"), "吕志远", "邵子昂", "韩雪梅", "姚佳宁"),
                Operation("51.2300", "腹腔镜下胆囊切除术", "20260619", ("3", "三级手术"), ("3", "Ⅱ类切口"), ("1", "甲级愈合"), ("01", "全身麻醉"), "吕志远", "邵子昂", "", "姚佳宁"),
                Operation("50.1101", "肝穿刺活组织检查", "20260619", ("2", "二级手术"), ("2", "Ⅰ类切口"), ("1", "甲级愈合"), ("01", "全身麻醉"), "吕志远"),
                Operation("38.9301", "中心静脉穿刺置管术", "20260619", ("2", "二级手术"), ("2", "Ⅰ类切口"), ("1", "甲级愈合"), ("03", "局部麻醉"), "姚佳宁"),
            ],
            costs=Costs(86420.12, 31077.5, {"147": 1360, "148": 3120.5, "145": 2380, "146": 150, "121": 2860, "123": 8840, "124": 6420, "122": 1980, "129": 2210, "130": 360, "131": 12800, "132": 3950, "133": 8850, "136": 220, "098": 18260.62, "099": 4120.3, "135": 316, "134": 0, "115": 880, "111": 3240, "038": 540, "040": 4243, "039": 16600}),
            paid=("2", "城镇居民基本医疗保险"), blood=(("2", "B"), ("2", "阳性")), pathology=("B2026-05127", "M81403/3", "乙状结肠中分化腺癌，侵及浆膜下层，淋巴结转移3/18"), transfer="重症医学科", again="术后化疗", leave=("2", "医嘱转院"),
        ),
    }  # fmt: skip
