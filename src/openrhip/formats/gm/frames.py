"""Framed encryption (分帧加密): SM4-GCM for files of any size with bounded memory.

Layout: a header of 24 bytes (magic 8, frame size u32 big-endian, 12 bytes zero), then frames of
at most `frame` bytes of plaintext, each followed by its 16-byte tag. The nonce of frame n is
7 zero bytes, n as u32, and 1 for the last frame or 0: frames cannot be moved, dropped, doubled or
cut off (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). A fixed nonce
prefix is sound because every file has a key of its own, used once. Header and a context (the
document's id) are authenticated with every frame.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator

from openrhip.formats.gm import sm4
from openrhip.kernel.errors import NotVerified, TooLarge

MAGIC = b"ORHPENC1"
HEADER = 24
FRAME = 1 << 18
TAG = 16
_MOST_FRAMES = 1 << 20


def new_key() -> bytes:
    """A fresh document key (DEK), 128 bits."""
    return secrets.token_bytes(16)


def encrypt(parts: Iterable[bytes], *, key: bytes, context: bytes) -> Iterator[bytes]:
    """Ciphertext pieces of a plaintext given in pieces of any size."""
    header = MAGIC + FRAME.to_bytes(4, "big") + bytes(12)
    yield header
    for number, frame, last in _frames(parts, FRAME):
        yield sm4.gcm_encrypt(key, _nonce(number, last=last), frame, header + context)


def decrypt(parts: Iterable[bytes], *, key: bytes, context: bytes) -> Iterator[bytes]:
    """Plaintext frames, each one authenticated before it is given out.

    Raises NotVerified at the first frame that was changed, moved or cut off.
    """
    source = iter(parts)
    buffer = b""
    while len(buffer) < HEADER:
        piece = next(source, b"")
        if not piece:
            raise NotVerified("the encrypted file is cut off in its header")
        buffer += piece
    header, rest = buffer[:HEADER], buffer[HEADER:]
    size = int.from_bytes(header[8:12], "big")
    if header[:8] != MAGIC or not 1 <= size <= 1 << 24:
        raise NotVerified("the encrypted file has no header of this platform")
    for number, frame, last in _frames(_chain(rest, source), size + TAG):
        yield sm4.gcm_decrypt(key, _nonce(number, last=last), frame, header + context)


def _frames(parts: Iterable[bytes], size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Cut into frames of `size`; the last one is marked, and there is always a last one."""
    number = 0
    buffer = bytearray()
    for part in parts:
        buffer += part
        while len(buffer) > size:
            yield number, bytes(buffer[:size]), False
            del buffer[:size]
            number += 1
            if number > _MOST_FRAMES:
                raise TooLarge("the file has too many frames")
    yield number, bytes(buffer), True


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + (b"\x01" if last else b"\x00")
