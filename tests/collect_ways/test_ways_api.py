"""Batches over HTTPS: announced, sent in parts, completed; units see only their own."""

from datetime import date, timedelta

import pytest
from django.test import Client

from openrhip.agent import manifest as manifests
from openrhip.collect.models import Batch
from openrhip.collect.service import doors, incoming, originals, receiving
from openrhip.kernel import clock

DAY = date(2020, 11, 5)


def _send(unit, files, **about):
    begun = unit.call("POST", "/batches", unit.envelope(files, **about))
    assert begun.status_code == 201, begun.content
    for file, content in zip(begun.json()["files"], files.values(), strict=True):
        if content:
            assert unit.part(begun.json()["id"], file["place"], 0, 0, content).status_code == 200
    return unit.call("POST", f"/uploads/{begun.json()['id']}/complete")


def _kept(batch_id):
    row = Batch.objects.get(id=batch_id)
    return [
        b"".join(originals.open_original(row.id, at, wrapped=row.wrapped_key, at=row.received_at))
        for at in range(len(manifests.read(row.manifest.encode()).files))
    ]


def test_a_batch_comes_in_parts_in_any_order_and_resumes(unit, visits):
    files = {"a.csv": visits, "b.csv": b"visit_no,name\n", "空.csv": b""}
    envelope = unit.envelope(files)
    begun = unit.call("POST", "/batches", envelope).json()
    assert [file["name"] for file in begun["files"]] == list(files)
    assert begun["files"][2]["missing"] == []
    half = len(visits) // 2
    assert unit.part(begun["id"], 0, 9, half, visits[half:]).status_code == 200
    early = unit.call("POST", f"/uploads/{begun['id']}/complete")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    # The same batch, even signed anew, is the same upload: only the gaps are asked for.
    with clock.frozen(clock.now() + timedelta(seconds=2)):
        envelope = unit.envelope(files)
    again = unit.call("POST", "/batches", envelope).json()
    assert again["id"] == begun["id"] == manifests.parse(envelope).manifest.content
    assert again["files"][0]["missing"] == [{"offset": 0, "size": half}]
    assert again["files"][0]["received"] == [9]
    for _ in range(2):
        state = unit.part(begun["id"], 0, 0, 0, visits[:half])
        assert (state.status_code, state.json()["missing"]) == (200, [])
    assert unit.part(begun["id"], 1, 0, 0, files["b.csv"]).status_code == 200
    done = unit.call("POST", f"/uploads/{begun['id']}/complete")
    assert done.status_code == 201, done.content
    batch = done.json()
    assert Batch.objects.get().digest == manifests.parse(envelope).manifest.digest
    assert (batch["state"], batch["via"], batch["rows_declared"]) == ("received", "https", 2)
    assert not batch["already"]
    assert _kept(batch["id"]) == list(files.values())
    # Nothing of it lies in parts any more; whoever asks is told the batch.
    assert unit.call("GET", f"/uploads/{begun['id']}").status_code == 404
    known = unit.call("POST", "/batches", envelope)
    assert (known.status_code, known.json()["id"]) == (200, batch["id"])
    assert known.json()["already"]
    shown = unit.call("GET", f"/batches/{batch['id']}")
    assert (shown.status_code, shown.json()["settled"]) == (200, False)


def test_units_see_only_their_own(unit, other, visits):
    mine = _send(unit, {"a.csv": visits}).json()
    begun = unit.call("POST", "/batches", unit.envelope({"b.csv": visits}, day=date(2020, 11, 6)))
    assert other.call("GET", f"/batches/{mine['id']}").status_code == 404
    assert other.call("GET", f"/batches/{mine['id']}/report.json").status_code == 404
    upload = begun.json()["id"]
    assert other.call("GET", f"/uploads/{upload}").status_code == 404
    assert other.part(upload, 0, 0, 0, visits).status_code == 404
    assert other.call("POST", f"/uploads/{upload}/complete").status_code == 404
    assert other.call("GET", "/batches").json()["items"] == []
    assert [one["id"] for one in unit.call("GET", "/batches").json()["items"]] == [mine["id"]]
    foreign = other.call("POST", "/batches", unit.envelope({"c.csv": visits}))
    assert (foreign.status_code, foreign.json()["where"]) == (403, "manifest/unit")


def test_ones_own_batches_are_listed_and_filtered(unit, visits):
    first = _send(unit, {"a.csv": visits}).json()
    second = _send(unit, {"a.csv": visits}, day=date(2020, 10, 5)).json()

    def listed(query):
        answer = unit.call("GET", f"/batches?{query}" if query else "/batches")
        assert answer.status_code == 200, answer.content
        return [one["id"] for one in answer.json()["items"]]

    assert listed("") == [second["id"], first["id"]]
    assert listed("month=2020-11") == [first["id"]]
    assert listed("table=OP_VISIT&state=received&month=2020-10") == [second["id"]]
    assert listed("state=loaded") == listed("page=2") == listed("table=NONE") == []
    for query, where in (("state=lost", "state"), ("month=2020", "")):
        answer = unit.call("GET", f"/batches?{query}" if query else "/batches")
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
        assert answer.json()["where"] == where


