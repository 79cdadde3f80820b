"""Meters: into stock, into the ground, out of it again."""

import threading
from datetime import date

import pytest
from django.db import connection

from curbstop.office import meters, reads, search
from curbstop.office._once import Refused
from curbstop.records.meters.models import Installation, Meter, Read
from curbstop.rules.faults import BadValue
from tests.office.scene import AT, HUNG_ON, TODAY, at_on, by, key, move_in, point, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]

SPARE = "40000011"


def stock(*entries: meters.MeterEntry) -> int:
    return meters.enter_stock(key=key(), by=by("ada"), at=AT, meters=entries)


def hang(point_id: int, serial: str, on: date = TODAY, register: int = 0) -> meters.Installed:
    return meters.install(
        key=key(), by=by("finn"), at=at_on(on, 20), service_point_id=point_id, serial=serial, on=on, register=register
    )


def swap(number: int, on: date, out: int, serial: str = SPARE, register: int = 0, **more) -> meters.Exchanged:
    given = {
        "key": key(), "by": by("finn"), "at": at_on(on, 20), "service_point_id": point(number), "on": on,
        "removed_register": out, "serial": serial, "register": register, "reason": "register fogged",
    }  # fmt: skip
    return meters.exchange(**{**given, **more})


# --- stock ------------------------------------------------------------------------------------------------------------


def test_meters_come_into_stock_all_or_none():
    assert stock(meters.MeterEntry("N-1"), meters.MeterEntry("N-2", size="2", dials=7, gal_per_unit=10)) == 2
    with pytest.raises(Refused, match="N-1 are on file already"):
        stock(meters.MeterEntry("N-3"), meters.MeterEntry("N-1"))
    with pytest.raises(Refused, match="N-4 stand twice"):
        stock(meters.MeterEntry("N-4"), meters.MeterEntry("N-4"))
    assert not Meter.objects.filter(serial__in=["N-3", "N-4"]).exists()
    assert {row.serial for row in meters.list_stock()} == {f"400000{n}" for n in range(11, 21)} | {"N-1", "N-2"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"serial": ""}, "meters[1].serial"),
        ({"serial": "N\x1b"}, "meters[1].serial"),
        ({"size": ""}, "meters[1].size"),
        ({"dials": 0}, "dials"),
        ({"dials": 10}, "dials"),
        ({"gal_per_unit": 0}, "unit_gal"),
    ],
)
def test_a_meter_that_cannot_be_names_its_field(wrong, field):
    with pytest.raises(BadValue) as fault:
        stock(meters.MeterEntry(**{"serial": "N-1", **wrong}))
    assert fault.value.field == field


# --- install ----------------------------------------------------------------------------------------------------------


def test_a_meter_hangs_from_its_day_with_an_initial_read():
    from curbstop.office import customers
    from tests.office.scene import house

    entered = customers.enter_premises(key=key(), by=by("ada"), at=AT, premises=(house(50),))
    water = customers.list_service_points(premise_ids=entered.premise_ids)[0].id
    hung = hang(water, SPARE, register=3)
    history = meters.get_meter_history(service_point_id=water)
    assert [(m.serial, m.from_on, m.until_on) for m in history] == [(SPARE, TODAY, None)]
    assert [(r.register, r.kind, r.usage_gal, r.state) for r in history[0].reads] == [(3, "initial", 0, "counts")]
    assert history[0].installation_id == hung.installation_id


def test_a_second_meter_where_one_hangs_is_refused():
    with pytest.raises(Refused, match="1 Sage Wren Dr has meter 40000001 since 2025-12-01; use an exchange"):
        hang(point(1), SPARE)


def test_one_meter_in_two_places_is_refused():
    Installation.objects.filter(service_point_id=point(2)).update(during=(HUNG_ON, TODAY))
    with pytest.raises(Refused, match="Meter 40000001 hangs at 1 Sage Wren Dr since 2025-12-01; were the two places"):
        hang(point(2), "40000001")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"register": 1_000_000}, "register"),
        ({"register": -1}, "register"),
        ({"register": True}, "register"),
        ({"on": date(2026, 3, 3)}, "on"),
    ],
)
def test_an_initial_read_that_cannot_be(given, field):
    Installation.objects.filter(service_point_id=point(2)).update(during=(HUNG_ON, date(2026, 1, 1)))
    call = {
        "key": key(), "by": by("finn"), "at": at_on(TODAY, 20), "service_point_id": point(2), "serial": SPARE,
        "on": TODAY, "register": 0,
    }  # fmt: skip
    with pytest.raises(BadValue) as fault:
        meters.install(**{**call, **given})
    assert fault.value.field == field


def test_what_is_not_there_is_named():
    with pytest.raises(Refused, match="no service point 999999"):
        hang(999_999, SPARE)
    Installation.objects.filter(service_point_id=point(2)).update(during=(HUNG_ON, TODAY))
    with pytest.raises(Refused, match="No meter NOPE is on file"):
        hang(point(2), "NOPE")
    with pytest.raises(Refused, match="Sewer at 1 Sage Wren Dr has no meter of its own"):
        hang(point(1, "sewer"), SPARE)


