"""What a rating run did, step by step, kept while it runs: the same run that makes the amounts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from curbstop.rules.plans import LineRule, Tariff
from curbstop.rules.units import Quantity


@dataclass(frozen=True, slots=True)
class Step:
    """One step toward a line. Volumes are exact gallons, money exact cents; what does not apply is None.

    `what` is one of: version, measure, lower_of, higher_of, share, included, stepped, tier, flat, items, percent,
    top_up, minimum, maximum, months, proration, weight, sum, rounding, formula (an amount in dollars), price, times,
    scale, worked (a volume), table, when.
    """

    what: str
    gal: Fraction | None = None
    parts: tuple[tuple[str, Fraction], ...] = ()
    from_gal: Fraction | None = None
    to_gal: Fraction | None = None
    price_cents: Fraction | None = None
    per: Quantity | None = None
    count: int | None = None
    counted: str = ""
    percent: Fraction | None = None
    cents: Fraction | None = None
    days: int | None = None
    of_days: int | None = None
    word: str = ""
    authority: str = ""
    from_on: date | None = None
    until_on: date | None = None
    number: Fraction | None = None


@dataclass(slots=True)
class LineTrace:
    """The steps of one line, and what it came to."""

    rule: LineRule
    steps: list[Step] = field(default_factory=list)
    cents: int = 0


@dataclass(slots=True)
class Trace:
    """Give one to `rating.charge` to keep the steps of row `row` (an account alone is row 0)."""

    row: int = 0
    tariff: Tariff | None = None
    from_on: date | None = None
    until_on: date | None = None
    status: int = 0
    lines: list[LineTrace] = field(default_factory=list)
