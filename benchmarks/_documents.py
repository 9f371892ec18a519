"""Shared by the document benchmarks: a small region with keys, a record, two processes."""

from __future__ import annotations

import multiprocessing
import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openrhip.formats import cda, ofd
from openrhip.formats.gm import devpki, tsp
from openrhip.formats.gm.chain import TrustStore
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.formats.ofd.seals import Seal

CORES = 2
PAGES = 3


@dataclass(frozen=True)
class Keys:
    author: SoftwareSigner
    institution: SoftwareSigner
    seal: Seal
    stamper: tsp.LocalTimestamper
    trust: TrustStore


def keys() -> Keys:
    """Fresh development keys."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        devpki.create(
            folder,
            institutions=[devpki.DevInstitution("H001", "江城市第一人民医院")],
            staff=[devpki.DevStaff("D001", "张三", "H001")],
            password=b"benchmark",
        )
        load = SoftwareSigner.load
        institution = load(folder / "institutions", "H001", b"benchmark")
        maker = load(folder / "maker", "maker", b"benchmark")
        tsa = load(folder / "tsa", "tsa", b"benchmark")
        return Keys(
            author=load(folder / "staff", "D001", b"benchmark"),
            institution=institution,
            seal=Seal.create(
                name="江城市第一人民医院", owners=[institution.certificate], maker=maker
            ),
            stamper=tsp.LocalTimestamper(tsp.Authority(tsa)),
            trust=TrustStore.load_folder(folder / "trust"),
        )


def record() -> tuple[cda.ClinicalDocument, bytes]:
    """The first sample that fills three pages; the whole CDA travels inside."""
    for source in cda.samples().values():
        document = cda.parse(source)
        if len(ofd.open_package(cda.lay_out(document, source=source)).pages) == PAGES:
            return document, source
    raise RuntimeError("no sample has three pages")


def on_two_cores(
    prepare: Callable[[], Callable[[], object]], *, runs: int = 5, seconds: float = 3.0
) -> tuple[list[float], list[float]]:
    """Deeds per second of two processes at once, per run: by processor time, and by the wall clock.

    Both agree on a machine that does nothing else. The wall clock is what is reported; where it
    is much lower than processor time, others were using the machine.
    prepare is called in each process and answers the deed; its cost is not counted.
    """
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    gate = context.Barrier(CORES)

    def worker() -> None:
        deed = prepare()
        for _ in range(20):
            deed()
        for _ in range(runs):
            gate.wait()
            done, begun, spent = 0, time.perf_counter(), time.process_time()
            while time.perf_counter() - begun < seconds:
                deed()
                done += 1
            wall = time.perf_counter() - begun
            queue.put((done / wall, done / (time.process_time() - spent)))
            gate.wait()

    processes = [context.Process(target=worker) for _ in range(CORES)]
    for process in processes:
        process.start()
    found = [queue.get() for _ in range(CORES * runs)]
    for process in processes:
        process.join()
    rounds = [found[run * CORES : (run + 1) * CORES] for run in range(runs)]
    return [sum(cpu for _, cpu in one) for one in rounds], [
        sum(wall for wall, _ in one) for one in rounds
    ]


def thousands(pages: int, *, mark: str = "") -> bytes:
    """A package of so many pages of text, one paragraph a page; the last but one carries `mark`."""
    blocks: list[ofd.Block] = []
    for number in range(pages):
        word = mark if mark and number == max(pages - 2, 0) else ""
        if number:
            blocks.append(ofd.PageBreak())
        blocks += [
            ofd.Paragraph(f"第{number + 1}页 病程记录：患者神志清，精神可，无胸闷胸痛。{word}")
            for _ in range(1 if word else 12)
        ]
    return ofd.write(ofd.Story("住院病历", blocks))


def measured(variable: str, path: str, recorded: float) -> tuple[float, str]:
    """What another implementation does on one core, and where the figure comes from.

    The environment variable may hold a command; it is run with the path appended and prints, as its
    last word, documents per second of processor time.
    """
    command = os.environ.get(variable, "")
    if not command:
        return recorded, "recorded"
    done = subprocess.run([*shlex.split(command), path], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1]), "measured"


def reference(variable: str, document: bytes, recorded: float) -> tuple[float, str]:
    """What another implementation does on as many cores, and where the figure comes from.

    recorded: of all cores together. See `measured`.
    """
    with tempfile.NamedTemporaryFile(suffix=".ofd") as file:
        file.write(document)
        file.flush()
        found, origin = measured(variable, file.name, recorded / CORES)
    return found * CORES, origin
