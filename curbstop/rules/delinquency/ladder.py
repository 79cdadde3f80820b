"""The ladder: where an account that did not pay stands, what comes next and when. One rule over arrays.

Days are proleptic ordinals (``date.toordinal``), 0 where there is none; money is whole cents; one account is an array
of one. What a city has not set is never guessed: the climb stops at that rung (``not_set``), or goes past it where the
rung only adds a kindness (reminder, call, door hanger).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from curbstop.rules.faults import BadValue
from curbstop.rules.policies import NotSet, Policies

Days = NDArray[np.int64]
Flags = NDArray[np.bool_]

CODES: Mapping[str, str] = {
    "nothing_due": "Nothing is past due",
    "closed": "Closed with a debt",
    "final_letter": "A final letter is due",
    "to_write_off": "For the write-off list",
    "off": "Water is off",
    "off_check": "To be looked at: off and locked?",
    "to_close": "To be closed",
    "ordered": "A shut-off order is open",
    "listed": "On a cut-off list",
    "under_minimum": "Under the least that is followed up",
    "held": "Held",
    "payment_pending": "A payment is on its way",
    "not_set": "The city has not set what comes next",
    "waits": "Waits for its day",
    "remind": "A reminder is due",
    "notify": "A notice is due",
    "to_call": "To be called",
    "hang": "A door hanger is due",
    "ready": "For the cut-off list",
}
"""Every outcome of looking at an account, in words."""

CODE = {name: np.int8(n) for n, name in enumerate(CODES)}
NAMES = tuple(CODES)

RUNGS: Mapping[str, str] = {
    "due": "Past due",
    "reminder": "Reminder",
    "notice": "Cut-off notice",
    "call": "Telephone call",
    "hanger": "Door hanger",
    "list": "Cut-off list",
    "order": "Shut-off order",
    "off": "Water off",
    "off_check": "Off-and-locked check",
    "close": "Close, final bill, deposit",
    "final": "Final letter",
    "collections": "Write-off and collections",
}
"""The rungs, in the order in which they are climbed."""

RUNG_OF: Mapping[str, str] = {
    "nothing_due": "", "closed": "close", "final_letter": "final", "to_write_off": "collections", "off": "off",
    "off_check": "off_check", "to_close": "close", "ordered": "order", "listed": "list", "remind": "reminder",
    "notify": "notice", "to_call": "call", "hang": "hanger", "ready": "list",
}  # fmt: skip
"""The rung that an outcome is about; those that stop anywhere are about the last rung that was climbed."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_D = "delinquency."
MINIMUM, BEFORE, NOTICE = _D + "notice.minimum", _D + "notice.days_before_cutoff", _D + "notice.days_after_due"
REMINDER, REMINDER_BEFORE = _D + "reminder.days_after_due", _D + "reminder.days_before_due"
CALL, CALL_DAYS = _D + "call", _D + "call.days_after_notice"
HANGER = _D + "hanger.hours_before_cutoff"
AFTER_BILL, AFTER_DUE = _D + "cutoff.days_after_bill", _D + "cutoff.working_days_after_due"
ON_WEEKDAYS, NOT_BEFORE = _D + "cutoff.weekdays", _D + "cutoff.not_before_closing"
OFF_CHECK, CLOSE = _D + "off_check.days", _D + "close.days"
FINAL, COLLECTIONS = _D + "final.days_after_due", _D + "collections.days_after_due"

BY_CLASS = (
    MINIMUM, BEFORE, NOTICE, REMINDER, REMINDER_BEFORE, CALL, CALL_DAYS, HANGER, AFTER_BILL, AFTER_DUE, ON_WEEKDAYS,
    NOT_BEFORE, OFF_CHECK, CLOSE, FINAL, COLLECTIONS,
)  # fmt: skip
CLASSES = ("residential", "commercial")


def policies_of_ladder() -> tuple[str, ...]:
    """The names of the policies that :func:`read_ladder` reads."""
    return (*BY_CLASS, *(f"{id}.{of}" for id in BY_CLASS for of in CLASSES), "calendar.holidays")


class BadWeekday(BadValue):
    """A word that is no day of the week."""


@dataclass(frozen=True)
class Line:
    """A line of policy that decides about a rung: its name, sentence and authority."""

    policy: str
    says: str
    authority: str
    is_set: bool = True


