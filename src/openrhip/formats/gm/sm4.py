"""SM4 block cipher (GB/T 32907-2016, GM/T 0002) in GCM and CBC mode, from `cryptography`."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from openrhip.kernel.errors import Malformed, NotVerified

KEY_SIZE = BLOCK = TAG_SIZE = 16
NONCE_SIZE = 12


def gcm_encrypt(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes = b"") -> bytes:
    """Ciphertext followed by the 16-byte tag. A nonce of 12 bytes must never repeat under a key."""
    worker = Cipher(_algorithm(key), modes.GCM(_sized(nonce, NONCE_SIZE, "nonce"))).encryptor()
    worker.authenticate_additional_data(aad)
    return worker.update(plaintext) + worker.finalize() + worker.tag


def gcm_decrypt(key: bytes, nonce: bytes, data: bytes, aad: bytes = b"") -> bytes:
    """The plaintext. Raises NotVerified when key, nonce, data or aad is another."""
    if len(data) < TAG_SIZE:
        raise Malformed("SM4-GCM data is shorter than its tag")
    mode = modes.GCM(_sized(nonce, NONCE_SIZE, "nonce"), data[-TAG_SIZE:])
    worker = Cipher(_algorithm(key), mode).decryptor()
    worker.authenticate_additional_data(aad)
    try:
        return worker.update(data[:-TAG_SIZE]) + worker.finalize()
    except InvalidTag as error:
        raise NotVerified("the SM4-GCM tag does not match") from error


def cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """CBC with PKCS#7 padding. It hides but does not authenticate: sign or MAC what matters."""
    fill = BLOCK - len(data) % BLOCK
    worker = Cipher(_algorithm(key), modes.CBC(_sized(iv, BLOCK, "IV"))).encryptor()
    return worker.update(data + bytes((fill,)) * fill) + worker.finalize()


def cbc_decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """The plaintext without its padding. Raises Malformed (length) or NotVerified (padding)."""
    if not data or len(data) % BLOCK:
        raise Malformed("SM4-CBC data is not a whole number of blocks")
    worker = Cipher(_algorithm(key), modes.CBC(_sized(iv, BLOCK, "IV"))).decryptor()
    return unpad(worker.update(data) + worker.finalize())


def unpad(data: bytes) -> bytes:
    """Take off PKCS#7 padding of 16-byte blocks. Raises NotVerified."""
    fill = data[-1]
    if not 1 <= fill <= BLOCK or data[-fill:] != bytes((fill,)) * fill:
        raise NotVerified("the padding is wrong: another key, or damaged data")
    return data[:-fill]


def _algorithm(key: bytes) -> algorithms.SM4:
    return algorithms.SM4(_sized(key, KEY_SIZE, "key"))


def _sized(value: bytes, size: int, name: str) -> bytes:
    if len(value) != size:
        raise Malformed(f"an SM4 {name} has {size} bytes, not {len(value)}")
    return value
