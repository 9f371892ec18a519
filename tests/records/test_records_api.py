"""The machine API: signed requests, uploads in parts, refusals with reports, documents on purpose."""

import json
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.test import Client

from openrhip.agent import wire
from openrhip.directory.service import machines
from openrhip.formats.gm import sm3
from openrhip.kernel import clock
from openrhip.records import service
from openrhip.records.models import Document, Upload

BASE = "/api/records"


class Hospital:
    """A signing HTTP client of one institution."""

    def __init__(self, pki, code):
        self.code = code
        self.signer = pki.signer("institutions", code)
        self.client = Client()

    def signed(self, method, target, body=b"", **about):
        return wire.sign(
            method=method,
            host="testserver",
            target=BASE + target,
            institution=self.code,
            signer=self.signer,
            body=body,
            **about,
        )

    def send(self, request, body=b"", headers=None):
        return self.client.generic(
            request.method,
            request.target,
            body,
            content_type="application/json",
            headers=headers or request.headers(),
        )

    def call(self, method, target, body=b"", **about):
        return self.send(self.signed(method, target, body, **about), body)


@pytest.fixture(autouse=True)
def nothing_remembered():
    machines._valid.clear()


@pytest.fixture
def hospital(centre, pki, jinling):
    return Hospital(pki, jinling)


def announce(content):
    return json.dumps({"size": len(content), "sm3": sm3.hexdigest(content)}).encode()


def part(hospital, upload_id, number, offset, piece):
    target = f"/uploads/{upload_id}/parts/{number}?offset={offset}&sm3={sm3.hexdigest(piece)}"
    return hospital.call("PUT", target, piece)


def test_a_small_file_goes_in_one_request(hospital, centre, summary_v1):
    answer = hospital.call("POST", f"/documents?sm3={sm3.hexdigest(summary_v1)}", summary_v1)
    assert answer.status_code == 201, answer.content
    assert answer.json()["accepted"]
    leaf = centre.ledger.entries[0]
    assert leaf.fields["signer"] == hospital.signer.certificate.fingerprint
    again = hospital.call("GET", f"/deposits/{sm3.hexdigest(summary_v1)}")
    assert again.status_code == 200
    assert again.json()["number"] == answer.json()["number"]


def test_parts_in_any_order_some_twice_resumed(hospital, summary_v1):
    begun = hospital.call("POST", "/uploads", announce(summary_v1)).json()
    third = len(summary_v1) // 3
    assert part(hospital, begun["id"], 7, third, summary_v1[third:]).status_code == 200
    state = hospital.call("GET", f"/uploads/{begun['id']}").json()
    assert state["missing"] == [{"offset": 0, "size": third}]
    early = hospital.call("POST", f"/uploads/{begun['id']}/complete")
    assert early.status_code == 409
    for _ in range(2):
        assert part(hospital, begun["id"], 0, 0, summary_v1[:third]).status_code == 200
    resumed = hospital.call("POST", "/uploads", announce(summary_v1)).json()
    assert resumed["id"] == begun["id"]
    assert resumed["missing"] == []
    done = hospital.call("POST", f"/uploads/{begun['id']}/complete")
    assert done.status_code == 201, done.content
    assert not Upload.objects.exists()
    once_more = hospital.call("POST", "/uploads", announce(summary_v1))
    assert once_more.status_code == 200
    assert once_more.json()["already"]


def test_a_refused_file_is_answered_with_its_report(hospital):
    content = b"PK\x03\x04 not really"
    answer = hospital.call("POST", f"/documents?sm3={sm3.hexdigest(content)}", content)
    assert answer.status_code == 422
    report = answer.json()["report"]
    assert not report["ok"]
    faults = [fault for check in report["checks"] for fault in check["faults"]]
    assert all(fault["zh"] and fault["en"] for fault in faults)
    listed = hospital.call("GET", "/refusals").json()
    assert [item["sm3"] for item in listed["items"]] == [sm3.hexdigest(content)]


def test_a_part_that_differs_from_its_digest_is_not_kept(hospital, summary_v1):
    begun = hospital.call("POST", "/uploads", announce(summary_v1)).json()
    target = f"/uploads/{begun['id']}/parts/0?offset=0&sm3={'0' * 64}"
    answer = hospital.call("PUT", target, summary_v1[:100])
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not-verified"


