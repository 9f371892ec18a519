"""SM2 keys, signatures, encryption: round trips, refusals, threads."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats.gm import der, pem, pkcs8, sm2
from openrhip.formats.gm.sm2 import PrivateKey, PublicKey
from openrhip.kernel.errors import Malformed, NotVerified, Problem, TooLarge

KEY = PrivateKey.generate()
CHEAP = 1000  # iterations: what is tested is the form, not the cost


@given(data=st.binary(max_size=2000), signer_id=st.binary(max_size=64))
@settings(max_examples=40, deadline=None)
def test_sign_verify_round_trip(data, signer_id):
    signature = KEY.sign(data, signer_id=signer_id)
    assert KEY.public_key.verify(signature, data, signer_id=signer_id)
    assert KEY.public_key.verify(sm2.to_raw(signature), data, signer_id=signer_id)
    assert not KEY.public_key.verify(signature, data + b"\0", signer_id=signer_id)
    assert not KEY.public_key.verify(signature, data, signer_id=signer_id + b"\0")


@given(position=st.integers(0, 69), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_any_changed_bit_of_a_signature_fails(position, bit):
    signature = bytearray(KEY.sign(b"data"))
    signature[position % len(signature)] ^= 1 << bit
    assert not KEY.public_key.verify(bytes(signature), b"data")


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"0",
        bytes(64),
        bytes(65),
        b"\xff" * 64,
        b"\x30\x00",
        bytes(1000),
        b"\x30\x06\x02\x01\0",
    ],
)
def test_nonsense_is_no_signature(signature):
    assert KEY.public_key.verify(signature, b"data") is False


def test_signature_with_bytes_behind_it_fails():
    assert not KEY.public_key.verify(KEY.sign(b"data") + b"\0", b"data")


@given(data=st.binary(min_size=1, max_size=500))
@settings(max_examples=25, deadline=None)
def test_encrypt_decrypt_round_trip(data):
    assert KEY.decrypt(KEY.public_key.encrypt(data)) == data


def test_ciphertext_has_the_members_of_gmt_0009():
    fields = der.Fields(der.read(KEY.public_key.encrypt(b"12345"), "test"), "test")
    x, y = (fields.take(name).integer("test") for name in "xy")
    assert x > 0
    assert y > 0
    assert len(fields.take("hash").octets("test")) == 32
    assert len(fields.take("ciphertext").octets("test")) == 5
    fields.end()


@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_changed_ciphertext_is_refused(position, value):
    sealed = bytearray(KEY.public_key.encrypt(b"some key material"))
    position %= len(sealed)
    if sealed[position] != value:
        sealed[position] = value
        with pytest.raises(NotVerified):
            KEY.decrypt(bytes(sealed))


def test_decrypt_with_another_key_and_bounds():
    with pytest.raises(NotVerified):
        PrivateKey.generate().decrypt(KEY.public_key.encrypt(b"x"))
    with pytest.raises(TooLarge):
        KEY.decrypt(bytes(sm2.LARGEST_CIPHERTEXT + 1))
    with pytest.raises(TooLarge):
        KEY.public_key.encrypt(bytes(sm2.LARGEST_CIPHERTEXT))
    with pytest.raises(Malformed):
        KEY.public_key.encrypt(b"")


def test_threads_share_keys():
    signatures = {}

    def work(number: int) -> bool:
        data = number.to_bytes(4, "big")
        signatures[number] = KEY.sign(data)
        return KEY.public_key.verify(signatures[number], data)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(400)))
    assert len(set(signatures.values())) == 400


_FORK = """
import os
from openrhip.formats.gm import sm2
key = sm2.PrivateKey.generate()
key.sign(b"x")
ends = []
for _ in range(4):
    back, there = os.pipe()
    if os.fork() == 0:
        os.write(there, sm2.to_raw(key.sign(b"x"))[:32])
        os._exit(0)
    ends.append(os.read(back, 32))
    os.wait()
