"""A new account, for a new customer or for one there is; and what is noted on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._statements import array, ask
from curbstop.rules.accounts import account_number
from curbstop.rules.customers import (
    CLASSES,
    TENURES,
    BadEntry,
    check_choice,
    check_email,
    check_mail_to,
    check_name,
    check_phone,
    check_text,
)

KINDS = ("person", "organization")


@dataclass(frozen=True)
class Opened:
    """A new account. ``number`` is what people see; the ids are the database's."""

    customer_id: int
    account_id: int
    number: str


@act("customers.open")
def open(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    on: date,
    name: str = "",
    customer_class: str = "residential",
    tenure: str = "renter",
    kind: str = "person",
    phone: str = "",
    email: str = "",
    language: str = "en",
    mail_to: tuple[str, ...] = (),
    customer_id: int | None = None,
    not_the_same_as: tuple[int, ...] = (),
) -> Opened:
    """Open an account, for a new customer or, with ``customer_id``, for one there is.

    :param on: the day from which the account is open
    :param phone: as dictated; kept in E.164
    :param mail_to: lines of the mailing address; none: mail goes to the service address
    :param customer_id: the customer whose further account this is; name, phone and e-mail are then his
    :param not_the_same_as: customers who look alike and were found to be somebody else
    :raises BadEntry: a field that cannot be taken, named
    :raises Refused: the name with this telephone or e-mail is a customer already, or there is no such customer
    """
    _check_kind(customer_class, tenure, kind)
    lines = list(check_mail_to(mail_to))
    if customer_id is None:
        name, phone, email = check_name(name), check_phone(phone), check_email(email)
        _refuse_twin(name, phone, email, not_the_same_as)
        language = check_text(language, field="language", longest=10)
        made = {"name": name, "kind": kind, "phone": phone, "email": email, "language": language, "event": event.id}
        customer_id, sequence = ask(_NEW_CUSTOMER, made)[0]
    else:
        if name or phone or email:
            raise BadEntry(
                field="name",
                value=name or phone or email,
                why=f"given together with customer {customer_id}, who has his own",
                remedy="leave name, phone and e-mail out, or leave the customer out",
            )
        found = ask(_CUSTOMER, {"id": customer_id})
        if not found:
            raise Refused(f"There is no customer {customer_id}; search for the name.", field="customer_id")
        name, phone, sequence = found[0]
    number = account_number(sequence)
    opened = {"number": number, "customer": customer_id, "class": customer_class, "tenure": tenure, "mail_to": lines}
    account_id = int(ask(_NEW_ACCOUNT, {**opened, "on": on, "event": event.id})[0][0])
    search.enter(account_id, number=number, name=name, phone=phone)
    event.about(f"account:{account_id}", f"customer:{customer_id}", says=f"Account {number} opened for {name}.")
    return Opened(customer_id=customer_id, account_id=account_id, number=number)


_NEW_CUSTOMER = """
insert into customers_customer (name, kind, phone, email, language, event_id) values (%(name)s::text, %(kind)s::text,
  %(phone)s::text, %(email)s::text, %(language)s::text, %(event)s::bigint)
returning id, nextval('customers_account_number_seq')"""
_CUSTOMER = """
select name, phone, nextval('customers_account_number_seq') from customers_customer where id = %(id)s::bigint"""
_NEW_ACCOUNT = """
insert into customers_account (number, customer_id, customer_class, tenure, mail_to, opened_on, event_id) values
  (%(number)s::text, %(customer)s::bigint, %(class)s::text, %(tenure)s::text, %(mail_to)s::text[], %(on)s::date,
  %(event)s::bigint) returning id"""


def _check_kind(customer_class: str, tenure: str, kind: str) -> None:
    check_choice(customer_class, CLASSES, field="customer_class")
    check_choice(tenure, TENURES, field="tenure")
    check_choice(kind, KINDS, field="kind")
    if customer_class == "residential" and tenure == "business":
        remedy = "choose owner or renter, or the commercial class"
        raise BadEntry(field="tenure", value=tenure, why="not the tenure of a home", remedy=remedy)


def _refuse_twin(name: str, phone: str, email: str, not_the_same_as: Sequence[int]) -> None:
    """The same name with the same telephone or e-mail is the same customer, unless somebody looked and says no."""
    if not phone and not email:
        return
    for twin in ask(_TWIN, {"name": name, "others": array(not_the_same_as), "phone": phone, "email": email}):
        raise Refused(
            f"{twin[1]} with this telephone or e-mail is customer {twin[0]} already. Open the account for that"
            " customer; if it is somebody else, say so (not_the_same_as).",
            field="name",
        )


_TWIN = """
select id, name from customers_customer where lower(name) = lower(%(name)s::text) and id <> all(%(others)s::bigint[])
  and ((phone = %(phone)s::text and phone <> '') or (lower(email) = lower(%(email)s::text) and email <> ''))
order by id limit 1"""


@act("customers.note")
def note(event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, text: str) -> None:
    """Leave a note on an account; it stands in the timeline and is never changed.

    :raises BadEntry: an empty note, or one longer than 1,000 characters
    :raises Refused: there is no such account
    """
    said = check_text(text, field="text", longest=1000, required=True)
    with connection.cursor() as cursor:
        cursor.execute("select 1 from customers_account where id = %s", [account_id])
        if cursor.fetchone() is None:
            raise Refused(f"There is no account {account_id}; search for it.", field="account_id")
    event.about(f"account:{account_id}", says=said)
