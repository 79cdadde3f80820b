"""The gateway of example towns behaves as a real one: it remembers, pays once, signs, and closes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from curbstop.outside import cards
from curbstop.outside.cards import BadSignature, Collecting, GatewayRefused
from curbstop.outside.cards.demo import DemoGateway

ASKED = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
LATER = ASKED + timedelta(hours=1)


@pytest.fixture
def gateway(tmp_path: Path) -> DemoGateway:
    return DemoGateway(tmp_path / "memory.sqlite3", public_url="https://office.example")


def wanted(reference: str = "ask-1", cents: int = 9630, channel: str = "phone") -> Collecting:
    return Collecting(reference, cents, "Moore, account 10000017", channel, ASKED, LATER)


def token(started: cards.Started) -> str:
    return started.url.rstrip("/").rpartition("/")[2]


def test_the_same_reference_is_the_same_page(gateway: DemoGateway) -> None:
    first = gateway.start(wanted())
    assert gateway.start(wanted()) == first and first.url.startswith("https://office.example/demo-gateway/")
    with pytest.raises(GatewayRefused, match="another amount"):
        gateway.start(wanted(cents=5))
    with pytest.raises(GatewayRefused, match="above zero"):
        gateway.start(wanted("ask-0", 0))


def test_paid_once_and_remembered_by_another_process(gateway: DemoGateway, tmp_path: Path) -> None:
    page = token(gateway.start(wanted()))
    assert gateway.pay(page, last_four="4242", at=ASKED) == "paid"
    assert gateway.pay(page, last_four="0005", at=ASKED) == "paid"
    other = DemoGateway(tmp_path / "memory.sqlite3", public_url="")
    report = other.ask(wanted(), at=LATER)
    assert (report.state, report.cents, report.method.last_four, report.paid_at) == ("paid", 9630, "4242", ASKED)
    assert other.void(wanted(), at=LATER).state == "paid" and other.method(report.payment_ref) == report.method
    assert len(other.messages()) == 1


def test_one_that_never_arrived_can_never_be_paid_once_it_is_closed(gateway: DemoGateway) -> None:
    assert gateway.ask(wanted(), at=ASKED).state == "failed"
    assert gateway.void(wanted(), at=ASKED).state == "expired"
    assert gateway.pay(token(gateway.start(wanted())), last_four="4242", at=ASKED) == "closed"


def test_its_time_is_up(gateway: DemoGateway) -> None:
    page = token(gateway.start(wanted()))
    assert gateway.ask(wanted(), at=LATER).state == "expired"
    assert gateway.pay(page, last_four="4242", at=LATER) == "closed"


def test_a_decline_ends_a_terminal_and_not_a_page(gateway: DemoGateway) -> None:
    page, terminal = token(gateway.start(wanted())), token(gateway.start(wanted("ask-2", channel="terminal")))
    assert (gateway.decline(page, at=ASKED), gateway.decline(terminal, at=ASKED)) == ("open", "failed")
    assert gateway.ask(wanted(), at=ASKED).state == "open"
    assert gateway.ask(wanted("ask-2"), at=ASKED).state == "failed"


def test_messages_are_signed_and_soon_too_old(gateway: DemoGateway) -> None:
    gateway.pay(token(gateway.start(wanted())), last_four="4242", at=ASKED)
    ((id, body),) = gateway.messages()
    headers = gateway.signed(body, at=ASKED)
    assert gateway.hear(body, headers, at=ASKED).event == id
    report = gateway.read(body)
    assert report is not None and (report.state, report.reference) == ("paid", "ask-1")
    for wrong, at in ((body + b" ", ASKED), (body, ASKED + timedelta(minutes=6))):
        with pytest.raises(BadSignature):
            gateway.hear(wrong, headers, at=at)
    with pytest.raises(BadSignature):
        gateway.hear(body, {}, at=ASKED)
    gateway.delivered(id, at=ASKED)
    assert gateway.messages() == []


def test_settled_the_next_day_less_the_fee(gateway: DemoGateway) -> None:
    for n, cents in enumerate((9630, 5418)):
        gateway.pay(token(gateway.start(wanted(f"ask-{n}", cents))), last_four="4242", at=ASKED)
    (settled,) = gateway.settlements((ASKED + timedelta(days=1)).date())
    assert (settled.gross_cents, settled.fee_cents) == (15048, 279 + 157 + 60)
    assert gateway.settlements(ASKED.date()) == ()


def test_refunds_never_more_than_came(gateway: DemoGateway) -> None:
    gateway.pay(token(gateway.start(wanted())), last_four="4242", at=ASKED)
    ref = gateway.ask(wanted(), at=ASKED).payment_ref
    first = gateway.refund(ref, 9000, reference="r1")
    assert gateway.refund(ref, 9000, reference="r1") == first
    with pytest.raises(GatewayRefused, match="More than is left"):
        gateway.refund(ref, 700, reference="r2")
    with pytest.raises(GatewayRefused, match="no payment"):
        gateway.refund("nobody", 700, reference="r3")


class TestChoosing:
    @pytest.mark.parametrize(
        ("environ", "example", "says"),
        [
            ({}, False, "No card gateway is set up"),
            ({"CURBSTOP_CARDS": "none"}, True, "No card gateway is set up"),
            ({"CURBSTOP_CARDS": "demo"}, False, "takes no money"),
            ({"CURBSTOP_CARDS": "stripe"}, True, "needs CURBSTOP_STRIPE_KEY and CURBSTOP_STRIPE_WEBHOOK_SECRET"),
            ({"CURBSTOP_CARDS": "square"}, True, "square is not known"),
        ],
    )
    def test_what_is_not_set_up_says_what_to_set(self, environ: dict[str, str], example: bool, says: str) -> None:
        with pytest.raises(cards.NoGateway, match=says):
            cards.chosen(example=example, environ=environ)

    def test_what_is(self) -> None:
        keys = {"CURBSTOP_STRIPE_KEY": "sk_test_1", "CURBSTOP_STRIPE_WEBHOOK_SECRET": "whsec_1"}
        assert cards.chosen(example=True, environ={}).name == "demo"
        assert cards.chosen(example=False, environ={"CURBSTOP_CARDS": "stripe", **keys}).name == "stripe"
        found = cards.readers({"CURBSTOP_READERS": "Counter 1=tmr_1, Counter 2=tmr_2,"})
        assert found == (("tmr_1", "Counter 1"), ("tmr_2", "Counter 2"))
        assert cards.public_url({"CURBSTOP_PORT": "8010"}) == "http://127.0.0.1:8010"
        assert cards.public_url({"CURBSTOP_PUBLIC_URL": "https://pay.moore.example/"}) == "https://pay.moore.example"
