"""Tables of the directory. States are appended rows; nothing that was said is overwritten."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from openrhip.directory.models.contacts import Contact as Contact
from openrhip.directory.models.contacts import ContactCode as ContactCode
from openrhip.directory.models.machines import Nonce as Nonce
from openrhip.kernel.ids import new_id


class Institution(models.Model):
    """An institution (机构) under its code: 组织机构代码 or 医疗机构代码."""

    code = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=30, default="hospital")
    made_at = models.DateTimeField()
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class InstitutionName(models.Model):
    """A name or alias (别名). Two institutions may claim one name: look-up then says so."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    loose = models.CharField(max_length=200)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "key"], name="institution_name_once")
        ]
        indexes = [
            models.Index(fields=["key"], name="institution_name_key"),
            models.Index(fields=["loose"], name="institution_name_loose"),
        ]

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """A department (科室) of an institution."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=32)
    name = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="department_once")
        ]

    def __str__(self) -> str:
        return self.name


class Staff(models.Model):
    """A member of staff (工作人员); `account` is the sign-in account, if there is one."""

    code = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=100)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    roles = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code


class StaffState(models.Model):
    """Appended: engaged, changed, left; with the roles from then on."""

    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    active = models.BooleanField()
    roles = models.JSONField()
    institution_code = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)

    def __str__(self) -> str:
        return f"{self.staff_id} {self.at}"


class Person(models.Model):
    """A person of the index. `survivor` and `root` are projections of the merge states.

    survivor: whom this entry was merged into. root: the end of that chain, itself if not merged.
    """

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    name = models.CharField(max_length=100)
    sex = models.CharField(max_length=1)
    birth_date = models.DateField()
    survivor = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    root = models.CharField(max_length=32, db_index=True)
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


class Registration(models.Model):
    """What one source said of a person, as it said it (来源登记): name variants live here."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    name_key = models.CharField(max_length=200)
    sex = models.CharField(max_length=1)
    birth_date = models.DateField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "source", "name", "sex", "birth_date"],
                name="registration_once",
            )
        ]
        indexes = [
            models.Index(fields=["name_key", "birth_date"], name="registration_name_birth"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.source}"


class Identifier(models.Model):
    """A number of a person, sealed, with its keyed index.

    kind: id_number, health_card, local, phone, and the composite `triple` (name + birth date +
    phone).

    One uncontested number belongs to one person: this constraint, not the code above it, keeps two
    simultaneous registrations of a new person from making two.
    """

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    subtype = models.CharField(max_length=2, default="", blank=True)
    lookup = models.CharField(max_length=40)
    sealed = models.BinaryField()
    contested = models.BooleanField(default=False)
    source = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "lookup"],
                condition=Q(contested=False) & ~Q(kind="phone"),
                name="identifier_of_one_person",
            ),
            models.UniqueConstraint(
                fields=["person", "kind", "lookup"], name="identifier_once_per_person"
            ),
        ]
        indexes = [models.Index(fields=["kind", "lookup"], name="identifier_lookup")]

    def __str__(self) -> str:
        return f"{self.kind} {self.person_id}"


class Review(models.Model):
    """A doubtful pair (疑似重复): `fresh` arrived and resembles `known`."""

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    fresh = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    known = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    points = models.SmallIntegerField()
    agree = models.JSONField()
    differ = models.JSONField()
    source = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fresh", "known"], name="review_once")]

    def __str__(self) -> str:
        return self.id


class ReviewState(models.Model):
    """Appended: merged or distinct, by whom and why. A review without a state is open."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=20)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    strength = models.CharField(max_length=20, default="", blank=True)
    why = models.CharField(max_length=500)

    def __str__(self) -> str:
        return f"{self.review_id} {self.verdict}"


class MergeState(models.Model):
    """Appended: a person was merged into another, or taken out again."""

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    verb = models.CharField(max_length=10)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    survivor = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    strength = models.CharField(max_length=20, default="", blank=True)
    why = models.CharField(max_length=500)
    receipt = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"{self.verb} {self.person_id}"


class Guardianship(models.Model):
    """A guardian (监护人) may act for a ward."""

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    guardian = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    ward = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=30)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    evidence = models.CharField(max_length=300)
    by = models.CharField(max_length=120)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.id


class Consent(models.Model):
    """A consent or objection (同意、反对) as it was given; its states are ConsentState rows.

    person: the entry it was given for. copy_of: the objection that an unmerge let stand on both
    sides.
    """

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    given_by = models.CharField(max_length=120)
    guardian = models.BooleanField(default=False)
    effect = models.CharField(max_length=10)
    grantee = models.CharField(max_length=20)
    grantee_code = models.CharField(max_length=130, default="", blank=True)
    purposes = models.JSONField()
    kinds = models.JSONField()
    level = models.SmallIntegerField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True)
    evidence = models.CharField(max_length=300)
    copy_of = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        indexes = [models.Index(fields=["person"], name="consent_person")]

    def __str__(self) -> str:
        return self.id


class ConsentState(models.Model):
    """Appended: given, withdrawn. `receipt` is empty while the ledger has not answered yet."""

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    consent = models.ForeignKey(Consent, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=10)
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    why = models.CharField(max_length=500, default="", blank=True)
    receipt = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["consent", "status"], name="consent_state_once")
        ]

    def __str__(self) -> str:
        return f"{self.consent_id} {self.status}"


class TreatmentRelation(models.Model):
    """A treatment relation (诊疗关系) known to the platform: encounter, referral, consultation."""

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    department_code = models.CharField(max_length=32, default="", blank=True)
    staff_code = models.CharField(max_length=64, default="", blank=True)
    kind = models.CharField(max_length=20)
    since = models.DateTimeField()
    until = models.DateTimeField()
    source = models.CharField(max_length=100)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "institution", "department_code", "staff_code", "kind", "since"],
                name="relation_once",
            )
        ]
        indexes = [models.Index(fields=["person", "institution"], name="relation_person_place")]

    def __str__(self) -> str:
        return self.id


class PolicySetRow(models.Model):
    """A policy set that was applied; the newest one is in force. Never changed."""

    digest = models.CharField(max_length=64)
    files = models.JSONField()
    at = models.DateTimeField()
    by = models.CharField(max_length=120)
    why = models.CharField(max_length=500)
    receipt = models.JSONField()

    def __str__(self) -> str:
        return self.digest


class Emergency(models.Model):
    """A break-glass access (急救访问) that was allowed; `reason` is sealed: it may name people."""

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    staff_code = models.CharField(max_length=64)
    institution_code = models.CharField(max_length=64)
    custodian_code = models.CharField(max_length=64)
    document_id = models.CharField(max_length=64)
    reason = models.BinaryField()
    policy_set = models.CharField(max_length=64)
    at = models.DateTimeField()
    review_by = models.DateTimeField()

    def __str__(self) -> str:
        return self.id


class EmergencyReview(models.Model):
    """Appended: what the privacy officer found."""

    emergency = models.ForeignKey(Emergency, on_delete=models.PROTECT, related_name="+")
    justified = models.BooleanField()
    note = models.CharField(max_length=500)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.emergency_id}"


class StoredMessage(models.Model):
    """A message kept instead of sent (demo, or a gateway that collects them), sealed."""

    id = models.CharField(max_length=32, primary_key=True, default=new_id)
    to_person = models.CharField(max_length=32, default="", blank=True, db_index=True)
    to_staff = models.CharField(max_length=64, default="", blank=True, db_index=True)
    kind = models.CharField(max_length=40)
    body = models.BinaryField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.id
