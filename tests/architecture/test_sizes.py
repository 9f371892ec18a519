"""Small files and small functions: the house stays readable (docs/architecture.md, sizes)."""

import ast
from pathlib import Path
from statistics import median

import pytest

SOURCES = sorted(
    path
    for path in (Path(__file__).parents[2] / "src" / "openrhip").rglob("*.py")
    if "migrations" not in path.parts and "samples" not in path.parts
)
LONGEST_FILE = 400
LONGEST_FUNCTION = 60


def functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(path.parents[2])))
def test_file_and_functions_are_short(path):
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= LONGEST_FILE, f"{path.name} has {lines} lines: split it by verb"
    for name, length in functions(path):
        assert length <= LONGEST_FUNCTION, f"{path.name}: {name} has {length} lines"


def test_medians_stay_low():
    assert median(len(path.read_text("utf-8").splitlines()) for path in SOURCES) < 140
    assert median(length for path in SOURCES for _, length in functions(path)) < 12
