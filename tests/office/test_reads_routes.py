"""A route's reads at once, and the sewer averages of a year."""

from datetime import date, timedelta

import pytest

from curbstop.office import customers, meters, reads
from curbstop.office._once import Refused
from curbstop.office.reads import BadRead, RouteRead
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Agreement
from curbstop.records.decisions.models import PolicyValue
from curbstop.records.meters.models import Average, Read
from tests.office.scene import AT, TODAY, at_on, by, house, key, move_in, point, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


def record(*rows: RouteRead, on: date = TODAY, **more) -> reads.RouteRecorded:
    given = {"key": key(), "by": by("finn"), "at": at_on(on, 20), "read_on": on}
    return reads.record_route(**{**given, "reads": rows, **more})


def test_a_route_is_recorded_with_one_event():
    rows = [RouteRead(1_000 * n + 400, serial=f"400000{n:02}") for n in range(1, 11)]
    done = record(*rows)
    assert (done.rows, done.accepted, done.waiting, done.duplicates) == (10, 10, 0, 0)
    assert (done.unknown, done.refused) == ((), ())
    assert Event.objects.filter(act="reads.record_route").count() == 1
    assert Event.objects.latest("id").says == "Reads of 2026-03-02: 10 rows, 10 accepted."
    row = Read.objects.get(service_point_id=point(3), read_on=TODAY)
    assert (row.usage_gal, row.source, row.previous.register) == (400, "route_file", 3_000)


def test_each_row_has_its_own_outcome_and_none_stops_the_others():
    move_in(1, date(2026, 1, 6), register=10_000)
    read(1, date(2026, 2, 3), 16_000)
    read(9, TODAY, 9_500)
    done = record(
        RouteRead(60_000, serial="40000001"),  # high
        RouteRead(2_400, service_point_id=point(2)),
        RouteRead(5, serial="NOPE-1"),
        RouteRead(5, service_point_id=999_999),
        RouteRead(1_000_000, serial="40000004"),
        RouteRead(-1, serial="40000005"),
        RouteRead(6_400, serial="40000006"),
        RouteRead(6_400, service_point_id=point(6)),  # the same meter by its place
        RouteRead(7_400, serial="40000007"),
        RouteRead(7_500, serial="40000007"),  # and differently
        RouteRead(9_500, serial="40000009"),  # there already
        RouteRead(7, serial="40000015"),  # in stock
    )
    assert (done.rows, done.accepted, done.waiting, done.duplicates) == (12, 2, 1, 2)
    assert done.unknown == ("NOPE-1", "service point 999999", "40000015")
    assert [(row.row, row.meter) for row in done.refused] == [
        (5, "40000004"), (6, "40000005"), (9, "40000007"), (10, "40000007"),
    ]  # fmt: skip
    assert "6 dials" in done.refused[0].why and "two different reads" in done.refused[2].why
    assert [row.meter for row in reads.list_undecided(cycle="1")] == ["40000001"]
    assert reads.list_undecided(cycle="2") == ()


def test_the_same_file_again_adds_nothing_under_any_key():
    rows = [RouteRead(1_000 * n + 400, serial=f"400000{n:02}") for n in range(1, 6)]
    same = key()
    first = record(*rows, key=same)
    assert record(*rows, key=same) == first
    again = record(*rows)
    assert (again.accepted, again.duplicates) == (0, 5)
    assert Read.objects.filter(read_on=TODAY).count() == 5


def test_another_number_for_a_day_that_was_read_is_refused_by_row():
    record(RouteRead(1_400, serial="40000001"))
    done = record(RouteRead(1_500, serial="40000001"))
    assert (done.accepted, done.duplicates) == (0, 0)
    assert "has a read of that day, 1,400; correct that one" in done.refused[0].why


def test_a_day_before_the_last_read_is_refused_by_row_and_a_day_to_come_as_a_whole():
    record(RouteRead(1_400, serial="40000001"))
    done = record(RouteRead(1_300, serial="40000001"), on=date(2026, 2, 20), at=AT)
    assert "the meter was read later, on 2026-03-02: 1,400" in done.refused[0].why
    with pytest.raises(BadRead, match="in the future"):
        record(RouteRead(1_400, serial="40000001"), on=date(2026, 3, 9), at=AT)
    with pytest.raises(BadRead, match="no rows"):
        record()


def test_a_route_may_bring_the_read_that_was_rejected():
    move_in(1, date(2026, 1, 6), register=10_000)
    read(1, date(2026, 2, 3), 16_000)
    record(RouteRead(60_000, serial="40000001"))
    waiting = reads.list_undecided()[0].read_id
    reads.decide(key=key(), by=by("cleo"), at=at_on(TODAY, 21), read_id=waiting, outcome="reject", reason="misread")
    done = record(RouteRead(22_000, serial="40000001"))
    assert (done.accepted, done.duplicates) == (1, 0)
    assert Read.objects.get(register=22_000).replaces_id == waiting
    assert record(RouteRead(22_000, serial="40000001")).duplicates == 1


def test_a_route_judges_as_the_single_read_does():
    for number, registers in {1: (10_000, 16_000, 22_000), 2: (10_000, 16_000, 22_000)}.items():
        move_in(number, date(2026, 1, 6), register=registers[0])
        read(number, date(2026, 2, 3), registers[1])
        read(number, date(2026, 3, 3), registers[2])
    on = date(2026, 3, 31)
    shown = reads.preview_read(service_point_id=point(1), read_on=on, register="22900", at=at_on(on, 20))
    record(RouteRead(22_900, serial="40000001"), RouteRead(22_900, serial="40000002"), on=on)
    one = Read.objects.get(service_point_id=point(1), read_on=on)
    assert shown.waits and one.findings == ["low"] and one.usage_gal == shown.usage_gal == 900


