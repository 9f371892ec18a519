"""The last SignedValue.dat: under no signature, so nothing in it may be taken, added or exchanged."""

from datetime import timedelta

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import cms, der, oids
from openrhip.formats.ofd import ses, ses_write, signing_cms, signing_xml
from openrhip.formats.ofd.package_append import rewrite
from openrhip.kernel import clock


def codes(data, region):
    report = ofd.verify(data, trust=region.trust, at=clock.now() + timedelta(days=900))
    return report.verdict, {one.code for one in report.all_findings() if not one.ok}


def last_value(data):
    package = ofd.open_package(data)
    return package, package.parts[-1], package.read(package.parts[-1])


def with_token(data, region, *, after=None):
    """The last signature with a new timestamp, made so much later; or without one."""
    package, part, raw = last_value(data)

    def token(signature):
        if after is None:
            return b""
        with clock.frozen(clock.now() + after):
            return region.stamper.stamp(signature)

    if part.endswith("Sign_1/SignedValue.dat"):
        value = ses.read_signature(raw)
        new = ses_write.encode_signature(
            value.signed, value.certificate, value.signature, token(value.signature), version=4
        )
    else:
        value = signing_cms.read(raw)
        new = signing_cms.encode(
            value.certificate, value.certificates, (value.covered, None), value.signature,
            token(value.signature),
        )  # fmt: skip
    return rewrite(package, {part: new})


@pytest.fixture(params=["sign", "seal"])
def stamped(request, plain, region, signed):
    if request.param == "seal":
        return signed
    return ofd.sign(plain, signer=region.doctor, timestamper=region.stamper)


def test_a_timestamp_that_was_taken_away_is_missed(stamped, region):
    assert codes(stamped, region) == ("valid", set())
    assert codes(with_token(stamped, region), region) == ("invalid", {"timestamp.missing"})


def test_a_timestamp_of_a_later_day_is_no_substitute(stamped, region):
    late = with_token(stamped, region, after=timedelta(days=400))
    assert codes(late, region) == ("invalid", {"timestamp.late"})
    soon = with_token(stamped, region, after=timedelta(hours=23))
    assert codes(soon, region) == ("valid", set())


def test_without_timestamp_from_the_start_nothing_is_missed(plain, region):
    assert codes(ofd.sign(plain, signer=region.doctor), region) == ("valid", set())


def rewritten(monkeypatch, old, new):
    """Signature.xml is written with other words: what a careless or hostile signer does."""
    whole = signing_xml.signature_xml

    def other(description):
        text = whole(description)
        assert old in text
        return text.replace(old, new)

    monkeypatch.setattr(signing_xml, "signature_xml", other)


def changed_cms(data, change):
    package, part, raw = last_value(data)
    oid, content = der.read(raw, "x").children()
    fields = [item.raw for item in content.children()[0].children()]
    new = der.sequence(oid.raw, der.explicit(0, der.sequence(*change(fields))))
    assert new != raw
    cms.parse(new)
    return rewrite(package, {part: new})


def test_certificates_of_strangers_are_refused(plain, region):
    data = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper)
    for stranger in (region.hospital, region.doctor):

        def add(fields, stranger=stranger):
            held = [one.raw for one in der.read(fields[3], "x", tag=der.context(0)).children()]
            listed = der.explicit(0, *sorted([*held, stranger.certificate.der]))
            return [*fields[:3], listed, *fields[4:]]

        assert codes(changed_cms(data, add), region) == ("invalid", {"ofd.value"})


def test_revocation_lists_and_other_orders_are_refused(plain, region):
    data = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper)

    def with_list(fields):
        return [*fields[:4], der.explicit(1, region.trust.crls[0].der), *fields[4:]]

    def turned(fields):
        held = [one.raw for one in der.read(fields[3], "x", tag=der.context(0)).children()]
        return [*fields[:3], der.explicit(0, *reversed(held)), *fields[4:]]

    for change in (with_list, turned):
        assert codes(changed_cms(data, change), region) == ("invalid", {"ofd.value"})


def test_another_name_of_the_same_algorithm_is_refused(signed, region):
    package, part, raw = last_value(signed)
    value = ses.read_signature(raw)
    members = [one.raw for one in der.read(raw, "x").children()]
    members[2] = der.oid(oids.SM2_SIGN)
    new = der.sequence(*members)
    assert ses.read_signature(new).signature == value.signature
    assert codes(rewrite(package, {part: new}), region) == ("invalid", {"ofd.value"})


def test_raw_signatures_of_64_bytes_are_accepted(plain, region, monkeypatch, failures):
    from openrhip.formats.gm import sm2

    class Raw:
        certificate, chain = region.hospital.certificate, region.hospital.chain

        @staticmethod
        def sign(data):
            return sm2.to_raw(region.hospital.sign(data))

    sealed = ofd.seal(plain, seal=region.seal, signer=Raw())
    assert ofd.verify(sealed, trust=region.trust).ok
    assert ofd.verify(ofd.sign(plain, signer=Raw()), trust=region.trust).ok
    monkeypatch.setattr(sm2, "as_der", lambda signature: signature)
    found = failures(
        ofd.verify(ofd.seal(plain, seal=region.seal, signer=Raw()), trust=region.trust)
    )
    assert {code for code, _ in found} == {"ofd.value"}  # ours have one form
    rewritten(monkeypatch, b'ProviderName="OpenRHIP"', b'ProviderName="Other"')
    for data in (ofd.seal(plain, seal=region.seal, signer=Raw()), ofd.sign(plain, signer=Raw())):
        assert ofd.verify(data, trust=region.trust).ok


def test_the_plain_form_of_gb_t_35275_is_accepted(plain, region, monkeypatch):
    from openrhip.formats.gm import cms, sm3

    def build(text, *, signer, **_):
        return cms.sign(sm3.digest(text), signer=signer)

    monkeypatch.setattr(signing_cms, "build", build)
    rewritten(monkeypatch, b'ProviderName="OpenRHIP"', b'ProviderName="Other"')
    only = ofd.sign(plain, signer=region.doctor)
    assert ofd.verify(only, trust=region.trust).ok
    monkeypatch.setattr(
        signing_cms,
        "build",
        lambda text, *, signer, **_: cms.sign(sm3.digest(text + b"!"), signer=signer),
    )
    assert not ofd.verify(ofd.sign(plain, signer=region.doctor), trust=region.trust).ok


def test_a_signature_that_names_another_certificate_is_refused(plain, region, monkeypatch):
    """Certificate substitution: a second certificate for the same key."""
    whole = signing_cms._signing_certificate
    monkeypatch.setattr(
        signing_cms, "_signing_certificate", lambda _: whole(region.hospital.certificate)
    )
    only = ofd.sign(plain, signer=region.doctor)
    monkeypatch.undo()
    report = ofd.verify(only, trust=region.trust)
    assert report.verdict == "invalid"
