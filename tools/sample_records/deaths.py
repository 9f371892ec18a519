"""Deaths: C0036 24小时内入院死亡记录, C0050 死亡记录, C0051 死亡病例讨论记录."""
# ruff: noqa: E501

from __future__ import annotations

from openrhip.formats.cda.generate import Contact, Item
from openrhip.formats.cda.kinds import Kind
from sample_records.consents import DYING
from sample_records.scene import at, icd, made

COPD = icd("J44.100", "慢性阻塞性肺病伴有急性加重")
FAILURE = icd("J96.900", "呼吸衰竭")
DIED = at("2026-08-03 06:42")
COURSE = "入院后予无创通气、甲泼尼龙、美罗培南、补液及血管活性药物。8月3日05:50血压测不出、自主呼吸微弱，立即气管插管、胸外按压，肾上腺素1mg静注共6次，抢救52分钟，心电图呈直线，宣告临床死亡。"


def records() -> dict[str, bytes]:
    return dict([_within_a_day(), _death(), _discussion()])


def _signers(when: str) -> tuple[object, ...]:
    return (
        DYING.signer("住院医师", "JL0103", when), DYING.signer("主治医师", "JL0102", when), DYING.signer("主任医师", "JL0101", when),
    )  # fmt: skip


def _within_a_day() -> tuple[str, bytes]:
    head = DYING.head(
        "C0036-2026080300101", "2026-08-03 08:00", "JL0103", DYING.signer("主任医师", "JL0101", "2026-08-03 09:00", legal=True),
        DYING.signer("接诊医师", "JL0103", "2026-08-03 08:02"), DYING.signer("住院医师", "JL0103", "2026-08-03 08:02"), DYING.signer("主治医师", "JL0102", "2026-08-03 08:30"),
        end=DIED, informant=Contact("周玉珍", relation="1"),
    )  # fmt: skip
    values = {
        "DE04.01.119.00": "反复咳喘20年，加重伴意识模糊2小时", "DE05.10.143.00": True,
        "DE05.01.025.00/入院诊断-西医诊断名称": (Item("慢性阻塞性肺病伴有急性加重", {"DE05.01.024.00": COPD}), Item("呼吸衰竭", {"DE05.01.024.00": FAILURE})),
        "DE05.10.148.00": "T 38.6℃，P 128次/min，R 32次/min，BP 92/54mmHg，SpO₂ 78%，昏睡，桶状胸，双肺满布哮鸣音及湿啰音。",
        "DE06.00.296.00": COURSE, "DE02.01.036.00": DIED, "DE05.10.099.00": "呼吸衰竭",
        "DE05.01.025.00/死亡诊断-西医诊断名称": (Item("呼吸衰竭", {"DE05.01.024.00": FAILURE}), Item("慢性阻塞性肺病伴有急性加重", {"DE05.01.024.00": COPD})),
    }  # fmt: skip
    return made(Kind.SHORT_STAY_DEATH, "he-jl", head, values)


def _death() -> tuple[str, bytes]:
    head = DYING.head(
        "C0050-2026080300102", "2026-08-03 09:30", "JL0103", *_signers("2026-08-03 09:40"), end=DIED
    )
    values = {
        "DE06.00.092.00": at("2026-08-02 21:10"), "DE05.01.024.00": (COPD, FAILURE), "DE05.10.148.00": "昏睡，SpO₂ 78%，双肺满布哮鸣音及湿啰音，血气pH 7.18、PaCO₂ 98mmHg。",
        "DE06.00.296.00": COURSE, "DE02.01.036.00": DIED,
        "DE05.01.025.00/直接死亡原因名称": Item("呼吸衰竭", {"DE05.01.024.00": FAILURE}),
        "DE05.01.025.00/死亡诊断名称": (Item("慢性阻塞性肺病伴有急性加重", {"DE05.01.024.00": COPD}), Item("呼吸衰竭", {"DE05.01.024.00": FAILURE})),
        "DE09.00.115.00": False,
    }  # fmt: skip
    return made(Kind.DEATH, "he-jl", head, values)


def _discussion() -> tuple[str, bytes]:
    head = DYING.head(
        "C0051-2026080700103", "2026-08-07 15:30", "JL0103", *_signers("2026-08-07 16:00"), end=DIED,
        discussed=at("2026-08-07 14:30"), discussed_where="内科二病区医师办公室",
        contacts=(Contact("沈立新", "ORG", "主持人", code="JL0101"), Contact("顾文静", "CON", "参加讨论人员", code="JL0102"), Contact("邵子昂", "CON", "参加讨论人员", code="JL0103")),
    )  # fmt: skip
    values = {
        "DE05.01.025.00/直接死亡原因名称": Item("呼吸衰竭", {"DE05.01.021.00": FAILURE}),
        "DE05.01.025.00/死亡诊断名称": (Item("慢性阻塞性肺病伴有急性加重", {"DE05.01.021.00": COPD}), Item("呼吸衰竭", {"DE05.01.021.00": FAILURE})),
        "DE06.00.181.00": "邵子昂汇报病史。顾文静：患者基础肺功能极差，感染诱发加重，入院时已有意识障碍，无创通气效果不佳，插管时机偏晚。沈立新：家属入院时拒绝插管，病情告知与签字齐全，抢救及时规范。",
        "DE06.00.018.00": "死亡原因明确，诊断正确，抢救措施得当。今后对重度慢阻肺患者应更早与家属讨论有创通气意愿。",
    }  # fmt: skip
    return made(Kind.DEATH_DISCUSSION, "he-jl", head, values)
