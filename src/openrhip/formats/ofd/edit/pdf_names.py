"""Encodings of simple PDF fonts: character codes, glyph names and what they mean (编码).

Sources: ISO 32000-1 annex D (Latin character sets), §9.6.6; the Adobe glyph list's rules for
names (uniXXXX, suffixes, ligatures joined by underscores).
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from openrhip.formats.ofd.render.faces_names import char_of as standard_char

_ACCENTS = {
    "acute": "\u0301", "grave": "\u0300", "circumflex": "\u0302", "dieresis": "\u0308",
    "tilde": "\u0303", "ring": "\u030a", "caron": "\u030c", "cedilla": "\u0327",
    "macron": "\u0304", "breve": "\u0306", "dotaccent": "\u0307", "hungarumlaut": "\u030b",
    "ogonek": "\u0328", "commaaccent": "\u0327", "dotbelow": "\u0323", "hook": "\u0309",
}  # fmt: skip
_GREEK_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lamda mu nu xi omicron pi rho sigma "
    "tau upsilon phi chi psi omega"
)
_GREEK = frozenset(_GREEK_NAMES.split())
_MORE = {
    "lambda": "λ", "Lambda": "Λ", "Delta": "∆", "Omega": "Ω", "mu1": "µ", "sigma1": "ς",
    "theta1": "ϑ", "phi1": "ϕ", "epsilon1": "ϵ", "omega1": "ϖ", "rho1": "ϱ", "Upsilon1": "ϒ",
    "space": " ", "nbspace": "\xa0", "hyphen": "-", "sfthyphen": "\xad", "minus": "−",
    "infinity": "∞", "integral": "∫", "summation": "∑", "product": "∏", "radical": "√",
    "partialdiff": "∂", "lessequal": "≤", "greaterequal": "≥", "notequal": "≠", "approxequal": "≈",
    "equivalence": "≡", "element": "∈", "notelement": "∉", "existential": "∃", "universal": "∀",
    "emptyset": "∅", "intersection": "∩", "union": "∪", "propersubset": "⊂", "propersuperset": "⊃",
    "reflexsubset": "⊆", "reflexsuperset": "⊇", "notsubset": "⊄", "logicaland": "∧",
    "logicalor": "∨", "similar": "∼", "congruent": "≅", "proportional": "∝", "perpendicular": "⊥",
    "gradient": "∇", "angle": "∠", "therefore": "∴", "suchthat": "∋", "asteriskmath": "∗",
    "circleplus": "⊕", "circlemultiply": "⊗", "dotmath": "⋅", "arrowleft": "←", "arrowright": "→",
    "arrowup": "↑", "arrowdown": "↓", "arrowboth": "↔", "arrowupdn": "↕", "arrowdblleft": "⇐",
    "arrowdblright": "⇒", "arrowdblup": "⇑", "arrowdbldown": "⇓", "arrowdblboth": "⇔",
    "carriagereturn": "↵", "lozenge": "◊", "club": "♣", "diamond": "♦", "heart": "♥", "spade": "♠",
    "aleph": "ℵ", "Ifraktur": "ℑ", "Rfraktur": "ℜ", "weierstrass": "℘", "minute": "′",
    "second": "″", "degree": "°", "plusminus": "±", "multiply": "×", "divide": "÷",
    "apple": "\uf8ff", "Euro": "€", "franc": "₣", "lira": "₤", "peseta": "₧", "dong": "₫",
    "angleleft": "〈", "angleright": "〉", "bar": "|", "dblverticalbar": "‖", "estimated": "℮",
    "filledbox": "■", "circle": "○", "H22073": "□", "H18533": "■", "H18543": "▪", "H18551": "▫",
    "triagup": "▲", "triagdn": "▼", "triagrt": "►", "triaglf": "◄", "openbullet": "◦",
    "check": "✓", "checkmark": "✓", "ff": "ff", "ffi": "ffi", "ffl": "ffl", "fi": "fi",
    "fl": "fl", "dotlessj": "ȷ", "Eng": "Ŋ", "eng": "ŋ", "Dcroat": "Đ", "dcroat": "đ",
    "Hbar": "Ħ", "hbar": "ħ", "Tbar": "Ŧ", "tbar": "ŧ", "kgreenlandic": "ĸ", "Ldot": "Ŀ",
    "ldot": "ŀ", "napostrophe": "ŉ", "longs": "ſ", "IJ": "Ĳ", "ij": "ĳ", "Idotaccent": "İ",
    "overline": "‾", "figuredash": "‒", "horizontalbar": "―", "quotereversed": "‛",
    "onethird": "⅓", "twothirds": "⅔", "oneeighth": "⅛", "threeeighths": "⅜",
    "fiveeighths": "⅝", "seveneighths": "⅞", "numero": "№", "afii61352": "№", "afii61289": "ℓ",
    "foursuperior": "⁴", "fivesuperior": "⁵", "sixsuperior": "⁶", "sevensuperior": "⁷",
    "eightsuperior": "⁸", "ninesuperior": "⁹", "zerosuperior": "⁰", "nsuperior": "ⁿ",
}  # fmt: skip
_WIN_UNUSED = {0x7F: "bullet", 0x81: "bullet", 0x8D: "bullet", 0x8F: "bullet", 0x90: "bullet",
               0x9D: "bullet", 0xA0: "space", 0xAD: "hyphen"}  # fmt: skip
_STANDARD_WORDS = (
    "a1 exclamdown cent sterling fraction yen florin section currency quotesingle quotedblleft "
    "guillemotleft guilsinglleft guilsinglright fi fl b1 endash dagger daggerdbl periodcentered "
    "b6 paragraph bullet quotesinglbase quotedblbase quotedblright guillemotright ellipsis "
    "perthousand be questiondown c1 grave acute circumflex tilde macron breve dotaccent dieresis "
    "ca ring cedilla cd hungarumlaut ogonek caron emdash"
)
_STANDARD_HIGH = tuple(_STANDARD_WORDS.split())
_STANDARD_TAIL = {
    0xE1: "AE", 0xE3: "ordfeminine", 0xE8: "Lslash", 0xE9: "Oslash", 0xEA: "OE",
    0xEB: "ordmasculine", 0xF1: "ae", 0xF5: "dotlessi", 0xF8: "lslash", 0xF9: "oslash",
    0xFA: "oe", 0xFB: "germandbls",
}  # fmt: skip
_SYMBOL = {
    0x22: "∀", 0x24: "∃", 0x27: "∋", 0x2A: "∗", 0x2D: "−", 0x40: "≅", 0x5C: "∴", 0x5E: "⊥",
    0x60: "‾", 0x7E: "∼", 0xA0: "€", 0xA1: "ϒ", 0xA2: "′", 0xA3: "≤", 0xA4: "⁄", 0xA5: "∞",
    0xA6: "ƒ", 0xA7: "♣", 0xA8: "♦", 0xA9: "♥", 0xAA: "♠", 0xAB: "↔", 0xAC: "←", 0xAD: "↑",
    0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±", 0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB5: "∝",
    0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xC0: "ℵ",
    0xC4: "⊗", 0xC5: "⊕", 0xC6: "∅", 0xC7: "∩", 0xC8: "∪", 0xCE: "∈", 0xD0: "∠", 0xD1: "∇",
    0xD2: "®", 0xD3: "©", 0xD4: "™", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅", 0xD8: "¬", 0xD9: "∧",
    0xDA: "∨", 0xDB: "⇔", 0xDC: "⇐", 0xDE: "⇒", 0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_SYMBOL_GREEK = dict(
    zip(
        "ABGDEZHQIKLMNXOPRSTUFCYWabgdezhqiklmnxoprstufcyw",
        "ΑΒΓ∆ΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρστυφχψω",
        strict=True,
    )
)


@lru_cache(maxsize=4096)
def char_of(name: str) -> str:
    """What a glyph's name stands for; several characters for a ligature; "" if unknown."""
    if name in _MORE:
        return _MORE[name]
    if name in ("", ".notdef"):
        return ""
    plain = name.partition(".")[0]
    if "_" in plain:
        parts = [char_of(part) for part in plain.split("_")[:8]]
        return "".join(parts) if all(parts) else ""
    if plain.startswith("uni") and len(plain) > 7 and (len(plain) - 3) % 4 == 0:
        parts = [standard_char(f"uni{plain[at : at + 4]}") for at in range(3, len(plain), 4)]
        return "".join(parts[:8])
    return standard_char(plain) or _MORE.get(plain, "") or _composed(plain)


