"""Holds placed and released by people: on one account, on a street at once; who answers for which, and which end soon.

What an act of its own places (an extension, an arrangement, a dispute, a petition) is placed and ended by that act. A
hold that goes on longer is released and followed by another, so that what was promised when stays readable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from curbstop.office import _holds, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office._statements import ask
from curbstop.records.base.models import User
from curbstop.records.delinquency.holds import Hold, HoldComesBack
from curbstop.rules.customers import check_text
from curbstop.rules.delinquency.holds import REASONS, Held, reason_of
from curbstop.rules.policies import NotSet

COMES_BACK, LONGEST = "hold.comes_back_days", "hold.longest_days"
USUAL_DAYS = 3
"""So many days before its end a hold comes back to its owner where the city has not said."""


@dataclass(frozen=True)
class HoldPlaced:
    """Holds that one act placed: their ids and accounts, in the order of the accounts."""

    hold_ids: tuple[int, ...]
    account_ids: tuple[int, ...]


@dataclass(frozen=True)
class HoldRow:
    """A hold as lists have it. ``left_days``: until it ends by itself, None: it does not; ``event_id``: the act that
    placed it, with all that it placed."""

    id: int
    account_id: int
    number: str
    name: str
    address: str
    reason: str
    says: str
    authority: str
    cents: int | None
    from_on: date
    until_on: date | None
    left_days: int | None
    owner_id: int
    owner: str
    held: Held
    came_back_on: date | None
    released_on: date | None
    released_says: str
    event_id: int
    together: int

    @property
    def last_on(self) -> date | None:
        """The last day it holds, as people say it; None: until it is released."""
        return self.until_on - timedelta(days=1) if self.until_on is not None else None


@dataclass(frozen=True)
class AreaAccount:
    """An account at one of the places that were chosen."""

    account_id: int
    number: str
    name: str
    premise_id: int
    address: str


def _check_by_hand(reason: str) -> None:
    """:raises Refused: an act of its own places holds of this reason"""
    of = reason_of(reason)
    if of.by_act:
        says = f"A hold for the reason {of.says.lower()} is placed and ended by its own act"
        raise Refused(f"{says}, which asks what the law or the city wants first. Use that.", field="reason")


def _check_length(reason: str, from_on: date, until_on: date | None) -> None:
    """:raises Refused: longer than the city allows for the reason (``hold.longest_days``)"""
    try:
        rows = policies.load(LONGEST).rows(LONGEST, on=from_on)
    except NotSet:
        return
    for row in rows:
        if isinstance(row, dict) and row.get("reason") == reason:
            last = from_on + timedelta(days=int(str(row["days"])))
            if until_on is None or until_on > last:
                says = f"A hold for this reason holds at most {row['days']} days (hold.longest_days)"
                raise Refused(f"{says}: until {last.isoformat()}.", field="until_on")


def _owner(owner_id: int | None, by: Actor) -> int:
    if owner_id is not None and not User.objects.filter(pk=owner_id, is_active=True).exists():
        raise Refused("Nobody of this number works here; choose who answers for the hold.", field="owner_id")
    return owner_id or by.id


@act("delinquency.place_hold")
def place_hold(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    reason: str,
    authority: str,
    from_on: date,
    until_on: date | None,
    owner_id: int | None = None,
    cents: int | None = None,
    documents: tuple[int, ...] = (),
) -> HoldPlaced:
    """Leave an account alone for a reason of the list that no act of its own has.

    :param until_on: the first day it no longer holds; None: until it is released
    :param owner_id: whom it comes back to before it ends; None: whoever places it
    :raises Refused: a reason with an act of its own, days that cannot be or are longer than the city allows
    """
    event.about(f"account:{account_id}")
    _check_by_hand(reason)
    _check_length(reason, from_on, until_on)
    refuse_own(by, [account_id])
    id = _holds.place(
        event, account_id=account_id, reason=reason, authority=authority, from_on=from_on, until_on=until_on,
        owner_id=_owner(owner_id, by), cents=cents, documents=documents,
    )  # fmt: skip
    return HoldPlaced((id,), (account_id,))


@act("delinquency.release_hold")
def release_hold(event: Acting, /, *, key: Key, by: Actor, at: datetime, hold_id: int, on: date, says: str) -> None:
    """Release a hold that was placed by hand; the row says who and why.

    :raises Refused: no such hold, it has ended, or an act of its own ends it
    """
    hold = _find(hold_id)
    event.about(f"account:{hold.account_id}")
    _check_by_hand(hold.reason)
    refuse_own(by, [hold.account_id])
    _holds.release(event, hold_id=hold_id, on=on, says=says)


@act("delinquency.lengthen_hold")
def lengthen_hold(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, hold_id: int, on: date, until_on: date, says: str,
    owner_id: int | None = None,
) -> HoldPlaced:  # fmt: skip
    """Let a hold go on until another day, or give it to another owner: it is released and followed by one from today.

    :raises Refused: no such hold, it has ended, an act of its own ends it, or longer than the city allows
    """
    hold = _find(hold_id)
    event.about(f"account:{hold.account_id}")
    _check_by_hand(hold.reason)
    _check_length(hold.reason, hold.from_on, until_on)
    refuse_own(by, [hold.account_id])
    why = check_text(says, field="says", longest=300, required=True)
    begins = max(on, hold.from_on)
    event.about(says=f"Hold goes on ({REASONS[hold.reason].says.lower()}) until {until_on.isoformat()}: {why}")
    _holds.release(event, hold_id=hold_id, on=begins, says=f"Goes on until {until_on.isoformat()}: {why}")
    id = _holds.place(
        event, account_id=hold.account_id, reason=hold.reason, authority=hold.authority, from_on=begins,
        until_on=until_on, owner_id=_owner(owner_id or hold.owner_id, by), cents=hold.cents, documents=hold.documents,
        premise_id=hold.premise_id, follows_id=hold.pk,
    )  # fmt: skip
    return HoldPlaced((id,), (hold.account_id,))


def _find(hold_id: int) -> Hold:
    hold = Hold.objects.filter(pk=hold_id).first()
    if hold is None:
        raise Refused(f"There is no hold {hold_id}; the list shows those that there are.", field="hold_id")
    return hold


# --- a street at once -------------------------------------------------------------------------------------------------

_AREA = """
select distinct on (a.id) a.id, a.number, c.name, p.id, p.address
from customers_premise p join customers_servicepoint s on s.premise_id = p.id
join customers_agreement g on g.service_point_id = s.id and g.during @> %(on)s::date
join customers_account a on a.id = g.account_id join customers_customer c on c.id = a.customer_id
where (%(route)s::text <> '' and p.route = %(route)s::text or %(route)s::text = '')
  and (%(street)s::text <> '' and p.address ilike '%%' || %(street)s::text || '%%' or %(street)s::text = '')
  and (%(route)s::text <> '' or %(street)s::text <> '')
