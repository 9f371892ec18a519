"""A signed medical record takes annotations afterwards, and nothing else; they are reported."""

import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd import signing_assembly, signing_open
from openrhip.formats.ofd import signing_records as records

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
LIST = "Doc_0/Annotations.xml"
NOTE = "Doc_0/Annots/Annot_0.xml"


def listed(page, location="Annots/Annot_0.xml"):
    return (
        f'<ofd:Annotations {NS}><ofd:Page PageID="{page}"><ofd:FileLoc>{location}</ofd:FileLoc>'
        "</ofd:Page></ofd:Annotations>"
    ).encode()


def note(text="转诊：已阅"):
    return (
        f'<ofd:PageAnnot {NS}><ofd:Annot ID="9001" Type="Highlight" Creator="D001"'
        f' LastModDate="2026-11-25"><ofd:Remark>{text}</ofd:Remark>'
        '<ofd:Appearance Boundary="10 10 40 8"/></ofd:Annot></ofd:PageAnnot>'
    ).encode()


def annotated(changed, data, **more):
    page = ofd.open_package(data).pages[0].id
    return changed(data, {LIST: listed(page), NOTE: note(), **more})


def told(report, code="ofd.annotations"):
    return [one for one in report.all_findings() if one.code == code]


def test_the_list_is_open_and_everything_else_is_not(sealed, keys):
    package = ofd.open_package(sealed)
    lines = records.listed(package)
    for line in lines:
        record = records.read_record(package, line)
        assert LIST not in record.covered
        assert record.parameters[records.ANNOTATIONS]
        assert {"OFD.xml", "Doc_0/Document.xml"} <= record.covered
    report = ofd.verify(sealed, trust=keys.trust)
    assert report.verdict == "valid"
    assert not told(report)


def test_a_later_annotation_is_allowed_and_named(sealed, keys, changed):
    report = ofd.verify(annotated(changed, sealed), trust=keys.trust)
    assert report.verdict == "valid"
    assert {one.where for one in told(report)} == {LIST, NOTE}
    assert all("不受该签名保护" in one.text_zh for one in told(report))


def test_a_later_annotation_between_two_signatures(record, keys, changed):
    first = ofd.sign(record, signer=keys.doctor, timestamper=keys.stamper)
    second = ofd.sign(annotated(changed, first), signer=keys.nurse, timestamper=keys.stamper)
    report = ofd.verify(second, trust=keys.trust)
    assert report.verdict == "valid"
    assert {(one.where, "s001" in one.text_en) for one in told(report)} == {
        (LIST, True),
        (NOTE, True),
    }
    later = changed(second, {NOTE: note("改")})
    report = ofd.verify(later, trust=keys.trust)
    assert report.verdict == "invalid"  # the second signature protects the note


def test_nothing_else_may_be_added_with_it(sealed, keys, changed):
    data = annotated(changed, sealed, **{"Doc_0/Res/hidden.bin": b"x" * 10})
    report = ofd.verify(data, trust=keys.trust)
    assert report.verdict == "invalid"
    assert ("ofd.closure", "Doc_0/Res/hidden.bin") in {
        (one.code, one.where) for one in report.all_findings() if not one.ok
    }


@pytest.mark.parametrize(
    "target", ["/Doc_0/Signs/Sign_1/SignedValue.dat", "../OFD.xml", "none.xml"]
)
def test_the_list_leads_to_annotations_alone(sealed, keys, changed, target):
    page = ofd.open_package(sealed).pages[0].id
    report = ofd.verify(changed(sealed, {LIST: listed(page, target)}), trust=keys.trust)
    expected = {
        "../OFD.xml": "valid",  # a protected part, shown as a note: nothing is unprotected
        "none.xml": "indeterminate",  # a note that is not there
    }
    assert report.verdict == expected.get(target, "invalid")


def test_a_page_that_the_list_names_stays_protected(sealed, keys, changed):
    package = ofd.open_package(sealed)
    page = package.pages[0]
    content = package.read(page.part).replace(b"<ofd:TextCode", b"<ofd:TextCode ", 1)
    report = ofd.verify(
        changed(sealed, {LIST: listed(page.id, f"/{page.part}"), page.part: content}),
        trust=keys.trust,
    )
    assert report.verdict == "invalid"