@pytest.mark.parametrize(
    ("offset", "size", "status"), [(0, 0, 422), (10**9, 10, 422), (-1, 10, 422)]
)
def test_parts_outside_the_file_are_refused(hospital, summary_v1, offset, size, status):
    begun = hospital.call("POST", "/uploads", announce(summary_v1)).json()
    assert part(hospital, begun["id"], 0, offset, b"x" * size).status_code == status


def test_parts_that_overlap_conflict(hospital, summary_v1):
    begun = hospital.call("POST", "/uploads", announce(summary_v1)).json()
    part(hospital, begun["id"], 0, 0, summary_v1[:100])
    assert part(hospital, begun["id"], 1, 50, summary_v1[50:150]).status_code == 409


def test_another_hospital_does_not_see_the_upload(hospital, pki, xuanwuhu, summary_v1):
    begun = hospital.call("POST", "/uploads", announce(summary_v1)).json()
    other = Hospital(pki, xuanwuhu)
    assert other.call("GET", f"/uploads/{begun['id']}").status_code == 404


@pytest.mark.parametrize("size", [0, 200_000_001])
def test_sizes_out_of_bounds_are_refused_at_once(hospital, size):
    body = json.dumps({"size": size, "sm3": "0" * 64}).encode()
    assert hospital.call("POST", "/uploads", body).status_code in {413, 422}


# Who asks --------------------------------------------------------------------------------------


def test_without_a_signature_nothing_is_answered(centre):
    answer = Client().get(f"{BASE}/refusals")
    assert answer.status_code == 422
    assert answer.json()["where"].startswith("X-RHIP-")


def test_a_request_is_good_once(hospital):
    request = hospital.signed("GET", "/refusals")
    assert hospital.send(request).status_code == 200
    again = hospital.send(request)
    assert again.status_code == 401
    assert "before" in again.json()["what"]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_old_and_future_requests_are_refused(hospital, minutes):
    with clock.frozen(clock.now() + timedelta(minutes=minutes)):
        request = hospital.signed("GET", "/refusals")
    assert hospital.send(request).status_code == 401


def test_another_body_or_target_breaks_the_signature(hospital, summary_v1):
    request = hospital.signed("POST", "/uploads", announce(summary_v1))
    assert hospital.send(request, announce(b"other")).status_code == 401
    request = hospital.signed("GET", "/refusals")
    answer = hospital.client.get(f"{BASE}/refusals?page=2", headers=request.headers())
    assert answer.status_code == 401


def test_a_hospital_cannot_speak_for_another(hospital, xuanwuhu):
    request = wire.sign(
        method="GET",
        host="testserver",
        target=f"{BASE}/refusals",
        institution=xuanwuhu,
        signer=hospital.signer,
    )
    assert hospital.send(request).status_code == 401


def test_a_certificate_of_a_foreign_authority_is_refused(hospital, tmp_path, jinling):
    from openrhip.formats.gm import devpki
    from openrhip.formats.gm.signer import SoftwareSigner

    devpki.create(
        tmp_path / "foreign",
        institutions=[devpki.DevInstitution(jinling, "伪造")],
        staff=[],
        password=b"x",
    )
    hospital.signer = SoftwareSigner.load(tmp_path / "foreign" / "institutions", jinling, b"x")
    answer = hospital.call("GET", "/refusals")
    assert answer.status_code == 401
    assert answer.json()["where"] == "X-RHIP-Certificate"


def test_a_staff_certificate_calls_the_api(hospital, pki):
    hospital.signer = pki.signer("staff", "JL0101")
    answer = hospital.call("GET", "/refusals")
    assert answer.status_code == 401
    assert "not the institution's own" in answer.json()["what"]


def test_a_request_to_another_centre_is_refused(hospital):
    request = wire.sign(
        method="GET",
        host="another-centre.example",
        target=f"{BASE}/refusals",
        institution=hospital.code,
        signer=hospital.signer,
    )
    assert hospital.send(request).status_code == 401
    as_sent = request.headers() | {"Host": "another-centre.example"}
    answer = hospital.send(request, headers=as_sent)
    assert answer.status_code == 422
    assert answer.json()["where"] == "Host"


# Documents for clinicians ----------------------------------------------------------------------


