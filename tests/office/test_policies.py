"""The city, its policies and its calendar."""

from datetime import date

import pytest

from curbstop.office import policies
from curbstop.office._once import Refused
from curbstop.office.policies import NotSet, PackFile
from curbstop.records.base.models import Event
from curbstop.records.decisions.models import City, CycleDate, PolicyValue
from curbstop.rules.faults import BadValue
from curbstop.rules.policies import PolicyErrors
from tests.office.scene import AT, TODAY, by, key

pytestmark = [pytest.mark.django_db]


def set_it(policy: str, value: object, from_on: date = TODAY, **more):
    given = {"authority": "Resolution 9(26), section 2", "says": "The council said so."}
    return policies.set(
        key=key(), by=by("ada"), at=AT, policy=policy, from_on=from_on, value=value, **{**given, **more}
    )


# --- a city -----------------------------------------------------------------------------------------------------------


def test_a_city_is_its_pack_with_what_is_laid_over_it(city):
    found = policies.get_city()
    assert (found.code, found.name, found.time_zone) == ("moore_ok", "City of Moore", "America/Chicago")
    assert "phone" not in found.body  # not given by the pack, so not there
    rows = {row.policy: row for row in policies.list_policies(on=TODAY)}
    assert rows["bill.due_days"].value == 20
    assert rows["bill.due_days"].authority.startswith("Example town; not a Moore value")
    assert rows["fee.new_service"].value == 2500 and "Moore" in rows["fee.new_service"].authority
    assert rows["bill.due_days"].confidence == "UNVERIFIED"


@pytest.fixture
def no_city(city, db):
    """The people, without their city."""
    City.objects.all().delete()
    PolicyValue.objects.all().delete()
    return by("ada")


def test_what_moore_has_not_published_says_so_without_the_overlay(no_city):
    installed = policies.install_city(key=key(), by=no_city, at=AT, pack=policies.read_pack("moore_ok"))
    assert installed.name == "City of Moore" and installed.not_set > 20
    with pytest.raises(NotSet, match="bill.due_days is not set for this city: No due-day offset was found") as missing:
        policies.get_policy("bill.due_days", TODAY)
    assert missing.value.says == "The days from the bill to its due date are not set for this city."
    with pytest.raises(Refused, match="calendar.cycles is not set") as refusal:
        policies.plan_calendar(key=key(), by=no_city, at=AT, from_on=TODAY, until_on=date(2027, 1, 1))
    assert refusal.value.field == "calendar.cycles"


def test_a_second_city_in_one_schema_and_an_overlay_alone_are_refused(city):
    with pytest.raises(Refused, match="City of Moore is installed here"):
        policies.install_city(key=key(), by=by("ada"), at=AT, pack=policies.read_pack("norman_ok"))
    with pytest.raises(Refused, match="no city.yaml"):
        policies.install_city(key=key(), by=by("ada"), at=AT, pack=policies.read_pack("example"))
    assert City.objects.count() == 1


@pytest.mark.parametrize("code", ["atlantis", "../moore_ok", "", "moore_ok/policies"])
def test_a_pack_that_there_is_not(code):
    with pytest.raises(Refused, match="no city pack"):
        policies.read_pack(code)


def test_a_city_file_names_everything_wrong_with_it(city):
    from curbstop.rules.cities import CityErrors, read_city

    with pytest.raises(CityErrors) as faults:
        read_city("code: Moore City\nname: Moore\nfax: 1\n", file="x/city.yaml")
    assert [fault.field for fault in faults.value.faults] == ["time_zone", "authority", "code", "fax"] or {
        fault.field for fault in faults.value.faults
    } == {"code", "time_zone", "authority", "fax"}
    assert all(fault.file == "x/city.yaml" and fault.remedy for fault in faults.value.faults)


def test_a_clock_that_no_city_keeps_is_refused(no_city):
    pack = policies.CityPack("x", PackFile("x", "code: xx\nname: X\ntime_zone: Mars/North\nauthority: a\n"), (), ())
    with pytest.raises(BadValue) as fault:
        policies.install_city(key=key(), by=no_city, at=AT, pack=pack)
    assert fault.value.field == "time_zone"
    assert not City.objects.exists()


# --- a policy ---------------------------------------------------------------------------------------------------------


def test_a_value_ends_the_one_before_it(city):
    set_it("bill.due_days", 21, date(2026, 7, 1))
    assert policies.get_policy("bill.due_days", date(2026, 6, 30)) == 20
    assert policies.get_policy("bill.due_days", date(2026, 7, 1)) == 21
    assert policies.load("bill.due_days").whole("bill.due_days", on=date(2030, 1, 1)) == 21
    assert Event.objects.latest("id").says == "bill.due_days set from 2026-07-01: The council said so."


@pytest.mark.parametrize(
    ("policy", "value", "kept"),
    [
        ("fee.new_service", "30.50", 3050),
        ("late.percent", "1.5", "1.5"),
        ("deposit.paid_first", False, False),
        ("deposit.commercial", {"amount": "150.00", "instalments": 3}, {"amount_cents": 15000, "instalments": 3}),
        ("calendar.holidays", ["US-OK", "2026-11-27"], ["US-OK", "2026-11-27"]),
    ],
)
def test_values_are_kept_by_their_shape(city, policy, value, kept):
    set_it(policy, value)
    assert policies.get_policy(policy, TODAY) == kept


