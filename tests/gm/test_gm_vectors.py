"""The examples printed in the standards; tests/vectors/gm/README.md says which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from openrhip.formats.gm import der, sm2, sm3, sm4
from openrhip.kernel.errors import Malformed, NotVerified

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "gm" / "vectors.json").read_text("utf-8")
)


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


@pytest.mark.parametrize("row", VECTORS["sm3"], ids=lambda row: row["name"])
def test_sm3_digest(row):
    message = unhex(row["message"]) * row.get("times", 1)
    assert sm3.hexdigest(message) == row["digest"]
    assert sm3.digest(message).hex() == row["digest"]


@pytest.mark.parametrize("row", VECTORS["hmac"], ids=lambda row: row["name"])
def test_hmac_sm3(row):
    assert sm3.hmac(unhex(row["key"]), unhex(row["message"])).hex() == row["mac"]


def test_sm4_block():
    row = VECTORS["sm4_block"]
    out = sm4.cbc_encrypt(unhex(row["key"]), bytes(16), unhex(row["plaintext"]))
    assert out[:16].hex() == row["ciphertext"]
    assert sm4.cbc_decrypt(unhex(row["key"]), bytes(16), out).hex() == row["plaintext"]


def test_sm4_gcm_of_rfc8998():
    row = VECTORS["sm4_gcm"]
    key, nonce, aad, plain = (unhex(row[name]) for name in ("key", "nonce", "aad", "plaintext"))
    sealed = sm4.gcm_encrypt(key, nonce, plain, aad)
    assert sealed.hex() == row["ciphertext"] + row["tag"]
    assert sm4.gcm_decrypt(key, nonce, sealed, aad) == plain
    for broken in (sealed[:-1] + bytes((sealed[-1] ^ 1,)), bytes((sealed[0] ^ 1,)) + sealed[1:]):
        with pytest.raises(NotVerified):
            sm4.gcm_decrypt(key, nonce, broken, aad)
    with pytest.raises(NotVerified):
        sm4.gcm_decrypt(key, nonce, sealed, aad + b"x")


@pytest.mark.parametrize("bad", [b"", b"short", bytes(17)])
def test_sm4_refuses_wrong_sizes(bad):
    with pytest.raises(Malformed):
        sm4.gcm_encrypt(bad, bytes(12), b"x")
    with pytest.raises(Malformed):
        sm4.gcm_encrypt(bytes(16), bad, b"x")
    with pytest.raises(Malformed):
        sm4.cbc_encrypt(bytes(16), bad, b"x")
    with pytest.raises(Malformed):
        sm4.cbc_decrypt(bytes(16), bytes(16), bad)
    with pytest.raises((Malformed, NotVerified)):
        sm4.gcm_decrypt(bytes(16), bytes(12), bad)


def test_sm4_cbc_names_a_wrong_key():
    sealed = sm4.cbc_encrypt(bytes(16), bytes(16), b"sixteen bytes ok")
    with pytest.raises(NotVerified):
        sm4.cbc_decrypt(b"another key 1234", bytes(16), sealed)


def test_sm2_key_and_identity_digest():
    row = VECTORS["sm2_sign"]
    key = sm2.PrivateKey(int(row["private"], 16))
    assert key.public_key.point.hex() == "04" + row["x"] + row["y"]
    e = key.public_key.digest(unhex(row["message"]), signer_id=row["id"].encode())
    assert e.hex() == row["e"]


def test_sm2_signature_of_the_standard_holds():
    row = VECTORS["sm2_sign"]
    key = sm2.PublicKey.from_point(unhex("04" + row["x"] + row["y"]))
    raw = unhex(row["r"] + row["s"])
    message, signer_id = unhex(row["message"]), row["id"].encode()
    assert key.verify(raw, message, signer_id=signer_id)
    assert key.verify(sm2.from_raw(raw), message, signer_id=signer_id)
    assert sm2.to_raw(sm2.from_raw(raw)) == raw
    assert not key.verify(raw, message + b"!", signer_id=signer_id)
    assert not key.verify(raw, message, signer_id=b"ALICE123@YAHOO.COM")


def test_sm2_ciphertext_of_the_standard_opens():
    row = VECTORS["sm2_encrypt"]
    key = sm2.PrivateKey(int(VECTORS["sm2_sign"]["private"], 16))
    cipher = der.sequence(
        der.integer(int(row["x1"], 16)),
        der.integer(int(row["y1"], 16)),
        der.octets(unhex(row["c3"])),
        der.octets(unhex(row["c2"])),
    )
    assert key.decrypt(cipher).hex() == row["plaintext"]