order by a.id, p.id"""


def list_area(*, street: str, route: str, on: date) -> tuple[AreaAccount, ...]:
    """The accounts served on the day in a street (part of the address) or on a route, or both; by address.

    Where neither is given there are none: a hold on the whole city is not one act of one person.
    """
    text = street.strip().replace("%", "").replace("_", "")
    rows = ask(_AREA, {"street": text, "route": route.strip(), "on": on})
    return tuple(sorted((AreaAccount(*row) for row in rows), key=lambda one: (one.address, one.account_id)))


@act("delinquency.place_holds_at")
def place_holds_at(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    street: str,
    route: str,
    reason: str,
    authority: str,
    from_on: date,
    until_on: date | None,
    accounts: int,
    owner_id: int | None = None,
) -> HoldPlaced:
    """Leave everybody alone who is served in a street or on a route: one act, which ``release_holds_of`` takes back.

    :param accounts: how many were shown; if there are more or fewer by now, nothing is placed
    :raises Refused: nobody is there, another number by now, days that cannot be
    """
    _check_by_hand(reason)
    _check_length(reason, from_on, until_on)
    found = list_area(street=street, route=route, on=from_on)
    if not found:
        raise Refused(
            "Nobody is served there on that day. Type a part of the street, or choose a route.", field="street"
        )
    if len(found) != accounts:
        says = f"{accounts} accounts were shown and there are {len(found)} now"
        raise Refused(f"{says}. Look at the list again.", field="accounts")
    refuse_own(by, [one.account_id for one in found])
    lock_accounts(one.account_id for one in found)
    owner, where = _owner(owner_id, by), " ".join(filter(None, (street.strip(), route and f"route {route.strip()}")))
    event.about(says=f"{len(found)} holds placed ({REASONS[reason].says.lower()}): {where}.")
    ids = tuple(
        _holds.place(
            event, account_id=one.account_id, reason=reason, authority=authority, from_on=from_on, until_on=until_on,
            owner_id=owner, premise_id=one.premise_id,
        )
        for one in sorted(found, key=lambda one: one.account_id)
    )  # fmt: skip
    return HoldPlaced(ids, tuple(sorted(one.account_id for one in found)))


_PLACED_BY = """
select h.id, h.account_id from delinquency_hold h where h.event_id = %(event)s::bigint
  and (h.until_on is null or h.until_on > %(on)s::date)
  and not exists (select from delinquency_holdrelease r where r.hold_id = h.id) order by h.account_id, h.id"""


@act("delinquency.release_holds_of")
def release_holds_of(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, placed_by: int, on: date, says: str
) -> HoldPlaced:
    """Release what one act placed, as far as it still holds: the undoing of a street at once.

    :param placed_by: the event of the act
    :raises Refused: nothing of it holds any more, or an act of its own ends it
    """
    rows = ask(_PLACED_BY, {"event": placed_by, "on": on})
    if not rows:
        raise Refused("Nothing that this act placed holds any more.", field="placed_by")
    for reason in Hold.objects.filter(event_id=placed_by).values_list("reason", flat=True).distinct():
        _check_by_hand(reason)
    why = check_text(says, field="says", longest=300, required=True)
    lock_accounts(account for _, account in rows)
    event.about(says=f"{len(rows)} holds released together: {why}")
    begins = dict(Hold.objects.filter(event_id=placed_by).values_list("id", "from_on"))
    for id, _ in rows:
        _holds.release(event, hold_id=id, on=max(on, begins[id]), says=why)
    return HoldPlaced(tuple(id for id, _ in rows), tuple(account for _, account in rows))


# --- whom they come back to -------------------------------------------------------------------------------------------

_ENDING = """
select h.id, h.account_id from delinquency_hold h
where h.until_on is not null and h.until_on > %(on)s::date and h.until_on <= %(by)s::date and h.from_on <= %(on)s::date
  and not exists (select from delinquency_holdrelease r where r.hold_id = h.id)
  and not exists (select from delinquency_holdcomesback b where b.hold_id = h.id) order by h.id"""


def get_comes_back_days(on: date) -> int:
    """How many days before its end a hold comes back to its owner."""
    try:
        return policies.load(COMES_BACK).whole(COMES_BACK, on=on)
    except NotSet:
        return USUAL_DAYS


@act("delinquency.give_back_holds")
def give_back_holds(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> int:
    """Give holds that end soon back to their owners, once each: they stand in their day's work. How many."""
    rows = ask(_ENDING, {"on": on, "by": on + timedelta(days=get_comes_back_days(on))})
    HoldComesBack.objects.bulk_create(HoldComesBack(hold_id=id, on=on, event_id=event.id) for id, _ in rows)
    if rows:
        event.about(*(f"account:{account}" for _, account in rows), says=f"{len(rows)} holds end soon.")
    return len(rows)


