"""中医住院病案首页 C0033."""
# ruff: noqa: E501

from __future__ import annotations

from datetime import date
from decimal import Decimal

from openrhip.formats.cda.generate import Code, Contact, Item, Person
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import XUANWUHU
from sample_records.scene import Stay, icd, made

STAY = Stay(
    XUANWUHU, "ayi", "50", {"inpatient": "XW26101205", "case": "XW00061205"}, room="0506", bed="18", ward="中医病区",
    start="2026-10-12 09:40", end="2026-10-26 10:00", contact=Contact("艾力·买买提", relation="1", phone="19900001011"),
)  # fmt: skip


def records() -> dict[str, bytes]:
    return dict([_sheet()])


def _sheet() -> tuple[str, bytes]:
    signers = [
        STAY.signer(role, code, "2026-10-27 15:00", legal=role == "科主任")
        for role, code in (
            ("科主任", "XW0104"), ("主任(副主任)医师", "XW0104"), ("主治医师", "XW0102"), ("住院医师", "XW0103"), ("责任护士", "XW0201"), ("编码员", "XW0502"),
        )
    ]  # fmt: skip
    head = STAY.head(
        "C0033-2026102700111",
        "2026-10-27 15:00",
        "XW0103",
        *signers,
        encounter=Code("2", "门诊", "2.16.156.10011.2.3.1.270"),
    )
    disease, syndrome = Code("BNV080", "痹病"), Code("ZBFF50", "风寒湿痹证")
    values = {
        "门急诊中医病名": Item(parts={"DE05.10.172.00": "痹病", "DE05.10.130.00": disease}),
        "门急诊中医证候": Item(parts={"DE05.10.172.00": "风寒湿痹证", "DE05.10.130.00": syndrome}),
        "门急诊西医诊断": Item(parts={"DE05.01.025.00": "类风湿性关节炎", "DE05.01.024.00": icd("M06.900", "类风湿性关节炎")}),
        "DE06.00.304.00": Code("2", "中西医"), "HDSD00.12.099": "1", "DE05.10.119.00": Code("3", "一般"),
        "出院中医主病": Item(parts={"DE05.10.172.00": "痹病", "DE05.10.130.00": disease, "DE09.00.104.00": "1"}),
        "出院中医主证": Item(parts={"DE05.10.172.00": "风寒湿痹证", "DE05.10.130.00": syndrome, "DE09.00.104.00": "1"}),
        "出院西医主要诊断": Item(parts={"DE05.01.025.00": "类风湿性关节炎", "DE05.01.024.00": icd("M06.900", "类风湿性关节炎"), "DE09.00.104.00": "1"}),
        "出院西医其他诊断": (
            Item(parts={"DE05.01.025.00": "骨质疏松", "DE05.01.024.00": icd("M81.900", "骨质疏松"), "DE09.00.104.00": "2"}),
            Item(parts={"DE05.01.025.00": "2型糖尿病", "DE05.01.024.00": icd("E11.9", "2型糖尿病"), "DE09.00.104.00": "1"}),
        ),
        "DE06.00.223.00": "1", "过敏史": Item(parts={"DE02.10.023.00": Item(True, {"DE02.10.022.00": "磺胺类"})}),
        "血型": Item(parts={"DE04.50.001.00": "3", "DE04.50.010.00": "2"}),
        "手术操作": Item(parts={
            "DE06.00.093.00": Code("99.9200x", "针刺治疗"), "DE06.00.095.00": date(2026, 10, 13), "手术者": Person("汪素琴", "XW0104"), "DE06.00.094.00": "普通针刺",
            "DE06.00.255.00": "1", "DE06.00.257.00": Code("1", "0类切口"), "DE05.10.147.00": Code("9", "其他"),
        }),
        "DE02.10.090.00": 3, "DE09.00.103.00": Item("1", {"质控日期": date(2026, 10, 27), "质控医生": Person("葛红霞", "XW0102"), "质控护士": Person("方婉秋", "XW0201")}),
        "DE06.00.310.00": 14, "DE06.00.194.00": False, "DE07.00.007.00": "01",
        "HDSD00.12.169": Item(Decimal("9286.40"), {"HDSD00.12.170": Decimal("1857.28")}),
        "综合医疗服务类": Item(parts={"HDSD00.12.174": 840, "HDSD00.12.175": 420, "HDSD00.12.177": 560, "HDSD00.12.172": 392}),
        "诊断类": Item(parts={"HDSD00.12.138": Decimal("1286.00"), "HDSD00.12.139": 680, "HDSD00.12.137": 120}),
        "DE06.00.243.00": True, "DE06.00.245.00": True, "DE06.00.180.00": True,
        "中医类": Item(parts={"HDSD00.12.156": 210, "HDSD00.12.157": Item(2690, {"HDSD00.12.163": 650, "HDSD00.12.158": 1540, "HDSD00.12.162": 500})}),
        "HDSD00.12.113": Decimal("812.40"), "中药类": Item(parts={"HDSD00.12.151": 360, "HDSD00.12.150": 1176}), "DE06.00.244.00": True,
        "耗材类": Item(parts={"HDSD00.12.047": 160}),
    }  # fmt: skip
    return made(Kind.TCM_FRONT_SHEET, "ayi-xw", head, values)
