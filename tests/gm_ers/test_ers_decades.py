"""A record from 2026 to 2050: renewed in 2029 and 2036, re-hashed in 2040; and what breaks it."""

from dataclasses import replace

import pytest

from openrhip.formats.gm import digests, ers
from openrhip.formats.gm.crl import Revocation
from openrhip.formats.gm.ers import building, material
from openrhip.formats.gm.ers.policy import Policy
from openrhip.formats.gm.revocation import RevocationData

DOCUMENT = "出院小结".encode()
OTHER = b"another document"
SM3_ENDS = Policy.parse("sm3=2042-01-01")


@pytest.fixture(scope="module")
def life(first, second, third):
    """The record as it stood after each act; each token keeps the lists of the last day it needed."""
    from types import SimpleNamespace

    from openrhip.kernel import clock

    day = _day
    begun = first.stamp_at(day(2026), lambda stamper: ers.create([DOCUMENT], stamper))

    def next_by(record, keeper, at, author, make):
        """Before the newest token is covered it takes the lists of that day."""
        ready = building.with_material(record, keeper.data(at), in_token=True)
        with clock.frozen(at):
            return make(ready, author.stamper)

    renewed = next_by(begun, first, day(2029), second, ers.renew)
    again = next_by(renewed, second, day(2036), third, ers.renew)
    rehashed = next_by(
        again, third, day(2040), third,
        lambda record, stamper: ers.rehash(record, [DOCUMENT], stamper, algorithm="sha3-256"),
    )  # fmt: skip
    kept = building.with_material(rehashed, third.data(day(2049, 6)))
    return SimpleNamespace(begun=begun, renewed=renewed, again=again, rehashed=rehashed, kept=kept)


def _day(year, month=1, date=1):
    from datetime import UTC, datetime

    return datetime(year, month, date, 4, tzinfo=UTC)


@pytest.fixture
def judged(first, second, third, helpers):
    def judge(record, at, *, contents=(DOCUMENT,), policy=SM3_ENDS, trust=None):
        return ers.verify(
            record if isinstance(record, bytes) else record.encoded,
            list(contents),
            trust=trust or helpers.trust_of(first, second, third),
            at=at,
            policy=policy,
        )

    return judge


def test_good_in_2050_by_the_record_alone(life, judged):
    report = judged(life.kept, _day(2050))
    assert report.ok, report.as_dict()
    assert report.proven == _day(2026)
    assert report.expires == _day(2055)
    assert [(stamp.chain, stamp.algorithm) for stamp in report.stamps] == [
        (1, "sm3"), (1, "sm3"), (1, "sm3"), (2, "sha3_256"),
    ]  # fmt: skip


def test_what_is_written_is_read(life):
    found = ers.read(life.kept.encoded)
    assert found == life.kept
    assert found.encoded == life.kept.encoded
    assert found.algorithms == (digests.SM3.oid, digests.by_name("sha3-256").oid)


def test_missing_renewal_is_named(life, judged, helpers):
    report = judged(life.begun, _day(2033))
    assert helpers.failed(report) >= {"ers.renewal", "ers.timestamp", "cert.validity"}
    assert report.verdict == "invalid"
    assert report.proven is None


def test_late_renewal_is_named(life, first, third, judged, helpers):
    late = third.stamp_at(_day(2036), lambda stamper: ers.renew(life.begun, stamper))
    report = judged(late, _day(2036, 6))
    assert "ers.renewal" in helpers.failed(report)
    assert report.stamps[1].ok
    assert report.proven == _day(2036), "what the second timestamp proves stays proven"


def test_an_algorithm_that_aged_before_it_was_replaced(life, judged, helpers, third):
    ends = Policy.parse(["sm3=2038-01-01"])
    now = building.with_material(life.again, third.data(_day(2036, 6)))
    assert judged(now, _day(2036, 7), policy=ends).ok
    assert helpers.failed(judged(life.kept, _day(2050), policy=ends)) == {"ers.algorithm"}


def test_signature_suites_age_on_their_own(life, judged, helpers):
    report = judged(life.kept, _day(2050), policy=Policy.parse("sm3=2042-01-01,sm2-sm3=2048-01-01"))
    assert helpers.failed(report) == {"ers.algorithm"}
    assert report.stamps[-1].findings[-1].where.startswith("archive timestamp 4")


def test_another_document_is_named(life, judged, helpers):
    report = judged(life.kept, _day(2050), contents=[OTHER])
    assert helpers.failed(report) == {"ers.document", "ers.rehash"}


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_a_tampered_token_breaks_what_covers_it(life, judged, helpers, number):
    stamps = list(life.kept.stamps())
    token = bytearray(stamps[number].token)
    token[-1] ^= 1
    stamps[number] = replace(stamps[number], token=bytes(token), raw=b"")
    broken = replace(life.kept, chains=(tuple(stamps[:3]), (stamps[3],)))
    codes = helpers.failed(judged(broken, _day(2050)))
    assert codes & {"cms.signature", "ers.format"}
    if number < 3 and "ers.format" not in codes:
        assert codes & {"ers.chain", "ers.rehash"}


