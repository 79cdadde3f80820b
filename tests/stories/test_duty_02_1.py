"""Stories 02-1 and 02-2, on the screens' own acts: a start in a cycle, and a transfer that bills both houses on one
paper. Events are spelled ``orders.complete`` and ``bills.post`` as here; A1 is one account at two premises.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from curbstop.office import bills, deposits, ledger, moves, orders, payments, tills
from curbstop.office.payments import Tender
from curbstop.records.base.models import Event
from curbstop.records.bills.models import Bill
from curbstop.records.customers.models import Agreement
from curbstop.records.orders.models import Order
from curbstop.records.payments.received import Letter
from tests.office.conftest import city as city
from tests.office.scene import at_on, by, key, open_account, point, premise, read
from tests.stories.test_duty_21_2 import set_policy

WINDOW = "08:00-10:00"


def local(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour + 6, tzinfo=UTC)


def complete(house: int, on: date, register: str, kind: str) -> None:
    """The field completes the open order of a house."""
    order = Order.objects.get(premise_id=premise(house), type=kind, end__isnull=True)
    fields = {"register": register}
    if kind == "connect":
        fields |= {"someone_home": "yes", "signed_by": "R. One"}
    orders.complete(
        key=key(), by=by("finn"), at=local(on, 9), done_at=local(on, 8), order_id=order.pk, fields=fields
    )  # fmt: skip


def run(on: date, **more: object) -> int:
    ledger.open_day(key=key(), by=by("ada"), at=at_on(on), on=on)
    planned = bills.plan(key=key(), by=by("clock"), at=at_on(on), cycle="1", bill_on=on, **more)  # type: ignore[arg-type]
    figures = bills.calculate(key=key(), by=by("clock"), at=at_on(on), run=planned.run).figures
    bills.approve(
        key=key(), by=by("sue"), at=at_on(on), run=planned.run, bills=figures.bills, cents=figures.cents, on=on
    )  # fmt: skip
    bills.post_all(run=planned.run, by=by("clock"), at=at_on(on))
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute("set constraints all deferred")
    return planned.run


def lines(of: int, run_id: int) -> list[tuple[str, int]]:
    """The lines of the account's bill of a run, in the order of the paper."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select k.code, p.debit_cents::int from bills_bill b join ledger_posting p on p.txn_id = b.txn_id"
            " and p.document_id = b.id and p.sub = 2 join ledger_kind k on k.id = p.kind_id"
            " where b.account_id = %s and b.run_id = %s order by p.line_no",
            [of, run_id],
        )
        return list(cursor.fetchall())


def pay(of: int, cents: int, on: date, tender: str) -> None:
    till = f"T{on:%m%d}"  # a drawer of the day
    if on not in ledger.get_open_days():
        ledger.open_day(key=key(), by=by("ada"), at=at_on(on), on=on)
    tills.install(key=key(), by=by("ada"), at=at_on(on), code=till, name=till)
    tills.open(key=key(), by=by("cleo"), at=at_on(on), till=till, on=on, float_cents=0)
    payments.take(
        key=key(), by=by("cleo"), at=at_on(on), till=till, on=on, accounts=(payments.Paying(of, cents),),
        tenders=(Tender(tender, cents),),
    )  # fmt: skip


@pytest.mark.django_db
def test_a_renter_starts_and_then_transfers(city: None) -> None:
    set_policy("bill.due_days", 20)
    set_policy("transfer.sewer_cap", "one cap")
    set_policy("payments.application", "oldest_first")
    set_policy("deposit.paid_first", True)
    a1 = _starts()
    _first_bills(a1)
    _transfers(a1)


def _starts() -> int:
    """02-1: a start by telephone, one order, one letter; the field brings the read and turns water on."""
    read(1, date(2026, 3, 3), 204_100)
    asked, starts = date(2026, 3, 16), date(2026, 3, 17)
    a1 = open_account("R. One", on=asked).account_id
    shown = moves.get_start_preview(premise_id=premise(1), account_id=a1, on=starts, instalments=2)
    assert (shown.occupants, shown.old_debts, shown.deposit_cents) == ((), (), 10_000)
    begun = moves.start(
        key=key(), by=by("cleo"), at=local(asked, 10), account_id=a1, premise_id=premise(1), on=starts,
        instalments=2, window=WINDOW, welcome=True,
    )  # fmt: skip
    assert begun.says == (
        "Residential renters pay a $100 deposit, which may be split over two months."
        " The $25.00 new-service fee comes on the first bill, nothing is due today."
    )
    order = Order.objects.get(pk=begun.order_id)
    plan = order.plans.get()
    assert (order.type, plan.on, plan.window) == ("connect", starts, WINDOW)
    letter = Letter.objects.get(account_id=a1, kind="welcome")
    assert (letter.facts["deposit_cents"], letter.facts["fee_cents"]) == ([5_000, 5_000], 2_500)
    complete(1, starts, "204,100", "connect")
    assert {row.during.lower for row in Agreement.objects.filter(account_id=a1)} == {starts}

    return a1


