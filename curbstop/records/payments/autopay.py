"""Autopay: who agreed to be drafted from which bank account, what was tried, drafted, sent and posted.

A change of an enrolment is another row that follows it; its end is a row. Bank account numbers are kept sealed
(`office._sealing`): what is readable is the last four digits, and a blind index that finds the same number again.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from curbstop.records.customers.models import Account


class Enrolment(models.Model):
    """What a customer agreed to, from a day on. `follows` is the account's enrolment before, so there is one line of
    them for each account, and the last one counts."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    follows = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="followed_by")
    from_on = models.DateField()
    holder = models.TextField()  # the name on the bank account
    routing = models.TextField()
    account_box = models.BinaryField()
    account_blind = models.BinaryField(db_index=True)
    last_four = models.TextField()
    account_type = models.TextField()  # checking savings
    sec = models.TextField()  # PPD WEB TEL CCD
    limit_cents = models.BigIntegerField(null=True)
    draft_day = models.SmallIntegerField(null=True)  # null: the due date
    authorised_on = models.DateField()
    evidence = models.TextField()  # where the authorisation is kept: form, recording, session
    why = models.TextField()  # enrolled; changed by the customer; NOC C01
    prenote = models.BooleanField()  # the numbers are new: tried with 0.00 first
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(follows__isnull=True), name="payments_enrolment_one_line"
            ),
            models.CheckConstraint(condition=Q(routing__regex=r"^[0-9]{9}$"), name="payments_enrolment_routing"),
            models.CheckConstraint(
                condition=Q(account_type__in=["checking", "savings"]) & Q(sec__in=["PPD", "WEB", "TEL", "CCD"]),
                name="payments_enrolment_kinds",
            ),
            models.CheckConstraint(
                condition=Q(limit_cents__isnull=True) | Q(limit_cents__gt=0), name="payments_enrolment_limit"
            ),
            models.CheckConstraint(
                condition=Q(draft_day__isnull=True) | Q(draft_day__range=(1, 28)), name="payments_enrolment_day"
            ),
            models.CheckConstraint(
                condition=~Q(holder="") & ~Q(evidence="") & ~Q(why=""), name="payments_enrolment_words"
            ),
            # what looks like a whole bank number never stands where everybody can read it
            models.CheckConstraint(
                condition=Q(last_four__regex=r"^[0-9A-Za-z]{2,4}$"), name="payments_enrolment_last_four"
            ),
        ]


class EnrolmentEnd(models.Model):
    """Nothing is drafted by this enrolment from `until_on` on."""

    enrolment = models.OneToOneField(Enrolment, primary_key=True, on_delete=models.PROTECT, related_name="end")
    until_on = models.DateField()
    reason = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="payments_enrolmentend_reason")]


class DraftAllowed(models.Model):
    """The customer was asked, and allows up to this much once more than his limit, until a day."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    cents = models.BigIntegerField()
    until_on = models.DateField()
    how = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(cents__gt=0) & ~Q(how=""), name="payments_draftallowed_said")]


class DraftRun(models.Model):
    """A draft run as planned: the bills with a draft day up to `through_on`, settling on `effective_on`."""

    id = models.BigAutoField(primary_key=True)
    through_on = models.DateField()
    effective_on = models.DateField()
    same_day = models.BooleanField()
    planned_on = models.DateField()
    accounts = models.IntegerField()
    drafts = models.IntegerField()
    cents = models.BigIntegerField()
    event_id = models.BigIntegerField()


class DraftPlan(models.Model):
    """What a run does with an account; `code` is one of `rules.autopay.OUTCOMES`. `again_of` is the trace of the
    returned draft that is presented again."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(DraftRun, on_delete=models.PROTECT, related_name="plans")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="+")
    code = models.TextField()
    cents = models.BigIntegerField()
    document_ids = ArrayField(models.BigIntegerField(), default=list)
    says = models.TextField()
    again_of = models.TextField(default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "account", "again_of"], name="payments_draftplan_once"),
            models.CheckConstraint(condition=Q(cents__gte=0), name="payments_draftplan_cents"),
        ]


class DraftFile(models.Model):
    """The NACHA file of a run, sealed, byte for byte as it was made. It is made once."""

    run = models.OneToOneField(DraftRun, primary_key=True, on_delete=models.PROTECT, related_name="file")
    name = models.TextField(unique=True)
    created_at = models.DateTimeField()
    modifier = models.TextField()
    entries = models.IntegerField()
    cents = models.BigIntegerField()
    sha256 = models.BinaryField()
    body_box = models.BinaryField()
    event_id = models.BigIntegerField()


class DraftEntry(models.Model):
    """One entry of a file by its trace number: a draft, a prenote, or a returned draft presented again."""

    trace = models.TextField(primary_key=True)
    run = models.ForeignKey(DraftRun, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="+")
    kind = models.TextField()
    cents = models.BigIntegerField()
    again_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="presented_again")
    times = models.SmallIntegerField()  # how often it was presented again before: 0, 1, 2
    document_ids = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="prenote", cents=0) | Q(kind__in=["draft", "again"], cents__gt=0),
                name="payments_draftentry_kind",
            ),
            # at most two re-presentments (NACHA Operating Rules)
            models.CheckConstraint(
                condition=Q(kind="again", again_of__isnull=False, times__range=(1, 2))
                | (~Q(kind="again") & Q(again_of__isnull=True, times=0)),
                name="payments_draftentry_twice",
            ),
            models.UniqueConstraint(
                fields=["again_of"], condition=Q(again_of__isnull=False), name="payments_draftentry_again_once"
            ),
        ]


class DraftPosted(models.Model):
    """The drafts of a file are payments now: the batch they were posted as."""

    run = models.OneToOneField(DraftFile, primary_key=True, on_delete=models.PROTECT, related_name="posted")
    batch_id = models.BigIntegerField(null=True)  # null: a file of prenotes alone
    posted_on = models.DateField()
    event_id = models.BigIntegerField()
