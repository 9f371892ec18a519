"""Proof bundles: verified offline, and one changed byte anywhere is named."""

import random

import pytest

from openrhip.directory.service import Actor, Purpose
from openrhip.formats.gm.chain import TrustStore
from openrhip.kernel.errors import Malformed, Problem
from openrhip.records import bundle, service


@pytest.fixture
def exported(centre, jinling, summary_v1):
    outcome = service.deposit(institution=jinling, content=summary_v1)
    person = service.document(outcome.number).person_id
    return service.export_bundle(
        who=Actor.citizen(person), document_id=outcome.number, purpose=Purpose.OWN_ACCESS
    )


def test_a_bundle_verifies_with_what_is_inside_and_says_so(exported):
    report = bundle.verify(exported.content)
    assert (report.verdict, report.ok, report.consistent) == ("indeterminate", False, True)
    report = bundle.verify(exported.content, trust_inside=True)
    assert report.ok, [f for f in report.findings if not f.ok]
    assert {note.code for note in report.notes} == {"bundle.log-key-inside", "bundle.trust-inside"}
    assert [one["kind"] for one in report.signatures] == ["Sign", "Seal"]
    (makers,) = (f.text_en for f in report.findings if f.code == "seal.maker-listed")
    assert "among the trusted seal makers" in makers


def test_a_bundle_verifies_against_own_roots_and_log_key(centre, pki, exported):
    trust = TrustStore.load_folder(pki.folder / "trust")
    report = bundle.verify(exported.content, trust, centre.ledger.key())
    assert report.ok, [f for f in report.findings if not f.ok]
    assert report.notes == ()


def test_another_log_key_is_named(exported):
    from openrhip.ledger.service import MemoryLedger

    report = bundle.verify(exported.content, None, MemoryLedger().key())
    assert not report.ok
    assert any(f.code == "bundle.log-key" and not f.ok for f in report.findings)


def test_the_export_is_in_the_ledger_and_in_the_patients_history(centre, exported):
    assert [entry.kind for entry in centre.ledger.entries] == ["deposit", "export"]
    [access] = service.accesses_of(
        service.document(centre.ledger.entries[0].fields["document_id"]).person_id
    ).items
    assert access.deed == "export"


def test_one_byte_changed_in_any_file_is_named(exported):
    files = bundle.unpack(exported.content)
    for name, data in files.items():
        for at in sorted({0, len(data) // 3, len(data) - 1}):
            changed = bytearray(data)
            changed[at] ^= 1
            report = bundle.verify(bundle.pack({**files, name: bytes(changed)}))
            failed = [f for f in report.findings if not f.ok]
            assert any(name in f.where for f in failed), (name, at, failed)


def test_one_byte_changed_anywhere_in_the_container_never_passes(exported):
    chance = random.Random(7)  # noqa: S311 - places to change
    places = {0, 4, len(exported.content) - 1, *chance.sample(range(len(exported.content)), 60)}
    for at in sorted(places):
        changed = bytearray(exported.content)
        changed[at] ^= 1 << chance.randrange(8)
        try:
            report = bundle.verify(bytes(changed))
        except Problem:
            continue  # no bundle at all any more: a typed error names it
        failed = [f for f in report.findings if not f.ok]
        assert failed, at
        assert all(f.where for f in failed if f.code == "bundle.container")


def test_a_file_added_or_taken_away_is_named(exported):
    files = bundle.unpack(exported.content)
    added = bundle.verify(bundle.pack({**files, "extra.txt": b"x"}))
    assert ("bundle.closure", "extra.txt") in {
        (f.code, f.where) for f in added.findings if not f.ok
    }
    for name in files:
        less = {key: value for key, value in files.items() if key != name}
        report = bundle.verify(bundle.pack(less))
        assert any(name in f.where for f in report.findings if not f.ok), name


@pytest.mark.parametrize("data", [b"", b"PK", b"not a bundle"])
def test_what_is_no_bundle_is_malformed(data):
    with pytest.raises(Malformed):
        bundle.verify(data)


def test_an_empty_container_fails_everywhere():
    report = bundle.verify(bundle.pack({}))
    assert not report.ok
    assert {f.where for f in report.findings if not f.ok} >= {"manifest.json", "log.key"}
