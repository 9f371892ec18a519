"""Keyed tokens of personal numbers (个人号码的密钥标识): vectorised, equal for equal numbers.

A number of 17 digits and a digit or X is packed into 61 bits and goes through one SM4 block
(GB/T 32907), a permutation under the key: no two numbers share a token, equality and joins hold,
and who has the key gets the number back (`unseal`). So does any other text of at most 15 bytes.
Longer ones become HMAC-SM3 (GB/T 15852.2), one way. Tokens are text: a letter for the kind (s, t,
h), then 32 hex digits.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from openrhip.collect.engine.columns import Bytes, Mask, TextColumn
from openrhip.kernel.errors import Malformed, NotVerified

PLACES = 18
BLOCK = 16
TOKEN = 1 + 2 * BLOCK
_NUMBER, _SHORT, _LONG = b"sth"
_MAC_BLOCK = 64  # of SM3
_SIGNS = "0123456789X"


class Sealer:
    """Tokens under one key of 32 bytes: 16 for the permutation, 16 for the digests."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 2 * BLOCK:
            raise Malformed("a key for tokens has 32 bytes")
        self._cipher = Cipher(algorithms.SM4(key[:BLOCK]), modes.ECB())  # noqa: S305 - one block
        padded = key[BLOCK:].ljust(_MAC_BLOCK, b"\0")
        self._inner = hashlib.new("sm3", bytes(sign ^ 0x36 for sign in padded))
        self._outer = hashlib.new("sm3", bytes(sign ^ 0x5C for sign in padded))

    def __call__(self, values: Any) -> Any:
        """Tokens of an Arrow array (answers one) or of a sequence of texts; None stays None."""
        if isinstance(values, pa.ChunkedArray):
            return self.arrow(values.combine_chunks())
        if isinstance(values, pa.Array):
            return self.arrow(values)
        return self.arrow(pa.array(list(values), pa.string())).to_pylist()

    def arrow(self, values: pa.Array) -> pa.Array:
        """Tokens of an array of text."""
        if pa.types.is_dictionary(values.type):
            return pa.DictionaryArray.from_arrays(values.indices, self.arrow(values.dictionary))
        text = TextColumn(values)
        out = np.zeros((text.rows, TOKEN), np.uint8)
        left = np.asarray(values.is_valid().to_numpy(zero_copy_only=False), bool)
        rows, digits = _numbers(text)
        if digits.shape[1]:
            self._permuted(out, rows, _packed(digits), _NUMBER)
            left[rows] = False
        short = np.flatnonzero(left & (text.lengths < BLOCK))
        if len(short):
            self._permuted(out, short, _blocks(text, short), _SHORT)
            left[short] = False
        for at in np.flatnonzero(left).tolist():
            value = text.data[text.offsets[at] : text.offsets[at + 1]].tobytes()
            out[at] = np.frombuffer(self._digest(value), np.uint8)
        return _texts(out, values)

    def unseal(self, tokens: Sequence[str | None]) -> list[str | None]:
        """The texts of permuted tokens; None for digests. Raises NotVerified for made-up ones."""
        return [None if token is None else self._unsealed(token) for token in tokens]

    def _permuted(self, out: Bytes, rows: Any, blocks: bytes, kind: int) -> None:
        worker = self._cipher.encryptor()
        sealed = binascii.hexlify(worker.update(blocks) + worker.finalize())
        out[rows, 0] = kind
        out[rows, 1:] = np.frombuffer(sealed, np.uint8).reshape(-1, 2 * BLOCK)

    def _digest(self, value: bytes) -> bytes:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value)
        outer.update(inner.digest())
        return bytes((_LONG,)) + binascii.hexlify(outer.digest()[:BLOCK])

    def _unsealed(self, token: str) -> str | None:
        kind = token[:1].encode()
        try:
            block = binascii.unhexlify(token[1:])
        except ValueError as error:
            raise NotVerified("this is no token of a personal number") from error
        if len(block) != BLOCK or len(kind) != 1 or kind[0] not in (_NUMBER, _SHORT, _LONG):
            raise NotVerified("this is no token of a personal number")
        if kind[0] == _LONG:
            return None
        worker = self._cipher.decryptor()
        found = _opened(worker.update(block) + worker.finalize(), kind[0])
        if found is None:
            raise NotVerified("the token was not made under this key")
        return found


def _opened(plain: bytes, kind: int) -> str | None:
    """The text of a block; None if no text makes this one."""
    if kind == _NUMBER:
        number, last = divmod(int.from_bytes(plain[8:], "big"), 16)
        if any(plain[:8]) or number >= 10**17 or last >= len(_SIGNS):
            return None
        return f"{number:017d}{_SIGNS[last]}"
    size = plain[-1]
    if size >= BLOCK or any(plain[size:-1]):
        return None
    try:
        return plain[:size].decode()
    except UnicodeDecodeError:
        return None


def _numbers(text: TextColumn) -> tuple[npt.NDArray[np.int64] | slice, Bytes]:
    """The rows of 18-place numbers, and their places as digits (X is 10)."""
    rows, signs = text.planes(PLACES)
    digits = signs - np.uint8(48)
    is_x = signs[17] == ord("X")
    right: Mask = is_x | (digits[17] <= 9)
    for place in range(17):
        right &= digits[place] <= 9
    digits[17, is_x] = 10
    if right.all():
        return rows, digits
    return np.arange(text.rows)[rows][right], digits[:, right]


def _packed(digits: Bytes) -> bytes:
    """One block a number: its 17 digits times 16 plus the check character's place."""
    twos = (digits[0:16:2] * np.uint8(10) + digits[1:16:2]).astype(np.uint16)
    fours = (twos[0::2] * np.uint16(100) + twos[1::2]).astype(np.uint32)
    eights = (fours[0::2] * np.uint32(10_000) + fours[1::2]).astype(np.uint64)
    whole = (eights[0] * np.uint64(10**8) + eights[1]) * np.uint64(10) + digits[16]
    blocks = np.zeros((digits.shape[1], 2), ">u8")
    blocks[:, 1] = whole * np.uint64(16) + digits[17]
    return blocks.tobytes()


def _blocks(text: TextColumn, rows: npt.NDArray[np.int64]) -> bytes:
    """One block a text: its bytes, zeros, its length."""
    blocks = np.zeros((len(rows), BLOCK), np.uint8)
    lengths = text.lengths[rows]
    starts = text.offsets[:-1][rows].astype(np.int64)
    for place in range(int(lengths.max())):
        longer = lengths > place
        blocks[longer, place] = text.data[starts[longer] + place]
    blocks[:, -1] = lengths
    return blocks.tobytes()


def _texts(out: Bytes, like: pa.Array) -> pa.Array:
    """Rows of signs as text, missing where the others are."""
    count = len(like)
    offsets = np.arange(0, TOKEN * (count + 1), TOKEN, dtype=np.int32)
    validity = None
    if like.null_count:
        valid = np.asarray(like.is_valid().to_numpy(zero_copy_only=False), bool)
        validity = pa.py_buffer(np.packbits(valid, bitorder="little"))
    buffers = [validity, pa.py_buffer(offsets), pa.py_buffer(out)]
    return pa.Array.from_buffers(pa.string(), count, buffers, null_count=like.null_count)
