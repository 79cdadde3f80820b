"""The ladder, rung by rung: one rule over arrays, tried on the days of Mustang's and Edmond's pages."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curbstop.rules.delinquency.ladder import (
    AFTER_BILL,
    AFTER_DUE,
    BEFORE,
    CALL,
    CODES,
    HANGER,
    MINIMUM,
    NAMES,
    NOTICE,
    ON_WEEKDAYS,
    REMINDER_BEFORE,
    BadWeekday,
    CityDays,
    Facts,
    Ladder,
    climb,
    day_of,
    read_ladder,
    why_not_lawful,
)
from curbstop.rules.periods import Period
from curbstop.rules.policies import Policies, Policy, PolicyValue

MEMORIAL = date(2026, 5, 25)
BILLED, DUE = date(2026, 4, 1), date(2026, 4, 21)


def policies(**values: object) -> Policies:
    every = Period(date(2020, 1, 1))
    return Policies.of(
        Policy(id, f"The sentence of {id}.", "test", "", "HIGH", (), (PolicyValue(every, value, "", "test"),))  # type: ignore[arg-type]
        for id, value in values.items()
    )


MUSTANG = {
    MINIMUM: 1000, BEFORE: 8, AFTER_BILL: 30, NOTICE: 1, HANGER: 48,
    ON_WEEKDAYS: ["monday", "tuesday", "wednesday", "thursday", "friday"],
}  # fmt: skip


def ladder(**more: object) -> Ladder:
    return read_ladder(policies(**{**MUSTANG, **more}), "residential", date(2026, 4, 1))


def facts(**given: object) -> Facts:
    one = {
        "owed_cents": 9648, "coming_cents": 0, "bill_on": BILLED, "due_on": DUE, "pending": False, "listed": False,
        "ordered": False,
    }  # fmt: skip
    one |= given
    one.setdefault("notice_cents", one["owed_cents"])
    one.setdefault("cutoff_cents", one["owed_cents"])
    found = {}
    for name in Facts.__dataclass_fields__:
        value = one.get(name, 0)
        if isinstance(value, bool):
            found[name] = np.array([value])
        else:
            found[name] = np.array([value.toordinal() if isinstance(value, date) else value], dtype=np.int64)
    return Facts(**found)


def look(on: date, of: Ladder | None = None, **given: object) -> tuple[str, date | None, date | None]:
    of = of or ladder()
    days = CityDays(on, holidays=[MEMORIAL], weekdays=of.weekdays, not_before_closing=of.not_before_closing)
    found = climb(facts(**given), of, days, on)
    return NAMES[found.code[0]], day_of(found.next_on[0]), day_of(found.cutoff_on[0])


NOTICED = {"noticed_on": date(2026, 4, 22), "told_on": date(2026, 5, 1)}


@pytest.mark.parametrize(
    ("on", "given", "code", "next_on"),
    [
        (date(2026, 4, 21), {"owed_cents": 0}, "nothing_due", None),
        (date(2026, 4, 22), {}, "notify", date(2026, 4, 22)),
        (date(2026, 4, 22), {"owed_cents": 999}, "under_minimum", None),
        (date(2026, 4, 22), {"notice_cents": 0}, "held", None),
        (date(2026, 4, 22), {"pending": True}, "payment_pending", None),
        (date(2026, 4, 23), NOTICED, "waits", date(2026, 4, 29)),
        (date(2026, 4, 29), NOTICED, "hang", date(2026, 4, 29)),
        (date(2026, 4, 29), {**NOTICED, "hung_on": date(2026, 4, 29)}, "waits", date(2026, 4, 30)),
        (date(2026, 4, 30), {**NOTICED, "hung_on": date(2026, 4, 29)}, "ready", date(2026, 5, 1)),
        (date(2026, 4, 30), {**NOTICED, "hung_on": date(2026, 4, 29), "cutoff_cents": 0}, "held", None),
        (date(2026, 4, 30), {**NOTICED, "listed": True}, "listed", None),
        (date(2026, 5, 1), {**NOTICED, "ordered": True}, "ordered", None),
        (date(2026, 5, 2), {"off_on": date(2026, 5, 1)}, "off", None),
        (date(2026, 5, 2), {"ended_on": date(2026, 5, 1)}, "closed", None),
    ],
)
def test_the_rungs(on: date, given: dict[str, object], code: str, next_on: date | None) -> None:
    assert look(on, **given)[:2] == (code, next_on)


def test_a_late_hanger_moves_the_cut_off_and_not_the_hanger_the_law() -> None:
    found = look(date(2026, 4, 30), **NOTICED)  # nobody hung it on the 29th; 48 hours later is a Saturday
    assert found == ("waits", date(2026, 5, 1), date(2026, 5, 4))
    assert look(date(2026, 5, 1), **NOTICED)[::2] == ("hang", date(2026, 5, 4))


def test_a_notice_is_mailed_on_the_last_lawful_day_where_no_day_is_set() -> None:
    of = replace(ladder(), notice_days=None, hanger_hours=None)
    assert look(date(2026, 4, 22), of)[:2] == ("waits", date(2026, 4, 23))  # 8 days before 1 May
    assert look(date(2026, 4, 23), of) == ("notify", date(2026, 4, 23), date(2026, 5, 1))


def test_a_reminder_before_the_due_date() -> None:
    of = ladder(**{REMINDER_BEFORE: 3})
    soon = {"owed_cents": 0, "coming_cents": 9459}
    assert look(date(2026, 4, 17), of, **soon)[:2] == ("waits", date(2026, 4, 18))
    assert look(date(2026, 4, 18), of, **soon)[0] == "remind"
    assert look(date(2026, 4, 19), of, **soon, reminded_on=date(2026, 4, 18))[0] == "nothing_due"


def test_a_call_stands_before_the_list_and_not_before_the_hanger() -> None:
    of = ladder(**{CALL: True})
    assert look(date(2026, 4, 29), of, **NOTICED)[0] == "hang"
    hung = {**NOTICED, "hung_on": date(2026, 4, 29)}
    assert look(date(2026, 4, 30), of, **hung)[0] == "to_call"
    assert look(date(2026, 4, 30), of, **hung, called_on=date(2026, 4, 28))[0] == "ready"


def test_working_days_after_the_due_date() -> None:
    """Edmond counts working days: the 14th after 5 May skips Memorial Day."""
    of = replace(ladder(**{AFTER_DUE: 14}), after_bill=None, hanger_hours=None)
    assert look(date(2026, 5, 6), of, due_on=date(2026, 5, 5))[2] == date(2026, 5, 26)


def test_no_valve_is_closed_before_a_closing() -> None:
    monday_to_thursday = {ON_WEEKDAYS: ["monday", "tuesday", "wednesday", "thursday"]}
    of = replace(ladder(**monday_to_thursday), not_before_closing=True)
    days = CityDays(date(2026, 5, 19), holidays=[MEMORIAL], weekdays=of.weekdays, not_before_closing=True)
    assert [days.is_lawful(date(2026, 5, day)) for day in (19, 20, 21, 22, 23, 25, 26)] == [
        True, True, True, False, False, False, True,
    ]  # fmt: skip
    every = CityDays(date(2026, 5, 19), holidays=[MEMORIAL], weekdays=range(5), not_before_closing=True)
    assert not every.is_lawful(date(2026, 5, 22)) and every.is_lawful(date(2026, 5, 15))


def test_what_a_city_has_not_set_stops_the_climb_and_names_the_line() -> None:
    for missing in (MINIMUM, BEFORE, AFTER_BILL, ON_WEEKDAYS):
        of = read_ladder(policies(**{k: v for k, v in MUSTANG.items() if k != missing}), "residential", BILLED)
        assert of.stops is not None and of.stops.policy == missing
        assert look(date(2026, 4, 22), of)[0] == "not_set"


def test_a_class_has_its_own_in_the_place_of_the_citys() -> None:
    rules = policies(**MUSTANG, **{f"{MINIMUM}.commercial": 5000})
    assert read_ladder(rules, "commercial", BILLED).least_cents == 5000
    assert read_ladder(rules, "residential", BILLED).least_cents == 1000
    with pytest.raises(BadWeekday, match="someday"):
        ladder(**{ON_WEEKDAYS: ["someday"]})


def test_too_soon_after_its_notice_says_how_much_too_soon() -> None:
    says = why_not_lawful(ladder(), date(2026, 5, 11), date(2026, 5, 18))
    assert says == "its notice was mailed on 2026-05-11, 7 days before 2026-05-18; at least 8 are needed"
    assert not why_not_lawful(ladder(), date(2026, 5, 11), date(2026, 5, 19))


DATES = st.integers(date(2026, 3, 1).toordinal(), date(2026, 6, 30).toordinal())
MAYBE = st.one_of(st.just(0), DATES)
ROW = st.fixed_dictionaries(
    {
        **{name: MAYBE for name in Facts.__dataclass_fields__ if name.endswith("_on")},
        "owed_cents": st.integers(-500, 30_000), "coming_cents": st.integers(0, 9000),
        "bill_on": DATES, "due_on": DATES,
        "notice_cents": st.integers(0, 30_000), "cutoff_cents": st.integers(0, 30_000), "pending": st.booleans(),
        "listed": st.booleans(), "ordered": st.booleans(),
    }
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=8), on=DATES, call=st.booleans(), hanger=st.booleans())
def test_whoever_is_ready_is_lawful_and_one_account_is_an_array_of_one(
    rows: list[dict[str, object]], on: int, call: bool, hanger: bool
) -> None:
    today = date.fromordinal(on)
    of = replace(ladder(**{CALL: call}), hanger_hours=48 if hanger else None)
    days = CityDays(today, holidays=[MEMORIAL], weekdays=of.weekdays)
    many = Facts(
        **{
            name: np.array(
                [row[name] for row in rows], dtype=bool if name in ("pending", "listed", "ordered") else "i8"
            )
            for name in Facts.__dataclass_fields__
        }
    )
    found = climb(many, of, days, today)
    for n, row in enumerate(rows):
        alone = climb(many.take(np.arange(len(rows)) == n), of, days, today)
        assert (alone.code[0], alone.next_on[0], alone.cutoff_on[0]) == (
            found.code[n], found.next_on[n], found.cutoff_on[n],
        )  # fmt: skip
        code, cutoff_on = NAMES[found.code[n]], found.cutoff_on[n]
        assert code in CODES
        if code == "ready":
            assert row["owed_cents"] >= 1000 and row["cutoff_cents"] >= 1000 and not row["pending"]
            assert row["noticed_on"] > 0 and cutoff_on - row["noticed_on"] >= 8 and cutoff_on >= row["told_on"]
            assert days.lawful[cutoff_on - days.first] and (not call or row["called_on"])
            assert not hanger or cutoff_on - row["hung_on"] >= 2
        if code in ("notify", "hang"):
            assert row["owed_cents"] >= 1000 and not row["pending"]
