"""Batches that come in parts (分段上传): announced by their manifest, filled, taken in when whole.

An announcement is proved before a byte of it is kept. Its id is the SM3 of the content: the same
batch announced again, signed anew or not, is one upload and resumes. What is whole goes through
`receiving.receive`, which judges it again; nothing of an announcement is in the database.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from openrhip.agent import manifest as manifests
from openrhip.agent.manifest import Envelope
from openrhip.collect.rules.states import BatchState
from openrhip.collect.service import doors, receiving
from openrhip.collect.service.room import guarded
from openrhip.formats.gm import sm3
from openrhip.kernel import clock
from openrhip.kernel.errors import (
    Conflict,
    Malformed,
    Misconfigured,
    NotFound,
    Problem,
    Refused,
    TooLarge,
    Unavailable,
)
from openrhip.kernel.files import check_key, write_durably
from openrhip.kernel.parts import MAX_PART, MAX_PARTS, Parts, Span

KEEP = timedelta(days=7)
MOST_OPEN = 500  # announcements of one unit that are not finished
ROOM_LEFT = 1 << 30  # bytes of the disk that announcements leave to the centre
_ENVELOPE = "envelope.json"


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file of an announced batch. place: its number in the manifest."""

    place: int
    name: str
    size: int
    missing: tuple[Span, ...]
    received: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Incoming:
    """An announced batch that is not whole yet, or not completed."""

    id: str
    files: tuple[IncomingFile, ...]
    max_part: int = MAX_PART

    @property
    def whole(self) -> bool:
        return not any(file.missing for file in self.files)


def announce(*, institution: str, envelope: bytes) -> Incoming | BatchState:
    """Begin, or find again, the upload of a batch; its state if it is here already.

    Raises Malformed, TooLarge, NotVerified, Refused, NotFound, Conflict, Unavailable.
    """
    sent = manifests.parse(envelope)
    if sent.manifest.unit != institution:
        raise Refused(
            "the manifest is of another unit than the request",
            where="manifest/unit",
            remedy="each unit sends its own batches",
        )
    receiving.prove(sent)
    receiving.check(sent.manifest, at=clock.now())
    with guarded():
        if done := receiving.known(sent.manifest):
            return done
        folder = _folder(institution, sent.manifest.content)
        if not (folder / _ENVELOPE).exists():
            _check_size(sent)
            _check_room(institution, sent.manifest.size)
        elif _read(folder).manifest.sent_at >= sent.manifest.sent_at:
            return _state(folder, sent)
        write_durably(folder / _ENVELOPE, envelope)
        return _state(folder, sent)


def upload(*, institution: str, upload_id: str) -> Incoming:
    """What is there and what is missing. Raises Malformed, NotFound."""
    return _state(*_find(institution, upload_id))


