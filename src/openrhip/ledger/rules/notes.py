"""Signed notes (签名文本) of C2SP signed-note, with Ed25519 (type 0x01) and SM2 (type 0xff).

A signature line is: em dash, space, key name, space, base64(key id of 4 bytes || signature).
SM2 has no type byte of its own in that specification, so it takes 0xff and the long identifier
`openrhip.org/sm2-sm3/v1`. The public key is the point 04 || x || y (65 bytes), the signature
r || s (64 bytes, GB/T 32918.2-2016) over the note text with the signer id 1234567812345678.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from openrhip.formats.gm import sm2
from openrhip.kernel.errors import Malformed, Misconfigured, NotVerified, Problem
from openrhip.ledger.rules.encoding import from_base64, to_base64
from openrhip.ledger.rules.hashing import C2SP, GM, Profile

ED25519_TYPE = b"\x01"
SM2_TYPE = b"\xffopenrhip.org/sm2-sm3/v1"
MAX_SIGNATURES = 100
MAX_NOTE = 1 << 18
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+]{1,200}")


@dataclass(frozen=True, slots=True)
class Signature:
    """name and key_id of the key; value: the signature itself."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """text: what is signed, with its final newline; signatures: all lines, known keys or not."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        """Split a note. Raises Malformed; verifies nothing."""
        text, gap, lines = note.rpartition("\n\n")
        if not gap or not lines.endswith("\n") or _CONTROL.search(note) or len(note) > MAX_NOTE:
            raise Malformed("not a signed note", where="note")
        found = tuple(_signature(line) for line in lines[:-1].split("\n"))
        if len(found) > MAX_SIGNATURES:
            raise Malformed(f"a note has at most {MAX_SIGNATURES} signatures", where="note")
        return cls(text + "\n", found)

    def verified_by(self, key: LogKey) -> bool:
        """Whether this key signed; False if no line names it. Raises NotVerified if a line lies."""
        mine = [s for s in self.signatures if (s.name, s.key_id) == (key.name, key.key_id)]
        if any(not key.verify(s.value, self.text.encode()) for s in mine):
            raise NotVerified("the signature of the log does not fit the text", where="note")
        return bool(mine)


def _signature(line: str) -> Signature:
    dash, name, text = [*line.split(" "), "", "", ""][:3]
    if line != f"\u2014 {name} {text}" or dash != "\u2014" or not _NAME.fullmatch(name):
        raise Malformed("not a signature line", where="note")
    data = from_base64(text, where="note")
    if len(data) < 5:
        raise Malformed("a signature is longer than its key id", where="note")
    return Signature(name, data[:4], data[4:])


@dataclass(frozen=True, slots=True)
class LogKey:
    """The public key of a log as verifiers keep it: name+hex key id+base64(type || key)."""

    name: str
    profile: Profile
    encoded: bytes
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise Malformed("a key name has neither spaces nor plus signs", where="log key")
        digest = hashlib.sha256(self.name.encode() + b"\n" + self.encoded).digest()
        object.__setattr__(self, "key_id", digest[:4])

    @classmethod
    def parse(cls, text: str) -> LogKey:
        """Read a verifier key. Raises Malformed."""
        parts = text.strip().split("+", 2)
        if len(parts) != 3 or len(text) > 1000:
            raise Malformed("a log key is written name+id+key", where="log key")
        encoded = from_base64(parts[2], where="log key")
        if encoded[:1] == ED25519_TYPE and len(encoded) == 33:
            key = cls(parts[0], C2SP, encoded)
        elif encoded.startswith(SM2_TYPE) and len(encoded) == len(SM2_TYPE) + 65:
            sm2.PublicKey.from_point(encoded[len(SM2_TYPE) :])
            key = cls(parts[0], GM, encoded)
        else:
            raise Malformed("a log key is of type Ed25519 or SM2", where="log key")
        if key.key_id.hex() != parts[1]:
            raise Malformed("the key id does not fit the key", where="log key")
        return key

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{to_base64(self.encoded)}"

    def verify(self, signature: bytes, data: bytes) -> bool:
        """Whether the signature over data is this key's."""
        if self.profile is GM:
            point = self.encoded[len(SM2_TYPE) :]
            return len(signature) == 64 and sm2.PublicKey.from_point(point).verify(signature, data)
        try:
            Ed25519PublicKey.from_public_bytes(self.encoded[1:]).verify(signature, data)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """The private key of a log: `key` for verifiers, `sign` for notes."""

    key: LogKey
    _sign: Callable[[bytes], bytes] = field(repr=False)
    _pem: Callable[[], bytes] = field(repr=False)

    @classmethod
    def generate(cls, name: str, profile: Profile) -> NoteSigner:
        """A new key for the profile."""
        if profile is GM:
            return cls.of_sm2(name, sm2.PrivateKey.generate())
        return cls.of_ed25519(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, name: str, profile: Profile, pem: bytes) -> NoteSigner:
        """Read an unencrypted PKCS#8 key. Raises Misconfigured if it is none of the profile."""
        try:
            if profile is GM:
                return cls.of_sm2(name, sm2.PrivateKey.from_pem(pem, None))
            key = serialization.load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm, Problem) as error:
            raise _no_key(profile) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise _no_key(profile)
        return cls.of_ed25519(name, key)

    def pem(self) -> bytes:
        """The key as unencrypted PKCS#8, for a file of mode 0600."""
        return self._pem()

    def sign(self, text: str) -> str:
        """The note: text, blank line, this key's signature line."""
        value = to_base64(self.key.key_id + self._sign(text.encode()))
        return f"{text}\n\u2014 {self.key.name} {value}\n"

    @classmethod
    def of_ed25519(cls, name: str, key: Ed25519PrivateKey) -> NoteSigner:
        encoded = ED25519_TYPE + key.public_key().public_bytes_raw()
        return cls(LogKey(name, C2SP, encoded), key.sign, lambda: _ed25519_pem(key))

    @classmethod
    def of_sm2(cls, name: str, key: sm2.PrivateKey) -> NoteSigner:
        encoded = SM2_TYPE + key.public_key.point
        return cls(
            LogKey(name, GM, encoded),
            lambda data: sm2.to_raw(key.sign(data)),
            lambda: key.to_pem(None),
        )


def _no_key(profile: Profile) -> Misconfigured:
    return Misconfigured(
        f"the key of the log is no {profile.signature} key in PKCS#8 PEM", where="log.key.pem"
    )


def _ed25519_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def open_note(note: str, keys: Sequence[LogKey]) -> str:
    """The text of a note that at least one of the keys signed. Raises Malformed or NotVerified."""
    parsed = Note.parse(note)
    if not sum(parsed.verified_by(key) for key in keys):
        raise NotVerified("no signature of a known key", where="note")
    return parsed.text
