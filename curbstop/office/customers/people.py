"""People on an account beside its holder: named, with a role and what they may do, and ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction

from curbstop.office import _masks
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.customers.asking import Asking, admit
from curbstop.office.customers.papers import PaperFile, keep
from curbstop.records.customers.models import Account, Customer
from curbstop.records.customers.people import Deceased, Person
from curbstop.rules.customers import check_choice, check_email, check_mail_to, check_name, check_phone, check_text
from curbstop.rules.people import MAY, ROLES, check_may


@dataclass(frozen=True)
class PersonRow:
    """Somebody on an account. ``until_on`` None: still; ``may``: what he may do, in the words of ``rules.people``."""

    id: int
    customer_id: int
    name: str
    role: str
    may: tuple[str, ...]
    phone: str
    authority: str
    paper_id: int | None
    from_on: date
    until_on: date | None


@act("customers.name_person", secret=("paper",))
def name_person(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    on: date,
    asked: Asking,
    role: str,
    name: str = "",
    customer_id: int | None = None,
    phone: str = "",
    email: str = "",
    mail_to: tuple[str, ...] = (),
    may: tuple[str, ...] | None = None,
    until_on: date | None = None,
    authority: str = "",
    paper: PaperFile | None = None,
) -> int:
    """Name somebody on an account, on the holder's word; returns the row's id.

    An agent is named by a power of attorney or a signed paper, which is kept.

    :param may: what he may do; None: what is usual for the role
    :raises Refused: who asks may not, an agent without a paper, named so already, or no such customer
    """
    event.about(f"account:{account_id}")
    check_choice(role, tuple(ROLES), field="role")
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise Refused(f"There is no account {account_id}; search for it.", field="account_id")
    refuse_own(by, [account_id])
    rights = check_may(may, role)
    lines = check_mail_to(mail_to)
    if role == "agent" and paper is None:
        raise Refused("Attach the power of attorney, or the holder's signed paper.", field="paper")
    if until_on is not None and until_on <= on:
        raise Refused("It would end before it begins; choose a later last day.", field="until_on")
    who = admit(asked, account, right="change", on=on, paper=paper is not None)
    told = check_text(authority or f"asked by the {who.capacity}", field="authority", longest=200)
    paper_id = keep(event, account_id=account_id, kind="change", says=told, file=paper, on=on) if paper else None
    if customer_id is None:
        person = Customer.objects.create(
            name=check_name(name), phone=check_phone(phone), email=check_email(email), event_id=event.id
        )
    else:
        person = _customer(customer_id)
    try:
        with transaction.atomic():
            row = Person.objects.create(
                account=account, customer=person, role=role, may=list(rights), mail_to=list(lines), authority=told,
                paper_id=paper_id, during=(on, until_on), event_id=event.id,
            )  # fmt: skip
    except IntegrityError as error:
        if "customers_person_once" not in str(error):
            raise
        raise Refused(f"{person.name} is {ROLES[role].lower()} of this account already.", field="name") from error
    event.about(f"customer:{person.pk}", says=f"{ROLES[role]} from {on.isoformat()}: {person.name}.")
    return int(row.pk)


def _customer(customer_id: int) -> Customer:
    found = Customer.objects.filter(pk=customer_id).first()
    if found is None:
        raise Refused(f"There is no customer {customer_id}; search for the name.", field="customer_id")
    if Deceased.objects.filter(customer=found).exists():
        raise Refused(f"{found.name} has died; nobody is named so.", field="customer_id")
    return found


@act("customers.end_person")
def end_person(event: Acting, /, *, key: Key, by: Actor, at: datetime, person_id: int, on: date, reason: str) -> None:
    """End somebody's role on an account from a day on. :raises Refused: there is none, it has ended, or no reason"""
    row = Person.objects.filter(pk=person_id).select_related("customer").first()
    if row is None:
        raise Refused(f"There is nobody {person_id} on an account.", field="person_id")
    event.about(f"account:{row.account_id}")
    refuse_own(by, [row.account_id])
    why = check_text(reason, field="reason", longest=200, required=True)
    if row.during.upper is not None and row.during.upper <= on:
        raise Refused(f"It ended on {row.during.upper.isoformat()}.", field="person_id")
    if on <= row.during.lower:
        raise Refused(f"It began on {row.during.lower.isoformat()}; it ends later than that.", field="on")
    Person.objects.filter(pk=person_id).update(during=(row.during.lower, on))
    event.about(says=f"{ROLES[row.role]} until {on.isoformat()}: {row.customer.name}; {why}")


def list_people(*, account_id: int, hidden: bool) -> tuple[PersonRow, ...]:
    """Everybody on an account beside the holder, those of today first; ``hidden``: their roles without their names."""
    rows = Person.objects.filter(account_id=account_id).select_related("customer").order_by("-id")
    found = [
        PersonRow(
            id=row.pk,
            customer_id=row.customer_id,
            name=_masks.HIDDEN if hidden else row.customer.name,
            role=row.role,
            may=tuple(MAY[one] for one in row.may),
            phone="" if hidden else row.customer.phone,
            authority="" if hidden else row.authority,
            paper_id=row.paper_id,
            from_on=row.during.lower,
            until_on=row.during.upper,
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda row: row.until_on is not None))
