"""Revocation data: kept in the file at signing, or asked for at verification."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import crl, devpki, revocation, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.cli import ocsp as serving
from openrhip.formats.gm.crl import Revocation
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd import signing_xml, verifying
from openrhip.formats.ofd.package_append import rewrite
from openrhip.formats.ofd.seals import Seal
from openrhip.kernel import clock
from openrhip.kernel.errors import Unavailable

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
PART = "Doc_0/Signs/Sign_0/Revocation.der"


def judged(data, trust, **more):
    report = ofd.verify(data, trust=trust, **more)
    return report.verdict, {one.code for one in report.all_findings() if not one.ok}


def collected(region):
    parties = [region.doctor, region.hospital, region.maker, region.stamper._authority.signer]
    data = revocation.collect(
        [one.certificate for one in parties], region.trust, intermediates=region.doctor.chain
    )
    assert data.complete
    return data


def bare(region):
    """Roots and makers, and no list at all: all that is left in years to come."""
    return TrustStore(region.trust.roots, seal_makers=region.trust.seal_makers)


def test_what_was_kept_serves_years_later(plain, region):
    data = ofd.sign(
        plain, signer=region.doctor, timestamper=region.stamper, revocation=collected(region)
    )
    assert PART in ofd.open_package(data)
    for at in (None, clock.now() + YEARS):  # the signer's certificates end before
        assert judged(data, bare(region), at=at) == ("valid", set())
    without = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper)
    assert judged(without, bare(region))[1] == {"cert.revocation-unknown"}


def test_a_stamp_outlives_its_authority_only_with_an_evidence_record(plain, region):
    """Once the authority's certificate has ended nobody watches over its key."""
    data = ofd.sign(
        plain, signer=region.doctor, timestamper=region.stamper, revocation=collected(region)
    )
    end = region.stamper._authority.signer.certificate.not_after
    assert judged(data, bare(region), at=end) == ("valid", set())
    for later in (end + YEARS, end + 900 * YEARS):
        assert judged(data, bare(region), at=later) == ("indeterminate", {"timestamp.ended"})


def test_it_serves_all_signatures_of_the_file(plain, region):
    data = ofd.sign_and_seal(
        plain, author=region.doctor, seal=region.seal, institution=region.hospital,
        timestamper=region.stamper, revocation=collected(region), lock=True,
    )  # fmt: skip
    report = ofd.verify(data, trust=bare(region), at=clock.now() + YEARS)
    assert report.verdict == "valid"
    assert [one.ok for one in report.all_findings() if one.code == "ofd.revocation"] == [True]
    record = records.read_record(ofd.open_package(data), records.listed(ofd.open_package(data))[1])
    assert record.revocation_part in record.covered & record.own_parts


def test_an_earlier_signature_allows_the_later_one_its_data(plain, region):
    first = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper)
    data = ofd.sign(
        first, signer=region.hospital, timestamper=region.stamper, revocation=collected(region)
    )
    assert judged(data, region.trust) == ("valid", set())


def test_without_timestamp_it_proves_nothing_later(plain, region):
    data = ofd.sign(plain, signer=region.doctor, revocation=collected(region))
    assert judged(data, bare(region)) == ("valid", set())
    assert judged(data, bare(region), at=clock.now() + 9 * YEARS)[0] == "indeterminate"


def test_it_cannot_be_exchanged(plain, region):
    data = ofd.sign(
        plain, signer=region.doctor, timestamper=region.stamper, revocation=collected(region)
    )
    other = revocation.RevocationData(crls=region.trust.crls).encode()
    verdict, codes = judged(rewrite(ofd.open_package(data), {PART: other}), region.trust)
    assert verdict == "invalid"
    assert "ofd.digest" in codes


def test_unreadable_data_is_named_and_not_needed(plain, region, monkeypatch):
    monkeypatch.setattr(revocation.RevocationData, "encode", lambda _: b"\x30\x03\x02\x01\x01")
    data = ofd.sign(plain, signer=region.doctor, revocation=revocation.RevocationData())
    assert judged(data, region.trust) == ("indeterminate", {"ofd.revocation"})


def test_data_that_its_signature_does_not_protect_is_smuggled(plain, region, monkeypatch):
    whole = signing_xml.signature_xml
    line = re.compile(rb'<ofd:Reference FileRef="[^"]*Revocation.der">.*?</ofd:Reference>')
    monkeypatch.setattr(signing_xml, "signature_xml", lambda one: line.sub(b"", whole(one)))
    data = ofd.sign(plain, signer=region.doctor, revocation=collected(region))
    assert judged(data, region.trust) == ("invalid", {"ofd.closure"})


