"""Signers (签名人): a certificate, its issuers, and something that signs.

`Signer` is the port behind which an HSM stands (PKCS#11, GM/T 0018); `SoftwareSigner` keeps the
key in memory, read from an encrypted file.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from openrhip.formats.gm import certs
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.kernel.errors import Misconfigured, NotVerified, Problem


@runtime_checkable
class Signer(Protocol):
    """Signs as the holder of `certificate`; `chain`: its issuers, nearest first, without root."""

    @property
    def certificate(self) -> Certificate: ...
    @property
    def chain(self) -> tuple[Certificate, ...]: ...
    def sign(self, data: bytes, /) -> bytes:
        """DER SEQUENCE {r, s} over SM3(Z || data) with the default signer id."""


class SoftwareSigner:
    """A signer whose key is in this process. Immutable; threads may share it."""

    __slots__ = ("_key", "certificate", "chain")

    def __init__(
        self, key: PrivateKey, certificate: Certificate, chain: Sequence[Certificate] = ()
    ) -> None:
        """Raises NotVerified when the certificate is of another key."""
        if key.public_key != certificate.public_key:
            raise NotVerified("the private key is not the one of the certificate")
        self._key = key
        self.certificate = certificate
        self.chain = tuple(chain)

    def sign(self, data: bytes, /) -> bytes:
        return self._key.sign(data)

    def decrypt(self, ciphertext: bytes) -> bytes:
        """Open what was encrypted for the certificate's key."""
        return self._key.decrypt(ciphertext)

    @classmethod
    def load(cls, folder: Path | str, name: str, password: bytes | None) -> SoftwareSigner:
        """From `<name>.key.pem`, `<name>.cert.pem`, `<name>.chain.pem`. Raises Misconfigured."""
        parts = {}
        for part in ("key", "cert", "chain"):
            path = Path(folder) / f"{name}.{part}.pem"
            try:
                parts[part] = path.read_bytes()
            except OSError as error:
                if part == "chain":
                    parts[part] = b""
                    continue
                raise Misconfigured(
                    "a signer's file cannot be read", where=str(path), remedy="see docs/gm.md"
                ) from error
        try:
            return cls(
                PrivateKey.from_pem(parts["key"], password),
                Certificate.from_pem(parts["cert"]),
                certs.load_all(parts["chain"]) if parts["chain"].strip() else (),
            )
        except Problem as problem:
            raise Misconfigured(
                f"a signer's files do not work: {problem.what}",
                where=str(Path(folder) / name),
                remedy="check password, key and certificate",
            ) from problem

    def __repr__(self) -> str:
        return f"SoftwareSigner({self.certificate.fingerprint[:16]})"