def put_part(
    *,
    institution: str,
    upload_id: str,
    place: int,
    number: int,
    offset: int,
    digest: str,
    content: bytes,
) -> IncomingFile:
    """Keep one part of the file at this place; durable on return. It may come twice.

    Raises Malformed, TooLarge, NotVerified, Conflict, NotFound, Unavailable.
    """
    folder, sent = _find(institution, upload_id)
    if not 0 <= place < len(sent.manifest.files):
        raise Malformed("the manifest has no such file", where="file")
    with guarded():
        if shutil.disk_usage(_root()).free < ROOM_LEFT + len(content):
            raise Unavailable("the centre has no room for more now", remedy="try again later")
        _parts(folder, sent, place).put(
            number=number, offset=offset, digest=digest, content=content
        )
        if not (folder / _ENVELOPE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            raise _ended()
        return _file(folder, sent, place)


def complete_upload(*, institution: str, upload_id: str, via: str = "https") -> BatchState:
    """Take the whole in: its state, durable on return. The parts go, unless a later call may
    succeed with them.

    Raises Conflict while parts are missing, and what `receive` raises.
    """
    folder, sent = _find(institution, upload_id)
    state = _state(folder, sent)
    if not state.whole:
        raise Conflict(
            "parts are missing", where="parts", remedy="ask for the upload and send the gaps"
        )
    places = {file.name: at for at, file in enumerate(sent.manifest.files)}

    def opened(name: str) -> BinaryIO:
        return io.BufferedReader(_Pieces(_parts(folder, sent, places[name]).chunks()), MAX_PART)

    try:
        done = receiving.receive(envelope=sent.encode(), open_file=opened, via=via)
    except (Unavailable, Misconfigured):
        raise
    except Problem as problem:
        shutil.rmtree(folder, ignore_errors=True)
        # Another request completed it a moment ago, and took the parts away.
        if isinstance(problem, NotFound | Conflict) and (known := receiving.known(sent.manifest)):
            return known
        raise
    shutil.rmtree(folder, ignore_errors=True)
    return done


def sweep_incoming() -> int:
    """Forget announcements nobody has finished for a week; answers how many."""
    oldest = (clock.now() - KEEP).timestamp()
    old = [path for path in _root().iterdir() if path.stat().st_mtime < oldest]
    for path in old[:100]:
        shutil.rmtree(path, ignore_errors=True)
    return len(old[:100])


class _Pieces(io.RawIOBase):
    """A file to be read once, from pieces that are made when they are needed."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _find(institution: str, upload_id: str) -> tuple[Path, Envelope]:
    folder = _folder(institution, check_key(upload_id))
    try:
        return folder, _read(folder)
    except FileNotFoundError as error:
        raise _ended() from error


def _read(folder: Path) -> Envelope:
    path = folder / _ENVELOPE
    return _parsed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _parsed(path: Path, _mark: int) -> Envelope:
    return manifests.parse(path.read_bytes())


def _state(folder: Path, sent: Envelope) -> Incoming:
    files = (_file(folder, sent, place) for place in range(len(sent.manifest.files)))
    return Incoming(sent.manifest.content, tuple(files))


def _file(folder: Path, sent: Envelope, place: int) -> IncomingFile:
    file, parts = sent.manifest.files[place], _parts(folder, sent, place)
    received = tuple(part.number for part in parts.received())
    return IncomingFile(place, file.name, file.size, parts.missing(), received)


def _parts(folder: Path, sent: Envelope, place: int) -> Parts:
    return Parts(folder / f"{place:04d}", size=sent.manifest.files[place].size)


def _check_size(sent: Envelope) -> None:
    """A file that could never be sent in parts is refused before it is tried."""
    for at, file in enumerate(sent.manifest.files):
        if file.size > MAX_PART * MAX_PARTS:
            raise TooLarge(
                f"a file that comes in parts has at most {MAX_PART * MAX_PARTS} bytes",
                where=f"manifest/files/{at}/bytes",
                remedy="send the rows in several files of the same batch",
            )


def _check_room(institution: str, size: int) -> None:
    if sum(1 for _ in _root().glob(f"{_prefix(institution)}-*")) >= MOST_OPEN:
        raise Unavailable(
            f"this unit has {MOST_OPEN} announced batches that are not finished",
            remedy="complete them first; what nobody finishes is forgotten after seven days",
        )
    # Parts and the sealed originals made of them lie there for a moment together.
    if shutil.disk_usage(_root()).free < 2 * size + ROOM_LEFT:
        raise Unavailable("the centre has no room for so much now", remedy="try again later")


def _folder(institution: str, upload_id: str) -> Path:
    return _root() / f"{_prefix(institution)}-{upload_id}"


def _prefix(institution: str) -> str:
    return sm3.hexdigest(institution.encode())[:16]


def _root() -> Path:
    return doors.folder("incoming")


def _ended() -> NotFound:
    return NotFound(
        "no such upload: never announced, finished, or of another unit",
        where="upload",
        remedy="announce the batch again; what is here already is answered at once",
    )
