"""The running process over HTTP, on both stores and both profiles."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from openrhip.kernel.errors import (
    Conflict,
    Malformed,
    NotFound,
    NotVerified,
    Refused,
    TooLarge,
    Unavailable,
)
from openrhip.ledger.home import Home
from openrhip.ledger.rules import (
    C2SP,
    GM,
    Checkpoint,
    NoteSigner,
    receipt_ok,
    verify_consistency,
    verify_inclusion,
    verify_receipt,
)
from openrhip.ledger.rules.notes import open_note
from openrhip.ledger.rules.tiles import unbundle
from openrhip.ledger.service import Ledger


def test_appends_are_answered_with_receipts_that_verify(process, entry):
    ledger = process.client()
    one = ledger.append(entry(0))
    many = ledger.append_many([entry(number) for number in range(1, 1501)])
    assert [receipt.index for receipt in [one, *many]] == list(range(1501))
    for number, receipt in enumerate([one, *many]):
        findings = verify_receipt(entry(number).leaf, receipt, log_key=ledger.key())
        assert receipt_ok(findings), findings
    assert ledger.entry(700) == entry(700)
    fresh = ledger.receipt(700)
    assert fresh.size == 1501
    assert receipt_ok(verify_receipt(entry(700).leaf, fresh, log_key=ledger.key()))


def test_proofs_tiles_and_checkpoints_fit_together(process, entry):
    ledger = process.client()
    profile = ledger.key().profile
    ledger.append_many([entry(number) for number in range(300)])
    first = Checkpoint.parse(open_note(ledger.checkpoint(), [ledger.key()]))
    ledger.append_many([entry(number) for number in range(300, 600)])
    second = Checkpoint.parse(open_note(ledger.checkpoint(), [ledger.key()]))
    verify_consistency(
        profile,
        old=300,
        new=600,
        old_root=first.root,
        new_root=second.root,
        proof=ledger.consistency(300, 600),
    )
    assert ledger.consistency(0, 600) == ()
    for size, root in ((300, first.root), (600, second.root)):
        proof = ledger.prove(299, size=size)
        verify_inclusion(
            profile,
            leaf_hash=proof.leaf_hash,
            index=299,
            size=size,
            path=proof.path,
            root=root,
        )
    assert ledger.prove(5).size == 600
    with httpx.Client(base_url=process.url, trust_env=False) as http:
        full, partial = http.get("/tile/0/001"), http.get("/tile/0/002.p/88")
        assert (len(full.content), len(partial.content)) == (8192, 88 * 32)
        assert "immutable" in full.headers["cache-control"]
        assert full.headers["content-type"] == "application/octet-stream"
        bundle = unbundle(http.get("/tile/entries/002.p/88").content)
        assert bundle == [entry(number).leaf for number in range(512, 600)]
        assert partial.content[-32:] == profile.leaf_hash(bundle[-1])
        note = http.get("/checkpoint")
        assert note.headers["content-type"] == "text/plain; charset=utf-8"
        assert note.headers["cache-control"] == "no-store"
        proof = http.get("/prove?index=5&size=300").json()
        assert open_note(proof["checkpoint"], [ledger.key()]) == first.text()


def test_a_retry_is_placed_once(process, entry):
    ledger = process.client()
    batch = [entry(number) for number in range(1, 1101)]
    first = ledger.append(entry(0), key="deposit-0001")
    again = ledger.append(entry(0), key="deposit-0001")
    assert first.index == again.index == 0
    before = [receipt.index for receipt in ledger.append_many(batch, key="batch-0001")]
    after = ledger.append_many(batch, key="batch-0001")
    assert [receipt.index for receipt in after] == before == list(range(1, 1101))
    assert all(
        receipt_ok(verify_receipt(one.leaf, receipt, log_key=ledger.key()))
        for one, receipt in zip(batch, after, strict=True)
    )
    with pytest.raises(Conflict):
        ledger.append(entry(1), key="deposit-0001")
    assert ledger.health()["size"] == 1101


def test_many_clients_get_different_places(process, entry):
    ledger = process.client()

    def work(number):
        return ledger.append(entry(number)).index

    with ThreadPoolExecutor(8) as pool:
        places = list(pool.map(work, range(200)))
    assert sorted(places) == list(range(200))
    assert all(ledger.entry(place) == entry(n) for n, place in list(enumerate(places))[::40])


def test_the_log_goes_on_after_a_restart(process, entry):
    ledger = process.client()
    old = ledger.append_many([entry(number) for number in range(260)])[-1]
    assert process.stop() == 0
    process.start()
    ledger = process.client()
    assert ledger.append(entry(260)).index == 260
    assert receipt_ok(verify_receipt(entry(259).leaf, old, log_key=ledger.key()))
    verify_consistency(
        ledger.key().profile,
        old=260,
        new=261,
        old_root=Checkpoint.parse(open_note(old.checkpoint, [ledger.key()])).root,
        new_root=Checkpoint.parse(open_note(ledger.checkpoint(), [ledger.key()])).root,
        proof=ledger.consistency(260, 261),
    )


def test_stopping_answers_what_was_accepted(process, entry):
    """SIGTERM under load: every answer is either a receipt of a kept entry, or Unavailable."""
    ledger = process.client()
    acknowledged, started = {}, threading.Event()

    def work(worker):
        for number in range(worker * 1000, worker * 1000 + 1000):
            try:
                acknowledged[ledger.append(entry(number)).index] = number
            except Unavailable:
                return
            started.set()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    assert started.wait(20)
    assert process.stop() == 0
    for thread in threads:
        thread.join()
    process.start()
    again = process.client()
    assert all(again.entry(index) == entry(number) for index, number in acknowledged.items())
    again.close()


@pytest.fixture
def http(process):
    token = Home.of(process.home).token()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    with httpx.Client(base_url=process.url, headers=headers, trust_env=False) as client:
        yield client


BAD_QUESTIONS = [
    ("/", 404, "not-found"),
    ("/nothing", 404, "not-found"),
    ("/append", 404, "not-found"),
    ("/tile/0/0", 422, "malformed"),
    ("/tile/0/x001/000", 404, "not-found"),
    ("/entry/0", 404, "not-found"),
    ("/entry/-1", 422, "malformed"),
    ("/entry/1e9", 422, "malformed"),
    ("/receipt/99999999999999999999", 422, "malformed"),
    ("/prove", 422, "malformed"),
    ("/prove?index=0&size=0", 422, "malformed"),
    ("/prove?index=0&size=1", 404, "not-found"),
    ("/prove?index=a", 422, "malformed"),
    ("/prove?" + "a=1&" * 50, 422, "malformed"),
    ("/consistency?old=1&new=9", 404, "not-found"),
    ("/consistency?old=1&new=0", 422, "malformed"),
]


def test_bad_questions_get_problem_json(http):
    for path, status, code in BAD_QUESTIONS:
        answer = http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
        assert http.get("/healthz").json()["ok"]


def test_bad_appends_get_problem_json_and_leave_nothing(http, entry):
    leaf = entry(1).leaf
    lines = {"content-type": "application/jsonl"}

    def code(content=leaf, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = http.post("/append", content=content, headers=headers)
        return answer.status_code, answer.json()["code"]

    assert code(authorization="Bearer wrong") == (403, "refused")
    assert code(authorization="") == (403, "refused")
    assert code(b"{}") == (422, "malformed")
    assert code(b"") == (422, "malformed")
    assert code(b"\xff\xfe") == (422, "malformed")
    assert code(b"[" * 4000) == (422, "malformed")
    assert code(b" " * 5000) == (413, "too-large")
    assert code(leaf.replace(b"TREAT", b"13800138000")) == (422, "malformed")
    assert code(idempotency_key="short") == (422, "malformed")
    assert code(idempotency_key="x" * 65) == (422, "malformed")
    assert code(idempotency_key="with space") == (422, "malformed")
    assert code(b"x" * (4 << 20) + b"x") == (413, "too-large")
    assert code(iter([leaf])) == (422, "malformed")
    assert code(leaf + b"\n" + leaf) == (422, "malformed")
    assert code(b"\n".join([leaf] * 1001), **lines) == (413, "too-large")
    assert code(b"\n".join([leaf, b"x", leaf]), **lines) == (422, "malformed")
    assert code(b"\n\n", **lines) == (422, "malformed")
    assert code(b"", **lines) == (422, "malformed")
    assert http.post("/other", content=leaf).status_code == 404
    assert http.put("/append", content=leaf).status_code == 404
    assert http.get("/healthz").json()["size"] == 0
    assert http.post("/append", content=leaf).json()["index"] == 0
    assert http.post("/append", content=leaf + b"\n", headers=lines).json()["first"] == 1


def test_a_batch_names_the_line_that_is_wrong(http, entry):
    body = b"\n".join([entry(1).leaf, entry(2).leaf.replace(b'"purpose"', b'"porpoise"')])
    answer = http.post("/append", content=body, headers={"content-type": "application/jsonl"})
    assert answer.json()["where"].startswith("line 2")


def test_the_client_translates_refusals(process, entry):
    wrong = Ledger(process.url, token="wrong", home=process.home)
    with pytest.raises(Refused):
        wrong.append(entry(1))
    ledger = process.client()
    with pytest.raises(NotFound):
        ledger.entry(5)
    with pytest.raises(NotFound):
        ledger.consistency(1, 5)
    with pytest.raises(Malformed):
        ledger.append(entry(1), key="a b")
    with pytest.raises(TooLarge):
        ledger._post(b" " * 5000, "application/json", "")


def test_a_log_with_another_key_is_not_believed(process, entry, profile):
    stranger = NoteSigner.generate("ledger.example/city", profile).key
    ledger = Ledger(process.url, home=process.home, key=stranger)
    with pytest.raises(NotVerified):
        ledger.append_many([entry(1), entry(2)])
    other = NoteSigner.generate("x", C2SP if profile is GM else GM).key
    with pytest.raises(NotVerified):
        Ledger(process.url, home=process.home, key=other).append(entry(3))


def test_no_ledger_is_unavailable(tmp_path, entry):
    ledger = Ledger("http://127.0.0.1:9", token="t", timeout=0.5)
    for deed in (lambda: ledger.append(entry(1)), ledger.checkpoint, ledger.health):
        with pytest.raises(Unavailable):
            deed()


def test_secrets_are_for_their_owner_alone(home):
    folder = Home.of(home).folder
    for name in ("log.key.pem", "append.token"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert "PRIVATE" not in (folder / "log.vkey").read_text()


def test_a_store_that_went_back_is_not_served(home, start_process, entry):
    """Somebody restores yesterday's copy of the store: the process refuses to sign a fork."""
    process = start_process(home)
    client = process.client()
    client.append_many([entry(number) for number in range(10)])
    process.stop()
    store = Home.of(home).folder / "log.sqlite3"
    yesterday = store.read_bytes()
    process.start()
    client = process.client()
    client.append(entry(10))
    process.stop()
    store.write_bytes(yesterday)
    with pytest.raises(RuntimeError, match="no longer contains"):
        process.start()


def test_two_processes_cannot_write_one_log(process, home, start_process):
    with pytest.raises(RuntimeError, match="another ledger process"):
        start_process(home, store_url=process.store_url)


def test_a_taken_port_is_an_operators_matter(process, tmp_path, start_process):
    other = tmp_path / "other"
    Home.of(other).init(origin="ledger.example/other", profile="gm")
    with pytest.raises(RuntimeError, match="cannot listen"):
        start_process(other, port=int(process.url.rpartition(":")[2]))
