"""Every message of the checks of the body, out of a sample with one thing changed."""

from __future__ import annotations

import re

import pytest

from openrhip.formats import cda
from openrhip.formats.cda import catalogue
from openrhip.formats.cda.check import MESSAGES
from openrhip.formats.cda.kinds import Kind
from openrhip.kernel.errors import Malformed

SAMPLES = cda.samples()
OPERATION = "C0009/sun-jl.xml"
BIRTH = "C0015/lin-jl.xml"


def value_of(element: str, inside: str) -> str:
    """A pattern for the value element of a data element, with one thing in it changed."""
    return rf'(code="{element}"[^>]*>(?:\s*<qualifier>.*?</qualifier>\s*</code>)?\s*<value [^>]*?){inside}'


CASES = [
    # code, sample, pattern, replacement, part of the place
    ("body", "C0038/wang-jl.xml", r"(?s)<structuredBody>.*</structuredBody>", "<structuredBody/>", "/component"),
    ("body-direct", "C0038/wang-jl.xml", r"(?s)<component>\s*<structuredBody>(.*)</structuredBody>\s*</component>", r"\1", "/component/section"),
    ("section-missing", OPERATION, r'(?s)<component>\s*<section>\s*<code code="8724-7".*?</section>\s*</component>', "", "/structuredBody"),
    ("element-missing", OPERATION, 'code="DE06.00.268.00"', 'code="DE06.00.999.00"', "section[10216-0"),
    ("element-missing", OPERATION, r'(?s)<entryRelationship typeCode="COMP">\s*<observation[^>]*>\s*<code code="DE06.00.260.00".*?</entryRelationship>', "", "/entry[1]/observation"),
    ("element-empty", "C0038/wang-jl.xml", r'(code="DE06.00.309.00".*\s*<value xsi:type="ST">)[^<]+', r"\1", "/value"),
    ("type-differs", OPERATION, r'xsi:type="PQ" value="180"', 'xsi:type="ST" value="180"', "/value"),
    ("flag-unreadable", OPERATION, r'xsi:type="BL" value="true"', 'xsi:type="BL" value="1"', "/value"),
    ("time-unreadable", "C0050/he-jl.xml", r'xsi:type="TS" value="20260803064200"', 'xsi:type="TS" value="20261303"', "/value"),
    ("time-unreadable", OPERATION, r'<low value="2026061908\d+"/>', '<low value="yesterday"/>', "/low"),
    ("quantity-unreadable", OPERATION, r'value="180" unit="mL"', 'value="~180" unit="mL"', "/value"),
    ("quantity-negative", OPERATION, r'value="180" unit="mL"', 'value="-180" unit="mL"', "/value"),
    ("unit-differs", OPERATION, r'value="180" unit="mL"', 'value="180" unit="L"', "/value"),
    ("media-unreadable", "C0006/qian-jl.xml", r'(?s)(representation="B64"[^>]*>)[^<]{40}', r"\1!!", "/value"),
    ("code-missing", OPERATION, r'code="4" (displayName="四级手术")', r"\1", "/value"),
    ("code-unknown", OPERATION, r'code="4" displayName="四级手术"', 'code="8" displayName="八级手术"', "/value"),
    ("code-shape", OPERATION, r'code="C18.700"', 'code="结肠癌"', "/value"),
    ("code-contradicts", OPERATION, r'code="4" displayName="四级手术"', 'code="4" displayName="一级手术"', "/value"),
    ("code-system", OPERATION, r"2\.16\.156\.10011\.2\.3\.1\.258", "2.16.156.10011.2.3.3.11.3", "/value"),
    ("period-order", OPERATION, r'<high value="20260619\d+"/>', '<high value="20260619010000"/>', "/effectiveTime"),
    ("period-order", "C0016/jin-jl.xml", value_of("DE06.00.221.00", r'value="\d+"'), r'\1value="20260711180000"', "/value"),
    ("procedure-future", OPERATION, r'<low value="2026061908\d+"/>', '<low value="20270101080000"/>', "/effectiveTime"),
    ("procedure-before-birth", OPERATION, r'<low value="2026061908\d+"/>', '<low value="19600101080000"/>', "/effectiveTime"),
    ("stay-order", "C0049/sun-jl.xml", value_of("DE06.00.017.00", r'value="\d+"'), r'\1value="20260601083000"', "/value"),
    ("stay-days", "C0033/ayi-xw.xml", value_of("DE06.00.310.00", r'value="14"'), r'\1value="41"', "/value"),
    ("death-time", "C0050/he-jl.xml", "DE02.01.036.00", "DE02.01.999.00", "/structuredBody"),
    ("death-order", "C0050/he-jl.xml", value_of("DE02.01.036.00", r'value="\d+"'), r'\1value="20260701064200"', "/value"),
    ("sex-of-element", BIRTH, r'code="2" displayName="女性"( codeSystem="2.16.156.10011.2.3.3.4"[^>]*/>\s*<birth)', r'code="1" displayName="男性"\1', "/value"),
    ("age-disagrees", OPERATION, r'<age value="60"', '<age value="6"', "/age"),
    ("dose", "C0004/xu-jl.xml", r'<doseQuantity value="[^"]+"', '<doseQuantity value="0"', "/doseQuantity"),
    ("pressure-order", BIRTH, value_of("DE04.10.174.00", r'value="\d+"'), r'\1value="40"', "/value"),
    ("implausible", BIRTH, value_of("DE04.10.019.00", r'value="3280"'), r'\1value="32800"', "/value"),
    ("fees-total", "C0033/ayi-xw.xml", 'value="9286.40"', 'value="9886.40"', "/value"),
    ("fees-part", "C0033/ayi-xw.xml", 'value="1857.28"', 'value="18570.28"', "/value"),
    ("pregnancy-dates", "C0014/lin-jl.xml", value_of("DE05.10.098.00", r'value="\d+"'), r'\1value="20261105"', "/value"),
    ("labour-times", BIRTH, value_of("DE04.10.236.00", r'value="755"'), r'\1value="555"', "/value"),
    ("flag-contradicts", "C0018/he-jl.xml", value_of("DE02.10.023.00", r'value="true"'), r'\1value="false"', "/value"),
    ("transfer-target", "C0033/ayi-xw.xml", r'code="1" displayName="医嘱离院"', 'code="2" displayName="医嘱转院"', "/value"),
    ("number-missing", "C0050/he-jl.xml", r'<id root="2.16.156.10011.1.12" extension="[^"]+"/>', "", "/patientRole/id"),
    ("signature-missing", OPERATION, r"(?s)<authenticator .*</authenticator>", "", "/authenticator"),
]  # fmt: skip
STRICT = [
    ("element-repeated", OPERATION, r'(?s)(<entry typeCode="COMP">\s*<observation[^>]*>\s*<code code="DE06.00.268.00".*?</entry>)', r"\1\1", "/observation"),
    ("text-long", "C0046/sun-jl.xml", r'(code="DE06.00.271.00".*\s*<value xsi:type="ST">)', r"\1" + "备" * 1001, "/value"),
]  # fmt: skip


