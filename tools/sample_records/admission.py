"""入院记录 C0034; one of them very long."""
# ruff: noqa: E501

from __future__ import annotations

from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.samples.city import JINLING, XUANWUHU, CityInstitution, patient
from sample_records.shared_document import (
    TCM,
    Record,
    Signer,
    bl,
    cd,
    code,
    diagnosis,
    el,
    group,
    later,
    obs,
    pq,
    section,
    st,
    whole,
)

EXAM = (
    ("DE04.10.219.00", "一般状况检查结果"), ("DE04.10.126.00", "皮肤和黏膜检查结果"), ("DE04.10.114.00", "全身浅表淋巴结检查结果"),
    ("DE04.10.261.00", "头部及其器官检查结果"), ("DE04.10.255.00", "颈部检查结果"), ("DE04.10.263.00", "胸部检查结果"),
    ("DE04.10.046.00", "腹部检查结果"), ("DE04.10.065.00", "肛门指诊检查结果描述"), ("DE04.10.195.00", "外生殖器检查结果"),
    ("DE04.10.093.00", "脊柱检查结果"), ("DE04.10.179.00", "四肢检查结果"), ("DE05.10.149.00", "神经系统检查结果"),
)  # fmt: skip


def vital(t: float, p: int, r: int, bp: tuple[int, int], height: int, weight: float) -> list[str]:
    return [
        obs("DE04.10.186.00", "体温(℃)", pq(t, "℃")),
        obs("DE04.10.118.00", "脉率(次/min)", pq(p, "次/min")),
        obs("DE04.10.082.00", "呼吸频率(次/min)", pq(r, "次/min")),
        group(
            obs("DE04.10.174.00", "收缩压(mmHg)", pq(bp[0], "mmHg")), obs("DE04.10.176.00", "舒张压(mmHg)", pq(bp[1], "mmHg")),
            head=el("code", displayName="血压"),
        ),
        obs("DE04.10.167.00", "身高(cm)", pq(height, "cm")),
        obs("DE04.10.188.00", "体重(kg)", pq(weight, "kg")),
    ]  # fmt: skip


def diagnosed(kind: str, when: str, found: list[tuple[str, str]]) -> list[str]:
    return [
        obs(
            "DE05.01.025.00", f"{kind}-西医诊断名称", st(name),
            diagnosis("DE05.01.024.00", f"{kind}-西医诊断编码", icd, name),
            obs("DE05.01.080.00", "入院诊断顺位", whole(at)), when=when,
        )
        for at, (icd, name) in enumerate(found, 1)
    ]  # fmt: skip


def history(of: dict[str, str]) -> list[str]:
    """既往史 to 家族史; an empty text leaves its section empty."""

    def one(loinc: str, display: str, de: str, label: str) -> str:
        text = of.get(label, "")
        return section(loinc, display, *([obs(de, label, st(text))] if text else []))

    past = [
        obs(
            "DE05.10.031.00",
            "一般健康状况标志",
            bl(of.get("健康", "良好") == "良好"),
            obs("DE02.10.026.00", "疾病史(含外伤)", st(of["疾病史"])),
        ),
        obs(
            "DE05.10.119.00",
            "患者传染性标志",
            bl(False),
            obs(
                "DE02.10.008.00",
                "传染病史",
                st(of.get("传染病史", "否认肝炎、结核等传染病史及密切接触史。")),
            ),
        ),
    ]
    for de, label in (
        ("DE02.10.098.00", "婚育史"),
        ("DE02.10.022.00", "过敏史"),
        ("DE02.10.061.00", "手术史"),
    ):
        if of.get(label):
            past.append(obs(de, label, st(of[label])))
    return [
        section("11348-0", "HISTORY OF PAST ILLNESS", *past),
        one("11369-6", "HISTORY OF IMMUNIZATIONS", "DE02.10.101.00", "预防接种史"),
        one("56836-0", "History of blood transfusion", "DE02.10.100.00", "输血史"),
        one("29762-2", "Social history", "DE02.10.097.00", "个人史"),
        one("49033-4", "Menstrual History", "DE02.10.102.00", "月经史"),
        one("10157-6", "HISTORY OF FAMILY MEMBER DISEASES", "DE02.10.103.00", "家族史"),
    ]


