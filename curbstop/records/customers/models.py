"""Customer -> account -> agreement on one side, premise -> service point on the other.

An **agreement** says who is responsible for a service point during which days; the exclusion constraint refuses two at
once.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from curbstop.records.base.models import User
from curbstop.records.decisions.models import Cycle, Tariff


class Customer(models.Model):
    """A person or an organization. Its accounts carry what it owes."""

    name = models.TextField()
    kind = models.TextField(choices=[("person", "Person"), ("organization", "Organization")], default="person")
    phone = models.TextField(default="")  # E.164
    email = models.TextField(default="")
    language = models.TextField(default="en")
    staff_user_id = models.BigIntegerField(null=True)  # a colleague: nobody acts on his own account
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="customers_customer_named")]
        indexes = [  # a new customer is compared with those there are
            GinIndex(fields=["name"], name="customers_customer_name", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["phone"], condition=~Q(phone=""), name="customers_customer_phone"),
            models.Index(Lower("email"), condition=~Q(email=""), name="customers_customer_email"),
        ]


class Premise(models.Model):
    """A place that is served, whoever lives there."""

    address = models.TextField()  # "2208 Sage Wren Dr", as typed
    city = models.TextField()
    state = models.TextField()
    zip = models.TextField()
    parcel = models.TextField(default="")
    inside_city = models.BooleanField(default=True)
    dwelling_units = models.SmallIntegerField(default=1)
    kind = models.TextField(choices=[("residential", "Residential"), ("commercial", "Commercial")])
    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+")
    route = models.TextField()
    sequence = models.IntegerField()
    hazard = models.TextField(default="")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address", "zip"], name="customers_premise_address"),
            models.CheckConstraint(condition=Q(dwelling_units__gte=1), name="customers_premise_units"),
            models.CheckConstraint(condition=Q(kind__in=["residential", "commercial"]), name="customers_premise_kind"),
        ]
        indexes = [models.Index(fields=["cycle", "route", "sequence"], name="customers_premise_route")]


class Account(models.Model):
    """What a customer owes is kept by account. ``number``: ``customers_account_number_seq`` and a check digit."""

    number = models.TextField(unique=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="accounts")
    customer_class = models.TextField(choices=[("residential", "Residential"), ("commercial", "Commercial")])
    tenure = models.TextField(choices=[("owner", "Owner"), ("renter", "Renter"), ("business", "Business")])
    mail_to = ArrayField(models.TextField(), default=list)  # address lines; empty: the service address
    opened_on = models.DateField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(number__regex=r"^[0-9]{8,12}$"), name="customers_account_number"),
            models.CheckConstraint(
                condition=Q(customer_class__in=["residential", "commercial"])
                & Q(tenure__in=["owner", "renter", "business"]),
                name="customers_account_class",
            ),
        ]


class Link(models.Model):
    """Whose account it is beside its customer's: a colleague's or an official's own, or one of the household.

    Whoever is linked helps neither money nor service there. The account is marked for as long as the link lasts; an
    official has no user. A link ends by its last day, and is never removed.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="links")
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    who = models.TextField()  # "Nell O'Hara", "Council member, ward 2"
    kind = models.TextField()  # own household
    mark = models.TextField()  # employee official
    during = DateRangeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="customers_link_once",
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("who", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(kind__in=["own", "household"]), name="customers_link_kind"),
            models.CheckConstraint(condition=Q(mark__in=["employee", "official"]), name="customers_link_mark"),
            models.CheckConstraint(condition=Q(mark="official") | Q(user__isnull=False), name="customers_link_user"),
            models.CheckConstraint(
                condition=~Q(who="") & Q(during__isempty=False, during__lower_inf=False), name="customers_link_days"
            ),
        ]


class ServicePoint(models.Model):
    """Where one service meets a premise. Sewer is measured by the water that goes in: ``measured_by``."""

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="service_points")
    service = models.TextField()  # water irrigation sewer sanitation stormwater
    number = models.SmallIntegerField(default=1)
    measured_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["premise", "service", "number"], name="customers_servicepoint_once")
        ]


