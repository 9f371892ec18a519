"""Signed requests (签名请求): how an institution proves over HTTP who it is.

Each request carries the institution's code, the time, a nonce, the SM3 of the body and an SM2
signature (GB/T 32918.2, default signer id) over a canonical text of all of them with method, the
centre's host and target: what was signed for one centre means nothing to another. A clinician on
whose behalf the hospital asks, the purpose and an emergency reason are signed too. That the
clinician signed in with a second factor counts only with the clinician's own signature over the
same text. Node and centre share this module; it does no I/O.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import quote, unquote, urlsplit

from openrhip.formats.gm import sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotVerified

SCHEME = "OPENRHIP-SM2-2"
_BY_ACTOR = b"actor\n"  # before the text that a clinician signs: no signature serves as the other
WINDOW_SECONDS = 300  # how far the two clocks may be apart; nonces are remembered for twice this
MAX_CERTIFICATES = 4
PREFIX = "X-RHIP-"
EMPTY_DIGEST = sm3.hexdigest(b"")

_CODE = re.compile(r"[0-9A-Za-z._-]{1,64}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_HEX32 = re.compile(r"[0-9a-f]{32}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_TARGET = re.compile(r"/[\x21-\x7e]{0,2000}")
_HOST = re.compile(r"[0-9a-z.:\[\]_-]{1,255}")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/=]{80,120}")
_CHAIN = re.compile(r"[A-Za-z0-9+/=,]{100,16000}")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_LONGEST_REASON = 500


class Signs(Protocol):
    """What signing needs of a `gm.signer.Signer`."""

    @property
    def certificate(self) -> Certificate: ...
    @property
    def chain(self) -> tuple[Certificate, ...]: ...
    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """One request as it is signed. host: the centre's, as in the Host header; target: path with
    query, as sent; body_digest: SM3 in hex. actor_*: the clinician's own signature, if given.
    """

    method: str
    host: str
    target: str
    institution: str
    timestamp: str
    nonce: str
    body_digest: str
    actor: str = ""
    strength: str = ""
    purpose: str = ""
    emergency_reason: str = ""
    signature: bytes = b""
    certificates: tuple[bytes, ...] = ()
    actor_signature: bytes = b""
    actor_certificates: tuple[bytes, ...] = ()

    def canonical(self) -> bytes:
        """The signed bytes: one line per fact, in this order, no line ever left out."""
        return "\n".join(
            (
                SCHEME,
                self.method,
                self.host,
                self.target,
                self.institution,
                self.timestamp,
                self.nonce,
                self.body_digest,
                self.actor,
                self.strength,
                self.purpose,
                quote(self.emergency_reason, safe=""),
            )
        ).encode()

    @property
    def proof_digest(self) -> str:
        """SM3 of the canonical text: with the signature it shows who made this very request."""
        return sm3.hexdigest(self.canonical())

    @property
    def signature_text(self) -> str:
        """The signature in Base64, as it travels and as the ledger keeps it."""
        return base64.b64encode(self.signature).decode()

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.timestamp)

    def headers(self) -> dict[str, str]:
        """The HTTP headers that carry the request's proof."""
        fields = {
            "Institution": self.institution,
            "Timestamp": self.timestamp,
            "Nonce": self.nonce,
            "Content-SM3": self.body_digest,
            "Signature": self.signature_text,
            "Certificate": _joined(self.certificates),
        }
        asked = {
            "Actor": self.actor,
            "Actor-Strength": self.strength,
            "Purpose": self.purpose,
            "Emergency-Reason": quote(self.emergency_reason, safe=""),
            "Actor-Signature": base64.b64encode(self.actor_signature).decode(),
            "Actor-Certificate": _joined(self.actor_certificates),
        }
        fields |= {name: value for name, value in asked.items() if value}
        return {PREFIX + name: value for name, value in fields.items()}


def host_of(url: str) -> str:
    """The host of an address as it stands in the Host header: lower case, no default port."""
    parts = urlsplit(url)
    return (
        parts.netloc.rpartition("@")[2].lower().removesuffix(_DEFAULT_PORTS.get(parts.scheme, ""))
    )


def sign(
    *,
    method: str,
    host: str,
    target: str,
    institution: str,
    signer: Signs,
    body: bytes = b"",
    actor: str = "",
    strength: str = "",
    purpose: str = "",
    emergency_reason: str = "",
    actor_signer: Signs | None = None,
) -> SignedRequest:
    """Sign a request with the institution's key, now, with a fresh nonce.

    actor_signer: the clinician's own key (UKey), which proves a second factor.
    """
    request = SignedRequest(
        method=method.upper(),
        host=host.lower(),
        target=target,
        institution=institution,
        timestamp=clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        nonce=secrets.token_hex(16),
        body_digest=sm3.hexdigest(body) if body else EMPTY_DIGEST,
        actor=actor,
        strength=strength,
        purpose=purpose,
        emergency_reason=emergency_reason,
    )
    if actor_signer is not None:
        request = replace(
            request,
            actor_signature=actor_signer.sign(_BY_ACTOR + request.canonical()),
            actor_certificates=_ders(actor_signer),
        )
    return replace(request, signature=signer.sign(request.canonical()), certificates=_ders(signer))


