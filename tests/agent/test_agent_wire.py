"""Signed requests: every signed fact counts, foreign input is a typed problem."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.agent import wire
from openrhip.formats.gm import certs
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, NotVerified, Problem


@pytest.fixture(scope="module")
def signer():
    key = PrivateKey.generate()
    now = clock.now()
    certificate = certs.issue(
        subject=[("CN", "医院")],
        public_key=key.public_key,
        issuer=None,
        issuer_key=key,
        not_before=now - timedelta(days=1),
        not_after=now + timedelta(days=1),
        profile=certs.SIGNING,
    )
    return SoftwareSigner(key, certificate)


def made(signer, **about):
    about = {
        "method": "POST",
        "host": "centre.example",
        "target": "/x?y=1",
        "body": b"content",
    } | about
    return wire.sign(institution="H1", signer=signer, **about)


def test_what_was_signed_is_read_and_holds(signer):
    request = made(signer, actor="D1", purpose="emergency", emergency_reason="昏迷 \n, =")
    read = wire.read(
        method="post", host="Centre.example", target="/x?y=1", headers=request.headers()
    )
    assert read == request
    wire.check(read, certificate=signer.certificate, now=clock.now())
    wire.check_body(read, b"content")


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"host": "another.example"},
        {"target": "/x?y=2"},
        {"institution": "H2"},
        {"nonce": "0" * 32},
        {"body_digest": "0" * 64},
        {"actor": "D2"},
        {"strength": "second-factor"},
        {"purpose": "research"},
        {"emergency_reason": "x"},
    ],
)
def test_each_fact_is_covered_by_the_signature(signer, change):
    request = replace(made(signer), **change)
    with pytest.raises(NotVerified):
        wire.check(request, certificate=signer.certificate, now=clock.now())


def test_the_clinician_signs_the_same_text_for_themselves(signer):
    request = made(signer, actor="D1", strength="second-factor", actor_signer=signer)
    read = wire.read(
        method="POST", host="centre.example", target="/x?y=1", headers=request.headers()
    )
    assert read == request
    wire.check_actor(read, certificate=signer.certificate)
    with pytest.raises(NotVerified, match="clinician"):
        wire.check_actor(replace(read, actor="D2"), certificate=signer.certificate)
    # The institution's signature does not serve as the clinician's, although one key made both.
    with pytest.raises(NotVerified, match="clinician"):
        wire.check_actor(
            replace(read, actor_signature=read.signature), certificate=signer.certificate
        )


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Centre.example", "centre.example"),
        ("https://centre.example:443/x", "centre.example"),
        ("http://centre.example:80", "centre.example"),
        ("https://centre.example:8443", "centre.example:8443"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_the_host_is_that_of_the_host_header(url, host):
    assert wire.host_of(url) == host


@pytest.mark.parametrize("host", ["", "a b", "a/b", "x" * 256])
def test_no_host_is_no_request(signer, host):
    with pytest.raises(Malformed):
        wire.read(method="GET", host=host, target="/x", headers=made(signer).headers())


def test_a_fact_cannot_move_into_its_neighbour(signer):
    one = replace(made(signer), actor="A", purpose="")
    other = replace(one, actor="", purpose="A")
    assert one.canonical() != other.canonical()


@pytest.mark.parametrize("seconds", [-301, 301])
def test_the_window_is_five_minutes(signer, seconds):
    request = made(signer)
    wire.check(request, certificate=signer.certificate, now=request.at)
    with pytest.raises(NotVerified, match="old or from the future"):
        wire.check(
            request,
            certificate=signer.certificate,
            now=request.at + timedelta(seconds=seconds),
        )


def test_another_body_does_not_pass(signer):
    with pytest.raises(NotVerified):
        wire.check_body(made(signer), b"other")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Institution", "a b"),
        ("Institution", ""),
        ("Timestamp", "2026-11-24"),
        ("Timestamp", "2026-13-41T99:00:00Z"),
        ("Nonce", "short"),
        ("Content-SM3", "x" * 64),
        ("Signature", "!" * 96),
        ("Certificate", "A" * 101),
        ("Certificate", ",".join(["AAAA" * 30] * 5)),
        ("Actor", "'; drop"),
        ("Emergency-Reason", "%E6%98%8F" * 600),
    ],
)
def test_headers_of_another_form_are_malformed(signer, name, value):
    headers = made(signer).headers() | {wire.PREFIX + name: value}
    with pytest.raises(Malformed) as caught:
        wire.read(method="GET", host="centre.example", target="/x", headers=headers)
    assert caught.value.where.startswith(wire.PREFIX)


@given(headers=st.dictionaries(st.text(max_size=30), st.text(max_size=200), max_size=8))
def test_any_headers_are_read_or_a_problem(headers):
    with pytest.raises(Problem):
        wire.read(method="GET", host="centre.example", target="/x", headers=headers)