ends.append(sm2.to_raw(key.sign(b"x"))[:32])
print(len(set(ends)))
"""


def test_forked_processes_never_repeat_a_nonce():
    """The same r for the same message would mean the same nonce, which gives the key away."""
    done = subprocess.run([sys.executable, "-c", _FORK], capture_output=True, check=True)
    assert done.stdout.strip() == b"5"


@pytest.mark.parametrize("scalar", [0, -1, sm2.ORDER - 1, sm2.ORDER, 1 << 300])
def test_private_number_outside_its_range(scalar):
    with pytest.raises(Malformed):
        PrivateKey(scalar)


@pytest.mark.parametrize("scalar", [1, 2, sm2.ORDER - 2])
def test_private_number_at_its_bounds(scalar):
    key = PrivateKey(scalar)
    assert key.public_key.verify(key.sign(b"x"), b"x")


@pytest.mark.parametrize("point", [b"", bytes(65), b"\x04" + bytes(64), b"\x04" + b"\x01" * 64])
def test_points_off_the_curve(point):
    with pytest.raises(Malformed):
        PublicKey.from_point(point)


def test_public_key_is_parsed_once():
    spki = KEY.public_key.to_spki()
    assert PublicKey.from_spki(spki) is PublicKey.from_point(KEY.public_key.point)
    assert PublicKey.from_pem(KEY.public_key.to_pem()) == KEY.public_key


def test_pem_round_trip_and_passwords():
    text = KEY.to_pem(b"secret", iterations=CHEAP)
    assert b"ENCRYPTED PRIVATE KEY" in text
    assert PrivateKey.from_pem(text, b"secret").public_key == KEY.public_key
    for wrong in (b"Secret", b"", None):
        with pytest.raises(NotVerified):
            PrivateKey.from_pem(text, wrong)
    assert PrivateKey.from_pem(KEY.to_pem(None), None).public_key == KEY.public_key


def test_wrong_passwords_never_open(monkeypatch):
    text = KEY.to_pem(b"secret", iterations=1)
    for number in range(600):  # enough for believable paddings to occur
        with pytest.raises(NotVerified):
            PrivateKey.from_pem(text, str(number).encode())


def test_key_shows_itself_nowhere():
    assert f"{KEY._scalar:x}" not in repr(KEY) + repr(vars(pkcs8.Content)) + str(KEY)
    content = pkcs8.decode(pkcs8.encode(KEY._scalar, KEY.public_key.point))
    assert str(KEY._scalar) not in repr(content)


def test_private_and_public_part_must_belong_together():
    other = PrivateKey.generate()
    text = pem.encode("PRIVATE KEY", pkcs8.encode(KEY._scalar, other.public_key.point))
    with pytest.raises(NotVerified):
        PrivateKey.from_pem(text, None)


def test_iteration_count_is_bounded():
    body = pkcs8.encrypt(b"\x30\x00", b"x", iterations=1)
    zero = body.replace(b"\x02\x01\x01", b"\x02\x01\x00", 1)
    with pytest.raises(TooLarge):
        pkcs8.decrypt(zero, b"x")


@given(data=st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_random_bytes_are_refused_as_keys(data):
    for read in (PublicKey.from_spki, pkcs8.decode, pkcs8.decode_ec):
        with pytest.raises(Problem):
            read(data)
    with pytest.raises(Problem):
        pkcs8.decrypt(data, b"x")
    with pytest.raises(Problem):
        PrivateKey.from_pem(data, b"x")


@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
@settings(max_examples=150, deadline=None)
def test_mutated_key_files_are_read_or_refused(position, value):
    body = bytearray(
        pkcs8.encrypt(pkcs8.encode(KEY._scalar, KEY.public_key.point), b"x", iterations=1)
    )
    position %= len(body)
    if position in range(58, 66):  # around the iteration count: a large one is merely slow
        return
    body[position] = value
    with suppress(Problem):
        PrivateKey.from_pem(pem.encode("ENCRYPTED PRIVATE KEY", bytes(body)), b"x")
