"""From a dead line at Stripe to one payment in the books: the clock asks, the hook comes late, one charge."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from curbstop.office import ledger, payments
from curbstop.outside import cards
from curbstop.records.payments.models import CardPayment, Receipt
from curbstop.worker import cards as clock
from tests.books import account, key, person
from tests.office.payment_town import bill, raise_town
from tests.outside.localstripe import localstripe as localstripe
from tests.outside.localstripe import server as server
from tests.outside.stripe_server import KEY, StripeServer

pytestmark = pytest.mark.django_db

SECRET = "whsec_curbstop"


@pytest.fixture(autouse=True)
def town(db, server: StripeServer, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    raise_town()
    person("system", "system")
    for name, value in {
        "CURBSTOP_STRIPE_KEY": KEY,
        "CURBSTOP_STRIPE_WEBHOOK_SECRET": SECRET,
        "CURBSTOP_STRIPE_ADDRESS": server.address,
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)


def ask(channel: str, cents: int = 9459):  # type: ignore[no-untyped-def]
    of = account()
    bill(of)
    now = timezone.now()
    made = payments.ask(
        key=key(), by=person("cashier"), at=now, account_id=of.id, cents=cents, channel=channel, gateway="stripe",
        until=now + timedelta(hours=1), reader="tmr_1" if channel == "terminal" else "",
    )  # fmt: skip
    return of, made


def hook(kind: str, thing: dict[str, object], event: str = "evt_1"):  # type: ignore[no-untyped-def]
    body = json.dumps({"id": event, "object": "event", "type": kind, "data": {"object": thing}}).encode()
    stamp = int(datetime.now(UTC).timestamp())
    mac = hmac.new(SECRET.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={stamp},v1={mac}"}
    return Client().post("/api/v1/gateways/stripe/", body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("dead_at", ["/payment_intents", "/process_payment_intent"])
def test_the_terminal_charged_and_the_line_went_dead(server: StripeServer, dead_at: str) -> None:
    of, made = ask("terminal")
    gateway, wanted = cards.named("stripe"), cards.collecting(made)
    server.drop_at = dead_at
    with pytest.raises(cards.GatewaySilent):
        gateway.start(wanted)
    assert payments.get_ask(made.ask_id).state == "unknown" and ledger.get_balance(of.id) == 9459
    if server.readers["tmr_1"] is None:  # the reader was never told: the clock closes it when its time is up
        (asked,) = payments.list_open_asks()
        assert clock.look_at(asked, at=timezone.now()) == "open" and len(server.intents) == 1
        assert clock.look_at(asked, at=made.until) == "expired" and payments.pending_cents(of.id) == 0
        return
    intent = server.tap()
    (asked,) = payments.list_open_asks()
    assert clock.look_at(asked, at=timezone.now()) == "paid"
    assert hook("payment_intent.succeeded", {"id": intent}).json()["outcome"] == "already"
    (payment,) = CardPayment.objects.all()
    assert (payment.payment_ref, payment.last_four, payment.cents) == (intent, "4242", 9459)
    assert ledger.get_balance(of.id) == 0 and Receipt.objects.count() == 1
    assert server.asked.count("POST /v1/terminal/readers/tmr_1/process_payment_intent") == 1


def test_a_page_whose_making_was_never_answered_is_sent_all_the_same(server: StripeServer) -> None:
    of, made = ask("phone")
    server.drop_at = "/checkout/sessions"
    with pytest.raises(cards.GatewaySilent):
        cards.named("stripe").start(cards.collecting(made))
    (asked,) = payments.list_open_asks()
    clock.look_at(asked, at=timezone.now())
    read = payments.get_ask(made.ask_id)
    assert read.state == "open" and read.gateway_ref in server.pages and len(server.pages) == 1
    intent = server.pay(read.gateway_ref)
    page = server.pages[read.gateway_ref]
    outcomes = [
        hook("payment_intent.succeeded", {"id": intent}, "evt_2").json()["outcome"],
        hook("checkout.session.completed", page, "evt_1").json()["outcome"],
        hook("checkout.session.completed", page, "evt_1").json()["outcome"],
        hook("payment_intent.created", {"id": intent, "metadata": {"reference": made.reference}}, "evt_0").json()[
            "outcome"
        ],
    ]
    assert outcomes == ["paid", "already", "already", "open"]
    assert ledger.get_balance(of.id) == 0 and CardPayment.objects.count() == 1


def test_money_that_nobody_asked_for_is_kept_with_an_owner(server: StripeServer) -> None:
    intent = server._charge(1200, {}, "4242424242424242")["id"]
    assert hook("payment_intent.succeeded", {"id": intent}).json()["outcome"] == "unidentified"
    assert CardPayment.objects.get().owner_id == person("finance").id
    assert hook("charge.dispute.created", {"id": "dp_1"}, "evt_9").json()["outcome"] == "nothing"


def test_stripe_away_when_its_message_comes(server: StripeServer) -> None:
    of, made = ask("phone")
    started = cards.named("stripe").start(cards.collecting(made))
    intent = server.pay(started.gateway_ref)
    server.drop = 1
    assert hook("payment_intent.succeeded", {"id": intent}).json() == {"kept": True, "outcome": "waits"}
    assert ledger.get_balance(of.id) == 9459
    clock.deal_with_reports(at=timezone.now())
    assert ledger.get_balance(of.id) == 0 and not payments.list_waiting_reports()
