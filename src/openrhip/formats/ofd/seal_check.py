"""A seal by itself (验证电子印章; GB/T 38540-2020 §6.5): its maker, its signers, its dates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from openrhip.formats.gm import chain
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.revocation import Revocation
from openrhip.formats.ofd.seals import Seal
from openrhip.formats.ofd.ses import VERSIONS
from openrhip.formats.ofd.verify_findings import Bench, Instant, failed, held
from openrhip.formats.ofd.verify_seal import judge_maker, judge_validity
from openrhip.kernel import clock
from openrhip.kernel.errors import Problem


def check(
    seal: Seal,
    *,
    trust: TrustStore,
    at: datetime | None = None,
    port: Revocation | None = None,
) -> tuple[Finding, ...]:
    """Judge a seal as of `at` (now if not given): one finding a line, as in `verifying`."""
    moment = at or clock.now()
    bench = Bench(trust=trust, at=moment, port=port)
    instant = Instant(moment, None, seal.chain)
    data = seal.data
    return (
        _version(seal),
        *judge_maker(bench, data, instant),
        judge_validity(data, instant),
        *_owners(seal, bench),
    )


def _version(seal: Seal) -> Finding:
    version = seal.data.info.version
    ok = version in VERSIONS
    return Finding(
        "seal.version",
        ok,
        f"印章版本 {version}{'' if ok else '：未知'}",
        f"a seal of version {version}{'' if ok else ', which is not known'}",
        seal.data.info.seal_id,
    )


def _owners(seal: Seal, bench: Bench) -> Iterator[Finding]:
    """The signers listed: certificates are judged, digests counted."""
    info = seal.data.info
    if not info.certificates and not info.digests:
        yield failed("seal.signers", "签章人名单为空", "the list of signers is empty", info.seal_id)
    if info.digests:
        yield held(
            "seal.signers",
            f"签章人名单含 {len(info.digests)} 个证书杂凑值",
            f"{len(info.digests)} signers are listed by digests of their certificates",
            info.seal_id,
        )
    for data in info.certificates:
        try:
            certificate = Certificate.from_der(data)
        except Problem as problem:
            yield failed(
                "seal.signers",
                "签章人证书无法读取",
                f"a signer's certificate cannot be read: {problem.what}",
                info.seal_id,
            )
            continue
        yield _owner(certificate, seal, bench)


def _owner(certificate: Certificate, seal: Seal, bench: Bench) -> Finding:
    report = chain.validate(
        certificate, seal.chain, bench.trust, at=bench.at, usage="documentSigning"
    )
    wrong = next((finding for finding in report.findings if not finding.ok), None)
    where = certificate.fingerprint[:16]
    name = certificate.common_name
    if wrong is None:
        return held("seal.signer", f"签章人证书（{name}）有效", f"signer {name}: holds", where)
    code = wrong.code if wrong.code in chain.UNKNOWN_CODES else "seal.signer"
    return failed(
        code, f"签章人证书（{name}）：{wrong.text_zh}", f"signer {name}: {wrong.text_en}", where
    )
