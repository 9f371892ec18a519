"""The sealed record's inside: tags, anchors, attachment, page sizes, metadata, repeatable bytes."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from openrhip.formats import cda, ofd
from openrhip.formats.cda.layout import ATTACHMENT, legible, story_of

SAMPLES = cda.samples()
SHORT = [name for name in SAMPLES if "series" not in name]


def laid_out(name: str) -> bytes:
    xml = SAMPLES[name]
    return cda.lay_out(cda.parse(xml), source=xml)


def tagged(package: bytes) -> dict[str, str]:
    return {region.name: region.text for region in ofd.regions(package)}


@pytest.mark.parametrize("name", SHORT)
def test_source_anchors_and_data_elements_are_inside(name):
    package = laid_out(name)
    opened = ofd.open_package(package)
    inside = {one.name: one for one in opened.attachments()}
    assert opened.read(inside[ATTACHMENT].part) == SAMPLES[name]
    names = [one.name for one in opened.tags()]
    assert names.count("anchor:author-signature") == 1
    assert names.count("anchor:seal") == 1
    assert len([one for one in names if one.startswith(("DE", "HD"))]) > 10


def test_the_same_document_gives_the_same_bytes():
    assert laid_out("C0053/wang-jl-1.xml") == laid_out("C0053/wang-jl-1.xml")
    assert laid_out("C0053/wang-jl-1.xml") != laid_out("C0053/wang-jl-2.xml")


def test_values_can_be_read_back_by_data_element():
    found = tagged(laid_out("C0053/wang-jl-1.xml"))
    assert found["DE02.01.039.00"] == "王建国"
    assert found["DE02.01.030.00"] == "320100195304129931"
    assert found["DE06.00.310.00"] == "9天"
    assert "冠状动脉造影" in found["DE05.10.063.00"]


def test_fees_of_the_front_sheet_can_be_read_back():
    found = tagged(laid_out("C0032/zhang-xw.xml"))
    assert found["HDSD00.11.142"] == "52318.66"
    assert found["DE02.01.040.00"] == "1"
    assert found["DE05.10.152.00"] == "小汽车驾驶员在交通事故中损伤"


@pytest.mark.parametrize(
    ("name", "pages", "wide"),
    [
        ("C0004/chen-jl.xml", 1, 148.0), ("C0005/ayi-xw.xml", 1, 148.0),
        ("C0032/sun-jl.xml", 2, 210.0), ("C0007/wang-jl.xml", 1, 210.0),
        ("C0006/qian-jl.xml", 1, 210.0), ("C0034/liu-jl.xml", 3, 210.0),
    ],
)  # fmt: skip
def test_pages_and_paper(name, pages, wide):
    xml = SAMPLES[name]
    story = story_of(cda.parse(xml), source=xml)
    assert story.page.width == wide
    assert len(ofd.text(ofd.write(story))) == pages


def test_metadata_names_the_document_its_patient_and_who_answers_for_it():
    xml = SAMPLES["C0002/zhou-jl.xml"]
    story = story_of(cda.parse(xml), source=xml, printed_at=datetime(2026, 11, 1, tzinfo=UTC))
    facts = dict(story.metadata.custom)
    assert facts["Kind"] == "C0002"
    assert facts["Institution"] == "123201069990001A3T"
    assert facts["SourceSM3"] == hashlib.new("sm3", xml).hexdigest()
    assert story.metadata.created == datetime(2026, 11, 1, tzinfo=UTC)
    assert story.metadata.doc_type == "OFD-H"
    assert (facts["PatientName"], facts["PatientId"]) == ("周晓雯", "JL-M2026031100231")
    assert (facts["Responsible"], facts["Confidentiality"]) == ("吕志远", "N")
    assert "周晓雯" not in story.title


def test_every_page_names_the_patient_and_counts():
    pages = ofd.text(laid_out("C0034/liu-jl.xml"))
    for at, page in enumerate(pages, 1):
        assert "刘䶮" in page
        assert f"第 {at} 页" in page
        assert "JL26022119" in page


def test_a_correction_says_so():
    text = "".join(ofd.text(laid_out("C0053/wang-jl-2.xml")))
    assert "第 2 版（更正）" in text
    assert "替代 JL-C0053-2026051600017" in text


def test_rare_characters_are_drawn_and_none_is_missing():
    from openrhip.formats.ofd.writer import compose

    for name in SHORT:
        xml = SAMPLES[name]
        assert compose(story_of(cda.parse(xml), source=xml)).missing == (), name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("15.83×10⁹/L", "15.83×10^9/L"), ("10⁻³", "10^-3"), ("10¹²", "10¹²"), ("PaO₂", "PaO2"),
        ("m²", "m²"), ("无", "无"),
    ],
)  # fmt: skip
def test_exponents_stay_exponents(raw, shown):
    assert legible.text(raw) == shown


def test_results_out_of_range_carry_arrows():
    text = "".join(ofd.text(laid_out("C0007/liu-jl.xml"))).split()
    assert "↑" in text or any("↑" in part for part in text)
    assert "".join(text).count("↑") >= 4


@pytest.mark.parametrize("name", ["C0006/qian-jl.xml", "C0007/liu-jl.xml", "C0004/wang-jl.xml"])
def test_many_diagnoses_move_from_the_head_to_the_body(name):
    xml = SAMPLES[name]
    at = xml.index(b"<entry")
    end = xml.index(b"</entry>", at) + len(b"</entry>")
    grown = xml[:at] + xml[at:end] * 60 + xml[end:]
    pages = ofd.text(cda.lay_out(cda.parse(grown), source=grown))
    assert "60. " in "".join(pages)


@pytest.mark.parametrize("name", ["C0004/xu-jl.xml", "C0032/wang-jl.xml", "C0007/zhou-xw.xml"])
def test_every_form_says_that_it_is_a_correction_or_restricted(name):
    xml = SAMPLES[name].replace(b'<versionNumber value="1"/>', b'<versionNumber value="3"/>')
    xml = xml.replace(b'<confidentialityCode code="N"', b'<confidentialityCode code="V"')
    text = "".join(ofd.text(cda.lay_out(cda.parse(xml), source=xml)))
    assert "第 3 版（更正）" in text
    assert "保密级别" in "".join(text.split())
