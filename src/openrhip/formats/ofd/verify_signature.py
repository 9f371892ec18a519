"""Judging one signature: description, digests, value, certificate, time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from openrhip.formats.gm import chain, oids
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.revocation import RevocationData
from openrhip.formats.gm.signed import OtherAlgorithm
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.signing_records import Listed, Record
from openrhip.formats.ofd.signing_xml import PROVIDER, read_time
from openrhip.formats.ofd.verify_findings import SIGNER, Context, Instant, failed, held
from openrhip.formats.ofd.verify_references import references
from openrhip.formats.ofd.verify_seal import judge_seal
from openrhip.formats.ofd.verify_time import judge_time
from openrhip.formats.ofd.verify_value import KeyNeeded, Value, read_value
from openrhip.kernel.errors import NotVerified, Problem

_METHODS = {oids.SM2_WITH_SM3, oids.SM2_SIGN, oids.SM2_CURVE, ""}


@dataclass
class Judged:
    """What became known about one signature. record is None if it could not be read."""

    line: Listed
    record: Record | None = None
    certificate: Certificate | None = None
    seal_name: str = ""
    time: datetime | None = None
    timestamped: bool = False
    findings: list[Finding] = field(default_factory=list)


def judge(
    context: Context,
    judged: Judged,
    earlier: Sequence[Judged] = (),
    later: Sequence[Record] = (),
) -> None:
    """Everything about one signature; never raises for what is in the package.

    later: the signatures that follow, to say between which two a part was changed.
    """
    line = judged.line
    try:
        record = judged.record or records.read_record(context.package, line)
    except Problem as problem:
        judged.findings.append(_unread(problem))
    else:
        _steps(context, record, judged, earlier, later)
    judged.findings = [
        replace(one, where=f"{line.id}: {one.where}" if one.where else line.id)
        for one in judged.findings
    ]


def _steps(
    context: Context,
    record: Record,
    judged: Judged,
    earlier: Sequence[Judged],
    later: Sequence[Record],
) -> None:
    """Each for itself: what one step cannot judge hides no fault from another."""
    steps: tuple[Callable[[], Iterable[Finding]], ...] = (
        lambda: references(context, record, later),
        lambda: [_base(record, judged.line, earlier)] if judged.line.base else (),
        lambda: _value(context, record, judged),
    )
    for step in steps:
        try:
            judged.findings += step()
        except Problem as problem:
            judged.findings.append(_unread(problem))


def _unread(problem: Problem) -> Finding:
    """Why a step could not be taken: for want of a key or an algorithm, or for what is there."""
    if isinstance(problem, KeyNeeded):
        return failed(
            "ofd.key",
            "裸签名不含证书，须由验证者给出签名人的证书或公钥，目前无法判定",
            "a bare signature: give the signer's certificate or key; nothing can be said yet",
            problem.where,
        )
    if isinstance(problem, NotVerified | OtherAlgorithm):
        return failed(
            "ofd.unsupported",
            f"不受支持，无法判定：{problem.what}",
            f"not supported, nothing can be said: {problem.what}",
            problem.where,
        )
    return failed("ofd.structure", f"签名无法读取：{problem.what}", problem.what, problem.where)


def _base(record: Record, line: Listed, earlier: Sequence[Judged]) -> Finding:
    """Relative: the signature that this one builds on stands before it, and is protected by it."""
    for one in earlier:
        if one.line.id == line.base and one.line.list_part == line.list_part:
            ok = one.record is not None and record.covered >= one.record.own_parts
            return Finding(
                "ofd.base",
                ok,
                f"{'保护' if ok else '未保护'}其所基于的签名 {line.base}",
                f"the signature {line.base} that this one builds on is {'' if ok else 'not '}"
                "protected by it",
                record.part,
            )
    return failed(
        "ofd.base",
        f"所基于的签名 {line.base[:40]} 不在其前",
        f"the signature {line.base[:40]} that this one builds on does not stand before it",
        record.part,
    )


def _value(context: Context, record: Record, judged: Judged) -> tuple[Finding, ...]:
    """SignedValue.dat: what it signs, by whom, when. What was found before a Problem stays."""
    package = context.package
    description = package.read(record.part)
    other = record.method not in _METHODS
    unknown = NotVerified(f"signature method {record.method[:60]}", where=record.part)
    try:
        value = read_value(package.read(record.value_part), record, description, context.keys)
    except Problem:
        if other:
            raise unknown from None
        raise
    if other:
        if value.digests and not (changed := _description(context, record, value)).ok:
            judged.findings.append(changed)
        raise unknown
    if value.time is None:
        value = replace(value, time=read_time(record.time))
    if value.crls:
        context.know(RevocationData(crls=value.crls))
    judged.certificate = value.certificate
    judged.time = value.time
    if value.digests:
        judged.findings.append(_description(context, record, value))
    judged.findings.append(_signature(record, value))
    stamped = judge_time(context, record, value)
    judged.findings += stamped.findings
    judged.time, judged.timestamped = stamped.time or value.time, stamped.proven
    proven = stamped.time if stamped.proven else None
    instant = Instant(proven or context.at, None if proven else value.time, value.issuers)
    judged.findings += _who(context, record, value, instant)
    if record.provider == PROVIDER:
        judged.findings += _form(context, record, value)
    if value.seal and value.certificate:
        judged.seal_name = value.seal.seal.info.name
        judged.findings += judge_seal(context, record, value.seal, value.certificate, instant)
    return ()


def _who(context: Context, record: Record, value: Value, instant: Instant) -> list[Finding]:
    """The signer's certificate, or that the verifier vouches for the key."""
    if value.certificate:
        return context.chain(value.certificate, instant, SIGNER)
    return [
        held(
            "ofd.key",
            "公钥由验证者给出：签名人身份由验证者自行确认",
            "the key was given by the verifier, who knows whose it is",
            record.value_part,
        )
    ]


