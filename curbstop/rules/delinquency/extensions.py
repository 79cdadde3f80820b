"""Who may be promised a later day, or instalments: the city's criteria against what is known of an account.

The criteria are policies (``extension.service_months``, ``extension.no_disconnect_months``, ...): one that the city has
not set is no criterion, and none of them is a field of a form. Every one that fails is told, with the day on which it
would be met, so that nobody asks twice. The same criteria under ``arrangement.`` hold for instalments.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from curbstop.rules.policies import NotSet, Policies

WHO: Mapping[str, str] = {
    "holder": "the account holder",
    "family": "family at the same address",
    "named": "somebody named on the contract",
    "landlord": "the landlord",
    "agency": "an agency",
    "other": "somebody else",
}
"""Who asks, by the code that ``extension.who`` lists."""

CHANNELS: Mapping[str, str] = {
    "counter": "in person",
    "telephone": "by telephone",
    "email": "by e-mail",
    "mail": "by mail",
    "portal": "on line",
}
"""How it is asked, by the code that ``extension.channels`` lists."""

BEFORE: Mapping[str, str] = {
    "cutoff": "before the water is turned off",
    "cutoff_day": "before the cut-off day",
    "collection": "before a cut-off order was written",
}
"""Until when one may ask, by the code that ``extension.before`` lists."""

CRITERIA = (
    "who", "channels", "before", "service_months", "no_disconnect_months", "no_returned_payment_months",
    "no_broken_months", "one_at_a_time", "per_calendar_year", "per_rolling_year",
)  # fmt: skip
"""The criteria there are, in the order in which they are shown: names of policies under their prefix."""


@dataclass(frozen=True)
class Known:
    """What is known of an account on the day somebody asks; days of the past, each list in any order.

    ``granted_on``: promises of the same sort; ``broken_on``: those that were not kept; ``open_until``: the last day of
    one that still runs. ``off``: water is turned off for non-payment; ``cutoff_on``: the day of the cut-off that
    waits; ``ordered``: an order to shut off is written. ``next_due_on``: when the next bill will be due.
    """

    on: date
    asks: str
    channel: str
    service_from: date | None
    off: bool = False
    ordered: bool = False
    cutoff_on: date | None = None
    disconnected_on: tuple[date, ...] = ()
    returned_on: tuple[date, ...] = ()
    granted_on: tuple[date, ...] = ()
    broken_on: tuple[date, ...] = ()
    open_until: date | None = None
    next_due_on: date | None = None


@dataclass(frozen=True)
class Criterion:
    """One criterion and its answer. ``says``: what is asked; ``why``: why not, in words; ``policy``, ``authority``:
    whose rule it is; ``clear_on``: the day from which it would be met, where that is known."""

    name: str
    says: str
    met: bool
    why: str
    policy: str
    authority: str
    clear_on: date | None = None


@dataclass(frozen=True)
class Answer:
    """Whether a promise may be made: every criterion with its answer, and the last day that may be promised.

    ``not_set``: why nobody may promise anything here yet. ``latest_on`` None: the city sets no limit.
    """

    rule: str
    authority: str
    criteria: tuple[Criterion, ...]
    latest_on: date | None
    latest_says: str
    not_set: str = ""

    @property
    def may(self) -> bool:
        """Whether a clerk may promise it without anybody further."""
        return not self.not_set and all(one.met for one in self.criteria)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Every reason why not."""
        return (self.not_set,) if self.not_set else tuple(one.why for one in self.criteria if not one.met)


