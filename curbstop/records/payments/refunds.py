"""Money that goes back: deposits decided and waived, refunds approved, files to accounts payable, what came of a check.

Where a refund's money stands is the ledger's to say (10-2100, 10-1003, 10-2110); these rows say whose it is, in which
file it went, which check was cut for it, and what the clock of the law has done. Nothing here is ever changed.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account
from curbstop.records.ledger.models import Request, Transaction


class DepositDecision(models.Model):
    """Why a deposit was asked for: the policy that decided, its sentence, and the facts that it was worked out from.

    Of a credit check only grade, score, day and bureau are kept, in ``working``. The demands of the decision carry the
    same event; none of them where nothing was asked.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    decided_on = models.DateField()
    why = models.TextField()  # start increase
    cents = models.BigIntegerField()
    policy = models.TextField()
    says = models.TextField()
    authority = models.TextField()
    working = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField(unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gte=0), name="payments_depositdecision_cents"),
            models.CheckConstraint(condition=Q(why__in=["start", "increase"]), name="payments_depositdecision_why"),
            models.CheckConstraint(
                condition=~Q(policy="") & ~Q(authority=""), name="payments_depositdecision_authority"
            ),
        ]


class DepositWaived(models.Model):
    """So much of a deposit is asked for no longer: an approved exception, or (without ``request``) the move that asked
    for it was undone. What was received stays held."""

    demand = models.ForeignKey("payments.DepositDemand", on_delete=models.PROTECT, related_name="waived")
    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="+")
    cents = models.BigIntegerField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["demand", "request"], name="payments_depositwaived_once"),
            models.CheckConstraint(condition=Q(cents__gt=0), name="payments_depositwaived_positive"),
        ]


class Refund(models.Model):
    """Money approved to go back, to the account holder only; its id is a document id, its item 10-2100 line 1.

    ``ended_on`` and ``due_on`` are of a deposit's refund: the day service ended, and the last day for its check by law.
    """

    id = models.BigIntegerField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="+")
    txn = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="+")
    cents = models.BigIntegerField()
    source = models.TextField()  # deposit credit
    payee = models.TextField()
    mail_to = ArrayField(models.TextField())
    approved_on = models.DateField()
    ended_on = models.DateField(null=True)
    due_on = models.DateField(null=True)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="payments_refund_positive"),
            models.CheckConstraint(condition=Q(source__in=["deposit", "credit"]), name="payments_refund_source"),
            models.CheckConstraint(condition=~Q(payee=""), name="payments_refund_payee"),
        ]


class PayablesFile(models.Model):
    """A file of refunds for accounts payable, as it was sent; its id is the batch on 10-1003. Re-sent byte for byte."""

    id = models.BigIntegerField(primary_key=True)
    file_id = models.TextField(unique=True)  # moore_ok-AP-20260715-1
    layout = models.TextField()
    made_on = models.DateField()
    rows = models.IntegerField()
    cents = models.BigIntegerField()
    sha256 = models.BinaryField()
    body = models.BinaryField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(rows__gt=0, cents__gt=0), name="payments_payablesfile_full")]


class RefundSent(models.Model):
    """A refund in a file: line ``line`` of it. A refund goes again only after its check was stopped, or claimed."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="sent")
    file = models.ForeignKey(PayablesFile, on_delete=models.PROTECT, related_name="lines")
    line = models.SmallIntegerField()
    txn = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="payments_refundsent_line"),
            models.UniqueConstraint(fields=["file", "refund"], name="payments_refundsent_once"),
        ]


class RefundCheck(models.Model):
    """The check that was cut for a refund sent: its number and date came back from accounts payable."""

    sent = models.OneToOneField(RefundSent, primary_key=True, on_delete=models.PROTECT, related_name="check_cut")
    number = models.TextField(unique=True)
    dated_on = models.DateField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(number=""), name="payments_refundcheck_number")]


class RefundOutcome(models.Model):
    """What became of a check, once: ``cashed`` at the bank, ``stopped`` before, or ``unclaimed``: void in time."""

    sent = models.OneToOneField(RefundSent, primary_key=True, on_delete=models.PROTECT, related_name="outcome")
    outcome = models.TextField()
    on = models.DateField()
    txn = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(default="", db_default="")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["cashed", "stopped", "unclaimed"]), name="payments_refundoutcome_known"
            ),
            models.CheckConstraint(
                condition=~Q(outcome="stopped") | ~Q(reason=""), name="payments_refundoutcome_reason"
            ),
        ]


class RefundNotice(models.Model):
    """The written notice of the law: mailed to the last known address; the check ends on ``ends_on`` unless cashed.

    ``txn`` moved its money to 10-2110, held as unclaimed, where the check may still be cashed against.
    """

    sent = models.OneToOneField(RefundSent, primary_key=True, on_delete=models.PROTECT, related_name="notice")
    mailed_on = models.DateField()
    ends_on = models.DateField()
    mail_to = ArrayField(models.TextField())
    words = models.TextField()
    txn = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=models.F("mailed_on")) & ~Q(words=""), name="payments_refundnotice_days"
            )
        ]


class PayablesReturn(models.Model):
    """A register of checks that came back from accounts payable or the bank, as received; the same bytes once."""

    sha256 = models.BinaryField(unique=True)
    name = models.TextField()
    layout = models.TextField()
    received_on = models.DateField()
    rows = models.IntegerField()
    body = models.BinaryField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="payments_payablesreturn_name")]
