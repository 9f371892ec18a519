"""Replay: an untouched log passes; whatever is changed in the store is named."""

from __future__ import annotations

import pytest

from openrhip.kernel.errors import NotFound
from openrhip.ledger.audit import audit
from openrhip.ledger.log import Log, Request
from openrhip.ledger.ports import MemoryStore
from openrhip.ledger.rules import Checkpoint, NoteSigner
from openrhip.ledger.rules.notes import open_note


@pytest.fixture
def log(signer, entry):
    log = Log(MemoryStore(), signer)
    log.open()
    leaves = [entry(number).leaf for number in range(900)]
    for at in range(0, 900, 75):
        log.append([Request(tuple(leaves[at : at + 75]))])
    return log


def failing(report):
    return {(finding.code, finding.where) for finding in report.findings if not finding.ok}


def test_an_untouched_log_passes_on_every_store(new_store, signer, entry):
    log = Log(new_store(), signer)
    log.open()
    for at in range(0, 600, 60):
        log.append([Request(tuple(entry(number).leaf for number in range(at, at + 60)))])
    steps = []
    report = audit(
        log.store,
        signer.key,
        last=log.head.checkpoint,
        progress=lambda done, of: steps.append((done, of)),
    )
    assert report.ok
    assert (report.size, report.tiles, report.checkpoints) == (600, 2, 11)
    assert report.as_dict()["ok"]
    assert steps[-1] == (600, 600)


def test_a_log_with_no_entry_passes(signer):
    log = Log(MemoryStore(), signer)
    with pytest.raises(NotFound):
        audit(log.store, signer.key)
    log.open()
    report = audit(log.store, signer.key)
    assert report.ok
    assert report.size == 0


def test_a_changed_entry_is_named(log, entry):
    log.store._entries[300] = entry(5000).leaf
    report = audit(log.store, log.signer.key)
    found = failing(report)
    assert ("tiles", "tile 0/1") in found
    assert {("checkpoint-root", f"checkpoint {size}") for size in range(375, 901, 75)} <= found
    assert not any(where == "checkpoint 300" for _, where in found)


def test_an_entry_that_is_none_is_named(log):
    log.store._entries[7] = b'{"name":"x"}'
    assert ("entries", "entry 7") in failing(audit(log.store, log.signer.key))


def test_a_missing_entry_is_named(log):
    del log.store._entries[899]
    report = audit(log.store, log.signer.key)
    assert ("entries", "entry 899") in failing(report)
    assert report.root == ""


def test_a_changed_or_missing_tile_is_named(log):
    tile = bytearray(log.store._tiles[0, 2])
    tile[100] ^= 1
    log.store._tiles[0, 2] = bytes(tile)
    assert failing(audit(log.store, log.signer.key)) == {("tiles", "tile 0/2")}
    del log.store._tiles[0, 1]
    found = failing(audit(log.store, log.signer.key))
    assert found == {("tiles", "tile 0/2"), ("tiles", "tile 0/1")}


def test_a_forged_checkpoint_is_named(log, profile):
    key = log.signer.key
    stranger = NoteSigner.generate(key.name, profile)
    good = log.store.checkpoint(450)
    log.store._notes[450] = stranger.sign(open_note(good, [key]))
    assert failing(audit(log.store, key)) == {("checkpoint-signature", "checkpoint 450")}
    log.store._notes[450] = log.signer.sign(Checkpoint(key.name, 450, bytes(32)).text())
    assert failing(audit(log.store, key)) == {("checkpoint-root", "checkpoint 450")}
    log.store._notes[450] = log.signer.sign("no checkpoint\n")
    assert failing(audit(log.store, key)) == {("checkpoint-signature", "checkpoint 450")}


def test_a_log_that_went_back_or_was_rewritten_is_named(log):
    seen = log.head.checkpoint
    for size in [size for size in log.store._notes if size > 600]:
        del log.store._notes[size]
    found = failing(audit(log.store, log.signer.key, last=seen))
    assert found == {("not-behind", "last.note")}
    rewritten = Checkpoint(seen.origin, 500, bytes(32))
    found = failing(audit(log.store, log.signer.key, last=rewritten))
    assert found == {("not-behind", "size 500")}


def test_the_number_of_findings_is_bounded(log):
    log.store._entries[:] = [b"x"] * 900
    assert len(audit(log.store, log.signer.key).findings) < 60
