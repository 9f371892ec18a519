"""The common subset of regular expressions: what is taken means the same everywhere."""

import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.collect.catalogue import load
from openrhip.collect.rules.expressions import fault_of
from openrhip.collect.sampling.texts import of_pattern


@pytest.mark.parametrize(
    "pattern",
    ["[0-9]{17}", "(1|2)(;(1|2))*", "[0-9A-Z-]{9,22}", r"[A-Z][0-9]{2}(\.[0-9x]{1,3})?", "是|否"],
)
def test_what_is_taken(pattern):
    assert fault_of(pattern) == ""


@pytest.mark.parametrize(
    "pattern",
    [
        "", "a.b", "^a", "a$", r"\d", r"\w", r"\s", r"\bx", r"(a)\1", "(?=a)", "(?:a)", "(?i)a",
        "[^a]", "a*?", "a++", "a{1001}", "a{3,2000}", "[a&&b]", "[a--b]", "[[:alpha:]]", "[]a]",
        "(a", "a)", "[z-a]", "*a", "a|*", "[一-龥]", "\x00", "a" * 501, r"\pL", "[\\d]",
    ],
)  # fmt: skip
def test_what_is_refused(pattern):
    assert fault_of(pattern)


_PIECE = st.sampled_from(["[0-9]", "[A-F]", "a", "b", r"\.", "-", "[x.-]", "中"])
_REPEAT = st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "{0,2}"])
_PATTERNS = st.lists(st.tuples(_PIECE, _REPEAT), min_size=1, max_size=4).map(
    lambda parts: "".join(a + b for a, b in parts)
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(_PATTERNS, min_size=1, max_size=3).map("|".join), st.text("019aAbF.-x中", max_size=6)
)
def test_engines_read_the_subset_alike(pattern, text):
    assert fault_of(pattern) == ""
    here = re.fullmatch(pattern, text) is not None
    there = duckdb.execute("select regexp_full_match(?, ?)", [text, pattern]).fetchone()[0]
    assert here == there


def test_strings_of_a_pattern_match_it():
    patterns = {c.pattern for t in load().tables.values() for c in t.columns if c.pattern}
    patterns |= {v.shape for v in load().values.values() if v.shape}
    assert len(patterns) > 20
    for pattern in patterns:
        made = of_pattern(pattern, 10)
        assert made
        assert all(re.fullmatch(pattern, one) for one in made)
