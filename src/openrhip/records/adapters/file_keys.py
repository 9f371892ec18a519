"""Key-encryption keys in files (文件密钥): `<home>/keys/records/<number>.kek`, mode 0600.

The highest number wraps; older ones still unwrap. `rotate` adds the next.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from openrhip.kernel.errors import Misconfigured, NotFound
from openrhip.kernel.files import create_durably
from openrhip.records.ports import open_key, seal_key


class FileKeys:
    """The KeyKeeper port over a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._keys: dict[str, bytes] = {}

    def wrap(self, key: bytes, *, context: bytes) -> tuple[str, bytes]:
        name = self._newest()
        return f"file:{name}", seal_key(self._kek(name), key, context)

    def unwrap(self, key_id: str, wrapped: bytes, *, context: bytes) -> bytes:
        kind, _, name = key_id.partition(":")
        if kind != "file" or not name.isdecimal():
            raise NotFound("this keeper holds no such key-encryption key", where=key_id)
        return open_key(self._kek(name), wrapped, context)

    def rotate(self) -> str:
        """Make the next key; answers its number.

        A key that is there is never written over: what it wraps would be lost. Of two processes
        that make the same number one wins, and both use what it wrote.
        """
        names = self._names()
        name = f"{int(names[-1]) + 1 if names else 1:06d}"
        create_durably(self.folder / f"{name}.kek", secrets.token_hex(16).encode())
        return name

    def _newest(self) -> str:
        names = self._names()
        return names[-1] if names else self.rotate()

    def _names(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("*.kek") if path.stem.isdecimal())

    def _kek(self, name: str) -> bytes:
        if name not in self._keys:
            path = self.folder / f"{name}.kek"
            try:
                key = bytes.fromhex(path.read_text("ascii").strip())
            except FileNotFoundError as error:
                raise NotFound("a key-encryption key is missing", where=name) from error
            except ValueError as error:
                raise Misconfigured("a key-encryption key is damaged", where=str(path)) from error
            if len(key) != 16:
                raise Misconfigured("a key-encryption key is damaged", where=str(path))
            self._keys[name] = key
        return self._keys[name]
