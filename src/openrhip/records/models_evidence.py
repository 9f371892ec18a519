"""Tables of the long-term evidence (长期证据): trees, their leaves, renewals, nights, copies.

`records.models` takes them in, so that they are tables of this room like the others.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class EvidenceTree(models.Model):
    """A hash tree with one timestamp on its root.

    kind: over documents (a night's, or a re-hash), or over older timestamps (a renewal).
    generation: 0, and one more for each re-hash. closed: its leaves no longer change.
    leaves: documents in it; after its stamp, distinct values. due_at: of a tree over documents,
    the end of the newest timestamp that covers it; none once it was re-hashed.
    next_tree: where all its documents were re-hashed.
    """

    DOCUMENTS, RENEWAL = "documents", "renewal"

    code = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=10)
    generation = models.PositiveSmallIntegerField(default=0)
    algorithm = models.CharField(max_length=20)
    begun_at = models.DateTimeField()
    closed = models.BooleanField(default=False)
    leaves = models.PositiveIntegerField(default=0)
    root = models.CharField(max_length=128, blank=True, default="")
    nodes_key = models.CharField(max_length=64, blank=True, default="")
    token = models.BinaryField(null=True)
    stamped_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    authority = models.CharField(max_length=100, blank=True, default="")
    due_at = models.DateTimeField(null=True, blank=True)
    next_tree = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    leaf = models.JSONField(null=True, blank=True)
    receipt = models.JSONField(null=True, blank=True)

    class Meta:
        constraints = [
            # One tree of a kind grows at a time: what a killed run left is what the next goes on.
            models.UniqueConstraint(
                fields=["kind", "generation"],
                condition=Q(closed=False),
                name="records_one_growing_tree",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], name="records_evidence_due"),
            models.Index(
                fields=["begun_at"],
                condition=Q(receipt__isnull=True),
                name="records_evidence_open",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class EvidenceLeaf(models.Model):
    """A document in a tree. value: its digest in hex by the tree's algorithm; empty where that is
    the digest of the deposit.
    """

    document = models.ForeignKey(
        "records.Document", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    tree = models.ForeignKey(EvidenceTree, on_delete=models.PROTECT, related_name="+")
    generation = models.PositiveSmallIntegerField()
    value = models.CharField(max_length=128, blank=True, default="")

    class Meta:
        constraints = [
            # No document twice; its rows are found by the same index.
            models.UniqueConstraint(fields=["document", "generation"], name="records_evidence_once")
        ]

    def __str__(self) -> str:
        return f"{self.document_id}/{self.generation}"


class EvidenceRenewal(models.Model):
    """A tree over documents whose timestamps a renewal tree covers."""

    tree = models.ForeignKey(EvidenceTree, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(EvidenceTree, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tree", "by"], name="records_renewal_once")]

    def __str__(self) -> str:
        return f"{self.tree_id} by {self.by_id}"


class EvidenceNight(models.Model):
    """A nightly run. cutoff: deposits before it are taken; scanned_until: those before it are all
    covered, so that the next night need not look at them again.
    """

    day = models.DateField(unique=True)
    begun_at = models.DateTimeField()
    cutoff = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    scanned_until = models.DateTimeField(null=True, blank=True)
    documents = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.day)


class DocumentCopy(models.Model):
    """Another form of a document, such as OFD-A, encrypted like it; linked by digest."""

    id = models.CharField(primary_key=True, max_length=32)
    document = models.ForeignKey("records.Document", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    stored_key = models.CharField(max_length=64)
    wrapped_key = models.BinaryField()
    key_id = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    report = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "kind"], name="records_copy_once")
        ]

    def __str__(self) -> str:
        return self.id
