"""Status by question and answer: messages, who may answer, what an answer is worth."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from asn1crypto import ocsp as outside
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats.gm import certs, chain, der, ocsp, oids, revocation, signed, status, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.crl import Crl, Revocation
from openrhip.formats.gm.ocsp_responder import Responder
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel import clock
from openrhip.kernel.errors import (
    Malformed,
    Misconfigured,
    NotVerified,
    Problem,
    Refused,
    Unavailable,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
URL = "http://ocsp.example/"


@pytest.fixture(autouse=True)
def _at_noon(noon):
    with clock.frozen(noon):
        yield


@pytest.fixture(scope="session")
def delegate(authority):
    return authority.enrol("ocsp", certs.OCSP_SIGNING)


@pytest.fixture(scope="session")
def named(authority):
    """A signer whose certificate names a status service and a list."""
    services = certs.Services(crl=("http://crl.example/1.crl", "ldap://x"), ocsp=(URL,))
    return authority.enrol("named", extra=services.extensions())


def responder(authority, delegate, *revoked, **more):
    return Responder(delegate, authority.issuing, lambda: authority.list_of(*revoked), **more)


class Wire:
    """A port that counts, and hands requests to a responder."""

    def __init__(self, service=None, lists=None):
        self.service, self.lists, self.asked = service, lists or {}, []

    def crl(self, url, /):
        self.asked.append(url)
        if url not in self.lists:
            raise Unavailable("nobody there", where=url)
        return self.lists[url]

    def ocsp(self, url, request, /):
        self.asked.append(url)
        if self.service is None:
            raise Unavailable("nobody there", where=url)
        return self.service.respond(request)


def judged(authority, leaf, answers, *, at=None, crls=()):
    trust = TrustStore([authority.root], (authority.root_list(), *crls), answers=answers)
    report = chain.validate(leaf, [authority.issuing], trust, at=at or clock.now(), usage=None)
    (finding,) = (
        one for one in report.findings if "revo" in one.code and one.where.startswith("leaf")
    )
    return finding.code


def test_addresses_are_written_and_read(named):
    assert named.certificate.ocsp_urls == (URL,)
    assert named.certificate.crl_urls == ("http://crl.example/1.crl",)
    assert named.certificate.issuer_urls == ()


def test_a_request_is_what_others_read(authority, leaf):
    question = ocsp.CertId.of(leaf.certificate, authority.issuing, algorithm=oids.SHA1)
    request = ocsp.Request((question,), nonce=b"n" * 16)
    read = outside.OCSPRequest.load(request.encode(), strict=True)["tbs_request"]
    (row,) = read["request_list"]
    assert row["req_cert"]["serial_number"].native == leaf.certificate.serial
    assert (
        row["req_cert"]["issuer_key_hash"].native
        == hashlib.sha1(authority.issuing.public_key.point, usedforsecurity=False).digest()
    )
    assert read["request_extensions"][0]["extn_value"].parsed.native == b"n" * 16
    assert ocsp.read_request(request.encode()) == request


@pytest.mark.parametrize("algorithm", [oids.SM3, oids.SHA1, oids.SHA256])
def test_a_question_and_its_answer(authority, leaf, delegate, algorithm):
    question = ocsp.CertId.of(leaf.certificate, authority.issuing, algorithm=algorithm)
    answer = ocsp.read_response(
        responder(authority, delegate).respond(
            ocsp.Request((question,), b"0123456789abcdef").encode()
        )
    )
    row = answer.about(leaf.certificate, authority.issuing)
    assert (row.state, row.this_update, answer.nonce) == (
        ocsp.GOOD,
        clock.now(),
        b"0123456789abcdef",
    )
    assert answer.about(delegate.certificate, authority.issuing) is None
    assert judged(authority, leaf.certificate, [answer]) == "cert.revocation"
    outer = outside.OCSPResponse.load(answer.response(), strict=True)
    assert outer["response_bytes"]["response"].parsed["certs"][0].native is not None
    assert ocsp.read_any(answer.response()) == ocsp.read_any(answer.der) == answer


def answered(service, authority, certificate):
    question = ocsp.CertId.of(certificate, authority.issuing)
    return ocsp.read_response(service.respond(ocsp.Request((question,)).encode()))


def test_revoked_unknown_and_later(authority, leaf, delegate, noon):
    entry = Revocation(leaf.certificate.serial, noon - HOUR, "keyCompromise")
    answer = answered(responder(authority, delegate, entry), authority, leaf.certificate)
    row = answer.about(leaf.certificate, authority.issuing)
    assert (row.state, row.revocation) == (ocsp.REVOKED, entry)
    assert judged(authority, leaf.certificate, [answer]) == "cert.revoked"
    assert judged(authority, leaf.certificate, [answer], at=noon - 2 * HOUR) == "cert.revocation"
    strange = answered(responder(authority, delegate, serials=()), authority, leaf.certificate)
    assert judged(authority, leaf.certificate, [strange]) == "cert.revocation-unknown"
    # a list that knows nothing of it does not outweigh the answer
    assert (
        judged(authority, leaf.certificate, [answer], crls=[authority.list_of()]) == "cert.revoked"
    )


def test_an_answer_reaches_as_far_as_it_says(authority, leaf, delegate, noon):
    answer = answered(responder(authority, delegate, lifetime=HOUR), authority, leaf.certificate)
    assert judged(authority, leaf.certificate, [answer], at=noon + HOUR) == "cert.revocation"
    assert (
        judged(authority, leaf.certificate, [answer], at=noon + 2 * HOUR)
        == "cert.revocation-unknown"
    )
    row = answer.about(leaf.certificate, authority.issuing)
    open_end = ocsp.Status(row.question, row.state, row.this_update, None)
    assert status.reaches(open_end, noon + status.FRESH)
    assert not status.reaches(open_end, noon + status.FRESH + HOUR)


def made_by(signer, authority, certificate, *, certificates=None, at=None):
    """An answer "good" by whom it may be."""
    now = at or clock.now()
    row = ocsp.Status(ocsp.CertId.of(certificate, authority.issuing), ocsp.GOOD, now, now + DAY)
    return ocsp.issue(
        [row], responder=signer.certificate, key=signer, produced_at=now,
        certificates=[signer.certificate] if certificates is None else certificates,
    )  # fmt: skip


def test_the_authority_itself_may_answer(authority, leaf):
    own = SoftwareSigner(authority.key, authority.issuing)
    assert (
        judged(
            authority,
            leaf.certificate,
            [made_by(own, authority, leaf.certificate, certificates=())],
        )
        == "cert.revocation"
    )


def test_nobody_else_may_answer(authority, leaf, stamper, noon):
    other = type(authority)()
    strangers = [
        leaf,  # no purpose
        stamper,  # another purpose
        other.enrol("ocsp", certs.OCSP_SIGNING),  # another authority's, of the same name
        authority.enrol("ended", certs.OCSP_SIGNING, since=-2 * DAY, until=-DAY),
    ]
    for signer in strangers:
        answer = made_by(signer, authority, leaf.certificate)
        assert judged(authority, leaf.certificate, [answer]) == "cert.revocation-unknown"
        with pytest.raises(Misconfigured):
            Responder(strangers[0], authority.issuing, authority.list_of)


def test_a_forged_answer_says_nothing(authority, leaf, delegate):
    answer = answered(responder(authority, delegate), authority, leaf.certificate)
    outer = [one.raw for one in der.read(answer.der, "x").children()]
    good = ocsp.Answer.from_der(der.sequence(*outer))
    assert status.speaks_for(good, authority.issuing)
    turned = outer[0].replace(b"\x80\x00", b"\x82\x00")  # good becomes unknown
    assert turned != outer[0]
    forged = ocsp.Answer.from_der(der.sequence(turned, *outer[1:]))
    assert not status.speaks_for(forged, authority.issuing)


def test_a_responder_that_must_be_looked_up(authority, leaf, noon):
    profile = certs.Profile(frozenset({"digitalSignature"}), extended=(oids.EKU_OCSP_SIGNING,))
    signer = authority.enrol("looked up", profile)
    answer = made_by(signer, authority, leaf.certificate)
    assert judged(authority, leaf.certificate, [answer]) == "cert.revocation-unknown"
    assert status.speaks_for(answer, authority.issuing, [authority.list_of()])
    gone = authority.list_of(Revocation(signer.certificate.serial, noon, "keyCompromise"))
    assert not status.speaks_for(answer, authority.issuing, [gone])


def test_bad_requests_are_refused(authority, leaf, delegate):
    service = responder(authority, delegate)
    with pytest.raises(Refused, match="malformedRequest"):
        ocsp.read_response(service.respond(b"0"))
    foreign = ocsp.CertId.of(authority.issuing, authority.root)
    with pytest.raises(Refused, match="unauthorized"):
        ocsp.read_response(service.respond(ocsp.Request((foreign,)).encode()))
    broken = Responder(delegate, authority.issuing, authority.root_list)
    question = ocsp.CertId.of(leaf.certificate, authority.issuing)
    with pytest.raises(Unavailable, match="internalError"):
        ocsp.read_response(broken.respond(ocsp.Request((question,)).encode()))


def test_answers_to_other_questions_are_not_taken(authority, named, leaf, delegate):
    service = responder(authority, delegate)

    class Replay(Wire):
        """Answers an earlier request, or another question."""

        def ocsp(self, url, request, /):
            self.asked.append(url)
            read = ocsp.read_request(request)
            return service.respond(
                ocsp.Request(self.questions or read.questions, self.nonce).encode()
            )

    wire = Replay()
    wire.questions, wire.nonce = (), b"another nonce"
    with pytest.raises(NotVerified, match="nonce"):
        revocation.ask(named.certificate, authority.issuing, URL, wire)
    wire.questions = (ocsp.CertId.of(leaf.certificate, authority.issuing),)
    with pytest.raises(NotVerified, match="another question"):
        revocation.ask(named.certificate, authority.issuing, URL, wire)
    wire.questions, wire.nonce = (), b""  # services that cache their answers repeat no nonce
    assert revocation.ask(named.certificate, authority.issuing, URL, wire).rows


@pytest.fixture(scope="session")
def messages(authority, leaf, delegate, noon):
    """A request and its answer, always the same bytes."""
    question = ocsp.CertId.of(leaf.certificate, authority.issuing)
    request = ocsp.Request((question,), b"n" * 16).encode()
    with clock.frozen(noon):
        return request, responder(authority, delegate).respond(request)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_broken_messages_are_typed_errors(messages, data):
    good = data.draw(st.sampled_from(messages))
    at = data.draw(st.integers(0, len(good) - 1))
    broken = good[:at] + bytes([data.draw(st.integers(0, 255))]) + good[at + 1 :]
    for read in (ocsp.read_request, ocsp.read_response, ocsp.read_any):
        try:
            read(broken)
        except Problem:
            continue


def test_a_response_without_answer_is_malformed():
    with pytest.raises(Malformed, match="without an answer"):
        ocsp.read_response(der.sequence(der.integer(0, tag=der.ENUMERATED)))


def test_a_list_without_end_speaks_for_a_day(authority, leaf, noon):
    """Else a file could bring a list of years ago along, and hide a revocation since."""
    made = authority.list_of()
    bare = [one.raw for one in der.read(made.tbs, "x").children()]
    tbs = der.sequence(*bare[:4], *bare[5:])  # without nextUpdate
    old = Crl.from_der(signed.sealed(tbs, authority.key))
    assert old.next_update is None
    for hours, code in ((-1, "cert.revocation"), (1, "cert.revocation-unknown")):
        at = old.this_update + status.FRESH + timedelta(hours=hours)
        assert judged(authority, leaf.certificate, [], at=at, crls=[old]) == code


def test_an_answer_that_the_key_was_lost_takes_all_stamps(authority, delegate, stamper, noon):
    token = tsp.LocalTimestamper(tsp.Authority(stamper)).stamp(b"x")
    assert tsp.verify_token(token, b"x", authority.trust()).ok
    lost = Revocation(stamper.certificate.serial, noon + DAY, "keyCompromise")
    answer = answered(responder(authority, delegate, lost), authority, stamper.certificate)
    report = tsp.verify_token(token, b"x", authority.trust().knowing(answers=[answer]))
    assert "tsp.compromised" in {one.code for one in report.findings if not one.ok}


# Collecting


def test_what_is_collected_serves_later(authority, named, delegate, noon):
    wire = Wire(responder(authority, delegate))
    bare = TrustStore([authority.root], [authority.root_list()])
    data = revocation.collect([named.certificate], bare, wire, intermediates=[authority.issuing])
    assert data.complete
    assert wire.asked == [URL]
    assert [one.common_name for one in data.certificates] == ["named", "issuing", "root"]
    assert (len(data.crls), len(data.answers)) == (1, 1)
    for again in (
        revocation.RevocationData.decode(data.encode()),
        revocation.RevocationData.from_dict(data.as_dict()),
    ):
        assert again == data
        report = chain.validate(
            named.certificate, [], again.under(TrustStore([authority.root])), at=noon, usage=None
        )
        assert report.ok


def test_lists_serve_where_no_service_answers(authority, named):
    place = "http://crl.example/1.crl"
    wire = Wire(lists={place: authority.list_of().der})
    bare = TrustStore([authority.root], [authority.root_list()])
    data = revocation.collect(
        [named.certificate], bare, revocation.Remembering(wire), intermediates=[authority.issuing]
    )
    assert data.complete
    assert wire.asked == [URL, URL, place]
    nothing = revocation.collect(
        [named.certificate], bare, revocation.NoRevocation(), intermediates=[authority.issuing]
    )
    assert not nothing.complete
    assert {one.code for one in nothing.findings if not one.ok} == {"cert.revocation-unknown"}
    held = revocation.collect(
        [named.certificate], authority.trust(), intermediates=[authority.issuing]
    )
    assert held.complete
    assert not held.answers


def test_lists_are_remembered_for_a_while(authority, noon):
    wire = Wire(lists={URL: authority.list_of().der})
    port = revocation.Remembering(wire, lifetime=HOUR)
    for minutes, asked in ((0, 1), (59, 1), (61, 2), (0, 3)):
        with clock.frozen(noon + timedelta(minutes=minutes)):
            assert port.crl(URL)
        assert len(wire.asked) == asked


def test_addresses_of_strangers_are_not_asked(authority, named, delegate):
    wire = Wire(responder(authority, delegate))
    stranger = type(authority)()
    revocation.collect(
        [named.certificate], stranger.trust(), wire, intermediates=[authority.issuing]
    )
    assert wire.asked == []


@pytest.mark.parametrize("broken", [b"", b"0", b"\x30\x00", bytes(40)])
def test_broken_data_is_a_typed_error(broken):
    with pytest.raises(Malformed):
        revocation.RevocationData.decode(broken)
    with pytest.raises(Malformed):
        revocation.RevocationData.from_dict({"crls": ["?"]})
    with pytest.raises(Malformed):
        revocation.RevocationData.from_dict({"ocsp": "x"})
