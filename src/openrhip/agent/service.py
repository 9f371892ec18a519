"""The node at work: each round looks into the folder and takes every due job one or more steps on.

What a step needs is durable before the step is: bytes first, then the queue's row. After kill -9
or a power cut the next round goes on from the rows; a step done twice gives the same bytes (the
sealed file is never made twice once it is in the queue) or finds its work done at the centre.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openrhip.agent import settings as agent_settings
from openrhip.agent import watch
from openrhip.agent.batch_queue import BatchJob, BatchQueue
from openrhip.agent.batches import QUEUE, Batches
from openrhip.agent.calling import Gone, Waiting
from openrhip.agent.centre import Answer, Centre
from openrhip.agent.collection import Collection
from openrhip.agent.outbox import Outbox
from openrhip.agent.queue import Lock, Queue
from openrhip.agent.rules import FINAL, Form, Job, State
from openrhip.agent.sealing import Desk
from openrhip.agent.settings import AgentConfig
from openrhip.agent.watch import Mark, NotThere, Ready, Watch
from openrhip.formats.gm.certs import Certificate
from openrhip.kernel.errors import Conflict, Misconfigured, Problem, TooLarge, Unavailable
from openrhip.kernel.files import LocalFiles, make_folder, sync_folder, write_durably

MAX_SOURCE = 200 * 1000 * 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Status:
    """What `openrhip agent status` shows."""

    institution: str
    centre_url: str
    counts: dict[str, int]
    jobs: tuple[Job, ...]
    waiting_files: tuple[str, ...]
    unknown_files: tuple[str, ...]
    batch_counts: dict[str, int]
    batches: tuple[BatchJob, ...]
    unknown_batch_files: tuple[str, ...]


class Node:
    """One hospital's node over its folder."""

    def __init__(
        self,
        config: AgentConfig,
        *,
        desk: Desk,
        centre: Centre,
        collection: Collection | None = None,
    ) -> None:
        """collection: the centre's door for collected data; without it none is sent."""
        config.make_folders()
        self.config = config
        self.desk = desk
        self.centre = centre
        self.lock = Lock(config.work / "lock")
        self.queue = Queue(config.work / "queue.sqlite3")
        self.files = LocalFiles(config.work / "files")
        self.watch = Watch(config.inbox)
        self.batches = Batches(config, collection) if collection else None
        self.stopping = False
        self._known: dict[Mark, str] = {}

    def close(self) -> None:
        self.queue.close()
        self.centre.close()
        if self.batches:
            self.batches.close()
        self.lock.release()

    def round(self) -> int:
        """One look and every due step; answers how many jobs moved."""
        for ready in self.watch.look().ready:
            if self.stopping:
                return 0
            self._admit(ready)
        moved = 0
        for job in self.queue.due():
            if self.stopping:
                break
            moved += self._advance(job)
        if self.batches and not self.stopping:
            moved += self.batches.round()
        return moved

    def stop(self) -> None:
        """End after the step at hand."""
        self.stopping = True
        if self.batches:
            self.batches.stopping = True

    def _admit(self, ready: Ready) -> None:
        try:
            key = self._take(ready.path, ready.file.mark)
            seen = ready.companion
            companion = self._take(seen.path, seen.mark) if seen else ""
        except NotThere:
            return  # taken away or replaced in the meantime; the next look sees what is there
        except TooLarge:
            self._put_aside(ready, {"accepted": False, "problem": _too_large().as_dict()})
            return
        job = self.queue.admit(
            name=ready.path.name, form=ready.form, source_key=key, companion_key=companion
        )
        if job.state in FINAL and job.answer is not None:
            # Finished before: the same bytes again, or the node ended before it moved the file.
            self._file_away(job, ready.path.name)

    def _take(self, path: Path, mark: Mark | None = None) -> str:
        """Keep the file's bytes in the node's store; its digest. Raises NotThere, TooLarge."""
        with watch.opened(path, mark) as (file, found):
            key = self._known.get(found)
            if key is None:
                pieces = iter(lambda: file.read(1 << 18), b"")
                key = self.files.put(pieces, limit=MAX_SOURCE).key
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[found] = key  # only now: the file did not change while it was read
        return key

    def _advance(self, job: Job) -> bool:
        """Take the job on as far as it goes now; whether it moved."""
        start = job.state
        while job.state not in FINAL and not self.stopping:
            try:
                job = STEPS[job.state](self, job)
            except Gone as problem:
                job = self.queue.step(job, State.SEALED, upload_id="", note=problem.what)
                self.queue.postpone(job, problem.what)
                break
            except (Unavailable, Waiting, Conflict) as problem:
                self.queue.postpone(job, str(problem))
                break
            except Problem as problem:
                # Only what lies on this side ends here: the file itself, or a key that is missing.
                answer = {"accepted": False, "by": "node", "problem": problem.as_dict()}
                job = self.queue.step(job, State.REFUSED, answer=answer, note=problem.what)
            except Exception as error:  # noqa: BLE001 - see below
                # A fault of this program must not stop the other jobs; this one waits and shows it.
                _log.exception("a step failed unexpectedly")
                self.queue.postpone(job, f"unexpected fault of the node: {type(error).__name__}")
                break
        if job.state in FINAL:
            self._file_away(job, job.name)
        return job.state != start

    def lay_out(self, job: Job) -> Job:
        companion = self.files.read(job.companion_key) if job.companion_key else b""
        content = self.desk.lay_out(job.form, self.files.read(job.source_key), companion)
        return self.queue.step(job, State.LAID_OUT, laid_out_key=self.files.put(content).key)

    def seal(self, job: Job) -> Job:
        stored = self.files.put(self.desk.finish(self.files.read(job.laid_out_key)))
        return self.queue.step(job, State.SEALED, sealed_key=stored.key, sealed_size=stored.size)

    def begin(self, job: Job) -> Job:
        begun = self.centre.begin(digest=job.sealed_key, size=job.sealed_size, media="ofd")
        if isinstance(begun, Answer):
            return self._end(job, begun)
        return self.queue.step(job, State.UPLOADING, upload_id=begun)

    def upload(self, job: Job) -> Job:
        content = self.files.read(job.sealed_key)
        self.centre.send(
            job.upload_id,
            lambda offset, size: content[offset : offset + size],
            alive=lambda: not self.stopping,
        )
        return self._end(job, self.centre.complete(job.upload_id))

    def _end(self, job: Job, answer: Answer) -> Job:
        state = State.ACKNOWLEDGED if answer.accepted else State.REFUSED
        return self.queue.step(job, state, answer={"by": "centre", **answer.content})

    def _file_away(self, job: Job, name: str) -> None:
        """Move the file to done/ or refused/ with the answer beside it; harmless if done before."""
        good = job.state is State.ACKNOWLEDGED
        target = self.config.done if good else self.config.refused
        suffix = ".receipt.json" if good else ".refusal.json"
        answer = {"file": name, "sm3": job.source_key, "sealed_sm3": job.sealed_key}
        write_durably(target / f"{name}{suffix}", _pretty(answer | (job.answer or {})), mode=0o640)
        names = (name, name + ".xml") if job.form is Form.PDF else (name,)
        for folder in (self.config.inbox, self.config.refused):
            for moving in names:
                path = folder / moving
                if folder != target and path.is_file() and self._same(path, job):
                    path.replace(target / moving)
                    sync_folder(target)
            if good and folder == self.config.refused:
                (folder / f"{name}.refusal.json").unlink(missing_ok=True)
        sync_folder(self.config.inbox)

    def _same(self, path: Path, job: Job) -> bool:
        """Whether the file still holds this job's bytes: a newer file of that name stays."""
        try:
            return self._take(path) in (job.source_key, job.companion_key)
        except (NotThere, TooLarge):
            return False

    def _put_aside(self, ready: Ready, answer: dict[str, Any]) -> None:
        """A file too large to be taken at all: out of the way, with its reason."""
        name = ready.path.name
        write_durably(self.config.refused / f"{name}.refusal.json", _pretty(answer), mode=0o640)
        ready.path.replace(self.config.refused / name)
        sync_folder(self.config.refused)


