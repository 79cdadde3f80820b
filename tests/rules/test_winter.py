"""The personal average as tariffs say it is made: each variant by hand, and all of them against slow arithmetic."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.plans import AverageFrom, PastUse
from curbstop.rules.rating import check_examples
from curbstop.rules.tariffs import TariffErrors, read_tariffs
from curbstop.rules.units import Quantity, parse_quantity
from curbstop.rules.winter import MISSING, average_of, averages, in_words, reset_on

PLAIN = AverageFrom(
    months=None, months_by_middle=False, last=None, needs=1, drop_highest=0, drop_lowest=0, lowest=None,
    weigh_days=False, steps="exact", step=Quantity(Fraction(1), "gal"), least=None, most=None, reset_month=4,
    reset_day=1, without=None, file_line=1,
)  # fmt: skip
READS = [date(2025, month, 10) for month in range(4, 13)] + [date(2026, month, 10) for month in range(1, 4)]
GAL = [9000, 12000, 20000, 31000, 28000, 15000, 8000, 6000, 10000, 5000, 4000, 7001]
"""Reads of April 2025 to March 2026, with what was used before each."""
USES = tuple(
    PastUse(before, read, gal) for before, read, gal in zip([date(2025, 3, 12), *READS], READS, GAL, strict=False)
)
WINTER = frozenset({12, 1, 2})


def made(on: date = date(2026, 4, 1), full_days: int | None = None, **more: object) -> int:
    return average_of(replace(PLAIN, **more), USES, on=on, full_days=full_days)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "gal"),
    [
        ({}, 12917),  # 155,001 / 12 = 12,916.75
        ({"months": WINTER}, 6333),  # 19,000 / 3
        ({"months": WINTER, "drop_highest": 1, "needs": 3}, 4500),
        ({"months": WINTER, "drop_lowest": 1, "needs": 3}, 7500),
        ({"months": frozenset({11, 12, 1, 2}), "lowest": 3, "needs": 4}, 5000),  # 6, 5 and 4 of 6, 10, 5, 4
        ({"lowest": 4, "needs": 12}, 5500),  # 4,000 5,000 6,000 7,001 = 22,001 / 4 = 5,500.25
        ({"last": 2}, 5501),  # 4,000 and 7,001: 5,500.5, half up
        ({"last": 2, "months": WINTER}, 4500),
        ({"months": WINTER, "steps": "down", "step": parse_quantity("1000 gal", field="x")}, 6000),
        ({"months": WINTER, "steps": "up", "step": parse_quantity("1000 gal", field="x")}, 7000),
        ({"months": WINTER, "steps": "nearest", "step": parse_quantity("500 gal", field="x")}, 6500),
        ({"months": WINTER, "steps": "down", "step": parse_quantity("1 ccf", field="x")}, 5985),  # 8 ccf = 5,984.4
        ({"months": WINTER, "least": parse_quantity("8 kgal", field="x")}, 8000),
        ({"months": WINTER, "most": parse_quantity("5 kgal", field="x")}, 5000),
        ({"months": WINTER, "needs": 4}, MISSING),
    ],
)
def test_each_variant_by_hand(more: dict[str, object], gal: int) -> None:
    assert made(**more) == gal


def test_by_days_a_long_month_counts_for_more() -> None:
    """19,000 gallons of 30 + 31 + 31 days, for a bill of 30: 6,195.65."""
    assert made(months=WINTER, weigh_days=True, full_days=30) == 6196
    highest = made(months=WINTER, weigh_days=True, full_days=30, drop_highest=1, needs=3)
    assert highest == round(Fraction(9000 * 30, 62))


def test_a_month_by_the_read_or_by_the_middle_of_the_use() -> None:
    """The use read on 10 December is November's by its middle day, 25 November."""
    assert made(months=frozenset({12})) == 10000
    assert made(months=frozenset({12}), months_by_middle=True) == 5000
    assert made(months=frozenset({11}), months_by_middle=True) == 10000


@pytest.mark.parametrize(
    ("on", "since"),
    [
        (date(2026, 3, 31), date(2025, 4, 1)),
        (date(2026, 4, 1), date(2026, 4, 1)),
        (date(2026, 12, 31), date(2026, 4, 1)),
    ],
)
def test_the_reset_day_begins_a_year(on: date, since: date) -> None:
    assert reset_on(PLAIN, on) == since
    assert made(on=on) == (MISSING if since.year == 2025 else 12917)


def test_only_the_year_before_the_reset_counts() -> None:
    assert made(on=date(2027, 4, 1)) == MISSING
    assert (
        average_of(PLAIN, [PastUse(date(2026, 3, 1), date(2026, 4, 1), 5)], on=date(2026, 5, 1), full_days=None) == -1
    )


