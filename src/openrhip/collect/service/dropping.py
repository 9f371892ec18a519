"""The watched folder (监视目录): batches that units put down, for instance by SFTP.

`<inbox>/<unit>/` holds data files and, put there last, `<name>.manifest.json`: the envelope. What
was taken in lies in `taken/` with a receipt beside; once it was checked it goes on to `done/` or
`refused/`, with the report beside. Each step may be broken off and is done again at the next look:
the receipt is written before a file moves, and goes when all has moved.

A unit writes into its own folder, so nothing in there is trusted (`drops`): a receipt counts only
for the unit's own batches, a manifest only for the unit whose folder it is.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from openrhip.agent import manifest as manifests
from openrhip.agent.manifest import Manifest
from openrhip.agent.watch import Mark
from openrhip.collect.rules.states import BatchState, State
from openrhip.collect.service import doors, feedback, reading, receiving
from openrhip.collect.service.drops import Drop, NotPlain
from openrhip.kernel import clock
from openrhip.kernel.canonical import parse_json
from openrhip.kernel.config import current
from openrhip.kernel.errors import Malformed, Misconfigured, Problem, Refused, Unavailable

MANIFEST, RECEIPT, REPORT = ".manifest.json", ".receipt.json", ".report.json"
TAKEN, DONE, REFUSED = "taken", "done", "refused"
HALF_WRITTEN = timedelta(minutes=1)  # a manifest that cannot be read may be one still being written
PATIENCE = timedelta(minutes=10)  # a manifest waits so long for its files
MOST_AT_ONCE = 200  # batches of one unit in one look
_MOST_RECEIPT = 1 << 20
_log = logging.getLogger(__name__)
_watches: dict[Path, Watch] = {}


class _Incomplete(Problem):
    """Not all files of the manifest are there and whole."""

    code = "incomplete"


@dataclass(slots=True)
class Watch:
    """Looks at the inbox again and again; what changed since the last look is not touched."""

    inbox: Path
    keep: timedelta = timedelta(days=7)
    _last: dict[tuple[str, str], Mark] = field(default_factory=dict)

    def look(self) -> int:
        """Take in what is whole, follow what was taken; answers how many batches moved.

        One process at a time looks; another one finds nothing to do.
        """
        with _alone() as free:
            if not free or not self.inbox.is_dir():
                return 0
            marks: dict[tuple[str, str], Mark] = {}
            moved = 0
            for unit in _units(self.inbox):
                try:
                    with Drop(self.inbox / unit) as drop:
                        moved += self._look_at(unit, drop, marks)
                except (NotPlain, OSError) as error:
                    _log.warning("the folder of unit %s cannot be worked in: %s", unit, error)
            self._last = marks
            return moved

    def _look_at(self, unit: str, drop: Drop, marks: dict[tuple[str, str], Mark]) -> int:
        here = drop.marks()
        marks.update({(unit, name): mark for name, mark in here.items()})
        still = {name: mark for name, mark in here.items() if self._last.get((unit, name)) == mark}
        ready = sorted(name for name in still if name.endswith(MANIFEST))[:MOST_AT_ONCE]
        moved = sum(_take(unit, drop, name, still) for name in ready)
        moved += _follow(unit, drop)
        for folder in (DONE, REFUSED):
            drop.forget_older(folder, clock.now() - self.keep)
        return moved


def watch_inbox() -> int:
    """A look into the inbox that setting `collect_inbox` names; a chore of the worker."""
    config = current()
    if not config["collect_inbox"]:
        return 0
    inbox = Path(config["collect_inbox"])
    if inbox not in _watches:
        try:
            keep = timedelta(days=float(config["collect_inbox_days"]))
        except (ValueError, OverflowError) as error:
            raise Misconfigured(
                "a number of days is expected", where="collect_inbox_days"
            ) from error
        _watches[inbox] = Watch(inbox, keep)
    return _watches[inbox].look()


def _take(unit: str, drop: Drop, name: str, still: Mapping[str, Mark]) -> bool:
    """Take a batch in, or refuse it, or let it wait; whether it moved."""
    waited = timedelta(seconds=clock.now().timestamp() - still[name].ctime_ns / 1e9)
    files: tuple[str, ...] = ()
    try:
        envelope = drop.read(name, still[name], limit=manifests.MAX_ENVELOPE)
        sent = manifests.parse(envelope).manifest
        _check_mine(unit, sent)
        files = tuple(file.name for file in sent.files)
        if {_beside(name, RECEIPT), name, *files} & drop.marks(TAKEN).keys():
            return False  # files of these names are still on their way
        _check_whole(sent, still)
        state = receiving.receive(
            envelope=envelope,
            open_file=lambda wanted: drop.open(wanted, still[wanted]),
            via="folder",
        )
    except (Unavailable, Misconfigured) as problem:
        _log.warning("a batch of unit %s waits in its folder: %s", unit, problem.what)
        return False
    except NotPlain:
        return False  # it changed while it was looked at; the next look sees what is there
    except Problem as problem:
        if waited < _patience(problem, named=bool(files)):
            return False
        _refuse(drop, name, files, problem)
        return True
    about = {
        "batch": state.id,
        "state": state.state.value,
        "received_at": state.received_at.isoformat(),
        "files": [[one, *still[one]] for one in (name, *files)],
    }
    drop.write(_beside(name, RECEIPT), _json(about), folder=TAKEN)
    return True


def _patience(problem: Problem, *, named: bool) -> timedelta:
    if isinstance(problem, _Incomplete):
        return PATIENCE
    return HALF_WRITTEN if isinstance(problem, Malformed) and not named else timedelta()


def _check_mine(unit: str, sent: Manifest) -> None:
    if sent.unit != unit:
        raise Refused(
            "the manifest is of another unit than the folder",
            where="manifest/unit",
            remedy="put it into that unit's own folder",
        )
    if any(file.name.endswith((MANIFEST, RECEIPT, REPORT)) for file in sent.files):
        raise Refused("a data file is named like a manifest or a report", where="manifest/files")


def _check_whole(sent: Manifest, still: Mapping[str, Mark]) -> None:
    """All files there, of the right size and unchanged since the last look."""
    missing = [
        file.name
        for file in sent.files
        if file.name not in still or still[file.name].size != file.size
    ]
    if missing:
        raise _Incomplete(
            f"{len(missing)} files of the manifest are missing, of another size or no plain files",
            where=f"files/{missing[0]}",
            remedy="put down all files as they were signed, then the manifest",
        )


def _follow(unit: str, drop: Drop) -> int:
    """Move what was received, and on with the verdict what was checked; answers how many went."""
    moved = 0
    receipts = [(name, mark) for name, mark in drop.marks(TAKEN).items() if name.endswith(RECEIPT)]
    for name, mark in sorted(receipts)[:MOST_AT_ONCE]:
        try:
            batch_id, files = _receipt(drop.read(name, mark, limit=_MOST_RECEIPT, folder=TAKEN))
            state = reading.batch(batch_id)
        except (Problem, NotPlain):
            continue  # no receipt of this platform: the unit's own business
        if state.unit != unit:
            continue
        for file, seen in files:
            drop.move(file, to=TAKEN, mark=seen)
        if state.settled:
            _pass_on(drop, name, [file for file, _ in files], state)
            moved += 1
    return moved


def _receipt(content: bytes) -> tuple[str, list[tuple[str, Mark]]]:
    """The batch and its files. Raises Malformed."""
    value = parse_json(content, limit=_MOST_RECEIPT)
    try:
        files = [
            (manifests.check_name(name), Mark(*map(int, mark))) for name, *mark in value["files"]
        ]
        return str(value["batch"]), files
    except (TypeError, ValueError, KeyError, OverflowError) as error:
        raise Malformed("no receipt") from error


def _pass_on(drop: Drop, receipt: str, files: Sequence[str], state: BatchState) -> None:
    folder = DONE if state.state is State.LOADED else REFUSED
    stem = receipt.removesuffix(RECEIPT)
    about = {"batch": state.as_dict(), "report": feedback.report(state.id).as_dict()}
    drop.write(stem + REPORT, _json(about), folder=folder)
    for file in files:
        drop.move(file, source=TAKEN, to=folder)
    drop.remove(receipt, folder=TAKEN)


def _refuse(drop: Drop, name: str, files: Sequence[str], problem: Problem) -> None:
    """Refused before it was received: the manifest goes first, so that this happens once."""
    drop.write(_beside(name, REPORT), _json({"problem": problem.as_dict()}), folder=REFUSED)
    for file in (name, *files):
        drop.move(file, to=REFUSED)


def _beside(name: str, suffix: str) -> str:
    return name.removesuffix(MANIFEST) + suffix


def _units(inbox: Path) -> list[str]:
    with os.scandir(inbox) as entries:
        return sorted(
            entry.name
            for entry in entries
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
        )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether no other process looks at the moment; the lock goes with the process."""
    path = doors.folder("locks") / "inbox.lock"
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "rb+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
