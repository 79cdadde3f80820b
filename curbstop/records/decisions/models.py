"""What the council decided, as data: every row holds from a date and names its authority.

``valid`` and ``during`` ranges are half-open; the exclusion constraints refuse two versions of one thing on one day.
A policy whose ``value`` is null is *not set*: nothing is charged or done on a guess.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User


class City(models.Model):
    """The city whose schema this is: one row. ``body`` is its ``city.yaml`` as read."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    code = models.TextField(unique=True)
    name = models.TextField()
    time_zone = models.TextField()
    body = models.JSONField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="decisions_city_one")]


class Tariff(models.Model):
    """A rate code (``W-RES``) of one service and class."""

    code = models.TextField(primary_key=True)
    service = models.TextField()
    customer_class = models.TextField()
    name = models.TextField()


class TariffVersion(models.Model):
    """What a tariff says while ``valid``: ``document`` is the tariff file's text for this one version, as adopted."""

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    valid = DateRangeField()
    authority = models.TextField()
    document = models.TextField()
    sha256 = models.BinaryField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="decisions_tariffversion_no_overlap",
                expressions=[("tariff", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                violation_error_message="another version of this tariff holds on some of these days",
            ),
            models.CheckConstraint(condition=~Q(authority=""), name="decisions_tariffversion_authority"),
            models.CheckConstraint(
                condition=Q(valid__isempty=False, valid__lower_inf=False), name="decisions_tariffversion_days"
            ),
        ]


class Draft(models.Model):
    """A tariff file that somebody proposes. Never changed: another wording is another draft."""

    file = models.TextField()
    text = models.TextField()
    sha256 = models.BinaryField()
    says = models.TextField()
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            # what the approval refers to, so that it cannot name another author
            models.UniqueConstraint(fields=["id", "drafted_by"], name="decisions_draft_author"),
            models.CheckConstraint(condition=~Q(says="") & ~Q(text=""), name="decisions_draft_says"),
        ]


class DraftTrial(models.Model):
    """The draft was tried on the bills issued in [from, until): what they would have come to. ``sha256`` is that of
    the very text, which the database checks; ``result`` is the whole dry run, as its page shows it."""

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="trials")
    sha256 = models.BinaryField()
    from_on = models.DateField()
    until_on = models.DateField()
    accounts = models.IntegerField()
    unrated = models.IntegerField()
    now_cents = models.BigIntegerField()
    would_cents = models.BigIntegerField()
    result = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["id", "draft"], name="decisions_drafttrial_of"),
            models.CheckConstraint(condition=Q(until_on__gt=F("from_on")), name="decisions_drafttrial_days"),
        ]


class DraftApproval(models.Model):
    """A second person approved the draft, with the resolution and its paper; its versions were adopted by this event.

    The database checks that ``drafted_by`` is the draft's author, that ``sha256`` is that of the file kept, and that
    the draft was tried before (``trial``; approvals from before trials were kept have none).
    """

    draft = models.OneToOneField(Draft, primary_key=True, on_delete=models.PROTECT, related_name="approval")
    drafted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    resolution = models.TextField()
    resolution_on = models.DateField()
    section = models.TextField()
    file = models.TextField()
    body = models.BinaryField()
    sha256 = models.BinaryField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField(unique=True)
    trial = models.ForeignKey(DraftTrial, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(approved_by=F("drafted_by")), name="decisions_draftapproval_second_person"
            ),
            models.CheckConstraint(
                condition=~Q(resolution="") & ~Q(section="") & ~Q(file=""), name="decisions_draftapproval_resolution"
            ),
        ]


class DraftWithdrawal(models.Model):
    """The draft is not pursued, and why."""

    draft = models.OneToOneField(Draft, primary_key=True, on_delete=models.PROTECT, related_name="withdrawal")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.TextField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="decisions_draftwithdrawal_reason")]


class PolicyValue(models.Model):
    """One value of a policy while ``valid``. ``value`` null: not set, and ``not_set`` says why."""

    policy = models.TextField()
    valid = DateRangeField()
    value = models.JSONField(null=True)
    not_set = models.TextField(default="")
    says = models.TextField()
    authority = models.TextField()
    source = models.TextField(default="")
    confidence = models.TextField(default="")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="decisions_policyvalue_no_overlap",
                expressions=[("policy", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=~Q(authority=""), name="decisions_policyvalue_authority"),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(not_set=""), name="decisions_policyvalue_says_why"
            ),
            models.CheckConstraint(
                condition=Q(valid__isempty=False, valid__lower_inf=False), name="decisions_policyvalue_days"
            ),
        ]


class Cycle(models.Model):
    """A group of routes read and billed together every ``every_days`` days."""

    code = models.TextField(primary_key=True)
    name = models.TextField()
    every_days = models.SmallIntegerField()


class CycleDate(models.Model):
    """One turn of a cycle: generated by the calendar, moved by people."""

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="dates")
    read_on = models.DateField()
    bill_on = models.DateField()
    due_on = models.DateField(null=True)  # null: the city's due days are not set

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cycle", "bill_on"], name="decisions_cycledate_once"),
            models.CheckConstraint(
                condition=Q(bill_on__gte=models.F("read_on"))
                & (Q(due_on__isnull=True) | Q(due_on__gt=models.F("bill_on"))),
                name="decisions_cycledate_order",
            ),
        ]
