"""Bill runs and bills.

A **run** bills a cycle on a date. Its plan freezes the agreements to bill, cut into **chunks** of accounts, with the
document, transaction and event ids that each chunk will use: so the same plan ends in the same rows whoever works it,
however often it is interrupted. A chunk's rows and its ``ChunkDone`` are one commit. Every planned agreement gets one
**outcome**.

Bills and outcomes are written by the hundred thousand: their foreign keys are declared but not enforced row by row
(about three microseconds each). Their parents are never deleted, and each chunk checks its rows as a set before it
commits (decision 061).
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account, Agreement, Premise, ServicePoint
from curbstop.records.decisions.models import Cycle
from curbstop.records.ledger.models import Kind, Request, Transaction
from curbstop.records.meters.models import Meter, Read


class Run(models.Model):
    """One billing of a cycle. What happened to it (calculated, approved, posted) is rows: ``RunStep``."""

    cycle = models.ForeignKey(Cycle, on_delete=models.PROTECT, related_name="+")
    read_on = models.DateField()
    bill_on = models.DateField()
    due_on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()
    finish_event_id = models.BigIntegerField()  # reserved for the event that says that every chunk is posted
    rebills = models.BigIntegerField(null=True, unique=True)  # the bill that it puts another in the place of

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cycle", "bill_on"], condition=Q(rebills__isnull=True), name="bills_run_once"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gt=F("bill_on")) & Q(bill_on__gte=F("read_on")), name="bills_run_order"
            ),
        ]


class RunStep(models.Model):
    """A step of a run that is over: ``calculated``, ``approved`` (bills and cents as reviewed), ``posted``.

    A calculation done again is another row, until the run is approved. ``on`` of the approval is the accounting day
    that the bills are posted on, and its ``at`` the instant that every row of the run carries: so a restart changes
    nothing.
    """

    event_id = models.BigIntegerField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="steps")
    step = models.TextField()
    bills = models.IntegerField()
    cents = models.BigIntegerField()
    on = models.DateField(null=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], condition=~Q(step="calculated"), name="bills_runstep_once"),
            models.CheckConstraint(
                condition=Q(step__in=["calculated", "approved", "posted"]), name="bills_runstep_step"
            ),
            models.CheckConstraint(condition=~Q(step="approved") | Q(on__isnull=False), name="bills_runstep_day"),
        ]


class Chunk(models.Model):
    """The plan of a chunk: accounts ascending, their agreements in the order of the bill's lines, and ``from_ons``,
    the day each agreement is billed from. An account's bill is ``first_document_id`` + its place in ``account_ids``.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="chunks")
    no = models.IntegerField()
    account_ids = ArrayField(models.BigIntegerField())
    agreement_ids = ArrayField(models.BigIntegerField())
    from_ons = ArrayField(models.DateField())
    first_document_id = models.BigIntegerField()
    txn_id = models.BigIntegerField()
    chunk_event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "no"], name="bills_chunk_once"),
            models.UniqueConstraint(fields=["txn_id"], name="bills_chunk_txn"),
        ]


class Review(models.Model):
    """What the calculation of a run found worth a look before anything is posted: one row an account and finding.

    Written again by each calculation, which keeps the owners and the holds of people. ``held`` keeps the account out
    of the run; a hold has an owner and a reason. Findings that begin with ``held_`` keep it out by themselves, and
    need an owner before the run is approved.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="reviews")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    finding = models.TextField()  # an outcome code, or: zero high first final held
    agreement = models.ForeignKey(Agreement, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    cents = models.BigIntegerField()
    usage_gal = models.BigIntegerField(null=True)
    usual_from_gal = models.BigIntegerField(null=True)
    usual_until_gal = models.BigIntegerField(null=True)
    held = models.BooleanField(default=False)
    reason = models.TextField(default="")
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "account", "finding"], name="bills_review_once"),
            models.CheckConstraint(
                condition=Q(held=False) | (~Q(reason="") & Q(owner__isnull=False)), name="bills_review_owned"
            ),
        ]


class Calculated(models.Model):
    """The totals of a chunk as calculated before approval; posting must come to the same, less what was held since."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    chunk_no = models.IntegerField()
    kind = models.ForeignKey(Kind, on_delete=models.PROTECT, related_name="+")
    bills = models.IntegerField()
    cents = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "chunk_no", "kind"], name="bills_calculated_once")]


