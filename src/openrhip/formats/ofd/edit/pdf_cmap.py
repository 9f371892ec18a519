"""CMaps of composite PDF fonts: codes of one to four bytes → CIDs or text (字符映射).

Sources: ISO 32000-1 §9.7.5 (CMaps), §9.10.3 (ToUnicode); Adobe Technical Note 5014.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_TOKEN = re.compile(
    rb"<([0-9A-Fa-f\s]*)>|(\[)|(\])|/([^\s<>\[\]()/%]+)|([^\s<>\[\]()/%]+)|%[^\r\n]*"
)
_MOST = 200_000
_WIDEST = 70_000
_CODECS = (
    ("UCS2", "utf-16-be"), ("UTF16", "utf-16-be"), ("GBK2K", "gb18030"), ("GBKp", "gbk"),
    ("GBK", "gbk"), ("GBpc", "gb2312"), ("GB-EUC", "gb2312"), ("ETen", "big5"), ("B5pc", "big5"),
    ("HKscs", "big5hkscs"), ("ETenms", "big5"), ("90ms", "cp932"), ("90pv", "cp932"),
    ("EUC-H", "euc_jp"), ("EUC-V", "euc_jp"), ("KSCms", "cp949"), ("KSC-EUC", "euc_kr"),
)  # fmt: skip


@dataclass
class CMap:
    """spaces: (bytes, first, last); cids and texts by (bytes, code)."""

    vertical: bool = False
    spaces: list[tuple[int, int, int]] = field(default_factory=list)
    cids: dict[int, int] = field(default_factory=dict)
    ranges: list[tuple[int, int, int]] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    codec: str = ""
    identity: bool = False

    def codes(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The codes of a string: (number, its bytes)."""
        at, size = 0, len(data)
        while at < size:
            wide = self._width(data, at)
            raw = data[at : at + wide]
            yield int.from_bytes(raw, "big"), raw
            at += wide

    def _width(self, data: bytes, at: int) -> int:
        if self.codec:
            return _codec_width(self.codec, data, at)
        if self.identity or not self.spaces:
            return 2
        for wide in (1, 2, 3, 4):
            raw = data[at : at + wide]
            if len(raw) < wide:
                break
            for count, low, high in self.spaces:
                if count == wide and _inside(raw, low, high):
                    return wide
        return min(count for count, _, _ in self.spaces)

    def cid(self, code: int) -> int:
        if self.identity:
            return code
        found = self.cids.get(code)
        if found is not None:
            return found
        for low, high, first in self.ranges:
            if low <= code <= high:
                return first + code - low
        return 0

    def text(self, code: int, raw: bytes) -> str:
        if self.codec:
            return raw.decode(self.codec, "ignore")
        return self.texts.get(code, "")


def _inside(raw: bytes, low: int, high: int) -> bool:
    count = len(raw)
    lows, highs = low.to_bytes(count, "big"), high.to_bytes(count, "big")
    return all(a <= b <= c for a, b, c in zip(lows, raw, highs, strict=True))


def _codec_width(codec: str, data: bytes, at: int) -> int:
    first = data[at]
    if codec == "utf-16-be":
        return 4 if 0xD8 <= first <= 0xDB else 2
    if first < 0x81 or (codec == "cp932" and 0xA1 <= first <= 0xDF):
        return 1
    if codec == "gb18030" and at + 1 < len(data) and 0x30 <= data[at + 1] <= 0x39:
        return 4
    return 2


def named(name: str) -> CMap | None:
    """A predefined CMap: Identity, or one whose codes are of a known character set."""
    vertical = name.endswith("-V")
    if name.startswith("Identity"):
        return CMap(vertical, identity=True)
    for part, codec in _CODECS:
        if part in name:
            return CMap(vertical, codec=codec)
    return None


def parse(data: bytes) -> CMap:
    """A CMap file, read leniently: what makes no sense is passed over."""
    found = CMap()
    stack: list[object] = []
    for match in _TOKEN.finditer(data):
        code, opened, closed, name, word = match.groups()
        if code is not None:
            digits = bytes(char for char in code if char > 32)
            stack.append(bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode()))
        elif opened:
            stack.append("[")
        elif closed:
            stack.append("]")
        elif name is not None:
            stack.append(b"/" + name)
        elif word is not None:
            _word(found, word, stack)
        if len(stack) > 4000:
            del stack[:2000]
        if len(found.texts) + len(found.cids) > _MOST:
            break
    return found


def _word(found: CMap, word: bytes, stack: list[object]) -> None:
    if word.lstrip(b"-").isdigit() and len(word) < 10:
        stack.append(int(word))
        return
    if word == b"def" and len(stack) >= 2 and stack[-2] == b"/WMode":
        found.vertical = stack[-1] == 1
    elif word == b"endcodespacerange":
        for low, high in _groups(stack, 2):
            if isinstance(low, bytes) and isinstance(high, bytes) and 0 < len(low) <= 4:
                found.spaces.append((len(low), _n(low), _n(high)))
    elif word in (b"endbfchar", b"endcidchar"):
        for code, value in _groups(stack, 2):
            if isinstance(code, bytes):
                _put(found, _n(code), value, 0)
    elif word in (b"endbfrange", b"endcidrange"):
        _ranges(found, stack)
    if not word.startswith(b"-"):
        stack.clear()


def _n(raw: bytes) -> int:
    return int.from_bytes(raw[:4], "big")


def _groups(stack: list[object], size: int) -> Iterator[tuple[object, ...]]:
    for at in range(0, len(stack) - size + 1, size):
        yield tuple(stack[at : at + size])


def _put(found: CMap, code: int, value: object, more: int) -> None:
    if isinstance(value, int):
        found.cids[code] = value + more
    elif isinstance(value, bytes):
        text = _text(value, more)
        if text:
            found.texts[code] = text


def _text(raw: bytes, more: int) -> str:
    if more and raw:
        number = int.from_bytes(raw, "big") + more
        raw = (number & ((1 << 8 * len(raw)) - 1)).to_bytes(len(raw), "big")
    text = raw.decode("latin-1") if len(raw) == 1 else raw.decode("utf-16-be", "ignore")
    return text[:16].replace("\0", "")


def _ranges(found: CMap, stack: list[object]) -> None:
    at = 0
    while at + 2 < len(stack):
        low, high, value = stack[at : at + 3]
        at += 3
        if not isinstance(low, bytes) or not isinstance(high, bytes):
            continue
        first, last = _n(low), min(_n(high), _n(low) + _WIDEST)
        if value == "[":
            for code in range(first, last + 1):
                if at >= len(stack) or stack[at] == "]":
                    break
                _put(found, code, stack[at], 0)
                at += 1
            while at < len(stack) and stack[at] != "]":
                at += 1
            at += 1
        elif isinstance(value, int):
            found.ranges.append((first, last, value))
        else:
            for code in range(first, last + 1):
                _put(found, code, value, code - first)
                if len(found.texts) > _MOST:
                    return
