"""Money asked for by card: asked once, reported however often and in whatever order, paid once, lost never."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.office import ledger, outbox, payments
from curbstop.office._once import KeyReused, NotPermitted, Refused
from curbstop.office.payments import BadPayment
from curbstop.records.base.models import Event
from curbstop.records.payments.models import Ask, AskEnded, CardPayment, GatewayReport, GatewayReportDone, Receipt
from curbstop.rules.cards import Method, Report
from curbstop.rules.faults import BadValue
from tests.books import DAY, account, at_on, key, person
from tests.office.payment_town import AFTER, bill, raise_town, ties

VISA = Method(token="pm_1", brand="visa", last_four="4242", expires="2030-12")


@pytest.fixture
def town(db):
    raise_town()
    person("system", "system")


def ask(of, cents=9459, **more):
    values = {
        "key": key(), "by": person("cashier"), "at": at_on(DAY, 16), "account_id": of.id, "cents": cents,
        "channel": "phone", "gateway": "demo", "until": at_on(DAY, 17), "send_by": "sms", "send_to": "405 793 5032",
    }  # fmt: skip
    return payments.ask(**{**values, **more})


def started(made, ref="g1", url="https://pay.example/1", **more):
    values = {"key": key(), "by": person("cashier"), "at": at_on(DAY, 16), "ask_id": made.ask_id}
    return payments.record_started(**{**values, "gateway_ref": ref, "url": url, **more})


def paid(made, cents=None, payment_ref="p1", at=None, **more):
    values = {
        "key": key(), "by": person("system"), "at": at_on(DAY, 16, 4), "gateway": "demo", "payment_ref": payment_ref,
        "reference": made.reference, "cents": cents or made.cents, "paid_at": at or at_on(DAY, 16, 3), "on": DAY,
        "method": VISA,
    }  # fmt: skip
    return payments.record_paid(**{**values, **more})


def report(made, state="paid", payment_ref="p1", **more):
    if state != "paid":
        return Report(state, made.reference, "g1", **more)
    return Report("paid", made.reference, "g1", payment_ref, made.cents, at_on(DAY, 16, 3), VISA)


def settle(word, at=None, **more):
    values = {"key": key(), "by": person("system"), "at": at or at_on(DAY, 16, 5), "on": DAY, "gateway": "demo"}
    return payments.settle(report=word, **{**values, **more})


class TestAsking:
    def test_it_is_pending_and_nothing_moves(self, town):
        of = account()
        bill(of)
        made = ask(of)
        assert (made.cents, made.number, made.account_id) == (9459, of.number, of.id)
        assert payments.pending_cents(of.id) == 9459 and ledger.get_balance(of.id) == 9459
        event = Event.objects.get(act="payments.ask")
        assert event.says == "Asked for 94.59 by card by telephone, link to +14057935032."
        assert set(event.subjects) == {f"account:{of.id}", f"ask:{made.ask_id}"}
        assert payments.get_ask(made.ask_id).state == "unknown"  # the gateway has not answered yet

    def test_the_same_key_asks_once(self, town):
        of, k = account(), key()
        first = ask(of, key=k)
        assert ask(of, key=k, at=at_on(DAY, 16, 1)) == first and Ask.objects.count() == 1
        with pytest.raises(KeyReused):
            ask(of, key=k, cents=1)

    @pytest.mark.parametrize("cents", [9459, 100])
    def test_a_second_ask_waits_for_the_answer_of_the_first(self, town, cents):
        of = account()
        ask(of)
        with pytest.raises(Refused, match=f"94.59 on {of.number} is still being asked for; wait for its answer"):
            ask(of, cents)
        refused = Event.objects.get(act="payments.ask", denied=True)
        assert refused.subjects == [f"account:{of.id}"] and Ask.objects.count() == 1
        ask(account(1_000_002), cents)  # another account may

    @pytest.mark.parametrize(
        ("given", "kind", "words"),
        [
            ({"cents": 0}, BadPayment, "zero"),
            ({"send_to": "12"}, BadValue, "telephone"),
            ({"send_to": ""}, BadValue, "nowhere to send"),
            ({"send_by": "email", "send_to": "nobody"}, BadValue, "not an e-mail"),
            ({"send_by": "pigeon"}, Refused, "sms or email"),
            ({"channel": "drum"}, Refused, "no channel 'drum'"),
            ({"by": "finance"}, NotPermitted, "needs the role"),
        ],
    )
    def test_what_cannot_be_asked(self, town, given, kind, words):
        if "by" in given:
            given = {"by": person("finance")}
        with pytest.raises(kind, match=words):
            ask(account(), **given)
        assert not Ask.objects.exists()

    def test_the_link_goes_out_when_the_gateway_has_given_it(self, town):
        made = ask(account())
        assert not outbox.list_due(now=at_on(DAY, 20))
        started(made)
        (message,) = outbox.list_due(now=at_on(DAY, 16))
        assert (message.channel, message.to) == ("sms", "+14057935032")
        assert "94.59" in message.body and "https://pay.example/1" in message.body and "until 11:00" in message.body
        assert payments.get_ask(made.ask_id).state == "open" and payments.get_ask(made.ask_id).message == "waits"
        started(made)
        assert len(outbox.list_due(now=at_on(DAY, 16))) == 1
        with pytest.raises(Refused, match="named ask .* g1 before, and now g2"):
            started(made, "g2")

    def test_over_once_and_then_it_can_be_asked_again(self, town):
        of = account()
        made = ask(of)
        over = {"by": person("cashier"), "at": at_on(DAY, 16), "ask_id": made.ask_id}
        with pytest.raises(Refused, match="Say why"):
            payments.cancel_ask(key=key(), reason=" ", **over)
        k = key()
        assert payments.cancel_ask(key=k, reason="pays at the counter", **over).outcome == "cancelled"
        assert payments.cancel_ask(key=k, reason="pays at the counter", **over).already is False  # the first outcome
        again = payments.cancel_ask(key=key(), reason="again", **over)
        assert (again.outcome, again.already) == ("cancelled", True) and AskEnded.objects.count() == 1
        assert payments.pending_cents(of.id) == 0
        ask(of)

    def test_time_is_up_only_when_it_is(self, town):
        made = ask(account())
        end = {"by": person("system"), "ask_id": made.ask_id}
        with pytest.raises(Refused, match="is open until"):
            payments.expire(key=key(), at=at_on(DAY, 16, 59), **end)
        assert payments.expire(key=key(), at=at_on(DAY, 17), **end).outcome == "expired"


class TestReports:
    def test_a_report_becomes_one_payment_with_its_receipt(self, town):
        of = account()
        bill(of)
        made = ask(of)
        started(made)
        done = paid(made)
        assert (done.number, done.account_id, done.owed_after_cents, done.already) == ("PHONE-000001", of.id, 0, False)
        assert ledger.get_balance(of.id) == 0 and payments.pending_cents(of.id) == 0
        receipt = payments.get_receipt("PHONE", 1)
        assert (receipt.cents, receipt.effective_on, receipt.posted_on) == (9459, DAY, DAY)
        assert [(t.type, t.reference) for t in receipt.tenders] == [("card", "by telephone, Visa 4242")]
        sums = ties()
        assert sums[10, 1040] == 9459
        event = Event.objects.get(act="payments.record_paid")
        assert event.says == (
            "Paid 94.59 by card by telephone, card ending 4242, asked for by Cashier, receipt PHONE-000001."
        )
        assert {f"account:{of.id}", f"user:{person('cashier').id}", f"ask:{made.ask_id}"} <= set(event.subjects)
        read = payments.get_ask(made.ask_id)
        assert (read.state, read.receipt, read.last_four) == ("paid", "PHONE-000001", "4242")
        said = outbox.list_messages(f"ask:{made.ask_id}")[0]
        assert "$94.59 received, card ending 4242" in said.body and "You owe $0.00 now" in said.body

    def test_all_of_a_day_waits_in_one_batch_and_each_day_in_its_own(self, town):
        one, two, three = (account(1_000_001 + n) for n in range(3))
        paid(ask(one, 500), payment_ref="a")
        paid(ask(two, 700), payment_ref="b")
        paid(ask(three, 900), payment_ref="c", at=at_on(AFTER, 16), on=AFTER)
        batches = [payments_batch(of) for of in (one, two, three)]
        assert batches[0] == batches[1] != batches[2] and ties()[10, 1040] == 2100

    def test_again_and_out_of_order_is_nothing(self, town):
        of = account()
        bill(of)
        made, k = ask(of), key()
        first = paid(made, key=k)
        assert paid(made, key=k) == first
        assert paid(made).already and paid(made, on=AFTER, at=at_on(DAY, 16, 3)).number == first.number
        payments.record_failed(key=key(), by=person("system"), at=at_on(DAY), ask_id=made.ask_id, reason="declined")
        assert (CardPayment.objects.count(), Receipt.objects.count(), AskEnded.objects.count()) == (1, 1, 0)
        assert ledger.get_balance(of.id) == 0

    def test_money_after_the_end_is_still_the_accounts(self, town):
        of = account()
        bill(of)
        made = ask(of)
        payments.cancel_ask(key=key(), by=person("cashier"), at=at_on(DAY), ask_id=made.ask_id, reason="gave up")
        assert paid(made).account_id == of.id and ledger.get_balance(of.id) == 0
        assert payments.get_ask(made.ask_id).state == "paid"

    def test_an_unknown_ask_and_a_second_payment_wait_with_an_owner(self, town):
        of = account()
        bill(of)
        made = ask(of)
        paid(made)
        twice = paid(made, payment_ref="p2")
        assert (twice.account_id, twice.owner_id) == (None, person("finance").id)
        stray = payments.record_paid(
            key=key(), by=person("system"), at=at_on(DAY, 17), gateway="demo", payment_ref="p3", reference="ask-nobody",
            cents=1200, paid_at=at_on(DAY, 16), on=DAY, method=VISA,
        )  # fmt: skip
        assert stray.account_id is None and ledger.get_balance(of.id) == 0
        sums = ties()
        assert (sums[10, 2340], sums[10, 1040]) == (-(9459 + 1200), 2 * 9459 + 1200)
        given = CardPayment.objects.order_by("id").values_list("given", flat=True)
        assert list(given)[1:] == [f"a second payment for ask {made.ask_id} of 94.59, which is paid", "ask-nobody"]
        payments.identify(
            key=key(), by=person("finance"), at=at_on(DAY), document_id=stray.document_id, account_id=of.id, on=DAY
        )
        assert ledger.get_balance(of.id) == -1200

    def test_the_true_amount_is_posted_whatever_was_asked(self, town):
        of = account()
        bill(of)
        assert paid(ask(of), cents=5000).cents == 5000
        assert ledger.get_balance(of.id) == 4459

    def test_money_of_yesterday_counts_from_yesterday(self, town):
        of = account()
        bill(of)
        done = paid(ask(of), on=AFTER, at=at_on(DAY, 23))
        receipt = payments.get_receipt("PHONE", 1)
        assert (receipt.effective_on, receipt.posted_on) == (DAY, AFTER) and done.owed_after_cents == 0

    def test_without_an_open_day_it_waits_and_is_not_lost(self, town):
        late = AFTER + timedelta(5)
        made = ask(account(), until=at_on(late, 23))
        word = Report("paid", made.reference, "g1", "p1", 9459, at_on(late, 16), VISA)
        assert settle(word, on=late, at=at_on(late, 17)).outcome == "waits"
        assert payments.pending_cents(made.account_id) == 9459 and not Event.objects.filter(denied=True).exists()
        ledger.open_day(key=key(), by=person("clock"), at=at_on(late), on=late)
        assert settle(word, on=late, at=at_on(late, 17)).outcome == "paid"

    def test_only_the_clock_may_say_that_a_card_was_paid(self, town):
        made = ask(account())
        with pytest.raises(NotPermitted):
            paid(made, by=person("supervisor"))


def payments_batch(of):
    from curbstop.records.payments.models import Tender

    receipt = Receipt.objects.get(account=of)
    return Tender.objects.get(series_id=receipt.series_id, no=receipt.no).batch_document_id


class TestInbox:
    def keep(self, event="evt_1", body='{"id": "evt_1"}', **more):
        values = {"key": key(), "by": person("system"), "at": at_on(DAY), "gateway": "demo", "kind": "payment.paid"}
        return payments.receive_report(gateway_event=event, body=body, **{**values, **more})

    def test_a_message_is_kept_once_before_anything_is_done(self, town):
        first = self.keep()
        assert (first.already, first.done) == (False, False)
        assert self.keep() == payments.ReportKept(first.report_id, already=True, done=False)
        assert self.keep(gateway="stripe").report_id != first.report_id
        assert [row.body for row in payments.list_waiting_reports()] == [b'{"id": "evt_1"}'] * 2
        assert Event.objects.filter(act="payments.receive_report").first().inputs["body"].keys() == {"sha256"}

    def test_a_card_number_in_a_message_is_masked(self, town):
        self.keep(body='{"note": "4111 1111 1111 1111"}')
        assert bytes(GatewayReport.objects.get().body) == b'{"note": "[card number removed]"}'

    def test_it_is_done_when_it_was_dealt_with(self, town):
        made = ask(account())
        for n, word in enumerate([report(made, "open"), report(made), report(made)]):
            kept = self.keep(f"evt_{n}")
            settle(word, report_id=kept.report_id)
        outcomes = GatewayReportDone.objects.order_by("report_id").values_list("outcome", flat=True)
        assert list(outcomes) == ["open", "paid", "already"] and not payments.list_waiting_reports()
        assert self.keep("evt_1").done


class TestCollected:
    def collect(self, **more):
        values = {
            "key": key(), "by": person("kiosk", "robot"), "at": at_on(DAY, 16), "cents": 2500, "payment_ref": "k1",
            "paid_at": at_on(DAY, 15), "on": DAY, "channel": "kiosk", "method": VISA,
        }  # fmt: skip
        return payments.collect(**{**values, **more})

    def test_a_kiosk_posts_what_it_took_once(self, town):
        of = account()
        bill(of)
        done = self.collect(account=of.number)
        assert (done.number, done.owed_after_cents) == ("KIOSK-000001", 6959)
        assert self.collect(account=of.number).already
        assert payments.get_receipt("KIOSK", 1).tenders[0].reference == "at the kiosk, Visa 4242"
        other = self.collect(account=of.number, by=person("ivr", "robot"), channel="robot")
        assert not other.already and ties()[10, 1040] == 5000  # its own names for its own payments

    def test_an_account_that_nobody_has(self, town):
        done = self.collect(account="12")
        assert done.account_id is None and done.owner_id == person("finance").id and ties()[10, 2340] == -2500

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"channel": "till"}, "no channel 'till'"),
            ({"paid_at": at_on(DAY, 17)}, "still to come"),
            ({"payment_ref": " "}, "your own name"),
            ({"cents": -1}, "below zero"),
        ],
    )
    def test_what_a_robot_may_not_send(self, town, given, words):
        with pytest.raises((Refused, BadPayment), match=words):
            self.collect(account=account().number, **given)

    def test_a_robot_may_do_nothing_else(self, town):
        with pytest.raises(NotPermitted):
            ask(account(), by=person("kiosk", "robot"))


class TestOutbox:
    def test_tried_again_later_each_time_and_given_up_at_last(self, town):
        made = ask(account())
        started(made)
        now, clock = at_on(DAY, 16), person("system")
        for attempt in range(outbox.MOST_ATTEMPTS):
            (message,) = outbox.list_due(now=now)
            assert message.attempts == attempt
            done = outbox.record_attempt(
                key=key(), by=clock, at=now, message_id=message.id, sent=False, words="no line"
            )
            assert done.outcome == ("given_up" if attempt == outbox.MOST_ATTEMPTS - 1 else "failed")
            assert not outbox.list_due(now=now)
            now += timedelta(minutes=2**attempt)
        assert not outbox.list_due(now=now + timedelta(days=9))
        assert payments.get_ask(made.ask_id).message == "given_up"

    def test_sent_is_sent(self, town):
        started(ask(account()))
        (message,) = outbox.list_due(now=at_on(DAY, 16))
        k = key()
        send = {"by": person("system"), "at": at_on(DAY, 16), "message_id": message.id, "words": "SM1"}
        first = outbox.record_attempt(key=k, sent=True, **send)
        assert outbox.record_attempt(key=k, sent=True, **send) == first
        assert outbox.record_attempt(key=key(), sent=False, **send).outcome == "sent"
        assert not outbox.list_due(now=at_on(AFTER))


WORDS = st.sampled_from(["paid", "paid again", "second", "open", "unknown", "failed", "expired", "cancel", "expire"])


@given(words=st.lists(WORDS, max_size=9), late=st.booleans())
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_in_whatever_order_pays_at_most_once_and_loses_nothing(town, words, late):
    """Any order of reports, polls, expiry and cancelling: one payment for the account, every cent in the books."""
    of = account(1_000_001 + Ask.objects.count())
    bill(of)
    made = ask(of)
    at = made.until if late else at_on(DAY, 16, 30)
    came = set()
    before = ties().get((10, 1040), 0)
    for word in words:
        if word in ("paid", "paid again", "second"):
            came.add("s" if word == "second" else "p")
            settle(report(made, payment_ref=f"{'s' if word == 'second' else 'p'}{made.ask_id}"), at=at)
        elif word == "cancel":
            payments.cancel_ask(key=key(), by=person("cashier"), at=at, ask_id=made.ask_id, reason="gave up")
        elif word == "expire" and late:
            payments.expire(key=key(), by=person("system"), at=at, ask_id=made.ask_id)
        elif word != "expire":
            settle(report(made, word), at=at)
    assert Receipt.objects.filter(account=of).count() == min(len(came), 1)
    assert ledger.get_balance(of.id) == (0 if came else 9459)
    assert ties().get((10, 1040), 0) - before == 9459 * len(came)
    over = {"failed", "cancel"} | ({"expire", "expired"} if late else {"expired"})
    assert payments.pending_cents(of.id) == (0 if came or over & set(words) else 9459)
