"""Users and events.

An **event** is the trace of one act: who did what, when, to which subjects, from which inputs, with which outcome. Its
``key`` makes the act idempotent: a second call with the same key finds the first one's outcome here. Events are never
changed: the trigger ``never_changes`` and the rights of the application role both refuse it.
"""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class User(AbstractUser):
    """A person of the office (or ``system``, the clock). ``roles`` are names that ``office.staff`` knows."""

    roles = ArrayField(models.TextField(), default=list)

    def __str__(self) -> str:
        return self.get_full_name() or self.username


class Event(models.Model):
    """One act, done or denied."""

    id = models.BigAutoField(primary_key=True)
    act = models.TextField()
    key = models.TextField(null=True)  # null: recorded, but not repeatable (a denied attempt, a view)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    subjects = ArrayField(models.TextField(), default=list)  # "account:12", "premise:5", "bill:901"
    denied = models.BooleanField(default=False)
    says = models.TextField(default="")  # one sentence for the timeline
    inputs = models.JSONField()
    outcome = models.JSONField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key"], condition=Q(key__isnull=False), name="base_event_key")]
        indexes = [
            GinIndex(fields=["subjects"], name="base_event_subjects"),
            models.Index(fields=["act", "at"], name="base_event_act_at"),
        ]


class Outgoing(models.Model):
    """A message to be sent after commit: an act writes it, the worker sends it. The outbox."""

    id = models.BigAutoField(primary_key=True)
    after = models.DateTimeField()  # not before
    event_id = models.BigIntegerField()
    channel = models.TextField()  # sms email
    to = models.TextField()
    subject = models.TextField(default="", db_default="")
    body = models.TextField()
    about = ArrayField(models.TextField(), default=list)  # "account:12"

    class Meta:
        db_table = "base_outbox"
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=["sms", "email"]), name="base_outbox_channel"),
            models.CheckConstraint(condition=~Q(to="") & ~Q(body=""), name="base_outbox_whole"),
        ]
        indexes = [
            models.Index(fields=["after"], name="base_outbox_after"),
            GinIndex(fields=["about"], name="base_outbox_about"),
        ]


class OutgoingDone(models.Model):
    """An attempt to send: ``sent`` or ``given_up`` ends it, ``failed`` is tried again."""

    id = models.BigAutoField(primary_key=True)
    message = models.ForeignKey(Outgoing, on_delete=models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    event_id = models.BigIntegerField()
    outcome = models.TextField()  # sent failed given_up
    words = models.TextField(default="", db_default="")  # the carrier's name for it, or why not

    class Meta:
        db_table = "base_outboxdone"
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["sent", "failed", "given_up"]), name="base_outboxdone_what"
            ),
            models.UniqueConstraint(
                fields=["message"], condition=~Q(outcome="failed"), name="base_outboxdone_ends_once"
            ),
        ]


from curbstop.records.base import reports as reports  # noqa: E402  (they name the user above)
