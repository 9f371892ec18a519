"""Judging one signature: description, digests, value, certificate, time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from openrhip.formats.gm import oids, tsp
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.signing_records import Listed, Record
from openrhip.formats.ofd.signing_xml import PROVIDER
from openrhip.formats.ofd.verify_findings import (
    LATEST_STAMP,
    SIGNER,
    SKEW,
    Context,
    Instant,
    failed,
    held,
)
from openrhip.formats.ofd.verify_seal import judge_seal
from openrhip.formats.ofd.verify_value import Value, read_value
from openrhip.kernel.errors import NotVerified, Problem

_SM3 = {oids.SM3, "sm3"}
_WEAK = {"md5", "sha1", "sha-1", ""}
_METHODS = {oids.SM2_WITH_SM3, oids.SM2_SIGN, oids.SM2_CURVE, ""}
_MOST_NAMED = 20


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


def judge(context: Context, line: Listed, later: Sequence[Record] = ()) -> Judged:
    """Everything about one signature; never raises for what is in the package.

    later: the signatures that follow, to say between which two a part was changed.
    """
    judged = Judged(line)
    try:
        record = judged.record = records.read_record(context.package, line)
        judged.findings += _digests(context, record, later)
        _value(context, record, judged)
    except NotVerified as problem:
        judged.findings.append(
            failed(
                "ofd.unsupported",
                f"不受支持，无法判定：{problem.what}",
                f"not supported, nothing can be said: {problem.what}",
                problem.where,
            )
        )
    except Problem as problem:
        judged.findings.append(
            failed("ofd.structure", f"签名无法读取：{problem.what}", problem.what, problem.where)
        )
    judged.findings = [
        replace(one, where=f"{line.id}: {one.where}" if one.where else line.id)
        for one in judged.findings
    ]
    return judged


def _digests(context: Context, record: Record, later: Sequence[Record]) -> list[Finding]:
    method = record.check_method.lower()
    if method in _WEAK:
        return [
            failed(
                "ofd.weak",
                f"摘要算法 {record.check_method} 已不安全，不予承认",
                f"digests by {record.check_method} are weak and not accepted",
                record.part,
            )
        ]
    if method not in _SM3:
        raise NotVerified(f"digests by {record.check_method[:60]}", where=record.part)
    wrong: list[Finding] = []
    for reference in record.references:
        if not reference.part:
            wrong.append(
                failed(
                    "ofd.missing",
                    "受保护的文件已不在包内",
                    "a protected part is missing from the package",
                    reference.location[:200],
                )
            )
        elif context.digest_or_none(reference.part) != reference.digest:
            wrong.append(_changed(context, reference.part, record, later))
    if wrong:
        return wrong[:_MOST_NAMED]
    count = len(record.references)
    return [held("ofd.digests", f"{count} 个文件的摘要全部相符", f"all {count} digests match")]


def _changed(context: Context, part: str, record: Record, later: Sequence[Record]) -> Finding:
    now = context.digest_or_none(part)
    keeper = next(
        (
            one.id
            for one in later
            if any(kept.part == part and kept.digest == now for kept in one.references)
        ),
        "",
    )
    until_zh, until_en = (f"、签名 {keeper} 之前", f" and before {keeper}") if keeper else ("", "")
    return failed(
        "ofd.digest",
        f"文件在签名 {record.id} 之后{until_zh}被改动：摘要不符",
        f"the part was changed after signature {record.id}{until_en}: its digest differs",
        part,
    )


def _value(context: Context, record: Record, judged: Judged) -> None:
    """SignedValue.dat: what it signs, by whom, when."""
    if record.method not in _METHODS:
        raise NotVerified(f"signature method {record.method[:60]}", where=record.part)
    value = read_value(context.package.read(record.value_part), record)
    judged.certificate = value.certificate
    judged.time = value.time
    judged.findings += [
        _description(context, record, value),
        _signature(record, value),
    ]
    judged.findings += _time(context, record, value, judged)
    proven = judged.time if judged.timestamped else None
    instant = Instant(proven or context.at, None if proven else value.time, value.issuers)
    judged.findings += context.chain(value.certificate, instant, SIGNER)
    if record.provider == PROVIDER:
        judged.findings += _form(context, record, value)
    if value.seal:
        judged.seal_name = value.seal.seal.info.name
        judged.findings += judge_seal(context, record, value.seal, value.certificate, instant)


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
    ok = value.certificate.public_key.verify(value.signature, value.covered)
    return Finding(
        "ofd.signature",
        ok,
        "签名值有效（SM2/SM3）" if ok else "签名值无效：签名值、证书或被签数据被改动",
        "the signature value holds (SM2 with SM3)"
        if ok
        else "the signature value does not hold: value, certificate or signed data was changed",
        record.value_part,
    )


def _form(context: Context, record: Record, value: Value) -> list[Finding]:
    """Nothing of our own SignedValue.dat may be of another form, or of people not concerned."""
    path = context.paths.get(value.certificate, ())
    if value.canonical and set(value.certificates) <= set(path):
        return []
    return [
        failed(
            "ofd.value",
            "签名值文件含有与签名无关的证书，或编码形式被改动",
            "SignedValue.dat holds certificates that do not belong to it, or its form was changed",
            record.value_part,
        )
    ]


def _promised(record: Record, value: Value, stamped: datetime | None) -> list[Finding]:
    """The timestamp that the signer said would follow, soon after the signature."""
    if records.TIMESTAMP in record.parameters and not value.token:
        return [
            failed(
                "timestamp.missing",
                "签名声明附有时间戳，但时间戳已被移除",
                "the signature says that a timestamp follows, but it was taken away",
                record.value_part,
            )
        ]
    late = stamped and value.time and stamped - value.time > LATEST_STAMP
    if late and record.provider == PROVIDER:
        return [
            failed(
                "timestamp.late",
                "时间戳晚于声称的签名时间 24 小时以上：时间戳被更换",
                "the timestamp is more than 24 hours after the claimed time: it was replaced",
                record.value_part,
            )
        ]
    return []


def _time(context: Context, record: Record, value: Value, judged: Judged) -> list[Finding]:
    """When it was made: by the timestamp if there is one, else as claimed and unproven."""
    findings: list[Finding] = []
    latest = context.at + SKEW
    if value.token:
        report = tsp.verify_token(value.token, value.signature, context.trust)
        judged.timestamped = report.ok
        judged.time = report.time or value.time
        findings += (
            [
                held(
                    "timestamp",
                    f"时间戳有效：{report.time:%Y-%m-%d %H:%M:%S} UTC",
                    f"the timestamp holds: {report.time:%Y-%m-%d %H:%M:%S} UTC",
                )
            ]
            if report.ok and report.time
            else [one for one in report.findings if not one.ok]
        )
        latest = min(latest, (report.time + SKEW) if report.time else latest)
        findings += _promised(record, value, report.time)
    elif missing := _promised(record, value, None):
        findings += missing
    else:
        findings.append(
            held(
                "timestamp.absent",
                "没有时间戳：按验证时刻判断证书",
                "no timestamp: certificates are judged as of the verification",
            )
        )
    times = [time for time in (value.time, judged.time) if time is not None]
    if any(time > context.at + SKEW for time in times) or (value.time and value.time > latest):
        findings.append(
            failed(
                "ofd.time",
                "声称的签名时间晚于时间戳或验证时刻",
                "the claimed time of signing is later than the timestamp or the verification",
            )
        )
    return findings
