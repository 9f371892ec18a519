"""Every form of signature: written, verified, and checked by openssl on the carved bytes."""

import base64
import shutil
import subprocess
from datetime import timedelta

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import der, oids, sm2, sm3
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.ofd import ses, ses_write, signing_cms
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package_append import rewrite
from openrhip.formats.ofd.seals import Seal
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Refused

Form, Side = ofd.Form, ofd.Side
OPENSSL = shutil.which("openssl")


def value_of(data, number=0):
    package = ofd.open_package(data)
    record = records.read_record(package, records.listed(package)[number])
    return package.read(record.value_part), package.read(record.part)


def judged(data, region, **more):
    report = ofd.verify(data, trust=region.trust, **more)
    return report.verdict, {one.code for one in report.all_findings() if not one.ok}


@pytest.fixture
def openssl_agrees(tmp_path):
    """A function: the openssl command verifies a signature over bytes."""
    if OPENSSL is None:
        pytest.skip("the openssl command is not installed")

    def check(key, signature, covered):
        for name, content in (("k.pem", key.to_pem()), ("s", signature), ("d", covered)):
            (tmp_path / name).write_bytes(content)
        done = subprocess.run(
            [OPENSSL, "dgst", "-sm3", "-verify", "k.pem", "-sigopt", "distid:1234567812345678",
             "-signature", "s", "d"],
            cwd=tmp_path, capture_output=True, check=False,
        )  # fmt: skip
        return b"Verified OK" in done.stdout

    return check


@pytest.fixture(scope="module", params=[1, 4, 5])
def seal(request, region):
    """A seal of each version; that of version 5 with its own timestamp and by digests."""
    with clock.frozen(clock.now()):
        new = request.param == 5
        return Seal.create(
            name="江城市第一人民医院",
            owners=[region.hospital.certificate, region.doctor.certificate],
            maker=region.maker,
            version=request.param,
            by_digest=new,
            timestamper=region.stamper if new else None,
            valid_from=region.hospital.certificate.not_before + timedelta(days=1),
        )


def test_seals_of_each_version(plain, region, seal, openssl_agrees):
    info = seal.data.info
    stamper = None if info.version == 1 else region.stamper
    data = ofd.seal(plain, seal=seal, signer=region.doctor, timestamper=stamper)
    raw, description = value_of(data)
    value = ses.read_signature(raw)
    assert (value.version, value.seal.info.version, value.seal.raw) == (
        info.version,
        info.version,
        seal.der,
    )
    assert value.data_hash == sm3.digest(description)
    assert judged(data, region) == ("valid", set())
    assert openssl_agrees(region.doctor.certificate.public_key, value.signature, value.signed)
    assert openssl_agrees(
        region.maker.certificate.public_key, seal.data.signature, seal.data.signed
    )
    assert (seal.data.signed == info.raw) == (info.version > 1)
    assert bool(seal.data.timestamp) == (info.version == 5)
    codes = {one.code for one in ofd.verify(data, trust=region.trust).all_findings()}
    assert ("seal.timestamp" in codes) == (info.version == 5)


def test_a_changed_seal_of_each_version_is_named(plain, region, seal):
    wrong = seal.der.replace("江城市第一人民医院".encode(), "江城市第二人民医院".encode(), 1)
    forged = Seal.from_der(wrong, chain=seal.chain)
    assert forged.name == "江城市第二人民医院"
    data = ofd.seal(plain, seal=forged, signer=region.hospital)
    assert judged(data, region) == ("invalid", {"seal.maker"})


def test_version_1_has_no_place_for_a_timestamp(plain, region):
    old = Seal.create(
        name="章", owners=[region.hospital.certificate], maker=region.maker, version=1
    )
    with pytest.raises(Refused, match="no timestamp"):
        ofd.seal(plain, seal=old, signer=region.hospital, timestamper=region.stamper)
    with pytest.raises(Malformed, match="whole certificates"):
        Seal.create(
            name="章",
            owners=[region.hospital.certificate],
            maker=region.maker,
            version=1,
            by_digest=True,
        )
    for version, stamper in ((4, region.stamper), (3, None)):
        with pytest.raises(Malformed):
            Seal.create(name="章", owners=[region.hospital.certificate], maker=region.maker,
                        version=version, timestamper=stamper)  # fmt: skip


