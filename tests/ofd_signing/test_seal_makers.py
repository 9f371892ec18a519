"""Who may make seals: only makers that the verifier lists."""

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.ofd.seals import Seal

NAME = "江城市第一人民医院"


def judged(report):
    found = [one for one in report.all_findings() if one.code == "seal.maker-listed"]
    return report.verdict, [(one.ok, one.text_en) for one in found]


def sealed_by(region, plain, *, maker, owner):
    seal = Seal.create(name=NAME, owners=[owner.certificate], maker=maker)
    return ofd.seal(plain, seal=seal, signer=owner, timestamper=region.stamper)


def unlisted(region):
    return TrustStore(region.trust.roots, region.trust.crls)


def test_a_listed_maker_makes_seals(signed, region):
    verdict, ((ok, text),) = judged(ofd.verify(signed, trust=region.trust))
    assert (verdict, ok) == ("valid", True)
    assert "among the trusted seal makers" in text


@pytest.mark.parametrize("who", ["doctor", "hospital"])
def test_who_is_no_listed_maker_makes_no_seal(region, plain, who):
    """A trusted certificate alone does not entitle to make seals, least of all one's own."""
    maker = getattr(region, who)
    for owner in (region.doctor, region.hospital):
        data = sealed_by(region, plain, maker=maker, owner=owner)
        verdict, ((ok, text),) = judged(ofd.verify(data, trust=region.trust))
        assert (verdict, ok) == ("invalid", False)
        assert "is not among" in text


def test_without_a_list_no_person_makes_seals(region, plain):
    data = sealed_by(region, plain, maker=region.doctor, owner=region.hospital)
    verdict, ((ok, text),) = judged(ofd.verify(data, trust=unlisted(region)))
    assert (verdict, ok) == ("invalid", False)
    assert "no list of seal makers is configured" in text


def test_without_a_list_no_owner_makes_the_seal(region, plain):
    data = sealed_by(region, plain, maker=region.hospital, owner=region.hospital)
    verdict, ((ok, text),) = judged(ofd.verify(data, trust=unlisted(region)))
    assert (verdict, ok) == ("invalid", False)
    assert "no list of seal makers is configured" in text


def test_without_a_list_the_finding_says_so(signed, region):
    verdict, ((ok, text),) = judged(ofd.verify(signed, trust=unlisted(region)))
    assert (verdict, ok) == ("valid", True)
    assert "no list of seal makers is configured" in text
