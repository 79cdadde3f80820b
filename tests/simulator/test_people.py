"""The imagined town: the same seed gives the same people, and a town lived longer or larger begins with the same
ones."""

from collections import Counter
from datetime import date

import numpy as np
import pytest

from curbstop.rules.customers import check_email, check_name, check_phone
from curbstop.simulator import demand, field, people, streets
from curbstop.simulator.chance import daily_permille, happens, stream
from curbstop.simulator.payers import intents
from curbstop.simulator.workdays import is_workday, next_workday

OPENS, SOON, LATER = date(2025, 9, 2), date(2026, 3, 2), date(2026, 11, 23)
PLACES = streets.places(7, 400)


def test_places_of_a_larger_town_begin_with_those_of_a_smaller():
    assert streets.places(7, 60) == PLACES[:60]
    assert streets.places(8, 60) != PLACES[:60]


def test_no_two_places_have_one_address_or_one_step_of_a_route():
    assert max(Counter((p.address, p.zip) for p in PLACES).values()) == 1
    assert max(Counter((p.cycle, p.route, p.sequence) for p in PLACES).values()) == 1
    assert {p.cycle for p in PLACES} == {1, 2, 3, 4}


def test_stays_do_not_depend_on_the_last_day():
    for place in PLACES:
        soon = people.stays(7, place, OPENS, SOON)
        assert people.stays(7, place, OPENS, LATER)[: len(soon)] == soon


def test_stays_follow_each_other_without_gap_or_overlap_and_moves_are_on_working_days():
    moves = 0
    for place in PLACES:
        stays = people.stays(7, place, OPENS, LATER)
        for one, next_ in zip(stays, stays[1:], strict=False):
            assert one.until_on == next_.from_on
            assert is_workday(next_.from_on)
            moves += 1
    assert moves > 50


def test_names_are_names_the_office_takes():
    for place in PLACES:
        for stay in people.stays(7, place, OPENS, LATER):
            assert check_name(stay.party.name) == stay.party.name
            assert check_phone(stay.party.phone) == stay.party.phone
            assert check_email(stay.party.email) == stay.party.email
    all_names = " ".join(people.stays(7, p, OPENS, LATER)[0].party.name for p in streets.places(7, 4000))
    assert all(odd in all_names for odd in ("'", "é", "ñ", "🍳", "&"))


def test_demand_has_a_summer_and_is_the_same_however_long_it_is_looked_at():
    long, short = demand.Weather(7, OPENS, LATER), demand.Weather(7, OPENS, SOON)
    total = np.zeros(len(long.days), dtype=np.int64)
    for place in PLACES:
        stays = people.stays(7, place, OPENS, LATER)
        indoor, outdoor = demand.indoor_and_outdoor(7, stays, long)
        assert indoor.min() >= 0 and outdoor.min() >= 0
        if place.kind == "residential":
            total += indoor + outdoor
        before = [stay for stay in stays if stay.from_on < SOON]
        for a, b in zip(demand.indoor_and_outdoor(7, before, short), (indoor, outdoor), strict=True):
            assert np.array_equal(a, b[: len(short.days)])
    january, july = (total[(date(2026, m, 1) - OPENS).days :][:28].sum() for m in (1, 7))
    assert 1.4 < july / january < 2.6


def test_an_empty_house_uses_nothing():
    weather = demand.Weather(7, OPENS, LATER)
    empty_days = 0
    for place in streets.places(7, 1500):
        stays = people.stays(7, place, OPENS, LATER)
        indoor, outdoor = demand.indoor_and_outdoor(7, stays, weather)
        for stay in stays:
            if stay.vacant and not stay.served and stay.until_on:
                days = slice((stay.from_on - OPENS).days, (min(stay.until_on, LATER) - OPENS).days)
                assert indoor[days].sum() + outdoor[days].sum() == 0
                empty_days += len(indoor[days])
    assert empty_days > 100


def test_a_register_shows_what_was_used_rolls_over_and_stands_still_when_stuck():
    used = np.arange(0, 5001, 100, dtype=np.int64)  # 100 gallons a day for 50 days
    hung = field.Hung("B1", "water", "5/8", 3, 10, 950, OPENS, None, None)
    day = OPENS.fromordinal(OPENS.toordinal() + 10)
    assert field.register(hung, used, OPENS, OPENS) == 950
    assert field.register(hung, used, OPENS, day) == (950 + 100) % 1000
    stuck = field.Hung("B1", "water", "5/8", 3, 10, 950, OPENS, None, OPENS)
    assert field.register(stuck, used, OPENS, day) == 950


def test_meters_hang_one_after_another_and_are_never_changed_on_a_day_of_reading():
    reads = [date.fromordinal(OPENS.toordinal() + 28 * i) for i in range(17)]
    serials, changed = [], 0
    for place in streets.places(7, 2000):
        hung = field.meters(7, place, "water", OPENS, LATER, reads)
        assert hung[-1].until_on is None
        assert [one.until_on for one in hung[:-1]] == [one.from_on for one in hung[1:]]
        assert not any(one.from_on in reads for one in hung[1:])
        serials += [one.serial for one in hung]
        changed += len(hung) - 1
        soon = field.meters(7, place, "water", OPENS, SOON, [day for day in reads if day < SOON])
        known = [one for one in hung if one.from_on < SOON]
        assert [(m.serial, m.from_on, m.starts) for m in soon] == [(m.serial, m.from_on, m.starts) for m in known]
    assert len(serials) == len(set(serials))
    assert 20 < changed < 120


@pytest.mark.parametrize("habit", ["autopay", "early", "on_time", "late", "partial", "skips", "stops", "over"])
def test_a_payer_pays_after_his_bill_and_never_nothing(habit):
    payers = [
        s.payer for p in streets.places(7, 1200) for s in people.stays(7, p, OPENS, LATER) if s.payer.habit == habit
    ]
    assert payers
    for number, payer in enumerate(payers[:50]):
        for intent in intents(
            7, payer, stay=str(number), run_on=SOON, due_on=date(2026, 3, 20), cents=9459, bill_no=1, final=False
        ):
            assert intent.on > SOON
            assert intent.cents >= 0
            assert (intent.channel == "autopay") == (habit == "autopay")
        assert not intents(7, payer, stay="x", run_on=SOON, due_on=LATER, cents=0, bill_no=1, final=False)


def test_working_days_leave_out_weekends_and_holidays():
    assert not is_workday(date(2026, 7, 4)) and not is_workday(date(2026, 7, 3))  # observed on Friday
    assert not is_workday(date(2026, 11, 26))
    assert next_workday(date(2026, 11, 26)) == date(2026, 11, 30)  # Thanksgiving, the day after, a weekend


def test_chance_is_one_stream_a_subject():
    assert stream(7, "a", 1).random() == stream(7, "a", 1).random() != stream(7, "a", 2).random()
    assert sum(happens(7, "x", n, permille=100) for n in range(10_000)) == pytest.approx(1000, rel=0.2)
    days = np.arange(739_000, 740_000)
    noise = daily_permille(7, 3, days, least=600, most=1400)
    assert np.array_equal(noise[500:], daily_permille(7, 3, days[500:], least=600, most=1400))
    assert 600 <= noise.min() and noise.max() < 1400 and 970 < noise.mean() < 1030
