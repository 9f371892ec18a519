"""Shared by the checks: findings in a word, and the package under judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from openrhip.formats.gm import chain
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import ChainReport, TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd.package import Package
from openrhip.kernel.errors import Problem

_USAGE = "documentSigning"
SKEW = timedelta(minutes=5)
"""By how much clocks of honest parties may differ."""


def held(code: str, text_zh: str, text_en: str, where: str = "") -> Finding:
    return Finding(code, True, text_zh, text_en, where)


def failed(code: str, text_zh: str, text_en: str, where: str = "") -> Finding:
    return Finding(code, False, text_zh, text_en, where)


LATEST_STAMP = timedelta(hours=24)
"""How long after the claimed time a signature of this package may have been stamped."""


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


@dataclass
class Context:
    """The package, whom to trust, the instant of judgement."""

    package: Package
    trust: TrustStore
    at: datetime
    paths: dict[Certificate, tuple[Certificate, ...]] = field(default_factory=dict)
    """Chains as they were built, by the certificate they begin with."""

    def digest_or_none(self, part: str) -> bytes | None:
        """SM3 of a part, or None if the part is damaged: it then matches nothing."""
        try:
            return self.package.digest(part)
        except Problem:
            return None

    def chain(self, leaf: Certificate, instant: Instant, role: Role) -> list[Finding]:
        """One finding if the chain holds, else what fails in it."""
        report = chain.validate(leaf, instant.issuers, self.trust, at=instant.at, usage=_USAGE)
        self.paths[leaf] = report.chain
        if not report.ok and instant.claimed:
            then = chain.validate(
                leaf, instant.issuers, self.trust, at=instant.claimed, usage=_USAGE
            )
            if (then.ok or then.indeterminate) and _codes(then) != _codes(report):
                return [_unproven(leaf, role), *_failures(then, leaf, role)]
        if not report.ok:
            return _failures(report, leaf, role)
        return [
            held(
                role.code,
                f"{role.zh}证书（{leaf.common_name}）有效：信任链 {len(report.chain)} 级，"
                "未撤销，在有效期内",
                f"the {role.en}'s certificate holds: chain of {len(report.chain)}, not revoked, "
                "in time",
                leaf.fingerprint[:16],
            )
        ]


def _codes(report: ChainReport) -> set[str]:
    return {finding.code for finding in report.findings if not finding.ok}


def _failures(report: ChainReport, leaf: Certificate, role: Role) -> list[Finding]:
    return [
        replace(
            finding,
            text_zh=f"{role.zh}证书（{leaf.common_name}）：{finding.text_zh}",
            text_en=f"{role.en}'s certificate: {finding.text_en}",
            where=finding.where or leaf.fingerprint[:16],
        )
        for finding in report.findings
        if not finding.ok
    ]


def _unproven(leaf: Certificate, role: Role) -> Finding:
    return failed(
        "ofd.unproven",
        f"{role.zh}证书（{leaf.common_name}）在声称的签名时刻有效，现已失效，且无时间戳证明当时已签",
        f"the {role.en}'s certificate was good at the claimed time but is not now, and no "
        "timestamp proves that the signature is older",
        leaf.fingerprint[:16],
    )