def changed(name: str, pattern: str, new: str) -> bytes:
    text, number = re.subn(pattern, new, SAMPLES[name].decode(), count=1)
    assert number == 1
    return text.encode()


@pytest.mark.parametrize(
    ("code", "name", "pattern", "new", "where"), CASES, ids=lambda one: str(one)[:24]
)
def test_each_fault_is_found_with_place_and_instruction(code, name, pattern, new, where):
    assert code not in {one.code for one in cda.check(SAMPLES[name])}
    xml = changed(name, pattern, new)
    found = [one for one in cda.check(xml) if one.code == code]
    assert found
    assert found == [one for one in cda.check(cda.parse(xml)) if one.code == code]
    for one in found:
        assert one.where.startswith("/ClinicalDocument")
        assert all((one.text_zh, one.text_en, one.remedy, one.remedy_zh))
        assert one.ok is (one.severity == "warning") is (MESSAGES[code].severity == "warning")
    assert where in found[0].where


@pytest.mark.parametrize(
    ("code", "name", "pattern", "new", "where"), STRICT, ids=lambda one: str(one)[:24]
)
def test_what_only_strictness_looks_at(code, name, pattern, new, where):
    xml = changed(name, pattern, new)
    assert code not in {one.code for one in cda.check(xml)}
    found = [one for one in cda.check(xml, strict=True) if one.code == code]
    assert found
    assert where in found[0].where


