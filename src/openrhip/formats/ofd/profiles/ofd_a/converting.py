"""Making an OFD-A copy: `convert`. The original stays as it is and is named by its digest.

Order matters: the entry and the document first, then resources, then every sheet once (which tells
what fonts are used for), then fonts, places of resources, annotations; at the end what nothing
leads to is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from openrhip.formats.gm import sm3
from openrhip.formats.gm.findings import Finding
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import Package, open_package
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.package_xml import Element
from openrhip.formats.ofd.profiles.gmt0099.naming import is_encrypted
from openrhip.formats.ofd.profiles.ofd_a import attaching, entry, faces, media, notes, structure
from openrhip.formats.ofd.profiles.ofd_a.bench import Bench, Change, drop
from openrhip.formats.ofd.profiles.ofd_a.pages import Usage, convert_sheet
from openrhip.formats.ofd.profiles.view import ANNOTATION, Sheet, View
from openrhip.kernel.errors import Malformed, Refused

_PACKED = (b"\x89PNG", b"\xff\xd8\xff", b"OTTO", b"\0\1\0\0")


@dataclass(frozen=True, slots=True)
class Conversion:
    """data: the OFD-A copy; original: SM3 (hexadecimal) of what was converted; findings: those of
    the check of the copy."""

    data: bytes
    original: str
    report: tuple[Change, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether the copy keeps every rule."""
        return all(finding.ok for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        return {
            "profile": "ofd-a",
            "original_sm3": self.original,
            "copy_sm3": sm3.digest(self.data).hex(),
            "ok": self.ok,
            "changes": [change.as_dict() for change in self.report],
            "findings": [finding.as_dict() for finding in self.findings],
        }


def convert(
    data: bytes,
    *,
    archive: Mapping[str, str] | None = None,
    keep: Collection[str] = (),
    document: int | None = None,
    decrypt: Callable[[bytes], bytes] | None = None,
) -> Conversion:
    """An OFD-A copy of a document with a report of every change.

    archive: metadata of the archive under the names of DA/T 46 (档号, 保管期限, …). keep: names of
    attachments that stay whatever they are (6.15.1 b, c). document: which one, of several.
    decrypt: takes an encrypted package and gives it in the clear. The digest is that of `data`.
    Raises Malformed, TooLarge, Refused (encrypted, or several documents, and nothing was said).
    """
    original = sm3.digest(data).hex()
    opened = is_encrypted(data)
    if opened and decrypt is None:
        raise Refused(
            "the package is encrypted", where=structure.ENCRYPTED[0],
            remedy="give what it takes to decrypt it",
        )  # fmt: skip
    package = open_package(decrypt(data) if opened and decrypt else data)
    if document is None and len(package.documents) > 1:
        raise Refused(
            f"the package holds {len(package.documents)} documents", where="OFD.xml",
            remedy="say which one to convert; each becomes a file of its own",
        )  # fmt: skip
    bench = Bench(package, document or 0)
    if opened:
        bench.say("encryption", "已解密", "the package was decrypted")
    _convert(bench, original, archive or {}, frozenset(keep))
    copy = _packed(package, bench.finish(), bench)
    findings = _checked(copy)
    return Conversion(copy, original, tuple(bench.changes), findings)


def _convert(bench: Bench, original: str, archive: Mapping[str, str], keep: frozenset[str]) -> None:
    entry.convert_entry(bench, original)
    entry.drop_dangling(bench)
    entry.convert_document(bench)
    media.convert_media(bench)
    _attachments(bench, keep)
    usage = Usage()
    lost = faces.unembedded(bench)
    gone = media.missing_images(bench)
    for sheet in bench.view.sheets():
        if sheet.part in bench.package:
            root = bench.tree(sheet.part)
            media.drop_missing(bench, root, sheet.part, gone)
            convert_sheet(bench, Sheet(sheet.part, root, sheet.kind, sheet.number), usage, lost)
            if sheet.kind == ANNOTATION:
                notes.convert_annotations(bench, root, sheet.part)
            else:
                bench.settle(sheet.part)
    faces.convert_fonts(bench, usage)
    media.place_resources(bench)
    notes.add_notes(bench, usage)
    _top_id(bench)
    entry.state_archival(bench, archive)
    summaries = [change.summary for change in bench.changes if change.summary]
    entry.state(
        bench, {f"{entry.SUMMARY} {at}": text[:1000] for at, text in enumerate(summaries, 1)}
    )


def _attachments(bench: Bench, keep: frozenset[str]) -> None:
    """Texts and open formats stay; of others a summary does (6.15)."""
    location = px.text(bench.document, "Attachments")
    if not location:
        return
    part = bench.package.resolve(location, base=bench.root_part)
    root = bench.tree(part)
    known = {one.id: one for one in bench.package.attachments()}
    for item in list(px.children(root, "Attachment")):
        name, kind = item.get("Name", ""), item.get("Format", "")
        if name in keep or attaching.stays(name, kind):
            _plain_format(bench, item, part)
            continue
        one = known.get(item.get("ID", ""))
        drop(item)
        bench.touch(part)
        facts = f"{one.size} bytes SM3 {bench.package.digest(one.part).hex()}" if one else ""
        bench.say(
            "attachments", f"附件 {name[:80]} 已移出", f"{name[:80]} was taken out", part,
            summary=f"附件 {name[:200]} {kind[:40]} {facts}".strip(),
        )  # fmt: skip
    if not len(root):
        for listed in list(px.children(bench.document, "Attachments")):
            drop(listed)
        bench.touch(bench.root_part)


def _plain_format(bench: Bench, item: Element, part: str) -> None:
    """6.15.1 calls the formats of texts TXT and XML."""
    short = attaching.SHORT.get(item.get("Format", "").lower().partition(";")[0].strip())
    if short and item.get("Format") != short:
        item.set("Format", short)
        bench.touch(part)


def _top_id(bench: Bench) -> None:
    common = px.child(bench.document, "CommonData")
    top = px.child(common, "MaxUnitID")
    if top is not None and (top.text or "").strip() != str(bench.top):
        top.text = str(bench.top)
        bench.touch(bench.root_part)


def _packed(package: Package, parts: Mapping[str, bytes], bench: Bench) -> bytes:
    """The container with only what OFD.xml leads to."""
    whole = Container()
    for name in package.parts:
        if name in parts:
            _put(whole, name, parts[name])
        else:
            whole.copy(package, name)
    for name, content in parts.items():
        if name not in package:
            _put(whole, name, content)
    made = open_package(whole.finish(), limits=package.limits)
    reachable = View(made).reachable
    small = Container()
    for name in made.parts:
        if name in reachable:
            small.copy(made, name)
    gone = [name for name in package.parts if name not in reachable]
    if gone:
        bench.say(
            "unrelated", f"去除无关文件 {len(gone)} 个：{'、'.join(gone[:20])}",
            f"{len(gone)} parts that nothing leads to were left out: {', '.join(gone[:20])}",
        )  # fmt: skip
    return small.finish()


def _put(container: Container, name: str, content: bytes) -> None:
    if content.startswith(_PACKED) or len(content) < 128:
        container.store(name, content)
    else:
        container.deflate(name, content)


def _checked(copy: bytes) -> tuple[Finding, ...]:
    from openrhip.formats.ofd.profiles.ofd_a import check  # noqa: PLC0415  it imports this package

    package = open_package(copy)
    if not package.documents:
        raise Malformed("the copy holds no document")
    return check(package)
