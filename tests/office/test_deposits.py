"""Deposits: decided, taken, earning, applied, raised up to a ceiling, let go, listed against the control account."""

from datetime import date, timedelta

import pytest

from curbstop.office import adjustments, deposits, ledger, payments
from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.office.deposits import Checked
from curbstop.office.payments import PayFirst
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account
from curbstop.records.ledger.models import Posting, Transaction
from curbstop.rules.faults import BadValue
from tests.books import DAY, account, at_on, key, person, set_policy
from tests.office.closed import serve
from tests.office.payment_town import AFTER, bill, check, raise_town, take, ties

pytestmark = pytest.mark.django_db
RENTER = {"amount_cents": 10_000, "instalments": 2}


@pytest.fixture(autouse=True)
def town(db):
    raise_town()
    set_policy("deposit.renter.residential", RENTER)
    set_policy("approval.limits", [{"role": "supervisor", "up_to_cents": 25_000, "per": "account", "days": 30}])
    person("csr", "csr")


def renter(sequence=1_000_001) -> Account:
    made = account(sequence)
    Account.objects.filter(id=made.id).update(tenure="renter")
    return made


def decide(of, **more):
    given = {"key": key(), "by": person("csr"), "at": at_on(DAY), "account_id": of.id, "on": DAY}
    return deposits.decide(**{**given, **more})


def pay_deposit(of, cents, **more):
    return take(of, cents, first=PayFirst(words=("deposit",)), **more)


def interest_policy(*rates, year="365"):
    for percent, on in rates:
        set_policy("deposit.interest", percent, on=on)
    set_policy("deposit.interest.year", year)


def accrue(*of, until=DAY, on=DAY, **more):
    given = {"key": key(), "by": person("finance"), "at": at_on(DAY), "until_on": until, "on": on}
    return deposits.accrue(**{**given, "account_ids": tuple(one.id for one in of), **more})


# --- deciding ---------------------------------------------------------------------------------------------------------


def test_a_renters_deposit_in_two_parts_is_a_demand_and_becomes_a_liability_when_it_is_paid() -> None:
    of = renter()
    asked = decide(of, instalments=2)
    assert [(part.cents, part.due_on) for part in asked.parts] == [(5000, None), (5000, None)]
    assert (deposits.held_cents(of.id), deposits.asked_cents(of.id)) == (0, 10_000)
    assert ties().get((59, 2210), 0) == 0  # asked for is no money
    pay_deposit(of, 5000)
    assert (deposits.held_cents(of.id), deposits.asked_cents(of.id)) == (5000, 5000)
    assert ledger.get_balance(of.id) == 0
    found = deposits.get_deposits(account_id=of.id, on=DAY)
    assert [item.held_cents for item in found.items] == [5000, 0]
    assert found.decisions[0].cents == 10_000 and found.asked_cents == 5000
    assert ties()[59, 2210] == -5000


def test_parts_so_many_days_apart_when_the_city_has_said_so() -> None:
    set_policy("deposit.instalments.days", 14)
    asked = decide(renter(), instalments=2)
    assert [part.due_on for part in asked.parts] == [DAY, DAY + timedelta(14)]


def test_the_same_key_decides_once_and_another_input_is_refused() -> None:
    of = renter()
    form = {"key": key("form"), "instalments": 2}
    first, again = decide(of, **form), decide(of, **form)
    assert first == again and deposits.asked_cents(of.id) == 10_000
    with pytest.raises(KeyReused):
        decide(of, **{**form, "instalments": 1})


def test_a_deposit_is_decided_once() -> None:
    of = renter()
    decide(of)
    with pytest.raises(Refused, match=r"A deposit of 100.00 was decided"):
        decide(of)


def test_more_parts_than_allowed_are_refused_at_their_field() -> None:
    with pytest.raises(BadValue) as refused:
        decide(renter(), instalments=3)
    assert refused.value.field == "instalments"


