"""A package made by hand, in the manner of other producers, and small fonts for it."""

from collections.abc import Callable
from functools import lru_cache

import pylopdf_fonts_zh_cn
import pytest
import uharfbuzz as hb

from openrhip.formats.ofd.package_append import Container

_NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'


@pytest.fixture
def foreign() -> Callable[..., bytes]:
    """foreign(content, fonts="", media="", parts={}, pages=[...], extra="") → package."""

    def make(
        content: str = "",
        *,
        fonts: str = "",
        media: str = "",
        parts: dict[str, bytes] | None = None,
        pages: list[str] | None = None,
        signatures: str = "",
        outline: str = "",
        box: str = "0 0 100 60",
    ) -> bytes:
        container = Container()

        def add(name: str, text: str) -> None:
            container.deflate(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode())

        listed = [content] if pages is None else pages
        add(
            "OFD.xml",
            f'<ofd:OFD {_NS} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
            "<ofd:DocID>0</ofd:DocID><ofd:Title>手工&lt;b&gt;</ofd:Title></ofd:DocInfo>"
            f"<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>{signatures}</ofd:DocBody></ofd:OFD>",
        )
        refs = "".join(
            f'<ofd:Page ID="{900 + at}" BaseLoc="Pages/P{at}.xml"/>' for at in range(len(listed))
        )
        add(
            "Doc_0/Document.xml",
            f"<ofd:Document {_NS}><ofd:CommonData><ofd:MaxUnitID>9999</ofd:MaxUnitID>"
            f"<ofd:PageArea><ofd:PhysicalBox>{box}</ofd:PhysicalBox></ofd:PageArea>"
            "<ofd:DocumentRes>Res.xml</ofd:DocumentRes></ofd:CommonData>"
            f"<ofd:Pages>{refs}</ofd:Pages>{outline}</ofd:Document>",
        )
        add(
            "Doc_0/Res.xml",
            f'<ofd:Res {_NS} BaseLoc="Res"><ofd:Fonts>{fonts}</ofd:Fonts>'
            f"<ofd:MultiMedias>{media}</ofd:MultiMedias></ofd:Res>",
        )
        for at, body in enumerate(listed):
            add(
                f"Doc_0/Pages/P{at}.xml",
                f'<ofd:Page {_NS}><ofd:Content><ofd:Layer ID="{800 + at}">{body}</ofd:Layer>'
                "</ofd:Content></ofd:Page>",
            )
        for name, data in (parts or {}).items():
            container.store(name, data)
        return container.finish()

    return make


def text_object(
    text: str, *, font: str = "7", y: float = 20, x: float = 5, more: str = "", **attrs: str
) -> str:
    """A TextObject of size 8; `more` stands before the TextCode."""
    steps = " ".join(["8"] * (len(text) - 1))
    named = "".join(f' {name}="{value}"' for name, value in attrs.items())
    return (
        f'<ofd:TextObject ID="10" Boundary="{x} {y} 90 10" Font="{font}" Size="8"{named}>{more}'
        f'<ofd:TextCode X="0" Y="8" DeltaX="{steps}">{text}</ofd:TextCode></ofd:TextObject>'
    )


def font_resource(name: str, file: str = "", **attrs: str) -> str:
    named = "".join(f' {key}="{value}"' for key, value in attrs.items())
    inside = f"<ofd:FontFile>{file}</ofd:FontFile>" if file else ""
    return f'<ofd:Font ID="7" FontName="{name}"{named}>{inside}</ofd:Font>'


@lru_cache
def subset(text: str = "甲乙AB ") -> bytes:
    """An OpenType font with CFF outlines of these characters, made here from one of ours."""
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(map(ord, text))
    wanted.flags = hb.SubsetFlags.NO_HINTING
    blob = hb.Blob.from_file_path(pylopdf_fonts_zh_cn.serif_path())
    return bytes(wanted.subset(hb.Face(blob)).blob.data)


@pytest.fixture
def text_of() -> Callable[..., str]:
    return text_object


@pytest.fixture
def font_of() -> Callable[..., str]:
    return font_resource


@pytest.fixture
def small_font() -> bytes:
    return subset()
