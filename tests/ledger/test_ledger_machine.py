"""A model of the log: any order of appends, retries, conflicts, failures and restarts."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from openrhip.kernel.errors import Conflict, Unavailable
from openrhip.ledger.audit import audit
from openrhip.ledger.log import Log, Placed, Request
from openrhip.ledger.ports import MemoryStore
from openrhip.ledger.rules import C2SP, Checkpoint, Entry, NoteSigner, root_hash, verify_consistency
from openrhip.ledger.rules.notes import open_note


class Store(MemoryStore):
    """Fails on order, before or after the write."""

    fail = ""

    def commit(self, group):
        fail, self.fail = self.fail, ""
        if fail == "before":
            raise Unavailable("planned")
        super().commit(group)
        if fail == "after":
            raise Unavailable("planned")


def leaf(number: int) -> bytes:
    fields = {
        "time": "2026-11-24T08:30:00.000000Z",
        "document": f"{number:064x}",
        "institution": "h1",
    }
    return Entry("deposit", fields).leaf


class LogMachine(RuleBasedStateMachine):
    """`expected`: what the log must hold; `keys`: acknowledged requests; `lost`: without answer."""

    @initialize()
    def start(self):
        self.store = Store()
        self.signer = NoteSigner.generate("ledger.example/model", C2SP)
        self.log = Log(self.store, self.signer)
        self.log.open()
        self.expected: list[bytes] = []
        self.keys: dict[str, tuple[int, tuple[bytes, ...]]] = {}
        self.lost: dict[str, tuple[bytes, ...]] = {}
        self.notes = [self.log.head.note]
        self.number = 0

    def make(self, count: int) -> tuple[bytes, ...]:
        self.number += count
        return tuple(leaf(number) for number in range(self.number - count, self.number))

    @rule(counts=st.lists(st.integers(1, 140), min_size=1, max_size=4), keyed=st.booleans())
    def append(self, counts, keyed):
        requests = [
            Request(self.make(count), f"key-{self.number}" if keyed else "") for count in counts
        ]
        at = len(self.expected)
        for request, place in zip(requests, self.log.append(requests), strict=True):
            assert place == Placed(at, len(request.leaves))
            at += len(request.leaves)
            self.expected += request.leaves
            if request.key:
                self.keys[request.key] = (place.first, request.leaves)
        self.notes.append(self.log.head.note)

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def ask_again(self, data):
        key = data.draw(st.sampled_from(sorted(self.keys)))
        first, leaves = self.keys[key]
        assert self.log.append([Request(leaves, key)]) == [Placed(first, len(leaves))]

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def ask_otherwise(self, data):
        key = data.draw(st.sampled_from(sorted(self.keys)))
        [answer] = self.log.append([Request((*self.keys[key][1], leaf(0)), key)])
        assert isinstance(answer, Conflict)

    @rule(count=st.integers(1, 300), when=st.sampled_from(["before", "after"]))
    def fail(self, count, when):
        self.store.fail = when
        leaves, key = self.make(count), f"lost-{self.number}"
        try:
            self.log.append([Request(leaves, key)])
        except Unavailable:
            self.lost[key] = leaves
        else:
            raise AssertionError("the failure was not told")
        if when == "after":
            self.expected += leaves
        self.log.open()

    @precondition(lambda self: self.lost)
    @rule(data=st.data())
    def ask_for_what_was_lost(self, data):
        key = data.draw(st.sampled_from(sorted(self.lost)))
        leaves = self.lost.pop(key)
        before = len(self.expected)
        [place] = self.log.append([Request(leaves, key)])
        if place.first == before:
            self.expected += leaves
        assert tuple(self.expected[place.first : place.first + place.count]) == leaves
        self.keys[key] = (place.first, leaves)

    @rule()
    def restart(self):
        self.log = Log(self.store, self.signer)
        self.log.open()

    @invariant()
    def the_log_is_what_it_must_be(self):
        head = self.log.head.checkpoint
        hashes = [C2SP.leaf_hash(one) for one in self.expected]
        assert head == Checkpoint(self.signer.key.name, len(hashes), root_hash(C2SP, hashes))
        assert self.store.entries(0, len(hashes) + 1) == self.expected

    @invariant()
    def no_checkpoint_was_ever_taken_back(self):
        head = self.log.head.checkpoint
        tree = self.log.reader.tree(head.size)
        for note in self.notes[-3:]:
            seen = Checkpoint.parse(open_note(note, [self.signer.key]))
            verify_consistency(
                C2SP,
                old=seen.size,
                new=head.size,
                old_root=seen.root,
                new_root=head.root,
                proof=tree.consistency(seen.size) if seen.size else [],
            )

    def teardown(self):
        assert audit(self.store, self.signer.key).ok


LogMachine.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestLog = LogMachine.TestCase
