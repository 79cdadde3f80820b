"""Reads: usage, what is found before it is billed, and the sewer average."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.faults import BadValue
from curbstop.rules.policies import Plain
from curbstop.rules.reads import (
    MISSING,
    AverageRule,
    Bands,
    Finding,
    Use,
    Verdict,
    average_of,
    average_period,
    averages,
    bands_for,
    judge,
    judge_one,
    usage_gal,
)
from tests.rules.cities import policies

BANDS = Bands(high_percent=300, low_percent=20, least_gal=3000, zero_above_gal=1000, same_in_a_row=3)
RULE = AverageRule(reset_month=4, lowest=4, take=3, needs_reads=4, new_account_gal=6000)


def one(previous: int, current: int, history: list[int], **given: Any) -> Verdict:
    return judge_one(
        previous=previous, current=current, dials=given.pop("dials", 6), unit_gal=given.pop("unit_gal", 1),
        history_gal=history, bands=BANDS, **given,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("previous", "current", "history", "usage", "findings"),
    [
        (310_400, 316_720, [6200] * 3, 6320, ()),
        (310_400, 338_720, [6200] * 3, 28_320, (Finding.HIGH,)),  # story 05-2: more than 3 x 6,200
        (310_400, 329_000, [6200] * 3, 18_600, ()),  # 3 x 6,200 exactly is not more
        (996_400, 3_740, [6900], 7340, (Finding.ROLLED_OVER,)),  # story 05-4
        (500, 400, [6900, 6900], 0, (Finding.BELOW_LAST,)),
        (996_400, 3_740, [], 0, (Finding.BELOW_LAST,)),  # no history: a person decides
        (500, 500, [6900], 0, (Finding.ZERO,)),
        (500, 500, [0, 900], 0, ()),
        (500, 500, [], 0, ()),
        (0, 1000, [6900], 1000, (Finding.LOW,)),
        (0, 1380, [6900], 1380, ()),  # a fifth exactly is not less
        (0, 4000, [4000, 4000], 4000, (Finding.SAME,)),
        (0, 4000, [4000, 4001], 4000, ()),
        (0, 90_000, [], 90_000, ()),
        (0, 2900, [10], 2900, ()),  # no use up to least_gal is high
        (0, 5000, [MISSING, 5000, MISSING], 5000, ()),
    ],
)
def test_a_table_of_reads(
    previous: int, current: int, history: list[int], usage: int, findings: tuple[Finding, ...]
) -> None:
    found = one(previous, current, history)
    assert (found.usage_gal, found.findings) == (usage, findings)
    assert found.accepted == (set(findings) <= {Finding.ROLLED_OVER})
    assert len(found.says) == len(findings)


def test_the_sentences() -> None:
    assert one(310_400, 338_720, [6200]).says == ("high: 28,320 gal, more than 300 percent of the average 6,200",)
    assert one(996_400, 3_740, [6900]).says == ("lower than last: rollover? 7,340 gal",)


def test_by_day_a_long_period_is_not_high() -> None:
    assert Finding.HIGH in one(0, 20_000, [6000]).findings
    assert one(0, 20_000, [6000], days=84, history_days=[28]).findings == ()


def test_units_of_a_thousand() -> None:
    found = one(1272, 1284, [7000], dials=5, unit_gal=1000)
    assert (found.usage_gal, found.findings) == (12_000, ())


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"previous": 0, "current": 1_000_000}, "current"),
        ({"previous": -1, "current": 5}, "previous"),
        ({"previous": 0, "current": 5, "dials": 0}, "dials"),
        ({"previous": 0, "current": 5, "dials": 20}, "dials"),
        ({"previous": 0, "current": 5, "unit_gal": 0}, "unit_gal"),
    ],
)
def test_impossible_reads_are_refused_with_the_field_named(given: dict[str, int], field: str) -> None:
    with pytest.raises(BadValue) as refused:
        one(given.pop("previous"), given.pop("current"), [], **given)
    assert refused.value.field == field and refused.value.remedy


def test_in_bulk_an_impossible_read_is_an_outcome() -> None:
    judged = judge(
        previous=np.array([0, 0, -4]),
        current=np.array([1_000_000, 500, 10]),
        dials=np.array([6, 6, 6]),
        unit_gal=np.array([1, 1, 1]),
        history_gal=np.empty((3, 0), dtype=np.int64),
        bands=BANDS,
    )
    assert judged.findings.tolist() == [Finding.BEYOND_DIALS, 0, Finding.BEYOND_DIALS]
    assert judged.usage_gal.tolist() == [0, 500, 0]
    assert judged.accepted.tolist() == [False, True, False]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 999_999), st.integers(0, 999_999), st.lists(st.integers(-1, 50_000), min_size=4, max_size=4)
        ),
        min_size=1,
        max_size=10,
    )
)
def test_an_array_is_its_rows(rows: list[tuple[int, int, list[int]]]) -> None:
    previous, current, history = (np.array(column) for column in zip(*rows, strict=True))
    ones = np.ones(len(rows), dtype=np.int64)
    judged = judge(
        previous=previous, current=current, dials=6 * ones, unit_gal=ones, history_gal=history, bands=BANDS
    )  # fmt: skip
    for row, (before, now, past) in enumerate(rows):
        alone = one(before, now, past)
        assert alone.usage_gal == judged.usage_gal[row]
        assert sum(alone.findings) == judged.findings[row]
        assert alone.usage_gal >= 0


def test_usage_that_a_person_accepted() -> None:
    assert usage_gal(previous=996_400, current=3_740, dials=6, unit_gal=1, rolled_over=True) == 7340
    assert usage_gal(previous=100, current=350, dials=4, unit_gal=10, rolled_over=True) == 2500
    with pytest.raises(BadValue) as refused:
        usage_gal(previous=996_400, current=3_740, dials=6, unit_gal=1)
    assert refused.value.field == "current"


def test_bands_of_a_class() -> None:
    row: dict[str, Plain] = {"high_percent": 300, "low_percent": 20, "least_gal": 3000}
    row |= {"zero_above_gal": 1000, "same_in_a_row": 3}
    rows = [{"class": "any", **row}, {"class": "commercial", **row, "high_percent": 500}]
    assert bands_for(rows, "residential") == BANDS
    assert bands_for(rows, "commercial").high_percent == 500
    with pytest.raises(BadValue):
        bands_for(rows[1:], "residential")
    assert bands_for(policies(example=True).rows("reads.bands", on=date(2026, 1, 1)), "residential") == BANDS


YEAR = [(date(2025, 12, 10), 6000), (date(2026, 1, 7), 6000), (date(2026, 3, 4), 6000), (date(2025, 7, 4), 9000)]


def test_the_average_of_the_page() -> None:
    uses = [Use(on, gal) for on, gal in YEAR]
    found = average_of(uses, rule=RULE, on=date(2026, 11, 16))
    assert (found.gal, found.from_on, found.until_on) == (6000, date(2026, 4, 1), date(2027, 4, 1))
    assert found.says == (
        "Three of the four lowest reads of the year before April 2026: 6,000 (Wed 10 Dec 2025), "
        "6,000 (Wed 7 Jan 2026), 6,000 (Wed 4 Mar 2026). Their average is 6,000 gal. It is set again in April 2027."
    )


def test_too_few_reads_make_no_average() -> None:
    found = average_of([Use(on, gal) for on, gal in YEAR[:3]], rule=RULE, on=date(2026, 11, 16))
    assert found.gal is None and found.made_from == ()
    assert "6,000 gallons is the most that counts until there is an average" in found.says


def test_only_the_year_before_the_reset_counts() -> None:
    outside = [Use(date(2025, 3, 31), 100), Use(date(2026, 4, 1), 100)]
    found = average_of([*outside, *(Use(on, gal) for on, gal in YEAR)], rule=RULE, on=date(2026, 4, 1))
    assert found.gal == 6000
    assert average_period(RULE, date(2026, 3, 31)) == (date(2025, 4, 1), date(2026, 4, 1))


@given(st.lists(st.lists(st.integers(-1, 30_000), min_size=13, max_size=13), min_size=1, max_size=5))
def test_averages_are_the_mean_of_the_three_lowest(rows: list[list[int]]) -> None:
    found = averages(np.array(rows, dtype=np.int64), rule=RULE)
    for row, average in zip(rows, found, strict=True):
        held = sorted(gal for gal in row if gal >= 0)
        assert average == ((2 * sum(held[:3]) + 3) // 6 if len(held) >= 4 else MISSING)


def test_a_rule_whose_numbers_do_not_fit() -> None:
    for numbers in ((4, 3, 4, 4), (13, 4, 3, 4), (4, 4, 0, 4), (4, 4, 3, 2)):
        with pytest.raises(BadValue):
            AverageRule(*numbers, new_account_gal=6000)
    AverageRule(**{key: int(value) for key, value in policies().table("sewer.average", on=date(2026, 1, 1)).items()})  # type: ignore[arg-type]
