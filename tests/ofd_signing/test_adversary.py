"""Attacks that once went through: forged files are called invalid, hostile ones stay small."""

import base64
import io
import os
import re
import subprocess
import sys
import time
import zipfile
from datetime import timedelta

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import crl, devpki, ers, sm3, tsp
from openrhip.formats.gm.revocation import RevocationData
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.gm.sm2 import PrivateKey
from openrhip.formats.ofd import package_zip, verify_findings
from openrhip.formats.ofd.package import Limits, Package
from openrhip.kernel import clock
from openrhip.kernel.errors import Malformed, TooLarge

PAGE = "Doc_0/Pages/Page_0/Content.xml"
DESCRIPTION = "Doc_0/Signs/Sign_0/Signature.xml"
NOTED = rb'<ofd:Parameter Name="openrhip.(container|signatures)">[^<]*</ofd:Parameter>'


def zipped(parts, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as made:
        for name, content in parts.items():
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'CheckMethod="1.2.156.10197.1.401"', b'CheckMethod="2.16.840.1.101.3.4.2.1"'),
        (b'CheckMethod="1.2.156.10197.1.401"', b'CheckMethod="1.2.156.10197.1.401.2"'),
        (b"1.2.156.10197.1.501", b"1.2.840.113549.1.1.11"),
    ],
)
def test_naming_an_unknown_algorithm_hides_no_forgery(plain, region, tamper, sealed, old, new):
    """The value still says, by SM3, that it was made for another Signature.xml."""
    if sealed:
        data = ofd.seal(plain, seal=region.seal, signer=region.hospital)
    else:
        data = ofd.sign(plain, signer=region.doctor)
    package = ofd.open_package(data)
    page = package.read(PAGE)
    forged = page.replace("咳嗽".encode(), "骨折".encode())
    said = package.read(DESCRIPTION)
    said = said.replace(base64.b64encode(sm3.digest(page)), base64.b64encode(sm3.digest(forged)))
    said = re.sub(NOTED, b"", said).replace(b'ProviderName="OpenRHIP"', b'ProviderName="X"')
    assert old in said
    changed = tamper(data, {PAGE: forged, DESCRIPTION: said.replace(old, new)})
    report = ofd.verify(changed, trust=region.trust)
    assert (report.verdict, report.integrity) == ("invalid", "broken")
    codes = {one.code for one in report.all_findings() if not one.ok}
    assert codes == {"ofd.unsupported", "ofd.description"}


@pytest.mark.parametrize("name", ["OFD.xml", "Doc_0/Document.xml"])
def test_xml_of_little_but_marks_is_not_parsed(name):
    """Its tree would take sixty times the text: two gigabytes from a file of 200 kB."""
    root = b"<OFD><DocBody><DocInfo/><DocRoot>Doc_0/Document.xml</DocRoot></DocBody></OFD>"
    parts = {"OFD.xml": root, "Doc_0/Document.xml": b"<Document><Pages/></Document>"}
    pad = b"<a/>" * 7000 + b"<!--" + os.urandom(120).hex().encode() + b"-->"
    parts[name] = parts[name][: -7 if name == "OFD.xml" else -11] + pad * 150 + parts[name][-11:]
    package = ofd.open_package(zipped(parts), limits=Limits(ratio=1000))
    with pytest.raises(TooLarge, match="marks"):
        _ = package.documents


def test_many_small_trees_count_together():
    parts = {f"{number}.xml": b"<a>" + b"<a/>" * 900 + b"</a>" for number in range(40)}
    package = ofd.open_package(
        zipped({"OFD.xml": b"<OFD/>", **parts}), limits=Limits(xml_total=500_000)
    )
    with pytest.raises(TooLarge, match="bytes of XML"):
        for name in parts:
            package.xml(name)


LARGE = """
import resource, sys
from openrhip.formats import ofd
from openrhip.formats.gm import sm3
data = open(sys.argv[1], "rb").read()
package = ofd.open_package(data)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
one = package.digest("big.bin").hex()
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
two = sm3.hexdigest(package.read("big.bin"))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
assert one == two
"""


def test_a_large_part_is_digested_in_pieces_and_read_once(tmp_path):
    size = 64
    block = os.urandom(6 << 10) + bytes((1 << 20) - (6 << 10))
    file = tmp_path / "big.ofd"
    file.write_bytes(zipped({"OFD.xml": b"<OFD/>", "big.bin": block * size}))
    ran = subprocess.run(
        [sys.executable, "-c", LARGE, str(file)], capture_output=True, check=True, text=True
    )
    digested, read = map(int, ran.stdout.split())
    assert digested < 25  # MB
    assert read < 1.6 * size + 25


@pytest.mark.parametrize("after", [1, 20_000, 40_000])
def test_nothing_may_follow_compressed_data(after):
    """However far behind the end of the stream it stands."""
    data = bytearray(zipped({"OFD.xml": b"<OFD/>" * 30_000}))
    entry = package_zip.read_directory(bytes(data), Limits())[0]
    longer = entry._replace(packed=entry.packed + after)
    with pytest.raises(Malformed, match="cut short or too long"):
        package_zip.unpack(bytes(data[: entry.end]) + bytes(after), longer)
    with pytest.raises(Malformed, match="cut short or too long"):
        package_zip.unpack(bytes(data), entry._replace(packed=entry.packed - 1))


class Forger:
    """Signs with one and the same worthless signature."""

    def __init__(self):
        self.signature = PrivateKey.generate().sign(b"something else")

    def sign(self, data):
        del data
        return self.signature


