"""The books: one table of postings, and what it leans on (chart, kinds, days, transactions).

A row on a customer control account names the account and the *item* it moves (``document_id``, ``line_no``), so the
list of items and the control account are two groupings of the same rows. Debit and credit are columns, never signs.
Nothing is stored that can be added up. The triggers of ``migrations/0002_triggers`` hold the rest: a transaction
balances by fund, an item never crosses zero, a closed day takes nothing more, and no row is ever changed.

Columns are named as the design names them (``posted_on``, ``fund``, ``class``), a foreign key's too.
``ledger_document_seq`` gives every document (bill, receipt, charge, deposit, refund, batch) its id.
"""

from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import Event, User

GIVES_AWAY = ["adjust", "waive", "write_off", "refund", "void", "move"]
"""Acts of a transaction that give money away or take it back: they name an approval, or the database refuses them."""


class Fund(models.Model):
    """A self-balancing set of accounts. ``pooled_in`` is the fund that holds its cash (null: it holds its own)."""

    id = models.SmallIntegerField(primary_key=True)
    name = models.TextField()
    pooled_in = models.ForeignKey("self", null=True, on_delete=models.PROTECT, db_column="pooled_in", related_name="+")
    reports_in = models.TextField()


class Gl(models.Model):
    """An account of the chart: ``FF-OOOO``.

    ``sub`` says what each row must name: 0 nothing, 1 a batch, 2 an item that a customer owes, 3 one that we owe, 4 one
    kept as memo. The city's own ``gl_string`` is used by the export only.
    """

    id = models.SmallIntegerField(primary_key=True)
    fund = models.ForeignKey(Fund, on_delete=models.PROTECT, db_column="fund", related_name="+", db_index=False)
    object = models.SmallIntegerField()
    name = models.TextField()
    gl_string = models.TextField()
    gl_class = models.CharField(max_length=1, db_column="class")  # Asset Liability Equity Revenue eXpense Memo
    normal = models.CharField(max_length=1)
    sub = models.SmallIntegerField()
    partner = models.ForeignKey(
        Fund, null=True, on_delete=models.PROTECT, db_column="partner", related_name="+", db_index=False
    )
    valid_from = models.DateField()
    authority = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["fund", "object"], name="ledger_gl_once"),
            models.UniqueConstraint(fields=["id", "fund", "sub"], name="ledger_gl_as_posted"),
            models.CheckConstraint(condition=Q(gl_class__in=["A", "L", "E", "R", "X", "M"]), name="ledger_gl_class"),
            models.CheckConstraint(condition=Q(normal__in=["D", "C"]), name="ledger_gl_normal"),
            models.CheckConstraint(condition=Q(sub__range=(0, 4)), name="ledger_gl_sub"),
            models.CheckConstraint(condition=~Q(authority=""), name="ledger_gl_authority"),
        ]


class Kind(models.Model):
    """What a row is (``water.base``, ``late.water``, ``payment``), with the accounts it posts to.

    Insert only: a re-mapping is a new row with its date, so that any old posting can be recomputed.
    """

    id = models.SmallIntegerField(primary_key=True)
    code = models.TextField()
    valid_from = models.DateField()
    control_gl = models.ForeignKey(
        Gl, null=True, on_delete=models.PROTECT, db_column="control_gl", related_name="+", db_index=False
    )
    contra_gl = models.ForeignKey(
        Gl, null=True, on_delete=models.PROTECT, db_column="contra_gl", related_name="+", db_index=False
    )
    says = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="ledger_kind_once"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(says=""), name="ledger_kind_says"),
        ]


class Day(models.Model):
    """An accounting day that was opened. Closing it is a transaction with ``closes``."""

    posted_on = models.DateField(primary_key=True)
    opened_by = models.ForeignKey(
        User, on_delete=models.PROTECT, db_column="opened_by", related_name="+", db_index=False
    )
    opened_at = models.DateTimeField()


