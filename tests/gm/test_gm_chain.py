"""Chain validation: one test per rule, each with its finding."""

from __future__ import annotations

from datetime import timedelta

import pytest

from openrhip.formats.gm import certs, der, extensions, oids
from openrhip.formats.gm.certs import Certificate, Profile
from openrhip.formats.gm.chain import MOST_INTERMEDIATES, TrustStore, validate
from openrhip.formats.gm.crl import Revocation
from openrhip.formats.gm.extensions import Extension
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.kernel.errors import Misconfigured

DAY = timedelta(days=1)


@pytest.fixture
def judge(authority, noon):
    """Validate with the authority's own trust unless told otherwise."""

    def run(signer, *, at=noon, usage="digitalSignature", trust=None, chain=None):
        pool = signer.chain if chain is None else chain
        return validate(signer.certificate, pool, trust or authority.trust(), at=at, usage=usage)

    return run


def failed(report):
    return {finding.code for finding in report.findings if not finding.ok}


def test_a_good_chain(judge, leaf, authority):
    report = judge(leaf)
    assert report.ok
    assert not report.indeterminate
    assert report.chain == (leaf.certificate, authority.issuing, authority.root)
    assert {finding.code for finding in report.findings} == {
        *("chain.anchor", "cert.usage", "cert.validity", "cert.extensions", "cert.signature"),
        *("cert.revocation", "cert.ca", "cert.path-length"),
    }
    for finding in report.findings:
        assert finding.text_zh
        assert finding.text_en
        assert "\n" not in finding.text_zh + finding.text_en


def test_issuers_may_come_from_the_trust_store(judge, leaf, authority):
    trust = authority.trust()
    known = TrustStore(trust.roots, trust.crls, [authority.issuing])
    assert judge(leaf, chain=(), trust=known).ok


def test_missing_issuer_is_indeterminate(judge, leaf):
    report = judge(leaf, chain=())
    assert failed(report) == {"chain.anchor"}
    assert report.indeterminate


def test_untrusted_root(judge, leaf, authority, wrong_ca):
    report = judge(leaf, trust=TrustStore([wrong_ca]))
    assert "chain.anchor" in failed(report)
    assert not report.ok


def test_forged_certificate_is_named(judge, leaf, authority):
    body = bytearray(leaf.certificate.der)
    body[-1] ^= 1
    forged = Certificate.from_der(bytes(body))
    report = validate(
        forged, leaf.chain, authority.trust(), at=leaf.certificate.not_before + DAY, usage=None
    )
    assert failed(report) == {"chain.anchor", "cert.signature"}
    assert not report.indeterminate


def test_issuer_of_the_same_name_but_another_key(judge, leaf, wrong_ca):
    report = judge(leaf, chain=(wrong_ca,))
    assert failed(report) == {"chain.anchor"}


@pytest.mark.parametrize("days", [-2, 4000])
def test_outside_validity(judge, leaf, noon, days):
    assert "cert.validity" in failed(judge(leaf, at=noon + days * DAY))


def test_validity_of_the_issuer_counts(judge, authority, noon):
    other = PrivateKey.generate()
    short = authority.make(
        *("short", other, certs.ISSUING), issuer=authority.root, key=authority.root_key, until=DAY
    )
    made = authority.make("leaf", PrivateKey.generate(), certs.SIGNING, issuer=short, key=other)
    lists = (authority.list_of(issuer=short, key=other), authority.root_list())
    trust = authority.trust(*lists)
    later = validate(made, (short,), trust, at=noon + 2 * DAY, usage=None)
    assert failed(later) == {"cert.validity"}
    assert [f.where[:8] for f in later.findings if f.code == "cert.validity" and not f.ok] == [
        "issuer 1"
    ]


def test_usage(judge, leaf, stamper):
    assert failed(judge(leaf, usage="keyEncipherment")) == {"cert.usage"}
    assert failed(judge(leaf, usage="timeStamping")) == {"cert.usage"}
    assert judge(stamper, usage="timeStamping").ok
    assert failed(judge(leaf, usage="serverAuth")) == {"cert.usage"}