def forged_lists(region, count, first):
    """Revocation lists in the name of the region's authority, which never signed them."""
    forger, now = Forger(), clock.now()
    return tuple(
        crl.issue(
            issuer=region.issuing.certificate, issuer_key=forger, revoked=[], number=first + number,
            this_update=now, next_update=now + timedelta(days=9),
        )
        for number in range(count)
    )  # fmt: skip


def test_revocation_data_of_all_signatures_is_bounded_together(plain, region, monkeypatch):
    """Each list costs public-key work, for every signature again once memory overflows."""
    monkeypatch.setattr(verify_findings, "MOST_KNOWN", 40)
    data = plain
    for number in range(3):
        kept = RevocationData(crls=forged_lists(region, 25, number * 100))
        data = ofd.sign(data, signer=region.doctor, revocation=kept)
    report = ofd.verify(data, trust=region.trust)
    assert report.verdict == "indeterminate"
    wrong = {(one.code, one.where) for one in report.all_findings() if not one.ok}
    assert wrong == {
        ("ofd.revocation", f"s00{number}: Doc_0/Signs/Sign_{number - 1}/Revocation.der")
        for number in (2, 3)
    }


def listing_many(parts, signatures):
    """A package whose signatures each name all parts, with values that are none."""
    refs = "".join(
        f'<Reference FileRef="/x/{at}"><CheckValue>AAAA</CheckValue></Reference>'
        for at in range(parts)
    )
    said = (
        f'<Signature><SignedInfo><References CheckMethod="1.2.156.10197.1.401">{refs}</References>'
        "</SignedInfo><SignedValue>v.dat</SignedValue></Signature>"
    )
    lines = "".join(f'<Signature ID="s{n}" BaseLoc="/D/{n}/S.xml"/>' for n in range(signatures))
    entry = "<DocInfo/><DocRoot>D/D.xml</DocRoot><Signatures>D/S.xml</Signatures>"
    return zipped(
        {
            "OFD.xml": f"<OFD><DocBody>{entry}</DocBody></OFD>",
            "D/D.xml": "<Document><CommonData/><Pages/></Document>",
            "D/S.xml": f"<Signatures>{lines}</Signatures>",
            **{f"D/{n}/S.xml": said for n in range(signatures)},
            **{f"D/{n}/v.dat": "0" for n in range(signatures)},
            **{f"x/{at}": "" for at in range(parts)},
        }
    )


def test_the_parts_that_signatures_name_are_bounded_together(region):
    data = listing_many(parts=300, signatures=10)
    report = ofd.verify(data, trust=region.trust, limits=Limits(parts=500))
    assert report.verdict == "invalid"
    assert ["too many parts together" in one.text_en for one in report.all_findings()] == [True]


def test_signatures_that_all_name_all_parts_wrongly_take_no_cubic_time(region):
    """One faulty part was looked for in every line of every later signature: over a minute."""
    began = time.monotonic()
    report = ofd.verify(listing_many(parts=1000, signatures=60), trust=region.trust)
    assert report.verdict == "invalid"
    assert time.monotonic() - began < 12  # about 1 s on a quiet machine


def test_a_damaged_part_is_unpacked_once_for_all_signatures(plain, region, monkeypatch):
    data = plain
    for _ in range(4):
        data = ofd.sign(data, signer=region.doctor)
    entry = ofd.open_package(data).entries[PAGE]
    damaged = bytearray(data)
    damaged[entry.end - 3] ^= 0x55
    seen = []
    whole = package_zip.pieces

    def counted(content, entry):
        seen.append(entry.name)
        return whole(content, entry)

    monkeypatch.setattr(package_zip, "pieces", counted)
    report = ofd.verify(bytes(damaged), trust=region.trust)
    assert report.verdict == "invalid"
    assert 0 < seen.count(PAGE) <= 2  # once for its digest, once for where it leads


def test_places_of_a_seal_do_not_multiply_with_pages(region, monkeypatch):
    """Every page's size was read for every place."""
    many = ofd.write(ofd.Story(title="长", blocks=[ofd.Heading(f"第{n}节") for n in range(300)]))
    count = ofd.render.page_count(many)
    places = [ofd.Placement(number % count, 20, 20) for number in range(3 * count)]
    sealed = ofd.seal(many, seal=region.seal, signer=region.hospital, placements=places)
    seen = []
    whole = Package.page_box
    monkeypatch.setattr(
        Package, "page_box", lambda self, page: seen.append(page.id) or whole(self, page)
    )
    assert ofd.verify(sealed, trust=region.trust).verdict == "valid"
    assert count > 3
    assert len(seen) == count


def test_an_evidence_record_that_nobody_trusts_hides_no_change(plain, region, tamper, tmp_path):
    """A stranger's record made the forged file indeterminate."""
    devpki.create(tmp_path / "x", institutions=[], staff=[], password=b"test")
    stranger = SoftwareSigner.load(tmp_path / "x" / "tsa", "tsa", b"test")
    signed = ofd.sign(plain, signer=region.doctor, timestamper=region.stamper)
    page = ofd.open_package(signed).read(PAGE)
    forged = tamper(signed, {PAGE: page.replace("咳嗽".encode(), "骨折".encode())})
    for data, expected in ((signed, "indeterminate"), (forged, "invalid")):
        record = ers.create([data], tsp.LocalTimestamper(tsp.Authority(stranger)))
        report = ofd.verify_evidenced(data, record.encoded, trust=region.trust)
        assert report.evidence.verdict == "indeterminate"
        assert report.verdict == expected