def make(
    number: str, hospital: CityInstitution, who: str, *, when: str, came: str, department: str, ward: str, room: str, bed: str, inpatient: str,
    team: tuple[str, str, str], teller: tuple[str, str, str], complaint: str, present: str, past: dict[str, str], signs: list[str],
    exam: dict[str, str], tests: str, special: str = "", first: list[tuple[str, str]], revised: list[tuple[str, str]] | None = None, tcm: tuple[str, ...] = (), plan: str = "",
) -> Record:  # fmt: skip
    own = obs("DE05.10.143.00", "陈述内容可靠标志", bl(True))
    problems = [own, *diagnosed("初步诊断", when, first)]
    if tcm:
        four, sick, sick_code, pattern, pattern_code = tcm
        problems.append(obs("DE02.10.028.00", "中医“四诊”观察结果", st(four)))
        problems.append(
            obs(
                "DE05.10.172.00", "初步诊断-中医病名名称", st(sick),
                obs("DE05.10.130.00", "初步诊断-中医病名代码", cd(sick_code, sick, *TCM)),
                obs("DE05.10.172.00", "初步诊断-中医证候名称", st(pattern)),
                obs("DE05.10.130.00", "初步诊断-中医证候代码", cd(pattern_code, pattern, *TCM)),
            )
        )  # fmt: skip
    if revised:
        problems += diagnosed("修正诊断", later(when, 2880), revised)
    examined = [obs(de, label, st(exam[label])) for de, label in EXAM if exam.get(label)]
    if special:
        examined.append(obs("DE04.10.258.00", "专科检查", st(special)))
    sections = [
        section("10154-3", "CHIEF COMPLAINT", obs("DE04.01.119.00", "主诉", st(complaint))),
        section(
            "10164-2", "HISTORY OF PRESENT ILLNESS", obs("DE02.10.071.00", "现病史", st(present))
        ),
        *history(past),
        section("8716-3", "VITAL SIGNS", *signs),
        section("29545-1", "PHYSICAL EXAMINATION", *examined),
        section("", "辅助检查", obs("DE04.30.009.00", "辅助检查结果", st(tests))),
        section("11450-4", "PROBLEM LIST", *problems),
        section(
            "18776-5",
            "TREATMENT PLAN",
            *([obs("DE06.00.300.00", "治则治法", st(plan))] if plan else []),
        ),
    ]
    resident, attending, chief = (hospital.member(one) for one in team)
    name, relation_code, relation = teller
    told = el(
        "participant",
        el("associatedEntity",
           code(relation_code, relation, "2.16.156.10011.2.3.3.8", "家庭关系代码表(GB/T 4761)")
           + el("associatedPerson", el("name", name)), classCode="ASSIGNED"), typeCode="INF",
    )  # fmt: skip
    birthplace = el(
        "birthplace", el("place", el("addr", el("city", "南京市") + el("state", "江苏省")))
    )
    return Record(
        kind=Kind.ADMISSION, number=number, at=when, hospital=hospital, patient=patient(who), author=resident,
        numbers={"inpatient": inpatient}, department=department, ward=ward, room=room, bed=bed, start=came, sections=sections,
        signers=[Signer("接诊医师", resident, when), Signer("住院医师", resident, when), Signer("主治医师", attending, later(when, 600)), Signer("主任医师", chief, later(when, 1500), legal=True)],
        participants=told, patient_extra=birthplace,
    )  # fmt: skip


LONG_DAYS = (
    "入院前{n}天：体温最高{t}℃，以午后及夜间为著，伴畏寒，无寒战，服用“对乙酰氨基酚0.5g”后3～4小时体温可降至37.5℃左右，随后复升；"
    "咳嗽呈阵发性，咳{s}痰，量约{v}mL/日，不易咳出；活动后气促，登{f}层楼需停下休息；食欲下降，每日主食约{a}g，尿量约{u}mL，大便1次/日。"
)


