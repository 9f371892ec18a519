"""Key rings: files with mode 0600 (embedded default), and one in memory for tests.

A folder holds `seal-0001.key`, `index-0001.key`, …: 16 and 32 random bytes in hex. The highest
number is the newest; pseudonyms use the lowest index key, so that one is kept for good.
SM4-GCM (GB/T 32907) seals; HMAC-SM3 (GB/T 32905) cut to 16 bytes is the index.
"""

from __future__ import annotations

import re
import secrets
import stat
from functools import cache
from pathlib import Path

from openrhip.formats.gm import sm3, sm4
from openrhip.kernel import config
from openrhip.kernel.errors import Malformed, Misconfigured, NotVerified
from openrhip.kernel.files import write_durably

SEAL_SIZE, INDEX_SIZE, INDEX_BYTES = 16, 32, 16
_NAME = re.compile(r"(seal|index)-(\d{4})\.key")
_VERSION = 2
_NONCE = sm4.NONCE_SIZE


class MemoryKeyRing:
    """Keys by version. The base of the file ring; alone it serves tests."""

    def __init__(self, seals: dict[int, bytes], indexes: dict[int, bytes]) -> None:
        if not seals or not indexes:
            raise Misconfigured(
                "the key ring is empty", remedy="run `openrhip directory keys create`"
            )
        self._seals = dict(sorted(seals.items(), reverse=True))
        self._indexes = dict(sorted(indexes.items(), reverse=True))

    @classmethod
    def random(cls) -> MemoryKeyRing:
        return cls({1: secrets.token_bytes(SEAL_SIZE)}, {1: secrets.token_bytes(INDEX_SIZE)})

    def rotated(self) -> MemoryKeyRing:
        """The same ring with one newer key of each kind."""
        newest_seal, newest_index = max(self._seals), max(self._indexes)
        return MemoryKeyRing(
            {**self._seals, newest_seal + 1: secrets.token_bytes(SEAL_SIZE)},
            {**self._indexes, newest_index + 1: secrets.token_bytes(INDEX_SIZE)},
        )

    def seal(self, plaintext: bytes, *, aad: bytes) -> bytes:
        version, key = next(iter(self._seals.items()))
        nonce = secrets.token_bytes(_NONCE)
        head = version.to_bytes(_VERSION, "big")
        return head + nonce + sm4.gcm_encrypt(key, nonce, plaintext, aad)

    def open(self, sealed: bytes, *, aad: bytes) -> bytes:
        if len(sealed) < _VERSION + _NONCE + sm4.TAG_SIZE:
            raise Malformed("a sealed value is too short")
        key = self._seals.get(int.from_bytes(sealed[:_VERSION], "big"))
        if key is None:
            raise NotVerified("the key that sealed this value is not in the ring")
        nonce, rest = sealed[_VERSION : _VERSION + _NONCE], sealed[_VERSION + _NONCE :]
        return sm4.gcm_decrypt(key, nonce, rest, aad)

    def index(self, data: bytes) -> str:
        return self.indexes(data)[0]

    def indexes(self, data: bytes) -> tuple[str, ...]:
        return tuple(
            f"{version:04x}{sm3.hmac(key, data)[:INDEX_BYTES].hex()}"
            for version, key in self._indexes.items()
        )

    def pseudonym(self, data: bytes) -> str:
        return sm3.hmac(self._indexes[min(self._indexes)], b"pseudonym\x00" + data).hex()

    def is_current(self, sealed: bytes, index: str) -> bool:
        newest_seal, newest_index = next(iter(self._seals)), next(iter(self._indexes))
        return int.from_bytes(sealed[:_VERSION], "big") == newest_seal and (
            not index or index[:4] == f"{newest_index:04x}"
        )


class FileKeyRing(MemoryKeyRing):
    """Keys from a folder. Files that others may read are refused."""

    def __init__(self, folder: Path) -> None:
        found: dict[str, dict[int, bytes]] = {"seal": {}, "index": {}}
        for path in sorted(folder.glob("*.key")) if folder.is_dir() else ():
            match = _NAME.fullmatch(path.name)
            if match is not None:
                found[match[1]][int(match[2])] = _read(path, match[1])
        super().__init__(found["seal"], found["index"])

    @classmethod
    def create(cls, folder: Path) -> FileKeyRing:
        """Make the first keys; an existing ring is kept and opened."""
        if not list(folder.glob("*.key")):
            _write(folder, 1)
        return cls(folder)

    @classmethod
    def rotate(cls, folder: Path) -> FileKeyRing:
        """Add newer keys. Old ones stay until every row is sealed anew (`keys reseal`)."""
        cls(folder)
        newest = max(int(m[2]) for path in folder.iterdir() if (m := _NAME.fullmatch(path.name)))
        _write(folder, newest + 1)
        return cls(folder)


def folder() -> Path:
    """Where the ring of this installation lies."""
    return config.current().home / "keys" / "directory"


@cache
def file_ring() -> FileKeyRing:
    """The ring of this installation, opened once per process."""
    return FileKeyRing(folder())


def _write(folder: Path, version: int) -> None:
    for kind, size in (("index", INDEX_SIZE), ("seal", SEAL_SIZE)):
        path = folder / f"{kind}-{version:04d}.key"
        write_durably(path, secrets.token_bytes(size).hex().encode(), mode=0o600)
    folder.chmod(0o700)


def _read(path: Path, kind: str) -> bytes:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise Misconfigured("a key file is open to others", where=path.name, remedy="chmod 600")
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError as error:
        raise Misconfigured("a key file is not hexadecimal", where=path.name) from error
    if len(key) != (SEAL_SIZE if kind == "seal" else INDEX_SIZE):
        raise Misconfigured("a key file has the wrong length", where=path.name)
    return key
