"""The c2sp profile before another judge: Go's `golang.org/x/mod/sumdb/tlog` and `note`.

Needs the Debian packages golang-go and golang-golang-x-mod-dev; no network. Our proofs, our tiles,
our notes and several hundred forgeries are judged by both, and both must agree on every one.
"""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from openrhip.kernel.errors import NotVerified, Problem
from openrhip.ledger.log import Log, Request
from openrhip.ledger.ports import MemoryStore
from openrhip.ledger.reader import Reader
from openrhip.ledger.rules import C2SP, NoteSigner, verify_consistency, verify_inclusion
from openrhip.ledger.rules.notes import open_note
from openrhip.ledger.rules.tiles import WIDTH, TileName, width_at

GO_PATH = Path("/usr/share/gocode")
SIZE = 700
CASES = 600

pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("go") and (GO_PATH / "src/golang.org/x/mod/sumdb/tlog").is_dir()),
        reason="Go or its tlog is missing: apt install golang-go golang-golang-x-mod-dev",
    ),
    pytest.mark.xdist_group("ledger-go"),
]


@pytest.fixture(scope="module")
def ask(tmp_path_factory):
    """Build the judge once; a function that puts a question to it."""
    folder = tmp_path_factory.mktemp("crosscheck")
    source = Path(__file__).parent / "go" / "crosscheck.go"
    settings = {"GO111MODULE": "off", "GOPATH": str(GO_PATH), "GOFLAGS": "", "CGO_ENABLED": "0"}
    environment = os.environ | settings | {"GOCACHE": str(folder / "cache")}
    program = folder / "crosscheck"
    subprocess.run(
        ["go", "build", "-o", str(program), str(source)], env=environment, check=True, timeout=280
    )

    def put(question: dict) -> dict:
        done = subprocess.run(
            [str(program)], input=json.dumps(question).encode(), stdout=subprocess.PIPE, check=True
        )
        return json.loads(done.stdout)

    return put


@pytest.fixture(scope="module")
def log():
    log = Log(MemoryStore(), NoteSigner.generate("ledger.example/city", C2SP))
    log.open()
    leaves = [b"leaf %d" % number for number in range(SIZE)]
    for at in range(0, SIZE, 90):
        log.append([Request(tuple(leaves[at : at + 90]))])
    return log


def text(hash_: bytes) -> str:
    return base64.b64encode(hash_).decode()


def wire(case: dict, small: str, large: str, path: str, pair: tuple[str, str]) -> dict:
    return {
        "Small": case[small],
        "Large": case[large],
        "SmallHash": text(case[pair[0]]),
        "LargeHash": text(case[pair[1]]),
        "Hashes": [text(hash_) for hash_ in case[path]],
    }


def accepted(verify, case: dict) -> bool:
    try:
        verify(C2SP, **case)
    except NotVerified:
        return False
    return True


def forged(draw: random.Random, case: dict, numbers: tuple[str, str], path: str) -> dict:
    """The case with one thing wrong, or, now and then, with nothing changed in effect."""
    case = dict(case)
    choice = draw.choice(["number", "hash", "short", "long", "swap", "bit", "root"])
    hashes = list(case[path])
    if choice == "number" or not hashes:
        name = draw.choice(numbers)
        case[name] = max(1, case[name] + draw.choice([-2, -1, 1, 2]))
    elif choice == "hash":
        hashes[draw.randrange(len(hashes))] = draw.randbytes(32)
    elif choice == "short":
        del hashes[draw.randrange(len(hashes))]
    elif choice == "long":
        hashes.insert(draw.randrange(len(hashes) + 1), draw.choice(hashes))
    elif choice == "swap":
        draw.shuffle(hashes)
    elif choice == "bit":
        at = draw.randrange(len(hashes))
        hashes[at] = (int.from_bytes(hashes[at], "big") ^ 1 << draw.randrange(256)).to_bytes(
            32, "big"
        )
    else:
        name = draw.choice([name for name in case if isinstance(case[name], bytes)])
        case[name] = draw.randbytes(32)
    return case | {path: hashes}


