"""PDFs that a hospital hands in: pictures that look the same, text that can be found, OFD-H."""

import io

import pikepdf
import pytest

from openrhip.agent.sealing import wrap_pdf
from openrhip.agent.wrapping import MOST_PAGES, pages
from openrhip.formats import cda, ofd
from openrhip.formats.ofd import render
from openrhip.formats.ofd.profiles import ofd_h
from openrhip.kernel.errors import Malformed, TooLarge


@pytest.fixture(scope="module")
def source():
    samples = cda.samples()
    return samples[next(name for name in samples if name.startswith("C0053/"))]


@pytest.fixture(scope="module")
def pdf(source):
    return render.to_pdf(cda.lay_out(cda.parse(source), source=source))


def blank(count):
    out = io.BytesIO()
    with pikepdf.new() as made:
        for _ in range(count):
            made.add_blank_page(page_size=(100, 100))
        made.save(out)
    return out.getvalue()


def test_a_wrapped_pdf_keeps_the_profile_but_for_signatures(pdf, source):
    package = ofd.open_package(wrap_pdf(pdf, source))
    broken = {one.code for one in ofd_h.check(package) if not one.ok}
    assert broken == {"ofd-h.signed"}
    assert [one.name for one in package.attachments()] == ["source.xml", "original.pdf"]
    assert {"anchor:author-signature", "anchor:seal"} <= {tag.name for tag in package.tags()}
    assert package.metadata["PatientName"] == cda.parse(source).patient.name


def test_its_text_is_found_behind_nothing(pdf, source):
    document = cda.parse(source)
    cover, first = ofd.text(wrap_pdf(pdf, source))[:2]
    for shown in (cover, first):
        assert document.patient.name in shown
    assert document.title in first


def test_a_pdf_without_text_is_pictures(source):
    package = ofd.open_package(pages(blank(2)))
    assert len(package.pages) == 2
    assert ofd.text(package) == ["", ""]


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"PK\x03\x04"])
def test_what_is_no_pdf(data):
    with pytest.raises(Malformed, match="cannot be opened"):
        pages(data)


def test_too_many_pages():
    with pytest.raises(TooLarge):
        pages(blank(MOST_PAGES + 1))
