"""Framed encryption: any size, any pieces; nothing changed, moved, dropped or cut off passes."""

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats.gm import frames
from openrhip.kernel.errors import NotFound, NotVerified, Problem
from openrhip.records.adapters.file_keys import FileKeys
from openrhip.records.ports import MemoryKeeper

KEY, CONTEXT = bytes(range(16)), b"document"


def encrypted(content, monkeypatch=None):
    return b"".join(frames.encrypt([content], key=KEY, context=CONTEXT))


def decrypted(data, *, key=KEY, context=CONTEXT):
    return b"".join(frames.decrypt([data], key=key, context=context))


@pytest.fixture
def small_frames(monkeypatch):
    monkeypatch.setattr(frames, "FRAME", 16)


@settings(max_examples=60)
@given(content=st.binary(max_size=100), cuts=st.lists(st.integers(1, 40), max_size=8))
def test_it_comes_back_in_whatever_pieces_it_travels(content, cuts):
    data = encrypted(content)
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(data[at : at + cut])
        at += cut
    pieces.append(data[at:])
    assert b"".join(frames.decrypt(pieces, key=KEY, context=CONTEXT)) == content


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 32, 33, 160])
def test_frames_of_every_boundary(small_frames, size):
    content = bytes(range(size))
    assert decrypted(encrypted(content)) == content


def test_each_changed_byte_is_noticed(small_frames):
    data = encrypted(bytes(50))
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        with pytest.raises(Problem):
            decrypted(bytes(changed))


def test_cut_off_at_any_place_is_noticed(small_frames):
    data = encrypted(bytes(50))
    for end in range(len(data)):
        with pytest.raises(Problem):
            decrypted(data[:end])


def test_frames_cannot_be_moved_dropped_or_doubled(small_frames):
    data = encrypted(bytes(range(64)))
    head, size = data[: frames.HEADER], 32
    pieces = [data[at : at + size] for at in range(frames.HEADER, len(data), size)]
    assert len(pieces) == 4
    orders = ([1, 0, 2, 3], [0, 2, 3], [0, 1, 1, 2, 3], [0, 1, 2, 3, 3], [3])
    for order in orders:
        with pytest.raises(NotVerified):
            decrypted(head + b"".join(pieces[at] for at in order))


def test_another_key_or_document_does_not_open_it():
    data = encrypted(b"record")
    with pytest.raises(NotVerified):
        decrypted(data, key=bytes(16))
    with pytest.raises(NotVerified):
        decrypted(data, context=b"other")


def test_memory_stays_bounded():
    size = 24 << 20
    source = (bytes(1 << 16) for _ in range(size >> 16))
    tracemalloc.start()
    stream = frames.decrypt(
        frames.encrypt(source, key=KEY, context=CONTEXT), key=KEY, context=CONTEXT
    )
    total = sum(len(piece) for piece in stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == size
    assert peak < 4 << 20


def test_wrapped_keys_belong_to_their_document(tmp_path):
    for keeper in (MemoryKeeper(), FileKeys(tmp_path / "keys")):
        key = frames.new_key()
        key_id, wrapped = keeper.wrap(key, context=b"one")
        assert key not in wrapped
        assert keeper.unwrap(key_id, wrapped, context=b"one") == key
        with pytest.raises(NotVerified):
            keeper.unwrap(key_id, wrapped, context=b"two")
        with pytest.raises(NotFound):
            keeper.unwrap("file:999999", wrapped, context=b"one")


def test_old_keys_still_open_after_a_rotation(tmp_path):
    keeper = FileKeys(tmp_path / "keys")
    old_id, wrapped = keeper.wrap(bytes(16), context=b"x")
    keeper.rotate()
    new_id, _ = keeper.wrap(bytes(16), context=b"x")
    assert new_id != old_id
    again = FileKeys(tmp_path / "keys")
    assert again.unwrap(old_id, wrapped, context=b"x") == bytes(16)
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "keys").iterdir())


def test_workers_that_start_together_make_one_key(tmp_path):
    """Each has its own keeper, as each web process has: no key that wrapped anything is lost."""
    folder = tmp_path / "keys"
    gate = threading.Barrier(12)

    def first_document(number):
        keeper = FileKeys(folder)
        gate.wait()
        return keeper.wrap(bytes([number]) * 16, context=b"c")

    with ThreadPoolExecutor(12) as pool:
        wrapped = list(pool.map(first_document, range(12)))
    later = FileKeys(folder)
    for number, (name, blob) in enumerate(wrapped):
        assert later.unwrap(name, blob, context=b"c") == bytes([number]) * 16
