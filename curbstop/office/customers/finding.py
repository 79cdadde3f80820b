"""Whom an account number names, and who may be the one in front of you."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from curbstop.office._once import Refused
from curbstop.rules.accounts import check_account_number
from curbstop.rules.customers import BadEntry, check_email, check_phone


@dataclass(frozen=True)
class Likeness:
    """A customer who may be the one in front of you, and in what they are alike: ``name``, ``phone``, ``email``."""

    customer_id: int
    name: str
    phone: str
    email: str
    accounts: tuple[str, ...]
    alike: tuple[str, ...]


@dataclass(frozen=True)
class AccountKey:
    """An account as it is referred to: number, database id, and whose it is."""

    id: int
    number: str
    customer_id: int
    name: str
    customer_class: str
    tenure: str


def find_duplicates(*, name: str = "", phone: str = "", email: str = "") -> tuple[Likeness, ...]:
    """Customers who may be the one in front of you: the same telephone or e-mail, or a name nearly the same.

    What is not yet a telephone number or an e-mail (it is still being typed) is passed over. At most ten, most alike
    first.
    """
    phone, email = _or_empty(check_phone, phone), _or_empty(check_email, email)
    name = " ".join(name.split())[:200]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with alike as (
              select id from customers_customer where phone = %(phone)s and phone <> ''
              union select id from customers_customer where lower(email) = lower(%(email)s) and email <> ''
              union (select id from customers_customer where name %% %(name)s
                     order by similarity(name, %(name)s) desc limit 10))
            select c.id, c.name, c.phone, c.email,
              array(select a.number from customers_account a where a.customer_id = c.id order by a.id),
              name %% %(name)s, phone = %(phone)s and phone <> '', lower(email) = lower(%(email)s) and email <> ''
            from customers_customer c join alike using (id)
            order by (phone = %(phone)s and phone <> '')::int + (lower(email) = lower(%(email)s) and email <> '')::int
              + similarity(name, %(name)s) desc, c.id limit 10""",
            {"name": name, "phone": phone, "email": email},
        )
        return tuple(
            Likeness(
                customer_id=row[0],
                name=row[1],
                phone=row[2],
                email=row[3],
                accounts=tuple(row[4]),
                alike=tuple(word for word, is_so in zip(("name", "phone", "email"), row[5:], strict=True) if is_so),
            )
            for row in cursor.fetchall()
        )


def _or_empty(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except BadEntry:
        return ""


def find_account(*, number: str) -> AccountKey:
    """The account of a number as typed.

    :raises BadAccountNumber: it cannot be one
    :raises Refused: no account has it
    """
    digits = check_account_number(number)
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.id, a.number, c.id, c.name, a.customer_class, a.tenure from customers_account a"
            " join customers_customer c on c.id = a.customer_id where a.number = %s",
            [digits],
        )
        found = cursor.fetchone()
    if found is None:
        raise Refused(f"No account has the number {digits}; search by name or address.", field="account")
    return AccountKey(*found)
