"""A flaw of the catalogue (目录问题), with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

# code: what is wrong (zh), what to do (zh, en)
_REMEDIES = {
    "count": (
        "应报表数与声明不符",
        "核对各表的owed_by，或修改catalogue.toml",
        "correct owed_by of the tables or the numbers in catalogue.toml",
    ),
    "unreadable": ("文件无法读取", "按说明改正", "correct the file"),
    "table-code": (
        "表代码不合规定",
        "用大写字母、数字、下划线，字母开头",
        "capital letters, digits, underscores",
    ),
    "empty-words": ("缺少名称或说明", "补齐中英文名称、用途、来源", "fill them in"),
    "slug": ("标识写法不对", "用小写字母、数字、连字符", "lower case letters, digits, dashes"),
    "owed-by-nobody": ("没有应报单位", "填写owed_by", "name district or hospital in owed_by"),
    "cda": ("共享文档代码不存在", "用C0001至C0053", "use a code from `openrhip cda kinds`"),
    "column-twice": ("列名重复", "改名或删除其一", "rename or remove one"),
    "zh-twice": ("列的中文名重复", "改成可区分的名称", "tell them apart"),
    "no-key": ("没有主键", "填写key", "give key"),
    "key-twice": ("主键列重复", "删除其一", "remove one"),
    "key-optional": ("主键列未设为必填", "加required = true", "set required = true"),
    "snapshot-store": ("全量表不能要求跨日唯一", "删除unique_in_store", "remove unique_in_store"),
    "snapshot-day": ("全量表不应有日期列", "删除day_column", "remove day_column"),
    "day-column": ("日期列不存在", "填写day_column", "name a date column in day_column"),
    "day-type": ("日期列的类型不对", "用date或datetime", "use a date or datetime"),
    "day-optional": ("日期列未设为必填", "加required = true", "set required = true"),
    "person-column": ("个人身份列不对", '该列设personal = "identity"', 'mark it "identity"'),
    "unknown-column": ("列不存在", "核对列名", "correct the name of the column"),
    "unknown-table": ("被引用的表不存在", "核对表代码", "correct the code of the table"),
    "unknown-values": ("值域不存在", "新建值域文件或改正", "add its file or correct the key"),
    "scope": ("引用范围不对", "用unit或city", "use unit or city"),
    "key-length": ("引用的列数与主键不符", "一一对应", "give as many columns as key"),
    "not-the-key": ("引用的不是对方主键", "引用对方主键", "refer to the key of that table"),
    "key-type": ("引用两端类型不同", "统一类型", "give both the same type"),
    "not-owed": ("引用的表不是该单位应报", "改scope为city", 'use scope = "city"'),
    "column-name": ("列名不合规定", "用小写字母、数字、下划线", "lower case, digits, underscores"),
    "element": ("数据元标识写法不对", "如DE02.01.039.00", "write it as DE02.01.039.00"),
    "form": ("表示格式与类型或长度不一致", "核对form", "let form agree with type and length"),
    "values-type": ("有值域的列类型应为code", "改type为code", 'use type = "code"'),
    "name-of": ("名称列没有对应的代码列", "核对name_of", "name a column with a value set"),
    "pattern": ("正则表达式不可用", "只用各引擎一致的写法", "use what all engines read alike"),
    "bounds": ("取值范围不对", "核对minimum、maximum", "correct minimum and maximum"),
    "length": ("长度不对", "核对min、max", "correct min and max"),
    "precision": ("精度不对", "核对precision、scale", "correct precision and scale"),
    "check": ("校验名称不对", "用identity、credit-code、phone", "identity, credit-code or phone"),
    "check-when": ("校验条件不对", "核对check_when", "correct check_when"),
    "warn": ("warn所列规则本列没有", "核对warn", "name kinds of rule that the column has"),
    "personal": ("个人信息未标明", "填写personal", "say in personal what it tells"),
    "multiline": ("只有文本可多行", "删除multiline", "remove multiline"),
    "rule-id": ("规则标识不对或重复", "用小写标识，表内唯一", "a slug, unique in the table"),
    "rule-kind": ("规则种类不对", "用跨列规则的种类", "use a kind across columns"),
    "rule-argument": ("规则参数不对", "按规则种类填写", "give the arguments of the kind"),
    "rule-type": ("规则涉及的列类型不对", "核对列类型", "use columns of fitting types"),
    "no-codes": (
        "完整值域没有代码",
        "补代码，或complete = false",
        "give codes or complete = false",
    ),
    "no-shape": ("开放值域没有代码形式", "填写shape", "give shape"),
    "shape": ("代码形式不可用", "只用各引擎一致的写法", "use what all engines read alike"),
    "code-twice": ("代码重复", "删除其一", "remove one"),
    "code-blank": ("代码或名称为空或带空格", "改正", "correct it"),
    "code-shape": ("代码与形式不符", "改正代码或shape", "correct the code or shape"),
    "other-name": ("别名的代码不存在", "核对other_names", "correct other_names"),
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """where: file and place; code: one of the kinds above; en: what exactly is wrong."""

    where: str
    code: str
    en: str

    @property
    def zh(self) -> str:
        return _REMEDIES[self.code][0]

    @property
    def remedy_zh(self) -> str:
        return _REMEDIES[self.code][1]

    @property
    def remedy(self) -> str:
        return _REMEDIES[self.code][2]

    def as_dict(self) -> dict[str, str]:
        return {
            "where": self.where,
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
            "remedy_zh": self.remedy_zh,
            "remedy": self.remedy,
        }
