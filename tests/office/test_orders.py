"""Orders: written once for one trouble, planned, handed to enough people, ended once, and what that does."""

import base64
from datetime import date, timedelta

import pytest
from django.db import connection

from curbstop.office import closing, meters, orders, policies
from curbstop.office._once import NotPermitted, Refused
from curbstop.records.base.models import Event
from curbstop.records.customers.models import ServicePoint
from curbstop.records.meters.models import Installation, Read
from curbstop.records.orders.models import Attachment, End, Order
from curbstop.rules.customers import BadEntry
from curbstop.rules.orders import EFFECTS
from tests.office.scene import TODAY, at_on, by, key, move_in, point, premise
from tests.office.unpaid import unpaid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 40).decode()
NOW = at_on(TODAY, 20)


def write(type="repair", number=1, **more):
    given = {"key": key(), "by": by("cleo"), "at": at_on(TODAY), "premise_id": premise(number), "type": type}
    return orders.write(**{**given, **more}).order_id


def complete(order_id, fields, **more):
    given = {"key": key(), "by": by("finn"), "at": at_on(TODAY, 20), "order_id": order_id, "fields": fields}
    return orders.complete(**{**given, **more})


def test_every_effect_of_a_type_is_done_by_a_function():
    assert set(orders.EFFECTS) == set(EFFECTS)
    for code in ("connect", "reread", "exchange", "shut_off", "cart_swap", "dumpster_empty"):
        assert orders.get_type(code).code == code


def test_an_order_keeps_what_its_writer_saw_and_ends_once():
    move_in(1, TODAY - timedelta(10), register=1000, name="Rosa Ortiz")
    id = write("reread", about="customer says the bill is too high")
    order = Order.objects.get(pk=id)
    assert order.snapshot["name"] == "Rosa Ortiz" and order.snapshot["meters"][0]["serial"] == "40000001"
    assert order.account_id is not None and order.effects == ["check_read"]
    same = {"key": key(), "by": by("finn"), "at": at_on(TODAY, 20), "order_id": id, "fields": {"register": "1,900"}}
    wrote = at_on(TODAY, 19)
    done = orders.complete(**same, done_at=wrote, taken=(orders.Taken("picture", "m.png", PNG),))
    events = Event.objects.count()
    again = orders.complete(
        **{**same, "at": at_on(TODAY, 21)}, done_at=wrote, taken=(orders.Taken("picture", "m.png", PNG),)
    )
    assert again == done and Event.objects.count() == events
    assert (End.objects.count(), Attachment.objects.count()) == (1, 1)
    assert End.objects.get().done_at == wrote and Read.objects.get(kind="check").register == 1900
    with pytest.raises(orders.Ended, match="ends once"):
        complete(id, {"register": 1950})
    with pytest.raises(orders.Ended):
        orders.cancel(key=key(), by=by("cleo"), at=NOW, order_id=id, reason="no need")


def test_two_orders_for_one_tap():
    id = write("repair", about="meter leaks", at=at_on(TODAY - timedelta(1)))
    with pytest.raises(Refused, match="already has an open order for the same trouble, from yesterday"):
        write("leak_check", about="water at the meter box")
    orders.change(key=key(), by=by("cleo"), at=NOW, order_id=id, words="now running into the street", priority=2)
    write("repair", number=2)
    first = orders.list_open(now=NOW)[0]
    assert (first.order_id, first.priority_name) == (id, "urgent")
    other = write("leak_check", about="sprinkler too", second="another pipe")
    assert Order.objects.get(pk=other).second == "another pipe"


def test_an_exchange_keeps_the_use_of_the_old_meter():
    move_in(3, TODAY - timedelta(10), register=3000)
    id = write("exchange", number=3, about="register fogged")
    with pytest.raises(BadEntry, match="Meter hung is missing"):
        complete(id, {"removed_register": 3400, "register": 12})
    with pytest.raises(
        Refused, match="40000004 is at 4 Sage Wren Dr, where nobody is responsible; the order is for 40000003"
    ):
        complete(id, {"removed_serial": "40000004", "removed_register": 3400, "serial": "40000011", "register": 12})
    assert not End.objects.exists()
    done = complete(id, {"removed_register": "3,400", "serial": "40000011", "register": 12})
    assert "400 gal" in done.says[0]
    hung = Installation.objects.filter(service_point_id=point(3)).order_by("during")
    assert [one.meter.serial for one in hung] == ["40000003", "40000011"]