def test_a_token_inside_of_version_1_proves_no_later_time(plain, region, monkeypatch):
    """GM/T 0031-2014 allows a token for timeInfo: it was made before the signature."""
    old = Seal.create(
        name="章", owners=[region.hospital.certificate], maker=region.maker, version=1
    )
    whole = ses_write.encode_signed

    def with_token(seal, at, data_hash, location, *, version, certificate):
        text = whole(seal, at, data_hash, location, version=version, certificate=certificate)
        members = [one.raw for one in der.read(text, "x").children()]
        return der.sequence(*members[:2], der.bits(region.stamper.stamp(data_hash)), *members[3:])

    monkeypatch.setattr(ses_write, "encode_signed", with_token)
    data = ofd.seal(plain, seal=old, signer=region.hospital)
    report = ofd.verify(data, trust=region.trust)
    assert report.verdict == "valid"
    (one,) = report.signatures
    assert not one.timestamped
    assert "timestamp.before" in {finding.code for finding in one.findings}


@pytest.mark.parametrize("form", [Form.ATTRIBUTES, Form.CONTENT])
def test_signed_data_in_both_forms(plain, region, form, openssl_agrees):
    data = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper, form=form)
    raw, description = value_of(data)
    found = signing_cms.read(raw)
    assert found.digests == (sm3.digest(description),)
    assert found.canonical
    assert found.covered == (sm3.digest(description) if form is Form.CONTENT else found.covered)
    assert judged(data, region) == ("valid", set())
    assert openssl_agrees(region.doctor.certificate.public_key, found.signature, found.covered)
    report = ofd.verify(data, trust=region.trust)
    assert report.signatures[0].time == clock.now()


def test_content_in_base64_text_is_read_too(plain, region, monkeypatch):
    text = lambda description: base64.b64encode(sm3.digest(description))  # noqa: E731
    monkeypatch.setattr(
        signing_cms, "build_content",
        lambda description, *, signer, at, timestamper: signing_cms._signed(signer, b"", text(description), None),
    )  # fmt: skip
    data = ofd.sign(plain, signer=region.doctor, form=Form.CONTENT)
    assert judged(data, region) == ("valid", set())


@pytest.mark.parametrize("form", [Form.DER, Form.RAW])
def test_bare_signatures_need_a_key(plain, region, form, openssl_agrees):
    data = ofd.sign(plain, signer=region.doctor, form=form)
    raw, description = value_of(data)
    assert (len(raw) == 64) == (form is Form.RAW)
    assert judged(data, region) == ("indeterminate", {"ofd.key"})
    own = region.doctor.certificate
    assert judged(data, region, keys=[region.hospital.certificate, own]) == ("valid", set())
    assert ofd.verify(data, trust=region.trust, keys=[own]).signatures[0].signer == "张三"
    # a key alone: the verifier knows whose it is
    report = ofd.verify(data, trust=TrustStore([]), keys=[own.public_key])
    assert (report.verdict, report.signatures[0].signer) == ("valid", "")
    assert judged(data, region, keys=[region.hospital.certificate]) == (
        "invalid",
        {"ofd.signature"},
    )
    assert (
        judged(data, region, keys=[own], at=clock.now() + timedelta(days=9000))[0]
        == "indeterminate"
    )
    signature = raw if form is Form.DER else sm2.from_raw(raw)
    assert openssl_agrees(own.public_key, signature, description)
    with pytest.raises(Refused, match="no timestamp"):
        ofd.sign(plain, signer=region.doctor, form=form, timestamper=region.stamper)


def test_a_bare_signature_does_not_outlive_a_change(plain, region, tamper):
    data = ofd.sign(plain, signer=region.doctor, form=Form.RAW)
    package = ofd.open_package(data)
    page = package.pages[0].part
    changed = rewrite(package, {page: package.read(page) + b"\n"})
    assert judged(changed, region, keys=[region.doctor.certificate])[0] == "invalid"


def test_raw_values_in_seals_and_signed_data(plain, region):
    """Some devices answer r || s; other programs write it as it comes."""

    class Other:
        certificate, chain = region.hospital.certificate, region.hospital.chain

        def sign(self, data):
            return sm2.to_raw(region.hospital.sign(data))

    assert judged(ofd.seal(plain, seal=region.seal, signer=Other()), region) == ("valid", set())
    data = ofd.seal(plain, seal=region.seal, signer=region.hospital)
    package = ofd.open_package(data)
    part = package.parts[-1]
    value = ses.read_signature(package.read(part))
    raw = ses_write.encode_signature(
        value.signed, value.certificate, sm2.to_raw(value.signature), b"", version=4
    )
    # of ours, one encoding only; of other programs, whatever holds
    assert judged(rewrite(package, {part: raw}), region) == ("invalid", {"ofd.value"})