@pytest.fixture
def archived(hospital, jinling, treated_at, summary_v1):
    number = service.deposit(institution=jinling, content=summary_v1).number
    treated_at(number, jinling)
    return number


def test_a_clinician_gets_the_document_with_receipt_and_watermark(hospital, archived, summary_v1):
    answer = hospital.call("GET", f"/documents/{archived}", actor="JL0101", purpose="treatment")
    assert answer.status_code == 200
    assert answer.content == summary_v1
    assert "金陵示范医院" in unquote(answer["X-RHIP-Watermark"])
    person = Document.objects.get(pk=archived).person_id
    [access] = service.accesses_of(person).items
    assert access.id == answer["X-RHIP-Access"]
    assert access.leaf["request_hash"]


def test_a_disclosure_cannot_be_replayed(hospital, archived):
    request = hospital.signed("GET", f"/documents/{archived}", actor="JL0101", purpose="treatment")
    assert hospital.send(request).status_code == 200
    assert hospital.send(request).status_code == 401


@pytest.mark.parametrize(
    ("about", "status"),
    [
        ({"actor": "JL0101", "purpose": "curiosity"}, 422),
        ({"actor": "JL0101"}, 422),
        ({"purpose": "treatment"}, 422),
        ({"actor": "XW0101", "purpose": "treatment"}, 403),
        ({"actor": "NOBODY", "purpose": "treatment"}, 403),
        ({"actor": "JL0101", "purpose": "research"}, 403),
    ],
)
def test_who_and_why_decide(hospital, archived, about, status):
    answer = hospital.call("GET", f"/documents/{archived}", **about)
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"


def test_an_emergency_needs_reason_and_second_factor_and_is_told(centre, pki, archived, xuanwuhu):
    other = Hospital(pki, xuanwuhu)
    about = {"actor": "XW0101", "purpose": "emergency"}
    target = f"/documents/{archived}"
    assert other.call("GET", target, **about).status_code == 403
    reason = "昏迷，车祸，无法询问病史"
    assert other.call("GET", target, emergency_reason=reason, **about).status_code == 403
    about |= {"emergency_reason": reason, "strength": "second-factor"}
    # That the clinician used a second factor is nothing the hospital can say alone.
    assert other.call("GET", target, **about).status_code == 403
    own_key = pki.signer("staff", "XW0101")
    answer = other.call("GET", target, actor_signer=own_key, **about)
    assert answer.status_code == 200
    assert centre.ledger.entries[-1].kind == "emergency"
    from openrhip.directory import service as directory

    [emergency] = directory.emergencies()
    assert emergency.reason == reason


@pytest.mark.parametrize(
    ("kind", "key"), [("staff", "XW0102"), ("institutions", "123201029990002B87")]
)
def test_nobody_else_signs_for_the_clinician(pki, archived, xuanwuhu, kind, key):
    other = Hospital(pki, xuanwuhu)
    answer = other.call(
        "GET",
        f"/documents/{archived}",
        actor="XW0101",
        strength="second-factor",
        purpose="emergency",
        emergency_reason="昏迷，车祸，无法询问病史",
        actor_signer=pki.signer(kind, key),
    )
    assert answer.status_code == 401
    assert answer.json()["where"] == "X-RHIP-Actor-Certificate"


def test_search_shows_what_may_be_known(hospital, archived, pki, xuanwuhu):
    body = json.dumps({"patient": {"id_number": "320100195304129931"}}).encode()
    found = hospital.call("POST", "/search", body, actor="JL0101", purpose="treatment").json()
    assert [item["id"] for item in found["items"]] == [archived]
    other = Hospital(pki, xuanwuhu)
    none = other.call("POST", "/search", body, actor="XW0101", purpose="treatment").json()
    assert none["items"] == []


def test_the_description_is_there(centre):
    content = Client().get(f"{BASE}/openapi.json").json()
    assert "/api/records/uploads/{upload_id}/parts/{number}" in content["paths"]


@pytest.mark.parametrize("path", ["/nothing", "/documents/zzz/pages"])
def test_unknown_addresses_are_problems_too(centre, path):
    answer = Client().get(BASE + path)
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_a_fault_of_the_centre_is_json_too_and_says_nothing_of_it(hospital, monkeypatch):
    def fault(**_about):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(service, "refusals", fault)
    answer = hospital.call("GET", "/refusals")
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert "secret" not in answer.content.decode()
