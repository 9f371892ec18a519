"""Keyed tokens of personal numbers (个人号码的密钥标识): vectorised, equal for equal numbers.

A number of 17 digits and a digit or X is packed into 58 bits and goes through one SM4 block
(GB/T 32907): a permutation under the key, so no two numbers share a token, equality and joins hold,
and who has the key gets the number back (`unseal`). The block's other half is zero: whoever makes
up a token is told. Anything else becomes HMAC-SM3 (GB/T 15852.2), one way. Tokens are text: a
letter for the kind (`s`, `h`), then 32 hex digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from openrhip.formats.gm import sm3
from openrhip.kernel.errors import Malformed, NotVerified

PLACES = 18
BLOCK = 16
TOKEN = 1 + 2 * BLOCK
_PERMUTED, _HASHED = b"s", b"h"
_POWERS = 10 ** np.arange(16, -1, -1, dtype=np.int64)
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)
_PAIRS = np.stack([_HEX[np.arange(256) >> 4], _HEX[np.arange(256) & 15]], axis=1)
Bytes = npt.NDArray[np.uint8]


class Sealer:
    """Tokens under one key of 32 bytes: 16 for the permutation, 16 for the digests."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise Malformed("a key for tokens has 32 bytes")
        self._cipher = Cipher(algorithms.SM4(key[:16]), modes.ECB())  # noqa: S305 - one block each
        self._mac_key = key[16:]

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
        digits, fits = _places(values)
        out = np.zeros((len(values), TOKEN), np.uint8)
        if len(digits):
            out[fits] = self._permuted(digits)
        others = np.flatnonzero(~fits & np.asarray(pc.is_valid(values)))
        for at in others.tolist():
            out[at] = np.frombuffer(self._digest(values[at].as_py()), np.uint8)
        return _texts(out, values)

    def unseal(self, tokens: Sequence[str | None]) -> list[str | None]:
        """The numbers of permuted tokens; None for digests. Raises NotVerified for made-up ones."""
        return [None if token is None else self._unsealed(token) for token in tokens]

    def _permuted(self, digits: Bytes) -> Bytes:
        values = digits.astype(np.int64)
        packed = values[:, :17] @ _POWERS
        blocks = np.zeros((len(digits), 2), ">u8")
        blocks[:, 1] = packed.astype(np.uint64) * np.uint64(16) + values[:, 17].astype(np.uint64)
        worker = self._cipher.encryptor()
        sealed = np.frombuffer(worker.update(blocks.tobytes()) + worker.finalize(), np.uint8)
        out = np.empty((len(digits), TOKEN), np.uint8)
        out[:, 0] = _PERMUTED[0]
        out[:, 1:] = _PAIRS[sealed].reshape(len(digits), 2 * BLOCK)
        return out

    def _digest(self, text: str) -> bytes:
        return _HASHED + sm3.hmac(self._mac_key, text.encode())[:BLOCK].hex().encode()

    def _unsealed(self, token: str) -> str | None:
        if len(token) != TOKEN or token[0] not in "sh":
            raise NotVerified("this is no token of a personal number")
        if token[0] == "h":
            return None
        try:
            block = bytes.fromhex(token[1:])
        except ValueError as error:
            raise NotVerified("this is no token of a personal number") from error
        worker = self._cipher.decryptor()
        plain = worker.update(block) + worker.finalize()
        packed = int.from_bytes(plain[8:], "big")
        number, last = divmod(packed, 16)
        if any(plain[:8]) or number >= 10**17 or last > 10:
            raise NotVerified("the token was not made under this key")
        return f"{number:017d}{'0123456789X'[last]}"


def _places(values: pa.Array) -> tuple[Bytes, npt.NDArray[np.bool_]]:
    """The places of the 18-place numbers as digits (X is 10), and which rows those are."""
    count = len(values)
    _, offsets_buffer, data_buffer = values.buffers()
    if not count or data_buffer is None:
        return np.empty((0, PLACES), np.uint8), np.zeros(count, bool)
    offsets = np.frombuffer(offsets_buffer, np.int32)[values.offset : values.offset + count + 1]
    data = np.frombuffer(data_buffer, np.uint8)
    fits = (np.diff(offsets) == PLACES) & np.asarray(pc.is_valid(values))
    starts = offsets[:-1][fits]
    if len(starts) == count and offsets[-1] - offsets[0] == PLACES * count:
        signs = data[offsets[0] : offsets[-1]].reshape(count, PLACES)
    else:
        signs = data[starts[:, None] + np.arange(PLACES)]
    digits = signs - 48  # wraps for what is no digit
    digits[:, 17][signs[:, 17] == ord("X")] = 10
    right = (digits[:, :17] <= 9).all(axis=1) & (digits[:, 17] <= 10)
    right &= signs[:, 17] != ord(":")  # the sign behind 9
    fits[np.flatnonzero(fits)[~right]] = False
    return digits[right], fits


def _texts(out: Bytes, like: pa.Array) -> pa.Array:
    """Rows of signs as text, missing where the others are."""
    count = len(like)
    offsets = np.arange(0, TOKEN * (count + 1), TOKEN, dtype=np.int32)
    validity = None
    if like.null_count:
        validity = pa.py_buffer(np.packbits(np.asarray(pc.is_valid(like)), bitorder="little"))
    buffers = [validity, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(out))]
    return pa.Array.from_buffers(pa.string(), count, buffers, null_count=like.null_count)
