"""Signatures' own parts and the document's content stay apart; every location leads to one part."""

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import sm3
from openrhip.formats.ofd import signing_cms, signing_xml
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package_append import Container, rewrite
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotFound

DOCUMENT = "Doc_0/Document.xml"
LIST = "Doc_0/Signs/Signatures.xml"
PAGE = "Doc_0/Pages/Page_0/Content.xml"
TEMPLATE = (
    b'<ofd:Page xmlns:ofd="http://www.ofdspec.org/2016"><ofd:Content><ofd:Layer ID="9100"/>'
    b"</ofd:Content></ofd:Page>"
)


def foreign_sign(data, signer, *, loose=False, also=None, seal_at="", home="Sign_0", kind="Sign"):
    """A signature as other programs write it; loose: without the leading slash of references.

    also: parts put in with it; seal_at: the part that its Seal element names.
    """
    package, at = ofd.open_package(data), clock.now().replace(microsecond=0)
    base = f"Doc_0/Signs/{home}"
    fresh = not package.documents[0].signatures
    entry = signing_xml.entry_with(package, f"/{LIST}") if fresh else package.read("OFD.xml")
    parts = {name: package.read(name) for name in package.parts if name != LIST}
    parts |= {"OFD.xml": entry, **(also or {})}
    lines = signing_xml.list_with(
        package, LIST, id=f"s{home[-1]}00", kind=kind, location=f"/{base}/Signature.xml"
    )
    text = signing_xml.signature_xml(
        signing_xml.Description(
            at=at,
            digests={n: sm3.digest(b) for n, b in parts.items() if n != seal_at},
            parameters={},
            marks=(),
            seal_part=seal_at,
            value_part=f"{base}/SignedValue.dat",
        )
    ).replace(b'ProviderName="OpenRHIP"', b'ProviderName="Other"')
    if loose:
        text = text.replace(b'FileRef="/', b'FileRef="')
    container = Container()
    for name, content in parts.items():
        container.store(name, content)
    container.store(LIST, lines)
    container.store(f"{base}/Signature.xml", text)
    value = signing_cms.build(text, signer=signer, at=at, timestamper=None)
    container.store(f"{base}/SignedValue.dat", value)
    return container.finish()


def with_template(data, location):
    """The document with a page template at that location, shown on its page."""
    package = ofd.open_package(data)
    template = f'<ofd:TemplatePage ID="9001" BaseLoc="{location}"/></ofd:CommonData>'
    document = package.read(DOCUMENT).replace(b"</ofd:CommonData>", template.encode())
    use = b'<ofd:Template TemplateID="9001"/><ofd:Content>'
    page = package.read(PAGE).replace(b"<ofd:Content>", use, 1)
    return rewrite(package, {DOCUMENT: document, PAGE: page})


def codes(data, region):
    report = ofd.verify(data, trust=region.trust)
    return report.verdict, {one.code for one in report.all_findings() if not one.ok}


def test_what_others_sign_is_valid(plain, region):
    assert codes(foreign_sign(plain, region.doctor), region) == ("valid", set())


def test_a_location_that_leads_nowhere_is_named(plain, region):
    """What is missing could be put in later."""
    signed = ofd.sign(with_template(plain, "Tpls/T.xml"), signer=region.doctor)
    assert codes(signed, region) == ("indeterminate", {"ofd.dangling"})


@pytest.mark.parametrize("part", ["Doc_0/Tpls/T.xml", PAGE, "Doc_0/Signs/Sign_9/T.xml"])
def test_a_digital_signature_with_a_seal_element_is_refused(plain, region, part):
    """Else any part could be added, or exchanged, as the seal of a later signature."""
    first = foreign_sign(plain, region.hospital)
    data = foreign_sign(first, region.doctor, home="Sign_9", seal_at=part, also={part: TEMPLATE})
    verdict, found = codes(data, region)
    assert verdict == "invalid"
    assert "ofd.structure" in found


def test_a_seal_signature_without_its_seal_is_refused(plain, region, tamper):
    verdict, found = codes(foreign_sign(plain, region.doctor, kind="Seal"), region)
    assert (verdict, found) >= ("invalid", {"ofd.structure"})
    assert "ofd.structure" in found


def test_own_parts_outside_of_the_signatures_folder_are_refused(signed, region, monkeypatch):
    package = ofd.open_package(signed)
    line = records.listed(package)[1]
    assert records.read_record(package, line).seal_part == "Doc_0/Signs/Sign_1/Seal.esl"
    text = package.read("Doc_0/Signs/Sign_1/Signature.xml")
    for own in (b"/Doc_0/Signs/Sign_1/Seal.esl", b"/Doc_0/Signs/Sign_1/SignedValue.dat"):
        moved = rewrite(
            package, {"Doc_0/Signs/Sign_1/Signature.xml": text.replace(own, b"/" + PAGE.encode())}
        )
        again = ofd.open_package(moved)
        with pytest.raises(Malformed, match="outside of its folder"):
            records.read_record(again, records.listed(again)[1])


@pytest.mark.parametrize(
    "goal", ["Signs/Signatures.xml", "Signs/Sign_0/Signature.xml", "Signs/Sign_0/SignedValue.dat"]
)
def test_a_document_takes_nothing_from_signatures(plain, region, goal):
    verdict, found = codes(foreign_sign(with_template(plain, goal), region.doctor), region)
    assert verdict == "invalid"
    assert "ofd.reach" in found