@pytest.mark.parametrize(
    ("about", "status", "where"),
    [
        ({"table": "NO_SUCH_TABLE"}, 404, "manifest/table"),
        ({"day": date(2999, 1, 1)}, 422, "manifest/day"),
        ({"signer": "U2"}, 422, "certificates"),
        ({"sent_at": clock.now() + timedelta(hours=1)}, 422, "manifest/sent_at"),
    ],
)
def test_what_cannot_be_sent_is_said_before_a_byte_is_sent(unit, keys, about, status, where):
    if "signer" in about:
        about = about | {"signer": keys.signer(about["signer"])}
    answer = unit.call("POST", "/batches", unit.envelope({"a.csv": b"x\n"}, **about))
    assert (answer.status_code, answer.json()["where"]) == (status, where)
    assert answer["Content-Type"].startswith("application/problem+json")
    assert not list(incoming._root().iterdir())


def test_requests_without_a_signature_are_nobodys(centre):
    for method, target in (("GET", "/batches"), ("POST", "/batches"), ("GET", "/batches/x")):
        answer = Client().generic(method, f"/api/collect{target}", b"{}")
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


def test_a_request_counts_once(unit):
    from openrhip.agent import wire

    request = wire.sign(
        method="GET",
        host="testserver",
        target="/api/collect/batches",
        institution="U1",
        signer=unit.signer,
    )
    first = unit.client.get(request.target, headers=request.headers())
    again = unit.client.get(request.target, headers=request.headers())
    assert (first.status_code, again.status_code) == (200, 401)


def test_parts_that_do_not_fit_are_refused(unit, visits):
    upload = unit.call("POST", "/batches", unit.envelope({"a.csv": visits})).json()["id"]
    assert unit.part(upload, 1, 0, 0, visits).json()["where"] == "file"
    assert unit.part(upload, 0, 0, 1, visits).json()["code"] == "malformed"
    assert unit.part("0" * 64, 0, 0, 0, visits).status_code == 404
    assert unit.part("..", 0, 0, 0, visits).status_code in (404, 422)
    bad = unit.call("PUT", f"/uploads/{upload}/files/0/parts/0?offset=0&sm3={'0' * 64}", visits)
    assert (bad.status_code, bad.json()["where"]) == (422, "part")


def test_a_file_that_is_not_the_signed_one_ends_the_upload(unit, visits):
    envelope = unit.envelope({"a.csv": visits})
    upload = unit.call("POST", "/batches", envelope).json()["id"]
    other_bytes = bytes(len(visits))
    assert unit.part(upload, 0, 0, 0, other_bytes).status_code == 200
    refused = unit.call("POST", f"/uploads/{upload}/complete")
    assert (refused.status_code, refused.json()["where"]) == (422, "files/a.csv")
    assert not Batch.objects.exists()
    # Announced again it starts empty, and can be sent right.
    begun = unit.call("POST", "/batches", envelope).json()
    assert begun["files"][0]["received"] == []


def test_a_unit_cannot_announce_without_end(unit, visits, monkeypatch):
    monkeypatch.setattr(incoming, "MOST_OPEN", 1)
    first = unit.envelope({"a.csv": visits})
    assert unit.call("POST", "/batches", first).status_code == 201
    second = unit.envelope({"a.csv": visits}, day=date(2020, 11, 6))
    answer = unit.call("POST", "/batches", second)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert unit.call("POST", "/batches", first).status_code == 201


def test_a_disk_that_is_nearly_full_takes_no_announcement(unit, visits, monkeypatch):
    monkeypatch.setattr(incoming, "ROOM_LEFT", 1 << 60)
    answer = unit.call("POST", "/batches", unit.envelope({"a.csv": visits}))
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_what_nobody_finishes_is_forgotten(unit, visits):
    upload = unit.call("POST", "/batches", unit.envelope({"a.csv": visits})).json()["id"]
    assert incoming.sweep_incoming() == 0
    with clock.frozen(clock.now() + incoming.KEEP + timedelta(hours=1)):
        assert incoming.sweep_incoming() == 1
    assert unit.call("GET", f"/uploads/{upload}").status_code == 404


@pytest.mark.parametrize(("module", "step"), [(originals, "keep"), (receiving, "_insert")])
def test_completed_twice_at_once_is_one_batch(unit, visits, monkeypatch, module, step):
    """Another request completes it while this one reads the parts, or just before its row."""
    files = {"a.csv": visits, "b.csv": visits + b"V3,x\n"}
    begun = unit.call("POST", "/batches", unit.envelope(files)).json()
    for place, content in enumerate(files.values()):
        assert unit.part(begun["id"], place, 0, 0, content).status_code == 200
    real, quicker = getattr(module, step), []

    def slow(*given, **named):
        if not quicker:
            quicker.append(None)
            quicker[0] = unit.call("POST", f"/uploads/{begun['id']}/complete")
        return real(*given, **named)

    monkeypatch.setattr(module, step, slow)
    answer = unit.call("POST", f"/uploads/{begun['id']}/complete")
    assert (quicker[0].status_code, answer.status_code) == (201, 200)
    assert answer.json()["id"] == quicker[0].json()["id"] == Batch.objects.get().id
    assert _kept(answer.json()["id"]) == list(files.values())
    assert len(list((doors.folder("originals")).glob("*/*"))) == 2


def test_the_description_names_every_route(centre):
    content = Client().get("/api/collect/openapi.json").json()
    assert set(content["paths"]) == {
        "/api/collect/batches",
        "/api/collect/batches/{batch_id}",
        "/api/collect/batches/{batch_id}/faults.csv",
        "/api/collect/batches/{batch_id}/report.{form}",
        "/api/collect/uploads/{upload_id}",
        "/api/collect/uploads/{upload_id}/complete",
        "/api/collect/uploads/{upload_id}/files/{place}/parts/{number}",
    }
    body = content["paths"]["/api/collect/batches"]["post"]["requestBody"]
    assert "manifest" in body["content"]["application/json"]["schema"]["properties"]