@pytest.mark.parametrize(
    "method", ["MD5", "SHA1", "", oids.SHA1, "1.2.156.10197.1.401.2", "sha256"]
)
def test_digests_that_are_not_accepted(plain, region, monkeypatch, method):
    from openrhip.formats.ofd import signing_xml

    whole = signing_xml.signature_xml
    old = f'CheckMethod="{oids.SM3}"'.encode()
    monkeypatch.setattr(
        signing_xml, "signature_xml",
        lambda description: whole(description).replace(old, f'CheckMethod="{method}"'.encode()),
    )  # fmt: skip
    data = ofd.sign(plain, signer=region.doctor)
    keyed = method in {"1.2.156.10197.1.401.2", "sha256"}
    expected = ("indeterminate", {"ofd.unsupported"}) if keyed else ("invalid", {"ofd.weak"})
    assert judged(data, region) == expected


def test_signatures_that_build_on_each_other(plain, region):
    first = ofd.sign(plain, signer=region.doctor)
    second = ofd.sign(first, signer=region.hospital, base="s001")
    assert judged(second, region) == ("valid", set())
    report = ofd.verify(second, trust=region.trust)
    assert [one.base for one in report.signatures] == ["", "s001"]
    assert "ofd.base" in {one.code for one in report.signatures[1].findings}
    with pytest.raises(NotFound, match="build on"):
        ofd.sign(first, signer=region.hospital, base="s009")
    package = ofd.open_package(second)
    listed = package.read("Doc_0/Signs/Signatures.xml").replace(
        b'Relative="s001"', b'Relative="s002"'
    )
    verdict, codes = judged(rewrite(package, {"Doc_0/Signs/Signatures.xml": listed}), region)
    assert verdict == "invalid"
    assert "ofd.base" in codes


def test_continued_and_locking(plain, region):
    data = plain
    for _ in range(3):
        data = ofd.sign(data, signer=region.doctor)
    data = ofd.seal(data, seal=region.seal, signer=region.hospital, lock=True)
    assert judged(data, region) == ("valid", set())
    with pytest.raises(Conflict, match="locked"):
        ofd.sign(data, signer=region.doctor)


# Riding seals


@pytest.fixture(scope="module")
def long(region):
    """Five pages."""
    return ofd.write(
        ofd.Story(
            "长", [item for _ in range(5) for item in (ofd.Paragraph("页"), ofd.PageBreak())][:-1]
        )
    )


@pytest.mark.parametrize("side", list(Side))
def test_a_riding_seal_is_whole_when_the_pages_are_fanned(long, region, side):
    data = ofd.seal(long, seal=region.seal, signer=region.hospital, riding=side)
    assert judged(data, region) == ("valid", set())
    package = ofd.open_package(data)
    record = records.read_record(package, records.listed(package)[0])
    assert [stamp.page_id for stamp in record.stamps] == [page.id for page in package.pages]
    wide = side in (Side.LEFT, Side.RIGHT)
    strips = sorted(stamp.clip[0] if wide else stamp.clip[1] for stamp in record.stamps)
    assert strips == pytest.approx([number * 42 / 5 for number in range(5)], abs=0.01)
    for stamp, page in zip(record.stamps, package.pages, strict=True):
        _, _, across, down = package.page_box(page)
        x, y, width, height = (
            stamp.box[0] + stamp.clip[0],
            stamp.box[1] + stamp.clip[1],
            *stamp.clip[2:],
        )
        at_edge = {
            Side.RIGHT: (x + width, across), Side.LEFT: (x, 0.0),
            Side.BOTTOM: (y + height, down), Side.TOP: (y, 0.0),
        }[side]  # fmt: skip
        assert at_edge[0] == pytest.approx(at_edge[1], abs=0.01)
        assert min(width, height) == pytest.approx(42 / 5, abs=0.01)


def test_a_riding_seal_and_others_together(long, region):
    data = ofd.seal(long, seal=region.seal, signer=region.hospital, riding=Side.RIGHT,
                    placements=[ofd.Placement(0, 20, 20), ofd.Placement(4, 30, 30)])  # fmt: skip
    assert judged(data, region) == ("valid", set())
    package = ofd.open_package(data)
    record = records.read_record(package, records.listed(package)[0])
    assert [stamp.clip is None for stamp in record.stamps] == [True, True, *[False] * 5]


def test_many_pages_get_several_riding_seals(region, long):
    from openrhip.formats.ofd import signing_places

    package = ofd.open_package(long)
    found = signing_places.riding(package, region.seal, slices=3)
    assert [round(one.clip[2], 2) for one in found] == [21.0, 21.0, 14.0, 14.0, 14.0]
    one_page = ofd.open_package(ofd.write(ofd.Story("短", [ofd.Paragraph("页")])))
    with pytest.raises(Malformed, match="two pages"):
        signing_places.riding(one_page, region.seal)
