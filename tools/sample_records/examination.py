"""检查报告 C0006, with pictures in observationMedia."""
# ruff: noqa: E501

from __future__ import annotations

import base64
from pathlib import Path

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING, XUANWUHU, CityInstitution, patient
from sample_records.shared_document import (
    ICD9,
    ICD10,
    Record,
    Signer,
    cd,
    code,
    el,
    group,
    ident,
    later,
    obs,
    section,
    st,
    table_cd,
)

PICTURES = Path(__file__).parent / "pictures"
ORGANIZATION = "2.16.156.10011.1.5"


def media(picture: str, number: int) -> str:
    data = base64.b64encode((PICTURES / f"{picture}.png").read_bytes()).decode()
    value = f'<value xsi:type="ED" mediaType="image/png" representation="B64">{data}</value>'
    return el("observationMedia", value, classCode="OBS", moodCode="EVN", ID=f"IMG{number}")


def figures(pictures: list[tuple[str, str]]) -> tuple[str, list[str]]:
    shown = "".join(
        el("renderMultiMedia", el("caption", caption), referencedObject=f"IMG{at}")
        for at, (_, caption) in enumerate(pictures, 1)
    )
    return shown, [media(picture, at) for at, (picture, _) in enumerate(pictures, 1)]


def requested(hospital: CityInstitution, department: str) -> str:
    whole = el("wholeOrganization", ident(ORGANIZATION, hospital.code) + el("name", hospital.name))
    unit = ident(
        "2.16.156.10011.1.26",
        next((one.code for one in hospital.departments if one.name == department), ""),
    )
    unit += el("name", department) + el("asOrganizationPartOf", whole)
    return el(
        "participant",
        el("associatedEntity", el("scopingOrganization", unit), classCode="ASSIGNED"),
        typeCode="PRF",
    )


def operation(
    icd9: str,
    name: str,
    *,
    when: str,
    site: tuple[str, str],
    way: str,
    times: int,
    narcosis: tuple[str, str],
) -> str:
    parts = [
        obs("DE06.00.094.00", "手术(操作)名称", st(name)),
        obs("DE06.00.093.00", "手术及操作目标部位名称", st(site[1])),
        obs("DE06.00.251.00", "操作方法描述", st(way)),
        obs("DE06.00.250.00", "操作次数", st(str(times))),
        obs("DE06.00.073.00", "麻醉方式代码", table_cd(*narcosis, "1.159", "麻醉方法代码表")),
    ]
    inner = (
        code(icd9, name, *ICD9)
        + el("statusCode", code="completed")
        + el("effectiveTime", value=when)
    )
    inner += code(*site, "2.16.156.10011.2.3.1.266", "操作部位代码表", "targetSiteCode")
    inner += "".join(el("entryRelationship", one, typeCode="COMP") for one in parts)
    return el("procedure", inner, classCode="PROC", moodCode="EVN")


