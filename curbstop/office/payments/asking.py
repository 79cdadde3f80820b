"""Money that is asked for and not here yet: a link sent while the caller holds, a card terminal started.

The screen asks here first, then calls the gateway outside any transaction, then records its answer
(``record_started``). An ask without an answer is unknown: the gateway is asked, nobody is charged again. It is over
when it is paid, when the gateway says that it failed, when it is cancelled, or when its time is up and the gateway says
that nothing was paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection

from curbstop.office import outbox
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.records.payments.models import Ask, AskEnded, AskStarted
from curbstop.rules.customers import check_email, check_phone
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.payments import check_cents

ASK_CHANNELS = {"phone": "by telephone", "online": "online", "terminal": "at the terminal"}


@dataclass(frozen=True)
class AskMade:
    """Money asked for, as the gateway is told; ``says`` is what the payer reads there.

    By ``reference`` a repeated call is the same one there.
    """

    ask_id: int
    reference: str
    account_id: int
    number: str
    cents: int
    channel: str
    gateway: str
    asked_at: datetime
    until: datetime
    reader: str
    says: str


@dataclass(frozen=True)
class AskOver:
    """An ask that came to nothing. ``already``: it was over before."""

    ask_id: int
    outcome: str
    already: bool


@act("payments.ask")
def ask(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    cents: int,
    channel: str,
    gateway: str,
    until: datetime,
    send_by: str = "",
    send_to: str = "",
    reader: str = "",
) -> AskMade:
    """Ask for a payment by card: penalties wait from here on, and the same money is not asked for twice.

    :param channel: ``phone``, ``online`` or ``terminal``
    :param until: when the ask ends by itself, if the gateway then says that nothing was paid
    :param reader: the gateway's name for the terminal that is started
    :param send_by: ``sms`` or ``email``: the link is sent to ``send_to`` when the gateway has given it
    :raises Refused: a payment of the account is still being asked for
    :raises OwnAccount: the account is the actor's own or his household's
    :raises BadPayment: an amount that cannot be
    """
    event.about(f"account:{account_id}")
    check_cents(cents, field="cents")
    if channel not in ASK_CHANNELS:
        raise Refused(f"There is no channel {channel!r}; use {', '.join(ASK_CHANNELS)}.", field="channel")
    send_to = _check_send(send_by, send_to)
    lock_accounts([account_id])
    refuse_own(by, [account_id])
    number = _account_number(account_id)
    _refuse_twice(account_id, number, cents)
    with connection.cursor() as cursor:
        cursor.execute("select 'ask-' || replace(gen_random_uuid()::text, '-', '')")
        reference = cursor.fetchone()[0]
    row = Ask.objects.create(
        account_id=account_id,
        asked_by_id=by.id,
        cents=cents,
        asked_at=at,
        until=until,
        event_id=event.id,
        reference=reference,
        gateway=gateway,
        channel=channel,
        send_by=send_by,
        send_to=send_to,
        reader=reader,
    )
    where = f", link to {send_to}" if send_by else ""
    event.about(f"ask:{row.pk}", says=f"Asked for {show(cents)} by card {ASK_CHANNELS[channel]}{where}.")
    says = f"{city_name()}, account {number}"
    return AskMade(row.pk, reference, account_id, number, cents, channel, gateway, at, until, reader, says)


def _check_send(send_by: str, send_to: str) -> str:
    if not send_by:
        return ""
    if send_by not in outbox.CHANNELS:
        raise Refused(f"A link is sent by {' or '.join(outbox.CHANNELS)}, not {send_by!r}.", field="send_by")
    found = check_phone(send_to, field="send_to") if send_by == "sms" else check_email(send_to, field="send_to")
    if not found:
        remedy = "type the number or address that the caller gives"
        raise BadValue(field="send_to", value=send_to, why="nowhere to send the link", remedy=remedy)
    return found


def _account_number(account_id: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("select number from customers_account where id = %s", [account_id])
        return str(cursor.fetchone()[0])


_OPEN = """
from payments_ask a
where not exists (select from payments_askended e where e.ask_id = a.id)
  and not exists (select from payments_cardpayment p where p.ask_id = a.id)"""


def _refuse_twice(account_id: int, number: str, cents: int) -> None:
    """One at a time on an account, whatever the amount: a slip of the amount would else charge the card twice."""
    with connection.cursor() as cursor:
        cursor.execute(f"select a.cents, a.id {_OPEN} and a.account_id = %s order by a.id limit 1", [account_id])
        waiting = cursor.fetchone()
    if waiting is not None:
        says = f"A payment of {show(waiting[0])} on {number} is still being asked for; wait for its answer."
        raise Refused(f"{says} Do not charge again. If the payer has given up, cancel it first.", field="cents")


@act("payments.record_started")
def record_started(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, ask_id: int, gateway_ref: str, url: str = ""
) -> None:
    """Keep the gateway's answer to an ask, and send its link if it is to be sent. Said twice, it is kept once.

    :raises Refused: there is no such ask, or the gateway gave it another name before
    """
    found = _hold(ask_id)
    event.about(f"account:{found.account_id}", f"ask:{ask_id}")
    before = AskStarted.objects.filter(ask_id=ask_id).first()
    if before is not None:
        if before.gateway_ref != gateway_ref:
            says = f"The gateway named ask {ask_id} {before.gateway_ref} before, and now {gateway_ref}"
            raise Refused(f"{says}; look at the gateway which of the two was paid.", field="gateway_ref")
        return
    AskStarted.objects.create(ask_id=ask_id, at=at, event_id=event.id, gateway_ref=gateway_ref, url=url)
    if found.send_by and url and not AskEnded.objects.filter(ask_id=ask_id).exists():
        _send_link(event, found, url)
    event.about(says=f"{found.gateway.title()} is ready to take {show(found.cents)}.")


def _send_link(event: Acting, found: Ask, url: str) -> None:
    city, number = city_name(), _account_number(found.account_id)
    until = found.until.astimezone(city_zone())
    body = (
        f"{city}: pay ${show(found.cents)} for account {number} here: {url} The link is good until {until:%H:%M}."
        " Type your card only there. We never ask for it by telephone."
    )
    outbox._put(
        event,
        channel=found.send_by,
        to=found.send_to,
        subject=f"{city}: your link to pay",  # no amount where others may read it
        body=body,
        about=(f"ask:{found.pk}", f"account:{found.account_id}"),
    )


def _hold(ask_id: int) -> Ask:
    """The ask, with its account held: asks never change, so the account stands for them."""
    found = Ask.objects.filter(id=ask_id).first()
    if found is None:
        raise Refused(f"There is no ask {ask_id}. The account's page lists what was asked for.", field="ask_id")
    lock_accounts([found.account_id])
    return found


def _over(event: Acting, found: Ask, outcome: str, reason: str) -> AskOver:
    """End an ask that nobody paid for, once."""
    event.about(f"account:{found.account_id}", f"ask:{found.pk}")
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce((select 'paid' from payments_cardpayment p where p.ask_id = %(ask)s),"
            " (select e.outcome from payments_askended e where e.ask_id = %(ask)s))",
            {"ask": found.pk},
        )
        before = cursor.fetchone()[0]
    if before is not None:
        return AskOver(found.pk, before, already=True)
    AskEnded.objects.create(ask_id=found.pk, at=event.at, event_id=event.id, outcome=outcome, reason=reason)
    event.about(says=f"{show(found.cents)} by card {ASK_CHANNELS[found.channel]} {outcome}: {reason}.")
    return AskOver(found.pk, outcome, already=False)


@act("payments.record_failed")
def record_failed(event: Acting, /, *, key: Key, by: Actor, at: datetime, ask_id: int, reason: str) -> AskOver:
    """The gateway says that an ask failed for good: nothing was charged and nothing can be. A paid one stays paid."""
    return _over(event, _hold(ask_id), "failed", reason.strip() or "the gateway gave no reason")


@act("payments.expire")
def expire(event: Acting, /, *, key: Key, by: Actor, at: datetime, ask_id: int) -> AskOver:
    """End an ask whose time is up. Whoever calls has asked the gateway, and closed the page there: nothing was paid.

    :raises Refused: its time is not up
    """
    found = _hold(ask_id)
    if at < found.until:
        raise Refused(f"Ask {ask_id} is open until {found.until.isoformat()}; cancel it instead.", field="ask_id")
    return _over(event, found, "expired", "its time was up and the gateway says that nothing was paid")


@act("payments.cancel_ask")
def cancel_ask(event: Acting, /, *, key: Key, by: Actor, at: datetime, ask_id: int, reason: str) -> AskOver:
    """Cancel an ask. Whoever calls has closed the page at the gateway, which says that nothing was paid."""
    if not reason.strip():
        raise Refused("Say why it is cancelled: the caller pays otherwise, the amount was wrong.", field="reason")
    return _over(event, _hold(ask_id), "cancelled", reason.strip())


# --- what others ask --------------------------------------------------------------------------------------------------


def pending_cents(account_id: int) -> int:
    """What is asked for on an account and not here yet. Above zero: penalties wait, and nobody charges again."""
    with connection.cursor() as cursor:
        cursor.execute(f"select coalesce(sum(a.cents), 0)::bigint {_OPEN} and a.account_id = %s", [account_id])
        return int(cursor.fetchone()[0])


@dataclass(frozen=True)
class OpenAsk:
    """An ask without its end. ``gateway_ref`` is empty where the gateway never answered."""

    ask_id: int
    account_id: int
    reference: str
    gateway: str
    gateway_ref: str
    channel: str
    cents: int
    asked_at: datetime
    until: datetime
    reader: str
    says: str


def list_open_asks(*, before: datetime | None = None, ask_id: int = 0) -> tuple[OpenAsk, ...]:
    """Asks that are open, oldest first; ``before``: those asked for before this instant; ``ask_id``: that one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.id, a.account_id, a.reference, a.gateway, coalesce((select s.gateway_ref from"
            " payments_askstarted s where s.ask_id = a.id), ''), a.channel, a.cents, a.asked_at, a.until, a.reader,"
            " %(city)s || ', account ' || (select n.number from customers_account n where n.id = a.account_id)"
            f" {_OPEN} and (%(before)s::timestamptz is null or a.asked_at < %(before)s)"
            " and (%(ask)s = 0 or a.id = %(ask)s) order by a.id",
            {"before": before, "city": city_name(), "ask": ask_id},
        )
        return tuple(OpenAsk(*row) for row in cursor.fetchall())


def city_name() -> str:
    """The city as its payers know it."""
    with connection.cursor() as cursor:
        cursor.execute("select name from decisions_city")
        row = cursor.fetchone()
    return str(row[0]) if row else "Utility office"


def city_zone() -> ZoneInfo:
    """The clock by which the city's days begin."""
    with connection.cursor() as cursor:
        cursor.execute("select time_zone from decisions_city")
        row = cursor.fetchone()
    return ZoneInfo(str(row[0]) if row else settings.TIME_ZONE)
