"""Regular expressions that every engine reads alike (正则表达式子集).

Literals, classes of ASCII characters, groups, alternatives and bounded repetition; nothing whose
meaning differs between RE2, Java, Rust and Python: no `.`, anchors, look-around, back references,
\\d \\w \\s \\b, negated classes, or lazy repetition.
"""

from __future__ import annotations

import re

LONGEST = 500
MOST_TIMES = 1_000  # RE2 takes no more
_TOKEN = re.compile(
    r"(?P<escape>\\[\\.^$*+?{}\[\]()|/&~-])"
    r"|(?P<class>\[(?:\\[\\\]\[^-]|[!-Z^-~ ])+\])"
    r"|(?P<repeat>[*+?]|\{[0-9]{1,4}(?:,(?:[0-9]{1,4})?)?\})"
    r"|(?P<mark>[()|])"
    r"|(?P<literal>[^\\.^$*+?{}\[\]()|\x00-\x1f])"
)
_NUMBER = re.compile(r"[0-9]+")


def fault_of(pattern: str) -> str:
    """What keeps a pattern out of the common subset, or "" if nothing does."""
    if not 0 < len(pattern) <= LONGEST:
        return f"a pattern has 1 … {LONGEST} characters"
    at, before = 0, ""
    while at < len(pattern):
        found = _TOKEN.match(pattern, at)
        if found is None:
            return f"what starts at place {at + 1} is read differently by engines or not allowed"
        kind, text = str(found.lastgroup), found.group()
        if problem := _token_fault(kind, text, before):
            return f"{problem} at place {at + 1}"
        at, before = found.end(), text if kind == "mark" else kind
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"no regular expression: {error}"
    return ""


def _token_fault(kind: str, text: str, before: str) -> str:
    if kind == "class":
        if text.startswith("[^"):
            return "a negated class"
        if any(double in text for double in ("&&", "--", "~~", "||")):
            return "a class that Java or Rust reads as an operation"
    if kind == "repeat":
        if before in {"repeat", "(", "|", ""}:
            return "lazy or repeated repetition, or nothing to repeat"
        if any(int(number) > MOST_TIMES for number in _NUMBER.findall(text)):
            return f"more than {MOST_TIMES} repetitions"
    return ""