class Transaction(models.Model):
    """The header of one act's rows. A row with ``closes`` closes its day.

    ``day`` (the column ``posted_on``) is the accounting day, ``effective_on`` is when it happened.
    """

    id = models.BigAutoField(primary_key=True)
    posted_at = models.DateTimeField()
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    reverses = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversed_by")
    day = models.ForeignKey(Day, on_delete=models.PROTECT, db_column="posted_on", related_name="+")
    effective_on = models.DateField()
    act = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, db_column="by", related_name="+", db_index=False)
    approval_id = models.BigIntegerField(null=True)
    closes = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(effective_on__lte=F("day")), name="ledger_transaction_not_ahead"),
            models.CheckConstraint(condition=~Q(reverses=F("id")), name="ledger_transaction_not_itself"),
            models.CheckConstraint(
                condition=Q(approval_id__isnull=False) | ~Q(act__in=GIVES_AWAY), name="ledger_transaction_approved"
            ),
            models.UniqueConstraint(fields=["day"], condition=Q(closes=True), name="ledger_transaction_one_close"),
        ]


class Posting(models.Model):
    """One leg. ``fund`` and ``sub`` repeat the chart's, so that the triggers read this table alone.

    Foreign keys are declared but not enforced row by row (3 microseconds each in a bill run): parents are never
    deleted, and ``office.ledger`` and the bill run check each transaction's rows as a set before they commit.
    ``account_id`` is a ``customers.Account``, ``document_id`` comes from ``ledger_document_seq``.
    """

    pk = models.CompositePrimaryKey("txn_id", "leg_no")
    # eight-byte columns first, then four, then two: no padding in a table of millions of rows
    txn = models.ForeignKey(
        Transaction, on_delete=models.PROTECT, related_name="postings", db_constraint=False, db_index=False
    )
    account_id = models.BigIntegerField(null=True)
    document_id = models.BigIntegerField(null=True)
    debit_cents = models.BigIntegerField(default=0, db_default=0)
    credit_cents = models.BigIntegerField(default=0, db_default=0)
    leg_no = models.IntegerField()
    due_on = models.DateField(null=True)
    fund = models.ForeignKey(
        Fund, on_delete=models.PROTECT, related_name="+", db_column="fund", db_constraint=False, db_index=False
    )
    gl = models.ForeignKey(Gl, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    kind = models.ForeignKey(Kind, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    line_no = models.SmallIntegerField(null=True)
    sub = models.SmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(debit_cents__gte=0)
                & Q(credit_cents__gte=0)
                & (Q(debit_cents=0, credit_cents__gt=0) | Q(debit_cents__gt=0, credit_cents=0)),
                name="ledger_posting_one_column",
            ),
            models.CheckConstraint(
                condition=Q(sub__gte=2, account_id__isnull=False) | Q(sub__lt=2, account_id__isnull=True),
                name="ledger_posting_names_account",
            ),
            models.CheckConstraint(
                condition=Q(sub__gte=1, document_id__isnull=False, line_no__isnull=False)
                | Q(sub__lt=1, document_id__isnull=True, line_no__isnull=True),
                name="ledger_posting_names_item",
            ),
        ]
        indexes = [
            # account page, items, a bill's rows
            models.Index(
                fields=["account_id", "document_id"], condition=Q(account_id__isnull=False), name="ledger_posting_item"
            ),
            models.Index(fields=["document_id"], condition=Q(sub=1), name="ledger_posting_batch"),
        ]


class Close(models.Model):
    """What was proved when a day, month or year closed; each hash covers the one before."""

    txn = models.OneToOneField(
        Transaction, primary_key=True, on_delete=models.PROTECT, db_column="id", related_name="close"
    )
    period = models.TextField()
    rows = models.BigIntegerField()
    debit_cents = models.BigIntegerField()
    sha256 = models.BinaryField()
    previous_sha256 = models.BinaryField()
    checks = models.JSONField()
    prepared_by = models.ForeignKey(
        User, on_delete=models.PROTECT, db_column="prepared_by", related_name="+", db_index=False
    )
    approved_by = models.ForeignKey(
        User, on_delete=models.PROTECT, db_column="approved_by", related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(approved_by=F("prepared_by")), name="ledger_close_two_people")
        ]


class Export(models.Model):
    """A general-ledger file as sent: stored whole, sent again byte for byte."""

    file_id = models.TextField(primary_key=True)
    from_on = models.DateField()
    until_on = models.DateField()
    lines = models.IntegerField()
    debit_cents = models.BigIntegerField()
    credit_cents = models.BigIntegerField()
    sha256 = models.BinaryField()
    body = models.BinaryField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(credit_cents=F("debit_cents")), name="ledger_export_balances"),
            models.CheckConstraint(condition=Q(until_on__gt=F("from_on")), name="ledger_export_days"),
        ]
