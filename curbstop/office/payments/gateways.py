"""What gateways and robots report: kept as it came, then exactly one payment for the same money, through the books.

The same money has the same name at the gateway (``payment_ref``), so a report that comes twice, late, out of order, or
not at all (then the clock asks) ends in one receipt. Money for an ask that nobody knows, or a second time for one that
is paid, waits on 10-2340 with an owner; it is never lost and never guessed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import connection

from curbstop.office import ledger, outbox
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts, take_turn
from curbstop.office._once import Refused, act
from curbstop.office.ledger.statements import ask as query
from curbstop.office.payments.asking import ASK_CHANNELS, AskOver, city_name, city_zone, expire, record_failed
from curbstop.office.payments.owing import PaidAccount, load, plan
from curbstop.office.payments.taking import _write_receipt, receipt_number
from curbstop.records.payments.models import Ask, CardDay, CardPayment, GatewayReport, GatewayReportDone, Series
from curbstop.rules.cards import Method, Report, mask_card_numbers
from curbstop.rules.ledger import Tendered
from curbstop.rules.ledger import take as take_legs
from curbstop.rules.ledger.recipes import UNIDENTIFIED, Unapplied
from curbstop.rules.money import show
from curbstop.rules.payments import Kept, check_cents

SETTLES = "10-1040"
"""Where card money waits for the processor's settlement, by the day and the processor."""

SERIES = {"phone": "PHONE", "online": "ONLINE", "terminal": "CARD", "kiosk": "KIOSK", "robot": "PHONE"}
"""The series of receipts of each channel."""

CHANNELS_SAY = {**ASK_CHANNELS, "kiosk": "at the kiosk", "robot": "by telephone"}


@dataclass(frozen=True)
class CardPaid:
    """A payment by card as it stands in the books. ``already``: the same money was reported before.

    :ivar account_id: None: nobody is known by what the report says, and ``owner_id`` finds out
    """

    number: str
    document_id: int
    cents: int
    account_id: int | None
    owner_id: int | None
    owed_after_cents: int | None
    already: bool


@dataclass(frozen=True)
class ReportKept:
    """A gateway's message as kept. ``already``: the same message came before; ``done``: it was dealt with."""

    report_id: int
    already: bool
    done: bool


@dataclass(frozen=True)
class Settled:
    """What came of a gateway's word: ``paid already unidentified failed expired open unknown waits``.

    ``waits``: the money is at the gateway, but no accounting day is open for it yet; nothing is lost, the clock tries
    again.
    """

    outcome: str
    document_id: int | None = None


# --- acts -------------------------------------------------------------------------------------------------------------


@act("payments.receive_report", secret=("body",))
def receive_report(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, gateway: str, gateway_event: str, kind: str, body: str
) -> ReportKept:
    """Keep a gateway's message as it came, once, before anything is done about it.

    :param body: its bytes as text, verified by the gateway's signature; a card number in it would be masked
    """
    kept = mask_card_numbers(body).encode()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into payments_gatewayreport (received_at, event_id, gateway, gateway_event, kind, sha256, body)"
            " values (%s, %s, %s, %s, %s, %s, %s) on conflict (gateway, gateway_event) do nothing returning id",
            [at, event.id, gateway, gateway_event, kind, hashlib.sha256(kept).digest(), kept],
        )
        row = cursor.fetchone()
        if row is not None:
            return ReportKept(row[0], already=False, done=False)
        cursor.execute(
            "select r.id, d.report_id is not null from payments_gatewayreport r"
            " left join payments_gatewayreportdone d on d.report_id = r.id"
            " where (r.gateway, r.gateway_event) = (%s, %s)",
            [gateway, gateway_event],
        )
        report_id, done = cursor.fetchone()
    return ReportKept(report_id, already=True, done=done)


