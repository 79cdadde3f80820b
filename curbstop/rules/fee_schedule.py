"""A city's adopted fee schedule against what its tariffs and policies charge: every difference, until it is resolved.

The schedule is the council's table: item, amount, resolution, section, the days it holds, and which price it governs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from curbstop.rules.faults import Faults
from curbstop.rules.money import parse_price, show_price
from curbstop.rules.plans import Flat, Items, LineRule, Price, Tariff, TopUp, Volume
from curbstop.rules.sheets import Block, Page

SOON_DAYS = 90
"""An item that ends within so many days, with nothing after it, is listed."""
NO_AUTHORITY = "not on file"


class ScheduleErrors(Faults):
    """Everything wrong with a fee schedule."""

    what = "fee schedule"


@dataclass(frozen=True, slots=True)
class FeeItem:
    """An item of the schedule. It governs the ``price``-th price (from 1) of a tariff's line, or a policy's value
    (``key``: which field of it). ``resolution`` empty: none is on file."""

    item: str
    cents: Fraction
    resolution: str
    section: str
    from_on: date
    until_on: date | None
    tariff: str
    line: str
    price: int
    policy: str
    key: str
    file_line: int

    @property
    def governs(self) -> str:
        """What it governs, in one word for people and for finding others that govern the same."""
        if self.policy:
            return f"{self.policy}{'.' + self.key if self.key else ''}"
        return f"{self.tariff} {self.line}" + (f", price {self.price}" if self.price > 1 else "")


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing to resolve: ``kind`` is ``differs``, ``not_charged``, ``missing_authority``, ``expiring``, ``expired``,
    ``overlaps`` or ``not_in_schedule``."""

    kind: str
    governs: str
    item: str
    says: str
    remedy: str


def read_schedule(text: str, *, file: str) -> tuple[FeeItem, ...]:
    """The items of a fee schedule.

    :raises ScheduleErrors: everything wrong with the file
    """
    page = Page(file)
    found: list[FeeItem | None] = []
    for document in page.blocks(text):
        found += [_item(block) for block in document.blocks("items", required="list the items of the schedule")]
        document.done()
    if page.faults:
        raise ScheduleErrors(page.faults)
    return tuple(item for item in found if item is not None)


def _item(block: Block) -> FeeItem | None:
    item = block.text("item", required="name the item as the schedule does")
    cents, since = block.price("amount"), block.on("from", required="write the first day, 2025-07-01")
    if cents is None and not block.has("amount"):
        block.fault("amount", why="missing", remedy="write the amount in dollars")
    tariff, policy = block.text("tariff") or "", block.text("policy") or ""
    line, until = block.text("line") or "", block.on("until")
    if bool(tariff) == bool(policy) or bool(tariff) != bool(line):
        block.fault("tariff", why="what it governs is not clear", remedy="write tariff and line, or policy")
    if since and until and until <= since:
        block.fault("until", why="not after `from`", remedy="write the day after its last")
    resolution, section = block.text("resolution") or "", block.text("section") or ""
    price, key = block.whole("price", least=1) or 1, block.text("key") or ""
    block.done()
    if item is None or cents is None or since is None:
        return None
    return FeeItem(item, cents, resolution, section, since, until, tariff, line, price, policy, key, block.line)


def check_schedule(
    items: Sequence[FeeItem], *, tariffs: Mapping[str, Tariff], policies: Mapping[str, Any], on: date
) -> tuple[Disagreement, ...]:
    """Everything in which the schedule and what is charged on the day disagree, and what is wrong with its dates.

    :param policies: the values in force by name, amounts in whole cents (or as written, "25.00"); None: not set
    """
    found: list[Disagreement] = []
    holding = [item for item in items if item.from_on <= on and (item.until_on is None or on < item.until_on)]
    for item in holding:
        found += _amounts(item, tariffs, policies, on)
        if not item.resolution or not item.section:
            missing = "resolution" if not item.resolution else "section"
            says = f"The schedule names no {missing} for it."
            found.append(_told("missing_authority", item, says, f"Find the {missing} and write it in the schedule."))
    found += _dates(items, on)
    governed = {item.governs for item in holding}
    found += [one for tariff in tariffs.values() for one in _unscheduled(tariff, governed, on)]
    return tuple(found)


