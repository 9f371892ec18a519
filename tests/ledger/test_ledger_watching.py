"""Watchers and remote auditors: a stranger with the public key notices every rewriting."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from openrhip.kernel.errors import Malformed, NotFound, NotVerified, Refused, Unavailable
from openrhip.ledger.adapters.remote import RemoteStore
from openrhip.ledger.audit import audit
from openrhip.ledger.cli import cli
from openrhip.ledger.rules import NoteSigner
from openrhip.ledger.service import MemoryLedger, watch


class Liar:
    """A ledger that serves one log's checkpoint and another log's proofs."""

    def __init__(self, checkpoint, proofs):
        self._checkpoint, self._proofs = checkpoint, proofs

    def checkpoint(self):
        return self._checkpoint

    def consistency(self, old, new):
        return self._proofs.consistency(old, new)


def two_histories(profile, entry):
    """Two logs of one key that agree on 5 entries and then tell different stories."""
    one, two = MemoryLedger(profile=profile), MemoryLedger(profile=profile)
    two._log.signer = one._log.signer
    for ledger in (one, two):
        ledger.append_many([entry(number) for number in range(5)])
    common = one.checkpoint()
    one.append_many([entry(number) for number in range(5, 12)])
    two.append_many([entry(number) for number in range(50, 57)])
    return one, two, common


def test_a_log_that_grows_is_followed(profile, entry):
    ledger = MemoryLedger(profile=profile)
    seen = watch(ledger, ledger.key(), None)
    assert (seen.before, seen.now) == (0, 0)
    for size in (1, 2, 300, 300):
        if size > seen.now:
            ledger.append_many([entry(number) for number in range(seen.now, size)])
        following = watch(ledger, ledger.key(), seen.note)
        assert (following.before, following.now) == (seen.now, size)
        seen = following


def test_different_stories_are_noticed_whatever_proof_is_served(profile, entry):
    one, two, common = two_histories(profile, entry)
    key = one.key()
    seen = watch(one, key, common)
    assert watch(two, key, common).now == 12
    for liar in (two, Liar(two.checkpoint(), one), Liar(two.checkpoint(), two)):
        with pytest.raises(NotVerified):
            watch(liar, key, seen.note)
    two.append(entry(99))
    for proofs in (one._log.reader.tree(12), two._log.reader.tree(13)):

        class Proofs:
            def consistency(self, old, new, proofs=proofs):
                return proofs.consistency(min(old, new, proofs.size - 1))

        with pytest.raises(NotVerified):
            watch(Liar(two.checkpoint(), Proofs()), key, seen.note)


def test_a_log_that_went_back_is_noticed(profile, entry):
    one, _, common = two_histories(profile, entry)
    with pytest.raises(NotVerified, match="once had 12"):
        watch(Liar(common, one), one.key(), one.checkpoint())


def test_another_key_or_name_is_noticed(profile, entry):
    one, _, common = two_histories(profile, entry)
    with pytest.raises(NotVerified):
        watch(one, NoteSigner.generate(one.key().name, profile).key, None)
    with pytest.raises(Malformed):
        watch(one, one.key(), "no note")
    signer = one._log.signer
    renamed = signer.sign(
        "ledger.test/other" + common[common.index("\n") :].rpartition("\n\n")[0] + "\n"
    )
    with pytest.raises(NotVerified, match="another log"):
        watch(Liar(renamed, one), one.key(), None)


def test_a_stranger_audits_over_http(process, entry):
    client = process.client()
    client.append_many([entry(number) for number in range(1100)])
    store = RemoteStore(process.url)
    store.open(write=False)
    report = audit(store, client.key())
    assert report.ok
    assert (report.size, report.tiles, report.checkpoints) == (1100, 4, 1)
    assert store.checkpoint(5) is None
    with pytest.raises(NotFound):
        store.tile(1, 0)
    with pytest.raises(Refused):
        store.open(write=True)
    store.close()
    with pytest.raises(Unavailable):
        store.tile(0, 0)
    with pytest.raises(Unavailable):
        RemoteStore("http://127.0.0.1:9", timeout=0.5).open(write=False)


def test_commands_for_a_stranger(process, entry, tmp_path):
    client = process.client()
    key = tmp_path / "log.vkey"
    key.write_text(f"{client.key()}\n")
    remember = tmp_path / "seen.note"

    def run(*arguments, code=0):
        given = [*arguments, "--home", tmp_path / "nowhere", "--url", process.url, "--key", key]
        result = CliRunner().invoke(cli, [str(one) for one in [*given, "--json"]])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code
        return json.loads(result.output)

    client.append_many([entry(number) for number in range(10)])
    assert run("status", "--remember", remember)["before"] == 0
    client.append(entry(10))
    grown = run("status", "--remember", remember)
    assert (grown["before"], grown["size"]) == (10, 11)
    assert run("replay")["ok"]
    other = MemoryLedger(origin=client.key().name, profile=client.key().profile)
    other.append_many([entry(number) for number in range(20)])
    remember.write_text(other.checkpoint())
    with pytest.raises(NotVerified):
        run("status", "--remember", remember)
    assert remember.read_text() == other.checkpoint()  # the evidence is kept
