"""Verification names what fails: which part, which certificate, when."""

from datetime import timedelta

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import certs, crl, oids, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.formats.ofd import ses_write, signing_xml
from openrhip.formats.ofd.seals import Seal
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed

PAGE = "Doc_0/Pages/Page_0/Content.xml"


def signer_like(region, *, issuer=None, profile=certs.SIGNING, days=(-1, 300)):
    """A new signer below the region's issuing authority (or a given one)."""
    key = PrivateKey.generate()
    issuer = issuer or region.issuing
    now = clock.now()
    certificate = certs.issue(
        subject=[("O", "测试机构"), ("CN", "李四")],
        public_key=key.public_key,
        issuer=issuer.certificate,
        issuer_key=issuer,
        not_before=now + timedelta(days=days[0]),
        not_after=now + timedelta(days=days[1]),
        profile=profile,
    )
    return SoftwareSigner(key, certificate, (issuer.certificate, *issuer.chain[:0]))


def revoking(region, certificate, at):
    """The trust with a list that revokes this certificate at that time."""
    made = crl.issue(
        issuer=region.issuing.certificate,
        issuer_key=region.issuing,
        revoked=[crl.Revocation(certificate.serial, at, "keyCompromise")],
        this_update=at,
        next_update=at + timedelta(days=3650),
    )
    return region.trust.with_crls([made])


def without_makers(trust):
    return TrustStore(trust.roots, trust.crls, trust.intermediates)


def rewritten(monkeypatch, old, new):
    """Signature.xml is written with other words: what a careless or hostile signer does."""
    whole = signing_xml.signature_xml

    def other(description):
        text = whole(description)
        assert old in text
        return text.replace(old, new)

    monkeypatch.setattr(signing_xml, "signature_xml", other)


def test_a_changed_part_is_named_with_the_signatures_it_breaks(signed, region, tamper, failures):
    content = ofd.open_package(signed).read(PAGE)
    report = ofd.verify(tamper(signed, {PAGE: content + b"\n"}), trust=region.trust)
    assert report.verdict == "invalid"
    assert {("ofd.digest", f"s001: {PAGE}"), ("ofd.digest", f"s002: {PAGE}")} <= failures(report)


def test_a_part_changed_between_two_signatures_breaks_the_first_only(
    plain, region, tamper, failures
):
    first = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper)
    content = ofd.open_package(first).read(PAGE)
    second = ofd.seal(
        tamper(first, {PAGE: content + b"\n"}), seal=region.seal, signer=region.hospital
    )
    report = ofd.verify(second, trust=region.trust)
    assert failures(report) == {("ofd.digest", f"s001: {PAGE}")}
    (finding,) = (one for one in report.all_findings() if not one.ok)
    assert "after signature s001 and before s002" in finding.text_en


def test_a_missing_part_is_named(signed, region, tamper, failures):
    name = next(p for p in ofd.open_package(signed).parts if p.endswith("cda.xml") or "Attach" in p)
    report = ofd.verify(tamper(signed, {name: None}), trust=region.trust)
    assert ("ofd.missing", f"s001: /{name}") in failures(report)


def test_an_unlisted_part_is_named(signed, region, tamper, failures):
    report = ofd.verify(tamper(signed, {"Doc_0/Res/evil.xml": b"<x/>"}), trust=region.trust)
    assert report.verdict == "invalid"
    assert ("ofd.closure", "Doc_0/Res/evil.xml") in failures(report)


def test_a_part_added_between_signatures_is_named(plain, region, tamper):
    first = ofd.sign(plain, signer=region.doctor)
    second = ofd.sign(tamper(first, {"Doc_0/late.xml": b"<x/>"}), signer=region.hospital)
    (finding,) = (one for one in ofd.verify(second, trust=region.trust).findings if not one.ok)
    assert (finding.code, finding.where) == ("ofd.closure", "Doc_0/late.xml")
    assert "added or changed after it and before s002" in finding.text_en


def test_a_changed_description_is_named(signed, region, tamper, failures):
    part = "Doc_0/Signs/Sign_1/Signature.xml"
    text = ofd.open_package(signed).read(part).replace(b"<ofd:SignedInfo>", b"<ofd:SignedInfo >")
    found = failures(ofd.verify(tamper(signed, {part: text}), trust=region.trust))
    assert ("ofd.description", f"s002: {part}") in found


def test_the_value_of_another_signature_does_not_serve(signed, region, tamper, failures):
    package = ofd.open_package(signed)
    again = ofd.seal(
        ofd.sign(signed, signer=region.doctor), seal=region.seal, signer=region.hospital
    )
    swapped = tamper(
        again,
        {"Doc_0/Signs/Sign_3/SignedValue.dat": package.read("Doc_0/Signs/Sign_1/SignedValue.dat")},
    )
    found = {code for code, _ in failures(ofd.verify(swapped, trust=region.trust))}
    assert {"ofd.description", "seal.property"} <= found


