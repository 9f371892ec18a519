"""Distinguished names (甄别名; X.501, GM/T 0015 5.2.3), and their text as in RFC 4514."""

from __future__ import annotations

from collections.abc import Sequence

from openrhip.formats.gm import der
from openrhip.kernel.errors import Malformed

Attribute = tuple[str, str]  # short name or dotted OID, value

_OIDS = {
    "CN": "2.5.4.3",
    "SN": "2.5.4.4",
    "serialNumber": "2.5.4.5",
    "C": "2.5.4.6",
    "L": "2.5.4.7",
    "ST": "2.5.4.8",
    "street": "2.5.4.9",
    "O": "2.5.4.10",
    "OU": "2.5.4.11",
    "title": "2.5.4.12",
    "organizationIdentifier": "2.5.4.97",
    "GN": "2.5.4.42",
    "emailAddress": "1.2.840.113549.1.9.1",
    "UID": "0.9.2342.19200300.100.1.1",
    "DC": "0.9.2342.19200300.100.1.25",
}
_SHORT = {oid: name for name, oid in _OIDS.items()}
_ASCII = {"C": der.PRINTABLE, "serialNumber": der.PRINTABLE, "emailAddress": der.IA5, "DC": der.IA5}
_LOOSE = frozenset({der.PRINTABLE, der.TELETEX, der.IA5, der.VISIBLE})
_SPECIAL = frozenset(',+"\\<>;=')
MOST_ATTRIBUTES = 64
LONGEST_VALUE = 1024


def encode(attributes: Sequence[Attribute]) -> bytes:
    """Name in the given order, one attribute per RDN. Raises Malformed for unknown names."""
    return der.sequence(*(der.wrap(der.SET, _attribute(*pair)) for pair in attributes))


def decode(node: der.Node, where: str) -> tuple[Attribute, ...]:
    """The attributes in the order of the encoding. Raises Malformed."""
    found: list[Attribute] = []
    for rdn in node.expect(der.SEQUENCE, where).children():
        for item in rdn.expect(der.SET, where).children():
            fields = der.Fields(item, where)
            oid = fields.take("type").oid(where)
            value = _value(fields.take("value"), where)
            fields.end()
            if len(value) > LONGEST_VALUE or len(found) >= MOST_ATTRIBUTES:
                raise Malformed("a name of absurd size", where=where)
            found.append((_SHORT.get(oid, oid), value))
    return tuple(found)


def text(attributes: Sequence[Attribute]) -> str:
    """As RFC 4514 prints it: the last attribute first, special characters escaped."""
    return ",".join(f"{name}={_escaped(value)}" for name, value in reversed(attributes))


def first(attributes: Sequence[Attribute], name: str) -> str:
    """The value of the last attribute of that name (the most specific), or nothing."""
    return next((value for key, value in reversed(attributes) if key == name), "")


def _value(node: der.Node, where: str) -> str:
    """The text; some authorities put UTF-8 or GB 18030 into strings that are to hold ASCII."""
    if node.tag in _LOOSE and not node.content.isascii():
        for encoding in ("utf-8", "gb18030"):
            try:
                return node.content.decode(encoding)
            except UnicodeDecodeError:
                continue
    return node.text(where)


def _attribute(name: str, value: str) -> bytes:
    oid = _OIDS.get(name, name if "." in name else "")
    if not oid or not value or len(value) > LONGEST_VALUE:
        raise Malformed(f"not an attribute of a name: {name}")
    return der.sequence(der.oid(oid), der.text(_ASCII.get(name, der.UTF8), value))


def _escaped(value: str) -> str:
    out = "".join(
        f"\\{c}" if c in _SPECIAL else c if c >= " " else f"\\{ord(c):02X}" for c in value
    )
    if out.startswith(("#", " ")):
        out = "\\" + out
    return out[:-1] + "\\ " if out.endswith(" ") and len(value) > 1 else out
