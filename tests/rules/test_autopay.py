"""Bank numbers, banking days, and what a draft run does with one account."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.autopay import (
    OUTCOMES,
    BadBankAccount,
    DueBill,
    Enrolled,
    Terms,
    aba_check_digit,
    check_account,
    check_routing,
    draft_on,
    effective_date,
    plan,
    prenote_clear_on,
)

FED = frozenset({date(2026, 5, 25), date(2026, 7, 3), date(2026, 11, 26)})
DUE = date(2026, 4, 21)


@pytest.mark.parametrize("routing", ["231380104", "121042882", "091400606", "011000015", " 076401251 "])
def test_routing_numbers_of_banks(routing):
    assert check_routing(routing) == routing.strip()


@pytest.mark.parametrize("routing", ["231380105", "12345678", "1234567890", "00000000O", "000000000", "", "２31380104"])
def test_routing_numbers_that_are_none(routing):
    with pytest.raises(BadBankAccount) as caught:
        check_routing(routing)
    assert caught.value.field == "routing"


@given(st.integers(1, 99_999_999), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(eight, place, by):
    digits = f"{eight:08d}"
    routing = digits + str(aba_check_digit(digits))
    wrong = routing[:place] + str((int(routing[place]) + by) % 10) + routing[place + 1 :]
    with pytest.raises(BadBankAccount):
        check_routing(wrong)


def test_account_numbers():
    assert check_account(" 1234 5678-9 ") == "12345678-9"
    for wrong in ("12", "1" * 18, "12_34", ""):
        with pytest.raises(BadBankAccount) as caught:
            check_account(wrong)
        assert wrong not in str(caught.value) or not wrong  # the number is never repeated in a message


@pytest.mark.parametrize(
    ("wanted", "sent", "same_day", "settles"),
    [
        (date(2026, 4, 21), date(2026, 4, 20), False, date(2026, 4, 21)),
        (date(2026, 4, 21), date(2026, 4, 21), False, date(2026, 4, 22)),  # a banking day after it is sent
        (date(2026, 4, 21), date(2026, 4, 21), True, date(2026, 4, 21)),
        (date(2026, 4, 25), date(2026, 4, 20), False, date(2026, 4, 27)),  # a Saturday: the Monday after
        (date(2026, 5, 25), date(2026, 5, 20), False, date(2026, 5, 26)),  # Memorial Day
        (date(2026, 5, 23), date(2026, 5, 23), False, date(2026, 5, 26)),  # sent on a Saturday
        (date(2026, 11, 26), date(2026, 11, 25), True, date(2026, 11, 27)),  # Thanksgiving
    ],
)
def test_the_day_a_draft_settles(wanted, sent, same_day, settles):
    assert effective_date(wanted, sent_on=sent, closed=FED, same_day=same_day) == settles


def test_a_prenote_has_three_banking_days():
    assert prenote_clear_on(date(2026, 5, 21), closed=FED) == date(2026, 5, 27)  # over a weekend and Memorial Day


@pytest.mark.parametrize(
    ("day", "drafted"),
    [(None, DUE), (21, DUE), (20, date(2026, 4, 20)), (5, date(2026, 4, 5)), (28, DUE), (25, DUE), (1, DUE)],
)
def test_the_chosen_day_never_misses_a_bill(day, drafted):
    # the bill is of 1 April: day 25 or 28 of March lies before it, day 1 is the day of the bill itself
    assert draft_on(bill_on=date(2026, 4, 1), due_on=DUE, draft_day=day) == drafted


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(1, 28), st.integers(1, 28))
def test_no_bill_is_ever_drafted_late_or_before_it_is_there(bill_on, due_days, day):
    due_on = bill_on + timedelta(due_days)
    on = draft_on(bill_on=bill_on, due_on=due_on, draft_day=day)
    assert bill_on < on <= due_on


def account(*open_cents, limit=None, balance=None, **more):
    bills = tuple(DueBill(n, DUE - timedelta(20), DUE, cents) for n, cents in enumerate(open_cents, 1))
    owed = sum(open_cents) if balance is None else balance
    return Enrolled(1, Terms("checking", "PPD", limit, None), bills, owed, more.pop("prenote", "passed"), **more)


@pytest.mark.parametrize(
    ("of", "code", "cents"),
    [
        (account(9459), "draft", 9459),
        (account(9459, 500), "draft", 9959),
        (account(9459, balance=459), "draft", 459),
        (account(9459, balance=0), "nothing_due", 0),
        (account(), "nothing_due", 0),
        (account(9459, limit=9459), "draft", 9459),
        (account(9459, limit=9458), "over_limit_ask", 9459),
        (account(9459, prenote="none"), "prenote", 0),
        (account(9459, prenote="sent"), "prenote_waiting", 9459),
        (account(9459, prenote="refused"), "prenote_refused", 9459),
        (account(9459, prenote="not_needed"), "draft", 9459),
        (account(9459, pending_cents=1), "payments_pending", 9459),
        (account(9459, stopped=True), "stopped", 9459),
        (account(9459, cash_only=True), "cash_only", 9459),
        (account(prenote="none"), "prenote", 0),
    ],
)
def test_what_a_run_does_with_an_account(of, code, cents):
    found = plan(of, through_on=DUE)
    assert (found.code, found.cents) == (code, cents) and code in OUTCOMES


def test_a_bill_that_is_not_due_yet_waits():
    assert plan(account(9459), through_on=DUE - timedelta(1)).code == "nothing_due"


@given(st.lists(st.integers(1, 10**6), max_size=4), st.integers(-(10**6), 10**7), st.none() | st.integers(1, 10**6))
def test_never_above_the_limit_never_more_than_is_owed(open_cents, balance, limit):
    found = plan(account(*open_cents, limit=limit, balance=balance), through_on=DUE)
    if found.code == "draft":
        assert 0 < found.cents <= min(sum(open_cents), balance)
        assert limit is None or found.cents <= limit
