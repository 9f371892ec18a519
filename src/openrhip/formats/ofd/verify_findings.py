"""Shared by the checks: findings in a word, and the package under judgement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from openrhip.formats.gm import chain, sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd.package import Package
from openrhip.kernel.errors import Problem

SKEW = timedelta(minutes=5)
"""By how much clocks of honest parties may differ."""


def held(code: str, text_zh: str, text_en: str, where: str = "") -> Finding:
    return Finding(code, True, text_zh, text_en, where)


def failed(code: str, text_zh: str, text_en: str, where: str = "") -> Finding:
    return Finding(code, False, text_zh, text_en, where)


@dataclass
class Context:
    """The package, whom to trust, the instant of judgement; digests are computed once."""

    package: Package
    trust: TrustStore
    at: datetime
    _digests: dict[str, bytes] = field(default_factory=dict)

    def digest(self, part: str) -> bytes:
        """SM3 of a part. Raises Malformed if it is damaged."""
        found = self._digests.get(part)
        if found is None:
            found = self._digests[part] = sm3.digest(self.package.read(part))
        return found

    def digest_or_none(self, part: str) -> bytes | None:
        """The same, or None if the part is damaged: it then matches nothing."""
        try:
            return self.digest(part)
        except Problem:
            return None

    def chain(
        self,
        leaf: Certificate,
        issuers: Sequence[Certificate],
        *,
        at: datetime,
        role: tuple[str, str],
        code: str,
    ) -> list[Finding]:
        """One finding if the chain holds, else what fails in it. role: whose, in both languages."""
        report = chain.validate(leaf, issuers, self.trust, at=at, usage=_usage(leaf))
        name = leaf.common_name
        if report.ok:
            count = len(report.chain)
            return [
                held(
                    code,
                    f"{role[0]}证书（{name}）有效：信任链 {count} 级，未撤销，在有效期内",
                    f"the {role[1]}'s certificate holds: chain of {count}, not revoked, in time",
                    leaf.fingerprint[:16],
                )
            ]
        return [
            replace(
                finding,
                text_zh=f"{role[0]}证书（{name}）：{finding.text_zh}",
                text_en=f"{role[1]}'s certificate: {finding.text_en}",
                where=finding.where or leaf.fingerprint[:16],
            )
            for finding in report.findings
            if not finding.ok
        ]


def _usage(leaf: Certificate) -> str:
    """Either of the two signing usages of GM/T 0015 serves."""
    return "nonRepudiation" if "nonRepudiation" in leaf.key_usage else "digitalSignature"
