"""SM2 signatures and encryption (GB/T 32918-2016, GB/T 35276, GM/T 0009) on OpenSSL's libcrypto.

A signature covers e = SM3(Z || data), Z = SM3(ENTL || ID || a || b || G || P) (GB/T 32918.2 5.5).
Z is computed here and kept per key and signer id; libcrypto works on e with a prepared context.
Keys are immutable, parsed once and may be shared by threads.
"""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Callable
from ctypes import byref, c_size_t
from functools import lru_cache
from typing import Any

from openrhip.formats.gm import der, libcrypto, pem, pkcs8, sm3
from openrhip.kernel.errors import Malformed, NotVerified, TooLarge

DEFAULT_ID = b"1234567812345678"
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
LARGEST_CIPHERTEXT = 1 << 20
# a, b, xG, yG of the recommended curve (GB/T 32918.5)
_CURVE = bytes.fromhex(
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)


class PublicKey:
    """A point on the SM2 curve."""

    __slots__ = ("_digests", "_key", "point")

    def __init__(self, point: bytes) -> None:
        """point: 04 || x || y. Raises Malformed for anything that is not on the curve."""
        if len(point) != 65 or point[0] != 4:
            raise Malformed("an SM2 public key is 04 || x || y in 65 bytes")
        self.point = point
        self._key = libcrypto.Key(point)
        self._digests: dict[bytes, bytes] = {}

    @classmethod
    def from_point(cls, point: bytes) -> PublicKey:
        """The key of a point; the same object for the same point while it is remembered."""
        return _remembered(bytes(point))

    @classmethod
    def from_spki(cls, data: bytes) -> PublicKey:
        """Read SubjectPublicKeyInfo. Raises Malformed."""
        where = "public key"
        fields = der.Fields(der.read(data, where), where)
        pkcs8.check_algorithm(fields.take("algorithm", der.SEQUENCE), where)
        point = fields.take("subjectPublicKey").bits(where)
        fields.end()
        return _remembered(point)

    @classmethod
    def from_pem(cls, data: bytes) -> PublicKey:
        return cls.from_spki(pem.decode(data, "PUBLIC KEY")[1])

    def to_spki(self) -> bytes:
        return der.sequence(pkcs8.algorithm(), der.bits(self.point))

    def to_pem(self) -> bytes:
        return pem.encode("PUBLIC KEY", self.to_spki())

    def digest(self, data: bytes, *, signer_id: bytes = DEFAULT_ID) -> bytes:
        """e = SM3(Z || data), the number that is signed."""
        z = self._digests.get(signer_id)
        if z is None:
            z = _identity_digest(self.point, signer_id)
            if len(self._digests) < 16:
                self._digests[signer_id] = z
        return sm3.digest(z + data)

    def verify(self, signature: bytes, data: bytes, *, signer_id: bytes = DEFAULT_ID) -> bool:
        """Whether the signature (DER SEQUENCE {r, s}, or 64 bytes r || s) holds."""
        return self.verify_digest(signature, self.digest(data, signer_id=signer_id))

    def verify_digest(self, signature: bytes, digest: bytes) -> bool:
        """As verify, over e."""
        if len(signature) == 64 and self._holds(from_raw(signature), digest):
            return True
        return 8 <= len(signature) <= 72 and self._holds(signature, digest)

    def _holds(self, signature: bytes, digest: bytes) -> bool:
        size = len(signature)
        return (
            self._key.call(
                "verify", lambda lib, c: lib.EVP_PKEY_verify(c, signature, size, digest, 32)
            )
            == 1
        )

    def encrypt(self, data: bytes) -> bytes:
        """SM2Cipher ::= SEQUENCE {x, y, hash, ciphertext} (GM/T 0009 7.2: C1 C3 C2 in ASN.1)."""
        if not data:
            raise Malformed("SM2 encrypts at least one byte")
        if len(data) > LARGEST_CIPHERTEXT // 2:
            raise TooLarge("too long for SM2; encrypt a key with it, and the data with SM4")
        result = _transform(self._key, "encrypt", data, len(data) + 160)
        if result is None:
            raise Malformed("SM2 encryption failed")
        return result

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.point == self.point

    def __hash__(self) -> int:
        return hash(self.point)


