"""Ten thousand pages: opened, searched and shown in bounded memory; bombs still stop."""

import json
import subprocess
import sys

import pytest

from openrhip.formats import ofd
from openrhip.formats.ofd.package import Limits
from openrhip.formats.ofd.package_append import Container
from openrhip.formats.ofd.package_cache import Kept
from openrhip.kernel.errors import Malformed, TooLarge

PAGES = 10_000


def volume(pages, special):
    """A document of many pages around one page of our own; a rare word on page `special`."""
    source = ofd.open_package(
        ofd.write(
            ofd.Story(
                "病历", [ofd.Paragraph("患者主诉胸痛，予以抗凝治疗。" * 4)] * 8, ofd.Metadata()
            )
        )
    )
    page = source.read(source.pages[0].part).decode()
    listed = "".join(
        f'<ofd:Page ID="{1_000_000 + n}" BaseLoc="Pages/Page_{n}/Content.xml"/>'
        for n in range(pages)
    )
    document = source.read("Doc_0/Document.xml").decode()
    head, tail = document.split("<ofd:Pages>")[0], document.split("</ofd:Pages>")[1]
    container = Container()
    for name in source.parts:
        if name == "Doc_0/Document.xml":
            text = f"{head}<ofd:Pages>{listed}</ofd:Pages>{tail}"
            container.deflate(name, text.encode())
        elif "/Pages/" not in name:
            container.copy(source, name)
    usual = page.encode()
    for n in range(pages):
        content = page.replace("胸痛", "栓塞", 1).encode() if n == special else usual
        container.deflate(f"Doc_0/Pages/Page_{n}/Content.xml", content, level=1)
    return container.finish()


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    path = tmp_path_factory.mktemp("big") / "big.ofd"
    path.write_bytes(volume(PAGES, 7777))
    return path


LOOK = """
import json, sys
from pathlib import Path
from openrhip.formats import ofd
from openrhip.formats.ofd import render
package = ofd.open_package(Path(sys.argv[1]))
pages = len(package.pages)
png = render.to_png(package, page=0)
hits = ofd.search(package, "栓塞")
render.to_png(package, page=9_000)
# of this program alone: getrusage counts the process it was forked from too
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
peak = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps({"pages": pages, "hits": [hit.page for hit in hits], "png": png[:4] == b"\\x89PNG",
                  "peak": peak}))
"""


def test_open_search_and_show_within_300_megabytes(big):
    """`benchmarks/big_document.py` measures the times."""
    made = subprocess.run(
        [sys.executable, "-c", LOOK, str(big)], check=True, capture_output=True, timeout=60
    )
    found = json.loads(made.stdout)
    assert (found["pages"], found["hits"], found["png"]) == (PAGES, [7777], True)
    assert found["peak"] < 300


def test_pages_behave_like_a_tuple(big):
    package = ofd.open_package(big)
    pages = package.pages
    assert pages[0].part == "Doc_0/Pages/Page_0/Content.xml"
    assert pages[-1] == pages[PAGES - 1]
    assert [page.id for page in pages[2:4]] == ["1000002", "1000003"]
    assert pages.number("1000005") == 5
    assert pages.number("5") is None
    with pytest.raises(IndexError):
        _ = pages[PAGES]
    assert sum(1 for _ in pages) == PAGES


def test_the_document_part_is_not_kept_with_its_pages(big):
    package = ofd.open_package(big)
    body = package.body(package.documents[0])
    assert len(list(body.iter("{*}Page"))) <= 1
    assert body.find("{*}CommonData") is not None


def test_what_is_kept_is_bounded(big):
    package = ofd.open_package(big)
    for page in package.pages[:3000]:
        package.xml(page.part)
    assert package._trees.weight <= 6 << 20
    assert package._contents.weight <= 48 << 20


def test_the_latest_are_kept():
    kept = Kept(10)
    for n in range(5):
        kept.put(str(n), n, 3)
        kept.get("0")
    assert [name for name in "01234" if name in kept] == ["0", "3", "4"]
    kept.put("heavy", 9, 8)
    assert kept.get("heavy") is None
    kept.put("4", 5, 1)
    assert (kept.get("4"), kept.weight) == (5, 7)


def test_long_and_short_document_parts_say_the_same(big):
    streamed = ofd.open_package(big)
    content = streamed.read("Doc_0/Document.xml")
    plain = ofd.open_package(big)
    plain._contents.put("Doc_0/Document.xml", content.replace(b"?>", b"?><!-- -->", 1), 1)
    assert plain.pages.ids == streamed.pages.ids
    assert plain.pages.places == streamed.pages.places


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda text: text[:-20], Malformed),
        (lambda text: text.replace(b"<ofd:Pages>", b"<!DOCTYPE a><ofd:Pages>"), Malformed),
        (lambda text: text.replace(b"</ofd:Pages>", b"<ofd:Page/>" * 40_001 + b"</ofd:Pages>"), TooLarge),
        (lambda text: text.replace(b"</ofd:CommonData>", b"<a>" * 99 + b"</a>" * 99 + b"</ofd:CommonData>"), TooLarge),
        (lambda text: text + b" " * (33 << 20), TooLarge),
    ],
)  # fmt: skip
def test_long_document_parts_are_no_way_around_the_checks(big, damage, error):
    source = ofd.open_package(big)
    container = Container()
    container.copy(source, "OFD.xml")
    container.deflate("Doc_0/Document.xml", damage(source.read("Doc_0/Document.xml")))
    with pytest.raises((error, Malformed, TooLarge)) as caught:
        _ = ofd.open_package(container.finish(), limits=Limits(ratio=10_000)).documents
    assert caught.type in (error, TooLarge)


def test_bombs_still_stop():
    container = Container()
    container.store("OFD.xml", b"<OFD/>")
    container.deflate("bomb.bin", bytes(48 << 20), level=1)
    with pytest.raises(TooLarge):
        ofd.open_package(container.finish())
    many = Container()
    many.store("OFD.xml", b"<OFD/>")
    many.deflate("0.bin", bytes(48 << 20), level=9)
    with pytest.raises(TooLarge, match="compressed more than"):
        ofd.open_package(many.finish(), limits=Limits.large())
