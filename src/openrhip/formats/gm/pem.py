"""PEM (RFC 7468): labels and base64 around DER."""

from __future__ import annotations

import base64
import binascii
import re

from openrhip.kernel.errors import Malformed, TooLarge

LIMIT = 1 << 20
_BLOCK = re.compile(
    rb"-----BEGIN ([A-Z0-9 ]{1,40})-----[ \t]*\r?\n([A-Za-z0-9+/=\s]*)-----END \1-----"
)


def encode(label: str, der: bytes) -> bytes:
    """One block with lines of 64 characters and a final newline."""
    text = base64.b64encode(der)
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    mark = label.encode("ascii")
    return b"\n".join(
        (b"-----BEGIN " + mark + b"-----", *lines, b"-----END " + mark + b"-----", b"")
    )


def decode_all(data: bytes) -> list[tuple[str, bytes]]:
    """Every block as (label, DER), in order. Raises TooLarge past 1 MiB, Malformed."""
    if len(data) > LIMIT:
        raise TooLarge(f"PEM text of more than {LIMIT} bytes")
    found = []
    for label, text in _BLOCK.findall(data):
        try:
            der = base64.b64decode(b"".join(text.split()), validate=True)
        except binascii.Error as error:
            raise Malformed("a PEM block that is not base64") from error
        found.append((label.decode("ascii"), der))
    return found


def decode(data: bytes, *labels: str) -> tuple[str, bytes]:
    """The first block with one of the labels. Raises Malformed when there is none."""
    for label, der in decode_all(data):
        if label in labels:
            return label, der
    raise Malformed(f"no PEM block {' or '.join(labels)} in it")