def test_many_are_hung_all_or_none():
    rows = (meters.InstallEntry(point(1), SPARE), meters.InstallEntry(point(2), "40000012"))
    with pytest.raises(Refused, match="use an exchange"):
        meters.install_many(key=key(), by=by("ada"), at=AT, installs=rows, on=TODAY)
    twice = (meters.InstallEntry(point(1), SPARE), meters.InstallEntry(point(2), SPARE))
    with pytest.raises(Refused, match=f"{SPARE} stand twice"):
        meters.install_many(key=key(), by=by("ada"), at=AT, installs=twice, on=TODAY)
    assert Installation.objects.count() == 10


# --- exchange ---------------------------------------------------------------------------------------------------------


def test_story_14_1_an_exchange_in_the_middle_of_a_period():
    move_in(3, date(2026, 3, 2), register=405_100)
    read(3, date(2026, 3, 31), 412_300)
    done = swap(3, date(2026, 4, 15), 416_050, register=12)
    assert done.removed.usage_gal == 3_750
    reads.record_route(
        key=key(), by=by("finn"), at=at_on(date(2026, 4, 28), 20), read_on=date(2026, 4, 28),
        reads=(reads.RouteRead(8_602, serial=SPARE),),
    )  # fmt: skip
    used = reads.get_usage_between(service_point_id=point(3), from_on=date(2026, 3, 31), until_on=date(2026, 4, 28))
    assert used.usage_gal == 3_750 + 8_590 == 12_340
    assert [r.meter for r in used.reads] == ["40000003", SPARE, SPARE]
    history = meters.get_meter_history(service_point_id=point(3))
    assert [(m.serial, m.from_on, m.until_on) for m in history] == [
        (SPARE, date(2026, 4, 15), None),
        ("40000003", HUNG_ON, date(2026, 4, 15)),
    ]
    assert "40000003" in {row.serial for row in meters.list_stock()}


def test_after_an_exchange_the_new_meter_finds_the_account():
    account_id = move_in(3, TODAY, register=3_500)
    swap(3, date(2026, 3, 9), 3_900)
    assert [hit.account_id for hit in search.find(SPARE).hits] == [account_id]


def test_the_register_may_have_turned_over_by_then():
    move_in(4, TODAY, register=990_000)
    read(4, date(2026, 3, 31), 996_400)
    done = swap(4, date(2026, 4, 14), 3_740)
    assert (done.removed.usage_gal, done.removed.waits) == (7_340, False)


def test_an_out_read_below_the_last_one_waits_for_a_decision():
    move_in(4, TODAY, register=5_000)
    done = swap(4, date(2026, 3, 9), 4_000)
    assert (done.removed.findings, done.removed.usage_gal) == (("below_last",), 0)
    assert [row.read_id for row in reads.list_undecided()] == [done.removed.read_id]


def test_an_exchange_that_cannot_be():
    with pytest.raises(Refused, match="Meter 40000002 hangs at 2 Sage Wren Dr"):
        swap(1, TODAY, 1_500, serial="40000002")
    with pytest.raises(Refused, match="No meter NOPE"):
        swap(1, TODAY, 1_500, serial="NOPE")
    with pytest.raises(BadValue, match="before the last read|has a read of that day"):
        read(1, TODAY, 1_500)
        swap(1, date(2026, 2, 20), 1_400)
    with pytest.raises(BadValue) as fault:
        swap(1, date(2026, 3, 9), 1_000_000)
    assert fault.value.field == "removed_register"
    with pytest.raises(Refused, match="it can be taken down on a later day"):
        swap(1, HUNG_ON, 1_000)
    with pytest.raises(Refused, match="No meter hangs"):
        swap(1, date(1986, 3, 2), 0)
    assert Installation.objects.filter(service_point_id=point(1)).count() == 1


def test_the_same_completion_sent_twice_is_one_exchange():
    same = key()
    first = swap(1, TODAY, 1_500, key=same)
    assert swap(1, TODAY, 1_500, key=same) == first
    assert Installation.objects.filter(service_point_id=point(1)).count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_crews_at_one_place_hang_one_meter(city):
    Installation.objects.filter(service_point_id=point(5)).update(during=(HUNG_ON, TODAY))
    ready, said, place, actor = threading.Barrier(2), [], point(5), by("finn")

    def hang_it(serial: str) -> None:
        ready.wait()
        try:
            meters.install(
                key=key(), by=actor, at=at_on(TODAY, 20), service_point_id=place, serial=serial, on=TODAY, register=0
            )
            said.append("hung")
        except Refused as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=hang_it, args=[serial]) for serial in (SPARE, "40000012")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert sorted(said)[1] == "hung" and "use an exchange" in sorted(said)[0]
    assert Read.objects.filter(service_point_id=place, kind="initial", read_on=TODAY).count() == 1