@dataclass(frozen=True)
class Ladder:
    """A city's ladder for a class on a day. None: not set. ``lines``: the lines of policy by rung.

    ``reminder_days`` below zero: before the due date.
    """

    customer_class: str
    least_cents: int | None = None
    days_before: int | None = None
    notice_days: int | None = None
    reminder_days: int | None = None
    call: bool = False
    call_days: int = 0
    hanger_hours: int | None = None
    after_bill: int | None = None
    working_after_due: int | None = None
    weekdays: tuple[int, ...] | None = None
    not_before_closing: bool = False
    off_check_days: int | None = None
    close_days: int | None = None
    final_days: int | None = None
    collections_days: int | None = None
    lines: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)

    @property
    def stops(self) -> Line | None:
        """The line that is not set and without which nobody is told of a cut-off; None: the ladder goes to the valve.

        A notice names the day of the cut-off, so that day must be known before the notice.
        """
        for line in self.lines.get("notice", ()) + self.lines.get("list", ()):
            if not line.is_set:
                return line
        return None

    @property
    def hanger_days(self) -> int:
        """Whole days that a hanger hangs before the cut-off."""
        return -(-(self.hanger_hours or 0) // 24)


def read_ladder(rules: Policies, customer_class: str, on: date) -> Ladder:
    """The ladder of a class on a day. A policy of the class (``....commercial``) takes the place of the city's.

    :raises BadWeekday: a weekday that is none
    """
    ask = _Asking(rules, customer_class, on)
    weekdays = ask.rows(ON_WEEKDAYS)
    after_bill, after_due = ask.whole(AFTER_BILL), ask.whole(AFTER_DUE)
    before = ask.whole(REMINDER_BEFORE)
    day_lines = [ask.line(AFTER_BILL if after_bill is not None or after_due is None else AFTER_DUE)]
    return Ladder(
        customer_class=customer_class,
        least_cents=ask.whole(MINIMUM),
        days_before=ask.whole(BEFORE),
        notice_days=ask.whole(NOTICE),
        reminder_days=ask.whole(REMINDER) if before is None else -before,
        call=ask.yes(CALL),
        call_days=ask.whole(CALL_DAYS) or 0,
        hanger_hours=ask.whole(HANGER),
        after_bill=after_bill,
        working_after_due=after_due,
        weekdays=None if weekdays is None else tuple(_weekday(str(one)) for one in weekdays),
        not_before_closing=ask.yes(NOT_BEFORE),
        off_check_days=ask.whole(OFF_CHECK),
        close_days=ask.whole(CLOSE),
        final_days=ask.whole(FINAL),
        collections_days=ask.whole(COLLECTIONS),
        lines={
            "reminder": (ask.line(REMINDER if before is None else REMINDER_BEFORE),),
            "notice": (ask.line(MINIMUM), ask.line(BEFORE)),
            "call": (ask.line(CALL),),
            "hanger": (ask.line(HANGER),),
            "list": (*day_lines, ask.line(ON_WEEKDAYS)),
            "off_check": (ask.line(OFF_CHECK),),
            "close": (ask.line(CLOSE),),
            "final": (ask.line(FINAL),),
            "collections": (ask.line(COLLECTIONS),),
        },
    )


class _Asking:
    """A city's policies asked for one class on one day."""

    def __init__(self, rules: Policies, customer_class: str, on: date) -> None:
        self.rules, self.of, self.on = rules, customer_class, on

    def name(self, id: str) -> str:
        own = f"{id}.{self.of}"
        return own if own in self.rules.by_id else id

    def whole(self, id: str) -> int | None:
        try:
            return self.rules.whole(self.name(id), on=self.on)
        except NotSet:
            return None

    def yes(self, id: str) -> bool:
        try:
            return self.rules.yes(self.name(id), on=self.on)
        except NotSet:
            return False

    def rows(self, id: str) -> Sequence[object] | None:
        try:
            return self.rules.rows(self.name(id), on=self.on)
        except NotSet:
            return None

    def line(self, id: str) -> Line:
        policy = self.rules.by_id.get(self.name(id))
        value = policy.on(self.on) if policy else None
        if policy is None or value is None:
            return Line(id, f"{id} is not set for this city.", "", is_set=False)
        return Line(policy.id, policy.says, value.authority, is_set=value.value is not None)


def _weekday(word: str) -> int:
    if word.lower() not in WEEKDAYS:
        remedy = f"use {', '.join(WEEKDAYS)}"
        raise BadWeekday(field=ON_WEEKDAYS, value=word, why="not a day of the week", remedy=remedy)
    return WEEKDAYS.index(word.lower())


# --- the city's days --------------------------------------------------------------------------------------------------

SPAN = 800
"""Days before and after the day of a run that its calendar reaches."""


class CityDays:
    """The city's working days, and the days on which a valve may be closed, as arrays over some years."""

    def __init__(
        self,
        on: date,
        *,
        holidays: Collection[date],
        weekdays: Collection[int] | None,
        not_before_closing: bool = False,
        not_on: Collection[date] = (),
    ) -> None:
        self.first = on.toordinal() - SPAN
        ordinals = np.arange(self.first, self.first + 2 * SPAN, dtype=np.int64)
        closed = np.isin(ordinals, [day.toordinal() for day in holidays])
        weekday = (ordinals - 1) % 7  # ordinal 1 is a Monday
        working = (weekday < 5) & ~closed
        allowed = np.isin(weekday, list(range(5) if weekdays is None else weekdays)) & ~closed
        if not_before_closing:
            allowed &= ~_before_closing(working, closed)
        self.lawful: Flags = allowed & ~np.isin(ordinals, [day.toordinal() for day in not_on])
        self._next = _next_true(self.lawful) + self.first
        self._working = ordinals[working]
        self._last_working = self.first + len(working) - 1 - _next_true(working[::-1])[::-1]

    def _place(self, days: Days) -> Days:
        return np.clip(days - self.first, 0, 2 * SPAN - 1)

    def lawful_from(self, days: Days) -> Days:
        """The day itself where a valve may be closed on it, else the next such day."""
        found: Days = self._next[self._place(days)]
        return found

    def is_lawful(self, day: date) -> bool:
        """Whether a valve may be closed on the day."""
        return bool(self.lawful[day.toordinal() - self.first])

    def working_by(self, days: Days) -> Days:
        """The day itself when it is a working day, else the last one before it."""
        found: Days = self._last_working[self._place(days)]
        return found

    def add_working(self, days: Days, count: int) -> Days:
        """The ``count``-th working day after each day."""
        places = np.searchsorted(self._working, days, side="right") + count - 1
        found: Days = self._working[np.clip(places, 0, len(self._working) - 1)]
        return found


def _next_true(flags: Flags) -> Days:
    """For each place the first place at or after it that is true; past the last one, the end."""
    places = np.where(flags, np.arange(len(flags)), len(flags))
    found: Days = np.minimum.accumulate(places[::-1])[::-1].astype(np.int64)
    return found


def _before_closing(working: Flags, closed: Flags) -> Flags:
    """Days after which a holiday comes before the next working day does."""
    after = np.r_[_next_true(working)[1:], len(working)]
    holiday = np.r_[_next_true(closed)[1:], len(working)]
    found: Flags = holiday < after
    return found


# --- the rule ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """What is known of accounts of one class on a day, a place each.

    :ivar owed_cents: past due, with the late charge of what is past due, less credit on the account
    :ivar coming_cents: of a bill that is not due yet, for reminders before
    :ivar notice_cents: of what is past due, what no hold keeps from a notice; ``cutoff_cents`` likewise for the valve
    :ivar held_cents: of what is past due, what a hold keeps from a notice or the valve, in words elsewhere
    :ivar pending: money is on its way
    :ivar bill_on, due_on: of the climb's bill; ``due_on`` is later where a dispute about it was decided
    :ivar noticed_on, told_on: of the last notice of this climb that counts, and the cut-off day that it named
    :ivar reminded_on, called_on, hung_on: of this climb, 0 where not yet
    :ivar listed, ordered: on a list that nobody signed or refused; an open order to shut off
    :ivar off_on: since when water is off for what is not paid; ``checked_on``: looked at since
    :ivar ended_on: its last service ended; ``final_on``: the final letter of this climb
    """

    owed_cents: Days
    coming_cents: Days
    notice_cents: Days
    cutoff_cents: Days
    pending: Flags
    bill_on: Days
    due_on: Days
    noticed_on: Days
    told_on: Days
    reminded_on: Days
    called_on: Days
    hung_on: Days
    listed: Flags
    ordered: Flags
    off_on: Days
    checked_on: Days
    ended_on: Days
    final_on: Days

    def take(self, where: Flags) -> Facts:
        """The facts of some of the accounts."""
        return Facts(**{one.name: getattr(self, one.name)[where] for one in fields(self)})

    def __len__(self) -> int:
        return len(self.owed_cents)


@dataclass(frozen=True)
class Climbed:
    """The outcome of each account, and the day on which something comes next (0: nothing comes by itself).

    ``cutoff_on``: the earliest day on which its valve may be closed, as things stand; 0 before it is known.
    """

    code: NDArray[np.int8]
    next_on: Days
    cutoff_on: Days


def climb(facts: Facts, ladder: Ladder, days: CityDays, on: date) -> Climbed:
    """Where each account stands on the day, by the ladder of its class."""
    today = on.toordinal()
    least = 0 if ladder.least_cents is None else ladder.least_cents
    cutoff_on = find_cutoff_day(facts, ladder, days, today)
    notice_on = _notice_day(facts, ladder, cutoff_on)
    hang_on = days.working_by(cutoff_on - ladder.hanger_days)
    noticed = facts.noticed_on > 0
    remind_on = facts.due_on + (ladder.reminder_days or 0)
    reminds = np.full(len(facts), ladder.reminder_days is not None) & (facts.reminded_on == 0) & ~noticed
    soon = (facts.owed_cents <= 0) & reminds & (facts.coming_cents >= max(least, 1))
    stops = ladder.least_cents is None or ladder.stops is not None
    list_on = days.working_by(cutoff_on - 1)
    call_on = facts.noticed_on + ladder.call_days
    none = np.zeros(len(facts), dtype=np.int64)
    cases: list[tuple[Flags, str, Days]] = [
        *_ended(facts, ladder, today),
        (soon & (remind_on <= today), "remind", none + today),
        (soon, "waits", remind_on),
        (facts.owed_cents <= 0, "nothing_due", none),
        *_off(facts, ladder, today),
        (facts.ordered, "ordered", none),
        (facts.listed, "listed", none),
        (facts.owed_cents < max(least, 1), "under_minimum", none),
        (np.where(noticed, facts.cutoff_cents, facts.notice_cents) < max(least, 1), "held", none),
        (facts.pending, "payment_pending", none),
        (reminds & (remind_on <= today) & (stops | (notice_on > today)), "remind", none + today),
        (np.full(len(facts), stops), "not_set", none),
        (~noticed & (notice_on <= today), "notify", none + today),
        (~noticed & reminds, "waits", np.minimum(remind_on, notice_on)),
        (~noticed, "waits", notice_on),
        (_hangs(facts, ladder) & (hang_on <= today), "hang", none + today),
        (np.full(len(facts), ladder.call) & (facts.called_on == 0) & (call_on <= today), "to_call", call_on),
        (list_on <= today, "ready", cutoff_on),
        (_hangs(facts, ladder), "waits", hang_on),
        (np.full(len(facts), True), "waits", list_on),
    ]  # fmt: skip
    tests = [test for test, _, _ in cases]
    code = np.select(tests, [CODE[name] for _, name, _ in cases]).astype(np.int8)
    return Climbed(code, np.select(tests, [day for _, _, day in cases]), cutoff_on)


def find_cutoff_day(facts: Facts, ladder: Ladder, days: CityDays, today: int) -> Days:
    """The earliest day on which each valve may be closed: by the bill's own days, so many days after the notice, as
    told in it, after the hanger has hung long enough, and on a day of the city's. 0 where the city has not set it."""
    if ladder.stops is not None or ladder.days_before is None:
        return np.zeros(len(facts), dtype=np.int64)
    noticed = np.where(facts.noticed_on > 0, facts.noticed_on, today)
    own = own_day(facts, ladder, days)
    if ladder.notice_days is None:
        # mailed on the last lawful day before the day that the bill's own days give
        noticed = np.where(facts.noticed_on > 0, facts.noticed_on, np.maximum(today, own - ladder.days_before))
    else:
        noticed = np.where(facts.noticed_on > 0, facts.noticed_on, np.maximum(today, facts.due_on + ladder.notice_days))
    least = np.maximum(own, noticed + ladder.days_before)
    least = np.maximum(least, np.where(facts.noticed_on > 0, facts.told_on, 0))
    if ladder.hanger_hours is not None:
        least = np.maximum(least, np.where(facts.hung_on > 0, facts.hung_on + ladder.hanger_days, 0))
        late = (facts.hung_on == 0) & (days.working_by(least - ladder.hanger_days) < today)
        least = np.where(late, np.maximum(least, today + ladder.hanger_days), least)
    return days.lawful_from(least)


def own_day(facts: Facts, ladder: Ladder, days: CityDays) -> Days:
    """The day that the bill's own date or due date gives; a bill that became due later counts from there."""
    if ladder.after_bill is not None:
        found: Days = np.maximum(facts.bill_on + ladder.after_bill, facts.due_on + 1)
        return found
    return days.add_working(facts.due_on, ladder.working_after_due or 0)


def _notice_day(facts: Facts, ladder: Ladder, cutoff_on: Days) -> Days:
    if ladder.notice_days is not None:
        return facts.due_on + ladder.notice_days
    found: Days = np.maximum(cutoff_on - (ladder.days_before or 0), facts.due_on + 1)
    return found


def _hangs(facts: Facts, ladder: Ladder) -> Flags:
    found: Flags = np.full(len(facts), ladder.hanger_hours is not None) & (facts.hung_on == 0)
    return found


def _ended(facts: Facts, ladder: Ladder, today: int) -> list[tuple[Flags, str, Days]]:
    """Accounts whose service has ended: the letters of the end, then the list that the write-offs take up."""
    ended = (facts.ended_on > 0) & (facts.owed_cents > 0)
    none = np.zeros(len(facts), dtype=np.int64)
    cases: list[tuple[Flags, str, Days]] = []
    held = facts.notice_cents < 1
    cases.append((ended & held, "held", none))
    if ladder.collections_days is not None:
        gone_on = facts.due_on + ladder.collections_days
        cases.append((ended & (gone_on <= today), "to_write_off", none))
    if ladder.final_days is not None:
        letter_on = facts.due_on + ladder.final_days
        cases.append((ended & (facts.final_on == 0) & (letter_on <= today), "final_letter", none + today))
        cases.append((ended & (facts.final_on == 0), "waits", letter_on))
    if ladder.collections_days is not None:
        cases.append((ended, "closed", facts.due_on + ladder.collections_days))
    cases.append((ended, "closed", none))
    return cases


def _off(facts: Facts, ladder: Ladder, today: int) -> list[tuple[Flags, str, Days]]:
    """Accounts whose water is off: whether it is off still is looked at, and one day the account is closed."""
    off = facts.off_on > 0
    none = np.zeros(len(facts), dtype=np.int64)
    cases: list[tuple[Flags, str, Days]] = []
    if ladder.close_days is not None:
        cases.append((off & (facts.off_on + ladder.close_days <= today), "to_close", none))
    if ladder.off_check_days is not None:
        check_on = facts.off_on + ladder.off_check_days
        cases.append((off & (facts.checked_on == 0) & (check_on <= today), "off_check", none + today))
        cases.append((off & (facts.checked_on == 0), "off", check_on))
    if ladder.close_days is not None:
        cases.append((off, "off", facts.off_on + ladder.close_days))
    cases.append((off, "off", none))
    return cases


def day_of(ordinal: int) -> date | None:
    """A day of the arrays as a date; None for 0."""
    return date.fromordinal(int(ordinal)) if ordinal else None


def why_not_lawful(ladder: Ladder, noticed_on: date, cutoff_on: date) -> str:
    """Why a cut-off would come too soon after its notice, in words; empty where it does not."""
    least = ladder.days_before or 0
    days = (cutoff_on - noticed_on).days
    if days >= least:
        return ""
    return (
        f"its notice was mailed on {noticed_on.isoformat()}, {days} days before {cutoff_on.isoformat()};"
        f" at least {least} are needed"
    )


def earliest_after(noticed_on: date, ladder: Ladder) -> date:
    """The first day that the notice allows."""
    return noticed_on + timedelta(days=ladder.days_before or 0)
