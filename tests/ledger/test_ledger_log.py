"""The log on every store: places, idempotency, failures, reopening, and a log that went back."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openrhip.kernel.errors import Conflict, Misconfigured, NotFound, Problem, Unavailable
from openrhip.ledger.adapters.postgres import PostgresStore
from openrhip.ledger.log import Log, Placed, Request, check_not_behind
from openrhip.ledger.ports import MemoryStore
from openrhip.ledger.reader import Reader
from openrhip.ledger.rules import C2SP, GM, NoteSigner, root_hash, verify_consistency
from openrhip.ledger.rules.notes import open_note


def leaves(first: int, count: int) -> tuple[bytes, ...]:
    return tuple(b"entry %d" % number for number in range(first, first + count))


@pytest.fixture
def signer():
    return NoteSigner.generate("ledger.example/city", GM)


@pytest.fixture
def log(new_store, signer):
    log = Log(new_store(), signer)
    log.open()
    return log


def test_a_new_log_has_a_signed_empty_checkpoint(log, signer):
    assert log.head.checkpoint.size == 0
    assert log.head.checkpoint.root == GM.empty_root
    open_note(log.head.note, [signer.key])


def test_groups_are_placed_in_order_and_reopen_to_the_same_log(log, new_store, signer):
    places = log.append([Request(leaves(0, 3)), Request(leaves(3, 1)), Request(leaves(4, 700))])
    assert places == [Placed(0, 3), Placed(3, 1), Placed(4, 700)]
    log.append([Request(leaves(704, 1))])
    assert log.head.checkpoint.root == root_hash(GM, [GM.leaf_hash(x) for x in leaves(0, 705)])
    log.store.close()
    again = Log(new_store(), signer)
    again.open()
    assert again.head.checkpoint == log.head.checkpoint
    assert again.head.note == log.head.note
    assert again.append([Request(leaves(705, 2))]) == [Placed(705, 2)]
    assert again.store.entries(0, 800) == list(leaves(0, 707))
    assert again.store.entries(706, 5) == list(leaves(706, 1))


def test_the_same_key_is_placed_once(log, new_store, signer):
    one = Request(leaves(0, 5), "request-1")
    assert log.append([one]) == [Placed(0, 5)]
    assert log.append([one, one]) == [Placed(0, 5), Placed(0, 5)]
    two = Request(leaves(5, 2), "request-2")
    assert log.append([two, one, two]) == [Placed(5, 2), Placed(0, 5), Placed(5, 2)]
    assert log.frontier.size == 7
    log.store.close()
    again = Log(new_store(), signer)
    again.open()
    assert again.append([two, one]) == [Placed(5, 2), Placed(0, 5)]
    assert again.frontier.size == 7


def test_the_same_key_with_other_bytes_is_a_conflict(log):
    log.append([Request(leaves(0, 5), "request-1")])
    for other in (leaves(0, 4), leaves(1, 5), leaves(0, 6)):
        [answer] = log.append([Request(other, "request-1")])
        assert isinstance(answer, Conflict)
    first, second, third = log.append(
        [Request(leaves(5, 1), "k"), Request(leaves(6, 1), "k"), Request(leaves(7, 1))]
    )
    assert first == Placed(5, 1)
    assert isinstance(second, Conflict)
    assert third == Placed(6, 1)


def test_no_key_means_no_memory(log):
    assert log.append([Request(leaves(0, 1)), Request(leaves(0, 1))]) == [
        Placed(0, 1),
        Placed(1, 1),
    ]


def test_every_checkpoint_is_kept_and_consistent_with_all_later_ones(log, signer):
    for count in (1, 255, 1, 300, 2):
        log.append([Request(leaves(log.frontier.size, count))])
    notes = log.store.checkpoints(-1, 100)
    assert [size for size, _ in notes] == [0, 1, 256, 257, 557, 559]
    assert log.store.checkpoints(256, 2) == notes[3:5]
    assert log.store.checkpoint(257) == notes[3][1]
    assert log.store.checkpoint(2) is None
    reader = Reader(log.store, GM)
    for size, note in notes[1:]:
        root = reader.tree(size).root()
        assert open_note(note, [signer.key]).split("\n")[1] == str(size)
        verify_consistency(
            GM,
            old=size,
            new=559,
            old_root=root,
            new_root=log.head.checkpoint.root,
            proof=reader.tree(559).consistency(size),
        )


def test_a_second_writer_is_kept_out(request, new_store, signer):
    if "memory" in request.node.name:
        assert MemoryStore().latest() is None  # a store in memory cannot be opened twice
        return
    first = Log(new_store(), signer)
    first.open()
    with pytest.raises(Conflict):
        Log(new_store(), signer).open()
    reader = new_store()
    reader.open(write=False)
    assert reader.latest() == (0, first.head.note)
    first.store.close()
    Log(new_store(), signer).open()


class Failing:
    """A store whose next commit fails, before or after it was written."""

    def __init__(self, store):
        self._store = store
        self.fail = ""

    def __getattr__(self, name):
        return getattr(self._store, name)

    def commit(self, group):
        fail, self.fail = self.fail, ""
        if fail == "before":
            raise Unavailable("planned")
        self._store.commit(group)
        if fail == "after":
            raise Unavailable("planned")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_failed_commit_is_recovered_and_its_retry_placed_once(new_store, signer, when):
    store = Failing(new_store())
    log = Log(store, signer)
    log.open()
    log.append([Request(leaves(0, 250))])
    store.fail = when
    lost = Request(leaves(250, 20), "request-1")
    with pytest.raises(Unavailable):
        log.append([lost])
    log.open()
    assert log.append([lost]) == [Placed(250, 20)]
    assert log.frontier.size == 270
    assert log.head.checkpoint.root == root_hash(GM, [GM.leaf_hash(x) for x in leaves(0, 270)])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 300), st.booleans()), max_size=8))
def test_failures_at_any_point_leave_no_trace_in_memory(signer, groups):
    """Without reopening: a commit that was not written is undone in the frontier too."""
    store = Failing(MemoryStore())
    log = Log(store, signer)
    log.open()
    expected = []
    for count, fails in groups:
        mine = leaves(len(expected), count)
        if fails:
            store.fail = "before"
            with pytest.raises(Unavailable):
                log.append([Request(mine)])
        else:
            log.append([Request(mine)])
            expected += mine
        assert log.frontier.size == len(expected)
    log.append([Request((b"last",))])
    hashes = [GM.leaf_hash(leaf) for leaf in [*expected, b"last"]]
    assert log.head.checkpoint.root == root_hash(GM, hashes)


def test_another_key_does_not_open_the_log(log, new_store):
    log.append([Request(leaves(0, 2))])
    log.store.close()
    for profile in (GM, C2SP):
        with pytest.raises(Misconfigured, match="key"):
            Log(new_store(), NoteSigner.generate(log.origin, profile)).open()


def test_a_store_that_went_back_is_refused(log):
    log.append([Request(leaves(0, 300))])
    seen = log.head
    check_not_behind(log.reader, 300, seen.checkpoint)
    with pytest.raises(Misconfigured, match="no longer contains"):
        check_not_behind(log.reader, 299, seen.checkpoint)
    other = Log(MemoryStore(), log.signer)
    other.open()
    other.append([Request(leaves(1, 400))])
    with pytest.raises(Misconfigured, match="no longer contains"):
        check_not_behind(other.reader, 400, seen.checkpoint)
    other.head = seen
    with pytest.raises(Misconfigured, match="no longer contains"):
        other.open()


def test_entries_that_do_not_lead_to_the_checkpoint_are_refused(signer):
    store = MemoryStore()
    log = Log(store, signer)
    log.open()
    log.append([Request(leaves(0, 300))])
    store._entries[299] = b"changed"
    with pytest.raises(Misconfigured, match="do not lead"):
        Log(store, signer).open()
    store._entries[299:] = []
    with pytest.raises(Misconfigured, match="do not lead"):
        Log(store, signer).open()


def test_a_closed_store_is_unavailable(request, new_store):
    if "memory" in request.node.name:
        assert MemoryStore().latest() is None  # nothing to close
        return
    store = new_store()
    for deed in (store.latest, lambda: store.entries(0, 1), lambda: store.tile(0, 0)):
        with pytest.raises(Unavailable):
            deed()
    store.open(write=True)
    with pytest.raises(NotFound):
        store.tile(0, 0)


def test_answers_are_places_or_problems(log):
    for answer in log.append([Request(leaves(0, 1), "k"), Request(leaves(1, 1), "k")]):
        assert isinstance(answer, Placed | Problem)


def test_postgresql_without_fsync_is_refused(postgres_url, monkeypatch):
    store = PostgresStore(postgres_url)
    answer = PostgresStore._all
    monkeypatch.setattr(
        PostgresStore,
        "_all",
        lambda self, sql, values=(): (
            [("off",)] if sql == "SHOW fsync" else answer(self, sql, values)
        ),
    )
    with pytest.raises(Misconfigured, match="fsync"):
        store.open(write=True)
    with pytest.raises(Unavailable):
        store.latest()


def test_a_lost_database_is_unavailable():
    store = PostgresStore("postgresql://nobody@127.0.0.1:9/none")
    with pytest.raises(Unavailable):
        store.open(write=True)