def test_another_seal_file_is_named(signed, region, tamper, failures):
    other = Seal.create(name="另一章", owners=[region.hospital.certificate], maker=region.maker)
    part = "Doc_0/Signs/Sign_1/Seal.esl"
    found = failures(ofd.verify(tamper(signed, {part: other.der}), trust=region.trust))
    assert ("seal.file", f"s002: {part}") in found


def test_a_removed_list_of_signatures_is_noticed(signed, region, tamper, failures):
    entry = ofd.open_package(signed).read("OFD.xml")
    start, end = entry.index(b"<ofd:Signatures>"), entry.index(b"</ofd:Signatures>")
    bare = entry[:start] + entry[end + len(b"</ofd:Signatures>") :]
    report = ofd.verify(tamper(signed, {"OFD.xml": bare}), trust=region.trust)
    assert report.verdict == "invalid"
    assert {code for code, _ in failures(report)} == {"ofd.list"}


def test_a_reordered_list_of_signatures_is_noticed(signed, region, tamper, failures):
    part = "Doc_0/Signs/Signatures.xml"
    text = ofd.open_package(signed).read(part)
    swapped = (
        text.replace(b"Sign_0", b"Sign_x")
        .replace(b"Sign_1", b"Sign_0")
        .replace(b"Sign_x", b"Sign_1")
    )
    swapped = (
        swapped.replace(b'"Sign"', b'"x"').replace(b'"Seal"', b'"Sign"').replace(b'"x"', b'"Seal"')
    )
    report = ofd.verify(tamper(signed, {part: swapped}), trust=region.trust)
    assert report.verdict == "invalid"


def test_an_unsigned_document_is_not_valid(plain, region):
    report = ofd.verify(plain, trust=region.trust)
    assert (report.ok, report.verdict, report.signatures) == (False, "unsigned", ())


def test_no_trusted_root_leaves_it_undecided(signed, region, failures):
    key = PrivateKey.generate()
    stranger = certs.issue(
        subject=[("CN", "Stranger")], public_key=key.public_key, issuer=None, issuer_key=key,
        not_before=clock.now() - timedelta(days=1), not_after=clock.now() + timedelta(days=9),
        profile=certs.ROOT,
    )  # fmt: skip
    report = ofd.verify(signed, trust=TrustStore([stranger]))
    assert report.verdict == "indeterminate"
    assert {code for code, _ in failures(report)} <= {"chain.anchor", "cert.revocation-unknown"}


def test_without_revocation_list_it_is_undecided(signed, region, failures):
    report = ofd.verify(signed, trust=TrustStore(region.trust.roots))
    assert report.verdict == "indeterminate"
    assert {code for code, _ in failures(report)} == {"cert.revocation-unknown"}


def test_a_certificate_revoked_before_signing_is_named(signed, region, failures):
    trust = revoking(region, region.doctor.certificate, clock.now() - timedelta(hours=1))
    report = ofd.verify(signed, trust=trust, at=clock.now() + timedelta(days=1))
    assert report.verdict == "invalid"
    assert [one.verdict for one in report.signatures] == ["invalid", "valid"]
    assert {code for code, _ in failures(report)} == {"cert.revoked"}


def test_a_timestamp_outlives_a_later_revocation(signed, region):
    trust = revoking(region, region.doctor.certificate, clock.now() + timedelta(hours=1))
    assert ofd.verify(signed, trust=trust, at=clock.now() + timedelta(days=9)).ok


def test_without_timestamp_a_later_revocation_leaves_it_unproven(plain, region, failures):
    only = ofd.sign(plain, signer=region.doctor)
    trust = revoking(region, region.doctor.certificate, clock.now() + timedelta(hours=1))
    report = ofd.verify(only, trust=trust, at=clock.now() + timedelta(days=9))
    assert report.verdict == "indeterminate"
    assert {code for code, _ in failures(report)} == {"ofd.unproven"}


def test_an_expired_certificate_without_timestamp_leaves_it_unproven(plain, region, failures):
    only = ofd.sign(plain, signer=signer_like(region, days=(-1, 5)))
    report = ofd.verify(only, trust=region.trust, at=clock.now() + timedelta(days=9))
    assert report.verdict == "indeterminate"
    assert {code for code, _ in failures(report)} == {"ofd.unproven"}


