"""A PDF file written front to back: what is finished leaves memory (ISO 32000-1 §7.5).

Streams go out at once, other objects in object streams of a hundred, the table of all at the end.
The same objects in the same order give the same bytes.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import Protocol

_BATCH = 100
_ENTRY = struct.Struct(">BIH")


class Target(Protocol):
    """Where the bytes go."""

    def write(self, data: bytes, /) -> int: ...


def n(value: float) -> str:
    """A number as PDF has it: no exponent, about a millionth exact."""
    word = f"{value:.6g}"
    if "e" in word:
        word = f"{value:.7f}".rstrip("0").rstrip(".")
        return "0" if word == "-0" else word
    return word


def ns(values: tuple[float, ...]) -> str:
    """Numbers with spaces between."""
    return " ".join([n(value) for value in values])


def text(value: str) -> str:
    """A text string: UTF-16 in hexadecimal."""
    return f"<feff{value.encode('utf-16-be', 'replace').hex()}>"


def name(value: str) -> str:
    """A name object with whatever is not plain escaped."""
    return "/" + "".join(
        chr(byte) if 0x21 <= byte <= 0x7E and chr(byte) not in "()<>[]{}/%#" else f"#{byte:02x}"
        for byte in value.encode("utf-8")[:120]
    )


class File:
    """Objects by number. level: of compression, 0 for none."""

    def __init__(self, target: Target, level: int = 5) -> None:
        self._target = target
        self._level = level
        self._at = 0
        self._whole = hashlib.blake2b(digest_size=16)
        self._entries: list[tuple[int, int, int]] = [(0, 0, 65535)]
        self._waiting: list[tuple[int, bytes]] = []
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    def reserve(self) -> int:
        """A number for an object that comes later."""
        self._entries.append((0, 0, 0))
        return len(self._entries) - 1

    def put(self, body: str, number: int = 0) -> int:
        """An object that is no stream."""
        number = number or self.reserve()
        self._waiting.append((number, body.encode("latin-1")))
        if len(self._waiting) >= _BATCH:
            self._flush()
        return number

    def stream(self, head: str, data: bytes, number: int = 0, *, packed: bool = False) -> int:
        """A stream with the entries of its dictionary; packed: it is in its final form."""
        number = number or self.reserve()
        if not packed and self._level:
            data = zlib.compress(data, self._level)
            head = f"{head}/Filter/FlateDecode"
        self._entries[number] = (1, self._at, 0)
        self._write(f"{number} 0 obj<<{head}/Length {len(data)}>>stream\n".encode("latin-1"))
        self._write(data)
        self._write(b"\nendstream endobj\n")
        return number

    def finish(self, root: int, info: int) -> None:
        """The rest, and the table of objects."""
        self._flush()
        table = self.reserve()
        self._entries[table] = (1, self._at, 0)
        start = self._at
        data = zlib.compress(b"".join(_ENTRY.pack(*entry) for entry in self._entries), 6)
        key = self._whole.hexdigest()
        self._write(
            f"{table} 0 obj<</Type/XRef/Size {len(self._entries)}/W[1 4 2]/Root {root} 0 R"
            f"/Info {info} 0 R/ID[<{key}><{key}>]/Filter/FlateDecode/Length {len(data)}>>stream\n"
            "".encode("latin-1")
        )
        self._write(data)
        self._write(f"\nendstream endobj\nstartxref\n{start}\n%%EOF\n".encode("latin-1"))

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        number = self.reserve()
        places: list[str] = []
        at = 0
        for place, (key, body) in enumerate(waiting):
            places.append(f"{key} {at}")
            self._entries[key] = (2, number, place)
            at += len(body) + 1
        head = " ".join(places).encode("ascii") + b"\n"
        whole = head + b"\n".join(body for _, body in waiting)
        self.stream(f"/Type/ObjStm/N {len(waiting)}/First {len(head)}", whole, number)

    def _write(self, data: bytes) -> None:
        self._at += len(data)
        if self._level:  # else nobody keeps the file
            self._whole.update(data)
        self._target.write(data)
