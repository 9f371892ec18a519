"""Certificates and revocation lists: what they say, agreement with asn1crypto, mutations."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from asn1crypto import crl as other_crl
from asn1crypto import x509 as other_x509
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats.gm import certs, crl, csr, der, extensions, names, oids, pem, sm3
from openrhip.formats.gm.certs import Certificate
from openrhip.formats.gm.crl import Crl, Revocation
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.kernel.errors import Malformed, NotVerified, Problem, TooLarge


def test_a_certificate_says_what_was_issued(authority, leaf, noon):
    one = leaf.certificate
    assert one.subject == "CN=leaf,O=测试机构,C=CN"
    assert one.issuer == authority.issuing.subject
    assert one.common_name == "leaf"
    assert one.organization == "测试机构"
    assert one.attribute("UID") == ""
    assert one.not_before == noon - timedelta(days=1)
    assert one.key_usage == {"digitalSignature", "nonRepudiation"}
    assert not one.is_ca
    assert one.fingerprint == sm3.hexdigest(one.der)
    assert one.serial.bit_length() == 127
    assert authority.issuing.is_ca
    assert authority.issuing.path_length == 0
    assert one.authority_key_id == authority.issuing.key_id
    assert authority.root.self_issued
    assert one.signed_by(authority.issuing)
    assert not one.signed_by(authority.root)


def test_asn1crypto_reads_the_same(leaf):
    other = other_x509.Certificate.load(leaf.certificate.der, strict=True)
    assert other.serial_number == leaf.certificate.serial
    assert other.subject.native["common_name"] == "leaf"
    assert other.key_usage_value.native == {"digital_signature", "non_repudiation"}
    assert other["tbs_certificate"].dump() == leaf.certificate.tbs
    assert other.not_valid_after == leaf.certificate.not_after
    assert other.authority_key_identifier_value["key_identifier"].native == (
        leaf.certificate.authority_key_id
    )


def test_parsed_once_and_equal_by_bytes(leaf):
    again = Certificate.from_der(bytearray(leaf.certificate.der))
    assert again is leaf.certificate
    assert Certificate.from_pem(leaf.certificate.pem()) == leaf.certificate
    assert Certificate.from_pem(leaf.certificate.der) is leaf.certificate
    assert repr(again) == f"Certificate({again.fingerprint[:16]})"


def test_pem_with_several_blocks(authority, leaf):
    text = b"note\n" + leaf.certificate.pem() + b"\n" + authority.issuing.pem()
    assert certs.load_all(text) == (leaf.certificate, authority.issuing)
    with pytest.raises(Malformed):
        certs.load_all(b"no certificate")
    with pytest.raises(Malformed):
        pem.decode_all(b"-----BEGIN X-----\nabc\n-----END X-----")
    with pytest.raises(TooLarge):
        pem.decode_all(bytes(pem.LIMIT + 1))


def test_impossible_facts_are_refused(authority, leaf, noon):
    with pytest.raises(Malformed):
        authority.enrol(since=timedelta(days=2), until=timedelta(days=1))
    with pytest.raises(Malformed):
        names.encode([("nonsense", "x")])
    with pytest.raises(Malformed):
        names.encode([("C", "中国")])
    with pytest.raises(Malformed):
        extensions.key_usage(["signing"])
    with pytest.raises(Malformed):
        authority.list_of(since=timedelta(2), until=timedelta(1))
    with pytest.raises(Malformed):
        authority.list_of(Revocation(1, noon, "because"))
    with pytest.raises(TooLarge):
        Certificate.from_der(bytes(certs.LARGEST + 1))
    with pytest.raises(TooLarge):
        Crl.from_der(bytes(crl.LARGEST + 1))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["CN", "O", "OU", "UID", "1.2.3.4"]),
            st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
        ),
        max_size=6,
    )
)
def test_names_round_trip(attributes):
    assert names.decode(der.read(names.encode(attributes), "t"), "t") == tuple(attributes)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("tag", [der.PRINTABLE, der.TELETEX, der.IA5])
def test_names_in_mislabelled_strings_are_read(encoding, tag):
    value = der.sequence(der.oid("2.5.4.10"), der.wrap(tag, "市第一医院".encode(encoding)))
    name = der.sequence(der.wrap(der.SET, value))
    assert names.decode(der.read(name, "t"), "t") == (("O", "市第一医院"),)


def test_names_in_no_known_encoding():
    def name(tag: int) -> der.Node:
        value = der.sequence(der.oid("2.5.4.10"), der.wrap(tag, b"\xe9"))
        return der.read(der.sequence(der.wrap(der.SET, value)), "t")

    assert names.decode(name(der.TELETEX), "t") == (("O", "é"),)
    with pytest.raises(Malformed):
        names.decode(name(der.PRINTABLE), "t")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a,b", "a\\,b"),
        (" a ", "\\ a\\ "),
        ("#a", "\\#a"),
        ("a=b", "a\\=b"),
        ("a\nb", "a\\0Ab"),
        (" ", "\\ "),
        ('"\\', '\\"\\\\'),
    ],
)
def test_names_are_escaped(value, shown):
    assert names.text([("CN", value)]) == f"CN={shown}"


def test_other_signature_algorithms_are_refused(leaf):
    sm, other = bytes.fromhex("06082a811ccf55018375"), bytes.fromhex("06082a811ccf55018376")
    assert leaf.certificate.der.count(sm) == 2
    with pytest.raises(Malformed, match="two signature algorithms differ"):
        Certificate.from_der(leaf.certificate.der.replace(sm, other, 1))
    with pytest.raises(Malformed, match="not SM2 with SM3"):
        Certificate.from_der(leaf.certificate.der.replace(sm, other))


def test_mutated_certificates_are_read_or_refused(leaf, authority):
    """A changed byte ends in a typed error, or in a certificate that its issuer did not sign."""
    chance = random.Random(20261124)  # noqa: S311 - repeatable
    read = 0
    for _ in range(3000):
        body = bytearray(leaf.certificate.der)
        for _ in range(chance.choice((1, 1, 2, 8))):
            body[chance.randrange(len(body))] = chance.randrange(256)
        if chance.random() < 0.2:
            del body[chance.randrange(len(body)) :]
        if bytes(body) == leaf.certificate.der:
            continue
        try:
            found = Certificate(bytes(body))
        except Problem:
            continue
        read += 1
        assert not found.signed_by(authority.issuing)
        assert isinstance(found.subject + found.issuer, str)
    assert read > 100


def test_mutated_lists_are_read_or_refused(authority, noon):
    chance = random.Random(7)  # noqa: S311 - repeatable
    good = authority.list_of(Revocation(77, noon, "superseded"), Revocation(78, noon))
    for _ in range(2000):
        body = bytearray(good.der)
        body[chance.randrange(len(body))] = chance.randrange(256)
        try:
            found = Crl.from_der(bytes(body))
        except Problem:
            continue
        assert found == good or not found.signed_by(authority.issuing)


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_random_bytes_are_no_certificate(data):
    for read in (Certificate.from_der, Certificate.from_pem, Crl.from_der, Crl.from_pem, csr.read):
        with pytest.raises(Problem):
            read(data)


def test_a_list_says_what_was_revoked(authority, noon, leaf):
    made = authority.list_of(
        Revocation(leaf.certificate.serial, noon, "keyCompromise"),
        Revocation(5, noon - timedelta(days=3)),
        number=9,
    )
    found = Crl.from_pem(made.pem())
    assert found == made
    assert found.number == 9
    assert found.issuer == authority.issuing.subject
    assert found.revocation(leaf.certificate).reason == "keyCompromise"
    assert found.revoked[5] == Revocation(5, noon - timedelta(days=3), "")
    other = other_crl.CertificateList.load(made.der, strict=True)
    rows = other["tbs_cert_list"]["revoked_certificates"]
    assert [row["user_certificate"].native for row in rows] == sorted(found.revoked)
    assert other.crl_number_value.native == 9


def test_request_proves_possession(authority):
    key = PrivateKey.generate()
    made = csr.create([("C", "CN"), ("CN", "市第一医院")], key)
    found = csr.read(made.pem())
    assert found == csr.read(made.der) == made
    assert found.subject == "CN=市第一医院,C=CN"
    forged = made.der.replace(key.public_key.point, authority.key.public_key.point)
    with pytest.raises(NotVerified):
        csr.read(forged)


def test_openssl_accepts_our_request(openssl, tmp_path, distid):
    made = csr.create([("CN", "x")], PrivateKey.generate())
    (tmp_path / "r.pem").write_bytes(made.pem())
    done = openssl("req", "-in", "r.pem", "-verify", "-noout", "-vfyopt", distid)
    assert b"verify OK" in done.stderr + done.stdout


def test_distribution_points_are_written(authority):
    points = extensions.crl_points(["http://ca.example/issuing.crl"])
    made = authority.enrol(extra=[points]).certificate
    other = other_x509.Certificate.load(made.der)
    assert other.crl_distribution_points[0].url == "http://ca.example/issuing.crl"
    assert oids.CRL_POINTS in made.extensions