def test_an_ordinary_document_leaves_nothing_open(keys, changed):
    story = ofd.Story("公文", [ofd.Paragraph("正文")])
    plain = ofd.write(story)
    assert signing_open.annotation_lists(ofd.open_package(plain)) == frozenset()
    signed = ofd.sign(plain, signer=keys.doctor, timestamper=keys.stamper)
    page = ofd.open_package(signed).pages[0].id
    report = ofd.verify(changed(signed, {LIST: listed(page), NOTE: note()}), trust=keys.trust)
    assert report.verdict == "invalid"


def test_calling_an_ordinary_document_medical_afterwards_is_noticed(keys, changed):
    signed = ofd.sign(ofd.write(ofd.Story("公文", [ofd.Paragraph("正文")])), signer=keys.doctor)
    entry = ofd.open_package(signed).read("OFD.xml").replace(b'DocType="OFD"', b'DocType="OFD-H"')
    report = ofd.verify(changed(signed, {"OFD.xml": entry}), trust=keys.trust)
    assert report.verdict == "invalid"


def test_the_editor_annotates_a_sealed_record(sealed, keys):
    from openrhip.formats.ofd.edit import annotating

    noted = annotating.annotate(
        sealed, [annotating.Annotation("note", 0, (20, 250, 60, 12), "转诊：已阅")]
    )
    report = ofd.verify(getattr(noted, "data", noted), trust=keys.trust)
    assert report.verdict == "valid"
    assert told(report)


def test_a_part_that_was_missing_does_not_come_in_as_an_annotation(record, keys, changed):
    package = ofd.open_package(record)
    document = package.read("Doc_0/Document.xml").replace(
        b"<ofd:DocumentRes>", b"<ofd:PublicRes>Annots/Annot_0.xml</ofd:PublicRes><ofd:DocumentRes>"
    )
    signed = ofd.sign(
        changed(record, {"Doc_0/Document.xml": document}),
        signer=keys.doctor,
        timestamper=keys.stamper,
    )
    resources = f'<ofd:Res {NS} BaseLoc="Res"/>'.encode()
    page = package.pages[0].id
    report = ofd.verify(changed(signed, {LIST: listed(page), NOTE: resources}), trust=keys.trust)
    assert report.verdict == "invalid"
    assert "ofd.reach" in {one.code for one in report.all_findings() if not one.ok}


@pytest.mark.parametrize(
    "content",
    [
        '<ofd:Fonts><ofd:Font ID="1"/></ofd:Fonts>',
        '<ofd:Page PageID="1"><ofd:FileLoc>a.xml</ofd:FileLoc><ofd:Content/></ofd:Page>',
        '<ofd:Page PageID="1" BaseLoc="a.xml"><ofd:FileLoc>a.xml</ofd:FileLoc></ofd:Page>',
    ],
)
def test_a_list_that_carries_content_is_not_open(record, sealed, keys, changed, content):
    whole = f"<ofd:Annotations {NS}>{content}</ofd:Annotations>".encode()
    report = ofd.verify(changed(sealed, {LIST: whole}), trust=keys.trust)
    assert report.verdict == "invalid"
    signed = ofd.sign(changed(record, {LIST: whole}), signer=keys.doctor)
    line = records.listed(ofd.open_package(signed))[0]
    assert LIST in records.read_record(ofd.open_package(signed), line).covered


@pytest.mark.parametrize("foreign", [False, True])
def test_a_note_that_was_signed_is_not_taken_off_its_page(
    record, keys, changed, foreign, monkeypatch
):
    """Its file stood in the package, whole and protected, and no page showed it any more."""
    if foreign:  # a signature of another program, which notes nothing of the list
        monkeypatch.setattr(signing_assembly, "annotated", lambda _: ())
    data = ofd.sign(annotated(changed, record), signer=keys.doctor, timestamper=keys.stamper)
    assert ofd.verify(data, trust=keys.trust).verdict == "valid"
    page = ofd.open_package(data).pages[0].id
    more = (
        listed(page).replace(b"</ofd:Annotations>", b"")
        + listed(page, "Annots/2.xml")[len(f"<ofd:Annotations {NS}>") :]
    )
    added = changed(data, {LIST: more, "Doc_0/Annots/2.xml": note("另一条")})
    assert ofd.verify(added, trust=keys.trust).verdict == "valid"
    wrong = {"taken off": f"<ofd:Annotations {NS}/>".encode(), "moved": listed("77777")}
    for how, what in wrong.items():
        report = ofd.verify(changed(data, {LIST: what}), trust=keys.trust)
        known = how == "taken off" or not foreign
        assert report.verdict == ("invalid" if known else "valid"), how
        faults = {(one.code, one.where) for one in report.all_findings() if not one.ok}
        assert faults == ({("ofd.annotations", NOTE)} if known else set()), how