def test_what_a_citizen_reads() -> None:
    rule = replace(PLAIN, months=WINTER, drop_highest=1, needs=3, without=parse_quantity("6000 gal", field="x"))
    assert in_words(rule) == (
        "the uses of December, January and February read in the year before 1 April, without the highest, their mean;"
        " at least 3 such uses are needed; until then 6,000 gal counts. Set again each 1 April."
    )


# --- against slow arithmetic ------------------------------------------------------------------------------------------

STEPS = [("exact", "1 gal"), ("down", "1000 gal"), ("up", "100 gal"), ("nearest", "1 kgal"), ("down", "1 ccf")]


@st.composite
def rules(draw: st.DrawFn) -> AverageFrom:
    steps, step = draw(st.sampled_from(STEPS))
    highest, lowest = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    return replace(
        PLAIN,
        months=draw(st.none() | st.frozensets(st.integers(1, 12), min_size=1)),
        months_by_middle=draw(st.booleans()),
        last=draw(st.none() | st.integers(1, 14)),
        needs=highest + lowest + draw(st.integers(1, 6)),
        drop_highest=highest,
        drop_lowest=lowest,
        lowest=draw(st.none() | st.integers(1, 6)),
        weigh_days=draw(st.booleans()),
        steps=steps,
        step=parse_quantity(step, field="x"),
        least=draw(st.sampled_from([None, parse_quantity("2 kgal", field="x")])),
        most=draw(st.sampled_from([None, parse_quantity("12 ccf", field="x")])),
        reset_month=draw(st.integers(1, 12)),
        reset_day=draw(st.integers(1, 28)),
    )


@st.composite
def histories(draw: st.DrawFn) -> tuple[PastUse, ...]:
    at = date(2024, 6, 1) + timedelta(days=draw(st.integers(0, 300)))
    found = []
    for days, gal in draw(st.lists(st.tuples(st.integers(20, 66), st.integers(0, 40_000)), max_size=16)):
        found.append(PastUse(at, at + timedelta(days=days), gal))
        at += timedelta(days=days)
    return tuple(found)


