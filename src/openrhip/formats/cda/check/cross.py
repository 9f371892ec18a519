"""Rules across fields (字段间校验): what no single value can show."""

from __future__ import annotations

from datetime import datetime, timedelta

from openrhip.formats.cda import oids, values
from openrhip.formats.cda.catalogue import of as catalogue_of
from openrhip.formats.cda.check import content
from openrhip.formats.cda.check.fees import fees
from openrhip.formats.cda.check.walk import Walk
from openrhip.formats.cda.kinds import Kind
from openrhip.formats.cda.model import ClinicalDocument
from openrhip.formats.cda.tree import NS, Element
from openrhip.kernel.clock import CITY_ZONE

_ADMITTED, _DISCHARGED, _DIED = "DE06.00.092.00", "DE06.00.017.00", "DE02.01.036.00"
_STARTED, _ENDED = "DE06.00.221.00", "DE06.00.218.00"
_DEATHS = frozenset({Kind.SHORT_STAY_DEATH, Kind.DEATH})
_BIRTHS = frozenset({Kind.LABOUR, Kind.BIRTH, Kind.CAESAREAN})
_OF_WOMEN = {
    "DE04.01.108.00": "DE04.01.108.00 孕次", "DE02.10.002.00": "DE02.10.002.00 产次",
    "DE02.10.051.00": "DE02.10.051.00 末次月经日期", "DE05.10.098.00": "DE05.10.098.00 预产期",
    "DE02.01.014.00": "DE02.01.014.00 胎儿娩出日期时间",
}  # fmt: skip
_PLAUSIBLE = {
    "DE04.10.186.00": ("体温", 25, 45), "DE04.10.118.00": ("脉率", 0, 300),
    "DE04.10.206.00": ("心率", 0, 350), "DE04.10.081.00": ("呼吸频率", 0, 150),
    "DE04.10.082.00": ("呼吸频率", 0, 150), "DE04.10.174.00": ("收缩压", 0, 350),
    "DE04.10.176.00": ("舒张压", 0, 250), "DE04.10.167.00": ("身高", 20, 260),
    "DE04.10.188.00": ("体重", 0.3, 400), "DE04.50.149.00": ("血氧饱和度", 0, 100),
    "DE05.10.001.00": ("Apgar评分", 0, 10), "DE04.10.019.00": ("新生儿体重", 200, 8000),
    "DE04.10.018.00": ("新生儿身长", 15, 75), "DE04.10.183.00": ("胎心率", 0, 300),
    "DE04.50.102.00": ("血糖", 0, 100),
}  # fmt: skip
_POSITIVE = {
    "DE06.00.135.00": "DE06.00.135.00 药物使用总剂量",
    "DE06.00.294.00": "DE06.00.294.00 处方有效天数",
    "DE08.50.050.00": "DE08.50.050.00 中药饮片剂数",
}  # fmt: skip
_NONE_SAID = frozenset({"", "无", "否认", "-", "—", "/", "无特殊", "未发现"})
_INPATIENT_LEEWAY = 1  # days


def facts(walk: Walk, head: ClinicalDocument, root: Element) -> None:
    """Every rule that applies to the kind, over what the walk has noted."""
    _stay(walk, head)
    if head.kind in _DEATHS:
        _death(walk, head)
    _operations(walk, head)
    _people(walk, head)
    _measures(walk)
    if head.kind in {Kind.FRONT_SHEET, Kind.TCM_FRONT_SHEET}:
        fees(walk)
        _transfer(walk)
    if head.kind in _BIRTHS:
        _birth(walk)
    _header(walk, head, root)


def _when(walk: Walk, element: str) -> tuple[Element, datetime] | None:
    """The first readable time of a data element."""
    for value in walk.facts.get(element, ()):
        at = values.moment((value.get("value") or "").strip())
        if at is not None and at.at is not None:
            return value, at.at
    return None


def _amount(walk: Walk, element: str) -> tuple[Element, float] | None:
    for value in walk.facts.get(element, ()):
        number = content.number((value.get("value") or "").strip())
        if number is not None:
            return value, number
    return None


def _stay(walk: Walk, head: ClinicalDocument) -> None:
    visit = head.encounter
    came = _when(walk, _ADMITTED)
    left = _when(walk, _DISCHARGED)
    start = came[1] if came else visit.start.at if visit.start else None
    if left and start and left[1].date() < start.date():
        walk.say("stay-order", left[0])
    end = left[1] if left else visit.end.at if visit.end else None
    days = _amount(walk, "DE06.00.310.00")
    if days and start and end:
        first, last = start.astimezone(CITY_ZONE).date(), end.astimezone(CITY_ZONE).date()
        if abs(days[1] - max((last - first).days, 1)) > _INPATIENT_LEEWAY:
            walk.say("stay-days", days[0])


def _death(walk: Walk, head: ClinicalDocument) -> None:
    died = _when(walk, _DIED)
    if died is None:
        if _DIED not in walk.facts:
            walk.say("death-time", "/ClinicalDocument/component/structuredBody")
        return
    came = _when(walk, _ADMITTED)
    start = came[1] if came else head.encounter.start.at if head.encounter.start else None
    made = head.effective_time.at
    if (start and died[1] < start) or (made and died[1] > made + timedelta(minutes=10)):
        walk.say("death-order", died[0])


