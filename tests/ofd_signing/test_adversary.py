"""Attacks that once went through: forged files are called invalid, hostile ones stay small."""

import base64
import io
import os
import re
import subprocess
import sys
import zipfile

import pytest

from openrhip.formats import ofd
from openrhip.formats.gm import sm3
from openrhip.formats.ofd import package_zip
from openrhip.formats.ofd.package import Limits
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
