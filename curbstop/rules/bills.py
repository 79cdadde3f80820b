"""Bills: why one differs from another, split exactly; late charges; due dates.

The difference is found by charging again with one thing changed at a time, so that the parts always add up to it,
to the cent. The parts depend on the order of the changes; the order is the caller's (policy `explain.order`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from curbstop.rules.faults import BadValue
from curbstop.rules.money import Rounding, round_cents, show, show_price
from curbstop.rules.plans import Tariff, Volume
from curbstop.rules.rating import Inputs, Status, Trace, charge
from curbstop.rules.units import show_number

CHANGES = ("days", "usage", "average", "items", "facts", "rates")
DEFAULT_ORDER = ("days", "usage", "rates")


@dataclass(frozen=True, slots=True)
class OneTime:
    """A line that belongs to one bill only: a fee, a late charge, a deposit instalment, a credit below zero."""

    says: str
    cents: int


@dataclass(frozen=True, slots=True)
class Rated:
    """One service of a bill: what it was charged from, and what it came to as billed. `facts` are what its tariff
    asked for and was told, by name."""

    service: str
    tariff: Tariff
    from_on: date
    until_on: date
    gal: int = 0
    average_gal: int = -1
    count: int = 1
    prorate_days: int = -1
    billed_cents: int | None = None
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def days(self) -> int:
        """The days of the period."""
        return (self.until_on - self.from_on).days


@dataclass(frozen=True, slots=True)
class Billed:
    """A bill as far as comparing needs it. `previous_cents` is what was owed from before and is in the amount due."""

    dated_on: date
    services: tuple[Rated, ...]
    one_time: tuple[OneTime, ...] = ()
    previous_cents: int = 0
    total_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a difference: `code` is one of days, usage, average, items, facts, rates, services,
    one_time, previous_balance, other. `says` is the cause, `how` the arithmetic line by line, `spoken` a sentence."""

    code: str
    cents: int
    says: str
    how: tuple[str, ...] = ()
    spoken: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a bill came to, what the other did, and the parts, which add up to the difference exactly.

    `parts` always has days, usage, rates and one_time, the others when they are not zero. `spoken` is the
    paragraph to read aloud.
    """

    this_cents: int
    last_cents: int
    parts: tuple[Part, ...]
    spoken: str

    @property
    def cents(self) -> int:
        """This bill less the other."""
        return self.this_cents - self.last_cents

    def part(self, code: str) -> int:
        """The cents of a part; 0 when it is not there."""
        return sum(part.cents for part in self.parts if part.code == code)


def late_cents(owed_cents: int, percent: Fraction, *, rounding: Rounding = Rounding.HALF_UP) -> int:
    """The late charge on what is owed: 2 percent of 94.59 is 1.89. Nothing on a credit.

    :raises BadValue: a percentage below 0 or above 100
    """
    if not 0 <= percent <= 100:
        raise BadValue(field="percent", value=str(percent), why="not from 0 to 100", remedy="write 2 for two percent")
    exact = Fraction(max(owed_cents, 0) * percent, 100)
    return round_cents(rounding, exact.numerator, exact.denominator)


def due_on(billed_on: date, due_days: int) -> date:
    """The due date. :raises BadValue: no days, or more than a year"""
    if not 1 <= due_days <= 366:
        remedy = "set bill.due_days to the days from the bill to its due date"
        raise BadValue(field="due_days", value=due_days, why="not from 1 to 366", remedy=remedy)
    return billed_on + timedelta(days=due_days)


LAST, YEAR = "last", "year"
_A_YEAR_AGO = (
    ("your last one", "the one a year ago"),
    ("on the last bill only", "on the bill a year ago only"),
    ("as last time", "as a year ago"),
    ("last time", "a year ago"),
)


def why_different(
    this: Billed, last: Billed, *, order: Sequence[str] = DEFAULT_ORDER, against: str = LAST
) -> Difference:
    """Split the difference between two bills into its causes.

    :param against: what the other bill is called: `last`, or `year` for that of a year ago
    :param order: the order in which days, usage and rates are changed; what it leaves out (a new average, another
        number of carts, of people) is changed after usage, before rates where rates come last
    :raises BadValue: a service that cannot be charged, or an order with an unknown or repeated name
    """
    changes = _changes(order)
    parts: dict[str, list[Part]] = {code: [] for code in (*CHANGES, "services", "other")}
    _services(this, last, changes, parts)
    one_time = _one_time(this, last)
    previous = this.previous_cents - last.previous_cents
    this_cents, last_cents = _total(this), _total(last)
    found = [_joined(code, parts[code], this, last) for code in (*changes, "services")]
    found.append(one_time)
    if previous:
        says = f"{show(this.previous_cents)} is owed from before, {show(last.previous_cents)} last time"
        spoken = f"{_amount(previous)}: {says}."
        found.append(Part("previous_balance", previous, says, spoken=spoken))
    found.append(_joined("other", parts["other"], this, last))
    rest = this_cents - last_cents - sum(part.cents for part in found)
    if rest:
        says = "Lines of the bill that are not named here"
        found.append(Part("other", rest, says, spoken=f"{_amount(rest)}: {says.lower()}."))
    kept = tuple(part for part in found if part.cents or part.code in ("days", "usage", "rates", "one_time"))
    difference = Difference(this_cents, last_cents, kept, _spoken(this_cents - last_cents, kept))
    return difference if against == LAST else _year_ago(difference)


def _year_ago(difference: Difference) -> Difference:
    """The same in the words for a bill of a year ago."""

    def told(text: str) -> str:
        for last, year in _A_YEAR_AGO:
            text = text.replace(last, year)
        return text

    parts = tuple(
        replace(part, says=told(part.says), how=tuple(map(told, part.how)), spoken=told(part.spoken))
        for part in difference.parts
    )
    return replace(difference, parts=parts, spoken=told(difference.spoken))


def _changes(order: Sequence[str]) -> tuple[str, ...]:
    unknown = [code for code in order if code not in CHANGES]
    if unknown or len(set(order)) != len(order):
        remedy = f"name each of {', '.join(CHANGES)} at most once"
        raise BadValue(field="explain.order", value=", ".join(order), why="not an order", remedy=remedy)
    full = list(order)
    for code in CHANGES:
        if code not in full:
            last_is_rates = bool(full) and full[-1] == "rates"
            full.insert(len(full) - 1 if last_is_rates and code != "rates" else len(full), code)
    return tuple(full)


def _total(bill: Billed) -> int:
    if bill.total_cents is not None:
        return bill.total_cents
    return (
        sum(_billed(rated) for rated in bill.services) + sum(one.cents for one in bill.one_time) + bill.previous_cents
    )


def _billed(rated: Rated) -> int:
    return _charged(rated).cents if rated.billed_cents is None else rated.billed_cents


def _services(this: Billed, last: Billed, changes: tuple[str, ...], parts: dict[str, list[Part]]) -> None:
    """Pair the services of the two bills and split each; one that only one bill has is a part by itself."""
    waiting = list(last.services)
    for now in this.services:
        before = next((rated for rated in waiting if rated.service == now.service), None)
        if before is None:
            says = f"{now.service.capitalize()} is new on this bill"
            parts["services"].append(Part("services", _billed(now), says))
            continue
        waiting.remove(before)
        _split(now, before, changes, parts)
    for before in waiting:
        says = f"{before.service.capitalize()} was on the last bill only"
        parts["services"].append(Part("services", -_billed(before), says))


def _split(now: Rated, before: Rated, changes: tuple[str, ...], parts: dict[str, list[Part]]) -> None:
    """Charge again with one thing changed at a time, from the last bill to this one."""
    at = before
    charged = _charged(at)
    correction = charged.cents - _billed(before)
    for place, code in enumerate(changes):
        following = _changed(at, now, before, code, usage_is_done="usage" in changes[:place])
        after = charged if following == at else _charged(following)
        how = _how(charged, after) if after.cents != charged.cents else ()
        parts[code].append(Part(code, after.cents - charged.cents, _says(code, at, following), how))
        at, charged = following, after
    correction += _billed(now) - charged.cents
    if correction:
        says = f"{now.service.capitalize()}: billed otherwise than these rates and reads give"
        parts["other"].append(Part("other", correction, says))


def _changed(at: Rated, now: Rated, before: Rated, code: str, *, usage_is_done: bool) -> Rated:
    """The service with one thing of the last bill replaced by that of this one.

    Days change the use at the daily use of the last bill. The days of the period and the rates are told apart by
    leaving the old period in place until the rates change: rates are found by their dates.
    """
    if code == "days":
        gal = at.gal if usage_is_done else _usual(now, before)
        return replace(at, gal=gal, prorate_days=now.prorate_days)
    if code == "usage":
        return replace(at, gal=now.gal)
    if code == "average":
        return replace(at, average_gal=now.average_gal)
    if code == "items":
        return replace(at, count=now.count)
    if code == "facts":  # what only one of the bills was told stays: its own rates may ask for it
        return replace(at, facts=tuple(sorted({**dict(at.facts), **dict(now.facts)}.items())))
    return replace(at, tariff=now.tariff, from_on=now.from_on, until_on=now.until_on)


Tiers = tuple[tuple[Fraction, Fraction, str], ...]


@dataclass(frozen=True, slots=True)
class _Charged:
    """What a service comes to; its tiers (units, price in cents, unit); its other lines in cents by their words."""

    cents: int
    tiers: Tiers
    fixed: tuple[tuple[str, int], ...]


def _charged(rated: Rated) -> _Charged:
    """Charge the service once, with its steps."""
    inputs = Inputs.of(
        gal=[rated.gal],
        average_gal=[rated.average_gal],
        count=[rated.count],
        prorate_days=[rated.prorate_days],
        facts={name: [word] for name, word in rated.facts},
    )
    trace = Trace()
    charges = charge(rated.tariff, from_on=rated.from_on, until_on=rated.until_on, inputs=inputs, trace=trace)
    status = Status(int(charges.status[0]))
    if status is not Status.RATED:
        remedy = "compare bills that can be charged again"
        raise BadValue(field=rated.service, value=rated.tariff.code, why=status.says, remedy=remedy)
    steps = [step for line in trace.lines for step in line.steps if step.what == "tier"]
    tiers = tuple(
        (Fraction(step.gal, step.per.gal), step.price_cents, _unit(str(step.per)))
        for step in steps
        if step.gal is not None and step.per is not None and step.price_cents is not None
    )
    fixed = tuple((line.rule.says, line.cents) for line in trace.lines if not isinstance(line.rule.construct, Volume))
    return _Charged(int(charges.total_cents[0]), tiers, fixed)


def _unit(per: str) -> str:
    return "kgal" if per == "1,000 gal" else per.removeprefix("1 ") if per.startswith("1 ") else f"× {per}"


def _how(before: _Charged, after: _Charged) -> tuple[str, ...]:
    """The volumes that came or went tier by tier, the prices that changed, and other lines that did."""
    found = []
    if [unit for *_, unit in before.tiers] == [unit for *_, unit in after.tiers]:
        for (old, old_price, unit), (new, price, _) in zip(before.tiers, after.tiers, strict=True):
            if old_price == price and old != new:
                amount = show_price((new - old) * price)
                found.append(f"{show_number(new - old)} {unit} × ${show_price(price)} = {amount}")
            elif old_price != price and new:
                found.append(f"{show_number(new)} {unit} × ${show_price(price)}, was ${show_price(old_price)}")
    was = dict(before.fixed)
    for says, cents in after.fixed:
        if was.get(says, 0) != cents:
            found.append(f"{says}: {show(was.get(says, 0))}, now {show(cents)}")
    return tuple(found)


def _says(code: str, at: Rated, following: Rated) -> str:
    name = following.service.capitalize()
    if code == "average":
        old, new = (f"{gal:,} gal" if gal >= 0 else "none" for gal in (at.average_gal, following.average_gal))
        return f"{name}: your average was {old} and is {new}"
    if code == "items":
        return f"{name}: {at.count:,} then, {following.count:,} now"
    if code == "facts":
        was = dict(at.facts)
        moved = [
            f"{fact.replace('_', ' ')} was {was.get(fact) or 'not known'} and is {word}"
            for fact, word in following.facts
            if was.get(fact) != word
        ]
        return f"{name}: {', '.join(moved)}"
    return name


def _joined(code: str, parts: Sequence[Part], this: Billed, last: Billed) -> Part:
    """The parts of all services with one cause, as one."""
    cents = sum(part.cents for part in parts)
    moved = [part for part in parts if part.cents]
    how = tuple(text for part in moved for text in part.how)
    amount = _amount(cents)
    if code == "days":
        spoken = f"{amount} is for {_days_spoken(this, last)}."
        return Part(code, cents, _days_cause(this, last), how, spoken if cents else "")
    if code == "usage":
        says, spoken = _usage_cause(this, last)
        return Part(code, cents, says, how, f"{amount} is for {spoken}." if cents else "")
    says = "; ".join(part.says for part in moved)
    if code == "rates":
        says = f"Rates changed for {', '.join(part.says.lower() for part in moved)}" if moved else "No rate changed"
        return Part(code, cents, says, how, f"{amount} is for new rates." if cents else "")
    return Part(code, cents, says, how, f"{amount}: {says}.")


def _amount(cents: int) -> str:
    return f"${show(cents)}" if cents >= 0 else f"${show(-cents)} less"


def _measured(bill: Billed) -> Rated | None:
    """The service whose use is told: water, else the first with a use, else the first."""
    services = sorted(bill.services, key=lambda rated: (rated.service != "water", rated.gal == 0))
    return services[0] if services else None


def _days_cause(this: Billed, last: Billed) -> str:
    now, before = _measured(this), _measured(last)
    if now is None or before is None:
        return ""
    if now.days == before.days:
        return f"{now.days} days, as last time"
    more = _usual(now, before) - before.gal
    word = "more" if more >= 0 else "less"
    return f"{before.days} days, now {now.days}. At {_per_day(before)} gal a day that is {abs(more):,} gal {word}"


def _days_spoken(this: Billed, last: Billed) -> str:
    now, before = _measured(this), _measured(last)
    if now is None or before is None or now.days == before.days:
        return "the days billed"
    more = now.days - before.days
    count = _COUNTS.get(abs(more), str(abs(more)))
    return f"{count} {'more' if more > 0 else 'fewer'} day{'s' if abs(more) > 1 else ''}"


_COUNTS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine"}


def _usage_cause(this: Billed, last: Billed) -> tuple[str, str]:
    now, before = _measured(this), _measured(last)
    if now is None or before is None:
        return "", "usage"
    usual = _usual(now, before)
    if now.gal == usual:
        return f"{now.gal:,} gal, as usual for {now.days} days", "usage"
    says = f"{_per_day(before)} gal a day, now {_per_day(now)}: {now.gal:,} gal where {usual:,} was usual"
    side = "above" if now.gal > usual else "below"
    return says, f"{abs(now.gal - usual):,} gallons {side} your usual daily use"


def _usual(now: Rated, before: Rated) -> int:
    """The gallons of this bill's days at the daily use of the last bill."""
    if now.days == before.days:
        return before.gal
    return round_cents(Rounding.HALF_UP, before.gal * now.days, before.days)


