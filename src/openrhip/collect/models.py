"""Tables of collection. A batch's row is its state now; `Step` keeps every state it ever had.

Which batch stands for a unit, table and day is in `Standing`; the lake's log is the truth behind
it, and after a crash the rows follow the lake.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from openrhip.collect.models_asking import QueryRun, SavedQuery
from openrhip.collect.models_coverage import (
    CoverageCell,
    CoverageDay,
    CoverageMonth,
    DayCheck,
    Fault,
    PersonCount,
    UploadDay,
)
from openrhip.collect.rules.states import OPEN, State

__all__ = [
    "Batch",
    "CoverageCell",
    "CoverageDay",
    "CoverageMonth",
    "DayCheck",
    "Declaration",
    "Fault",
    "PersonCount",
    "QueryRun",
    "Report",
    "SavedQuery",
    "Signer",
    "Step",
    "Unit",
    "UploadDay",
]


class Unit(models.Model):
    """A unit that sends. code: of the institution in the directory."""

    code = models.CharField(primary_key=True, max_length=64)
    owner = models.CharField(max_length=20)
    tolerance = models.DecimalField(max_digits=5, decimal_places=4)
    active = models.BooleanField(default=True)
    registered_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class Declaration(models.Model):
    """A unit says that it sends a table (申明上传表). Rows are ended, never removed."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    table = models.CharField(max_length=64)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    by = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "table"],
                condition=Q(until__isnull=True),
                name="collect_declared_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}/{self.table}"


class Signer(models.Model):
    """The certificates of who signed manifests, its own first; with them a manifest is evidence."""

    fingerprint = models.CharField(primary_key=True, max_length=64)
    certificates = models.JSONField()

    def __str__(self) -> str:
        return self.fingerprint


class Batch(models.Model):
    """One sending of one unit, table and day. sequence: order of arrival."""

    sequence = models.BigAutoField(primary_key=True)
    id = models.CharField(max_length=32, unique=True)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    table = models.CharField(max_length=64)
    day = models.DateField()
    manifest = models.TextField()
    """Canonical JSON, as it was signed; `digest` is its SM3: the same one is the same batch."""
    digest = models.CharField(max_length=64)
    content = models.CharField(max_length=64)
    """SM3 over what was sent, whenever it was signed."""
    signature = models.BinaryField()
    signer = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField()
    via = models.CharField(max_length=10)
    rows_declared = models.PositiveBigIntegerField()
    late_days = models.PositiveIntegerField()
    wrapped_key = models.BinaryField()
    """Key of its sealed originals, under the directory's key ring."""

    state = models.CharField(max_length=10, default=State.RECEIVED.value)
    received = models.PositiveBigIntegerField(default=0)
    loaded = models.PositiveBigIntegerField(default=0)
    quarantined = models.PositiveBigIntegerField(default=0)
    marked = models.PositiveBigIntegerField(default=0)
    amended = models.PositiveBigIntegerField(default=0)
    withdrawn = models.PositiveBigIntegerField(default=0)
    problem = models.JSONField(null=True, blank=True)
    catalogue = models.CharField(max_length=64, blank=True, default="")
    engine = models.CharField(max_length=20, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    wait_until = models.DateTimeField(null=True, blank=True)
    """Not taken up again before: what failed without being at fault waits longer each time."""
    finished_at = models.DateTimeField(null=True, blank=True)
    current = models.BooleanField(default=False)

    leaf = models.JSONField(null=True, blank=True)
    entry_key = models.CharField(max_length=64, blank=True, default="")
    """Batches of one key go into the ledger in one request, in the order of `entry_place`."""
    entry_place = models.PositiveIntegerField(default=0)
    receipt = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "digest"], name="collect_manifest_once"),
            models.UniqueConstraint(
                fields=["unit", "table", "day", "content"],
                condition=Q(state__in=[state.value for state in OPEN]),
                name="collect_open_content_once",
            ),
            models.UniqueConstraint(
                fields=["unit", "table", "day"],
                condition=Q(current=True),
                name="collect_one_stands",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.LOADED.value)
                | Q(received=models.F("loaded") + models.F("quarantined")),
                name="collect_no_row_lost",
            ),
        ]
        indexes = [
            models.Index(fields=["unit", "table", "day"], name="collect_cell"),
            models.Index(fields=["day", "unit"], name="collect_day"),
            models.Index(
                fields=["table", "sequence"],
                condition=Q(state__in=[state.value for state in OPEN]),
                name="collect_open",
            ),
            models.Index(
                fields=["entry_key", "entry_place"],
                condition=Q(leaf__isnull=False, receipt__isnull=True),
                name="collect_unentered",
            ),
            models.Index(
                fields=["received_at"],
                condition=Q(state=State.REFUSED.value),
                name="collect_refused",
            ),
        ]

    def __str__(self) -> str:
        return self.id


def open_batches() -> models.QuerySet[Batch]:
    """Batches that wait or are being checked, by their own small index.

    The states stand in the statement itself: SQLite takes a partial index only for constants that
    it sees, and would read all batches of all years for bound ones.
    """
    states = ", ".join(f"'{state.value}'" for state in OPEN)
    return Batch.objects.extra(where=[f'"collect_batch"."state" IN ({states})'])  # noqa: S610 - constants


class Step(models.Model):
    """A state that a batch had; appended, never changed."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10)
    at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True, default="")

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.state}"


class Report(models.Model):
    """What the check found, by rule, with examples: packed JSON, read one batch at a time."""

    batch = models.OneToOneField(
        Batch, primary_key=True, on_delete=models.PROTECT, related_name="+"
    )
    hits = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.batch_id}"
