"""Confidential accounts: what is sealed while a mark lasts, and the one place where it is opened.

A mark takes name, telephone, e-mail and mailing address out of the rows that everybody reads and puts them into a
sealed box, so that every list, letter, export and receipt there is, and every one to come, carries the mask without
knowing of it. Only this module opens the box: for somebody who broke the glass, for the post, and for the search,
which finds a number and tells nothing (docs/decisions/200).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from curbstop.office._events import Acting, Actor
from curbstop.office._once import Refused
from curbstop.office._sealing import seal, unseal
from curbstop.records.customers.marks import Sealed

NAME = "Confidential account"
"""What stands where the name was."""
HIDDEN = "Confidential"
"""What stands where an address, a telephone number or an e-mail was."""
HOLDER = "Account holder"
"""Whom the post is addressed to, where the name may not stand on an envelope."""

SUPERVISOR = "supervisor"


@dataclass(frozen=True)
class Looker:
    """Who looks, and when: a read that may open what is confidential asks for it."""

    by: Actor
    at: datetime


@dataclass(frozen=True)
class Truth:
    """What is true of a customer, marked or not. ``mail_to``: of each of his accounts."""

    name: str
    phone: str
    email: str
    mail_to: Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class Marked:
    """An account under a mark. ``kind``: ``confidential`` or ``acp``; ``substitute`` are the programme's lines."""

    account_id: int
    customer_id: int
    kind: str
    substitute: tuple[str, ...]
    ends_on: date | None
    truth: Truth

    @property
    def mail_to(self) -> tuple[str, ...]:
        """Where its mail goes in truth; empty: the service address."""
        return self.substitute or self.truth.mail_to.get(self.account_id, ())


@dataclass(frozen=True)
class Postal:
    """Whom and where a letter goes. ``service_address`` is :data:`HIDDEN` where it may not be printed."""

    name: str
    lines: tuple[str, ...]
    service_address: str


_MARKED = """
select a.id, a.customer_id, m.kind, m.substitute::text, m.ends_on, s.box
from customers_account a
join lateral (select m.* from customers_mark m join customers_account o on o.id = m.account_id
  where o.customer_id = a.customer_id and upper_inf(m.during) order by m.account_id = a.id desc, m.id limit 1) m on true
join lateral (select s.box from customers_sealed s where s.customer_id = a.customer_id order by s.id desc limit 1) s
  on true
where a.id = any(%s)"""


def load_marked(account_ids: Iterable[int]) -> dict[int, Marked]:
    """Those of these accounts that are marked, or whose customer is by another account of his, with what is true."""
    with connection.cursor() as cursor:
        cursor.execute(_MARKED, [sorted(set(account_ids))])
        return {
            row[0]: Marked(row[0], row[1], row[2], tuple(json.loads(row[3])), row[4], _open_box(row[1], row[5]))
            for row in cursor.fetchall()
        }


def _open_box(customer_id: int, box: bytes) -> Truth:
    told = json.loads(unseal(bytes(box), about=f"customer:{customer_id}"))
    mail_to = {int(id): tuple(lines) for id, lines in told["mail_to"].items()}
    return Truth(told["name"], told["phone"], told["email"], mail_to)


def load_truth(customer_id: int) -> Truth:
    """What is true of a customer, out of his row or out of the box.

    :raises Refused: there is no such customer
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select box from customers_sealed where customer_id = %s order by id desc limit 1", [customer_id]
        )
        row = cursor.fetchone()
        if row is not None and bytes(row[0]):
            return _open_box(customer_id, row[0])
        cursor.execute(
            "select name, phone, email, (select coalesce(json_object_agg(a.id, a.mail_to), '{}')::text"
            " from customers_account a where a.customer_id = c.id) from customers_customer c where c.id = %s",
            [customer_id],
        )
        found = cursor.fetchone()
    if found is None:
        raise Refused(f"There is no customer {customer_id}; search for the name.", field="customer_id")
    return Truth(found[0], found[1], found[2], {int(id): tuple(to) for id, to in json.loads(found[3]).items()})


def is_sealed(customer_id: int) -> bool:
    """Whether the customer's row carries the mask."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select box from customers_sealed where customer_id = %s order by id desc limit 1", [customer_id]
        )
        row = cursor.fetchone()
    return row is not None and bool(bytes(row[0]))