def test_a_grade_that_the_city_has_not_set_is_no_guess() -> None:
    of = account()
    with pytest.raises(Refused, match="deposit by credit grade is not set for this city") as refused:
        decide(of, checks=(Checked("O. Five", 1, 700, "Bureau", DAY),))
    assert "Nothing is charged on a guess" in str(refused.value)
    assert deposits.asked_cents(of.id) == 0
    assert Event.objects.filter(act="deposits.decide", denied=True).count() == 1


def test_the_worst_grade_decides_and_only_that_adult_is_owed_the_notice() -> None:
    set_policy("deposit.owner.by_credit", [
        {"grade": 1, "amount_cents": 7500, "instalments": 1}, {"grade": 2, "amount_cents": 30_000, "instalments": 2},
    ])  # fmt: skip
    both = (Checked("O. Three", 1, 742, "Bureau", DAY), Checked("P. Three", 2, 604, "Bureau", DAY))
    asked = decide(account(), checks=both, instalments=2)
    assert asked.cents == 30_000 and asked.adverse == ("P. Three",)
    assert "Grade 2 decides" in asked.notes[-1]


def test_whoever_gives_no_number_is_asked_what_the_city_set_for_it() -> None:
    set_policy("deposit.no_ssn", {"amount_cents": 30_000, "instalments": 2})
    assert decide(account(), no_ssn=True).cents == 30_000


def test_a_waiver_by_law_keeps_nothing_of_its_papers() -> None:
    set_policy("deposit.waiver", {"days": 90})
    of = renter()
    asked = decide(of, paper="certification_letter", paper_on=DAY - timedelta(25))
    assert (asked.cents, asked.parts) == (0, ())
    with pytest.raises(Refused, match="was decided"):
        decide(of)  # no deposit later for the same reason


# --- more after a cut-off ---------------------------------------------------------------------------------------------


def raised(of, **more):
    given = {"key": key(), "by": person("csr"), "at": at_on(DAY), "account_id": of.id, "on": DAY}
    return deposits.increase(**{**given, "reason": "Cut off on 2 March for non-payment.", **more})


def held(of, cents):
    asked = decide(of)
    over = cents - asked.cents
    if over > 0:
        from curbstop.records.payments.models import DepositDemand

        DepositDemand.objects.create(
            account_id=of.id, cents=over, instalment=9, due_on=DAY, authority="test", event_id=1
        )
    pay_deposit(of, cents)


def test_the_increase_stops_at_the_ceiling() -> None:
    set_policy("deposit.increment", {"amount_cents": 2500})
    set_policy("deposit.ceiling", {"months": 3, "over_months": 12})
    of = renter()
    held(of, 26_500)
    bill(of, [("water.volume", "51-1210", "51-4020", 114_790)])
    done = raised(of)
    assert (done.ceiling_cents, done.held_cents, done.cents) == (28_698, 26_500, 2198)
    assert done.part is not None and done.part.due_on == DAY
    assert raised(of).cents == 0  # what is asked counts towards the ceiling
    assert deposits.asked_cents(of.id) == 2198


def test_without_a_ceiling_the_increment_is_added_whole_and_says_so() -> None:
    set_policy("deposit.increment", {"amount_cents": 2500})
    done = raised(renter())
    assert done.cents == 2500 and done.ceiling_cents is None


def test_an_increase_that_is_not_set_is_refused() -> None:
    with pytest.raises(Refused, match="Nothing is added on a guess"):
        raised(renter())
    with pytest.raises(Refused, match="Say which cut-off"):
        raised(renter(1_000_002), reason=" ")


# --- let go -----------------------------------------------------------------------------------------------------------


def ask_exception(of, **inputs):
    return adjustments.request(
        key=key(), by=person("csr"), at=at_on(DAY), kind="deposit_exception", inputs={"account_id": of.id, **inputs},
        reason="discretion", on=DAY, words="Second cut-off",
    )  # fmt: skip


