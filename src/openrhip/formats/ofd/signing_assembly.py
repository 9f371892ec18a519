"""Putting a signature into a package (签名写入): its parts, the list, the container."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from openrhip.formats.gm import sm3
from openrhip.formats.ofd import signing_records as records
from openrhip.formats.ofd import signing_xml as xml
from openrhip.formats.ofd.package import ENTRY, Package
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.signing_forms import Value
from openrhip.formats.ofd.signing_open import annotated, annotation_lists
from openrhip.formats.ofd.signing_xml import Mark
from openrhip.formats.ofd.verify_listing import LIST, listing
from openrhip.kernel.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Plan:
    """What is about to be added.

    revocation: such data to keep beside it (DER), or nothing. base: ID of the signature that
    this one builds on (Relative), or nothing.
    """

    kind: str
    lock: bool
    marks: Sequence[Mark]
    seal: bytes
    parameters: Mapping[str, str]
    value: Value
    at: datetime
    revocation: bytes = b""
    base: str = ""


@dataclass(frozen=True, slots=True)
class _Home:
    """Where the parts of the new signature stand."""

    folder: str
    list_part: str
    list_bytes: bytes
    added: Mapping[str, bytes]


def add(package: Package, plan: Plan) -> Package:
    """The package with one more signature. Raises Conflict, NotFound, Malformed, TooLarge."""
    lines = records.listed(package)
    _refuse_locked(package, lines)
    document = package.documents[0]
    folder = f"{document.root.rpartition('/')[0]}/Signs".removeprefix("/")
    list_part = document.signatures or f"{folder}/Signatures.xml"
    own = [line for line in lines if line.list_part == list_part]
    if plan.base and plan.base not in [line.id for line in own]:
        raise NotFound("no such signature to build on", where=plan.base[:80])
    base = list_part.rpartition("/")[0]
    number = next(
        number
        for number in range(len(package.parts) + 1)
        if not any(part.startswith(f"{base}/Sign_{number}/") for part in package.parts)
    )
    home = f"{base}/Sign_{number}"
    added: dict[str, bytes] = {}
    if not document.signatures:
        added[ENTRY] = xml.entry_with(package, f"/{list_part}")
    if plan.seal:
        added[f"{home}/{records.SEAL_FILE}"] = plan.seal
    if plan.revocation:
        added[f"{home}/{records.REVOCATION_FILE}"] = plan.revocation
    new_list = xml.list_with(
        package,
        list_part,
        id=xml.next_id([line.id for line in lines]),
        kind=plan.kind,
        location=f"/{home}/Signature.xml",
        base=plan.base,
    )
    return _assemble(package, plan, _Home(home, list_part, new_list, added))


def _assemble(package: Package, plan: Plan, home: _Home) -> Package:
    """Order of the container: everything else, then the list, the description, the value."""
    added, folder = home.added, home.folder
    outside = annotation_lists(package)
    container = Container(outside=outside)
    digests: dict[str, bytes] = {}
    for name in (*package.parts, *(name for name in added if name not in package)):
        if name == home.list_part:
            continue
        if name in added:
            container.store(name, added[name])
        else:
            container.copy(package, name)
        if name not in outside:
            digests[name] = sm3.digest(added[name]) if name in added else package.digest(name)
    if plan.lock:
        digests[home.list_part] = sm3.digest(home.list_bytes)
    noted = b"".join(package.digest(name) for name in sorted(outside))
    own = {
        records.ANNOTATIONS: _encoded(noted) if noted else "",
        records.ANNOTATED: "\n".join(sorted(annotated(package))),
        records.REVOCATION: f"/{folder}/{records.REVOCATION_FILE}" if plan.revocation else "",
        records.CONTAINER: _encoded(container.form()),
        records.LIST: _encoded(sm3.digest(home.list_bytes)),
    }
    description = xml.signature_xml(
        xml.Description(
            at=plan.at,
            digests=digests,
            parameters={
                **plan.parameters, **{name: value for name, value in own.items() if value},
            },
            marks=plan.marks,
            seal_part=f"{folder}/{records.SEAL_FILE}" if plan.seal else "",
            value_part=f"{folder}/SignedValue.dat",
        )
    )  # fmt: skip
    container.store(home.list_part, home.list_bytes)
    container.store(f"{folder}/Signature.xml", description)
    value = plan.value(description, f"/{folder}/Signature.xml")
    container.store(f"{folder}/SignedValue.dat", value)
    result = container.package(package.limits)
    result.inherit(package, but={*added, home.list_part})
    return result


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _refuse_locked(package: Package, lines: Sequence[records.Listed]) -> None:
    if listing(package):
        raise Conflict(
            "the package has a list of all its files, which a signature would break",
            where=LIST,
            remedy="sign first, and make the list last",
        )
    for line in lines:
        record = records.read_record(package, line)
        if line.list_part in record.covered:
            raise Conflict(
                "the document is locked by an earlier signature",
                where=line.id,
                remedy="sign before the locking signature, or make a new version",
            )
