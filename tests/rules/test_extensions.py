"""Who may be promised a later day, by the criteria of four cities; schedules that add up; plans that are kept."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import curbstop
from curbstop.rules.delinquency.arrangements import EVERY, ROUNDINGS, BadSchedule, Part, check_terms, split, stand
from curbstop.rules.delinquency.bankruptcy import assure_by, before_petition
from curbstop.rules.delinquency.extensions import Known, add_months, answer, kept, whole_months
from curbstop.rules.delinquency.holds import REASONS, held_by
from curbstop.rules.policies import Policies, read_policies

CITIES = Path(curbstop.__file__).parent / "cities"
ON = date(2026, 4, 24)


def pack(*names):
    found = [one for name in names for one in read_policies((CITIES / name).read_text(), file=name)]
    return Policies.of(found)


def known(**more):
    given = {"on": ON, "asks": "holder", "channel": "telephone", "service_from": date(2020, 1, 1)}
    return Known(**{**given, **more})


def test_perkins_tells_every_reason_at_once():
    rules = pack("perkins_ok/policies/extensions.yaml")
    assert answer(rules, known()).may
    no = answer(rules, known(
        asks="other", service_from=date(2026, 2, 16), off=True, disconnected_on=(date(2025, 10, 25),),
        returned_on=(date(2026, 3, 10), date(2024, 1, 1)),
    ))  # fmt: skip
    assert not no.may and len(no.reasons) == 5
    assert no.reasons[2] == "service 2 months of the 3 required (3 months are complete on 2026-05-16)"
    assert no.reasons[3] == "disconnect on 2025-10-25, inside the last 6 months (clear from 2026-04-25)"
    assert answer(rules, known(disconnected_on=(date(2025, 10, 24),))).may  # six months to the day


@pytest.mark.parametrize(
    ("city", "facts", "says"),
    [
        ("mustang_ok", {"channel": "counter"}, ""),
        ("mustang_ok", {}, "asked by telephone, not in person"),
        ("mustang_ok", {"channel": "counter", "granted_on": (date(2026, 1, 5), date(2026, 2, 9), date(2025, 12, 31))},
         "2 of 2 were given in 2026 (clear from 2027-01-01)"),
        ("stilwell_ok", {"channel": "counter", "cutoff_on": ON}, "today is the cut-off day, 2026-04-24"),
        ("stilwell_ok", {"channel": "counter", "open_until": date(2026, 4, 30)},
         "one extension runs until 2026-04-30; it is not extended"),
        ("stilwell_ok", {"channel": "counter", "cutoff_on": ON + timedelta(1)}, ""),
    ],
)  # fmt: skip
def test_other_cities_ask_other_things(city, facts, says):
    found = answer(pack(f"{city}/policies/extensions.yaml"), known(**facts))
    assert found.reasons == ((says,) if says else ())


def test_edmond_makes_no_arrangement_after_a_collection_effort_or_by_mail():
    rules = pack("edmond_ok/policies/extensions.yaml")
    assert answer(rules, known(), prefix="arrangement").may
    no = answer(rules, known(ordered=True, channel="mail"), prefix="arrangement")
    assert [one.name for one in no.criteria if not one.met] == ["channels", "before"]
    held = held_by(rules, "medical", ON)
    assert (held.late, held.cutoff, held.says) == (False, True, "cut-off waits")


def test_tahlequah_ends_it_with_the_next_due_date_and_a_city_that_says_nothing_promises_nothing():
    rules = pack("perkins_ok/policies/extensions.yaml", "tahlequah_ok/policies/extensions.yaml")
    assert answer(rules, known(next_due_on=date(2026, 5, 19))).latest_on == date(2026, 5, 19)
    assert answer(rules, known()).latest_on is None
    silent = answer(Policies(), known())
    assert not silent.may and silent.reasons
    everything = held_by(Policies(), "weather", ON)
    assert everything.late and everything.notice and everything.cutoff and not everything.authority


def test_rolling_years():
    policy = """
