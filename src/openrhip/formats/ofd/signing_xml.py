"""Writing Signatures.xml and Signature.xml (GB/T 33190-2016 §18, in the schema's order)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

from openrhip import __version__
from openrhip.formats.gm import oids
from openrhip.formats.ofd import package_xml as px
from openrhip.formats.ofd.package import ENTRY, Box, Package
from openrhip.kernel.clock import CITY_ZONE
from openrhip.kernel.errors import Malformed

PROVIDER = "OpenRHIP"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Mark:
    """A StampAnnot to write: the page's ID, boundary and clip in millimetres."""

    page_id: str
    x: float
    y: float
    width: float
    height: float
    clip: Box | None = None

    def attributes(self) -> str:
        """PageRef, Boundary and Clip as written."""
        clip = "" if self.clip is None else f' Clip="{_numbers(*self.clip)}"'
        box = _numbers(self.x, self.y, self.width, self.height)
        return f'PageRef={quoteattr(self.page_id)} Boundary="{box}"{clip}'


@dataclass(frozen=True, slots=True)
class Description:
    """What goes into Signature.xml. digests: part → SM3; seal and value: names of parts."""

    at: datetime
    digests: Mapping[str, bytes]
    parameters: Mapping[str, str]
    marks: Sequence[Mark]
    seal_part: str
    value_part: str


def time_text(at: datetime) -> str:
    """SignatureDateTime as this package writes it: UTC to the second, 20201105080000Z."""
    return at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")


_TIMES = ("%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y%m%d%H%M%S.%f")


def read_time(text: str) -> datetime | None:
    """SignatureDateTime as programs write it; local time where it says no zone. None if unread."""
    whole = text.strip()
    for form in _TIMES:
        for zone in ("", "Z", "%z"):
            try:
                found = datetime.strptime(whole, f"{form}{zone}")  # noqa: DTZ007 -- set below
            except ValueError:
                continue
            usual = UTC if zone == "Z" else CITY_ZONE
            return found if found.tzinfo else found.replace(tzinfo=usual)
    return None


def signature_xml(description: Description) -> bytes:
    """Signature.xml."""
    lines = [
        f'{_HEAD}<ofd:Signature xmlns:ofd="{px.NAMESPACE}"><ofd:SignedInfo>',
        f'<ofd:Provider ProviderName="{PROVIDER}" Version="{__version__}" Company="{PROVIDER}"/>',
        f"<ofd:SignatureMethod>{oids.SM2_WITH_SM3}</ofd:SignatureMethod>",
        f"<ofd:SignatureDateTime>{time_text(description.at)}</ofd:SignatureDateTime>",
        "<ofd:Parameters>",
        *(
            f"<ofd:Parameter Name={quoteattr(name)}>{escape(value)}</ofd:Parameter>"
            for name, value in description.parameters.items()
        ),
        f'</ofd:Parameters><ofd:References CheckMethod="{oids.SM3}">',
        *(
            f"<ofd:Reference FileRef={quoteattr('/' + part)}><ofd:CheckValue>"
            f"{base64.b64encode(digest).decode()}</ofd:CheckValue></ofd:Reference>"
            for part, digest in description.digests.items()
        ),
        "</ofd:References>",
        *(
            f'<ofd:StampAnnot ID="a{number:03d}" {mark.attributes()}/>'
            for number, mark in enumerate(description.marks, 1)
        ),
    ]
    if description.seal_part:
        lines.append(f"<ofd:Seal><ofd:BaseLoc>/{description.seal_part}</ofd:BaseLoc></ofd:Seal>")
    lines.append(
        f"</ofd:SignedInfo><ofd:SignedValue>/{description.value_part}</ofd:SignedValue>"
        "</ofd:Signature>\n"
    )
    return "".join(lines).encode()


def _numbers(*values: float) -> str:
    """Millimetres to a thousandth, without trailing zeros."""
    return " ".join(f"{value:.3f}".rstrip("0").rstrip(".") for value in values)


def next_id(existing: Sequence[str]) -> str:
    """An xs:ID that no signature of the list has: s001, s002, …"""
    numbers = [int(found[0]) for text in existing if (found := re.findall(r"\d{1,9}$", text))]
    return f"s{max(numbers, default=0) + 1:03d}"


def list_with(
    package: Package,
    part: str,
    *,
    id: str,  # noqa: A002 -- the attribute's name
    kind: str,
    location: str,
    base: str = "",
) -> bytes:
    """Signatures.xml with one more line; made if the package has none."""
    line = f'ID="{id}" Type="{kind}" BaseLoc="{location}"'
    if part not in package:
        return (
            f'{_HEAD}<ofd:Signatures xmlns:ofd="{px.NAMESPACE}"><ofd:MaxSignId>{id}'
            f"</ofd:MaxSignId><ofd:Signature {line}/></ofd:Signatures>\n"
        ).encode()
    root = px.parse(package.read(part), where=part, limits=package.limits)
    namespace = etree.QName(root).namespace
    tag = f"{{{namespace}}}Signature" if namespace else "Signature"
    etree.SubElement(root, tag, {
        "ID": id, "Type": kind, "BaseLoc": location, **({"Relative": base} if base else {}),
    })  # fmt: skip
    highest = px.child(root, "MaxSignId")
    if highest is not None:
        highest.text = id
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def entry_with(package: Package, location: str) -> bytes:
    """OFD.xml whose first document names its list of signatures."""
    root = px.parse(package.read(ENTRY), where=ENTRY, limits=package.limits)
    body = px.child(root, "DocBody")
    empty = px.child(body, "Signatures")
    if empty is not None:
        empty.text = location
        return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    before = px.child(body, "Versions")
    if before is None:
        before = px.child(body, "DocRoot")
    if before is None:
        raise Malformed("the document body has no root", where=ENTRY)
    namespace = etree.QName(root).namespace
    signatures = etree.Element(f"{{{namespace}}}Signatures" if namespace else "Signatures")
    signatures.text = location
    before.addnext(signatures)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
