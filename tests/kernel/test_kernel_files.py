"""Content-addressed files: the same behaviour on a folder, in an obstore memory store and over S3."""

import hashlib
import os
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore, S3Store

from openrhip.kernel import files
from openrhip.kernel.adapters.s3 import S3Files
from openrhip.kernel.errors import Malformed, NotFound, NotVerified, TooLarge


@contextmanager
def s3_server():
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    try:
        boto3.client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="k",
            aws_secret_access_key="s",
        ).create_bucket(Bucket="documents")
        yield S3Store(
            "documents",
            endpoint=url,
            region="us-east-1",
            access_key_id="k",
            secret_access_key="s",
            client_options={"allow_http": True},
            virtual_hosted_style_request=False,
        )
    finally:
        server.stop()


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request, tmp_path):
    if request.param == "folder":
        yield files.LocalFiles(tmp_path / "store")
    elif request.param == "memory":
        yield S3Files(MemoryStore())
    else:
        with s3_server() as remote:
            yield S3Files(remote, prefix="centre/")


def test_key_is_the_digest(store):
    stored = store.put(b"abc")
    # GM/T 0004-2012, example 1
    assert stored.key == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert stored.size == 3
    assert store.read(stored.key) == b"abc"
    assert store.has(stored.key)
    assert store.put([b"a", b"", b"bc"]) == stored


def test_large_files_come_in_chunks(store):
    data = os.urandom(3 * files.CHUNK + 17)
    key = store.put(data[at : at + 50_000] for at in range(0, len(data), 50_000)).key
    parts = list(store.chunks(key))
    assert b"".join(parts) == data
    assert len(parts) > 1 or isinstance(getattr(store, "store", None), MemoryStore)


def test_too_large_leaves_nothing(store, tmp_path):
    with pytest.raises(TooLarge):
        store.put((b"x" * 100 for _ in range(100)), limit=1000)
    assert not store.has(hashlib.new("sm3", b"x" * 10_000).hexdigest())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_delete_and_missing(store):
    key = store.put(b"gone").key
    store.delete(key)
    store.delete(key)
    assert not store.has(key)
    with pytest.raises(NotFound):
        store.read(key)
    with pytest.raises(NotFound):
        list(store.chunks(key))


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n"]
)
def test_a_key_is_no_path(store, key):
    with pytest.raises(Malformed):
        store.read(key)
    with pytest.raises(Malformed):
        store.delete(key)


def test_a_changed_disk_is_noticed(tmp_path):
    store = files.LocalFiles(tmp_path)
    key = store.put(b"truth").key
    (tmp_path / key[:2] / key[2:4] / key).write_bytes(b"trust")
    with pytest.raises(NotVerified):
        store.read(key)


@given(st.binary(max_size=2000))
@settings(max_examples=30)
def test_any_content(tmp_path_factory, data):
    store = files.LocalFiles(tmp_path_factory.mktemp("any"))
    assert store.read(store.put(data).key) == data


def test_write_durably_replaces_and_protects(tmp_path):
    path = tmp_path / "a" / "b" / "key.pem"
    files.write_durably(path, b"one")
    files.write_durably(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [child.name for child in path.parent.iterdir()] == ["key.pem"]


def test_put_syncs_file_and_folder_before_it_answers(tmp_path, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda handle: (synced.append(os.readlink(f"/proc/self/fd/{handle}")), real(handle)),
    )
    key = files.LocalFiles(tmp_path / "s").put(b"x").key
    assert any(name.rsplit("/", 1)[-1].startswith(".part-") for name in synced)
    assert synced[-1].endswith(f"{key[:2]}/{key[2:4]}")


def test_create_durably_never_writes_over(tmp_path):
    path = tmp_path / "keys" / "000001.kek"
    assert files.create_durably(path, b"first")
    assert not files.create_durably(path, b"second")
    assert path.read_bytes() == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [child.name for child in path.parent.glob("*.kek")] == ["000001.kek"]
