"""The tree against the definition of RFC 6962, its vectors, and forgeries of every kind."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.kernel.errors import Malformed, NotFound, NotVerified
from openrhip.ledger.rules import C2SP, GM, root_hash, verify_consistency, verify_inclusion
from openrhip.ledger.rules.merkle import Tree, batch_nodes, nodes_of
from openrhip.ledger.rules.tiles import Frontier

VECTORS = Path(__file__).parent.parent / "vectors" / "ledger"
PROFILES = st.sampled_from([GM, C2SP])


def naive(algorithm: str, leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return hashlib.new(algorithm, b"").digest()
    if len(leaves) == 1:
        return hashlib.new(algorithm, b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    sides = naive(algorithm, leaves[:k]) + naive(algorithm, leaves[k:])
    return hashlib.new(algorithm, b"\x01" + sides).digest()


def leaves_of(count: int) -> list[bytes]:
    return [b"leaf %d" % number for number in range(count)]


@given(PROFILES, st.lists(st.binary(max_size=40), max_size=40))
def test_the_root_is_that_of_the_definition(profile, leaves):
    hashes = [profile.leaf_hash(leaf) for leaf in leaves]
    assert root_hash(profile, hashes) == naive(profile.algorithm, leaves)


@given(PROFILES, st.data())
def test_every_inclusion_proof_verifies_and_no_other_place_does(profile, data):
    size = data.draw(st.integers(1, 300))
    index = data.draw(st.integers(0, size - 1))
    hashes = [profile.leaf_hash(leaf) for leaf in leaves_of(size)]
    tree = Tree(profile, size, nodes_of(profile, hashes))
    path, root = tree.path(index), tree.root()
    right = {"leaf_hash": hashes[index], "index": index, "size": size, "path": path, "root": root}
    verify_inclusion(profile, **right)
    other = data.draw(st.integers(0, size).filter(lambda i: i != index))
    forgeries = [
        {"index": other},
        {"leaf_hash": profile.leaf_hash(b"forged")},
        {"root": profile.leaf_hash(b"forged")},
        {"path": [*path, root]},
        {"size": index},
        {"path": [hash_[:31] for hash_ in path] or [b""]},
    ]
    if path:
        forgeries += [{"path": path[:-1]}, {"path": path[1:]}, {"path": [*path[::-1], root]}]
    for forgery in forgeries:
        with pytest.raises(NotVerified):
            verify_inclusion(profile, **(right | forgery))


@given(PROFILES, st.data())
def test_every_consistency_proof_verifies_and_no_other_does(profile, data):
    new = data.draw(st.integers(1, 300))
    old = data.draw(st.integers(1, new))
    hashes = [profile.leaf_hash(leaf) for leaf in leaves_of(new)]
    nodes = nodes_of(profile, hashes)
    tree = Tree(profile, new, nodes)
    right = {
        "old": old,
        "new": new,
        "old_root": Tree(profile, old, nodes).root(),
        "new_root": tree.root(),
        "proof": tree.consistency(old),
    }
    verify_consistency(profile, **right)
    forged = profile.leaf_hash(b"forged")
    forgeries = [
        {"old_root": forged},
        {"new_root": forged},
        {"proof": [*right["proof"], forged]},
        {"old": new + 1},
    ]
    if right["proof"]:
        forgeries += [{"proof": right["proof"][:-1]}, {"proof": right["proof"][1:]}, {"proof": []}]
        changed = data.draw(st.integers(0, len(right["proof"]) - 1))
        bad = list(right["proof"])
        bad[changed] = forged
        forgeries.append({"proof": bad})
    for forgery in forgeries:
        with pytest.raises(NotVerified):
            verify_consistency(profile, **(right | forgery))


def test_the_empty_tree_is_the_beginning_of_every_tree(profile):
    root = profile.leaf_hash(b"x")
    empty = {"old": 0, "old_root": profile.empty_root, "proof": []}
    verify_consistency(profile, new=1, new_root=root, **empty)
    verify_consistency(profile, new=0, new_root=profile.empty_root, **empty)
    with pytest.raises(NotVerified):
        verify_consistency(profile, new=1, new_root=root, **(empty | {"old_root": root}))
    with pytest.raises(NotVerified):
        verify_consistency(profile, new=1, new_root=root, **(empty | {"proof": [root]}))


def test_a_node_cannot_pass_for_a_leaf(profile):
    left, right = profile.leaf_hash(b"a"), profile.leaf_hash(b"b")
    assert profile.leaf_hash(left + right) != profile.node_hash(left, right)


@given(PROFILES, st.data())
def test_a_batch_proof_gives_root_and_all_paths(profile, data):
    size = data.draw(st.integers(1, 200))
    first = data.draw(st.integers(0, size - 1))
    end = data.draw(st.integers(first + 1, size))
    hashes = [profile.leaf_hash(leaf) for leaf in leaves_of(size)]
    tree = Tree(profile, size, nodes_of(profile, hashes))
    beside = tree.around(first, end)
    given_ = {"first": first, "size": size, "leaf_hashes": hashes[first:end], "beside": beside}
    seen = batch_nodes(profile, **given_)
    assert seen.root() == tree.root()
    assert all(seen.path(index) == tree.path(index) for index in range(first, end))
    with pytest.raises(NotVerified):
        batch_nodes(profile, **(given_ | {"beside": [*beside, hashes[0]]}))
    if beside:
        with pytest.raises(NotVerified):
            batch_nodes(profile, **(given_ | {"beside": beside[:-1]}))
        wrong = [profile.leaf_hash(b"forged"), *beside[1:]]
        assert batch_nodes(profile, **(given_ | {"beside": wrong})).root() != tree.root()


@given(PROFILES, st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_the_frontier_grows_to_the_same_tree_and_can_take_back(profile, groups):
    """Groups of any size, over tile borders; an undone group leaves no trace."""
    hashes = [profile.leaf_hash(b"%d" % number) for number in range(sum(groups) + 600)]
    frontier, full = Frontier(profile), {}
    at = 0
    for group in groups:
        undone = frontier.add(hashes[at + 1 : at + 601])
        frontier.undo(undone)
        grown = frontier.add(hashes[at : at + group])
        full.update({(level, index): tile for level, index, tile in grown.full})
        at += group

    def node(height, index):
        return frontier.node(height, index, lambda level, tile: full[level, tile])

    tree, nodes = Tree(profile, at, node), nodes_of(profile, hashes[:at])
    expected = Tree(profile, at, nodes)
    assert tree.root() == expected.root()
    for index in {0, at // 3, at - 1}:
        assert tree.path(index) == expected.path(index)
    loaded = Frontier.load(
        profile, at, hashes[at - at % 256 : at], lambda level, tile: full[level, tile]
    )
    filled = [[tile.rows for tile in f.open if tile.width] for f in (loaded, frontier)]
    assert filled[0] == filled[1]


def test_vectors_of_rfc_6962():
    vectors = json.loads((VECTORS / "rfc6962.json").read_text())
    hashes = [C2SP.leaf_hash(bytes.fromhex(leaf)) for leaf in vectors["leaves"]]
    nodes = nodes_of(C2SP, hashes)
    assert C2SP.empty_root.hex() == vectors["empty_root"]
    for size, root in enumerate(vectors["roots"], 1):
        assert root_hash(C2SP, hashes[:size]).hex() == root
    for case in vectors["inclusion"]:
        path = Tree(C2SP, case["size"], nodes).path(case["index"])
        assert [hash_.hex() for hash_ in path] == case["path"]
    for case in vectors["consistency"]:
        proof = Tree(C2SP, case["new"], nodes).consistency(case["old"])
        assert [hash_.hex() for hash_ in proof] == case["proof"]


def test_what_a_tree_does_not_have_is_refused(profile):
    hashes = [profile.leaf_hash(leaf) for leaf in leaves_of(3)]
    tree = Tree(profile, 3, nodes_of(profile, hashes))
    for deed in (
        lambda: tree.path(3),
        lambda: tree.path(-1),
        lambda: tree.consistency(0),
        lambda: tree.consistency(4),
        lambda: tree.around(2, 2),
        lambda: tree.around(0, 4),
    ):
        with pytest.raises(Malformed):
            deed()
    frontier = Frontier(profile)
    frontier.add(hashes)
    with pytest.raises(NotFound):
        frontier.node(0, 3, lambda level, index: pytest.fail("no full tile is asked for"))