def make(
    number: str, hospital: CityInstitution, who: str, *, when: str, department: str, inpatient: str = "",
    found: tuple[str, str], complaint: str, symptom: str, since: str, sort: str, item: str, way: str, seen: str, opinion: str,
    pictures: list[tuple[str, str]], remark: str = "", specimen: tuple[str, str, str] | None = None,
    procedure: str = "", treatment: str = "", bed: str = "", ward: str = "", special: str = "", abnormal: bool = True,
) -> Record:  # fmt: skip
    reporter, checker = (
        hospital.member(f"{hospital.prefix}0402"),
        hospital.member(f"{hospital.prefix}0401"),
    )
    parts = []
    if specimen:
        kind, state, fixed = specimen
        time = el("effectiveTime", el("low", value=when) + el("high", value=later(when, 40)))
        parts = [
            obs("DE04.50.134.00", "标本类别", time + st(kind)),
            obs("DE04.50.135.00", "标本状态", st(state)),
            obs("DE08.50.027.00", "标本固定液名称", st(fixed)),
        ]
    diagnosed = el(
        "performer",
        el("assignedEntity", el("id") + el("representedOrganization", el("name", hospital.name))),
    )
    narrative, embedded = figures(pictures)
    result = ("2", "异常") if abnormal else ("1", "正常")
    sections = [
        section("29548-5", "Diagnosis", obs("DE05.01.024.00", "诊断代码", cd(*found, *ICD10), when=when[:8], after=diagnosed)),
        section("10154-3", "CHIEF COMPLAINT", obs("DE04.01.119.00", "主诉", st(complaint))),
        section("11450-4", "PROBLEM LIST", obs("DE04.01.117.00", "症状描述", el("effectiveTime", el("low", value=since)) + st(symptom))),
        section("47519-4", "HISTORY OF PROCEDURES", *([procedure] if procedure else [])),
        section(
            "29545-1", "PHYSICAL EXAMINATION",
            *([obs("DE02.01.079.00", "特殊检查标志", st(special))] if special else []),
            obs("DE02.10.027.00", "检查方法名称", st(way)),
            obs("DE04.30.018.00", "检查类别", st(sort)),
            group(
                obs("DE04.30.019.00", "检查项目代码", st(item), *parts, when=when),
                obs("DE04.30.017.00", "检查结果代码", table_cd(*result, "2.38", "检查(检验)结果代码表")),
            ),
        ),
        *([section("", "其他处置", obs("DE06.00.296.00", "诊疗过程描述", st(treatment)))] if treatment else []),
        section(
            "", "检查报告",
            obs("DE04.50.131.00", "检查报告结果-客观所见", st(seen)),
            obs("DE04.50.131.00", "检查报告结果-主观提示", st(opinion)),
            obs("DE08.10.026.00", "检查报告科室", st("医学影像科" if "镜" not in sort else "内镜中心")),
            obs("DE08.10.013.00", "检查报告机构名称", st(hospital.name)),
            *([obs("DE06.00.179.00", "检查报告备注", st(remark))] if remark else []),
            *embedded,
            text=narrative,
        ),
    ]  # fmt: skip
    done = later(when, 95)
    ids = (
        {"inpatient": inpatient}
        if inpatient
        else {"outpatient": f"{hospital.prefix}M{number[-13:]}"}
    )
    return Record(
        kind=Kind.EXAMINATION, number=number, at=done, hospital=hospital, patient=patient(who), author=reporter,
        numbers={**ids, "exam": number.rpartition("-")[2], "request": "SQ" + number[-11:]},
        signers=[Signer("审核医师", checker, later(done, 25), legal=True), Signer("检查医师", reporter, done), Signer("检查技师", hospital.member(f"{hospital.prefix}0301"), later(when, 10))],
        department=department, ward=ward, bed=bed, start=when, sections=sections, participants=requested(hospital, department),
        patient_type=("3", "住院") if inpatient else ("1", "门诊"), title=f"{sort}检查报告",
    )  # fmt: skip


