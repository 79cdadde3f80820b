"""Confidential accounts: the mark, what is sealed while it lasts, and who opened it for how long."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.customers.people import Paper


class Mark(models.Model):
    """An account whose people and places are not told. Only its last day may change.

    ``acp``: the holder takes part in the state's Address Confidentiality Program, and ``ends_on`` is the day until
    which the card certifies it; the mark stands until somebody ends it all the same.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey("customers.Account", on_delete=models.PROTECT, related_name="marks")
    kind = models.TextField()
    authority = models.TextField()
    paper = models.ForeignKey(Paper, null=True, on_delete=models.PROTECT, related_name="+")
    substitute = models.JSONField(default=list)  # lines of the programme's address
    ends_on = models.DateField(null=True)
    during = DateRangeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="customers_mark_one",
                expressions=[("account", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(kind="confidential", ends_on__isnull=True, substitute=[])
                | Q(kind="acp", ends_on__isnull=False) & ~Q(substitute=[]),
                name="customers_mark_kind",
            ),
            models.CheckConstraint(
                condition=~Q(authority="") & Q(during__isempty=False, during__lower_inf=False),
                name="customers_mark_days",
            ),
        ]


class MarkReminded(models.Model):
    """The renewal of a card was asked for before it ends."""

    mark = models.OneToOneField(Mark, primary_key=True, on_delete=models.PROTECT, related_name="reminded")
    on = models.DateField()
    event_id = models.BigIntegerField()


class Sealed(models.Model):
    """What a customer's row does not say while an account of his is marked; the last row counts, an empty box ends it.

    The box holds name, telephone and e-mail, and the mailing address of each account.
    """

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey("customers.Customer", on_delete=models.PROTECT, related_name="sealed")
    box = models.BinaryField()
    event_id = models.BigIntegerField()


class Glass(models.Model):
    """A confidential account was opened for one person until an instant, for a written reason."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey("customers.Account", on_delete=models.PROTECT, related_name="glass")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    at = models.DateTimeField()
    until = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("at")), name="customers_glass_closes"),
        ]
        indexes = [models.Index(fields=["account", "by"], name="customers_glass_of")]
