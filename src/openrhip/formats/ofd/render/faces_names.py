"""Glyph names of Type 1 and CFF fonts as characters (CFF standard strings 1 to 228, uniXXXX)."""

from __future__ import annotations

import re

_PLAIN = (
    "space exclam quotedbl numbersign dollar percent ampersand quoteright parenleft parenright "
    "asterisk plus comma hyphen period slash zero one two three four five six seven eight nine "
    "colon semicolon less equal greater question at A B C D E F G H I J K L M N O P Q R S T U V W "
    "X Y Z bracketleft backslash bracketright asciicircum underscore quoteleft a b c d e f g h i j "
    "k l m n o p q r s t u v w x y z braceleft bar braceright asciitilde exclamdown cent sterling "
    "fraction yen florin section currency quotesingle quotedblleft guillemotleft guilsinglleft "
    "guilsinglright fi fl endash dagger daggerdbl periodcentered paragraph bullet quotesinglbase "
    "quotedblbase quotedblright guillemotright ellipsis perthousand questiondown grave acute "
    "circumflex tilde macron breve dotaccent dieresis ring cedilla hungarumlaut ogonek caron "
    "emdash AE ordfeminine Lslash Oslash OE ordmasculine ae dotlessi lslash oslash oe germandbls "
    "onesuperior logicalnot mu trademark Eth onehalf plusminus Thorn onequarter divide brokenbar "
    "degree thorn threequarters twosuperior registered minus eth multiply threesuperior copyright"
)
_ACCENTED = (
    "Aacute Acircumflex Adieresis Agrave Aring Atilde Ccedilla Eacute Ecircumflex Edieresis Egrave "
    "Iacute Icircumflex Idieresis Igrave Ntilde Oacute Ocircumflex Odieresis Ograve Otilde Scaron "
    "Uacute Ucircumflex Udieresis Ugrave Yacute Ydieresis Zcaron"
)
_STANDARD = [
    *_PLAIN.split(),
    *_ACCENTED.split(),
    *(name[0].lower() + name[1:] for name in _ACCENTED.split()),
]
_CHARS = (
    ' !"#$%&’()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_‘'
    "abcdefghijklmnopqrstuvwxyz{|}~¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ–†‡·¶•‚„”»…‰¿`´ˆ˜¯˘˙¨˚¸˝˛ˇ—"
    "ÆªŁØŒºæıłøœß¹¬µ™Ð½±Þ¼÷¦°þ¾²®−ð×³©"
    "ÁÂÄÀÅÃÇÉÊËÈÍÎÏÌÑÓÔÖÒÕŠÚÛÜÙÝŸŽáâäàåãçéêëèíîïìñóôöòõšúûüùýÿž"
)
_BY_NAME = dict(zip(_STANDARD, _CHARS, strict=True)) | {"Euro": "€", "nbspace": "\u00a0"}
_CODED = re.compile(r"(?:uni([0-9A-F]{4})|u([0-9A-F]{4,6}))(?:\..*)?")
STANDARD_COUNT = 391


def standard(number: int) -> str:
    """The name of one of the first 228 standard strings of CFF, else empty."""
    return _STANDARD[number - 1] if 0 < number <= len(_STANDARD) else ""


def char_of(name: str) -> str:
    """The character that a glyph's name stands for; empty if the name tells none."""
    found = _BY_NAME.get(name)
    if found is not None:
        return found
    if coded := _CODED.fullmatch(name):
        code = int(coded[1] or coded[2], 16)
        if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            return chr(code)
    return name if len(name) == 1 else ""
