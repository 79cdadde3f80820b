"""The bank's side: its accounts, its statements as they came, and which line shows which of the office's deposits.

A line of a statement is matched once, in whole; what it showed is posted in the same act. What is matched to nothing
and what the bank does not show are questions about these rows, never flags.
"""

from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.ledger.models import Gl, Transaction


class BankAccount(models.Model):
    """An account of the city at a bank, by the number that statements give it, and the account of the chart it is."""

    id = models.AutoField(primary_key=True)
    number = models.TextField(unique=True)
    name = models.TextField()
    gl = models.ForeignKey(Gl, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(number="") & ~Q(name=""), name="payments_bankaccount_named")]


class StatementFile(models.Model):
    """A statement file as it came, byte for byte; the same bytes are taken once. ``fault``: why it was not read."""

    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    sha256 = models.BinaryField(unique=True)
    body = models.BinaryField()
    fault = models.TextField(default="", db_default="")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()


class Statement(models.Model):
    """One account on one day, as a file has it. Two files may bring the same day; the second is not taken."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(StatementFile, on_delete=models.PROTECT, related_name="statements")
    account = models.ForeignKey(BankAccount, on_delete=models.PROTECT, related_name="statements", db_index=False)
    on = models.DateField()
    opening_cents = models.BigIntegerField(null=True)
    closing_cents = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "on"], name="payments_statement_once")]


class StatementLine(models.Model):
    """One line: money that came in (``credit_cents``, as banks say) or went out. One of the two is above zero."""

    id = models.BigAutoField(primary_key=True)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    line_no = models.IntegerField()
    type_code = models.TextField()
    debit_cents = models.BigIntegerField()
    credit_cents = models.BigIntegerField()
    bank_reference = models.TextField(default="", db_default="")
    customer_reference = models.TextField(default="", db_default="")
    text = models.TextField(default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["statement", "line_no"], name="payments_statementline_once"),
            models.CheckConstraint(
                condition=Q(debit_cents=0, credit_cents__gt=0) | Q(debit_cents__gt=0, credit_cents=0),
                name="payments_statementline_one_column",
            ),
        ]


class BankMatch(models.Model):
    """Lines of the bank and deposits of ours that are one thing; ``fee_cents`` is what the processor kept of it.

    ``reason`` is empty where amount and date alone decided.
    """

    id = models.BigAutoField(primary_key=True)
    on = models.DateField()
    fee_cents = models.BigIntegerField(default=0, db_default=0)
    reason = models.TextField(default="", db_default="")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(fee_cents__gte=0), name="payments_bankmatch_fee")]


class BankMatchUndone(models.Model):
    """A match that was wrong: who undid it and why. What it posted is mirrored; its lines and items wait again."""

    match = models.OneToOneField(BankMatch, primary_key=True, on_delete=models.PROTECT, related_name="undone")
    on = models.DateField()
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="payments_bankmatchundone_reason")]


class BankMatchLine(models.Model):
    """A line of the bank is in one match at a time: the next names the one before, which was undone (``after``)."""

    id = models.BigAutoField(primary_key=True)
    line = models.ForeignKey(StatementLine, on_delete=models.PROTECT, related_name="matches", db_index=False)
    match = models.ForeignKey(BankMatch, on_delete=models.PROTECT, related_name="lines")
    after = models.ForeignKey(
        BankMatchUndone, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )  # of the same line: a foreign key of both columns says so (0012)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["line", "match"], name="payments_bankmatchline_line_match"),
            models.UniqueConstraint(
                fields=["line", "after"], nulls_distinct=False, name="payments_bankmatchline_one_at_a_time"
            ),
            models.CheckConstraint(condition=Q(after__lt=F("match")), name="payments_bankmatchline_after_before"),
        ]


class BankSettled(models.Model):
    """A deposit, batch or return of ours that the bank showed: the document, its account, what was posted of it.

    ``match`` is null where it was confirmed from a statement on paper.
    """

    id = models.BigAutoField(primary_key=True)
    document_id = models.BigIntegerField()
    gl = models.ForeignKey(Gl, on_delete=models.PROTECT, related_name="+", db_index=False)
    match = models.ForeignKey(BankMatch, null=True, on_delete=models.PROTECT, related_name="settled")
    txn = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="+")
    cents = models.BigIntegerField()
    fee_cents = models.BigIntegerField(default=0, db_default=0)
    on = models.DateField()
    reference = models.TextField(default="", db_default="")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(cents=0), name="payments_banksettled_something")]
        indexes = [models.Index(fields=["document_id"], name="payments_banksettled_document")]


class TillReport(models.Model):
    """A drawer so much over or short that the policy sends it to somebody above who signed it."""

    session = models.OneToOneField(
        "payments.TillSession", primary_key=True, on_delete=models.PROTECT, related_name="report"
    )
    over_cents = models.BigIntegerField()
    short_cents = models.BigIntegerField()
    limit_cents = models.BigIntegerField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(over_cents__gte=F("limit_cents")) | Q(short_cents__gte=F("limit_cents")),
                name="payments_tillreport_reaches",
            )
        ]


class TillReportSeen(models.Model):
    """Somebody above looked at it and said what follows."""

    report = models.OneToOneField(TillReport, primary_key=True, on_delete=models.PROTECT, related_name="seen")
    words = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(words=""), name="payments_tillreportseen_words")]


class TillHandOver(models.Model):
    """A drawer passed from one cashier to the next: the session that ended and the one that began with its float."""

    before = models.OneToOneField(
        "payments.TillSession", primary_key=True, on_delete=models.PROTECT, related_name="handed_over"
    )
    after = models.OneToOneField("payments.TillSession", on_delete=models.PROTECT, related_name="handed_from")
    event_id = models.BigIntegerField()
