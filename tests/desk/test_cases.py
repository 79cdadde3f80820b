"""Cases on the desk: a call and what was done in it, a case from its script to its words, what is restricted."""

import pytest
from django.test import Client

from curbstop.office import cases
from curbstop.records.base.models import Event, User
from curbstop.records.cases.models import Case, Contact
from tests.desk.houses import text
from tests.office.scene import TODAY, at_on, by, key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


def first_account():
    from curbstop.records.customers.models import Account

    return Account.objects.order_by("id").first()


def test_a_call_gathers_what_is_done_and_a_case_ends_with_words(cleo: Client, django_assert_max_num_queries) -> None:
    of = first_account()
    page = f"/cases/of/{of.number}/"
    assert "Somebody calls" in text(cleo.get(page)) and "Nobody&#x27;s call" not in text(cleo.get(page))
    refused = text(cleo.post(page, {"key": "c-1", "do": "open", "channel": "telephone"}))
    assert "Write who speaks" in refused
    form = {"key": "c-2", "do": "open", "channel": "telephone", "who": "the holder", "proof": "birth", "said": "cart"}
    for _ in range(2):
        assert cleo.post(page, form).status_code == 302
    contact = Contact.objects.get()
    assert contact.verified == "birth"
    new = f"{page}new/?category=missed_pickup"
    assert "Which day was the pickup?" in text(cleo.get(new))
    sent = {"key": "n-1", "says": "The cart is full", "q-day": "yesterday", "channel": "telephone"}
    assert "write year-month-day" in text(cleo.post(new, sent))
    assert cleo.post(new, {**sent, "q-day": "2026-02-26"}).status_code == 302
    case = Case.objects.get()
    assert case.contact_id == contact.pk and case.fields == {"day": "2026-02-26"}
    seen = text(cleo.get(page))
    assert "On the line" in seen and "1 act so far" in seen and f"Case {case.pk} opened" in seen
    assert cleo.post(page, {"key": "c-3", "do": "end", "contact": contact.pk, "said": "will wait"}).status_code == 302

    one = f"/cases/{case.pk}/"
    assert "A case is closed with a resolution code" in text(
        cleo.post(one, {"key": "k-1", "do": "close", "code": "", "says": "Done"})
    )
    board = "/cases/"
    with django_assert_max_num_queries(16):
        assert "The cart is full" in text(cleo.get(board))
    told = {"key": "k-2", "do": "close", "code": "collected", "says": "It was collected."}
    assert cleo.post(one, told).status_code == 302
    assert "Was the customer satisfied?" in text(cleo.get(one)) and "The cart is full" not in text(cleo.get(board))


def test_a_restricted_case_tells_nothing_to_others_and_keeps_who_asked(cleo: Client) -> None:
    of, sue = first_account(), by("sue")
    case = cases.escalate(
        key=key(), by=by("cleo"), at=at_on(TODAY, 14), account_id=of.id, owner_id=sue.id, says="Cleo was rude"
    )
    answer = cleo.get(f"/cases/{case}/")
    assert answer.status_code == 403 and "rude" not in text(answer)
    seen = text(cleo.get(f"/cases/of/{of.number}/"))
    assert "One case on this account is restricted" in seen and "rude" not in seen
    assert "rude" not in text(cleo.get(f"/customers/{of.number}/"))
    assert Event.objects.filter(act="cases.view", denied=True, by_id=by("cleo").id).exists()


def test_the_roster_hands_work_over(cleo: Client) -> None:
    assert "Only for supervisor" in text(cleo.get("/cases/roster/"))
    sue = Client()
    sue.force_login(User.objects.get(username="sue"))
    form = {
        "key": "r-1",
        "user": by("cleo").id,
        "cover": by("cleo").id,
        "from_on": "2026-03-02",
        "until_on": "2026-03-03",
    }
    assert "Somebody else has to take the work over" in text(sue.post("/cases/roster/", form))
    assert sue.post("/cases/roster/", {**form, "key": "r-2", "cover": by("sue").id}).status_code == 302
    assert "Away until" in text(sue.get("/cases/roster/"))
