"""What was promised instead of payment today: a later day, instalments; and what a petition in bankruptcy fenced off.

What was paid on a promise is never kept: it is asked of the books. Kept here is what was promised, on which answers,
and how it ended. Nothing is changed.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account
from curbstop.records.delinquency.holds import Hold
from curbstop.records.ledger.models import Request

EXTENSION_ENDS = ["kept", "broken", "withdrawn"]
ARRANGEMENT_STEPS = ["agreed", "declined", "lapsed", "kept", "broken", "withdrawn"]
WHYS = ["asked", "true_up", "rebill"]
PETITION_STEPS = ["assured", "not_assured", "fenced", "set_off", "dismissed", "discharged"]
CHAPTERS = [7, 9, 11, 12, 13]


class Extension(models.Model):
    """A later day for what an account owed when it asked; its hold says which bills, how much and until when.

    ``criteria``: the city's criteria with their answers on that day; ``request``: the exception that another person
    approved.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="extensions")
    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="extension")
    asked_on = models.DateField()
    pay_by_on = models.DateField()
    cents = models.BigIntegerField()
    asks = models.TextField()
    channel = models.TextField()
    criteria = models.JSONField()
    request = models.OneToOneField(Request, null=True, on_delete=models.PROTECT, related_name="+")
    letter_id = models.BigIntegerField(null=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pay_by_on__gte=F("asked_on")), name="delinquency_extension_days"),
            models.CheckConstraint(condition=Q(cents__gt=0), name="delinquency_extension_cents"),
        ]


class ExtensionEnd(models.Model):
    """How an extension ended: once."""

    extension = models.OneToOneField(Extension, primary_key=True, on_delete=models.PROTECT, related_name="end")
    outcome = models.TextField()
    on = models.DateField()
    says = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=EXTENSION_ENDS), name="delinquency_extensionend_known")
        ]


class Arrangement(models.Model):
    """A debt in instalments: offered, and agreed by a step. ``why``: asked for, or offered by itself after a catch-up.

    ``documents``: the bills and charges of the debt; ``terms``: the city's policies it was made by, and the criteria
    with their answers. ``catches_up``: the bill or the true-up read that made the debt.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="arrangements")
    why = models.TextField()
    catches_up = models.BigIntegerField(null=True)
    cents = models.BigIntegerField()
    documents = ArrayField(models.BigIntegerField())
    offered_on = models.DateField()
    terms = models.JSONField()
    request = models.OneToOneField(Request, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="delinquency_arrangement_cents"),
            models.CheckConstraint(condition=Q(why__in=WHYS), name="delinquency_arrangement_why"),
            models.CheckConstraint(
                condition=Q(why="asked", catches_up__isnull=True) | ~Q(why="asked") & Q(catches_up__isnull=False),
                name="delinquency_arrangement_of",
            ),
            models.UniqueConstraint(
                fields=["account", "why", "catches_up"],
                condition=Q(catches_up__isnull=False),
                name="delinquency_arrangement_offered_once",
            ),
        ]


class Instalment(models.Model):
    """A part of the debt and its day; number 0 is the down payment. Together they are the debt, to the cent."""

    pk = models.CompositePrimaryKey("arrangement_id", "no")
    arrangement = models.ForeignKey(Arrangement, on_delete=models.PROTECT, related_name="instalments", db_index=False)
    no = models.SmallIntegerField()
    due_on = models.DateField()
    cents = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(cents__gt=0, no__gte=0), name="delinquency_instalment_cents")]


class ArrangementStep(models.Model):
    """What became of an arrangement, each at most once. One that was agreed has its hold and its letter."""

    id = models.BigAutoField(primary_key=True)
    arrangement = models.ForeignKey(Arrangement, on_delete=models.PROTECT, related_name="steps", db_index=False)
    step = models.TextField()
    on = models.DateField()
    says = models.TextField()
    hold = models.OneToOneField(Hold, null=True, on_delete=models.PROTECT, related_name="arrangement_step")
    letter_id = models.BigIntegerField(null=True)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["arrangement", "step"], name="delinquency_arrangementstep_once"),
            models.CheckConstraint(condition=Q(step__in=ARRANGEMENT_STEPS), name="delinquency_arrangementstep_known"),
            models.CheckConstraint(
                condition=Q(step="agreed", hold__isnull=False) | ~Q(step="agreed") & Q(hold__isnull=True),
                name="delinquency_arrangementstep_holds",
            ),
        ]


class InstalmentReminded(models.Model):
    """The customer was reminded of an instalment, once."""

    pk = models.CompositePrimaryKey("arrangement_id", "no")
    arrangement = models.ForeignKey(Arrangement, on_delete=models.PROTECT, related_name="+", db_index=False)
    no = models.SmallIntegerField()
    on = models.DateField()
    letter_id = models.BigIntegerField(null=True)
    event_id = models.BigIntegerField()


class Petition(models.Model):
    """A petition in bankruptcy: what was owed before it stands on ``old_account``, fenced; ``account`` goes on.

    ``assure_by_on``: the last day for adequate assurance (11 U.S.C. 366: 20 days of the order for relief, chapter 11
    30 days of the petition).
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="petitions")
    old_account = models.OneToOneField(Account, on_delete=models.PROTECT, related_name="petition_of")
    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="petition")
    assurance_hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="petition_assured")
    chapter = models.SmallIntegerField()
    court = models.TextField()
    case_no = models.TextField()
    filed_on = models.DateField()
    told_on = models.DateField()
    assure_by_on = models.DateField()
    txn_id = models.BigIntegerField(null=True)
    cents = models.BigIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(chapter__in=CHAPTERS), name="delinquency_petition_chapter"),
            models.CheckConstraint(condition=~Q(court="") & ~Q(case_no=""), name="delinquency_petition_case"),
            models.CheckConstraint(
                condition=Q(told_on__gte=F("filed_on"), assure_by_on__gt=F("filed_on"), cents__gte=0),
                name="delinquency_petition_days",
            ),
            models.UniqueConstraint(fields=["account", "case_no"], name="delinquency_petition_once"),
        ]


class PetitionStep(models.Model):
    """What came of a petition: assurance given or not, a bill split at the day, a deposit set off, how it ended."""

    id = models.BigAutoField(primary_key=True)
    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="steps")
    step = models.TextField()
    on = models.DateField()
    says = models.TextField()
    cents = models.BigIntegerField(null=True)
    bill_id = models.BigIntegerField(null=True)
    txn_id = models.BigIntegerField(null=True)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(step__in=PETITION_STEPS) & ~Q(says=""), name="delinquency_petitionstep_known"
            ),
            models.CheckConstraint(
                condition=Q(step="fenced", bill_id__isnull=False) | ~Q(step="fenced") & Q(bill_id__isnull=True),
                name="delinquency_petitionstep_bill",
            ),
            models.UniqueConstraint(
                fields=["petition", "bill_id"],
                condition=Q(bill_id__isnull=False),
                name="delinquency_petitionstep_bill_once",
            ),
        ]
