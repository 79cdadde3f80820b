"""Refunds that nobody cashes: the clock of 11 O.S. 35-107, as dates and steps.

The statute: the refund check of a deposit is written within 30 days of termination. Uncashed at one year, a check of
5.00 or less is cancelled and the claim ends; a larger one gets a written notice to the last known address, and is
cancelled unless it is cashed within 90 days of mailing. The figures are the policies ``deposit.refund.days`` and
``deposit.unclaimed``. It speaks of deposits: what is refunded of another credit has no clock here (counsel must say
whether 11 O.S. 22-136 governs it), and :func:`next_step` is not asked about it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from curbstop.rules.faults import BadValue
from curbstop.rules.policies import Policies

STEPS = ("waits", "notify", "notified", "cancel")


@dataclass(frozen=True, slots=True)
class Statute:
    """The figures of the clock: up to ``cancel_at_cents`` a check needs no notice."""

    cancel_at_cents: int
    after_years: int
    notice_days: int


@dataclass(frozen=True, slots=True)
class Step:
    """What is to be done with an uncashed check, and the day from which.

    ``waits``: nothing until ``on``. ``notify``: the notice is to be mailed. ``notified``: it was, and the check can be
    cashed until ``on``. ``cancel``: the check is void and the claim has ended.
    """

    code: str
    on: date
    says: str


def read_statute(policies: Policies, *, on: date) -> Statute:
    """The clock of the day. :raises NotSet: the city has none on file"""
    table = policies.table("deposit.unclaimed", on=on)
    cancel_at, years, days = table["cancel_at_cents"], table["after_years"], table["notice_days"]
    assert isinstance(cancel_at, int) and isinstance(years, int) and isinstance(days, int)
    return Statute(cancel_at, years, days)


def refund_by(ended_on: date, days: int) -> date:
    """The last day for the refund check: so many days from the day service ended."""
    if days < 0:
        raise BadValue(field="deposit.refund.days", value=days, why="below zero", remedy="write the days of the law")
    return ended_on + timedelta(days=days)


def years_after(on: date, years: int) -> date:
    """The same day of a later year; 29 February becomes 1 March, which leaves the customer the day."""
    try:
        return on.replace(year=on.year + years)
    except ValueError:
        return date(on.year + years, 3, 1)


def next_step(*, cents: int, dated_on: date, noticed_on: date | None, statute: Statute, on: date) -> Step:
    """Where the clock of an uncashed check stands on a day.

    :param cents: the check's amount
    :param dated_on: the check's date, from which the year runs
    :param noticed_on: the day the notice was mailed; None: it was not
    """
    year = years_after(dated_on, statute.after_years)
    if on < year:
        return Step("waits", year, f"It may be cashed; the clock stands at {year.isoformat()}.")
    if cents <= statute.cancel_at_cents:
        return Step("cancel", year, f"Not cashed by {year.isoformat()}; so small a check is cancelled without notice.")
    if noticed_on is None:
        return Step("notify", year, f"Not cashed by {year.isoformat()}; a written notice is owed before it can end.")
    ends = noticed_on + timedelta(days=statute.notice_days)
    if on < ends:
        says = f"Noticed on {noticed_on.isoformat()}; it is cancelled on {ends.isoformat()} unless it is cashed before."
        return Step("notified", ends, says)
    return Step("cancel", ends, f"Noticed on {noticed_on.isoformat()} and not cashed by {ends.isoformat()}.")
