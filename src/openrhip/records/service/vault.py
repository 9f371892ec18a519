"""The vault (保管库): encrypted bytes in the file store, and the gate that releases their keys.

Nothing else in the platform unwraps a document key. `release` demands the receipt of the ledger
entry that names this very document, and verifies it before the key is unwrapped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string

from openrhip.formats.gm import frames
from openrhip.formats.gm.digests import Digest, of_stream
from openrhip.kernel.config import current
from openrhip.kernel.errors import NotVerified
from openrhip.kernel.files import FileStore, LocalFiles, make_folder
from openrhip.ledger.rules import Entry, Receipt
from openrhip.records.ports import KeyKeeper
from openrhip.records.rules import MAX_SIZE
from openrhip.records.service import evidence
from openrhip.records.service.shelf import Shelved

RELEASING = frozenset({"disclose", "export", "emergency"})


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the bytes are: key in the file store, wrapped document key, id of the KEK."""

    stored_key: str
    wrapped_key: bytes
    key_id: str


@dataclass(frozen=True, slots=True)
class Permit:
    """A ledger entry with its receipt: what the gate asks for."""

    entry: Entry
    receipt: Receipt


@cache
def store() -> FileStore:
    """The document store of this installation: local files, or S3 by `files_url`."""
    url = current()["files_url"]
    if not url:
        return LocalFiles(current().home / "files")
    opened: FileStore = import_string("openrhip.kernel.adapters.s3.open_store")(url)
    return opened


@cache
def keeper() -> KeyKeeper:
    """The keeper of key-encryption keys, by the setting RECORDS_KEY_KEEPER (dotted path)."""
    path = getattr(settings, "RECORDS_KEY_KEEPER", "openrhip.records.adapters.file_keys.FileKeys")
    made: KeyKeeper = import_string(path)(current().home / "keys" / "records")
    return made


def uploads_folder() -> Path:
    folder = current().home / "uploads"
    make_folder(folder)
    return folder


def keep(content: Iterable[bytes], *, document_id: str) -> Kept:
    """Encrypt under a fresh key and store. Durable on return; memory stays at a few frames."""
    context = document_id.encode()
    key = frames.new_key()
    key_id, wrapped = keeper().wrap(key, context=context)
    # Ciphertext is larger than plaintext by a header and a tag for each frame.
    limit = MAX_SIZE + (MAX_SIZE // frames.FRAME + 2) * (frames.TAG + frames.HEADER)
    stored = store().put(frames.encrypt(content, key=key, context=context), limit=limit)
    return Kept(stored.key, wrapped, key_id)


def keep_made(document: Shelved, make: Callable[[bytes], bytes], *, copy_id: str) -> Kept:
    """Keep what `make` makes of the plaintext, under a key of its own. Nothing comes out of here.

    Raises NotFound, NotVerified if the stored bytes were changed, and what `make` raises.
    """
    return keep([make(b"".join(_plain(document)))], document_id=copy_id)


def digests_of(document: Shelved, wanted: Iterable[Digest]) -> dict[str, bytes]:
    """Digests of the plaintext, by name. Nothing readable leaves the vault, so no permit is asked.

    Raises NotFound, NotVerified if the stored bytes were changed.
    """
    return of_stream(_plain(document), wanted)


def release(document: Shelved, permit: Permit) -> Iterator[bytes]:
    """The plaintext, frame by frame, against a permit. Raises NotVerified before the first byte.

    The permit must be a releasing entry for this document whose receipt the ledger signed.
    """
    fields = permit.entry.fields
    if permit.entry.kind not in RELEASING or fields.get("document_id") != document.id:
        raise NotVerified("the permit is for another deed or another document", where="permit")
    evidence.check_receipt(permit.entry, permit.receipt)
    return _plain(document)


def _plain(document: Shelved) -> Iterator[bytes]:
    context = document.id.encode()
    key = keeper().unwrap(document.key_id, document.wrapped_key, context=context)
    return frames.decrypt(store().chunks(document.stored_key), key=key, context=context)
