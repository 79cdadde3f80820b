"""The clock of cards: asks gateways about what was asked for, takes up reports that wait, sends what the outbox holds.

Each job may be begun again at any time. The gateway is called outside every transaction, then one act records its word.
"""

import logging
from datetime import UTC, date, datetime, timedelta
from urllib.request import ProxyHandler, Request, build_opener
from uuid import uuid4

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from curbstop.office import delinquency, outbox, payments, staff
from curbstop.office._events import Actor, Key
from curbstop.office._once import Refused
from curbstop.office.payments import OpenAsk
from curbstop.office.payments.asking import city_zone
from curbstop.outside import cards, mail, sms
from curbstop.rules.cards import Report
from curbstop.rules.policies import NotSet

CLOCK = "system"
PATIENCE = timedelta(seconds=20)
"""How long an ask is left to the screen that made it, before the clock asks the gateway too."""

logger = logging.getLogger(__name__)


def _clock() -> Actor:
    return staff.get_actor(username=CLOCK)


def _key(what: str) -> Key:
    return Key(f"{what}:{uuid4().hex}")


@app.periodic(cron="* * * * *")
@app.task(name="cards.look_after", queueing_lock="cards.look_after", lock="cards")
def look_after(timestamp: int) -> None:
    """Ask the gateways about every open ask, and deal with the reports that wait."""
    now = datetime.now(UTC)
    for asked in payments.list_open_asks(before=now - PATIENCE):
        try:
            look_at(asked, at=now)
        except cards.NoGateway as missing:
            logger.warning("Ask %s at %s cannot be looked at: %s", asked.ask_id, asked.gateway, missing)
        except cards.GatewaySilent as silent:
            logger.warning("Ask %s: %s does not answer: %s", asked.ask_id, asked.gateway, silent)
        except (cards.GatewayRefused, Refused) as refusal:
            logger.warning("Ask %s: %s", asked.ask_id, refusal)
    deal_with_reports(at=now)


def look_at(asked: OpenAsk, *, at: datetime) -> str:
    """Ask the gateway about one ask and record its word; returns what came of it.

    A page whose making was never answered is made again, which is the same page. One whose time is up is closed at the
    gateway first, and ends only when the gateway says that nothing was paid.

    :raises GatewaySilent, GatewayRefused, NoGateway:
    """
    gateway, wanted = cards.named(asked.gateway), cards.collecting(asked)
    if at >= asked.until:
        report = gateway.void(wanted, asked.gateway_ref, at=at)
    else:
        if not asked.gateway_ref and asked.channel != "terminal":
            made = gateway.start(wanted)
            payments.record_started(
                key=_key("started"),
                by=_clock(),
                at=at,
                ask_id=asked.ask_id,
                gateway_ref=made.gateway_ref,
                url=made.url,
            )
            _send_soon()
            return "open"
        report = gateway.ask(wanted, asked.gateway_ref, at=at)
    return settle(asked.gateway, report, at=at)


def settle(gateway: str, report: Report, *, at: datetime, report_id: int | None = None) -> str:
    """Record a gateway's word; returns what came of it."""
    done = payments.settle(
        key=_key("clock"), by=_clock(), at=at, on=_today(at), gateway=gateway, report=report, report_id=report_id
    )
    if done.outcome in ("paid", "failed", "expired"):
        _send_soon()
    return done.outcome


def _send_soon() -> None:
    """Ask for the outbox to be sent now; it is asked for once, however often."""
    try:
        with transaction.atomic():
            app.configure_task(name="outbox.send", lock="outbox", queueing_lock="outbox.send").defer(timestamp=0)
    except AlreadyEnqueued:
        pass


def _today(at: datetime) -> date:
    return at.astimezone(city_zone()).date()


def deal_with_reports(*, at: datetime) -> None:
    """Deal with the messages of gateways that were kept and could not be dealt with when they came."""
    for waiting in payments.list_waiting_reports():
        try:
            report = cards.named(waiting.gateway).read(waiting.body)
        except cards.NoGateway:
            continue  # its keys are missing for now
        except cards.GatewaySilent as silent:
            logger.warning("Report %s still waits: %s", waiting.report_id, silent)
            continue
        except (ValueError, KeyError, cards.GatewayRefused) as fault:
            logger.error("Report %s of %s cannot be read: %s", waiting.report_id, waiting.gateway, fault)
            continue
        if report is not None:
            settle(waiting.gateway, report, at=at, report_id=waiting.report_id)


@app.periodic(cron="* * * * *")
@app.task(name="outbox.send", lock="outbox", queueing_lock="outbox.send")
def send(timestamp: int) -> None:
    """Send what the outbox holds: texts and e-mails, each recorded as sent or tried again later."""
    now = datetime.now(UTC)
    for message in outbox.list_due(now=now):
        try:
            sender = sms.chosen() if message.channel == "sms" else mail.chosen()
            name = f"curbstop-{message.id}"
            words = sender.send(to=message.to, subject=message.subject, body=message.body, name=name)
            sent = True
        except (mail.NotSent, OSError) as fault:
            words, sent = str(fault), False
            logger.warning("Message %s was not sent: %s", message.id, fault)
        outbox.record_attempt(
            key=_key("send"), by=_clock(), at=datetime.now(UTC), message_id=message.id, sent=sent, words=words
        )


@app.task(name="cards.deliver_demo", lock="cards.deliver_demo")
def deliver_demo() -> None:
    """The demonstration gateway's own worker: brings its messages to our web hook, over HTTP as a real one does."""
    gateway = cards.named("demo")
    for id, body in gateway.messages():  # type: ignore[attr-defined]
        now = datetime.now(UTC)
        headers = {"Content-Type": "application/json", **gateway.signed(body, at=now)}  # type: ignore[attr-defined]
        to = Request(f"{cards.public_url()}/api/v1/gateways/demo/", body, headers)
        try:
            with build_opener(ProxyHandler({})).open(to, timeout=10):  # this machine; never by a proxy
                gateway.delivered(id, at=now)  # type: ignore[attr-defined]
        except OSError as fault:
            logger.warning("The demonstration gateway could not deliver %s: %s", id, fault)
            return


@app.periodic(cron="15 11 * * *")  # by UTC: five or six in the city's morning
@app.task(name="delinquency.settle_late", queueing_lock="delinquency.settle_late")
def settle_late(timestamp: int) -> None:
    """Look again at late charges that waited for a payment on its way."""
    at = datetime.fromtimestamp(timestamp, UTC)
    on = _today(at)
    try:
        delinquency.settle_late(key=Key(f"delinquency.settle_late:{on}"), by=_clock(), at=at, on=on)
    except (Refused, NotSet) as refusal:
        logger.warning("Late charges that wait were not looked at: %s", refusal)
