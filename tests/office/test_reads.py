"""Reads by hand: entered, judged, decided, corrected."""

import threading
from datetime import UTC, date, datetime

import pytest
from django.db import connection

from curbstop.office import meters, reads
from curbstop.office._once import Refused
from curbstop.office.reads import BadRead, parse_register
from curbstop.records.base.models import Event
from curbstop.records.decisions.models import PolicyValue
from curbstop.records.meters.models import Read, ReadDecision
from curbstop.rules.faults import BadValue
from tests.office.scene import AT, TODAY, at_on, by, key, move_in, point, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]

TURNS = [date(2026, 1, 6), date(2026, 2, 3), date(2026, 3, 3), date(2026, 3, 31), date(2026, 4, 28), date(2026, 5, 26)]


def lived_in(number: int, *registers: int) -> int:
    """Somebody lives at a house since 6 January, with a read on each turn of cycle 1."""
    account_id = move_in(number, TURNS[0], register=registers[0])
    for on, register in zip(TURNS[1:], registers[1:], strict=False):
        read(number, on, register)
    return account_id


def decide(read_id: int, outcome: str, reason: str = "looked at the picture") -> None:
    reads.decide(key=key(), by=by("cleo"), at=AT, read_id=read_id, outcome=outcome, reason=reason)


def correct(read_id: int, register: int, **more) -> reads.ReadEntered:
    given = {"key": key(), "by": by("cleo"), "at": at_on(TURNS[-1], 21), "reason": "read again"}
    return reads.correct(read_id=read_id, register=register, **{**given, **more})


def used(number: int, from_on: date, until_on: date) -> int:
    return reads.get_usage_between(service_point_id=point(number), from_on=from_on, until_on=until_on).usage_gal


# --- what is typed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "number"), [("207200", 207200), ("207,200", 207200), (" 003740 ", 3740), ("\ufeff12", 12), ("0", 0)]
)
def test_a_register_as_it_is_typed(typed, number):
    assert parse_register(typed) == number


@pytest.mark.parametrize(
    "typed",
    ["", " ", "-1", "+5", "12.5", "1e5", "NaN", "inf", "٣٤", "２０", "20 72", "2,07", "0x1F", "1" * 13, "🙂", None],
)
def test_what_is_no_register_is_refused(typed):
    with pytest.raises(BadRead) as fault:
        parse_register(typed)
    assert (fault.value.field, fault.value.why) == ("register", "not the number of a register")


# --- enter ------------------------------------------------------------------------------------------------------------


def test_a_read_carries_the_use_since_the_one_before():
    move_in(1, TURNS[0], register=204_100)
    entered = read(1, TURNS[1], 207_200, reader="R. Iley")
    assert (entered.usage_gal, entered.previous_register, entered.previous_on) == (3_100, 204_100, TURNS[0])
    assert (entered.findings, entered.waits) == ((), False)
    row = Read.objects.get(pk=entered.read_id)
    assert (row.kind, row.source, row.reader, row.findings) == ("regular", "hand", "R. Iley", [])
    assert Event.objects.latest("id").says == "Meter 40000001 read 207,200 on 2026-02-03: 3,100 gal."


def test_the_same_read_under_the_same_key_is_one_read():
    same = key()
    assert read(1, TODAY, 1_500, key=same) == read(1, TODAY, 1_500, key=same)
    assert Read.objects.filter(read_on=TODAY).count() == 1
    with pytest.raises(BadRead, match="40000001 has a read of that day, 1,500; correct that read"):
        read(1, TODAY, 1_500)


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({"read_on": date(2026, 3, 3)}, "read_on", "in the future; today is 2026-03-02"),
        ({"read_on": date(2026, 1, 1)}, "read_on", "before the last read of meter 40000001, 2,000 on 2026-01-20"),
        ({"register": 1_000_000}, "register", "a register of 6 dials shows 0 to 999,999"),
        ({"register": -1}, "register", "a register of 6 dials"),
        ({"register": 1500.0}, "register", "not a whole number"),
        ({"register": float("nan")}, "register", "not a whole number"),
        ({"register": "1500"}, "register", "not a whole number"),
        ({"register": True}, "register", "not a whole number"),
        ({"kind": "guess"}, "kind", "use one of"),
        ({"reader": "x\x00"}, "reader", "no record can keep"),
        ({"reader": "x\x07"}, "reader", "cannot be shown"),
    ],
)
def test_a_read_that_cannot_be_names_its_field_and_writes_nothing(given, field, words):
    read(1, date(2026, 1, 20), 2_000)
    before = Read.objects.count()
    with pytest.raises((BadValue, TypeError)) as fault:
        read(1, **{"on": TODAY, "register": 2_500, "at": AT, **given})
    if isinstance(fault.value, BadValue):  # a float is not even a plain input
        assert fault.value.field == field and words in str(fault.value)
    assert Read.objects.count() == before


def test_a_read_of_forty_years_ago_finds_no_meter():
    with pytest.raises(Refused, match="No meter hangs at service point .* on 1986-03-02"):
        read(1, date(1986, 3, 2), 5)


