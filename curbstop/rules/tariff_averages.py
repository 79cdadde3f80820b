"""How a tariff says that the personal average is made, from YAML to a checked rule; and past uses in examples."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from typing import Any

from curbstop.rules.faults import BadValue
from curbstop.rules.plans import AverageFrom, PastUse, Tariff
from curbstop.rules.sheets import Block
from curbstop.rules.tariff_lines import read_steps, read_without
from curbstop.rules.units import Quantity, parse_quantity

GALLON = Quantity(Fraction(1), "gal")
WEIGHTS = ("uses", "days")
_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")


def read_average(block: Block, tariff: Tariff) -> AverageFrom | None:
    """`average: {months: [12, 1, 2], drop_highest: 1, needs: 3, reset: 04-01}`; None where it is not written."""
    part = block.block("average")
    if part is None:
        return None
    middle = part.choice("months_by", ("read", "middle"), default="read") == "middle"
    months = _months(part)
    highest, lowest = part.whole("drop_highest") or 0, part.whole("drop_lowest") or 0
    needs = part.whole("needs", least=1)
    rule = AverageFrom(
        months=months,
        months_by_middle=middle,
        last=part.whole("last", least=1),
        needs=needs if needs is not None else highest + lowest + 1,
        drop_highest=highest,
        drop_lowest=lowest,
        lowest=part.whole("lowest", least=1),
        weigh_days=part.choice("weigh", WEIGHTS, default="uses") == "days",
        **_bounds(part),
        **_reset(part),
        without=read_without(part, "without"),
        file_line=part.line,
    )
    _check(part, rule, tariff)
    part.done()
    return rule


def _bounds(part: Block) -> dict[str, Any]:
    steps, step = read_steps(part, GALLON)
    return {
        "steps": steps,
        "step": step or GALLON,
        "least": part.quantity("at_least"),
        "most": part.quantity("at_most"),
    }


def _months(part: Block) -> frozenset[int] | None:
    words = part.words("months")
    if part.has("months_by") and not words:
        part.fault("months_by", why="no months are named", remedy="write `months: [12, 1, 2]`, or take it out")
    months: set[int] = set()
    for word in words:
        if word.isascii() and word.isdigit() and 1 <= int(word) <= 12:
            months.add(int(word))
        else:
            part.fault("months", value=word, why="not a month", remedy="write numbers from 1 to 12")
    return frozenset(months) if words else None


def _reset(part: Block) -> dict[str, Any]:
    """`reset: 04-01`, month and day."""
    remedy = "write month and day from which a new average holds, for example `reset: 04-01`"
    text = part.text("reset", required=remedy)
    found = _DAY.fullmatch(text) if text is not None else None
    try:
        if found is not None:
            on = date(2001, int(found[1]), int(found[2]))  # no leap year: 29 February is not in every year
            return {"reset_month": on.month, "reset_day": on.day}
    except ValueError:
        pass
    if text is not None:
        part.fault("reset", value=text, why="not a day of every year", remedy=remedy)
    return {"reset_month": 1, "reset_day": 1}


def _check(part: Block, rule: AverageFrom, tariff: Tariff) -> None:
    left = rule.needs - rule.drop_highest - rule.drop_lowest
    if left < 1:
        why = f"{rule.needs} uses are needed and {rule.drop_highest + rule.drop_lowest} dropped: none is left"
        least = rule.drop_highest + rule.drop_lowest + 1
        part.fault("needs", value=rule.needs, why=why, remedy=f"need at least {least}, or drop fewer")
    if rule.lowest is not None and rule.lowest > max(left, 1):
        why = f"of {rule.needs} uses needed only {left} are left to choose from"
        part.fault("lowest", value=rule.lowest, why=why, remedy=f"write at most {left}, or a greater `needs`")
    if rule.last is not None and rule.last < rule.needs:
        why = f"the last {rule.last} are looked at and {rule.needs} needed: there is never an average"
        part.fault("last", value=rule.last, why=why, remedy=f"write at least {rule.needs}")
    if rule.months is not None and rule.last is None and rule.needs > 2 * len(rule.months):
        why = f"{rule.needs} uses are needed of {len(rule.months)} months: there is never an average"
        part.fault("needs", value=rule.needs, why=why, remedy="name more months, or need fewer uses")
    if rule.weigh_days and tariff.per_days is None:
        remedy = "add `per_days: 30` (the days of a full bill) beside `code`"
        part.fault("weigh", value="days", why="by day, but for how many days is not said", remedy=remedy)
    if rule.least is not None and rule.most is not None and rule.least.gal > rule.most.gal:
        part.fault("at_most", value=rule.most, why="below `at_least`", remedy="exchange them or take one out")


def read_uses(block: Block) -> tuple[PastUse, ...]:
    """`uses: {2025-12-10: start, 2026-01-10: 6000 gal}`: each read with what was used since the one before."""
    part = block.block("uses")
    if part is None:
        return ()
    remedy = "write `uses: {2025-11-10: start, 2025-12-10: 6000 gal, 2026-01-10: 7 kgal}`"
    found: list[PastUse] = []
    before: date | None = None
    for place, key in enumerate(part.nodes):
        text = part.text(key) or ""
        try:
            on = date.fromisoformat(key)
        except ValueError:
            part.fault(key, value=key, why="not the day of a read", remedy=remedy)
            continue
        if before is not None and on <= before:
            part.fault(key, value=key, why="the reads do not follow each other", remedy="write the oldest first")
        elif (place == 0) != (text == "start"):
            part.fault(key, value=text, why="the first read alone is the start", remedy=remedy)
        elif before is not None:
            found.append(PastUse(before, on, _whole_gal(part, key, text)))
        before = on
    return tuple(found)


def _whole_gal(part: Block, key: str, text: str) -> int:
    try:
        gal = parse_quantity(text, field=key).gal
    except BadValue as error:
        part.fault(key, value=text, why=error.why, remedy=error.remedy)
        return 0
    return -(-gal.numerator // gal.denominator)
