"""PKCS#8 keys (RFC 5208, RFC 5958) with SM2 (GB/T 35276), at rest under PBES2 (RFC 8018).

Written as PBKDF2-HMAC-SHA256 + SM4-CBC, which `openssl pkey` of version 3.0 and later reads (it
knows no PBKDF2 over HMAC-SM3); AES-128-CBC and AES-256-CBC are read as well.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from openrhip.formats.gm import der, oids, sm4
from openrhip.kernel.errors import Malformed, NotVerified, TooLarge

ITERATIONS = 200_000
MOST_ITERATIONS = 10_000_000
_PRFS = {oids.HMAC_SHA1: "sha1", oids.HMAC_SHA256: "sha256", oids.HMAC_SM3: "sm3"}
_CIPHERS = {oids.SM4_CBC: 16, oids.AES128_CBC: 16, oids.AES256_CBC: 32}  # key sizes
_WHERE = "private key"


@dataclass(frozen=True, slots=True)
class Content:
    """private: the scalar d; point: 04||x||y if the file states it."""

    private: int
    point: bytes | None

    def __repr__(self) -> str:
        return "Content(private=…)"


def algorithm() -> bytes:
    """AlgorithmIdentifier of an SM2 key: id-ecPublicKey with the curve 1.2.156.10197.1.301."""
    return der.sequence(der.oid(oids.EC_PUBLIC_KEY), der.oid(oids.SM2_CURVE))


def check_algorithm(node: der.Node, where: str) -> None:
    """Raises Malformed unless the AlgorithmIdentifier is that of an SM2 key."""
    fields = der.Fields(node, where)
    name = fields.take("algorithm").oid(where)
    curve = fields.maybe(der.OID)
    if name == oids.SM2_CURVE and curve is None:
        return  # some issuers name the curve as the algorithm
    if name != oids.EC_PUBLIC_KEY or curve is None or curve.oid(where) != oids.SM2_CURVE:
        raise Malformed("the key is not an SM2 key", where=where)


def encode(private: int, point: bytes) -> bytes:
    """PrivateKeyInfo with an ECPrivateKey (RFC 5915) that states its public key."""
    inner = der.sequence(
        der.integer(1),
        der.octets(private.to_bytes(32, "big")),
        der.explicit(1, der.bits(point)),
    )
    return der.sequence(der.integer(0), algorithm(), der.octets(inner))


def decode(data: bytes) -> Content:
    """Read PrivateKeyInfo. Raises Malformed."""
    fields = der.Fields(der.read(data, _WHERE), _WHERE)
    if fields.take("version").integer(_WHERE) not in {0, 1}:
        raise Malformed("unknown version of PKCS#8", where=_WHERE)
    check_algorithm(fields.take("algorithm", der.SEQUENCE), _WHERE)
    return decode_ec(fields.take("privateKey").octets(_WHERE))


def decode_ec(data: bytes) -> Content:
    """Read ECPrivateKey (RFC 5915), as in `BEGIN EC PRIVATE KEY`. Raises Malformed."""
    fields = der.Fields(der.read(data, _WHERE), _WHERE)
    if fields.take("version").integer(_WHERE) != 1:
        raise Malformed("unknown version of ECPrivateKey", where=_WHERE)
    private = int.from_bytes(fields.take("privateKey").octets(_WHERE), "big")
    curve = fields.maybe(der.context(0))
    if curve is not None and curve.only(_WHERE).oid(_WHERE) != oids.SM2_CURVE:
        raise Malformed("the key is not on the SM2 curve", where=_WHERE)
    point = fields.maybe(der.context(1))
    fields.end()
    return Content(private, None if point is None else point.only(_WHERE).bits(_WHERE))


def encrypt(plain: bytes, password: bytes, *, iterations: int = ITERATIONS) -> bytes:
    """EncryptedPrivateKeyInfo under a password."""
    salt, iv = secrets.token_bytes(16), secrets.token_bytes(16)
    key = hashlib.pbkdf2_hmac("sha256", password, salt, iterations, sm4.KEY_SIZE)
    kdf = der.sequence(
        der.oid(oids.PBKDF2),
        der.sequence(
            der.octets(salt),
            der.integer(iterations),
            der.sequence(der.oid(oids.HMAC_SHA256), der.null()),
        ),
    )
    cipher = der.sequence(der.oid(oids.SM4_CBC), der.octets(iv))
    scheme = der.sequence(der.oid(oids.PBES2), der.sequence(kdf, cipher))
    return der.sequence(scheme, der.octets(sm4.cbc_encrypt(key, iv, plain)))


def decrypt(data: bytes, password: bytes) -> bytes:
    """PrivateKeyInfo from its encrypted form. Raises NotVerified for a wrong password."""
    fields = der.Fields(der.read(data, _WHERE), _WHERE)
    scheme = der.Fields(fields.take("encryptionAlgorithm"), _WHERE)
    body = fields.take("encryptedData").octets(_WHERE)
    if scheme.take("algorithm").oid(_WHERE) != oids.PBES2:
        raise Malformed("only PBES2 encryption of keys is read", where=_WHERE)
    parts = der.Fields(scheme.take("parameters"), _WHERE)
    kdf = der.Fields(parts.take("keyDerivationFunc"), _WHERE)
    cipher = der.Fields(parts.take("encryptionScheme"), _WHERE)
    name = cipher.take("algorithm").oid(_WHERE)
    iv = cipher.take("iv").octets(_WHERE)
    if name not in _CIPHERS or len(iv) != sm4.BLOCK or not body or len(body) % sm4.BLOCK:
        raise Malformed("an encryption of keys that is not read here", where=_WHERE)
    key = _derive(kdf, password, _CIPHERS[name])
    cipher_of_key = algorithms.SM4(key) if name == oids.SM4_CBC else algorithms.AES(key)
    worker = Cipher(cipher_of_key, modes.CBC(iv)).decryptor()
    return _opened(worker.update(body) + worker.finalize())


def _opened(padded: bytes) -> bytes:
    """A wrong password leaves a believable padding once in 256 times, but no SEQUENCE that fits."""
    try:
        plain = sm4.unpad(padded)
        der.read(plain, _WHERE)
    except (Malformed, NotVerified) as error:
        raise NotVerified("the password is wrong, or the key file damaged") from error
    return plain


def _derive(kdf: der.Fields, password: bytes, size: int) -> bytes:
    if kdf.take("algorithm").oid(_WHERE) != oids.PBKDF2:
        raise Malformed("only PBKDF2 is read for key files", where=_WHERE)
    fields = der.Fields(kdf.take("parameters"), _WHERE)
    salt = fields.take("salt").octets(_WHERE)
    iterations = fields.take("iterationCount").integer(_WHERE)
    if not 1 <= iterations <= MOST_ITERATIONS:
        raise TooLarge(f"an iteration count outside 1 to {MOST_ITERATIONS}", where=_WHERE)
    length = fields.maybe(der.INTEGER)
    if length is not None and length.integer(_WHERE) != size:
        raise Malformed("the stated key length does not fit the cipher", where=_WHERE)
    prf = fields.maybe(der.SEQUENCE)
    name = oids.HMAC_SHA1 if prf is None else der.Fields(prf, _WHERE).take("prf").oid(_WHERE)
    if name not in _PRFS:
        raise Malformed("an unknown pseudo-random function", where=_WHERE)
    return hashlib.pbkdf2_hmac(_PRFS[name], password, salt, iterations, size)