def approve(request, who="supervisor", on=DAY):
    return adjustments.approve(key=key(), by=person(who), at=at_on(on), request_id=request.request_id, on=on)


def test_an_exception_takes_a_second_person_and_then_nothing_is_asked() -> None:
    of = renter()
    decide(of, instalments=2)
    pay_deposit(of, 5000)
    waiting = ask_exception(of)
    assert waiting.cents == 5000 and deposits.asked_cents(of.id) == 5000
    approve(waiting)
    assert (deposits.asked_cents(of.id), deposits.held_cents(of.id)) == (0, 5000)
    with pytest.raises(Refused, match="No deposit is asked"):
        ask_exception(of)
    # the money for a deposit that is let go stays as credit
    receipt = pay_deposit(of, 5000)
    assert receipt.accounts[0].credit_cents == 5000


def test_more_than_is_asked_cannot_be_let_go() -> None:
    of = renter()
    decide(of)
    with pytest.raises(Refused, match=r"100.00 is asked of account"):
        ask_exception(of, cents=10_001)


# --- interest ---------------------------------------------------------------------------------------------------------


def test_interest_that_is_not_set_is_refused_and_nothing_accrues() -> None:
    of = renter()
    decide(of)
    pay_deposit(of, 10_000)
    with pytest.raises(Refused):
        accrue(of)
    assert ties().get((59, 2220), 0) == 0


def test_interest_is_an_expense_and_a_liability_and_accrues_once() -> None:
    interest_policy(("3.65", date(2020, 1, 1)))
    of = renter()
    decide(of)
    pay_deposit(of, 10_000, on=DAY)
    later = AFTER
    done = accrue(of, until=later, on=later)
    assert done.cents == 1 and done.deposits == 1  # 100.00 x 3.65 % x 1 / 365
    assert deposits.held_cents(of.id) == 10_001
    sums = ties()
    assert (sums[59, 2220], sums[51, 5140]) == (-1, 1)
    assert accrue(of, until=later, on=later).cents == 0


def test_an_accrual_begun_again_adds_what_is_missing() -> None:
    interest_policy(("36.50", date(2020, 1, 1)))
    many = [renter(1_000_010 + n) for n in range(3)]
    for of in many:
        decide(of)
        pay_deposit(of, 10_000)
    accrue(many[0], until=AFTER, on=AFTER)
    done = deposits.accrue_all(by=person("finance"), at=at_on(AFTER), until_on=AFTER, on=AFTER)
    assert (done.accounts, done.cents) == (2, 20)
    assert deposits.accrue_all(by=person("finance"), at=at_on(AFTER), until_on=AFTER, on=AFTER).cents in (0, 20)
    assert [deposits.held_cents(of.id) for of in many] == [10_010] * 3


# --- the list and the restricted account ------------------------------------------------------------------------------


def test_the_list_is_the_control_account_and_the_money_behind_it() -> None:
    one, two = renter(), renter(1_000_002)
    decide(one)
    decide(two)
    pay_deposit(one, 10_000)
    pay_deposit(two, 4000)
    listed = deposits.list_deposits(on=DAY)
    assert [row.total_cents for row in listed.rows] == [10_000, 4000]
    assert listed.differs_cents == 0 and listed.control_cents == 14_000
    assert (listed.restricted.liability_cents, listed.restricted.claim_cents, listed.restricted.bank_cents) == (
        14_000, 14_000, 0,
    )  # fmt: skip


def fund(cents, **more):
    given = {"key": key(), "by": person("finance"), "at": at_on(DAY), "cents": cents, "on": DAY, "reference": "T 17"}
    return deposits.fund(**{**given, **more})