def _description(context: Context, record: Record, value: Value) -> Finding:
    ok = all(digest == context.package.digest(record.part) for digest in value.digests)
    return Finding(
        "ofd.description",
        ok,
        "签名描述文件与签名值一致" if ok else "签名描述文件被改动：与签名值中的摘要不符",
        "Signature.xml is the one that was signed"
        if ok
        else "Signature.xml was changed: it is not the one that was signed",
        record.part,
    )


def _signature(record: Record, value: Value) -> Finding:
    ok = value.key.verify(value.signature, value.covered)
    bad_zh = "所给密钥不是签名人的，或签名描述文件被改动" if value.outside else (
        "签名值、证书或被签数据被改动"
    )  # fmt: skip
    bad_en = (
        "the key given is not the signer's, or Signature.xml was changed"
        if value.outside
        else "value, certificate or signed data was changed"
    )
    return Finding(
        "ofd.signature",
        ok,
        "签名值有效（SM2/SM3）" if ok else f"签名值无效：{bad_zh}",
        "the signature value holds (SM2 with SM3)"
        if ok
        else f"the signature value does not hold: {bad_en}",
        record.value_part,
    )


def _strangers(context: Context, value: Value) -> set[Certificate]:
    """Certificates in SignedValue.dat that are neither in the signer's chain nor continue it.

    A chain may end below its last issuer: at a pinned certificate, or where no root is trusted.
    """
    path = context.paths.get(value.certificate, ()) if value.certificate else ()
    left = set(value.certificates) - set(path)
    reached = list(path[-1:])
    while reached:
        one = reached.pop()
        found = {other for other in left if chain.issued(other, one)}
        left -= found
        reached += found
    return left


def _form(context: Context, record: Record, value: Value) -> list[Finding]:
    """Nothing of our own SignedValue.dat may be of another form, or of people not concerned."""
    if value.canonical and not _strangers(context, value):
        return []
    return [
        failed(
            "ofd.value",
            "签名值文件含有与签名无关的证书，或编码形式被改动",
            "SignedValue.dat holds certificates that do not belong to it, or its form was changed",
            record.value_part,
        )
    ]
