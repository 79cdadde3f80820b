"""Stories 14-1 to 14-3: an exchange inside a period, an install at a new house, and what a second meter is told."""

from datetime import date

import pytest

from curbstop.office import bills, ledger, meters, orders, reads
from curbstop.office._once import Refused
from curbstop.records.customers.models import Agreement
from curbstop.records.meters.models import Average, Installation, MeterState
from tests.office.scene import at_on, by, key, move_in, point, premise, read
from tests.stories.meter_town import (
    APRIL,
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
    use_city,
)

WRITTEN, DONE, PAID = date(2026, 4, 13), date(2026, 4, 15), date(2026, 4, 10)


@pytest.fixture(scope="module")
def city(django_db_setup, django_db_blocker, test_databases):
    before = use_city(test_databases, django_db_blocker)
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


def complete(order, on, hour=15, **fields):
    return orders.complete(
        key=key(), by=by("finn"), at=at_on(on, hour), order_id=order, fields=fields, done_at=at_on(on, hour - 1)
    )  # fmt: skip


def test_an_exchange_in_the_middle_of_a_period(city, db):
    open_days(FEB, *BILLED.values(), PAID)
    a1 = move_in(1, FEB, register=400_300, tenure="owner")
    sewer = Agreement.objects.get(account_id=a1, service_point__service="sewer")
    Average.objects.create(agreement=sewer, during=(FEB, None), gal=5_800, event_id=1)
    read(1, MARCH, 406_300)
    read(1, LAST_MARCH, 412_300)
    run_bills(BILLED[MARCH])
    run_bills(BILLED[LAST_MARCH])
    pay_all(PAID, a1)
    order = orders.write(
        key=key(), by=by("cleo"), at=at_on(WRITTEN), type="exchange", premise_id=premise(1), service_point_id=point(1),
        about="register fogged",
    )  # fmt: skip
    complete(order.order_id, DONE, removed_register=416_050, removed_serial="40000001", serial="40000011", register=12)
    assert 416_050 - 412_300 == 3_750
    new, old = meters.get_meter_history(service_point_id=point(1))
    assert (old.serial, old.until_on, new.serial, new.from_on) == ("40000001", DONE, "40000011", DONE)
    assert MeterState.objects.get(meter__serial="40000001").state == "to_test"
    assert next(row for row in meters.list_stock() if row.serial == "40000001").state == "to_test"

    read(1, APRIL, 8_602)
    assert 8_602 - 12 == 8_590 and 3_750 + 8_590 == 12_340
    run_bills(BILLED[APRIL])
    bill = last_bill(a1)
    assert lines(bill) == {
        "water.base": 950, "water.volume": 7170, "sewer.volume": 2001, "sewer.surcharge": 1775, "sanitation.cart": 1150
    }  # fmt: skip
    assert (bill.total_cents, bill.due_on, ledger.get_balance(a1)) == (13046, date(2026, 5, 19), 13046)
    water = bills.explain(bill.pk).services[0]
    assert [(one.meter, one.gal) for one in water.reads] == [("40000001", 3_750), ("40000011", 8_590)]
    check(BILLED[APRIL])


def test_a_second_meter_where_one_hangs_and_one_meter_in_two_places(city, db):
    """P20 is house 9 and P21 house 10, their meters taken down before; M200 and M201 are in stock."""
    for number in (9, 10):
        meters.remove(
            key=key(), by=by("cleo"), at=at_on(date(2026, 4, 1)), service_point_id=point(number), on=date(2026, 4, 1),
            register=1_000 * number, reason="house torn down",
        )  # fmt: skip
    first = install(9)
    complete(first, date(2026, 4, 22), serial="40000015", register=3, dials=6, size="5/8", state="locked")
    assert [row.serial for row in meters.get_meter_history(service_point_id=point(9)) if row.until_on is None] == [
        "40000015"
    ]
    again = install(9)
    with pytest.raises(Refused, match="has meter 40000015 since 2026-04-22; use an exchange, or correct the place"):
        complete(again, date(2026, 4, 23), serial="40000016", register=0, dials=6, size="5/8", state="locked")
    other = install(10)
    with pytest.raises(Refused, match="hangs at 9 Sage Wren Dr since 2026-04-22; were the two places swapped"):
        complete(other, date(2026, 4, 23), serial="40000015", register=3, dials=6, size="5/8", state="locked")
    assert {row.order_id for row in orders.list_open(now=at_on(date(2026, 4, 23)))} == {again, other}
    # a scrapped meter is not hung again
    meters.set_state(
        key=key(), by=by("cleo"), at=at_on(date(2026, 4, 23)), serial="40000016", state="scrapped",
        on=date(2026, 4, 23), reason="crushed",
    )  # fmt: skip
    with pytest.raises(Refused, match="is scrapped; choose another"):
        complete(other, date(2026, 4, 23), serial="40000016", register=0, dials=6, size="5/8", state="locked")


def install(number):
    return orders.write(
        key=key(), by=by("cleo"), at=at_on(date(2026, 4, 20)), type="install", premise_id=premise(number),
        service_point_id=point(number), second="asked for twice",
    ).order_id  # fmt: skip


def test_a_compound_meter_is_two_registers_at_one_place(city, db):
    """Both are read, both are missing while they are not, and their uses are added."""
    on = date(2026, 3, 2)
    meters.install(
        key=key(),
        by=by("cleo"),
        at=at_on(FEB),
        service_point_id=point(4),
        serial="40000014",
        on=FEB,
        register=50,
        part=2,
    )
    assert Installation.objects.filter(service_point=point(4), during__endswith=None).count() == 2
    move_in(4, FEB, register=None)
    missing = reads.list_open(cycle="1", read_on=on)
    assert {row.meter for row in missing if row.premise_id == premise(4)} == {"40000004", "40000014"}
    for serial, register in (("40000004", 9_000), ("40000014", 650)):
        kept = read(4, on, register, serial=serial)
        assert kept.meter == serial
    used = reads.get_usage_between(service_point_id=point(4), from_on=FEB, until_on=on)
    assert used.usage_gal == (9_000 - 4_000) + (650 - 50)
    with pytest.raises(Refused, match="has meter 40000004 since"):
        meters.install(
            key=key(), by=by("cleo"), at=at_on(on), service_point_id=point(4), serial="40000017", on=on, register=0
        )
