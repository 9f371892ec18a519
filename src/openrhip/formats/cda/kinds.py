"""The kinds of shared document (共享文档): WS/T 500-2016 parts 1-53 and HSDC00.01 健康体检.

Part NN has the code C00NN in 2.16.156.10011.2.4 and the template 2.16.156.10011.2.1.1.(20+NN).
"""

from __future__ import annotations

from enum import Enum

TEMPLATE_ROOT = "2.16.156.10011.2.1.1."
KIND_SYSTEM = "2.16.156.10011.2.4"


class Kind(Enum):
    """A kind of shared document: code, template, Chinese and English title."""

    def __init__(self, code: str, template: int, title_zh: str, title_en: str) -> None:
        self.code = code
        self.template_id = f"{TEMPLATE_ROOT}{template}"
        self.title_zh = title_zh
        self.title_en = title_en

    SUMMARY = ("C0001", 21, "病历概要", "Medical record summary")
    OUTPATIENT = ("C0002", 22, "门(急)诊病历", "Outpatient (emergency) record")
    OBSERVATION = ("C0003", 23, "急诊留观病历", "Emergency observation record")
    PRESCRIPTION = ("C0004", 24, "西药处方", "Prescription of Western medicines")
    HERBAL = ("C0005", 25, "中药处方", "Prescription of Chinese medicines")
    EXAMINATION = ("C0006", 26, "检查报告", "Examination report")
    LABORATORY = ("C0007", 27, "检验报告", "Laboratory report")
    TREATMENT = ("C0008", 28, "治疗记录", "Treatment record")
    OPERATION = ("C0009", 29, "一般手术记录", "Operation record")
    PRE_ANAESTHESIA = ("C0010", 30, "麻醉术前访视记录", "Pre-anaesthetic visit")
    ANAESTHESIA = ("C0011", 31, "麻醉记录", "Anaesthesia record")
    POST_ANAESTHESIA = ("C0012", 32, "麻醉术后访视记录", "Post-anaesthetic visit")
    TRANSFUSION = ("C0013", 33, "输血记录", "Transfusion record")
    LABOUR = ("C0014", 34, "待产记录", "Labour record")
    BIRTH = ("C0015", 35, "阴道分娩记录", "Vaginal delivery record")
    CAESAREAN = ("C0016", 36, "剖宫产记录", "Caesarean record")
    NURSING = ("C0017", 37, "一般护理记录", "Nursing record")
    CRITICAL_NURSING = ("C0018", 38, "病重(病危)护理记录", "Critical nursing record")
    OPERATION_NURSING = ("C0019", 39, "手术护理记录", "Operation nursing record")
    VITAL_SIGNS = ("C0020", 40, "生命体征测量记录", "Vital signs record")
    INTAKE_OUTPUT = ("C0021", 41, "出入量记录", "Intake and output record")
    CONSUMABLES = ("C0022", 42, "高值耗材使用记录", "High-value consumables record")
    ADMISSION_ASSESSMENT = ("C0023", 43, "入院评估", "Admission assessment")
    NURSING_PLAN = ("C0024", 44, "护理计划", "Nursing plan")
    DISCHARGE_ASSESSMENT = ("C0025", 45, "出院评估与指导", "Discharge assessment and guidance")
    OPERATION_CONSENT = ("C0026", 46, "手术知情告知书", "Consent to operation")
    ANAESTHESIA_CONSENT = ("C0027", 47, "麻醉知情同意书", "Consent to anaesthesia")
    TRANSFUSION_CONSENT = ("C0028", 48, "输血治疗同意书", "Consent to transfusion")
    SPECIAL_CONSENT = ("C0029", 49, "特殊检查及特殊治疗同意书", "Consent to special treatment")
    CRITICAL_NOTICE = ("C0030", 50, "病危(重)通知书", "Notice of critical illness")
    OTHER_CONSENT = ("C0031", 51, "其他知情同意书", "Other consent")
    FRONT_SHEET = ("C0032", 52, "住院病案首页", "Inpatient front sheet")
    TCM_FRONT_SHEET = ("C0033", 53, "中医住院病案首页", "TCM inpatient front sheet")
    ADMISSION = ("C0034", 54, "入院记录", "Admission record")
    SHORT_STAY = ("C0035", 55, "24小时内入出院记录", "Stay within 24 hours")
    SHORT_STAY_DEATH = ("C0036", 56, "24小时内入院死亡记录", "Death within 24 hours")
    FIRST_COURSE = ("C0037", 57, "首次病程记录", "First progress note")
    DAILY_COURSE = ("C0038", 58, "日常病程记录", "Progress note")
    SENIOR_ROUND = ("C0039", 59, "上级医师查房记录", "Senior ward round")
    DIFFICULT_CASE = ("C0040", 60, "疑难病例讨论记录", "Difficult case discussion")
    HANDOVER = ("C0041", 61, "交接班记录", "Handover record")
    TRANSFER = ("C0042", 62, "转科记录", "Transfer record")
    STAGE_SUMMARY = ("C0043", 63, "阶段小结", "Interim summary")
    RESCUE = ("C0044", 64, "抢救记录", "Resuscitation record")
    CONSULTATION = ("C0045", 65, "会诊记录", "Consultation record")
    PRE_OPERATION = ("C0046", 66, "术前小结", "Pre-operative summary")
    PRE_OPERATION_DISCUSSION = ("C0047", 67, "术前讨论", "Pre-operative discussion")
    POST_OPERATION = ("C0048", 68, "术后首次病程记录", "First post-operative note")
    DISCHARGE_RECORD = ("C0049", 69, "出院记录", "Discharge record")
    DEATH = ("C0050", 70, "死亡记录", "Death record")
    DEATH_DISCUSSION = ("C0051", 71, "死亡病例讨论记录", "Death case discussion")
    ORDERS = ("C0052", 72, "住院医嘱", "Inpatient orders")
    DISCHARGE_SUMMARY = ("C0053", 73, "出院小结", "Discharge summary")
    CHECK_UP = ("HSDC00.01", 16, "成人健康体检", "Adult health check-up")

    code: str
    template_id: str
    title_zh: str
    title_en: str


BY_CODE = {kind.code: kind for kind in Kind}
BY_TEMPLATE = {kind.template_id: kind for kind in Kind}