def _composed(name: str) -> str:
    for accent, mark in _ACCENTS.items():
        base = name.removesuffix(accent)
        if base != name and len(base) == 1:
            made = unicodedata.normalize("NFC", base + mark)
            return made if len(made) == 1 else ""
    lower = name.lower()
    if lower in _GREEK:
        size = "SMALL" if name == lower else "CAPITAL"
        return unicodedata.lookup(f"GREEK {size} LETTER {lower.upper()}")
    return ""


@lru_cache(maxsize=8)
def base_encoding(name: str) -> dict[int, str]:
    """Code → character of a named encoding: WinAnsi, MacRoman, Standard, Symbol."""
    if name == "WinAnsiEncoding":
        found = _decoded("cp1252")
        return found | {code: char_of(word) for code, word in _WIN_UNUSED.items()}
    if name == "MacRomanEncoding":
        return _decoded("mac_roman") | {0xDB: "¤", 0xCA: " "}
    if name == "Symbol":
        found = {code: chr(code) for code in range(0x20, 0x7F)}
        found |= {code: _SYMBOL_GREEK[chr(code)] for code in found if chr(code) in _SYMBOL_GREEK}
        return found | _SYMBOL | {0x4A: "ϑ", 0x56: "ς", 0x6A: "ϕ", 0x76: "ϖ"}
    found = {code: chr(code) for code in range(0x20, 0x7F)} | {0x27: "’", 0x60: "‘"}
    for at, word in enumerate(_STANDARD_HIGH):
        if len(word) > 2 or word in ("fi", "fl"):
            found[0xA0 + at] = char_of(word)
    return found | {code: char_of(word) for code, word in _STANDARD_TAIL.items()}


def _decoded(codec: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for code in range(0x20, 0x100):
        char = bytes((code,)).decode(codec, "ignore")
        if char and char.isprintable():
            found[code] = char
    return found
