"""Tariff files: YAML text to checked plans, with every fault of the file at once.

The language is described with an example of each construct in `docs/reference/tariffs.md`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from curbstop.rules.faults import BadValue, Faults
from curbstop.rules.money import Rounding
from curbstop.rules.periods import Period
from curbstop.rules.plans import (
    AVERAGE,
    MEASURES,
    USAGE,
    Construct,
    Example,
    Flat,
    HigherOf,
    Items,
    ItemStep,
    LineRule,
    LowerOf,
    Measure,
    Months,
    Percent,
    Price,
    Share,
    Tariff,
    Tier,
    TopUp,
    Version,
    Volume,
    VolumeOf,
)
from curbstop.rules.sheets import NOT_SET, Block, Page, closest
from curbstop.rules.units import Quantity, parse_number, parse_quantity, show_number

__all__ = ["Tariff", "TariffErrors", "Version", "read_tariffs"]

CONFIDENCES = ("HIGH", "MED", "LOW", "UNVERIFIED")
CONSTRUCTS = ("flat", "per", "each", "percent", "minimum_of")
ROUNDINGS = {f"{rounding.value}_line": rounding for rounding in Rounding}
STEPS = ("exact", "down", "up", "nearest")
CHANGES = ("by_day", "first_day", "last_day")
ZERO = Price(Fraction(0))

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,23}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


class TariffErrors(Faults):
    """Everything wrong with a tariff file."""

    what = "tariff file"


def read_tariffs(text: str, *, file: str) -> tuple[Tariff, ...]:
    """The tariffs of a file, in its order.

    :param text: YAML, one tariff a document
    :param file: the file's name, for messages
    :raises TariffErrors: every fault found, each with file, line, field, value, why and remedy
    """
    page = Page(file)
    tariffs: list[Tariff] = []
    for block in page.blocks(text):
        tariff = _tariff(block)
        if any(tariff.code == other.code for other in tariffs):
            block.fault("code", value=tariff.code, why="used by an earlier tariff of this file", remedy="rename one")
        tariffs.append(tariff)
    if page.faults:
        raise TariffErrors(page.faults)
    return tuple(tariffs)


def _tariff(block: Block) -> Tariff:
    code = _matched(block, "code", _CODE, "capital letters, digits and hyphens, for example W-RES") or "?"
    service = _matched(block, "service", _NAME, "a lower-case word, for example water") or "?"
    authority = block.text("authority", required="name the ordinance or resolution, with its section and date") or ""
    in_use = block.choice("in_use", ("yes", "no"), default="yes")
    why_not = block.text("why_not_in_use") or ""
    if (in_use == "no") != bool(why_not):
        remedy = "write `in_use: no` together with `why_not_in_use: ...`, or neither"
        block.fault("in_use", value=in_use, why="a tariff out of use says why, one in use does not", remedy=remedy)
    tariff = Tariff(
        code=code,
        service=service,
        customer_class=block.text("class") or "any",
        name=block.text("name") or code,
        authority=authority,
        source=block.text("source") or "",
        confidence=block.choice("confidence", CONFIDENCES, default="UNVERIFIED"),
        readings=block.words("reading"),
        notes=block.words("notes"),
        per_days=block.whole("per_days", least=1),
        change=block.choice("change", CHANGES, default="by_day"),
        why_not_in_use=why_not,
        versions=(),
        file=block.page.file,
        file_line=block.line,
    )
    remedy = "write at least one version: `versions: [{from: 2026-01-01, lines: [...]}]`"
    versions = [_version(part, tariff) for part in block.blocks("versions", required=remedy)]
    block.done()
    found = [version for version in versions if version is not None]
    return replace(tariff, versions=_in_time(block, found))


def _matched(block: Block, key: str, pattern: re.Pattern[str], shape: str) -> str | None:
    value = block.text(key, required=f"write {shape}")
    if value is not None and not pattern.fullmatch(value):
        block.fault(key, value=value, why="not a name of the right shape", remedy=f"write {shape}")
        return None
    return value


def _version(block: Block, tariff: Tariff) -> Version | None:
    from_on = block.on("from", required="write the first day it holds, for example 2026-01-01")
    until_on = block.on("until")
    authority = block.text("authority") or tariff.authority
    lines = [_line(part, tariff) for part in block.blocks("lines", required="write at least one line")]
    kept = [line for line in lines if line is not None]
    _check_names(block, kept)
    _check_references(block, kept)
    period: Period | None = None
    if from_on is not None:
        try:
            period = Period(from_on, until_on)
        except BadValue as error:
            block.fault("until", value=error.value, why=error.why, remedy=error.remedy)
    examples = [_example(part, period, tariff, kept) for part in block.blocks("examples")]
    block.done()
    if period is None:
        return None
    worked = tuple(example for example in examples if example is not None)
    return Version(period, authority, tuple(kept), worked, block.line)


def _in_time(block: Block, versions: Sequence[Version]) -> tuple[Version, ...]:
    """Versions in time order; one without an end ends where the next begins."""
    order = sorted(versions, key=lambda version: version.period.from_on)
    found: list[Version] = []
    for index, version in enumerate(order):
        following = order[index + 1].period.from_on if index + 1 < len(order) else None
        period = version.period
        overlap = following is not None and (
            following == period.from_on or (period.until_on is not None and period.until_on > following)
        )
        if overlap:
            line = order[index + 1].file_line
            why = f"overlaps the version from {period.from_on} (line {version.file_line})"
            remedy = f"end that one with `until: {following}` or begin this one later"
            block.page.fault(line=line, field="versions.from", value=str(following), why=why, remedy=remedy)
        elif period.until_on is None and following is not None:
            version = replace(version, period=Period(period.from_on, following))
        found.append(version)
    return tuple(found)


def _line(block: Block, tariff: Tariff) -> LineRule | None:
    name = _matched(block, "name", _NAME, "a lower-case word, for example base")
    if name is None:
        name = "?"
    construct = _construct(block)
    prorate = block.choice("prorate", ("by_day", "none"), default="none")
    if prorate == "by_day" and tariff.per_days is None:
        remedy = "add `per_days: 28` (the days of a full bill) to the tariff"
        block.fault("prorate", value=prorate, why="by day, but of how many days is not said", remedy=remedy)
    default_kind = f"{tariff.service}.{name}"
    kind = block.text("kind") or default_kind
    if "?" not in default_kind and not _KIND.fullmatch(kind):
        block.fault("kind", value=kind, why="not a ledger kind", remedy="write for example water.base")
    rounding = block.choice("round", ROUNDINGS, default="half_up_line")
    least = block.cents("minimum") if not isinstance(construct, TopUp) else None
    line = LineRule(
        name=name,
        kind=kind,
        says=block.text("says") or name.replace("_", " ").capitalize(),
        construct=construct or Flat(ZERO),
        prorate_by_day=prorate == "by_day",
        rounding=ROUNDINGS[rounding],
        minimum_cents=least,
        maximum_cents=block.cents("maximum"),
        months=_months(block),
        authority=block.text("authority") or "",
        file_line=block.line,
    )
    block.done()
    if line.minimum_cents is not None and line.maximum_cents is not None and line.minimum_cents > line.maximum_cents:
        block.fault("maximum", why="below the minimum", remedy="exchange them or take one out")
    return line if construct is not None else None


def _construct(block: Block) -> Construct | None:
    written = [key for key in CONSTRUCTS if block.has(key)]
    if len(written) != 1:
        why = f"says {' and '.join(written)}: a line is one of them" if written else "does not say what is charged"
        for key in written:
            block.take(key)
        block.page.fault(
            line=block.line,
            field=block.path,
            value="",
            why=why,
            remedy=f"write exactly one of {', '.join(CONSTRUCTS)}",
        )
        for key in ("tiers", "rate", "volume", "for", "of", "included"):
            block.take(key)
        return None
    if written == ["flat"]:
        return Flat(_price(block, "flat", whole_cents=True))
    if written == ["per"]:
        return _volume(block)
    if written == ["each"]:
        return _items(block)
    if written == ["percent"]:
        percent = block.number("percent")
        of = _of(block)
        return Percent(percent, of) if percent is not None and of else None
    minimum = _price(block, "minimum_of", whole_cents=True)
    of = _of(block)
    return TopUp(minimum, of) if of else None


def _of(block: Block) -> tuple[str, ...]:
    of = block.words("of")
    if not of:
        block.fault("of", why="missing", remedy="name the lines it is worked out from: `of: [base, water]`")
    return of


def _price(block: Block, key: str, *, whole_cents: bool = False) -> Price:
    value = block.text(key, required="write the price, or `not set` with `why_not_set`")
    if value is None:
        return ZERO
    if value == NOT_SET:
        why = block.text("why_not_set", required="say why no figure is known: `why_not_set: ...`")
        return Price(None, why or "")
    block.take(key)
    cents = block.price(key)
    if cents is None:
        return ZERO
    if whole_cents and cents.denominator != 1:
        block.fault(key, value=value, why="a part of a cent", remedy="write two decimals, for example 9.50")
    return Price(cents)


def _volume(block: Block) -> Volume | None:
    per = block.quantity("per")
    if per is not None and per.amount == 0:
        block.fault("per", value="0", why="a price per nothing", remedy="write for example `per: 1000 gal`")
        per = None
    tiers = _tiers(block, per)
    source = _source(block, "volume")
    without = _without_average(block)
    uses_average = _names(source, AVERAGE) or any(tier.to_gal == AVERAGE for tier in tiers)
    if without is not None and not uses_average:
        why = "no average is used by this line"
        block.fault("without_average", why=why, remedy="take it out, or use `average` in `volume` or `tiers`")
    included = block.quantity("included")
    begin = block.choice("tiers_begin", ("at_zero", "after_included"), default="at_zero")
    steps, step = _steps(block, per)
    if per is None or step is None or not tiers:
        return None
    return Volume(per, tiers, source, without, included, begin == "after_included", steps, step)


def _steps(block: Block, per: Quantity | None) -> tuple[str, Quantity | None]:
    """`quantity: exact`, `quantity: down` (to `per`), or `quantity: {down: 100 gal}`."""
    if not isinstance(block.nodes.get("quantity"), MappingNode):
        return block.choice("quantity", STEPS, default="exact"), per
    part = block.block("quantity")
    written = [key for key in STEPS if part is not None and part.has(key)]
    if part is None or len(written) != 1:
        remedy = "write for example `quantity: {down: 100 gal}`"
        block.fault("quantity", why="one way of counting is expected", remedy=remedy)
        return "exact", per
    step = part.quantity(written[0])
    part.done()
    if step is not None and step.amount == 0:
        block.fault("quantity", why="a step of nothing", remedy="write for example `quantity: {down: 100 gal}`")
        step = None
    return written[0], step


def _tiers(block: Block, per: Quantity | None) -> tuple[Tier, ...]:
    if block.has("rate") == block.has("tiers"):
        why = "both are written" if block.has("rate") else "neither is written"
        block.fault("rate", why=f"`rate` or `tiers`: {why}", remedy="one price is `rate`, several are `tiers`")
        block.take("rate")
        block.take("tiers")
        return ()
    if block.has("rate"):
        return (Tier(None, _price(block, "rate")),)
    parts = block.blocks("tiers", required="write at least one tier: `tiers: [{to: 10, rate: 5.02}, {rate: 9.19}]`")
    found: list[Tier] = []
    unit = per.gal if per is not None else Fraction(1)
    before: Fraction | str = Fraction(0)
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        to = _limit(part, last=last, before=before, unit=unit)
        found.append(Tier(to, _price(part, "rate")))
        part.done()
        if to is not None:
            before = to
    return tuple(found)


def _limit(part: Block, *, last: bool, before: Fraction | str, unit: Fraction) -> Fraction | str | None:
    """The end of a tier in gallons; checked against the end of the tier before."""
    start = part.number("from")
    if start is not None and isinstance(before, Fraction) and start * unit != before:
        why = "a gap in the tiers" if start * unit > before else "the tiers overlap"
        remedy = f"begin where the tier before ends ({show_number(before / unit)}), or leave `from` out"
        part.fault("from", value=show_number(start), why=why, remedy=remedy)
    value = part.text("to")
    if value is None:
        if not last:
            remedy = "give it a `to`; only the last tier has none"
            part.fault("to", why="missing: no tier after this one can be reached", remedy=remedy)
        return None
    if value == AVERAGE:
        to: Fraction | str = AVERAGE
    else:
        part.take("to")
        number = part.number("to")
        if number is None:
            return Fraction(0)
        to = number * unit
    if last:
        why = "a gap in the tiers: usage above it has no price"
        part.fault("to", value=value, why=why, remedy="add a last tier with a `rate` and no `to`")
    if isinstance(to, Fraction) and isinstance(before, Fraction) and to <= before:
        remedy = f"a tier ends above the one before it ({show_number(before / unit)})"
        part.fault("to", value=value, why="the tiers do not rise", remedy=remedy)
    return to


def _source(block: Block, key: str) -> VolumeOf:
    node = block.take(key)
    return Measure(USAGE) if node is None else _source_node(block, key, node)


def _source_node(block: Block, key: str, node: Node) -> VolumeOf:
    fallback = Measure(USAGE)
    if isinstance(node, ScalarNode):
        if node.value in MEASURES:
            return Measure(node.value)
        try:
            return parse_quantity(node.value, field=key)
        except BadValue:
            remedy = closest(node.value, MEASURES) + ", or a volume such as 6000 gal"
            block.fault(key, value=node.value, why="not a volume that is known", remedy=remedy)
            return fallback
    if not isinstance(node, MappingNode):
        block.fault(
            key, why="a volume is expected", remedy="write `usage`, `average` or `{lower_of: [usage, average]}`"
        )
        return fallback
    part = Block(block.page, node, block.name(key))
    written = [name for name in ("lower_of", "higher_of", "percent") if part.has(name)]
    if len(written) != 1:
        block.fault(key, why="one rule is expected", remedy="write one of lower_of, higher_of, percent")
        return fallback
    if written == ["percent"]:
        share = part.number("percent")
        of = _source(part, "of")
        part.done()
        return Share(share or Fraction(100), of)
    items = part.take(written[0])
    part.done()
    if not isinstance(items, SequenceNode) or not items.value:
        part.fault(written[0], why="a list is expected", remedy="write `[usage, average]`")
        return fallback
    parts = tuple(_source_node(part, written[0], item) for item in items.value)
    return LowerOf(parts) if written == ["lower_of"] else HigherOf(parts)


def _names(source: VolumeOf, name: str) -> bool:
    if isinstance(source, Measure):
        return source.name == name
    if isinstance(source, LowerOf | HigherOf):
        return any(_names(part, name) for part in source.parts)
    return isinstance(source, Share) and _names(source.of, name)


def _without_average(block: Block) -> Quantity | Measure | None:
    value = block.text("without_average")
    if value is None:
        return None
    if value == USAGE:
        return Measure(USAGE)
    try:
        return parse_quantity(value, field="without_average")
    except BadValue as error:
        remedy = f"{error.remedy}, or `usage`"
        block.fault("without_average", value=value, why=error.why, remedy=remedy)
        return None


def _items(block: Block) -> Items | None:
    counted = _matched(block, "each", _NAME, "what is counted, for example carts")
    if block.has("rate") == block.has("for"):
        block.fault("each", why="`rate` or `for`: one of them", remedy="one price for each is `rate`, a table is `for`")
        block.take("rate")
        block.take("for")
        return None
    if block.has("rate"):
        steps: tuple[ItemStep, ...] = (ItemStep(None, None, _price(block, "rate")),)
    else:
        steps = _item_steps(block)
    return Items(counted, steps) if counted is not None and steps else None


def _item_steps(block: Block) -> tuple[ItemStep, ...]:
    remedy = "write for example `for: [{to: 1, total: 11.50}, {to: 4, each: 10.75}]`"
    parts = block.blocks("for", required=remedy)
    found: list[ItemStep] = []
    before = 0
    for index, part in enumerate(parts):
        to = part.whole("to", least=1)
        if to is None and index < len(parts) - 1:
            part.fault("to", why="missing: nothing after this one can be reached", remedy="give it a `to`")
        if to is not None and to <= before:
            part.fault("to", value=str(to), why="the numbers do not rise", remedy=f"write more than {before}")
        if part.has("total") == part.has("each"):
            part.fault("total", why="`total` or `each`: one of them", remedy=remedy)
            part.take("total")
            part.take("each")
            continue
        total = _price(part, "total", whole_cents=True) if part.has("total") else None
        each = _price(part, "each", whole_cents=True) if part.has("each") else None
        if total is not None and to is None:
            part.fault("to", why="a total is for a number of items", remedy="write `to: 2`")
        found.append(ItemStep(to, total, each))
        part.done()
        before = to if to is not None else before
    return tuple(found)


def _months(block: Block) -> Months | None:
    by = block.choice("months_by", ("day", "first_day", "last_day"), default="day")
    words = block.words("months")
    if not words:
        if block.has("months_by") or block.has("months"):
            block.fault("months", why="no months are named", remedy="write `months: [7, 8]`")
        return None
    months: set[int] = set()
    for word in words:
        if word.isascii() and word.isdigit() and 1 <= int(word) <= 12:
            months.add(int(word))
        else:
            block.fault("months", value=word, why="not a month", remedy="write numbers from 1 to 12")
    return Months(frozenset(months), by)


def _check_names(block: Block, lines: Sequence[LineRule]) -> None:
    seen: dict[str, int] = {}
    for line in lines:
        if line.name in seen and line.name != "?":
            why = f"a line of this name is on line {seen[line.name]}"
            block.page.fault(line=line.file_line, field="name", value=line.name, why=why, remedy="rename one")
        seen.setdefault(line.name, line.file_line)


def _check_references(block: Block, lines: Sequence[LineRule]) -> None:
    """Percentages and minimums name lines that exist, and no two wait for each other."""
    names = [line.name for line in lines]
    needs = {line.name: references(line) for line in lines}
    for line in lines:
        for name in references(line):
            if name not in names:
                why = f"no line of this version is called {name!r}"
                remedy = closest(name, names)
                block.page.fault(line=line.file_line, field="of", value=name, why=why, remedy=remedy)
    for line in lines:
        if _reaches(line.name, line.name, needs):
            why = "the line is worked out from itself, by way of the lines it names"
            block.page.fault(line=line.file_line, field="of", value=line.name, why=why, remedy="name other lines")


def references(line: LineRule) -> tuple[str, ...]:
    """The lines that this one is worked out from."""
    return line.construct.of if isinstance(line.construct, Percent | TopUp) else ()


def _reaches(start: str, goal: str, needs: dict[str, tuple[str, ...]]) -> bool:
    seen: set[str] = set()
    waiting = list(needs.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting.extend(needs.get(name, ()))
    return False


def _example(block: Block, period: Period | None, tariff: Tariff, lines: Sequence[LineRule]) -> Example | None:
    says = block.text("says") or ""
    usage, average = _gal(block, "usage"), _gal(block, "average")
    count, days = block.whole("count"), block.whole("days", least=1)
    from_on, until_on = block.on("from"), block.on("until")
    outcome = block.choice("outcome", ("rated", "not_set", "no_average"), default="rated")
    total = block.cents("total", allow_negative=True)
    if total is None and outcome == "rated":
        block.fault("total", why="missing", remedy="write what the whole bill comes to")
    amounts: list[tuple[str, int]] = []
    part = block.block("lines")
    if part is not None:
        for line in lines:
            cents = part.cents(line.name, allow_negative=True)
            if cents is not None:
                amounts.append((line.name, cents))
        part.done()
    block.done()
    if period is None:
        return None
    start = from_on or period.from_on
    end = until_on or start + timedelta(days=tariff.per_days or 30)
    if not period.holds(start) or end <= start:
        block.fault("from", value=str(start), why="not a period of this version", remedy="begin it in the version")
        return None
    return Example(
        says, Period(start, end), usage or 0, -1 if average is None else average, 1 if count is None else count,
        -1 if days is None else days, tuple(amounts), total, outcome, block.line,
    )  # fmt: skip


def _gal(block: Block, key: str) -> int | None:
    """A volume of an example in whole gallons: `7000 gal`, or `7000`."""
    value = block.text(key)
    if value is None or value == "none":
        return None
    try:
        gal = parse_quantity(value, field=key).gal if value[-1].isalpha() else parse_number(value, field=key)
    except BadValue as error:
        block.fault(key, value=value, why=error.why, remedy=error.remedy)
        return None
    if gal.denominator != 1:
        block.fault(key, value=value, why="not whole gallons", remedy="write whole gallons, for example 7000 gal")
        return None
    return int(gal)
