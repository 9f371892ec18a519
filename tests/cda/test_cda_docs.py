"""docs/cda.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from openrhip.formats import cda
from openrhip.formats.cda.check import RULES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cda.md").read_text("utf-8")


def test_every_rule_is_documented_as_it_is():
    for rule in RULES:
        assert f"| `{rule.code}` | {rule.text_zh} | {rule.remedy} |" in PAGE


def test_every_finding_code_of_the_sources_is_documented():
    sources = (ROOT / "src/openrhip/formats/cda").glob("*.py")
    codes = {
        code
        for source in sources
        for code in re.findall(r'Finding\(\s*"([a-z-]+)"', source.read_text("utf-8"))
    }
    assert {"time-unreadable", "kind-disagrees"} <= codes
    assert all(f"`{code}`" in PAGE for code in codes)


def test_the_page_counts_its_samples():
    assert f"gives {len(cda.samples())} records" in PAGE


def test_named_tests_of_the_standards_page_exist():
    page = (ROOT / "docs/standards.md").read_text("utf-8")
    part = page.split("## Shared documents (CDA)", 1)[1].split("\n## ", 1)[0]
    written = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("*.py"))
    for name in re.findall(r"`(test_\w+)`", part):
        assert f"def {name}(" in written, name
