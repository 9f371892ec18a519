"""The few functions of OpenSSL's libcrypto (3.0 or later) that SM2 needs, through ctypes.

`hashlib` and `cryptography` offer no SM2. A context made here is used by one caller at a time and
lent out again (`Pool`); calls release the interpreter lock, so threads sign side by side.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint, c_void_p
from functools import cache
from typing import Any

from openrhip.kernel.errors import Malformed, Misconfigured

NID_SM2 = 1172
_UNSIGNED, _UTF8, _OCTETS = 2, 4, 5  # OSSL_PARAM data types
_KEY_ONLY, _WITH_PRIVATE = 0x86, 0x87  # EVP_PKEY_PUBLIC_KEY, EVP_PKEY_KEYPAIR (selections)


class _Param(ctypes.Structure):
    _fields_ = (
        ("key", c_char_p),
        ("data_type", c_uint),
        ("data", c_void_p),
        ("data_size", c_size_t),
        ("return_size", c_size_t),
    )


_P, _I, _S, _Z = c_void_p, c_int, c_char_p, c_size_t
_SIGNATURES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "EVP_PKEY_CTX_new_from_name": (_P, (_P, _S, _S)),
    "EVP_PKEY_CTX_new_from_pkey": (_P, (_P, _P, _S)),
    "EVP_PKEY_CTX_free": (None, (_P,)),
    "EVP_PKEY_fromdata_init": (_I, (_P,)),
    "EVP_PKEY_fromdata": (_I, (_P, POINTER(_P), _I, POINTER(_Param))),
    "EVP_PKEY_free": (None, (_P,)),
    "EVP_PKEY_sign_init": (_I, (_P,)),
    "EVP_PKEY_sign": (_I, (_P, _S, POINTER(_Z), _S, _Z)),
    "EVP_PKEY_verify_init": (_I, (_P,)),
    "EVP_PKEY_verify": (_I, (_P, _S, _Z, _S, _Z)),
    "EVP_PKEY_encrypt_init": (_I, (_P,)),
    "EVP_PKEY_encrypt": (_I, (_P, _S, POINTER(_Z), _S, _Z)),
    "EVP_PKEY_decrypt_init": (_I, (_P,)),
    "EVP_PKEY_decrypt": (_I, (_P, _S, POINTER(_Z), _S, _Z)),
    "EC_GROUP_new_by_curve_name": (_P, (_I,)),
    "EC_GROUP_free": (None, (_P,)),
    "EC_POINT_new": (_P, (_P,)),
    "EC_POINT_free": (None, (_P,)),
    "EC_POINT_mul": (_I, (_P, _P, _P, _P, _P, _P)),
    "EC_POINT_point2oct": (_Z, (_P, _P, _I, _S, _Z, _P)),
    "BN_bin2bn": (_P, (_S, _I, _P)),
    "BN_clear_free": (None, (_P,)),
    "ERR_clear_error": (None, ()),
}


@cache
def library() -> Any:
    """libcrypto with its signatures declared. Raises Misconfigured without OpenSSL 3."""
    for name in ("libcrypto.so.3", "libcrypto.3.dylib", ctypes.util.find_library("crypto")):
        try:
            lib = ctypes.CDLL(name or "")
            for function, (result, arguments) in _SIGNATURES.items():
                entry = getattr(lib, function)
                entry.restype, entry.argtypes = result, arguments
        except (OSError, AttributeError):
            continue
        return lib
    raise Misconfigured(
        "OpenSSL's libcrypto (version 3.0 or later) was not found; SM2 needs it",
        remedy="install libssl3 (Debian) or openssl-libs (Fedora, openEuler)",
    )


class Key:
    """An EVP_PKEY on the SM2 curve and the contexts that work with it."""

    __slots__ = ("_lib", "_pools", "handle")

    def __init__(self, point: bytes, private: int | None = None) -> None:
        """point: 04 || x || y; private: the scalar. Raises Malformed for a point off the curve."""
        self._lib = library()  # kept for the end, when modules may be gone
        self.handle = _from_data(point, private)
        self._pools: dict[str, list[c_void_p]] = {}

    def call(self, verb: str, action: Callable[[Any, c_void_p], int]) -> int:
        """Run `action(lib, context)` on a context initialised for the verb; its result."""
        lib = self._lib
        pool = self._pools.setdefault(verb, [])
        try:
            context = pool.pop()
        except IndexError:
            context = c_void_p(lib.EVP_PKEY_CTX_new_from_pkey(None, self.handle, None))
            if not context or getattr(lib, f"EVP_PKEY_{verb}_init")(context) != 1:
                raise Misconfigured("this OpenSSL offers no SM2", where=verb) from None
        result = action(lib, context)
        pool.append(context)
        if result != 1:
            lib.ERR_clear_error()
        return result

    def __del__(self) -> None:
        if not hasattr(self, "_pools"):
            return  # it was never made: the point was refused
        for pool in self._pools.values():
            for context in pool:
                self._lib.EVP_PKEY_CTX_free(context)
        self._lib.EVP_PKEY_free(self.handle)


def _from_data(point: bytes, private: int | None) -> c_void_p:
    lib = library()
    scalar = b"" if private is None else private.to_bytes(32, "little")
    rows = [
        _param(b"group", _UTF8, b"SM2"),
        _param(b"pub", _OCTETS, point),
        *([_param(b"priv", _UNSIGNED, scalar)] if private is not None else []),
        _Param(),
    ]
    table = (_Param * len(rows))(*rows)
    context = c_void_p(lib.EVP_PKEY_CTX_new_from_name(None, b"SM2", None))
    if not context:
        raise Misconfigured("this OpenSSL offers no SM2")
    handle = c_void_p()
    try:
        selection = _KEY_ONLY if private is None else _WITH_PRIVATE
        if (
            lib.EVP_PKEY_fromdata_init(context) != 1
            or lib.EVP_PKEY_fromdata(context, byref(handle), selection, table) != 1
        ):
            lib.ERR_clear_error()
            raise Malformed("not a key on the SM2 curve")
    finally:
        lib.EVP_PKEY_CTX_free(context)
    return handle


def _param(key: bytes, kind: int, data: bytes) -> _Param:
    holder = ctypes.create_string_buffer(data, len(data))
    row = _Param(key, kind, ctypes.cast(holder, c_void_p), len(data), 0)
    row.holder = holder  # keeps the bytes alive as long as the row
    return row


def multiply_generator(scalar: int) -> bytes:
    """scalar * G as 04 || x || y (constant time in OpenSSL)."""
    lib = library()
    group = c_void_p(lib.EC_GROUP_new_by_curve_name(NID_SM2))
    point = c_void_p(lib.EC_POINT_new(group))
    number = c_void_p(lib.BN_bin2bn(scalar.to_bytes(32, "big"), 32, None))
    out = ctypes.create_string_buffer(65)
    try:
        if (
            lib.EC_POINT_mul(group, point, number, None, None, None) != 1
            or lib.EC_POINT_point2oct(group, point, 4, out, 65, None) != 65
        ):
            lib.ERR_clear_error()
            raise Malformed("no point for this scalar")
        return out.raw
    finally:
        lib.BN_clear_free(number)
        lib.EC_POINT_free(point)
        lib.EC_GROUP_free(group)
