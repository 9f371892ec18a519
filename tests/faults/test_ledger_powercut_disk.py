"""The power-cut disk itself: it forgets what it must forget, and keeps what was synced."""

from __future__ import annotations

import os

import pytest

from openrhip.kernel.files import LocalFiles, sync_folder, write_durably

pytestmark = [pytest.mark.fault, pytest.mark.timeout(120)]


def put(path, data, *, sync_file=False, sync_name=False):
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        if sync_file:
            os.fsync(file.fileno())
    if sync_name:
        sync_folder(path.parent)


def test_only_what_was_synced_survives(disk):
    put(disk.path / "nothing", b"a")
    put(disk.path / "content", b"b", sync_file=True)
    put(disk.path / "name", b"c", sync_name=True)
    put(disk.path / "both", b"d", sync_file=True, sync_name=True)
    with (disk.path / "both").open("r+b") as file:
        file.write(b"later")
    put(disk.path / "late", b"e")
    assert (disk.path / "both").read_bytes() == b"later"
    assert disk.syncs() == 4
    disk.cut()
    with pytest.raises(OSError, match="put/output error"):
        put(disk.path / "after", b"f")
    disk.restore()
    # Syncing the folder for `both` made the names before it safe as well, but not their content.
    found = {path.name: path.read_bytes() for path in disk.path.iterdir()}
    assert found == {"nothing": b"", "content": b"b", "name": b"", "both": b"d"}


def test_renames_and_removals_need_the_folder_to_be_synced(disk):
    for name in ("a", "b"):
        put(disk.path / name, name.encode(), sync_file=True, sync_name=True)
    os.replace(disk.path / "a", disk.path / "c")
    (disk.path / "b").unlink()
    disk.cut()
    disk.restore()
    assert {path.name for path in disk.path.iterdir()} == {"a", "b"}
    os.replace(disk.path / "a", disk.path / "c")
    (disk.path / "b").unlink()
    sync_folder(disk.path)
    disk.cut()
    disk.restore()
    assert {path.name: path.read_bytes() for path in disk.path.iterdir()} == {"c": b"a"}


def test_a_seed_keeps_a_part_of_what_was_not_synced(disk):
    put(disk.path / "log", b"", sync_file=True, sync_name=True)
    with (disk.path / "log").open("r+b", buffering=0) as file:
        for number in range(64):
            file.write(bytes([number + 1]) * 16)
    disk.cut(seed=3)
    disk.restore()
    data = (disk.path / "log").read_bytes().ljust(64 * 16, b"\0")
    kept = [data[at * 16 : at * 16 + 16] == bytes([at + 1]) * 16 for at in range(64)]
    assert 5 < sum(kept) < 59


def test_the_kernel_files_survive(disk):
    store = LocalFiles(disk.path / "files")
    stored = [store.put(b"document %d" % number) for number in range(5)]
    write_durably(disk.path / "made" / "below" / "setting", b"kept")
    disk.cut()
    disk.restore()
    assert [store.read(one.key) for one in stored] == [b"document %d" % n for n in range(5)]
    assert (disk.path / "made" / "below" / "setting").read_bytes() == b"kept"


def test_a_store_without_fsync_loses_everything(disk, monkeypatch):
    """The guard of the guard: the same store with fsync taken away does not survive."""
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    store = LocalFiles(disk.path / "files")
    store.put(b"document")
    disk.cut()
    disk.restore()
    assert not (disk.path / "files").exists()
