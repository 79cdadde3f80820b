"""The ladder: nights that looked at everybody who owes, what was done about whom, and the lists of cut-off days.

Where an account stands is asked of the rule each time; kept here is only what happened. A climb is about one bill (or
charge), its ``anchor``: the document of the oldest debt that is past due. Nothing here is changed.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account, Premise
from curbstop.records.orders.models import Order
from curbstop.rules.delinquency.ladder import CODES

STEPS = ["reminder", "notice", "call", "hanger", "off_check", "final"]


class Night(models.Model):
    """The ladder was gone through on a day: once. ``accounts`` owed something past due when it was planned."""

    id = models.BigAutoField(primary_key=True)
    on = models.DateField(unique=True)
    accounts = models.IntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()


class NightChunk(models.Model):
    """Accounts that are looked at together, in one transaction."""

    pk = models.CompositePrimaryKey("night_id", "no")
    night = models.ForeignKey(Night, on_delete=models.PROTECT, related_name="chunks", db_index=False)
    no = models.IntegerField()
    account_ids = ArrayField(models.BigIntegerField())


class NightChunkDone(models.Model):
    """A chunk was gone through: how many accounts came to what."""

    pk = models.CompositePrimaryKey("night_id", "no")
    night = models.ForeignKey(Night, on_delete=models.PROTECT, related_name="done", db_index=False)
    no = models.IntegerField()
    counts = models.JSONField()
    event_id = models.BigIntegerField()


class Outcome(models.Model):
    """What a night found of an account: a code of ``rules.delinquency.ladder.CODES``, and when something comes next."""

    pk = models.CompositePrimaryKey("night_id", "account_id")
    night = models.ForeignKey(Night, on_delete=models.PROTECT, related_name="outcomes", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    code = models.TextField()
    owed_cents = models.BigIntegerField()
    anchor = models.BigIntegerField(null=True)
    next_on = models.DateField(null=True)
    cutoff_on = models.DateField(null=True)
    hold_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(code__in=list(CODES)), name="delinquency_outcome_known"),
        ]


class Step(models.Model):
    """A rung that was climbed: the notice that was mailed, the call that was made, the hanger that was ordered.

    ``cents``: the amount that was told; ``cutoff_on``: the day of the cut-off that was told.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="steps", db_index=False)
    anchor = models.BigIntegerField()
    rung = models.TextField()
    on = models.DateField()
    cents = models.BigIntegerField()
    cutoff_on = models.DateField(null=True)
    letter_id = models.BigIntegerField(null=True)  # a cases.Letter
    contact_id = models.BigIntegerField(null=True)  # a cases.Contact
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="+")
    night = models.ForeignKey(Night, null=True, on_delete=models.PROTECT, related_name="steps")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(rung__in=STEPS), name="delinquency_step_rung"),
            models.CheckConstraint(
                condition=~Q(rung="notice") | Q(cutoff_on__isnull=False, cents__gt=0), name="delinquency_step_tells"
            ),
            models.UniqueConstraint(
                fields=["night", "account", "rung"],
                condition=Q(night__isnull=False),
                name="delinquency_step_once_a_night",
            ),
        ]
        indexes = [models.Index(fields=["account", "anchor"], name="delinquency_step_of")]


class CutList(models.Model):
    """Everybody whose cut-off day has come by ``cutoff_on``, frozen. The last one frozen for a day holds."""

    id = models.BigAutoField(primary_key=True)
    cutoff_on = models.DateField(db_index=True)
    frozen_on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()


class CutRow(models.Model):
    """An account on a list: to be shut off (``listed``), or skipped, with why in words and the hold where one is."""

    id = models.BigAutoField(primary_key=True)
    list = models.ForeignKey(CutList, on_delete=models.PROTECT, related_name="rows", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    listed = models.BooleanField()
    code = models.TextField()  # ready, or what of the rule stands in the way
    says = models.TextField()
    cents = models.BigIntegerField()
    anchor = models.BigIntegerField(null=True)
    hold_id = models.BigIntegerField(null=True)
    moves_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["list", "account"], name="delinquency_cutrow_once"),
            models.CheckConstraint(
                condition=Q(listed=True, premise__isnull=False, anchor__isnull=False, cents__gt=0)
                | Q(listed=False) & ~Q(says=""),
                name="delinquency_cutrow_why",
            ),
        ]


class CutSigned(models.Model):
    """A supervisor signed the list: from now on its orders may be written."""

    list = models.OneToOneField(CutList, primary_key=True, on_delete=models.PROTECT, related_name="signed")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    on = models.DateField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField()


class CutOrder(models.Model):
    """The order that a row of a signed list became."""

    row = models.OneToOneField(CutRow, primary_key=True, on_delete=models.PROTECT, related_name="ordered")
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="cut_row")


class Forecast(models.Model):
    """What the weather service says of a day: degrees Fahrenheit, the lowest and the highest heat index."""

    id = models.BigAutoField(primary_key=True)
    on = models.DateField(db_index=True)
    low_f = models.SmallIntegerField()
    heat_f = models.SmallIntegerField()
    source = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(source=""), name="delinquency_forecast_source")]
