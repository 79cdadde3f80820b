"""Refuse: what stands on the ground, what was fetched, what was handed out, and who may haul in the city's place.

Rows only, never changed. How many carts stand somewhere is the last row of its premise that says so; whether a private
hauler may come is what the steps of a request and its certificates say on a day.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account, Customer, Premise


class CartChange(models.Model):
    """Carts brought, taken, swapped or counted at a premise. ``left`` is how many stand there after; null: nobody
    knows, since none were ever counted."""

    id = models.BigAutoField(primary_key=True)
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.TextField()
    count = models.SmallIntegerField()
    left = models.SmallIntegerField(null=True)
    on = models.DateField()
    order = models.OneToOneField("orders.Order", null=True, on_delete=models.PROTECT, related_name="carts")
    words = models.TextField(default="")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["counted", "delivered", "removed", "swapped"]), name="orders_cartchange_kind"
            ),
            models.CheckConstraint(
                condition=Q(count__gte=0) & (Q(left__isnull=True) | Q(left__gte=0)), name="orders_cartchange_count"
            ),
            models.CheckConstraint(condition=~Q(kind="counted") | Q(left=F("count")), name="orders_cartchange_counted"),
        ]
        indexes = [models.Index(fields=["premise", "on"], name="orders_cartchange_premise")]


class Voucher(models.Model):
    """A landfill voucher handed to a customer; ``no`` counts within the calendar year."""

    id = models.BigAutoField(primary_key=True)
    number = models.TextField(unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    year = models.SmallIntegerField()
    no = models.SmallIntegerField()
    on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "year", "no"], name="orders_voucher_once"),
            models.CheckConstraint(condition=Q(no__gte=1) & ~Q(number=""), name="orders_voucher_counted"),
        ]


class DumpsterChange(models.Model):
    """A dumpster brought to a premise or taken away. ``yards``: how much it holds."""

    id = models.BigAutoField(primary_key=True)
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.TextField()
    yards = models.SmallIntegerField(null=True)
    where = models.TextField(default="")
    on = models.DateField()
    order = models.OneToOneField("orders.Order", null=True, on_delete=models.PROTECT, related_name="dumpster")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["delivered", "removed"]), name="orders_dumpsterchange_kind"),
            models.CheckConstraint(condition=~Q(kind="delivered") | Q(yards__gt=0), name="orders_dumpsterchange_yards"),
        ]


class DumpsterCall(models.Model):
    """What came of a call: pulled, or blocked. It was charged, or says why it was not; nothing else is kept."""

    order = models.OneToOneField("orders.Order", primary_key=True, on_delete=models.PROTECT, related_name="call")
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.TextField()
    pulls = models.SmallIntegerField()
    pounds = models.IntegerField(null=True)
    ticket = models.TextField(default="")
    charges = ArrayField(models.BigIntegerField(), default=list)  # waiting charges that it raised
    cents = models.BigIntegerField()
    why = models.TextField(default="")  # why nothing was charged
    on = models.DateField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=["pulled", "blocked"]), name="orders_dumpstercall_outcome"),
            models.CheckConstraint(
                condition=Q(cents__gt=0, charges__len__gt=0) | (Q(cents=0) & ~Q(why="")),
                name="orders_dumpstercall_charged",
            ),
            models.CheckConstraint(
                condition=Q(pulls__gte=0) & (Q(pounds__isnull=True) | Q(pounds__gte=0)),
                name="orders_dumpstercall_counts",
            ),
        ]
        indexes = [models.Index(fields=["on"], name="orders_dumpstercall_day")]


class HaulerRequest(models.Model):
    """A business asks that a private hauler take its refuse, and why the city cannot. ``owner`` minds it."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    hauler = models.TextField()
    hauler_mail_to = ArrayField(models.TextField(), default=list)
    asked_on = models.DateField()
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(reason="") & ~Q(hauler=""), name="orders_haulerrequest_said")
        ]


class HaulerStep(models.Model):
    """A step of a request, each by another person: Public Works first, then the city manager, then its end.

    ``recommended`` or ``can_serve`` is the first; ``approved`` (from a day on) or ``refused`` follows it, and stands
    on it by ``after``; ``ended`` may follow anything.
    """

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(HaulerRequest, on_delete=models.PROTECT, related_name="steps", db_index=False)
    step = models.TextField()
    after = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="followed_by")
    from_on = models.DateField(null=True)
    words = models.TextField(default="")
    on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "step"], name="orders_haulerstep_once"),
            models.UniqueConstraint(
                fields=["request", "by"], condition=~Q(step="ended"), name="orders_haulerstep_other_person"
            ),
            models.CheckConstraint(
                condition=Q(step__in=["recommended", "can_serve", "ended"], from_on__isnull=True)
                | Q(step="refused", after__isnull=False, from_on__isnull=True)
                | Q(step="approved", after__isnull=False, from_on__isnull=False),
                name="orders_haulerstep_in_order",
            ),
            models.CheckConstraint(condition=Q(step="approved") | ~Q(words=""), name="orders_haulerstep_said"),
        ]


class HaulerCertificate(models.Model):
    """A hauler's certificate of insurance on file with the city clerk: all three kinds, or it is none.

    ``ends_on`` is its last day.
    """

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(HaulerRequest, on_delete=models.PROTECT, related_name="certificates")
    liability = models.BooleanField()
    workers = models.BooleanField()
    automobile = models.BooleanField()
    from_on = models.DateField()
    ends_on = models.DateField()
    insurer = models.TextField(default="")
    filed_on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(liability=True, workers=True, automobile=True), name="orders_haulercertificate_whole"
            ),
            models.CheckConstraint(condition=Q(ends_on__gte=F("from_on")), name="orders_haulercertificate_days"),
        ]
        indexes = [models.Index(fields=["ends_on"], name="orders_haulercertificate_ends")]


class HaulerNotice(models.Model):
    """A letter before a certificate ends (``days`` before), or its lapse (-1); each once."""

    id = models.BigAutoField(primary_key=True)
    certificate = models.ForeignKey(HaulerCertificate, on_delete=models.PROTECT, related_name="notices", db_index=False)
    days = models.SmallIntegerField()
    on = models.DateField()
    letters = ArrayField(models.BigIntegerField(), default=list)
    not_sent = models.TextField(default="")
    order = models.ForeignKey("orders.Order", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["certificate", "days"], name="orders_haulernotice_once"),
            models.CheckConstraint(condition=Q(days__gte=-1), name="orders_haulernotice_days"),
        ]
