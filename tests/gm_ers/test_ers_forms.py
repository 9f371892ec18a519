"""Trees, structures and their reading: bounds, agreement with another reader, broken records."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from asn1crypto import core
from asn1crypto import tsp as other
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats.gm import der, digests, ers, ocsp, tsp
from openrhip.formats.gm.ers import building, material, structures
from openrhip.formats.gm.ers.policy import Policy
from openrhip.formats.gm.ers.tree import Tree, climb, group_value
from openrhip.formats.gm.revocation import RevocationData
from openrhip.kernel.errors import Malformed, NotFound, NotVerified, Problem, TooLarge

SM3 = digests.SM3
AT = datetime(2026, 6, 1, tzinfo=UTC)


def leaf(number):
    return SM3.of(str(number).encode())


class Chains(core.SequenceOf):
    """RFC 4998 §5.1: a sequence of chains. asn1crypto 1.5.1 leaves the chains out."""

    _child_spec = other.ArchiveTimeStampSequence


class Record(core.Sequence):
    _fields = [
        *other.EvidenceRecord._fields[:-1],
        ("archive_time_stamp_sequence", Chains),
    ]


# trees


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100])
def test_every_leaf_leads_to_the_root(count):
    tree = Tree.build(SM3, [leaf(i) for i in range(count)])
    again = Tree.read(SM3, tree.encode(), tree.leaves)
    for number in range(count):
        lists = again.reduced([leaf(number)])
        assert (climb(SM3, lists) if lists else leaf(number)) == tree.root
        assert not lists or leaf(number) in lists[0]
        assert len(lists) <= count.bit_length()


def test_values_are_sorted_before_they_are_put_together():
    """The example of §4.2: three objects, in any order, one root."""
    one, two, three = sorted(leaf(i) for i in range(3))
    root = SM3.of(*sorted((SM3.of(one, two), three)))
    assert Tree.build(SM3, [three, one, two]).root == root
    assert Tree.build(SM3, [two, three, one, one]).root == root


def test_a_group_is_one_leaf():
    members = [leaf(number) for number in range(3)]
    tree = Tree.build(SM3, [group_value(SM3, members), leaf(9)])
    lists = tree.reduced(members)
    assert lists == (tuple(sorted(members)), (leaf(9),))
    assert climb(SM3, lists) == tree.root


@given(st.sets(st.binary(min_size=32, max_size=32), min_size=2, max_size=40), st.data())
def test_no_other_value_leads_to_the_root(leaves, data):
    tree = Tree.build(SM3, leaves)
    one = data.draw(st.sampled_from(sorted(leaves)))
    lists = tree.reduced([one])
    changed = tuple(bytes([value[0] ^ 1]) + value[1:] if value == one else value
                    for value in lists[0])  # fmt: skip
    assert climb(SM3, lists) == tree.root
    assert climb(SM3, (changed, *lists[1:])) != tree.root


def test_trees_refuse_what_is_none():
    with pytest.raises(Malformed):
        Tree.build(SM3, [])
    with pytest.raises(Malformed):
        Tree.build(SM3, [b"short"])
    with pytest.raises(Malformed):
        Tree.read(SM3, bytes(64), 2)
    with pytest.raises(Malformed):
        Tree.read(SM3, b"", 0)
    with pytest.raises(Malformed):
        climb(SM3, ((), (leaf(1),)))
    with pytest.raises(NotFound):
        Tree.build(SM3, [leaf(1), leaf(2)]).reduced([leaf(3)])


def test_a_list_of_one_value_stands_for_it():
    """As other writers put a leaf alone into the first list."""
    one, two = leaf(1), leaf(2)
    assert climb(SM3, ((one,), (two,))) == SM3.of(*sorted((one, two)))
    assert climb(SM3, ((one,),)) == one


# digests and policy


def test_digests_are_those_of_hashlib():
    for one in digests.TABLE:
        assert one.of(b"a", b"b") == hashlib.new(one.name, b"ab").digest()
        assert one.size == len(one.of())
        assert digests.by_oid(one.oid) is digests.by_name(one.name.upper()) is one
    assert digests.of_stream([b"a", b"b"], digests.TABLE)["sm3"] == SM3.of(b"ab")
    with pytest.raises(NotVerified):
        digests.by_oid("1.3.14.3.2.26")  # SHA-1
    with pytest.raises(Malformed):
        digests.by_name("md5")


@pytest.mark.parametrize("text", ["sm3", "sm3=soon", "md5=2020-01-01", "=2020-01-01"])
def test_a_policy_that_cannot_be_read(text):
    with pytest.raises(Malformed):
        Policy.parse(text)


def test_an_end_is_the_first_day_that_does_not_count():
    policy = Policy.parse(" sm3 = 2040-01-01 , ")
    assert policy.holds("sm3", datetime(2039, 12, 31, 23, 59, tzinfo=UTC))
    assert not policy.holds("sm3", datetime(2040, 1, 1, tzinfo=UTC))
    assert policy.holds("sha256", datetime(2999, 1, 1, tzinfo=UTC))


# structures


@pytest.fixture(scope="module")
def record(first):
    contents = [f"document {number}".encode() for number in range(5)]
    tree = Tree.build(SM3, [SM3.of(one) for one in contents])
    token = first.stamp_at(AT, lambda stamper: ers.create([b"x"], stamper)).stamps()[0].token
    assert tsp.open_token(token)
    made = first.stamp_at(
        AT,
        lambda stamper: building.begun(
            building.stamp_of(tree, [SM3.of(contents[2])], stamper.stamp_digest(tree.root))
        ),
    )
    return building.with_material(made, first.data(AT))


def test_another_reader_finds_the_same(record, first):
    found = Record.load(record.encoded, strict=True)
    assert found.dump(force=True) == record.encoded
    chain = found["archive_time_stamp_sequence"][0]
    stamp = chain[0]
    assert found["digest_algorithms"][0]["algorithm"].dotted == SM3.oid
    assert [one.native for one in stamp["reduced_hashtree"]] == [
        list(one) for one in record.stamps()[0].lists
    ]
    signed = stamp["time_stamp"]["content"]
    assert len(signed["crls"]) == 1
    info = signed["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == climb(SM3, record.stamps()[0].lists)
    assert {one["type"].dotted for one in found["crypto_infos"]} == {
        material.CERTIFICATES, material.REVOCATION,
    }  # fmt: skip


def test_answers_of_status_services_travel_in_the_token(first):
    question = ocsp.CertId.of(first.tsa.certificate, first.root)
    status = ocsp.Status(question, ocsp.GOOD, AT, AT.replace(year=2027))
    answer = ocsp.issue([status], responder=first.root, key=first.key, produced_at=AT)
    record = first.stamp_at(AT, lambda stamper: ers.create([b"x"], stamper))
    token = material.into_token(record.stamps()[0].token, RevocationData(answers=(answer,)))
    assert material.of_token(token).answers == (answer,)
    assert material.of_token(material.into_token(token, RevocationData())).answers == (answer,)
    report = tsp.verify_token(token, b"x", _trust(first))
    assert report.ok, report.findings


def test_a_tree_of_values_of_other_lengths(record, first):
    stamp = record.stamps()[0]
    odd = replace(stamp, lists=(*stamp.lists, (b"short",)), raw=b"")
    report = ers.verify(
        replace(record, chains=((odd,),)), [b"document 2"], trust=_trust(first), at=AT
    )
    assert report.verdict == "invalid"
    assert [one.code for one in report.all_findings() if not one.ok] == ["ers.tree"]


def test_records_are_bounded(record, monkeypatch):
    many = replace(record, chains=record.chains * (structures.MOST_CHAINS + 1))
    with pytest.raises(TooLarge):
        ers.read(many.encoded)
    long = replace(record, chains=(record.chains[0] * (structures.MOST_STAMPS + 1),))
    with pytest.raises(TooLarge):
        ers.read(long.encoded)
    stamp = replace(
        record.stamps()[0], lists=((bytes(32),),) * (structures.MOST_LISTS + 1), raw=b""
    )
    with pytest.raises(TooLarge):
        ers.read(building.begun(stamp).encoded)
    monkeypatch.setattr(structures, "LARGEST", 100)
    with pytest.raises(TooLarge):
        ers.read(record.encoded)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\x00",
        der.sequence(der.integer(2)),
        der.sequence(der.integer(1), der.sequence(), der.sequence()),
        der.sequence(der.integer(1), der.sequence(), der.sequence(der.sequence())),
        der.sequence(der.integer(1), der.sequence(), der.sequence(der.sequence(der.sequence()))),
    ],
)
def test_what_is_no_record(data, first):
    with pytest.raises(Problem):
        ers.read(data)
    report = ers.verify(data, [b"x"], trust=_trust(first), at=AT)
    assert [one.code for one in report.all_findings()] == ["ers.format"]


def test_records_about_encrypted_data_are_not_understood(record, first):
    inner = der.read(record.encoded, "").children()
    parts = [one.raw for one in inner]
    parts.insert(3, der.explicit(1, der.oid("1.2.3"), der.null()))
    report = ers.verify(der.sequence(*parts), [b"document 2"], trust=_trust(first), at=AT)
    assert report.verdict == "indeterminate"
    assert {one.code for one in report.all_findings() if not one.ok} == {"ers.unsupported"}


def test_an_unknown_digest_is_not_valid(record, first):
    odd = replace(record.stamps()[0], algorithm="1.3.14.3.2.26", raw=b"")
    report = ers.verify(
        replace(record, chains=((odd,),)), [b"document 2"], trust=_trust(first), at=AT
    )
    assert report.verdict == "indeterminate"


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_one_changed_byte_is_never_valid_as_before(record, first, data):
    """Anywhere: refused, or judged otherwise, or without meaning for the judgement."""
    encoded = bytearray(record.encoded)
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    report = ers.verify(bytes(encoded), [b"document 2"], trust=_trust(first), at=AT)
    if report.ok:
        same = ers.read(bytes(encoded))
        assert same.stamps()[0].lists == record.stamps()[0].lists
        assert report.proven == AT


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_judged(data):
    from openrhip.formats.gm.chain import TrustStore

    assert not ers.verify(data, [b"x"], trust=TrustStore([]), at=AT).ok


def _trust(first):
    from openrhip.formats.gm.chain import TrustStore

    return TrustStore([first.root], [first.list_of(AT)])
