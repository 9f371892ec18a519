"""Feeding the nodes (送入病历): samples go into the folder each hospital's node watches."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from openrhip.agent import service as agent
from openrhip.formats import cda
from openrhip.formats.cda.samples import city
from openrhip.kernel.files import write_durably

FINAL = ("acknowledged", "refused")


def nodes(home: Path) -> dict[str, Path]:
    """Institution code → folder of its node."""
    return {one.code: home / "nodes" / one.prefix.lower() for one in city.INSTITUTIONS}


def make_nodes(home: Path, *, centre_url: str) -> None:
    """A node for each hospital, with only its own keys."""
    for code, folder in nodes(home).items():
        agent.init(
            folder,
            institution=code,
            centre_url=centre_url,
            keys=home / "pki",
            poll_seconds="0.3",
        )


def put_samples(home: Path) -> int:
    """Write every sample into the inbox of the hospital that made it, and two that are at fault."""
    folders = nodes(home)
    number = 0
    for name, content in sorted(cda.samples(demo=True).items()):
        custodian = cda.parse(content).custodian.code
        _put(folders[custodian] / "inbox", name.replace("/", "-"), content)
        number += 1
    first = folders[city.JINLING.code] / "inbox"
    # One the node itself refuses, and one whose patient the centre cannot accept.
    _put(first, "broken-truncated.xml", cda.samples()[min(cda.samples())][:2000])
    _put(first, "broken-identity.xml", _with_wrong_identity())
    return number + 2


def watch(home: Path, total: int, *, say: Callable[[Counter[str]], None]) -> Counter[str]:
    """Until every file has come to an end: jobs by state. `say` is called a few times a second."""
    deadline = time.monotonic() + 300
    while True:
        counts: Counter[str] = Counter()
        for folder in nodes(home).values():
            counts.update(agent.status(folder, most=1).counts)
        say(counts)
        if sum(counts[state] for state in FINAL) >= total or time.monotonic() > deadline:
            return counts
        time.sleep(0.25)


def in_words(counts: Counter[str]) -> str:
    """Jobs by state, on one line."""
    return ", ".join(f"{number} {state}" for state, number in sorted(counts.items()) if number)


def _with_wrong_identity() -> bytes:
    """A record whose identity number has a wrong check digit."""
    person = city.patient("xu")
    wrong = person.id_number[:-1] + ("1" if person.id_number[-1] != "1" else "2")
    sample = next(
        content for content in cda.samples().values() if person.id_number.encode() in content
    )
    return sample.replace(person.id_number.encode(), wrong.encode())


def _put(inbox: Path, name: str, content: bytes) -> None:
    write_durably(inbox / name, content, mode=0o640)
