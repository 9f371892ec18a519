"""docs/cda.md says what the code does."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from openrhip.formats import cda
from openrhip.formats.cda import catalogue
from openrhip.formats.cda.check import MESSAGES, RULES
from openrhip.kernel import clock

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/cda.md").read_text("utf-8")


def test_every_rule_is_documented_as_it_is():
    for rule in RULES:
        assert f"| `{rule.code}` | {rule.text_zh} | {rule.remedy} |" in PAGE


def test_every_message_is_documented_as_it_is():
    for one in MESSAGES.values():
        severity = "warning, strict: error" if one.strict else one.severity
        text = one.text_zh.replace("{name}", "…")
        assert f"| `{one.code}` | {text} | {one.remedy} | {severity} |" in PAGE


def test_the_page_counts_value_sets():
    closed = sum(one.closed for one in catalogue.value_sets().values())
    assert f"{closed} tables are closed" in PAGE
    assert f"{len(catalogue.value_sets()) - closed} are open" in PAGE


def test_the_example_of_writing_runs_and_is_accepted():
    example = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[-1]
    names: dict[str, object] = {}
    exec(compile(example, "docs/cda.md", "exec"), names)  # noqa: S102  our own page
    with clock.frozen(datetime(2026, 8, 4, tzinfo=UTC)):
        assert cda.check(names["xml"]) == ()


def test_every_finding_code_of_the_sources_is_documented():
    sources = (ROOT / "src/openrhip/formats/cda").rglob("*.py")
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