@act("payments.record_paid")
def record_paid(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    gateway: str,
    payment_ref: str,
    reference: str,
    cents: int,
    paid_at: datetime,
    on: date,
    method: Method,
    report_id: int | None = None,
) -> CardPaid:
    """Turn a gateway's report into exactly one payment: applied by policy, with its receipt, owed by the processor.

    :param payment_ref: the gateway's name for the money; the same name is the same payment, whatever the key
    :param reference: of the ask; one that nobody knows leaves the money unidentified, with an owner
    :param on: today; the payment counts from the day it was made, and is posted on the last open day
    :raises DayNotOpen: no accounting day is open since it was paid
    :raises NotSet: the city has not said how money is applied
    """
    check_cents(cents, field="cents")
    _hold_money(gateway, payment_ref)
    found = Ask.objects.filter(reference=reference, gateway=gateway).first() if reference else None
    known = found.account_id if found is not None else None
    channel = found.channel if found is not None else "online"
    money = _Money(gateway, payment_ref, cents, paid_at, on, method, channel, reference or "no reference")
    paid = _book(event, money, account_id=known, ask=found)
    if report_id is not None:
        outcome = "already" if paid.already else "paid" if paid.account_id else "unidentified"
        _done(event, report_id, outcome, f"receipt {paid.number}")
    return paid


@act("payments.collect")
def collect(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account: str,
    cents: int,
    payment_ref: str,
    paid_at: datetime,
    on: date,
    channel: str,
    method: Method,
) -> CardPaid:
    """Post what a kiosk or a telephone robot took by card; its processor owes it, by the day.

    :param account: its number as the payer gave it; one that nobody has leaves the money unidentified, with an owner
    :param payment_ref: the robot's own name for the money; the same name is the same payment
    :param channel: ``kiosk`` or ``robot`` (of the telephone)
    :raises Refused: another channel, an instant that is still to come, no accounting day
    """
    check_cents(cents, field="cents")
    if channel not in ("kiosk", "robot"):
        raise Refused(f"There is no channel {channel!r}; a robot is a kiosk or a telephone robot.", field="channel")
    if paid_at > at:
        raise Refused(f"{paid_at.isoformat()} is still to come; send the instant of the payment.", field="paid_at")
    if not payment_ref.strip():
        raise Refused("Send your own name for this payment, so that it is posted once.", field="payment_ref")
    gateway = f"{channel}:{by.id}"
    _hold_money(gateway, payment_ref)
    with connection.cursor() as cursor:
        cursor.execute("select id from customers_account where number = %s", [account.strip()])
        row = cursor.fetchone()
    money = _Money(gateway, payment_ref, cents, paid_at, on, method, channel, account.strip())
    return _book(event, money, account_id=row[0] if row else None, ask=None)


@act("payments.record_report")
def record_report(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, report_id: int, outcome: str, words: str
) -> None:
    """A gateway's message asks for nothing (a page opened, one attempt declined), or was dealt with: it is done."""
    take_turn(f"payments.report:{report_id}")
    if not GatewayReport.objects.filter(id=report_id).exists():
        raise Refused(f"There is no gateway's report {report_id}.", field="report_id")
    _done(event, report_id, outcome, words)


# --- how money is booked ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Money:
    gateway: str
    payment_ref: str
    cents: int
    paid_at: datetime
    on: date
    method: Method
    channel: str
    given: str


