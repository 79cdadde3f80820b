"""Charges: Moore's bills as the acceptance stories give them, the laws that hold for all, and what is refused."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curbstop.rules.money import show
from curbstop.rules.rating import MOST_GAL, Inputs, Status, charge
from curbstop.rules.tariffs import read_tariffs
from tests.rules.cities import tariffs

FROM, UNTIL = date(2026, 3, 31), date(2026, 4, 28)


def moore(gal: int, *, average: int = -1, carts: int = 1, days: int = -1) -> str:
    """A residential bill as a story writes it: base + water + sewer + surcharge + cart = total."""
    until_on = FROM + timedelta(days=days) if days > 0 else UNTIL
    inputs = Inputs.of(gal=[gal], average_gal=[average], count=[carts], prorate_days=[days])
    amounts: list[int] = []
    for code in ("W-RES", "S-RES", "SAN-RES"):
        charges = charge(tariffs()[code], from_on=FROM, until_on=until_on, inputs=inputs)
        assert charges.status[0] == Status.RATED
        amounts += charges.of(0).values()
    return f"{' + '.join(show(cents) for cents in amounts)} = {show(sum(amounts))}"


@pytest.mark.parametrize(
    ("story", "bill", "given"),
    [
        ("facts 1.3", "9.50 + 35.14 + 20.70 + 17.75 + 11.50 = 94.59", {"gal": 7000}),
        ("01-3 B2", "9.50 + 91.56 + 20.70 + 17.75 + 11.50 = 151.01", {"gal": 14500}),
        ("02-1 B1", "4.75 + 15.56 + 10.70 + 8.88 + 5.75 = 45.64", {"gal": 3100, "days": 14}),
        ("02-1 B2", "9.50 + 30.87 + 20.70 + 17.75 + 11.50 = 90.32", {"gal": 6150}),
        ("02-2 B3a", "4.75 + 16.06 + 11.04 + 8.88 + 5.75 = 46.48", {"gal": 3200, "days": 14}),
        ("02-3 F1", "5.77 + 14.81 + 10.18 + 10.78 + 6.98 = 48.52", {"gal": 2950, "days": 17}),
        ("02-4 B4", "9.50 + 26.10 + 17.94 + 17.75 + 18.50 = 89.79", {"gal": 5200, "carts": 2}),
        ("04-4 B1", "4.75 + 9.39 + 6.45 + 8.88 + 5.75 = 35.22", {"gal": 1870, "days": 14}),
        ("05-2 B2", "9.50 + 31.73 + 18.98 + 17.75 + 11.50 = 89.46", {"gal": 6320, "average": 5500}),
        ("07-2 B1", "9.50 + 25.10 + 13.80 + 17.75 + 11.50 = 77.65", {"gal": 5000, "average": 4000}),
        ("17-1 B1", "9.50 + 39.81 + 20.70 + 17.75 + 11.50 = 99.26", {"gal": 7930}),
        ("17-2 B3", "9.50 + 63.99 + 18.98 + 17.75 + 11.50 = 121.72", {"gal": 11500, "average": 5500}),
        ("17-3 B1", "9.50 + 248.58 + 17.25 + 17.75 + 11.50 = 304.58", {"gal": 31000, "average": 5000}),
        ("corpus 1", "9.50 + 68.58 + 17.25 + 17.75 + 11.50 = 124.58", {"gal": 12000, "average": 5000}),
        ("corpus 2", "9.50 + 45.18 + 20.70 + 17.75 + 18.50 = 111.63", {"gal": 9000, "carts": 2}),
    ],
)  # fmt: skip
def test_bills_of_the_stories(story: str, bill: str, given: dict[str, Any]) -> None:
    assert moore(**given) == bill


@pytest.mark.parametrize(
    ("gal", "total"),
    [(0, 950), (1000, 950), (7000, 3962), (10_000, 5468), (11_000, 6387), (20_000, 14658), (25_000, 19498)],
)
def test_reading_b_the_first_thousand_in_the_base(gal: int, total: int) -> None:
    """The other reading of Moore's page, kept until the office answers (facts 1.3, column B)."""
    text = """\
code: W-B
service: water
authority: reading B of the rates page
versions:
  - from: 2025-07-01
    lines:
      - {name: base, flat: "9.50"}
      - {name: water, per: 1 kgal, included: 1 kgal, tiers: [{to: 10, rate: 5.02}, {to: 20, rate: 9.19}, {rate: 9.68}]}
"""
    (tariff,) = read_tariffs(text, file="b.yaml")
    assert charge(tariff, from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[gal])).total_cents.tolist() == [total]


