"""Files of the bank as they came, rows that could not be posted, what came back, and what follows from that."""

from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account


class BankFile(models.Model):
    """A file as received, sealed, byte for byte; the same bytes are taken once for a layout."""

    id = models.BigAutoField(primary_key=True)
    layout = models.TextField()
    name = models.TextField()
    sha256 = models.BinaryField()
    body_box = models.BinaryField()
    received_on = models.DateField()
    rows = models.IntegerField()
    cents = models.BigIntegerField()
    quarantined = models.IntegerField()
    batch_id = models.BigIntegerField(null=True)  # the batch that its payments were posted as
    remarks = models.TextField(default="", db_default="")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["layout", "sha256"], name="payments_bankfile_once")]


class Quarantined(models.Model):
    """A row that could not be read or used, as it came, and why. `cents` where its amount is known."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="quarantine")
    line = models.IntegerField()
    text = models.TextField()
    why = models.TextField()
    cents = models.BigIntegerField(null=True)
    account_number = models.TextField(default="", db_default="")
    reference = models.TextField(default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="payments_quarantined_once"),
            models.CheckConstraint(condition=~Q(why=""), name="payments_quarantined_why"),
        ]


class QuarantineSettled(models.Model):
    """How a row left the quarantine: posted as a payment, or dropped with a reason."""

    row = models.OneToOneField(Quarantined, primary_key=True, on_delete=models.PROTECT, related_name="settled")
    how = models.TextField()
    reason = models.TextField()
    batch_row_no = models.IntegerField(null=True)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(how="posted", batch_row_no__isnull=False) | Q(how="dropped", batch_row_no__isnull=True))
                & ~Q(reason=""),
                name="payments_quarantinesettled_how",
            )
        ]


class MoneyOwner(models.Model):
    """Who looks after a quarantined row, or after money that waits on 10-2340 under a document. The last row counts."""

    id = models.BigAutoField(primary_key=True)
    row = models.ForeignKey(Quarantined, null=True, on_delete=models.PROTECT, related_name="owners")
    document_id = models.BigIntegerField(null=True, db_index=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(row__isnull=True, document_id__isnull=False)
                | Q(row__isnull=False, document_id__isnull=True),
                name="payments_moneyowner_of_one",
            )
        ]


class Returned(models.Model):
    """A payment that the bank did not pay, and what followed. One that came in a file names its line.

    `series` and `no` are the receipt taken back; none where the trace number is nobody's or the entry was a prenote.
    """

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(BankFile, null=True, on_delete=models.PROTECT, related_name="returns")
    line = models.IntegerField(null=True)
    code = models.TextField()  # R01; C01; empty for a paper check
    reason = models.TextField()
    trace = models.TextField(default="", db_default="", db_index=True)
    outcome = models.TextField()
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    series_id = models.IntegerField(null=True)
    no = models.BigIntegerField(null=True)
    cents = models.BigIntegerField()
    tender = models.TextField(default="", db_default="")
    returned_on = models.DateField()
    txn_id = models.BigIntegerField(null=True)
    fee_cents = models.BigIntegerField(default=0, db_default=0)
    fee_document_id = models.BigIntegerField(null=True)
    make_good_on = models.DateField(null=True)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["file", "line"], condition=Q(file__isnull=False), name="payments_returned_line_once"
            ),
            models.CheckConstraint(condition=Q(cents__gte=0, fee_cents__gte=0), name="payments_returned_amounts"),
        ]
        indexes = [models.Index(fields=["account", "returned_on"], name="payments_returned_account")]


class CashOnly(models.Model):
    """An account pays by cash, cashier's check or money order during [from_on, until_on)."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    from_on = models.DateField()
    until_on = models.DateField()
    reason = models.TextField()
    refuses = models.TextField()  # types of tender, with spaces between: "check ach"
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__gt=F("from_on")) & ~Q(reason="") & ~Q(refuses=""), name="payments_cashonly_days"
            )
        ]


class CashOnlyLifted(models.Model):
    """A mark ended before its day, by somebody, for a reason."""

    mark = models.OneToOneField(CashOnly, primary_key=True, on_delete=models.PROTECT, related_name="lifted")
    lifted_on = models.DateField()
    reason = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="payments_cashonlylifted_reason")]


class Letter(models.Model):
    """A letter or door hanger to be made: its kind, and the facts that it tells. What is sent is another row."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField()  # returned_hanger returned_letter pledge_failed cash_only leak_letter, others
    says = models.TextField()
    facts = models.JSONField()
    queued_on = models.DateField()
    event_id = models.BigIntegerField()


class LetterMade(models.Model):
    """A queued letter was printed, hung or sent, by somebody."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.PROTECT, related_name="made")
    made_on = models.DateField()
    how = models.TextField()
    event_id = models.BigIntegerField()


class Pledge(models.Model):
    """An agency promised to pay for an account, and the city takes that as a payment (10-1070 @ its document)."""

    id = models.BigIntegerField(primary_key=True)  # a document id: the batch item on 10-1070
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    agency = models.TextField()
    reference = models.TextField()
    cents = models.BigIntegerField()
    accepted_on = models.DateField()
    due_on = models.DateField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(cents__gt=0) & ~Q(agency=""), name="payments_pledge_told")]
