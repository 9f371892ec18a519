"""Deposit: checked, encrypted, durable, entered, answered; idempotent; refused with a report."""

import pytest

from openrhip.directory.service import Purpose
from openrhip.kernel.errors import NotFound, NotVerified, Unavailable
from openrhip.ledger.rules import Entry, Receipt, receipt_ok, verify_receipt
from openrhip.records import service
from openrhip.records.checks.report import as_text
from openrhip.records.models import Document, Refusal
from openrhip.records.service import shelf, vault


def kinds(centre):
    return [entry.kind for entry in centre.ledger.entries]


def test_a_sound_document_is_archived_and_answered(centre, jinling, summary_v1):
    outcome = service.deposit(institution=jinling, content=summary_v1)
    assert outcome.accepted, as_text(outcome.report)
    assert kinds(centre) == ["deposit"]
    leaf = dict(outcome.leaf)
    entry = Entry(leaf.pop("kind"), leaf)
    receipt = Receipt.from_dict(outcome.receipt)
    assert receipt_ok(verify_receipt(entry.leaf, receipt, log_key=centre.ledger.key()))


def test_the_store_never_sees_the_plaintext(centre, jinling, summary_v1):
    outcome = service.deposit(institution=jinling, content=summary_v1)
    row = Document.objects.get(pk=outcome.number)
    stored = vault.store().read(row.stored_key)
    assert summary_v1[:4] not in stored
    assert len(stored) > len(summary_v1)


def test_the_same_bytes_twice_are_one_document_and_one_entry(centre, jinling, summary_v1):
    first = service.deposit(institution=jinling, content=summary_v1)
    second = service.deposit(institution=jinling, content=summary_v1)
    assert second.already
    assert (second.number, second.receipt) == (first.number, first.receipt)
    assert kinds(centre) == ["deposit"]


