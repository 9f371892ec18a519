"""The integrity list (完整性保护文件, 防夹带): GM/T 0099-2020 7.4 and appendix D.

`/OFDEntries.xml` names every file of the package; a GB/T 35275 signature with a timestamp is over
its digest. A file that it does not name was smuggled in. It says nothing of the files' bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from openrhip import __version__
from openrhip.formats.gm import chain, sm3, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.findings import Finding
from openrhip.formats.gm.signer import Signer
from openrhip.formats.gm.tsp import Timestamper
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd import signing_cms
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.package_zip import Limits
from openrhip.formats.ofd.profiles.gmt0099 import naming
from openrhip.kernel import clock
from openrhip.kernel.clock import rfc3339
from openrhip.kernel.errors import Conflict, Malformed, Problem

_MOST_NAMED = 20
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class IntegrityReport:
    """ok only if every finding holds. time: of the timestamp, else as claimed."""

    ok: bool
    signer: str
    time: datetime | None
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "signer": self.signer,
            "time": rfc3339(self.time) if self.time else None,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def protect(
    data: bytes,
    *,
    signer: Signer,
    timestamper: Timestamper | None = None,
    limits: Limits | None = None,
) -> bytes:
    """The package with a signed list of all its files. Nothing may be added afterwards: do it last.

    Raises Malformed, TooLarge, Conflict (it has a list already).
    """
    package = naming.open_container(data, limits or Limits())
    if naming.LIST in package or naming.SIGNED_VALUE in package:
        raise Conflict("the package has a list of its files already", where=naming.LIST)
    if "OFD.xml" not in package and naming.ENTRY_FILE not in package:
        raise Malformed("the package has no OFD.xml", where="directory")
    at = clock.now().replace(microsecond=0)
    listed = "".join(
        f'<ofd:File ID="{number}" FileLoc={quoteattr("/" + part)}/>'
        for number, part in enumerate(package.parts, 2)
    )
    content = (
        f'{_HEAD}<ofd:DocEntries xmlns:ofd="{px.NAMESPACE}" ID="1" CreatorName="OpenRHIP"'
        f' Version="{__version__}" CreationDate="{at.date().isoformat()}">'
        f"<ofd:SignedValueLoc>/{naming.SIGNED_VALUE}</ofd:SignedValueLoc>"
        f"<ofd:FileList>{listed}</ofd:FileList></ofd:DocEntries>"
    ).encode()
    value = signing_cms.build(content, signer=signer, at=at, timestamper=timestamper)
    container = Container()
    for part in package.parts:
        container.copy(package, part)
    container.store(naming.LIST, content)
    container.store(naming.SIGNED_VALUE, value)
    return container.finish()


def check(
    data: bytes, *, trust: TrustStore, at: datetime | None = None, limits: Limits | None = None
) -> IntegrityReport:
    """Judge the list of a package. Raises Malformed or TooLarge if it is no container at all."""
    package = naming.open_container(data, limits or Limits())
    if naming.LIST not in package:
        finding = _failed(
            "integrity.absent", "文件没有完整性保护文件", "the package has no list of its files",
            naming.LIST,
        )  # fmt: skip
        return IntegrityReport(ok=False, signer="", time=None, findings=(finding,))
    try:
        findings = list(_closure(package))
        signed = signing_cms.read(package.read(_value_part(package)))
    except Problem as problem:
        finding = _failed(
            "integrity.unreadable", f"完整性保护文件无法读取：{problem.what}",
            f"the list cannot be read: {problem.what}", problem.where,
        )  # fmt: skip
        return IntegrityReport(ok=False, signer="", time=None, findings=(finding,))
    moment = at or clock.now()
    time, stamped = _stamped(signed, trust, moment)
    findings += [*_signature(package, signed), *stamped]
    report = chain.validate(
        signed.certificate, signed.certificates, trust,
        at=time or moment, usage="digitalSignature",
    )  # fmt: skip
    findings += report.findings
    return IntegrityReport(
        ok=report.ok and all(finding.ok for finding in findings),
        signer=signed.certificate.common_name,
        time=time or signed.time,
        findings=tuple(findings),
    )


def _value_part(package: Package) -> str:
    location = px.text(package.xml(naming.LIST), "SignedValueLoc")
    return naming.part_of(location, naming.LIST)


def _closure(package: Package) -> Iterator[Finding]:
    """Every file is on the list, and every file of the list is there."""
    root = package.xml(naming.LIST)
    listed = {
        naming.part_of(item.get("FileLoc", ""), naming.LIST)
        for item in px.children(px.child(root, "FileList"), "File")
    }
    own = {naming.LIST, _value_part(package)}
    strange = sorted(set(package.parts) - listed - own)
    lost = sorted(listed - set(package.parts))
    for part in strange[:_MOST_NAMED]:
        yield _failed(
            "integrity.smuggled", "包内文件不在完整性保护文件列表中：夹带",
            "a file that the list does not name", part,
        )  # fmt: skip
    for part in lost[:_MOST_NAMED]:
        yield _failed(
            "integrity.missing", "列表中的文件不在包内", "a file of the list is gone", part
        )
    if not strange and not lost:
        yield Finding(
            "integrity.closed", True,
            f"包内 {len(listed)} 个文件均在列表中，没有夹带；内容由文档签名保护",
            f"all {len(listed)} files are on the list; their bytes are for signatures to protect",
        )  # fmt: skip


def _signature(package: Package, signed: signing_cms.Signed) -> Iterator[Finding]:
    digest = sm3.digest(package.read(naming.LIST))
    same = digest in signed.digests
    yield Finding(
        "integrity.digest", same,
        f"列表的 SM3 杂凑值与签名{'一致' if same else '不一致'}",
        f"the digest of the list {'is' if same else 'is not'} the one that was signed", naming.LIST,
    )  # fmt: skip
    ok = signed.certificate.public_key.verify(signed.signature, signed.covered)
    yield Finding(
        "integrity.signature", ok, f"列表的签名值验证{'通过' if ok else '不通过'}",
        f"the signature over the list {'holds' if ok else 'does not hold'}", naming.SIGNED_VALUE,
    )  # fmt: skip


def _stamped(
    signed: signing_cms.Signed, trust: TrustStore, at: datetime
) -> tuple[datetime | None, list[Finding]]:
    """7.4.2 asks for a timestamp; without one the certificate is judged as of now."""
    if not signed.token:
        finding = _failed(
            "integrity.timestamp", "列表的签名没有时间戳",
            "the signature over the list has no timestamp", naming.SIGNED_VALUE,
        )  # fmt: skip
        return None, [finding]
    report = tsp.verify_token(signed.token, signed.signature, trust, at=at)
    return (report.time if report.ok else None), list(report.findings)


def _failed(code: str, zh: str, en: str, where: str) -> Finding:
    return Finding(code, ok=False, text_zh=zh, text_en=en, where=where)
