"""Stories 12-1 to 12-3: a hazard goes with every order to the house; two people, or nobody; the crew leaves.

Events are spelled ``orders.report_hazard``, ``orders.confirm_hazard``, ``orders.end_hazard`` (``customers.hazard``)
and ``orders.cannot_complete`` (``orders.fail``) here.
"""

import base64
from datetime import UTC, date, datetime

import pytest

from curbstop.desk import order_papers
from curbstop.office import ledger, orders, policies, reads, staff
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.orders.models import Attachment, Order, Valve
from tests.office.conftest import city as city
from tests.office.scene import at_on, by, key, move_in, premise
from tests.office.unpaid import unpaid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
PICTURE = base64.b64encode(b"\xff\xd8\xff" + b"dog" * 20).decode()
DOG = "DOG, back gate: call before entering"


def at(day: date, hour: int = 15, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def write(type: str, number: int, day: date) -> int:
    return orders.write(key=key(), by=by("cleo"), at=at(day), type=type, premise_id=premise(number), on=day).order_id


def test_a_hazard_goes_with_every_order_to_the_house() -> None:
    day, later = date(2026, 4, 9), date(2026, 4, 16)
    policies.set(
        key=key(), by=by("adam"), at=at(day), policy="hazard.review_days", value=365, from_on=date(2026, 4, 1),
        says="A hazard is looked at again after a year.", authority="set for this story",
    )  # fmt: skip
    id = orders.report_hazard(
        key=key(), by=by("finn"), at=at(day), premise_id=premise(1), says=DOG,
        taken=(orders.Taken("picture", "dog.jpg", PICTURE),),
    )  # fmt: skip
    (hazard,) = orders.list_hazards([premise(1)])[premise(1)]
    assert (hazard.says, hazard.review_on) == (DOG, date(2027, 4, 9))
    assert Attachment.objects.get().hazard_id == id
    assert Event.objects.filter(act="orders.report_hazard").latest("id").by_id == by("finn").id

    order = Order.objects.get(pk=write("reread", 1, later))
    assert order.snapshot["hazards"][0]["says"] == DOG
    (row,) = orders.list_open(now=at(later), premise_id=premise(1))
    assert row.hazards == (hazard,)
    sheet = reads.get_read_sheet(cycle="1", route="01", on=later)
    assert [one.hazard for one in sheet if one.address == "1 Sage Wren Dr"] == [DOG]
    page = orders.get_order(order_id=order.pk, now=at(later))
    assert order_papers.orders_of([page], at=at(later)).startswith(b"%PDF-") and page.row.hazards == (hazard,)

    move_in(1, date(2026, 4, 20), at=at_on(date(2026, 4, 20)))
    assert orders.list_hazards([premise(1)])[premise(1)] == (hazard,)  # it stays with the premise


def test_two_people_or_nobody() -> None:
    day = date(2026, 4, 14)
    mark = orders.report_hazard(
        key=key(), by=by("sue"), at=at(date(2026, 3, 30)), premise_id=premise(2), persons=2,
        says="two persons: threat made on 2026-03-30",
    )  # fmt: skip
    id = write("shut_off", 2, day)
    second = staff.enrol(
        key=key(), by=by("ada"), at=at(day), username="crew2", first_name="Crew", last_name="Two", roles=("field",)
    )
    with pytest.raises(Refused, match="needs two persons"):
        orders.assign(key=key(), by=by("sue"), at=at(day), order_ids=(id,), user_ids=(by("finn").id,))
    assert Event.objects.filter(act="orders.assign").latest("id").denied
    done = orders.assign(key=key(), by=by("sue"), at=at(day), order_ids=(id,), user_ids=(by("finn").id, second))
    assert len(done.names) == 2
    for name in ("finn", "crew2"):
        (row,) = orders.list_open(now=at(day), user_id=by(name).id)
        assert row.hazards[0].persons == 2
        assert orders.confirm_warning(key=key(), by=by(name), at=at(day), order_id=id) == (mark,)
    with pytest.raises(Refused, match="A two-person mark is ended by the supervisor with a reason"):
        orders.end_hazard(key=key(), by=by("cleo"), at=at(day), hazard_id=mark, reason="to get the order done")
    assert Event.objects.filter(act="orders.end_hazard").latest("id").denied
    assert orders.list_hazards([premise(2)])[premise(2)]


def test_the_crew_stops_for_its_own_safety() -> None:
    day, next_day = date(2026, 5, 4), date(2026, 5, 6)
    account = move_in(3, date(2026, 4, 1), at=at_on(date(2026, 4, 1)))
    ledger.open_day(key=key(), by=by("ada"), at=at(day), on=day)
    unpaid(account, on=day, cents=12_975)  # opening A3: 129.75
    before = ledger.get_balance(account)
    id = write("shut_off", 3, day)
    orders.cannot_complete(
        key=key(), by=by("finn"), at=at(day, 15), order_id=id, code="unsafe",
        words="threat: the occupant blocks the meter and shouts",
    )  # fmt: skip
    (hazard,) = orders.list_hazards([premise(3)])[premise(3)]
    assert hazard.waits and hazard.says.startswith("threat")
    assert not Valve.objects.exists() and ledger.get_balance(account) == before  # no tick, no fee
    event = Event.objects.filter(act="orders.cannot_complete").latest("id")
    assert event.by_id == by("finn").id and "stopped: unsafe" in event.says

    with pytest.raises(Refused, match="waits for the supervisor's word"):
        orders.confirm_hazard(key=key(), by=by("cleo"), at=at(day), hazard_id=hazard.hazard_id, reason="it was said")
    orders.confirm_hazard(
        key=key(), by=by("sue"), at=at(day, 15, 30), hazard_id=hazard.hazard_id, persons=2,
        reason="confirmed; police stand by",
    )  # fmt: skip
    again = orders.reschedule(
        key=key(), by=by("sue"), at=at(day, 15, 31), order_id=id, on=next_day, words="police stand by"
    )
    assert (again.type, again.on, again.persons) == ("shut_off", next_day, 2)
