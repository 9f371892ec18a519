"""The catalogue of page texts: Chinese in the source, English in site/locale.

python tools/messages.py          gather texts, keep translations, write django.po and django.mo
python tools/messages.py --check  fail if a text has no English or the files are not current
"""

from __future__ import annotations

import ast
import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import extract_from_ast

ROOT = Path(__file__).parent.parent / "src" / "openrhip"
CATALOGUE = ROOT / "site" / "locale" / "en" / "LC_MESSAGES" / "django.po"
PYTHON_NAMES = {"_", "gettext", "gettext_lazy"}
HEADER = "Content-Type: text/plain; charset=UTF-8\nLanguage: en\n"


def texts() -> dict[str, list[str]]:
    """Text → the files it appears in, in order of appearance."""
    found: dict[str, list[str]] = {}
    for path in sorted([*ROOT.rglob("*.jinja"), *ROOT.rglob("*.py")]):
        read = _of_template if path.suffix == ".jinja" else _of_python
        for text in read(path.read_text("utf-8")):
            places = found.setdefault(text, [])
            place = path.relative_to(ROOT).as_posix()
            if place not in places:
                places.append(place)
    return found


def _of_template(source: str) -> Iterator[str]:
    tree = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True).parse(
        source
    )
    for _, function, message in extract_from_ast(tree):
        text = message if isinstance(message, str) else message[0]
        if function == "_" and text:
            yield text


def _of_python(source: str) -> Iterator[str]:
    if "gettext" not in source:
        return
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in PYTHON_NAMES
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            yield node.args[0].value


def read_catalogue(path: Path) -> dict[str, str]:
    """The pairs of a .po file of the plain shape that `write_catalogue` writes."""
    pairs: dict[str, str] = {}
    message = ""
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        if line.startswith("msgid "):
            message = json.loads(line[6:])
        elif line.startswith("msgstr ") and message:
            pairs[message] = json.loads(line[7:])
    return pairs


def catalogue_text(found: dict[str, list[str]], english: dict[str, str]) -> str:
    lines = [
        "# English texts of the pages; the Chinese ones stand in the source.",
        'msgid ""',
        f"msgstr {json.dumps(HEADER)}",
    ]
    for text, places in found.items():
        lines += ["", *(f"#: {place}" for place in places)]
        lines.append(f"msgid {json.dumps(text, ensure_ascii=False)}")
        lines.append(f"msgstr {json.dumps(english.get(text, ''), ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def compiled(pairs: dict[str, str]) -> bytes:
    """GNU .mo, revision 0, little endian: two tables of (length, offset), then the strings."""
    rows = sorted({"": HEADER, **pairs}.items(), key=lambda pair: pair[0].encode())
    keys = [key.encode() for key, _ in rows]
    values = [value.encode() for _, value in rows]
    count, start = len(rows), 28
    at = start + 16 * count
    tables, body = b"", b""
    for strings in (keys, values):
        for item in strings:
            tables += struct.pack("<II", len(item), at + len(body))
            body += item + b"\x00"
    head = struct.pack("<7I", 0x950412DE, 0, count, start, start + 8 * count, 0, at)
    return head + tables + body


def problems() -> list[str]:
    """What is missing or stale, one line each."""
    found, english = texts(), read_catalogue(CATALOGUE)
    lines = [
        f"no English: {text} ({places[0]})"
        for text, places in found.items()
        if not english.get(text)
    ]
    lines += [f"no longer used: {text}" for text in english if text not in found]
    current = {text: english[text] for text in found if english.get(text)}
    compiled_file = CATALOGUE.with_suffix(".mo")
    if not compiled_file.exists() or compiled_file.read_bytes() != compiled(current):
        lines.append("django.mo is not current: run tools/messages.py")
    return lines


def main() -> int:
    if "--check" in sys.argv:
        found = problems()
        print("\n".join(found) or "every text has its English")
        return 1 if found else 0
    found, english = texts(), read_catalogue(CATALOGUE)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    CATALOGUE.write_text(catalogue_text(found, english), "utf-8")
    pairs = {text: english[text] for text in found if english.get(text)}
    CATALOGUE.with_suffix(".mo").write_bytes(compiled(pairs))
    print(f"{len(found)} texts, {len(found) - len(pairs)} without English")
    return 0


if __name__ == "__main__":
    sys.exit(main())
