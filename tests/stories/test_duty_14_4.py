"""Story 14-4: two houses on each other's meter."""

from datetime import date

import pytest

from curbstop.office import adjustments, ledger, meters
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Cancelled
from tests.office.scene import at_on, by, key, move_in, point, read
from tests.stories.meter_town import (
    APRIL,
    BILLED,
    FEB,
    LAST_MARCH,
    MARCH,
    approve,
    ask_rebill,
    check,
    last_bill,
    lines,
    open_days,
    pay_all,
    run_bills,
    set_policy,
    use_city,
)

ASKED, PAID = date(2026, 5, 7), date(2026, 4, 10)
BIG = {"water.base": 950, "water.volume": 6674, "sewer.volume": 2070, "sewer.surcharge": 1775, "sanitation.cart": 1150}
SMALL = {
    "water.base": 950,
    "water.volume": 1556,
    "sewer.volume": 1070,
    "sewer.surcharge": 1775,
    "sanitation.cart": 1150,
}


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker, test_databases):
    before = use_city(test_databases, django_db_blocker)
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


@pytest.fixture
def swapped(city, db):
    """Both meters are changed on 31 March, and each of the new ones is written down at the other's house."""
    set_policy("rebill.instalments", 3)
    open_days(FEB, *BILLED.values(), PAID, ASKED)
    a60, a61 = move_in(1, FEB, register=10_000), move_in(2, FEB, register=20_000, name="Bea Ortiz")
    for number, before, old, new in ((1, 10_000, 16_000, "40000011"), (2, 20_000, 26_000, "40000012")):
        read(number, MARCH, before + 3_000)
        meters.exchange(
            key=key(), by=by("finn"), at=at_on(LAST_MARCH), service_point_id=point(number), on=LAST_MARCH,
            removed_register=old, serial=new, register=0, reason="programme",
        )  # fmt: skip
    run_bills(BILLED[MARCH])
    run_bills(BILLED[LAST_MARCH])
    pay_all(PAID, a60, a61)
    read(1, APRIL, 11_800)
    read(2, APRIL, 3_100)
    for row in adjustments_waiting():
        from curbstop.office import reads

        reads.decide(key=key(), by=by("cleo"), at=at_on(APRIL, 21), read_id=row, outcome="accept", reason="looked")
    run_bills(BILLED[APRIL])
    return a60, a61


def adjustments_waiting():
    from curbstop.office import reads

    return [row.read_id for row in reads.list_undecided()]


def test_both_are_cancelled_and_billed_again_together(swapped):
    a60, a61 = swapped
    b1, c1 = last_bill(a60), last_bill(a61)
    assert (lines(b1), b1.total_cents) == (BIG, 12619) and (lines(c1), c1.total_cents) == (SMALL, 6501)

    asked = ask_rebill(
        ASKED, "swapped", swap={"service_point_ids": [point(1), point(2)], "from_on": LAST_MARCH.isoformat()}
    )
    assert (ledger.get_balance(a60), ledger.get_balance(a61)) == (12619, 6501)
    event = Event.objects.latest("id")
    assert event.by_id == by("cleo").id and {f"account:{a60}", f"account:{a61}"} <= set(event.subjects)
    approve(asked, ASKED)
    check(ASKED)

    b1r, c1r = last_bill(a60), last_bill(a61)
    assert (lines(b1r), b1r.total_cents, b1r.due_on) == (SMALL, 6501, date(2026, 5, 27))
    assert (lines(c1r), c1r.total_cents, c1r.due_on) == (BIG, 12619, date(2026, 5, 27))
    assert (ledger.get_balance(a60), ledger.get_balance(a61)) == (6501, 12619)
    assert 12619 + 6501 == 19120 == 6501 + 12619
    # cancelled, kept and readable
    assert {z.bill_id: z.replaced_by_id for z in Cancelled.objects.all()} == {b1.pk: b1r.pk, c1.pk: c1r.pk}
    assert lines(b1) == BIG and lines(c1) == SMALL

    hanging = {n: meters.get_meter_history(service_point_id=point(n))[0] for n in (1, 2)}
    assert (hanging[1].serial, hanging[1].from_on) == ("40000012", LAST_MARCH)
    assert (hanging[2].serial, hanging[2].from_on) == ("40000011", LAST_MARCH)
    # a letter to each with the old and the new bill; neither names the other account
    letters = adjustments.get_request(asked.request_id, on=ASKED).facts["letters"]
    says = "Two meters were written down at each other's house. We have cancelled the bill and made the right one"
    assert letters[str(a60)][0] == f"{says}." and letters[str(a61)][0] == f"{says}; you may pay it in three parts."
    assert "126.19" in letters[str(a60)][1] and "65.01" in letters[str(a60)][1]
    assert "Bea" not in " ".join(letters[str(a60)]) and len(letters[str(a61)]) == 2

    # the next month goes on from the right meter
    assert read(1, date(2026, 5, 6), 3_900).usage_gal == 800
