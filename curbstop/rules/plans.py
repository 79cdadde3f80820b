"""A tariff as checked, immutable values: what `tariffs.read_tariffs` gives and `rating.charge` works from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from fractions import Fraction

from curbstop.rules.formulas import Formula
from curbstop.rules.money import Rounding
from curbstop.rules.periods import Period
from curbstop.rules.units import Quantity

USAGE = "usage"
AVERAGE = "average"
MEASURES = (USAGE, AVERAGE)


@dataclass(frozen=True, slots=True)
class Keyed:
    """A table: what `by` says of the account chooses the value. A key that is not there takes `otherwise`."""

    by: str
    values: tuple[tuple[str, Valued], ...]
    otherwise: Valued | None


@dataclass(frozen=True, slots=True)
class Ranged:
    """A table by a number: the first row whose `up_to` the number does not exceed; beyond it `otherwise`."""

    by: Formula
    up_to: tuple[tuple[Fraction, Valued], ...]
    otherwise: Valued | None


@dataclass(frozen=True, slots=True)
class Dated:
    """A value that changes by itself on known days; the one of the period's last day counts."""

    values: tuple[tuple[date, Valued], ...]


@dataclass(frozen=True, slots=True)
class NotSet:
    """A figure the city has not published, and why."""

    why: str


Valued = Fraction | Formula | Keyed | Ranged | Dated | NotSet


@dataclass(frozen=True, slots=True)
class Price:
    """A price in cents, exactly; None is not set, and `why_not_set` says why. With a `rule` the price, in
    dollars, is another for each account."""

    cents: Fraction | None
    why_not_set: str = ""
    rule: Formula | Keyed | Ranged | Dated | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """The end of a tier or of what is included, in units of the line's `per`, another for each account."""

    rule: Formula | Keyed | Ranged | Dated


@dataclass(frozen=True, slots=True)
class Worked:
    """A volume by a formula, in units of the line's `per`."""

    rule: Formula | Keyed | Ranged | Dated


@dataclass(frozen=True, slots=True)
class Measure:
    """A volume that comes with the account: `usage`, or the personal `average`."""

    name: str


@dataclass(frozen=True, slots=True)
class LowerOf:
    """The lowest of several volumes."""

    parts: tuple[VolumeOf, ...]


