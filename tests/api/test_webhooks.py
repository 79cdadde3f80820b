"""Where gateways report: signed and just now or not at all; kept first, dealt with once, taken up by the clock."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from curbstop.office import ledger, payments
from curbstop.outside import cards
from curbstop.outside.cards.demo import DemoGateway
from curbstop.records.payments.models import CardPayment, GatewayReport, GatewayReportDone
from curbstop.worker import cards as clock
from tests.books import account, key, person
from tests.office.payment_town import bill, raise_town

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town(db, settings, tmp_path):  # type: ignore[no-untyped-def]
    settings.HOME = tmp_path
    raise_town()
    person("system", "system")


def gateway() -> DemoGateway:
    found = cards.named("demo")
    assert isinstance(found, DemoGateway)
    return found


def paid(cents: int = 9459):  # type: ignore[no-untyped-def]
    """An account that paid at the gateway, and the message that says so."""
    of = account(1_000_001 + CardPayment.objects.count())
    bill(of)
    now = timezone.now()
    made = payments.ask(
        key=key(), by=person("cashier"), at=now, account_id=of.id, cents=cents, channel="phone", gateway="demo",
        until=now + timedelta(hours=1),
    )  # fmt: skip
    started = gateway().start(cards.collecting(made))
    gateway().pay(started.url.rstrip("/").rpartition("/")[2], last_four="4242", at=now)
    return of, gateway().messages()[-1][1]


def post(body: bytes, *, at=None, name: str = "demo", headers=None):  # type: ignore[no-untyped-def]
    headers = gateway().signed(body, at=at or timezone.now()) if headers is None else headers
    return Client().post(f"/api/v1/gateways/{name}/", body, content_type="application/json", headers=headers)


def test_a_message_is_kept_and_becomes_the_payment() -> None:
    of, body = paid()
    assert post(body).json() == {"kept": True, "outcome": "paid"}
    assert ledger.get_balance(of.id) == 0
    report = GatewayReport.objects.get()
    assert (bytes(report.body), report.kind) == (body, "payment.paid")
    assert GatewayReportDone.objects.get().words == "receipt PHONE-000001"
    assert [post(body).json()["outcome"] for _ in range(3)] == ["already"] * 3
    assert GatewayReport.objects.count() == CardPayment.objects.count() == 1


def test_what_is_not_signed_or_too_old_is_not_kept() -> None:
    _, body = paid()
    for answer in (
        post(body, headers={}),
        post(body, headers={"Demo-Signature": "t=1,v1=2"}),
        post(body, at=timezone.now() - timedelta(minutes=6)),
        post(body, at=timezone.now() + timedelta(minutes=6)),
    ):
        assert answer.status_code == 400 and not GatewayReport.objects.exists()
    assert post(body, name="square").status_code == 404
    assert Client().get("/api/v1/gateways/demo/").status_code == 405


def test_a_gateway_that_is_silent_meanwhile_is_asked_later(monkeypatch: pytest.MonkeyPatch) -> None:
    of, body = paid()
    with monkeypatch.context() as silent:

        def nothing(self, body):  # type: ignore[no-untyped-def]
            raise cards.GatewaySilent("no line")

        silent.setattr(DemoGateway, "read", nothing)
        assert post(body).json() == {"kept": True, "outcome": "waits"}
        clock.deal_with_reports(at=timezone.now())
        assert len(payments.list_waiting_reports()) == 1 and ledger.get_balance(of.id) == 9459
    clock.deal_with_reports(at=timezone.now())
    assert not payments.list_waiting_reports() and ledger.get_balance(of.id) == 0


def test_a_report_that_never_comes_is_asked_for() -> None:
    of, _ = paid()
    (asked,) = payments.list_open_asks()
    assert clock.look_at(asked, at=timezone.now()) == "open"  # its answer was lost too: made again, the same page
    (asked,) = payments.list_open_asks()
    assert clock.look_at(asked, at=timezone.now()) == "paid" and ledger.get_balance(of.id) == 0


def test_time_is_up_and_the_gateway_closes_it_first() -> None:
    of = account()
    now = timezone.now()
    made = payments.ask(
        key=key(), by=person("cashier"), at=now, account_id=of.id, cents=100, channel="phone", gateway="demo",
        until=now + timedelta(hours=1),
    )  # fmt: skip
    started = gateway().start(cards.collecting(made))
    (asked,) = payments.list_open_asks()
    assert clock.look_at(asked, at=made.until) == "expired" and payments.pending_cents(of.id) == 0
    assert gateway().pay(started.url.rstrip("/").rpartition("/")[2], last_four="4242", at=now) == "closed"


def test_the_outbox_is_sent_and_what_fails_is_kept(settings, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    of = account()
    now = timezone.now()
    made = payments.ask(
        key=key(), by=person("cashier"), at=now, account_id=of.id, cents=100, channel="phone", gateway="demo",
        until=now + timedelta(hours=1), send_by="sms", send_to="405 793 5032",
    )  # fmt: skip
    payments.record_started(
        key=key(), by=person("cashier"), at=now, ask_id=made.ask_id, gateway_ref="g", url="https://pay.example/1"
    )
    monkeypatch.setenv("CURBSTOP_SMS", "pigeon")
    clock.send(timestamp=0)
    assert payments.get_ask(made.ask_id).message == "failed"
    monkeypatch.setenv("CURBSTOP_SMS", "file")
    clock.send(timestamp=0)
    assert payments.get_ask(made.ask_id).message == "failed"  # its minute is not over
    assert not (settings.HOME / "outgoing").exists()
