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