def _told(kind: str, item: FeeItem, says: str, remedy: str) -> Disagreement:
    return Disagreement(kind, item.governs, item.item, says, remedy)


def _amounts(
    item: FeeItem, tariffs: Mapping[str, Tariff], policies: Mapping[str, Any], on: date
) -> Iterator[Disagreement]:
    charged, why = _policy(item, policies) if item.policy else _price(item, tariffs, on)
    amount = show_price(item.cents)
    if charged is None:
        remedy = "Adopt the price, or correct what the schedule says it governs."
        yield _told("not_charged", item, f"The schedule says {amount}; {why}.", remedy)
    elif charged != item.cents:
        remedy = "Draft the rate of the schedule, or correct the schedule by its resolution."
        yield _told("differs", item, f"The schedule says {amount}; {show_price(charged)} is charged.", remedy)


def _policy(item: FeeItem, policies: Mapping[str, Any]) -> tuple[Fraction | None, str]:
    value = policies.get(item.policy)
    if isinstance(value, Mapping):
        value = value.get(item.key)
    if value is None:
        return None, f"the policy {item.policy} is not set"
    if isinstance(value, int) and not isinstance(value, bool):
        return Fraction(value), ""  # an amount as the policies keep it: whole cents
    try:
        return parse_price(str(value), field=item.policy), ""
    except ValueError:
        return None, f"the policy {item.policy} is no amount"


def _price(item: FeeItem, tariffs: Mapping[str, Tariff], on: date) -> tuple[Fraction | None, str]:
    tariff = tariffs.get(item.tariff)
    version = tariff.version_on(on) if tariff else None
    line = version.line(item.line) if version else None
    if tariff is None or version is None:
        return None, f"no tariff {item.tariff} is in force"
    if line is None:
        return None, f"{item.tariff} has no line {item.line}"
    prices = _prices(line)
    if item.price > len(prices):
        return None, f"{item.tariff} {item.line} has {len(prices)} prices"
    price = prices[item.price - 1]
    if price.rule is not None:
        return None, f"{item.tariff} {item.line} is another price for each account"
    return price.cents, "it is not set in the tariff"


def _prices(line: LineRule) -> list[Price]:
    """The prices of a line in the order in which they are written."""
    construct = line.construct
    if isinstance(construct, Flat):
        return [construct.price]
    if isinstance(construct, Volume):
        return [tier.price for tier in construct.tiers]
    if isinstance(construct, Items):
        return [price for step in construct.steps for price in (step.total, step.each) if price is not None]
    return [construct.minimum] if isinstance(construct, TopUp) else []


def _dates(items: Sequence[FeeItem], on: date) -> Iterator[Disagreement]:
    by_what: dict[str, list[FeeItem]] = {}
    for item in sorted(items, key=lambda item: item.from_on):
        by_what.setdefault(item.governs, []).append(item)
    for same in by_what.values():
        for first, second in zip(same, same[1:], strict=False):
            if first.until_on is None or second.from_on < first.until_on:
                says = f"Holds still when “{second.item}” begins on {second.from_on.isoformat()}."
                yield _told("overlaps", first, says, "End the one on the day the other begins.")
        last = same[-1]
        if last.until_on is not None and last.until_on <= on + timedelta(days=SOON_DAYS):
            kind, word = ("expired", "ended") if last.until_on <= on else ("expiring", "ends")
            says = f"It {word} on {last.until_on.isoformat()} and nothing follows."
            yield _told(kind, last, says, "Enter the resolution that goes on with it, or end the charge.")


def _unscheduled(tariff: Tariff, governed: set[str], on: date) -> Iterator[Disagreement]:
    version = tariff.version_on(on) if tariff.in_use else None
    for line in version.lines if version else ():
        for place, price in enumerate(_prices(line), start=1):
            what = f"{tariff.code} {line.name}" + (f", price {place}" if place > 1 else "")
            if price.cents and what not in governed:
                says = f"{show_price(price.cents)} is charged for {line.says}; the schedule has no such item."
                yield Disagreement("not_in_schedule", what, "", says, "Add the item with its resolution and section.")
    if version is not None and NO_AUTHORITY in version.authority:
        yield Disagreement(
            "missing_authority", tariff.code, "", f"The tariff names: {version.authority}.",
            "Draft the version again with the resolution and section.",
        )  # fmt: skip
