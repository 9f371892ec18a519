"""Whatever the record says stands on its pages: values, narrative, header, people, numbers."""

from __future__ import annotations

import dataclasses
import re

import pytest

from openrhip.formats import cda, ofd
from openrhip.formats.cda import oids, values
from openrhip.formats.cda.layout import legible
from openrhip.formats.cda.model import Entry, Grid, Line, Picture, Section

SAMPLES = cda.samples()
# flags print as a word of the form (有/无, 良好/欠佳, 1/2), box codes as the code itself
FLAGS = {"BL"}
BOXED = {  # 病案首页 prints these as a code in a box with its meanings beside it
    "DE04.50.001.00", "DE04.50.010.00", "DE06.00.223.00", "DE09.00.104.00", "DE09.00.103.00",
}  # fmt: skip


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u3000]+", "", text)


def printed(xml: bytes) -> str:
    pages = ofd.text(cda.lay_out(cda.parse(xml), source=xml))
    bodies = [squeezed(page) for page in pages]
    return "".join(bodies)


def wanted_of(entry: Entry) -> list[str]:
    texts = [entry.text, entry.reference.split(" ")[0]]  # the unit has a column of its own
    if entry.form == "procedure":
        texts += [entry.code.code, entry.code.display]
    for value in entry.values:
        if value.kind in FLAGS:
            continue
        if entry.code.code in BOXED and value.coded:
            texts.append(value.coded.code)
        else:
            texts.append((value.number or value.text).removesuffix("处方"))  # the box says 普通
    texts += [fact.text for fact in entry.facts]
    for one in entry.people:
        texts += [one.name, one.organization.name if one.organization else "", *one.extra]
    for at in (entry.time.low, entry.time.high):
        texts.append(values.show(at)[:10])
    for part in entry.parts:
        texts += wanted_of(part)
    return texts


def wanted_in(section: Section) -> list[str]:
    texts = []
    for block in section.blocks:
        if isinstance(block, Line):
            texts.append(block.text)
        elif isinstance(block, Grid):
            texts += [block.caption, *block.heads, *(cell for row in block.rows for cell in row)]
        elif isinstance(block, Picture):
            texts.append(block.caption)
    for entry in section.entries:
        texts += wanted_of(entry)
    for below in section.sections:
        texts += wanted_in(below)
    return texts


def header_of(document: cda.ClinicalDocument) -> list[str]:
    patient, visit = document.patient, document.encounter
    texts = [
        document.custodian.name, document.document_id.extension, patient.name, patient.age,
        patient.id_number, patient.health_card, patient.phone, patient.address, patient.employer,
        patient.birthplace, patient.native_place, patient.household, patient.occupation.text,
        values.show(patient.birth), values.show(visit.start), values.show(visit.end),
        values.show(document.effective_time), visit.place(oids.DEPARTMENT), visit.place(oids.WARD),
        visit.place(oids.ROOM), visit.place(oids.BED),
    ]  # fmt: skip
    texts += [one.extension for one in patient.ids]
    texts += [text for _, text in patient.extra]
    people = [*document.authors, *document.authenticators, *document.participants]
    people += [one for one in (document.legal_authenticator, document.data_enterer) if one]
    for one in people:
        texts += [one.name, one.phone, one.address, values.show(one.time)]
    return texts


def missing(xml: bytes, document: cda.ClinicalDocument) -> list[str]:
    shown = printed(xml)
    told = [text for section in document.sections for text in wanted_in(section)]
    told += header_of(document)
    return sorted({text for text in told if text and squeezed(legible.text(text)) not in shown})


@pytest.mark.parametrize("name", [name for name in SAMPLES if "series" not in name])
def test_every_text_of_a_sample_is_on_its_pages(name):
    xml = SAMPLES[name]
    lost = missing(xml, cda.parse(xml))
    lost = [text for text in lost if not _across_pages(text, xml)]
    assert lost == []


def _across_pages(text: str, xml: bytes) -> bool:
    """A long text that a page break cuts: every one of its sentences must be there."""
    shown = printed(xml)
    parts = [part for part in re.split(r"[，。；\n]", text) if part]
    lost = [part for part in parts if squeezed(legible.text(part)) not in shown]
    return len(parts) > 3 and len(lost) <= 1


def test_every_result_of_the_long_series_is_on_its_pages():
    xml = next(body for name, body in SAMPLES.items() if "series" in name)
    document = cda.parse(xml)
    package = cda.lay_out(document, source=xml)
    pages = ofd.text(package)
    assert len(pages) >= 40
    shown = squeezed("".join(pages))
    rows = [entry for section in document.sections for entry in section.entries]
    items = [item for group in rows if group.form == "organizer" for item in group.parts]
    assert len(items) > 1400
    for item in items:
        row = f"{item.code.text}{item.values[0].number}"
        assert squeezed(row) in shown


@pytest.mark.parametrize("kind", list(cda.Kind))
def test_every_kind_can_be_laid_out_and_keeps_unknown_sections(kind):
    """Sections and entries no template knows are printed in the plain form."""
    xml = SAMPLES["C0053/sun-jl.xml"]
    document = cda.parse(xml)
    strange = Section(
        cda.Coded(display="院内章节"),
        "院内自定义章节",
        (Line("自定义叙述内容甲"),),
        (Entry("observation", cda.Coded(code="X1", display="自定义条目"), (
            values.Value("ST", "自定义结果乙"), values.Value("ST", "第二个值丙"))),),
    )  # fmt: skip
    changed = dataclasses.replace(document, kind=kind, sections=(*document.sections, strange))
    shown = squeezed("".join(ofd.text(cda.lay_out(changed, source=xml))))
    for text in ("院内自定义章节", "自定义叙述内容甲", "自定义条目", "自定义结果乙", "第二个值丙"):
        assert text in shown
    for section in document.sections:
        for text in wanted_in(section):
            line = squeezed(text)
            assert not line or line[:20] in shown
