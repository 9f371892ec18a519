"""The report: integrity apart from trust, what changed after which signature, every part named."""

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import der
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import ses_write, signing_assembly, verify_report
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package_append import rewrite
from openrhip.formats.ofd.seals import Seal
from openrhip.formats.ofd.verify_certificates import certificates

ATTACHMENT = "cda.xml"


def wrong(report):
    return {one.code for one in report.all_findings() if not one.ok}


def test_a_strangers_file_is_intact_though_nobody_trusts_it(signed):
    report = ofd.verify(signed, trust=TrustStore([]))
    assert (report.verdict, report.integrity, report.trust) == (
        "indeterminate",
        "holds",
        "not-established",
    )
    assert [one.integrity for one in report.signatures] == ["holds", "holds"]
    found = report.as_dict()
    assert (found["integrity"], found["trust"]) == ("holds", "not-established")


def test_a_changed_file_is_broken_whoever_is_trusted(signed, region, tamper):
    page = ofd.open_package(signed).pages[0].part
    report = ofd.verify(tamper(signed, {page: b"<x/>"}), trust=region.trust)
    assert (report.verdict, report.integrity, report.trust) == ("invalid", "broken", "established")


def test_a_revoked_signer_leaves_the_file_intact(signed, region):
    trust = TrustStore([region.doctor.certificate], seal_makers=[region.doctor.certificate])
    report = ofd.verify(signed, trust=trust)
    assert (report.integrity, report.trust) == ("holds", "refused")  # the maker is not listed


def test_unsigned_is_neither(plain, region):
    report = ofd.verify(plain, trust=region.trust)
    assert (report.verdict, report.integrity, report.trust) == ("unsigned",) * 3


def test_every_word_is_said_in_both_languages():
    words = {
        *verify_report.Verdict.__args__,
        *verify_report.Integrity.__args__,
        *verify_report.Trust.__args__,
    }
    assert words == set(verify_report.WORDS)
    for code in verify_report.UNDECIDED:
        assert verify_report.verdict([Finding(code, False, "", "")]) == "indeterminate"


def test_pinned_certificates_are_trusted_as_they_are(signed, region, tmp_path):
    """Whoever knows a signer's certificate needs no root and no list for it."""
    for one in certificates(signed):
        folder = tmp_path / ("makers" if one.role == "maker" else "pinned")
        folder.mkdir(exist_ok=True)
        (folder / f"{one.certificate.fingerprint[:8]}.pem").write_bytes(one.certificate.pem())
        if one.role == "maker":
            (tmp_path / "pinned").mkdir(exist_ok=True)
            (tmp_path / "pinned" / "maker.pem").write_bytes(one.certificate.pem())
    trust = TrustStore.load_folder(tmp_path)
    assert ofd.verify(signed, trust=trust).verdict == "valid"
    roles = {(one.signature, one.role) for one in certificates(signed)}
    assert roles == {
        ("s001", "signer"), ("s001", "timestamp"), ("s001", "issuer"),
        ("s002", "signer"), ("s002", "maker"), ("s002", "timestamp"), ("s002", "issuer"),
    }  # fmt: skip


def test_the_detailed_report_names_each_protected_part(signed, region):
    short, long = (ofd.verify(signed, trust=region.trust, detailed=many) for many in (False, True))
    assert (short.verdict, long.verdict) == ("valid", "valid")
    package = ofd.open_package(signed)
    record = records.read_record(package, records.listed(package)[1])
    told = [one for one in long.signatures[1].findings if one.code == "ofd.reference"]
    assert {one.where.removeprefix("s002: ") for one in told} == record.covered
    texts = {one.text_zh for one in told}
    assert "第 1 页的内容摘要相符" in texts
    assert f"附件“{ATTACHMENT}”摘要相符" in texts
    assert not [one for one in short.all_findings() if one.code == "ofd.reference"]
    assert "cert.revocation" in {one.code for one in long.all_findings()}


@pytest.mark.parametrize(
    ("kind", "name"),
    [("page", "第 1 页的内容"), ("attachment", f"附件“{ATTACHMENT}”"), ("root", "文档根文件"),
     ("resources", "文档资源"), ("tags", "自定义标引"), ("entry", "入口文件 OFD.xml")],
)  # fmt: skip
def test_what_changed_is_named_as_a_reader_sees_it(signed, region, kind, name):
    package = ofd.open_package(signed)
    part = {
        "page": package.pages[0].part,
        "attachment": package.attachments()[0].part,
        "root": package.documents[0].root,
        "resources": "Doc_0/DocumentRes.xml",
        "tags": next(one for one in package.parts if "Tag" in one),
        "entry": "OFD.xml",
    }[kind]
    if part not in package:
        part = next(one for one in package.parts if one.endswith("Res.xml"))
        name = "资源"
    changed = rewrite(package, {part: package.read(part) + b"\n"})
    report = ofd.verify(changed, trust=region.trust)
    assert report.integrity == "broken"
    texts = [one.text_zh for one in report.all_findings() if one.code == "ofd.digest"]
    assert len(texts) == 2
    assert all(name in text and f"签名 s00{number}" in text for number, text in enumerate(texts, 1))


