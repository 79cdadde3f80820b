"""Whom an account number names, and who may be the one in front of you."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from curbstop.office._once import Refused
from curbstop.office.customers.proving import Proof, same_people
from curbstop.rules.accounts import check_account_number
from curbstop.rules.customers import BadEntry, check_email, check_phone

ALIKE = ("name", "phone", "email", "identity", "household")


@dataclass(frozen=True)
class Likeness:
    """A customer who may be the one in front of you, and in what they are alike: ``name``, ``phone``, ``email``,
    ``identity`` (date of birth or a document) or ``household`` (a person on an account at the same place)."""

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


def find_duplicates(
    *, name: str = "", phone: str = "", email: str = "", proofs: tuple[Proof, ...] = (), premise_id: int | None = None
) -> tuple[Likeness, ...]:
    """Customers who may be the one in front of you: the same telephone or e-mail, or a name nearly the same; the same
    date of birth or document (``proofs``); or of the household of who holds, or was named on, an account at a premise.

    What is not yet a telephone number or an e-mail (it is still being typed) is passed over. At most ten, most alike
    first.
    """
    phone, email = _or_empty(check_phone, phone), _or_empty(check_email, email)
    name = " ".join(name.split())[:200]
    asked = {"identity": list(same_people(proofs)), "household": _household(premise_id, name)}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            with alike as (
              select id from customers_customer where phone = %(phone)s and phone <> ''
              union select id from customers_customer where lower(email) = lower(%(email)s) and email <> ''
              union (select id from customers_customer where name %% %(name)s
                     order by similarity(name, %(name)s) desc limit 10)
              union select unnest(%(identity)s::bigint[]) union select unnest(%(household)s::bigint[]))
            select c.id, c.name, c.phone, c.email,
              array(select a.number from customers_account a where a.customer_id = c.id order by a.id),
              name %% %(name)s, phone = %(phone)s and phone <> '', lower(email) = lower(%(email)s) and email <> '',
              c.id = any(%(identity)s::bigint[]), c.id = any(%(household)s::bigint[])
            from customers_customer c join alike using (id)
            order by (c.id = any(%(identity)s::bigint[]))::int
              + (phone = %(phone)s and phone <> '')::int + (lower(email) = lower(%(email)s) and email <> '')::int
              + similarity(name, %(name)s) desc, c.id limit 10""",
            {**asked, "name": name, "phone": phone, "email": email},
        )
        return tuple(
            Likeness(
                customer_id=row[0],
                name=row[1],
                phone=row[2],
                email=row[3],
                accounts=tuple(row[4]),
                alike=tuple(word for word, is_so in zip(ALIKE, row[5:], strict=True) if is_so),
            )
            for row in cursor.fetchall()
        )


def _household(premise_id: int | None, name: str) -> list[int]:
    """Who held an account at the premise or was named on one, with the last word of the name: those who lived there
    together, and one of whom may have left a debt."""
    last = name.split()[-1:] if name else []
    if premise_id is None or not last:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct c.id from customers_servicepoint s join customers_agreement g on g.service_point_id = s.id"
            " join customers_account a on a.id = g.account_id"
            " left join customers_person p on p.account_id = a.id and p.role in ('co_holder', 'guarantor')"
            " join customers_customer c on c.id in (a.customer_id, p.customer_id)"
            " where s.premise_id = %s and lower(c.name) like %s order by 1 limit 10",
            [premise_id, f"% {last[0].lower()}"],
        )
        return [row[0] for row in cursor.fetchall()]


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
