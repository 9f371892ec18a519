"""OFD-H: the platform's sealed records keep the profile, and each rule broken once."""

import pytest

from openrhip.formats import cda, ofd
from openrhip.formats.cda import agreement
from openrhip.formats.gm import revocation
from openrhip.formats.ofd.profiles import ofd_h, ofd_h_structure
from openrhip.formats.ofd.profiles.rules import Breach
from openrhip.kernel.errors import Conflict

OFD, DOC, RES = "OFD.xml", "Doc_0/Document.xml", "Doc_0/PublicRes.xml"
NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
ADVICE = {"namespace", "deflate", "linear"}


@pytest.fixture(scope="module")
def made(packed, record):
    """A function: the unsigned record with parts changed by `change`."""

    def make(change):
        package = ofd.open_package(record)
        parts = {name: package.read(name) for name in package.parts}
        parts |= change(parts)
        return packed({name: content for name, content in parts.items() if content is not None})

    return make


def swap(part, old, new):
    def change(parts):
        assert old.encode() in parts[part], old
        return {part: parts[part].replace(old.encode(), new.encode(), 1)}

    return change


def without_custom(name):
    def change(parts):
        start = parts[OFD].index(f'<ofd:CustomData Name="{name}">'.encode())
        end = parts[OFD].index(b"</ofd:CustomData>", start) + len("</ofd:CustomData>")
        return {OFD: parts[OFD][:start] + parts[OFD][end:]}

    return change


def without_element(*names):
    def change(parts):
        text = parts[OFD]
        for name in names:
            start, end = text.index(f"<ofd:{name}>".encode()), text.index(f"</ofd:{name}>".encode())
            text = text[:start] + text[end + len(f"</ofd:{name}>") :]
        return {OFD: text}

    return change


def both(*changes):
    def change(parts):
        parts, out = dict(parts), {}
        for one in changes:
            more = one(parts)
            parts |= more
            out |= more
        return out

    return change


def resource(item, content=b"", name="x.bin"):
    def change(parts):
        group = f"<ofd:MultiMedias>{item}</ofd:MultiMedias></ofd:Res>".encode()
        listed = parts["Doc_0/DocumentRes.xml"].replace(b"</ofd:Res>", group)
        return {"Doc_0/DocumentRes.xml": listed, f"Doc_0/Res/{name}": content or None}

    return change


def media(kind, name="x.bin"):
    return f'<ofd:MultiMedia ID="9001" Type="{kind}"><ofd:MediaFile>{name}</ofd:MediaFile></ofd:MultiMedia>'


def attached(name, kind, content):
    line = (
        f'<ofd:Attachment ID="a9" Name="{name}" Format="{kind}"><ofd:FileLoc>Attachs/a9.bin'
        "</ofd:FileLoc></ofd:Attachment></ofd:Attachments>"
    )
    return both(
        swap("Doc_0/Attachments.xml", "</ofd:Attachments>", line),
        lambda _: {"Doc_0/Attachs/a9.bin": content},
    )


SCAN = (
    f'<ofd:Page {NS}><ofd:Content><ofd:Layer ID="8001" Type="Body"><ofd:ImageObject ID="8002"'
    ' Boundary="0 0 210 297" ResourceID="1"/>{}</ofd:Layer></ofd:Content></ofd:Page>'
)


def valued(value):
    """A tag file with a value of its own beside the region."""
    return swap(
        "Doc_0/Tags/Tag_0.xml",
        '<Region Name="anchor:author-signature">',
        f'<Region Name="anchor:author-signature">{value}',
    )


