"""Money received: series and receipts without a gap, tenders, tills and their counts, bank slips, channel files.

What a payment paid is not here: it is the rows of its transaction in the ledger. A count, a close, a deposit at the
bank, a reversal are rows of their own; nothing below is ever changed, but for a series' next number.
"""

from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account
from curbstop.records.ledger.models import Transaction


class NextDocument(models.Func):
    """The next id of the one sequence of documents, as a column's default."""

    function = "nextval"
    template = "nextval('ledger_document_seq')"
    arity = 0


def document_id() -> models.BigIntegerField:
    """A column with a document id of its own, taken from the sequence unless it is given."""
    return models.BigIntegerField(unique=True, db_default=NextDocument(output_field=models.BigIntegerField()))


class Series(models.Model):
    """A run of receipt numbers: one a till, one a channel, so that only receipts of one series wait for each other."""

    id = models.AutoField(primary_key=True)
    code = models.TextField(unique=True)
    next_no = models.BigIntegerField(default=1, db_default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(code="") & Q(next_no__gte=1), name="payments_series_code")]


class Receipt(models.Model):
    """Money taken, once. ``account`` is null when one payment was for several, or for nobody yet.

    ``instruction`` is what the payer asked the money to go to, where that overruled the policy.
    """

    pk = models.CompositePrimaryKey("series_id", "no")
    no = models.BigIntegerField()
    txn = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+")
    document_id = models.BigIntegerField(unique=True)
    cents = models.BigIntegerField()
    effective_on = models.DateField()
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+", db_index=False)
    payer = models.TextField()
    instruction = models.TextField(default="", db_default="")
    came_by = models.TextField(default="", db_default="")  # empty: over the counter; mail, night_drop, drive_up, kiosk

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(cents__gt=0), name="payments_receipt_positive")]


class Tender(models.Model):
    """What a receipt was paid with. ``cents`` is what stayed; cash handed over is ``cents + change_cents``.

    ``batch_document_id`` is where the money waits: the till session, or the channel file. The foreign key to the
    receipt has two columns and stands in the migration.
    """

    pk = models.CompositePrimaryKey("series_id", "no", "line")
    no = models.BigIntegerField()
    cents = models.BigIntegerField()
    change_cents = models.BigIntegerField(default=0, db_default=0)
    batch_document_id = models.BigIntegerField(db_index=True)
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    line = models.SmallIntegerField()
    type = models.TextField()  # cash check money_order; card ach lockbox bill_pay
    reference = models.TextField(default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="payments_tender_positive"),
            models.CheckConstraint(
                condition=Q(change_cents=0) | Q(change_cents__gt=0, type="cash"), name="payments_tender_change"
            ),
            models.CheckConstraint(condition=~Q(type="check") | ~Q(reference=""), name="payments_tender_check_no"),
        ]


class Reversal(models.Model):
    """A receipt's money went back or was somebody else's: the mirrored transaction, and why. The number stays taken.

    ``voided``: on the same day out of the same drawer, by the request of one person and the approval of another.
    """

    no = models.BigIntegerField()
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    txn = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="+")
    why = models.TextField()  # returned misposted voided
    reason = models.TextField()  # "R01 insufficient funds", "taken on the wrong account"
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "no"], name="payments_reversal_once"),
            models.CheckConstraint(
                condition=Q(why__in=["returned", "misposted", "voided"]), name="payments_reversal_why"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="payments_reversal_reason"),
        ]


class Moved(models.Model):
    """Money of a receipt that was another account's: what it had paid on the one, and what it paid on the other.

    The receipt stands, with its number and its day; a payment is taken back from where its money is now.
    """

    txn = models.OneToOneField(Transaction, primary_key=True, on_delete=models.PROTECT, related_name="+")
    no = models.BigIntegerField()
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    from_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    to_account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    cents = models.BigIntegerField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="payments_moved_positive"),
            models.CheckConstraint(condition=~Q(from_account=F("to_account")), name="payments_moved_elsewhere"),
        ]
        indexes = [models.Index(fields=["series", "no"], name="payments_moved_receipt")]


class Till(models.Model):
    """A drawer with a series of receipts of its own."""

    id = models.AutoField(primary_key=True)
    code = models.TextField(unique=True)
    name = models.TextField()
    series = models.OneToOneField(Series, on_delete=models.PROTECT, related_name="till")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="payments_till_named")]


class TillSession(models.Model):
    """One cashier's time at a drawer. Its document is the batch that the drawer's money waits in.

    ``follows`` names the close before it, and no two sessions follow the same one: so a drawer has one open session.
    """

    id = models.BigAutoField(primary_key=True)
    till = models.ForeignKey(Till, on_delete=models.PROTECT, related_name="sessions")
    cashier = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    document_id = document_id()
    opened_on = models.DateField()
    opened_at = models.DateTimeField()
    float_cents = models.BigIntegerField()
    follows = models.OneToOneField("TillClose", null=True, on_delete=models.PROTECT, related_name="followed_by")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(float_cents__gte=0), name="payments_tillsession_float"),
            models.UniqueConstraint(
                fields=["till"], condition=Q(follows__isnull=True), name="payments_tillsession_one_first"
            ),
        ]