def _first_bills(a1: int) -> None:
    """02-1: two bills, each with its instalment of the deposit."""
    read(1, date(2026, 3, 31), 207_200)
    assert 207_200 - 204_100 == 3_100
    first = run(date(2026, 4, 1))
    b1 = Bill.objects.get(account_id=a1, run_id=first)
    assert lines(a1, first) == [
        ("water.base", 475), ("water.volume", 1556), ("sewer.volume", 1070), ("sewer.surcharge", 888),
        ("sanitation.cart", 575), ("fee.new_service", 2500),
    ]  # fmt: skip
    owes = ledger.get_balance(a1) + deposits.asked_cents(a1) - 5_000  # the second instalment is for the second bill
    assert (owes, b1.due_on) == (12_064, date(2026, 4, 21))
    pay(a1, 12_064, date(2026, 4, 15), "money_order")
    assert deposits.held_cents(a1) == 5_000

    read(1, date(2026, 4, 28), 213_350)
    second = run(date(2026, 4, 29))
    assert [cents for _, cents in lines(a1, second)] == [950, 3087, 2070, 1775, 1150]
    assert ledger.get_balance(a1) + deposits.asked_cents(a1) == 14_032
    pay(a1, 14_032, date(2026, 5, 8), "cash")
    assert (deposits.held_cents(a1), ledger.get_balance(a1)) == (10_000, 0)


def _transfers(a1: int) -> None:
    """02-2: one act for both houses, one paper with two parts, one sewer cap."""
    starts = date(2026, 3, 17)
    read(2, date(2026, 4, 28), 88_020)
    wants, on = date(2026, 5, 11), date(2026, 5, 12)
    moved = moves.transfer(
        key=key(), by=by("cleo"), at=local(wants, 10), account_id=a1, from_premise_id=premise(1),
        premise_id=premise(2), on=on,
    )  # fmt: skip
    assert moved.says == "Your deposit and your sewer average move with you. A transfer is $25.00, on the next bill."
    assert (moved.carried.balance_cents, moved.carried.deposit_cents, moved.carried.autopay) == (0, 10_000, False)
    assert [Order.objects.get(pk=id).type for id in moved.order_ids] == ["transfer_read", "connect"]
    complete(1, on, "216,550", "transfer_read")
    complete(2, on, "88,020", "connect")
    days = [
        (row.during.lower, row.during.upper)
        for row in Agreement.objects.filter(account_id=a1, service_point__in=[point(1), point(2)]).order_by("during")
    ]
    assert days == [(starts, on), (on, None)]
    assert Event.objects.filter(act="deposits.decide").count() == 0 and deposits.asked_cents(a1) == 0

    read(2, date(2026, 5, 26), 91_920)
    third = run(date(2026, 5, 27))
    assert 216_550 - 213_350 == 3_200 and 91_920 - 88_020 == 3_900 and 3_200 + 2_800 == 6_000
    parts = lines(a1, third)
    assert sorted(parts) == sorted([
        ("water.base", 475), ("water.volume", 1606), ("sewer.volume", 1104), ("sewer.surcharge", 888),
        ("sanitation.cart", 575), ("water.base", 475), ("water.volume", 1958), ("sewer.volume", 966),
        ("sewer.surcharge", 888), ("sanitation.cart", 575), ("fee.transfer", 2500),
    ])  # fmt: skip
    bill = Bill.objects.get(account_id=a1, run_id=third)
    assert bill.total_cents == 4648 + 7362 == 12_010 == ledger.get_balance(a1)
    assert bill.due_on == date(2026, 6, 16) and deposits.held_cents(a1) == 10_000
    assert bill.due_on - timedelta(20) == date(2026, 5, 27)