STEPS: dict[State, Callable[[Node, Job], Job]] = {
    State.SEEN: Node.lay_out,
    State.LAID_OUT: Node.seal,
    State.SEALED: Node.begin,
    State.UPLOADING: Node.upload,
}


def open_node(home: Path) -> Node:
    """The node of a folder, with its keys. Raises Misconfigured, Conflict if one is at work."""
    config = agent_settings.load(home)
    desk = Desk(config)
    about: dict[str, Any] = {
        "institution": config.institution,
        "signer": desk.institution,
        "part_bytes": config.part_bytes,
    }
    return Node(
        config,
        desk=desk,
        centre=Centre(config.centre_url, **about),
        collection=Collection(config.centre_url, **about),
    )


def status(home: Path, *, most: int = 50) -> Status:
    """The queue as it stands; works beside a running node and without keys."""
    config = agent_settings.load(home)
    config.make_folders()
    queue = Queue(config.work / "queue.sqlite3")
    batches = BatchQueue(config.work / QUEUE)
    try:
        looking = Watch(config.inbox)
        looking.look()
        look = looking.look()
        odd = Outbox(config.outbox / "collect", quiet_seconds=0).look().unknown
        return Status(
            institution=config.institution,
            centre_url=config.centre_url,
            counts=queue.counts(),
            jobs=tuple(queue.jobs(most=most)),
            waiting_files=tuple(path.name for path in look.waiting),
            unknown_files=tuple(path.name for path in look.unknown),
            batch_counts=batches.counts(),
            batches=tuple(batches.jobs(most=most)),
            unknown_batch_files=tuple(str(path.relative_to(config.outbox)) for path in odd),
        )
    finally:
        queue.close()
        batches.close()


