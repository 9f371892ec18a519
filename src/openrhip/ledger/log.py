"""The log itself (日志): groups of requests become entries, tiles and a signed checkpoint.

`Log` is synchronous and belongs to one thread. The order of a commit is: place, hash, sign, write
in one transaction, and only then answer. A request may carry an idempotency key: the same key with
the same bytes is placed once, whatever happened to the answer; with other bytes it is a Conflict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from openrhip.kernel.errors import Conflict, Misconfigured, Problem, Unavailable
from openrhip.ledger.ports import Group, Store
from openrhip.ledger.reader import Reader
from openrhip.ledger.rules.checkpoints import Checkpoint
from openrhip.ledger.rules.encoding import hash_text, to_base64
from openrhip.ledger.rules.merkle import Tree
from openrhip.ledger.rules.notes import NoteSigner, open_note
from openrhip.ledger.rules.receipts import Receipt
from openrhip.ledger.rules.tiles import WIDTH, Frontier


@dataclass(frozen=True, slots=True)
class Request:
    """leaves: checked bytes of entries, in order; key: idempotency key or empty."""

    leaves: tuple[bytes, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the entries of a request are: `count` of them from `first` on."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Head:
    """A committed state: its checkpoint, the signed note, and the tree while it is the newest."""

    checkpoint: Checkpoint
    note: str
    tree: Tree

    def receipt(self, index: int, leaf: bytes) -> Receipt:
        """The receipt of an entry."""
        path = tuple([hash_text(hash_) for hash_ in self.tree.path(index)])
        leaf_hash = to_base64(self.tree.profile.leaf_hash(leaf))
        return Receipt(self.checkpoint.origin, index, leaf_hash, self.note, path)


class Log:
    """One log: frontier in memory, the rest in the store."""

    def __init__(self, store: Store, signer: NoteSigner) -> None:
        self.store = store
        self.signer = signer
        self.profile = signer.key.profile
        self.origin = signer.key.name
        self.reader = Reader(store, self.profile)
        self.frontier = Frontier(self.profile)
        self.head: Head | None = None

    def open(self) -> Head:
        """Take the store for writing and check its newest checkpoint; a new log gets its first.

        Raises Misconfigured if the store holds another log, or has lost what was answered before.
        """
        self.store.open(write=True)
        try:
            head = self._begin()
            if self.head is not None:
                check_not_behind(self.reader, self.frontier.size, self.head.checkpoint)
        except BaseException:
            self.store.close()
            raise
        self.head = head
        return head

    def append(self, requests: Sequence[Request]) -> list[Placed | Problem]:
        """Commit a group. After a failure of the store everything must be asked for again: `open`.

        Answers a place or a Problem for each request; `head` then covers all of them.
        Raises Unavailable, and then none of the group may be taken as written.
        """
        size = self.frontier.size
        known = self.store.requests([request.key for request in requests if request.key])
        leaves: list[bytes] = []
        answers: list[Placed | Problem] = []
        new: dict[str, tuple[int, tuple[bytes, ...]]] = {}
        for request in requests:
            if request.key in new:
                first, before = new[request.key]
                answers.append(_same(request, first, before))
            elif request.key in known:
                first, count = known[request.key]
                before = tuple(self.store.entries(first, count))
                answers.append(_same(request, first, before))
            else:
                first = size + len(leaves)
                answers.append(Placed(first, len(request.leaves)))
                leaves += request.leaves
                if request.key:
                    new[request.key] = (first, request.leaves)
        if leaves:
            rows = [(key, first, len(mine)) for key, (first, mine) in new.items()]
            self.head = self._commit(leaves, rows)
        return answers

    def _begin(self) -> Head:
        self.reader = Reader(self.store, self.profile)
        latest = self.store.latest()
        if latest is not None:
            return self._load(*latest)
        self.frontier = Frontier(self.profile)
        head = self._sign()
        self.store.commit(Group(0, (), (), (), 0, head.note))
        return head

    def _commit(self, leaves: list[bytes], rows: list[tuple[str, int, int]]) -> Head:
        grown = self.frontier.add(self.profile.leaf_hashes(leaves))
        for level, index, tile in grown.full:
            self.reader.full.keep((level, index), tile)
        try:
            head = self._sign()
            tiles = [(level, index, tile.data()) for level, index, tile in grown.full]
            size = self.frontier.size
            self.store.commit(Group(grown.before, leaves, tiles, rows, size, head.note))
        except BaseException:
            for level, index, _ in grown.full:
                self.reader.full.pop((level, index), None)
            self.frontier.undo(grown)
            raise
        return head

    def _sign(self) -> Head:
        frontier, full = self.frontier, self.reader.full_tile
        tree = Tree(self.profile, frontier.size, lambda h, i: frontier.node(h, i, full))
        checkpoint = Checkpoint(self.origin, frontier.size, tree.root())
        return Head(checkpoint, self.signer.sign(checkpoint.text()), tree)

    def _load(self, size: int, note: str) -> Head:
        try:
            checkpoint = Checkpoint.parse(open_note(note, [self.signer.key]))
        except Problem as problem:
            raise Misconfigured(
                f"the newest checkpoint in the store is not signed by this log's key: {problem}",
                remedy="give the ledger the home folder or database it was started with",
            ) from problem
        first = size - size % WIDTH
        leaf_hashes = self.profile.leaf_hashes(self.store.entries(first, WIDTH))
        self.frontier = Frontier.load(self.profile, size, leaf_hashes, self.reader.full_tile)
        frontier, full = self.frontier, self.reader.full_tile
        tree = Tree(self.profile, size, lambda h, i: frontier.node(h, i, full))
        whole = len(leaf_hashes) == size % WIDTH
        if not whole or (size, tree.root()) != (checkpoint.size, checkpoint.root):
            raise Misconfigured(
                "the stored entries do not lead to the newest checkpoint",
                remedy="run `openrhip ledger replay` and restore the store from a backup",
            )
        return Head(checkpoint, note, tree)


def check_not_behind(reader: Reader, size: int, before: Checkpoint) -> None:
    """The log must contain what an earlier checkpoint of it showed. Raises Misconfigured."""
    if size < before.size or reader.tree(before.size).root() != before.root:
        raise Misconfigured(
            f"the store no longer contains the log of size {before.size} that was signed before",
            remedy="a log must never go back: restore the newest copy of its store",
        )


def _same(request: Request, first: int, before: tuple[bytes, ...]) -> Placed | Problem:
    if before == request.leaves:
        return Placed(first, len(before))
    return Conflict(
        "this idempotency key was used for other entries", remedy="use a new key for new entries"
    )


def unavailable(reason: str) -> Unavailable:
    """The answer while the log cannot be written."""
    return Unavailable(f"the ledger cannot write: {reason}", remedy="ask again with the same key")
