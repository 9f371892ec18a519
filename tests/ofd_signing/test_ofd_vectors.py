"""Kept documents: our own of an earlier day, and those of an independent implementation."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import oids, sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.ofd import ses, signing_cms
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package_append import rewrite
from openrhip.formats.ofd.seals import Seal

VECTORS = Path(__file__).parents[1] / "vectors" / "ofd"
AT = datetime(2026, 11, 25, tzinfo=UTC)
SIGNED = sorted(path.name for path in VECTORS.glob("*.ofd") if path.name != "unsigned.ofd")


@pytest.fixture(scope="module")
def trust():
    return TrustStore.load_folder(VECTORS / "pki")


def records_of(package):
    return [records.read_record(package, line) for line in records.listed(package)]


def test_the_readme_names_every_vector():
    readme = (VECTORS / "README.md").read_text("utf-8")
    for path in VECTORS.iterdir():
        assert f"`{path.name}`" in readme or f"`{path.name}/`" in readme or path.name == "README.md"


@pytest.mark.parametrize("name", SIGNED)
def test_kept_documents_are_valid(name, trust):
    report = ofd.verify((VECTORS / name).read_bytes(), trust=trust, at=AT)
    assert [one.code for one in report.all_findings() if not one.ok] == []
    assert report.verdict == "valid"


@pytest.mark.parametrize("name", sorted(path.name for path in (VECTORS / "versions").glob("*.ofd")))
def test_kept_documents_of_the_other_forms_are_valid(name):
    folder = VECTORS / "versions"
    trust = TrustStore.load_folder(folder / "pki")
    signer = Certificate.from_pem((folder / "signer.pem").read_bytes())
    data = (folder / name).read_bytes()
    report = ofd.verify(data, trust=trust, at=AT + timedelta(days=1), keys=[signer])
    assert [one.code for one in report.all_findings() if not one.ok] == []
    assert {one.integrity for one in report.signatures} == {"holds"}
    package = ofd.open_package(data)
    changed = rewrite(package, {package.pages[1].part: b"<x/>"})
    report = ofd.verify(changed, trust=trust, at=AT + timedelta(days=1), keys=[signer])
    assert (report.verdict, report.integrity) == ("invalid", "broken")


@pytest.mark.parametrize("name", SIGNED)
def test_a_changed_byte_in_a_page_breaks_each(name, trust):
    data = (VECTORS / name).read_bytes()
    package = ofd.open_package(data)
    entry = package.entries[package.pages[0].part]
    changed = bytearray(data)
    changed[entry.start + entry.packed // 2] ^= 1
    report = ofd.verify(bytes(changed), trust=trust, at=AT)
    assert report.verdict == "invalid"
    assert any(package.pages[0].part in one.where for one in report.all_findings() if not one.ok)


def test_the_unsigned_one_is_unsigned(trust):
    assert ofd.verify((VECTORS / "unsigned.ofd").read_bytes(), trust=trust).verdict == "unsigned"


@pytest.mark.parametrize("name", ["other-sealed.ofd", "signed-then-other-sealed.ofd"])
def test_the_seal_of_another_implementation_shows(name):
    ((page, box, picture),) = ofd.stamps(ofd.open_package((VECTORS / name).read_bytes()))
    assert page == 0
    assert box == (120, 200, 42, 42)
    assert picture == Seal.from_der((VECTORS / "seal.esl").read_bytes()).picture


@pytest.mark.parametrize("name", SIGNED)
def test_openssl_agrees_on_every_signature_value(name, tmp_path):
    """`openssl dgst` over the bytes that each SignedValue.dat says are signed."""
    package = ofd.open_package((VECTORS / name).read_bytes())
    for record in records_of(package):
        value = package.read(record.value_part)
        text = package.read(record.part)
        if record.listed.kind == "Seal":
            found = ses.read_signature(value)
            assert found.data_hash == sm3.digest(text)
            key = Certificate.from_der(found.certificate).public_key
            openssl_verifies(tmp_path, key, found.signature, found.signed)
            maker = Certificate.from_der(found.seal.maker).public_key
            openssl_verifies(tmp_path, maker, found.seal.signature, found.seal.info.raw)
        else:
            signed = signing_cms.read(value)
            assert set(signed.digests) == {sm3.digest(text)}
            openssl_verifies(
                tmp_path, signed.certificate.public_key, signed.signature, signed.covered
            )


def openssl_verifies(folder, key, signature, data):
    (folder / "key.pem").write_bytes(key.to_pem())
    (folder / "sig").write_bytes(signature)
    (folder / "data").write_bytes(data)
    command = ["openssl", "dgst", "-sm3", "-verify", "key.pem", "-sigopt",
               "distid:1234567812345678", "-signature", "sig", "data"]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "Verified OK", done.stderr


def test_signatures_are_written_with_the_identifiers_of_the_standards():
    package = ofd.open_package((VECTORS / "signed-and-sealed.ofd").read_bytes())
    for record in records_of(package):
        assert record.method == oids.SM2_WITH_SM3 == "1.2.156.10197.1.501"
        assert record.check_method == oids.SM3 == "1.2.156.10197.1.401"
