"""Who is here: absences, whose work is with whom meanwhile, and promises of somebody who has not come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from curbstop.office import _cases, policies
from curbstop.office._cases import CaseThere, add_step, load_cases
from curbstop.office._events import Acting, Actor, Key, record
from curbstop.office._locks import take_turn
from curbstop.office._once import Refused, act
from curbstop.office._orders import city_time
from curbstop.records.base.models import User
from curbstop.records.cases.models import Absence, AbsenceEnd, AbsenceItem
from curbstop.rules.customers import check_text
from curbstop.rules.policies import NotSet

UNCLAIMED = "roster.unclaimed"


@dataclass(frozen=True)
class Item:
    """A piece of work that somebody owns. ``kind``: case, call, hold, read or order."""

    kind: str
    item: str
    says: str
    due_at: datetime | None
    account_id: int | None


@dataclass(frozen=True)
class HandedOver:
    """An absence, and what was handed over with its promises unchanged."""

    absence_id: int
    items: tuple[Item, ...]
    cover: str


@dataclass(frozen=True)
class Returned:
    """Somebody is back: what came back to him, and how many pieces were done meanwhile."""

    user_id: int
    name: str
    items: tuple[Item, ...]
    done: int


@dataclass(frozen=True)
class RosterRow:
    """Somebody of the office today. ``cover``: who has his work; ``owns``: pieces of open work."""

    user_id: int
    name: str
    roles: tuple[str, ...]
    away_until: date | None
    cover: str
    reason: str
    owns: int
    came_at: datetime | None


_OWNED = """
select 'hold', h.id::text, h.reason || ' hold', h.until_on::timestamptz, h.account_id from delinquency_hold h
where h.owner_id = %(user)s and (h.until_on is null or h.until_on > %(on)s)
  and not exists (select from delinquency_holdrelease r where r.hold_id = h.id)
  and not exists (select from cases_case c where c.hold_id = h.id)
union all
select 'read', r.id::text, 'read of ' || r.read_on || ' held: ' || r.reason, r.until_on::timestamptz, null
from meters_readhold r where r.owner_id = %(user)s and r.until_on > %(on)s
union all
select 'order', o.id::text, o.type || ' order', n."on"::timestamptz, o.account_id from orders_order o
join lateral (select p.owner_id, p."on" from orders_plan p where p.order_id = o.id order by p.no desc limit 1) n
  on n.owner_id = %(user)s
