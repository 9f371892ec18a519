"""Every result against the openssl command and against independent implementations in Python."""

from __future__ import annotations

import gmalg
import pytest
from gmssl import func as gmssl_func
from gmssl import sm3 as gmssl_sm3
from gmssl import sm4 as gmssl_sm4

from openrhip.formats.gm import certs, der, sm2, sm3, sm4
from openrhip.formats.gm.sm2 import PrivateKey, PublicKey

MESSAGE = "出院小结 discharge summary".encode()
IDS = [sm2.DEFAULT_ID, b"ALICE123@YAHOO.COM", b""]


def test_sm3_equals_openssl_and_gmssl(openssl, tmp_path):
    for size in (0, 1, 55, 56, 63, 64, 65, 1000):
        data = bytes(range(256)) * 4
        data = data[:size]
        (tmp_path / "data").write_bytes(data)
        out = openssl("dgst", "-sm3", "-r", "data").stdout.split()[0].decode()
        assert sm3.hexdigest(data) == out
        if data:
            assert gmssl_sm3.sm3_hash(gmssl_func.bytes_to_list(data)) == out


def test_hmac_equals_openssl(openssl, tmp_path):
    (tmp_path / "data").write_bytes(MESSAGE)
    out = openssl("dgst", "-sm3", "-mac", "HMAC", "-macopt", "hexkey:0a0b0c", "data").stdout
    assert out.decode().split()[-1] == sm3.hmac(b"\x0a\x0b\x0c", MESSAGE).hex()


def test_sm4_cbc_equals_openssl_and_gmssl(openssl):
    key, iv = bytes(range(16)), bytes(range(16, 32))
    sealed = sm4.cbc_encrypt(key, iv, MESSAGE)
    same = openssl("enc", "-sm4-cbc", "-K", key.hex(), "-iv", iv.hex(), stdin=MESSAGE).stdout
    assert sealed == same
    plain = openssl("enc", "-d", "-sm4-cbc", "-K", key.hex(), "-iv", iv.hex(), stdin=sealed).stdout
    assert plain == MESSAGE
    other = gmssl_sm4.CryptSM4()
    other.set_key(key, gmssl_sm4.SM4_ENCRYPT)
    assert other.crypt_cbc(iv, MESSAGE) == sealed


