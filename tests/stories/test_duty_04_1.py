"""Stories 04-1 to 04-3: a card by telephone that never touches our screen, a gateway that answers too late, a note."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from curbstop.office import ledger, outbox, payments
from curbstop.office._once import Refused
from curbstop.outside import cards
from curbstop.outside.cards import demo
from curbstop.records.base.models import Event, User
from curbstop.records.decisions.models import City
from curbstop.records.payments.models import CardPayment, Receipt
from curbstop.worker import cards as clock
from tests.books import account, key, open_books, person, set_policy
from tests.office.payment_town import bill
from tests.scanning import TEST_NUMBER, card_fields, tables_with_card_numbers

DAY = date(2026, 4, 15)
WATER = ("water.volume", "51-1210", "51-4020")


def at(hour: int, minute: int) -> datetime:
    """An instant by Moore's clock (in April five hours behind UTC)."""
    return datetime(2026, 4, 15, hour + 5, minute, tzinfo=UTC)


@pytest.fixture
def town(db, settings, tmp_path):  # type: ignore[no-untyped-def]
    settings.HOME = tmp_path
    open_books(DAY, DAY + timedelta(1))
    set_policy("payments.application", "oldest_first")
    City.objects.create(id=1, code="moore_ok", name="Moore", time_zone="America/Chicago", body={})
    set_policy("town.seed", 7)  # an example town: the demonstration gateway takes its cards
    person("system", "system")


def sign_in(when: datetime) -> Client:
    """The clerk at her desk, signed in at this instant."""
    person("clerk", "csr")
    client = Client()
    with time_machine.travel(when, tick=False):
        client.force_login(User.objects.get(username="clerk"))
    return client


def opening(sequence: int, cents: int):  # type: ignore[no-untyped-def]
    of = account(sequence)
    bill(of, [(*WATER, cents)], on=DAY)
    assert ledger.get_balance(of.id) == cents
    return of


def key_of(page) -> str:  # type: ignore[no-untyped-def]
    return re.search(r'name="key" value="([^"]+)"', page.content.decode())[1]  # type: ignore[index]


def gateway() -> demo.DemoGateway:
    found = cards.named("demo")
    assert isinstance(found, demo.DemoGateway)
    return found


