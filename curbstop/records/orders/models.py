"""Field work: orders as they were written, and what became of them. Nothing here is changed; a state is a row.

An **order** is open until it has its one :class:`End`. When, how urgent and who: its latest :class:`Plan` and
:class:`Assignment`. What the crew did in the ground stands where it belongs (reads, installations, agreements, the
books), under the end's event; :class:`Valve` keeps whether water runs.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account, Premise, ServicePoint


class Order(models.Model):
    """An order as written. ``snapshot`` is what the writer saw: address, occupant, meters, last reads, hazards.

    ``effects`` are what completing it does, ``given`` what the writer hands to them (agreements, a serial). ``follows``
    is the attempt before it that could not be done; ``first`` is where that chain began.
    """

    id = models.BigAutoField(primary_key=True)
    type = models.TextField()
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="orders")
    service_point = models.ForeignKey(
        ServicePoint, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="orders")
    first = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="later")
    follows = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="followed_by")
    about = models.TextField()
    second = models.TextField(default="")  # why a second one, where there is one for the same trouble
    effects = ArrayField(models.TextField(), default=list)
    given = models.JSONField(default=dict)
    snapshot = models.JSONField()
    written_on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(type=""), name="orders_order_typed"),
            models.CheckConstraint(
                condition=Q(follows__isnull=True, first__isnull=True) | Q(follows__isnull=False, first__isnull=False),
                name="orders_order_chain",
            ),
        ]


class Plan(models.Model):
    """When it is to be done, how urgent it is, how many go and who answers for it in the office; the latest holds."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="plans", db_index=False)
    no = models.SmallIntegerField()
    on = models.DateField(null=True)  # null: when a crew is near
    window = models.TextField(default="")  # "08:00-10:00"
    priority = models.SmallIntegerField()  # 1 emergency 2 urgent 3 normal 4 low
    persons = models.SmallIntegerField(default=1)
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "no"], name="orders_plan_once"),
            models.CheckConstraint(
                condition=Q(priority__range=(1, 4), persons__range=(1, 9)), name="orders_plan_known"
            ),
            models.CheckConstraint(condition=Q(window="") | Q(on__isnull=False), name="orders_plan_window_of_day"),
        ]
        indexes = [models.Index(fields=["on"], name="orders_plan_day")]


class Assignment(models.Model):
    """The crew that has it, from now on: everybody who goes. The latest holds; one without people takes it back."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="assignments", db_index=False)
    no = models.SmallIntegerField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "no"], name="orders_assignment_once")]


class Assigned(models.Model):
    """One of the crew."""

    id = models.BigAutoField(primary_key=True)
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="people", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["assignment", "user"], name="orders_assigned_once")]


class Word(models.Model):
    """Words added after it was written: another ``report``, a ``question`` from the field, an ``answer``."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="words")
    kind = models.TextField()
    words = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["report", "question", "answer"]) & ~Q(words=""), name="orders_word_said"
            )
        ]


class Hazard(models.Model):
    """What can hurt somebody at a premise. It stays with the place, whoever lives there; its steps say what became."""

    id = models.BigAutoField(primary_key=True)
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="hazards")
    says = models.TextField()
    persons = models.SmallIntegerField(default=1)
    from_on = models.DateField()
    review_on = models.DateField(null=True)
    waits = models.BooleanField(default=False)  # for a supervisor's word; it is shown meanwhile
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="hazards", db_index=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(says="") & Q(persons__range=(1, 9)), name="orders_hazard_said")
        ]


class HazardStep(models.Model):
    """A hazard looked at again: ``confirmed`` (with how many must go, until when), or ``ended``, with the reason."""

    id = models.BigAutoField(primary_key=True)
    hazard = models.ForeignKey(Hazard, on_delete=models.PROTECT, related_name="steps", db_index=False)
    no = models.SmallIntegerField()
    step = models.TextField()
    persons = models.SmallIntegerField(default=1)
    review_on = models.DateField(null=True)
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hazard", "no"], name="orders_hazardstep_once"),
            models.CheckConstraint(
                condition=Q(step__in=["confirmed", "ended"]) & ~Q(reason="") & Q(persons__range=(1, 9)),
                name="orders_hazardstep_said",
            ),
        ]


class Warned(models.Model):
    """Somebody of the crew saw the warnings of a place and confirmed it, before the order opened to him."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="warned", db_index=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    hazards = ArrayField(models.BigIntegerField())
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "user", "hazards"], name="orders_warned_once")]


class End(models.Model):
    """The one end of an order: ``done`` with what was collected and what that did, ``failed`` with a code, or
    ``cancelled`` with the reason. ``done_at`` is when the crew wrote it, ``at`` when it arrived."""

    order = models.OneToOneField(Order, primary_key=True, on_delete=models.PROTECT, related_name="end")
    outcome = models.TextField()
    code = models.TextField(default="")
    words = models.TextField(default="")
    fields = models.JSONField(default=dict)
    effect = models.JSONField(default=dict)
    done_on = models.DateField()
    done_at = models.DateTimeField()
    latitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="done")
                | (Q(outcome="failed") & ~Q(code=""))
                | (Q(outcome="cancelled") & ~Q(words="")),
                name="orders_end_says_why",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
                name="orders_end_place",
            ),
        ]
        indexes = [models.Index(fields=["done_on"], name="orders_end_day")]


class Attachment(models.Model):
    """A picture or a signature of an order or of a hazard, as it came; the database checks ``sha256`` of ``body``."""

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="attachments")
    hazard = models.ForeignKey(Hazard, null=True, on_delete=models.PROTECT, related_name="attachments")
    kind = models.TextField()
    name = models.TextField()
    media = models.TextField()  # image/jpeg image/png application/pdf
    sha256 = models.BinaryField()
    body = models.BinaryField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "hazard", "sha256"], nulls_distinct=False, name="orders_attachment_once"
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=False, hazard__isnull=True) | Q(order__isnull=True, hazard__isnull=False),
                name="orders_attachment_of_one",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["picture", "signature"]) & ~Q(name="") & ~Q(media=""),
                name="orders_attachment_named",
            ),
        ]


class Valve(models.Model):
    """Whether water runs at a service point from an instant on: ``on``, ``off`` or ``locked``; the latest holds."""

    id = models.BigAutoField(primary_key=True)
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.TextField()
    on = models.DateField()
    at = models.DateTimeField()
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="valves", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["on", "off", "locked"]), name="orders_valve_state")
        ]
        indexes = [
            models.Index(fields=["service_point", "at"], name="orders_valve_point"),
            models.Index(fields=["order"], name="orders_valve_order"),
        ]


# the rest of the app's tables, each family in a file of its own
from curbstop.records.orders import investigations as investigations  # noqa: E402
from curbstop.records.orders import refuse as refuse  # noqa: E402