@pytest.mark.parametrize("signer_id", IDS)
def test_openssl_verifies_our_signature_and_we_its(openssl, tmp_path, signer_id):
    key = PrivateKey.generate()
    (tmp_path / "data").write_bytes(MESSAGE)
    (tmp_path / "pub.pem").write_bytes(key.public_key.to_pem())
    (tmp_path / "key.pem").write_bytes(key.to_pem(b"pw", iterations=1000))
    (tmp_path / "ours").write_bytes(key.sign(MESSAGE, signer_id=signer_id))
    option = f"hexdistid:{signer_id.hex()}"
    options = ["-sigopt", option] if signer_id else []
    sm = ["dgst", "-sm3", *options]
    done = openssl(*sm, "-verify", "pub.pem", "-signature", "ours", "data")
    assert b"Verified OK" in done.stdout
    openssl(*sm, "-sign", "key.pem", "-passin", "pass:pw", "-out", "theirs", "data")
    theirs = (tmp_path / "theirs").read_bytes()
    assert key.public_key.verify(theirs, MESSAGE, signer_id=signer_id)
    assert not key.public_key.verify(theirs, MESSAGE, signer_id=b"someone else")
    (tmp_path / "data").write_bytes(MESSAGE + b"!")
    done = openssl(*sm, "-verify", "pub.pem", "-signature", "ours", "data", check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("signer_id", IDS[:2])
def test_gmalg_verifies_our_signature_and_we_its(signer_id):
    key = PrivateKey.generate()
    other = gmalg.SM2(key._scalar.to_bytes(32, "big"), uid=signer_id, pk=key.public_key.point)
    raw = sm2.to_raw(key.sign(MESSAGE, signer_id=signer_id))
    assert other.verify(MESSAGE, raw[:32], raw[32:])
    r, s = other.sign(MESSAGE)
    theirs = r.rjust(32, b"\0") + s.rjust(32, b"\0")
    assert key.public_key.verify(theirs, MESSAGE, signer_id=signer_id)
    assert not other.verify(MESSAGE + b"!", raw[:32], raw[32:])


def test_gmalg_decrypts_ours_and_we_its():
    key = PrivateKey.generate()
    other = gmalg.SM2(key._scalar.to_bytes(32, "big"), pk=key.public_key.point)
    fields = der.Fields(der.read(key.public_key.encrypt(MESSAGE), "c"), "c")
    x, y = (fields.take(name).integer("c").to_bytes(32, "big") for name in "xy")
    c3, c2 = (fields.take(name).octets("c") for name in ("hash", "ciphertext"))
    assert other.decrypt(b"\x04" + x + y + c3 + c2) == MESSAGE
    theirs = other.encrypt(MESSAGE)
    sealed = der.sequence(
        der.integer(int.from_bytes(theirs[1:33], "big")),
        der.integer(int.from_bytes(theirs[33:65], "big")),
        der.octets(theirs[65:97]),
        der.octets(theirs[97:]),
    )
    assert key.decrypt(sealed) == MESSAGE


def test_openssl_decrypts_ours_and_we_its(openssl, tmp_path):
    key = PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(key.to_pem(None))
    (tmp_path / "pub.pem").write_bytes(key.public_key.to_pem())
    (tmp_path / "ours").write_bytes(key.public_key.encrypt(MESSAGE))
    assert openssl("pkeyutl", "-decrypt", "-inkey", "key.pem", "-in", "ours").stdout == MESSAGE
    theirs = openssl("pkeyutl", "-encrypt", "-pubin", "-inkey", "pub.pem", stdin=MESSAGE).stdout
    assert key.decrypt(theirs) == MESSAGE


@pytest.mark.parametrize("cipher", ["sm4-cbc", "aes-128-cbc", "aes-256-cbc"])
def test_we_read_key_files_of_openssl(openssl, tmp_path, cipher):
    openssl("genpkey", "-algorithm", "SM2", "-out", "plain.pem")
    openssl(
        "pkcs8", "-topk8", "-v2", cipher, "-in", "plain.pem", "-passout", "pass:pw", "-out", "e"
    )
    openssl("pkey", "-in", "plain.pem", "-pubout", "-out", "pub.pem")
    public = PublicKey.from_pem((tmp_path / "pub.pem").read_bytes())
    plain = PrivateKey.from_pem((tmp_path / "plain.pem").read_bytes(), None)
    sealed = PrivateKey.from_pem((tmp_path / "e").read_bytes(), b"pw")
    assert plain.public_key == sealed.public_key == public


def test_openssl_reads_our_key_file(openssl, tmp_path):
    key = PrivateKey.generate()
    (tmp_path / "key.pem").write_bytes(key.to_pem(b"pw", iterations=1000))
    out = openssl("pkey", "-in", "key.pem", "-passin", "pass:pw", "-pubout").stdout
    assert out == key.public_key.to_pem()
    assert openssl("pkey", "-in", "key.pem", "-passin", "pass:no", check=False).returncode != 0


def test_openssl_verifies_our_certificates(openssl, tmp_path, authority, leaf, distid):
    for name, one in (
        ("root", authority.root),
        ("issuing", authority.issuing),
        ("leaf", leaf.certificate),
    ):
        (tmp_path / f"{name}.pem").write_bytes(one.pem())
    at = ["-attime", "1795500000", "-vfyopt", distid]
    openssl("verify", *at, "-CAfile", "root.pem", "issuing.pem")
    openssl("verify", *at, "-partial_chain", "-CAfile", "issuing.pem", "leaf.pem")
    done = openssl("verify", *at, "-partial_chain", "-CAfile", "root.pem", "leaf.pem", check=False)
    assert done.returncode != 0
    text = openssl("x509", "-in", "leaf.pem", "-noout", "-text").stdout.decode()
    assert "SM2-with-SM3" in text
    assert "Digital Signature, Non Repudiation" in text


def test_we_verify_certificates_of_openssl(openssl, tmp_path, distid):
    for name in ("ca", "user"):
        openssl("genpkey", "-algorithm", "SM2", "-out", f"{name}.key")
    openssl(
        *("req", "-x509", "-new", "-key", "ca.key", "-sm3", "-sigopt", distid, "-utf8"),
        *("-subj", "/C=CN/O=测试/CN=根", "-days", "30", "-out", "ca.pem"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    openssl(
        *("req", "-new", "-key", "user.key", "-sm3", "-sigopt", distid, "-utf8"),
        *("-subj", "/C=CN/O=医院/CN=张\\,三", "-out", "user.csr"),
    )
    openssl(
        *("x509", "-req", "-in", "user.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-sm3"),
        *("-sigopt", distid, "-vfyopt", distid, "-CAcreateserial", "-days", "9", "-out", "u.pem"),
    )
    ca = certs.Certificate.from_pem((tmp_path / "ca.pem").read_bytes())
    user = certs.Certificate.from_pem((tmp_path / "u.pem").read_bytes())
    assert ca.is_ca
    assert ca.signed_by(ca)
    assert user.signed_by(ca)
    assert not ca.signed_by(user)
    assert user.organization == "医院"
    assert user.subject == "CN=张\\,三,O=医院,C=CN"


def test_openssl_verifies_our_revocation_list(openssl, tmp_path, authority, distid):
    made = authority.list_of()
    (tmp_path / "tbs").write_bytes(made.tbs)
    (tmp_path / "sig").write_bytes(made.signature)
    (tmp_path / "pub.pem").write_bytes(authority.key.public_key.to_pem())
    (tmp_path / "crl.pem").write_bytes(made.pem())
    sm = ["dgst", "-sm3", "-sigopt", distid, "-verify", "pub.pem", "-signature", "sig"]
    assert b"Verified OK" in openssl(*sm, "tbs").stdout
    text = openssl("crl", "-in", "crl.pem", "-noout", "-text").stdout.decode()
    assert "No Revoked Certificates" in text