def test_the_citys_night_decides_what_day_it_is():
    """Clocks go forward on 8 March 2026 in Moore: half past eleven in the evening is 05:30 the next day in UTC."""
    evening = datetime(2026, 3, 8, 5, 30, tzinfo=UTC)
    with pytest.raises(BadRead, match="today is 2026-03-07"):
        read(1, date(2026, 3, 8), 1_500, at=evening)
    assert read(1, date(2026, 3, 8), 1_500, at=datetime(2026, 3, 8, 6, 0, tzinfo=UTC)).usage_gal == 500
    # after it the difference is five hours, not six
    assert read(2, date(2026, 3, 9), 2_500, at=datetime(2026, 3, 9, 5, 0, tzinfo=UTC)).usage_gal == 500
    with pytest.raises(BadRead, match="today is 2026-03-08"):
        read(3, date(2026, 3, 9), 3_500, at=datetime(2026, 3, 9, 4, 59, tzinfo=UTC))


def test_a_leap_day_is_a_day():
    read(1, date(2028, 2, 28), 2_000)
    entered = read(1, date(2028, 2, 29), 2_040)
    assert (entered.usage_gal, entered.previous_on) == (40, date(2028, 2, 28))


def test_story_05_4_the_register_turns_over():
    lived_in(3, 975_800, 982_600, 989_600, 996_400)
    shown = reads.preview_read(service_point_id=point(3), read_on=TURNS[4], register="003,740", at=at_on(TURNS[4], 20))
    assert (shown.usage_gal, shown.says, shown.waits) == (7_340, ("lower than last: rollover? 7,340 gal",), False)
    entered = read(3, TURNS[4], 3_740)
    assert (entered.usage_gal, entered.waits) == (7_340, False)
    assert used(3, TURNS[3], TURNS[4]) == 7_340


def test_where_the_city_has_set_no_bands_only_a_backward_register_is_looked_at():
    PolicyValue.objects.filter(policy="reads.bands").delete()
    lived_in(3, 10_000, 16_000, 22_000)
    assert read(3, TURNS[3], 150_000).waits is False
    assert read(3, TURNS[4], 140_000).findings == ("below_last",)


# --- decide and correct -----------------------------------------------------------------------------------------------


def test_story_05_2_a_high_read_waits_and_a_re_read_takes_its_place():
    account_id = lived_in(4, 291_700, 297_800, 304_100, 310_300)
    entered = read(4, TURNS[4], 338_620)
    assert (entered.usage_gal, entered.findings, entered.waits) == (28_320, ("high",), True)
    assert entered.says == ("high: 28,320 gal, more than 300 percent of the average 6,200",)
    assert used(4, TURNS[3], TURNS[4]) == 0
    waiting = reads.list_undecided()
    assert [(row.read_id, row.account_id, row.name, row.findings, row.previous_register) for row in waiting] == [
        (entered.read_id, account_id, "Rosa Ortiz", ("high",), 310_300)
    ]
    again = correct(entered.read_id, 316_620)
    assert (again.usage_gal, again.waits, again.read_on) == (6_320, False, TURNS[4])
    assert used(4, TURNS[3], TURNS[4]) == 6_320
    assert reads.list_undecided() == ()
    assert Read.objects.get(pk=entered.read_id).replaced_by.pk == again.read_id  # both stay
    with pytest.raises(Refused, match="was replaced by another"):
        correct(entered.read_id, 1)


def test_an_accepted_read_counts_and_a_rejected_one_does_not():
    lived_in(4, 10_000, 16_000, 22_000)
    high = read(4, TURNS[3], 60_000)
    decide(high.read_id, "accept", "pool filled; the customer says so")
    assert used(4, TURNS[2], TURNS[3]) == 38_000
    assert ReadDecision.objects.get().by_id == by("cleo").id
    with pytest.raises(Refused, match=r"is decided already \(accept\)"):
        decide(high.read_id, "reject")
    higher = read(4, TURNS[4], 180_000)
    decide(higher.read_id, "reject", "misread")
    assert used(4, TURNS[3], TURNS[4]) == 0
    next_one = read(4, TURNS[5], 72_000)  # since the last one that counts
    assert (next_one.usage_gal, next_one.previous_register) == (12_000, 60_000)


def test_another_read_takes_the_place_of_one_that_was_rejected():
    lived_in(4, 10_000, 16_000, 22_000)
    wrong = read(4, TURNS[3], 60_000)
    decide(wrong.read_id, "reject", "another house's meter")
    right = read(4, TURNS[3], 28_100)
    assert (right.usage_gal, right.waits) == (6_100, False)
    assert Read.objects.get(pk=right.read_id).replaces_id == wrong.read_id
    history = meters.get_meter_history(service_point_id=point(4))[0].reads
    assert [(row.register, row.state) for row in history[:2]] == [(28_100, "counts"), (60_000, "rejected")]
    with pytest.raises(BadRead, match="has a read of that day, 28,100"):
        read(4, TURNS[3], 28_500)


