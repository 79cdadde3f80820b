"""The lines of a tariff version, from YAML to checked constructs."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from curbstop.rules.faults import BadValue
from curbstop.rules.formulas import Formula
from curbstop.rules.money import Rounding
from curbstop.rules.plans import (
    AVERAGE,
    MEASURES,
    USAGE,
    Construct,
    Dated,
    Flat,
    HigherOf,
    Items,
    ItemStep,
    Keyed,
    Limit,
    LineRule,
    LowerOf,
    Measure,
    Months,
    NotSet,
    Percent,
    Price,
    Ranged,
    Scale,
    Share,
    Tariff,
    Tier,
    TierTable,
    TopUp,
    Volume,
    VolumeOf,
    When,
    Worked,
    Worth,
)
from curbstop.rules.sheets import NOT_SET, Block, closest
from curbstop.rules.tariff_values import read_condition, read_formula, read_value
from curbstop.rules.units import Quantity, parse_quantity, show_number

CONSTRUCTS = ("flat", "per", "each", "percent", "minimum_of", "amount")
ROUNDINGS = {f"{rounding.value}_line": rounding for rounding in Rounding}
TIER_ROUNDINGS = {f"{rounding.value}_tier": rounding for rounding in Rounding}
STEPS = ("exact", "down", "up", "nearest")
ALL = "all"
ZERO = Price(Fraction(0))

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,39}")
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_VOLUME = re.compile(r"[0-9][0-9.,]*\s*[a-z]+")
_SIGNED = re.compile(r"-[0-9]{1,6}(\.[0-9]{1,18})?")
_FORMULA = re.compile(r"^\s*[a-z]\w*\s*$|[(*/+]|\w\s*-")
KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


def matched(block: Block, key: str, pattern: re.Pattern[str], shape: str) -> str | None:
    """The field as text, when it has the shape."""
    value = block.text(key, required=f"write {shape}")
    if value is not None and not pattern.fullmatch(value):
        block.fault(key, value=value, why="not a name of the right shape", remedy=f"write {shape}")
        return None
    return value


def read_line(block: Block, tariff: Tariff) -> LineRule | None:
    """A line of a version; None when it says nothing that can be charged."""
    name = matched(block, "name", NAME, "a lower-case word, for example base")
    if name is None:
        name = "?"
    construct = _construct(block)
    prorate = block.choice("prorate", ("by_day", "by_period", "none"), default="none")
    if prorate != "none" and tariff.per_days is None:
        remedy = "add `per_days: 28` (the days of a full bill) to the tariff"
        block.fault("prorate", value=prorate, why="by day, but of how many days is not said", remedy=remedy)
    default_kind = f"{tariff.service}.{name}"
    kind = block.text("kind") or default_kind
    if "?" not in default_kind and not KIND.fullmatch(kind):
        block.fault("kind", value=kind, why="not a ledger kind", remedy="write for example water.base")
    known = [*ROUNDINGS, *TIER_ROUNDINGS] if isinstance(construct, Volume) else ROUNDINGS
    rounding = block.choice("round", known, default="half_up_line")
    if isinstance(construct, Volume) and rounding in TIER_ROUNDINGS:
        construct = replace(construct, tier_rounding=TIER_ROUNDINGS[rounding])
    least = block.cents("minimum") if not isinstance(construct, TopUp) else None
    line = LineRule(
        name=name,
        kind=kind,
        says=block.text("says") or name.replace("_", " ").capitalize(),
        construct=construct or Flat(ZERO),
        prorate_by_day=prorate == "by_day",
        rounding=ROUNDINGS.get(rounding) or TIER_ROUNDINGS[rounding],
        minimum_cents=least,
        maximum_cents=block.cents("maximum"),
        months=_months(block),
        authority=block.text("authority") or "",
        file_line=block.line,
        prorate_by_period=prorate == "by_period",
        times=_times(block),
        when=_when(block),
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
        for key in ("tiers", "rate", "volume", "for", "of", "included", "scale"):
            block.take(key)
        return None
    if written == ["flat"]:
        return Flat(_price(block, "flat", whole_cents=True))
    if written == ["per"]:
        return _volume(block)
    if written == ["each"]:
        return _items(block)
    if written == ["amount"]:
        rule = read_value(block, "amount")
        if isinstance(rule, NotSet):
            block.fault("amount", value=NOT_SET, why="not an amount", remedy="write `flat: not set` with its reason")
        elif isinstance(rule, Fraction):
            block.fault("amount", value=rule, why="a plain amount", remedy="write it as `flat`")
        return None if rule is None or isinstance(rule, Fraction | NotSet) else Worth(rule)
    if written == ["percent"]:
        percent = _signed(block, "percent")
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


def _signed(block: Block, key: str) -> Fraction | None:
    """A number that may be below zero: a percentage off."""
    value = block.text(key)
    if value is not None and value.startswith("-"):
        if _SIGNED.fullmatch(value):
            return Fraction(value)
        block.fault(key, value=value, why="not a plain number", remedy="write for example -20")
        return None
    return block.number(key)


def _times(block: Block) -> Fraction | Formula | Keyed | Ranged | Dated | None:
    found = read_value(block, "times", required=False)
    if isinstance(found, NotSet):
        block.fault("times", value=NOT_SET, why="a factor is expected", remedy="take the line out until it is known")
        return None
    return found


def _when(block: Block) -> When | None:
    """`when: {programme: senior, zone: [2, 3]}`, or a condition `when: usage_gal > 3000`."""
    node = block.take("when")
    if node is None:
        return None
    if isinstance(node, ScalarNode):
        condition = read_condition(block, "when", " ".join(node.value.split()))
        return When((), condition) if condition is not None else None
    part = block.block("when")
    if part is None:
        return None
    words = tuple((key, part.words(key)) for key in part.nodes)
    for key, allowed in words:
        if not allowed:
            part.fault(key, why="no word is named", remedy=f"write `when: {{{key}: senior}}`")
    return When(words, None)


def _ruled(block: Block, key: str) -> bool:
    """Whether the field holds a formula or a table, and not a plain figure."""
    node = block.nodes.get(key)
    if isinstance(node, ScalarNode):
        return node.value.strip() != NOT_SET and bool(_FORMULA.search(node.value))
    return isinstance(node, MappingNode)


def _rule(block: Block, key: str) -> Formula | Keyed | Ranged | Dated | None:
    found = read_value(block, key)
    return None if found is None or isinstance(found, Fraction | NotSet) else found


def _price(block: Block, key: str, *, whole_cents: bool = False) -> Price:
    if _ruled(block, key):
        return Price(None, "", _rule(block, key))
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
    table = _tier_table(block, per)
    tiers = () if table is not None else _tiers(block, per)
    source = _source(block, "volume")
    without = read_without(block, "without_average")
    sets = tiers if table is None else [tier for _, own in table.sets for tier in own]
    uses_average = names_measure(source, AVERAGE) or any(tier.to_gal == AVERAGE for tier in sets)
    if without is not None and not uses_average:
        why = "no average is used by this line"
        block.fault("without_average", why=why, remedy="take it out, or use `average` in `volume` or `tiers`")
    rule = _rule(block, "included") if _is_limit(block, "included") else None
    included = block.quantity("included") if rule is None else None
    begin = block.choice("tiers_begin", ("at_zero", "after_included"), default="at_zero")
    steps, step = read_steps(block, per)
    scale = _scale(block)
    by_day = block.choice("prorate_tiers", ("by_day", "none"), default="none") == "by_day"
    if per is None or step is None or not (tiers or table):
        return None
    return Volume(
        per=per,
        tiers=tiers,
        source=source,
        without_average=without,
        included=included,
        tiers_begin_after_included=begin == "after_included",
        steps=steps,
        step=step,
        included_rule=None if rule is None else Limit(rule),
        tier_table=table,
        scale=scale,
        tiers_by_day=by_day,
    )


def _is_limit(block: Block, key: str) -> bool:
    """Whether the field holds a formula or a table, and not a volume such as `1000 gal`."""
    node = block.nodes.get(key)
    plain = isinstance(node, ScalarNode) and bool(_VOLUME.fullmatch(node.value.strip()))
    return _ruled(block, key) and not plain


def _scale(block: Block) -> Scale | None:
    """`scale: {by: dwelling_units, how: limits}`."""
    part = block.block("scale")
    if part is None:
        return None
    by = read_formula(part, "by")
    how = part.choice("how", ("limits", "mean"), default="limits")
    if by is None and not part.has("by"):
        part.fault("by", why="missing", remedy="name the number of units: `scale: {by: dwelling_units, how: limits}`")
    part.done()
    return Scale(by, how) if by is not None else None


def _tier_table(block: Block, per: Quantity | None) -> TierTable | None:
    """`tiers: {by: season, values: {summer: [...], winter: [...]}}`."""
    if block.has("rate") or not isinstance(block.nodes.get("tiers"), MappingNode):
        return None
    part = block.block("tiers")
    assert part is not None
    by = matched(part, "by", NAME, "what chooses the tiers, for example meter")
    rows = part.block("values")
    sets = [(key, _tier_list(rows, key, per)) for key in rows.nodes] if rows is not None else []
    if not sets:
        part.fault("values", why="missing", remedy="write `values: {5/8: [{to: 7, rate: 1.82}, {rate: 2.28}]}`")
    otherwise = _tier_list(part, "otherwise", per) if part.has("otherwise") else ()
    part.done()
    return TierTable(by or "?", tuple(sets), otherwise)


def read_steps(block: Block, per: Quantity | None) -> tuple[str, Quantity | None]:
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
    return _tier_list(block, "tiers", per)


def _tier_list(block: Block, key: str, per: Quantity | None) -> tuple[Tier, ...]:
    parts = block.blocks(key, required="write at least one tier: `tiers: [{to: 10, rate: 5.02}, {rate: 9.19}]`")
    found: list[Tier] = []
    unit = per.gal if per is not None else Fraction(1)
    before: Fraction | str | Limit = Fraction(0)
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        to = _limit(part, last=last, before=before, unit=unit)
        found.append(Tier(to, _price(part, "rate")))
        part.done()
        if to is not None:
            before = to
    return tuple(found)


def _limit(part: Block, *, last: bool, before: Fraction | str | Limit, unit: Fraction) -> Fraction | str | Limit | None:
    """The end of a tier in gallons; checked against the end of the tier before."""
    start = part.number("from")
    if start is not None and isinstance(before, Fraction) and start * unit != before:
        why = "a gap in the tiers" if start * unit > before else "the tiers overlap"
        remedy = f"begin where the tier before ends ({show_number(before / unit)}), or leave `from` out"
        part.fault("from", value=show_number(start), why=why, remedy=remedy)
    node = part.nodes.get("to")
    if _ruled(part, "to") and not (isinstance(node, ScalarNode) and node.value.strip() == AVERAGE):
        rule = _rule(part, "to")
        if last:
            why = "a gap in the tiers: usage above it has no price"
            part.fault("to", why=why, remedy="add a last tier with a `rate` and no `to`")
        return Limit(rule) if rule is not None else Fraction(0)
    value = part.text("to")
    if value is None:
        if not last:
            remedy = "give it a `to`; only the last tier has none"
            part.fault("to", why="missing: no tier after this one can be reached", remedy=remedy)
        return None
    if value == AVERAGE:
        to: Fraction | str | Limit = AVERAGE
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
    written = [name for name in ("lower_of", "higher_of", "percent", "formula") if part.has(name)]
    if len(written) != 1:
        block.fault(key, why="one rule is expected", remedy="write one of lower_of, higher_of, percent, formula")
        return fallback
    if written == ["formula"]:
        rule = _rule(part, "formula")
        part.done()
        return Worked(rule) if rule is not None else fallback
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


def names_measure(source: VolumeOf, name: str) -> bool:
    """Whether the volume is worked out from the measure."""
    if isinstance(source, Measure):
        return source.name == name
    if isinstance(source, LowerOf | HigherOf):
        return any(names_measure(part, name) for part in source.parts)
    return isinstance(source, Share) and names_measure(source.of, name)


def read_without(block: Block, key: str) -> Quantity | Measure | None:
    """What counts without an average: `usage`, or a volume."""
    value = block.text(key)
    if value is None:
        return None
    if value == USAGE:
        return Measure(USAGE)
    try:
        return parse_quantity(value, field=key)
    except BadValue as error:
        block.fault(key, value=value, why=error.why, remedy=f"{error.remedy}, or `usage`")
        return None


def _items(block: Block) -> Items | None:
    counted = matched(block, "each", NAME, "what is counted, for example carts")
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
