"""Canonical bytes (规范字节): one value, one sequence of bytes, to be hashed and signed.

JSON in the form of RFC 8785 (JCS). Floats are refused: two machines may print them differently.
"""

from __future__ import annotations

import json
from typing import Any

import rfc8785

from openrhip.kernel.errors import Malformed

_TYPES = (dict, list, tuple, str, int, bool, type(None))


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of dicts, lists, strings, integers up to 2**53, booleans and None."""
    _refuse_floats(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise Malformed(f"no canonical form: {error}") from error


def parse_json(data: bytes, *, limit: int = 1 << 20) -> Any:
    """JSON from outside: bounded, UTF-8, no repeated keys, no NaN. Raises Malformed."""
    if len(data) > limit:
        raise Malformed(f"JSON of {len(data)} bytes; at most {limit} are read")
    try:
        return json.loads(data, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {type(error).__name__}") from error


def _refuse_floats(value: Any) -> None:
    if isinstance(value, float) or not isinstance(value, _TYPES):
        raise Malformed(f"a {type(value).__name__} has no canonical form")
    if isinstance(value, dict):
        for item in value.values():
            _refuse_floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _refuse_floats(item)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise Malformed("a JSON object names the same key twice")
    return result


def _no_constant(name: str) -> Any:
    raise Malformed(f"JSON knows no {name}")
