"""The people of the office: enrolled, given roles, retired. Nobody is ever deleted: events name them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from curbstop.office._events import Acting, Actor, Key, record, reserve_ids
from curbstop.office._once import Refused, act
from curbstop.office._rights import RIGHTS, ROLES, may, roles_for
from curbstop.records.base.models import User
from curbstop.rules.customers import check_text

__all__ = ["RIGHTS", "ROLES", "actor_of", "change_roles", "enrol", "first_administrator", "get_actor", "may", "retire"]
__all__ += ["roles_for"]


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


@act("staff.enrol", secret=("password_hash",))
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
    """Enrol a user with roles; returns the user's id. ``password_hash`` is made by the caller; no password is kept.

    :raises Refused: a role that the office does not know, or a name that is taken
    """
    _check_roles(roles)
    username = check_text(username, field="username", longest=150, required=True)
    if User.objects.filter(username=username).exists():
        raise Refused(f"The sign-in name {username!r} is taken; choose another.", field="username")
    user = User(
        username=username,
        first_name=check_text(first_name, field="first_name", longest=150),
        last_name=check_text(last_name, field="last_name", longest=150),
        roles=list(roles),
        date_joined=at,
        password=password_hash,
    )
    user.save()
    event.about(f"user:{user.pk}", says=f"{user} enrolled as {', '.join(roles) or 'nobody in particular'}.")
    return user.pk


@act("staff.change_roles")
def change_roles(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, username: str, roles: tuple[str, ...], reason: str
) -> None:
    """Give a user exactly these roles from now on.

    :raises Refused: no such user, a role that the office does not know, or the actor's own roles
    """
    _check_roles(roles)
    user = _get_user(username)
    event.about(f"user:{user.pk}")
    if user.pk == by.id:
        raise Refused("Nobody changes his own roles; ask another administrator.", field="username")
    before, user.roles = user.roles, list(roles)
    user.save(update_fields=["roles"])
    why = check_text(reason, field="reason", required=True)
    event.about(says=f"{user}: {', '.join(before) or 'no roles'} became {', '.join(roles) or 'no roles'}: {why}")


@act("staff.retire")
def retire(event: Acting, /, *, key: Key, by: Actor, at: datetime, username: str, reason: str) -> None:
    """End a user's sign-in. The user stays: events and rows name him.

    :raises Refused: no such user, or the actor himself
    """
    user = _get_user(username)
    event.about(f"user:{user.pk}")
    if user.pk == by.id:
        raise Refused("Nobody retires himself; ask another administrator.", field="username")
    user.is_active = False
    user.save(update_fields=["is_active"])
    event.about(says=f"{user} left: {check_text(reason, field='reason', required=True)}")


def first_administrator(*, username: str, name: str, at: datetime) -> Actor:
    """The actor that raises an empty city: made once, when there is no user at all, so that every act has an author.

    :raises Refused: there are users already, and none of this name
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        if User.objects.exists():
            raise Refused(
                f"There are users already, but no {username!r}; sign in as an administrator instead.", field="username"
            )
        first, _, last = name.partition(" ")
        roles = ["administrator", "system"]
        with transaction.atomic():
            user = User(username=username, first_name=first, last_name=last, roles=roles, date_joined=at, password="!")
            user.save()
            event = Acting(id=reserve_ids(1)[0], act="staff.first_administrator", by=actor_of(user), at=at)
            event.about(f"user:{user.pk}", says=f"{user} raises the city.")
            record(event, key=None, inputs={"username": username, "name": name}, outcome=user.pk)
    return actor_of(user)


def _get_user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise Refused(f"There is no user {username!r}; the list of users has the sign-in names.", field="username")
    return user


def _check_roles(roles: tuple[str, ...]) -> None:
    for role in roles:
        if role not in ROLES:
            raise Refused(f"There is no role {role!r}; the roles are {', '.join(ROLES)}.", field="roles")