def slowly(rule: AverageFrom, uses: tuple[PastUse, ...], on: date, full_days: int) -> int:
    reset = date(on.year, rule.reset_month, rule.reset_day)
    reset = reset if reset <= on else reset.replace(year=on.year - 1)
    kept = [use for use in uses if reset.replace(year=reset.year - 1) <= use.read_on < reset]

    def days(use: PastUse) -> int:
        return (use.read_on - use.began_on).days

    def month(use: PastUse) -> int:
        middle = use.began_on + timedelta(days=(days(use) - 1) // 2)
        return (middle if rule.months_by_middle else use.read_on).month

    def size(use: PastUse) -> int:
        return use.gal * 1_000_000 // days(use) if rule.weigh_days else use.gal

    if rule.months is not None:
        kept = [use for use in kept if month(use) in rule.months]
    if rule.last is not None:
        kept = kept[-rule.last :]
    if len(kept) < rule.needs:
        return MISSING
    for _ in range(rule.drop_highest):
        kept.remove(max(kept, key=size))
    for _ in range(rule.drop_lowest):
        kept.remove(min(kept, key=size))
    if rule.lowest is not None:
        kept = sorted(kept, key=size)[: rule.lowest]
    total = Fraction(sum(use.gal for use in kept))
    mean = total * full_days / sum(days(use) for use in kept) if rule.weigh_days else total / len(kept)
    step = rule.step.gal
    ways = {"down": floor, "up": ceil, "nearest": lambda value: floor(value + Fraction(1, 2))}
    gal = floor(mean + Fraction(1, 2)) if rule.steps == "exact" else ceil(ways[rule.steps](mean / step) * step)
    gal = gal if rule.least is None else max(gal, ceil(rule.least.gal))
    return gal if rule.most is None else min(gal, ceil(rule.most.gal))


@given(rules(), histories(), st.dates(date(2025, 1, 1), date(2027, 1, 1)))
def test_as_slow_arithmetic_does_it(rule: AverageFrom, uses: tuple[PastUse, ...], on: date) -> None:
    assert average_of(rule, uses, on=on, full_days=28) == slowly(rule, uses, on, 28)


@given(rules(), st.lists(histories(), min_size=1, max_size=6))
def test_many_rows_are_as_each_alone(rule: AverageFrom, rows: list[tuple[PastUse, ...]]) -> None:
    on = date(2026, 4, 1)
    width = max(len(row) for row in rows)
    gal = np.full((len(rows), width), MISSING, dtype=np.int64)
    began, read = (np.full((len(rows), width), np.datetime64("2000-01-01"), dtype="datetime64[D]") for _ in range(2))
    for place, row in enumerate(rows):
        for at, use in enumerate(row):
            gal[place, at], began[place, at], read[place, at] = use.gal, use.began_on, use.read_on
    found = averages(rule, gal=gal, began=began, read=read, reset=reset_on(rule, on), full_days=28)
    assert found.gal.tolist() == [slowly(rule, row, on, 28) for row in rows]


# --- in a tariff ------------------------------------------------------------------------------------------------------

FILE = """
code: S-W
service: sewer
authority: Ordinance 12
versions:
  - from: 2026-01-01
    average: {average}
    lines:
      - {{name: sewer, per: 1 kgal, rate: "3.00", volume: {volume}}}
    examples:
      - usage: 9 kgal
        from: 2026-04-10
        until: 2026-05-10
        uses: {{2025-11-10: start, 2025-12-10: 6 kgal, 2026-01-10: 4 kgal, 2026-02-10: 5 kgal}}
        {more}
"""


def tariff(average: str, volume: str = "average", more: str = 'total: "15.00"') -> str:
    return FILE.format(average=average, volume=volume, more=more)


@pytest.mark.parametrize(
    ("average", "volume", "total"),
    [
        ("{months: [12, 1, 2], reset: 04-01}", "average", "15.00"),
        ("{months: [12, 1, 2], drop_highest: 1, reset: 04-01}", "average", "13.50"),
        ("{months: [12, 1, 2], reset: 04-01}", "{lower_of: [usage, average]}", "15.00"),
        ("{months: [12, 1, 2], reset: 04-01}", '{formula: "min(usage_kgal, 1.2 * average_kgal)"}', "18.00"),
        ("{months: [12, 1, 2], needs: 4, without: 6000 gal, reset: 04-01}", "average", "18.00"),
        ("{months: [12, 1, 2], needs: 4, without: usage, reset: 04-01}", "average", "27.00"),
        ("{months: [12, 1, 2], needs: 4, without: 6 kgal, reset: 04-01}", '{formula: "average_kgal"}', "18.00"),
    ],
)
def test_as_billed_volume_as_cap_in_a_formula_and_until_there_is_one(average: str, volume: str, total: str) -> None:
    (found,) = read_tariffs(tariff(average, volume, f'total: "{total}"'), file="s.yaml")
    assert [outcome.differences for outcome in check_examples(found)] == [()]


def test_the_example_says_what_the_average_comes_to() -> None:
    text = tariff("{months: [12, 1, 2], reset: 04-01}", more='average: 5 kgal\n        total: "15.00"')
    assert check_examples(read_tariffs(text, file="s.yaml")[0])[0].holds
    wrong = check_examples(read_tariffs(text.replace("average: 5 kgal", "average: 6 kgal"), file="s.yaml")[0])[0]
    assert wrong.differences == ("average 5000 gal, expected 6000",)


@pytest.mark.parametrize(
    ("average", "why", "remedy"),
    [
        ("{months: [12]}", "missing", "reset: 04-01"),
        ("{reset: 02-29}", "not a day of every year", "reset: 04-01"),
        ("{reset: 04-01, months: [13]}", "not a month", "from 1 to 12"),
        ("{reset: 04-01, months_by: read}", "no months are named", "months: [12, 1, 2]"),
        ("{reset: 04-01, drop_highest: 2, needs: 2}", "none is left", "need at least 3"),
        ("{reset: 04-01, lowest: 4, needs: 3}", "only 3 are left", "at most 3"),
        ("{reset: 04-01, last: 2, needs: 3}", "never an average", "at least 3"),
        ("{reset: 04-01, months: [1], needs: 3}", "never an average", "more months"),
        ("{reset: 04-01, weigh: days}", "how many days is not said", "per_days: 30"),
        ("{reset: 04-01, at_least: 9 kgal, at_most: 5 kgal}", "below `at_least`", "exchange"),
        ("{reset: 04-01, without: lots}", "not a volume", "or `usage`"),
        ("{reset: 04-01, quantity: {down: 0 gal}}", "a step of nothing", "100 gal"),
        ("{reset: 04-01, drop_higest: 1}", "not known here", "did you mean"),
    ],
)
def test_faults_name_file_line_and_remedy(average: str, why: str, remedy: str) -> None:
    with pytest.raises(TariffErrors) as wrong:
        read_tariffs(tariff(average), file="s.yaml")
    fault = wrong.value.faults[0]
    assert (fault.file, fault.line) == ("s.yaml", 7) and why in fault.why and remedy in fault.remedy


def test_an_average_that_no_line_looks_at_and_uses_that_do_not_follow() -> None:
    with pytest.raises(TariffErrors, match="no line looks at the average"):
        read_tariffs(tariff("{reset: 04-01}", "usage", 'total: "27.00"'), file="s.yaml")
    for old, new, why in (
        ("start,", "7 kgal,", "first read alone is the start"),
        ("2025-12-10", "2025-10-10", "do not follow"),
        ("6 kgal", "6 buckets", "is not known"),
    ):
        with pytest.raises(TariffErrors, match=why):
            read_tariffs(tariff("{reset: 04-01}").replace(old, new), file="s.yaml")
