"""Names (姓名、机构名称) and the keys under which they are compared.

A name is kept as it was written; only its key is folded. Old hospital systems put characters such
as 䶮 into the private use area of GBK; the key folds those code points to the real character.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import opencc

from openrhip.kernel.errors import Malformed, TooLarge

LONGEST_NAME = 100
_MARKS = r"\s·•・‧∙⋅．.\-‐—_'’`"
_SIMPLIFIER = opencc.OpenCC("t2s")
_SEPARATORS = re.compile(rf"[{_MARKS}]+")
_BRACKETS = re.compile(rf"[{_MARKS}()（）\[\]【】〔〕「」『』《》<>〈〉,，、/]+")
_CITY = re.compile(r"^(?P<city>[\u4e00-\u9fff]{2})市")
_ARMY = "中国人民解放军"


def _gbk_private_use() -> dict[int, str]:
    """U+E815-U+E864, GBK's private use for 0xFE50-0xFEA0, to the character GB 18030 gives it."""
    folded: dict[int, str] = {}
    second = [byte for byte in range(0x50, 0xA1) if byte != 0x7F]
    for offset, byte in enumerate(second):
        character = bytes((0xFE, byte)).decode("gb18030", "replace")
        if len(character) == 1 and not 0xE000 <= ord(character) <= 0xF8FF:
            folded[0xE815 + offset] = character
    return folded


_PRIVATE_USE = _gbk_private_use()


def clean_name(text: str, *, where: str = "name") -> str:
    """The name as it is kept: outer white space gone, NFC, bounded. Raises Malformed, TooLarge."""
    if not isinstance(text, str):
        raise Malformed("a name is text", where=where)
    if len(text) > 4 * LONGEST_NAME:
        raise TooLarge(f"a name has at most {LONGEST_NAME} characters", where=where)
    name = unicodedata.normalize("NFC", text).strip()
    if not name:
        raise Malformed("the name is empty", where=where)
    if len(name) > LONGEST_NAME:
        raise TooLarge(f"a name has at most {LONGEST_NAME} characters", where=where)
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise Malformed("a name contains control characters", where=where)
    return name


def sentence(text: str, *, where: str, shortest: int = 2, longest: int = 500) -> str:
    """A reason, note or evidence in words, bounded, without control characters but line ends."""
    if not isinstance(text, str) or len(text) > 4 * longest:
        raise TooLarge(f"at most {longest} characters", where=where)
    said = text.replace("\r\n", "\n").strip()
    if not shortest <= len(said) <= longest:
        raise Malformed(f"needs {shortest} to {longest} characters", where=where)
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in said if c not in "\n\t"):
        raise Malformed("contains control characters", where=where)
    return said


def person_key(name: str) -> str:
    """Spellings of one name have one key: 欧阳 · 娜 and 欧阳娜, ＺＨＡＮＧ and Zhang, 蘭 and 兰."""
    # Sign by sign: a phrase table would make the key of a sign depend on its neighbours.
    return "".join(_simplified(sign) for sign in _fold(name, _SEPARATORS))


@lru_cache(maxsize=20_000)
def _simplified(sign: str) -> str:
    """The simplified form (简化字) of a traditional character; any other sign as it is."""
    simplified: str = _SIMPLIFIER.convert(sign)
    return simplified


def institution_key(name: str) -> str:
    """Exact key of an institution's name: width, brackets, spaces and punctuation do not count."""
    return _fold(name, _BRACKETS)


def _fold(name: str, dropped: re.Pattern[str]) -> str:
    """Compatibility form, lower case, without what is dropped; folded until nothing changes."""
    before, text = "", name.translate(_PRIVATE_USE)
    for _ in range(8):
        before, text = text, dropped.sub("", unicodedata.normalize("NFKC", text).casefold())
        if text == before:
            break
    return text


def loose_key(name: str) -> str:
    """A weaker key: without 中国人民解放军 in front and without 市 after a city's name.

    南京市江北人民医院 and 南京江北人民医院 share it. It serves only where it is unique.
    """
    key = institution_key(name).removeprefix(_ARMY)
    return _CITY.sub(r"\g<city>", key)


def mask_name(name: str) -> str:
    """张三 → 张*, 欧阳娜娜 → 欧**娜: enough to recognise, not enough to learn."""
    if len(name) <= 1:
        return "*"
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]
