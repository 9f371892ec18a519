"""Group commit, overload and recovery, in one event loop without a server."""

from __future__ import annotations

import asyncio
import json

import pytest

from openrhip.kernel.errors import Misconfigured, Unavailable
from openrhip.ledger.adapters.sqlite import SqliteStore
from openrhip.ledger.api import Api, Asked, render_one
from openrhip.ledger.log import Log, Request
from openrhip.ledger.ports import MemoryStore
from openrhip.ledger.reader import Reader
from openrhip.ledger.rules import GM, NoteSigner, Receipt
from openrhip.ledger.sequencer import MAX_GROUP, MAX_WAITING, Sequencer


class Store(MemoryStore):
    """Counts its commits; `fail` makes the next ones raise, `shut` keeps it from opening."""

    def __init__(self):
        super().__init__()
        self.groups, self.fail, self.shut = [], 0, 0

    def open(self, *, write):
        super().open(write=write)
        if self.shut:
            self.shut -= 1
            raise Unavailable("planned: does not open")

    def commit(self, group):
        if self.fail:
            self.fail -= 1
            raise Unavailable("planned: does not commit")
        self.groups.append(len(group.entries))
        super().commit(group)


def with_sequencer(deed, *, store=None):
    """Run the deed(sequencer, store) beside a running sequencer."""

    async def main():
        kept = store or Store()
        sequencer = Sequencer(Log(kept, NoteSigner.generate("ledger.example/a", GM)))
        await sequencer.open()
        running = asyncio.create_task(sequencer.run())
        try:
            return await asyncio.wait_for(deed(sequencer, kept), 20)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await sequencer.close()

    return asyncio.run(main())


def requests(entry, count, *, size=1):
    numbers = iter(range(count * size))
    return [Request(tuple(entry(next(numbers)).leaf for _ in range(size))) for _ in range(count)]


def test_what_comes_together_is_committed_together(entry):
    async def deed(sequencer, store):
        futures = [sequencer.submit(request, render_one) for request in requests(entry, 200)]
        return [Receipt.from_json(await future).index for future in futures], store.groups

    places, groups = with_sequencer(deed)
    assert places == list(range(200))
    assert sum(groups) == 200
    assert len(groups) <= 3  # the empty first group of a new log, then one or two


def test_groups_are_bounded_and_too_many_waiting_entries_wait_for_the_next(entry):
    async def deed(sequencer, store):
        batches = requests(entry, 12, size=1000)
        await asyncio.gather(*[sequencer.submit(batch, render_one) for batch in batches])
        return store.groups

    groups = with_sequencer(deed)
    assert sum(groups) == 12_000
    assert max(groups) <= MAX_GROUP


def test_too_many_waiting_entries_are_turned_away(entry):
    async def deed(sequencer, store):
        [batch] = requests(entry, 1, size=1000)
        waiting = [sequencer.submit(batch, render_one) for _ in range(MAX_WAITING // 1000)]
        with pytest.raises(Unavailable, match="too many"):
            sequencer.submit(batch, render_one)
        await asyncio.gather(*waiting)
        return await sequencer.submit(batch, render_one)

    assert with_sequencer(deed)


def test_a_failed_group_is_unavailable_and_the_next_one_works(entry):
    async def deed(sequencer, store):
        one, two = requests(entry, 2)
        store.fail, store.shut = 1, 1
        recovered = asyncio.Event()
        sequencer._on_head = lambda head: recovered.set()
        with pytest.raises(Unavailable, match="cannot write"):
            await sequencer.submit(one, render_one)
        with pytest.raises(Unavailable):
            sequencer.submit(two, render_one)
        await asyncio.wait_for(recovered.wait(), 10)
        return Receipt.from_json(await sequencer.submit(two, render_one)).index

    assert with_sequencer(deed) == 0


def test_a_log_that_must_not_go_on_ends_the_sequencer(entry):
    async def main():
        store = Store()
        sequencer = Sequencer(Log(store, NoteSigner.generate("ledger.example/a", GM)))
        await sequencer.open()
        running = asyncio.create_task(sequencer.run())
        one, two = requests(entry, 2)
        await sequencer.submit(one, render_one)
        store._entries.clear()
        store.fail = 1
        with pytest.raises(Unavailable):
            await sequencer.submit(two, render_one)
        with pytest.raises(Misconfigured):
            await running
        await sequencer.close()

    asyncio.run(main())


def test_stopping_answers_all_that_waits(entry):
    async def main():
        sequencer = Sequencer(Log(Store(), NoteSigner.generate("ledger.example/a", GM)))
        await sequencer.open()
        waiting = [sequencer.submit(request, render_one) for request in requests(entry, 3)]
        await sequencer.close()
        for future in waiting:
            with pytest.raises(Unavailable, match="stopping"):
                await future

    asyncio.run(main())


def ask(api, path, *, method="GET"):
    async def body():
        return b""

    query = path.partition("?")[2]
    return api.answer(Asked(method, path.partition("?")[0], query, {}, body))


def test_health_tells_of_a_store_that_fails(entry):
    async def deed(sequencer, store):
        async def read(deed):
            return deed(Reader(store, GM))

        api = Api(sequencer, read, "token")
        well = await ask(api, "/healthz")
        sequencer.failed = Unavailable("planned")
        ill = await ask(api, "/healthz")
        sequencer.failed = None
        return well, ill

    well, ill = with_sequencer(deed)
    assert (well.status, ill.status) == (200, 503)
    assert json.loads(ill.body)["problem"]["code"] == "unavailable"


def test_a_fault_of_ours_shows_nothing(entry, caplog):
    async def deed(sequencer, store):
        async def read(deed):
            raise KeyError("secret")

        return await ask(Api(sequencer, read, "token"), "/tile/0/000.p/1")

    answer = with_sequencer(deed)
    assert (answer.status, answer.media_type) == (500, "application/problem+json")
    assert b"secret" not in answer.body
    assert "fault of the ledger" in caplog.text


def test_the_store_syncs_every_commit(tmp_path):
    store = SqliteStore(tmp_path / "log.sqlite3")
    store.open(write=True)
    assert store._all("PRAGMA synchronous") == [(2,)]
    assert store._all("PRAGMA journal_mode") == [("wal",)]
    store.close()
