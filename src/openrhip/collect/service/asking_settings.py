"""Settings of the analysts' queries (查询设置), read as numbers. All raise Misconfigured."""

from __future__ import annotations

import re

from openrhip.kernel import config
from openrhip.kernel.errors import Misconfigured

_SIZES = {"MB": 1 << 20, "GB": 1 << 30}


def seconds(name: str) -> float:
    """More than nothing, at most an hour."""
    try:
        value = float(_text(name))
    except ValueError:
        value = 0.0
    if not 0 < value <= 3_600:
        raise Misconfigured("seconds lie between 0 and 3600", where=name)
    return value


def whole(name: str) -> int:
    """A whole number from 0."""
    text = _text(name)
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise Misconfigured("this is no whole number", where=name)
    return int(text)


def size(name: str) -> int:
    """512MB or 2GB, in bytes; 64 MB at least."""
    found = re.fullmatch(r"([0-9]{1,4})(MB|GB)", _text(name).upper())
    value = int(found[1]) * _SIZES[found[2]] if found else 0
    if value < 64 << 20:
        raise Misconfigured("a size is written as 512MB or 2GB, and is 64MB at least", where=name)
    return value


def roles(name: str) -> frozenset[str]:
    """Names of roles, with commas."""
    return frozenset(one.strip() for one in _text(name).split(",") if one.strip())


def _text(name: str) -> str:
    return config.current()[name].strip()
