"""What the checks of the body say (校验提示): code, severity, both languages, what to do.

{name} is the data element or section of the catalogue; nothing of the record is ever quoted.
"""

from __future__ import annotations

from dataclasses import dataclass

from openrhip.formats.cda.catalogue import english
from openrhip.formats.cda.model import Finding


@dataclass(frozen=True, slots=True)
class Message:
    """severity: error (refused) or warning. strict: also an error when asked to be strict."""

    code: str
    severity: str
    text_zh: str
    text_en: str
    remedy_zh: str
    remedy: str
    strict: bool = False

    def finding(self, where: str, name: str = "", *, strict: bool = False) -> Finding:
        severity = "error" if strict and self.strict else self.severity
        return Finding(
            self.code,
            severity != "error",
            self.text_zh.format(name=name),
            self.text_en.format(name=_in_english(name)),
            where,
            self.remedy.format(name=_in_english(name)),
            self.remedy_zh.format(name=name),
            severity,
        )


def _in_english(name: str) -> str:
    """A label (DE04.10.186.00 体温 (℃), 责任医师、责任护士) for readers of English."""
    names = english()
    if "、" in name:
        return ", ".join(_in_english(one) for one in name.split("、"))
    code, _, rest = name.partition(" ")
    word = names.get(code) or names.get(rest)
    if word is None:
        return names.get(name, name)
    tail = name.rpartition(" (")
    head = f"{code} {word}" if code[-1:].isdigit() else word
    return f"{head} ({tail[2]}" if tail[0] and name.endswith(")") else head