def _hold_money(gateway: str, payment_ref: str) -> None:
    """One at a time for the same money: it may have no account to lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended('card:' || %s || ':' || %s, 3))", [gateway, payment_ref]
        )


def _before(money: _Money) -> CardPaid | None:
    row = CardPayment.objects.filter(gateway=money.gateway, payment_ref=money.payment_ref).first()
    if row is None:
        return None
    ((document, account_id, series),) = query(
        "select r.document_id, r.account_id, s.code from payments_receipt r join payments_series s"
        " on s.id = r.series_id where (r.series_id, r.no) = (%(series)s::int, %(no)s::bigint)",
        {"series": row.series_id, "no": row.no},
    )
    return CardPaid(receipt_number(series, row.no), document, row.cents, account_id, row.owner_id, None, True)


def _book(event: Acting, money: _Money, *, account_id: int | None, ask: Ask | None) -> CardPaid:
    if (before := _before(money)) is not None:
        event.about(f"receipt:{before.document_id}", says=f"Reported again: receipt {before.number}.")
        return before
    paid_on = money.paid_at.astimezone(city_zone()).date()
    posted_on = _posting_day(paid_on, money.on)
    if account_id is not None:
        lock_accounts([account_id])
    if ask is not None and CardPayment.objects.filter(ask=ask).exists():
        twice = f"a second payment for ask {ask.pk} of {show(ask.cents)}, which is paid"
        money, account_id, ask = replace(money, given=twice), None, None
    (document,) = ledger.reserve_documents(1)
    batch = _card_day(event, money.gateway, paid_on)
    came = [Tendered(SETTLES, batch, 1, money.cents)]
    paid: PaidAccount | None = None
    if account_id is None:
        held = Tendered(UNIDENTIFIED, document, 1, money.cents)
        legs = take_legs(came, (), (), unidentified=held)
    else:
        loaded = load([account_id], on=paid_on)
        paid, applied = plan(loaded.accounts[account_id], money.cents, loaded.policy, on=paid_on)
        legs = take_legs(came, applied, _rest(paid, document))
    txn = ledger._post(event, act="take", posted_on=posted_on, effective_on=paid_on, legs=legs)
    number = _receipt(event, money, paid, ask, {"txn": txn, "document": document, "batch": batch, "on": paid_on})
    _tell(event, money, paid, ask, number, document)
    owner = None if account_id is not None else _owner(event.by)
    after = paid.owed_after_cents if paid is not None else None
    return CardPaid(number, document, money.cents, account_id, owner, after, False)


def _rest(paid: PaidAccount, document: int) -> list[Unapplied]:
    return [Unapplied(paid.account_id, document, 1, paid.credit_cents)] if paid.credit_cents else []


def _posting_day(paid_on: date, today: date) -> date:
    """The last open accounting day up to today; money of a day that is over is posted late with its true date."""
    days = [day for day in ledger.get_open_days() if paid_on <= day <= max(today, paid_on)]
    if not days:
        says = f"No accounting day is open since {paid_on.isoformat()}, when this was paid"
        raise ledger.DayNotOpen(f"{says}. Finance opens one (ledger.open_day); it is posted then.", field="on")
    return days[-1]


def _card_day(event: Acting, gateway: str, on: date) -> int:
    """The batch of this processor's day; the first payment of the day makes it."""
    (document,) = ledger.reserve_documents(1)
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into payments_cardday (id, "on", event_id, gateway) values (%s, %s, %s, %s)'
            ' on conflict (gateway, "on") do nothing',
            [document, on, event.id, gateway],
        )
    return int(CardDay.objects.get(gateway=gateway, on=on).pk)


def _receipt(event: Acting, money: _Money, paid: PaidAccount | None, ask: Ask | None, ids: dict[str, object]) -> str:
    """The receipt with its number, taken last, and the row that makes the money known by its name."""
    series, _ = Series.objects.get_or_create(code=SERIES[money.channel])
    card = " ".join(filter(None, (money.method.brand.title(), money.method.last_four)))
    kept = Kept("card", money.cents, 0, ", ".join(filter(None, (CHANNELS_SAY[money.channel], card))))
    receipt = {
        "series": series.pk,
        "account": paid.account_id if paid is not None else None,
        "payer": paid.name if paid is not None else f"{money.given}, as given",
        "instruction": "",
        **ids,
    }
    no = _write_receipt(receipt, [kept])
    CardPayment.objects.create(
        ask=ask,
        series=series,
        no=no,
        owner_id=None if paid is not None else _owner(event.by),
        cents=money.cents,
        paid_at=money.paid_at,
        event_id=event.id,
        gateway=money.gateway,
        payment_ref=money.payment_ref,
        channel=money.channel,
        brand=money.method.brand,
        last_four=money.method.last_four,
        given="" if paid is not None else money.given,
    )
    return receipt_number(series.code, no)


