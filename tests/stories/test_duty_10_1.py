"""Stories 01-4, 10-1 and 10-2: a referral keeps its clock, a dispute holds its part, a staff complaint is shut."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from curbstop.office import _holds, cases, delinquency, ledger, staff
from curbstop.office._once import NotPermitted, Refused
from curbstop.office.cases import Restricted
from curbstop.records.base.models import Event, User
from curbstop.records.cases.models import CaseStep
from tests.books import account, key, person
from tests.stories.meter_town import use_city

HERE = ZoneInfo("America/Chicago")


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=HERE).astimezone(UTC)


@pytest.fixture(scope="module", autouse=True)
def _city(django_db_setup, django_db_blocker, test_databases):
    before = use_city(test_databases, django_db_blocker)
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


pytestmark = pytest.mark.django_db


def last(act: str) -> Event:
    return Event.objects.filter(act=act).latest("id")


def test_a_complaint_that_is_referred_keeps_its_clock_and_its_owner():
    from curbstop.office import policies

    def settle(policy, value):
        policies.set(
            key=key(), by=staff.get_actor(username="adam"), at=at(4, 1, 9), policy=policy, from_on=date(2026, 4, 1),
            value=value, authority="set for this story", says="Set for this story.",
        )  # fmt: skip

    settle("case.promise", [{"category": "missed_pickup", "days": 1}])
    settle("case.referral.answer", 1)
    a3, clerk, clock = account(1_000_003, name="A3"), person("cleo"), person("clock")
    opened = {
        "key": key(), "by": clerk, "at": at(4, 10, 9, 10), "category": "missed_pickup", "account_id": a3.id,
        "says": "The cart was not emptied on Thursday", "answers": {"day": "2026-04-09"}, "channel": "telephone",
        "department": "Sanitation",
    }  # fmt: skip
    case = cases.open(**opened)
    assert cases.open(**opened) == case and CaseStep.objects.filter(case_id=case).count() == 2
    (row,) = cases.list_open(a3.id)
    assert (row.promised_at, row.standing.answer_due_at) == (at(4, 13, 17), at(4, 13, 17))
    assert (row.standing.state, row.standing.owner_id, row.standing.department) == ("referred", clerk.id, "Sanitation")
    assert cases.tell_promise(row) == "We will call you back by Monday, April 13. Sanitation has your report."
    assert date(2026, 4, 10).weekday() == 4 and date(2026, 4, 13).weekday() == 0

    assert cases.mark_overdue(key=key(), by=clock, at=at(4, 13, 16, 59)) == ()
    assert cases.mark_overdue(key=key(), by=clock, at=at(4, 13, 17)) == (case,)
    assert cases.mark_overdue(key=key(), by=clock, at=at(4, 13, 18)) == ()  # marked once
    (row,) = cases.list_open(a3.id)
    assert row.standing.overdue and row.standing.owner_id == clerk.id

    said = "cart blocked by a parked car, collected today 08:15"
    cases.answer(key=key(), by=person("finn"), at=at(4, 14, 8, 30), case_id=case, says=said)
    (seen,) = cases.list_queue(by=clerk, at=at(4, 14, 8, 31), owner_id=clerk.id)
    assert seen.case.standing.state == "answered"
    told = "Your cart was blocked by a parked car; it was collected at 8:15."
    with pytest.raises(Refused, match="closed with a resolution code and the words told to the customer"):
        cases.close(key=key(), by=clerk, at=at(4, 14, 8, 40), case_id=case, code="", told=told)
    assert last("cases.close").denied
    late = cases.close(key=key(), by=clerk, at=at(4, 14, 8, 45), case_id=case, code="collected", told=told)
    assert late == 1 and "1 working day late" in last("cases.close").says
    assert cases.list_open(a3.id) == () and ledger.get_balance(a3.id) == 0
    page = cases.get_case_page(case, by=clerk, at=at(4, 14, 9))
    assert (page.seen.case.promised_at, page.seen.case.standing.ended_at) == (at(4, 13, 17), at(4, 14, 8, 45))
    assert [told.step.step for told in page.steps] == ["assigned", "referred", "overdue", "answered", "closed"]


def test_a_complaint_about_a_member_of_staff_is_seen_by_its_owner_and_a_supervisor():
    a1, one, sue = account(1_000_001, name="A1"), person("cleo"), person("sue")
    two = person("clerk-2", "csr")
    case = cases.escalate(
        key=key(), by=one, at=at(4, 16, 11, 20), account_id=a1.id, owner_id=sue.id, due_at=at(4, 20, 17),
        says="Clerk-2 promised a waiver", channel="telephone",
    )  # fmt: skip
    (seen,) = cases.list_of_account(a1.id, by=two, at=at(4, 16, 11, 30))
    assert seen.hidden
    with pytest.raises(Restricted, match="One case on this account is restricted") as refused:
        cases.view(key=key(), by=two, at=at(4, 16, 11, 30), case_id=case)
    assert "waiver" not in str(refused.value) and "Cleo" not in str(refused.value)
    assert last("cases.view").denied and last("cases.view").by_id == two.id
    with pytest.raises(Restricted):
        cases.get_case_page(case, by=two, at=at(4, 16, 11, 30))
    # neither its words nor the account stand in any event that the account's history shows
    kept = Event.objects.filter(subjects__contains=[f"case:{case}"])
    assert all("waiver" not in f"{event.says}{event.inputs}" for event in kept)
    assert not Event.objects.filter(act="cases.escalate", subjects__contains=[f"account:{a1.id}"]).exists()
    cases.say(key=key(), by=sue, at=at(4, 17, 10), case_id=case, says="Both contact logs read; no waiver was promised")
    told = "We heard both sides; nobody promised a waiver."
    late = cases.close(key=key(), by=sue, at=at(4, 17, 11), case_id=case, code="unfounded", told=told)
    assert late == 0 and cases.get_case_page(case, by=sue, at=at(4, 17, 12)).seen.case.standing.state == "closed"


def told(policy, value):
    from tests.stories.meter_town import set_policy as settle

    settle(policy, value)


FEB, MAR, LAST = date(2026, 2, 3), date(2026, 3, 3), date(2026, 3, 31)


@pytest.fixture
def a1():
    """A1 used 6,000 gallons before, then 26,000; sewer average 5,200, one cart. The bill before is paid."""
    from curbstop.office import reads
    from curbstop.records.customers.models import Agreement
    from curbstop.records.meters.models import Average
    from tests.office.scene import at_on, by, move_in, read
    from tests.stories.meter_town import open_days, pay_all, run_bills

    told("bill.due_days", 20)
    told("dispute.amount", "above_average_use")
    told("dispute.after_finding", 10)
    told("late.percent", "2")
    told("late.day", 1)
    days = (FEB, date(2026, 4, 1), date(2026, 4, 10), date(2026, 4, 29), date(2026, 5, 19), date(2026, 5, 20))
    open_days(*days)
    of = move_in(1, MAR, register=500_000)
    sewer = Agreement.objects.get(account_id=of, service_point__service="sewer")
    Average.objects.create(agreement=sewer, during=(FEB, None), gal=5_200, event_id=1)
    register = 500_000
    for on, gal, bill_on in ((LAST, 6_000, date(2026, 4, 1)), (date(2026, 4, 28), 26_000, date(2026, 4, 29))):
        register += gal
        entered = read(1, on, register)
        if entered.waits:
            looked = {"at": at_on(on, 21), "read_id": entered.read_id, "outcome": "accept", "reason": "looked"}
            reads.decide(key=key(), by=by("sue"), **looked)
        if bill_on == date(2026, 4, 29):
            pay_all(date(2026, 4, 10), of)
        run_bills(bill_on)
    return of


def test_a_disputed_bill_holds_only_its_disputed_part(a1):
    from tests.office.scene import by
    from tests.stories.meter_town import last_bill, pay_some

    b1 = last_bill(a1)
    assert (b1.total_cents, b1.due_on) == (25687, date(2026, 5, 19))
    cleo, sue = by("cleo"), by("sue")
    desk = Client()
    desk.force_login(User.objects.get(pk=cleo.id))
    seen = desk.get(f"/cases/bill/{b1.pk}/").content.decode()
    assert "86.81" in seen and "170.06" in seen and "To find a leak" in seen
    form = {"key": key(), "by": cleo, "at": at(5, 18, 10), "bill_id": b1.pk, "why": "I never used that", "leak": "no"}
    made = cases.dispute(**form)
    assert cases.dispute(**form) == made
    preview = cases.get_dispute_preview(b1.pk, on=date(2026, 5, 18))
    assert 25687 - 8681 == 17006 and 950 + 3012 + 1794 + 1775 + 1150 == 8681
    assert (preview.average_gal, preview.at_average_cents, made.held_cents) == (6_000, 8681, 17006)
    (hold,) = _holds.list_at([a1], date(2026, 5, 18))[a1]
    assert (hold.reason, hold.cents, hold.from_on, hold.owner_id) == ("dispute", 17006, date(2026, 5, 18), cleo.id)
    assert hold.reaches(b1.pk) and not hold.reaches(b1.pk + 1)  # the hold does not reach B2
    assert made.order_id is not None and "turn you off for, the part you dispute" in preview.says
    with pytest.raises(Refused, match="disputed since"):
        cases.dispute(**{**form, "key": key()})

    pay_some(date(2026, 5, 19), a1, 8681)
    assert ledger.get_balance(a1) == 17006
    done = delinquency.assess_late(key=key(), by=by("clock"), at=at(5, 20, 9), run=b1.run_id, on=date(2026, 5, 20))
    assert (done.bills, done.held) == (0, 1)

    with pytest.raises(NotPermitted):
        cases.decide(key=key(), by=cleo, at=at(6, 2, 9), case_id=made.case_id, result="bill_right", says="it is right")
    assert last("cases.decide").denied
    with pytest.raises(Refused, match="somebody with power to correct the bill"):
        cases.close(key=key(), by=cleo, at=at(6, 2, 9), case_id=made.case_id, code="bill_right", told="It is right")
    found = cases.decide(
        key=key(), by=sue, at=at(6, 2, 10), case_id=made.case_id, result="bill_right",
        says="The meter is right, the use was real; a toilet ran inside.",
    )  # fmt: skip
    assert (found.due_cents, found.due_on) == (17006, date(2026, 6, 12))
    assert (date(2026, 6, 12) - date(2026, 6, 2)).days == 10
    assert _holds.list_at([a1], date(2026, 6, 2)) == {}
    assert cases.get_case_page(made.case_id, by=cleo, at=at(6, 2, 11)).seen.case.standing.state == "decided"
