"""Shared by the checks: findings in a word, and the package under judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from openrhip.formats.gm import chain, revocation, tsp
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import ChainReport, TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.revocation import Revocation, RevocationData
from openrhip.formats.gm.sm2 import PublicKey
from openrhip.formats.gm.tsp import TimestampReport
from openrhip.formats.ofd.package import Box, Package
from openrhip.formats.ofd.package_pages import Pages
from openrhip.formats.ofd.verify_naming import Names
from openrhip.kernel.errors import Problem, TooLarge

_USAGE = "documentSigning"
_UNKNOWN = "cert.revocation-unknown"
SKEW = timedelta(minutes=5)
"""By how much clocks of honest parties may differ."""


def held(code: str, text_zh: str, text_en: str, where: str = "") -> Finding:
    return Finding(code, True, text_zh, text_en, where)


def failed(code: str, text_zh: str, text_en: str, where: str = "") -> Finding:
    return Finding(code, False, text_zh, text_en, where)


LATEST_STAMP = timedelta(hours=24)
"""How long after the claimed time a signature of this package may have been stamped."""


MOST_KNOWN = 2048
"""Certificates, lists and answers that one file brings at most: each costs public-key work."""


@dataclass(frozen=True, slots=True)
class Role:
    """Whose certificate: in both languages, and the code of the finding that it holds."""

    zh: str
    en: str
    code: str


SIGNER = Role("签名人", "signer", "ofd.certificate")
MAKER = Role("制章人", "seal maker", "seal.maker-certificate")


@dataclass(frozen=True, slots=True)
class Instant:
    """When certificates must have been good.

    at: the stamped time, or the verification's where there is no timestamp; claimed: then what the
    signer says, which nothing proves. issuers: certificates that travel with the signature.
    """

    at: datetime
    claimed: datetime | None
    issuers: Sequence[Certificate]


@dataclass(kw_only=True)
class Bench:
    """Whom to trust, and the instant of judgement.

    port: asked for revocation data that is not at hand; detailed: a finding for every protected
    part and every step of the chains; proven: an instant by which the file is known to have
    existed, so that keys lost later made none of its timestamps up.
    """

    trust: TrustStore
    at: datetime
    port: Revocation | None = None
    detailed: bool = False
    paths: dict[Certificate, tuple[Certificate, ...]] = field(default_factory=dict)
    """Chains as they were built, by the certificate they begin with."""
    proven: datetime | None = None
    known: int = 0
    """How much was taken into account beside what the verifier knows himself."""

    def know(self, data: RevocationData) -> None:
        """Take lists, answers and issuers into account; each is believed only if signed.

        Raises TooLarge once a file, all its signatures together, brings too much to look at.
        """
        more = data.under(self.trust)
        self.known += _weight(more) - _weight(self.trust)
        if self.full:
            raise TooLarge(f"more than {MOST_KNOWN} certificates, lists and answers")
        self.trust = more

    @property
    def full(self) -> bool:
        return self.known > MOST_KNOWN

    def chain(self, leaf: Certificate, instant: Instant, role: Role) -> list[Finding]:
        """One finding if the chain holds (each step if detailed), else what fails in it."""
        report = self._validated(leaf, instant.issuers, instant.at)
        self.paths[leaf] = report.chain
        if not report.ok and instant.claimed:
            then = self._validated(leaf, instant.issuers, instant.claimed)
            if (then.ok or then.indeterminate) and _codes(then) != _codes(report):
                return [_unproven(leaf, role), *_of(then, leaf, role)]
        if not report.ok:
            return _of(report, leaf, role, all_of_them=self.detailed)
        summary = held(
            role.code,
            f"{role.zh}证书（{leaf.common_name}）有效：信任链 {len(report.chain)} 级，"
            "未撤销，在有效期内",
            f"the {role.en}'s certificate holds: chain of {len(report.chain)}, not revoked, "
            "in time",
            leaf.fingerprint[:16],
        )
        return [summary, *(_of(report, leaf, role, all_of_them=True) if self.detailed else ())]

    def _validated(
        self, leaf: Certificate, issuers: Sequence[Certificate], at: datetime
    ) -> ChainReport:
        report = chain.validate(leaf, issuers, self.trust, at=at, usage=_USAGE)
        if self.port and _UNKNOWN in _codes(report):
            self._fetch(leaf, issuers, at)
            report = chain.validate(leaf, issuers, self.trust, at=at, usage=_USAGE)
        return report

    def token(
        self, token: bytes, data: bytes, certificates: Sequence[Certificate]
    ) -> TimestampReport:
        """Judge a timestamp over data as of its own time."""
        report = self._judged(token, data, certificates)
        codes = {finding.code for finding in report.findings if not finding.ok}
        if self.port and report.authority and report.time and _UNKNOWN in codes:
            travelling = tsp.open_token(token)[0].certificates
            self._fetch(report.authority, (*travelling, *certificates), report.time)
            report = self._judged(token, data, certificates)
        return report

    def _judged(
        self, token: bytes, data: bytes, certificates: Sequence[Certificate]
    ) -> TimestampReport:
        return tsp.verify_token(
            token, data, self.trust, proven=self.proven, certificates=certificates
        )

    def _fetch(self, leaf: Certificate, issuers: Sequence[Certificate], at: datetime) -> None:
        self.know(revocation.collect([leaf], self.trust, self.port, intermediates=issuers, at=at))


@dataclass(kw_only=True)
class Context(Bench):
    """The package under judgement. keys: for signatures without certificate."""

    package: Package
    keys: Sequence[PublicKey | Certificate] = ()

    def __post_init__(self) -> None:
        self.names = Names(self.package)
        self._damaged: set[str] = set()
        self._boxes: dict[str, frozenset[Box]] = {}

    def digest_or_none(self, part: str) -> bytes | None:
        """SM3 of a part, or None if the part is damaged: it then matches nothing."""
        try:
            return None if part in self._damaged else self.package.digest(part)
        except Problem:
            self._damaged.add(part)
            return None

    def boxes(self, page_id: str) -> frozenset[Box]:
        """The sizes of the pages with this ID: one in each document at most, but for odd ones."""
        found = self._boxes.get(page_id)
        if found is None:
            pages = (places[at] for places, at in self._pages.get(page_id, ()))
            found = self._boxes[page_id] = frozenset(map(self.package.page_box, pages))
        return found

    @cached_property
    def _pages(self) -> dict[str, list[tuple[Pages, int]]]:
        found: dict[str, list[tuple[Pages, int]]] = {}
        for document in self.package.documents:
            for at, page_id in enumerate(document.pages.ids):
                found.setdefault(page_id, []).append((document.pages, at))
        return found


def _weight(trust: TrustStore) -> int:
    travelling = sum(len(answer.certificates) for answer in trust.answers)
    return len(trust.intermediates) + len(trust.crls) + len(trust.answers) + travelling


def _codes(report: ChainReport) -> set[str]:
    return {finding.code for finding in report.findings if not finding.ok}


def of_whom(finding: Finding, zh: str, en: str, where: str = "") -> Finding:
    """The finding, with whose certificate it is about."""
    return replace(
        finding,
        text_zh=f"{zh}：{finding.text_zh}",
        text_en=f"{en}: {finding.text_en}",
        where=finding.where or where,
    )


def _of(
    report: ChainReport, leaf: Certificate, role: Role, *, all_of_them: bool = False
) -> list[Finding]:
    """What fails in a chain, or everything."""
    return [
        of_whom(
            finding,
            f"{role.zh}证书（{leaf.common_name}）",
            f"{role.en}'s certificate",
            leaf.fingerprint[:16],
        )
        for finding in report.findings
        if all_of_them or not finding.ok
    ]


def _unproven(leaf: Certificate, role: Role) -> Finding:
    return failed(
        "ofd.unproven",
        f"{role.zh}证书（{leaf.common_name}）在声称的签名时刻有效，现已失效，且无时间戳证明当时已签",
        f"the {role.en}'s certificate was good at the claimed time but is not now, and no "
        "timestamp proves that the signature is older",
        leaf.fingerprint[:16],
    )
