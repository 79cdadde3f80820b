"""Stories 04-4 and 04-5: nobody home at the turn-on, billing from the day water runs; two orders for one tap.

Events are spelled ``orders.cannot_complete``, ``orders.reschedule``, ``orders.complete``, ``orders.write`` here.
"""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from curbstop.office import bills, ledger, moves, orders
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Bill
from curbstop.records.customers.models import Agreement
from curbstop.records.meters.models import Read
from curbstop.records.orders.models import End, Order, Word
from tests.office.conftest import city as city
from tests.office.scene import at_on, by, key, open_account, point, premise, read

THURSDAY, FRIDAY, TUESDAY = date(2026, 4, 9), date(2026, 4, 10), date(2026, 4, 14)
READ_ON, BILLED = date(2026, 4, 28), date(2026, 4, 29)


def local(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant by Moore's clock, which is five hours behind in April."""
    return datetime(day.year, day.month, day.day, hour + 5, minute, tzinfo=UTC)


def act_of(name: str, *, denied: bool = False) -> Event:
    return Event.objects.filter(act=name, denied=denied).latest("id")


def billed(account_id: int) -> dict[str, int]:
    """Run the cycle's bills; the lines of the account's, in cents by kind."""
    ledger.open_day(key=key(), by=by("ada"), at=at_on(BILLED), on=BILLED)
    run = bills.plan(key=key(), by=by("clock"), at=at_on(BILLED), cycle="1", bill_on=BILLED, chunk_size=10).run
    figures = bills.calculate(key=key(), by=by("clock"), at=at_on(BILLED), run=run).figures
    bills.approve(
        key=key(), by=by("sue"), at=at_on(BILLED), run=run, bills=figures.bills, cents=figures.cents, on=BILLED
    )
    bills.post_all(run=run, by=by("clock"), at=at_on(BILLED))
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")
        cursor.execute(
            "select k.code, p.debit_cents from ledger_posting p join ledger_kind k on k.id = p.kind_id"
            " where p.account_id = %s and p.sub = 2 order by p.line_no",
            [account_id],
        )
        return dict(cursor.fetchall())


@pytest.mark.django_db
def test_nobody_home_and_billing_begins_when_the_water_does(city: None) -> None:
    o1 = open_account("O. Lane", on=THURSDAY, tenure="owner")
    moves.start(
        key=key(), by=by("cleo"), at=local(THURSDAY, 10), account_id=o1.account_id, premise_id=premise(6), on=FRIDAY,
        window="08:00-10:00",
    )  # fmt: skip
    waiting = list(Agreement.objects.filter(account_id=o1.account_id).values_list("id", flat=True))
    (row,) = orders.list_open(now=local(THURSDAY, 10), premise_id=premise(6))
    first = row.order_id
    assert (row.type, row.on, row.window) == ("connect", FRIDAY, "08:00-10:00")

    # 09:15 nobody home: the order goes back, nothing begins and no read is written
    orders.cannot_complete(
        key=key(), by=by("finn"), at=local(FRIDAY, 9, 15), order_id=first, code="nobody_home", words="door card left"
    )
    end = End.objects.get(pk=first)
    assert (end.outcome, end.code) == ("failed", "nobody_home")
    assert not Read.objects.filter(service_point_id=point(6), read_on__gte=THURSDAY).exists()
    assert ledger.get_balance(o1.account_id) == 0
    assert act_of("orders.cannot_complete").by_id == by("finn").id

    # 11:00 a new window, linked to the first
    again = orders.reschedule(
        key=key(), by=by("cleo"), at=local(FRIDAY, 11), order_id=first, on=TUESDAY, window="13:00-15:00"
    )
    order = Order.objects.get(pk=again.order_id)
    assert (order.follows_id, order.first_id, again.on, again.window) == (first, first, TUESDAY, "13:00-15:00")
    says = orders.get_windows(orders.get_type("connect"), TUESDAY)[1]
    assert says == (
        "Someone must be home between 8 and 10 or between 1 and 3 to sign; we never turn water on in an empty house."
    )

    # Tuesday 13:40: O1 signs, 55,000 on the register, water on; no second entry in the office
    done = orders.complete(
        key=key(), by=by("finn"), at=local(TUESDAY, 13, 41), done_at=local(TUESDAY, 13, 40), order_id=again.order_id,
        fields={"register": "55,000", "someone_home": "yes", "signed_by": "O. Lane"},
    )  # fmt: skip
    assert done.done_on == TUESDAY
    held = Agreement.objects.filter(account_id=o1.account_id)
    assert {agreement.during.lower for agreement in held} == {TUESDAY} and len(held) == len(waiting)
    assert orders.get_valves([point(6)]) == {point(6): "on"}

    # the bill of the cycle
    read(6, READ_ON, 56_870)
    assert billed(o1.account_id) == {
        "water.base": 475, "water.volume": 939, "sewer.volume": 645, "sewer.surcharge": 888, "sanitation.cart": 575,
        "fee.new_service": 2500,
    }  # fmt: skip
    bill = Bill.objects.get(account_id=o1.account_id)
    assert (bill.from_on, bill.until_on, (READ_ON - TUESDAY).days) == (TUESDAY, READ_ON, 14)
    assert bill.total_cents == 475 + 939 + 645 + 888 + 575 + 2500 == 6022 == ledger.get_balance(o1.account_id)
    assert bill.due_on == date(2026, 5, 19)


@pytest.mark.django_db
def test_two_orders_for_one_tap(city: None) -> None:
    yesterday, today = date(2026, 4, 13), date(2026, 4, 14)
    first = orders.write(
        key=key(), by=by("cleo"), at=local(yesterday, 9), type="repair", premise_id=premise(7), about="meter leaks"
    )
    with pytest.raises(Refused) as refused:
        orders.write(
            key=key(), by=by("cleo"), at=local(today, 9), type="leak_check", premise_id=premise(7),
            about="water at the meter box",
        )  # fmt: skip
    assert "already has an open order for the same trouble, from yesterday" in str(refused.value)
    assert "add the new words to it or say why a second is needed" in str(refused.value)
    assert Order.objects.filter(premise_id=premise(7)).count() == 1  # no second truck is sent
    assert act_of("orders.write", denied=True).by_id == by("cleo").id

    words = "now running into the street"
    given = {"key": key(), "by": by("cleo"), "at": local(today, 9, 5), "order_id": first.order_id}
    orders.write(key=key(), by=by("cleo"), at=local(yesterday, 9), type="reread", premise_id=premise(8))
    orders.change(**given, words=words, priority=2)
    orders.change(**given, words=words, priority=2)
    rows = orders.list_open(now=local(today, 9, 10))
    assert [(row.order_id, row.priority_name) for row in rows][0] == (first.order_id, "urgent")
    assert [word.words for word in Word.objects.filter(order_id=first.order_id)] == [words]
    assert Order.objects.get(pk=first.order_id).about == "meter leaks"