def add_months(on: date, months: int) -> date:
    """The same day so many months later, or the last day of a shorter month.

    >>> add_months(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))


def whole_months(from_on: date, on: date) -> int:
    """Complete months from one day to another, 0 where the second is not later.

    >>> whole_months(date(2026, 2, 16), date(2026, 4, 24))
    2
    """
    months = (on.year - from_on.year) * 12 + on.month - from_on.month
    return max(0, months if add_months(from_on, months) <= on else months - 1)


def policies_of(prefix: str) -> tuple[str, ...]:
    """The names of the policies that :func:`answer` reads."""
    return tuple(f"{prefix}.{name}" for name in ("rule", "until", *CRITERIA))


def answer(rules: Policies, known: Known, *, prefix: str = "extension") -> Answer:
    """Hold the city's criteria against what is known; every reason at once.

    :param prefix: ``extension`` or ``arrangement``
    """
    id = f"{prefix}.rule"
    try:
        rule = rules.text(id, on=known.on)
    except NotSet as missing:
        return Answer("", "", (), None, "", missing.says or str(missing))
    value = rules.policy(id).on(known.on)
    found = [one for name in CRITERIA if (one := _criterion(rules, prefix, name, known)) is not None]
    latest_on, latest_says = _latest(rules, prefix, known)
    return Answer(rule, value.authority if value else "", tuple(found), latest_on, latest_says)


_Checked = tuple[str, bool, str, date | None]
"""What is asked, whether it is met, why not, from when it would be."""


def _criterion(rules: Policies, prefix: str, name: str, known: Known) -> Criterion | None:
    id = f"{prefix}.{name}"
    try:
        given = rules.value(id, on=known.on)
    except NotSet:
        return None
    if given is False:
        return None
    says, met, why, clear_on = _CHECKS[name](known, given, prefix)
    value = rules.policy(id).on(known.on)
    return Criterion(name, says, met, "" if met else why, id, value.authority if value else "", clear_on)


def _list(codes: Iterable[str], words: Mapping[str, str]) -> str:
    told = [words.get(code, code) for code in codes]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}"


def _who(known: Known, given: object, prefix: str) -> _Checked:
    codes = _words(given)
    who = _list(codes, WHO)
    why = f"{WHO.get(known.asks, known.asks)} asks; it is given to {who}"
    return f"{who} asks", known.asks in codes, why, None


def _channel(known: Known, given: object, prefix: str) -> _Checked:
    codes = _words(given)
    how = _list(codes, CHANNELS)
    return (
        f"asked {how}",
        known.channel in codes,
        f"asked {CHANNELS.get(known.channel, known.channel)}, not {how}",
        None,
    )


def _before(known: Known, given: object, prefix: str) -> _Checked:
    codes = _words(given)
    reasons = []
    if known.off:
        reasons.append("the water is turned off already")
    elif "cutoff_day" in codes and known.cutoff_on is not None and known.on >= known.cutoff_on:
        reasons.append(f"today is the cut-off day, {known.cutoff_on.isoformat()}")
    elif "collection" in codes and known.ordered:
        reasons.append("an order to turn the water off is written")
    says = " and ".join(BEFORE.get(code, code) for code in codes)
    return says, not reasons, "; ".join(reasons), None


def _service(known: Known, given: object, prefix: str) -> _Checked:
    months = _whole(given)
    says = f"service at least {_months(months)}"
    if known.service_from is None:
        return says, False, "no service was ever started on this account", None
    clear_on = add_months(known.service_from, months)
    had = whole_months(known.service_from, known.on)
    done = f"{_months(months)} are complete on {clear_on.isoformat()}"
    return says, known.on >= clear_on, f"service {_months(had)} of the {months} required ({done})", clear_on


def _recent(days: Sequence[date], months: int, on: date) -> tuple[date | None, date | None]:
    """The last of these days inside the months before ``on``, and when it is outside."""
    last = max((day for day in days if day <= on), default=None)
    if last is None or add_months(last, months) <= on:
        return None, None
    return last, add_months(last, months)


def _disconnect(known: Known, given: object, prefix: str) -> _Checked:
    return _clean(known.disconnected_on, "disconnect", _whole(given), known.on)


def _returned(known: Known, given: object, prefix: str) -> _Checked:
    return _clean(known.returned_on, "returned payment", _whole(given), known.on)


def _broken(known: Known, given: object, prefix: str) -> _Checked:
    return _clean(known.broken_on, f"broken {prefix}", _whole(given), known.on)


def _clean(days: Sequence[date], what: str, months: int, on: date) -> _Checked:
    last, clear_on = _recent(days, months, on)
    when, clear = (last.isoformat(), clear_on.isoformat()) if last and clear_on else ("", "")
    why = f"{what} on {when}, inside the last {_months(months)} (clear from {clear})"
    return f"no {what} in {_months(months)}", last is None, why, clear_on


def _one(known: Known, given: object, prefix: str) -> _Checked:
    until = known.open_until
    why = f"one {prefix} runs until {until.isoformat()}; it is not extended" if until else ""
    clear_on = until + timedelta(days=1) if until else None
    return f"no other {prefix} runs", until is None, why, clear_on


def _per_year(known: Known, given: object, prefix: str) -> _Checked:
    most, year = _whole(given), known.on.year
    had = sum(day.year == year for day in known.granted_on)
    says = f"{_ordinal(had + 1)} of {most} this year" if had < most else f"at most {most} in a calendar year"
    return says, had < most, f"{had} of {most} were given in {year} (clear from {year + 1}-01-01)", date(year + 1, 1, 1)


def _per_rolling(known: Known, given: object, prefix: str) -> _Checked:
    most = _whole(given)
    inside = sorted(day for day in known.granted_on if add_months(day, 12) > known.on)
    says = (
        f"{_ordinal(len(inside) + 1)} of {most} in 12 months" if len(inside) < most else f"at most {most} in 12 months"
    )
    clear_on = add_months(inside[len(inside) - most], 12) if len(inside) >= most > 0 else None
    clear = f" (clear from {clear_on.isoformat()})" if clear_on else ""
    return says, len(inside) < most, f"{len(inside)} of {most} were given in the last 12 months{clear}", clear_on


_CHECKS: Mapping[str, Callable[[Known, object, str], _Checked]] = {
    "who": _who,
    "channels": _channel,
    "before": _before,
    "service_months": _service,
    "no_disconnect_months": _disconnect,
    "no_returned_payment_months": _returned,
    "no_broken_months": _broken,
    "one_at_a_time": _one,
    "per_calendar_year": _per_year,
    "per_rolling_year": _per_rolling,
}


def _latest(rules: Policies, prefix: str, known: Known) -> tuple[date | None, str]:
    """The last day that may be promised: with the next bill's due date, so many days, whichever is sooner."""
    try:
        table = rules.table(f"{prefix}.until", on=known.on)
    except NotSet:
        return None, "The city sets no last day."
    ends: list[tuple[date, str]] = []
    if table.get("next_due") and known.next_due_on is not None:
        ends.append((known.next_due_on, f"not past the next bill's due date, {known.next_due_on.isoformat()}"))
    if isinstance(days := table.get("days"), int):
        last = known.on + timedelta(days=days)
        ends.append((last, f"at most {days} days, until {last.isoformat()}"))
    if not ends:
        return None, "No bill's due date is planned yet, so the city's limit cannot be worked out."
    return min(ends)


