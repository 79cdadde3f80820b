"""Card by phone at the desk: the link, the answer, live; no field takes a card number."""

import re

import pytest
from django.test import Client

from curbstop.desk import clock
from curbstop.office import ledger, outbox, pages, payments
from curbstop.outside import cards
from curbstop.records.base.models import Event
from curbstop.records.payments.models import Ask
from tests.books import person, set_policy
from tests.desk.conftest import HTMX
from tests.desk.houses import account, key_of, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("street")]


@pytest.fixture(autouse=True)
def example(db, settings, tmp_path):  # type: ignore[no-untyped-def]
    """A made-up town, where the demonstration gateway is; and the clock under its name."""
    settings.HOME = tmp_path
    person("system", "system")
    set_policy("town.seed", 7)


def form(client: Client, house: int = 1, **more: str) -> dict[str, str]:
    page = client.get(f"/payments/card/{account(house).number}/")
    return {"key": key_of(page), "amount": "20.00", "how": "sms", "phone": "405 793 5032", "do": "ask", **more}


def send(client: Client, house: int = 1, **more: str):  # type: ignore[no-untyped-def]
    return client.post(f"/payments/card/{account(house).number}/", form(client, house, **more))


def asked() -> Ask:
    return Ask.objects.latest("id")


def test_the_form_has_what_is_owed_and_says_what_to_say(cleo: Client) -> None:
    page = cleo.get(f"/payments/card/{account(2).number}/")
    owed = ledger.get_balance(account(2).pk) + pages.get_asked(account_id=account(2).pk)  # a deposit is asked for too
    assert f'value="{owed // 100:,}.{owed % 100:02}"' in page.content.decode()
    assert "I cannot see it and will not ask for it" in text(page)
    assert "Nothing is added when a card is used" in text(page)


def test_a_link_is_sent_and_the_payment_is_on_its_way(cleo: Client) -> None:
    of = account(2)
    answer = send(cleo, 2)
    assert answer.status_code == 302 and answer.url == f"/payments/asked/{asked().pk}/"
    page = cleo.get(answer.url)
    assert "On its way" in text(page) and "The caller has the link" in text(page) and "405-793-5032" in text(page)
    (message,) = outbox.list_due(now=clock.now())
    assert "/demo-gateway/" in message.body and message.to == "+14057935032"
    head = text(cleo.get(f"/customers/{of.number}/"))
    assert "$20.00 by card is on its way: do not charge again" in head
    assert payments.pending_cents(of.pk) == 2000


def test_the_payer_pays_and_the_screen_says_so(cleo: Client) -> None:
    of = account(2)
    page = cleo.get(send(cleo, 2).url)
    address = re.search(r"(/demo-gateway/[^\"]+)", page.content.decode())
    assert address is not None
    payer = Client()
    assert "This is a demonstration" in text(payer.get(address[1]))
    assert payer.post(address[1], {"card": "4242"}).url == "/paid/"
    assert "Thank you" in text(payer.get("/paid/"))
    part = cleo.get(f"/payments/asked/{asked().pk}/status/", **HTMX)
    assert part["HX-Refresh"] == "true" and "Visa ending 4242" in text(part)
    assert payments.list_payments(of.pk)[0].cents == 2000 and payments.pending_cents(of.pk) == 0
    assert "It is paid" in text(payer.get(address[1]))
    said = outbox.list_messages(f"ask:{asked().pk}")[0].body
    assert "$20.00 received, card ending 4242" in said


def test_a_declined_card_is_not_the_end_of_a_link(cleo: Client) -> None:
    page = cleo.get(send(cleo, 2).url)
    address = re.search(r"(/demo-gateway/[^\"]+)", page.content.decode())[1]  # type: ignore[index]
    assert "That card was declined" in text(Client().post(address, {"card": "declined"}))
    assert "On its way" in text(cleo.get(f"/payments/asked/{asked().pk}/status/", **HTMX))
    assert Client().post(address, {"card": "0005"}).url == "/paid/"


