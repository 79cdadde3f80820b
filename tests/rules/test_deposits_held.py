"""What deposits earn, when more is asked, when they go back; the clock of refunds nobody cashes."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.deposits import History, Movement, Rate, increase, interest, read_rates, review
from curbstop.rules.faults import BadValue
from curbstop.rules.policies import NotSet, Policies, read_policies
from curbstop.rules.unclaimed import Statute, next_step, refund_by, years_after

ON = date(2026, 3, 2)
THREE = (Rate(date(2020, 1, 1), None, Fraction(3)),)


def policies(text: str) -> Policies:
    return Policies.of(read_policies(text, file="test"))


def policy(id: str, value: str) -> str:
    return f"id: {id}\nsays: Says.\nauthority: test\nvalues: [{{from: 2020-01-01, value: {value}}}]\n"


# --- interest ---------------------------------------------------------------------------------------------------------


def test_a_year_at_three_percent() -> None:
    cents, steps = interest([Movement(ON, 10_000)], THREE, until_on=ON + timedelta(365), year="365")
    assert cents == 300 and [(step.days, step.held_cents) for step in steps] == [(365, 10_000)]


def test_each_balance_and_each_rate_has_its_days() -> None:
    rates = (Rate(date(2020, 1, 1), date(2026, 7, 1), Fraction(3)), Rate(date(2026, 7, 1), None, Fraction(1)))
    moved = [Movement(ON, 5000), Movement(date(2026, 4, 1), 5000), Movement(date(2026, 9, 1), -10_000)]
    cents, steps = interest(moved, rates, until_on=date(2027, 1, 1), year="365")
    assert [(step.days, step.held_cents, step.percent) for step in steps] == [
        (30, 5000, 3),
        (91, 10_000, 3),
        (62, 10_000, 1),
    ]
    assert cents == round(5000 * 0.03 * 30 / 365 + 10_000 * 0.03 * 91 / 365 + 10_000 * 0.01 * 62 / 365)


def test_a_span_that_is_not_set_earns_nothing() -> None:
    found = policies(
        "id: deposit.interest\nsays: Says.\nauthority: test\nvalues:\n"
        "- {from: 2025-01-01, not_set: None was decided.}\n- {from: 2026-01-01, value: '3'}\n"
    )
    rates = read_rates(found.policy("deposit.interest"))
    assert [(rate.from_on, rate.percent) for rate in rates] == [(date(2026, 1, 1), 3)]
    held = [Movement(date(2025, 1, 1), 10_000)]
    assert interest(held, rates, until_on=date(2026, 1, 1), year="365") == (0, ())


def test_the_year_it_counts_by() -> None:
    held = [Movement(date(2024, 1, 1), 36_600)]
    assert [interest(held, THREE, until_on=date(2025, 1, 1), year=year)[0] for year in ("365", "360", "actual")] == [
        1101, 1116, 1098,
    ]  # fmt: skip
    with pytest.raises(BadValue):
        interest(held, THREE, until_on=date(2025, 1, 1), year="364")


MOVES = st.lists(st.tuples(st.integers(0, 700), st.integers(1, 30_000)), min_size=1, max_size=5).map(
    lambda rows: [Movement(ON + timedelta(days), cents) for days, cents in rows]
)
RATES = st.lists(
    st.tuples(st.integers(0, 600), st.integers(0, 900)), min_size=1, max_size=4, unique_by=lambda row: row[0]
)


def dated(rows: list[tuple[int, int]]) -> tuple[Rate, ...]:
    days = sorted(rows)
    ends = [*[ON + timedelta(day) for day, _ in days[1:]], None]
    return tuple(
        Rate(ON + timedelta(day), end, Fraction(basis, 100)) for (day, basis), end in zip(days, ends, strict=True)
    )


@given(MOVES, RATES, st.lists(st.integers(0, 800), max_size=6), st.sampled_from(["365", "360", "actual"]))
def test_any_number_of_accruals_comes_to_the_same_as_one(moves, rows, stops, year) -> None:
    rates, until = dated(rows), ON + timedelta(800)
    given_ = 0
    for stop in sorted(stops):
        earned, _ = interest(moves, rates, until_on=ON + timedelta(stop), year=year)
        given_ += max(earned - given_, 0)
    whole, steps = interest(moves, rates, until_on=until, year=year)
    assert given_ + max(whole - given_, 0) == whole
    assert abs(sum((step.exact for step in steps), Fraction(0)) - whole) <= Fraction(1, 2)


@given(MOVES, RATES)
def test_what_is_earned_never_falls_as_days_pass(moves, rows) -> None:
    earned = [interest(moves, dated(rows), until_on=ON + timedelta(day), year="365")[0] for day in range(0, 800, 40)]
    assert earned == sorted(earned)


# --- increments and the review ----------------------------------------------------------------------------------------

INCREASES = policy("deposit.increment", '{amount: "25.00"}') + "---\n" + policy(
    "deposit.ceiling", "{months: 3, over_months: 12}"
)  # fmt: skip


@pytest.mark.parametrize(
    ("held", "asked", "billed", "cents"),
    [
        (26_500, 0, 114_790, 2198),  # story 21-5: 286.98 - 265.00
        (10_000, 0, 114_790, 2500),
        (26_500, 2198, 114_790, 0),
        (40_000, 0, 114_790, 0),
        (0, 0, 0, 0),
    ],
)
def test_the_ceiling_holds(held: int, asked: int, billed: int, cents: int) -> None:
    found = increase(policies(INCREASES), held_cents=held, asked_cents=asked, billed_cents=billed, on=ON)
    assert found.cents == cents and held + asked + found.cents <= max(found.ceiling_cents or 0, held + asked)


@given(st.integers(0, 100_000), st.integers(0, 10_000), st.integers(0, 1_000_000))
def test_no_increase_passes_the_ceiling(held: int, asked: int, billed: int) -> None:
    found = increase(policies(INCREASES), held_cents=held, asked_cents=asked, billed_cents=billed, on=ON)
    assert 0 <= found.cents <= 2500
    assert found.cents == 0 or held + asked + found.cents <= (found.ceiling_cents or 0)


REVIEW = policy("deposit.review", "{after_months: 24, late_most: 2, cutoffs_most: 0, then: refund}")


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        (History(date(2024, 3, 2), 2, 0, 0, 0), "good"),
        (History(date(2024, 3, 3), 0, 0, 0, 0), "too_soon"),
        (History(None, 0, 0, 0, 0), "not_whole"),
        (History(date(2024, 3, 2), 3, 0, 0, 0), "late"),
        (History(date(2024, 3, 2), 0, 9, 0, 0), "good"),  # the city says nothing of returned payments
        (History(date(2024, 3, 2), 0, 0, 1, 0), "cut_off"),
        (History(date(2024, 3, 2), 0, 0, 0, 1), "owes"),
    ],
)
def test_the_review(history: History, outcome: str) -> None:
    assert review(policies(REVIEW), history, on=ON).outcome == outcome


def test_without_a_rule_nothing_goes_back() -> None:
    with pytest.raises(NotSet):
        review(Policies(), History(date(2020, 1, 1), 0, 0, 0, 0), on=ON)


# --- 11 O.S. 35-107 ---------------------------------------------------------------------------------------------------

LAW = Statute(cancel_at_cents=500, after_years=1, notice_days=90)
CHECK = date(2026, 7, 22)


@pytest.mark.parametrize(
    ("cents", "noticed", "on", "code", "day"),
    [
        (5148, None, date(2027, 7, 21), "waits", date(2027, 7, 22)),
        (5148, None, date(2027, 7, 22), "notify", date(2027, 7, 22)),
        (5148, date(2027, 7, 22), date(2027, 10, 19), "notified", date(2027, 10, 20)),
        (5148, date(2027, 7, 22), date(2027, 10, 20), "cancel", date(2027, 10, 20)),
        (500, None, date(2027, 7, 21), "waits", date(2027, 7, 22)),
        (500, None, date(2027, 7, 22), "cancel", date(2027, 7, 22)),
        (501, None, date(2027, 7, 22), "notify", date(2027, 7, 22)),
    ],
)
def test_the_clock(cents: int, noticed: date | None, on: date, code: str, day: date) -> None:
    step = next_step(cents=cents, dated_on=CHECK, noticed_on=noticed, statute=LAW, on=on)
    assert (step.code, step.on) == (code, day)


def test_thirty_days_from_termination() -> None:
    assert refund_by(date(2026, 7, 10), 30) == date(2026, 8, 9)
    with pytest.raises(BadValue):
        refund_by(ON, -1)


def test_the_year_of_a_leap_day_leaves_the_customer_the_day() -> None:
    assert years_after(date(2024, 2, 29), 1) == date(2025, 3, 1)
    assert years_after(date(2024, 2, 28), 1) == date(2025, 2, 28)
