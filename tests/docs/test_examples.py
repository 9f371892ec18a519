"""The Python in the pages is Python, and that of the format pages runs as written."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from openrhip.formats import cda, ofd
from openrhip.formats.gm import devpki, digests, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.signer import SoftwareSigner

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
HOCR = b"""<html><body><div class='ocr_page' title='bbox 0 0 80 80'><span class='ocr_line'
title='bbox 1 1 60 20'><span class='ocrx_word' title='bbox 1 1 60 20'>a</span></span></div></body></html>"""


def blocks(page: str) -> list[str]:
    return BLOCK.findall((DOCS / page).read_text("utf-8"))


@pytest.fixture
def region(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    devpki.create(
        tmp_path / "pki",
        institutions=[devpki.DevInstitution("H1", "市第一医院")],
        staff=[devpki.DevStaff("D1", "李四", "H1")],
        password=devpki.ensure_password(tmp_path / "pki"),
    )
    return tmp_path


def pages(count: int) -> bytes:
    turns = [ofd.PageBreak(), ofd.Paragraph("页")] * (count - 1)
    return ofd.write(ofd.Story("甲", [ofd.Paragraph("页"), *turns]))


@pytest.mark.parametrize("path", sorted(DOCS.rglob("*.md")), ids=lambda path: path.stem)
def test_python_in_the_pages_is_python(path):
    for number, block in enumerate(blocks(str(path.relative_to(DOCS)))):
        compile(block, f"{path.name}, block {number}", "exec")


def test_the_page_on_ofd(region):
    from io import BytesIO

    from PIL import Image

    jpeg = BytesIO()
    Image.new("RGB", (80, 80), "white").save(jpeg, "JPEG")
    names = {"five_pages": pages(5), "one": pages(1), "two": pages(3), "hocr": HOCR}
    names |= {"jpeg": jpeg.getvalue(), "before": pages(1), "after": pages(2)}
    for block in blocks("ofd.md"):
        exec(compile(block, "ofd.md", "exec"), names)  # noqa: S102
    assert names["report"].verdict == "valid"
    assert len(names["pdf"]) > 1000


def test_the_page_on_cda():
    first, *others = blocks("cda.md")
    names = {"xml": cda.samples()["C0001/li-xw.xml"]}
    for block in others:
        exec(compile(block, "cda.md", "exec"), names)  # noqa: S102
    names |= {"kind": cda.Kind.FIRST_COURSE, "record": cda.record_of(names["xml"])[1]}
    exec(compile(first, "cda.md", "exec"), names)  # noqa: S102
    assert all(finding.ok for finding in names["findings"])


def test_the_page_on_evidence(region):
    text = (DOCS / "evidence.md").read_text("utf-8").partition("## For developers")[2]
    lines = [line[4:] for line in text.splitlines() if line.startswith("    ")]
    password = Path("pki/password").read_bytes().strip()
    authority = SoftwareSigner.load("pki/tsa", "tsa", password)
    stamper = tsp.LocalTimestamper(tsp.Authority(authority, algorithms=digests.OIDS))
    names = {
        "ofd": ofd, "content": secrets.token_bytes(9), "file": pages(1), "stamper": stamper,
        "newer_stamper": stamper, "trust": TrustStore.load_folder("pki/trust"),
        "instant": datetime.now(UTC) + timedelta(days=1),
    }  # fmt: skip
    exec(compile("\n".join(lines), "evidence.md", "exec"), names)  # noqa: S102
    assert names["report"].ok
