"""Versions inside a file are documents of their own; what is encrypted says so."""

import json

import pytest
from click.testing import CliRunner

from openrhip.formats import ofd
from openrhip.formats.ofd.cli import cli
from openrhip.kernel.errors import Malformed, NotFound

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'
DOCUMENT = "Doc_0/Document.xml"


@pytest.fixture(scope="module")
def two_versions(parcel):
    """The second version has another first page; the first is the document of today."""
    base = ofd.open_package(parcel())
    version = '<ofd:Version ID="v{n}" Index="{n}" Current="{now}" BaseLoc="Doc_0/V{n}.xml"/>'
    listed = version.format(n=1, now="false") + version.format(n=2, now="true")
    files = "".join(f'<ofd:File ID="f{n}">/{name}</ofd:File>' for n, name in enumerate(base.parts))

    def versioned(n, root, more=""):
        return (
            f'<ofd:DocVersion {NS} ID="v{n}" Name="第{n}版"><ofd:FileList>{files}{more}</ofd:FileList>'
            f"<ofd:DocRoot>{root}</ofd:DocRoot></ofd:DocVersion>"
        )

    old = base.read("Doc_0/Pages/Page_0/Content.xml").decode()
    return parcel({
        "OFD.xml": ("</ofd:DocRoot>", f"</ofd:DocRoot><ofd:Versions>{listed}</ofd:Versions>"),
        "Doc_0/V1.xml": versioned(1, "Document.xml"),
        "Doc_0/V2.xml": versioned(2, "Second.xml", '<ofd:File ID="x">No.xml</ofd:File>'),
        "Doc_0/Second.xml": base.read(DOCUMENT).decode().replace("Page_0/Content", "Page_0/Second"),
        "Doc_0/Pages/Page_0/Second.xml": old.replace("三天", "五天"),
    })  # fmt: skip


def test_each_version_is_read_on_its_own(two_versions):
    assert "三天" in ofd.text(ofd.at_version(two_versions, "v1"))[0]
    second = ofd.at_version(two_versions, "v2")
    assert "五天" in ofd.text(second)[0]
    assert [hit.page for hit in ofd.search(second, "五天")] == [0]
    assert {one.code for one in second.notices} == {"resource.missing"}
    assert second.metadata["Title"] == "手工文件"
    assert "五天" in ofd.text(ofd.at_version(two_versions, "current"))[0]


def test_versions_that_are_not_there(two_versions, parcel):
    with pytest.raises(NotFound, match="no such version"):
        ofd.at_version(two_versions, "v3")
    with pytest.raises(NotFound, match="lists no version"):
        ofd.at_version(parcel(), "v1")


def test_two_versions_of_one_file_are_compared(two_versions, tmp_path):
    file = tmp_path / "a.ofd"
    file.write_bytes(two_versions)
    words = ["diff", str(file), str(file), "--from-version", "v1", "--to-version", "v2", "--json"]
    found = json.loads(CliRunner().invoke(cli, words).output)
    assert [text["after"] for text in found["pages"][0]["texts"]] == ["主诉胸痛五天"]
    assert not found["same"]


def test_versions_conform(two_versions):
    codes = {one.code for one in ofd.check(two_versions).findings if not one.ok}
    assert codes == {"font.embedded", "reference.missing"}


def test_names_of_versions_and_attachments_stand_once(two_versions):
    doubled = ofd.open_package(two_versions)
    from openrhip.formats.ofd.package_append import rewrite

    text = doubled.read("OFD.xml").replace(b'ID="v2"', b'ID="v1"')
    report = ofd.check(rewrite(doubled, {"OFD.xml": text}))
    assert any("stands here once" in one.text_en for one in report.findings)


def test_an_encrypted_package_says_so(parcel):
    data = parcel({DOCUMENT: None, "Encryptions.xml": "<a/>"})
    with pytest.raises(Malformed, match="encrypted"):
        _ = ofd.open_package(data).documents
    for exact in (False, True):
        with pytest.raises(Malformed, match="encrypted"):
            ofd.open_package(parcel({"OFD.xml": None, "Encryptions.xml": "<a/>"}), exact=exact)
