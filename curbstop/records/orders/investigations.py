"""Investigations of water that nobody pays for: what was seen, worked out, charged and referred, as steps; and what an
audit of accounts found that somebody looked at and let stand."""

from django.db import models
from django.db.models import Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account, Premise, ServicePoint

FOUND = ["usage", "cut_lock", "reversed", "bypass", "reported"]
STEPS = ["evidence", "stopped", "weighed", "referred", "charged", "closed"]


class Investigation(models.Model):
    """Water was used, or may have been, by nobody who is responsible for it. One is open at a service point at a time:
    the office sees to that, since an end is a step."""

    id = models.BigAutoField(primary_key=True)
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="+")
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="+")
    found = models.TextField()
    says = models.TextField()
    read_id = models.BigIntegerField(null=True, unique=True)  # the read that told of it
    order = models.ForeignKey("orders.Order", null=True, on_delete=models.PROTECT, related_name="+")
    opened_on = models.DateField()
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(found__in=FOUND) & ~Q(says=""), name="orders_investigation_found")
        ]


class InvestigationStep(models.Model):
    """What became of it, in order. ``facts`` are plain values: of ``weighed`` gallons, lines, days and cents; of
    ``charged`` the documents."""

    id = models.BigAutoField(primary_key=True)
    investigation = models.ForeignKey(Investigation, on_delete=models.PROTECT, related_name="steps", db_index=False)
    no = models.SmallIntegerField()
    step = models.TextField()
    on = models.DateField()
    words = models.TextField()
    facts = models.JSONField(default=dict)
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey("orders.Order", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["investigation", "no"], name="orders_investigationstep_once"),
            models.CheckConstraint(condition=Q(step__in=STEPS) & ~Q(words=""), name="orders_investigationstep_said"),
            models.CheckConstraint(
                condition=~Q(step="charged") | Q(account__isnull=False), name="orders_investigationstep_account"
            ),
        ]


class AuditLook(models.Model):
    """A finding of the account audit that somebody looked at and lets stand, until a day, with the reason."""

    id = models.BigAutoField(primary_key=True)
    code = models.TextField()
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    words = models.TextField()
    until_on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(code="") & ~Q(words="") & (Q(premise__isnull=False) | Q(account__isnull=False)),
                name="orders_auditlook_said",
            )
        ]
