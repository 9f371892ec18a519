"""Four properties: for each check a document that fails it, and only what it breaks."""

import io
from dataclasses import replace

import pytest

from openrhip.directory import service as directory
from openrhip.formats import cda, ofd
from openrhip.formats.cda.layout import story_of
from openrhip.formats.ofd.package_append import rewrite
from openrhip.formats.ofd.story import Attachment
from openrhip.kernel.errors import NotFound
from openrhip.records import checks, service
from openrhip.records.checks.report import Property, as_text

NAME = "C0053/wang-jl-1.xml"


def failed(report):
    return {line.id for line in report.failed}


@pytest.fixture
def judge(centre, pki, samples, jinling):
    """Seal a changed document as the hospital would, and check it."""

    def run(*, change=None, source=None, institution=jinling, sealed=None):
        text = source or samples[NAME]
        if sealed is None:
            story = story_of(cda.parse(text), source=text)
            unsigned = ofd.write(change(story) if change else story)
            sealed = pki.sealed(text, unsigned=unsigned)
        return service.four_properties(sealed, institution=institution)

    return run


def with_attachment(name, media_type, data):
    extra = Attachment(name, media_type, data)
    return lambda story: replace(story, attachments=(*story.attachments, extra))


def test_the_table_has_all_four_properties_and_unique_ids():
    ids = [check.id for check in checks.CHECKS]
    assert len(set(ids)) == len(ids)
    assert {check.property for check in checks.CHECKS} == set(Property)
    assert all(check.zh and check.en for check in checks.CHECKS)


def test_a_sound_document_passes_and_its_report_is_readable(judge):
    report = judge()
    assert report.ok
    text = as_text(report.as_dict())
    assert "真实性" in text
    assert "✗" not in text


def test_unsigned_and_only_signed_documents_lack_authenticity(judge, pki, samples):
    source = samples[NAME]
    unsigned = cda.lay_out(cda.parse(source), source=source)
    assert {"ZS-01", "ZS-03"} <= failed(judge(sealed=unsigned))
    signed = ofd.sign(unsigned, signer=pki.signer("staff", "JL0101"), timestamper=pki.tsa)
    assert "ZS-03" in failed(judge(sealed=signed))


def test_notes_that_no_signature_protects_are_refused(judge, pki, samples):
    sealed = pki.sealed(samples[NAME])
    package = ofd.open_package(sealed)
    space, at = 'xmlns:ofd="http://www.ofdspec.org/2016"', package.pages[0].id
    listed = (
        f'<ofd:Annotations {space}><ofd:Page PageID="{at}"><ofd:FileLoc>Annots/Annot_0.xml'
        "</ofd:FileLoc></ofd:Page></ofd:Annotations>"
    )
    note = (
        f'<ofd:PageAnnot {space}><ofd:Annot ID="9001" Type="Path" Creator="x"'
        ' LastModDate="2026-11-25"><ofd:Appearance Boundary="10 10 90 90"/></ofd:Annot>'
        "</ofd:PageAnnot>"
    )
    parts = {"Doc_0/Annotations.xml": listed.encode(), "Doc_0/Annots/Annot_0.xml": note.encode()}
    report = judge(sealed=rewrite(package, parts))
    assert failed(report) == {"ZS-01"}
    assert "不受该签名保护" in as_text(report.as_dict())


def test_signatures_without_timestamp_prove_no_time(judge, pki, samples, jinling):
    source = samples[NAME]
    author = next(a.code for a in cda.parse(source).authors if a.code)
    data = cda.lay_out(cda.parse(source), source=source)
    data = ofd.sign(data, signer=pki.signer("staff", author))
    data = ofd.seal(data, seal=pki.seals[jinling], signer=pki.signer("institutions", jinling))
    assert "ZS-07" in failed(judge(sealed=data))


def test_a_signer_who_is_not_the_author(judge, pki, samples):
    sealed = pki.sealed(samples[NAME], author="JL0502")
    assert failed(judge(sealed=sealed)) == {"ZS-06"}


def test_a_signer_who_left_or_works_elsewhere(judge, pki, samples, jinling):
    author = next(a.code for a in cda.parse(samples[NAME]).authors if a.code)
    directory.dismiss_staff(code=author, by="test")
    assert failed(judge()) == {"ZS-05"}