def test_a_shut_off_at_the_wrong_door_is_stopped_at_the_door():
    unpaid(move_in(4, TODAY - timedelta(10), register=4000), on=TODAY)
    id = write("shut_off", number=4)
    with pytest.raises(Refused, match="the order is for 40000004 at 4 Sage Wren Dr"):
        complete(id, {"serial": "40000005"})
    done = complete(id, {"serial": "40000004", "locked": "yes"})
    assert orders.get_valves([point(4)]) == {point(4): "locked"}
    assert any("with the next bill" in one for one in done.says), "no accounting day is open: the fee waits"


def test_a_day_a_window_and_a_crew():
    day = TODAY + timedelta(3)
    with pytest.raises(BadEntry, match="not a window of this city"):
        write("connect", on=day, window="09:00-12:00")
    id = write("connect", on=day, window="08:00-10:00")
    with pytest.raises(Refused, match="Cass.* is not of the field"):
        orders.assign(key=key(), by=by("sue"), at=NOW, order_ids=(id,), user_ids=(by("cass").id,))
    orders.assign(key=key(), by=by("sue"), at=NOW, order_ids=(id,), user_ids=(by("finn").id,))
    (row,) = orders.list_open(now=NOW, user_id=by("finn").id)
    assert (row.order_id, row.on, row.window, row.crew) == (id, day, "08:00-10:00", ("Finn Test",))
    orders.cannot_complete(key=key(), by=by("finn"), at=at_on(day), order_id=id, code="nobody_home")
    (back,) = orders.list_given_back(now=NOW)
    assert back.code == "nobody_home"
    made = orders.reschedule(
        key=key(), by=by("cleo"), at=at_on(day), order_id=id, on=day + timedelta(4), window="13:00-15:00"
    )
    assert Order.objects.get(pk=made.order_id).follows_id == id and not orders.list_given_back(now=NOW)
    with pytest.raises(Refused, match="written again as"):
        orders.reschedule(key=key(), by=by("cleo"), at=at_on(day), order_id=id, on=None)


def test_nobody_turns_water_on_in_an_empty_house():
    id = write("connect", number=5, on=TODAY, window="13:00-15:00")
    with pytest.raises(Refused, match="never turned on with nobody present"):
        complete(id, {"register": 5000})
    with pytest.raises(Refused, match="Take the signature"):
        complete(id, {"register": 5000, "someone_home": "yes"})
    complete(id, {"register": 5000, "someone_home": "yes", "signed_by": "R. Ortiz"})
    assert orders.get_valves([point(5)]) == {point(5): "on"}


def test_hazards_go_with_the_place_and_two_persons_with_the_mark():
    id = orders.report_hazard(key=key(), by=by("finn"), at=NOW, premise_id=premise(6), says="dog loose, back gate")
    order = write("reread", number=6)
    assert [h["says"] for h in Order.objects.get(pk=order).snapshot["hazards"]] == ["dog loose, back gate"]
    with pytest.raises(Refused, match="supervisor"):
        orders.confirm_hazard(key=key(), by=by("cleo"), at=NOW, hazard_id=id, reason="threat", persons=2)
    orders.confirm_hazard(key=key(), by=by("sue"), at=NOW, hazard_id=id, reason="threat made", persons=2)
    with pytest.raises(Refused, match="needs two persons .*Finn Test has one today"):
        orders.assign(key=key(), by=by("sue"), at=NOW, order_ids=(order,), user_ids=(by("finn").id,))
    with pytest.raises(Refused, match="A two-person mark is ended by the supervisor with a reason"):
        orders.end_hazard(key=key(), by=by("cleo"), at=NOW, hazard_id=id, reason="get it done")
    orders.end_hazard(key=key(), by=by("sue"), at=NOW, hazard_id=id, reason="dog is gone")
    assert orders.list_hazards([premise(6)])[premise(6)] == ()


def test_who_may():
    for name in ("cass", "otto", "fay"):
        with pytest.raises(NotPermitted):
            write(by=by(name))
    with pytest.raises(NotPermitted):
        orders.assign(key=key(), by=by("finn"), at=NOW, order_ids=(1,), user_ids=())