class PrivateKey:
    """A secret scalar and its public key. It shows itself in no repr."""

    __slots__ = ("_key", "_scalar", "public_key")

    def __init__(self, scalar: int) -> None:
        """scalar: d in [1, n-2] (GB/T 32918.1 6.1). Raises Malformed."""
        if not 1 <= scalar <= ORDER - 2:
            raise Malformed("the private number lies outside the SM2 range")
        self._scalar = scalar
        self.public_key = PublicKey.from_point(libcrypto.multiply_generator(scalar))
        self._key = libcrypto.Key(self.public_key.point, scalar)

    @classmethod
    def generate(cls) -> PrivateKey:
        return cls(secrets.randbelow(ORDER - 2) + 1)

    @classmethod
    def from_pem(cls, data: bytes, password: bytes | None) -> PrivateKey:
        """Read PKCS#8, plain or encrypted. Raises NotVerified for a wrong or missing password."""
        label, body = pem.decode(data, "ENCRYPTED PRIVATE KEY", "PRIVATE KEY", "EC PRIVATE KEY")
        if label == "EC PRIVATE KEY":
            return cls._checked(pkcs8.decode_ec(body))
        if label == "ENCRYPTED PRIVATE KEY":
            if password is None:
                raise NotVerified("the key file is encrypted and no password was given")
            body = pkcs8.decrypt(body, password)
        return cls._checked(pkcs8.decode(body))

    @classmethod
    def _checked(cls, content: pkcs8.Content) -> PrivateKey:
        key = cls(content.private)
        if content.point is not None and content.point != key.public_key.point:
            raise NotVerified("the private and the public part of the key do not belong together")
        return key

    def to_pem(self, password: bytes | None, *, iterations: int = pkcs8.ITERATIONS) -> bytes:
        """PKCS#8 PEM, encrypted under the password; None leaves it in the clear (tests only)."""
        body = pkcs8.encode(self._scalar, self.public_key.point)
        if password is None:
            return pem.encode("PRIVATE KEY", body)
        return pem.encode(
            "ENCRYPTED PRIVATE KEY", pkcs8.encrypt(body, password, iterations=iterations)
        )

    def sign(self, data: bytes, *, signer_id: bytes = DEFAULT_ID) -> bytes:
        """DER SEQUENCE {r, s} over SM3(Z || data)."""
        return self.sign_digest(self.public_key.digest(data, signer_id=signer_id))

    def sign_digest(self, digest: bytes) -> bytes:
        """As sign, over e (32 bytes)."""
        if len(digest) != sm3.SIZE:
            raise Malformed("an SM3 digest has 32 bytes")
        result = _transform(self._key, "sign", digest, 80)
        if result is None:
            raise Malformed("SM2 signing failed")
        return result

    def decrypt(self, ciphertext: bytes) -> bytes:
        """The plaintext of `PublicKey.encrypt`. Raises NotVerified for other keys or bytes."""
        if len(ciphertext) > LARGEST_CIPHERTEXT:
            raise TooLarge(f"an SM2 ciphertext of more than {LARGEST_CIPHERTEXT} bytes")
        result = _transform(self._key, "decrypt", ciphertext, len(ciphertext) + 64)
        if result is None:
            raise NotVerified("the SM2 ciphertext does not open with this key")
        return result


def to_raw(signature: bytes) -> bytes:
    """r || s in 64 bytes from DER. Raises Malformed."""
    fields = der.Fields(der.read(signature, "signature"), "signature")
    r, s = (fields.take(name).integer("signature") for name in ("r", "s"))
    fields.end()
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise Malformed("r or s outside its range", where="signature")
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def from_raw(signature: bytes) -> bytes:
    """DER from r || s in 64 bytes."""
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    return der.sequence(der.integer(r), der.integer(s))


def as_der(signature: bytes) -> bytes:
    """The same signature in DER; some devices answer r || s in 64 bytes."""
    return from_raw(signature) if len(signature) == 64 else signature


@lru_cache(maxsize=4096)
def _remembered(point: bytes) -> PublicKey:
    return PublicKey(point)


def _identity_digest(point: bytes, signer_id: bytes) -> bytes:
    if len(signer_id) > 8191:
        raise TooLarge("a signer id has at most 8191 bytes")
    return sm3.digest((8 * len(signer_id)).to_bytes(2, "big") + signer_id + _CURVE + point[1:])


def _transform(key: libcrypto.Key, verb: str, data: bytes, room: int) -> bytes | None:
    """One call that fills a buffer of `room` bytes; None when it fails."""
    out = ctypes.create_string_buffer(room)
    size = c_size_t(room)
    function = f"EVP_PKEY_{verb}"

    def action(lib: Any, context: Any) -> int:
        call: Callable[..., int] = getattr(lib, function)
        return call(context, out, byref(size), data, len(data))

    return out.raw[: size.value] if key.call(verb, action) == 1 else None
