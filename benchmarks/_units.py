"""A centre with the twelve districts and twenty-five hospitals of the golden month, for benchmarks.

Certificates for every unit, a database, a ledger process of its own; nothing is left behind.
"""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openrhip.formats.gm.signer import SoftwareSigner
    from openrhip.site.demo.month import UnitMonth

GOLDEN = Path(__file__).parent.parent / "tests" / "vectors" / "golden" / "collection-2020-11.json"


@dataclass(frozen=True, slots=True)
class Centre:
    """home: its folder; lines: the units' figures; signers: unit code → its key."""

    home: Path
    lines: tuple[UnitMonth, ...]
    signers: dict[str, SoftwareSigner]


def golden() -> dict[str, Any]:
    """The two printed tables of November 2020 and the oddities in them."""
    found: dict[str, Any] = json.loads(GOLDEN.read_text("utf-8"))
    return found


def lines() -> tuple[UnitMonth, ...]:
    """The units of the golden month; codes are made up, in the order printed."""
    from openrhip.collect.rules.tables import Owner
    from openrhip.site.demo.month import CUMULATIVE, UnitMonth

    found = []
    for owner, key in ((Owner.DISTRICT, "districts"), (Owner.HOSPITAL, "hospitals")):
        for at, row in enumerate(golden()["collection"][key]["rows"]):
            name, declares, _, uploaded, rows, days, visits, discharges, *persons = row
            found.append(
                UnitMonth(
                    code=f"{'QX' if owner is Owner.DISTRICT else 'YY'}0000{at:03d}",
                    name=name,
                    owner=owner,
                    declared=declares,
                    uploaded=uploaded,
                    rows=rows,
                    days=days,
                    visits=visits,
                    discharges=discharges,
                    persons=dict(zip(CUMULATIVE, persons, strict=False)),
                )
            )
    return tuple(found)


@contextmanager
def centre(**values: str) -> Iterator[Centre]:
    """A new centre with all units registered and its ledger running."""
    from openrhip.formats.gm import devpki
    from openrhip.formats.gm.devpki import DevInstitution
    from openrhip.formats.gm.signer import SoftwareSigner
    from openrhip.kernel import config
    from openrhip.site import home as homes
    from openrhip.site import services
    from openrhip.site.supervisor import Supervisor

    units = lines()
    with tempfile.TemporaryDirectory(prefix="openrhip-bench-") as name:
        home = Path(name)
        homes.make_certificates(
            home / "pki",
            institutions=[DevInstitution(one.code, one.name) for one in units],
            staff=(),
        )
        ports = {"ledger_url": f"http://127.0.0.1:{_free()}", "listen": f"127.0.0.1:{_free()}"}
        homes.prepare(home, development=True, values={**ports, **values})
        from openrhip.collect import service as collect
        from openrhip.directory import service as directory

        for one in units:
            directory.register_institution(code=one.code, name=one.name, kind=one.owner.value)
            collect.register_unit(code=one.code, owner=one.owner)
        password = devpki.ensure_password(home / "pki")
        folder = home / "pki" / "institutions"
        signers = {one.code: SoftwareSigner.load(folder, one.code, password) for one in units}
        ledger = [item for item in services.centre(config.current()) if item.name == "ledger"]
        supervisor = Supervisor(ledger, logs=home / "logs")
        try:
            supervisor.start()
            yield Centre(home, units, signers)
        finally:
            supervisor.stop()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
