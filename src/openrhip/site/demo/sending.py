"""Made-up batches on their way (示例上传): rows of a planned sending, signed and handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv

from openrhip.agent import manifest as manifests
from openrhip.agent.describing import describe
from openrhip.agent.wire import Signs
from openrhip.collect import service as collect
from openrhip.collect.rules.tables import Catalogue, Table
from openrhip.collect.sampling import People, sample
from openrhip.collect.service import BatchState
from openrhip.kernel.errors import Malformed
from openrhip.kernel.periods import day_bounds
from openrhip.site.demo.month import Sending

_HOUR = timedelta(hours=6)  # nightly exports arrive early in the morning

Spoil = Callable[[Table, pa.Table, Sending], pa.Table]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends what from where. folder: for the files on their way; spoil: plants faults."""

    catalogue: Catalogue
    signers: Mapping[str, Signs]
    pools: Callable[[str], People]
    folder: Path
    seed: int = 1
    spoil: Spoil | None = None

    def send(self, sending: Sending) -> BatchState:
        """Make the rows, sign the manifest, hand it in as of the planned arrival."""
        table = self.catalogue.tables[sending.table]
        path = self.folder / f"{sending.table}_{sending.day:%Y%m%d}.csv"
        arrow_csv.write_csv(self._rows(table, sending), path)
        at = arrival(sending)
        made = manifests.build(
            unit=sending.unit,
            table=sending.table,
            day=sending.day,
            files=[describe(path)],
            sent_at=at,
        )
        envelope = manifests.sign(made, self.signers[sending.unit]).encode()
        state = collect.receive(
            envelope=envelope, open_file={path.name: path}, via="drill", received_at=at
        )
        path.unlink()
        return state

    def _rows(self, table: Table, sending: Sending) -> pa.Table:
        made = sample(
            table,
            self.catalogue,
            sending.rows,
            sending.day,
            sending.unit,
            self.seed,
            self.pools(sending.unit),
        )
        if made.num_rows != sending.rows:
            raise Malformed("a day of this table has no room for so many rows", where=table.code)
        return self.spoil(table, made, sending) if self.spoil else made


def arrival(sending: Sending) -> datetime:
    """The instant at which a sending arrives."""
    return (day_bounds(sending.arrives)[0] + _HOUR).astimezone(UTC)