@pytest.mark.parametrize("value", ["30.505", "free", -1, "1e3", {"amount": 1}, [1], True])
def test_a_value_of_another_shape_is_refused(city, value):
    with pytest.raises(PolicyErrors):
        set_it("fee.new_service", value)
    assert policies.get_policy("fee.new_service", TODAY) == 2500


def test_without_an_authority_nothing_is_set(city):
    with pytest.raises(PolicyErrors, match="authority"):
        set_it("fee.new_service", "30.00", authority="")


def test_values_are_not_edited_and_the_past_is_not_rewritten(city):
    set_it("bill.due_days", 21, date(2026, 7, 1))
    for day in (date(2026, 7, 1), date(2026, 5, 1)):
        with pytest.raises(Refused, match="has a value from 2026-07-01 on file"):
            set_it("bill.due_days", 22, day)


def test_a_value_can_be_taken_back_with_a_reason(city):
    set_it("bill.due_days", None, not_set="The resolution was rescinded.", says="Not set.")
    with pytest.raises(NotSet, match="rescinded"):
        policies.get_policy("bill.due_days", TODAY)
    with pytest.raises(BadValue):
        set_it("fee.reread", None)
    assert PolicyValue.objects.filter(policy="fee.reread").count() == 1


def test_a_policy_that_nobody_knows_is_not_set(city):
    with pytest.raises(NotSet, match="no policy of this name"):
        policies.get_policy("fee.moonlight", TODAY)
    with pytest.raises(PolicyErrors, match="fee.moonlight|no program reads"):
        set_it("fee.moonlight", "1.00")


def test_before_its_first_day_a_value_does_not_hold(city):
    with pytest.raises(NotSet, match="no value holds on 1986-03-02"):
        policies.get_policy("bill.due_days", date(1986, 3, 2))


# --- the calendar -----------------------------------------------------------------------------------------------------


def test_cycle_one_is_read_on_the_tuesdays_of_the_stories(city):
    rows = policies.get_cycle_dates(cycle="1", from_on=date(2026, 1, 1), until_on=date(2026, 11, 1))
    assert [row.read_on.isoformat() for row in rows] == [
        "2026-01-06", "2026-02-03", "2026-03-03", "2026-03-31", "2026-04-28", "2026-05-26", "2026-06-23", "2026-07-21",
        "2026-08-18", "2026-09-15", "2026-10-13",
    ]  # fmt: skip
    assert {(row.bill_on - row.read_on).days for row in rows} == {1}
    assert rows[3].due_on == date(2026, 4, 21)  # story 02-1: dated 2026-04-01, due 2026-04-21


def test_planning_again_adds_nothing_and_a_moved_turn_stays_moved(city):
    turn = CycleDate.objects.get(cycle="1", read_on=date(2026, 4, 28))
    CycleDate.objects.filter(pk=turn.pk).update(read_on=date(2026, 5, 1), bill_on=date(2026, 5, 4))
    planned = policies.plan_calendar(
        key=key(), by=by("ada"), at=AT, from_on=date(2025, 7, 1), until_on=date(2027, 1, 1)
    )
    assert planned.dates == 0
    rows = policies.get_cycle_dates(cycle="1", from_on=date(2026, 4, 15), until_on=date(2026, 5, 20))
    assert [row.read_on for row in rows] == [date(2026, 5, 1)]


def test_a_read_on_a_holiday_is_the_next_working_day_and_moves_no_other(city):
    set_it("calendar.cycles", [{"code": "7", "name": "Cycle 7", "read_on": "2026-06-19"}])  # Juneteenth, a Friday
    policies.plan_calendar(key=key(), by=by("ada"), at=AT, from_on=date(2026, 6, 1), until_on=date(2026, 8, 1))
    rows = policies.get_cycle_dates(cycle="7", from_on=date(2026, 6, 1), until_on=date(2026, 8, 1))
    assert [(row.read_on, row.bill_on) for row in rows] == [
        (date(2026, 6, 22), date(2026, 6, 23)),
        (date(2026, 7, 17), date(2026, 7, 20)),  # the day after is a Saturday
    ]


def test_a_leap_day_is_a_day_of_the_calendar(city):
    set_it("calendar.cycles", [{"code": "8", "name": "Cycle 8", "read_on": "2028-02-29"}])
    policies.plan_calendar(key=key(), by=by("ada"), at=AT, from_on=date(2028, 2, 1), until_on=date(2028, 4, 1))
    rows = policies.get_cycle_dates(cycle="8", from_on=date(2028, 2, 1), until_on=date(2028, 4, 2))
    assert [row.read_on for row in rows] == [date(2028, 2, 1), date(2028, 2, 29), date(2028, 3, 28)]


def test_without_due_days_a_turn_has_no_due_date(city):
    set_it("bill.due_days", None, date(2027, 1, 1), not_set="Not decided.")
    planned = policies.plan_calendar(
        key=key(), by=by("ada"), at=AT, from_on=date(2027, 1, 1), until_on=date(2027, 3, 1)
    )
    assert planned.without_due_on == planned.dates > 0


def test_a_holiday_calendar_that_there_is_not_is_named(city):
    set_it("calendar.holidays", ["Atlantis"])
    with pytest.raises(BadValue) as fault:
        policies.plan_calendar(key=key(), by=by("ada"), at=AT, from_on=date(2028, 1, 1), until_on=date(2028, 3, 1))
    assert (fault.value.field, fault.value.value) == ("calendar.holidays", "Atlantis")


def test_the_cycles_are_listed(city):
    assert [(row.code, row.name, row.every_days) for row in policies.list_cycles()] == [
        (str(n), f"Cycle {n}", 28) for n in range(1, 5)
    ]
