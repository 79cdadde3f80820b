"""Programmes that an account takes part in: senior, low income, medical, a sewer average, carry-out service."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q


class Programme(models.Model):
    """An approved programme on an account, from a day until another, by the terms of the day of its approval.

    One of a kind at a household: the premise. Only the last day may change, by a row of :class:`ProgrammeEnded`.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey("customers.Account", on_delete=models.PROTECT, related_name="programmes")
    premise = models.ForeignKey("customers.Premise", on_delete=models.PROTECT, related_name="programmes")
    code = models.TextField()  # senior low_income medical sewer_average carry_out
    during = DateRangeField()
    by_first_day = models.BooleanField()  # of a billed period; else by its last
    remind_on = models.DateField(null=True)
    proof = models.TextField()  # "proof of income": what renews it
    request_id = models.BigIntegerField()  # the approved request
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="customers_programme_household",
                expressions=[
                    ("premise", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.UniqueConstraint(fields=["request_id"], name="customers_programme_request"),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="customers_programme_days"
            ),
        ]
        indexes = [models.Index(fields=["account", "code"], name="customers_programme_of")]


class ProgrammeEnded(models.Model):
    """A programme that was ended before its day: moved away, died, found not to qualify."""

    programme = models.OneToOneField(Programme, primary_key=True, on_delete=models.PROTECT, related_name="ended")
    on = models.DateField()
    reason = models.TextField()
    event_id = models.BigIntegerField()


class ProgrammeReminded(models.Model):
    """The renewal letter of a programme was queued. Once."""

    programme = models.OneToOneField(Programme, primary_key=True, on_delete=models.PROTECT, related_name="reminded")
    on = models.DateField()
    event_id = models.BigIntegerField()
