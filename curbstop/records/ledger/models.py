"""The books: one table of postings, and what it leans on (chart, kinds, days, transactions).

A row on a customer control account names the account and the *item* it moves (``document_id``, ``line_no``), so the
list of items and the control account are two groupings of the same rows. Debit and credit are columns, never signs.
Nothing is stored that can be added up. The triggers of ``migrations/0002_triggers`` hold the rest: a transaction
balances by fund, an item never crosses zero, a closed day takes nothing more, and no row is ever changed.

Columns are named as the design names them (``posted_on``, ``fund``, ``class``), a foreign key's too.
``ledger_document_seq`` gives every document (bill, receipt, charge, deposit, refund, batch) its id.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, When

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


class Request(models.Model):
    """Somebody asks that money be given away, taken back or moved; nothing posts before another person approves it.

    ``inputs`` are those of its kind (``office.adjustments.kinds``), ``weighed`` is what they came to when it was asked:
    sentences, working, legs. ``cents`` is that figure, ``limits`` the policy of its limits (empty: none), so that a
    proof can sum what was approved without the programs. Whether it waits is a question about :class:`Verdict`.
    """

    id = models.BigAutoField(primary_key=True)
    kind = models.TextField()
    account_ids = ArrayField(models.BigIntegerField())
    cents = models.BigIntegerField()
    reason = models.TextField()  # a code of the kind
    words = models.TextField()
    inputs = models.JSONField()
    weighed = models.JSONField()
    held_cents = models.BigIntegerField(default=0)  # in dispute while it waits: penalties on it wait too
    limits = models.TextField(default="")
    needs_evidence = models.BooleanField(default=True)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_on = models.DateField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(  # a programme gives by its rate, bill by bill
                condition=Q(cents__gt=0, held_cents__gte=0) | Q(kind="programme", cents=0, held_cents=0),
                name="ledger_request_positive",
            ),
            models.CheckConstraint(condition=~Q(kind="") & ~Q(reason=""), name="ledger_request_reason"),
            models.CheckConstraint(condition=~Q(account_ids=[]), name="ledger_request_accounts"),
            models.UniqueConstraint(fields=["id", "asked_by"], name="ledger_request_as_asked"),
        ]
        indexes = [GinIndex(fields=["account_ids"], name="ledger_request_of_account")]


class Evidence(models.Model):
    """A file that a request rests on, kept as it came; ``sha256`` is of ``body``, which the database checks."""

    id = models.BigAutoField(primary_key=True)
    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="evidence", db_index=False)
    name = models.TextField()
    media = models.TextField()  # application/pdf image/jpeg image/png
    sha256 = models.BinaryField()
    body = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "sha256"], name="ledger_evidence_once"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(media=""), name="ledger_evidence_named"),
        ]


class Verdict(models.Model):
    """The one end of a request: ``approved`` by another person at a level, ``refused`` with a reason, or ``withdrawn``
    by whoever asked. ``asked_by`` repeats the request's (a key over both columns), so that the two are compared.

    ``approved_id`` is the request where it is approved: what a giving transaction's ``approval_id`` refers to.
    """

    request = models.OneToOneField(Request, primary_key=True, on_delete=models.PROTECT, related_name="verdict")
    step = models.TextField()
    level = models.TextField(default="")  # the role that it was approved as
    reason = models.TextField(default="")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    on = models.DateField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField()
    approved_id = models.GeneratedField(
        expression=Case(When(step="approved", then=F("request"))),
        output_field=models.BigIntegerField(),
        db_persist=True,
        unique=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(step__in=["approved", "refused", "withdrawn"]), name="ledger_verdict_step"
            ),
            models.CheckConstraint(
                condition=~Q(step="approved") | (~Q(by=F("asked_by")) & ~Q(level="")), name="ledger_verdict_two_people"
            ),
            models.CheckConstraint(condition=~Q(step="refused") | ~Q(reason=""), name="ledger_verdict_reason"),
            models.CheckConstraint(condition=~Q(step="withdrawn") | Q(by=F("asked_by")), name="ledger_verdict_own"),
        ]


class Transaction(models.Model):
    """The header of one act's rows. A row with ``closes`` closes its day.

    ``day`` (the column ``posted_on``) is the accounting day, ``effective_on`` is when it happened. ``approval_id`` is
    an approved request: the migration refers it to :class:`Verdict`'s ``approved_id``.
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
        # the few that move the change fund, which every drawer that opens asks for
        indexes = [
            models.Index(fields=["id"], condition=Q(act="change_fund"), name="ledger_transaction_change_fund"),
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
            # what waits on a clearing account, document by document, without reading the rows themselves
            models.Index(
                fields=["document_id", "gl"],
                include=["debit_cents", "credit_cents"],
                condition=Q(sub=1),
                name="ledger_posting_waiting",
            ),
            # deposits and credits that customers have here, among millions of rows that they have not
            models.Index(
                fields=["account_id", "gl"],
                include=["debit_cents", "credit_cents"],
                condition=Q(sub=3),
                name="ledger_posting_held",
            ),
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


class Prepared(models.Model):
    """A day or a month made ready to close by one person, with what it came to then; another person closes it."""

    id = models.BigAutoField(primary_key=True)
    period = models.TextField()  # 2026-04-14 or 2026-04
    rows = models.BigIntegerField()
    debit_cents = models.BigIntegerField()
    sha256 = models.BinaryField()
    checks = models.JSONField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, db_column="by", related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["period"], name="ledger_prepared_period")]


class Export(models.Model):
    """A general-ledger file as sent: stored whole, sent again byte for byte. Each follows the one before it."""

    file_id = models.TextField(primary_key=True)
    previous = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, db_column="previous", related_name="+", db_index=False
    )
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, db_column="by", related_name="+", db_index=False)
    event_id = models.BigIntegerField()
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
            models.UniqueConstraint(fields=["previous"], nulls_distinct=False, name="ledger_export_one_first"),
        ]


class ExportAnswer(models.Model):
    """What the general ledger said of a file: taken, or refused with its reason."""

    id = models.BigAutoField(primary_key=True)
    file = models.ForeignKey(Export, on_delete=models.PROTECT, db_column="file", related_name="answers")
    taken = models.BooleanField()
    reference = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, db_column="by", related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file"], condition=Q(taken=True), name="ledger_exportanswer_taken_once"),
            models.CheckConstraint(condition=~Q(reference=""), name="ledger_exportanswer_reference"),
        ]