def test_chains_in_another_order(life, judged, helpers):
    swapped = replace(life.kept, chains=tuple(reversed(life.kept.chains)))
    assert helpers.failed(judged(swapped, _day(2050))) >= {"ers.order", "ers.document"}


def test_a_chain_that_is_left_out(life, judged, helpers):
    alone = replace(life.kept, chains=life.kept.chains[1:])
    assert "ers.document" in helpers.failed(judged(alone, _day(2050)))


def test_without_old_roots_nothing_is_decided(life, judged, helpers, third):
    report = judged(life.kept, _day(2050), trust=helpers.trust_of(third))
    assert report.verdict == "indeterminate"
    assert "chain.anchor" in helpers.failed(report)
    assert report.proven == _day(2036)


def test_without_a_current_list_the_last_one_is_undecided(life, judged, helpers):
    report = judged(life.rehashed, _day(2050))
    assert report.verdict == "indeterminate"
    assert helpers.failed(report) == {"cert.revocation-unknown", "ers.timestamp-unknown"}


def test_a_verification_before_the_first_timestamp(life, judged, helpers):
    assert "ers.order" in helpers.failed(judged(life.begun, _day(2025)))


def test_a_key_lost_after_renewal_takes_nothing_back(helpers):
    """RFC 3161 4: stamps of a lost key do not count, unless a later stamp shows them older."""
    old, new = helpers.Generation(2026, 2040, "a"), helpers.Generation(2026, 2040, "b")
    record = old.stamp_at(_day(2026), lambda stamper: ers.create([DOCUMENT], stamper))
    record = new.stamp_at(
        _day(2030),
        lambda stamper: ers.renew(
            building.with_material(record, old.data(_day(2030)), in_token=True), stamper
        ),
    )
    old.revoked.append(Revocation(old.tsa.certificate.serial, _day(2032), "keyCompromise"))
    trust = helpers.trust_of(old, new, crls=[old.list_of(_day(2033)), new.list_of(_day(2033))])
    assert ers.verify(record, [DOCUMENT], trust=trust, at=_day(2033)).ok
    alone = replace(record, chains=(record.chains[0][:1],))
    assert not ers.verify(alone, [DOCUMENT], trust=trust, at=_day(2033)).ok
    old.revoked[:] = [Revocation(old.tsa.certificate.serial, _day(2029), "keyCompromise")]
    earlier = helpers.trust_of(old, new, crls=[old.list_of(_day(2033)), new.list_of(_day(2033))])
    assert "cert.revoked" in helpers.failed(
        ers.verify(record, [DOCUMENT], trust=earlier, at=_day(2033))
    )


def test_material_of_many_authorities(helpers):
    """A region's trust folder holds many roots: the one that counts is found among them."""
    own = helpers.Generation(2026, 2040, "own")
    issuers = [own.signer(f"issuer {number}").certificate for number in range(40)]
    record = own.stamp_at(_day(2026), lambda stamper: ers.create([DOCUMENT], stamper))
    record = building.with_material(record, RevocationData(tuple(issuers)), in_token=True)
    assert len(material.of_token(record.stamps()[0].token).certificates) > 40
    trust = helpers.trust_of(own)
    assert ers.verify(record.encoded, [DOCUMENT], trust=trust, at=_day(2026, 6)).ok


def test_groups(first, helpers):
    """A document with its attachment as one data object group (§4.2, §4.3)."""
    record = first.stamp_at(_day(2026), lambda stamper: ers.create([DOCUMENT, OTHER], stamper))
    trust = helpers.trust_of(first)

    def codes(contents, **more):
        return helpers.failed(ers.verify(record, contents, trust=trust, at=_day(2026, 6), **more))

    assert codes([DOCUMENT, OTHER], whole_group=True) == set()
    assert codes([OTHER]) == set()
    assert codes([DOCUMENT, b"third"]) == {"ers.document"}
    three = first.stamp_at(
        _day(2026), lambda stamper: ers.create([DOCUMENT, OTHER, b"third"], stamper)
    )
    report = ers.verify(three, [DOCUMENT, OTHER], trust=trust, at=_day(2026, 6), whole_group=True)
    assert helpers.failed(report) == {"ers.document"}


def test_renewal_by_another_algorithm_is_refused(first):
    from openrhip.kernel.errors import Conflict

    record = first.stamp_at(_day(2026), lambda stamper: ers.create([DOCUMENT], stamper))
    tree = ers.Tree.build(digests.by_name("sha256"), [bytes(32)])
    token = first.stamper.stamp_digest(tree.root, tree.digest.oid)
    with pytest.raises(Conflict):
        building.renewed(record, building.stamp_of(tree, [bytes(32)], token))