def test_nobody_asks_twice(cleo: Client) -> None:
    first = form(cleo, 2)
    number = account(2).number
    cleo.post(f"/payments/card/{number}/", first)
    assert cleo.post(f"/payments/card/{number}/", first).status_code == 200  # the same press again
    assert Ask.objects.count() == 1
    page = text(cleo.get(f"/payments/card/{number}/"))
    assert "Do not charge again" in page and "Opens when the payment that is on its way has come" in page


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"amount": ""}, "write dollars and cents"),
        ({"amount": "12.5"}, "12.5"),
        ({"phone": "12"}, "telephone"),
        ({"phone": ""}, "Opens when a telephone number is typed"),
        ({"how": "email", "email": "nobody"}, "not an e-mail address"),
    ],
)
def test_what_cannot_be_asked_says_why_beside_the_field(cleo: Client, typed: dict[str, str], says: str) -> None:
    page = send(cleo, 2, **typed)
    assert page.status_code == 200 and says in text(page) and not Ask.objects.exists()


def test_the_strip_follows_what_is_typed(cleo: Client) -> None:
    values = form(cleo, 2, do="look")
    part = cleo.post(f"/payments/card/{account(2).number}/", values, **HTMX)
    assert "Send Leon Whitfield a link to pay $20.00" in text(part) and 'hx-swap-oob="true"' in part.content.decode()
    assert not Ask.objects.exists()


def test_an_unanswered_gateway_is_unknown_and_nobody_charges_again(cleo: Client, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from curbstop.outside.cards import demo

    def dead(self, collecting):  # type: ignore[no-untyped-def]
        raise cards.GatewaySilent("the line is dead")

    monkeypatch.setattr(demo.DemoGateway, "start", dead)
    page = text(cleo.get(send(cleo, 2, how="terminal").url))
    assert "Unknown, asking the gateway" in page and "Do not charge again" in page
    again = send(cleo, 2, how="terminal")
    assert again.status_code == 200 and "Do not charge again" in text(again) and Ask.objects.count() == 1


def test_cancelling_closes_the_page_first(cleo: Client) -> None:
    page = cleo.get(send(cleo, 2).url)
    address = re.search(r"(/demo-gateway/[^\"]+)", page.content.decode())[1]  # type: ignore[index]
    done = cleo.post(f"/payments/asked/{asked().pk}/cancel/", {"key": key_of(page), "why": "gave_up"}, follow=True)
    assert "Cancelled" in text(done) and "Nothing was charged" in text(done)
    assert "This page is closed" in text(Client().get(address))
    assert send(cleo, 2).status_code == 302  # and it can be asked again


def test_cancelling_what_was_paid_keeps_the_payment(cleo: Client) -> None:
    of = account(2)
    page = cleo.get(send(cleo, 2).url)
    address = re.search(r"(/demo-gateway/[^\"]+)", page.content.decode())[1]  # type: ignore[index]
    Client().post(address, {"card": "4242"})
    done = cleo.post(f"/payments/asked/{asked().pk}/cancel/", {"key": key_of(page), "why": "amount"}, follow=True)
    assert "It was paid a moment ago" in text(done) and payments.list_payments(of.pk)[0].cents == 2000


def test_an_office_without_a_gateway_says_what_to_set(cleo: Client) -> None:
    from curbstop.records.decisions.models import PolicyValue

    PolicyValue.objects.filter(policy="town.seed").delete()
    page = send(cleo, 2)
    assert "No card gateway is set up for this office" in text(page) and not Ask.objects.exists()
    assert Client().get("/demo-gateway/abc/").status_code == 404


def test_who_may_not_ask(sign_in) -> None:  # type: ignore[no-untyped-def]
    otto = sign_in("otto")
    assert "Only for" in text(otto.get(f"/payments/card/{account(2).number}/"))
    answer = otto.post(f"/payments/card/{account(2).number}/", form(otto, 2))
    assert answer.status_code == 200 and "may not do this" in text(answer) and not Ask.objects.exists()


def test_a_note_with_a_card_number_comes_back_without_it(cleo: Client) -> None:
    of = account(3)
    page = cleo.get(f"/customers/{of.number}/note/")
    typed = "Wants to pay with 4111 1111 1111 1111, call back Friday"
    answer = cleo.post(f"/customers/{of.number}/note/", {"key": key_of(page), "text": typed})
    said = text(answer)
    assert "A card number cannot be kept in a note; take the payment by link or terminal" in said
    assert "Wants to pay with [card number removed], call back Friday" in said and "4111" not in said
    event = Event.objects.get(act="customers.note", denied=True)
    assert event.subjects == [f"account:{of.pk}"] and event.inputs["text"] == {"withheld": "card number"}


def test_it_is_few_queries(cleo: Client, django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    url = send(cleo, 2).url
    with django_assert_max_num_queries(9):
        cleo.get(url)
    with django_assert_max_num_queries(14):
        cleo.get(f"{url}status/", **HTMX)