def read(*, method: str, host: str, target: str, headers: Mapping[str, str]) -> SignedRequest:
    """The signed request in these headers (any case). Raises Malformed; verifies nothing yet."""
    given = {name.lower(): value for name, value in headers.items()}

    def field(name: str, shape: re.Pattern[str], *, needed: bool = True) -> str:
        value = given.get((PREFIX + name).lower(), "")
        if (needed or value) and not shape.fullmatch(value):
            raise Malformed(
                "a signed request lacks a header or it has another form",
                where=PREFIX + name,
                remedy="sign the request as docs/agent.md describes",
            )
        return value

    reason = unquote(field("Emergency-Reason", re.compile(r"[\x21-\x7e]{1,6000}"), needed=False))
    if not _HOST.fullmatch(host.lower()):
        raise Malformed("the request names no host", where="Host")
    if len(reason) > _LONGEST_REASON or not _TARGET.fullmatch(target):
        raise Malformed("target or emergency reason is too long", where=PREFIX + "Emergency-Reason")
    request = SignedRequest(
        method=method.upper(),
        host=host.lower(),
        target=target,
        institution=field("Institution", _CODE),
        timestamp=field("Timestamp", _TIME),
        nonce=field("Nonce", _HEX32),
        body_digest=field("Content-SM3", _HEX64),
        actor=field("Actor", _CODE, needed=False),
        strength=field("Actor-Strength", _CODE, needed=False),
        purpose=field("Purpose", _CODE, needed=False),
        emergency_reason=reason,
        signature=_decode(field("Signature", _SIGNATURE), "Signature"),
        certificates=_certificates(field("Certificate", _CHAIN)),
        actor_signature=_decode(
            field("Actor-Signature", _SIGNATURE, needed=False), "Actor-Signature"
        ),
        actor_certificates=_certificates(field("Actor-Certificate", _CHAIN, needed=False)),
    )
    try:
        _ = request.at
    except ValueError as error:
        raise Malformed("the time of the request is no time", where=PREFIX + "Timestamp") from error
    return request


def check(request: SignedRequest, *, certificate: Certificate, now: datetime) -> None:
    """Raises NotVerified unless time and signature hold. Nonce and chain are the caller's part."""
    if abs((now - request.at).total_seconds()) > WINDOW_SECONDS:
        raise NotVerified(
            "the request is too old or from the future",
            where=PREFIX + "Timestamp",
            remedy="set the clock of the node; at most five minutes may lie between the clocks",
        )
    if not certificate.public_key.verify(request.signature, request.canonical()):
        raise NotVerified(
            "the signature of the request does not hold",
            where=PREFIX + "Signature",
            remedy="sign with the institution's key what is sent, byte for byte",
        )


def check_actor(request: SignedRequest, *, certificate: Certificate) -> None:
    """Raises NotVerified unless the clinician signed this very request; the chain is for others."""
    text = _BY_ACTOR + request.canonical()
    if not certificate.public_key.verify(request.actor_signature, text):
        raise NotVerified(
            "the clinician's signature of the request does not hold",
            where=PREFIX + "Actor-Signature",
            remedy="have the clinician sign what is sent, byte for byte",
        )


def check_body(request: SignedRequest, body: bytes) -> None:
    """Raises NotVerified unless the body is the one that was signed."""
    digest = sm3.hexdigest(body) if body else EMPTY_DIGEST
    if digest != request.body_digest:
        raise NotVerified("the body is not the one that was signed", where=PREFIX + "Content-SM3")


def _ders(signer: Signs) -> tuple[bytes, ...]:
    return tuple(cert.der for cert in (signer.certificate, *signer.chain))


def _joined(ders: Sequence[bytes]) -> str:
    return ",".join(base64.b64encode(der).decode() for der in ders)


def _certificates(text: str) -> tuple[bytes, ...]:
    parts: Sequence[str] = text.split(",") if text else ()
    if len(parts) > MAX_CERTIFICATES:
        raise Malformed(
            f"at most {MAX_CERTIFICATES} certificates are read", where=PREFIX + "Certificate"
        )
    return tuple(_decode(part, "Certificate") for part in parts)


def _decode(text: str, name: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Malformed("a header is not Base64", where=PREFIX + name) from error
