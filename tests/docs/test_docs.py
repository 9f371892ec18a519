"""The documentation is true: derived pages are fresh, links lead somewhere, named tests exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("tests/**/README.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
NAMED_TEST = re.compile(r"`(?:(tests/[\w/.-]+\.py))?(?:::)?(test_\w+)?`")


@pytest.mark.parametrize("name", ["commands.md", "settings.md"])
def test_derived_pages_are_fresh(name):
    import docs

    assert (ROOT / "docs" / name).read_text("utf-8") == docs.PAGES[name](), (
        "run: python tools/docs.py"
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in LINK.findall(page.read_text("utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


@pytest.mark.parametrize("page", ["threats.md", "standards.md"])
def test_named_tests_exist(page):
    text = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    known = set(re.findall(r"def (test_\w+)", text)) | {
        p.stem for p in (ROOT / "tests").rglob("test_*.py")
    }
    named = 0
    for path, test in NAMED_TEST.findall((ROOT / "docs" / page).read_text("utf-8")):
        if path:
            assert (ROOT / path).exists(), path
        if test:
            assert test in known, test
        named += bool(path or test)
    assert named > 20


def test_every_threat_names_a_test():
    rows = [
        line
        for line in (ROOT / "docs" / "threats.md").read_text("utf-8").splitlines()
        if line.startswith("|") and not line.startswith(("|---", "| ---", "| threat"))
    ]
    assert len(rows) > 20
    for row in rows:
        assert "test_" in row, f"no test is named: {row[:80]}"


def test_both_readmes_have_the_same_shape():
    shapes = [
        [
            line.split(" ")[0]
            for line in (ROOT / name).read_text("utf-8").splitlines()
            if line.startswith("#")
        ]
        for name in ("README.md", "README.zh-CN.md")
    ]
    assert shapes[0] == shapes[1]
    assert len(shapes[0]) >= 5


def test_every_room_has_its_page_and_the_index_names_every_page():
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name
    for room in (
        "gm",
        "ofd",
        "cda",
        "ledger",
        "directory",
        "records",
        "agent",
        "portal",
        "workbench",
        "console",
    ):
        assert (ROOT / "docs" / f"{room}.md").exists(), room


def test_every_benchmark_is_described():
    text = (ROOT / "docs" / "benchmarks.md").read_text("utf-8")
    for path in (ROOT / "benchmarks").glob("[a-z]*.py"):
        assert f"`{path.stem}`" in text, path.stem
