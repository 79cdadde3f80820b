"""Stories 11-1 to 11-3: a clerk is away and her work is not; nobody works under another's name; a promise runs out."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from curbstop.office import cases, roster, staff
from curbstop.records.base.models import Event, User
from curbstop.records.cases.models import AbsenceItem
from curbstop.records.meters.models import ReadHold
from tests.books import account, key, person
from tests.office.scene import point
from tests.stories.meter_town import set_policy, use_city

HERE = ZoneInfo("America/Chicago")
pytestmark = pytest.mark.django_db


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, minute, tzinfo=HERE).astimezone(UTC)


@pytest.fixture(scope="module", autouse=True)
def _city(django_db_setup, django_db_blocker, test_databases):
    before = use_city(test_databases, django_db_blocker)
    yield
    with django_db_blocker.unblock():
        test_databases.use(before)


def opened(by, of, day: int, category: str = "other", hour: int = 17) -> int:
    return cases.open(
        key=key(), by=by, at=at(20, 9), category=category, account_id=of.id, says="Asks", due_at=at(day, hour)
    )


def test_a_clerk_is_absent_and_her_queue_is_not():
    one, two, sue = person("cleo"), person("clerk-2", "csr"), person("sue")
    of = account(1_000_001, name="A1")
    mine = [opened(one, of, day) for day in (21, 21, 24, 27, 28)]
    opened(one, of, 22, "callback")
    for house in (1, 2):
        ReadHold.objects.create(
            service_point_id=point(house), read_on=date(2026, 4, 20), reason="re-read", owner_id=one.id,
            until_on=date(2026, 4, 28), event_id=1,
        )  # fmt: skip
    form = {
        "key": key(), "by": sue, "at": at(21, 7, 50), "user_id": one.id, "cover_id": two.id,
        "from_on": date(2026, 4, 21), "until_on": date(2026, 4, 22),
    }  # fmt: skip
    handed = roster.mark_absent(**form)
    assert len(roster.mark_absent(**form).items) == AbsenceItem.objects.count() == 5 + 1 + 2 == 8
    kinds = [item.kind for item in handed.items]
    assert (kinds.count("case"), kinds.count("call"), kinds.count("read")) == (5, 1, 2)
    assert {item.due_at for item in handed.items if item.kind == "case"} == {at(day, 17) for day in (21, 24, 27, 28)}
    queue = cases.list_queue(by=two, at=at(21, 8), owner_id=two.id)
    assert len(queue) == 6 and {(row.by_cover, row.owner) for row in queue} == {("Clerk-2", "Cleo Test")}

    # 11-2: clerk-2 signs in as clerk-1
    with pytest.raises(roster.Away, match="is absent today; sign in as yourself, the queue is already yours"):
        roster.refuse_absent(user_id=one.id, at=at(21, 9))
    refused = Event.objects.get(act="staff.signin")
    assert refused.denied and refused.by_id == one.id

    cases.close(key=key(), by=two, at=at(21, 10, 15), case_id=mine[0], code="answered", told="Answered.")
    event = Event.objects.get(act="cases.close")
    assert event.by_id == two.id and "closed for Cleo Test" in event.says
    clock = staff.get_actor(username="clock")
    assert roster.end_absences(key=key(), by=clock, at=at(21, 18)) == ()
    (back,) = roster.end_absences(key=key(), by=clock, at=at(22, 8))
    assert (len(back.items), back.done) == (8 - 1, 1) == (7, 1)
    assert roster.end_absences(key=key(), by=clock, at=at(22, 8, 1)) == ()
    assert {row.by_cover for row in cases.list_queue(by=one, at=at(22, 8), owner_id=one.id)} == {""}
    roster.refuse_absent(user_id=one.id, at=at(22, 8))


def test_the_sign_in_page_refuses_who_is_marked_absent():
    one, two, sue = person("cleo"), person("clerk-2", "csr"), person("sue")
    user = User.objects.get(pk=one.id)
    user.set_password("correct horse battery")
    user.save()
    now = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
    days = {"from_on": date(2026, 3, 2), "until_on": date(2026, 3, 3)}
    roster.mark_absent(key=key(), by=sue, at=now, user_id=one.id, cover_id=two.id, **days)
    client = Client()
    answer = client.post("/accounts/login/", {"login": "cleo", "password": "correct horse battery"}, follow=True)
    assert not answer.wsgi_request.user.is_authenticated
    assert "is absent today" in answer.content.decode()
    assert Event.objects.filter(act="staff.signin", denied=True).exists()


def test_a_promise_of_somebody_who_has_not_come_goes_to_the_supervisor():
    set_policy("roster.unclaimed", 2)
    one, three, sue = person("cleo"), person("clerk-3", "csr"), person("sue")
    of, clock = account(1_000_001, name="A1"), staff.get_actor(username="clock")
    call = opened(one, of, 23, "callback", hour=11)
    assert roster.mark_unclaimed(key=key(), by=clock, at=at(23, 8, 59)) == ()
    assert roster.mark_unclaimed(key=key(), by=clock, at=at(23, 9)) == (call,)
    assert roster.list_unclaimed() == ((call, f"{of.number}, call promised 11:00, Cleo Test not here"),)
    cases.assign(key=key(), by=sue, at=at(23, 10, 20), case_id=call, owner_id=three.id)
    assert roster.list_unclaimed() == ()
    late = cases.close(key=key(), by=three, at=at(23, 10, 40), case_id=call, code="called", told="Called.")
    event = Event.objects.get(act="cases.close")
    assert late == 0 and event.by_id == three.id and "closed for Cleo Test" in event.says