def _per_day(rated: Rated) -> str:
    return f"{round_cents(Rounding.HALF_UP, rated.gal, rated.days):,}"


def _one_time(this: Billed, last: Billed) -> Part:
    """What is on one of the bills only, item by item."""
    came = [f"{one.says} {_signed(one.cents)}" for one in this.one_time]
    went = [f"{one.says} was on the last bill only {_signed(-one.cents)}" for one in last.one_time]
    cents = sum(one.cents for one in this.one_time) - sum(one.cents for one in last.one_time)
    says = "; ".join([*(one.says for one in this.one_time), *(f"{one.says} is gone" for one in last.one_time)])
    spoken = [f"{_amount(one.cents)}: {one.says}." for one in this.one_time]
    spoken += [f"{one.says}, ${show(one.cents)}, was on the last bill only." for one in last.one_time]
    return Part("one_time", cents, says or "None", (*came, *went), " ".join(spoken))


def _signed(cents: int) -> str:
    return f"+{show(cents)}" if cents >= 0 else show(cents)


def _spoken(cents: int, parts: Sequence[Part]) -> str:
    """The paragraph to read aloud, largest part first."""
    if cents == 0:
        head = "This bill is the same as your last one."
    else:
        head = f"This bill is ${show(abs(cents))} {'more' if cents > 0 else 'less'} than your last one."
    order = sorted((part for part in parts if part.cents), key=lambda part: -abs(part.cents))
    quiet = [] if any(part.code == "rates" and part.cents for part in parts) else ["No rate changed."]
    return " ".join([head, *(part.spoken for part in order), *quiet])