BROKEN = {
    "single-document": swap(
        OFD,
        "</ofd:DocBody>",
        "</ofd:DocBody><ofd:DocBody><ofd:DocInfo/><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
        "</ofd:DocBody>",
    ),
    "closed": lambda _: {"Doc_0/Res/smuggled.bin": b"x"},
    "doc-type": swap(OFD, "OFD-H", "OFD"),
    "fonts": lambda parts: {
        RES: parts[RES].replace(b"<ofd:FontFile>Font_1.otf</ofd:FontFile>", b""),
        "Doc_0/Res/Font_1.otf": None,
    },
    "images": resource(media("Image")),
    "image-formats": resource(media("Image"), b"GIF89a" + bytes(20)),
    "media-formats": resource(media("Video"), b"OggS" + bytes(20)),
    "external": swap(DOC, "<ofd:DocumentRes>", "<ofd:PublicRes>none.xml</ofd:PublicRes><ofd:DocumentRes>"),
    "dicom-outside": attached("ct.bin", "", bytes(128) + b"DICM" + bytes(40)),
    "scanned": lambda _: {"Doc_0/Pages/Page_0/Content.xml": SCAN.format("").encode()},
    "structured": both(
        swap(DOC, "<ofd:CustomTags>CustomTags.xml</ofd:CustomTags>", ""),
        swap(DOC, "<ofd:Attachments>Attachments.xml</ofd:Attachments>", ""),
        lambda parts: {
            name: None for name in parts if "Tag" in name or "Attach" in name
        },
    ),
    "tags-lead": swap(
        "Doc_0/Tags/Tag_0.xml", "</Tags>",
        '<Region Name="DE1"><ofd:ObjectRef PageRef="99999">1</ofd:ObjectRef></Region></Tags>',
    ),
    "utf-8": lambda _: {
        "Doc_0/Tags/Tag_0.xml": '<?xml version="1.0" encoding="GB18030"?><Tags><R>病</R></Tags>'.encode(
            "gb18030"
        )
    },
    "subject": without_custom("PatientName"),
    "responsible": both(without_custom("Responsible"), without_element("Author")),
    "time": without_element("CreationDate"),
    "keywords": without_element("Keywords"),
    "kind": both(without_custom("Kind"), without_element("Subject")),
    "confidentiality": without_custom("Confidentiality"),
    "identifier": both(without_custom("DocumentId"), without_element("DocID")),
    "permitted": swap(
        DOC, "<ofd:Annotations>",
        "<ofd:Permissions><ofd:Annot>false</ofd:Annot></ofd:Permissions><ofd:Annotations>",
    ),
    "versions": swap(
        OFD, "</ofd:DocRoot>",
        '</ofd:DocRoot><ofd:Versions><ofd:Version ID="v1" Index="1" BaseLoc="Doc_0/V1.xml"/>'
        "</ofd:Versions>",
    ),
    "in-the-clear": lambda _: {"Encryptions.xml": f"<ofd:Encryptions {NS}/>".encode()},
}  # fmt: skip
WITH_IT = {
    "single-document": set(),
    "images": {"external"},
    "scanned": {"tags-lead"} - {"tags-lead"},
    "versions": {"external"},
    "fonts": set(),
}


def test_a_sealed_record_of_the_platform_keeps_every_rule(sealed, failures):
    findings = ofd_h.check(ofd.open_package(sealed))
    assert not failures(findings)
    assert len(findings) == len(ofd_h.RULES)


def test_every_sample_is_laid_out_in_the_profile(failures):
    for name, source in list(cda.samples().items())[::4]:
        package = ofd.open_package(cda.lay_out(cda.parse(source), source=source))
        assert failures(ofd_h.check(package)) == {"ofd-h.signed"}, name


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_each_rule_is_found_broken(made, failures, name):
    found = failures(ofd_h.check(ofd.open_package(made(BROKEN[name]))))
    assert found - {f"ofd-h.{one}" for one in WITH_IT.get(name, ())} == {
        "ofd-h.signed",
        f"ofd-h.{name}",
    }


def test_the_table_is_tested_whole():
    known = {rule.code.removeprefix("ofd-h.") for rule in ofd_h.RULES}
    signing = {"signed", "locked", "algorithms", "forms", "protection", "annotations-open"}
    assert known == {*BROKEN, *ADVICE, *signing, "tags-agree"}


def test_signed_and_not_locked(record, keys, failures):
    data = ofd.sign(record, signer=keys.doctor)
    assert failures(ofd_h.check(ofd.open_package(data))) == {"ofd-h.locked"}


def test_weak_and_foreign_signatures(sealed, changed, failures):
    package = ofd.open_package(sealed)
    part = "Doc_0/Signs/Sign_0/Signature.xml"
    weak = package.read(part).replace(b'CheckMethod="1.2.156.10197.1.401"', b'CheckMethod="MD5"')
    assert weak != package.read(part)
    value = {part: weak, "Doc_0/Signs/Sign_0/SignedValue.dat": b"nothing"}
    found = failures(ofd_h.check(ofd.open_package(changed(sealed, value))))
    assert found == {"ofd-h.algorithms", "ofd-h.forms"}


def test_unprotected_parts_and_protected_annotations(record, keys, sealed, changed, failures):
    added = {"Doc_0/Res/more.bin": b"x"}
    found = failures(ofd_h.check(ofd.open_package(changed(sealed, added))))
    assert found == {"ofd-h.protection", "ofd-h.closed"}
    plain = changed(record, {OFD: ofd.open_package(record).read(OFD).replace(b"OFD-H", b"OFD")})
    all_over = ofd.sign(plain, signer=keys.doctor, lock=True)
    assert failures(ofd_h.check(ofd.open_package(all_over))) == {
        "ofd-h.annotations-open",
        "ofd-h.doc-type",
    }


