"""Receipts: one byte changed anywhere is named; kept files of both profiles still verify."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from openrhip.kernel.errors import Malformed
from openrhip.ledger.rules import (
    C2SP,
    GM,
    NoteSigner,
    Receipt,
    evidence,
    receipt_ok,
    verify_evidence,
    verify_receipt,
    verify_receipt_json,
)
from openrhip.ledger.service import MemoryLedger

VECTORS = Path(__file__).parent.parent / "vectors" / "ledger"


@pytest.fixture
def written(entry, profile):
    """A ledger with 300 entries, entry 77 and its receipt."""
    ledger = MemoryLedger(profile=profile)
    ledger.append_many([entry(number) for number in range(300)])
    return ledger, entry(77), ledger.receipt(77)


def failing(findings):
    return {finding.code for finding in findings if not finding.ok}


def test_a_receipt_verifies_with_the_key_alone(written):
    ledger, entry, receipt = written
    for key in (ledger.key(), str(ledger.key())):
        findings = verify_receipt(entry.leaf, receipt, log_key=key)
        assert receipt_ok(findings)
        assert not failing(findings)
    assert Receipt.from_dict(receipt.to_dict()) == receipt
    assert Receipt.from_json(receipt.to_json()) == receipt
    assert receipt.size == 300


def test_every_append_answers_a_receipt_that_verifies(entry, profile):
    ledger = MemoryLedger(profile=profile)
    made = [entry(number) for number in range(20)]
    receipts = [ledger.append(made[0]), *ledger.append_many(made[1:]), *ledger.append_many([])]
    assert [receipt.index for receipt in receipts] == list(range(20))
    for one, receipt in zip(made, receipts, strict=True):
        assert receipt_ok(verify_receipt(one.leaf, receipt, log_key=ledger.key()))
    assert ledger.entries == made


def test_one_byte_changed_anywhere_in_the_receipt_is_named(written):
    ledger, entry, receipt = written
    data = receipt.to_json()
    assert receipt_ok(verify_receipt_json(entry.leaf, data, log_key=ledger.key()))
    for at in range(len(data)):
        for changed in (data[at] ^ 1, data[at] ^ 0x20, (data[at] + 1) % 256):
            forged = data[:at] + bytes([changed]) + data[at + 1 :]
            findings = verify_receipt_json(entry.leaf, forged, log_key=ledger.key())
            assert not receipt_ok(findings), (at, forged)
            assert failing(findings), (at, forged)


def test_one_byte_changed_anywhere_in_the_evidence_is_named(written):
    ledger, entry, receipt = written
    data = evidence(entry, receipt)
    assert receipt_ok(verify_evidence(data + b"\n", log_key=ledger.key()))
    for at in range(len(data)):
        forged = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        findings = verify_evidence(forged, log_key=ledger.key())
        assert not receipt_ok(findings), (at, forged)
        assert failing(findings), (at, forged)


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"index": 78}, {"inclusion"}),
        ({"index": -1}, {"inclusion"}),
        ({"index": 10**30}, {"inclusion"}),
        ({"log": "ledger.test/other"}, {"log-origin"}),
        ({"leaf_hash": "AAAA"}, {"leaf-hash"}),
        ({"leaf_hash": "%"}, {"leaf-hash"}),
        ({"checkpoint": ""}, {"checkpoint-signature"}),
        ({"checkpoint": "a\n1\nb\n\n— a AAAAAAAAAA==\n"}, {"checkpoint-signature"}),
        ({"proof": ()}, {"inclusion"}),
        ({"proof": ("AAAA",)}, {"inclusion"}),
        ({"proof": ("%",)}, {"inclusion"}),
        ({"proof": ("A" * 43 + "=",) * 500}, {"inclusion"}),
    ],
)
def test_each_part_has_its_finding(written, change, codes):
    ledger, entry, receipt = written
    forged = dataclasses.replace(receipt, **change)
    assert failing(verify_receipt(entry.leaf, forged, log_key=ledger.key())) == codes


def test_the_entry_itself_counts(written, entry):
    ledger, _, receipt = written
    findings = verify_receipt(entry(78).leaf, receipt, log_key=ledger.key())
    assert failing(findings) == {"leaf-hash", "inclusion"}


def test_a_receipt_of_another_log_is_refused(written, profile):
    _, entry, receipt = written
    stranger = NoteSigner.generate(receipt.log, profile).key
    findings = verify_receipt(entry.leaf, receipt, log_key=stranger)
    assert failing(findings) == {"checkpoint-signature"}
    other = NoteSigner.generate(receipt.log, C2SP if profile is GM else GM).key
    assert not receipt_ok(verify_receipt(entry.leaf, receipt, log_key=other))
    assert failing(verify_receipt(entry.leaf, receipt, log_key="no key")) == {"log-key"}


def test_a_checkpoint_that_hides_another_origin_is_refused(entry, profile):
    """The key of one log signs the text of another: the origin must be that of the key."""
    ledger = MemoryLedger(profile=profile)
    receipt = ledger.append(entry(1))
    text = receipt.checkpoint.rpartition("\n\n")[0] + "\n"
    forged = ledger._log.signer.sign(text.replace(receipt.log, "ledger.test/other"))
    lying = dataclasses.replace(receipt, checkpoint=forged, log="ledger.test/other")
    findings = verify_receipt(entry(1).leaf, lying, log_key=ledger.key())
    assert failing(findings) == {"log-origin"}


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("proof"),
        lambda d: d.update(extra=1),
        lambda d: d.update(index="7"),
        lambda d: d.update(index=True),
        lambda d: d.update(index=1.0),
        lambda d: d.update(proof="abc"),
        lambda d: d.update(proof=[1]),
        lambda d: d.update(log=None),
        lambda d: d.update(checkpoint=["x"]),
    ],
)
def test_receipts_of_another_form_are_malformed(written, change):
    _, _, receipt = written
    value = receipt.to_dict()
    change(value)
    with pytest.raises(Malformed):
        Receipt.from_dict(value)


def test_files_that_are_no_evidence_are_named(written):
    ledger, entry, receipt = written
    good = json.loads(evidence(entry, receipt))
    for value in ({}, [], {"entry": 1, "receipt": {}}, good | {"x": 1}, good | {"entry": {}}):
        data = json.dumps(value).encode()
        assert failing(verify_evidence(data, log_key=ledger.key())) == {"receipt-form"}
    for data in (b"", b"\xff", b"[" * 100_000, json.dumps(good).encode()):
        assert failing(verify_evidence(data, log_key=ledger.key())) == {"receipt-form"}


@pytest.mark.parametrize("name", ["gm", "c2sp"])
def test_kept_evidence_still_verifies(name):
    data = (VECTORS / f"receipt-{name}.json").read_bytes()
    key = (VECTORS / f"log-{name}.vkey").read_text()
    assert receipt_ok(verify_evidence(data, log_key=key))


def test_the_text_form_is_that_of_tlog_proof(written):
    _, _, receipt = written
    lines = receipt.to_tlog_proof().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 77"]
    gap = lines.index("")
    assert tuple(lines[2:gap]) == receipt.proof
    assert "\n".join(lines[gap + 1 :]) == receipt.checkpoint
