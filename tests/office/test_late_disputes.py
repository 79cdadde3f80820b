"""No late charge is put on what is under dispute, nor while a draft is on its way."""

from datetime import date

import pytest

from curbstop.office import autopay, delinquency, ledger
from curbstop.records.bills.models import Run, RunStep
from curbstop.records.delinquency.models import LateCharge, LateHeld, LateSettled
from tests.books import account, at_on, key, person, set_policy
from tests.office import requests
from tests.office.draft_town import BILLED, DUE, bill, enrol, raise_town

pytestmark = pytest.mark.django_db

LATE, DECIDED = date(2026, 4, 22), date(2026, 4, 24)
FULL = 9459


@pytest.fixture
def town():
    """Five accounts that owe a bill of 94.59, due yesterday; nobody paid."""
    raise_town()
    requests.people()
    requests.set_limits()
    for id, value in (("late.percent", "2"), ("late.day", 1), ("bill.due_days", 20), ("dispute.after_finding", 10)):
        set_policy(id, value)
    found = [account(1_000_001 + n) for n in range(5)]
    for one in found:
        bill(one)
    who = person("clock").id
    RunStep.objects.create(
        event_id=1,
        run=Run.objects.get(),
        step="posted",
        bills=5,
        cents=5 * FULL,
        on=BILLED,
        by_id=who,
        at=at_on(BILLED),
    )
    return found


def dispute(of, cents, on=DUE):
    return requests.ask(on=on, account_id=of.id, cents=cents)


def assess():
    run = Run.objects.get().pk
    return delinquency.assess_late(key=key(), by=person("clock"), at=at_on(LATE), run=run, on=LATE)


def settle(on):
    return delinquency.settle_late(key=key(), by=person("clock"), at=at_on(on, 18), on=on)


def charges():
    return dict(LateCharge.objects.values_list("bill__account_id", "cents"))


def held():
    return dict(LateHeld.objects.values_list("bill__account_id", "code"))


def test_only_what_is_not_disputed_is_charged(town):
    plain, part, whole, drafted, paid_rest = town
    enrol(drafted)
    dispute(part, 4459)
    dispute(whole, FULL)
    dispute(paid_rest, 4459)
    requests.approve(requests.ask(on=DUE, account_id=paid_rest.id, cents=5000), on=DUE)  # the rest is off its bill
    autopay.plan(key=key(), by=person("finance"), at=at_on(DUE), through_on=DUE, on=date(2026, 4, 20))
    done = assess()
    assert charges() == {plain.id: 189, part.id: 100}
    assert held() == {
        whole.id: delinquency.HELD_DISPUTE, paid_rest.id: delinquency.HELD_DISPUTE,
        drafted.id: delinquency.HELD_PAYMENT_PENDING,
    }  # fmt: skip
    assert (done.bills, done.cents, done.held) == (2, 289, 3)
    assert ledger.get_balance(part.id) == FULL + 100


def test_the_clock_of_what_was_disputed_begins_when_it_is_decided(town):
    plain, right, wrong, *_ = town
    refused, granted = dispute(right, FULL), dispute(wrong, FULL)
    assess()
    assert settle(LATE) == delinquency.LateSettling(0, 0, 0)
    requests.refuse(refused, on=DECIDED)
    requests.approve(granted, on=DECIDED)
    assert settle(date(2026, 5, 4)) == delinquency.LateSettling(0, 0, 0)  # ten days to pay
    assert settle(date(2026, 5, 5)) == delinquency.LateSettling(spared=1, charged=1, cents=189)
    assert charges()[right.id] == 189 and wrong.id not in charges()
    assert sorted(LateSettled.objects.values_list("outcome", flat=True)) == ["charged", "spared"]


def test_a_city_that_has_not_said_how_long_charges_nothing(town):
    from curbstop.records.decisions.models import PolicyValue

    refused = dispute(town[1], FULL)
    assess()
    requests.refuse(refused, on=DECIDED)
    PolicyValue.objects.filter(policy="dispute.after_finding").delete()
    assert settle(date(2026, 5, 30)) == delinquency.LateSettling(0, 0, 0)
