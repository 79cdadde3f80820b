"""Orders on the desk and in the field: written, handed out, printed; what a telephone sends is done once."""

import base64
import json
from datetime import timedelta

import pytest
from django.test import Client

from curbstop.office import orders
from curbstop.records.base.models import Event
from curbstop.records.orders.models import Attachment, End, Hazard, Order, Word
from tests.desk.houses import text
from tests.office.scene import TODAY, at_on, by, key, premise
from tests.office.unpaid import unpaid

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]
PICTURE = base64.b64encode(b"\xff\xd8\xff" + b"dial" * 20).decode()


def written(type: str = "reread", house: int = 1, **more: object) -> int:
    given = {"key": key(), "by": by("cleo"), "at": at_on(TODAY, 14), "type": type, "premise_id": premise(house)}
    if type == "shut_off":
        unpaid(orders.load_place(premise(house), on=TODAY).account_id or 0, on=TODAY)
    return orders.write(**{**given, **more}).order_id  # type: ignore[arg-type]


def to_finn(*ids: int) -> None:
    orders.assign(key=key(), by=by("sue"), at=at_on(TODAY, 14), order_ids=ids, user_ids=(by("finn").id,))


def send(client: Client, **sent: object):
    return client.post("/field/send/", json.dumps(sent), content_type="application/json")


def test_an_order_is_written_from_an_address(cleo: Client) -> None:
    assert "2 Sage Wren Dr" in text(cleo.get("/orders/write/?at=2 sage"))
    page = f"/orders/write/{premise(2)}/"
    assert "There now" in text(cleo.get(page))
    form = {"key": "w-1", "do": "write", "type": "repair", "about": "water at the box", "priority": "2"}
    for _ in range(2):
        assert cleo.post(page, form).status_code == 302
    (order,) = Order.objects.all()
    assert order.about == "water at the box"
    second = text(cleo.post(page, {**form, "key": "w-2", "type": "leak_check"}))
    assert "already has an open order for the same trouble" in second and "Why a second is needed" in second
    windows = text(cleo.post(page, {"type": "connect", "on": "2026-03-05"}, HTTP_HX_REQUEST="true"))
    assert "08:00-10:00" in windows and "Someone must be home" in windows


def test_the_board_hands_out_and_shows_what_came_back(cleo: Client) -> None:
    assert "No order is open" in text(cleo.get("/orders/"))
    first, second = written(about="bill too high"), written("repair", 2, on=TODAY, about="box is full of water")
    page = text(cleo.get("/orders/"))
    assert "Nobody has it yet, 2" in page and "bill too high" in page
    form = {"key": "a-1", "order": [first, second], "crew": [by("finn").id]}
    assert "Finn" in text(cleo.post("/orders/assign/", form, follow=True))
    orders.cannot_complete(key=key(), by=by("finn"), at=at_on(TODAY), order_id=second, code="box_covered")
    page = text(cleo.get("/orders/"))
    assert "Came back undone, 1" in page and "Meter box covered" in page
    form = {"key": "r", "do": "reschedule", "on": "2026-03-09"}
    assert "Written again as order" in text(cleo.post(f"/orders/{second}/", form, follow=True))
    assert Order.objects.filter(follows_id=second).exists()


def test_paper_that_came_back_is_entered_and_errors_stand_beside(cleo: Client) -> None:
    id = written(house=3, about="customer asks")
    page = cleo.post(f"/orders/{id}/", {"key": "c", "do": "complete", "f.register": "x"})
    assert page.status_code == 422 and "not a whole number" in text(page) and not End.objects.exists()
    last = orders.get_order(order_id=id, now=at_on(TODAY)).meters[0].register or 0
    done = text(cleo.post(f"/orders/{id}/", {"key": "c", "do": "complete", "f.register": str(last + 500)}, follow=True))
    assert "Done" in done and f"{last + 500:,}" in done
    assert "cannot" not in text(cleo.get(f"/orders/{id}/"))


def test_print_a_day(cleo: Client) -> None:
    id = written()
    for address in (f"/orders/{id}/order.pdf", "/orders/day.pdf"):
        answer = cleo.get(address)
        assert answer.status_code == 200 and answer.content.startswith(b"%PDF-")


