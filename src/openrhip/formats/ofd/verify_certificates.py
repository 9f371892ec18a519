"""The certificates in a signed package (随签名携带的证书), for whoever decides whom to trust."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from openrhip.formats.gm import tsp
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.verify_value import Value, read_value
from openrhip.kernel.errors import Problem


class Carried(NamedTuple):
    """A certificate in the file: of which signature, and as whose (signer, maker, …)."""

    signature: str
    role: str
    certificate: Certificate


def certificates(data: bytes) -> tuple[Carried, ...]:
    """All that can be read, each once for a signature and role. Nothing is verified.

    Raises Malformed, TooLarge, NotFound when package or list cannot be read.
    """
    package = open_package(data, exact=True)
    found: dict[Carried, None] = {}
    for line in records.listed(package):
        found |= dict.fromkeys(_of(package, line))
    return tuple(found)


def _of(package: Package, line: records.Listed) -> Iterator[Carried]:
    try:
        record = records.read_record(package, line)
        value = read_value(package.read(record.value_part), record, package.read(record.part))
    except Problem:
        return
    for role, certificate in _roles(value):
        yield Carried(line.id, role, certificate)


def _roles(value: Value) -> Iterator[tuple[str, Certificate]]:
    if value.certificate:
        yield "signer", value.certificate
    if value.seal:
        with suppress(Problem):
            yield "maker", Certificate.from_der(value.seal.seal.maker)
        for token in (value.seal.seal.timestamp, value.seal.earlier):
            yield from _stampers(token)
    yield from _stampers(value.token)
    for one in value.issuers:
        if one != value.certificate:
            yield "issuer", one


def _stampers(token: bytes) -> Iterator[tuple[str, Certificate]]:
    if not token:
        return
    try:
        signed, _ = tsp.open_token(token)
    except Problem:
        return
    own = signed.signers[0].find(signed.certificates)
    for one in signed.certificates:
        yield ("timestamp" if one == own else "issuer"), one
