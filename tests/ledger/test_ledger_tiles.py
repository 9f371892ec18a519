"""Tile names, entry bundles and the reader, full and partial, at every past size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.kernel.errors import Malformed, NotFound, TooLarge
from openrhip.ledger.log import Log, Request
from openrhip.ledger.ports import MemoryStore
from openrhip.ledger.reader import Reader
from openrhip.ledger.rules.merkle import Tree, nodes_of
from openrhip.ledger.rules.tiles import Tile, TileName, bundle, unbundle, width_at


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(0, 0), "tile/0/000"),
        (TileName(0, 1234067), "tile/0/x001/x234/067"),
        (TileName(1, 1000, 17), "tile/1/x001/000.p/17"),
        (TileName(None, 273, 112), "tile/entries/273.p/112"),
        (TileName(63, 999), "tile/63/999"),
    ],
)
def test_names_are_those_of_the_specification(name, path):
    assert name.path() == path
    assert TileName.parse(path) == name


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**15), st.integers(1, 256))
def test_names_read_back(level, index, width):
    name = TileName(level, index, width)
    assert TileName.parse(name.path()) == name


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/999999999999/000",
        "tile/x/000",
        "tile/0/x000/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "tile/٣/000",
        "tile/entries",
        "0/000",
        "tile/0/000/",
        "tile/0/" + "x001/" * 8 + "000",
        "",
    ],
)
def test_other_spellings_are_malformed(path):
    with pytest.raises(Malformed):
        TileName.parse(path)


@given(st.text(alphabet="tile/entrsxp.0123456789", max_size=30))
def test_any_path_is_canonical_or_malformed(path):
    try:
        name = TileName.parse(path)
    except Malformed:
        return
    assert name.path() == path


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_bundles_read_back(entries):
    assert unbundle(bundle(entries)) == entries


def test_broken_bundles_are_refused():
    good = bundle([b"abc", b"de"])
    for broken in (good[:-1], good[:6], good + b"\x00", bundle([b""] * 257)):
        with pytest.raises(Malformed):
            unbundle(broken)
    with pytest.raises(TooLarge):
        bundle([bytes(65_536)])
    assert bundle([bytes(65_535)])[:2] == b"\xff\xff"


def test_the_example_of_the_specification():
    """A tree of 70,000: 273 full level-0 tiles and one of 112, level 1 full and 17, level 2 one."""
    widths = [width_at(0, 272, 70_000), width_at(0, 273, 70_000), width_at(0, 274, 70_000)]
    assert widths == [256, 112, 0]
    assert [width_at(1, index, 70_000) for index in range(3)] == [256, 17, 0]
    assert [width_at(2, index, 70_000) for index in range(2)] == [1, 0]
    assert (width_at(0, 0, 256), width_at(1, 0, 256)) == (256, 1)


def test_a_broken_tile_is_malformed(profile):
    for data in (bytes(31), bytes(257 * 32)):
        with pytest.raises(Malformed):
            Tile(profile, data)


@pytest.fixture
def filled(signer):
    """A log of 66,001 entries: three levels of tiles, none of them even."""
    log = Log(MemoryStore(), signer)
    log.open()
    leaves = [b"entry %d" % number for number in range(66_001)]
    for at in range(0, len(leaves), 4_000):
        log.append([Request(tuple(leaves[at : at + 4_000]))])
    return log, leaves


def test_tiles_and_proofs_of_past_sizes_follow_from_the_entries(filled, profile):
    log, leaves = filled
    hashes = [profile.leaf_hash(leaf) for leaf in leaves]
    nodes = nodes_of(profile, hashes)
    reader = Reader(log.store, profile)
    for size in (1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 66_001):
        expected, tree = Tree(profile, size, nodes), reader.tree(size)
        assert tree.root() == expected.root()
        assert tree.consistency(max(1, size // 2)) == expected.consistency(max(1, size // 2))
        for index in {0, size // 2, size - 1}:
            assert list(reader.prove(index, size).path) == expected.path(index)
    for level, index, width in ((0, 0, 256), (0, 257, 209), (1, 0, 256), (1, 1, 1), (2, 0, 1)):
        name = TileName(level, index, width)
        row = [nodes(8 * level, index * 256 + i) for i in range(width)]
        assert reader.resource(name, 66_001) == b"".join(row)
    assert reader.resource(TileName(0, 3, 7), 66_001) == b"".join(hashes[768:775])
    assert unbundle(reader.resource(TileName(None, 257, 209), 66_001)) == leaves[257 * 256 :]


def test_what_is_not_there_yet_is_not_found(filled, profile):
    log, _ = filled
    reader = Reader(log.store, profile)
    for name in (TileName(0, 257), TileName(0, 257, 210), TileName(0, 258, 1), TileName(3, 0, 1)):
        with pytest.raises(NotFound):
            reader.resource(name, 66_001)
    for name in (TileName(None, 258, 1), TileName(0, 0, 8)):
        with pytest.raises(NotFound):
            reader.resource(name, 7)
    with pytest.raises(NotFound):
        reader.entry(66_001)
    with pytest.raises(NotFound):
        reader.tree(66_002).root()
