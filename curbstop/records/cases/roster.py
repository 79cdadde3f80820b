"""Who is away, whose work is with whom, and what the staff defines itself: queues and fields. Rows never change."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from curbstop.records.base.models import User
from curbstop.records.customers.models import Account


class Absence(models.Model):
    """Somebody is away for whole days ``[from_on, until_on)``; his work is with ``cover`` meanwhile."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="absences")
    cover = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="covers")
    from_on = models.DateField()
    until_on = models.DateField()
    reason = models.TextField(default="", db_default="")
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gt=models.F("from_on")), name="cases_absence_days"),
            models.CheckConstraint(condition=~Q(cover=models.F("user")), name="cases_absence_cover"),
        ]
        indexes = [models.Index(fields=["until_on"], name="cases_absence_until")]


class AbsenceItem(models.Model):
    """A piece of work as it was handed over, with its promise as it stood."""

    id = models.BigAutoField(primary_key=True)
    absence = models.ForeignKey(Absence, on_delete=models.PROTECT, related_name="items", db_index=False)
    kind = models.TextField()  # case call hold order bill read
    item = models.TextField()
    says = models.TextField()
    due_at = models.DateTimeField(null=True)
    account = models.ForeignKey(Account, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["absence", "kind", "item"], name="cases_absenceitem_once"),
        ]


class AbsenceEnd(models.Model):
    """He is back: how many came back to him, how many were done meanwhile."""

    absence = models.OneToOneField(Absence, primary_key=True, on_delete=models.PROTECT, related_name="end")
    on = models.DateField()
    returned = models.IntegerField()
    done = models.IntegerField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField()


class Queue(models.Model):
    """A queue or list of the staff: conditions over the facts of accounts, as data; the latest of a name holds.

    ``conditions`` is ``[["newest_bill_cents", "over", 15000], ...]``. A ``list`` is a saved query without owners.
    """

    id = models.BigAutoField(primary_key=True)
    name = models.TextField()
    kind = models.TextField()
    conditions = models.JSONField()
    columns = ArrayField(models.TextField(), default=list)
    owners = ArrayField(models.BigIntegerField(), default=list)
    clock_days = models.SmallIntegerField(null=True)
    starts = models.TextField(default="", db_default="")
    ended = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["queue", "list"]) & ~Q(name=""), name="cases_queue_known"),
        ]
        indexes = [models.Index(fields=["name", "id"], name="cases_queue_name")]


class QueueItem(models.Model):
    """An account that came into a queue, with whose it is and by when. It leaves when it no longer fits."""

    id = models.BigAutoField(primary_key=True)
    queue = models.ForeignKey(Queue, on_delete=models.PROTECT, related_name="items")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    on = models.DateField()
    due_at = models.DateTimeField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["queue", "account", "on"], name="cases_queueitem_once")]


class Field(models.Model):
    """A field that the staff added to a noun: typed, seen by some roles. The latest of a noun and code holds."""

    id = models.BigAutoField(primary_key=True)
    noun = models.TextField()
    code = models.TextField()
    says = models.TextField()
    type = models.TextField()
    options = ArrayField(models.TextField(), default=list)
    seen_by = ArrayField(models.TextField(), default=list)
    ended = models.BooleanField(default=False, db_default=False)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(noun__in=["customer", "account", "premise", "meter"])
                & Q(type__in=["yes_no", "choice", "text", "whole", "date"])
                & ~Q(code="")
                & ~Q(says=""),
                name="cases_field_known",
            ),
        ]
        indexes = [models.Index(fields=["noun", "code", "id"], name="cases_field_noun")]


class FieldValue(models.Model):
    """What somebody wrote in such a field; the latest holds, none is unknown. ``value`` None: unknown again."""

    id = models.BigAutoField(primary_key=True)
    noun = models.TextField()
    code = models.TextField()
    subject_id = models.BigIntegerField()
    value = models.TextField(null=True)
    on = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    event_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["noun", "code", "subject_id", "id"], name="cases_fieldvalue_of")]
