"""Stories 08-1 to 08-4 and 22-4: outside haulers, a certificate that lapses, an on-call dumpster, vouchers and pickups.

``cases.hauler ...`` is spelled ``refuse.request_hauler``, ``refuse.recommend_hauler``, ``refuse.decide_hauler``,
``refuse.file_certificate``, ``refuse.remind_haulers`` (reminders and the lapse); ``orders.fail`` is
``orders.cannot_complete``; ``orders.voucher`` is ``refuse.hand_out_voucher``.
"""

from datetime import UTC, date, datetime, timedelta

import pytest

from curbstop.office import bills, ledger, moves, orders, payments, refuse, staff
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Agreement, Premise
from curbstop.records.orders.models import Order, Plan
from tests.office.conftest import city as city
from tests.office.scene import at_on, by, key, move_in, point, premise, read
from tests.stories.meter_town import last_bill, lines, open_days, run_bills, set_policy

pytestmark = pytest.mark.django_db


def on(month: int, day: int) -> date:
    return date(2026, month, day)


def local(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant by Moore's clock in summer time."""
    return datetime(day.year, day.month, day.day, hour + 5, minute, tzinfo=UTC)


def person(name: str, role: str) -> None:
    staff.enrol(
        key=key(),
        by=by("ada"),
        at=at_on(on(1, 5)),
        username=name,
        first_name=name.title(),
        last_name="T",
        roles=(role,),
    )


def business(number: int, begins: date, register: int, services: tuple[str, ...] | None = None) -> int:
    """A business at a house of the scene, the fee of its start comes on the first bill."""
    Premise.objects.filter(pk=premise(number)).update(kind="commercial")
    more = {} if services is None else {"services": services}
    account = move_in(
        number, begins, register, name=f"Shop {number}", customer_class="commercial", tenure="business", **more
    )
    return account


def service_lines(account: int) -> dict[str, int]:
    return {kind: cents for kind, cents in lines(last_bill(account)).items() if kind != "fee.new_service"}


def approved(account: int, number: int, begins: date, ends: date) -> int:
    asked = refuse.request_hauler(
        key=key(), by=by("cleo"), at=at_on(on(5, 27)), account_id=account, premise_id=premise(number), on=on(5, 27),
        reason="compactor", hauler="Plains Hauling", hauler_mail_to=("1 Haul Rd", "Moore OK 73160"),
    )  # fmt: skip
    refuse.recommend_hauler(
        key=key(), by=by("wes"), at=at_on(on(5, 27)), request_id=asked.request_id, can_serve=False, words="no truck",
        on=on(5, 27),
    )  # fmt: skip
    refuse.decide_hauler(
        key=key(), by=by("mara"), at=at_on(on(5, 27)), request_id=asked.request_id, on=on(5, 27), from_on=begins
    )
    refuse.file_certificate(
        key=key(), by=by("cleo"), at=at_on(on(5, 27)), request_id=asked.request_id, from_on=begins, ends_on=ends,
        kinds=("liability", "workers", "automobile"), on=on(5, 27),
    )  # fmt: skip
    return asked.request_id


def letters(account: int) -> list[str]:
    return [row.kind for row in payments.list_letters() if row.account_id == account]


def test_an_outside_hauler_with_every_paper_in_its_order(city: None) -> None:
    person("wes", "public_works")
    person("mara", "city_manager")
    open_days(on(5, 27), on(6, 24))
    a30 = business(3, on(4, 28), 50_000)
    at = {"key": key(), "by": by("cleo"), "at": at_on(on(5, 4)), "on": on(5, 4)}
    asked = refuse.request_hauler(
        **at, account_id=a30, premise_id=premise(3), reason="compactor", hauler="Plains Hauling"
    )
    assert refuse.request_hauler(
        **at, account_id=a30, premise_id=premise(3), reason="compactor", hauler="Plains Hauling"
    ) == asked  # fmt: skip
    given = {"request_id": asked.request_id}
    refuse.recommend_hauler(
        key=key(), by=by("wes"), at=at_on(on(5, 11)), on=on(5, 11), can_serve=False,
        words="no truck for this compactor", **given,
    )  # fmt: skip
    with pytest.raises(Refused, match="nobody|role"):  # the clerk is not the city manager
        refuse.decide_hauler(key=key(), by=by("cleo"), at=at_on(on(5, 18)), on=on(5, 18), from_on=on(5, 26), **given)
    refuse.decide_hauler(key=key(), by=by("mara"), at=at_on(on(5, 18)), on=on(5, 18), from_on=on(5, 26), **given)
    filed = refuse.file_certificate(
        key=key(), by=by("cleo"), at=at_on(on(5, 21)), on=on(5, 21), from_on=on(5, 1), ends_on=on(11, 30),
        kinds=("liability", "workers", "automobile"), **given,
    )  # fmt: skip
    assert (filed.active, filed.from_on, filed.until_on) == (True, on(5, 26), on(12, 1))
    assert letters(a30) == ["hauler_authorised", "hauler_authorised"]
    order = Order.objects.get(pk=filed.order_id)
    assert (order.type, Plan.objects.get(order=order).on) == ("cart_remove", on(5, 26))
    orders.complete(
        key=key(), by=by("finn"), at=at_on(on(5, 26), 20), order_id=order.pk, fields={"count": 1, "left": 0}
    )
    read(3, on(5, 26), 68_200)
    run_bills(on(5, 27))
    assert service_lines(a30) == {
        "water.base": 2000, "water.volume": 12556, "sewer.volume": 6279, "sewer.surcharge": 2100,
        "sanitation.cart": 1450,
    }  # fmt: skip
    assert sum(service_lines(a30).values()) == 24385 and last_bill(a30).due_on == on(6, 16)
    read(3, on(6, 23), 85_800)
    run_bills(on(6, 24))
    assert service_lines(a30) == {
        "water.base": 2000, "water.volume": 12004, "sewer.volume": 6072, "sewer.surcharge": 2100
    }  # fmt: skip
    assert last_bill(a30).total_cents == 22176 and last_bill(a30).due_on == on(7, 14)
    fees = sum(line for kind, line in lines(last_bill(a30)).items() if kind == "fee.new_service")
    assert ledger.get_balance(a30) - 2500 == 24385 + 22176 - fees == 46561
    (row,) = refuse.list_standing(on=on(6, 24))
    assert (row.account_id, row.state, row.certificates[-1].ends_on) == (a30, "active", on(11, 30))
    assert premise(3) not in {one.premise_id for one in refuse.list_without(on=on(6, 24))}


def test_the_certificate_lapses(city: None) -> None:
    person("wes", "public_works")
    person("mara", "city_manager")
    set_policy("hauler.letters", [{"days": 60}, {"days": 30}, {"days": 7}])
    set_policy("hauler.lapse", "next_period")
    open_days(on(6, 24), on(7, 22), on(8, 19), on(9, 16), on(10, 14))
    a31 = business(4, on(5, 26), 30_000, services=("water", "sewer"))
    request = approved(a31, 4, on(5, 28), on(7, 31))

    def night(day: date) -> tuple[refuse.Reminded, refuse.Turned]:
        again = {"key": key(), "by": by("clock"), "at": at_on(day), "on": day}
        done = refuse.remind_haulers(**again)
        assert refuse.remind_haulers(**again) == done
        return done, refuse.turn_haulers(key=key(), by=by("clock"), at=at_on(day), on=day)

    before = len(letters(a31))
    told = {}
    day = on(5, 31)
    while day <= on(8, 1):
        done, _ = night(day) if day in (on(5, 31), on(6, 1), on(6, 2), on(7, 1), on(7, 24), on(8, 1)) else (None, None)
        if done is not None and (done.reminded or done.lapsed):
            told[day] = (done.reminded, done.lapsed)
        day += timedelta(1)
    assert told == dict.fromkeys((on(6, 1), on(7, 1), on(7, 24)), ((request,), ())) | {on(8, 1): ((), (request,))}
    assert len(letters(a31)) - before == 8  # to the business and to its hauler each time
    (order,) = Order.objects.filter(type="cart_deliver", account_id=a31)
    assert Plan.objects.get(order=order).on < on(8, 18) and "before 2026-08-18" in order.about
    (row,) = [one for one in refuse.list_standing(on=on(8, 1)) if one.request_id == request]
    assert (row.state, row.lapsed_on, row.owner_id) == ("lapsed", on(8, 1), by("cleo").id)

    read(4, on(6, 23), 40_000)
    run_bills(on(6, 24))
    read(4, on(7, 21), 50_000)
    run_bills(on(7, 22))
    read(4, on(8, 18), 72_000)
    run_bills(on(8, 19))
    assert service_lines(a31) == {
        "water.base": 2000, "water.volume": 16048, "sewer.volume": 7590, "sewer.surcharge": 2100
    }  # fmt: skip
    assert last_bill(a31).total_cents == 27738
    assert night(on(8, 20))[1].begun == (premise(4),) and night(on(8, 21))[1].begun == ()
    filed = refuse.file_certificate(
        key=key(), by=by("cleo"), at=at_on(on(9, 8)), request_id=request, from_on=on(9, 4), ends_on=date(2027, 7, 31),
        kinds=("liability", "workers", "automobile"), on=on(9, 8),
    )  # fmt: skip
    assert filed.active and Plan.objects.get(order_id=filed.order_id).on == on(9, 15)
    (row,) = [one for one in refuse.list_standing(on=on(9, 8)) if one.request_id == request]
    assert row.state == "active" and row.gaps == ((on(8, 1), on(9, 4)),) and (on(9, 4) - on(8, 1)).days == 34
    read(4, on(9, 15), 93_000)
    run_bills(on(9, 16))
    assert service_lines(a31) == {
        "water.base": 2000, "water.volume": 15129, "sewer.volume": 7245, "sewer.surcharge": 2100,
        "sanitation.cart": 1450,
    }  # fmt: skip
    assert last_bill(a31).total_cents == 27924
    assert night(on(9, 17))[1].ended == (premise(4),)
    read(4, on(10, 13), 113_500)
    run_bills(on(10, 14))
    last = last_bill(a31)
    assert (last.total_cents, last.due_on, "sanitation.cart" in lines(last)) == (25843, on(11, 3), False)


def test_an_on_call_dumpster_from_the_call_to_the_bill(city: None) -> None:
    set_policy("dumpster.call", [{"pull": "95.00", "included_tons": "2.00", "over_ton": "42.50"}])
    set_policy("dumpster.blocked", "35.00")
    open_days(on(5, 27))
    a32 = business(5, on(4, 28), 10_000, services=("water", "sewer"))
    first = orders.write(
        key=key(), by=by("cleo"), at=local(on(5, 6), 9), type="dumpster_empty", premise_id=premise(5), on=on(5, 7)
    )
    orders.cannot_complete(
        key=key(), by=by("finn"), at=local(on(5, 7), 9), order_id=first.order_id, code="blocked", words="a truck"
    )
    again = orders.reschedule(key=key(), by=by("cleo"), at=local(on(5, 7), 10), order_id=first.order_id, on=on(5, 8))
    done = {
        "key": key(), "by": by("finn"), "at": local(on(5, 8), 9), "order_id": again.order_id,
        "fields": {"pulls": 1, "pounds": 6740, "ticket": "T-337"},
    }  # fmt: skip
    orders.complete(**done)
    orders.complete(**done)
    assert ledger.get_balance(a32) == 0
    read(5, on(5, 26), 19_000)
    run_bills(on(5, 27))
    told = lines(last_bill(a32))
    assert told["water.base"] == 2000 and told["water.volume"] == 4518 and told["sewer.volume"] == 3105
    dumpster = [charge.cents for charge in bills.explain(last_bill(a32).pk).charges if charge.kind.startswith("sanit")]
    assert dumpster == [3500, 9500, 5823]
    assert last_bill(a32).total_cents - 2500 == 30546
    calls = refuse.list_calls(from_on=on(5, 1), until_on=on(6, 1))
    assert [(row.outcome, row.cents, row.billed, row.why) for row in calls] == [
        ("pulled", 15323, True, ""), ("blocked", 3500, True, ""),
    ]  # fmt: skip


def test_an_approval_without_a_recommendation_and_carts_where_a_dumpster_is_the_law(city: None) -> None:
    person("wes", "public_works")
    person("mara", "city_manager")
    a33 = business(6, on(4, 28), 6_000)
    asked = refuse.request_hauler(
        key=key(), by=by("cleo"), at=at_on(on(5, 5)), account_id=a33, premise_id=premise(6), reason="cheaper",
        hauler="Plains Hauling", on=on(5, 5),
    )  # fmt: skip
    with pytest.raises(Refused, match="Public Works' recommendation comes first; none is recorded"):
        refuse.decide_hauler(
            key=key(), by=by("mara"), at=at_on(on(5, 5)), request_id=asked.request_id, on=on(5, 5), from_on=on(5, 26)
        )
    assert Event.objects.get(act="refuse.decide_hauler").denied
    refuse.recommend_hauler(
        key=key(), by=by("wes"), at=at_on(on(5, 5)), request_id=asked.request_id, can_serve=True, on=on(5, 5),
        words="the city can serve this stop",
    )  # fmt: skip
    row = refuse.get_standing(request_id=asked.request_id, on=on(5, 5))
    assert row.state == "can_serve" and letters(a33) == ["hauler_refused"]
    assert "17-207" in str([one for one in payments.list_letters() if one.account_id == a33][0].facts)
    assert Agreement.objects.filter(account_id=a33, service_point_id=point(6, "sanitation")).get().during.upper is None
    Premise.objects.filter(pk=premise(7)).update(dwelling_units=4)
    with pytest.raises(Refused, match="7 Sage Wren Dr has 4 units; buildings with 3 or more must use a dumpster"):
        orders.write(key=key(), by=by("cleo"), at=at_on(on(5, 5)), type="cart_deliver", premise_id=premise(7))
    assert not Order.objects.filter(premise_id=premise(7)).exists()


def test_vouchers_and_big_trash_by_the_calendar_year(city: None) -> None:
    a1 = move_in(1, on(3, 2), 1_000)

    def pickup(day: date, written: date, number: int = 1) -> int:
        return orders.write(
            key=key(), by=by("cleo"), at=at_on(written), type="big_trash", premise_id=premise(number), on=day
        ).order_id

    assert on(3, 6).isoweekday() == 5
    first = pickup(on(3, 9), on(3, 3))
    orders.cancel(
        key=key(), by=by("cleo"), at=datetime(2026, 3, 6, 22, 55, tzinfo=UTC), order_id=first, reason="not needed"
    )  # 16:55 in Moore, winter time
    assert refuse.get_pickups(premise_id=premise(1), on=on(3, 10)).used == 0
    second = pickup(on(4, 13), on(4, 7))
    orders.cancel(key=key(), by=by("cleo"), at=local(on(4, 10), 17, 5), order_id=second, reason="not needed")
    found = refuse.get_pickups(premise_id=premise(1), on=on(4, 13))
    assert (found.used, found.most, found.left) == (1, 2, 1)
    assert found.cancel_says == "A pickup that is not cancelled by 5 o'clock on the Friday before counts as used."
    given = {"key": key(), "by": by("cleo"), "at": at_on(on(4, 17)), "account_id": a1, "on": on(4, 17)}
    made = refuse.hand_out_voucher(**given)
    assert refuse.hand_out_voucher(**given) == made and made.number.startswith("LV-2026-")
    with pytest.raises(Refused, match="2026 was handed out on 2026-04-17; the next from 2027-01-01"):
        refuse.hand_out_voucher(**{**given, "key": key(), "at": at_on(on(11, 12)), "on": on(11, 12)})
    for day in (on(5, 4), on(6, 1)):
        done = pickup(day, day - timedelta(5), 2)
        orders.complete(key=key(), by=by("finn"), at=at_on(day, 20), order_id=done, fields={})
    moves.transfer(
        key=key(),
        by=by("cleo"),
        at=at_on(on(11, 13)),
        account_id=a1,
        from_premise_id=premise(1),
        premise_id=premise(2),
        on=on(11, 13),
    )
    assert refuse.get_pickups(premise_id=premise(2), on=on(11, 13)).left == 0
    assert [row.number for row in refuse.list_vouchers(account_id=a1, on=on(11, 13))] == [made.number]
    with pytest.raises(Refused, match="All 2 of 2026 are taken"):
        pickup(on(11, 23), on(11, 16), 2)