def test_the_restricted_account_is_funded_and_released() -> None:
    of = renter()
    decide(of)
    pay_deposit(of, 10_000)
    with pytest.raises(Refused, match="is not customers' money"):
        fund(10_001)
    done = fund(10_000)
    assert (done.bank_cents, done.claim_cents, done.liability_cents) == (10_000, 0, 10_000)
    assert ties()[59, 1110] == 10_000
    with pytest.raises(Refused, match="holds 100.00 only"):
        fund(-10_001)
    assert fund(-10_000).claim_cents == 10_000
    with pytest.raises(Refused, match="reference"):
        fund(1, reference="")


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "who"),
    [("decide", "auditor"), ("decide", "cashier"), ("fund", "csr"), ("fund", "supervisor"), ("accrue", "csr")],
)
def test_who_may_not(act: str, who: str) -> None:
    of = renter()
    events = Event.objects.count()
    by = person(who, who)
    with pytest.raises(NotPermitted):
        if act == "decide":
            decide(of, by=by)
        elif act == "fund":
            fund(1, by=by)
        else:
            accrue(of, by=by)
    assert Event.objects.count() == events + 1 and not Posting.objects.exists()


def test_a_returned_payment_takes_the_deposit_back_and_it_is_asked_again() -> None:
    of = renter()
    decide(of)
    receipt = pay_deposit(of, 10_000, tenders=(payments.Tender("check", 10_000, "77"),))
    payments.reverse(
        key=key(), by=person("supervisor"), at=at_on(DAY), series=receipt.series, no=receipt.no, why="returned",
        reason="NSF", on=DAY,
    )  # fmt: skip
    check()
    assert (deposits.held_cents(of.id), deposits.asked_cents(of.id)) == (0, 10_000)


REVIEW = {"after_months": 24, "late_most": 2, "cutoffs_most": 0}


def test_a_deposit_stays_until_the_review_says_good() -> None:
    of = renter()
    decide(of)
    with pytest.raises(Refused, match=r"deposit\.review"):
        deposits.get_review(account_id=of.id, on=DAY)
    set_policy("deposit.review", {**REVIEW, "then": "apply"})
    assert deposits.get_review(account_id=of.id, on=DAY).outcome == "not_whole"
    pay_deposit(of, 10_000)
    assert deposits.get_review(account_id=of.id, on=DAY).outcome == "too_soon"
    with pytest.raises(Refused, match="Held 0 of 24 months"):
        deposits.apply(key=key(), by=person("finance"), at=at_on(DAY), account_id=of.id, on=DAY, why="good_history")
    late = date(2028, 3, 2)
    assert deposits.get_review(account_id=of.id, on=late).outcome == "good"
    bill(of, due=20)
    assert deposits.get_review(account_id=of.id, on=late).outcome == "owes"


def test_good_history_gives_the_deposit_back_on_the_bills() -> None:
    set_policy("deposit.review", {**REVIEW, "after_months": 0, "then": "apply"})
    of = renter()
    decide(of)
    pay_deposit(of, 10_000)
    serve(of, DAY - timedelta(30))
    bill(of)
    (good,) = deposits.list_good_history(on=DAY)
    assert (good.account_id, good.held_cents, good.whole_since) == (of.id, 10_000, DAY)
    done = deposits.apply(key=key(), by=person("finance"), at=at_on(DAY), account_id=of.id, on=DAY, why="good_history")
    assert not deposits.list_good_history(on=DAY)
    assert (done.applied_cents, done.credit_cents, done.held_cents) == (9459, 541, 0)
    assert ledger.get_balance(of.id) == -541
    ties()
    assert Transaction.objects.filter(act="apply_deposit").count() == 1


def test_a_deposit_is_not_applied_while_service_goes_on() -> None:
    of = renter()
    decide(of)
    pay_deposit(of, 10_000)
    serve(of, DAY - timedelta(30))
    with pytest.raises(Refused, match="Service goes on"):
        deposits.apply(key=key(), by=person("finance"), at=at_on(DAY), account_id=of.id, on=DAY)