def test_timestamp_purpose_must_be_critical_and_alone(judge, authority):
    both = Profile(
        frozenset({"digitalSignature"}), extended=(oids.EKU_TIME_STAMPING, oids.EKU_CLIENT_AUTH)
    )
    assert failed(judge(authority.enrol(profile=both), usage="timeStamping")) == {"cert.usage"}
    loose = extensions.extended_key_usage([oids.EKU_TIME_STAMPING], critical=False)
    made = authority.enrol(extra=[loose])
    assert failed(judge(made, usage="timeStamping")) == {"cert.usage"}


def test_a_leaf_cannot_issue(judge, authority, leaf, noon):
    key = PrivateKey.generate()
    holder = authority.enrol("not a CA")
    made = authority.make("victim", key, certs.SIGNING, issuer=holder.certificate, key=holder)
    report = validate(
        made, (holder.certificate, authority.issuing), authority.trust(), at=noon, usage=None
    )
    assert "cert.ca" in failed(report)
    assert "cert.path-length" in failed(report)  # the issuing authority allows none below it


def test_an_authority_without_certificate_signing_use(authority, noon):
    key = PrivateKey.generate()
    weak = Profile(frozenset({"cRLSign"}), is_ca=True)
    ca = authority.make("weak", key, weak, issuer=authority.root, key=authority.root_key)
    made = authority.make("leaf", PrivateKey.generate(), certs.SIGNING, issuer=ca, key=key)
    trust = authority.trust(authority.list_of(issuer=ca, key=key), authority.root_list())
    assert failed(validate(made, (ca,), trust, at=noon, usage=None)) == {"cert.ca"}


def test_unknown_critical_extension(judge, authority):
    odd = Extension("1.2.3.4", critical=True, value=b"\x05\x00")
    assert failed(judge(authority.enrol(extra=[odd]))) == {"cert.extensions"}
    harmless = Extension("1.2.3.4", critical=False, value=b"\x05\x00")
    assert judge(authority.enrol(extra=[harmless])).ok


def test_revoked_before_and_after(judge, authority, leaf, noon):
    row = Revocation(leaf.certificate.serial, noon, "keyCompromise")
    trust = authority.trust(authority.list_of(row), authority.root_list())
    after = judge(leaf, trust=trust, at=noon)
    assert failed(after) == {"cert.revoked"}
    assert "keyCompromise" in next(f for f in after.findings if not f.ok).text_zh
    assert not after.indeterminate
    assert judge(leaf, trust=trust, at=noon - timedelta(seconds=1)).ok


def test_revoked_issuer(judge, authority, leaf, noon):
    row = Revocation(authority.issuing.serial, noon - DAY, "cACompromise")
    trust = authority.trust(authority.list_of(), authority.root_list(row))
    report = judge(leaf, trust=trust)
    assert failed(report) == {"cert.revoked"}
    assert next(f for f in report.findings if not f.ok).where.startswith("issuer 1")


def test_no_list_is_indeterminate(judge, authority, leaf):
    report = judge(leaf, trust=TrustStore([authority.root]))
    assert failed(report) == {"cert.revocation-unknown"}
    assert report.indeterminate


def test_stale_list_does_not_count(judge, authority, leaf, noon):
    stale = authority.list_of(since=-5 * DAY, until=-DAY)
    report = judge(leaf, trust=authority.trust(stale, authority.root_list()))
    assert failed(report) == {"cert.revocation-unknown"}


def test_list_of_another_signer_does_not_count(judge, authority, leaf, noon):
    row = Revocation(leaf.certificate.serial, noon - DAY)
    forged = authority.list_of(row, key=PrivateKey.generate())
    trust = authority.trust(forged, authority.list_of(), authority.root_list())
    assert judge(leaf, trust=trust).ok
    report = judge(leaf, trust=authority.trust(forged, authority.root_list()))
    assert failed(report) == {"cert.revocation-unknown"}


def test_list_made_after_expiry_proves_nothing(judge, authority, noon):
    brief = authority.enrol(until=DAY)
    late = authority.list_of(since=5 * DAY, until=50 * DAY)
    trust = authority.trust(late, authority.root_list())
    assert failed(judge(brief, trust=trust)) == {"cert.revocation-unknown"}


def _point(*parts: bytes) -> Extension:
    """IssuingDistributionPoint, critical as RFC 5280 5.2.5 asks."""
    return Extension(oids.ISSUING_POINT, critical=True, value=der.sequence(*parts))


