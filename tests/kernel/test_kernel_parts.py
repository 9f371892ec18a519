"""A file that comes in parts: any order, twice, at once; the whole is what was sent."""

import hashlib
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.kernel.errors import Conflict, Malformed, NotFound, NotVerified, TooLarge
from openrhip.kernel.parts import MAX_PART, Parts, Span


def _sm3(content):
    return hashlib.new("sm3", content).hexdigest()


def _put(parts, number, offset, content):
    parts.put(number=number, offset=offset, digest=_sm3(content), content=content)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_parts_in_any_order_make_the_whole(tmp_path_factory, data):
    content = data.draw(st.binary(min_size=1, max_size=60))
    cuts = sorted({0, len(content), *data.draw(st.lists(st.integers(0, len(content)), max_size=5))})
    pieces = list(enumerate(itertools.pairwise(cuts)))
    parts = Parts(tmp_path_factory.mktemp("parts") / "one", size=len(content))
    for number, (start, end) in data.draw(st.permutations(pieces)):
        with pytest.raises(Conflict):
            b"".join(parts.chunks())
        _put(parts, number, start, content[start:end])
        _put(parts, number, start, content[start:end])
    assert parts.missing() == ()
    assert b"".join(parts.chunks()) == content
    assert [part.number for part in parts.received()] == [number for number, _ in pieces]


def test_an_empty_file_is_whole_at_once(tmp_path):
    parts = Parts(tmp_path / "none", size=0)
    assert parts.missing() == () == parts.received()
    assert b"".join(parts.chunks()) == b""


def test_what_is_refused(tmp_path):
    parts = Parts(tmp_path / "one", size=10)
    _put(parts, 0, 0, b"12345")
    with pytest.raises(Conflict, match="another part came under this number"):
        _put(parts, 0, 5, b"67890")
    with pytest.raises(Conflict, match="overlaps"):
        _put(parts, 1, 4, b"xx")
    with pytest.raises(NotVerified):
        parts.put(number=1, offset=5, digest="0" * 64, content=b"67890")
    with pytest.raises(Malformed):
        _put(parts, 1, 8, b"too long")
    with pytest.raises(TooLarge):
        Parts(tmp_path / "two", size=2 * MAX_PART).put(
            number=0, offset=0, digest="", content=bytes(MAX_PART + 1)
        )
    assert parts.missing() == (Span(5, 5),)


def test_strange_files_in_the_folder_are_no_parts(tmp_path):
    parts = Parts(tmp_path, size=3)
    for name in (".0000-part", "0000-0-3-short", "notes.txt"):
        (tmp_path / name).write_bytes(b"abc")
    assert parts.received() == ()
    parts.forget()
    parts.forget()
    assert not tmp_path.exists()


def test_two_at_once_put_the_same_part(tmp_path):
    parts = Parts(tmp_path / "one", size=1000)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: _put(parts, 3, 0, bytes(1000)), range(8)))
    assert b"".join(parts.chunks()) == bytes(1000)
    assert len(list((tmp_path / "one").iterdir())) == 1


def test_parts_that_overlap_are_read_once(tmp_path):
    """Two processes that each found the place free: the whole still has its length."""
    for number, offset, content in ((0, 0, b"abcde"), (1, 3, b"defgh")):
        Parts(tmp_path / str(number), size=8).put(
            number=number, offset=offset, digest=_sm3(content), content=content
        )
    both = tmp_path / "both"
    both.mkdir()
    for part in tmp_path.glob("[01]/*"):
        part.rename(both / part.name)
    assert b"".join(Parts(both, size=8).chunks()) == b"abcdefgh"


def test_a_file_that_another_request_finished(tmp_path):
    parts = Parts(tmp_path / "one", size=2)
    _put(parts, 0, 0, b"a")
    _put(parts, 1, 1, b"b")
    reading = parts.chunks()
    next(reading)
    parts.forget()
    with pytest.raises(NotFound):
        next(reading)
