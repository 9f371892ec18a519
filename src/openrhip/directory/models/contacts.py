"""Tables of contacts: the number that one-time codes and notices go to (联系号码)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from openrhip.kernel.ids import new_id


class Contact(models.Model):
    """Appended: from now on this number is the person's; never changed, never taken from later
    registrations. person: the entry it was set for. how: first-use, code, paper.
    """

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    person = models.ForeignKey("directory.Person", on_delete=models.PROTECT, related_name="+")
    sealed = models.BinaryField()
    how = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    strength = models.CharField(max_length=20, default="", blank=True)
    evidence = models.CharField(max_length=300, default="", blank=True)
    receipt = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"], condition=Q(how="first-use"), name="contact_first_use_once"
            )
        ]
        indexes = [models.Index(fields=["person", "at"], name="contact_person")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.how}"


class ContactCode(models.Model):
    """A code sent to the number that stands, to set another one."""

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    person = models.ForeignKey("directory.Person", on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    wrong = models.SmallIntegerField(default=0)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person", "made_at"], name="contact_code_person")]

    def __str__(self) -> str:
        return self.id