def _at(url: str) -> bytes:
    name = der.wrap(der.context(6, constructed=False), url.encode())
    return der.explicit(0, der.explicit(0, name))


USERS, AUTHORITIES = b"\x81\x01\xff", b"\x82\x01\xff"


@pytest.mark.parametrize(
    ("parts", "holds"),
    [
        ((), True),
        ((USERS,), True),
        ((AUTHORITIES,), False),
        ((_at("http://ca/1.crl"),), True),
        ((_at("http://ca/1.crl"), USERS), True),
        ((_at("http://ca/2.crl"),), False),
        ((b"\x84\x01\xff",), False),  # indirect
        ((b"\x83\x02\x07\x80",), False),  # some reasons only
    ],
)
def test_partitioned_lists_count_for_their_part(judge, authority, parts, holds):
    made = authority.enrol(extra=[extensions.crl_points(["http://ca/1.crl", "ldap://ca/1"])])
    partial = authority.list_of(extra=[_point(*parts)])
    report = judge(made, trust=authority.trust(partial, authority.root_list()))
    assert failed(report) == (set() if holds else {"cert.revocation-unknown"})


def test_list_with_unknown_critical_extension(judge, authority, leaf):
    delta = Extension("2.5.29.27", critical=True, value=der.integer(1))
    partial = authority.list_of(extra=[delta])
    report = judge(leaf, trust=authority.trust(partial, authority.root_list()))
    assert failed(report) == {"cert.revocation-unknown"}


def test_unreadable_points_are_no_points(judge, authority):
    broken = Extension(oids.CRL_POINTS, critical=False, value=b"\x30\x01\x00")
    made = authority.enrol(extra=[broken])
    assert made.certificate.crl_points == frozenset()
    assert judge(made).ok


def test_tangled_intermediates_are_bounded(judge, leaf, authority):
    crowd = [
        authority.make(
            *("issuing", authority.key, certs.ISSUING),
            issuer=authority.issuing,
            key=authority.key,
        )
        for _ in range(2 * MOST_INTERMEDIATES)
    ]
    assert judge(leaf, chain=(authority.issuing, *crowd)).ok
    report = judge(leaf, chain=crowd)
    assert not report.ok
    assert len(report.chain) <= 8


def test_an_issuer_is_found_among_any_number_of_others(judge, leaf, authority):
    """A store of decades knows many issuers: only those concerned are counted."""
    others = [
        authority.make(
            *(f"other {number}", authority.key, certs.ISSUING),
            issuer=authority.root,
            key=authority.root_key,
        )
        for number in range(3 * MOST_INTERMEDIATES)
    ]
    assert judge(leaf, chain=(*others, authority.issuing)).ok


def test_trust_folder(tmp_path, authority, judge, leaf):
    (tmp_path / "root.cert.pem").write_bytes(authority.root.pem())
    (tmp_path / "issuing.cer").write_bytes(authority.issuing.der)
    (tmp_path / "issuing.crl.pem").write_bytes(authority.list_of().pem())
    (tmp_path / "root.crl").write_bytes(authority.root_list().der)
    (tmp_path / "notes.txt").write_text("ignored")
    trust = TrustStore.load_folder(tmp_path)
    assert trust.roots == (authority.root,)
    assert judge(leaf, chain=(), trust=trust).ok
    (tmp_path / "bad.pem").write_text("nothing")
    with pytest.raises(Misconfigured, match="cannot be used"):
        TrustStore.load_folder(tmp_path)


def test_trust_folder_without_root(tmp_path, authority):
    with pytest.raises(Misconfigured, match="no root"):
        TrustStore.load_folder(tmp_path)
    with pytest.raises(Misconfigured, match="cannot be read"):
        TrustStore.load_folder(tmp_path / "absent")


def test_the_leaf_may_be_a_root_itself(authority, noon):
    report = validate(authority.root, (), authority.trust(), at=noon, usage="keyCertSign")
    assert report.ok
    assert report.chain == (authority.root,)


def test_finding_as_json(judge, leaf):
    row = judge(leaf).findings[0].as_dict()
    assert row == {
        "code": "chain.anchor",
        "ok": True,
        "zh": "证书信任链完整，终止于受信任的根证书",
        "en": "the chain ends in a trusted root",
        "where": "",
    }