def long_story() -> str:
    rng_days = [
        LONG_DAYS.format(
            n=28 - at,
            t=f"{37.8 + (at * 7 % 17) / 10:.1f}",
            s=("白色黏", "黄白黏", "黄脓性", "铁锈色")[at % 4],
            v=20 + at * 3,
            f=4 - at // 8,
            a=300 - at * 6,
            u=1500 - at * 20,
        )
        for at in range(28)
    ]
    return (
        "患者4周前受凉后出现发热，伴咳嗽、咳痰，起初自认为“感冒”，于社区卫生服务站口服“复方氨酚烷胺片、头孢克肟胶囊”，症状时轻时重。"
        "患者自行记录了每日体温及症状，经整理如下：\n" + "\n".join(rng_days) + "\n"
        "病程中曾就诊于外院门诊2次，2026年2月12日胸部CT示“右肺下叶大片实变影，内见支气管充气征，右侧少量胸腔积液”，予“莫西沙星0.4g 静滴 每日1次×5天”，体温无下降。"
        "2月19日复查CT示病灶较前进展，出现空洞形成。为进一步诊治来我院，急诊查血常规：WBC 15.83×10⁹/L，N 88.6%，CRP 96.4mg/L，以“肺部感染”收住院。"
        "病程中患者精神萎靡，无盗汗、咯血，无关节肿痛、皮疹，无口腔溃疡，无意识障碍，体重下降约4kg。"
    )


