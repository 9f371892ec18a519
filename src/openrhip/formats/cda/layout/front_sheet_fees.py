"""住院费用 of the 病案首页: the ten classes of the form with their parts, in yuan."""

from __future__ import annotations

from openrhip.formats.cda.layout.form import Blank, Line
from openrhip.formats.cda.layout.sheet import Sheet

# class, then (label, data element): HDSD00.11.nnn of the 住院病案首页 data set
CLASSES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("1.综合医疗服务类：", (
        ("（1）一般医疗服务费", "HDSD00.11.147"), ("（2）一般治疗操作费", "HDSD00.11.148"),
        ("（3）护理费", "HDSD00.11.145"), ("（4）其他费用", "HDSD00.11.146"),
    )),
    ("2.诊断类：", (
        ("（5）病理诊断费", "HDSD00.11.121"), ("（6）实验室诊断费", "HDSD00.11.123"),
        ("（7）影像学诊断费", "HDSD00.11.124"), ("（8）临床诊断项目费", "HDSD00.11.122"),
    )),
    ("3.治疗类：", (
        ("（9）非手术治疗项目费", "HDSD00.11.129"), ("其中：临床物理治疗费", "HDSD00.11.130"),
    )),
    ("", (
        ("（10）手术治疗费", "HDSD00.11.131"), ("其中：麻醉费", "HDSD00.11.132"),
        ("手术费", "HDSD00.11.133"),
    )),
    ("4.康复类：", (("（11）康复费", "HDSD00.11.055"),)),
    ("5.中医类：", (("（12）中医治疗费", "HDSD00.11.136"),)),
    ("6.西药类：", (("（13）西药费", "HDSD00.11.098"), ("其中：抗菌药物费用", "HDSD00.11.099"))),
    ("7.中药类：", (("（14）中成药费", "HDSD00.11.135"), ("（15）中草药费", "HDSD00.11.134"))),
    ("8.血液和血液制品类：", (
        ("（16）血费", "HDSD00.11.115"), ("（17）白蛋白类制品费", "HDSD00.11.111"),
        ("（18）球蛋白类制品费", "HDSD00.11.113"),
    )),
    ("", (
        ("（19）凝血因子类制品费", "HDSD00.11.112"), ("（20）细胞因子类制品费", "HDSD00.11.114"),
    )),
    ("9.耗材类：", (
        ("（21）检查用一次性医用材料费", "HDSD00.11.038"),
        ("（22）治疗用一次性医用材料费", "HDSD00.11.040"),
    )),
    ("", (("（23）手术用一次性医用材料费", "HDSD00.11.039"),)),
    ("10.其他类：", (("（24）其他费", "HDS00.10.130"),)),
)  # fmt: skip


def lines(sheet: Sheet) -> list[Line]:
    """总费用 and every class; 0.00 is printed, a fee that is not stated stays blank."""
    total, own = "HDSD00.11.142", "HDSD00.11.143"
    out: list[Line] = [
        [
            Blank("住院费用（元）：总费用", _amount(sheet, total), 34, tag=total),
            Blank("（自付金额：", _amount(sheet, own), 34, tag=own, after="）"),
        ]
    ]
    for title, fees in CLASSES:
        line = []
        for at, (label, code) in enumerate(fees):
            head = title if at == 0 else ""
            if at == 0 and not title:
                head = "        "
            line.append(Blank(f"{head}{label}", _amount(sheet, code), 18, tag=code))
        out.append(line)
    return out


def _amount(sheet: Sheet, code: str) -> str:
    entry = sheet.first(code)
    if entry is None or not entry.values:
        return ""
    sheet.use(entry, deep=False)
    return entry.values[0].number or entry.values[0].text
