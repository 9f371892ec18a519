"""Signed data: the forms of GB/T 35275 and PKCS#7, and what a check finds."""

from __future__ import annotations

import pytest
from asn1crypto import cms as other_cms

from openrhip.formats.gm import cms, der, oids, sm3
from openrhip.kernel.errors import Malformed, TooLarge

CONTENT = b"<Signature/>"


def failed(findings):
    return {finding.code for finding in findings if not finding.ok}


@pytest.mark.parametrize("attributes", [None, ()], ids=["direct", "attributes"])
@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("outer", sorted(cms.SIGNED_DATA))
def test_forms_round_trip(leaf, attributes, detached, outer):
    made = cms.sign(
        CONTENT, signer=leaf, outer_type=outer, attributes=attributes, detached=detached
    )
    found = cms.parse(made)
    assert found.outer_type == outer
    assert found.content == (None if detached else CONTENT)
    assert set(found.certificates) == {leaf.certificate, *leaf.chain}
    info = found.signers[0]
    assert info.find(found.certificates) == leaf.certificate
    assert (info.attributes_der is None) == (attributes is None)
    assert failed(cms.check(found, info, leaf.certificate, CONTENT)) == set()
    wrong = failed(cms.check(found, info, leaf.certificate, CONTENT + b"!"))
    assert wrong == ({"cms.signature"} if attributes is None else {"cms.digest"})


def test_mixed_content_types_are_accepted(leaf):
    """Some implementations sign contentType of GB/T 35275 over an inner type of PKCS#7."""
    made = cms.sign(CONTENT, signer=leaf, attributes=(), detached=True)
    head, members = _members(made)
    members[2] = der.sequence(der.oid(oids.PKCS7_DATA))
    found = cms.parse(_signed_data(head, *members))
    assert found.content_type == oids.PKCS7_DATA
    assert failed(cms.check(found, found.signers[0], leaf.certificate, CONTENT)) == set()


def _members(made: bytes) -> tuple[bytes, list[bytes]]:
    """The content type, and the members of SignedData."""
    fields = der.Fields(der.read(made, "t"), "t")
    head, body = fields.take("type").raw, fields.take("content").only("t")
    return head, [node.raw for node in body.children()]


def _signed_data(head: bytes, *members: bytes) -> bytes:
    return der.sequence(head, der.explicit(0, der.sequence(*members)))


def test_another_certificate_is_named(leaf, stamper):
    found = cms.parse(cms.sign(CONTENT, signer=leaf))
    assert failed(cms.check(found, found.signers[0], stamper.certificate, CONTENT)) == {
        "cms.signature"
    }
    assert found.signers[0].find([stamper.certificate]) is None


def test_weak_algorithms_are_named(leaf):
    made = cms.sign(CONTENT, signer=leaf, attributes=())
    weak = made.replace(der.oid(oids.SM2_SIGN), der.oid("1.2.156.10197.1.301.9"))
    found = cms.parse(weak)
    assert failed(cms.check(found, found.signers[0], leaf.certificate, CONTENT)) == {
        "cms.algorithm"
    }


def test_missing_attributes_are_named(leaf):
    made = cms.sign(CONTENT, signer=leaf, attributes=())
    for oid, code in ((oids.CONTENT_TYPE, "cms.content-type"), (oids.MESSAGE_DIGEST, "cms.digest")):
        other = oid[:-1] + "8"
        found = cms.parse(made.replace(der.oid(oid), der.oid(other)))
        findings = cms.check(found, found.signers[0], leaf.certificate, CONTENT)
        assert failed(findings) == {code, "cms.signature"}


def test_asn1crypto_reads_the_pkcs7_form(leaf):
    made = cms.sign(
        *(CONTENT,),
        signer=leaf,
        outer_type=oids.PKCS7_SIGNED_DATA,
        content_type=oids.PKCS7_DATA,
        attributes=(),
    )
    signed = other_cms.ContentInfo.load(made, strict=True)["content"]
    assert signed["encap_content_info"]["content"].native == CONTENT
    rows = signed["signer_infos"][0]["signed_attrs"]
    assert rows[1]["values"][0].native in {sm3.digest(CONTENT), "data"}


def test_bounds():
    with pytest.raises(TooLarge):
        cms.parse(bytes(cms.LARGEST + 1))
    with pytest.raises(Malformed, match="not signedData"):
        cms.parse(der.sequence(der.oid("1.2.3"), der.explicit(0, der.sequence())))


def test_nobody_signed(leaf):
    head, members = _members(cms.sign(CONTENT, signer=leaf))
    with pytest.raises(Malformed, match="nobody signed"):
        cms.parse(_signed_data(head, *members[:-1], der.set_of()))
    crowd = der.set_of(*(der.integer(1) for _ in range(cms.MOST_MEMBERS + 1)))
    with pytest.raises(TooLarge):
        cms.parse(_signed_data(head, *members[:-1], crowd))
