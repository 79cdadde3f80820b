"""Story 17-2: two estimates, then the true read, fairly."""

from datetime import date

import pytest

from curbstop.office import bills, ledger, reads
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Agreement
from curbstop.records.meters.models import Average, Read
from tests.office.scene import at_on, by, key, move_in, point, read
from tests.stories.meter_town import (
    BILLED,
    FEB,
    LAST_MARCH,
    MARCH,
    check,
    last_bill,
    lines,
    open_days,
    pay_all,
    run_bills,
    set_policy,
    use_city,
)

BEFORE, JAN = date(2025, 12, 9), date(2026, 1, 6)
BILLS = {JAN: date(2026, 1, 7), FEB: date(2026, 2, 4), **BILLED}


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker, test_databases):
    before = use_city(test_databases, django_db_blocker)
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


@pytest.fixture
def a2(city, db):
    """A2 with a true read of 500,000 on 6 January, paid until then; a trailer stands on the meter box since."""
    set_policy("reads.estimate", {"method": "average", "uses": 1})
    set_policy("reads.estimates_in_a_row", 2)
    set_policy("reads.true_up", "spread")
    open_days(BEFORE, *BILLS.values(), date(2026, 1, 20))
    account = move_in(2, BEFORE, register=494_000, tenure="owner")
    sewer = Agreement.objects.get(account_id=account, service_point__service="sewer")
    Average.objects.create(agreement=sewer, during=(BEFORE, None), gal=5_500, event_id=1)
    read(2, JAN, 500_000)
    run_bills(BILLS[JAN])
    pay_all(date(2026, 1, 20), account)
    assert ledger.get_balance(account) == 0
    return account


def estimate(on):
    return reads.estimate(
        key=key(), by=by("clock"), at=at_on(on, 21), service_point_id=point(2), read_on=on,
        reason="meter box under a parked trailer",
    )  # fmt: skip


def test_two_estimates_then_the_true_read(a2):
    for on, in_row in ((FEB, 1), (MARCH, 2)):
        made = estimate(on)
        assert (made.usage_gal, made.in_row) == (6_000, in_row)
        run_bills(BILLS[on])
        bill = last_bill(a2)
        assert bill.total_cents == 8785 == 950 + 3012 + 1898 + 1775 + 1150
    with pytest.raises(Refused, match="two estimates in a row are the most; meter 40000002 is held until a true read"):
        estimate(LAST_MARCH)
    event = Event.objects.latest("id")
    assert (event.act, event.denied, event.by_id) == ("reads.estimate", True, by("clock").id)
    held = reads.hold(
        key=key(), by=by("clock"), at=at_on(LAST_MARCH, 21), service_point_id=point(2), read_on=LAST_MARCH,
        reason="beyond the estimate limit", until_on=date(2026, 4, 7), owner_id=by("cleo").id, with_order=True,
    )  # fmt: skip
    assert held.order_id

    true = read(2, LAST_MARCH, 534_500, at=at_on(date(2026, 4, 1)), by=by("finn"))
    assert 534_500 - 500_000 == 34_500 and 34_500 // 3 == 11_500
    trued = bills.true_up(
        key=key(), by=by("clock"), at=at_on(date(2026, 4, 1), 14), read_id=true.read_id, on=date(2026, 4, 1)
    )
    assert (trued.bills, trued.gal, trued.cents) == (2, 11_000, 6774) and 2 * 6399 - 2 * 3012 == 6774
    uses = Read.objects.filter(service_point=point(2), read_on__gte=FEB, replaced_by=None).order_by("read_on")
    assert [row.usage_gal for row in uses] == [11_500] * 3 and uses.last().register == 534_500

    run_bills(BILLS[LAST_MARCH])
    bill = last_bill(a2)
    services = {
        line.kind: line.cents for service in bills.explain(bill.pk).services for line in service.lines if line.cents
    }
    assert services == {
        "water.base": 950, "water.volume": 6399, "sewer.volume": 1898, "sewer.surcharge": 1775, "sanitation.cart": 1150
    }  # fmt: skip
    (extra,) = bills.explain(bill.pk).charges
    assert (extra.cents, extra.says) == (6774, "Water, true-up of 2 estimates")
    assert (bill.total_cents, bill.due_on) == (18946, date(2026, 4, 21)) and ledger.get_balance(a2) == 36516
    assert 6399 + 6774 == 13173 and trued.letter[0] == (
        "Two bills were estimates. We spread your real use over the three periods, so that no part of it is charged at"
        " a higher step than it should."
    )
    assert trued.letter[-1] == "You may pay the difference of $67.74 on 2 bills, $33.87 on each."
    check(BILLS[LAST_MARCH])
    with pytest.raises(Refused, match="no estimates between|was replaced"):
        bills.true_up(
            key=key(), by=by("clock"), at=at_on(date(2026, 4, 1), 14), read_id=true.read_id, on=date(2026, 4, 1)
        )


def test_estimates_that_were_too_high_are_not_taken_off_in_silence(a2):
    estimate(FEB)
    run_bills(BILLS[FEB])
    true = read(2, MARCH, 501_000, at=at_on(MARCH, 20))
    with pytest.raises(Refused, match="The estimates were too high by|below 506,000|too high"):
        bills.true_up(key=key(), by=by("clock"), at=at_on(MARCH, 21), read_id=true.read_id, on=MARCH)
    assert lines(last_bill(a2))["water.volume"] == 3012