def test_an_expired_certificate_with_timestamp_holds(plain, region):
    only = ofd.sign(plain, signer=signer_like(region, days=(-1, 5)), timestamper=region.stamper)
    assert ofd.verify(only, trust=region.trust, at=clock.now() + timedelta(days=9)).ok


def test_a_certificate_for_other_use_is_named(plain, region, failures):
    only = ofd.sign(plain, signer=signer_like(region, profile=certs.ENCRYPTION))
    found = {code for code, _ in failures(ofd.verify(only, trust=region.trust))}
    assert found == {"cert.usage"}


OTHER_PURPOSES = [
    (oids.EKU_TIME_STAMPING,),
    (oids.EKU_SERVER_AUTH,),
    (oids.EKU_CLIENT_AUTH, oids.EKU_SERVER_AUTH),
    ("1.3.6.1.5.5.7.3.9",),
]


def meant_for(*purposes):
    return certs.Profile(certs.SIGNING.key_usage, extended=purposes)


@pytest.mark.parametrize("purposes", OTHER_PURPOSES)
def test_a_certificate_for_other_purposes_signs_no_document(plain, region, failures, purposes):
    signer = signer_like(region, profile=meant_for(*purposes))
    report = ofd.verify(ofd.sign(plain, signer=signer), trust=region.trust)
    assert report.verdict == "invalid"
    assert {code for code, _ in failures(report)} == {"cert.usage"}


def test_a_certificate_for_other_purposes_makes_no_seal(plain, region, failures):
    maker = signer_like(region, profile=meant_for(oids.EKU_TIME_STAMPING))
    seal = Seal.create(name="章", owners=[region.hospital.certificate], maker=maker)
    trust = TrustStore(region.trust.roots, region.trust.crls, (), [maker.certificate])
    report = ofd.verify(ofd.seal(plain, seal=seal, signer=region.hospital), trust=trust)
    assert report.verdict == "invalid"
    assert {code for code, _ in failures(report)} == {"cert.usage"}


@pytest.mark.parametrize("purpose", [oids.EKU_DOCUMENT, oids.EKU_EMAIL, oids.EKU_ANY])
def test_certificates_for_documents_sign(plain, region, purpose):
    signer = signer_like(region, profile=meant_for(oids.EKU_CLIENT_AUTH, purpose))
    assert ofd.verify(ofd.sign(plain, signer=signer), trust=region.trust).ok


def test_a_signature_from_the_future_is_named(plain, region, failures):
    with clock.frozen(clock.now() + timedelta(days=1)):
        early = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper)
    found = {code for code, _ in failures(ofd.verify(early, trust=region.trust))}
    assert found == {"ofd.time"}


def test_a_timestamp_of_other_data_is_named(plain, region, monkeypatch, failures):
    class Wrong:
        def stamp(self, data):
            return region.stamper.stamp(data + b"!")

    only = ofd.sign(plain, signer=region.doctor, timestamper=Wrong())
    found = {code for code, _ in failures(ofd.verify(only, trust=region.trust))}
    assert found == {"tsp.imprint"}


def test_a_timestamp_by_nobody_in_trust_is_named(plain, region, failures):
    key = PrivateKey.generate()
    alone = certs.issue(
        subject=[("CN", "TSA")], public_key=key.public_key, issuer=None, issuer_key=key,
        not_before=clock.now() - timedelta(days=1), not_after=clock.now() + timedelta(days=9),
        profile=certs.TIME_STAMPING,
    )  # fmt: skip
    stamper = tsp.LocalTimestamper(tsp.Authority(SoftwareSigner(key, alone)))
    report = ofd.verify(
        ofd.sign(plain, signer=region.doctor, timestamper=stamper), trust=region.trust
    )
    assert not report.ok
    assert "chain.anchor" in {code for code, _ in failures(report)}
    assert not report.signatures[0].timestamped


@pytest.mark.parametrize("method", [b"MD5", b"SHA1", b"sha-1"])
def test_weak_digests_are_refused(plain, region, monkeypatch, failures, method):
    rewritten(monkeypatch, b'CheckMethod="1.2.156.10197.1.401"', b'CheckMethod="' + method + b'"')
    report = ofd.verify(ofd.sign(plain, signer=region.doctor), trust=region.trust)
    assert report.verdict == "invalid"
    assert ("ofd.weak", "s001: Doc_0/Signs/Sign_0/Signature.xml") in failures(report)


def test_no_digest_method_means_md5_and_is_refused(plain, region, monkeypatch, failures):
    rewritten(monkeypatch, b' CheckMethod="1.2.156.10197.1.401"', b"")
    report = ofd.verify(ofd.sign(plain, signer=region.doctor), trust=region.trust)
    assert "ofd.weak" in {code for code, _ in failures(report)}


