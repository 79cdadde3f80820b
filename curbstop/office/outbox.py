"""The outbox: messages that acts write and the worker sends after commit, and what came of each attempt.

A message may be sent twice when the worker dies between sending it and saying so; it is never lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.records.base.models import Outgoing, OutgoingDone

__all__ = ["Attempt", "Message", "_put", "list_due", "list_messages", "record_attempt"]

CHANNELS = ("sms", "email")
MOST_ATTEMPTS = 6
"""Attempts before a message is given up; each waits twice as many minutes as the one before."""


@dataclass(frozen=True)
class Message:
    """A message as it is to be sent."""

    id: int
    channel: str
    to: str
    subject: str
    body: str
    attempts: int


@dataclass(frozen=True)
class Attempt:
    """An attempt to send, as kept; ``outcome`` is ``sent``, ``failed`` or ``given_up``."""

    message_id: int
    outcome: str
    attempts: int


@dataclass(frozen=True)
class MessageRow:
    """A message for a screen: ``state`` is ``waits``, ``sent``, ``failed`` (tried again) or ``given_up``."""

    id: int
    channel: str
    to: str
    subject: str
    body: str
    state: str
    at: datetime | None
    words: str


def _put(
    event: Acting, *, channel: str, to: str, body: str, subject: str = "", after: datetime | None = None,
    about: Iterable[str] = (),
) -> int:  # fmt: skip
    """Write a message for the act under way; it goes out after the act's commit, or not at all."""
    row = Outgoing.objects.create(
        after=after or event.at,
        event_id=event.id,
        channel=channel,
        to=to,
        subject=subject,
        body=body,
        about=list(dict.fromkeys(about)),
    )
    return int(row.pk)


_DUE = """
select m.id, m.channel, m."to", m.subject, m.body, tried.count
from base_outbox m
join lateral (select count(*) count, max(d.at) last, bool_or(d.outcome <> 'failed') ended
  from base_outboxdone d where d.message_id = m.id) tried on true
where m.after <= %(now)s and tried.ended is not true
  and (tried.last is null or tried.last + interval '1 minute' * (2 ^ (tried.count - 1)) <= %(now)s)
order by m.after, m.id limit %(limit)s"""


def list_due(*, now: datetime, limit: int = 100) -> tuple[Message, ...]:
    """Messages to send now, oldest first: new ones, and failed ones whose wait is over."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": now, "limit": limit})
        return tuple(Message(*row) for row in cursor.fetchall())


@act("outbox.record_attempt")
def record_attempt(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, message_id: int, sent: bool, words: str
) -> Attempt:
    """Say what came of sending a message. After :data:`MOST_ATTEMPTS` failures it is given up.

    :param words: the carrier's name for it, or why it could not be sent
    :raises Refused: there is no such message
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('outbox:' || %s, 4))", [message_id])
    message = Outgoing.objects.filter(id=message_id).first()
    if message is None:
        raise Refused(f"There is no message {message_id} in the outbox.", field="message_id")
    before = list(OutgoingDone.objects.filter(message_id=message_id).values_list("outcome", flat=True))
    if any(outcome != "failed" for outcome in before):
        return Attempt(message_id, next(o for o in before if o != "failed"), len(before))
    outcome = "sent" if sent else "given_up" if len(before) + 1 >= MOST_ATTEMPTS else "failed"
    OutgoingDone.objects.create(message=message, at=at, event_id=event.id, outcome=outcome, words=words[:500])
    said = {"sent": "sent", "failed": "could not be sent and is tried again", "given_up": "could not be sent"}
    what = "Text" if message.channel == "sms" else "E-mail"
    event.about(*message.about, says=f"{what} to {message.to} {said[outcome]}{'' if sent else ': ' + words[:200]}.")
    return Attempt(message_id, outcome, len(before) + 1)


_ABOUT = """
select m.id, m.channel, m."to", m.subject, m.body, coalesce(last.outcome, 'waits'), last.at, coalesce(last.words, '')
from base_outbox m
left join lateral (select d.outcome, d.at, d.words from base_outboxdone d where d.message_id = m.id
  order by d.id desc limit 1) last on true
where m.about @> array[%(about)s] order by m.id desc limit %(limit)s"""


def list_messages(about: str, *, limit: int = 20) -> tuple[MessageRow, ...]:
    """Messages about a subject (``"account:12"``, ``"ask:5"``), newest first, with what came of each."""
    with connection.cursor() as cursor:
        cursor.execute(_ABOUT, {"about": about, "limit": limit})
        return tuple(MessageRow(*row) for row in cursor.fetchall())