def inclusion_cases(reader: Reader, draw: random.Random):
    for number in range(CASES):
        size = draw.randint(1, SIZE)
        index = draw.randrange(size)
        proof = reader.prove(index, size)
        root = reader.tree(size).root()
        case = {
            "leaf_hash": proof.leaf_hash,
            "index": index,
            "size": size,
            "path": list(proof.path),
            "root": root,
        }
        yield case if number % 2 else forged(draw, case, ("index", "size"), "path")


def consistency_cases(reader: Reader, draw: random.Random):
    for number in range(CASES):
        new = draw.randint(1, SIZE)
        old = draw.randint(1, new)
        case = {
            "old": old,
            "new": new,
            "old_root": reader.tree(old).root(),
            "new_root": reader.tree(new).root(),
            "proof": reader.tree(new).consistency(old),
        }
        yield case if number % 2 else forged(draw, case, ("old", "new"), "proof")


def test_go_agrees_on_every_proof_and_every_forgery(ask, log):
    draw = random.Random(6962)  # noqa: S311 - the same cases each time
    reader = Reader(log.store, C2SP)
    inclusion = list(inclusion_cases(reader, draw))
    consistency = list(consistency_cases(reader, draw))
    answer = ask(
        {
            "Leaves": [text(leaf) for leaf in log.store.entries(0, SIZE)],
            "Inclusion": [
                wire(c, "index", "size", "path", ("leaf_hash", "root")) for c in inclusion
            ],
            "Consistency": [
                wire(c, "old", "new", "proof", ("old_root", "new_root")) for c in consistency
            ],
        }
    )
    assert answer["Roots"] == [text(reader.tree(size).root()) for size in range(1, SIZE + 1)]
    ours = [accepted(verify_inclusion, case) for case in inclusion]
    assert ours == answer["Inclusion"]
    assert all(ours[1::2])
    assert ours[::2].count(False) > CASES // 3
    ours = [accepted(verify_consistency, case) for case in consistency]
    assert ours == answer["Consistency"]
    assert all(ours[1::2])
    assert ours[::2].count(False) > CASES // 3
    for case, theirs in list(zip(inclusion, answer["ProveRecord"], strict=True))[1::2]:
        assert [text(hash_) for hash_ in case["path"]] == theirs
    for case, theirs in list(zip(consistency, answer["ProveTree"], strict=True))[1::2]:
        assert [text(hash_) for hash_ in case["proof"]] == theirs


def tiles_of(reader: Reader, size: int) -> dict[str, str]:
    found = {}
    for level in range(3):
        index = 0
        while width := width_at(level, index, size):
            name = TileName(level, index, width)
            found[name.path()] = text(reader.resource(name, size))
            index += 1
        assert index == -(-(size >> 8 * level) // WIDTH)
    return found


@pytest.mark.parametrize("size", [2, 255, 256, 257, 512, 700])
def test_go_proves_every_leaf_out_of_our_tiles(ask, log, size):
    reader = Reader(log.store, C2SP)
    leaves = [text(leaf) for leaf in log.store.entries(0, size)]
    tiles = tiles_of(reader, size)
    answer = ask({"Leaves": leaves, "Tiles": tiles})
    assert answer["TilesProve"], answer["TileProblem"]
    path = next(iter(tiles))
    broken = bytearray(base64.b64decode(tiles[path]))
    broken[-1] ^= 1
    answer = ask({"Leaves": leaves, "Tiles": tiles | {path: text(bytes(broken))}})
    assert not answer["TilesProve"]


def test_go_opens_our_checkpoints_and_refuses_what_we_refuse(ask, log):
    key = log.signer.key
    good = [note for _, note in log.store.checkpoints(-1, 100)]
    stranger = NoteSigner.generate(key.name, C2SP)
    draw = random.Random(7)  # noqa: S311 - the same cases each time
    notes = [*good, stranger.sign("a\n1\nb\n"), "", good[1] + good[2]]
    for _ in range(300):
        data = list(draw.choice(good))
        data[draw.randrange(len(data))] = chr(draw.choice([10, 32, 43, 65, 97, 48, 0x2014, 9]))
        notes.append("".join(data))
    answer = ask({"VKey": str(key), "Notes": notes})
    ours = []
    for note in notes:
        try:
            ours.append(open_note(note, [key]))
        except Problem:
            ours.append("")
    assert ours == answer["NoteText"]
    assert answer["NoteTreeSize"][: len(good)] == [
        size for size, _ in log.store.checkpoints(-1, 100)
    ]
