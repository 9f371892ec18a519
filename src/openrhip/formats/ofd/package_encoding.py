"""Encodings of XML parts as producers really write them (编码): UTF-16, GBK, or not as declared."""

from __future__ import annotations

import codecs
import re

from openrhip.formats.ofd.notices import Notices
from openrhip.kernel.errors import Malformed

DECLARED = re.compile(rb"^(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([^\"']{1,40})")
_WIDE = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
    b"<\0": "utf-16-le",
    b"\0<": "utf-16-be",
}
_GB = frozenset({b"gb2312", b"gbk", b"gb18030", b"gb_2312-80", b"cp936", b"ms936", b"x-gbk",
                 b"windows-936", b"euc-cn", b"gb2312-80"})  # fmt: skip
_OTHER = {b"big5": "big5", b"iso-8859-1": "latin-1", b"windows-1252": "cp1252"}


def as_utf8(data: bytes, where: str, notices: Notices) -> tuple[bytes, str | None]:
    """The part in UTF-8 and "utf-8" if its own declaration no longer holds, else as it is, None.

    Raises Malformed for bytes that are no text in the encoding that they show.
    """
    if data[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        raise Malformed("XML in UTF-32 is not read", where=where, remedy="write UTF-8")
    wide = _WIDE.get(data[:2])
    if wide:
        notices.note("xml.encoding", "部件使用 UTF-16 编码", "the part is in UTF-16", where)
        return _decoded(data, wide, where).lstrip("\ufeff").encode(), "utf-8"
    if data[:1].isspace():
        data = data.lstrip()
        notices.note("xml.start", "XML 声明之前有空白", "blanks before the XML declaration", where)
    declared = DECLARED.match(data[:300])
    name = declared[1].lower() if declared else b"utf-8"
    if name in _GB or name in _OTHER:
        if name in _GB and data.isascii():
            return data, None
        return _plain(data, name, where, notices), "utf-8"
    if name in (b"utf-8", b"utf8", b"us-ascii", b"utf-16"):
        try:
            data.decode()
        except UnicodeDecodeError:
            notices.note(
                "xml.encoding",
                "部件声明 UTF-8，实为 GB 18030 编码",
                "the part is in GB 18030 and not in UTF-8",
                where,
            )
            return _decoded(data.removeprefix(codecs.BOM_UTF8), "gb18030", where).encode(), "utf-8"
        if name == b"utf-16":
            notices.note("xml.encoding", "部件声明 UTF-16，实为 UTF-8 编码",
                         "the part is in UTF-8 and not in UTF-16", where)  # fmt: skip
            return data, "utf-8"
    return data, None


def _plain(data: bytes, name: bytes, where: str, notices: Notices) -> bytes:
    """Declared in GB or another encoding of bytes; some say so and write UTF-8."""
    if data.startswith(codecs.BOM_UTF8):
        notices.note(
            "xml.encoding",
            "部件声明的编码与 UTF-8 标记不符",
            "the byte order mark says UTF-8, the declaration another encoding",
            where,
        )
        return _decoded(data, "utf-8-sig", where).encode()
    codec = "gb18030" if name in _GB else _OTHER[name]
    notices.note(
        "xml.encoding",
        f"部件使用 {codec.upper()} 编码",
        f"the part is in {codec.upper()}",
        where,
    )
    return _decoded(data, codec, where).encode()


def _decoded(data: bytes, codec: str, where: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise Malformed("XML that is no text in its encoding", where=where) from error
