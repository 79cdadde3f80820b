"""What the database itself refuses about money that is asked for, gateways' reports, and the outbox."""

import pytest
from django.db import connection

from curbstop.records.base.models import Outgoing, OutgoingDone
from curbstop.records.payments.models import (
    Ask,
    AskEnded,
    AskStarted,
    CardDay,
    CardPayment,
    GatewayReport,
    GatewayReportDone,
    Receipt,
    Series,
)
from curbstop.rules.ledger import credit, debit, interfund
from tests.books import AT, DAY, account, at_on, open_books, person, posting
from tests.records.test_payments_refusals import refused

UNTIL = at_on(DAY, 20)


@pytest.fixture
def of(db):
    open_books()
    return account()


def ask(of, reference="ask-1", **more):
    given = {
        "account": of, "asked_by_id": person("clerk").id, "cents": 500, "asked_at": AT, "until": UNTIL, "event_id": 1,
        "gateway": "demo", "channel": "phone",
    }  # fmt: skip
    return Ask.objects.create(reference=reference, **{**given, **more})


@pytest.fixture
def paid(of):
    """A receipt of 5.00 that a card payment may name."""
    legs = [
        debit("10-1040", 500, "payment", document=5, line=1),
        credit("10-2310", 500, "credit", account_id=of.id, document=6, line=1),
    ]
    series = Series.objects.create(code="PHONE")
    txn = posting("take", interfund(legs))
    given = {"series": series, "account": of, "cents": 500, "payer": "R", "effective_on": DAY}
    Receipt.objects.create(no=1, txn_id=txn, document_id=6, **given)
    return {
        "series": series,
        "no": 1,
        "cents": 500,
        "paid_at": AT,
        "event_id": 1,
        "gateway": "demo",
        "channel": "phone",
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cents": 0}, "payments_ask_positive"),
        ({"until": AT}, "payments_ask_until"),
        ({"reference": ""}, "payments_ask_named"),
        ({"gateway": ""}, "payments_ask_named"),
        ({"channel": "till"}, "payments_ask_channel"),
        ({"send_by": "sms"}, "payments_ask_sent"),
        ({"send_to": "+14057935032"}, "payments_ask_sent"),
        ({"send_by": "pigeon", "send_to": "x"}, "payments_ask_sent"),
    ],
)
def test_asks_that_cannot_be(of, given, words):
    with refused(words):
        ask(of, **given)


def test_a_reference_once_and_started_and_ended_once(of):
    made = ask(of)
    with refused("reference"):
        ask(of)
    AskStarted.objects.create(ask=made, at=AT, event_id=1, gateway_ref="g")
    with refused("payments_askstarted_pkey"):
        AskStarted.objects.create(ask=made, at=AT, event_id=1, gateway_ref="h")
    end = {"ask": made, "at": AT, "event_id": 1}
    with refused("payments_askended_outcome"):
        AskEnded.objects.create(outcome="paid", reason="x", **end)
    with refused("payments_askended_reason"):
        AskEnded.objects.create(outcome="failed", reason="", **end)
    AskEnded.objects.create(outcome="failed", reason="declined", **end)
    with refused("payments_askended_pkey"):
        AskEnded.objects.create(outcome="expired", reason="late", **end)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cents": 0}, "payments_cardpayment_positive"),
        ({"payment_ref": ""}, "payments_cardpayment_named"),
        ({"last_four": "424"}, "payments_cardpayment_four"),
        ({"last_four": "4111111111111111"}, "payments_cardpayment_four"),
        ({"no": 9}, "payments_cardpayment_its_receipt"),
    ],
)
def test_card_payments_that_cannot_be(paid, given, words):
    with refused(words):
        CardPayment.objects.create(**{**paid, "payment_ref": "p1", **given})


def test_the_same_money_the_same_receipt_the_same_ask_once(of, paid):
    made = ask(of)
    CardPayment.objects.create(payment_ref="p1", ask=made, last_four="4242", **paid)
    with refused("payments_cardpayment_once|payments_cardpayment_receipt|ask_id"):
        CardPayment.objects.create(payment_ref="p1", **paid)
    with refused("payments_cardpayment_receipt"):
        CardPayment.objects.create(payment_ref="p2", **paid)
    CardDay.objects.create(id=5, gateway="demo", on=DAY, event_id=1)
    with refused("payments_cardday_once"):
        CardDay.objects.create(id=7, gateway="demo", on=DAY, event_id=1)


def test_a_message_of_a_gateway_once_and_done_once(db):
    given = {"received_at": AT, "event_id": 1, "gateway": "demo", "kind": "k", "sha256": b"s", "body": b"{}"}
    report = GatewayReport.objects.create(gateway_event="e1", **given)
    with refused("payments_gatewayreport_once"):
        GatewayReport.objects.create(gateway_event="e1", **given)
    GatewayReportDone.objects.create(report=report, at=AT, event_id=1, outcome="paid")
    with refused("payments_gatewayreportdone_pkey"):
        GatewayReportDone.objects.create(report=report, at=AT, event_id=1, outcome="open")


def test_a_message_has_a_channel_a_receiver_and_words_and_ends_once(db):
    given = {"after": AT, "event_id": 1, "channel": "sms", "to": "+1", "body": "x"}
    for wrong, words in (({"channel": "fax"}, "channel"), ({"to": ""}, "whole"), ({"body": ""}, "whole")):
        with refused(f"base_outbox_{words}"):
            Outgoing.objects.create(**{**given, **wrong})
    message = Outgoing.objects.create(**given)
    done = {"message": message, "at": AT, "event_id": 1}
    with refused("base_outboxdone_what"):
        OutgoingDone.objects.create(outcome="lost", **done)
    for _ in range(2):
        OutgoingDone.objects.create(outcome="failed", **done)
    OutgoingDone.objects.create(outcome="sent", **done)
    with refused("base_outboxdone_ends_once"):
        OutgoingDone.objects.create(outcome="given_up", **done)


TABLES = [
    "payments_ask", "payments_askstarted", "payments_askended", "payments_cardday", "payments_cardpayment",
    "payments_gatewayreport", "payments_gatewayreportdone", "base_outbox", "base_outboxdone", "delinquency_lateheld",
    "delinquency_latesettled",
]  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_nothing_of_it_is_ever_changed(db, table):
    triggers = ["never_changes", "never_truncates"]
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_trigger where tgrelid = %s::regclass and tgname = any(%s)", [table, triggers]
        )
        assert cursor.fetchone()[0] == 2
        cursor.execute("select public.limit_rights()")
        cursor.execute("select has_table_privilege('curbstop_app', %s, 'update')", [table])
        assert cursor.fetchone()[0] is False
        cursor.execute("select has_table_privilege('curbstop_app', %s, 'insert')", [table])
        assert cursor.fetchone()[0] is True


def test_the_trigger_bites(of):
    made = ask(of)
    with refused("never changed"):
        Ask.objects.filter(pk=made.pk).update(cents=1)
    with refused("never changed"):
        made.delete()
