"""What is taken out lands in the folder and nowhere else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openrhip.formats import ofd
from openrhip.formats.ofd.inspect.extracting import safe_name, write_out
from openrhip.kernel.errors import Conflict, Malformed

NS = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def attached(parcel, *names):
    lines = "".join(
        f'<ofd:Attachment ID="a{n}" Name="{name}"><ofd:FileLoc>A{n}.xml</ofd:FileLoc></ofd:Attachment>'
        for n, name in enumerate(names)
    )
    return parcel({
        "Doc_0/Document.xml": ("</ofd:Pages>", "</ofd:Pages><ofd:Attachments>L.xml</ofd:Attachments>"),
        "Doc_0/L.xml": f"<ofd:Attachments {NS}>{lines}</ofd:Attachments>",
        **{f"Doc_0/A{n}.xml": f"<a>{n}</a>" for n in range(len(names))},
    })  # fmt: skip


def test_all_of_our_own_document(own, tmp_path):
    written = write_out(own, tmp_path, ("attachments", "images", "fonts", "tags", "metadata"))
    names = {one.path.name for one in written}
    assert {"source.xml", "tags.json", "metadata.json"} <= names
    assert (tmp_path / "source.xml").read_bytes() == b"<a>1</a>"
    tags = json.loads((tmp_path / "tags.json").read_text())
    assert {"name": "DE04.01.119.00", "text": "胸痛三天"}.items() <= tags[0].items()
    assert json.loads((tmp_path / "metadata.json").read_text())["documents"][0]["custom"] == {
        "Kind": "C0053"
    }
    assert any(name.endswith(".otf") for name in names)


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "..", "a/../../b", "C:\\x", "..\\..\\x", "con", "NUL.txt",
     "a\u202efdp.exe", "&#10;x", " . ", "x" * 500, "病历" * 100 + ".xml"],
)  # fmt: skip
def test_hostile_names_stay_in_the_folder(parcel, tmp_path, name):
    out = tmp_path / "out"
    written = write_out(attached(parcel, name), out, ("attachments",))
    (path,) = (one.path for one in written)
    assert path.parent == out
    assert path.read_bytes() == b"<a>0</a>"
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_names_that_collide_are_numbered(parcel, tmp_path):
    written = write_out(attached(parcel, "a.xml", "A.XML", "a.xml"), tmp_path, ("attachments",))
    assert len({one.path.name.casefold() for one in written}) == 3
    assert [one.path.read_bytes() for one in written] == [b"<a>0</a>", b"<a>1</a>", b"<a>2</a>"]


def test_names_without_a_suffix_get_that_of_their_part(parcel, tmp_path):
    (one,) = write_out(attached(parcel, "原文"), tmp_path, ("attachments",))
    assert one.path.name == "原文.xml"


def test_nothing_is_overwritten_unless_asked(parcel, tmp_path):
    (tmp_path / "a.xml").write_bytes(b"mine")
    data = attached(parcel, "a.xml")
    with pytest.raises(Conflict):
        write_out(data, tmp_path, ("attachments",))
    assert (tmp_path / "a.xml").read_bytes() == b"mine"
    write_out(data, tmp_path, ("attachments",), force=True)
    assert (tmp_path / "a.xml").read_bytes() == b"<a>0</a>"


def test_no_link_is_followed(parcel, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.xml").symlink_to(target)
    for force in (False, True):
        with pytest.raises(Conflict):
            write_out(attached(parcel, "a.xml"), out, ("attachments",), force=force)
    assert target.read_bytes() == b"mine"


def test_missing_and_damaged_files_are_told(parcel, tmp_path):
    data = attached(parcel, "a.xml")
    package = ofd.open_package(data)
    damaged = data.replace(
        data[package.entries["Doc_0/A0.xml"].start :][:4], b"\xff\xff\xff\xff", 1
    )
    package = ofd.open_package(damaged)
    assert write_out(package, tmp_path, ("attachments",)) == []
    assert {one.code for one in package.notices} == {"part.unreadable"}


def test_unknown_kinds_are_refused(own, tmp_path):
    with pytest.raises(Malformed):
        write_out(own, tmp_path, ("secrets",))


@given(st.text(max_size=300))
def test_safe_names_are_names(wish):
    name = safe_name(wish)
    assert name
    assert not set(name) & set('/\\:*?"<>|\0')
    assert name not in (".", "..")
    assert not name.startswith((" ", "."))
    assert len(name.encode()) <= 124
    assert safe_name(name) == name
