"""Customers and their accounts; premises and the points at which they are served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from curbstop.office import search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._statements import array, ask
from curbstop.rules.accounts import account_number, check_account_number
from curbstop.rules.customers import (
    CLASSES,
    SERVICES,
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
class PremiseEntry:
    """A premise as it is entered. ``services`` are those it can be served with, one service point each."""

    address: str
    city: str
    state: str
    zip: str
    cycle: str
    route: str
    sequence: int
    kind: str = "residential"
    services: tuple[str, ...] = ("water", "sewer", "sanitation")
    inside_city: bool = True
    dwelling_units: int = 1
    parcel: str = ""
    hazard: str = ""


@dataclass(frozen=True)
class PremisesEntered:
    """How many were entered, and their ids in the order given."""

    service_points: int
    premise_ids: tuple[int, ...]


@dataclass(frozen=True)
class ServicePointRow:
    """A service point. ``measured_by_id`` is the point whose meter measures it (sewer: the water point)."""

    id: int
    premise_id: int
    service: str
    measured_by_id: int | None


@dataclass(frozen=True)
class AccountKey:
    """An account as it is referred to: number, database id, and whose it is."""

    id: int
    number: str
    customer_id: int
    name: str
    customer_class: str
    tenure: str


# --- acts -------------------------------------------------------------------------------------------------------------


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


@act("customers.enter_premises")
def enter_premises(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, premises: tuple[PremiseEntry, ...]
) -> PremisesEntered:
    """Enter premises with their service points, all or none. Sewer is measured by the premise's water point.

    :raises BadEntry: a value that cannot be taken, with the row it is in
    :raises Refused: an address that is there already or stands twice in the list, or a cycle that there is not
    """
    rows = [_checked(entry, row) for row, entry in enumerate(premises, start=1)]
    _refuse_known(rows)
    with connection.cursor() as cursor:
        ids = _reserve(cursor, "customers_premise", len(rows))
        columns: list[list[Any]] = [
            [row.address for row in rows],
            [row.city for row in rows],
            [row.state for row in rows],
            [row.zip for row in rows],
            [row.parcel for row in rows],
            [row.inside_city for row in rows],
            [row.dwelling_units for row in rows],
            [row.kind for row in rows],
            [row.cycle for row in rows],
            [row.route for row in rows],
            [row.sequence for row in rows],
            [row.hazard for row in rows],
        ]
        cursor.execute(
            "insert into customers_premise (id, address, city, state, zip, parcel, inside_city, dwelling_units, kind,"
            " cycle_id, route, sequence, hazard, event_id) select *, %s from unnest(%s::bigint[], %s::text[],"
            " %s::text[], %s::text[], %s::text[], %s::text[], %s::bool[], %s::smallint[], %s::text[], %s::text[],"
            " %s::text[], %s::int[], %s::text[])",
            [event.id, ids, *columns],
        )
        count = _enter_service_points(cursor, ids, rows, event.id)
    event.about(says=f"{len(ids)} premises entered with {count} service points.")
    if len(ids) <= 20:
        event.about(*(f"premise:{id}" for id in ids))
    return PremisesEntered(service_points=count, premise_ids=tuple(ids))


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


def _checked(entry: PremiseEntry, row: int) -> PremiseEntry:
    """The entry with its texts in one spelling; a value that cannot be taken names its row."""
    try:
        for service in entry.services:
            check_choice(service, SERVICES, field="services")
        if "sewer" in entry.services and "water" not in entry.services:
            why = "sewer is measured by the water that goes in, and there is no water point"
            raise BadEntry(field="services", value=entry.services, why=why, remedy="add water, or leave sewer out")
        if len(set(entry.services)) != len(entry.services):
            raise BadEntry(field="services", value=entry.services, why="one stands twice", remedy="name each once")
        check_choice(entry.kind, CLASSES, field="kind")
        if not 1 <= entry.dwelling_units <= 32_000:
            why = "not a number of dwellings"
            raise BadEntry(field="dwelling_units", value=entry.dwelling_units, why=why, remedy="write 1 or more")
        return replace(
            entry,
            address=check_text(entry.address, field="address", longest=100, required=True),
            zip=check_text(entry.zip, field="zip", longest=10, required=True),
            route=check_text(entry.route, field="route", longest=20, required=True),
            city=check_text(entry.city, field="city", longest=60, required=True),
            state=check_text(entry.state, field="state", longest=30, required=True),
            parcel=check_text(entry.parcel, field="parcel", longest=40),
            hazard=check_text(entry.hazard, field="hazard", longest=400),
        )
    except BadEntry as fault:
        raise BadEntry(
            field=f"premises[{row}].{fault.field}", value=fault.value, why=fault.why, remedy=fault.remedy
        ) from None


def _refuse_known(rows: Sequence[PremiseEntry]) -> None:
    """All addresses new, all cycles known."""
    if not rows:
        raise BadEntry(field="premises", value="", why="the list is empty", remedy="give at least one premise")
    seen: set[tuple[str, str]] = set()
    twice = []
    for row in rows:
        if (row.address, row.zip) in seen:
            twice.append(f"{row.address}, {row.zip}")
        seen.add((row.address, row.zip))
    with connection.cursor() as cursor:
        cursor.execute(
            "select address || ', ' || zip from customers_premise"
            " where (address, zip) in (select * from unnest(%s::text[], %s::text[])) order by 1",
            [[row.address for row in rows], [row.zip for row in rows]],
        )
        twice += [found[0] for found in cursor.fetchall()]
        if twice:
            first = "; ".join(twice[:5])
            more = f" and {len(twice) - 5} more" if len(twice) > 5 else ""
            raise Refused(
                f"An address is entered once: {first}{more} stand twice or are there already. Take them out.",
                field="premises",
            )
        cycles = sorted({row.cycle for row in rows})
        cursor.execute("select c from unnest(%s::text[]) c where c not in (select code from decisions_cycle)", [cycles])
        unknown = [found[0] for found in cursor.fetchall()]
    if unknown:
        raise Refused(
            f"The city has no cycle {', '.join(unknown)}; plan the calendar first, or correct the rows.",
            field="premises",
        )


def _reserve(cursor: CursorWrapper, table: str, count: int) -> list[int]:
    cursor.execute("select nextval(pg_get_serial_sequence(%s, 'id')) from generate_series(1, %s)", [table, count])
    return [row[0] for row in cursor.fetchall()]


def _enter_service_points(
    cursor: CursorWrapper, ids: Sequence[int], rows: Sequence[PremiseEntry], event_id: int
) -> int:
    places = [(id, service) for id, row in zip(ids, rows, strict=True) for service in row.services]
    points = _reserve(cursor, "customers_servicepoint", len(places))
    water = {id: point for point, (id, service) in zip(points, places, strict=True) if service == "water"}
    cursor.execute(
        "insert into customers_servicepoint (id, premise_id, service, measured_by_id, number, event_id)"
        " select *, 1, %s from unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[])",
        [
            event_id,
            points,
            [id for id, _ in places],
            [service for _, service in places],
            [water[id] if service == "sewer" else None for id, service in places],
        ],
    )
    return len(points)


# --- reads ------------------------------------------------------------------------------------------------------------


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


def list_service_points(*, premise_ids: Sequence[int]) -> tuple[ServicePointRow, ...]:
    """The service points of premises, by premise and in the order of a bill's lines."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, premise_id, service, measured_by_id from customers_servicepoint where premise_id = any(%s)"
            " order by premise_id, array_position(%s::text[], service), number",
            [list(premise_ids), list(SERVICES)],
        )
        return tuple(ServicePointRow(*row) for row in cursor.fetchall())
