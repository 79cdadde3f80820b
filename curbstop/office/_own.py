"""Nobody acts on his own or his household's account: asked by every act that helps money or service.

The refusal is an event that names the account, so a supervisor sees every attempt. Who is linked to what is a row of
``customers_link`` (``office.links``), or the customer's own user.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import connection

from curbstop.office._events import Actor
from curbstop.office._once import Refused

SAYS = "Nobody acts on his own or his household's account."

LINKED = """
select a.id, a.number, case when c.staff_user_id = %(by)s::bigint then 'own' else l.kind end kind
from customers_account a join customers_customer c on c.id = a.customer_id
left join customers_link l on l.account_id = a.id and l.user_id = %(by)s::bigint and upper_inf(l.during)
where a.id = any(%(accounts)s::bigint[]) and (c.staff_user_id = %(by)s::bigint or l.id is not null)
order by 3 desc, a.id limit 1"""
"""The account of these that is the actor's own or of his household; for acts that ask it with another question."""


class OwnAccount(Refused):
    """The account is the actor's own, or of his household."""


def refuse_own(by: Actor, account_ids: Iterable[int]) -> None:
    """Refuse when one of the accounts is linked to the actor.

    A link holds until somebody ends it, whatever day an act is about.

    :raises OwnAccount: naming the account and how it is linked
    """
    wanted = sorted(set(account_ids))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(LINKED, {"by": by.id, "accounts": wanted})
        row = cursor.fetchone()
    if row is not None:
        raise own_account(*row)


_AT_PLACE = """
select distinct g.account_id from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
where s.premise_id = %(premise)s and (upper_inf(g.during) or upper(g.during) >= %(on)s)"""


def refuse_own_place(by: Actor, premise_id: int, on: date) -> None:
    """Refuse when an account that is served at the premise on the day, or since, is linked to the actor.

    :raises OwnAccount: naming the account and how it is linked
    """
    with connection.cursor() as cursor:
        cursor.execute(_AT_PLACE, {"premise": premise_id, "on": on})
        refuse_own(by, [row[0] for row in cursor.fetchall()])


def own_account(account_id: int, number: str, kind: str) -> OwnAccount:
    """The refusal for an account that is linked to the actor, ``own`` or ``household``."""
    whose = "is your own account" if kind == "own" else "belongs to your household"
    says = f"{number} {whose}; ask a colleague, as any customer would. {SAYS}"
    return OwnAccount(says, field="account_id", about=[f"account:{account_id}"])
