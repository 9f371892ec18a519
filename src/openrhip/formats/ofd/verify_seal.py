"""Judging the seal inside a seal signature (验章; GB/T 38540-2020 §6.5, §7.3)."""

from __future__ import annotations

from functools import lru_cache

from openrhip.formats.gm import oids
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.signed import OtherAlgorithm
from openrhip.formats.ofd.seals import fits
from openrhip.formats.ofd.ses import VERSIONS, SealData, SealSignature
from openrhip.formats.ofd.signing_records import Record
from openrhip.formats.ofd.verify_findings import (
    MAKER,
    Bench,
    Context,
    Instant,
    failed,
    held,
    of_whom,
)
from openrhip.kernel.errors import Problem

_SIZES = 64
"""Sizes of pages that share an ID: documents of one package count for themselves."""


def judge_seal(
    context: Context,
    record: Record,
    value: SealSignature,
    signer: Certificate,
    instant: Instant,
) -> list[Finding]:
    """The seal's file, its maker, its owner, its time."""
    seal = value.seal
    return [
        *_file(context, record, seal),
        *_places(context, record, seal),
        *judge_maker(context, seal, instant),
        *_version(seal, value.version),
        _listed(seal, signer),
        judge_validity(seal, instant),
        *([_location(context, record, value)] if value.location else []),
    ]


def _file(context: Context, record: Record, seal: SealData) -> list[Finding]:
    if not record.seal_part:
        return [held("seal.file", "印章仅存于签章数据中", "the seal stands in the signature alone")]
    if context.package.read(record.seal_part) == seal.raw:
        return [held("seal.file", "印章文件与签章数据中的印章一致", "Seal.esl is the seal used")]
    return [
        failed(
            "seal.file",
            "印章文件与签章数据中的印章不一致",
            "Seal.esl is another seal than the one in the signature",
            record.seal_part,
        )
    ]


def _places(context: Context, record: Record, seal: SealData) -> list[Finding]:
    """A picture larger than the seal, or beside the page, could hide or replace what is there."""
    size = seal.info.width, seal.info.height
    for stamp in record.stamps:
        boxes = context.boxes(stamp.page_id)
        if not 0 < len(boxes) <= _SIZES or not all(fits(stamp, box, *size) for box in boxes):
            return [
                failed(
                    "seal.place",
                    "印章外观大于印章尺寸、超出页面或不在任何页上",
                    "the seal shows larger than it is, outside of the page, or on no page",
                    f"{record.part} page {stamp.page_id[:40]}",
                )
            ]
    return []


def judge_maker(context: Bench, seal: SealData, instant: Instant) -> list[Finding]:
    """The seal's own signature, who made it, and whether he may."""
    if seal.algorithm != oids.SM2_WITH_SM3:
        return [
            failed(
                "ofd.unsupported",
                f"印章的签名算法 {seal.algorithm} 不受支持",
                f"the seal's signature algorithm {seal.algorithm} is not supported",
                seal.info.seal_id,
            )
        ]
    try:
        maker = Certificate.from_der(seal.maker)
    except OtherAlgorithm as problem:
        return [
            failed(
                "ofd.unsupported",
                "制章人证书不是 SM2/SM3 证书，无法判定",
                f"the seal maker's certificate is not supported: {problem.what}",
                seal.info.seal_id,
            )
        ]
    except Problem as problem:
        return [
            failed(
                "seal.maker",
                "制章人证书无法读取",
                f"the seal maker's certificate cannot be read: {problem.what}",
                seal.info.seal_id,
            )
        ]
    good = _made(maker, seal.signature, maker.public_key.digest(seal.signed))
    made, stamp = _stamped(context, seal, instant) if seal.timestamp else (instant, [])
    return [
        Finding(
            "seal.maker",
            good,
            f"印章由制章人（{maker.common_name}）签发"
            if good
            else "制章人对印章的签名无效：印章被改动或系伪造",
            "the seal maker's signature holds"
            if good
            else "the seal maker's signature does not hold: the seal was changed or forged",
            seal.info.seal_id,
        ),
        *stamp,
        _entitled(context, seal, maker),
        *context.chain(maker, made, MAKER),
    ]


