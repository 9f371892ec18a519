"""What conforming and merely usual packages are read as."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openrhip.formats import ofd
from openrhip.formats.ofd.package_append import Container, rewrite
from openrhip.kernel.errors import Malformed, NotFound, Problem

NAMES = st.from_regex(
    r"[A-Za-z0-9_\u4e00-\u4e20]{1,8}(/[A-Za-z0-9_\u4e00-\u4e20]{1,8}){0,3}\.xml", fullmatch=True
)
PARTS = st.dictionaries(NAMES, st.binary(max_size=200), max_size=12)


def unique(parts):
    return len({name.casefold() for name in parts}) == len(parts)


@settings(max_examples=200, deadline=None)
@given(PARTS.filter(unique), st.booleans())
def test_what_is_written_reads_back_here_and_with_zipfile(parts, deflate):
    container = Container()
    for name, content in {"OFD.xml": b"<OFD/>", **parts}.items():
        (container.deflate if deflate else container.store)(name, content)
    data = container.finish()
    package = ofd.open_package(data)
    assert {name: package.read(name) for name in package.parts} == {"OFD.xml": b"<OFD/>", **parts}
    assert all(entry.canonical for entry in package.entries.values())
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        assert other.testzip() is None
        assert {name: other.read(name) for name in other.namelist()} == {
            "OFD.xml": b"<OFD/>",
            **parts,
        }


@settings(max_examples=200, deadline=None)
@given(PARTS.filter(unique))
def test_what_zipfile_writes_is_read_and_rewritten_canonically(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("OFD.xml", "<OFD/>")
        for name, content in parts.items():
            with made.open(name, "w") as part:
                part.write(content)
    package = ofd.open_package(out.getvalue())
    assert not any(entry.canonical for entry in package.entries.values())
    again = ofd.open_package(rewrite(package, {"OFD.xml": b"<OFD></OFD>", "new.xml": b"<n/>"}))
    assert all(entry.canonical for entry in again.entries.values())
    assert again.read("OFD.xml") == b"<OFD></OFD>"
    assert again.read("new.xml") == b"<n/>"
    assert {name: again.read(name) for name in parts} == parts


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_package_or_a_typed_error(data):
    with pytest.raises(Problem):
        ofd.open_package(b"PK" + data)


def test_names_in_gb_18030_are_read():
    container = Container()
    container.store("OFD.xml", b"<OFD/>")
    container.store("qqqq.xml", b"<x/>")
    package = ofd.open_package(
        container.finish().replace(b"qqqq.xml", "附件".encode("gb18030") + b".xml")
    )
    assert "附件.xml" in package.parts


def test_the_utf8_flag_may_stand_in_one_header_only():
    data = bytearray(by_container())
    data[7] |= 0x08
    assert ofd.open_package(bytes(data)).parts == (
        "OFD.xml",
        "Doc_0/Document.xml",
        "Doc_0/Res/a.xml",
    )


def by_container():
    container = Container()
    container.store(
        "OFD.xml", b"<OFD><DocBody><DocRoot>/Doc_0/Document.xml</DocRoot></DocBody></OFD>"
    )
    container.store("Doc_0/Document.xml", b"<Document><Pages/></Document>")
    container.store("Doc_0/Res/a.xml", b"<a/>")
    return container.finish()


@pytest.mark.parametrize(
    ("location", "base"),
    [
        ("/Doc_0/Res/a.xml", "OFD.xml"),
        ("Res/a.xml", "Doc_0/Document.xml"),
        ("a.xml", "Doc_0/Res/b.xml"),
        ("../Res/a.xml", "Doc_0/Pages/Content.xml"),
        ("./Res/a.xml", "Doc_0/Document.xml"),
        ("Res/a.xml", "Doc_0/Pages/Page_0/Content.xml"),
        ("Doc_0/Res/a.xml", "Doc_0/Pages/Page_0/Content.xml"),
        (" Res/a.xml ", "Doc_0/Document.xml"),
    ],
)
def test_locations_are_found_from_where_they_stand(location, base):
    assert ofd.open_package(by_container()).resolve(location, base=base) == "Doc_0/Res/a.xml"


def test_what_is_not_there_is_not_found():
    package = ofd.open_package(by_container())
    with pytest.raises(NotFound):
        package.resolve("b.xml", base="OFD.xml")
    with pytest.raises(NotFound):
        package.read("b.xml")


@pytest.mark.parametrize(
    "entry",
    [
        b"<OFD/>",
        b"<NotOFD/>",
        b"<OFD><DocBody/></OFD>",
        b"<OFD><DocBody><DocRoot/></DocBody></OFD>",
    ],
)
def test_entry_files_without_a_document_are_typed_errors(entry):
    container = Container()
    container.store("OFD.xml", entry)
    with pytest.raises((Malformed, NotFound)):
        _ = ofd.open_package(container.finish()).documents


@pytest.mark.parametrize(
    "box", ["0 0 0 10", "0 0 -1 10", "a b c d", "1 2 3", "0 0 nan 1", "0 0 1e9 1"]
)
def test_pages_without_sensible_size_are_refused(box):
    container = Container()
    container.store("OFD.xml", b"<OFD><DocBody><DocRoot>D.xml</DocRoot></DocBody></OFD>")
    area = f"<CommonData><PageArea><PhysicalBox>{box}</PhysicalBox></PageArea></CommonData>"
    container.store("D.xml", f"<Document>{area}<Pages/></Document>".encode())
    with pytest.raises(Malformed):
        _ = ofd.open_package(container.finish()).documents


def test_tags_attachments_and_metadata_of_a_written_document(plain):
    package = ofd.open_package(plain)
    assert package.metadata["Title"] == "出院小结"
    (attachment,) = package.attachments()
    assert package.read(attachment.part).startswith(b"<a>")
    tags = {tag.name: tag.objects for tag in package.tags()}
    assert {"DE06.00.193.00", "anchor:seal", "anchor:author-signature"} <= set(tags)
    assert all(package.find_object(*one) for objects in tags.values() for one in objects)
