"""What the bank shows, as legs: the examples E30 to E34 and E77 of the books, and what must balance whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.ledger import (
    bank_charged,
    bank_settled,
    change_fund,
    check_balance,
    check_recipe,
    float_made_up,
)


def legs(made):
    return [(leg.gl, leg.debit_cents, leg.credit_cents, leg.document, leg.line) for leg in made]


def test_e32_a_card_batch_settles_with_its_fee_withheld():
    made = bank_settled("10-1040", 7, {1: 4221}, fee_cents=139, fee_on="51-5120")
    check_recipe("settle", made)
    assert sorted(legs(made)) == sorted(
        [
            ("10-1001", 4082, 0, None, None),
            ("51-5120", 139, 0, None, None),
            ("10-1040", 0, 4221, 7, 1),
            ("10-2851", 139, 0, None, None),
            ("51-1010", 0, 139, None, None),
        ]
    )


def test_e33_a_file_settles():
    made = bank_settled("10-1060", 8, {1: 3000, 2: 10000})
    check_recipe("settle", made)
    assert legs(made)[0] == ("10-1001", 13000, 0, None, None) and len(made) == 3


def test_e34_a_return_is_taken_by_the_bank():
    made = bank_settled("10-1050", 9, {1: -9459})
    check_recipe("bank_debited", made)
    assert legs(made) == [("10-1001", 0, 9459, None, None), ("10-1050", 9459, 0, 9, 1)]


def test_e77_the_change_fund_and_a_float_made_up():
    made = change_fund(40000)
    check_recipe("change_fund", made)
    assert legs(made) == [("10-1015", 40000, 0, None, None), ("10-1001", 0, 40000, None, None)]
    assert legs(change_fund(-100)) == [("10-1001", 100, 0, None, None), ("10-1015", 0, 100, None, None)]
    check_recipe("change_fund", float_made_up(3, 1000))
    check_recipe("bank_debited", bank_charged(2500, "51-5120"))


@given(
    st.dictionaries(st.integers(1, 5), st.integers(-(10**6), 10**6).filter(bool), min_size=1),
    st.integers(0, 10**5),
)
def test_every_one_balances_by_fund(lines, fee):
    fee_on = "51-5120" if fee else ""
    check_balance(bank_settled("10-1040", 1, lines, fee_cents=fee, fee_on=fee_on))
    if fee:
        check_balance(bank_charged(fee, fee_on))
