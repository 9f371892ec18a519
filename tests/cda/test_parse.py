"""Reading shared documents: header, body, values, narrative."""

from __future__ import annotations

from datetime import date

import pytest

from openrhip.formats import cda
from openrhip.formats.cda import oids, values
from openrhip.formats.cda.kinds import BY_CODE, BY_TEMPLATE
from openrhip.formats.cda.model import Grid, Line, Picture

SAMPLES = cda.samples()
PNG = b"\x89PNG\r\n\x1a\n"


def sample(name: str) -> cda.ClinicalDocument:
    return cda.parse(SAMPLES[name])


def test_there_are_three_samples_of_every_kind_asked_for():
    counts: dict[str, int] = {}
    for name in SAMPLES:
        counts[name.split("/", maxsplit=1)[0]] = counts.get(name.split("/", maxsplit=1)[0], 0) + 1
    wanted = {"C0001", "C0002", "C0032", "C0034", "C0053", "C0007", "C0006", "C0004", "C0005"}
    assert wanted <= counts.keys()
    assert all(counts[code] >= 3 for code in wanted)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_accepted_and_is_of_its_kind(name):
    document = sample(name)
    assert document.kind.code == name.split("/", maxsplit=1)[0]
    assert cda.check(document) == ()


def test_templates_follow_the_numbering_of_the_standard():
    for kind in cda.Kind:
        if kind.code.startswith("C"):
            number = int(kind.code[1:])
            assert kind.template_id == f"2.16.156.10011.2.1.1.{20 + number}"
    assert len(BY_CODE) == len(BY_TEMPLATE) == 54


def test_the_header_of_a_discharge_summary():
    document = sample("C0053/wang-jl-1.xml")
    patient = document.patient
    assert document.document_id == cda.Identifier(oids.DOCUMENT, "JL-C0053-2026051600017")
    assert (document.version, document.set_id) == (1, "JL-C0053-2026051600017")
    assert (patient.name, patient.sex.code, patient.birth_date) == (
        "王建国",
        "1",
        date(1953, 4, 12),
    )
    assert patient.id_number == "320100195304129931"
    assert (patient.inpatient_number, patient.health_card) == ("JL26050731", "JK32010000000001")
    assert patient.address == "江苏省南京市秦淮区示范巷12号3幢502室"
    assert document.custodian == cda.Organization(
        "123201069990001A3T", "金陵示范医院", oids.INSTITUTION
    )
    assert [one.code for one in document.authors] == ["JL0102"]
    assert document.authenticator is document.legal_authenticator
    assert [one.role for one in document.authenticators] == ["上级医师"]
    assert document.confidentiality.code == "N"


def test_the_places_of_an_encounter_from_bed_to_hospital():
    visit = sample("C0053/wang-jl-1.xml").encounter
    assert [one.name for one in visit.places] == [
        "17",
        "0806",
        "心血管内科",
        "心内一病区",
        "金陵示范医院",
    ]
    assert visit.place(oids.DEPARTMENT) == "心血管内科"
    assert values.show(visit.start) == "2026-05-07 09:15"


def test_a_correction_names_what_it_replaces():
    document = sample("C0053/wang-jl-2.xml")
    assert document.version == 2
    assert document.replaces is not None
    assert document.replaces.document_id.extension == "JL-C0053-2026051600017"
    assert document.replaces.version == 1
    assert document.set_id == document.replaces.set_id


def test_sections_entries_and_values():
    document = sample("C0053/wang-jl-1.xml")
    assert document.text_of("DE06.00.310.00") == "9 天"
    assert document.text_of("DE05.10.113.00") == "好转"
    surgery = document.section("47519-4")
    assert surgery is not None
    procedure = surgery.entries[0]
    assert (procedure.form, procedure.code.code) == ("procedure", "36.0601")
    assert procedure.part("DE06.00.073.00").values[0].text == "局部麻醉"
    assert document.entry("DE99.99.999.99") is None


def test_a_laboratory_item_has_result_range_and_interpretation():
    document = sample("C0007/liu-jl.xml")
    item = next(
        one for one in document.section("30954-2").entries if one.form == "organizer"
    ).parts[0]
    result = item.part("DE04.30.015.00")
    assert item.values[0].coded.code == "6690-2"
    assert (result.values[0].number, result.interpretation.code) == ("15.83", "H")
    assert result.reference == "3.50~9.50 10^9/L"


def test_drugs_of_a_prescription():
    document = sample("C0004/chen-jl.xml")
    drug = document.section("10160-0").entries[0]
    facts = {fact.label: fact.text for fact in drug.facts}
    assert facts["药物名称"] == "注射用头孢曲松钠"
    assert facts["用药剂量-单次"] == "0.8 g"
    assert facts["用药途径"] == "静脉滴注"
    assert drug.part("DE08.50.043.00").values[0].text == "0.5g×1支"


def test_embedded_pictures_and_their_captions():
    document = sample("C0006/qian-jl.xml")
    section = next(one for one in document.sections if one.media)
    assert [one.media_type for one in section.media] == ["image/png", "image/png"]
    assert all(one.data.startswith(PNG) for one in section.media)
    named = [block for block in section.blocks if isinstance(block, Picture)]
    assert [one.media_id for one in named] == [one.id for one in section.media]


def test_narrative_tables_and_lists():
    document = sample("C0053/sun-jl.xml")
    section = next(one for one in document.sections if one.title == "病理")
    table = next(block for block in section.blocks if isinstance(block, Grid))
    assert table.heads == ("项目", "结果")
    assert ("浸润深度", "浆膜下层(pT3)") in table.rows
    assert Line("微卫星稳定(MSS)", "•") in section.blocks
    assert next(one for one in document.sections if one.title == "随访指导").blocks == ()


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("2026", "2026"), ("202603", "2026-03"), ("20260305", "2026-03-05"),
        ("2026030514", "2026-03-05 14:00"), ("20260305142030", "2026-03-05 14:20"),
        ("20260305142030.123+0800", "2026-03-05 14:20"), ("20260305T142030", "2026-03-05 14:20"),
        ("20260305062030+0000", "2026-03-05 14:20"), ("not a time", "not a time"),
        ("20261341", "20261341"), ("99999999999999", "99999999999999"),
        ("00010101000000+1400", "00010101000000+1400"),
    ],
)  # fmt: skip
def test_times(raw, shown):
    assert values.show(values.moment(raw)) == shown


def test_rare_characters_survive():
    names = {cda.parse(xml).patient.name for xml in SAMPLES.values()}
    assert {"钱㛃", "刘䶮", "张𠮷祥", "阿依古丽·买买提"} <= names