def with_annotation(data, name):
    """A list of annotations and one file, as a program adds them between two signatures."""
    package = ofd.open_package(data)
    root = package.documents[0].root
    text = package.read(root).replace(
        b"</ofd:Document>",
        b"<ofd:Annotations>Annots/Annotations.xml</ofd:Annotations></ofd:Document>",
    )
    assert text != package.read(root)
    page = package.pages[0].id
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    listed = f'<ofd:Annotations {space}><ofd:Page PageID="{page}"><ofd:FileLoc>{name}</ofd:FileLoc></ofd:Page></ofd:Annotations>'
    return {
        root: text,
        "Doc_0/Annots/Annotations.xml": listed.encode(),
        f"Doc_0/Annots/{name}": f"<ofd:PageAnnot {space}/>".encode(),
    }


@pytest.fixture
def leaving_out(monkeypatch):
    """A function: from now on signatures leave these parts out, as some programs do."""
    whole = signing_assembly.xml.signature_xml

    def set_(*parts):
        def fewer(description):
            kept = {
                name: one for name, one in description.digests.items() if not name.startswith(parts)
            }
            values = {name: getattr(description, name) for name in description.__slots__}
            return whole(type(description)(**{**values, "digests": kept}))

        monkeypatch.setattr(signing_assembly.xml, "signature_xml", fewer if parts else whole)

    return set_


def test_annotations_between_two_signatures_are_undecided(plain, region, leaving_out):
    parts = with_annotation(plain, "A.xml")
    base = rewrite(ofd.open_package(plain), parts)
    leaving_out("Doc_0/Annots/", "OFD.xml")
    first = ofd.sign(base, signer=region.doctor)
    leaving_out()
    more = rewrite(
        ofd.open_package(first), {"Doc_0/Annots/A.xml": parts["Doc_0/Annots/A.xml"] + b"\n"}
    )
    second = ofd.sign(more, signer=region.hospital)
    report = ofd.verify(second, trust=region.trust)
    assert (report.verdict, report.integrity) == ("indeterminate", "unknown")
    assert wrong(report) == {"ofd.added", "ofd.entry"}
    texts = {one.text_zh for one in report.findings if one.code == "ofd.added"}
    assert any("注释" in text and "s001" in text and "s002" in text for text in texts)


def test_pages_between_two_signatures_are_smuggled(plain, region, leaving_out):
    page = ofd.open_package(plain).pages[0].part
    leaving_out(page)
    first = ofd.sign(plain, signer=region.doctor)
    leaving_out()
    report = ofd.verify(ofd.sign(first, signer=region.hospital), trust=region.trust)
    assert (report.verdict, wrong(report)) == ("invalid", {"ofd.closure"})


def test_an_unprotected_entry_file_is_undecided_only_with_its_roots(plain, region, leaving_out):
    """Many programs never protect OFD.xml."""
    leaving_out("OFD.xml")
    assert wrong(ofd.verify(ofd.sign(plain, signer=region.doctor), trust=region.trust)) == {
        "ofd.entry"
    }
    leaving_out("OFD.xml", "Doc_0/Document.xml")
    report = ofd.verify(ofd.sign(plain, signer=region.doctor), trust=region.trust)
    assert (report.verdict, wrong(report)) == ("invalid", {"ofd.closure"})


def test_a_list_that_was_never_made_is_unsigned(plain, region):
    """Templates name a list of signatures for later."""
    package = ofd.open_package(plain)
    entry = package.read("OFD.xml").replace(
        b"</ofd:DocBody>",
        b"<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody>",
    )
    report = ofd.verify(rewrite(package, {"OFD.xml": entry}), trust=region.trust)
    assert report.verdict == "unsigned"


def test_a_seal_may_stand_in_the_signature_alone(plain, region, monkeypatch):
    """Many programs write no Seal.esl."""
    whole = signing_assembly.xml.signature_xml

    def without(description):
        values = {name: getattr(description, name) for name in description.__slots__}
        return whole(type(description)(**{**values, "seal_part": ""}))

    monkeypatch.setattr(signing_assembly.xml, "signature_xml", without)
    report = ofd.verify(
        ofd.seal(plain, seal=region.seal, signer=region.hospital), trust=region.trust
    )
    assert report.verdict == "valid"
    assert report.signatures[0].seal == region.seal.name


def other_algorithm(certificate):
    """The certificate as an authority with RSA would have signed it."""
    tbs, _, signature = der.read(certificate.der, "x").children()
    fields = [one.raw for one in tbs.children()]
    rsa = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.null())
    return der.sequence(der.sequence(*fields[:2], rsa, *fields[3:]), rsa, signature.raw)


@pytest.mark.parametrize("whose", ["signer", "maker"])
def test_certificates_of_other_algorithms_are_unsupported(plain, region, monkeypatch, whose):
    seal = region.seal
    if whose == "maker":
        maker = other_algorithm(region.maker.certificate)
        raw = ses_write.encode_seal(seal.data.info.raw, maker, seal.data.signature, version=4)
        seal = Seal.from_der(raw, chain=seal.chain)
    else:
        own, whole = region.hospital.certificate, ses_write.encode_signature
        monkeypatch.setattr(
            ses_write, "encode_signature",
            lambda signed, certificate, *rest, version: whole(signed, other_algorithm(own), *rest, version=version),
        )  # fmt: skip
    report = ofd.verify(ofd.seal(plain, seal=seal, signer=region.hospital), trust=region.trust)
    assert (report.verdict, wrong(report)) == ("indeterminate", {"ofd.unsupported"})