_ROWS = """
select h.id, h.account_id, a.number, c.name, coalesce(p.address, (
    select q.address from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
    join customers_premise q on q.id = s.premise_id where g.account_id = h.account_id
    order by upper_inf(g.during) desc, upper(g.during) desc limit 1), ''), h.reason, h.authority, h.cents, h.from_on,
  h.until_on, h.owner_id, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), b."on", r."on",
  coalesce(r.says, ''), h.event_id, count(*) over (partition by h.event_id)
from delinquency_hold h join customers_account a on a.id = h.account_id join customers_customer c
  on c.id = a.customer_id join base_user u on u.id = h.owner_id
left join customers_premise p on p.id = h.premise_id
left join delinquency_holdcomesback b on b.hold_id = h.id left join delinquency_holdrelease r on r.hold_id = h.id
where (%(account)s::bigint is not null and h.account_id = %(account)s::bigint
    or %(account)s::bigint is null and (h.until_on is null or h.until_on > %(on)s::date)
      and (r.hold_id is null or r."on" > %(on)s::date))
  and (%(reason)s::text = '' or h.reason = %(reason)s::text)
  and (%(owner)s::bigint = 0 or h.owner_id = %(owner)s::bigint)
  and (%(before)s::date is null or h.until_on <= %(before)s::date)
order by (r.hold_id is not null or h.until_on <= %(on)s::date), h.until_on nulls last, h.id desc limit 1000"""


def list_holds(
    *,
    on: date,
    account_id: int | None = None,
    reason: str = "",
    owner_id: int = 0,
    before: date | None = None,
) -> tuple[HoldRow, ...]:
    """Holds, those that end first: of the city those that hold or will, of one account those of the past too.

    :param before: those that end by this day
    """
    asked = {"on": on, "account": account_id, "reason": reason, "owner": owner_id, "before": before}
    held = _holds.load_held(on)
    return tuple(_row(row, held[row[5]], on) for row in ask(_ROWS, asked))


def _row(row: Sequence[Any], held: Held, on: date) -> HoldRow:
    (
        id, account, number, name, address, reason, authority, cents, from_on, until_on, owner_id, owner, back,
        released_on, released, event_id, together,
    ) = row  # fmt: skip
    left = (until_on - on).days if isinstance(until_on, date) else None
    return HoldRow(
        id, account, number, name, address, reason, REASONS[str(reason)].says, authority, cents, from_on, until_on,
        left, owner_id, owner, held, back, released_on, released, event_id, together,
    )  # fmt: skip


_BACK = """
select count(*) from delinquency_hold h join delinquency_holdcomesback b on b.hold_id = h.id
where h.owner_id = %(owner)s::bigint and h.until_on > %(on)s::date
  and not exists (select from delinquency_holdrelease r where r.hold_id = h.id)"""


def count_back(*, owner_id: int, on: date) -> int:
    """How many holds have come back to this person and end soon."""
    return int(ask(_BACK, {"owner": owner_id, "on": on})[0][0])


def list_owners() -> tuple[tuple[int, str], ...]:
    """Who can answer for a hold: everybody who works here, by name."""
    rows = ask(
        "select id, coalesce(nullif(trim(first_name || ' ' || last_name), ''), username) from base_user"
        " where is_active and not ('system' = any(roles)) order by 2",
        {},
    )
    return tuple((int(id), str(name)) for id, name in rows)