where not exists (select from orders_end e where e.order_id = o.id)"""


def list_work(user_id: int, *, on: date) -> tuple[Item, ...]:
    """Every open piece of work that somebody owns: cases and promised calls, holds, held reads, orders."""
    owned = "exists (select from cases_casestep w where w.case_id = c.id and w.owner_id = %s)"
    found = [
        Item(
            "call" if case.kind == "call" else "case", str(case.case_id), case.title, case.promised_at, case.account_id
        )
        for case in load_cases(f"{_cases.OPEN} and {owned}", [user_id])
        if case.standing.owner_id == user_id and not case.standing.restricted  # its cover may not see that one
    ]
    with connection.cursor() as cursor:
        cursor.execute(_OWNED, {"user": user_id, "on": on})
        found += [Item(*row) for row in cursor.fetchall()]
    return tuple(found)


@act("staff.roster")
def mark_absent(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    user_id: int,
    cover_id: int,
    from_on: date,
    until_on: date,
    reason: str = "",
) -> HandedOver:
    """Mark somebody away for the days ``[from_on, until_on)`` and hand his work to another; promises do not move.

    Nothing changes its owner: what he has shows "cover for him" while he is away, and is his again when he is back.

    :raises Refused: the same person, days that cannot be, he is marked already, or the cover is away too
    """
    take_turn("staff.roster")
    away, cover = _user(user_id, "user_id"), _user(cover_id, "cover_id")
    if user_id == cover_id:
        raise Refused("Somebody else has to take the work over; choose another.", field="cover_id")
    if until_on <= from_on or from_on < city_time(at).date():
        raise Refused("The first day is today or later, and the day of return after it.", field="until_on")
    for who in (away, cover):
        if _overlapping(who.pk, from_on, until_on) is not None:
            says = "is marked away on these days" if who is away else "is away on these days too; choose another"
            raise Refused(f"{who} {says}.", field="user_id" if who is away else "cover_id")
    row = Absence.objects.create(
        user=away, cover=cover, from_on=from_on, until_on=until_on, at=at, by_id=by.id, event_id=event.id,
        reason=check_text(reason, field="reason", longest=200),
    )  # fmt: skip
    items = list_work(user_id, on=from_on)
    AbsenceItem.objects.bulk_create(
        AbsenceItem(
            absence=row, kind=one.kind, item=one.item, says=one.says, due_at=one.due_at, account_id=one.account_id
        )
        for one in items
    )
    event.about(f"user:{user_id}", f"user:{cover_id}")
    days = from_on.isoformat() if until_on == from_on + timedelta(days=1) else f"{from_on} until {until_on}"
    event.about(says=f"{away} is away {days}; {cover} has the work: {_counted(items)}.")
    return HandedOver(row.pk, items, str(cover))


def _counted(items: Sequence[Item]) -> str:
    names = {"case": "case", "call": "call", "hold": "hold", "read": "held read", "order": "order"}
    counts = [(sum(one.kind == kind for one in items), word) for kind, word in names.items()]
    told = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in counts if count]
    return ", ".join(told) or "nothing is open"


def _user(user_id: int, field: str) -> User:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        raise Refused("There is no such active user; choose one of the list.", field=field)
    return user


def _overlapping(user_id: int, from_on: date, until_on: date) -> Absence | None:
    ended = AbsenceEnd.objects.values("absence_id")
    rows = Absence.objects.filter(user_id=user_id, from_on__lt=until_on, until_on__gt=from_on)
    return rows.exclude(pk__in=ended).first()


@act("staff.end_absences")
def end_absences(event: Acting, /, *, key: Key, by: Actor, at: datetime) -> tuple[Returned, ...]:
    """End the absences whose days are over: the work is its owner's again, less what was done meanwhile."""
    take_turn("staff.roster")
    today = city_time(at).date()
    found = []
    for row in _over(today):
        found.append(_end(event, row, today))
    if found:
        told = "; ".join(f"{one.name}: {len(one.items)} returned, {one.done} done" for one in found)
        event.about(*(f"user:{one.user_id}" for one in found), says=f"Back: {told}.")
    return tuple(found)


def _over(today: date) -> list[Absence]:
    ended = AbsenceEnd.objects.values("absence_id")
    return list(Absence.objects.filter(until_on__lte=today).exclude(pk__in=ended).order_by("id"))


def _end(event: Acting, row: Absence, today: date) -> Returned:
    still = {(one.kind, one.item): one for one in list_work(row.user_id, on=today)}
    handed = [(one.kind, one.item) for one in AbsenceItem.objects.filter(absence=row).order_by("id")]
    items = tuple(still[name] for name in handed if name in still)
    AbsenceEnd.objects.create(
        absence=row, on=today, returned=len(items), done=len(handed) - len(items), at=event.at, event_id=event.id
    )
    return Returned(row.user_id, str(row.user), items, len(handed) - len(items))


@act("staff.end_absence")
def end_absence(event: Acting, /, *, key: Key, by: Actor, at: datetime, user_id: int) -> Returned:
    """Somebody came back before his day. :raises Refused: he is not marked away today"""
    take_turn("staff.roster")
    today = city_time(at).date()
    row = _overlapping(user_id, today, today + timedelta(days=1))
    if row is None:
        raise Refused("Nobody marked him away today.", field="user_id")
    found = _end(event, row, today)
    event.about(f"user:{user_id}", says=f"{found.name} is back: {len(found.items)} returned, {found.done} done.")
    return found


class Away(Refused):
    """Whoever signs in is marked away."""


