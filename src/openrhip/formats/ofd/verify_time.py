"""When a signature was made (签名时间): by its timestamp if there is one, else as claimed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.tsp_report import TimestampReport
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.signing_records import Record
from openrhip.formats.ofd.signing_xml import PROVIDER
from openrhip.formats.ofd.verify_findings import (
    LATEST_STAMP,
    SKEW,
    Context,
    failed,
    held,
    of_whom,
)
from openrhip.formats.ofd.verify_value import Value


@dataclass
class Stamped:
    """time: of the timestamp; proven: it holds, and is over the signature value."""

    time: datetime | None = None
    proven: bool = False
    findings: list[Finding] = field(default_factory=list)


def judge_time(context: Context, record: Record, value: Value) -> Stamped:
    """The timestamp, what was promised of it, and whether the claimed time fits."""
    found = Stamped()
    latest = context.at + SKEW
    if value.token:
        _token(context, value, found)
        if found.time:
            latest = min(latest, found.time + SKEW)
        found.findings += _promised(record, value, found.time)
    elif missing := _promised(record, value, None):
        found.findings += missing
    elif value.seal and value.seal.earlier:
        _earlier(context, record, value, found)
    else:
        found.findings.append(
            held(
                "timestamp.absent",
                "没有时间戳：按验证时刻判断证书",
                "no timestamp: certificates are judged as of the verification",
            )
        )
    times = [time for time in (value.time, found.time) if time is not None]
    if any(time > context.at + SKEW for time in times) or (value.time and value.time > latest):
        found.findings.append(
            failed(
                "ofd.time",
                "声称的签名时间晚于时间戳或验证时刻",
                "the claimed time of signing is later than the timestamp or the verification",
            )
        )
    return found


def _token(context: Context, value: Value, found: Stamped) -> None:
    report = context.token(value.token, value.signature, value.issuers)
    found.time, found.proven = report.time, report.ok
    if report.ok and report.time:
        found.findings.append(
            held(
                "timestamp",
                f"时间戳有效：{report.time:%Y-%m-%d %H:%M:%S} UTC",
                f"the timestamp holds: {report.time:%Y-%m-%d %H:%M:%S} UTC",
            )
        )
        found.findings += _ended(context, report)
    found.findings += [
        of_whom(one, "时间戳", "timestamp")
        for one in report.findings
        if not one.ok or context.detailed
    ]


def _ended(context: Context, report: TimestampReport) -> list[Finding]:
    """Once the authority's certificate has ended, its key may have been lost unnoticed: a stamp of
    long ago then proves no time of its own. An evidence record (RFC 4998) does."""
    authority = report.authority
    if context.proven or authority is None or authority.not_after >= context.at:
        return []
    end = f"{authority.not_after:%Y-%m-%d}"
    return [
        failed(
            "timestamp.ended",
            f"时间戳机构的证书已于 {end} 到期：须以证据记录证明时间戳此前已存在（--evidence）",
            f"the timestamp authority's certificate ended on {end}: an evidence record must prove "
            "that the stamp is older (--evidence)",
            authority.fingerprint[:16],
        )
    ]


def _earlier(context: Context, record: Record, value: Value, found: Stamped) -> None:
    """Version 1: a token inside of what was signed. It proves that the signature is not older."""
    token = value.seal.earlier if value.seal else b""
    description = context.package.read(record.part)
    reports = [context.token(token, data, value.issuers) for data in (description, *value.digests)]
    report = next((one for one in reports if one.ok), reports[0])
    if not report.ok:
        found.findings += [
            of_whom(one, "签章数据中的时间戳", "timestamp in the signed data")
            for one in report.findings
            if not one.ok
        ]
        return
    found.time = report.time
    found.findings.append(
        held(
            "timestamp.before",
            f"签章前的时间戳有效（{report.time:%Y-%m-%d %H:%M:%S} UTC）：只证明签章不早于此时，"
            "按验证时刻判断证书",
            f"the timestamp from before the signature holds ({report.time:%Y-%m-%d %H:%M:%S} UTC): "
            "it proves that the signature is not older; certificates are judged as of now",
        )
    )


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
