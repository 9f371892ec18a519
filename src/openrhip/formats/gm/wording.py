"""Certificates and lists as JSON; subjects, instants and serial numbers as operators type them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from openrhip.formats.gm import crl, names
from openrhip.formats.gm.certs import Certificate
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed


def describe(certificate: Certificate) -> dict[str, Any]:
    """A certificate in JSON."""
    return {
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "serial": f"{certificate.serial:x}",
        "not_before": clock.rfc3339(certificate.not_before),
        "not_after": clock.rfc3339(certificate.not_after),
        "authority": certificate.is_ca,
        "key_usage": sorted(certificate.key_usage),
        "crl": list(certificate.crl_urls),
        "ocsp": list(certificate.ocsp_urls),
        "fingerprint": certificate.fingerprint,
    }


def describe_crl(found: crl.Crl) -> dict[str, Any]:
    """A list in JSON."""
    until = found.next_update
    return {
        "issuer": found.issuer,
        "number": found.number,
        "this_update": clock.rfc3339(found.this_update),
        "next_update": "" if until is None else clock.rfc3339(until),
        "revoked": [
            {"serial": f"{row.serial:x}", "at": clock.rfc3339(row.at), "reason": row.reason}
            for row in found.revoked.values()
        ],
    }


def read_subject(text: str) -> list[names.Attribute]:
    """C=CN,O=…,CN=… in the order of the certificate. Raises Malformed."""
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(sign and name.strip() and value.strip() for name, sign, value in pairs):
        raise Malformed("a subject is written C=CN,O=name,CN=name")
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def read_instant(text: str) -> datetime:
    """An ISO 8601 instant with its zone; empty is now. Raises Malformed."""
    if not text:
        return clock.now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed("an instant is written 2026-11-24T08:00:00Z") from error
    if at.tzinfo is None:
        raise Malformed("an instant needs its zone, e.g. Z or +08:00")
    return at.astimezone(UTC)


def read_listen(text: str) -> tuple[str, int]:
    """`host:port` as its parts. Raises Malformed."""
    host, _, port = text.rpartition(":")
    if not port.isascii() or not port.isdigit() or len(port) > 5 or int(port) > 65535:
        raise Malformed("--listen is host:port, the port at most 65535", where=text[:80])
    return host, int(port)


def read_revocation(text: str, at: datetime) -> crl.Revocation:
    """serial[:reason]. Raises Malformed."""
    serial, _, reason = text.partition(":")
    try:
        return crl.Revocation(int(serial, 16), at, reason)
    except ValueError as error:
        raise Malformed("a serial number is hexadecimal") from error
