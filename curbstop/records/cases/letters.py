"""Letters and messages: wordings and who approved them, letters as they were sent, batches, what the post brought back.

Nothing here is changed. The words of a letter are fixed when it is queued; what became of it (in a batch, printed,
mailed, returned) is a row of its own.
"""

from django.db import models
from django.db.models import F, Q

from curbstop.records.base.models import Outgoing, User
from curbstop.records.customers.models import Account, Customer, Premise


class Wording(models.Model):
    """A version of a template, as its page of YAML. ``source``: ``general``, a city's code, or ``office``."""

    id = models.BigAutoField(primary_key=True)
    code = models.TextField()
    no = models.IntegerField()
    body = models.TextField()
    source = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "no"], name="cases_wording_once"),
            models.CheckConstraint(condition=~Q(code="") & ~Q(body="") & Q(no__gte=1), name="cases_wording_whole"),
        ]


class WordingApproved(models.Model):
    """A version is sent from a day on, until a later one. Whoever wrote it in the office did not approve it."""

    wording = models.OneToOneField(Wording, primary_key=True, on_delete=models.PROTECT, related_name="approved")
    from_on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    written_by_id = models.BigIntegerField(null=True)  # null: it came with the programs
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(written_by_id__isnull=True) | ~Q(written_by_id=F("by")), name="cases_wordingapproved_two"
            )
        ]


class WordingDropped(models.Model):
    """A draft that will not be approved, and why."""

    wording = models.OneToOneField(Wording, primary_key=True, on_delete=models.PROTECT, related_name="dropped")
    reason = models.TextField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="cases_wordingdropped_why")]


CHANNELS = ["mail", "hanger", "email", "sms"]


class Letter(models.Model):
    """A letter or message as it is sent, word for word.

    ``words``: JSON of the finished words by language; ``languages`` those that are printed, in order ("en es").
    ``to_lines``: the address block, a line each; of a message the address or number. ``total_cents``: what it asks
    for. ``message``: the outbox's. ``again_of``: the letter that this one repeats at a corrected address.
    """

    id = models.BigAutoField(primary_key=True)
    wording = models.ForeignKey(Wording, on_delete=models.PROTECT, related_name="letters", db_index=False)
    code = models.TextField()
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="sent")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    premise = models.ForeignKey(Premise, null=True, on_delete=models.PROTECT, related_name="+")
    channel = models.TextField()
    on = models.DateField()
    to_lines = models.TextField()
    zip = models.TextField(default="", db_default="")
    languages = models.TextField()
    words = models.TextField()
    fields = models.TextField()
    total_cents = models.BigIntegerField(default=0, db_default=0)
    message = models.OneToOneField(Outgoing, null=True, on_delete=models.PROTECT, related_name="letter")
    again_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="again", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=CHANNELS), name="cases_letter_channel"),
            models.CheckConstraint(condition=~Q(to_lines="") & ~Q(words=""), name="cases_letter_whole"),
            models.CheckConstraint(
                condition=Q(channel__in=["email", "sms"], message__isnull=False)
                | Q(channel__in=["mail", "hanger"], message__isnull=True),
                name="cases_letter_by",
            ),
        ]
        indexes = [
            models.Index(fields=["event_id"], name="cases_letter_event"),
            models.Index(fields=["code", "on"], name="cases_letter_code"),
        ]


class Batch(models.Model):
    """Letters that are printed together, in the order of the post. ``imb``: mailer id and service type, or empty."""

    id = models.BigAutoField(primary_key=True)
    channel = models.TextField()
    says = models.TextField()
    letters = models.IntegerField()
    cents = models.BigIntegerField()
    mailer_id = models.TextField(default="", db_default="")
    service_type = models.TextField(default="", db_default="")
    made_on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=["mail", "hanger"]), name="cases_batch_channel"),
            models.CheckConstraint(condition=Q(letters__gte=1) & ~Q(says=""), name="cases_batch_told"),
        ]


class Batched(models.Model):
    """A letter's place in its batch. It is in one batch only, so it is printed once; a copy says that it is one."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.PROTECT, related_name="batched")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="places", db_index=False)
    place = models.IntegerField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "place"], name="cases_batched_place")]


class Printed(models.Model):
    """A batch, or a letter of it, was printed again and marked as a copy."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="copies")
    letter = models.ForeignKey(Letter, null=True, on_delete=models.PROTECT, related_name="copies")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(batch__isnull=False, letter__isnull=True) | Q(batch__isnull=True, letter__isnull=False),
                name="cases_printed_what",
            )
        ]


class Mailed(models.Model):
    """A batch was handed to the post, or hung, on a day."""

    batch = models.OneToOneField(Batch, primary_key=True, on_delete=models.PROTECT, related_name="mailed")
    on = models.DateField()
    event_id = models.BigIntegerField()


class Returned(models.Model):
    """The post brought a letter back. ``hold_id``: the hold that this placed, where the letter was a notice."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.PROTECT, related_name="returned")
    on = models.DateField()
    reason = models.TextField()
    says = models.TextField(default="", db_default="")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    hold_id = models.BigIntegerField(null=True)
    event_id = models.BigIntegerField()


class ReturnedSettled(models.Model):
    """The right address was found, how, and the letter that went there; or the letter is no longer needed."""

    returned = models.OneToOneField(Returned, primary_key=True, on_delete=models.PROTECT, related_name="settled")
    on = models.DateField()
    says = models.TextField()
    again = models.OneToOneField(Letter, null=True, on_delete=models.PROTECT, related_name="+")
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(says=""), name="cases_returnedsettled_how")]