class Agreement(models.Model):
    """An account is responsible for a service point ``during`` half-open days, at a tariff.

    ``items`` is how many of what the tariff counts (carts); other facts that a tariff keys on go in ``attributes``.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="agreements")
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="agreements")
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="+")
    during = DateRangeField()
    items = models.SmallIntegerField(default=1)
    attributes = models.JSONField(default=dict)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="customers_agreement_no_overlap",
                expressions=[("service_point", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=Q(items__gte=0), name="customers_agreement_items"),
            # an empty range overlaps nothing, so the constraint above would let any number of them in
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="customers_agreement_days"
            ),
        ]


MOVE_KINDS = ["start", "transfer", "stop"]


class Move(models.Model):
    """Somebody moved in, out, or from one place to another: what that began and ended, so that it can be undone.

    ``premise`` is where service starts (a stop: where it ends), ``from_premise`` where a transfer came from. A stop may
    begin agreements too: those of a landlord who holds the place between tenants.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="moves")
    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="moves")
    from_premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="+")
    on = models.DateField()
    begun = ArrayField(models.BigIntegerField(), default=list)
    ended = ArrayField(models.BigIntegerField(), default=list)
    charges = ArrayField(models.BigIntegerField(), default=list)  # waiting charges that it raised
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=MOVE_KINDS), name="customers_move_kind"),
            models.CheckConstraint(
                condition=Q(kind="transfer", from_premise__isnull=False)
                | Q(from_premise__isnull=True) & ~Q(kind="transfer"),
                name="customers_move_from",
            ),
        ]


class MoveUndone(models.Model):
    """A move that did not happen after all: asked in error, at a wrong address, or thought better of. Once."""

    move = models.OneToOneField(Move, primary_key=True, on_delete=models.PROTECT, related_name="undone")
    reason = models.TextField()  # changed_mind wrong_address our_error replaced
    words = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["changed_mind", "wrong_address", "our_error", "replaced"]) & ~Q(words=""),
                name="customers_moveundone_why",
            )
        ]


class Voided(models.Model):
    """An agreement that never was, as it stood: nobody was responsible by it, and nothing was billed by it.

    It stands here and no longer among the agreements, so that it is in nobody's way.
    """

    id = models.BigIntegerField(primary_key=True)  # the agreement's
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="voided")
    service_point = models.ForeignKey(ServicePoint, on_delete=models.PROTECT, related_name="voided")
    tariff_id = models.TextField()
    during = DateRangeField()
    items = models.SmallIntegerField()
    attributes = models.JSONField()
    begun_event_id = models.BigIntegerField()
    reason = models.TextField()
    event_id = models.BigIntegerField()


class Carried(models.Model):
    """An agreement that carries on another of the same account at another place. ``one_cap``: the sewer cap of the
    cycle they meet in is one for both; what the first left of it is the second's."""

    agreement_id = models.BigIntegerField(primary_key=True)
    from_agreement_id = models.BigIntegerField()
    on = models.DateField()
    one_cap = models.BooleanField()
    event_id = models.BigIntegerField()


class Reversion(models.Model):
    """A landlord's standing agreement: between tenants the place is on his account. It ends by its last day only."""

    premise = models.ForeignKey(Premise, on_delete=models.PROTECT, related_name="reversions")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="reversions")
    signed_on = models.DateField()
    during = DateRangeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="customers_reversion_one",
                expressions=[("premise", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="customers_reversion_days"
            ),
        ]


class Waiver(models.Model):
    """A paper by which the law waives credit check and deposit (11 O.S. 35-107): its kind, date and who saw it.

    What it says is kept nowhere, and no screen shows this row; that there is a waiver shows as a deposit of 0.00.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    paper = models.BinaryField()  # kind and date, sealed
    seen_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    seen_on = models.DateField()
    event_id = models.BigIntegerField()


class Finding(models.Model):
    """What the one search box looks through: one row an account, kept by the acts that change what it tells."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.PROTECT, related_name="+")
    words = models.TextField()  # lower case: name, co-names, service address, zip
    digits = ArrayField(models.TextField(), default=list)  # account number, phone, meter serials, digits only
    active = models.BooleanField(default=True)

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="customers_finding_words", opclasses=["gin_trgm_ops"]),
            GinIndex(fields=["digits"], name="customers_finding_digits"),
        ]


# the rest of the app's tables, each family in a file of its own
from curbstop.records.customers import marks as marks  # noqa: E402
from curbstop.records.customers import people as people  # noqa: E402
from curbstop.records.customers import programmes as programmes  # noqa: E402
