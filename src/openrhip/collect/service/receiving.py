"""Receiving (接收): prove who sent it, compare it with its manifest, keep it sealed and durable.

Order: files durable → row. A crash before the row leaves files that nobody knows, which are swept;
the unit got no answer and sends again. The same manifest twice is one batch, also when two
processes take it at once: the database lets one row in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.db import IntegrityError

from openrhip.agent import manifest as manifests
from openrhip.agent.manifest import Envelope, Manifest
from openrhip.collect import models
from openrhip.collect.rules.states import OPEN, BatchState, late_days
from openrhip.collect.rules.tables import Owner, Period, Table
from openrhip.collect.service import doors, originals, reading
from openrhip.collect.service.room import guarded
from openrhip.directory import service as directory
from openrhip.formats.gm import frames
from openrhip.kernel import clock, ids
from openrhip.kernel.database import writing
from openrhip.kernel.errors import Conflict, Malformed, NotFound, Refused
from openrhip.kernel.periods import city_day
from openrhip.kernel.statements import ask, insert

WAYS = ("https", "folder", "cli", "agent", "drill")
_signers: set[str] = set()
_SAME = "SELECT sequence FROM collect_batch WHERE unit_id = %s AND digest = %s"
_NEWEST = (
    'SELECT sequence FROM collect_batch WHERE unit_id = %s AND "table" = %s AND day = %s '
    "AND state <> 'refused' ORDER BY sequence DESC LIMIT 1"
)


def receive(
    *,
    envelope: bytes,
    open_file: Callable[[str], BinaryIO] | Mapping[str, Path],
    via: str,
    received_at: datetime | None = None,
) -> BatchState:
    """Take a batch in. Durable on return; the same one again changes nothing (`already`).

    open_file: name in the manifest → the bytes. received_at: for drills and replays only.
    Raises Malformed, TooLarge, NotVerified, Refused, NotFound (table), Conflict (a newer sending
    of this unit, table and day is here), Unavailable (disk full …: the same call may succeed).
    """
    if via not in WAYS:
        raise Malformed("no such way in", where="via")
    sent = manifests.parse(envelope)
    signer = prove(sent)
    at = received_at or clock.now()
    table = check(sent.manifest, at=at)
    with guarded():
        if done := known(sent.manifest):
            return done
        return _keep(sent, signer, table, open_file, via, at)


def prove(sent: Envelope) -> str:
    """The fingerprint of the certificate that signed it. Raises NotVerified, Refused, Malformed."""
    certificate = directory.prove_institution(
        code=sent.manifest.unit,
        certificates=sent.certificates,
        where="certificates",
        named="manifest/unit",
    )
    manifests.verify(sent, certificate=certificate)
    return certificate.fingerprint


def check(manifest: Manifest, *, at: datetime) -> Table:
    """The table, if this unit may send it for this day. Raises Refused, NotFound, Malformed."""
    unit = models.Unit.objects.filter(code=manifest.unit).first()
    if unit is None or not unit.active:
        raise Refused(
            "this unit does not send here",
            where="manifest/unit",
            remedy="ask the centre to register it for collection",
        )
    table = doors.catalogue().tables.get(manifest.table)
    if table is None:
        raise NotFound(
            "no such table in the catalogue",
            where="manifest/table",
            remedy="see the catalogue for the codes of its tables",
        )
    if Owner(unit.owner) not in table.owed_by:
        raise Refused("this table is not owed by units of this kind", where="manifest/table")
    if manifest.files[0].format == "cda" and not table.cda:
        raise Malformed(
            "no document fills this table",
            where="manifest/files",
            remedy="send its rows as CSV or Parquet",
        )
    if manifest.day > city_day(at):
        raise Malformed("the day of the batch lies ahead", where="manifest/day")
    if table.period is Period.MONTH and manifest.day.day != 1:
        raise Malformed(
            "a monthly table is sent under the first day of its month", where="manifest/day"
        )
    return table


def known(manifest: Manifest) -> BatchState | None:
    """The batch this is already: the same sending, or the same content as what came last.

    Raises Conflict where a sending signed later came before.
    """
    cell = (manifest.unit, manifest.table, manifest.day)
    if same := ask(_SAME, manifest.unit, manifest.digest):
        return _known(same[0][0])
    last = ask(_NEWEST, *cell)
    if not last:
        return None
    newest = models.Batch.objects.get(pk=last[0][0])
    if newest.content == manifest.content:
        return reading.view(newest, hits=True, already=True)
    if newest.sent_at > manifest.sent_at:
        raise Conflict(
            "a batch of this unit, table and day that was signed later came before",
            where="manifest/sent_at",
            remedy="sign the manifest anew if this is what shall stand",
        )
    return None


def _known(sequence: int) -> BatchState:
    return reading.view(models.Batch.objects.get(pk=sequence), hits=True, already=True)


def _keep(
    sent: Envelope,
    signer: str,
    table: Table,
    open_file: Callable[[str], BinaryIO] | Mapping[str, Path],
    via: str,
    at: datetime,
) -> BatchState:
    manifest, batch_id, key = sent.manifest, ids.new_id(), frames.new_key()
    try:
        for number, file in enumerate(manifest.files):
            with _opened(open_file, file.name) as source:
                originals.keep(source, file, number=number, key=key, batch_id=batch_id, at=at)
        originals.settle(at)
        row = _row(sent, signer, table, via, at)
        row.id, row.wrapped_key = batch_id, originals.wrap(key, batch_id)
        done = _insert(row, sent)
    except BaseException:
        originals.forget(batch_id, len(manifest.files), at)
        raise
    if done.id != batch_id:
        originals.forget(batch_id, len(manifest.files), at)
    return done


def _row(sent: Envelope, signer: str, table: Table, via: str, at: datetime) -> models.Batch:
    manifest = sent.manifest
    return models.Batch(
        unit_id=manifest.unit,
        table=manifest.table,
        day=manifest.day,
        manifest=manifest.canonical().decode(),
        digest=manifest.digest,
        content=manifest.content,
        signature=sent.signature,
        signer=signer,
        sent_at=manifest.sent_at,
        received_at=at,
        via=via,
        rows_declared=manifest.rows,
        late_days=late_days(table.period, manifest.day, city_day(at)),
    )


def _insert(row: models.Batch, sent: Envelope) -> BatchState:
    """The row, or that of whoever was quicker."""
    try:
        with writing():
            if done := known(sent.manifest):
                return done
            if row.signer not in _signers:
                models.Signer.objects.get_or_create(
                    fingerprint=row.signer,
                    defaults={"certificates": [der.hex() for der in sent.certificates]},
                )
            row.save(force_insert=True)
            insert([models.Step(batch=row, state=row.state, at=row.received_at)])
    except IntegrityError:
        if done := known(sent.manifest) or _open_twin(row):
            return done
        raise
    _signers.add(row.signer)
    return reading.view(row)


def _open_twin(row: models.Batch) -> BatchState | None:
    """The waiting batch of the same content, which another process let in a moment ago."""
    twin = models.Batch.objects.filter(
        unit_id=row.unit_id,
        table=row.table,
        day=row.day,
        content=row.content,
        state__in=[state.value for state in OPEN],
    ).first()
    return reading.view(twin, already=True) if twin else None


def _opened(open_file: Callable[[str], BinaryIO] | Mapping[str, Path], name: str) -> BinaryIO:
    if not isinstance(open_file, Mapping):
        return open_file(name)
    if name not in open_file:
        raise NotFound("a file of the manifest is missing", where=f"files/{name}")
    return open_file[name].open("rb")