@pytest.mark.parametrize(("value", "agrees"), [("", True), ("天差地别的内容", False)])
def test_a_tag_says_what_its_region_shows(made, failures, value, agrees):
    package = ofd.open_package(made(lambda parts: {}))
    region = next(one for one in ofd.regions(package) if one.text and ":" not in one.name)
    name = f'<Region Name="{region.name}">'
    data = made(swap("Doc_0/Tags/Tag_0.xml", name, name + (value or region.text)))
    assert ("ofd-h.tags-agree" not in failures(ofd_h.check(ofd.open_package(data)))) is agrees


def test_a_higher_layer_compares_the_source(sealed, failures):
    package = ofd.open_package(sealed)
    good = ofd_h.check(package, compare=lambda _: ())
    assert "ofd-h.source-agrees" in {one.code for one in good}
    assert not failures(good)
    bad = ofd_h.check(package, compare=lambda _: [Breach("DE04", "诊断", "diagnosis")])
    assert failures(bad) == {"ofd-h.source-agrees"}
    assert bad[-1].where == "DE04"


def test_a_scan_has_two_layers(made, failures):
    text = (
        '<ofd:TextObject ID="8003" Boundary="10 10 50 6" Font="1" Size="4"><ofd:TextCode X="0"'
        ' Y="4">病历</ofd:TextCode></ofd:TextObject>'
    )
    flat = SCAN.format(text)
    layers = flat.replace('Type="Body"', 'Type="Background"').replace(
        text, f'</ofd:Layer><ofd:Layer ID="8004" Type="Body">{text}'
    )
    for page, holds in ((flat, False), (layers, True)):
        data = made(lambda _, page=page: {"Doc_0/Pages/Page_0/Content.xml": page.encode()})
        assert ("ofd-h.scanned" not in failures(ofd_h.check(ofd.open_package(data)))) is holds


def test_the_short_namespace_reads_the_same(record, sealed, keys, failures):
    short = ofd_h_structure.in_namespace(record)
    package = ofd.open_package(short)
    assert package.read(OFD).count(b'"http://www.ofdspec.org"') == 1
    assert ofd.text(short) == ofd.text(record)
    found = next(one for one in ofd_h.check(package) if one.code == "ofd-h.namespace")
    assert "advice" not in found.text_en
    back = ofd.open_package(ofd_h_structure.in_namespace(short, ofd_h_structure.LONG))
    assert {name: back.read(name) for name in back.parts} == {
        name: ofd.open_package(record).read(name) for name in back.parts
    }
    signed = ofd.sign(short, signer=keys.doctor, timestamper=keys.stamper, lock=True)
    assert ofd.verify(signed, trust=keys.trust).verdict == "valid"
    assert not failures(ofd_h.check(ofd.open_package(signed)))
    with pytest.raises(Conflict):
        ofd_h_structure.in_namespace(sealed)


def test_the_attached_source_is_held_against_the_page(record, packed, failures):
    package = ofd.open_package(record)
    assert not failures(ofd_h.check(package, compare=agreement.compare)) - {"ofd-h.signed"}
    source = next(one for one in package.attachments()).part
    parts = {name: package.read(name) for name in package.parts}
    document = cda.parse(parts[source])
    name, value = next(
        (region.name, region.text)
        for region in ofd.regions(package)
        if region.text and region.text.encode() in parts[source] and document.text_of(region.name)
        and not any(char.isdigit() for char in region.text)
    )  # fmt: skip
    parts[source] = parts[source].replace(value.encode(), "面目全非".encode())
    found = ofd_h.check(ofd.open_package(packed(parts)), compare=agreement.compare)
    line = next(one for one in found if one.code == "ofd-h.source-agrees")
    assert not line.ok
    assert name in {line.where} | {one.name for one in ofd.regions(package)}
    del parts[source]
    parts["Doc_0/Attachments.xml"] = f"<ofd:Attachments {NS}/>".encode()
    found = ofd_h.check(ofd.open_package(packed(parts)), compare=agreement.compare)
    assert "cannot be checked" in found[-1].text_en


def test_revocation_data_beside_a_signature_belongs_to_the_record(keys, record):
    parties = [one.certificate for one in (keys.doctor, keys.hospital)]
    data = ofd.sign_and_seal(
        record, author=keys.doctor, seal=keys.seal, institution=keys.hospital,
        timestamper=keys.stamper, lock=True,
        revocation=revocation.collect(parties, keys.trust, intermediates=keys.doctor.chain),
    )  # fmt: skip
    assert any(part.endswith("Revocation.der") for part in ofd.open_package(data).parts)
    assert [one.code for one in ofd.check(data, "ofd-h").findings if not one.ok] == []
