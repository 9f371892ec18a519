"""Tables of the archive. Rows are appended; nothing overwrites a state.

A document exists for others once its receipt is there: `Document.objects.kept()`.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q

from openrhip.records.models_evidence import (
    DocumentCopy,
    EvidenceLeaf,
    EvidenceNight,
    EvidenceRenewal,
    EvidenceTree,
)

__all__ = [
    "Access",
    "Document",
    "DocumentCopy",
    "DocumentQuery",
    "EvidenceLeaf",
    "EvidenceNight",
    "EvidenceRenewal",
    "EvidenceTree",
    "Lookup",
    "Refusal",
    "Upload",
]


class Upload(models.Model):
    """A file on its way in, in parts; the bytes lie in the uploads folder under `id`."""

    id = models.CharField(primary_key=True, max_length=32)
    institution = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    media = models.CharField(max_length=20)
    request_digest = models.CharField(max_length=64)
    begun_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "digest"], name="records_upload_once")
        ]

    def __str__(self) -> str:
        return self.id


class DocumentQuery(models.QuerySet["Document"]):
    """Scoped queries over documents."""

    def kept(self) -> DocumentQuery:
        """Those whose deposit is in the ledger."""
        return self.exclude(receipt__isnull=True)

    def current(self) -> DocumentQuery:
        """Those no kept document supersedes."""
        later = Document.objects.kept().filter(replaces=OuterRef("pk"))
        return self.kept().filter(~Exists(later))


class Document(models.Model):
    """One sealed document. The bytes lie encrypted in the file store under `stored_key`."""

    id = models.CharField(primary_key=True, max_length=32)
    institution = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    media = models.CharField(max_length=20)
    stored_key = models.CharField(max_length=64)
    wrapped_key = models.BinaryField()
    key_id = models.CharField(max_length=80)

    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    person_id = models.CharField(max_length=64)
    """The patient's own entry in the index; read through `directory.same_person_ids`."""
    source_id = models.CharField(max_length=300)
    set_id = models.CharField(max_length=300, blank=True, default="")
    version = models.PositiveIntegerField(default=1)
    replaces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    author = models.CharField(max_length=64)
    author_name = models.CharField(max_length=100, blank=True, default="")
    department = models.CharField(max_length=100, blank=True, default="")
    department_code = models.CharField(max_length=64, blank=True, default="")
    level = models.PositiveSmallIntegerField()
    pages = models.PositiveIntegerField()
    recorded_at = models.DateTimeField()
    deposited_at = models.DateTimeField()
    leaf = models.JSONField()
    report = models.JSONField()
    receipt = models.JSONField(null=True, blank=True)

    objects = DocumentQuery.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "digest"], name="records_document_once"),
            models.UniqueConstraint(
                fields=["institution", "source_id"], name="records_source_once"
            ),
            # Whoever corrects a record corrects its newest version: the history never forks.
            models.UniqueConstraint(
                fields=["replaces"],
                condition=Q(replaces__isnull=False),
                name="records_one_successor",
            ),
        ]
        indexes = [
            models.Index(fields=["person_id", "-recorded_at"], name="records_by_person"),
            models.Index(fields=["institution", "-deposited_at"], name="records_by_institution"),
            models.Index(fields=["kind", "-recorded_at"], name="records_by_kind"),
            models.Index(fields=["-deposited_at"], name="records_by_deposit"),
            # The worker asks every few seconds; the index holds only what is unfinished.
            models.Index(
                fields=["deposited_at"],
                condition=Q(receipt__isnull=True),
                name="records_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class Refusal(models.Model):
    """A deposit that was refused: no document stays, the report does."""

    id = models.CharField(primary_key=True, max_length=32)
    institution = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    refused_at = models.DateTimeField()
    report = models.JSONField()
    reasons = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    leaf = models.JSONField()
    receipt = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            # The same file refused for the same reasons is one refusal, however often it comes.
            models.UniqueConstraint(
                fields=["institution", "digest", "fingerprint"], name="records_refusal_once"
            )
        ]
        indexes = [
            models.Index(fields=["institution", "-refused_at"], name="records_refusals"),
            models.Index(fields=["-refused_at"], name="records_refusals_by_day"),
            models.Index(
                fields=["refused_at"],
                condition=Q(receipt__isnull=True),
                name="records_refusals_unfinished",
            ),
        ]

    def __str__(self) -> str:
        return self.id


class Access(models.Model):
    """Someone asked to see a document: allowed or not, why, and the ledger's receipt.

    No document: they asked in an emergency which documents there are.
    """

    id = models.CharField(primary_key=True, max_length=32)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    person_id = models.CharField(max_length=64)
    actor = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=100)
    actor_roles = models.JSONField()
    institution = models.CharField(max_length=64)
    purpose = models.CharField(max_length=40)
    deed = models.CharField(max_length=20)
    allowed = models.BooleanField()
    reasons = models.JSONField()
    emergency = models.BooleanField(default=False)
    asked_at = models.DateTimeField()
    leaf = models.JSONField()
    receipt = models.JSONField()

    class Meta:
        indexes = [
            models.Index(fields=["person_id", "-asked_at"], name="records_access_by_person"),
            models.Index(fields=["-asked_at"], name="records_access_by_time"),
        ]

    def __str__(self) -> str:
        return self.id


class Lookup(models.Model):
    """An institution's member of staff looked for somebody's documents; found or not, it counts."""

    institution = models.CharField(max_length=64)
    actor = models.CharField(max_length=64)
    purpose = models.CharField(max_length=40)
    found = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["institution", "-at"], name="records_lookups"),
            models.Index(fields=["actor", "-at"], name="records_lookups_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.at}"