def test_what_is_billed_of_the_usage() -> None:
    inputs = Inputs.of(gal=[3000, 12_000, 12_000], average_gal=[5000, 5000, -1])
    charges = charge(tariffs()["S-RES"], from_on=FROM, until_on=UNTIL, inputs=inputs)
    assert charges.billed_gal.tolist() == [3000, 5000, 6000]


TWO = """\
code: X
service: water
authority: made up
per_days: 28
versions:
  - from: 2026-01-01
    lines:
      - {name: base, flat: "9.50", prorate: by_day}
      - {name: water, per: 1000 gal, tiers: [{to: 10, rate: "5.02"}, {rate: "9.19"}]}
      - {name: old, flat: "2.80"}
  - from: 2026-04-07
    lines:
      - {name: base, flat: "11.30", prorate: by_day}
      - {name: water, per: 1000 gal, tiers: [{to: 10, rate: "6.02"}, {rate: "9.19"}]}
      - {name: new, flat: "5.60"}
"""


def test_a_rate_change_inside_the_period() -> None:
    """7 of 28 days at the old rates, 21 at the new: exact, and rounded once a line."""
    (tariff,) = read_tariffs(TWO, file="x.yaml")
    charges = charge(tariff, from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[12_000]))
    # base 9.50 x 7/28 + 11.30 x 21/28; water 68.58 x 7/28 + 78.58 x 21/28; new 5.60 x 21/28; old 2.80 x 7/28
    assert charges.of(0) == {"base": 1085, "water": 7608, "new": 420, "old": 70}
    assert [line.name for line in charges.lines] == ["base", "water", "new", "old"]


def test_a_rate_change_by_the_first_or_the_last_day() -> None:
    for change, base in (("first_day", 950), ("last_day", 1130)):
        (tariff,) = read_tariffs(TWO.replace("per_days", f"change: {change}\nper_days"), file="x.yaml")
        charges = charge(tariff, from_on=FROM, until_on=UNTIL, inputs=Inputs.of(n=1))
        assert charges.of(0)["base"] == base


usages = st.integers(0, 60_000)


@given(usages, usages, st.sampled_from(["W-RES", "W-COM", "I-RES", "S-RES", "S-COM"]))
def test_a_bill_never_falls_as_usage_rises(first: int, second: int, code: str) -> None:
    low, high = sorted((first, second))
    charges = charge(tariffs()[code], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[low, high]))
    assert charges.total_cents[0] <= charges.total_cents[1]


@given(usages, st.integers(-1, 20_000), st.integers(0, 4), st.integers(-1, 60))
def test_lines_add_up(gal: int, average: int, carts: int, days: int) -> None:
    inputs = Inputs.of(gal=[gal], average_gal=[average], count=[carts], prorate_days=[days])
    for code in ("W-RES", "S-RES", "SAN-RES"):
        charges = charge(tariffs()[code], from_on=FROM, until_on=UNTIL, inputs=inputs)
        assert sum(charges.of(0).values()) == charges.total_cents[0]
        assert (charges.cents >= 0).all()