def report(body: bytes, signed_at: datetime) -> dict[str, object]:
    """The gateway's message as it comes over the line."""
    (header,) = gateway().signed(body, at=signed_at).items()
    answer = Client().post(
        "/api/v1/gateways/demo/", body, content_type="application/json", headers={header[0]: header[1]}
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def acts(name: str, **more) -> list[Event]:  # type: ignore[no-untyped-def]
    return list(Event.objects.filter(act=name, **more).order_by("id"))


def test_04_1_a_card_by_telephone_that_never_touches_our_screen(town) -> None:  # type: ignore[no-untyped-def]
    clerk = sign_in(at(10, 1))
    a1 = opening(1_000_001, 9630)
    with time_machine.travel(at(10, 2), tick=False):
        page = clerk.get(f"/payments/card/{a1.number}/")
        said = page.content.decode()
        assert "I am sending you a link. Please type your card there; I cannot see it and will not ask for it." in said
        assert card_fields(said) == []
        form = {"key": key_of(page), "amount": "96.30", "how": "sms", "phone": "405 793 5032", "do": "ask"}
        sent = clerk.post(f"/payments/card/{a1.number}/", form)
        assert payments.pending_cents(a1.id) == 9630  # penalties wait: tests/office/test_late_pending.py
        (asked,) = acts("payments.ask")
        assert asked.by.username == "clerk" and f"account:{a1.id}" in asked.subjects
        assert "On its way" in clerk.get(sent.url).content.decode()
        (text,) = outbox.list_due(now=at(10, 2))
        token = re.search(r"/demo-gateway/([^/]+)/", text.body)[1]  # type: ignore[index]

    with time_machine.travel(at(10, 3), tick=False):
        Client().post(f"/demo-gateway/{token}/", {"card": "declined"})
    with time_machine.travel(at(10, 4), tick=False):
        Client().post(f"/demo-gateway/{token}/", {"card": "4242"})
        (_, declined), (_, paid) = gateway().messages()
        assert report(paid, at(10, 4))["outcome"] == "paid"
        (payment,) = CardPayment.objects.all()
        assert (payment.cents, payment.last_four) == (9630, "4242")
        assert ledger.get_balance(a1.id) == 0 and payments.pending_cents(a1.id) == 0
        (row,) = payments.list_payments(a1.id)
        assert (row.cents, payments.get_receipt(row.series, row.no).tenders[0].reference) == (
            9630,
            "by telephone, Visa 4242",
        )
        receipt = outbox.list_messages(f"account:{a1.id}")[0]
        assert receipt.to == "+14057935032" and "$96.30 received, card ending 4242" in receipt.body
        (taken,) = acts("payments.record_paid")
        assert taken.by.username == "system" and f"user:{person('clerk').id}" in taken.subjects

    with time_machine.travel(at(10, 5), tick=False):
        assert report(paid, at(10, 5))["outcome"] == "already"
        assert report(declined, at(10, 5))["outcome"] == "open"  # what happened before comes after
        assert report(paid, at(10, 5))["outcome"] == "already"
    assert Receipt.objects.count() == 1 and ledger.get_balance(a1.id) == 0
    assert tables_with_card_numbers() == set()


def test_04_2_the_gateway_answers_too_late(town, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    clerk = sign_in(at(10, 59))
    a2 = opening(1_000_002, 5418)
    real = demo.DemoGateway.start
    taps: list[str] = []

    def dies(self, collecting):  # type: ignore[no-untyped-def]
        """The terminal starts and the card is held to it; the line goes dead before the answer."""
        started = real(self, collecting)
        taps.append(started.url)
        raise cards.GatewaySilent("no answer")

    with time_machine.travel(at(11, 0), tick=False), monkeypatch.context() as dead:
        dead.setattr(demo.DemoGateway, "start", dies)
        page = clerk.get(f"/payments/card/{a2.number}/")
        form = {"key": key_of(page), "amount": "54.18", "how": "terminal", "do": "ask"}
        asked = clerk.post(f"/payments/card/{a2.number}/", form).url
        gateway().pay(taps[0].rstrip("/").rpartition("/")[2], last_four="4242", at=at(11, 0))
        said = clerk.get(asked).content.decode()
        assert "Unknown, asking the gateway" in said and "Do not charge again" in said
        assert ledger.get_balance(a2.id) == 5418
        assert [event.by.username for event in acts("payments.ask")] == ["clerk"]

    with time_machine.travel(at(11, 1), tick=False):
        again = clerk.post(f"/payments/card/{a2.number}/", {**form, "key": "again"})
        assert "Do not charge again" in again.content.decode()
        # and whoever gets past the screen is refused by the office
        with pytest.raises(Refused, match=f"54.18 on {a2.number} is still being asked for; wait for its answer"):
            payments.ask(
                key=key("past the screen"),
                by=person("clerk"),
                at=at(11, 1),
                account_id=a2.id,
                cents=5418,
                channel="terminal",
                gateway="demo",
                until=at(11, 11),
            )
        (refused,) = acts("payments.ask", denied=True)
        assert refused.by.username == "clerk" and refused.subjects == [f"account:{a2.id}"]

    with time_machine.travel(at(11, 3), tick=False):
        clock.look_after(timestamp=0)
        clock.look_after(timestamp=0)
    assert ledger.get_balance(a2.id) == 0
    (payment,) = CardPayment.objects.all()
    assert payment.paid_at == at(11, 0) and Receipt.objects.count() == 1
    (settled,) = gateway().settlements(DAY + timedelta(1))
    assert (settled.gross_cents, settled.payment_refs) == (5418, (payment.payment_ref,))
    (taken,) = acts("payments.record_paid")
    assert taken.by.username == "system" and f"user:{person('clerk').id}" in taken.subjects


def test_04_3_a_card_number_written_in_a_note(town, caplog) -> None:  # type: ignore[no-untyped-def]
    clerk = sign_in(at(13, 19))
    a3 = account(1_000_003)
    with time_machine.travel(at(13, 20), tick=False):
        page = clerk.get(f"/customers/{a3.number}/note/")
        typed = f"caller reads out {TEST_NUMBER} and wants a call back on Friday"
        refused = clerk.post(f"/customers/{a3.number}/note/", {"key": key_of(page), "text": typed})
        said = refused.content.decode()
        assert "A card number cannot be kept in a note; take the payment by link or terminal" in said
        assert "caller reads out [card number removed] and wants a call back on Friday" in said
        (attempt,) = acts("customers.note")
        assert (attempt.denied, attempt.by.username, attempt.subjects) == (True, "clerk", [f"account:{a3.id}"])
        assert "1111" not in f"{attempt.inputs} {attempt.says}"
    assert tables_with_card_numbers() == set() and "1111 1111" not in said + caplog.text

    with time_machine.travel(at(13, 21), tick=False):
        parcel = "parcel 4111 1111 1111 1112 has two meters"
        clerk.post(f"/customers/{a3.number}/note/", {"key": key_of(page) + "b", "text": parcel})
    kept = acts("customers.note")[-1]
    assert (kept.denied, kept.says, kept.by.username) == (False, parcel, "clerk")
