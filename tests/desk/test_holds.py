"""Holds, extensions and instalments on the screen: asked first, refused beside the field, and done."""

from datetime import date, timedelta

import pytest
from django.test import Client

from curbstop.office import _holds, delinquency
from curbstop.records.delinquency.holds import Hold
from curbstop.records.delinquency.promises import Arrangement, Extension
from curbstop.records.ledger.models import Request
from tests.desk.houses import account, key_of, text
from tests.office import scene
from tests.office.scene import by
from tests.office.unpaid import bill
from tests.stories.test_duty_06_4 import set_value

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]
TODAY = scene.TODAY


def owing(house: int = 2) -> str:
    of = account(house)
    bill(of.id, 9285, bill_on=TODAY - timedelta(30), due_on=TODAY - timedelta(10))
    return of.number


def test_an_extension_is_answered_before_it_is_promised(cleo: Client, django_assert_max_num_queries) -> None:
    number = owing()
    address = f"/customers/{number}/extension/"
    page = cleo.get(address)
    assert "is not set for this city" in text(page) and "Ask the supervisor" in text(page)
    set_value("extension.rule", "Whoever has kept the last one may have another.")
    set_value("extension.service_months", 36)
    with django_assert_max_num_queries(30):
        page = cleo.get(address)
    assert "of the 36 required" in text(page) and "Promise it" not in text(page)
    sent = {"key": key_of(page), "do": "extend", "pay_by_on": (TODAY + timedelta(9)).isoformat()}
    refused = cleo.post(address, sent)
    assert refused.status_code == 422 and "of the 36 required" in text(refused) and not Extension.objects.exists()
    refused = cleo.post(address, {**sent, "key": "other", "criterion_service_months": "met"})
    assert "policy, not fields of the form" in text(refused)
    asked = {"key": "ask-1", "do": "ask", "pay_by_on": sent["pay_by_on"], "reason": "hardship", "words": ""}
    refused = cleo.post(address, asked)
    assert "the supervisor reads it" in text(refused)
    assert cleo.post(address, {**asked, "words": "Paid on the ninth, by the letter of the bank."}).status_code == 302
    assert Request.objects.get(kind="extension_exception").account_ids == [account(2).id]


def test_a_promise_and_its_place_on_the_account(cleo: Client) -> None:
    number = owing()
    set_value("extension.rule", "Whoever has kept the last one may have another.")
    set_value("extension.until", {"days": 14})
    address = f"/customers/{number}/extension/"
    page = cleo.get(address)
    refused = cleo.post(address, {"key": key_of(page), "do": "extend", "pay_by_on": "2027-01-01"})
    assert refused.status_code == 422 and "is too late" in text(refused)
    day = TODAY + timedelta(9)
    done = cleo.post(address, {"key": key_of(page), "do": "extend", "pay_by_on": day.isoformat()}, follow=True)
    assert "Extension" in text(done) and "to come" in text(done) and Extension.objects.get().pay_by_on == day


def test_the_schedule_changes_with_what_is_typed(cleo: Client) -> None:
    number = owing()
    set_value("arrangement.rule", "A debt may be paid in parts.")
    set_value("arrangement.most_instalments", 4)
    address = f"/customers/{number}/arrangement/"
    first = (TODAY + timedelta(7)).isoformat()
    page = cleo.get(address, {"count": "5", "every": "week", "first_on": first})
    assert "5 instalments, and the city allows 4" in text(page)
    page = cleo.get(address, {"count": "2", "every": "week", "first_on": first, "down": "x"})
    assert "Paid today" in text(page) and "Agree to it" not in text(page)
    chosen = {"count": "2", "every": "week", "first_on": first, "down": "20.00"}
    page = cleo.get(address, chosen)
    shown = text(page)
    debt = page.context["built"].cents
    assert "Agree to it" in shown and debt >= 9285
    assert cleo.post(address, {**chosen, "key": key_of(page), "debt": "1"}).status_code == 422
    done = cleo.post(address, {**chosen, "key": key_of(page), "debt": str(debt)})
    assert done.status_code == 302 and Arrangement.objects.get().cents == debt
    assert "in 3 parts" in text(cleo.get(f"/customers/{number}/holds/"))


def test_holds_by_hand_and_the_list(cleo: Client, sign_in, django_assert_max_num_queries) -> None:
    number = owing()
    address = f"/customers/{number}/holds/"
    page = cleo.get(address)
    assert "go by the city's ladder" in text(page)
    sent = {"key": key_of(page), "do": "place", "reason": "medical", "authority": "", "owner": by("cleo").id}
    refused = cleo.post(address, sent)
    assert refused.status_code == 422 and "Name the paper" in text(refused)
    last = TODAY + timedelta(2)
    placed = cleo.post(address, {**sent, "authority": "Dr. Wray, 2 March", "last_on": last.isoformat()}, follow=True)
    assert "Dr. Wray, 2 March" in text(placed) and "so all wait" in text(placed)
    hold = Hold.objects.get()
    assert hold.until_on == last + timedelta(1)
    with django_assert_max_num_queries(20):
        listed = cleo.get("/holds/", {"soon": "1", "owner": str(by("cleo").id)})
    assert "Dr. Wray" in text(listed) and "No hold is like this" in text(cleo.get("/holds/", {"reason": "weather"}))
    delinquency.give_back_holds(key=scene.key(), by=by("clock"), at=scene.AT, on=TODAY)
    assert "1 hold of yours ends soon" in text(cleo.get("/"))
    row = {"row": str(hold.pk), "do": "release", "says": ""}
    assert "Say why it is released" in text(cleo.post(address, {**row, "key": "r1"}))
    assert cleo.post(address, {**row, "key": "r2", "says": "Paid after all."}).status_code == 302
    assert not _holds.list_at([account(2).id], TODAY)

    otto = sign_in("otto")
    assert otto.get("/holds/").status_code == 200
    refused = otto.post(address, {**sent, "key": "o1", "authority": "x"})
    assert refused.status_code == 422 and "may not do this" in text(refused)


def test_a_street_at_once(sign_in) -> None:
    sue = sign_in("sue")
    page = sue.get("/holds/street/", {"street": "Sage Wren"})
    found = len(page.context["found"])
    assert found > 1 and "Leave" in text(page)
    sent = {
        "key": key_of(page), "street": "Sage Wren", "route": "", "accounts": str(found), "reason": "disaster",
        "authority": "Proclamation of 2 March", "last_on": date(2026, 4, 1).isoformat(), "owner": by("sue").id,
    }  # fmt: skip
    listed = sue.post("/holds/street/", sent, follow=True)
    assert f"{found} holds placed at once" in text(listed) and Hold.objects.count() == found
    event = Hold.objects.first().event_id
    refused = sue.post("/holds/", {"key": "t1", "placed_by": event, "says": ""})
    assert refused.status_code == 422
    sue.post("/holds/", {"key": "t2", "placed_by": event, "says": "The wrong street."})
    assert not _holds.list_at(Hold.objects.values_list("account_id", flat=True), TODAY)


def test_a_petition_on_the_screen(cleo: Client) -> None:
    number = owing()
    address = f"/customers/{number}/holds/"
    page = cleo.get(address)
    sent = {"key": key_of(page), "do": "petition", "chapter": "13", "court": "", "case_no": "26-1", "filed_on": ""}
    refused = cleo.post(address, sent)
    assert refused.status_code == 422 and "Name the court" in text(refused)
    done = cleo.post(address, {**sent, "court": "W.D. Oklahoma", "filed_on": TODAY.isoformat()}, follow=True)
    assert "is fenced" in text(done) and "Bankruptcy, chapter 13" in text(done)
