"""The cast of the samples: two institutions, their staff, and patients (示范机构、人员、患者).

Everyone here is made up. Identity numbers carry the region 320100, which names the city itself and
is given to nobody, yet they pass the check digit of GB 11643; institution codes pass GB 32100.
Departments have the codes of 医疗机构诊疗科目名录, titles those of GB/T 8561.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class CityDepartment:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class CityStaff:
    code: str
    name: str
    title_code: str
    title: str
    department: str  # code of a CityDepartment


@dataclass(frozen=True, slots=True)
class CityInstitution:
    """A hospital. `prefix` starts its document, outpatient and inpatient numbers."""

    code: str
    name: str
    name_en: str
    grade: str
    prefix: str
    address: str
    aliases: tuple[str, ...]
    departments: tuple[CityDepartment, ...]
    staff: tuple[CityStaff, ...]

    def department(self, code: str) -> CityDepartment:
        return next(one for one in self.departments if one.code == code)

    def member(self, code: str) -> CityStaff:
        return next(one for one in self.staff if one.code == code)


@dataclass(frozen=True, slots=True)
class CityPatient:
    """A patient as one hospital knows them; `same_as` is the key of the same person elsewhere."""

    key: str
    name: str
    sex: str  # GB/T 2261.1: "1" male, "2" female
    birth_date: date
    id_number: str
    health_card: str
    phone: str
    address: str
    county: str
    ethnic: str = "汉族"
    marital: str = "已婚"
    occupation: str = "职员"
    same_as: str = ""


_DEPARTMENTS = (
    CityDepartment("03.01", "呼吸内科"),
    CityDepartment("03.02", "消化内科"),
    CityDepartment("03.04", "心血管内科"),
    CityDepartment("03.06", "肾脏内科"),
    CityDepartment("03.07", "内分泌科"),
    CityDepartment("04.01", "普通外科"),
    CityDepartment("04.03", "骨科"),
    CityDepartment("05.01", "妇科"),
    CityDepartment("05.02", "产科"),
    CityDepartment("07", "儿科"),
    CityDepartment("20", "急诊医学科"),
    CityDepartment("26", "麻醉科"),
    CityDepartment("30", "医学检验科"),
    CityDepartment("32", "医学影像科"),
    CityDepartment("50", "中医科"),
    CityDepartment("98", "药学部"),
)

JINLING = CityInstitution(
    code="123201069990001A3T",
    name="金陵示范医院",
    name_en="Jinling Demonstration Hospital",
    grade="三级甲等",
    prefix="JL",
    address="南京市鼓楼区示范路1号",
    aliases=("南京金陵示范医院", "金示医院", "金陵示范医院(本部)", "JLSFYY"),
    departments=_DEPARTMENTS,
    staff=(
        CityStaff("JL0101", "沈立新", "231", "主任医师", "03.04"),
        CityStaff("JL0102", "顾文静", "233", "主治医师", "03.04"),
        CityStaff("JL0103", "邵子昂", "234", "医师", "04.01"),
        CityStaff("JL0104", "韩雪梅", "232", "副主任医师", "07"),
        CityStaff("JL0105", "吕志远", "232", "副主任医师", "04.01"),
        CityStaff("JL0106", "程思远", "233", "主治医师", "26"),
        CityStaff("JL0107", "苏婉清", "232", "副主任医师", "05.02"),
        CityStaff("JL0201", "丁岚", "253", "主管护师", "03.04"),
        CityStaff("JL0202", "钟静", "254", "护师", "04.01"),
        CityStaff("JL0203", "白露", "254", "护师", "05.02"),
        CityStaff("JL0204", "梅雨桐", "254", "护师", "26"),
        CityStaff("JL0301", "唐一帆", "263", "主管技师", "30"),
        CityStaff("JL0302", "魏春生", "262", "副主任技师", "30"),
        CityStaff("JL0401", "蒋明远", "232", "副主任医师", "32"),
        CityStaff("JL0402", "姚佳宁", "233", "主治医师", "32"),
        CityStaff("JL0501", "范思齐", "243", "主管药师", "98"),
        CityStaff("JL0502", "卢静怡", "244", "药师", "98"),
    ),
)

XUANWUHU = CityInstitution(
    code="123201029990002B87",
    name="玄武湖示范医院",
    name_en="Xuanwu Lake Demonstration Hospital",
    grade="三级",
    prefix="XW",
    address="南京市玄武区示范环路8号",
    aliases=("南京玄武湖示范医院", "玄武湖示范医院(北院)", "湖示医院"),
    departments=_DEPARTMENTS,
    staff=(
        CityStaff("XW0101", "潘国华", "231", "主任医师", "03.01"),
        CityStaff("XW0102", "葛红霞", "233", "主治医师", "03.01"),
        CityStaff("XW0103", "白宇轩", "234", "医师", "03.07"),
        CityStaff("XW0104", "汪素琴", "232", "副主任医师", "50"),
        CityStaff("XW0105", "郝建军", "232", "副主任医师", "04.03"),
        CityStaff("XW0201", "方婉秋", "253", "主管护师", "03.01"),
        CityStaff("XW0301", "薛明阳", "263", "主管技师", "30"),
        CityStaff("XW0302", "雷淑芬", "262", "副主任技师", "30"),
        CityStaff("XW0401", "龚学谦", "232", "副主任医师", "32"),
        CityStaff("XW0402", "尹可欣", "233", "主治医师", "32"),
        CityStaff("XW0501", "贺兰心", "243", "主管药师", "98"),
        CityStaff("XW0502", "侯启明", "244", "药师", "98"),
    ),
)

INSTITUTIONS = (JINLING, XUANWUHU)

_QINHUAI = "秦淮区示范巷12号3幢502室"
_GULOU = "鼓楼区示范街道88号6单元301室"
_JIANYE = "建邺区示范大街19号11幢1单元1702室"

PATIENTS = (
    CityPatient(
        "wang", "王建国", "1", date(1953, 4, 12), "320100195304129931", "JK32010000000001",
        "19900000001", _QINHUAI, "秦淮区", occupation="退(离)休人员",
    ),
    CityPatient(
        "qian", "钱㛃", "2", date(1957, 8, 23), "320100195708239942", "JK32010000000002",
        "19900000002", _GULOU, "鼓楼区", occupation="退(离)休人员",
    ),
    CityPatient(
        "liu", "刘䶮", "1", date(1979, 1, 15), "320100197901159935", "JK32010000000003",
        "19900000003", _JIANYE, "建邺区", occupation="专业技术人员",
    ),
    CityPatient(
        "zhao", "赵婷", "2", date(1988, 11, 30), "320100198811309949", "JK32010000000004",
        "19900000004", "栖霞区示范路5号2幢101室", "栖霞区",
    ),
    CityPatient(
        "chen", "陈一鸣", "1", date(2019, 6, 1), "320100201906019930", "JK32010000000005",
        "19900000005", "江宁区示范新村7幢604室", "江宁区", marital="未婚", occupation="学生",
    ),
    CityPatient(
        "zhou", "周晓雯", "2", date(1994, 3, 7), "32010019940307994X", "JK32010000000006",
        "19900000006", "雨花台区示范大道101号9幢803室", "雨花台区", marital="未婚",
    ),
    CityPatient(
        "li", "李秀兰", "2", date(1946, 10, 9), "320100194610099940", "JK32010000000007",
        "19900000007", "玄武区示范营26号4幢203室", "玄武区", marital="丧偶",
        occupation="退(离)休人员",
    ),
    CityPatient(
        "sun", "孙桂芳", "2", date(1966, 2, 18), "320100196602189945", "JK32010000000008",
        "19900000008", "六合区示范镇示范村14组", "六合区", occupation="农民",
    ),
    CityPatient(
        "zhang", "张𠮷祥", "1", date(1985, 7, 5), "320100198507059930", "JK32010000000009",
        "19900000009", "浦口区示范路33号1幢1104室", "浦口区", occupation="企业管理人员",
    ),
    CityPatient(
        "xu", "徐浩然", "1", date(2001, 2, 14), "320100200102149938", "JK32010000000010",
        "19900000010", "溧水区示范大学城9号宿舍", "溧水区", marital="未婚", occupation="学生",
    ),
    CityPatient(
        "ayi", "阿依古丽·买买提", "2", date(1972, 9, 26), "320100197209269943",
        "JK32010000000011", "19900000011", "高淳区示范街3号", "高淳区", ethnic="维吾尔族",
        occupation="自由职业者",
    ),
    CityPatient(
        "ma", "马德福", "1", date(1939, 5, 3), "320100193905039932", "JK32010000000012",
        "19900000012", "秦淮区示范里2号1幢102室", "秦淮区", ethnic="回族",
        occupation="退(离)休人员",
    ),
    CityPatient(
        "lin", "林秋月", "2", date(1993, 5, 20), "32010019930520994X", "JK32010000000013",
        "19900000013", "鼓楼区示范大街7号2单元902室", "鼓楼区",
    ),
    CityPatient(
        "jin", "金兰", "2", date(1990, 8, 8), "320100199008089945", "JK32010000000014",
        "19900000014", "建邺区示范路66号4幢1203室", "建邺区", occupation="专业技术人员",
    ),
    CityPatient(
        "he", "何永福", "1", date(1941, 3, 11), "320100194103119935", "JK32010000000015",
        "19900000015", "秦淮区示范里15号1幢301室", "秦淮区", occupation="退(离)休人员",
    ),
    CityPatient(
        "li_spelt", "李秀蘭", "2", date(1946, 10, 9), "", "", "", "玄武区示范营", "玄武区",
        marital="丧偶", occupation="退(离)休人员", same_as="li",
    ),
)  # fmt: skip


def patient(key: str) -> CityPatient:
    return next(one for one in PATIENTS if one.key == key)