@dataclass(frozen=True, slots=True)
class HigherOf:
    """The highest of several volumes."""

    parts: tuple[VolumeOf, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage of a volume: 80 percent of usage."""

    percent: Fraction
    of: VolumeOf


VolumeOf = Measure | Quantity | LowerOf | HigherOf | Share | Worked


@dataclass(frozen=True, slots=True)
class Tier:
    """A block of volume up to `to_gal` (None: no end; `AVERAGE`: the personal average) at `price` per unit."""

    to_gal: Fraction | str | Limit | None
    price: Price


@dataclass(frozen=True, slots=True)
class Flat:
    """One amount, whatever the use."""

    price: Price


@dataclass(frozen=True, slots=True)
class TierTable:
    """Whole sets of tiers, chosen by what `by` says of the account."""

    by: str
    sets: tuple[tuple[str, tuple[Tier, ...]], ...]
    otherwise: tuple[Tier, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """Tiers for several dwelling units: `limits` multiplies what is included and where tiers end by their number;
    `mean` prices the volume of the mean unit and multiplies the amount."""

    by: Formula
    how: str


@dataclass(frozen=True, slots=True)
class Volume:
    """A price per quantity of volume, in tiers (blocks).

    `included` is billed at nothing; tier limits count from zero, or from the end of what is included when
    `tiers_begin_after_included`. `step` is the quantity to which the volume is brought before the tiers, `steps`
    how: `exact`, `down` (a started step is free), `up` (a started step is a whole one), `nearest`.
    """

    per: Quantity
    tiers: tuple[Tier, ...]
    source: VolumeOf
    without_average: Quantity | Measure | None
    included: Quantity | None
    tiers_begin_after_included: bool
    steps: str
    step: Quantity
    included_rule: Limit | None = None
    tier_table: TierTable | None = None
    scale: Scale | None = None
    tiers_by_day: bool = False
    tier_rounding: Rounding | None = None

    @property
    def every_tier(self) -> tuple[Tier, ...]:
        """Its tiers, or those of every set."""
        if self.tier_table is None:
            return self.tiers
        return (*(tier for _, tiers in self.tier_table.sets for tier in tiers), *self.tier_table.otherwise)


@dataclass(frozen=True, slots=True)
class Worth:
    """An amount by a formula or a table, in dollars."""

    rule: Formula | Keyed | Ranged | Dated


@dataclass(frozen=True, slots=True)
class ItemStep:
    """Items up to the `to`-th (None: no end): `total` for all of them so far, or `each` for each further one."""

    to: int | None
    total: Price | None
    each: Price | None


@dataclass(frozen=True, slots=True)
class Items:
    """A price by the number of something: carts, dwelling units."""

    counted: str
    steps: tuple[ItemStep, ...]


@dataclass(frozen=True, slots=True)
class Percent:
    """A percentage of the amounts of named lines, as they are rounded."""

    percent: Fraction
    of: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TopUp:
    """What brings the named lines up to a minimum."""

    minimum: Price
    of: tuple[str, ...]


Construct = Flat | Volume | Items | Percent | TopUp | Worth


@dataclass(frozen=True, slots=True)
class When:
    """Whose account a line is on: each name says one of its words, and the condition holds."""

    words: tuple[tuple[str, tuple[str, ...]], ...]
    condition: Formula | None


@dataclass(frozen=True, slots=True)
class Need:
    """Something of the account, premise, meter or item that the tariff asks for, and what counts without it."""

    name: str
    default: str | None


@dataclass(frozen=True, slots=True)
class Months:
    """The months of the year in which a line is charged; `by` is `day`, `first_day` or `last_day`."""

    months: frozenset[int]
    by: str


@dataclass(frozen=True, slots=True)
class LineRule:
    """One line of a version: what is charged, and how it is limited, prorated and rounded."""

    name: str
    kind: str
    says: str
    construct: Construct
    prorate_by_day: bool
    rounding: Rounding
    minimum_cents: int | None
    maximum_cents: int | None
    months: Months | None
    authority: str
    file_line: int
    prorate_by_period: bool = False
    times: Fraction | Formula | Keyed | Ranged | Dated | None = None
    when: When | None = None
    of_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AverageFrom:
    """How the personal average is made from the uses read in the year before its reset day, and what counts until
    there is one.

    Of those uses the ones of `months` (by the month of the read, or of the middle day), the `last` of them; at least
    `needs`; without the highest and the lowest; the `lowest` of the rest. Their mean, by use or by day, brought to
    whole steps and into bounds, holds from the reset day (`reset_month`, `reset_day`) until the next.
    """

    months: frozenset[int] | None
    months_by_middle: bool
    last: int | None
    needs: int
    drop_highest: int
    drop_lowest: int
    lowest: int | None
    weigh_days: bool
    steps: str
    step: Quantity
    least: Quantity | None
    most: Quantity | None
    reset_month: int
    reset_day: int
    without: Quantity | Measure | None
    file_line: int


@dataclass(frozen=True, slots=True)
class PastUse:
    """A use before the example's bill, [began, read): what the average is made from."""

    began_on: date
    read_on: date
    gal: int


@dataclass(frozen=True, slots=True)
class Example:
    """A worked bill with its known answer. `usage_gal` and `average_gal` are gallons, -1 for no average. With `uses`
    the average is made from them, and `average_gal` is what it must come to, -1 where that is not said."""

    says: str
    period: Period
    usage_gal: Fraction
    average_gal: Fraction
    count: int
    prorate_days: int
    lines: tuple[tuple[str, int], ...]
    total_cents: int | None
    outcome: str
    file_line: int
    facts: tuple[tuple[str, str], ...] = ()
    uses: tuple[PastUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What a version was adopted with of what stands beside `code`, where a later version says otherwise: an issued
    bill comes to the same cents whatever is adopted after it."""

    per_days: int | None
    change: str
    why_not_in_use: str
    needs: tuple[Need, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """What a tariff charges from one day until another. `terms` None: those of the tariff."""

    period: Period
    authority: str
    lines: tuple[LineRule, ...]
    examples: tuple[Example, ...]
    file_line: int
    values: tuple[tuple[str, Fraction | Formula | Keyed | Ranged | Dated | NotSet], ...] = ()
    round_bill: Rounding | None = None
    terms: Terms | None = None
    average: AverageFrom | None = None

    def line(self, name: str) -> LineRule | None:
        """The line of that name."""
        return next((line for line in self.lines if line.name == name), None)

    @property
    def dated(self) -> bool:
        """Whether the dates of a period may matter, beyond the days to bill: seasons, values that change by date,
        proration by the period's own days, and any formula, since it may ask for days or month."""
        return any(
            isinstance(part, Dated | Formula | Months)
            or (isinstance(part, LineRule) and part.prorate_by_period)
            or (isinstance(part, Volume) and part.tiers_by_day)
            for part in _parts(self)
        )


def _parts(value: object) -> Iterator[object]:
    """A value and every value in it."""
    yield value
    if isinstance(value, tuple):
        for inner in value:
            yield from _parts(inner)
    elif is_dataclass(value) and not isinstance(value, Formula | Example):
        for field in fields(value):
            yield from _parts(getattr(value, field.name))


@dataclass(frozen=True, slots=True)
class Tariff:
    """A tariff: one service for one class, in versions that follow each other in time.

    `change` says how a period with two versions in it is priced: `by_day` (each version's bill weighted by its
    days), or wholly by the version of the `first_day` or of the `last_day`.
    """

    code: str
    service: str
    customer_class: str
    name: str
    authority: str
    source: str
    confidence: str
    readings: tuple[str, ...]
    notes: tuple[str, ...]
    per_days: int | None
    change: str
    why_not_in_use: str
    versions: tuple[Version, ...]
    file: str
    file_line: int
    needs: tuple[Need, ...] = ()

    @property
    def in_use(self) -> bool:
        """Whether the tariff may be charged at all."""
        return not self.why_not_in_use

    def version_on(self, on: date) -> Version | None:
        """The version in force on the day."""
        return next((version for version in self.versions if version.period.holds(on)), None)

    def terms_of(self, version: Version | None) -> Terms | Tariff:
        """The days of a full bill, what is asked for and so on, as they hold for the version."""
        return self if version is None or version.terms is None else version.terms

    @property
    def asks(self) -> tuple[str, ...]:
        """What any of its versions asks for, by name."""
        needs = [need.name for version in self.versions for need in self.terms_of(version).needs]
        return tuple(dict.fromkeys([*(need.name for need in self.needs), *needs]))

    @property
    def asks_numbers(self) -> frozenset[str]:
        """What of that formulas reckon with, so that a word will not do."""
        parts = [part for version in self.versions for part in _parts(version)]
        used = {name for part in parts if isinstance(part, Formula) for name in part.names}
        counted = {part.counted for part in parts if isinstance(part, Items)}
        return frozenset((used | counted) & set(self.asks))
