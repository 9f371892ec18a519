"""Chains and revocation data (证书链与撤销信息) gathered at one instant, to be judged at any later.

A signature is judged by what was known when it was made: whoever wants to judge it in decades
keeps that beside it. `collect` builds the chains, takes what the trust holds, asks services through
a port where it must, and gives one object that is stored as DER (CertificateValues and
RevocationValues of RFC 5126 6.3) or JSON and handed back with `under`. Nothing in it is believed
but what its issuers signed: it may come from anywhere.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Protocol

from openrhip.formats.gm import chain, der, ocsp, oids, status
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.crl import Crl
from openrhip.formats.gm.findings import Finding
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotVerified, Problem, TooLarge, Unavailable

LARGEST = 16 * 1024 * 1024
MOST = 256
"""Certificates, lists or answers in one object at most."""
_WHERE = "revocation data"
_REMEMBERED = 256
_MOST_ADDRESSES = 3
"""Of one kind in one certificate that are asked at most."""


class Revocation(Protocol):
    """Where lists and answers come from. Implementations bound time and size, and never follow
    an address elsewhere than http and https."""

    def crl(self, url: str, /) -> bytes:
        """A list (DER). Raises Unavailable, TooLarge."""

    def ocsp(self, url: str, request: bytes, /) -> bytes:
        """The OCSPResponse (DER) to a request. Raises Unavailable, TooLarge."""


class NoRevocation:
    """Asks nobody: what is at hand must do."""

    def crl(self, url: str, /) -> bytes:
        raise Unavailable("revocation lists are not fetched here", where=url)

    def ocsp(self, url: str, request: bytes, /) -> bytes:
        del request
        raise Unavailable("status services are not asked here", where=url)


class Remembering:
    """Another port whose lists are remembered for a while: one fetch serves many signatures.

    Answers carry the nonce of their request and are therefore asked each time; `collect` itself
    is called once for many signatures. Threads may share it.
    """

    def __init__(self, port: Revocation, *, lifetime: timedelta = timedelta(minutes=15)) -> None:
        self._port = port
        self._lifetime = lifetime
        self._known: dict[str, tuple[datetime, bytes]] = {}

    def crl(self, url: str, /) -> bytes:
        known = self._known.get(url)
        now = clock.now()
        if known is None or not timedelta() <= now - known[0] <= self._lifetime:
            if len(self._known) >= _REMEMBERED:
                self._known = {}
            known = self._known[url] = now, self._port.crl(url)
        return known[1]

    def ocsp(self, url: str, request: bytes, /) -> bytes:
        return self._port.ocsp(url, request)


@dataclass(frozen=True, slots=True)
class RevocationData:
    """Issuers, lists and answers (whole OCSP answers, with their responders' certificates).

    findings: what could be learnt of each certificate at `collect`; not stored.
    """

    certificates: tuple[Certificate, ...] = ()
    crls: tuple[Crl, ...] = ()
    answers: tuple[ocsp.Answer, ...] = ()
    findings: tuple[Finding, ...] = field(default=(), compare=False)

    @property
    def complete(self) -> bool:
        """Whether each chain ended in a root and the status of each member was known."""
        return all(finding.ok for finding in self.findings)

    def under(self, trust: TrustStore) -> TrustStore:
        """The trust with this at hand. It adds no root."""
        return trust.knowing(intermediates=self.certificates, crls=self.crls, answers=self.answers)

    def encode(self) -> bytes:
        """SEQUENCE {CertificateValues, RevocationValues}, always the same for the same content."""
        values = b"".join(
            der.explicit(number, der.sequence(*parts))
            for number, parts in (
                (0, [one.der for one in self.crls]),
                (1, [one.der for one in self.answers]),
            )
            if parts
        )
        return der.sequence(
            der.sequence(*(one.der for one in self.certificates)), der.sequence(values)
        )

    @classmethod
    def decode(cls, data: bytes) -> RevocationData:
        """Raises Malformed or TooLarge."""
        if len(data) > LARGEST:
            raise TooLarge(f"revocation data of more than {LARGEST} bytes", where=_WHERE)
        fields = der.Fields(der.read(data, _WHERE), _WHERE)
        certificates = _members(fields.take("certificates", der.SEQUENCE))
        values = der.Fields(fields.take("revocation"), _WHERE)
        fields.end()
        crls, answers = values.maybe(der.context(0)), values.maybe(der.context(1))
        values.end()
        return cls(
            tuple(map(Certificate.from_der, certificates)),
            tuple(map(Crl.from_der, _wrapped(crls))),
            tuple(map(ocsp.Answer.from_der, _wrapped(answers))),
        )

    def as_dict(self) -> dict[str, list[str]]:
        """The same in JSON: lists of Base64."""
        return {
            "certificates": [_text(one.der) for one in self.certificates],
            "crls": [_text(one.der) for one in self.crls],
            "ocsp": [_text(one.der) for one in self.answers],
        }

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> RevocationData:
        """Raises Malformed or TooLarge."""
        return cls(
            tuple(map(Certificate.from_der, _bytes(found, "certificates"))),
            tuple(map(Crl.from_der, _bytes(found, "crls"))),
            tuple(map(ocsp.Answer.from_der, _bytes(found, "ocsp"))),
        )

    def __add__(self, other: RevocationData) -> RevocationData:
        return RevocationData(
            tuple(dict.fromkeys((*self.certificates, *other.certificates))),
            tuple(dict.fromkeys((*self.crls, *other.crls))),
            tuple(dict.fromkeys((*self.answers, *other.answers))),
            (*self.findings, *other.findings),
        )


def collect(
    certificates: Sequence[Certificate],
    trust: TrustStore,
    port: Revocation | None = None,
    *,
    intermediates: Sequence[Certificate] = (),
    at: datetime | None = None,
) -> RevocationData:
    """Chains of these certificates, and what proves the status of each member at `at` (now).

    Services named in the certificates are asked if a port is given, else, and where they do not
    answer, the lists of the trust serve. Never raises for what cannot be had: the findings tell.
    """
    moment = at or clock.now()
    gathered: dict[Certificate, RevocationData] = {}
    pool = (*certificates, *intermediates)
    for leaf in dict.fromkeys(certificates):
        report = chain.validate(leaf, pool, trust, at=moment, usage=None)
        findings = tuple(one for one in report.findings if one.code == "chain.anchor")
        gathered.setdefault(leaf, RevocationData((), findings=findings))
        # addresses in certificates that no trusted root stands behind are a stranger's choice
        asked = port if report.chain[-1] in trust.roots else None
        for one, issuer in zip(report.chain, report.chain[1:], strict=False):
            if gathered.get(one, RevocationData()).certificates:
                continue
            found = _known_of(one, issuer, moment, trust, asked)
            gathered[one] = gathered.get(one, RevocationData()) + found
        root = report.chain[-1]
        gathered.setdefault(root, RevocationData((root,)))
    return sum(gathered.values(), RevocationData())


def _known_of(
    one: Certificate,
    issuer: Certificate,
    at: datetime,
    trust: TrustStore,
    port: Revocation | None,
) -> RevocationData:
    """What is known of one certificate: the first source that counts."""
    where = one.fingerprint[:16]
    for crls, answers in _sources(one, issuer, at, trust, port):
        if not all(status.speaks_for(answer, issuer, trust.crls) for answer in answers):
            continue
        known = (*crls, *trust.crls) if answers else crls
        finding = status.judge(one, issuer, at, (known, answers), where)
        if finding.code != "cert.revocation-unknown":
            more = _responders_lists(answers, issuer, trust.crls, at)
            return RevocationData((one,), (*crls, *more), tuple(answers), (finding,))
    return RevocationData((one,), findings=(status.judge(one, issuer, at, ((), ()), where),))


def _sources(
    one: Certificate,
    issuer: Certificate,
    at: datetime,
    trust: TrustStore,
    port: Revocation | None,
) -> Iterator[tuple[Sequence[Crl], Sequence[ocsp.Answer]]]:
    if port is not None:
        for where in product(one.ocsp_urls[:_MOST_ADDRESSES], (oids.SM3, oids.SHA1)):
            answer = _asked(one, issuer, where, port)
            if answer is not None:
                yield (), (answer,)
    usable = [crl for crl in trust.crls if crl.covers(one) and status.current(crl, issuer, at)]
    if usable:
        yield (max(usable, key=lambda crl: crl.this_update),), ()
    for answer in trust.answers:
        if answer.about(one, issuer) is not None:
            yield (), (answer,)
    if port is not None:
        for url in one.crl_urls[:_MOST_ADDRESSES]:
            crl = _fetched(url, port)
            if crl is not None:
                yield (crl,), ()


def ask(
    certificate: Certificate,
    issuer: Certificate,
    url: str,
    port: Revocation,
    *,
    algorithm: str = oids.SM3,
) -> ocsp.Answer:
    """Ask one service about one certificate; the answer is the issuer's and to this question.

    Raises NotVerified, Malformed, TooLarge, Refused, Unavailable.
    """
    question = ocsp.CertId.of(certificate, issuer, algorithm=algorithm)
    request = ocsp.Request((question,), nonce=secrets.token_bytes(16))
    answer = ocsp.read_response(port.ocsp(url, request.encode()))
    if answer.about(certificate, issuer) is None:
        raise NotVerified("the status service answers another question", where=url)
    if answer.nonce and answer.nonce != request.nonce:  # services that cache send none
        raise NotVerified("the status service answers another request: nonce differs", where=url)
    return answer


def _responders_lists(
    answers: Sequence[ocsp.Answer], issuer: Certificate, crls: Sequence[Crl], at: datetime
) -> Iterator[Crl]:
    """Lists that show that a responder was not revoked, unless it need not be looked up."""
    for answer in answers:
        if not status.speaks_for(answer, issuer):
            yield from (crl for crl in crls if status.current(crl, issuer, at))


def _asked(
    one: Certificate, issuer: Certificate, where: tuple[str, str], port: Revocation
) -> ocsp.Answer | None:
    """The answer of a service, named with a digest of that algorithm; None if none is had."""
    url, algorithm = where
    try:
        return ask(one, issuer, url, port, algorithm=algorithm)
    except Problem:
        return None


def _fetched(url: str, port: Revocation) -> Crl | None:
    try:
        return Crl.from_pem(port.crl(url))
    except Problem:
        return None


def _members(node: der.Node) -> list[bytes]:
    found = node.children()
    if len(found) > MOST:
        raise TooLarge(f"more than {MOST} members", where=_WHERE)
    return [one.raw for one in found]


def _wrapped(node: der.Node | None) -> list[bytes]:
    return [] if node is None else _members(node.only(_WHERE).expect(der.SEQUENCE, _WHERE))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(found: Mapping[str, Any], name: str) -> Iterable[bytes]:
    rows = found.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
        raise Malformed("a list of Base64 texts expected", where=f"{_WHERE}: {name}")
    if len(rows) > MOST:
        raise TooLarge(f"more than {MOST} members", where=f"{_WHERE}: {name}")
    try:
        return [base64.b64decode(row, validate=True) for row in rows]
    except (binascii.Error, ValueError) as error:
        raise Malformed("not Base64", where=f"{_WHERE}: {name}") from error
