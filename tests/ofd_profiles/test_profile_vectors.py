"""Kept files of an earlier day, ours and those of an independent implementation."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import sm3
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.formats.ofd.profiles import gmt0099, ofd_a, ofd_h
from openrhip.kernel.errors import NotVerified

VECTORS = Path(__file__).parents[1] / "vectors" / "ofd"
PROFILES = VECTORS / "profiles"
AT = datetime(2026, 11, 25, tzinfo=UTC)
HOLDERS = {
    "password": gmt0099.PasswordHolder("江城 2026 vectors"),
    "certificate": gmt0099.KeyHolder(PrivateKey(0x1234567890ABCDEF)),
}


def kept(name, folder=PROFILES):
    return (folder / name).read_bytes()


@pytest.fixture(scope="module")
def trust():
    return TrustStore.load_folder(PROFILES / "pki")


def test_the_record_and_its_copy(trust, failures):
    record, copy = kept("record.ofd"), kept("record-for-archive.ofd")
    assert ofd.verify(record, trust=trust, at=AT).verdict == "valid"
    assert not failures(ofd_h.check(ofd.open_package(record)))
    package = ofd.open_package(copy)
    assert not failures(ofd_a.check(package))
    assert package.metadata["OriginalSM3"] == sm3.hexdigest(record)
    assert ofd.text(copy) == ofd.text(record)


@pytest.mark.parametrize("way", sorted(HOLDERS))
def test_ours_open_to_the_byte(way):
    found = gmt0099.decrypt(kept(f"encrypted-{way}.ofd"), HOLDERS[way])
    assert found.data == kept("record.ofd")
    assert found.authenticated
    assert found.same


@pytest.mark.parametrize("way", sorted(HOLDERS))
def test_those_of_another_program_open(way):
    data = kept(f"other-encrypted-{way}.ofd")
    found = gmt0099.decrypt(data, HOLDERS[way])
    assert not found.authenticated
    package, plain = ofd.open_package(found.data), ofd.open_package(kept("unsigned.ofd", VECTORS))
    assert {name: package.read(name) for name in package.parts} == {
        name: plain.read(name) for name in plain.parts
    }
    wrong = {
        "password": gmt0099.PasswordHolder("another"),
        "certificate": gmt0099.KeyHolder(PrivateKey(7)),
    }
    with pytest.raises(NotVerified):
        gmt0099.decrypt(data, wrong[way])


def test_lists_of_files(trust, failures):
    ours = gmt0099.check_integrity(kept("listed.ofd"), trust=trust, at=AT)
    assert ours.ok
    other = gmt0099.check_integrity(kept("other-listed.ofd"), trust=trust, at=AT)
    held = {one.code for one in other.findings if one.ok}
    assert {"integrity.closed", "integrity.digest", "integrity.signature"} <= held
    # it carries neither a timestamp nor its issuer's certificate
    assert failures(other.findings) == {"integrity.timestamp", "chain.anchor"}
