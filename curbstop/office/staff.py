"""Who may do what. Rights go with roles; a person of a small office may have several."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.records.base.models import User

ROLES: Mapping[str, str] = {
    "csr": "Customer service representative",
    "cashier": "Cashier",
    "supervisor": "Supervisor",
    "field": "Meter reader and field crew",
    "finance": "Finance",
    "auditor": "Auditor: reads everything, changes nothing",
    "administrator": "Administrator: users and the city's data",
    "system": "The clock",
}

_COUNTER = frozenset(
    {"customers.open", "customers.note", "moves.start", "moves.stop", "reads.enter", "meters.exchange"}
)
_TILL = frozenset({"payments.take", "tills.open", "tills.count"})
_BILLING = frozenset({"bills.plan", "bills.calculate", "bills.hold", "bills.release", "bills.own"})

RIGHTS: Mapping[str, frozenset[str]] = {
    "csr": _COUNTER | _TILL | _BILLING,
    "cashier": _TILL,
    "supervisor": _COUNTER
    | _TILL
    | _BILLING
    | {"bills.approve", "payments.reverse", "reads.decide", "reads.set_averages", "tills.close"},
    "field": frozenset({"reads.enter", "reads.record_route", "meters.exchange"}),
    "finance": frozenset({"tills.deposit", "tills.confirm", "ledger.open_day", "payments.record_batch"}),
    "auditor": frozenset(),
    "administrator": frozenset(
        {
            "staff.enrol",
            "tariffs.adopt",
            "policies.set",
            "policies.install_city",
            "policies.plan_calendar",
            "ledger.adopt_chart",
            "ledger.open_day",
            "customers.enter_premises",
            "meters.enter_stock",
            "tills.install",
        }
    ),
    "system": frozenset(
        {
            "bills.plan",
            "bills.calculate",
            "bills.post",
            "bills.own",
            "payments.record_batch",
            "payments.apply_credit",
            "reads.record_route",
            "reads.set_averages",
            "ledger.open_day",
        }
    ),
}
"""Role -> names of acts. What is not listed is refused; reading is not listed, since every role may look."""


def may(by: Actor, act_name: str) -> bool:
    """Whether any of the actor's roles includes the act."""
    return any(act_name in RIGHTS.get(role, frozenset()) for role in by.roles)


def roles_for(act_name: str) -> str:
    """The roles that include the act, in words."""
    named = [role for role, acts in RIGHTS.items() if act_name in acts]
    return " or ".join(named) if named else "nobody (no role includes it)"


def get_actor(*, username: str) -> Actor:
    """The actor behind a sign-in name.

    :raises Refused: there is no such active user
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise Refused(f"There is no active user {username!r}. An administrator can enrol one.", field="username")
    return actor_of(user)


def actor_of(user: Any) -> Actor:
    """The actor that a signed-in user is."""
    return Actor(id=user.pk, name=str(user), roles=frozenset(user.roles))


@act("staff.enrol")
def enrol(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    username: str,
    first_name: str,
    last_name: str,
    roles: tuple[str, ...],
    password_hash: str = "!",
) -> int:
    """Enrol a user with roles; returns the user's id. ``password_hash`` comes from the caller, who never keeps the password.

    :raises Refused: a role that the office does not know, or a name that is taken
    """
    for role in roles:
        if role not in ROLES:
            raise Refused(f"There is no role {role!r}; the roles are {', '.join(ROLES)}.", field="roles")
    if User.objects.filter(username=username).exists():
        raise Refused(f"The sign-in name {username!r} is taken; choose another.", field="username")
    user = User(username=username, first_name=first_name, last_name=last_name, roles=list(roles), date_joined=at)
    user.password = password_hash
    user.save()
    event.about(f"user:{user.pk}", says=f"{first_name} {last_name} enrolled as {', '.join(roles)}.")
    return user.pk


def first_administrator(*, username: str, name: str, at: datetime) -> Actor:
    """The actor that raises an empty city: made once, when there is no user at all, so that every later act has an author."""
    user = User.objects.filter(username=username).first()
    if user is None:
        if User.objects.exists():
            raise Refused(
                f"There are users already, but no {username!r}; sign in as an administrator instead.", field="username"
            )
        first, _, last = name.partition(" ")
        user = User(
            username=username,
            first_name=first,
            last_name=last,
            roles=["administrator", "system"],
            date_joined=at,
            password="!",
        )
        user.save()
    return actor_of(user)