def refuse_absent(*, user_id: int, at: datetime) -> None:
    """Refuse a sign-in under the name of somebody who is marked away today, and keep it for the supervisor.

    :raises Away: in words for whoever sits there
    """
    today = city_time(at).date()
    row = _overlapping(user_id, today, today + timedelta(days=1))
    if row is None:
        return
    user = User.objects.get(pk=user_id)
    says = f"{user} is absent today; sign in as yourself, the queue is already yours."
    who = Actor(id=user.pk, name=str(user), roles=frozenset(user.roles))
    event = Acting(id=0, act="staff.signin", by=who, at=at)
    event.about(f"user:{user_id}", says=says)
    record(event, key=None, inputs={}, outcome=None, denied=True)
    raise Away(says)


@act("staff.mark_unclaimed")
def mark_unclaimed(event: Acting, /, *, key: Key, by: Actor, at: datetime) -> tuple[int, ...]:
    """Show the supervisor the promises that run out within the city's hours while their owner has not come today.

    :raises Refused: the city has not said how many hours (``roster.unclaimed``)
    """
    take_turn("cases.unclaimed")
    try:
        found = find_unclaimed(at)
    except NotSet as missing:
        raise Refused(f"{missing}. {missing.says}", field=UNCLAIMED) from missing
    for case in found:
        add_step(event, case.case_id, "unclaimed")
    event.about(*(f"case:{case.case_id}" for case in found))
    if found:
        event.about(says=f"{len(found)} promise{'s' if len(found) > 1 else ''} of somebody who is not here.")
    return tuple(case.case_id for case in found)


def find_unclaimed(at: datetime) -> tuple[CaseThere, ...]:
    """Promises that run out within the city's hours while nobody who has the work came today.

    :raises NotSet: the city has not said how many hours
    """
    here = city_time(at)
    hours = policies.load(UNCLAIMED).whole(UNCLAIMED, on=here.date())
    here_today = {user.pk for user in User.objects.filter(last_login__gte=_midnight(here), last_login__lte=at)}
    cover = {row.user_id: row.cover_id for row in _away_on(here.date())}
    return tuple(
        case
        for case in load_cases(f"{_cases.OPEN} and c.promised_at <= %s", [at + timedelta(hours=hours)])
        if (owner := case.standing.owner_id) is not None
        and (cover.get(owner) or owner) not in here_today
        and not case.standing.unclaimed
    )


def has_ended(on: date) -> bool:
    """Whether somebody's absence is over and nobody wrote that he is back."""
    return bool(_over(on))


def _midnight(here: datetime) -> datetime:
    return here.replace(hour=0, minute=0, second=0, microsecond=0)


def _away_on(on: date) -> list[Absence]:
    ended = AbsenceEnd.objects.values("absence_id")
    rows = Absence.objects.filter(from_on__lte=on, until_on__gt=on).exclude(pk__in=ended)
    return list(rows.select_related("user", "cover"))


def list_unclaimed() -> tuple[tuple[int, str], ...]:
    """Promises that the supervisor has to give to somebody: the case, and the sentence for his screen."""
    names = {user.pk: str(user) for user in User.objects.all()}
    found = []
    for case in load_cases(f"{_cases.OPEN} and c.promised_at is not null", []):
        if case.standing.unclaimed and case.promised_at is not None:
            owner = names.get(case.standing.owner_id or 0, "nobody")
            says = f"{case.number or case.address}, {case.title.lower()} {case.promised_at:%H:%M}, {owner} not here"
            found.append((case.case_id, says))
    return tuple(found)


def list_roster(*, at: datetime) -> tuple[RosterRow, ...]:
    """Everybody of the office today: who is away, until when, who has the work, and who has come."""
    here = city_time(at)
    away = {row.user_id: row for row in _away_on(here.date())}
    found = []
    for user in User.objects.filter(is_active=True).order_by("first_name", "username"):
        if {"system", "robot"} & set(user.roles):
            continue
        row = away.get(user.pk)
        came = user.last_login if user.last_login and user.last_login >= _midnight(here) else None
        found.append(
            RosterRow(
                user.pk,
                str(user),
                tuple(user.roles),
                row.until_on if row else None,
                str(row.cover) if row and row.cover else "",
                row.reason if row else "",
                len(list_work(user.pk, on=here.date())),
                came,
            )  # fmt: skip
        )
    return tuple(found)