@given(usages, st.integers(1, 27))
def test_two_versions_with_the_same_rates_are_one(gal: int, days: int) -> None:
    """A period split where no rate changes moves no line at all (a cent would be allowed)."""
    same = (
        TWO.replace("11.30", "9.50").replace("6.02", "5.02").replace("name: new", "name: old").replace("5.60", "2.80")
    )
    cut = same.replace("2026-04-07", (FROM + timedelta(days=days)).isoformat())
    (tariff,) = read_tariffs(cut, file="x.yaml")
    (whole,) = read_tariffs(cut[: cut.index("  - from: 2026-0", 130)], file="x.yaml")
    inputs = Inputs.of(gal=[gal], prorate_days=[days])
    one = charge(whole, from_on=FROM, until_on=UNTIL, inputs=inputs).of(0)
    assert charge(tariff, from_on=FROM, until_on=UNTIL, inputs=inputs).of(0) == one


@given(st.integers(1, 27))
def test_fixed_lines_by_day_lose_at_most_a_cent(days: int) -> None:
    parts = Inputs.of(prorate_days=[days, 28 - days, -1])
    for code in ("W-RES", "S-RES", "SAN-RES"):
        charges = charge(tariffs()[code], from_on=FROM, until_on=UNTIL, inputs=parts)
        assert (abs(charges.cents[:, 0] + charges.cents[:, 1] - charges.cents[:, 2]) <= 1).all()


def test_a_service_of_no_days_pays_nothing_by_day() -> None:
    charges = charge(tariffs()["S-RES"], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[0], prorate_days=[0]))
    assert charges.of(0) == {"sewer": 0, "surcharge": 0} and charges.status[0] == Status.RATED


@settings(deadline=None)
@given(st.lists(st.tuples(usages, st.integers(-1, 9000), st.integers(0, 6), st.integers(-1, 40)), min_size=1))
def test_each_row_is_charged_as_if_it_were_alone(rows: list[tuple[int, int, int, int]]) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)]
    inputs = Inputs.of(gal=columns[0], average_gal=columns[1], count=columns[2], prorate_days=columns[3])
    for code in ("W-RES", "S-RES", "SAN-RES"):
        charges = charge(tariffs()[code], from_on=FROM, until_on=UNTIL, inputs=inputs)
        for row, (gal, average, count, days) in enumerate(rows):
            one = Inputs.of(gal=[gal], average_gal=[average], count=[count], prorate_days=[days])
            alone = charge(tariffs()[code], from_on=FROM, until_on=UNTIL, inputs=one)
            assert alone.of(0) == charges.of(row) and alone.status[0] == charges.status[row]


def test_blocks_of_rows_join_without_a_seam() -> None:
    gal = np.arange(200_001, dtype=np.int64)
    charges = charge(tariffs()["W-RES"], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=gal))
    # integer arithmetic by hand: thousandths of a cent, half up
    low, middle, high = np.minimum(gal, 10_000), np.clip(gal, 10_000, 20_000) - 10_000, np.maximum(gal, 20_000) - 20_000
    expected = (502 * low + 919 * middle + 968 * high + 500) // 1000 + 950
    assert (charges.total_cents == expected).all()


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"gal": [-1]}, Status.USAGE_BELOW_ZERO),
        ({"gal": [MOST_GAL + 1]}, Status.USAGE_TOO_LARGE),
        ({"gal": [2**63 - 1]}, Status.USAGE_TOO_LARGE),
        ({"gal": [-(2**63)]}, Status.USAGE_BELOW_ZERO),
        ({"gal": [1], "average_gal": [2**62]}, Status.USAGE_TOO_LARGE),
        ({"gal": [1], "count": [-1]}, Status.BAD_COUNT),
        ({"gal": [1], "count": [2**62]}, Status.BAD_COUNT),
        ({"gal": [1], "prorate_days": [-2]}, Status.BAD_DAYS),
        ({"gal": [1], "prorate_days": [10_000]}, Status.BAD_DAYS),
    ],
)
def test_impossible_inputs_are_refused_by_name(given: dict[str, list[int]], status: Status) -> None:
    charges = charge(tariffs()["S-RES"], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(**given))
    assert charges.status[0] == status
    assert charges.total_cents[0] == 0 and charges.billed_gal[0] == 0
    assert status.says


