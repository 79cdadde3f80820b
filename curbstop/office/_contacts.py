"""A talk with somebody, written inside another act: who, by which channel, how he was known, and what was said.

It stands beneath the nouns and imports none of them. A talk that is under way (``cases.open_contact``) gathers the acts
of its clerk about the account by their events; see ``cases.list_contacts``.
"""

from __future__ import annotations

from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office._orders import city_time
from curbstop.office._statements import ask
from curbstop.records.cases.models import Contact, ContactEnd
from curbstop.rules.cases import CHANNELS, MOST_WORDS, check_proofs
from curbstop.rules.customers import check_choice, check_text


def log(
    event: Acting,
    *,
    account_id: int | None,
    premise_id: int | None = None,
    channel: str,
    who: str,
    verified: str = "",
    said: str,
    ended: bool = True,
) -> int:
    """Write a contact as part of the act under way; returns its id.

    :param channel: one of ``rules.cases.CHANNELS``
    :param who: who spoke, in words: "the holder", "his daughter Ann", "a neighbour"
    :param verified: how he was known, codes of ``rules.cases.PROOFS`` apart by commas; empty: he was not
    :param ended: the talk is over; False leaves it under way, and what its clerk does next stands under it
    :raises BadEntry: a channel or a proof that is none, words that cannot be kept
    """
    contact = Contact.objects.create(
        account_id=account_id,
        premise_id=premise_id,
        channel=check_choice(channel, tuple(CHANNELS), field="channel"),
        who=check_text(who, field="who", longest=200, required=True),
        verified=",".join(check_proofs(verified)),
        said=check_text(said, field="said", longest=MOST_WORDS),
        on=city_time(event.at).date(),
        at=event.at,
        by_id=event.by.id,
        event_id=event.id,
    )
    if ended:
        ContactEnd.objects.create(contact_id=contact.pk, at=event.at, event_id=event.id)
    event.about(f"contact:{contact.pk}", *([f"account:{account_id}"] if account_id else []))
    event.about(*([f"premise:{premise_id}"] if premise_id else []))
    return contact.pk


_UNDER_WAY = """
select c.id from cases_contact c where c.by_id = %(by)s::bigint and c.account_id = %(account)s::bigint
  and c.at > %(at)s::timestamptz - interval '12 hours'
  and not exists (select from cases_contactend e where e.contact_id = c.id) order by c.id desc limit 1"""


def get_under_way(event: Acting, account_id: int) -> int | None:
    """The talk that the actor has with somebody about the account now, if there is one."""
    for row in ask(_UNDER_WAY, {"by": event.by.id, "account": account_id, "at": event.at.isoformat()}):
        return int(row[0])
    return None


def end(event: Acting, *, contact_id: int, said: str) -> None:
    """Write that a talk is over. :raises Refused: there is none, it is over, or it is somebody else's"""
    contact = Contact.objects.filter(pk=contact_id).first()
    if contact is None:
        raise Refused(f"There is no contact {contact_id}; open one on the account.", field="contact_id")
    if contact.by_id != event.by.id:
        raise Refused("It is somebody else's call; whoever took it ends it.", field="contact_id")
    if ContactEnd.objects.filter(pk=contact_id).exists():
        raise Refused("This call is over already; open a new one to add to it.", field="contact_id")
    words = check_text(said, field="said", longest=MOST_WORDS)
    ContactEnd.objects.create(contact_id=contact_id, said=words, at=event.at, event_id=event.id)
    event.about(f"contact:{contact_id}", *([f"account:{contact.account_id}"] if contact.account_id else []))
