"""GM/T 0099: the signed list of files; smuggled, missing and changed ones are told."""

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.ofd.profiles import gmt0099
from openrhip.kernel.errors import Conflict, Malformed


@pytest.fixture
def protected(record, keys):
    return gmt0099.protect(record, signer=keys.hospital, timestamper=keys.stamper)


def test_a_protected_package_holds(protected, record, keys, failures):
    report = gmt0099.check_integrity(protected, trust=keys.trust)
    assert report.ok
    assert not failures(report.findings)
    assert report.signer == keys.hospital.certificate.common_name
    package = ofd.open_package(protected)
    listed = package.xml("OFDEntries.xml").findall(".//{*}File")
    assert {one.get("FileLoc") for one in listed} == {
        f"/{part}" for part in ofd.open_package(record).parts
    }
    assert report.as_dict()["ok"] is True


def test_a_smuggled_file_is_named(protected, keys, changed):
    data = changed(protected, {"Doc_0/Res/hidden.bin": b"x"})
    report = gmt0099.check_integrity(data, trust=keys.trust)
    assert not report.ok
    assert [one.where for one in report.findings if one.code == "integrity.smuggled"] == [
        "Doc_0/Res/hidden.bin"
    ]


def test_a_file_that_is_gone_is_named(protected, keys, changed):
    report = gmt0099.check_integrity(changed(protected, {"Doc_0/Tags/Tag_0.xml": None}),
                                     trust=keys.trust)  # fmt: skip
    assert [one.where for one in report.findings if one.code == "integrity.missing"] == [
        "Doc_0/Tags/Tag_0.xml"
    ]


def test_a_longer_list_is_not_the_signed_one(protected, keys, changed, failures):
    content = ofd.open_package(protected).read("OFDEntries.xml")
    more = content.replace(
        b"</ofd:FileList>", b'<ofd:File ID="99" FileLoc="/x.bin"/></ofd:FileList>'
    )
    data = changed(protected, {"OFDEntries.xml": more, "x.bin": b"x"})
    report = gmt0099.check_integrity(data, trust=keys.trust)
    assert "integrity.digest" in failures(report.findings)


def test_a_stranger_signed_it(protected, failures):
    report = gmt0099.check_integrity(protected, trust=TrustStore(()))
    assert not report.ok
    assert failures(report.findings)


def test_without_a_timestamp_it_does_not_hold(record, keys, failures):
    data = gmt0099.protect(record, signer=keys.hospital)
    report = gmt0099.check_integrity(data, trust=keys.trust)
    assert failures(report.findings) == {"integrity.timestamp"}


@pytest.mark.parametrize(
    "content",
    [b"", b"<a/>", b"<DocEntries/>", b"<DocEntries><SignedValueLoc>../x</SignedValueLoc></DocEntries>",
     b"<DocEntries><SignedValueLoc>/OFD.xml</SignedValueLoc></DocEntries>"],
)  # fmt: skip
def test_a_list_that_cannot_be_read(protected, keys, changed, content, failures):
    report = gmt0099.check_integrity(changed(protected, {"OFDEntries.xml": content}),
                                     trust=keys.trust)  # fmt: skip
    assert failures(report.findings) == {"integrity.unreadable"}


def test_no_list_no_container_and_twice(record, protected, keys, failures):
    assert failures(gmt0099.check_integrity(record, trust=keys.trust).findings) == {
        "integrity.absent"
    }
    with pytest.raises(Malformed):
        gmt0099.check_integrity(b"PK", trust=keys.trust)
    with pytest.raises(Conflict):
        gmt0099.protect(protected, signer=keys.hospital)


def test_the_list_is_related_to_an_archived_copy(protected, failures):
    from openrhip.formats.ofd.profiles import ofd_a

    found = failures(ofd_a.check(ofd.open_package(protected)))
    assert "ofd-a.unrelated" not in found


def test_a_sealed_record_with_a_list_stays_valid(sealed, keys, changed, failures):
    listed = gmt0099.protect(sealed, signer=keys.hospital, timestamper=keys.stamper)
    report = ofd.verify(listed, trust=keys.trust)
    assert report.verdict == "valid"
    assert {"integrity.closed", "integrity.signature"} <= {one.code for one in report.findings}
    smuggled = changed(listed, {"Doc_0/Res/x.bin": b"x"})
    found = ofd.verify(smuggled, trust=keys.trust)
    assert found.verdict == "invalid"
    assert {"ofd.closure", "integrity.smuggled"} <= failures(found.all_findings())
    without = gmt0099.protect(sealed, signer=keys.hospital)
    assert ofd.verify(without, trust=keys.trust).verdict == "indeterminate"


def test_a_forged_list_beside_signatures_is_noticed(sealed, keys, changed, failures):
    listed = gmt0099.protect(sealed, signer=keys.hospital, timestamper=keys.stamper)
    for value in (b"hidden words", ofd.open_package(listed).read("OFD.xml")):
        found = ofd.verify(changed(listed, {"signedvalue.dat": value}), trust=keys.trust)
        assert found.verdict == "invalid"
        assert "integrity.unreadable" in failures(found.all_findings())
    content = ofd.open_package(listed).read("OFDEntries.xml")
    for place in (b"/OFD.xml", b"/Doc_0/Document.xml", b"/x.txt"):
        moved = content.replace(b"/signedvalue.dat", place)
        data = changed(listed, {"OFDEntries.xml": moved, "signedvalue.dat": None, "x.txt": b"x"})
        found = ofd.verify(data, trust=keys.trust)
        assert found.verdict == "invalid"
        assert "ofd.closure" in failures(found.all_findings())


def test_no_document_takes_content_from_the_value(record, keys, changed, failures):
    document = (
        ofd.open_package(record)
        .read("Doc_0/Document.xml")
        .replace(
            b"<ofd:DocumentRes>",
            b"<ofd:PublicRes>/signedvalue.dat</ofd:PublicRes><ofd:DocumentRes>",
        )
    )
    signed = ofd.sign(changed(record, {"Doc_0/Document.xml": document}), signer=keys.doctor,
                      timestamper=keys.stamper)  # fmt: skip
    listed = gmt0099.protect(signed, signer=keys.hospital, timestamper=keys.stamper)
    found = ofd.verify(listed, trust=keys.trust)
    assert found.verdict == "invalid"
    assert "ofd.reach" in failures(found.all_findings())


def test_signing_after_the_list_is_refused(protected, keys):
    with pytest.raises(Conflict, match="list of all its files"):
        ofd.sign(protected, signer=keys.doctor)