def test_a_read_cannot_count_twice():
    lived_in(4, 10_000, 16_000, 22_000)
    waits = read(4, TURNS[3], 60_000)
    later = read(4, TURNS[4], 34_000)  # judged from 22,000, past the one that waits
    assert (later.usage_gal, later.waits) == (12_000, False)
    with pytest.raises(Refused, match="the read 34,000 of 2026-04-28 covers the same use. Reject one of the two"):
        decide(waits.read_id, "accept")
    decide(waits.read_id, "reject", "misread")
    assert used(4, TURNS[2], TURNS[4]) == 12_000


def test_what_does_not_wait_is_not_decided_and_a_backward_register_is_not_accepted():
    lived_in(4, 10_000, 16_000)
    plain = read(4, TURNS[2], 22_000)
    with pytest.raises(Refused, match="does not wait"):
        decide(plain.read_id, "accept")
    back = read(4, TURNS[3], 21_000)
    assert (back.findings, back.usage_gal) == (("below_last",), 0)
    with pytest.raises(Refused, match="is below the read before it"):
        decide(back.read_id, "accept")
    over = correct(back.read_id, 21_000, rolled_over=True, reason="new dials, turned over")
    assert (over.usage_gal, over.waits) == (999_000, False)


@pytest.mark.parametrize(("outcome", "reason"), [("maybe", "x"), ("accept", ""), ("accept", " \t")])
def test_a_decision_needs_an_outcome_and_a_reason(outcome, reason):
    lived_in(4, 10_000, 16_000, 22_000)
    waits = read(4, TURNS[3], 60_000)
    with pytest.raises(BadValue):
        decide(waits.read_id, outcome, reason)
    assert not ReadDecision.objects.exists()


def test_only_the_last_read_is_corrected_and_never_one_on_a_bill():
    lived_in(4, 10_000, 16_000, 22_000)
    first = Read.objects.get(register=16_000)
    with pytest.raises(Refused, match="is followed by 22,000 on 2026-03-03, which was counted from it"):
        correct(first.pk, 15_000)
    with pytest.raises(Refused, match="no read 999"):
        correct(999, 1)


def test_a_corrected_read_is_where_the_next_one_begins():
    lived_in(4, 10_000, 16_000, 22_000)
    correct(Read.objects.get(register=22_000).pk, 21_000)
    assert read(4, TURNS[3], 27_000).usage_gal == 6_000


# --- shown while it is typed ------------------------------------------------------------------------------------------


def test_a_preview_says_what_entering_would_find_and_writes_nothing():
    lived_in(4, 10_000, 16_000, 22_000)
    before = Read.objects.count()
    at = at_on(TURNS[3], 20)
    shown = reads.preview_read(service_point_id=point(4), read_on=TURNS[3], register="60000", at=at)
    assert (shown.meter, shown.previous_register, shown.days, shown.usage_gal) == ("40000004", 22_000, 28, 38_000)
    assert shown.waits and shown.average_gal == 6_000 and "high: 38,000 gal" in shown.says[0]
    for typed, on, field in [
        ("abc", TURNS[3], "register"),
        ("9999999", TURNS[3], "register"),
        ("23000", TURNS[5], "read_on"),
        ("23000", TURNS[1], "read_on"),
        ("23000", date(1986, 1, 1), "read_on"),
    ]:
        shown = reads.preview_read(service_point_id=point(4), read_on=on, register=typed, at=at)
        assert shown.fault and shown.field == field
    assert Read.objects.count() == before


def test_the_sheet_of_a_route_in_walking_order():
    read(2, TURNS[2], 2_600)
    sheet = reads.get_read_sheet(cycle="1", route="01", on=TURNS[2])
    assert [row.address for row in sheet] == [f"{n} Sage Wren Dr" for n in range(1, 11)]
    assert (sheet[1].last_register, sheet[1].register, sheet[1].waits) == (2_000, 2_600, False)
    assert (sheet[0].register, sheet[0].meter, sheet[0].dials) == (None, "40000001", 6)
    assert reads.get_read_sheet(cycle="1", route="02", on=TURNS[2]) == ()


@pytest.mark.django_db(transaction=True)
def test_two_readers_at_one_meter_write_one_read(city):
    ready, said, place, actor = threading.Barrier(2), [], point(7), by("cleo")

    def enter_it(register: int) -> None:
        ready.wait()
        try:
            given = {"key": key(), "by": actor, "at": at_on(TODAY, 20), "service_point_id": place}
            reads.enter(**given, read_on=TODAY, register=register)
            said.append("taken")
        except BadRead as fault:
            said.append(str(fault))
        finally:
            connection.close()

    threads = [threading.Thread(target=enter_it, args=[register]) for register in (7_500, 7_600)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert "taken" in said and any("has a read of that day" in words for words in said)
    assert Read.objects.filter(service_point_id=place, read_on=TODAY).count() == 1