def _owner(by: Actor) -> int:
    """Who finds out whose unidentified money is: the first of finance, else a supervisor, else whoever took it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id from base_user where is_active and roles && array['finance', 'supervisor']"
            " order by not roles @> array['finance'], id limit 1"
        )
        row = cursor.fetchone()
    return int(row[0]) if row else by.id


def _tell(event: Acting, money: _Money, paid: PaidAccount | None, ask: Ask | None, number: str, document: int) -> None:
    """The sentence of the timeline, and the receipt to whoever was sent the link."""
    how = f"by card {CHANNELS_SAY[money.channel]}"
    event.about(f"receipt:{document}")
    if paid is None:
        event.about(says=f"{show(money.cents)} {how}, account not known ({money.given}); receipt {number}.")
        return
    event.about(f"account:{paid.account_id}")
    ending = f", card ending {money.method.last_four}" if money.method.last_four else ""
    asked = f", asked for by {ask.asked_by}" if ask is not None else ""
    event.about(says=f"Paid {show(money.cents)} {how}{ending}{asked}, receipt {number}.")
    if ask is None:
        return
    event.about(f"ask:{ask.pk}", f"user:{ask.asked_by_id}")
    if ask.send_by:
        city, owed = city_name(), paid.owed_after_cents
        left = f"You owe ${show(owed)} now." if owed >= 0 else f"Your credit is ${show(-owed)} now."
        outbox._put(
            event,
            channel=ask.send_by,
            to=ask.send_to,
            subject=f"{city}: your receipt {number}",
            body=f"{city}: ${show(money.cents)} received{ending} for account {paid.number}, receipt {number}. {left}",
            about=(f"ask:{ask.pk}", f"account:{paid.account_id}"),
        )


def _done(event: Acting, report_id: int, outcome: str, words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from payments_gatewayreportdone where report_id = %s)", [report_id])
        if cursor.fetchone()[0]:
            return
    GatewayReportDone.objects.create(report_id=report_id, at=event.at, event_id=event.id, outcome=outcome, words=words)


# --- one word of a gateway, dealt with --------------------------------------------------------------------------------


def settle(
    *, key: Key, by: Actor, at: datetime, on: date, gateway: str, report: Report, report_id: int | None = None
) -> Settled:
    """Do what a gateway's word asks for, by one act; a word that asks for nothing changes nothing.

    Called by whoever heard it: the web hook, the clock that asked, the screen that waits. Two at once post once.

    :param report_id: the message that it came in, which is then done
    """
    if report.state == "paid":
        return _settle_paid(key, by, at, on, gateway, report, report_id)
    found = Ask.objects.filter(reference=report.reference, gateway=gateway).first() if report.reference else None
    outcome = "open" if report.state == "open" else "unknown"
    if found is not None and report.state in ("failed", "expired"):
        over = _end(key, by, at, found, report)
        outcome = over.outcome
    if report_id is not None:
        words = report.reason or f"the gateway says {report.state}"
        record_report(key=Key(f"{key}:done"), by=by, at=at, report_id=report_id, outcome=outcome, words=words)
    return Settled(outcome)


def _settle_paid(
    key: Key, by: Actor, at: datetime, on: date, gateway: str, report: Report, report_id: int | None
) -> Settled:
    assert report.paid_at is not None
    paid_on = report.paid_at.astimezone(city_zone()).date()
    try:
        _posting_day(paid_on, on)
    except ledger.DayNotOpen:
        return Settled("waits")
    paid = record_paid(
        key=key,
        by=by,
        at=at,
        gateway=gateway,
        payment_ref=report.payment_ref,
        reference=report.reference,
        cents=report.cents,
        paid_at=report.paid_at,
        on=on,
        method=report.method,
        report_id=report_id,
    )
    outcome = "already" if paid.already else "paid" if paid.account_id is not None else "unidentified"
    return Settled(outcome, paid.document_id)


def _end(key: Key, by: Actor, at: datetime, found: Ask, report: Report) -> AskOver:
    if report.state == "expired" and at >= found.until:
        return expire(key=key, by=by, at=at, ask_id=found.pk)
    reason = report.reason or f"the gateway says {report.state}"
    return record_failed(key=key, by=by, at=at, ask_id=found.pk, reason=reason)


@dataclass(frozen=True)
class WaitingReport:
    """A gateway's message that nothing came of yet."""

    report_id: int
    gateway: str
    kind: str
    body: bytes
    received_at: datetime


def list_waiting_reports() -> tuple[WaitingReport, ...]:
    """Messages kept and not dealt with, oldest first: the clock takes them up again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select r.id, r.gateway, r.kind, r.body, r.received_at from payments_gatewayreport r where not exists"
            " (select from payments_gatewayreportdone d where d.report_id = r.id) order by r.id limit 500"
        )
        return tuple(WaitingReport(id, gateway, kind, bytes(b), at) for id, gateway, kind, b, at in cursor.fetchall())


__all__ = [
    "CardPaid", "ReportKept", "Settled", "WaitingReport", "collect", "list_waiting_reports",
    "receive_report", "record_paid", "record_report", "settle",
]  # fmt: skip