def test_a_changed_byte_is_refused_and_leaves_no_document(centre, jinling, summary_v1):
    broken = bytearray(summary_v1)
    broken[len(broken) // 2] ^= 1
    outcome = service.deposit(institution=jinling, content=bytes(broken))
    assert not outcome.accepted
    assert not Document.objects.exists()
    assert kinds(centre) == ["refuse"]
    assert "ZS-01" in outcome.report["checks"][0]["id"]
    assert Refusal.objects.get().reasons


def test_the_same_refusal_twice_is_one(centre, jinling):
    first = service.deposit(institution=jinling, content=b"not a package at all")
    second = service.deposit(institution=jinling, content=b"not a package at all")
    assert first.number == second.number
    assert kinds(centre) == ["refuse"]


def test_another_institution_cannot_deposit_it(centre, xuanwuhu, summary_v1):
    outcome = service.deposit(institution=xuanwuhu, content=summary_v1)
    failed = {line["id"] for line in outcome.report["checks"] if line["result"] == "failed"}
    assert failed == {"ZS-04", "ZS-05"}


def test_without_the_ledger_there_is_no_receipt_and_the_next_try_finishes(
    centre, jinling, summary_v1
):
    centre.ledger.fail = Unavailable("away")
    with pytest.raises(Unavailable):
        service.deposit(institution=jinling, content=summary_v1)
    assert service.search(institution=jinling).total == 0
    centre.ledger.fail = None
    outcome = service.deposit(institution=jinling, content=summary_v1)
    assert outcome.accepted
    assert outcome.already
    assert kinds(centre) == ["deposit"]
    assert service.search(institution=jinling).total == 1


def test_the_worker_finishes_what_a_crash_left(centre, jinling, summary_v1):
    centre.ledger.fail = Unavailable("away")
    with pytest.raises(Unavailable):
        service.deposit(institution=jinling, content=summary_v1)
    centre.ledger.fail = None
    assert service.finish_pending() == 1
    assert service.finish_pending() == 0
    assert service.search(institution=jinling).total == 1


def test_a_correction_supersedes_and_both_stay(centre, jinling, summary_v1, summary_v2):
    first = service.deposit(institution=jinling, content=summary_v1)
    second = service.deposit(institution=jinling, content=summary_v2)
    assert second.accepted, as_text(second.report)
    chain = service.versions(second.number)
    assert [one.id for one in chain] == [first.number, second.number]
    assert service.versions(first.number) == chain
    assert chain[0].superseded_by == second.number
    person = chain[0].person_id
    assert [one.id for one in service.search(person_id=person).items] == [second.number]
    assert service.search(person_id=person, with_superseded=True).total == 2


def test_a_correction_of_nothing_is_refused(centre, jinling, summary_v2):
    outcome = service.deposit(institution=jinling, content=summary_v2)
    failed = {line["id"] for line in outcome.report["checks"] if line["result"] == "failed"}
    assert failed == {"WZ-06"}


def test_an_unknown_institution_is_not_found(centre, summary_v1):
    with pytest.raises(NotFound):
        service.deposit(institution="NOBODY", content=summary_v1)


def test_disclosed_bytes_are_the_deposited_ones(centre, jinling, doctor, treated_at, summary_v1):
    outcome = service.deposit(institution=jinling, content=summary_v1)
    treated_at(outcome.number, jinling)
    disclosure = service.disclose(who=doctor, document_id=outcome.number, purpose=Purpose.TREATMENT)
    assert disclosure.content() == summary_v1
    assert "沈立新" in disclosure.watermark
    assert "金陵示范医院" in disclosure.watermark
    assert kinds(centre) == ["deposit", "disclose"]


def test_a_stranger_is_refused_and_the_refusal_is_entered(centre, jinling, stranger, summary_v1):
    outcome = service.deposit(institution=jinling, content=summary_v1)
    with pytest.raises(service.DisclosureRefused):
        service.disclose(who=stranger, document_id=outcome.number, purpose=Purpose.TREATMENT)
    assert kinds(centre) == ["deposit", "refuse"]
    person = service.document(outcome.number).person_id
    [access] = service.accesses_of(person).items
    assert not access.allowed
    assert access.actor_name == "潘国华"


def test_without_the_ledger_nothing_is_released(centre, jinling, doctor, summary_v1):
    outcome = service.deposit(institution=jinling, content=summary_v1)
    centre.ledger.fail = Unavailable("away")
    with pytest.raises(Unavailable):
        service.disclose(who=doctor, document_id=outcome.number, purpose=Purpose.TREATMENT)


def test_the_vault_wants_the_receipt_of_this_very_document(
    centre, jinling, doctor, treated_at, summary_v1
):
    outcome = service.deposit(institution=jinling, content=summary_v1)
    treated_at(outcome.number, jinling)
    row = shelf.find(outcome.number)
    disclosure = service.disclose(who=doctor, document_id=outcome.number, purpose=Purpose.TREATMENT)
    permit = disclosure.permit
    other = {**permit.entry.fields, "document_id": "0" * 32}
    for forged in (
        vault.Permit(Entry("disclose", other), permit.receipt),
        vault.Permit(
            Entry("disclose", {**permit.entry.fields, "purpose": "research"}), permit.receipt
        ),
        vault.Permit(permit.entry, Receipt.from_dict(outcome.receipt)),
    ):
        with pytest.raises(NotVerified):
            vault.release(row, forged)


def test_a_record_does_not_come_twice_under_one_id(centre, jinling, pki, samples, summary_v1):
    assert service.deposit(institution=jinling, content=summary_v1).accepted
    sealed_again = pki.sealed(samples["C0053/wang-jl-1.xml"])
    assert sealed_again != summary_v1
    outcome = service.deposit(institution=jinling, content=sealed_again)
    failed = {line["id"] for line in outcome.report["checks"] if line["result"] == "failed"}
    assert failed == {"WZ-06"}