def records() -> dict[str, Record]:
    well = {
        "一般状况检查结果": "发育正常，营养中等，神志清楚，自主体位，查体合作。", "皮肤和黏膜检查结果": "皮肤黏膜无黄染、皮疹及出血点，无肝掌、蜘蛛痣。", "全身浅表淋巴结检查结果": "未触及肿大。",
        "头部及其器官检查结果": "头颅无畸形，双侧瞳孔等大等圆，直径3mm，对光反射灵敏，耳鼻无异常分泌物，口唇无发绀，咽无充血，扁桃体不大。",
        "颈部检查结果": "颈软，气管居中，甲状腺不大，颈静脉无怒张，双侧颈动脉未闻及杂音。",
        "胸部检查结果": "胸廓对称，双肺呼吸音清，未闻及干湿性啰音。心前区无隆起，心尖搏动位于左侧第5肋间锁骨中线内0.5cm，心率78次/分，律齐，各瓣膜听诊区未闻及病理性杂音。",
        "腹部检查结果": "腹平软，全腹无压痛、反跳痛，肝脾肋下未触及，Murphy征阴性，移动性浊音阴性，肠鸣音4次/分。", "肛门指诊检查结果描述": "未查。", "外生殖器检查结果": "未查。",
        "脊柱检查结果": "生理弯曲存在，无压痛、叩击痛。", "四肢检查结果": "四肢活动自如，双下肢无水肿，足背动脉搏动可。", "神经系统检查结果": "生理反射存在，病理反射未引出，脑膜刺激征阴性。",
    }  # fmt: skip
    return {
        "wang-jl": make(
            "JL-C0034-2026050700005", JINLING, "wang", when="20260507112000", came="20260507091500", department="心血管内科", ward="心内一病区", room="0806", bed="17", inpatient="JL26050731",
            team=("JL0102", "JL0102", "JL0101"), teller=("王建国", "01", "本人"),
            complaint="反复活动后胸闷1年，加重伴胸痛3天。",
            present="患者1年前起于快步行走约300米或登3层楼时出现胸骨后压榨样胸闷，范围约手掌大小，休息3～5分钟可缓解，每月发作1～2次，未诊治。3天前晨练时再发胸痛，程度较前加重，向左肩及左前臂放射，伴出汗，持续约15分钟，含服“硝酸甘油0.5mg”约3分钟后缓解；昨日静息时又发作1次，持续约5分钟。无晕厥、咯血，无夜间阵发性呼吸困难。今来我院门诊，心电图示V3～V6导联ST段水平型压低0.1mV，以“不稳定型心绞痛”收入院。病程中饮食、睡眠可，二便正常，体重无明显变化。",
            past={"疾病史": "高血压病史15年，最高180/110mmHg，服“硝苯地平控释片30mg 每日1次”，血压控制不详；2型糖尿病8年，服“二甲双胍0.5g 每日3次”，空腹血糖7～9mmol/L。否认脑卒中、消化性溃疡病史。", "婚育史": "已婚，育有1子，配偶及儿子体健。", "过敏史": "否认药物及食物过敏史。", "手术史": "2010年行“左侧腹股沟疝修补术”。", "预防接种史": "按计划接种；2025年11月接种流感疫苗。", "输血史": "否认输血史。", "个人史": "生于南京，久居本地。吸烟40年，20支/日，未戒；饮酒偶尔，少量。无疫区、疫水接触史。", "家族史": "父亲60岁死于“心肌梗死”；母亲有高血压。"},
            signs=vital(36.5, 78, 18, (152, 88), 172, 78.5), exam=well,
            tests="心电图（2026-05-07，本院）：窦性心律，V3～V6导联ST段水平型压低0.1mV，T波低平。高敏肌钙蛋白I 0.021ng/mL（2小时复查0.024ng/mL）。空腹血糖8.9mmol/L。",
            first=[("I20.0", "不稳定型心绞痛"), ("I10.x05", "高血压病3级(极高危)"), ("E11.9", "2型糖尿病")],
            revised=[("I25.103", "冠状动脉粥样硬化性心脏病(单支病变)"), ("I20.0", "不稳定型心绞痛"), ("I10.x05", "高血压病3级(极高危)"), ("E11.9", "2型糖尿病"), ("E78.5", "高脂血症")],
        ),
        "liu-jl": make(
            "JL-C0034-2026022100031", JINLING, "liu", when="20260221183000", came="20260221143000", department="呼吸内科", ward="呼吸二病区", room="1102", bed="05", inpatient="JL26022119",
            team=("JL0103", "JL0102", "JL0101"), teller=("刘䶮", "01", "本人"),
            complaint="发热、咳嗽、咳痰4周，加重伴气促1周。", present=long_story(),
            past={"健康": "一般", "疾病史": "酒精性脂肪肝5年；否认高血压、糖尿病、冠心病史。", "婚育史": "已婚，育有1女。", "过敏史": "磺胺类（全身皮疹）。", "手术史": "否认手术史。", "输血史": "否认。", "个人史": "饮白酒10年，约150g/日；吸烟20年，10支/日。从事古籍修复工作，接触霉变纸张。", "家族史": "否认家族遗传病史。"},
            signs=vital(38.7, 108, 26, (118, 70), 176, 64.0),
            exam={**well, "一般状况检查结果": "急性病容，神志清，精神萎靡，呼吸稍促。", "胸部检查结果": "右下肺叩诊浊音，右下肺语颤增强，可闻及支气管呼吸音及中等量湿啰音，左肺呼吸音清。心率108次/分，律齐，无杂音。"},
            tests="血常规（2026-02-21）：WBC 15.83×10⁹/L，N 88.6%，HGB 138g/L，PLT 362×10⁹/L，CRP 96.4mg/L。动脉血气（未吸氧）：pH 7.46，PaCO₂ 32mmHg，PaO₂ 61mmHg。胸部CT（2026-02-19，外院）：右肺下叶实变伴空洞形成，右侧少量胸腔积液。",
            first=[("J85.100", "肺脓肿(右肺下叶)"), ("J96.000", "Ⅰ型呼吸衰竭"), ("J91.x00", "右侧胸腔积液"), ("K70.000", "酒精性脂肪肝")],
        ),
        "chen-jl": make(
            "JL-C0034-2026012700003", JINLING, "chen", when="20260127102000", came="20260127084000", department="儿科", ward="儿科病区", room="0503", bed="加1", inpatient="JL26012706",
            team=("JL0104", "JL0104", "JL0101"), teller=("陈志强", "51", "父亲"),
            complaint="咳嗽4天，发热2天。",
            present="患儿4天前受凉后出现咳嗽，初为阵发性干咳，后有痰，不会咳出，无喘息。2天前出现发热，体温最高39.6℃，热峰3～4次/日，口服布洛芬后可退，无抽搐、皮疹，无呕吐、腹泻。昨日门诊胸片示“支气管肺炎”，予头孢曲松静滴及雾化1次，今晨仍发热39.1℃，遂收入院。患儿精神反应可，食纳减少，尿量正常。",
            past={"疾病史": "既往体健，无反复呼吸道感染、喘息史。", "过敏史": "牛奶蛋白（湿疹）。", "预防接种史": "按计划免疫接种，卡痕阳性；2025年10月接种流感疫苗。", "个人史": "第1胎第1产，足月顺产，出生体重3350g，无窒息史。生后混合喂养，6月添加辅食，生长发育同正常同龄儿，现上幼儿园大班。"},
            signs=vital(39.1, 126, 32, (96, 60), 118, 21.0),
            exam={"一般状况检查结果": "神志清，精神可，发育正常，营养中等。", "皮肤和黏膜检查结果": "无皮疹，弹性可。", "全身浅表淋巴结检查结果": "颈部可及数枚黄豆大淋巴结，质软，活动，无压痛。", "脊柱检查结果": "无畸形。", "四肢检查结果": "活动自如，肢端暖。", "头部及其器官检查结果": "咽充血，双侧扁桃体Ⅰ度肿大，无渗出。", "颈部检查结果": "颈软。", "胸部检查结果": "呼吸稍促，无三凹征，双肺呼吸音粗，左下肺可闻及细湿啰音。心率126次/分，律齐，心音有力。", "腹部检查结果": "腹软，肝肋下1cm，质软，脾未及。", "神经系统检查结果": "脑膜刺激征阴性，病理征未引出。"},
            tests="胸片（2026-01-26）：双肺纹理增多，左下肺斑片状影。血常规：WBC 12.6×10⁹/L，N 71%，CRP 28mg/L。呼吸道病原体核酸：肺炎支原体阳性。",
            first=[("J15.700", "肺炎支原体肺炎")],
        ),
        "li-xw": make(
            "XW-C0034-2026031000012", XUANWUHU, "li", when="20260310170000", came="20260310143000", department="呼吸内科", ward="呼吸一病区", room="0712", bed="33", inpatient="XW26031014",
            team=("XW0102", "XW0102", "XW0101"), teller=("李秀兰", "01", "本人"),
            complaint="咳嗽、咳黄痰伴发热5天。",
            present="患者5天前受凉后出现咳嗽，咳黄脓痰，量中等，伴发热，体温最高38.8℃，无寒战、胸痛、咯血。自服“感冒灵颗粒”无好转。今日门诊胸部CT示“右肺中叶斑片影”，收入院。",
            past={"疾病史": "高血压20年，服氨氯地平5mg/日；骨质疏松症5年。", "婚育史": "丧偶，育有2女，均体健。", "过敏史": "否认药物及食物过敏史。", "输血史": "否认。", "预防接种史": "2024年接种23价肺炎球菌多糖疫苗。", "个人史": "无烟酒嗜好。退休小学教师。", "月经史": "14岁初潮，50岁绝经，绝经后无异常阴道流血。", "家族史": "母亲有高血压。"},
            signs=vital(38.2, 92, 22, (146, 80), 156, 54.0),
            exam={**well, "胸部检查结果": "右中肺可闻及细湿啰音，余肺呼吸音清。心率92次/分，律齐，主动脉瓣区2/6级收缩期杂音。"},
            tests="胸部CT：右肺中叶斑片状渗出影。血常规：WBC 11.9×10⁹/L，N 82.4%，CRP 65mg/L，PCT 0.32ng/mL。",
            first=[("J15.902", "社区获得性肺炎(右肺中叶)"), ("I10.x04", "高血压病2级(高危)"), ("M81.905", "骨质疏松症")],
            tcm=("神清，面色萎黄，舌质红，苔黄腻；咳声重浊，痰黄；发热，口干欲饮；脉滑数。", "风温肺热病", "A05.01.05", "痰热壅肺证", "B04.05.02"),
            plan="清热化痰，宣肺止咳。方选麻杏石甘汤合千金苇茎汤加减。",
        ),
    }  # fmt: skip