def write_truth(event: Acting, customer_id: int, truth: Truth, *, sealed: bool) -> None:
    """Write what is true of a customer, into the box or into the open rows.

    ``sealed`` says which from now on; the substitute address of a programme stays in the open, being no secret.
    """
    was = is_sealed(customer_id)
    if sealed:
        told = {"name": truth.name, "phone": truth.phone, "email": truth.email}
        text = json.dumps({**told, "mail_to": {str(id): list(to) for id, to in truth.mail_to.items()}})
        box = seal(text, about=f"customer:{customer_id}")
        Sealed.objects.create(customer_id=customer_id, box=box, event_id=event.id)
        name, phone, email = NAME, "", ""
    else:
        if was:
            Sealed.objects.create(customer_id=customer_id, box=b"", event_id=event.id)
        name, phone, email = truth.name, truth.phone, truth.email
    with connection.cursor() as cursor:
        cursor.execute(
            "update customers_customer set name = %s, phone = %s, email = %s where id = %s",
            [name, phone, email, customer_id],
        )
        for account_id, lines in truth.mail_to.items():
            shown = list(_substitute(account_id)) if sealed else list(lines)
            cursor.execute("update customers_account set mail_to = %s where id = %s", [shown, account_id])


def _substitute(account_id: int) -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select substitute::text from customers_mark where account_id = %s and upper_inf(during)", [account_id]
        )
        row = cursor.fetchone()
    return tuple(json.loads(row[0])) if row else ()


def write_mail_to(event: Acting, account_id: int, lines: Sequence[str]) -> None:
    """Where an account's mail goes from now on, out of sight where the account is marked.

    :raises Refused: its mail goes to the address of the state's programme and nowhere else
    """
    marked = load_marked([account_id]).get(account_id)
    if marked is None:
        with connection.cursor() as cursor:
            cursor.execute("update customers_account set mail_to = %s where id = %s", [list(lines), account_id])
        return
    if marked.kind == "acp":
        raise Refused(
            "Mail of this account goes to the address of the Address Confidentiality Program only. Take no other"
            " address; the programme forwards it.",
            field="mail_to",
        )
    truth = marked.truth
    told = Truth(truth.name, truth.phone, truth.email, {**truth.mail_to, account_id: tuple(lines)})
    write_truth(event, marked.customer_id, told, sealed=True)


# --- who may see ------------------------------------------------------------------------------------------------------


def open_until(account_id: int, looker: Looker | None) -> datetime | None:
    """Until when the account is open to who looks; None: it is not."""
    if looker is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            'select max("until") from customers_glass where account_id = %s and by_id = %s and at <= %s'
            ' and "until" > %s',
            [account_id, looker.by.id, looker.at, looker.at],
        )
        row = cursor.fetchone()
    until: datetime | None = row[0] if row else None
    return until


def hide_words(text: str, marked: Marked, addresses: Iterable[str] = ()) -> str:
    """A sentence of the time before the mark, without what the mark hides."""
    secrets = [marked.truth.name, marked.truth.phone, marked.truth.email, *addresses]
    secrets += [line for lines in marked.truth.mail_to.values() for line in lines]
    secrets += [word for word in marked.truth.name.split() if len(word) > 2]
    for secret in sorted({secret for secret in secrets if secret}, key=len, reverse=True):
        text = re.sub(re.escape(secret), "(confidential)", text, flags=re.IGNORECASE)
    return text


# --- the post ---------------------------------------------------------------------------------------------------------

_PLACE = """
select c.name, a.mail_to, coalesce(p.address, ''), coalesce(p.city || ', ' || p.state || ' ' || p.zip, '')
from customers_account a join customers_customer c on c.id = a.customer_id
left join lateral (
  select pr.* from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
  join customers_premise pr on pr.id = s.premise_id where g.account_id = a.id
  order by upper(g.during) desc nulls first limit 1) p on true
where a.id = %s"""


def get_postal(account_id: int) -> Postal:
    """Where a letter to the account goes, and which name is on it.

    To somebody in the Address Confidentiality Program: his name and the substitute address, which the state forwards,
    and no service address (22 O.S. 60.14). To another confidential account: the account holder, without a name.

    :raises Refused: there is no such account
    """
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [account_id])
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no account {account_id}.", field="account_id")
    name, mail_to, address, place = row
    marked = load_marked([account_id]).get(account_id)
    home = tuple(line for line in (address, place) if line)
    if marked is None:
        return Postal(name, tuple(mail_to) or home, address)
    if marked.kind == "acp":
        return Postal(marked.truth.name, marked.substitute, HIDDEN)
    return Postal(HOLDER, marked.mail_to or home, HIDDEN)


def get_home(account_id: int) -> tuple[str, ...]:
    """The lines of the service address, for an act that writes to it; no screen shows what this returns."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [account_id])
        row = cursor.fetchone()
    return tuple(line for line in row[2:4] if line) if row else ()


def get_payee(account_id: int) -> str:
    """The name that a check to the account is made out to: a bank pays no mask."""
    marked = load_marked([account_id]).get(account_id)
    if marked is not None:
        return marked.truth.name
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.name from customers_customer c join customers_account a on a.customer_id = c.id where a.id = %s",
            [account_id],
        )
        row: Any = cursor.fetchone()
    return str(row[0]) if row else ""
