"""Tariff files: YAML text to checked plans, with every fault of the file at once.

The language is described with an example of each construct in `docs/reference/tariffs.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from curbstop.rules.faults import BadValue, Faults
from curbstop.rules.formulas import Formula
from curbstop.rules.money import Rounding
from curbstop.rules.periods import Period
from curbstop.rules.plans import (
    AVERAGE,
    Dated,
    Example,
    Items,
    Keyed,
    Limit,
    LineRule,
    Need,
    NotSet,
    Percent,
    Price,
    Ranged,
    Tariff,
    TopUp,
    Version,
    Volume,
    Worked,
    Worth,
)
from curbstop.rules.sheets import Block, Page, closest
from curbstop.rules.tariff_averages import read_average, read_uses
from curbstop.rules.tariff_lines import ALL, CODE, NAME, matched, names_measure, read_line
from curbstop.rules.tariff_values import names_in, read_value
from curbstop.rules.units import parse_number, parse_quantity
from curbstop.rules.working import BUILT_IN

__all__ = ["Tariff", "TariffErrors", "Version", "read_tariffs", "uses"]

CONFIDENCES = ("HIGH", "MED", "LOW", "UNVERIFIED")
CHANGES = ("by_day", "first_day", "last_day")
REQUIRED = "required"


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
    code = matched(block, "code", CODE, "capital letters, digits and hyphens, for example W-RES") or "?"
    service = matched(block, "service", NAME, "a lower-case word, for example water") or "?"
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
        needs=_needs(block),
    )
    remedy = "write at least one version: `versions: [{from: 2026-01-01, lines: [...]}]`"
    versions = [_version(part, tariff) for part in block.blocks("versions", required=remedy)]
    block.done()
    found = [version for version in versions if version is not None]
    return replace(tariff, versions=_in_time(block, found))


def _version(block: Block, tariff: Tariff) -> Version | None:
    from_on = block.on("from", required="write the first day it holds, for example 2026-01-01")
    until_on = block.on("until")
    authority = block.text("authority") or tariff.authority
    lines = [read_line(part, tariff) for part in block.blocks("lines", required="write at least one line")]
    values, average = _values(block), read_average(block, tariff)
    own = [*(name for name, _ in values), *(need.name for need in tariff.needs), *BUILT_IN]
    kept = _settled([line for line in lines if line is not None], own)
    _check_names(block, kept)
    _check_formulas(block, tariff, kept, values)
    _check_references(block, kept)
    if average is not None and not looks_at_average(kept, values):
        remedy = "use `average` in a line's `volume` or `tiers`, or `average_gal` in a formula, or take it out"
        block.fault("average", why="no line looks at the average", remedy=remedy)
    period: Period | None = None
    if from_on is not None:
        try:
            period = Period(from_on, until_on)
        except BadValue as error:
            block.fault("until", value=error.value, why=error.why, remedy=error.remedy)
    roundings = {name.value: name for name in Rounding}
    rounding = roundings.get(block.choice("round_bill", [*roundings, "none"], default="none"))
    examples = [_example(part, period, tariff, kept) for part in block.blocks("examples")]
    block.done()
    if period is None:
        return None
    worked = tuple(example for example in examples if example is not None)
    return Version(period, authority, tuple(kept), worked, block.line, values, rounding, average=average)


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


NamedValue = Formula | Keyed | Ranged | Dated | Fraction | NotSet


def _needs(block: Block) -> tuple[Need, ...]:
    """`inputs: {meter: required, people: 3}`: what the tariff asks of the account, and what counts without it."""
    part = block.block("inputs")
    if part is None:
        return ()
    found: list[Need] = []
    for name in part.nodes:
        default = part.text(name, required="write `required`, or what counts without it")
        if not NAME.fullmatch(name) or name in BUILT_IN:
            part.fault(name, value=name, why="not a free name", remedy="write another lower-case word")
        found.append(Need(name, None if default == REQUIRED else default))
    return tuple(found)


def _values(block: Block) -> tuple[tuple[str, NamedValue], ...]:
    """`values: {budget: 60 * people * days / 748}`, each worked out for each account."""
    part = block.block("values")
    if part is None:
        return ()
    found: list[tuple[str, NamedValue]] = []
    for name in part.nodes:
        value = read_value(part, name)
        if not NAME.fullmatch(name) or name in BUILT_IN:
            part.fault(name, value=name, why="not a free name", remedy="write another lower-case word")
        elif value is not None:
            known = {*BUILT_IN, *(earlier for earlier, _ in found)}
            if name in names_in(value) and name not in known:
                part.fault(name, value=name, why="worked out from itself", remedy="rename it")
            found.append((name, value))
    return tuple(found)


def _settled(lines: Sequence[LineRule], values: Sequence[str]) -> list[LineRule]:
    """`of: all` becomes the lines above; each line keeps which others its formulas name."""
    names = [line.name for line in lines]
    found: list[LineRule] = []
    for place, line in enumerate(lines):
        construct = line.construct
        if isinstance(construct, Percent | TopUp) and construct.of == (ALL,) and ALL not in names:
            construct = replace(construct, of=tuple(names[:place]))
        of = [name for name in _rule_names(line) if name in names and name not in values]
        found.append(replace(line, construct=construct, of_lines=tuple(dict.fromkeys(of))))
    return found


def _rule_names(line: LineRule) -> list[str]:
    """Every name in the formulas and tables of a line."""
    construct = line.construct
    rules: list[object] = [line.times]
    if line.when is not None:
        rules.append(line.when.condition)
    if isinstance(construct, Worth):
        rules.append(construct.rule)
    elif isinstance(construct, Items):
        rules += [price.rule for step in construct.steps for price in (step.total, step.each) if price]
    elif isinstance(construct, Volume):
        limits = [construct.included_rule, *(tier.to_gal for tier in construct.every_tier)]
        rules += [limit.rule for limit in limits if isinstance(limit, Limit)]
        rules += [tier.price.rule for tier in construct.every_tier]
        rules += [construct.source.rule if isinstance(construct.source, Worked) else None]
        rules += [construct.scale.by if construct.scale else None]
    else:
        prices = [getattr(construct, name, None) for name in ("price", "minimum")]
        rules += [price.rule for price in prices if isinstance(price, Price)]
    found = [name for rule in rules for name in names_in(rule)]
    if isinstance(construct, Volume) and construct.tier_table is not None:
        found.append(construct.tier_table.by)
    return found + ([name for name, _ in line.when.words] if line.when is not None else [])


def _check_formulas(
    block: Block, tariff: Tariff, lines: Sequence[LineRule], values: Sequence[tuple[str, NamedValue]]
) -> None:
    """Every name in a formula is known: built in, asked for under `inputs`, a named value above, a line."""
    needs = [need.name for need in tariff.needs]
    known = [*BUILT_IN, *needs]
    for name, value in values:
        for used in names_in(value):
            if used not in known:
                _unknown(block, block.line_of("values"), f"values.{name}", used, known)
        known.append(name)
    names = [line.name for line in lines]
    for line in lines:
        if line.name in known and line.name in {used for other in lines for used in _rule_names(other)}:
            why = "a line and an input or a value have this name, and a formula uses it"
            block.page.fault(line=line.file_line, field="name", value=line.name, why=why, remedy="rename one")
        for used in _rule_names(line):
            if used not in known and used not in names:
                _unknown(block, line.file_line, line.name, used, [*known, *names])


def _unknown(block: Block, line: int, field: str, name: str, known: Sequence[str]) -> None:
    remedy = f"{closest(name, known)} Or ask for it: `inputs: {{{name}: required}}` beside `code`"
    block.page.fault(line=line, field=field, value=name, why="this name is not known", remedy=remedy)


def uses(tariff: Tariff, measure: str) -> bool:
    """Whether a formula or a table of the tariff asks for a measure, `usage` or `average`, by name."""
    names = [name for version in tariff.versions for _, value in version.values for name in names_in(value)]
    names += [name for version in tariff.versions for line in version.lines for name in _rule_names(line)]
    return any(name.startswith(f"{measure}_") and name in BUILT_IN for name in names)


def looks_at_average(lines: Sequence[LineRule], values: Sequence[tuple[str, NamedValue]]) -> bool:
    """Whether any of the lines or named values asks for the personal average."""
    names = [name for _, value in values for name in names_in(value)]
    names += [name for line in lines for name in _rule_names(line)]
    by_name = any(name.startswith(f"{AVERAGE}_") and name in BUILT_IN for name in names)
    return by_name or any(isinstance(line.construct, Volume) and volume_averages(line.construct) for line in lines)


def volume_averages(volume: Volume) -> bool:
    """Whether the volume is, is capped by, or has tiers that end at the personal average."""
    return names_measure(volume.source, AVERAGE) or any(tier.to_gal == AVERAGE for tier in volume.every_tier)


def references(line: LineRule) -> tuple[str, ...]:
    """The lines that this one is worked out from."""
    of = line.construct.of if isinstance(line.construct, Percent | TopUp) else ()
    return (*of, *line.of_lines)


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
    outcome = block.choice("outcome", ("rated", "not_set", "no_average", "no_value"), default="rated")
    total = block.cents("total", allow_negative=True)
    if total is None and outcome == "rated":
        block.fault("total", why="missing", remedy="write what the whole bill comes to")
    uses = read_uses(block)
    given = block.block("inputs")
    facts = tuple((name, given.text(name) or "") for name in given.nodes) if given is not None else ()
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
        says, Period(start, end), usage or Fraction(0), Fraction(-1) if average is None else average,
        1 if count is None else count, -1 if days is None else days, tuple(amounts), total, outcome, block.line, facts,
        uses,
    )  # fmt: skip


def _gal(block: Block, key: str) -> Fraction | None:
    """A volume of an example in gallons: `7000 gal`, `7000`, `7 ccf`."""
    value = block.text(key)
    if value is None or value == "none":
        return None
    try:
        return parse_quantity(value, field=key).gal if value[-1].isalpha() else parse_number(value, field=key)
    except BadValue as error:
        block.fault(key, value=value, why=error.why, remedy=error.remedy)
        return None
