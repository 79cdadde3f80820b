"""Meters, where they hung and what they read. A read is never edited: a correction is another read that names it."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Agreement, ServicePoint


class Meter(models.Model):
    """A meter in stock or in the ground. One step of its register is ``gal_per_unit`` gallons."""

    serial = models.TextField(unique=True)
    size = models.TextField()  # inches: "5/8", "1", "2"
    dials = models.SmallIntegerField()
    gal_per_unit = models.IntegerField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(dials__range=(3, 10)) & Q(gal_per_unit__gte=1), name="meters_meter_register"
            )
        ]


class Installation(models.Model):
    """A meter at a service point ``during`` half-open days: one place a meter, one meter a place."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="installations")
    during = DateRangeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="meters_installation_one_meter",
                expressions=[("service_point", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            ExclusionConstraint(
                name="meters_installation_one_place",
                expressions=[("meter", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="meters_installation_days"
            ),
        ]


READ_KINDS = ["initial", "opening", "regular", "final", "removed", "check", "estimated"]
"""As a meter is hung, as somebody moves in, on the route, as he moves out, as a meter is taken down; and two more."""


class Read(models.Model):
    """A register read on a day. ``usage_gal`` is since ``previous``, by ``rules.reads``; a meter's first read has none.

    ``findings`` is why the read wants a look (zero, high, negative...); it counts when there are none, or when a
    :class:`ReadDecision` accepts it. ``replaces`` names the read that this one corrects: both stay.
    """

    installation = models.ForeignKey(Installation, on_delete=models.PROTECT, related_name="reads", db_index=False)
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="reads", db_index=False)
    read_on = models.DateField()
    register = models.BigIntegerField()
    kind = models.TextField()
    source = models.TextField()  # hand route_file system
    reader = models.TextField(default="")
    previous = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    usage_gal = models.BigIntegerField(default=0)
    findings = ArrayField(models.TextField(), default=list)
    replaces = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaced_by")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(register__gte=0), name="meters_read_register"),
            models.CheckConstraint(condition=~Q(replaces=F("id")), name="meters_read_not_itself"),
            models.CheckConstraint(condition=Q(kind__in=READ_KINDS), name="meters_read_kind"),
            # a second read of a day names the one that it replaces; so a file that is sent again adds nothing
            models.UniqueConstraint(
                fields=["installation", "read_on"], condition=Q(replaces__isnull=True), name="meters_read_once_a_day"
            ),
        ]
        indexes = [
            models.Index(fields=["service_point", "read_on"], name="meters_read_point_day"),
            models.Index(fields=["installation", "read_on"], name="meters_read_installation_day"),
            # the edit list
            models.Index(fields=["read_on"], condition=~Q(findings=[]), name="meters_read_findings"),
        ]


class ReadDecision(models.Model):
    """Somebody looked at a read with findings: it stands (``accept``) or not (``reject``), and why."""

    read = models.OneToOneField(Read, primary_key=True, on_delete=models.PROTECT, related_name="decision")
    outcome = models.TextField(choices=[("accept", "Accept"), ("reject", "Reject")])
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["accept", "reject"]) & ~Q(reason=""), name="meters_readdecision_says_why"
            )
        ]


class Average(models.Model):
    """The personal sewer average of an agreement while ``during``: the cap on its billed volume, and its reads."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="averages")
    during = DateRangeField()
    gal = models.BigIntegerField()
    reads = ArrayField(models.BigIntegerField(), default=list)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="meters_average_no_overlap",
                expressions=[("agreement", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(gal__gte=0), name="meters_average_gal"),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="meters_average_days"
            ),
        ]
