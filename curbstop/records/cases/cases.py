"""What people asked, complained of and were told: contacts, cases and their steps. No row of these ever changes.

A **contact** is one talk with somebody: a call, a visit, a letter. While it has no :class:`ContactEnd` its clerk is
still talking; the acts of that clerk about that account in that time are the acts of the call. A **case** is what
somebody waits for; its state is its steps, in their order.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from curbstop.records.base.models import User
from curbstop.records.bills.models import Bill
from curbstop.records.customers.models import Account, Premise
from curbstop.records.ledger.models import Request
from curbstop.records.orders.models import Order

STEPS = (
    "assigned", "referred", "answered", "overdue", "unclaimed", "said", "restricted", "ranked", "decided", "closed",
    "merged", "reopened", "rated", "released",
)  # fmt: skip


class Contact(models.Model):
    """A talk with somebody. ``verified`` is how the caller was known, empty: not at all. ``said`` is how it began."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="contacts", db_index=False)
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.TextField()  # telephone counter email text letter portal field other
    who = models.TextField()
    verified = models.TextField(default="", db_default="")
    said = models.TextField()
    on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(channel="") & ~Q(who=""), name="cases_contact_whole")]
        indexes = [
            models.Index(fields=["account", "at"], name="cases_contact_account"),
            models.Index(fields=["by", "at"], name="cases_contact_by"),
        ]


class ContactEnd(models.Model):
    """The talk is over, with what was said in the end."""

    contact = models.OneToOneField(Contact, primary_key=True, on_delete=models.PROTECT, related_name="end")
    said = models.TextField(default="", db_default="")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()


class Case(models.Model):
    """What somebody waits for. ``category`` is one of the city's; ``fields`` are the answers of its script.

    ``cents`` of ``bill`` are what is disputed, ``hold_id`` the hold of that, ``order`` the check that went out.
    ``token`` names it to whoever asked from outside (Open311).
    """

    id = models.BigAutoField(primary_key=True)
    category = models.TextField()
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="cases")
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="cases")
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="cases")
    says = models.TextField()
    fields = models.JSONField(default=dict)
    channel = models.TextField(default="", db_default="")
    priority = models.SmallIntegerField()  # 1 emergency 2 urgent 3 normal 4 low
    bill = models.ForeignKey(Bill, null=True, on_delete=models.PROTECT, related_name="cases")
    cents = models.BigIntegerField(default=0, db_default=0)
    hold_id = models.BigIntegerField(null=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    promised_at = models.DateTimeField(null=True)
    on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()
    token = models.TextField(null=True, unique=True)
    about = ArrayField(models.TextField(), default=list)  # "order:12", "bill:5"

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(category="") & ~Q(says=""), name="cases_case_whole"),
            models.CheckConstraint(condition=Q(priority__range=(1, 4), cents__gte=0), name="cases_case_known"),
            models.CheckConstraint(condition=Q(cents=0) | Q(bill__isnull=False), name="cases_case_disputes_a_bill"),
        ]
        indexes = [
            models.Index(fields=["at"], name="cases_case_at"),
            GinIndex(fields=["about"], name="cases_case_about"),
        ]


class CaseStep(models.Model):
    """What became of a case: the steps in their order are its state.

    ``owner`` with ``assigned``; ``for_user`` whose work it was; ``department`` and ``due_at`` with ``referred``;
    ``code`` and ``told`` with ``closed`` and ``decided``; ``other`` with ``merged``; ``score`` with ``rated``.
    """

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps", db_index=False)
    no = models.SmallIntegerField()
    step = models.TextField()
    words = models.TextField(default="", db_default="")
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    for_user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    department = models.TextField(default="", db_default="")
    due_at = models.DateTimeField(null=True)
    code = models.TextField(default="", db_default="")
    told = models.TextField(default="", db_default="")
    other = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="merged", db_index=False)
    request = models.ForeignKey(Request, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    score = models.SmallIntegerField(null=True)
    cents = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "no"], name="cases_casestep_once"),
            models.CheckConstraint(condition=Q(step__in=STEPS), name="cases_casestep_known"),
            models.CheckConstraint(
                condition=~Q(step="closed") | (~Q(code="") & ~Q(told="")), name="cases_casestep_closed_says_why"
            ),
            models.CheckConstraint(
                condition=~Q(step="referred") | (~Q(department="") & Q(due_at__isnull=False)),
                name="cases_casestep_referred_to",
            ),
            models.CheckConstraint(
                condition=(~Q(step="assigned") | Q(owner__isnull=False))
                & (~Q(step="merged") | Q(other__isnull=False))
                & (~Q(step="rated") | Q(score__range=(1, 5))),
                name="cases_casestep_whole",
            ),
        ]


class Document(models.Model):
    """A paper of a records request: found, looked at for what the law masks, released or withheld with the reason.

    ``body`` is the text as it is released, masks applied; ``masked`` what was masked and by which law.
    """

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents")
    title = models.TextField()
    source = models.TextField()  # where it was found: "bill:12", "contact:4", or words
    body = models.TextField()
    masked = models.JSONField(default=list)  # [{"words": "SSN", "authority": "...", "count": 2}]
    pages = models.IntegerField(default=1)
    withheld = models.TextField(default="", db_default="")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title="") & Q(pages__gte=1), name="cases_document_whole"),
        ]