def test_a_seal_of_another_hospital(judge, pki, samples, xuanwuhu):
    sealed = pki.sealed(samples[NAME], institution=xuanwuhu)
    assert failed(judge(sealed=sealed)) == {"ZS-04"}


def test_a_staff_certificate_seals(judge, pki, samples):
    """A doctor's key alone, with a seal made by oneself, is not the hospital's word."""
    source = samples[NAME]
    document = cda.parse(source)
    me = pki.signer("staff", next(a.code for a in document.authors if a.code))
    fake = ofd.Seal.create(name=document.custodian.name, owners=[me.certificate], maker=me)
    data = ofd.sign(cda.lay_out(document, source=source), signer=me, timestamper=pki.tsa)
    data = ofd.seal(data, seal=fake, signer=me, timestamper=pki.tsa)
    report = judge(sealed=data)
    assert "ZS-04" in failed(report)
    assert "institution's own certificate" in str(report.as_dict())


def test_a_seal_with_a_name_the_institution_does_not_bear(judge, pki, samples, jinling):
    own = pki.signer("institutions", jinling)
    maker = pki.signer("maker", "maker")
    seal = ofd.Seal.create(name="江南某医院", owners=[own.certificate], maker=maker)
    data = ofd.sign(
        cda.lay_out(cda.parse(samples[NAME]), source=samples[NAME]),
        signer=pki.signer("staff", "JL0101"),
        timestamper=pki.tsa,
    )
    data = ofd.seal(data, seal=seal, signer=own, timestamper=pki.tsa)
    assert "ZS-04" in failed(judge(sealed=data))
    directory.add_alias(code=jinling, alias="江南某医院")
    assert "ZS-04" not in failed(judge(sealed=data))


@pytest.mark.parametrize(
    ("field", "lie"), [("Kind", "C0001"), ("PatientName", "某人"), ("Confidentiality", "V")]
)
def test_metadata_that_contradict_the_source(judge, field, lie):
    def change(story):
        custom = tuple(
            (name, lie if name == field else value) for name, value in story.metadata.custom
        )
        return replace(story, metadata=replace(story.metadata, custom=custom))

    assert failed(judge(change=change)) == {"ZS-08"}


def test_no_source_or_two(judge, samples):
    assert "WZ-02" in failed(judge(change=lambda story: replace(story, attachments=())))
    twice = with_attachment("second.xml", "text/xml", samples[NAME])
    assert "WZ-02" in failed(judge(change=twice))


def test_a_source_that_breaks_its_standard(judge, samples):
    broken = samples[NAME].replace(b"320100195304129931", b"320100195304129930")
    assert failed(judge(source=broken)) == {"WZ-03"}


def test_pages_of_another_patient(judge, samples):
    other = cda.parse(
        samples[
            "C0053/" + next(n for n in samples if "C0053" in n and "wang" not in n).split("/")[1]
        ]
    )
    from openrhip.formats.cda.layout import story_of as lay

    def swap(story):
        foreign = lay(other, source=samples[NAME])
        return replace(
            story,
            blocks=foreign.blocks,
            header=foreign.header,
            first_header=foreign.first_header,
            footer=foreign.footer,
        )

    assert "WZ-04" in failed(judge(change=swap))


def test_a_number_on_the_page_that_the_source_does_not_have(judge):
    def lie(story):
        text = ofd.Paragraph("体温 77.7", tag="DE04.10.186.00")
        return replace(story, blocks=(*story.blocks, text))

    source = cda.samples()[NAME]
    known = "DE04.10.186.00" in source.decode()
    assert ("WZ-05" in failed(judge(change=lie))) == known


@pytest.mark.parametrize(
    ("name", "media_type", "data", "expected"),
    [
        ("tool.exe", "application/octet-stream", b"MZ\x90\x00", {"AQ-04", "AQ-05"}),
        ("page.html", "text/html", b"<html><script>1</script>", {"AQ-04", "AQ-05"}),
        ("scan.png", "image/png", b"not a picture", {"AQ-05"}),
        ("note.docm", "application/msword", b"\xd0\xcf\x11\xe0", {"AQ-04", "AQ-05"}),
        ("more.zip", "application/zip", b"PK\x03\x04more", {"AQ-04", "AQ-05"}),
    ],
)
def test_attachments_that_are_not_plain(judge, name, media_type, data, expected):
    assert failed(judge(change=with_attachment(name, media_type, data))) == expected