def test_hazards_of_a_place(cleo: Client) -> None:
    page = f"/orders/hazards/{premise(4)}/"
    told = {"key": "h", "do": "report", "says": "DOG, back gate", "persons": "1"}
    assert "goes with every order" in text(cleo.post(page, told, follow=True))
    id = written(house=4)
    assert "DOG, back gate" in text(cleo.get(f"/orders/{id}/"))
    to_finn(id)
    hazard = Hazard.objects.get()
    two = {"key": "h2", "do": "confirm", "hazard_id": hazard.pk, "reason": "threat", "persons": "2"}
    assert "set by the supervisor" in text(cleo.post(page, two))


def test_the_field_page_opens_an_order_when_its_warning_is_read(sign_in) -> None:
    finn = sign_in("finn")
    assert "No order is yours today" in text(finn.get("/field/"))
    orders.report_hazard(key=key(), by=by("cleo"), at=at_on(TODAY), premise_id=premise(1), says="DOG, back gate")
    id = written()
    to_finn(id)
    assert "I have read it" in text(finn.get("/field/"))
    assert send(finn, do="warning", key="s", order=str(id)).json() == {"done": True, "says": []}
    assert "I have read it" not in text(finn.get("/field/"))
    worker = finn.get("/field/worker.js")
    assert worker["Content-Type"].startswith("text/javascript") and "field.js" in worker.content.decode()


def test_what_a_telephone_sends_twice_is_done_once(sign_in) -> None:
    finn, id = sign_in("finn"), written(house=3)
    to_finn(id)
    last = orders.get_order(order_id=id, now=at_on(TODAY)).meters[0].register or 0
    thing = {
        "do": "complete", "key": "field:1", "order": str(id), "fields": {"register": str(last + 300)},
        "done_at": (at_on(TODAY, 14) + timedelta(minutes=35)).isoformat(), "latitude": "35.339200",
        "longitude": "-97.486700", "taken": [{"kind": "picture", "name": "dial.jpg", "body": PICTURE}], "later": True,
    }  # fmt: skip
    first = send(finn, **thing).json()
    events = Event.objects.count()
    assert first["done"] and send(finn, **thing).json() == first and Event.objects.count() == events
    assert (End.objects.count(), Attachment.objects.count()) == (1, 1)
    end = End.objects.get()
    assert end.done_at.isoformat() == thing["done_at"] and str(end.latitude) == "35.339200"
    other = send(finn, **{**thing, "key": "field:2"})
    assert other.status_code == 409 and other.json()["ended"]
    assert "Done" in text(finn.get("/field/"))
    assert finn.get(f"/orders/attachment/{Attachment.objects.get().pk}/").content.startswith(b"\xff\xd8\xff")
    written(house=3)
    assert "<circle" in sign_in("cleo").get("/orders/").content.decode()  # where the telephone was


def test_what_is_refused_after_the_crew_has_gone_on_asks_the_office(sign_in) -> None:
    finn, id = sign_in("finn"), written("shut_off", 3)
    to_finn(id)
    thing = {"do": "complete", "key": "field:9", "order": str(id), "fields": {"serial": "40000001"}, "later": True}
    answer = send(finn, **thing)
    assert answer.status_code == 409 and "the order is for 40000003" in answer.json()["why"]
    assert "the order is for 40000003" in Word.objects.get(kind="question").words
    assert not End.objects.exists()
    assert "Asks the office" in text(sign_in("cleo").get("/orders/"))
    assert send(finn, do="nothing", key="k").status_code == 400
    large = [{"kind": "picture", "name": "a.jpg", "body": "A" * 4_000_000}]  # more than a form may hold: 3 MB
    assert (
        "neither a PDF nor a picture"
        in send(finn, **{**thing, "fields": {"serial": "40000003"}, "taken": large}).json()["why"]
    )
    assert send(sign_in("otto"), **{**thing, "key": "field:10"}).status_code == 403


def test_what_waits_in_the_field_stands_on_the_first_page(cleo: Client, sign_in) -> None:
    id = written("shut_off", 3)
    to_finn(id)
    assert "1 order is yours" in text(sign_in("finn").get("/"))
    assert "order is yours" not in text(cleo.get("/"))
    orders.cannot_complete(
        key=key(), by=by("finn"), at=at_on(TODAY, 14), order_id=id, code="unsafe", words="threat at the meter"
    )
    page = text(cleo.get("/"))
    assert "1 order came back undone" in page and "1 hazard waits for a supervisor" in page
    number = orders.load_place(premise(3), on=TODAY).number
    assert "threat at the meter" in text(cleo.get(f"/customers/{number}/"))