def _stamped(context: Bench, seal: SealData, instant: Instant) -> tuple[Instant, list[Finding]]:
    """Version 5: a timestamp over the maker's signature, as of which the maker is judged."""
    report = context.token(seal.timestamp, seal.signature, instant.issuers)
    if report.ok and report.time:
        text = f"{report.time:%Y-%m-%d %H:%M:%S} UTC"
        return Instant(report.time, None, instant.issuers), [
            held("seal.timestamp", f"印章的时间戳有效：{text}", f"the seal was stamped: {text}")
        ]
    return instant, [
        of_whom(one, "印章的时间戳", "the seal's timestamp", seal.info.seal_id)
        for one in report.findings
        if not one.ok
    ]


def _version(seal: SealData, signed: int) -> list[Finding]:
    """Seal and signature are of one known version."""
    version = seal.info.version
    if version in VERSIONS and signed == version:
        return []
    return [
        failed(
            "seal.version",
            f"印章版本（{version}）与签章数据版本（{signed}）不一致，或版本未知",
            f"the versions of seal ({version}) and signature ({signed}) differ or are unknown",
            seal.info.seal_id,
        )
    ]


def _entitled(context: Bench, seal: SealData, maker: Certificate) -> Finding:
    """Whether this one may make seals: one of the listed makers.

    Without a list, one who made a seal for himself, and any person, may not.
    """
    makers = context.trust.seal_makers
    where = maker.fingerprint[:16]
    if makers:
        ok = maker.fingerprint in makers
        return Finding(
            "seal.maker-listed",
            ok,
            f"制章人（{maker.common_name}）{'在' if ok else '不在'}受信任的制章人名单中",
            f"the seal maker is {'' if ok else 'not '}among the trusted seal makers",
            where,
        )
    if seal.info.lists(maker.der) or maker.attribute("UID"):
        return failed(
            "seal.maker-listed",
            "未配置制章人名单：个人或签章人本人所制印章不予承认",
            "no list of seal makers is configured: a seal made by a person or by one of its owners "
            "is not accepted",
            where,
        )
    return held(
        "seal.maker-listed",
        "未配置制章人名单：受信任机构所制印章均予接受",
        "no list of seal makers is configured: a seal by any trusted institution is accepted",
        where,
    )


@lru_cache(maxsize=512)
def _made(maker: Certificate, signature: bytes, digest: bytes) -> bool:
    """A seal is used for thousands of documents; its own signature is checked once."""
    return maker.public_key.verify_digest(signature, digest)


def _listed(seal: SealData, signer: Certificate) -> Finding:
    ok = seal.info.lists(signer.der)
    return Finding(
        "seal.listed",
        ok,
        "签章人证书在印章的签章人名单中" if ok else "签章人证书不在印章的签章人名单中",
        f"the signer's certificate is {'' if ok else 'not '}in the seal's list of signers",
        signer.fingerprint[:16],
    )


def judge_validity(seal: SealData, instant: Instant) -> Finding:
    info = seal.info
    span = f"{info.valid_from:%Y-%m-%d} – {info.valid_to:%Y-%m-%d}"
    if info.valid_from <= instant.at <= info.valid_to:
        return held(
            "seal.validity",
            f"签章时刻在印章有效期内（{span}）",
            f"the time of sealing is within the seal's validity ({span})",
            info.seal_id,
        )
    if instant.claimed and info.valid_from <= instant.claimed <= info.valid_to:
        return failed(
            "ofd.unproven",
            f"声称的签章时刻在印章有效期内（{span}），但无时间戳证明",
            f"the claimed time is within the seal's validity ({span}), but no timestamp proves it",
            info.seal_id,
        )
    return failed(
        "seal.validity",
        f"签章时刻不在印章有效期内（{span}）",
        f"the time of sealing is outside the seal's validity ({span})",
        info.seal_id,
    )


def _location(context: Context, record: Record, value: SealSignature) -> Finding:
    """propertyInfo names the description that was signed."""
    try:
        ok = context.package.resolve(value.location, base=record.part) == record.part
    except Problem:
        ok = False
    return Finding(
        "seal.property",
        ok,
        "签章属性指向本签名描述文件" if ok else "签章属性指向另一签名描述文件",
        f"the signed property names {'this' if ok else 'another'} description",
        record.part,
    )
