"""The desk is where the clock is read: below it, the day and the instant are arguments."""

from datetime import date, datetime

from django.utils import timezone


def today() -> date:
    """The city's day."""
    return timezone.localdate()


def now() -> datetime:
    """This instant, aware."""
    return timezone.now()