def test_every_message_has_a_case():
    assert {case[0] for case in (*CASES, *STRICT)} == set(MESSAGES)


def test_what_is_missing_refuses_only_when_asked_to_be_strict():
    xml = changed(OPERATION, 'code="DE06.00.268.00"', 'code="DE06.00.999.00"')
    lenient = next(one for one in cda.check(xml) if one.code == "element-missing")
    strict = next(one for one in cda.check(xml, strict=True) if one.code == "element-missing")
    assert (lenient.ok, lenient.severity) == (True, "warning")
    assert (strict.ok, strict.severity) == (False, "error")
    assert "DE06.00.268.00" in lenient.text_zh
    assert "DE06.00.268.00" in lenient.text_en


def test_sections_right_below_the_root_are_read_as_well():
    xml = SAMPLES["C0038/wang-jl.xml"]
    loose = re.sub(rb"</?structuredBody>", b"", xml)
    loose = re.sub(
        rb"<component>\s*(<component>.*</component>)\s*</component>", rb"\1", loose, flags=re.DOTALL
    )
    assert [one.title for one in cda.parse(loose).sections] == [
        one.title for one in cda.parse(xml).sections
    ]
    assert cda.record_of(loose) == cda.record_of(xml)


def test_a_null_flavour_says_that_there_is_nothing_to_say():
    xml = changed(OPERATION, r'(xsi:type="PQ") value="180" unit="mL"', r'\1 nullFlavor="UNK"')
    assert not cda.check(xml)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_have_nothing_wrong_however_they_are_given(name):
    document = cda.parse(SAMPLES[name])
    assert cda.check(SAMPLES[name]) == cda.check(document) == ()
    assert all(one.ok for one in cda.check(document, strict=True))


def test_deployed_object_identifiers_are_told_not_refused():
    """The public templates write several value sets under one OID; we say which is right."""
    for table in catalogue.value_sets().values():
        assert table.oid not in table.also
    xml = changed("C0010/sun-jl.xml", r"2\.16\.156\.10011\.2\.3\.1\.250", "2.16.156.10011.2.3.1.85")
    found = cda.check(xml)
    assert [(one.code, one.ok) for one in found] == [("code-system", True)]
    assert "2.16.156.10011.2.3.1.250" in found[0].text_zh


def test_codes_with_a_leading_zero_more_or_less_are_the_same():
    xml = changed(OPERATION, r'code="4" displayName="四级手术"', 'code="04" displayName="四级手术"')
    assert not cda.check(xml)


def test_a_document_of_no_template_is_refused_as_before():
    with pytest.raises(Malformed):
        cda.check(
            SAMPLES[OPERATION].replace(b"2.16.156.10011.2.1.1.29", b"2.16.156.10011.2.1.1.99")
        )


def test_the_catalogue_has_all_fifty_three_kinds():
    kinds = [kind for kind in Kind if kind.code.startswith("C0")]
    assert len(kinds) == 53
    for kind in kinds:
        spec = catalogue.of(kind)
        assert spec.sections
        assert any(slot.required for _, slot in spec.slots()), kind
        assert any(item.place == "patient" and item.required for item in spec.header)
        for _, slot in spec.slots():
            assert slot.name, kind
            if slot.set_id and slot.set_id not in {"drug", "material"}:
                assert slot.set_id in catalogue.value_sets()
    assert {name.partition("/")[0] for name in SAMPLES} == {kind.code for kind in kinds}
