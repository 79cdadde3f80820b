"""What follows a return: presented again or not, counted, marked; a bank's correction; the rates that are watched."""

from datetime import date, timedelta

import pytest

from curbstop.rules.autopay import BadBankAccount
from curbstop.rules.returns import BankNumbers, CountRule, corrected, count_in, mark, rates, why_not_again

FIRST = date(2026, 4, 21)
TWICE = CountRule(times=2, months=12, mark_months=12)


@pytest.mark.parametrize(
    ("code", "days", "times", "most", "said"),
    [
        ("R01", 5, 0, 2, ""),
        ("R09", 180, 1, 2, ""),
        ("R01", 181, 1, 2, "180 days have passed"),
        ("R01", 5, 2, 2, "at most 2 are allowed"),
        ("R01", 5, 2, 9, "at most 2 are allowed"),  # whatever a city writes
        ("R01", 5, 1, 1, "at most 1 are allowed"),
        ("R01", 5, 0, 0, "at most 0 are allowed"),
        ("R02", 5, 0, 2, "not for want of funds"),
        ("R10", 5, 0, 2, "not for want of funds"),
    ],
)
def test_what_is_presented_again(code, days, times, most, said):
    why = why_not_again(code, first_settled_on=FIRST, on=FIRST + timedelta(days), times=times, most=most)
    assert (why == "") if not said else said in why


def test_the_window_of_twelve_months_is_half_open():
    on = date(2027, 4, 17)
    assert count_in([date(2026, 4, 17), date(2026, 4, 18), on], months=12, on=on) == 2
    assert count_in([on + timedelta(1)], months=12, on=on) == 0


def test_the_mark_and_its_end():
    assert mark([date(2026, 4, 17)], TWICE, on=date(2026, 4, 17)) is None
    found = mark([date(2026, 4, 17), date(2026, 6, 11)], TWICE, on=date(2026, 6, 11))
    assert (found.from_on, found.until_on, found.count) == (date(2026, 6, 11), date(2027, 6, 11), 2)
    assert found.reason == "2 returned in 12 months"
    # 29 February: the mark ends on the last day that there is
    leap = mark([date(2028, 2, 28), date(2028, 2, 29)], TWICE, on=date(2028, 2, 29))
    assert leap.until_on == date(2029, 2, 28)


NOW = BankNumbers("121042882", "123456789", "checking")


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("C02", "123456789"),
        ("C01", ""),
        ("C05", "99"),
        ("C06", "99887766            99"),
        ("C04", "JOSE"),
        ("C92", "x"),
    ],
)
def test_a_correction_that_corrects_nothing_is_refused(code, data):
    with pytest.raises(BadBankAccount):
        corrected(NOW, code, data)


def test_what_is_not_corrected_stays():
    assert corrected(NOW, "C02", "231380104") == BankNumbers("231380104", "123456789", "checking")


def test_rates_are_exact_and_the_limit_itself_is_over():
    found = {
        rate.group: (rate.returns, rate.hundredths, rate.is_over) for rate in rates(["R10"] * 5 + ["R03"] * 29, 1000)
    }
    assert found == {"unauthorised": (5, 50, True), "administrative": (29, 290, False), "all": (34, 340, False)}
    assert [rate.is_over for rate in rates([], 0)] == [False, False, False]
