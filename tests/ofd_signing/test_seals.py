"""Seals: their DER in all versions, their pictures."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from openrhip.formats.gm import der, oids, sm3
from openrhip.formats.ofd import seal_picture, ses, ses_write
from openrhip.formats.ofd.seals import Seal
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, Problem, TooLarge

FROM, TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
PNG = seal_picture.signature("印")


def test_a_made_seal_reads_back(region):
    seal = region.seal
    again = Seal.from_der(seal.der)
    info = again.data.info
    assert (info.version, info.vendor, info.kind) == (4, "OpenRHIP", ses.INSTITUTION)
    assert (again.name, again.width, again.height) == ("江城市第一人民医院", 42, 42)
    assert info.certificates == (region.hospital.certificate.der,)
    assert info.valid_to == region.hospital.certificate.not_after
    assert again.data.maker == region.maker.certificate.der
    assert region.maker.certificate.public_key.verify(again.data.signature, info.raw)
    assert ses_write.encode_info(info) == info.raw


def test_a_seal_that_cannot_be_is_refused(region):
    make = Seal.create
    owners = [region.hospital.certificate]
    with pytest.raises(Malformed, match="PNG, JPEG"):
        make(name="x", owners=owners, maker=region.maker, picture=b"GIF89a")
    with pytest.raises(Malformed, match="needs a name"):
        make(name="x", owners=[], maker=region.maker)
    with pytest.raises(Malformed, match="end before"):
        make(name="x", owners=owners, maker=region.maker, valid_to=clock.now() - timedelta(1))
    with pytest.raises(TooLarge):
        Seal.from_der(bytes(5 << 20))


def seal_of_version(number, region):
    """SESeal as versions 1 (GM/T 0031-2014) and 5 (GM/T 0031-2025) have it."""
    times = [der.generalized_time(at) for at in (FROM, FROM, TO)]
    owner = region.hospital.certificate
    if number == 1:
        listed = [der.sequence(der.octets(owner.der))]
    else:
        digest = der.sequence(der.text(der.PRINTABLE, "SM3"), der.octets(sm3.digest(owner.der)))
        listed = [der.integer(ses.DIGESTS), der.sequence(digest)]
    info = der.sequence(
        der.sequence(der.text(der.IA5, "ES"), der.integer(number), der.text(der.IA5, "V")),
        der.text(der.IA5, "0001"),
        der.sequence(der.integer(1), der.utf8("章"), *listed, *times),
        der.sequence(der.text(der.IA5, "PNG"), der.octets(PNG), der.integer(30), der.integer(12)),
    )
    maker = region.maker
    covered = (
        info
        if number == 5
        else der.sequence(info, der.octets(maker.certificate.der), der.oid(oids.SM2_WITH_SM3))
    )
    value = maker.sign(covered)
    signature = der.bits(value)
    signing = [der.octets(maker.certificate.der), der.oid(oids.SM2_WITH_SM3), signature]
    if number == 1:
        return der.sequence(info, der.sequence(*signing))
    return der.sequence(info, *signing, der.explicit(0, der.bits(region.stamper.stamp(value))))


@pytest.mark.parametrize("number", [1, 5])
def test_other_versions_are_read(region, number):
    seal = Seal.from_der(seal_of_version(number, region))
    assert seal.data.info.version == number
    assert (seal.name, seal.width, seal.picture) == ("章", 30, PNG)
    assert region.maker.certificate.public_key.verify(seal.data.signature, seal.data.signed)
    if number == 5:
        assert seal.data.timestamp
        ((kind, digest),) = seal.data.info.digests
        assert (kind, digest) == ("SM3", sm3.digest(region.hospital.certificate.der))
    else:
        assert seal.data.info.certificates == (region.hospital.certificate.der,)


@pytest.mark.parametrize("time", ["token", "2020-01-25T07:31:56.377Z", "generalized"])
def test_seal_signatures_of_version_1_are_read(region, time):
    when = (
        der.generalized_time(FROM)
        if time == "generalized"
        else der.bits(b"\x30\x03\x02\x01\x01" if time == "token" else time.encode())
    )
    certificate = region.hospital.certificate
    signed = der.sequence(
        der.integer(1),
        seal_of_version(1, region),
        when,
        der.bits(bytes(32)),
        der.text(der.IA5, "/Doc_0/Signs/Sign_0/Signature.xml"),
        der.octets(certificate.der),
        der.oid(oids.SM2_WITH_SM3),
    )
    value = der.sequence(signed, der.bits(region.hospital.sign(signed)))
    found = ses.read_signature(value)
    assert (found.version, found.certificate, found.signed) == (1, certificate.der, signed)
    assert (found.time is None) == (time == "token")
    assert certificate.public_key.verify(found.signature, found.signed)


def test_owners_listed_by_digest_are_recognised(region, plain):
    """A seal of version 5 in use: its list holds digests of certificates."""
    from openrhip.formats import ofd

    seal = Seal.from_der(seal_of_version(5, region), chain=region.maker.chain)
    assert not seal.allows(region.doctor.certificate)
    sealed = ofd.seal(plain, seal=seal, signer=region.hospital, timestamper=region.stamper)
    report = ofd.verify(sealed, trust=region.trust)
    assert [one.code for one in report.all_findings() if not one.ok] == []


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_broken_der_is_a_typed_error(region, data):
    good = region.seal.der
    at = data.draw(st.integers(0, len(good) - 1))
    cut = data.draw(st.sampled_from([0, 1, 5]))
    broken = good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 + cut :]
    try:
        Seal.from_der(broken)
    except Problem:
        return
    assert len(broken) == len(good)


@pytest.mark.parametrize(
    "name", ["江城市第一人民医院", "院", "江城市滨江区白马街道社区卫生服务中心", "A" * 30]
)
def test_a_round_seal_is_a_small_transparent_picture(name):
    picture = seal_picture.round_seal(name)
    assert len(picture) < 40_000
    with Image.open(io.BytesIO(picture)) as image:
        shown = image.convert("RGBA")
    assert shown.size == (504, 504)
    assert shown.getpixel((0, 0))[3] == 0
    red = shown.getpixel((252, 240))
    assert red[:3] == seal_picture.RED
    assert red[3] > 200


@pytest.mark.parametrize("name", ["", "字" * 31])
def test_names_that_do_not_fit_are_refused(name):
    with pytest.raises(Malformed):
        seal_picture.round_seal(name)
    with pytest.raises(Malformed):
        seal_picture.signature(name)