def test_a_pdf_with_a_script_inside(judge):
    import pikepdf

    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        pdf.save(out)
    change = with_attachment("note.pdf", "application/pdf", out.getvalue())
    assert failed(judge(change=change)) == {"AQ-05"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            b"</ofd:Document>",
            b'<ofd:Actions><ofd:Action><ofd:URI URI="x"/></ofd:Action></ofd:Actions></ofd:Document>',
            "AQ-02",
        ),
        (
            b"</ofd:Document>",
            b'<ofd:Extensions BaseLoc="http://evil.example/x"/></ofd:Document>',
            "AQ-03",
        ),
    ],
)
def test_actions_and_outside_references(judge, pki, samples, old, new, expected):
    """Written into the package before it is signed: the signatures hold, the content does not."""
    data = _rewritten(samples[NAME], "Document.xml", old, new)
    institution = cda.parse(samples[NAME]).custodian.code
    assert expected in failed(service.four_properties(data, institution=institution))


def test_an_object_that_cannot_be_drawn_is_no_lasting_record(judge, pki, samples):
    """People are shown the rest of such a page with a notice; the archive refuses it."""
    data = _rewritten(samples[NAME], "Content.xml", b'Boundary="', b'Boundary="x ')
    institution = cda.parse(samples[NAME]).custodian.code
    assert "KY-05" in failed(service.four_properties(data, institution=institution))


def _rewritten(source, part, old, new):
    """The laid-out record with one word of its parts of this name changed, once in each."""
    import zipfile

    data = cda.lay_out(cda.parse(source), source=source)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old_zip, zipfile.ZipFile(out, "w") as new_zip:
        for name in old_zip.namelist():
            content = old_zip.read(name)
            if name.endswith(part):
                assert old in content
                content = content.replace(old, new, 1)
            new_zip.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


@pytest.mark.parametrize("data", [b"", b"PK", b"%PDF-1.7", b"\x00" * 1000])
def test_what_is_no_package_fails_safety_and_says_where(judge, data):
    report = judge(sealed=data)
    assert "AQ-01" in failed(report)
    assert not report.ok
    not_run = [line for line in report.lines if line.result.value == "not-run"]
    assert not_run


def test_the_same_faults_have_the_same_fingerprint(judge, pki, samples):
    first = judge(sealed=b"nothing")
    second = judge(sealed=b"nothing else")
    assert first.fingerprint == second.fingerprint != judge().fingerprint


def test_an_unknown_institution_is_not_checked(centre):
    with pytest.raises(NotFound):
        service.four_properties(b"", institution="NOBODY")


@pytest.mark.parametrize("name", ["Doc_0/Document.dat", "Doc_0/Document", "Doc_0/Document.png"])
def test_active_content_in_a_part_not_named_xml(judge, pki, samples, name):
    """A reader follows the document tree, whatever its parts are called: so do the checks."""
    from openrhip.formats.ofd.package import open_package
    from openrhip.formats.ofd.package_append import Container

    source = samples[NAME]
    package = open_package(cda.lay_out(cda.parse(source), source=source))
    container = Container()
    acts = (
        b'<ofd:Actions><ofd:Action Event="DO"><ofd:URI URI="http://evil.example/x"/>'
        b'</ofd:Action></ofd:Actions><ofd:Extensions BaseLoc="http://evil.example/x"/>'
    )
    for part in package.parts:
        content = package.read(part)
        if part == "OFD.xml":
            content = content.replace(b"Doc_0/Document.xml", name.encode())
        if part == "Doc_0/Document.xml":
            content = content.replace(b"</ofd:Document>", acts + b"</ofd:Document>")
        container.store(name if part == "Doc_0/Document.xml" else part, content)
    sealed = pki.sealed(source, unsigned=container.finish())
    assert {"AQ-02", "AQ-03"} <= failed(judge(sealed=sealed))