id: extension.rule
says: Three in twelve months.
authority: test
values: [{from: 2024-01-01, value: Three in twelve months.}]
---
id: extension.per_rolling_year
says: Three in twelve months.
authority: test
values: [{from: 2024-01-01, value: 3}]
"""
    rules = Policies.of(read_policies(policy, file="test"))
    had = (date(2025, 4, 24), date(2025, 6, 1), date(2025, 9, 1))
    assert answer(rules, known(granted_on=had)).may  # the first was twelve months ago today
    no = answer(rules, known(granted_on=(*had, date(2026, 1, 1))))
    assert no.reasons == ("3 of 3 were given in the last 12 months (clear from 2026-06-01)",)


DAYS = st.dates(date(2024, 1, 1), date(2028, 12, 31))


@given(DAYS, st.integers(0, 60))
def test_months_are_whole_when_they_are_over(day, months):
    later = add_months(day, months)
    assert whole_months(day, later) == months and whole_months(day, later - timedelta(1)) == max(months - 1, 0)


@given(
    st.integers(1, 5_000_000), st.integers(1, 24), st.sampled_from(sorted(EVERY)), st.integers(0, 60),
    st.sampled_from(sorted(ROUNDINGS)), st.integers(0, 100),
)  # fmt: skip
def test_a_schedule_is_the_debt_to_the_cent_and_never_before_today(cents, count, every, wait, rounding, percent):
    down = cents * percent // 100
    given = {"count": count, "first_on": ON + timedelta(wait), "every": every, "on": ON, "down": down}
    if cents - down and count > cents - down:
        with pytest.raises(BadSchedule):
            split(cents, rounding=rounding, **given)
        return
    parts = split(cents, rounding=rounding, **given)
    assert sum(part.cents for part in parts) == cents and all(part.cents > 0 for part in parts)
    assert all(part.due_on >= ON for part in parts) and len({part.due_on for part in parts if part.no}) == len(
        parts
    ) - bool(down)
    after = [part.cents for part in parts if part.no]
    assert rounding != "spread" or not after or max(after) - min(after) <= 1
    # paid on each day as agreed it is never behind, and kept at the end
    left = cents
    for part in parts:
        left -= part.cents
        assert stand(parts, open_cents=left, on=part.due_on).state == ("kept" if left == 0 else "open")
    assert stand(parts, open_cents=1, on=parts[-1].due_on + timedelta(1)).behind_cents == 1


def test_a_missed_part_breaks_a_plan_when_its_grace_is_over():
    parts = (Part(0, ON, 2000), Part(1, date(2026, 5, 1), 4000), Part(2, date(2026, 5, 15), 4000))
    late = stand(parts, open_cents=8000, grace_days=2, on=date(2026, 5, 3))
    assert (late.state, late.parts[1].state, late.next_cents) == ("open", "due", 4000)
    assert stand(parts, open_cents=8000, grace_days=2, on=date(2026, 5, 4)).state == "broken"
    assert stand(parts, open_cents=4000, grace_days=2, on=date(2026, 5, 16)).state == "open"
    assert check_terms(parts, most=1, most_days=20, on=ON) == (
        "2 instalments, and the city allows 1",
        "the last instalment is 21 days from now, and the city allows 20",
    )


@given(st.lists(st.integers(0, 10**6), max_size=6), DAYS, st.integers(1, 60), st.integers(-70, 70))
def test_a_petition_takes_no_more_than_there_is_and_all_of_what_was_before(lines, from_on, days, at):
    until_on, filed_on = from_on + timedelta(days), from_on + timedelta(at)
    found = before_petition(lines, from_on=from_on, until_on=until_on, filed_on=filed_on)
    assert all(0 <= part <= cents for part, cents in zip(found, lines, strict=True))
    if filed_on >= until_on:
        assert list(found) == lines
    if filed_on <= from_on:
        assert not any(found)


def test_the_days_of_assurance_and_the_end_of_a_promise():
    assert assure_by(7, date(2026, 2, 28)) == date(2026, 3, 20) and assure_by(11, date(2026, 4, 1)) == date(2026, 5, 1)
    with pytest.raises(ValueError, match="not a chapter"):
        assure_by(8, ON)
    assert kept(left_cents=1, pay_by_on=ON, on=ON).state == "open"
    assert kept(left_cents=1, pay_by_on=ON, on=ON + timedelta(1)).state == "broken"
    assert kept(left_cents=0, pay_by_on=ON, on=ON + timedelta(9)).state == "kept"
    assert len(REASONS) == 12