def records() -> dict[str, Record]:
    return {
        "qian-jl": make(
            "JL-C0006-2026031900087", JINLING, "qian", when="20260319091000", department="呼吸内科",
            found=("R91.x00", "肺部结节"), complaint="体检发现右肺结节1周。", symptom="无咳嗽、咳痰，无胸痛、咯血，无发热。", since="20260312",
            sort="CT", item="胸部CT平扫+三维重建", way="仰卧位，深吸气末屏气，自肺尖至肺底螺旋扫描，管电压120kV，自动毫安，层厚5mm，1mm薄层重建。",
            seen="胸廓对称，气管、纵隔居中。右肺上叶尖段（薄层图像48层）见一混合磨玻璃结节，大小约9.6mm×8.2mm，实性成分约3.5mm，边界清楚，可见分叶及浅毛刺，邻近胸膜轻度牵拉，内见小血管穿行。余双肺纹理清晰，左肺下叶背段见一3mm实性微小结节，边缘光整。气管及各叶、段支气管通畅。双肺门及纵隔未见明显肿大淋巴结。心影不大，冠状动脉左前降支见点状钙化。双侧胸腔未见积液，双侧胸膜未见增厚。所及肝脏左叶见一小囊状低密度影，直径约6mm。",
            opinion="1. 右肺上叶尖段混合磨玻璃结节（Lung-RADS 4A类），不除外微浸润性腺癌，建议呼吸与胸外科MDT会诊，必要时行增强CT或3个月后薄层CT复查。\n2. 左肺下叶背段微小结节，倾向良性，建议年度随访。\n3. 冠状动脉钙化。\n4. 肝左叶小囊肿可能。",
            pictures=[("ct-nodule", "图1  右肺上叶尖段混合磨玻璃结节"), ("ct-below", "图2  纵隔窗，未见肿大淋巴结")],
        ),
        "wang-jl": make(
            "JL-C0006-2026050900012", JINLING, "wang", when="20260509140000", department="心血管内科", inpatient="JL26050731", ward="心内一病区", bed="17",
            found=("I20.0", "不稳定型心绞痛"), complaint="反复活动后胸闷1年，加重伴胸痛3天。", symptom="活动后胸骨后压榨感，向左肩放射，含服硝酸甘油可缓解。", since="202505",
            sort="介入", item="冠状动脉造影", way="经右桡动脉穿刺，5F TIG造影导管，多体位投照。", special="心电、有创血压监测",
            procedure=operation("88.5700", "冠状动脉造影", when="20260509140000", site=("99", "冠状动脉"), way="局部麻醉下Seldinger法穿刺右桡动脉，置入6F鞘，分别行左、右冠状动脉造影。", times=1, narcosis=("03", "局部麻醉")),
            seen="冠状动脉呈右优势型。左主干（LM）：未见明显狭窄，TIMI血流3级。前降支（LAD）：近中段弥漫性病变，最重处狭窄约90%，TIMI血流2级；第一对角支开口狭窄50%。回旋支（LCX）：中段狭窄约40%，TIMI血流3级。右冠状动脉（RCA）：远段狭窄约50%，TIMI血流3级。",
            opinion="冠状动脉粥样硬化性心脏病，单支病变（LAD重度狭窄）。建议行LAD支架置入术。",
            treatment="告知家属病变情况并签署知情同意书后，于LAD近中段置入药物洗脱支架1枚（3.0mm×28mm），残余狭窄<10%，TIMI血流3级。",
            pictures=[("angiogram", "右前斜30°+头位20°：前降支近中段重度狭窄")], remark="造影剂碘克沙醇110mL，X线透视时间9.6min，剂量面积乘积38.2Gy·cm²。",
        ),
        "li-spelt-xw": make(
            "XW-C0006-2026050300031", XUANWUHU, "li_spelt", when="20260503205500", department="急诊医学科",
            found=("S52.501", "桡骨远端骨折"), complaint="跌倒致右腕部肿痛2小时。", symptom="右腕肿胀、畸形、活动受限。", since="20260503",
            sort="DR", item="右腕关节正侧位", way="数字化X线摄影，正位、侧位。",
            seen="右桡骨远端骨质不连续，断端向背侧、桡侧移位，掌倾角消失，可见嵌插。右尺骨茎突未见骨折。下尺桡关节间隙稍增宽。诸腕骨骨质密度减低，骨小梁稀疏，未见脱位。周围软组织肿胀。",
            opinion="右桡骨远端骨折（Colles骨折），断端移位；骨质疏松。建议骨科处理，复位后复查。",
            pictures=[("wrist", "右腕关节正位")],
        ),
        "ma-xw": make(
            "XW-C0006-2026041500064", XUANWUHU, "ma", when="20260415083000", department="消化内科",
            found=("K25.900", "胃溃疡"), complaint="上腹部隐痛2个月。", symptom="餐后上腹隐痛，伴反酸、嗳气，无呕血、黑便。", since="202602",
            sort="胃镜", item="无痛电子胃镜+活检+快速尿素酶试验", way="静脉麻醉下经口插镜至十二指肠降部，冲洗黏膜后白光及窄带成像观察。",
            procedure=operation("45.1600", "胃镜下活组织检查", when="20260415084500", site=("07", "胃"), way="于胃角溃疡边缘取活检4块，胃窦取1块行快速尿素酶试验，创面少许渗血，未予处理自行停止。", times=5, narcosis=("01", "全身麻醉")),
            specimen=("胃黏膜组织", "5块，灰白色，各约0.2cm", "10%中性福尔马林"),
            seen="食管：黏膜光滑，齿状线清晰，距门齿40cm。贲门：开闭可。胃底：黏液糊清，黏膜光滑。胃体：黏膜充血，皱襞柔软。胃角：见一1.0cm×0.8cm溃疡，覆白苔，周围黏膜充血水肿、稍隆起，NBI示边缘腺管开口尚规则。胃窦：黏膜红白相间，以红为主，散在糜烂。幽门：圆，开闭好。十二指肠球部及降部：未见异常。快速尿素酶试验：阳性。",
            opinion="1. 胃角溃疡（A2期），性质待病理。\n2. 慢性非萎缩性胃炎伴糜烂。\n3. 幽门螺杆菌感染。\n建议：根除幽门螺杆菌，抑酸治疗8周后复查胃镜，追踪病理结果。",
            pictures=[("stomach-1", "胃角溃疡（白光）"), ("stomach-2", "胃角溃疡（近景）")], remark="活检标本已送病理科，病理号B2026-03318。麻醉后24小时内禁止驾驶车辆及高空作业。",
        ),
    }  # fmt: skip