LEAD = b"/Doc_0/Signs/Signatures.xml"


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("OFD.xml", b"</ofd:DocInfo>", b"<ofd:Cover>%s</ofd:Cover></ofd:DocInfo>"),
        (DOCUMENT, b">Attachments.xml<", b">%s<"),
        (DOCUMENT, b"</ofd:Pages>", b"</ofd:Pages><ofd:Extensions>%s</ofd:Extensions>"),
        (DOCUMENT, b"</ofd:Pages>", b"</ofd:Pages><ofd:Annotations>%s</ofd:Annotations>"),
        ("Doc_0/Attachments.xml", b">Attachs/Attach_0.xml<", b">%s<"),
        ("Doc_0/CustomTags.xml", b">Tags/Tag_0.xml<", b">%s<"),
        (
            "Doc_0/PublicRes.xml",
            b"</ofd:Fonts>",
            b"<Font><FontFile>%s</FontFile></Font></ofd:Fonts>",
        ),
        (PAGE, b"<ofd:Content>", b"<ofd:PageRes>%s</ofd:PageRes><ofd:Content>"),
    ],
)
def test_no_kind_of_content_comes_from_signatures(plain, region, part, old, new):
    package = ofd.open_package(plain)
    assert old in package.read(part)
    changed = package.read(part).replace(old, new % LEAD, 1)
    data = foreign_sign(rewrite(package, {part: changed}), region.doctor)
    report = ofd.verify(data, trust=region.trust)
    assert report.verdict == "invalid"
    assert ("ofd.reach", part) in {(one.code, one.where) for one in report.findings}


def test_references_mean_one_part_only(plain, region):
    """Relative to the description, as the standard says, and to nothing else."""
    data = foreign_sign(plain, region.doctor, loose=True)
    verdict, found = codes(data, region)
    assert verdict == "invalid"
    assert {"ofd.missing", "ofd.closure"} <= found


def test_a_location_that_means_several_parts_is_refused(plain):
    package = ofd.open_package(plain)
    base = "Doc_0/Signs/Sign_0/Signature.xml"
    assert package.resolve(PAGE, base=base) == PAGE
    with pytest.raises(NotFound):
        package.resolve(PAGE, base=base, strict=True)
    twice = ofd.open_package(rewrite(package, {f"Doc_0/Signs/Sign_0/{PAGE}": b"<x/>"}))
    with pytest.raises(Malformed, match="several parts"):
        twice.resolve(PAGE, base=base)
    assert twice.resolve(PAGE, base=base, strict=True) == f"Doc_0/Signs/Sign_0/{PAGE}"


@pytest.mark.parametrize(
    "more",
    [b"<ofd:Content/>", b'<ofd:Signature ID="x" Type="Sign" BaseLoc="y"><a/></ofd:Signature>',
     b'<ofd:MaxSignId Data="x">9</ofd:MaxSignId>'],
)  # fmt: skip
def test_the_list_holds_signatures_only(plain, region, more):
    package = ofd.open_package(foreign_sign(plain, region.doctor))
    text = package.read(LIST).replace(b"</ofd:Signatures>", more + b"</ofd:Signatures>")
    verdict, found = codes(rewrite(package, {LIST: text}), region)
    assert (verdict, found) == ("invalid", {"ofd.list"})


def placed(monkeypatch, attributes):
    whole = signing_xml.signature_xml
    monkeypatch.setattr(
        signing_xml,
        "signature_xml",
        lambda one: whole(one).replace(b'Boundary="10 20 42 42"', attributes.encode()),
    )


@pytest.mark.parametrize(
    ("attributes", "ok"),
    [
        ('Boundary="0 0 210 297"', False),
        ('Boundary="10 20 42 43"', False),
        ('Boundary="10 20 42.4 42.4"', True),
        ('Boundary="-5 20 42 42"', False),
        ('Boundary="180 20 42 42"', False),
        ('Boundary="10 270 42 42"', False),
        ('Boundary="189 20 42 42" Clip="0 0 21 42"', True),
        ('Boundary="-21 20 42 42" Clip="21 0 21 42"', True),
        ('Boundary="189 20 42 42" Clip="0 0 42 42"', False),
        ('Boundary="189 20 42 42" Clip="0 0 0 0"', False),
        ('Boundary="0 0 210 297" Clip="0 0 42 42"', False),
    ],
)
def test_a_seal_shows_in_its_size_and_inside_the_page(plain, region, monkeypatch, attributes, ok):
    """Riding seals (骑缝章) may hang over the edge with the part that is clipped away."""
    placed(monkeypatch, attributes)
    data = ofd.seal(
        plain, seal=region.seal, signer=region.hospital, placements=[ofd.Placement(0, 10, 20)]
    )
    assert codes(data, region) == (("valid", set()) if ok else ("invalid", {"seal.place"}))


def test_a_seal_on_no_page_is_named(plain, region, monkeypatch):
    placed(monkeypatch, 'Boundary="10 20 42 42" PageRef="77"')
    whole = signing_xml.signature_xml
    monkeypatch.setattr(
        signing_xml, "signature_xml", lambda one: whole(one).replace(b' PageRef="3"', b"", 1)
    )
    data = ofd.seal(
        plain, seal=region.seal, signer=region.hospital, placements=[ofd.Placement(0, 10, 20)]
    )
    assert codes(data, region) == ("invalid", {"seal.place"})


@pytest.mark.parametrize("place", [(0, 0, 0, 210, 297), (0, 190, 0), (0, -9, 0)])
def test_no_seal_is_made_larger_or_outside(plain, region, place):
    with pytest.raises(Malformed, match="own size and inside the page"):
        ofd.seal(
            plain, seal=region.seal, signer=region.hospital, placements=[ofd.Placement(*place)]
        )
