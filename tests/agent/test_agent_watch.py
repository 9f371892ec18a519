"""The watched folder: only whole files, only known kinds, PDFs with their description."""

import os

import pytest

from openrhip.agent.rules import Form
from openrhip.agent.watch import NotThere, Watch, opened


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def names(look):
    return [ready.path.name for ready in look.ready]


def test_a_file_is_ready_when_two_looks_agree(folder):
    watch = Watch(folder)
    (folder / "a.xml").write_bytes(b"1")
    assert names(watch.look()) == []
    assert names(watch.look()) == ["a.xml"]


def test_a_file_that_grows_is_left_alone(folder):
    watch = Watch(folder)
    for size in range(1, 4):
        (folder / "a.xml").write_bytes(b"x" * size)
        assert names(watch.look()) == []
    assert names(watch.look()) == ["a.xml"]


def test_a_file_replaced_by_one_of_the_same_size_and_time_waits_again(folder):
    watch = Watch(folder)
    path = folder / "a.xml"
    path.write_bytes(b"old")
    stat = path.stat()
    watch.look()
    (folder / "b.tmp").write_bytes(b"new")
    os.utime(folder / "b.tmp", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    (folder / "b.tmp").replace(path)
    assert names(watch.look()) == []


@pytest.mark.parametrize("name", [".a.xml", "a.xml.tmp", "a.PART", "a.xml.writing"])
def test_unfinished_names_are_not_seen(folder, name):
    watch = Watch(folder)
    (folder / name).write_bytes(b"1")
    watch.look()
    look = watch.look()
    assert not look.ready
    assert not look.unknown


def test_folders_and_links_are_not_files(folder, tmp_path):
    (folder / "sub.xml").mkdir()
    (tmp_path / "secret.xml").write_bytes(b"1")
    (folder / "link.xml").symlink_to(tmp_path / "secret.xml")
    watch = Watch(folder)
    watch.look()
    assert not watch.look().ready


def test_a_pdf_waits_for_its_description(folder):
    watch = Watch(folder)
    (folder / "r.pdf").write_bytes(b"1")
    watch.look()
    look = watch.look()
    assert [path.name for path in look.waiting] == ["r.pdf"]
    (folder / "r.pdf.xml").write_bytes(b"1")
    assert not watch.look().ready
    [ready] = watch.look().ready
    assert ready.form is Form.PDF
    assert ready.companion.path.name == "r.pdf.xml"


def test_other_kinds_are_named_not_taken(folder):
    watch = Watch(folder)
    (folder / "x.docx").write_bytes(b"1")
    watch.look()
    assert [path.name for path in watch.look().unknown] == ["x.docx"]


def test_a_second_name_of_another_file_is_not_taken(folder, tmp_path):
    (tmp_path / "staff.key.pem").write_bytes(b"secret")
    (folder / "r.ofd").hardlink_to(tmp_path / "staff.key.pem")
    watch = Watch(folder)
    watch.look()
    look = watch.look()
    assert not look.ready
    assert [path.name for path in look.unknown] == ["r.ofd"]
    with pytest.raises(NotThere), opened(folder / "r.ofd"):
        pass


@pytest.mark.parametrize("swap", ["link", "other", "gone", "fifo"])
def test_what_was_put_in_place_after_the_look_is_not_read(folder, tmp_path, swap):
    path = folder / "r.ofd"
    path.write_bytes(b"record")
    watch = Watch(folder)
    watch.look()
    [ready] = watch.look().ready
    path.unlink()
    (tmp_path / "secret").write_bytes(b"secret")
    if swap == "link":
        path.symlink_to(tmp_path / "secret")
    elif swap == "other":
        path.write_bytes(b"others")
    elif swap == "fifo":
        os.mkfifo(path)
    with pytest.raises(NotThere), opened(ready.path, ready.file.mark):
        pass


def test_a_file_that_changes_while_it_is_read_is_not_taken(folder):
    path = folder / "r.ofd"
    path.write_bytes(b"record")
    with pytest.raises(NotThere), opened(path) as (file, _):
        file.read()
        path.write_bytes(b"record and more")


def test_a_corrected_file_of_the_same_size_and_time_is_another(folder):
    path = folder / "a.xml"
    marks = []
    for content in (b"<dose>10</dose>", b"<dose>99</dose>"):
        path.write_bytes(content)
        os.utime(path, ns=(10**18, 10**18))
        with opened(path) as (file, mark):
            assert file.read() == content
            marks.append(mark)
    assert marks[0] != marks[1]
