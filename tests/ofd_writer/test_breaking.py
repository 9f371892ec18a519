"""Line breaking: every character in one line, in order; 避头尾; words whole."""

from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats.ofd.layout.breaking import (
    NO_END,
    NO_START,
    break_lines,
    is_word,
    may_break,
)

WORDS = st.text(
    st.sampled_from("患者胸痛三天，。、（）《》“”…—abcXYZ019 .,%/-（㛃𠮷䶮℃↑"), max_size=300
)


def _sums(text: str, latin: float = 0.5) -> list[float]:
    return [0.0, *accumulate(latin if c < "\u2e80" else 1.0 for c in text)]


@settings(deadline=None)
@given(WORDS, st.floats(0.1, 60), st.floats(0.1, 60))
def test_every_character_is_in_one_line_in_order(text, first, rest):
    lines = break_lines(text, _sums(text), first, rest)
    assert "".join(text[a:b] for a, b in lines) == text
    assert all(a < b for a, b in lines) or text == ""


@settings(deadline=None)
@given(WORDS, st.floats(4, 60))
def test_no_line_is_wider_than_its_room_but_for_hanging_spaces(text, width):
    sums = _sums(text)
    for start, end in break_lines(text, sums, width, width):
        shown = text[start:end].rstrip(" ")
        assert sums[start + len(shown)] - sums[start] <= width + 1e-6 or len(shown) == 1


@settings(deadline=None)
@given(WORDS, st.floats(12, 60))
def test_marks_do_not_begin_or_end_a_line_where_it_can_be_helped(text, width):
    lines = break_lines(text, _sums(text), width, width)
    for start, cut in lines[:-1]:
        if may_break(text, cut):
            assert text[cut] not in NO_START
            assert text[cut - 1] not in NO_END
        else:  # only when the whole line offered no place at all
            assert not any(may_break(text, at) for at in range(start + 1, cut))


@settings(deadline=None)
@given(WORDS, st.floats(12, 60))
def test_words_are_cut_only_when_longer_than_a_line(text, width):
    lines = break_lines(text, _sums(text), width, width)
    for start, cut in lines[:-1]:
        if is_word(text[cut]) and is_word(text[cut - 1]) and text[cut] != " ":
            assert not any(may_break(text, at) for at in range(start + 1, cut))


def test_a_comma_is_never_first():
    text = "一二三四五六七八九，十"
    lines = break_lines(text, _sums(text), 9.0, 9.0)
    assert [text[a:b] for a, b in lines] == ["一二三四五六七八", "九，十"]


def test_an_opening_bracket_is_never_last():
    text = "一二三四五六七八（九十）"
    lines = break_lines(text, _sums(text), 9.0, 9.0)
    assert [text[a:b] for a, b in lines] == ["一二三四五六七八", "（九十）"]


def test_a_measure_stays_whole():
    text = "血压一百四十/九十为120/80mmHg↑，"
    lines = break_lines(text, _sums(text), 13.0, 13.0)
    assert [text[a:b] for a, b in lines] == ["血压一百四十/九十为", "120/80mmHg↑，"]


def test_two_dashes_are_one_mark():
    assert not may_break("甲——乙", 2)
    assert not may_break("甲……乙", 2)


def test_a_word_longer_than_the_line_is_cut():
    text = "A" * 100
    lines = break_lines(text, _sums(text), 10.0, 10.0)
    assert [b - a for a, b in lines] == [20] * 5


def test_nothing_is_one_empty_line():
    assert break_lines("", [0.0], 10, 10) == [(0, 0)]
