"""Stories 06-4 and 06-5: cut off and what it takes to come back; nobody for pennies, before a holiday or untold.

Events are spelled ``orders.complete`` (``orders.close``), ``delinquency.restore`` (``orders.restore``) and, where an
order is moved, ``orders.reschedule`` (``delinquency.list``) here.
"""

import base64
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from curbstop.office import delinquency, ledger, orders, payments, policies, tills
from curbstop.office._once import Refused
from curbstop.office.payments import Paying, Tender
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account, Agreement
from curbstop.records.delinquency.ladder import CutRow
from curbstop.records.orders.models import Order, Plan
from tests.office.conftest import city as city
from tests.office.scene import by, key, move_in, point, premise
from tests.office.unpaid import bill, noticed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
PICTURE = base64.b64encode(b"\xff\xd8\xff" + b"valve" * 20).decode()
BEGUN = date(2026, 2, 2)


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """The instant by the city's clock."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("America/Chicago")).astimezone(UTC)


def set_value(policy: str, value: object, says: str = "Set for this story.") -> None:
    policies.set(
        key=key(), by=by("adam"), at=at(BEGUN, 9), policy=policy, value=value, from_on=BEGUN, says=says,
        authority="set for this story", not_set="" if value is not None else "The story has none.",
    )  # fmt: skip


def take(account: int, cents: int, day: date, hour: int, minute: int = 0) -> None:
    if not tills.list_tills():
        tills.install(key=key(), by=by("ada"), at=at(day, 8), code="T1", name="Till 1")
        tills.open(key=key(), by=by("cass"), at=at(day, 8), till="T1", on=day, float_cents=0)
    payments.take(
        key=key(), by=by("cass"), at=at(day, hour, minute), till="T1", on=day, accounts=(Paying(account, cents),),
        tenders=(Tender("cash", cents),),
    )  # fmt: skip


def complete(order: int, when: datetime, **fields: object) -> orders.Completed:
    return orders.complete(
        key=key(), by=by("finn"), at=when, order_id=order, fields=fields,
        taken=(orders.Taken("picture", "valve.jpg", PICTURE),),
    )  # fmt: skip


def last(act: str) -> Event:
    return Event.objects.filter(act=act).latest("id")


def test_cut_off_and_what_it_takes_to_come_back() -> None:
    cut, back = date(2026, 4, 30), date(2026, 5, 1)
    assert (cut.strftime("%A"), back.strftime("%A")) == ("Thursday", "Friday")
    set_value("restore.pays_off", "balance", "The whole balance must be paid before we turn the water on again.")
    rows = [{"weekday": day, "until": "14:00"} for day in ("Monday", "Tuesday", "Wednesday", "Thursday")]
    set_value(
        "restore.same_day", [*rows, {"weekday": "Friday", "until": "11:00"}],
        "Paid by 2 in the afternoon it is the same day, Monday to Thursday.",
    )  # fmt: skip
    set_value("delinquency.call", False)
    set_value("delinquency.hanger.hours_before_cutoff", None)
    a2 = cut_off(cut)
    come_back(a2, cut, back)


def cut_off(cut: date) -> int:
    a2 = move_in(2, BEGUN, register=77_000)
    ledger.open_day(key=key(), by=by("ada"), at=at(cut, 7), on=cut)
    overdue = bill(a2, 10_410, bill_on=date(2026, 3, 18), due_on=date(2026, 4, 7))
    bill(a2, 7936, bill_on=date(2026, 4, 15), due_on=date(2026, 5, 5))
    assert ledger.get_balance(a2) == 18_346  # opening A2: 183.46
    noticed(a2, overdue, on=date(2026, 4, 9), cutoff_on=date(2026, 4, 20), cents=10_410)
    frozen = delinquency.freeze(key=key(), by=by("clock"), at=at(cut, 7), cutoff_on=cut, on=cut)
    assert (frozen.listed, frozen.cents) == (1, 10_410)
    with pytest.raises(Refused, match="needs the role"):
        delinquency.sign(key=key(), by=by("cleo"), at=at(cut, 8), list_id=frozen.list_id, on=cut)
    signed = delinquency.sign(key=key(), by=by("sue"), at=at(cut, 8), list_id=frozen.list_id, on=cut)
    (order,) = signed.order_ids

    # 09:20 no payment at the live check; turns the valve, locks, M2 reads 77,310, picture
    live = delinquency.check_at_meter(key=key(), by=by("finn"), at=at(cut, 9, 20), order_id=order)
    assert live.stands
    complete(order, at(cut, 9, 20), serial="40000002", register="77,310", locked="yes")
    assert ledger.get_balance(a2) == 20_846  # charge A2 cut-off: 25.00
    assert orders.get_valves([point(2)]) == {point(2): "locked"}
    assert Agreement.objects.filter(account_id=a2, during__upper_inf=True).exists()
    assert last("orders.complete").by_id == by("finn").id
    return a2


def come_back(a2: int, cut: date, back: date) -> None:
    # 13:10 A2 pays 104.10 and asks for water
    take(a2, 10_410, cut, 13, 10)
    assert ledger.get_balance(a2) == 10_436
    with pytest.raises(Refused, match=r"the whole balance, 104\.36 more") as refused:
        delinquency.restore(key=key(), by=by("cass"), at=at(cut, 13, 10), account_id=a2)
    assert "The whole balance must be paid before we turn the water on again." in str(refused.value)
    assert delinquency.get_to_restore(account_id=a2, at=at(cut, 13, 10)).day_says == (
        "Paid by 2 in the afternoon it is the same day, Monday to Thursday."
    )
    assert last("delinquency.restore").denied and f"premise:{premise(2)}" in last("delinquency.restore").subjects

    # 14:20 A2 pays the rest: after 14:00 it is the next business day
    take(a2, 10_436, cut, 14, 20)
    assert ledger.get_balance(a2) == 0
    raised = delinquency.restore(key=key(), by=by("cass"), at=at(cut, 14, 20), account_id=a2, window="08:00-10:00")
    assert (raised.on, raised.window) == (back, "08:00-10:00")
    assert last("delinquency.restore").by_id == by("cass").id

    # 08:35 A2 signs, water on, M2 reads 77,310: no use while off, no tampering
    with pytest.raises(Refused, match="nobody present"):
        complete(raised.order_id, at(back, 8, 35), serial="40000002", register="77,310")
    done = complete(
        raised.order_id, at(back, 8, 35), serial="40000002", register="77,310", someone_home="yes", signed_by="A2"
    )
    assert orders.get_valves([point(2)]) == {point(2): "on"}
    assert not any("gal" in says and " 0 gal" not in says for says in done.says if "read" in says)
    assert not Order.objects.filter(type="investigate").exists()
    with pytest.raises(Refused, match="was not turned off here"):
        delinquency.get_to_restore(account_id=a2, at=at(back, 9))


def test_nobody_for_pennies_before_a_holiday_or_untold() -> None:
    monday, tuesday, friday = date(2026, 5, 18), date(2026, 5, 19), date(2026, 5, 22)
    built = date(2026, 5, 11)
    assert (monday - built).days == 7 and monday.strftime("%A") == "Monday"
    set_value("delinquency.call", False)
    set_value("delinquency.hanger.hours_before_cutoff", None)
    set_value("delinquency.cutoff.not_before_closing", True)
    billed, due, mailed = date(2026, 4, 14), date(2026, 5, 4), date(2026, 5, 5)
    a3, a4, a5 = (move_in(number, BEGUN, name=f"A{number}") for number in (3, 4, 5))
    a3_owes, a4_owes, a5_owes = (
        bill(account, cents, bill_on=billed, due_on=due) for account, cents in ((a3, 635), (a4, 14_220), (a5, 9875))
    )
    noticed(a3, a3_owes, on=mailed, cutoff_on=monday, cents=635)
    noticed(a4, a4_owes, on=mailed, cutoff_on=monday, cents=14_220)
    noticed(a5, a5_owes, on=built, cutoff_on=tuesday, cents=9875)

    # 2026-05-11 the clock builds the list for Monday 2026-05-18
    frozen = delinquency.freeze(key=key(), by=by("clock"), at=at(built, 6), cutoff_on=monday, on=built)
    assert (frozen.listed, frozen.cents, frozen.skipped, frozen.under) == (1, 14_220, 1, 1)
    rows = {row.account_id: row for row in CutRow.objects.filter(list_id=frozen.list_id)}
    assert set(rows) == {a4, a5} and rows[a4].listed
    assert rows[a5].says == "its notice was mailed on 2026-05-11, 7 days before 2026-05-18; at least 8 are needed"
    assert (rows[a5].listed, rows[a5].code, rows[a5].moves_to) == (False, "too_soon", tuesday)
    with pytest.raises(Refused, match=r"owes 6\.35 past due, under 10\.00 \(delinquency\.notice\.minimum\)"):
        orders.write(key=key(), by=by("cleo"), at=at(built, 9), type="shut_off", premise_id=premise(3), on=monday)
    assert last("delinquency.list").by_id == by("clock").id

    # the first lawful day of A5
    next_list = delinquency.freeze(key=key(), by=by("clock"), at=at(monday, 6), cutoff_on=tuesday, on=monday)
    signed = delinquency.sign(key=key(), by=by("sue"), at=at(monday, 16), list_id=next_list.list_id, on=monday)
    order = Order.objects.get(pk__in=signed.order_ids, account_id=a5)

    # 2026-05-19 the supervisor tries to move A5's order to Friday 2026-05-22
    with pytest.raises(Refused, match="are Monday to Thursday and not on the day before a holiday closing"):
        orders.reschedule(key=key(), by=by("sue"), at=at(tuesday, 8), order_id=order.pk, on=friday)
    denied = last("orders.reschedule")
    assert denied.denied and denied.by_id == by("sue").id and f"account:{a5}" in denied.subjects
    assert Plan.objects.filter(order=order).latest("no").on == tuesday and ledger.get_balance(a5) == 9875
    assert friday + timedelta(3) == date(2026, 5, 25)  # the holiday
    with pytest.raises(Refused, match="are Monday to Thursday"):
        delinquency.freeze(key=key(), by=by("clock"), at=at(tuesday, 6), cutoff_on=friday, on=tuesday)
    assert Account.objects.filter(pk=a3).exists()
