"""The table of checks (检测项目表): what is looked at, in the order of the report.

Ids follow the properties: ZS 真实性, WZ 完整性, KY 可用性, AQ 安全性. An id keeps its meaning
forever: reports and ledger entries refer to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from openrhip.kernel.errors import Problem
from openrhip.records.checks import authenticity, integrity, safety, usability
from openrhip.records.checks.case import Case, Facts, NotReadable
from openrhip.records.checks.report import (
    MOST_FAULTS,
    Fault,
    FourReport,
    Line,
    Property,
    Result,
)

_A, _I, _U, _S = Property.AUTHENTICITY, Property.INTEGRITY, Property.USABILITY, Property.SAFETY


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the table. run yields what is wrong; nothing means it holds."""

    id: str
    property: Property
    zh: str
    en: str
    run: Callable[[Case], Iterator[Fault]]


CHECKS: tuple[Check, ...] = (
    Check("ZS-01", _A, "固化信息未被改动", "nothing changed since it was signed",
          authenticity.nothing_changed),
    Check("ZS-02", _A, "签名、印章、证书、时间戳有效", "signatures, seals, chains, times hold",
          authenticity.signatures_hold),
    Check("ZS-03", _A, "有人员签名与机构印章", "signed by a person, sealed by the institution",
          authenticity.both_there),
    Check("ZS-04", _A, "印章与保管机构为提交机构", "seal and custodian are the depositor's",
          authenticity.sealed_by_sender),
    Check("ZS-05", _A, "签名人为本机构登记人员", "signers are registered staff",
          authenticity.signed_by_staff),
    Check("ZS-06", _A, "签名人为文档作者或审核者", "a signer is author or authenticator",
          authenticity.signed_by_author),
    Check("ZS-07", _A, "签名时间可信", "the time of signing is proven",
          authenticity.time_is_proven),
    Check("ZS-08", _A, "元数据与源文档一致", "metadata agree with the source",
          authenticity.metadata_agrees),
    Check("WZ-01", _I, "字节与申报一致", "the bytes are those announced", integrity.as_announced),
    Check("WZ-02", _I, "含一份可解析的 CDA 源文档", "one readable CDA source inside",
          integrity.source_inside),
    Check("WZ-03", _I, "源文档符合共享文档规范", "the source satisfies its standard",
          integrity.source_complete),
    Check("WZ-04", _I, "页面内容与源文档一致", "the pages say what the source says",
          integrity.pages_say_the_same),
    Check("WZ-05", _I, "标引与源文档数据元一致", "tags agree with the data elements",
          integrity.tags_agree),
    Check("WZ-06", _I, "流水号唯一、版本衔接", "new id, and the version follows on",
          integrity.version_follows),
    Check("KY-01", _U, "各部件可打开", "every part can be opened", usability.parts_open),
    Check("KY-02", _U, "页面与文字可读", "pages and text can be read", usability.pages_there),
    Check("KY-03", _U, "字体已嵌入", "fonts are embedded", usability.fonts_embedded),
    Check("KY-04", _U, "图像格式可长期保存", "images are in lasting formats",
          usability.images_lasting),
    Check("KY-05", _U, "页面可呈现", "pages can be drawn", usability.renders),
    Check("AQ-01", _S, "文件包安全", "the package is safe to open", safety.opens_safely),
    Check("AQ-02", _S, "无动作脚本", "no actions", safety.nothing_active),
    Check("AQ-03", _S, "无包外引用", "nothing outside is referred to", safety.nothing_remote),
    Check("AQ-04", _S, "无可执行内容", "no programs, scripts or archives", safety.no_programs),
    Check("AQ-05", _S, "附件类型与内容安全", "attachments are plain", safety.attachments_plain),
)  # fmt: skip


def examine(content: bytes, facts: Facts) -> tuple[FourReport, Case]:
    """Run every check; the case keeps what was read, for the archive's index. Raises nothing."""
    case = Case(content, facts)
    return FourReport(tuple(_line(check, case) for check in CHECKS)), case


def _line(check: Check, case: Case) -> Line:
    about = (check.id, check.property, check.zh, check.en)
    try:
        faults = tuple(islice(check.run(case), 10 * MOST_FAULTS))
    except NotReadable:
        return Line(*about, Result.NOT_RUN)
    except Problem as problem:
        faults = (Fault("无法检测", f"Cannot be examined: {problem.what}", problem.where),)
    more = max(0, len(faults) - MOST_FAULTS)
    result = Result.FAILED if faults else Result.PASSED
    return Line(*about, result, faults[:MOST_FAULTS], more)
