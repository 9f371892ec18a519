"""Authorities that stamp digests of several algorithms, in process and from afar."""

import pytest

from openrhip.formats.gm import digests, oids, tsp, tst
from openrhip.kernel import clock
from openrhip.kernel.errors import NotVerified, Refused

SHA = digests.by_name("sha512")


@pytest.fixture
def at(helpers):
    with clock.frozen(helpers.day(2026, 6)) as frozen:
        yield frozen.now()


def test_a_digest_of_any_listed_algorithm(first, at, helpers):
    trust = helpers.trust_of(first, crls=[first.list_of(at)])
    for one in digests.TABLE:
        token = first.stamper.stamp_digest(one.of(b"x"), one.oid)
        report = tsp.verify_digest(token, one.of(b"x"), one.oid, trust)
        assert report.ok, one.name
        assert report.time == at
        wrong = tsp.verify_digest(token, one.of(b"y"), one.oid, trust)
        assert {row.code for row in wrong.findings if not row.ok} == {"tsp.imprint"}


def test_the_algorithm_belongs_to_the_imprint(first, at, helpers):
    """32 bytes by one algorithm are no digest by another of the same length."""
    sha, trust = digests.by_name("sha256"), helpers.trust_of(first, crls=[first.list_of(at)])
    token = first.stamper.stamp_digest(sha.of(b"x"), sha.oid)
    report = tsp.verify_digest(token, sha.of(b"x"), oids.SM3, trust)
    assert {row.code for row in report.findings if not row.ok} == {"tsp.imprint"}
    data = tsp.verify_token(token, b"x", trust)
    assert "tsp.imprint" in {row.code for row in data.findings if not row.ok}


def test_no_token_is_a_finding(helpers, first):
    report = tsp.verify_digest(b"no", bytes(32), oids.SM3, helpers.trust_of(first))
    assert [row.code for row in report.findings] == ["tsp.format"]


def test_an_authority_stamps_what_it_offers(first, at):
    plain = tsp.Authority(first.tsa)
    with pytest.raises(Refused):
        plain.token(SHA.of(b"x"), algorithm=SHA.oid)
    with pytest.raises(Refused):
        tsp.Authority(first.tsa, algorithms=digests.OIDS).token(bytes(32), algorithm=SHA.oid)
    with pytest.raises(Refused):
        tsp.RemoteTimestamper(plain.respond).stamp_digest(SHA.of(b"x"), SHA.oid)


def test_from_afar(first, at, helpers):
    offers = tsp.Authority(first.tsa, algorithms=digests.OIDS)
    trust = helpers.trust_of(first, crls=[first.list_of(at)])
    token = tsp.RemoteTimestamper(offers.respond, trust=trust).stamp_digest(SHA.of(b"x"), SHA.oid)
    assert tsp.verify_digest(token, SHA.of(b"x"), SHA.oid, trust).ok

    def another(request):
        asked = tst.read_request(request)
        return offers.respond(
            tst.Request(SHA.of(b"y"), SHA.oid, nonce=asked.nonce, cert=True).encode()
        )

    with pytest.raises(NotVerified):
        tsp.RemoteTimestamper(another).stamp_digest(SHA.of(b"x"), SHA.oid)
