"""The development authority and signers from files."""

from __future__ import annotations

import time

import pytest

from openrhip.formats.gm import devpki, tsp
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore, validate
from openrhip.formats.gm.devpki import DevInstitution, DevStaff
from openrhip.formats.gm.signer import Signer, SoftwareSigner
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Malformed, Misconfigured, NotFound, NotVerified

HOSPITALS = [DevInstitution("H1", "市第一医院"), DevInstitution("H2", "社区卫生服务中心")]
DOCTORS = [DevStaff(f"D{n:02}", f"医生{n}", f"H{n % 2 + 1}") for n in range(12)]
PASSWORD = b"for tests"


@pytest.fixture(scope="module")
def region(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    start = time.perf_counter()
    devpki.create(folder, institutions=HOSPITALS, staff=DOCTORS, password=PASSWORD)
    return folder, time.perf_counter() - start


def test_it_is_quick(region):
    assert region[1] < 3


def test_layout_and_modes(region):
    folder, _ = region
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    holders = ["ca/root", "ca/issuing", "tsa/tsa", "maker/maker", "centre/centre"]
    holders += [f"institutions/{one.code}" for one in HOSPITALS]
    holders += [f"staff/{one.code}" for one in DOCTORS]
    expected = {f"{one}.{part}.pem" for one in holders for part in ("key", "cert", "chain")}
    trust = {"trust/root.cert.pem", "trust/root.crl.pem", "trust/issuing.crl.pem"}
    trust.add("trust/makers/maker.cert.pem")
    assert names == expected | trust
    for path in folder.rglob("*.key.pem"):
        assert path.stat().st_mode & 0o777 == 0o600
        assert b"BEGIN ENCRYPTED PRIVATE KEY" in path.read_bytes()


def test_every_subject_is_marked(region):
    for path in region[0].rglob("*.cert.pem"):
        assert "开发测试 DEVELOPMENT ONLY" in Certificate.from_pem(path.read_bytes()).subject


@pytest.mark.parametrize(
    ("place", "name", "usage"),
    [
        ("institutions", "H1", "digitalSignature"),
        ("staff", "D03", "nonRepudiation"),
        ("tsa", "tsa", "timeStamping"),
        ("maker", "maker", "digitalSignature"),
        ("centre", "centre", "digitalSignature"),
        ("ca", "issuing", "keyCertSign"),
    ],
)
def test_every_chain_holds(region, place, name, usage):
    folder, _ = region
    signer = SoftwareSigner.load(folder / place, name, PASSWORD)
    assert isinstance(signer, Signer)
    trust = TrustStore.load_folder(folder / "trust")
    report = validate(signer.certificate, signer.chain, trust, at=clock.now(), usage=usage)
    assert report.ok, report.findings
    assert signer.certificate.public_key.verify(signer.sign(b"x"), b"x")
    sealed = signer.certificate.public_key.encrypt(b"key")
    assert signer.decrypt(sealed) == b"key"


def test_subjects_name_who_and_where(region):
    certificate = Certificate.from_pem((region[0] / "staff" / "D03.cert.pem").read_bytes())
    assert certificate.attribute("UID") == "D03"
    assert certificate.attribute("organizationIdentifier") == "H2"
    assert certificate.organization == "社区卫生服务中心"
    assert certificate.common_name == "医生3"


def test_the_maker_of_seals_is_listed_in_the_trust(region):
    folder, _ = region
    maker = Certificate.from_pem((folder / "maker" / "maker.cert.pem").read_bytes())
    trust = TrustStore.load_folder(folder / "trust")
    assert trust.seal_makers == {maker.fingerprint}
    assert trust.with_crls(()).seal_makers == {maker.fingerprint}
    assert TrustStore([], seal_makers=[maker.fingerprint.upper()]).seal_makers == trust.seal_makers
    assert maker not in trust.intermediates


def test_timestamps_of_the_development_authority(region):
    folder, _ = region
    authority = tsp.Authority(SoftwareSigner.load(folder / "tsa", "tsa", PASSWORD))
    token = tsp.LocalTimestamper(authority).stamp(b"x")
    assert tsp.verify_token(token, b"x", TrustStore.load_folder(folder / "trust")).ok


def test_twice_is_a_conflict(region):
    with pytest.raises(Conflict):
        devpki.create(region[0], institutions=[], staff=[], password=PASSWORD)


def test_add_later(tmp_path):
    with pytest.raises(NotFound):
        devpki.add(tmp_path, password=PASSWORD)
    devpki.create(tmp_path, institutions=HOSPITALS[:1], staff=[], password=PASSWORD)
    late = DevStaff("N1", "护士", "H1")
    devpki.add(tmp_path, institutions=HOSPITALS[1:], staff=[late], password=PASSWORD)
    signer = SoftwareSigner.load(tmp_path / "staff", "N1", PASSWORD)
    assert signer.certificate.organization == "市第一医院"
    with pytest.raises(Conflict):
        devpki.add(tmp_path, institutions=HOSPITALS[:1], password=PASSWORD)
    with pytest.raises(Misconfigured):
        devpki.add(tmp_path, staff=[DevStaff("N2", "护士", "H1")], password=b"wrong")


@pytest.mark.parametrize("code", ["", "../x", ".x", "a/b", "a b", "x" * 65, "院"])
def test_codes_cannot_leave_the_folder(tmp_path, code):
    with pytest.raises(Malformed):
        devpki.create(
            tmp_path, institutions=[DevInstitution(code, "x")], staff=[], password=PASSWORD
        )
    assert list(tmp_path.iterdir()) == []


def test_inconsistent_people(tmp_path):
    with pytest.raises(NotFound):
        devpki.create(tmp_path, institutions=[], staff=DOCTORS, password=PASSWORD)
    with pytest.raises(Conflict):
        devpki.create(tmp_path, institutions=HOSPITALS * 2, staff=[], password=PASSWORD)


def test_password_file(tmp_path):
    made = devpki.ensure_password(tmp_path / "pki")
    assert len(made) > 40
    assert devpki.ensure_password(tmp_path / "pki") == made
    assert (tmp_path / "pki" / "password").stat().st_mode & 0o777 == 0o600


def test_signer_files_that_do_not_work(region, tmp_path):
    folder, _ = region
    with pytest.raises(Misconfigured, match="cannot be read"):
        SoftwareSigner.load(folder / "staff", "nobody", PASSWORD)
    with pytest.raises(Misconfigured, match="password is wrong"):
        SoftwareSigner.load(folder / "staff", "D03", b"wrong")
    for part, source in (("key", "D03"), ("cert", "D04"), ("chain", "D04")):
        data = (folder / "staff" / f"{source}.{part}.pem").read_bytes()
        (tmp_path / f"x.{part}.pem").write_bytes(data)
    with pytest.raises(Misconfigured, match="not the one of the certificate"):
        SoftwareSigner.load(tmp_path, "x", PASSWORD)


def test_signer_refuses_a_foreign_certificate(authority, leaf):
    with pytest.raises(NotVerified):
        SoftwareSigner(authority.key, leaf.certificate)