def test_sm3_is_known_by_name_too(plain, region, monkeypatch):
    rewritten(monkeypatch, b'CheckMethod="1.2.156.10197.1.401"', b'CheckMethod="SM3"')
    assert ofd.verify(ofd.sign(plain, signer=region.doctor), trust=region.trust).ok


@pytest.mark.parametrize("method", [b"1.2.156.10197.1.401.2", b"SHA256"])
def test_keyed_and_unknown_digests_are_unsupported_never_valid(
    plain, region, monkeypatch, failures, method
):
    rewritten(monkeypatch, b'CheckMethod="1.2.156.10197.1.401"', b'CheckMethod="' + method + b'"')
    report = ofd.verify(ofd.sign(plain, signer=region.doctor), trust=region.trust)
    assert (report.ok, report.verdict) == (False, "indeterminate")
    assert {code for code, _ in failures(report)} == {"ofd.unsupported"}


def test_a_bare_signature_without_key_is_undecided(plain, region, failures):
    data = ofd.sign(plain, signer=region.doctor, form=ofd.Form.DER)
    report = ofd.verify(data, trust=region.trust)
    assert report.verdict == "indeterminate"
    assert {code for code, _ in failures(report)} == {"ofd.key"}


def test_a_forged_seal_is_named(plain, region, failures):
    """A seal with another's name, signed by a key that is not the maker's."""
    info = ses_write.encode_info(region.seal.data.info)
    forged = Seal.from_der(
        ses_write.encode_seal(
            info, region.maker.certificate.der, region.doctor.sign(info), version=4
        ),
        chain=region.maker.chain,
    )
    report = ofd.verify(
        ofd.seal(plain, seal=forged, signer=region.hospital, timestamper=region.stamper),
        trust=region.trust,
    )
    assert report.verdict == "invalid"
    assert {code for code, _ in failures(report)} == {"seal.maker"}


def test_a_seal_by_an_untrusted_maker_is_undecided(plain, region, failures):
    key = PrivateKey.generate()
    alone = certs.issue(
        subject=[("CN", "Maker")], public_key=key.public_key, issuer=None, issuer_key=key,
        not_before=clock.now() - timedelta(days=1), not_after=clock.now() + timedelta(days=9),
        profile=certs.SIGNING,
    )  # fmt: skip
    seal = Seal.create(
        name="私刻", owners=[region.hospital.certificate], maker=SoftwareSigner(key, alone)
    )
    sealed = ofd.seal(plain, seal=seal, signer=region.hospital)
    report = ofd.verify(sealed, trust=without_makers(region.trust))
    assert report.verdict == "indeterminate"
    wrong = [one for one in report.all_findings() if not one.ok]
    assert "chain.anchor" in {one.code for one in wrong}
    assert all("seal maker" in one.text_en for one in wrong)
    assert ofd.verify(sealed, trust=region.trust).verdict == "invalid"


def test_a_signer_outside_the_list_is_named(plain, region, monkeypatch, failures):
    monkeypatch.setattr(Seal, "allows", lambda *_: True)
    report = ofd.verify(ofd.seal(plain, seal=region.seal, signer=region.doctor), trust=region.trust)
    assert {code for code, _ in failures(report)} == {"seal.listed"}


def test_a_seal_out_of_its_time_is_named(plain, region, monkeypatch, failures):
    monkeypatch.setattr(Seal, "valid_at", lambda *_: True)
    old = Seal.create(
        name="旧章", owners=[region.hospital.certificate], maker=region.maker,
        valid_from=clock.now() - timedelta(days=9), valid_to=clock.now() - timedelta(days=1),
    )  # fmt: skip
    sealed = ofd.seal(plain, seal=old, signer=region.hospital, timestamper=region.stamper)
    assert {code for code, _ in failures(ofd.verify(sealed, trust=region.trust))} == {
        "seal.validity"
    }


def test_a_seal_that_expired_since_is_unproven_without_timestamp(plain, region, failures):
    short = Seal.create(
        name="短期章", owners=[region.hospital.certificate], maker=region.maker,
        valid_to=clock.now() + timedelta(days=1),
    )  # fmt: skip
    later = clock.now() + timedelta(days=5)
    bare = ofd.seal(plain, seal=short, signer=region.hospital)
    assert {c for c, _ in failures(ofd.verify(bare, trust=region.trust, at=later))} == {
        "ofd.unproven"
    }
    stamped = ofd.seal(plain, seal=short, signer=region.hospital, timestamper=region.stamper)
    assert ofd.verify(stamped, trust=region.trust, at=later).ok


def test_no_package_is_a_typed_error(region):
    with pytest.raises(Malformed):
        ofd.verify(b"%PDF-1.7", trust=region.trust)
