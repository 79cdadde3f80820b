"""Contacts: a call opened, what its clerk did meanwhile, a call ended; and the log of an account."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from curbstop.office import _contacts
from curbstop.office._cases import _zone
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import act
from curbstop.rules.cases import CHANNELS, PROOFS


@dataclass(frozen=True)
class Done:
    """An act of a call: what was done or refused, in the words of its event."""

    act: str
    says: str
    denied: bool
    at: datetime


@dataclass(frozen=True)
class ContactRow:
    """A contact of an account. ``acts``: what its clerk did about the account while it was under way."""

    contact_id: int
    channel: str
    who: str
    proofs: tuple[str, ...]
    said: str
    said_last: str
    at: datetime
    ended_at: datetime | None
    by: str
    by_id: int
    acts: tuple[Done, ...]


@act("cases.open_contact")
def open_contact(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int | None,
    premise_id: int | None = None,
    channel: str,
    who: str,
    verified: str = "",
    said: str,
) -> int:
    """Begin a talk with somebody; what its clerk does about the account until it ends stands under it. Its id.

    :param who: who speaks, in words: "the holder", "his daughter Ann", "a neighbour"
    :param verified: how he was known, codes of ``rules.cases.PROOFS`` apart by commas; empty: he was not
    :raises BadEntry: a channel or a proof that is none, words that cannot be kept
    """
    found = _contacts.log(
        event,
        account_id=account_id,
        premise_id=premise_id,
        channel=channel,
        who=who,
        verified=verified,
        said=said,
        ended=False,
    )
    known = ", ".join(PROOFS[code].lower() for code in verified.split(",") if code in PROOFS)
    event.about(says=f"{CHANNELS[channel]}: {who}, {'known by ' + known if known else 'not proved'}.")
    return found


@act("cases.end_contact")
def end_contact(event: Acting, /, *, key: Key, by: Actor, at: datetime, contact_id: int, said: str = "") -> None:
    """End a talk, with what was said in the end.

    :raises Refused: there is none, it is over, or it is somebody else's
    """
    _contacts.end(event, contact_id=contact_id, said=said)
    event.about(says="The call is over." if not said else f"The call is over: {said}")


_CONTACTS = """
select c.id, c.channel, c.who, c.verified, c.said, coalesce(e.said, ''), c.at, e.at,
  coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), c.by_id,
  coalesce((select jsonb_agg(jsonb_build_array(v.act, v.says, v.denied, v.at) order by v.id) from base_event v
    where e.at > c.at and v.subjects @> array['account:' || c.account_id] and v.by_id = c.by_id and v.at >= c.at
      and v.at <= e.at and v.act not in ('cases.open_contact', 'cases.end_contact')), '[]'),
  coalesce((select jsonb_agg(jsonb_build_array(v.act, v.says, v.denied, v.at) order by v.id) from base_event v
    where e.at is null and v.subjects @> array['account:' || c.account_id] and v.by_id = c.by_id and v.at >= c.at
      and v.at < c.at + interval '12 hours' and v.act not in ('cases.open_contact', 'cases.end_contact')), '[]')
from cases_contact c join base_user u on u.id = c.by_id left join cases_contactend e on e.contact_id = c.id
where c.account_id = %s order by c.at desc, c.id desc limit %s"""


def list_contacts(account_id: int, *, limit: int = 20) -> tuple[ContactRow, ...]:
    """The contact log of an account, the latest first, each with the acts of its call, refused ones too."""
    zone = _zone()
    with connection.cursor() as cursor:
        cursor.execute(_CONTACTS, [account_id, limit])
        rows = cursor.fetchall()
    found = []
    for id, channel, who, verified, said, last, at, ended, by, by_id, after, under in rows:
        told = json.loads(after) + json.loads(under)
        acts = tuple(Done(a, says, denied, datetime.fromisoformat(on).astimezone(zone)) for a, says, denied, on in told)
        proofs = tuple(PROOFS[code] for code in verified.split(",") if code)
        over = ended.astimezone(zone) if ended else None
        told_by = (at.astimezone(zone), over, by, by_id)
        found.append(ContactRow(id, CHANNELS[channel], who, proofs, said, last, *told_by, acts))
    return tuple(found)