class CalculatedChunk(models.Model):
    """What each account of a chunk comes to, in the order of ``Chunk.account_ids``; -1: not billed. ``codes`` are the
    outcomes of ``Chunk.agreement_ids``, as positions in the closed list of ``office.bills``. An account that
    comes to something else when the chunk is posted is held: nothing is posted that nobody approved."""

    chunk = models.OneToOneField(Chunk, primary_key=True, on_delete=models.PROTECT, related_name="calculated")
    account_cents = ArrayField(models.BigIntegerField())
    codes = ArrayField(models.SmallIntegerField())


class Bill(models.Model):
    """A bill as issued; its lines are its rows on the receivable accounts of the ledger. ``id`` is a document id."""

    id = models.BigIntegerField(primary_key=True)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="bills", db_constraint=False, db_index=False
    )
    txn = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="bills", db_constraint=False, db_index=False)
    total_cents = models.BigIntegerField()
    previous_cents = models.BigIntegerField()  # what the account owed just before; negative: a credit
    chunk_no = models.IntegerField()
    from_on = models.DateField()
    until_on = models.DateField()
    due_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "run"], name="bills_bill_once"),
            models.CheckConstraint(condition=Q(total_cents__gte=0), name="bills_bill_total"),
        ]


class Cancelled(models.Model):
    """A bill that was cancelled, by whose approved request, and the bill in its place. Both stay readable.

    ``first`` is the first bill of the chain, which carries the waiting charges of all of them.
    """

    bill = models.OneToOneField(Bill, primary_key=True, on_delete=models.PROTECT, related_name="cancelled")
    replaced_by = models.OneToOneField(Bill, on_delete=models.PROTECT, related_name="replaces")
    first = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="+")
    txn_id = models.BigIntegerField()
    reason = models.TextField()
    event_id = models.BigIntegerField()


class TrueUp(models.Model):
    """What a bill of an estimated period came short by when the true read came: gallons, cents by kind as charges."""

    pk = models.CompositePrimaryKey("bill_id", "read_id")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="true_ups")
    read = models.ForeignKey(Read, on_delete=models.PROTECT, related_name="+")  # the true read
    gal = models.BigIntegerField()
    cents = models.BigIntegerField()
    event_id = models.BigIntegerField()


class ChunkDone(models.Model):
    """A chunk is posted: written in the same commit as its rows, counted again every night."""

    pk = models.CompositePrimaryKey("run_id", "chunk_no")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="done", db_index=False)
    chunk_no = models.IntegerField()
    bills = models.IntegerField()
    exceptions = models.IntegerField()
    lines = models.IntegerField()
    cents = models.BigIntegerField()