def test_two_thousand_meters_are_one_act_and_few_statements(django_assert_max_num_queries):
    count = 2_000
    entered = customers.enter_premises(
        key=key(), by=by("ada"), at=AT, premises=tuple(house(n, route="02") for n in range(1_001, 1_001 + count))
    )
    places = [p.id for p in customers.list_service_points(premise_ids=entered.premise_ids) if p.service == "water"]
    serials = [f"8{n:07}" for n in range(count)]
    meters.enter_stock(key=key(), by=by("ada"), at=AT, meters=tuple(meters.MeterEntry(s) for s in serials))
    hung = tuple(meters.InstallEntry(p, s) for p, s in zip(places, serials, strict=True))
    meters.install_many(key=key(), by=by("ada"), at=AT, installs=hung, on=date(2025, 12, 1))
    rows = tuple(RouteRead(300 + n, serial=s) for n, s in enumerate(serials))
    with django_assert_max_num_queries(12):
        done = record(*rows)
    assert (done.accepted, done.waiting) == (count, 0)


# --- averages ---------------------------------------------------------------------------------------------------------


def a_year(number: int, uses: list[int], began: date = date(2025, 12, 2)) -> int:
    """Somebody lives at a house from a day, with a read every 28 days of so many gallons; the agreement's sewer id."""
    account_id = move_in(number, began, register=10_000)
    register, on = 10_000, began
    for gal in uses:
        on, register = on + timedelta(days=28), register + gal
        record(RouteRead(register, service_point_id=point(number)), on=on)
        for row in reads.list_undecided():
            reads.decide(key=key(), by=by("cleo"), at=at_on(on), read_id=row.read_id, outcome="accept", reason="seen")
    return Agreement.objects.get(account_id=account_id, service_point__service="sewer").pk


def set_averages(on: date = date(2027, 4, 1)) -> reads.AveragesSet:
    return reads.set_averages(key=key(), by=by("sue"), at=at_on(on), on=on)


def test_the_average_is_of_three_of_the_four_lowest_uses_of_the_year():
    # 2026-04-01 to 2027-03-31 has reads 5..17 of a 28-day cycle that begins on 2025-12-02
    uses = [
        9_000,
        900,
        900,
        900,
        6_000,
        5_000,
        7_000,
        8_000,
        9_000,
        9_500,
        4_000,
        6_500,
        7_500,
        8_500,
        5_500,
        6_200,
        7_100,
    ]
    agreement = a_year(1, uses)
    done = set_averages()
    assert (done.from_on, done.until_on) == (date(2027, 4, 1), date(2028, 4, 1))
    assert (done.set, done.too_few) == (1, 0)
    row = Average.objects.get(agreement=agreement)
    counted = sorted(
        gal for place, gal in enumerate(uses, 1) if date(2026, 4, 1) <= date(2025, 12, 2) + timedelta(28 * place)
    )
    assert row.gal == (2 * sum(counted[:3]) + 3) // 6
    assert (row.during.lower, row.during.upper) == (date(2027, 4, 1), date(2028, 4, 1))
    assert sorted(Read.objects.filter(pk__in=row.reads).values_list("usage_gal", flat=True)) == counted[:3]


def test_an_exchange_is_one_use():
    agreement = a_year(1, [6_000] * 5, began=date(2026, 9, 22))
    last = Read.objects.filter(service_point_id=point(1)).latest("read_on")
    meters.exchange(
        key=key(), by=by("finn"), at=at_on(date(2027, 2, 16), 20), service_point_id=point(1), on=date(2027, 2, 16),
        removed_register=last.register + 2_000, serial="40000011", register=0, reason="stuck",
    )  # fmt: skip
    record(RouteRead(3_000, serial="40000011"), on=last.read_on + timedelta(days=28))
    set_averages()
    row = Average.objects.get(agreement=agreement)
    # uses after the first: 6000 x4, and 2000 + 3000 in two parts
    assert row.gal == (5_000 + 6_000 + 6_000 + 1) // 3
    assert Read.objects.filter(pk__in=row.reads, usage_gal__gt=0).count() == 4  # the new meter began at nothing


def test_too_few_reads_make_no_average_and_a_second_run_changes_nothing():
    a_year(1, [6_000] * 4, began=date(2026, 11, 17))
    assert set_averages() == reads.AveragesSet(date(2027, 4, 1), date(2028, 4, 1), set=0, too_few=1, there=0)
    agreement = a_year(2, [6_000] * 6, began=date(2026, 9, 22))
    assert set_averages().set == 1
    again = set_averages(date(2027, 5, 9))
    assert (again.set, again.too_few, again.there) == (0, 1, 1)
    assert Average.objects.filter(agreement=agreement).count() == 1


def test_without_the_policy_nothing_is_set():
    PolicyValue.objects.filter(policy="sewer.average").delete()
    with pytest.raises(Refused) as refusal:
        set_averages()
    assert refusal.value.field == "sewer.average"


def test_a_business_has_no_average():
    move_in(1, date(2026, 1, 6), register=1_000, customer_class="commercial", tenure="business")
    assert set_averages() == reads.AveragesSet(date(2027, 4, 1), date(2028, 4, 1), set=0, too_few=0, there=0)
