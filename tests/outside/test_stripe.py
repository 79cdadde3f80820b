"""The Stripe adapter against localstripe and a stateful front: pages, links, terminals, lost answers, web hooks."""

import hashlib
import hmac
import json
from datetime import UTC, date, datetime, timedelta

import pytest

from curbstop.outside.cards import BadSignature, Collecting, GatewayRefused, GatewaySilent
from curbstop.outside.cards.over_stripe import StripeGateway
from tests.outside.localstripe import localstripe as localstripe
from tests.outside.localstripe import server as server
from tests.outside.stripe_server import DECLINED, KEY, VISA, StripeServer

SECRET = "whsec_curbstop"
ASKED = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@pytest.fixture
def gateway(server: StripeServer, monkeypatch: pytest.MonkeyPatch) -> StripeGateway:
    monkeypatch.setenv("NO_PROXY", "*")
    return StripeGateway(key=KEY, webhook_secret=SECRET, address=server.address, timeout=5)


def wanted(reference: str = "ask-1", channel: str = "phone", minutes: int = 60, cents: int = 9630) -> Collecting:
    return Collecting(
        reference=reference,
        cents=cents,
        says="City of Moore, account 10000017",
        channel=channel,
        asked_at=ASKED,
        until=ASKED + timedelta(minutes=minutes),
        back_url="https://office.example/paid/",
        reader="tmr_1",
    )


