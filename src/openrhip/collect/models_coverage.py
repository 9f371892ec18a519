"""Tables of coverage and faults (采集情况、问题): small rows, kept with each batch.

All of coverage can be worked out anew from the batches (`openrhip collect coverage --rebuild`).
Units and tables are codes without foreign keys: there are millions of these rows.
`collect.models` takes them in, so that they are tables of this room like the others.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CoverageCell(models.Model):
    """What stands for a unit, table and day: see `rules.covering.Cell`. superseded: of its live
    rows, those that a later batch of another day amended or withdrew.
    """

    unit = models.CharField(max_length=64)
    table = models.CharField(max_length=64)
    day = models.DateField()
    came = models.BooleanField(default=False)
    received = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    live = models.BigIntegerField(default=0)
    superseded = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    marked = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    sends = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    late = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "table", "day"], name="collect_coverage_cell")
        ]
        indexes = [models.Index(fields=["day"], name="collect_coverage_by_day")]

    def __str__(self) -> str:
        return f"{self.unit}/{self.table}/{self.day}"


class CoverageMonth(models.Model):
    """The cells of a unit and table over a month (its first day). cells: those that came; filled:
    those with rows; timely_n: those within the nth limit; live: without superseded rows.
    """

    unit = models.CharField(max_length=64)
    table = models.CharField(max_length=64)
    month = models.DateField()
    cells = models.IntegerField(default=0)
    filled = models.IntegerField(default=0)
    timely_1 = models.IntegerField(default=0)
    timely_2 = models.IntegerField(default=0)
    timely_3 = models.IntegerField(default=0)
    received = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    live = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)
    marked = models.BigIntegerField(default=0)
    refused = models.IntegerField(default=0)
    last = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["month", "unit", "table"], name="collect_coverage_month"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit}/{self.table}/{self.month}"


class CoverageDay(models.Model):
    """The cells of a unit's daily tables over a day. timely: those within the first limit."""

    unit = models.CharField(max_length=64)
    day = models.DateField()
    tables = models.IntegerField(default=0)
    timely = models.IntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    quarantined = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "unit"], name="collect_coverage_day")]

    def __str__(self) -> str:
        return f"{self.unit}/{self.day}"


class UploadDay(models.Model):
    """On this city day an accepted batch with rows for the month arrived (数据上传天数)."""

    unit = models.CharField(max_length=64)
    month = models.DateField()
    day = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "unit", "day"], name="collect_upload_day")
        ]

    def __str__(self) -> str:
        return f"{self.unit}/{self.day}"


class PersonCount(models.Model):
    """Persons of a unit with a kind of health record, cumulative to the end of a month. stale:
    records came since it was counted.
    """

    unit = models.CharField(max_length=64)
    month = models.DateField()
    kind = models.CharField(max_length=40)
    persons = models.BigIntegerField()
    counted_at = models.DateTimeField()
    stale = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["month", "unit", "kind"], name="collect_person_count")
        ]

    def __str__(self) -> str:
        return f"{self.unit}/{self.month}/{self.kind}"


class Fault(models.Model):
    """A rule that the newest checked batch of a unit, table and day broke; closed by the batch
    that no longer breaks it, or by somebody who confirmed that it is as it should be.

    zh … fix_en: words of findings, which hold figures; rules of rows have theirs in the catalogue.
    """

    unit = models.CharField(max_length=64)
    table = models.CharField(max_length=64)
    day = models.DateField()
    rule = models.CharField(max_length=200)
    level = models.CharField(max_length=10)
    severity = models.CharField(max_length=10)
    count = models.BigIntegerField()
    zh = models.TextField(blank=True, default="")
    en = models.TextField(blank=True, default="")
    fix_zh = models.TextField(blank=True, default="")
    fix_en = models.TextField(blank=True, default="")
    first_at = models.DateTimeField()
    first_batch = models.CharField(max_length=32)
    last_batch = models.CharField(max_length=32)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.CharField(max_length=64, blank=True, default="")
    """The batch that mended it, or who confirmed it."""
    why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "table", "day", "rule"],
                condition=Q(closed_at__isnull=True),
                name="collect_fault_open_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["unit", "day"],
                condition=Q(closed_at__isnull=True),
                name="collect_faults_open",
            ),
            models.Index(fields=["last_batch"], name="collect_faults_of_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.unit}/{self.table}/{self.day}: {self.rule}"


class DayCheck(models.Model):
    """A unit's day whose tables are still to be compared with each other, or whose amended rows
    with those of other days.
    """

    unit = models.CharField(max_length=64)
    table = models.CharField(max_length=64)
    day = models.DateField()
    asked_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "table", "day"], name="collect_day_check_once")
        ]
        indexes = [models.Index(fields=["asked_at"], name="collect_day_checks")]

    def __str__(self) -> str:
        return f"{self.unit}/{self.table}/{self.day}"
