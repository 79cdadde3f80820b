"""Nobody acts on his own or his household's account: asked by every act that helps money or service.

The refusal is an event that names the account, so a supervisor sees every attempt. Who is linked to what is a row of
``customers_link`` (``office.links``), or the customer's own user.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from curbstop.office._events import Actor
from curbstop.office._once import Refused
from curbstop.office._statements import array, ask

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
    for row in ask(LINKED, {"by": by.id, "accounts": array(wanted)}):
        raise own_account(*row)


_LINKED_AT_PLACE = LINKED.replace(
    "any(%(accounts)s::bigint[])",
    "any(array(select g.account_id from customers_agreement g join customers_servicepoint s"
    " on s.id = g.service_point_id where s.premise_id = %(premise)s::bigint"
    " and (upper_inf(g.during) or upper(g.during) >= %(on)s::date)))",
)


def refuse_own_place(by: Actor, premise_id: int, on: date) -> None:
    """Refuse when an account that is served at the premise on the day, or since, is linked to the actor.

    :raises OwnAccount: naming the account and how it is linked
    """
    for row in ask(_LINKED_AT_PLACE, {"by": by.id, "premise": premise_id, "on": on}):
        raise own_account(*row)


def own_account(account_id: int, number: str, kind: str) -> OwnAccount:
    """The refusal for an account that is linked to the actor, ``own`` or ``household``."""
    whose = "is your own account" if kind == "own" else "belongs to your household"
    says = f"{number} {whose}; ask a colleague, as any customer would. {SAYS}"
    return OwnAccount(says, field="account_id", about=[f"account:{account_id}"])
