"""知情同意与告知 (C0026 to C0031): numbered clauses, words of both, each signs with the time."""

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.layout.pattern import (
    BRIEF,
    Clause,
    Clauses,
    Diagnoses,
    Facts,
    Pattern,
    Procedures,
    Rows,
    Text,
    builder,
)
from openrhip.formats.cda.layout.pattern_rows import NAME, TIME, Source, form

_OPINION = "DE06.00.018.00"
_WORDS: tuple[Clause, ...] = (
    ("医疗机构意见", (Text("医师陈述", _OPINION, "医疗机构"),)),
    ("患者（代理人）意见", (Text("患者陈述", _OPINION, "患者"),)),
)
_ILLNESS: Clause = ("诊断", (Diagnoses("诊断"),))


def _consent(*clauses: Clause) -> Pattern:
    return Pattern((Clauses((*clauses, *_WORDS)),), grid=BRIEF, each_signs=True)


PATTERNS = {
    Kind.OPERATION_CONSENT: _consent(
        ("术前诊断", (Diagnoses("诊断"),)),
        ("拟实施手术", (
            Rows("手术方案", form("procedure", "18776-5"), (
                Source("手术", 44, NAME), Source("时间", 22, TIME),
                Source("手术方式", 44, "DE06.00.302.00"), Source("麻醉", 24, "DE06.00.073.00"),
                Source("指征", 36, "DE06.00.340.00"), Source("禁忌证", 26, "DE05.10.141.00"),
                Source("术前准备", 34, "DE06.00.271.00"),
            )),
        )),
        ("替代方案", (Text("可选择的其他方案", "DE06.00.301.00"),)),
        ("风险告知", (
            Text("手术中可能出现的意外及风险", "DE05.10.162.00"),
            Text("手术后可能出现的意外及风险", "DE05.01.075.00"),
        )),
    ),
    Kind.ANAESTHESIA_CONSENT: _consent(
        ("术前诊断", (Diagnoses("诊断"),)),
        ("拟实施手术与麻醉", (Procedures("方案", "18776-5"),)),
        ("风险告知", (Text("麻醉中、麻醉后可能发生的意外及并发症", "DE05.01.075.00"),)),
    ),
    Kind.TRANSFUSION_CONSENT: _consent(
        _ILLNESS,
        ("输血史", (Text("输血史", "DE06.00.106.00"),)),
        ("拟输血治疗", (
            Rows("方案", form("procedure", "18776-5"), (
                Source("治疗", 24, NAME), Source("时间", 26, TIME),
                Source("方式", 24, "DE06.00.266.00"), Source("指征", 50, "DE06.00.340.00"),
                Source("输血前检查", 50, "DE05.10.109.00"),
            )),
        )),
        ("风险告知", (Text("输血风险及可能发生的不良后果", "DE06.00.130.00"),)),
    ),
    Kind.SPECIAL_CONSENT: _consent(
        _ILLNESS,
        ("特殊检查及特殊治疗", (Text("项目与目的", "DE06.00.306.00"),)),
        ("替代方案", (Text("可选择的其他方案", "DE06.00.301.00"),)),
        ("风险告知", (Text("可能引起的并发症及风险", "DE05.01.075.00"),)),
    ),
    Kind.CRITICAL_NOTICE: _consent(
        _ILLNESS,
        ("病情概况与通知", (Text("病情概况及主要抢救措施", "DE06.00.183.00"),)),
    ),
    Kind.OTHER_CONSENT: _consent(
        _ILLNESS,
        ("知情同意", (
            Facts("", (("知情同意书名称", "DE09.00.117.00"),)), Text("内容", "DE09.00.116.00"),
        )),
    ),
}  # fmt: skip
build = builder(PATTERNS)