def test_the_proofs_see_an_order_without_its_effect_and_one_that_nobody_answers_for():
    only = {"41", "42"}

    def faults(day):
        return [fault for one in closing.get_proof(on=day, only=only).proved for fault in one.faults]

    unpaid(move_in(7, TODAY - timedelta(10), register=7000), on=TODAY)
    id = write("shut_off", number=7, on=TODAY)
    assert faults(TODAY + timedelta(1)) == []  # its writer answers for it
    complete(id, {"serial": "40000007", "register": 7100})
    late = write("reread", number=8, on=TODAY)
    assert faults(TODAY + timedelta(1)) == []
    with connection.cursor() as cursor:  # past the office: rows nobody may change
        cursor.execute("set constraints all immediate")
        cursor.execute("alter table orders_end disable trigger never_changes")
        cursor.execute("update orders_end set effect = effect - 'turn_off' where order_id = %s", [id])
        cursor.execute("alter table orders_end enable trigger never_changes")
        cursor.execute("alter table orders_plan disable trigger never_changes")
        cursor.execute("update orders_plan set owner_id = null where order_id = %s", [late])
        cursor.execute("alter table orders_plan enable trigger never_changes")
    said = faults(TODAY + timedelta(1))
    assert [one.partition(" (event")[0] for one in said] == [
        f"order {id} (shut_off): turn_off did not happen",
        f"order {late} (reread), promised for 2026-03-02: nobody has it and nobody answers for it",
    ]
    assert faults(TODAY)[1:] == []  # its day is not over


def test_a_window_takes_as_many_as_the_crews_do():
    day = TODAY + timedelta(3)
    kept = {"policy": "orders.per_window", "from_on": TODAY, "says": "Two appointments a window.", "authority": "test"}
    policies.set(key=key(), by=by("adam"), at=at_on(TODAY), value=2, **kept)
    for number in (1, 2):
        write("connect", number, on=day, window="08:00-10:00")
    with pytest.raises(Refused, match="08:00-10:00 on 2026-03-05 is full: 2 of 2 are promised"):
        write("connect", 3, on=day, window="08:00-10:00")
    write("connect", 3, on=day, window="13:00-15:00")
    assert [(one.promised, one.full) for one in orders.list_windows(type="connect", on=day)] == [(2, True), (1, False)]
    with pytest.raises(Refused, match="is a holiday of this city"):
        write("connect", 4, on=date(2026, 12, 25), window="08:00-10:00")


def test_an_order_of_two_meters_reads_and_turns_off_both():
    lawn = ServicePoint.objects.create(premise_id=premise(9), service="irrigation", event_id=1).pk
    meters.install(
        key=key(), by=by("finn"), at=at_on(TODAY - timedelta(20)), service_point_id=lawn, serial="40000012",
        on=TODAY - timedelta(20), register=5,
    )  # fmt: skip
    move_in(9, TODAY - timedelta(10), registers={"water": 9000, "irrigation": 5})
    id = write("disconnect", 9)
    with pytest.raises(BadEntry, match="register.irrigation|Register is missing"):
        complete(id, {"register.water": 9100})
    done = complete(id, {"register.water": 9100, "register.irrigation": "45", "serial.irrigation": "40000012"})
    assert [says.partition(":")[0] for says in done.says[:2]] == ["Meter 40000009 read 9,100", "Meter 40000012 read 45"]
    assert orders.get_valves([point(9), lawn]) == {point(9): "off", lawn: "off"}
    alone = write("lock", 9, service_point_id=lawn)
    assert complete(alone, {"serial": "40000012"}) and orders.get_valves([lawn]) == {lawn: "locked"}


def test_a_hanger_is_posted_and_what_the_city_has_not_set_is_not_charged():
    move_in(10, TODAY - timedelta(10), register=10_000)
    policies.set(
        key=key(), by=by("adam"), at=at_on(TODAY), policy="fee.door_hanger", value=None, from_on=TODAY,
        not_set="no fee was found", says="The fee for a door hanger is not set for this city.", authority="test",
    )  # fmt: skip
    done = complete(write("post", 10), {"where": "front door"})
    assert done.not_set == ("The fee for a door hanger is not set for this city.",)
    proof = closing.get_proof(on=TODAY, only={"41"})
    assert proof.proved[0].looked_at == 1 and proof.holds
