"""Holds: who is left alone, why, by what authority, from when until when, and who answers for it.

A hold is never changed. It ends by its last day or by the one row that releases it; one that goes on longer, or gets
another owner, is released and followed by another.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account, Premise
from curbstop.rules.delinquency.holds import REASONS


class Hold(models.Model):
    """An account is left alone ``[from_on, until_on)``; without ``until_on`` until it is released.

    ``documents``: the bills and charges that it reaches, none for all that the account owes; ``cents``: how much of
    that, null for the whole. ``premise``: where a place and not a person was the reason (a street after a storm).
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="holds")
    reason = models.TextField()
    authority = models.TextField()  # the law, the policy or the paper that asks for it
    documents = ArrayField(models.BigIntegerField(), default=list)
    cents = models.BigIntegerField(null=True)
    from_on = models.DateField()
    until_on = models.DateField(null=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    follows = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="followed_by")
    at = models.DateTimeField()
    event_id = models.BigIntegerField(db_index=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reason__in=list(REASONS)), name="delinquency_hold_reason"),
            models.CheckConstraint(condition=~Q(authority=""), name="delinquency_hold_authority"),
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gt=F("from_on")), name="delinquency_hold_days"
            ),
            models.CheckConstraint(condition=Q(cents__isnull=True) | Q(cents__gt=0), name="delinquency_hold_cents"),
        ]


class HoldRelease(models.Model):
    """A hold ended before its last day, or had none: from ``on`` it holds nothing."""

    hold = models.OneToOneField(Hold, primary_key=True, on_delete=models.PROTECT, related_name="release")
    on = models.DateField()
    says = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(says=""), name="delinquency_holdrelease_why")]


class HoldComesBack(models.Model):
    """A hold near its end was given back to its owner, once: to let it lapse, or to let it go on."""

    hold = models.OneToOneField(Hold, primary_key=True, on_delete=models.PROTECT, related_name="comes_back")
    on = models.DateField()
    event_id = models.BigIntegerField()
