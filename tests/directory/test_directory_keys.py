"""The key ring: files, versions, rotation, and what must not open."""

import stat
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.directory import models, service
from openrhip.directory.adapters.keys import FileKeyRing, MemoryKeyRing
from openrhip.directory.rules.numbers import check_digit
from openrhip.kernel.errors import Malformed, Misconfigured, NotVerified

AAD = b"table\x00column\x00row"


def test_files_are_private_and_kept(tmp_path):
    folder = tmp_path / "keys"
    ring = FileKeyRing.create(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert FileKeyRing.create(folder).index(b"x") == ring.index(b"x")
    assert FileKeyRing(folder).open(ring.seal(b"secret", aad=AAD), aad=AAD) == b"secret"


def test_a_key_that_others_may_read_is_refused(tmp_path):
    FileKeyRing.create(tmp_path)
    (tmp_path / "seal-0001.key").chmod(0o640)
    with pytest.raises(Misconfigured, match="open to others"):
        FileKeyRing(tmp_path)


@pytest.mark.parametrize("content", ["zz", "00", ""])
def test_a_broken_key_is_refused(tmp_path, content):
    FileKeyRing.create(tmp_path)
    path = tmp_path / "index-0001.key"
    path.write_text(content)
    with pytest.raises(Misconfigured):
        FileKeyRing(tmp_path)


def test_an_empty_ring_is_refused(tmp_path):
    with pytest.raises(Misconfigured, match="empty"):
        FileKeyRing(tmp_path / "none")
    with pytest.raises(Misconfigured):
        FileKeyRing.rotate(tmp_path / "none")


@given(st.binary(max_size=200))
def test_sealed_and_opened(text):
    ring = MemoryKeyRing.random()
    sealed = ring.seal(text, aad=AAD)
    assert ring.open(sealed, aad=AAD) == text
    assert ring.seal(text, aad=AAD) != sealed


@given(st.binary(max_size=40), st.data())
def test_one_changed_byte_does_not_open(text, data):
    ring = MemoryKeyRing.random()
    sealed = bytearray(ring.seal(text, aad=AAD))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(NotVerified):
        ring.open(bytes(sealed), aad=AAD)


def test_another_cell_or_ring_does_not_open():
    ring = MemoryKeyRing.random()
    sealed = ring.seal(b"secret", aad=AAD)
    with pytest.raises(NotVerified):
        ring.open(sealed, aad=AAD + b"2")
    with pytest.raises(NotVerified):
        MemoryKeyRing.random().open(sealed, aad=AAD)
    with pytest.raises(Malformed):
        ring.open(b"short", aad=AAD)


def test_versions_and_pseudonyms_through_a_rotation(tmp_path):
    old = FileKeyRing.create(tmp_path)
    new = FileKeyRing.rotate(tmp_path)
    sealed, index = old.seal(b"secret", aad=AAD), old.index(b"secret")
    assert new.open(sealed, aad=AAD) == b"secret"
    assert new.indexes(b"secret")[1] == index
    assert new.index(b"secret").startswith("0002")
    assert len(index) == 4 + 32
    assert new.pseudonym(b"p") == old.pseudonym(b"p")
    assert old.is_current(sealed, index)
    assert not new.is_current(sealed, index)


@pytest.mark.django_db
def test_people_are_found_through_a_rotation_and_after_resealing(doors):
    born = date(1990, 1, 1)
    first = "32010219900101123"
    number = first + check_digit(first)
    facts = {"name": "王㛃", "sex": "1", "birth_date": born, "source": "H1"}
    person = service.identify(id_number=number, phone="13812345678", **facts).person_id
    newer = doors.keys.rotated()
    with service.using(keys=newer):
        assert service.identify(id_number=number, **facts).person_id == person
        assert models.Identifier.objects.filter(lookup__startswith="0001").count() == 3
        assert service.reseal() == 3 + 1  # the contact too
        assert service.reseal() == 0
        assert not models.Identifier.objects.filter(lookup__startswith="0001").exists()
        assert service.citizen_login_lookup("王㛃", number) == person
        assert service.login_phone(person) == "13812345678"
    newest_only = MemoryKeyRing({2: newer._seals[2]}, {2: newer._indexes[2]})
    with service.using(keys=newest_only):
        assert service.identify(id_number=number, **facts).person_id == person