def signed(told: object, *, at: datetime = ASKED, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(told).encode()
    stamp = int(at.timestamp())
    mac = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={stamp},v1={mac}"}


class TestPage:
    def test_from_the_page_to_the_payment(self, gateway: StripeGateway, server: StripeServer) -> None:
        started = gateway.start(wanted())
        page = server.pages[started.gateway_ref]
        assert (page["amount_total"], page["client_reference_id"]) == (9630, "ask-1")
        assert page["expires_at"] == int((ASKED + timedelta(minutes=60)).timestamp())
        assert gateway.ask(wanted(), started.gateway_ref, at=ASKED).state == "open"
        intent = server.pay(started.gateway_ref)
        paid = gateway.ask(wanted(), started.gateway_ref, at=ASKED)
        assert (paid.state, paid.payment_ref, paid.cents, paid.reference) == ("paid", intent, 9630, "ask-1")
        assert (paid.method.brand, paid.method.last_four, paid.method.expires) == ("visa", "4242", "2030-12")
        assert gateway.method(intent) == paid.method

    def test_started_twice_is_one_page(self, gateway: StripeGateway, server: StripeServer) -> None:
        assert gateway.start(wanted()) == gateway.start(wanted()) and len(server.pages) == 1
        with pytest.raises(GatewayRefused, match="Keys may be used once"):
            gateway.start(wanted(cents=1))

    def test_an_answer_that_was_lost_is_found_by_our_reference(
        self, gateway: StripeGateway, server: StripeServer
    ) -> None:
        server.drop = 1
        with pytest.raises(GatewaySilent):
            gateway.start(wanted())
        (id,) = server.pages  # it was made
        server.pay(id)
        found = gateway.ask(wanted(), at=ASKED)
        assert (found.state, found.gateway_ref) == ("paid", id) and len(server.pages) == 1

    def test_a_card_declined_on_the_page_leaves_it_open(self, gateway: StripeGateway, server: StripeServer) -> None:
        started = gateway.start(wanted())
        server.pay(started.gateway_ref, DECLINED)
        assert gateway.ask(wanted(), started.gateway_ref, at=ASKED).state == "open"

    def test_closed_it_cannot_be_paid_and_paid_it_cannot_be_closed(
        self, gateway: StripeGateway, server: StripeServer
    ) -> None:
        one = gateway.start(wanted("ask-a"))
        assert gateway.void(wanted("ask-a"), one.gateway_ref, at=ASKED).state == "expired"
        assert gateway.void(wanted("ask-a"), one.gateway_ref, at=ASKED).state == "expired"
        two = gateway.start(wanted("ask-b"))
        server.pay(two.gateway_ref)
        assert gateway.void(wanted("ask-b"), two.gateway_ref, at=ASKED).state == "paid"

    def test_a_refund_once(self, gateway: StripeGateway, server: StripeServer) -> None:
        intent = server.pay(gateway.start(wanted()).gateway_ref)
        first = gateway.refund(intent, 1000, reference="refund-1")
        assert (first.cents, first.done) == (1000, True)
        assert gateway.refund(intent, 1000, reference="refund-1") == first
        with pytest.raises(GatewayRefused):
            gateway.refund("pi_nobody", 1000, reference="refund-2")


class TestLink:
    def test_a_link_that_lives_for_days(self, gateway: StripeGateway, server: StripeServer) -> None:
        long = wanted("ask-l", minutes=3 * 1440)
        started = gateway.start(long)
        assert (
            started.gateway_ref.startswith("plink_")
            and gateway.ask(long, started.gateway_ref, at=ASKED).state == "open"
        )
        intent = server.pay(started.gateway_ref)
        paid = gateway.ask(long, started.gateway_ref, at=ASKED)
        assert (paid.state, paid.payment_ref, paid.cents) == ("paid", intent, 9630)
        assert gateway.ask(long, at=ASKED).payment_ref == intent  # found without its name too

    def test_closed(self, gateway: StripeGateway, server: StripeServer) -> None:
        long = wanted("ask-l", minutes=3 * 1440)
        started = gateway.start(long)
        assert gateway.void(long, started.gateway_ref, at=ASKED).state == "expired"
        assert not server.links[started.gateway_ref]["active"]


class TestTerminal:
    def test_a_card_is_held_to_the_reader(self, gateway: StripeGateway, server: StripeServer) -> None:
        started = gateway.start(wanted(channel="terminal"))
        assert gateway.ask(wanted(channel="terminal"), started.gateway_ref, at=ASKED).state == "open"
        assert server.tap() == started.gateway_ref
        paid = gateway.ask(wanted(channel="terminal"), started.gateway_ref, at=ASKED)
        assert (paid.state, paid.payment_ref, paid.method.last_four) == ("paid", started.gateway_ref, "4242")

    def test_the_line_goes_dead_after_the_card_was_charged(self, gateway: StripeGateway, server: StripeServer) -> None:
        ask = wanted("ask-t", "terminal")
        server.drop = 0
        gateway.start(ask)
        server.tap()
        again = StripeGateway(key=KEY, webhook_secret=SECRET, address=server.address, timeout=5)
        taps = server.asked.count("POST /v1/terminal/readers/tmr_1/process_payment_intent")
        found = again.ask(ask, at=ASKED)  # its name was never heard
        assert found.state == "paid"
        assert server.asked.count("POST /v1/terminal/readers/tmr_1/process_payment_intent") == taps

    def test_the_answer_to_starting_is_lost(self, gateway: StripeGateway, server: StripeServer) -> None:
        ask = wanted("ask-u", "terminal")
        server.drop = 1
        with pytest.raises(GatewaySilent):
            gateway.start(ask)
        assert gateway.ask(ask, at=ASKED).state == "open" and len(server.intents) == 1
        assert gateway.void(ask, at=ASKED).state == "expired" and server.readers["tmr_1"] is None

    def test_a_declined_card_fails_it(self, gateway: StripeGateway, server: StripeServer) -> None:
        started = gateway.start(wanted(channel="terminal"))
        server.tap(card=DECLINED)
        failed = gateway.ask(wanted(channel="terminal"), started.gateway_ref, at=ASKED)
        assert failed.state == "failed" and "declined" in failed.reason.lower()

    def test_a_reader_that_is_not_there(self, gateway: StripeGateway, server: StripeServer) -> None:
        del server.readers["tmr_1"]
        with pytest.raises(GatewayRefused, match="No such terminal.reader"):
            gateway.start(wanted(channel="terminal"))


class TestHooks:
    def event(self, kind: str, thing: dict[str, object]) -> dict[str, object]:
        return {"id": "evt_1", "object": "event", "type": kind, "data": {"object": thing}}

    def test_what_stripe_signed_is_heard(self, gateway: StripeGateway) -> None:
        body, headers = signed(self.event("charge.updated", {"id": "ch_1"}))
        heard = gateway.hear(body, headers, at=ASKED)
        assert (heard.event, heard.kind) == ("evt_1", "charge.updated") and gateway.read(body) is None

    @pytest.mark.parametrize("wrong", ["secret", "body", "age", "ahead", "none", "nonsense"])
    def test_what_it_did_not_sign_or_long_ago_is_not(self, gateway: StripeGateway, wrong: str) -> None:
        at = {"age": ASKED - timedelta(minutes=6), "ahead": ASKED + timedelta(minutes=6)}.get(wrong, ASKED)
        secret = "whsec_other" if wrong == "secret" else SECRET
        body, headers = signed(self.event("charge.updated", {"id": "ch_1"}), at=at, secret=secret)
        if wrong == "body":
            body = body.replace(b"ch_1", b"ch_2")
        if wrong in ("none", "nonsense"):
            headers = {"Stripe-Signature": "t=x,v1=y"} if wrong == "nonsense" else {}
        with pytest.raises(BadSignature):
            gateway.hear(body, headers, at=ASKED)

    def test_both_messages_of_one_payment_name_the_same_money(
        self, gateway: StripeGateway, server: StripeServer
    ) -> None:
        started = gateway.start(wanted())
        intent = server.pay(started.gateway_ref)
        page = {**server.pages[started.gateway_ref]}
        one = gateway.read(signed(self.event("checkout.session.completed", page))[0])
        thing = {"id": intent, "metadata": {"reference": "ask-1"}}
        two = gateway.read(signed(self.event("payment_intent.succeeded", thing))[0])
        assert one is not None and two is not None
        assert (one.state, two.state) == ("paid", "paid")
        assert (one.payment_ref, one.cents, one.reference) == (two.payment_ref, two.cents, two.reference)

    def test_money_that_was_not_asked_for_here_is_told_too(self, gateway: StripeGateway, server: StripeServer) -> None:
        intent = server._charge(1200, {}, VISA)["id"]
        stray = gateway.read(signed(self.event("payment_intent.succeeded", {"id": intent}))[0])
        assert stray is not None and (stray.reference, stray.payment_ref) == ("", intent)

    @pytest.mark.parametrize(
        ("kind", "more", "state"),
        [
            ("checkout.session.expired", {"status": "expired"}, "expired"),
            ("checkout.session.completed", {"payment_status": "unpaid"}, "open"),
            ("payment_intent.payment_failed", {"payment_method_types": ["card"]}, "open"),
            ("payment_intent.payment_failed", {"payment_method_types": ["card_present"]}, "failed"),
        ],
    )
    def test_what_is_no_payment(self, gateway: StripeGateway, kind: str, more: dict[str, object], state: str) -> None:
        thing = {"id": "x_1", "metadata": {"reference": "ask-1"}, **more}
        report = gateway.read(signed(self.event(kind, thing))[0])
        assert report is not None and (report.state, report.reference) == (state, "ask-1")

    def test_a_silent_stripe_is_no_answer(self, gateway: StripeGateway, server: StripeServer) -> None:
        server.close()
        with pytest.raises(GatewaySilent):
            gateway.read(signed(self.event("payment_intent.succeeded", {"id": "pi_1"}))[0])


def test_settlements_tell_gross_fee_and_payments(gateway: StripeGateway, server: StripeServer) -> None:
    day = date(2026, 3, 4)
    at = int(datetime(2026, 3, 4, tzinfo=UTC).timestamp())
    rows = [
        {
            "id": f"txn_{n}",
            "type": "charge",
            "amount": cents,
            "fee": fee,
            "source": {"id": f"ch_{n}", "payment_intent": f"pi_{n}"},
        }
        for n, (cents, fee) in enumerate([(9630, 309), (5418, 187), (2000, 88)])
    ]
    rows.append({"id": "txn_r", "type": "refund", "amount": -1000, "fee": 0, "source": {"id": "re_1"}})
    rows.append({"id": "txn_p", "type": "payout", "amount": -15464, "fee": 0, "source": None})
    server.pay_out("po_1", at, rows)
    (settled,) = gateway.settlements(day)
    assert (settled.gross_cents, settled.fee_cents, settled.net_cents) == (16048, 584, 15464)
    assert settled.payment_refs == ("pi_0", "pi_1", "pi_2") and gateway.settlements(date(2026, 3, 5)) == ()