def test_one_bad_row_stops_no_other() -> None:
    charges = charge(tariffs()["W-RES"], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[7000, -5, 7000]))
    assert charges.total_cents.tolist() == [4464, 0, 4464]


def test_the_largest_usage_at_an_absurd_price_is_exact() -> None:
    text = """\
code: X
service: water
authority: made up
per_days: 3653
versions:
  - from: 2026-01-01
    lines: [{name: water, per: 1 ccf, rate: "9999999.98765432", prorate: by_day}]
  - from: 2026-04-07
    lines: [{name: water, per: 1.000001 ccf, rate: "9999999.12345678", prorate: by_day}]
"""
    (tariff,) = read_tariffs(text, file="x.yaml")
    inputs = Inputs.of(gal=[MOST_GAL], prorate_days=[3001])
    charges = charge(tariff, from_on=FROM, until_on=UNTIL, inputs=inputs)
    gal_in_ccf = MOST_GAL * 77
    top = 999999998765432 * gal_in_ccf * 7 * 3001 * 1_000_001 + 999999912345678 * gal_in_ccf * 21 * 3001 * 1_000_000
    under = 57_600 * 1_000_000 * 28 * 3653 * 1_000_001
    assert charges.total_cents[0] == (2 * top + under) // (2 * under)


def test_outside_the_dates_of_the_tariff() -> None:
    inputs = Inputs.of(gal=[7000])
    charges = charge(tariffs()["W-RES"], from_on=date(2025, 6, 30), until_on=date(2025, 7, 28), inputs=inputs)
    assert charges.status.tolist() == [Status.NO_VERSION] and not charges.cents.any()


def test_what_is_not_set_is_not_guessed() -> None:
    carts = Inputs.of(count=[0, 1, 2, 3, 4, 5])
    charges = charge(tariffs()["SAN-RES"], from_on=FROM, until_on=UNTIL, inputs=carts)
    assert charges.total_cents.tolist() == [0, 1150, 1850, 2925, 4000, 0]
    assert charges.status.tolist() == [0, 0, 0, 0, 0, Status.NOT_SET]
    for code, status in (("SAN-DUMPSTER", Status.NOT_SET), ("W-HEADING-LOST", Status.NOT_IN_USE)):
        charges = charge(tariffs()[code], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(n=1))
        assert charges.status.tolist() == [status]


def test_inputs_that_do_not_fit_each_other() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        Inputs.of(gal=[1, 2], count=[1])
    with pytest.raises(ValueError, match="no rows"):
        Inputs.of()
    with pytest.raises(ValueError, match="whole numbers"):
        Inputs.of(gal=np.array([1.5]))  # type: ignore[arg-type]
    with pytest.raises((ValueError, OverflowError)):
        Inputs.of(gal=[2**64])
    empty = charge(tariffs()["W-RES"], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(n=0))
    assert empty.total_cents.tolist() == []


def test_norman_has_another_way_of_everything() -> None:
    found = tariffs("norman_ok")
    charges = charge(found["S-COM"], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[10_000], count=[3]))
    assert charges.of(0) == {"base": 1500, "sewer": 2160, "maintenance": 500, "capital": 2496}
    charges = charge(found["W-COM"], from_on=FROM, until_on=UNTIL, inputs=Inputs.of(gal=[9_000], average_gal=[-1]))
    assert charges.status.tolist() == [Status.NO_AVERAGE]
    june = charge(found["W-RES"], from_on=date(2026, 6, 15), until_on=date(2026, 7, 15), inputs=Inputs.of(gal=[25_500]))
    assert june.of(0)["summer"] == 90  # 1.925 x 14 of 30 days
