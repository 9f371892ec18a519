"""A package made by hand, in the manner of other producers."""

from collections.abc import Callable

import pytest

from openrhip.formats.ofd.package_append import Container

_NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'


@pytest.fixture
def handmade() -> Callable[..., bytes]:
    """handmade(content, resources="", template="", parts={}) → package of one page."""

    def make(
        content: str,
        resources: str = "",
        template: str = "",
        parts: dict[str, bytes] | None = None,
        page: str = "",
    ) -> bytes:
        container = Container()

        def add(name: str, text: str) -> None:
            container.deflate(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode())

        add(
            "OFD.xml",
            f'<ofd:OFD {_NS} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
            "<ofd:DocID>0</ofd:DocID><ofd:Title>手工</ofd:Title></ofd:DocInfo>"
            "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        )
        add(
            "Doc_0/Document.xml",
            f"<ofd:Document {_NS}><ofd:CommonData><ofd:MaxUnitID>99</ofd:MaxUnitID><ofd:PageArea>"
            "<ofd:PhysicalBox>0 0 100 50</ofd:PhysicalBox></ofd:PageArea>"
            "<ofd:PublicRes>Res.xml</ofd:PublicRes><ofd:DocumentRes>None.xml</ofd:DocumentRes>"
            '<ofd:TemplatePage ID="90" BaseLoc="Tpls/T.xml"/></ofd:CommonData>'
            '<ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/P.xml"/></ofd:Pages></ofd:Document>',
        )
        add("Doc_0/Res.xml", f'<ofd:Res {_NS} BaseLoc="Res">{resources}</ofd:Res>')
        add("Doc_0/Tpls/T.xml", f"<ofd:Page {_NS}>{template}</ofd:Page>")
        body = f"<ofd:Content>{content}</ofd:Content>"
        add("Doc_0/Pages/P.xml", f"<ofd:Page {_NS}>{page}{body}</ofd:Page>")
        for name, data in (parts or {}).items():
            container.store(name, data)
        return container.finish()

    return make
