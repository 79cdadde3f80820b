"""A payment by card on its way makes the late charge wait; then it is spared, or charged."""

from datetime import timedelta

import pytest

from curbstop.office import delinquency, ledger, payments
from curbstop.office._once import NotPermitted, Refused
from curbstop.records.delinquency.models import LateCharge, LateHeld, LateSettled
from curbstop.rules.cards import Method
from tests.desk import street
from tests.office.scene import at_on, by, key

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(django_db_setup, db):
    """The street's second turn, posted and past its due date: who owes of it, the run, and the late day."""
    lived = street.raise_street()
    (run, *_) = delinquency.list_late_due(on=street.scene.TODAY)
    return lived, run


def ask(account_id, cents=1000, on=None):
    at = at_on(on or street.scene.TODAY, 16)
    return payments.ask(
        key=key(), by=by("cleo"), at=at, account_id=account_id, cents=cents, channel="phone", gateway="demo",
        until=at + timedelta(hours=1),
    )  # fmt: skip


def assess(run, on):
    return delinquency.assess_late(key=key(), by=by("clock"), at=at_on(on, 17), run=run.run, on=on)


def settle(on):
    return delinquency.settle_late(key=key(), by=by("clock"), at=at_on(on, 18), on=on)


def late_accounts(run):
    return list(LateCharge.objects.filter(run_id=run.run).values_list("bill__account_id", flat=True))


def test_the_charge_waits_and_the_rest_are_charged(late):
    lived, run = late
    on = street.scene.TODAY
    ask(lived[3])
    done = assess(run, on)
    assert done.held == 1 and lived[3] not in late_accounts(run) and done.bills == len(late_accounts(run)) > 0
    (held,) = LateHeld.objects.all()
    assert (held.code, held.bill.account_id) == (delinquency.HELD_PAYMENT_PENDING, lived[3])
    # while it is on its way nothing happens, however often somebody looks
    assert settle(on) == delinquency.LateSettling(0, 0, 0)


def test_paid_is_spared_and_failed_is_charged(late):
    lived, run = late
    on = street.scene.TODAY
    owed = ledger.get_balance(lived[3])
    pays, fails = ask(lived[3], owed), ask(lived[5])
    assert assess(run, on).held == 2
    payments.record_paid(
        key=key(), by=by("clock"), at=at_on(on, 17), gateway="demo", payment_ref="p1", reference=pays.reference,
        cents=owed + 20_000, paid_at=at_on(on, 16), on=on, method=Method(),
    )  # fmt: skip
    payments.record_failed(key=key(), by=by("clock"), at=at_on(on, 17), ask_id=fails.ask_id, reason="declined")
    before = ledger.get_balance(lived[5])
    k = key()
    done = delinquency.settle_late(key=k, by=by("clock"), at=at_on(on, 18), on=on)
    assert (done.spared, done.charged) == (1, 1) and done.cents > 0
    assert ledger.get_balance(lived[5]) == before + done.cents and late_accounts(run).count(lived[5]) == 1
    assert sorted(LateSettled.objects.values_list("outcome", flat=True)) == ["charged", "spared"]
    # again is nothing, by the same key and by another
    assert delinquency.settle_late(key=k, by=by("clock"), at=at_on(on, 19), on=on) == done
    assert settle(on) == delinquency.LateSettling(0, 0, 0)


def test_a_city_that_says_no_charges_at_once(late):
    from curbstop.records.decisions.models import PolicyValue
    from tests.books import set_policy

    lived, run = late
    PolicyValue.objects.filter(policy="late.pending_waits").delete()
    set_policy("late.pending_waits", False)
    ask(lived[3])
    assert assess(run, street.scene.TODAY).held == 0 and lived[3] in late_accounts(run)


def test_a_city_that_has_not_said_lets_it_wait(late):
    from curbstop.records.decisions.models import PolicyValue

    lived, run = late
    PolicyValue.objects.filter(policy="late.pending_waits").delete()
    ask(lived[3])
    assert assess(run, street.scene.TODAY).held == 1


def test_only_the_clock_settles(late):
    with pytest.raises(NotPermitted):
        delinquency.settle_late(key=key(), by=by("cleo"), at=street.scene.AT, on=street.scene.TODAY)
    with pytest.raises(Refused, match="looked at on"):
        assess(late[1], street.scene.TODAY)
        assess(late[1], street.scene.TODAY)
