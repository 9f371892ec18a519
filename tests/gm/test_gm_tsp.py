"""Timestamps: authority, clients, verification, agreement with others, broken tokens."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from asn1crypto import tsp as other_tsp
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats.gm import certs, cms, der, oids, sm3, transport, tsp, tst
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.crl import Revocation
from openrhip.formats.gm.tsp import Authority, LocalTimestamper, RemoteTimestamper, verify_token
from openrhip.kernel import clock
from openrhip.kernel.errors import (
    Malformed,
    Misconfigured,
    NotVerified,
    Problem,
    Refused,
    TooLarge,
    Unavailable,
)

DATA = b"a signature value"


@pytest.fixture(params=[oids.PKCS7_SIGNED_DATA, oids.GM_SIGNED_DATA], ids=["pkcs7", "gm"])
def service(request, stamper, noon):
    return Authority(stamper, outer_type=request.param, now=lambda: noon)


@pytest.fixture
def token(service):
    return LocalTimestamper(service).stamp(DATA)


def failed(report):
    return {finding.code for finding in report.findings if not finding.ok}


def test_stamp_and_verify(token, authority, noon, stamper):
    report = verify_token(token, DATA, authority.trust())
    assert report.ok
    assert report.time == noon
    assert report.authority == stamper.certificate
    assert report.info.accuracy == timedelta(seconds=1)
    assert report.info.policy == tsp.DEVELOPMENT_POLICY


def test_other_data_is_named(token, authority):
    report = verify_token(token, DATA + b"!", authority.trust())
    assert failed(report) == {"tsp.imprint"}


def test_untrusted_authority(token, wrong_ca):
    assert "chain.anchor" in failed(verify_token(token, DATA, TrustStore([wrong_ca])))


def test_the_instant_may_be_given(token, authority, noon):
    late = verify_token(token, DATA, authority.trust(), at=noon + timedelta(days=4000))
    assert failed(late) == {"cert.validity", "cert.revocation-unknown"}


@pytest.mark.parametrize(
    ("reason", "holds"),
    [("superseded", True), ("cessationOfOperation", True), ("keyCompromise", False), ("", False)],
)
def test_revoked_authority(token, authority, stamper, noon, reason, holds):
    """RFC 3161 4: stamps from before stay good only when the key was not in doubt."""
    row = Revocation(stamper.certificate.serial, noon + timedelta(days=9), reason)
    trust = authority.trust(authority.list_of(row), authority.root_list())
    report = verify_token(token, DATA, trust)
    assert report.ok == holds
    assert failed(report) == (set() if holds else {"tsp.compromised"})


def test_revoked_before_the_stamp(token, authority, stamper, noon):
    row = Revocation(stamper.certificate.serial, noon - timedelta(hours=1), "superseded")
    trust = authority.trust(authority.list_of(row), authority.root_list())
    assert failed(verify_token(token, DATA, trust)) == {"cert.revoked"}


def test_only_timestamp_certificates_may_serve(leaf):
    with pytest.raises(Misconfigured):
        Authority(leaf)


def test_a_certificate_for_other_uses_is_named(authority, leaf, noon, stamper):
    class Pretender(Authority):
        def __init__(self):
            super().__init__(stamper, now=lambda: noon)
            self.signer = leaf
            self._bound = (tsp._signing_certificate(leaf.certificate),)

    made = Pretender().token(sm3.digest(DATA))
    assert failed(verify_token(made, DATA, authority.trust())) == {"cert.usage"}


def test_signing_certificate_attribute_must_match(authority, leaf, noon, stamper):
    service = Authority(stamper, now=lambda: noon)
    service._bound = (tsp._signing_certificate(leaf.certificate),)
    made = service.token(sm3.digest(DATA))
    assert failed(verify_token(made, DATA, authority.trust())) == {"tsp.signing-certificate"}
    service._bound = ()
    assert verify_token(service.token(sm3.digest(DATA)), DATA, authority.trust()).ok
    service._bound = (cms.attribute(oids.SIGNING_CERTIFICATE_V2, der.null()),)
    made = service.token(sm3.digest(DATA))
    assert failed(verify_token(made, DATA, authority.trust())) == {"tsp.signing-certificate"}


def test_token_without_certificates(service, authority, stamper):
    bare = service.token(sm3.digest(DATA), cert=False)
    assert failed(verify_token(bare, DATA, authority.trust())) == {"tsp.certificate"}
    known = (stamper.certificate, authority.issuing)
    assert verify_token(bare, DATA, authority.trust(), certificates=known).ok


def test_asn1crypto_reads_response_and_token(stamper, noon):
    service = Authority(stamper, now=lambda: noon)
    request = tst.Request(sm3.digest(DATA), nonce=99, cert=True)
    other = other_tsp.TimeStampReq.load(request.encode(), strict=True)
    assert other["nonce"].native == 99
    assert other["cert_req"].native is True
    response = other_tsp.TimeStampResp.load(service.respond(request.encode()), strict=True)
    assert response["status"]["status"].native == "granted"
    signed = response["time_stamp_token"]["content"]
    info = signed["encap_content_info"]["content"].parsed
    assert info["gen_time"].native == noon
    assert info["message_imprint"]["hashed_message"].native == sm3.digest(DATA)
    assert len(signed["certificates"]) == 2
    assert signed["version"].native == "v3"


def test_openssl_prints_our_response(openssl, tmp_path, stamper, noon):
    service = Authority(stamper, now=lambda: noon)
    (tmp_path / "data").write_bytes(DATA)
    openssl("ts", "-query", "-data", "data", "-sm3", "-cert", "-out", "q")
    (tmp_path / "r").write_bytes(service.respond((tmp_path / "q").read_bytes()))
    text = openssl("ts", "-reply", "-in", "r", "-text").stdout.decode()
    assert "Status: Granted." in text
    assert "Hash Algorithm: sm3" in text
    assert "Nov 24 04:00:00 2026 GMT" in text


def test_openssl_verifies_the_signed_attributes(openssl, tmp_path, token, stamper, distid):
    info = cms.parse(token).signers[0]
    (tmp_path / "attributes").write_bytes(info.attributes_der)
    (tmp_path / "signature").write_bytes(info.signature)
    (tmp_path / "pub.pem").write_bytes(stamper.certificate.public_key.to_pem())
    sm = ["dgst", "-sm3", "-sigopt", distid, "-verify", "pub.pem", "-signature", "signature"]
    assert b"Verified OK" in openssl(*sm, "attributes").stdout


def test_nonce_policy_and_certificates_are_answered(service, authority):
    request = tst.Request(sm3.digest(DATA), policy=service.policy, nonce=-(1 << 100), cert=False)
    response = tst.read_response(service.respond(request.encode()))
    assert response.status == tst.GRANTED
    signed = cms.parse(response.token)
    assert signed.certificates == ()
    info = tst.read_info(signed.content)
    assert (info.nonce, info.policy) == (-(1 << 100), service.policy)


def refusal(service, request: bytes):
    response = tst.read_response(service.respond(request))
    assert response.status == tst.REJECTION
    assert response.token == b""
    return response.failures


def test_bad_requests_are_refused(service):
    good = tst.Request(sm3.digest(DATA)).encode()
    assert refusal(service, b"nonsense") == {"badDataFormat"}
    assert refusal(service, bytes(tst.LARGEST_REQUEST + 1)) == {"badDataFormat"}
    assert refusal(service, good[:-1]) == {"badDataFormat"}
    sha = good.replace(der.oid(oids.SM3), der.oid("1.2.156.10197.1.402"))
    assert refusal(service, sha) == {"badAlg"}
    assert refusal(service, tst.Request(bytes(20)).encode()) == {"badAlg"}
    assert refusal(service, tst.Request(bytes(5)).encode()) == {"badDataFormat"}
    other = tst.Request(sm3.digest(DATA), policy="1.2.3").encode()
    assert refusal(service, other) == {"unacceptedPolicy"}
    body = der.read(good, "t").content + der.explicit(0, der.sequence())
    assert refusal(service, der.sequence(body)) == {"unacceptedExtension"}
    huge = tst.Request(sm3.digest(DATA), nonce=1 << 600).encode()
    assert refusal(service, huge) == {"badDataFormat"}


def test_an_authority_that_cannot_sign_says_so(stamper, noon):
    class Broken:
        certificate, chain = stamper.certificate, stamper.chain

        def sign(self, data: bytes) -> bytes:
            del data
            raise Unavailable("the device is gone")

    service = Authority(Broken(), now=lambda: noon)
    assert refusal(service, tst.Request(sm3.digest(DATA)).encode()) == {"systemFailure"}


def test_remote_client(service, authority):
    client = RemoteTimestamper(service.respond, policy=service.policy, trust=authority.trust())
    assert verify_token(client.stamp(DATA), DATA, authority.trust()).ok


def answering(body: bytes):
    return RemoteTimestamper(lambda _: body).stamp


def test_remote_client_refuses_wrong_answers(service, authority, wrong_ca):
    for failure, error in (
        ("badRequest", Refused),
        ("unacceptedPolicy", Refused),
        ("systemFailure", Unavailable),
        ("timeNotAvailable", Unavailable),
    ):
        body = tst.Response(tst.REJECTION, "no", frozenset({failure})).encode()
        with pytest.raises(error, match=failure):
            answering(body)(DATA)
    with pytest.raises(Malformed, match="without a token"):
        answering(tst.Response(tst.GRANTED).encode())(DATA)
    with pytest.raises(Malformed):
        answering(b"<html>")(DATA)
    with pytest.raises(TooLarge):
        answering(bytes(tst.LARGEST_RESPONSE + 1))(DATA)
    replay = service.respond(tst.Request(sm3.digest(DATA), nonce=1, cert=True).encode())
    with pytest.raises(NotVerified, match="nonce"):
        answering(replay)(DATA)

    def other_data(request: bytes) -> bytes:
        nonce = tst.read_request(request).nonce
        return service.respond(tst.Request(bytes(32), nonce=nonce, cert=True).encode())

    with pytest.raises(NotVerified, match="imprint"):
        RemoteTimestamper(other_data).stamp(DATA)

    def other_policy(request: bytes) -> bytes:
        asked = tst.read_request(request)
        return service.respond(tst.Request(asked.digest, nonce=asked.nonce, cert=True).encode())

    with pytest.raises(NotVerified, match="policy"):
        RemoteTimestamper(other_policy, policy="1.2.3").stamp(DATA)
    with pytest.raises(NotVerified, match="does not hold"):
        RemoteTimestamper(service.respond, trust=TrustStore([wrong_ca])).stamp(DATA)


def test_over_http(service, authority):
    with transport.server(service, "127.0.0.1", 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{running.server_port}/"
        try:
            made = RemoteTimestamper(transport.poster(url)).stamp(DATA)
            assert verify_token(made, DATA, authority.trust()).ok
            with pytest.raises(Unavailable):
                transport.poster(url)(bytes(tst.LARGEST_REQUEST + 1))
        finally:
            running.shutdown()
            thread.join()
    with pytest.raises(Unavailable):
        transport.poster(url, timeout=1)(b"x")
    with pytest.raises(Misconfigured):
        transport.poster("file:///etc/passwd")


def test_clock_of_the_kernel_is_the_default(stamper, authority, noon):
    with clock.frozen(noon + timedelta(hours=3)):
        made = Authority(stamper).token(sm3.digest(DATA))
    assert verify_token(made, DATA, authority.trust()).time == noon + timedelta(hours=3)


@given(st.timedeltas(timedelta(0), timedelta(days=900)))
def test_accuracy_round_trip(accuracy):
    info = tst.Info("1.2.3", oids.SM3, bytes(32), 1, clock.now(), accuracy, ordering=True)
    assert tst.read_info(info.encode()) == info


def test_mutated_tokens_never_verify(token, authority):
    """A changed byte is named, whatever it is; nothing but a report comes back."""
    chance = random.Random(31)  # noqa: S311 - repeatable
    trust = authority.trust()
    issuing = authority.issuing.der
    start = token.index(issuing)
    skipped = 0
    for _ in range(1500):
        body = bytearray(token)
        position = chance.randrange(len(body))
        value = chance.randrange(256)
        if body[position] == value:
            continue
        body[position] = value
        report = verify_token(bytes(body), DATA, trust)
        if report.ok:  # only what the signature does not cover: see the list
            skipped += 1
            assert not start <= position < start + len(issuing)
            assert _uncovered(token, position), position
    assert skipped < 60


def _uncovered(token: bytes, position: int) -> bool:
    """Version numbers and the digest algorithm list: repeated elsewhere, covered there."""
    signed = token.index(der.oid(oids.TST_INFO))
    return position < signed or token[position - 2 : position] == b"\x02\x01"


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_no_token(data):
    report = verify_token(data, DATA, TrustStore([]))
    assert failed(report) == {"tsp.format"}
    for read in (tst.read_request, tst.read_response, tst.read_info, cms.parse):
        with pytest.raises(Problem):
            read(data)


def test_token_of_two_signers_or_other_content(leaf, stamper):
    text = cms.sign(b"text", signer=leaf)
    assert failed(verify_token(text, DATA, TrustStore([]))) == {"tsp.format"}
    assert certs.TIME_STAMPING.extended == (oids.EKU_TIME_STAMPING,)