class Outcome(models.Model):
    """What a run did with one agreement, and from which inputs: enough to rate it again to the cent.

    ``code``: ``billed``, ``already_billed``, ``held_no_read``, ``held_undecided_read``, ``held_not_set``,
    ``held_bad_input``, ``held_by_review``, ``held_changed``, ``held_with_account`` (``office.bills`` says each in
    words). What is not billed has an owner. The reads are those that the period begins and ends with, where the
    service is measured.
    """

    pk = models.CompositePrimaryKey("run_id", "agreement_id")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="outcomes", db_constraint=False, db_index=False)
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="outcomes", db_constraint=False, db_index=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    bill = models.ForeignKey(
        Bill, null=True, on_delete=models.PROTECT, related_name="outcomes", db_constraint=False, db_index=False
    )
    from_read = models.ForeignKey(
        Read, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    to_read = models.ForeignKey(
        Read, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    usage_gal = models.BigIntegerField(default=0)
    average_gal = models.BigIntegerField(default=-1)  # the cap; -1: none
    cents = models.BigIntegerField(default=0)
    owner = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    from_on = models.DateField(null=True)
    until_on = models.DateField(null=True)
    chunk_no = models.IntegerField()
    items = models.SmallIntegerField(default=1)
    prorate_days = models.SmallIntegerField(default=-1)  # -1: the full period
    code = models.TextField()
    rebills = models.BigIntegerField(null=True)  # the cancelled bill in whose place this is

    class Meta:
        constraints = [
            # no period of a service is billed from the same day twice, whatever run it is in, unless in the place of a
            # bill that was cancelled, and of that one once. One index of all that is billed, by which each run asks for
            # an agreement's last bill
            models.UniqueConstraint(
                fields=["agreement", "from_on", "rebills"],
                condition=Q(code="billed"),
                nulls_distinct=False,
                name="bills_outcome_billed_once",
            ),
            models.CheckConstraint(
                condition=(Q(code="billed") & Q(bill__isnull=False))
                | (~Q(code="billed") & Q(bill__isnull=True) & Q(owner__isnull=False)),
                name="bills_outcome_billed_or_owned",
            ),
            models.CheckConstraint(
                condition=Q(from_on__isnull=True) | Q(until_on__gt=F("from_on")), name="bills_outcome_days"
            ),
            models.CheckConstraint(
                condition=~Q(code="billed") | (Q(from_on__isnull=False) & Q(until_on__isnull=False)),
                name="bills_outcome_period",
            ),
        ]
        indexes = [
            models.Index(fields=["bill"], condition=Q(bill__isnull=False), name="bills_outcome_bill"),
            models.Index(fields=["run"], condition=~Q(code="billed"), name="bills_outcome_excepted"),
        ]


class Charge(models.Model):
    """A charge that waits for the account's next bill: a new-service fee, a damaged cart."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="charges")
    kind = models.ForeignKey(Kind, on_delete=models.PROTECT, related_name="+")
    cents = models.BigIntegerField()
    on = models.DateField()
    says = models.TextField()
    authority = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="bills_charge_positive"),
            models.CheckConstraint(condition=~Q(says="") & ~Q(authority=""), name="bills_charge_says"),
        ]


class ChargeBilled(models.Model):
    """A waiting charge became this line of this bill."""

    charge = models.OneToOneField(Charge, primary_key=True, on_delete=models.PROTECT, related_name="billed")
    bill = models.ForeignKey(Bill, on_delete=models.PROTECT, related_name="+")
    line_no = models.SmallIntegerField()


class Fact(models.Model):
    """Something that rates ask for, from a day on: dwelling units, household, area, pressure zone, a drought's stage.

    Of an account, a premise, a service point or a meter, or with none of them of the whole city. It holds until a
    later row of the same thing; of two rows from one day the one entered last counts, so that a correction is another
    row. An empty ``value``: nothing is known from then on.
    """

    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="+")
    service_point = models.ForeignKey(ServicePoint, null=True, on_delete=models.PROTECT, related_name="+")
    meter = models.ForeignKey(Meter, null=True, on_delete=models.PROTECT, related_name="+")
    name = models.TextField()
    value = models.TextField()
    from_on = models.DateField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=r"^[a-z][a-z0-9_]{0,39}$"), name="bills_fact_name"),
            models.CheckConstraint(condition=Q(value__regex=r"^[^[:cntrl:]]{0,100}$"), name="bills_fact_value"),
        ]
        indexes = [
            models.Index(
                fields=["name", "from_on"],
                condition=Q(account=None, premise=None, service_point=None, meter=None),
                name="bills_fact_city",
            )
        ]


class Given(models.Model):
    """What a service was rated from beside reads, days and items: ``facts``, name -> text, that its tariff asked for,
    and what its average was made from. With the outcome it is enough to rate the bill again; most have no such row."""

    pk = models.CompositePrimaryKey("run_id", "agreement_id")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    agreement = models.ForeignKey(
        Agreement, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    facts = models.JSONField()
    average = models.JSONField(null=True)