class TillCount(models.Model):
    """A blind count: what is in the drawer, by denomination, before anybody is shown what should be.

    No more money is taken after the first count. A recount is another row; the last one counts.
    """

    id = models.BigAutoField(primary_key=True)
    session = models.ForeignKey(TillSession, on_delete=models.PROTECT, related_name="counts")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    denominations = models.JSONField()  # cents of the piece -> how many; "coin" and such are not needed
    cash_cents = models.BigIntegerField()
    check_cents = models.BigIntegerField()
    money_order_cents = models.BigIntegerField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(cash_cents__gte=0, check_cents__gte=0, money_order_cents__gte=0),
                name="payments_tillcount_counted",
            )
        ]


class TillClose(models.Model):
    """A session signed by a second person. ``txn`` holds over and short, where there is any; they are never netted."""

    session = models.OneToOneField(TillSession, primary_key=True, on_delete=models.PROTECT, related_name="close")
    count = models.OneToOneField(TillCount, on_delete=models.PROTECT, related_name="+")
    cashier = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)  # the session's
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    signed_at = models.DateTimeField()
    short_cents = models.BigIntegerField()
    over_cents = models.BigIntegerField()
    txn = models.ForeignKey(Transaction, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(default="", db_default="")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(signed_by=F("cashier")), name="payments_tillclose_two_people"),
            models.CheckConstraint(
                condition=Q(short_cents__gte=0, over_cents__gte=0), name="payments_tillclose_amounts"
            ),
            models.CheckConstraint(
                condition=Q(short_cents=0, over_cents=0, txn__isnull=True) | (Q(txn__isnull=False) & ~Q(reason="")),
                name="payments_tillclose_explained",
            ),
        ]


class Slip(models.Model):
    """A bank deposit made up from closed drawers; its id is a document id, the batch that is on the way to the bank."""

    id = models.BigIntegerField(primary_key=True)
    txn = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="+")
    made_on = models.DateField()
    cash_cents = models.BigIntegerField()
    check_cents = models.BigIntegerField()
    money_order_cents = models.BigIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()


class SlipSession(models.Model):
    """A drawer is in exactly one bank deposit."""

    session = models.OneToOneField(TillClose, primary_key=True, on_delete=models.PROTECT, related_name="slip")
    slip = models.ForeignKey(Slip, on_delete=models.PROTECT, related_name="sessions")


class SlipConfirmed(models.Model):
    """The bank shows the deposit: once, or again where the match that had shown it was undone (``after``)."""

    id = models.BigAutoField(primary_key=True)
    slip = models.ForeignKey(Slip, on_delete=models.PROTECT, related_name="confirmations", db_index=False)
    after = models.ForeignKey(
        "payments.BankMatchUndone", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    txn = models.OneToOneField(Transaction, on_delete=models.PROTECT, related_name="+")
    confirmed_on = models.DateField()
    reference = models.TextField(default="", db_default="")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["slip", "after"], nulls_distinct=False, name="payments_slipconfirmed_one_at_a_time"
            )
        ]


class Batch(models.Model):
    """A file of payments of one channel, as received; its id is a document id. The same bytes are taken once."""

    id = models.BigIntegerField(primary_key=True)
    channel = models.TextField()  # online_card autopay lockbox bill_pay mail
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.TextField()
    sha256 = models.BinaryField()
    received_on = models.DateField()
    rows = models.IntegerField()
    cents = models.BigIntegerField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "sha256"], name="payments_batch_once"),
            models.CheckConstraint(condition=Q(rows__gt=0, cents__gt=0), name="payments_batch_not_empty"),
        ]


class BatchRow(models.Model):
    """One payment of a file, as received. ``account`` is null while nobody is known by the number given."""

    pk = models.CompositePrimaryKey("batch_id", "row_no")
    cents = models.BigIntegerField()
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    row_no = models.IntegerField()
    block_no = models.IntegerField()
    account_number = models.TextField()
    reference = models.TextField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(cents__gt=0), name="payments_batchrow_positive")]
        indexes = [models.Index(fields=["batch", "block_no"], name="payments_batchrow_block")]


class BatchRowDone(models.Model):
    """A row of a file became this receipt: written in the same commit as its rows, so that no row is posted twice."""

    pk = models.CompositePrimaryKey("batch_id", "row_no")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    receipt_no = models.BigIntegerField()
    row_no = models.IntegerField()
    identified = models.BooleanField()


