"""A month of collected tables in the demo (演示：数据采集): two hospitals and three districts send.

Made-up rows come in through the real door as of last month; some are at fault. One district falls
silent, one hospital never declared what it sends, one batch is refused, one is corrected and sent
again.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from openrhip.collect.rules.tables import Owner
from openrhip.formats.cda.samples import city
from openrhip.formats.gm import devpki
from openrhip.formats.gm.devpki import DevInstitution
from openrhip.formats.gm.signer import SoftwareSigner
from openrhip.kernel import clock
from openrhip.kernel.periods import Month, city_day
from openrhip.site.demo.month import CUMULATIVE, UnitMonth, declared, plan

if TYPE_CHECKING:
    import pyarrow as pa

    from openrhip.collect.rules.tables import Table
    from openrhip.site.demo.month import Sending
    from openrhip.site.demo.sending import Sender

DISTRICTS = (
    DevInstitution("QX320100001", "示范东区"),
    DevInstitution("QX320100002", "示范西区"),
    DevInstitution("QX320100003", "示范江北区"),
)
_PEOPLE = dict(zip(CUMULATIVE, (420, 96, 38), strict=True))
_JINLING, _XUANWUHU = city.JINLING, city.XUANWUHU
_EAST, _WEST, _NORTH = DISTRICTS
LINES = (
    # declared, uploaded, rows, days, visits, discharges, people known so far
    UnitMonth(_JINLING.code, _JINLING.name, Owner.HOSPITAL, 16, 12, 6_400, 31, 1_900, 120, {}),
    UnitMonth(_XUANWUHU.code, _XUANWUHU.name, Owner.HOSPITAL, None, 8, 2_900, 28, 800, 60, {}),
    UnitMonth(_EAST.code, _EAST.name, Owner.DISTRICT, 18, 14, 3_600, 28, 700, 20, _PEOPLE),
    UnitMonth(_WEST.code, _WEST.name, Owner.DISTRICT, 15, 9, 1_500, 17, 300, 0, _PEOPLE),
    UnitMonth(_NORTH.code, _NORTH.name, Owner.DISTRICT, 6, 6, 0, 0, 0, 0, _PEOPLE),
)
_AT_FAULT = 0.03  # of the rows of every third batch
_TOO_MANY = 0.6


def register() -> None:
    """The units, before the centre starts."""
    from openrhip.collect import service as collect
    from openrhip.directory import service as directory

    for one in DISTRICTS:
        directory.register_institution(code=one.code, name=one.name, kind="district")
    for line in LINES:
        collect.register_unit(code=line.code, owner=line.owner)


def send(home: Path, *, say: Callable[[int, int], None]) -> int:
    """Hand in everything of last month; the centre's workers check and load it. Answers batches."""
    from openrhip.collect import service as collect
    from openrhip.collect.catalogue import load
    from openrhip.collect.sampling import people
    from openrhip.site.demo.sending import Sender

    catalogue, last = load(), _last_month()
    for line in LINES:
        if (codes := declared(line, catalogue)) is not None:
            collect.declare(unit=line.code, tables=codes, by="demo")
    planned = [one for line in LINES for one in plan(line, last, catalogue)]
    planned.sort(key=lambda one: (one.arrives, one.table, one.unit))
    password = devpki.ensure_password(home / "pki")
    with tempfile.TemporaryDirectory(dir=home) as folder:
        sender = Sender(
            catalogue=catalogue,
            signers={
                line.code: SoftwareSigner.load(home / "pki" / "institutions", line.code, password)
                for line in LINES
            },
            pools=lambda _: people(5_000),
            folder=Path(folder),
        )
        for at, one in enumerate(planned, start=1):
            _send(sender, one, at)
            say(at, len(planned))
        _correct(sender, planned)
    return len(planned)


def settle(*, say: Callable[[int], None], patience: float = 180) -> None:
    """Wait until the centre has checked everything, then count the people with health records."""
    from openrhip.collect import service as collect

    deadline = time.monotonic() + patience
    while (left := collect.waiting().batches) and time.monotonic() < deadline:
        say(left)
        time.sleep(0.5)
    collect.count_persons(_last_month())


def _send(sender: Sender, one: Sending, at: int) -> None:
    """Every third batch has a few rows at fault; one has too many to be loaded."""
    share = _TOO_MANY if at == 40 else _AT_FAULT if at % 3 == 0 else 0.0
    spoil = partial(_spoilt, sender, share=share, seed=at) if share else None
    replace(sender, spoil=spoil).send(one)


def _correct(sender: Sender, planned: list[Sending]) -> None:
    """The first batch with faults is sent again without them, two days later."""
    first = planned[2]
    sender.send(replace(first, arrives=first.arrives + timedelta(days=2)))


def _spoilt(
    sender: Sender, table: Table, rows: pa.Table, _one: Sending, *, share: float, seed: int
) -> pa.Table:
    from openrhip.collect.sampling.damaging import damage

    count = max(1, round(rows.num_rows * share))
    return (
        damage(table, sender.catalogue, rows, count=count, seed=seed)[0] if rows.num_rows else rows
    )


def _last_month() -> Month:
    day = city_day(clock.now()).replace(day=1) - timedelta(days=1)
    return Month(day.year, day.month)