def retry(home: Path, *, job_id: str = "", again: bool = False) -> int:
    """Let refused jobs try again, and waiting ones at once; answers how many.

    A job the centre refused sends the same sealed bytes again; `again` (and every job this node
    refused itself) begins anew from the file.
    """
    config = agent_settings.load(home)
    queue = Queue(config.work / "queue.sqlite3")
    try:
        jobs = [queue.job(job_id)] if job_id else queue.jobs(state=State.REFUSED, most=10_000)
        if job_id and jobs[0].state is not State.REFUSED:
            raise Conflict("only a refused job can be tried again", where=jobs[0].state)
        for job in jobs:
            anew = again or not job.sealed_key
            queue.step(job, State.SEEN if anew else State.SEALED, answer=None, note="retry")
        return len(jobs) + (0 if job_id else queue.hurry() + _hurry_batches(config))
    finally:
        queue.close()


def _hurry_batches(config: AgentConfig) -> int:
    batches = BatchQueue(config.work / QUEUE)
    try:
        return batches.hurry()
    finally:
        batches.close()


def init(
    home: Path, *, institution: str, centre_url: str, keys: Path | None = None, **others: str
) -> AgentConfig:
    """Make a node's folder. `keys`: a key folder to copy from (development), or none."""
    if (home / agent_settings.FILE).exists():
        raise Conflict("this folder holds a node already", where=str(home))
    make_folder(home)
    agent_settings.write(home, institution=institution, centre_url=centre_url, **others)
    config = agent_settings.load(home)
    config.make_folders()
    make_folder(config.keys)
    if keys is not None:
        _copy_keys(keys, config)
    return config


def _copy_keys(source: Path, config: AgentConfig) -> None:
    """Only what this institution may hold: its own key and seal, its staff, trust, test TSA."""
    code = config.institution
    wanted = [
        *(source / "institutions").glob(f"{code}.*.pem"),
        *(source / "seals").glob(f"{code}.esl"),
        *(path for path in (source / "trust").rglob("*") if path.is_file()),
        *(source / "tsa").glob("tsa.*.pem"),
        *_staff_of(source, code),
    ]
    if not any(path.parent.name == "institutions" for path in wanted):
        raise Misconfigured("no key of this institution there", where=str(source))
    for path in wanted:
        mode = 0o600 if path.name.endswith(".key.pem") else 0o644
        write_durably(config.keys / path.relative_to(source), path.read_bytes(), mode=mode)
    if (source / "password").exists():
        write_durably(config.password_file, (source / "password").read_bytes())


def _staff_of(source: Path, code: str) -> list[Path]:
    found: list[Path] = []
    for path in (source / "staff").glob("*.cert.pem"):
        if Certificate.from_pem(path.read_bytes()).attribute("organizationIdentifier") == code:
            found += (source / "staff").glob(path.name.removesuffix("cert.pem") + "*.pem")
    return found


def _pretty(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def _too_large() -> TooLarge:
    return TooLarge(f"a file has at most {MAX_SOURCE} bytes", remedy="split it")
