"""Meters, where they hung and what they read. A read is never edited: a correction is another read that names it."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account, Agreement, ServicePoint


class Meter(models.Model):
    """A meter in stock or in the ground. One step of its register is ``gal_per_unit`` gallons."""

    serial = models.TextField(unique=True)
    size = models.TextField()  # inches: "5/8", "1", "2"
    dials = models.SmallIntegerField()
    gal_per_unit = models.IntegerField()
    make = models.TextField(default="", db_default="")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(dials__range=(3, 10)) & Q(gal_per_unit__gte=1), name="meters_meter_register"
            )
        ]


METER_STATES = ["in_stock", "to_test", "to_repair", "scrapped", "lost"]


class MeterState(models.Model):
    """What is to be done with a meter that hangs nowhere, since ``on``: the last row counts."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="states")
    state = models.TextField()
    on = models.DateField()
    reason = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=METER_STATES) & ~Q(reason=""), name="meters_meterstate_state")
        ]


class MeterTest(models.Model):
    """A meter tested at up to three flows. Accuracy in hundredths of a percent (9,850 is 98.50 percent); -1: not
    tested at that flow. ``passed`` by the limits that held, which ``limits`` says."""

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="tests")
    on = models.DateField()
    low_bp = models.IntegerField(default=-1)
    middle_bp = models.IntegerField(default=-1)
    high_bp = models.IntegerField(default=-1)
    passed = models.BooleanField()
    limits = models.TextField()
    note = models.TextField(default="")
    event_id = models.BigIntegerField()


MAIN, BYPASS = 1, 2


class Installation(models.Model):
    """A meter at a service point ``during`` half-open days: one place a meter, one meter a place and part.

    A compound meter is two registers at one place: ``part`` 1 is the main one, 2 the one for small flows. One that was
    ``mistaken`` has no days any more; ``meters_correction`` has those that it was noted for.
    """

    meter = models.ForeignKey(Meter, on_delete=models.PROTECT, related_name="installations")
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="installations")
    part = models.SmallIntegerField(default=MAIN, db_default=MAIN)
    during = DateRangeField()
    mistaken = models.BooleanField(default=False, db_default=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="meters_installation_one_meter",
                expressions=[
                    ("service_point", RangeOperators.EQUAL),
                    ("part", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(part__in=[MAIN, BYPASS]), name="meters_installation_part"),
            ExclusionConstraint(
                name="meters_installation_one_place",
                expressions=[("meter", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=F("mistaken"), during__lower_inf=False), name="meters_installation_days"
            ),
        ]


class Correction(models.Model):
    """An installation that was noted wrong: the days as they were noted, and why they were corrected."""

    installation = models.ForeignKey(Installation, on_delete=models.PROTECT, related_name="corrections")
    was_during = DateRangeField()
    reason = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="meters_correction_says_why")]


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
    codes = models.TextField(default="", db_default="")  # what the reader's device noted beside the number
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


class Estimate(models.Model):
    """How an estimated read was made: the rule of the policy, what it was made from, and its place in a row."""

    read = models.OneToOneField(Read, primary_key=True, on_delete=models.PROTECT, related_name="estimate")
    method = models.TextField()
    made_from = ArrayField(models.BigIntegerField())  # reads, the latest first
    in_row = models.SmallIntegerField()
    reason = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(in_row__gte=1) & ~Q(reason=""), name="meters_estimate_counted")
        ]


class Reread(models.Model):
    """A read that somebody wants read again: the office (free), or the customer (a fee by policy, told before)."""

    read = models.ForeignKey(Read, on_delete=models.PROTECT, related_name="rereads")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    asked_by = models.TextField()
    told = models.TextField()  # the sentence about the fee that was read to the customer; empty: the office asks
    fee_cents = models.BigIntegerField()
    note = models.TextField(default="")
    order_id = models.BigIntegerField(null=True)
    on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(asked_by="office", fee_cents=0) | (Q(asked_by="customer", fee_cents__gte=0) & ~Q(told="")),
                name="meters_reread_told",
            ),
        ]


class RereadAnswer(models.Model):
    """What the second look found: the first read ``confirmed`` or ``wrong``. Both reads stay on file."""

    reread = models.OneToOneField(Reread, primary_key=True, on_delete=models.PROTECT, related_name="answer")
    outcome = models.TextField()
    read = models.ForeignKey(Read, on_delete=models.PROTECT, related_name="+")
    seen_on = models.DateField()
    register = models.BigIntegerField()
    says = models.TextField()
    document_id = models.BigIntegerField(null=True)  # the fee, where there is one
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=["confirmed", "wrong"]), name="meters_rereadanswer_outcome")
        ]


class ReadHold(models.Model):
    """A meter whose read of a cycle's day is not decided and is held: its bill waits, and ``owner`` clears it."""

    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="read_holds")
    read_on = models.DateField()
    reason = models.TextField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    until_on = models.DateField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(reason="") & Q(until_on__gt=F("read_on")), name="meters_readhold_says_why"
            )
        ]
        indexes = [models.Index(fields=["service_point", "read_on"], name="meters_readhold_point_day")]


class ReadFile(models.Model):
    """A file of reads as it was loaded, once for a layout and digest."""

    layout = models.TextField()
    name = models.TextField()
    sha256 = models.BinaryField()
    rows = models.IntegerField()
    accepted = models.IntegerField()
    waiting = models.IntegerField()
    duplicates = models.IntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layout", "sha256"], name="meters_readfile_once")]


class ReadQuarantined(models.Model):
    """A row of a file that could not be taken, as it came and why."""

    file = models.ForeignKey(ReadFile, on_delete=models.PROTECT, related_name="quarantined")
    line = models.IntegerField()
    text = models.TextField()
    meter = models.TextField(default="")
    why = models.TextField()


class ReadQuarantineSettled(models.Model):
    """Somebody cleared a quarantined row: how, and the read that it became, where it did."""

    row = models.OneToOneField(ReadQuarantined, primary_key=True, on_delete=models.PROTECT, related_name="settled")
    how = models.TextField()
    read = models.ForeignKey(Read, null=True, on_delete=models.PROTECT, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(how=""), name="meters_readquarantinesettled_says_how")]


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