class DepositDemand(models.Model):
    """A deposit, or an instalment of one, that an account is asked for: a memo, never a receivable.

    Money received for it is a credit on 59-2210 at (``document_id``, line 1). Without ``due_on`` it is asked for with
    the next bill.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="deposit_demands")
    document_id = document_id()
    cents = models.BigIntegerField()
    instalment = models.SmallIntegerField(default=1)
    due_on = models.DateField(null=True)
    authority = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0, instalment__gte=1), name="payments_depositdemand_positive"),
            models.CheckConstraint(condition=~Q(authority=""), name="payments_depositdemand_authority"),
        ]


class Ask(models.Model):
    """Money asked for and not here yet: a link sent, a card terminal started. Open until paid for or ended.

    ``reference`` is ours and cannot be guessed: the gateway keeps it, and takes the same request once by it. ``until``:
    from then on the clock ends it, after it has asked the gateway.
    """

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="asks")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    cents = models.BigIntegerField()
    asked_at = models.DateTimeField()
    until = models.DateTimeField()
    event_id = models.BigIntegerField()
    reference = models.TextField(unique=True)
    gateway = models.TextField()  # demo stripe
    channel = models.TextField()  # phone online terminal
    send_by = models.TextField(default="", db_default="")  # sms email, or nothing is sent
    send_to = models.TextField(default="", db_default="")
    reader = models.TextField(default="", db_default="")  # the gateway's name for a card terminal

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cents__gt=0), name="payments_ask_positive"),
            models.CheckConstraint(condition=Q(until__gt=F("asked_at")), name="payments_ask_until"),
            models.CheckConstraint(condition=~Q(reference="") & ~Q(gateway=""), name="payments_ask_named"),
            models.CheckConstraint(
                condition=Q(channel__in=["phone", "online", "terminal"]), name="payments_ask_channel"
            ),
            models.CheckConstraint(
                condition=Q(send_by="", send_to="") | (Q(send_by__in=["sms", "email"]) & ~Q(send_to="")),
                name="payments_ask_sent",
            ),
        ]


class AskStarted(models.Model):
    """The gateway answered: its own name for what was asked, and the page to pay on. Without it nobody knows."""

    ask = models.OneToOneField(Ask, primary_key=True, on_delete=models.PROTECT, related_name="started")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()
    gateway_ref = models.TextField()
    url = models.TextField(default="", db_default="")


class AskEnded(models.Model):
    """An ask that came to nothing. Money that comes in spite of it is still a payment of the account."""

    ask = models.OneToOneField(Ask, primary_key=True, on_delete=models.PROTECT, related_name="ended")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()
    outcome = models.TextField()  # failed expired cancelled
    reason = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["failed", "expired", "cancelled"]), name="payments_askended_outcome"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="payments_askended_reason"),
        ]


class CardDay(models.Model):
    """What a processor took on one day: the batch that waits for its settlement. Its id is a document id."""

    id = models.BigIntegerField(primary_key=True)
    on = models.DateField()
    event_id = models.BigIntegerField()
    gateway = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "on"], name="payments_cardday_once")]


class CardPayment(models.Model):
    """A payment that a gateway reports, once by the gateway's own name for it, and the receipt that it became.

    ``last_four`` and ``brand`` are all that is kept of a card. ``owner``: who finds out whose it is, where no account
    is known; a second payment for one ask is such a one.
    """

    id = models.BigAutoField(primary_key=True)
    ask = models.OneToOneField(Ask, null=True, on_delete=models.PROTECT, related_name="paid")
    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    no = models.BigIntegerField()
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    cents = models.BigIntegerField()
    paid_at = models.DateTimeField()
    event_id = models.BigIntegerField()
    gateway = models.TextField()
    payment_ref = models.TextField()
    channel = models.TextField()  # phone online terminal kiosk robot
    brand = models.TextField(default="", db_default="")
    last_four = models.TextField(default="", db_default="")
    given = models.TextField(default="", db_default="")  # the account as the report names it, where nobody knows it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["gateway", "payment_ref"], name="payments_cardpayment_once"),
            models.UniqueConstraint(fields=["series", "no"], name="payments_cardpayment_receipt"),
            models.CheckConstraint(condition=Q(cents__gt=0), name="payments_cardpayment_positive"),
            models.CheckConstraint(condition=~Q(payment_ref=""), name="payments_cardpayment_named"),
            models.CheckConstraint(condition=Q(last_four__regex="^([0-9]{4})?$"), name="payments_cardpayment_four"),
        ]


class GatewayReport(models.Model):
    """A message of a gateway as it came, once by the gateway's own name for it; it is kept before it is acted on."""

    id = models.BigAutoField(primary_key=True)
    received_at = models.DateTimeField()
    event_id = models.BigIntegerField()
    gateway = models.TextField()
    gateway_event = models.TextField()
    kind = models.TextField()
    sha256 = models.BinaryField()
    body = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["gateway", "gateway_event"], name="payments_gatewayreport_once")]


class GatewayReportDone(models.Model):
    """A gateway's message was dealt with, and what came of it."""

    report = models.OneToOneField(GatewayReport, primary_key=True, on_delete=models.PROTECT, related_name="done")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()
    outcome = models.TextField()  # paid already unidentified ended open nothing
    words = models.TextField(default="", db_default="")


# the rest of the app's tables, each family in a file of its own
from curbstop.records.payments import autopay as autopay  # noqa: E402
from curbstop.records.payments import banking as banking  # noqa: E402
from curbstop.records.payments import received as received  # noqa: E402
from curbstop.records.payments import refunds as refunds  # noqa: E402
from curbstop.records.payments import writeoffs as writeoffs  # noqa: E402
