"""Batches at work (批次上报): described, signed, sent, followed; the report is fetched back.

Data files stay in the outbox until the centre has judged the batch, and go to `done/collect` or
`refused/collect` then. What a step needs is durable before the step is; a step that was broken off
is done again: the centre knows what it has, and an upload resumes.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from openrhip.agent import manifest, watch
from openrhip.agent.batch_queue import FINAL_STEPS, BatchJob, BatchQueue, BatchStep
from openrhip.agent.calling import Gone, Waiting
from openrhip.agent.collection import FORMS, Collection, Rejected
from openrhip.agent.describing import describe
from openrhip.agent.outbox import READY, Outbox
from openrhip.agent.settings import AgentConfig
from openrhip.agent.watch import NotThere
from openrhip.kernel import clock
from openrhip.kernel.errors import Conflict, Problem, Unavailable
from openrhip.kernel.files import make_folder, sync_folder, write_durably

QUEUE = "batches.sqlite3"
KEEP = timedelta(days=180)  # how long what is finished stays in the queue
_log = logging.getLogger(__name__)


class Batches:
    """The batches of one hospital's node."""

    def __init__(self, config: AgentConfig, centre: Collection) -> None:
        self.config = config
        self.centre = centre
        centre.via = "agent"
        self.queue = BatchQueue(config.work / QUEUE)
        self.outbox = Outbox(config.outbox / "collect", quiet_seconds=config.quiet_seconds)
        self.stopping = False

    def close(self) -> None:
        self.queue.close()
        self.centre.close()

    def round(self) -> int:
        """One look and every due step; answers how many batches moved."""
        for found in self.outbox.look().ready:
            job = self.queue.admit(
                source=found.key,
                table=found.table,
                day=found.day,
                folder=str(found.folder or ""),
                files=tuple((str(one.path), one.mark) for one in found.files),
            )
            if job.state in FINAL_STEPS:
                self._file_away(job)  # the node ended before it moved the files
        self.queue.forget(clock.now() - KEEP)
        return sum(self._advance(job) for job in self.queue.due() if not self.stopping)

    def _advance(self, job: BatchJob) -> bool:
        """Take the batch on as far as it goes now; whether it moved."""
        start = job.state
        while job.state not in FINAL_STEPS and not self.stopping:
            try:
                stepped = STEPS[job.state](self, job)
            except NotThere:
                job = self.queue.step(job, BatchStep.GONE)
                break
            except Rejected as problem:
                job = self._refuse(job, {"by": "centre", "problem": problem.content})
                break
            except Gone as problem:
                if job.state is BatchStep.RECEIVED:
                    job = self.queue.step(job, BatchStep.SIGNED)
                self.queue.postpone(job, problem.what)
                break
            except (Unavailable, Waiting, Conflict) as problem:
                self.queue.postpone(job, str(problem))
                break
            except Problem as problem:
                job = self._refuse(job, {"by": "node", "problem": problem.as_dict()})
                break
            except Exception as error:  # noqa: BLE001 - see below
                # A fault of this program must not stop the other jobs; this one waits and shows it.
                _log.exception("a step of a batch failed unexpectedly")
                self.queue.postpone(job, f"unexpected fault of the node: {type(error).__name__}")
                break
            if stepped is None:
                self.queue.postpone(job, "")
                break
            job = stepped
        if job.state in FINAL_STEPS:
            self._file_away(job)
        return job.state != start

    def sign(self, job: BatchJob) -> BatchJob:
        """Describe the files and sign the manifest. Raises Malformed, TooLarge, NotThere."""
        described = []
        for path, mark in job.files:
            with watch.opened(Path(path), mark) as (file, _):
                described.append(describe(Path(path), source=file))
        made = manifest.build(
            unit=self.config.institution, table=job.table, day=job.day, files=described
        )
        envelope = manifest.sign(made, self.centre.signer).encode()
        return self.queue.step(job, BatchStep.SIGNED, envelope=envelope)

    def send(self, job: BatchJob) -> BatchJob:
        def read(place: int, offset: int, size: int) -> bytes:
            path, mark = job.files[place]
            with watch.opened(Path(path), mark) as (file, _):
                file.seek(offset)
                return file.read(size)

        batch = self.centre.deliver(job.envelope, read, alive=lambda: not self.stopping)
        return self.queue.step(job, BatchStep.RECEIVED, number=str(batch["id"]))

    def follow(self, job: BatchJob) -> BatchJob | None:
        """Ask for the verdict; None while there is none. The report is kept before the state."""
        batch = self.centre.batch(job.number)
        if not batch["settled"]:
            return None
        stem = self.config.reports / job.table / f"{job.day}-{job.number}"
        for form in FORMS:
            content = self.centre.report(job.number, form=form)
            write_durably(stem.with_name(f"{stem.name}.{form}"), content, mode=0o640)
        state = BatchStep.LOADED if batch["state"] == "loaded" else BatchStep.REFUSED
        answer = {name: batch[name] for name in _TOLD} | {"report": f"{stem}.txt"}
        return self.queue.step(job, state, answer={"by": "centre", **answer})

    def _refuse(self, job: BatchJob, answer: dict[str, Any]) -> BatchJob:
        stem = self.config.reports / job.table / f"{job.day}-{job.id}"
        content = json.dumps(answer, ensure_ascii=False, indent=2).encode() + b"\n"
        write_durably(stem.with_name(f"{stem.name}.json"), content, mode=0o640)
        return self.queue.step(job, BatchStep.REFUSED, answer=answer)

    def _file_away(self, job: BatchJob) -> None:
        """Move the files to done/ or refused/; harmless if done before, or if they are new ones."""
        if job.state is BatchStep.GONE:
            return
        good = job.state is BatchStep.LOADED
        target = (self.config.done if good else self.config.refused) / "collect"
        if job.folder:
            target = target / job.table / f"{job.day}-{job.number or job.id}"
        for path, mark in job.files:
            with suppress(NotThere):
                with watch.opened(Path(path), mark):
                    pass
                make_folder(target)
                Path(path).replace(target / Path(path).name)
                sync_folder(target)
        if job.folder:
            Path(job.folder, READY).unlink(missing_ok=True)
            with suppress(OSError):  # newer files are in it: they are a batch of their own
                Path(job.folder).rmdir()


_TOLD = ("id", "state", "current", "received", "loaded", "quarantined", "marked", "problem")
STEPS: dict[BatchStep, Callable[[Batches, BatchJob], BatchJob | None]] = {
    BatchStep.FOUND: Batches.sign,
    BatchStep.SIGNED: Batches.send,
    BatchStep.RECEIVED: Batches.follow,
}
