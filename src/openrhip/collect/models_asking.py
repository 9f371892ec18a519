"""Tables of the analysts' questions (数据查询): saved queries, and every run that was asked.

The text of a run stays here; the ledger has its digest. `collect.models` takes them in.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from openrhip.collect.rules.questions import State


class SavedQuery(models.Model):
    """A query with a name. owner: staff:<code>. Rows are retired, never removed: runs name them."""

    id = models.CharField(primary_key=True, max_length=32)
    name = models.CharField(max_length=100)
    about = models.CharField(max_length=300, blank=True, default="")
    sql = models.TextField()
    parameters = models.JSONField(default=list)
    chart = models.JSONField(default=dict)
    owner = models.CharField(max_length=80)
    shared = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["owner"], condition=Q(retired_at__isnull=True), name="collect_saved_queries"
            )
        ]

    def __str__(self) -> str:
        return self.name


class QueryRun(models.Model):
    """One question. tables, columns: JSON. leaf: what goes into the ledger; the answer is shown
    once it has a receipt. exports: how often the answer was taken away.
    """

    id = models.CharField(primary_key=True, max_length=32)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    role = models.CharField(max_length=40, blank=True, default="")
    sql = models.TextField()
    digest = models.CharField(max_length=64)
    query = models.CharField(max_length=64, blank=True, default="")
    parameters = models.JSONField(default=dict)
    tables = models.JSONField(default=list)
    told = models.JSONField(default=dict)
    """what is known of the answer's columns before there is one"""
    state = models.CharField(max_length=12, default=State.RUNNING.value)
    until = models.DateTimeField()
    """when it is over at the latest"""
    finished_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveBigIntegerField(default=0)
    truncated = models.BooleanField(default=False)
    seconds = models.FloatField(default=0.0)
    columns = models.JSONField(default=list)
    problem = models.CharField(max_length=1000, blank=True, default="")
    where = models.CharField(max_length=120, blank=True, default="")
    exports = models.PositiveIntegerField(default=0)
    kept = models.BooleanField(default=False)
    leaf = models.JSONField(null=True, blank=True)
    receipt = models.JSONField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["by", "-at"], name="collect_runs_of"),
            models.Index(
                fields=["until"], condition=Q(state=State.RUNNING.value), name="collect_runs_open"
            ),
            models.Index(
                fields=["at"],
                condition=Q(leaf__isnull=False, receipt__isnull=True),
                name="collect_runs_unentered",
            ),
            models.Index(fields=["at"], condition=Q(kept=True), name="collect_runs_kept"),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.state}"
