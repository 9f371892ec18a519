"""What authorities sign: SEQUENCE {content, algorithm, signature} (RFC 5280 4.1.1, RFC 6960 4.2.1).

Certificates, revocation lists and answers about revocation have this one shape: it is read and
checked here for all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from openrhip.formats.gm import der, oids, sm3
from openrhip.formats.gm.verdicts import Verdicts
from openrhip.kernel.errors import Malformed, TooLarge

if TYPE_CHECKING:
    from openrhip.formats.gm.sm2 import PublicKey

_VERDICTS = Verdicts()


class OtherAlgorithm(Malformed):
    """Signed by another algorithm than SM2 with SM3: well made perhaps, but not judged here."""


class IssuingKey(Protocol):
    """What signs certificates and lists: a PrivateKey, or an HSM's key with the same method."""

    def sign(self, data: bytes, /) -> bytes: ...


class Holder(Protocol):
    """A certificate, as far as a signature needs it: its key, and the digest that names it."""

    fingerprint: str
    public_key: PublicKey


class SignedObject:
    """One parsed object. Immutable; equal when the bytes are. tbs: what the signature covers."""

    __slots__ = ("der", "fingerprint", "signature", "tbs")

    WHERE: ClassVar[str]
    """What it is, for errors."""
    LARGEST: ClassVar[int]
    """Bytes that are read at most."""

    def __init__(self, data: bytes) -> None:
        """Raises TooLarge, or Malformed for anything but SM2 with SM3."""
        if len(data) > self.LARGEST:
            raise TooLarge(f"a {self.WHERE} of more than {self.LARGEST} bytes")
        self.der = data
        self.fingerprint = sm3.hexdigest(data)
        outer = der.Fields(der.read(data, self.WHERE), self.WHERE)
        tbs = outer.take("content", der.SEQUENCE)
        algorithm = outer.take("signatureAlgorithm", der.SEQUENCE)
        check_signature_algorithm(algorithm, self.WHERE)
        self.tbs = tbs.raw
        self.signature = outer.take("signatureValue").bits(self.WHERE)
        self._read_more(outer)
        outer.end()
        self._read_tbs(der.Fields(tbs, self.WHERE), algorithm.raw)

    def _read_tbs(self, fields: der.Fields, algorithm: bytes) -> None:
        """Read the content. algorithm: the outer one, which some contents repeat."""
        raise NotImplementedError

    def _read_more(self, outer: der.Fields) -> None:
        """Read what follows the signature, where something may."""

    def _check_inner(self, fields: der.Fields, algorithm: bytes) -> None:
        """The algorithm inside the signed content must be that beside the signature."""
        if fields.take("signature", der.SEQUENCE).raw != algorithm:
            raise Malformed("the two signature algorithms differ", where=self.WHERE)

    def signed_by(self, issuer: Holder) -> bool:
        """Whether the issuer's key made this signature. Remembered per pair."""
        return _VERDICTS.ask(
            self.fingerprint,
            issuer.fingerprint,
            lambda: issuer.public_key.verify(self.signature, self.tbs),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and other.der == self.der

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.fingerprint[:16]})"


def check_signature_algorithm(node: der.Node, where: str) -> None:
    """Raises OtherAlgorithm unless it is SM2-with-SM3; Malformed for parameters but NULL."""
    fields = der.Fields(node, where)
    if fields.take("algorithm").oid(where) != oids.SM2_WITH_SM3:
        raise OtherAlgorithm("the signature algorithm is not SM2 with SM3", where=where)
    fields.maybe(der.NULL)
    fields.end()


def signature_algorithm() -> bytes:
    return der.sequence(der.oid(oids.SM2_WITH_SM3))


def sealed(tbs: bytes, key: IssuingKey, *more: bytes) -> bytes:
    """The object around its content. more: what follows the signature."""
    return der.sequence(tbs, signature_algorithm(), der.bits(key.sign(tbs)), *more)