def test_a_forged_list_in_the_file_is_not_believed(plain, region):
    """A stranger's list of the same name cannot make a revoked signer good."""
    gone = crl.issue(
        issuer=region.issuing.certificate, issuer_key=region.issuing,
        revoked=[Revocation(region.doctor.certificate.serial, clock.now() - timedelta(days=1), "keyCompromise")],
        this_update=clock.now(), next_update=clock.now() + YEARS,
    )  # fmt: skip
    data = ofd.sign(plain, signer=region.doctor, revocation=collected(region))
    verdict, codes = judged(data, region.trust.with_crls([gone]))
    assert verdict == "invalid"
    assert "cert.revoked" in codes


# Asked for at verification


class Port:
    """A development authority's server, without the network."""

    def __init__(self, folder, silent=()):
        self.answers, self.silent, self.asked = serving.services(folder, b"test"), silent, []

    def crl(self, url, /):
        return self._answer(url, b"")

    def ocsp(self, url, request, /):
        return self._answer(url, request)

    def _answer(self, url, request):
        path = url.removeprefix("http://status.example")
        self.asked.append(path)
        if path in self.silent:
            raise Unavailable("nobody answers", where=url)
        return self.answers[path][2](request)


@pytest.fixture(scope="module")
def served(tmp_path_factory, plain):
    """A region whose certificates name services; a document sealed and stamped; bare trust."""
    folder = tmp_path_factory.mktemp("served")
    with clock.frozen(NOW):
        devpki.create(folder, institutions=[devpki.DevInstitution("H1", "医院")], staff=[],
                      password=b"test", services="http://status.example")  # fmt: skip
        load = SoftwareSigner.load
        hospital, maker = (
            load(folder / "institutions", "H1", b"test"),
            load(folder / "maker", "maker", b"test"),
        )
        stamper = tsp.LocalTimestamper(tsp.Authority(load(folder / "tsa", "tsa", b"test")))
        seal = Seal.create(name="医院", owners=[hospital.certificate], maker=maker)
        data = ofd.seal(plain, seal=seal, signer=hospital, timestamper=stamper)
        whole = TrustStore.load_folder(folder / "trust")
        return folder, data, TrustStore(whole.roots, seal_makers=whole.seal_makers)


def test_services_are_asked_through_the_port_alone(served):
    folder, data, trust = served
    assert judged(data, trust) == ("indeterminate", {"cert.revocation-unknown"})
    port = Port(folder)
    assert judged(data, trust, port=port) == ("valid", set())
    assert set(port.asked) == {"/ocsp", "/root.crl"}


def test_lists_serve_where_the_status_service_is_silent(served):
    folder, data, trust = served
    port = Port(folder, silent={"/ocsp"})
    assert judged(data, trust, port=port) == ("valid", set())
    assert "/issuing.crl" in port.asked
    nobody = Port(folder, silent={"/ocsp", "/issuing.crl", "/root.crl"})
    assert judged(data, trust, port=nobody) == ("indeterminate", {"cert.revocation-unknown"})


def test_a_status_service_says_revoked(served):
    folder, data, trust = served
    authority = SoftwareSigner.load(folder / "ca", "issuing", b"test")
    hospital = SoftwareSigner.load(folder / "institutions", "H1", b"test")
    place = folder / "trust" / "issuing.crl.pem"
    before = place.read_bytes()
    place.write_bytes(
        crl.issue(
            issuer=authority.certificate, issuer_key=authority,
            revoked=[Revocation(hospital.certificate.serial, clock.now() - timedelta(hours=1), "keyCompromise")],
            this_update=clock.now(), next_update=clock.now() + YEARS,
        ).pem()
    )  # fmt: skip
    try:
        verdict, codes = judged(data, trust, port=Port(folder))
    finally:
        place.write_bytes(before)
    assert verdict == "invalid"
    assert "cert.revoked" in codes


def test_a_document_with_it_is_clean_under_the_check(plain, region):
    data = ofd.sign(plain, signer=region.doctor, revocation=collected(region))
    assert [one.code for one in ofd.check(data).findings if not one.ok] == []


def test_signatures_of_many_megabytes_are_not_judged(plain, region, monkeypatch):
    """Lists cost time to read, and a file may bring any number of them along."""
    data = ofd.sign(plain, signer=region.doctor, revocation=collected(region))
    assert judged(data, region.trust) == ("valid", set())
    monkeypatch.setattr(verifying, "MOST_DATA", 4000)
    assert judged(data, region.trust) == ("invalid", {"ofd.list"})