@dataclass(frozen=True)
class Kept:
    """What became of a promise: ``open`` while its day has not passed, ``kept``, or ``broken``."""

    state: str
    left_cents: int


def kept(*, left_cents: int, pay_by_on: date, on: date) -> Kept:
    """Whether what was promised came: kept when nothing of it is open any more, broken when its last day is over.

    :param left_cents: what is still open of the bills and charges that it was promised for, 0 or more
    :raises ValueError: a negative amount

    >>> kept(left_cents=0, pay_by_on=date(2026, 5, 6), on=date(2026, 5, 6)).state
    'kept'
    """
    if left_cents < 0:
        raise ValueError(f"what is left of a promise is 0 or more, not {left_cents}")
    if not left_cents:
        return Kept("kept", 0)
    return Kept("broken" if on > pay_by_on else "open", left_cents)


def _months(count: int) -> str:
    return f"{count} month{'' if count == 1 else 's'}"


def _ordinal(number: int) -> str:
    words = ("first", "second", "third", "fourth", "fifth", "sixth")
    return words[number - 1] if number <= len(words) else f"number {number}"


def _words(given: object) -> tuple[str, ...]:
    return tuple(str(one) for one in given) if isinstance(given, (list, tuple)) else (str(given),)


def _whole(given: object) -> int:
    return given if isinstance(given, int) else int(str(given))
