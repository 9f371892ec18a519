"""What a signature says, for an archive that keeps no signatures (去技术化): 6.13.

Facts are stated, not judged: whether a signature holds is what `ofd.verify` says of the original.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.seals import visible
from openrhip.formats.ofd.signing_records import Listed, Record, Stamp
from openrhip.formats.ofd.verify_value import Value, read_value
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.errors import Problem


@dataclass(frozen=True, slots=True)
class Fact:
    """One signature in words: names and values in the order they are written down.

    stamps: where its picture shows; picture: as in the seal, b"" where there is none.
    """

    id: str
    kind: str
    words: tuple[tuple[str, str], ...]
    stamps: tuple[Stamp, ...]
    picture: bytes
    trouble: str = ""


def listed(package: Package) -> tuple[Listed, ...]:
    """The signatures; none where the list that is named does not exist."""
    if not any(one.signatures in package for one in package.documents):
        return ()
    return records.listed(package)


def standard_form(package: Package, line: Listed) -> bool:
    """Whether a signature is in the form of GB/T 35275 or GB/T 38540, with its certificate."""
    try:
        record = records.read_record(package, line)
        read_value(package.read(record.value_part), record, package.read(record.part))
    except Problem:
        return False
    return True


def facts(package: Package) -> Iterator[Fact]:
    """All signatures of the package; what cannot be read is told in `trouble`."""
    for line in listed(package):
        try:
            record = records.read_record(package, line)
        except Problem as problem:
            yield Fact(line.id, line.kind, (("签名类型", line.kind),), (), b"", problem.what)
            continue
        yield _fact(package, record)


def _fact(package: Package, record: Record) -> Fact:
    words = [
        ("签名标识", record.id),
        ("签名类型", "电子签章" if record.listed.kind == records.SEAL else "数字签名"),
    ]
    picture, trouble = b"", ""
    try:
        value = read_value(package.read(record.value_part), record, package.read(record.part))
    except Problem as problem:
        trouble = problem.what
    else:
        words += _of_value(value)
        picture = value.seal.seal.info.picture if value.seal else b""
    words.append(("签名时间", record.time))
    if reason := record.parameters.get(records.REASON):
        words.append(("签名理由", reason))
    words.append(("摘要算法", record.check_method))
    words += [
        (f"摘要值 {reference.location}", base64.b64encode(reference.digest).decode())
        for reference in record.references
    ]
    return Fact(record.id, record.listed.kind, tuple(words), record.stamps, picture, trouble)


def _of_value(value: Value) -> list[tuple[str, str]]:
    signer = value.certificate
    words: list[tuple[str, str]] = (
        [("公钥", value.key.point.hex())]
        if signer is None
        else [
            ("签名人", signer.common_name),
            ("签名人单位", signer.organization),
            ("证书主体", signer.subject),
            ("证书颁发者", signer.issuer),
            ("证书序列号", f"{signer.serial:x}"),
            ("证书有效期", f"{rfc3339(signer.not_before)}/{rfc3339(signer.not_after)}"),
            ("证书", base64.b64encode(signer.der).decode()),
        ]
    )
    if value.time is not None:
        words.append(("签名值时间", rfc3339(value.time)))
    if value.seal is not None:
        words.append(("印章名称", value.seal.seal.info.name))
        words.append(("印章编号", value.seal.seal.info.seal_id))
    words.append(("文档摘要值", " ".join(base64.b64encode(one).decode() for one in value.digests)))
    return [(name, text) for name, text in words if text]


def shown(stamp: Stamp) -> tuple[float, float, float, float]:
    return visible(stamp)