def _operations(walk: Walk, head: ClinicalDocument) -> None:
    """Start and end as elements of their own; operations before the patient was born."""
    started, ended = _when(walk, _STARTED), _when(walk, _ENDED)
    if started and ended and head.kind in {Kind.CAESAREAN, Kind.RESCUE} and ended[1] < started[1]:
        walk.say("period-order", ended[0])
    born = head.patient.birth_date
    if born is None:
        return
    for operation in walk.operations:
        time = operation.find(NS + "effectiveTime")
        if time is None:
            continue
        for one in (time, *time):
            at = values.moment((one.get("value") or "").strip())
            if at is not None and at.at is not None and at.at.astimezone(CITY_ZONE).date() < born:
                walk.say("procedure-before-birth", time)
                break


def _people(walk: Walk, head: ClinicalDocument) -> None:
    patient = head.patient
    if patient.sex.code == "1":
        for element, name in _OF_WOMEN.items():
            for value in walk.facts.get(element, ()):
                walk.say("sex-of-element", value, name)
        if head.kind in _BIRTHS:
            where = "/ClinicalDocument/recordTarget/patientRole/patient/administrativeGenderCode"
            walk.say("sex-of-element", where, head.kind.title_zh)
    age = patient.age.removesuffix("岁")
    made, born = head.effective_time.at, patient.birth_date
    if made and born and age.isdigit() and len(age) < 4:
        today = made.astimezone(CITY_ZONE).date()
        years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
        if abs(years - int(age)) > 1:
            walk.say("age-disagrees", "/ClinicalDocument/recordTarget/patientRole/patient/age")


def _measures(walk: Walk) -> None:
    noted = walk.facts
    for element, (name, low, high) in _PLAUSIBLE.items():
        for value in noted.get(element, ()):
            number = content.number((value.get("value") or "").strip())
            if number is not None and not low <= number <= high:
                walk.say("implausible", value, f"{element} {name}")
    for element, name in _POSITIVE.items():
        for value in noted.get(element, ()):
            number = content.number((value.get("value") or "").strip())
            if number is not None and number <= 0:
                walk.say("dose", value, name)
    upper, lower = noted.get("DE04.10.174.00", ()), noted.get("DE04.10.176.00", ())
    for one, other in zip(upper, lower, strict=False):
        high_raw, low_raw = (one.get("value") or "").strip(), (other.get("value") or "").strip()
        systolic, diastolic = content.number(high_raw), content.number(low_raw)
        if systolic is not None and diastolic is not None and systolic <= diastolic:
            walk.say("pressure-order", one)
    _allergies(walk)


def _allergies(walk: Walk) -> None:
    """过敏史标志 false with an allergy described below it."""
    for flag in walk.facts.get("DE02.10.023.00", ()):
        if flag.get("value") != "false":
            continue
        statement = flag.getparent()
        if statement is None:
            continue
        texts = [*statement.iterfind(f"{NS}entryRelationship/{NS}observation/{NS}value"),
                 *statement.iter(NS + "desc")]  # fmt: skip
        said = [(text.text or "").strip() for text in texts]
        if any(text not in _NONE_SAID and not text.startswith(("否认", "无")) for text in said):
            walk.say("flag-contradicts", flag, "DE02.10.023.00 过敏史标志")


def _transfer(walk: Walk) -> None:
    for value in walk.facts.get("DE06.00.223.00", ()):
        named = any((one.text or "").strip() for one in walk.facts.get("DE08.10.013.00", ()))
        if value.get("code") in {"2", "3"} and not named:
            walk.say("transfer-target", value)


def _birth(walk: Walk) -> None:
    last, due = _when(walk, "DE02.10.051.00"), _when(walk, "DE05.10.098.00")
    if last and due and not timedelta(days=245) <= due[1] - last[1] <= timedelta(days=315):
        walk.say("pregnancy-dates", due[0])
    whole = _amount(walk, "DE04.10.236.00")
    stages = [_amount(walk, one) for one in ("DE06.00.021.00", "DE06.00.019.00", "DE06.00.020.00")]
    if whole and all(stages) and abs(whole[1] - sum(one[1] for one in stages if one)) > 5:
        walk.say("labour-times", whole[0])


def _header(walk: Walk, head: ClinicalDocument, root: Element) -> None:
    """Numbers and signatures that the kind needs; age and the rest are rules of every kind."""
    items = catalogue_of(head.kind).header
    have = {one.root for one in head.patient.ids}
    for item in items:
        if item.place == "number" and item.required and f"{_NUMBERS}{item.code}" not in have:
            where = "/ClinicalDocument/recordTarget/patientRole/id"
            walk.say("number-missing", where, item.name)
    roles = [item.name for item in items if item.place == "signer"]
    if roles and root.find(NS + "legalAuthenticator") is None and not head.authenticators:
        walk.say("signature-missing", "/ClinicalDocument/authenticator", "、".join(roles))


_NUMBERS = oids.OUTPATIENT.removesuffix("11")
