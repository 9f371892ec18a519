"""Writing a package anew around parts that stay as they are (追加部件).

Unchanged parts are copied in their compressed form; every header gets its canonical value (no
times, no attributes, no extra fields), so the container says nothing that is not in its parts and
two writers of the same parts agree to the byte.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from openrhip.formats.gm import sm3
from openrhip.formats.ofd.package import Package
from openrhip.formats.ofd.package_zip import DEFLATED, END, STORED, UTF8, Entry, Limits, headers

if TYPE_CHECKING:
    from hashlib import _Hash as Hash


@dataclass
class Container:
    """A container being written: parts in order, then `finish()`. outside: parts that its form
    leaves out."""

    outside: frozenset[str] = frozenset()
    _records: list[bytes] = field(default_factory=list)
    _central: list[bytes] = field(default_factory=list)
    _entries: dict[str, Entry] = field(default_factory=dict)
    _form: Hash = field(default_factory=sm3.new)
    size: int = 0

    def copy(self, package: Package, name: str, *, under: str = "") -> None:
        """Take a part over in its compressed form; under: its name here, if another."""
        entry = package.entries[name]
        packed = package.data[entry.start : entry.start + entry.packed]
        self._put(under or name, packed, method=entry.method, crc=entry.crc, size=entry.size)

    def store(self, name: str, content: bytes) -> None:
        """Add a part without compression: its bytes stand in the file as they are."""
        self._put(name, content, method=STORED, crc=zlib.crc32(content), size=len(content))

    def deflate(self, name: str, content: bytes, *, level: int = 6) -> None:
        """Add a part, compressed."""
        deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
        packed = deflater.compress(content) + deflater.flush()
        crc = zlib.crc32(content)
        self._put(name, packed, method=DEFLATED, crc=crc, size=len(content))

    def _put(self, name: str, packed: bytes, *, method: int, crc: int, size: int) -> None:
        local, central = headers(
            name.encode(), method=method, crc=crc, packed=len(packed), size=size, begin=self.size
        )
        if name not in self.outside:
            self._form.update(local)
            if method != STORED:
                self._form.update(packed)
        self._records += (local, packed)
        self._central.append(central)
        begin, start = self.size, self.size + len(local)
        self.size = start + len(packed)
        flags = 0 if name.isascii() else UTF8
        self._entries[name] = Entry(
            name, flags, method, crc, len(packed), size, begin, start, self.size, canonical=True
        )

    def form(self) -> bytes:
        """SM3 over headers and compressed data written until now: see `Package.form`."""
        return self._form.digest()

    def finish(self) -> bytes:
        """The whole file."""
        directory = b"".join(self._central)
        count = len(self._central)
        end = END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), self.size, 0)
        return b"".join((*self._records, directory, end))

    def package(self, limits: Limits) -> Package:
        """The whole file as an opened package: what was just written needs no second look."""
        return Package(self.finish(), self._entries, limits)


def rewrite(package: Package, parts: Mapping[str, bytes]) -> bytes:
    """The package with some parts replaced or added; everything else is copied as it is."""
    container = Container()
    for name in package.parts:
        if name in parts:
            container.store(name, parts[name])
        else:
            container.copy(package, name)
    for name, content in parts.items():
        if name not in package:
            container.store(name, content)
    return container.finish()