_ALL = (
    # structure
    Message("body", "error", "文档没有章节", "The document has no section.",
            "填写component/structuredBody", "Fill component/structuredBody."),
    Message("body-direct", "warning", "章节没有放在structuredBody内",
            "The sections do not stand in structuredBody.",
            "把章节放入component/structuredBody",
            "Put them into component/structuredBody.", strict=True),
    Message("section-missing", "warning", "缺少必填章节：{name}", "The section {name} is missing.",
            "增加该章节；确无内容时章节内数据元以nullFlavor说明",
            "Add the section; where there is nothing to say give its elements a nullFlavor.",
            strict=True),
    Message("element-missing", "warning", "缺少必填数据元：{name}",
            "The data element {name} is missing.",
            "填写该数据元；确无内容时写nullFlavor（如NA、UNK）",
            "Fill it; where there is nothing to say write a nullFlavor (NA, UNK).", strict=True),
    Message("element-empty", "warning", "数据元没有值：{name}", "{name} has no value.",
            "填写值；确无内容时写nullFlavor（如NA、UNK）",
            "Fill the value; where there is nothing to say write a nullFlavor (NA, UNK).",
            strict=True),
    Message("element-repeated", "warning", "数据元不应重复：{name}",
            "{name} stands more than once.",
            "保留一项", "Keep one."),
    # types and formats
    Message("type-differs", "warning", "数据类型与标准不同：{name}",
            "The data type is not the standard's: {name}.",
            "xsi:type改为括号中的类型", "Use the xsi:type named in brackets."),
    Message("flag-unreadable", "error", "标志应为true或false：{name}",
            "A flag is neither true nor false: {name}.",
            "填写value='true'或'false'", "Write value='true' or 'false'."),
    Message("time-unreadable", "error", "日期时间格式不正确：{name}",
            "A date or time cannot be read: {name}.",
            "按YYYYMMDD或YYYYMMDDHHMMSS填写", "Write YYYYMMDD or YYYYMMDDHHMMSS."),
    Message("quantity-unreadable", "error", "数值不是数字：{name}",
            "A quantity is not a number: {name}.",
            "用数字和小数点填写", "Write digits with a decimal point."),
    Message("quantity-negative", "error", "数值不能为负：{name}",
            "A quantity is below zero: {name}.",
            "更正数值", "Correct the count, amount or size."),
    Message("unit-differs", "warning", "计量单位与标准不同：{name}",
            "The unit is not the standard's: {name}.",
            "换算为括号中的单位", "Convert to the unit in brackets."),
    Message("media-unreadable", "error", "嵌入的图像不是有效的base64数据",
            "An embedded picture is not valid base64.",
            "重新嵌入图像", "Embed the picture again, without line noise."),
    Message("text-long", "warning", "文本超过标准长度：{name}",
            "A text is longer than the standard has it: {name}.",
            "精简文本", "Shorten the text."),
    # value sets
    Message("code-missing", "warning", "缺少代码：{name}", "{name} has no code.",
            "填写值域代码", "Give a code of the value set."),
    Message("code-unknown", "warning", "代码不在值域内：{name}",
            "The code is not in the value set of {name}.",
            "使用值域中的代码", "Use a code of the value set.", strict=True),
    Message("code-shape", "warning", "代码格式不符合编码规则：{name}",
            "The code does not have the shape of its system: {name}.",
            "核对编码", "Check the code."),
    Message("code-contradicts", "error", "代码与名称不一致：{name}",
            "Code and name contradict each other: {name}.",
            "更正代码或名称", "Correct the code or its displayName."),
    Message("code-system", "warning", "codeSystem不是该值域的OID：{name}",
            "The codeSystem is not that of the value set: {name}.",
            "改为括号中的OID", "Write the OID in brackets."),
    # across fields
    Message("period-order", "error", "结束时间早于开始时间：{name}",
            "{name} ends before it begins.",
            "更正low与high", "Correct low and high."),
    Message("procedure-future", "error", "手术及操作时间晚于当前时间",
            "An operation lies in the future.", "更正手术日期",
            "Correct the date of the operation."),
    Message("procedure-before-birth", "error", "手术及操作时间早于出生日期",
            "An operation lies before the patient's birth.",
            "更正手术日期或出生日期", "Correct the date of the operation or of birth."),
    Message("stay-order", "error", "出院日期早于入院日期",
            "The discharge lies before the admission.",
            "更正入院或出院日期", "Correct admission or discharge."),
    Message("stay-days", "warning", "实际住院天数与入出院日期不符",
            "The days of stay do not fit admission and discharge.",
            "按入出院日期重新计算", "Count them anew from admission and discharge."),
    Message("death-time", "error", "死亡记录缺少死亡日期时间",
            "A record of death has no time of death.",
            "填写DE02.01.036.00", "Fill DE02.01.036.00."),
    Message("death-order", "error", "死亡日期时间早于入院或晚于文档生成",
            "The time of death lies before the admission or after the document.",
            "更正死亡日期时间", "Correct the time of death."),
    Message("sex-of-element", "error", "男性患者不应有该项：{name}", "{name} of a male patient.",
            "核对患者性别或删除该项", "Check the sex or take the element out."),
    Message("age-disagrees", "warning", "年龄与出生日期不符", "Age and date of birth disagree.",
            "按出生日期重新计算年龄", "Count the age anew from the date of birth."),
    Message("dose", "error", "剂量或数量应大于零：{name}",
            "A dose or amount is not above zero: {name}.",
            "更正剂量", "Correct the dose."),
    Message("pressure-order", "error", "收缩压应高于舒张压",
            "Systolic pressure is not above diastolic.", "更正血压", "Correct the pressures."),
    Message("implausible", "warning", "测量值超出合理范围：{name}", "{name} is beyond what occurs.",
            "核对测量值和单位", "Check value and unit."),
    Message("fees-total", "warning", "住院总费用与各分项之和不符",
            "The total of the fees is not the sum of its classes.",
            "核对总费用与分项费用", "Check total and classes."),
    Message("fees-part", "error", "其中项大于所属项：{name}",
            "A part is more than its whole: {name}.",
            "更正费用", "Correct the fees."),
    Message("pregnancy-dates", "warning", "预产期与末次月经不符",
            "Expected date of birth and last menstruation do not fit.",
            "预产期约为末次月经后280天", "It is about 280 days after the last menstruation."),
    Message("labour-times", "warning", "总产程与各产程之和不符",
            "The whole labour is not the sum of its stages.",
            "核对各产程时长", "Check the lengths of the stages."),
    Message("flag-contradicts", "warning", "标志为否但填写了内容：{name}",
            "The flag says no, yet there is content: {name}.",
            "更正标志或删除内容", "Correct the flag or take the content out."),
    Message("transfer-target", "warning", "转院或转社区时应填写拟接受医疗机构名称",
            "Where the patient is transferred the receiving institution belongs.",
            "填写DE08.10.013.00", "Fill DE08.10.013.00."),
    # header facts of the kind
    Message("number-missing", "warning", "缺少本类文档的编号：{name}",
            "A number of this kind of document is missing: {name}.",
            "在recordTarget/patientRole/id中填写", "Fill it in recordTarget/patientRole/id.",
            strict=True),
    Message("signature-missing", "warning", "没有签名者：{name}", "Nobody has signed: {name}.",
            "填写legalAuthenticator或authenticator",
            "Fill legalAuthenticator or authenticator.", strict=True),
)  # fmt: skip
MESSAGES = {one.code: one for one in _ALL}
