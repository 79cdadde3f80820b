"""Cut-off day: the frozen list with everybody who is skipped and why, its signature and its orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import connection

from curbstop.office import _orders, ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts, take_turn
from curbstop.office._once import Refused, act
from curbstop.office.delinquency.facts import Looked, list_owing, look
from curbstop.office.delinquency.lawful import MEANWHILE, Obstacle, find_obstacle, no_day
from curbstop.office.delinquency.setting import load_setting, needs_forecast
from curbstop.records.delinquency.ladder import CutList, CutOrder, CutRow, CutSigned
from curbstop.rules.delinquency.ladder import CLASSES, own_day
from curbstop.rules.money import show
from curbstop.rules.periods import add_business_days, is_business_day, show_on
from curbstop.rules.policies import NotSet

LISTS = "delinquency.lists"
FEE_WHEN, FEE = "delinquency.cutoff.fee", "fee.cutoff"
SHUT_OFF = "shut_off"
SKIPS: Mapping[str, str] = {
    "held": "Held",
    "payment_pending": "A payment is on its way",
    "no_notice": "No notice",
    "too_soon": "Too soon after the notice",
    "not_set": "Not set for this city",
    "no_day": "No lawful day",
    "not_called": "Nobody called",
    "not_hung": "No door hanger",
    "no_water": "No water to turn off",
    "under_minimum": "Under the minimum",
}
"""Why an account whose day has come is not on the list, in words."""


@dataclass(frozen=True)
class Frozen:
    """A list as it was frozen. ``skipped``: by why; ``under``: accounts below the minimum, which are on no list."""

    list_id: int
    cutoff_on: date
    listed: int
    cents: int
    skipped: int
    under: int


@dataclass(frozen=True)
class Signed:
    """A signed list: the orders it became, in route order, and accounts that no longer stood by then."""

    list_id: int
    order_ids: tuple[int, ...]
    fallen: int
    fees_cents: int


@dataclass(frozen=True)
class _Row:
    account_id: int
    premise_id: int
    cents: int
    anchor: int
    obstacle: Obstacle | None


# --- the list ---------------------------------------------------------------------------------------------------------


@act("delinquency.list")
def freeze(event: Acting, /, *, key: Key, by: Actor, at: datetime, cutoff_on: date, on: date) -> Frozen:
    """Freeze the list of a cut-off day: everybody whose day has come by then, listed, or skipped with why.

    A later list for the same day takes its place until one is signed.

    :raises Refused: the day is past, is none of the city's cut-off days, or its list is signed
    """
    take_turn(LISTS)
    if cutoff_on < on:
        raise Refused(f"{cutoff_on.isoformat()} is past; choose a day to come.", field="cutoff_on")
    if (before := _signed_for(cutoff_on)) is not None:
        told = f"The list of {cutoff_on.isoformat()} was signed on {before.isoformat()} and holds"
        raise Refused(f"{told}. Who became due since is on the next one.", field="cutoff_on")
    rows, under, obstacle = find_rows(cutoff_on, on)
    if obstacle is not None:
        says = f"{obstacle.says[0].upper()}{obstacle.says[1:]}"
        then = f" The next such day is {show_on(obstacle.moves_to)}." if obstacle.moves_to else ""
        raise Refused(f"{says}.{then}", field="cutoff_on")
    kept = CutList.objects.create(cutoff_on=cutoff_on, frozen_on=on, by_id=by.id, at=at, event_id=event.id)
    CutRow.objects.bulk_create(
        CutRow(
            list=kept,
            account_id=row.account_id,
            premise_id=row.premise_id or None,
            listed=row.obstacle is None,
            code=row.obstacle.code if row.obstacle else "ready",
            says=row.obstacle.says if row.obstacle else "",
            cents=row.cents,
            anchor=row.anchor or None,
            hold_id=row.obstacle.hold_id if row.obstacle else None,
            moves_to=row.obstacle.moves_to if row.obstacle else None,
        )
        for row in rows
    )
    listed = [row for row in rows if row.obstacle is None]
    cents = sum(row.cents for row in listed)
    event.about(f"cutlist:{kept.pk}", *(f"account:{row.account_id}" for row in listed[:200]))
    skipped = len(rows) - len(listed)
    event.about(
        says=f"Cut-off list of {show_on(cutoff_on)}: {len(listed)} accounts, {show(cents)}; {skipped} skipped with why."
    )
    return Frozen(kept.pk, cutoff_on, len(listed), cents, skipped, under)


def find_rows(cutoff_on: date, on: date) -> tuple[list[_Row], int, Obstacle | None]:
    """Who is on the list of a day and who is skipped, how many owe less than the least, and whether the day itself is
    none; nothing is written."""
    found = look(list_owing(on), on=on, without=MEANWHILE)
    if not len(found.account_ids):
        return [], 0, _day_itself(cutoff_on, on)
    places = [place for place in range(len(found.account_ids)) if _has_come(found, place, cutoff_on)]
    ordered = _ordered([int(found.account_ids[place]) for place in places])
    rows, under = [], 0
    for place in places:
        account = int(found.account_ids[place])
        if account in ordered:
            continue  # a signed list holds it already
        obstacle = find_obstacle(found, place, cutoff_on) or _untold(found, place, cutoff_on)
        if obstacle is not None and obstacle.code in ("under_minimum", "nothing_due"):
            under += 1
            continue
        cents, anchor = int(found.facts.cutoff_cents[place]), int(found.anchors[place])
        if obstacle is not None and not cents:
            cents = int(found.facts.owed_cents[place])
        rows.append(_Row(account, int(found.premise_ids[place]), cents, anchor, obstacle))
    return _in_route_order(rows), under, _day_itself(cutoff_on, on)


def _day_itself(cutoff_on: date, on: date) -> Obstacle | None:
    """Why the day is none for any class of customers."""
    setting = load_setting(on)
    found = [no_day(setting, of, cutoff_on) for of in CLASSES]
    return None if None in found else found[0]


def _has_come(found: Looked, place: int, cutoff_on: date) -> bool:
    """Whether the day that the bill's own days give has come by then; accounts that are closed or off are past it."""
    code = found.code(place)
    if code in ("nothing_due", "closed", "final_letter", "to_write_off", "off", "off_check", "to_close"):
        return False
    if found.facts.owed_cents[place] <= 0 or found.facts.ended_on[place]:
        return False
    ladder = found.ladder(place)
    if ladder.after_bill is None and ladder.working_after_due is None:
        return False
    one = np.arange(len(found.account_ids)) == place
    own = own_day(found.facts.take(one), ladder, found.days(place))
    return int(own[0]) <= cutoff_on.toordinal()


def _untold(found: Looked, place: int, cutoff_on: date) -> Obstacle | None:
    """What the city promises beside the notice: a call, a hanger that hung long enough; and a place with water."""
    ladder, facts = found.ladder(place), found.facts
    if not found.premise_ids[place]:
        return Obstacle("no_water", "the account has no place with service")
    if ladder.call and not facts.called_on[place]:
        return Obstacle("not_called", "the city calls before a cut-off, and nobody called")
    if ladder.hanger_hours is None:
        return None
    hung = int(facts.hung_on[place])
    if not hung:
        return Obstacle("not_hung", f"no door hanger was hung {ladder.hanger_hours} hours before")
    if hung + ladder.hanger_days > cutoff_on.toordinal():
        says = f"its door hanger was hung on {date.fromordinal(hung).isoformat()}, under {ladder.hanger_hours} hours"
        return Obstacle("not_hung", says, moves_to=date.fromordinal(int(found.climbed.cutoff_on[place])))
    return None


def _ordered(account_ids: Sequence[int]) -> set[int]:
    types = [code for code, type in _orders.load_types().items() if type.unpaid]
    with connection.cursor() as cursor:
        cursor.execute(
            "select o.account_id from orders_order o where o.account_id = any(%s) and o.type = any(%s) and "
            + _orders.OPEN,
            [list(account_ids), types],
        )
        return {row[0] for row in cursor.fetchall()}


def _in_route_order(rows: list[_Row]) -> list[_Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, route, sequence from customers_premise where id = any(%s)", [[row.premise_id for row in rows]]
        )
        where = {id: (route, sequence) for id, route, sequence in cursor.fetchall()}
    return sorted(rows, key=lambda row: (where.get(row.premise_id, ("~", 0)), row.account_id))


def _signed_for(cutoff_on: date) -> date | None:
    found = CutSigned.objects.filter(list__cutoff_on=cutoff_on).values_list("on", flat=True).first()
    return found


# --- the signature and the orders -------------------------------------------------------------------------------------


@act("delinquency.sign")
def sign(event: Acting, /, *, key: Key, by: Actor, at: datetime, list_id: int, on: date) -> Signed:
    """Sign a frozen list: its orders are written in route order for those who stand still, and the fee where the city
    charges it when a cut-off is processed.

    :raises Refused: another list took its place, it is signed, its day is past; the weather of the day forbids it or
        nobody has said what it will be
    """
    take_turn(LISTS)
    kept = _to_sign(list_id, on)
    rows = list(CutRow.objects.filter(list=kept, listed=True).order_by("id"))
    lock_accounts([row.account_id for row in rows])
    found = look([row.account_id for row in rows], on=on, without=MEANWHILE)
    places = {int(account): place for place, account in enumerate(found.account_ids)}
    if needs_forecast(found.setting, kept.cutoff_on):
        told = f"Nobody has entered what the weather of {kept.cutoff_on.isoformat()} will be"
        raise Refused(f"{told}, and the city has a rule of heat and cold. Enter the forecast first.", field="list_id")
    CutSigned.objects.create(list=kept, by_id=by.id, on=on, at=at, event_id=event.id)
    made, fees = [], 0
    for row in rows:
        place = places[row.account_id]
        if find_obstacle(found, place, kept.cutoff_on) is not None:
            continue
        fee = _charge_at_processing(event, row.account_id, on)
        order = _orders.raise_order(
            event,
            type=SHUT_OFF,
            premise_id=row.premise_id or 0,
            account_id=row.account_id,
            on=kept.cutoff_on,
            about=f"Past due {show(row.cents)}; ask at the meter before the valve is turned",
            given={"cutlist": kept.pk, **({"fee_charged": True} if fee is not None else {})},
            second=f"Cut-off list of {kept.cutoff_on.isoformat()}",
            owner_id=by.id,
        )
        CutOrder.objects.create(row=row, order_id=order.order_id)
        made.append(order.order_id)
        fees += fee or 0
    fallen = len(rows) - len(made)
    event.about(f"cutlist:{list_id}")
    event.about(says=f"Cut-off list of {show_on(kept.cutoff_on)} signed: {len(made)} orders, {fallen} fell away since.")
    return Signed(list_id, tuple(made), fallen, fees)


def _to_sign(list_id: int, on: date) -> CutList:
    kept = CutList.objects.filter(pk=list_id).first()
    if kept is None:
        raise Refused(f"There is no cut-off list {list_id}.", field="list_id")
    if (signed_on := _signed_for(kept.cutoff_on)) is not None:
        told = f"The list of {kept.cutoff_on.isoformat()} was signed on {signed_on.isoformat()}."
        raise Refused(told, field="list_id")
    last = CutList.objects.filter(cutoff_on=kept.cutoff_on).latest("id")
    if last.pk != kept.pk:
        raise Refused(f"A later list of {kept.cutoff_on.isoformat()} took its place; sign that one.", field="list_id")
    if kept.cutoff_on < on:
        raise Refused(f"Its day, {kept.cutoff_on.isoformat()}, is past; freeze a new list.", field="list_id")
    return kept


def _charge_at_processing(event: Acting, account_id: int, on: date) -> int | None:
    """The fee where the city charges it whether or not the valve is turned; None: it is charged at the valve."""
    rules = policies.load(FEE_WHEN, FEE)
    try:
        if rules.text(FEE_WHEN, on=on) != "processing":
            return None
    except NotSet:
        return None
    reason = f"Processed for cut-off on {on.isoformat()}"
    kind = fee_kind(account_id, on)
    try:
        return ledger.charge_for(event, account_id=account_id, kind=kind, on=on, reason=reason).cents
    except Refused:
        return 0  # the fee itself is not set: nothing is charged on a guess


LIST_DAYS = "delinquency.cutoff.list_working_days_before"


def find_list_day(*, on: date) -> date | None:
    """The cut-off day whose list is made today by the city's rule; None: none is, or the city has not said.

    A day whose list is signed is not made again.
    """
    rules = policies.load(LIST_DAYS)
    try:
        before = rules.whole(LIST_DAYS, on=on)
    except NotSet:
        return None
    setting = load_setting(on)
    day = on if before == 0 else add_business_days(on, before, holidays=setting.holidays)
    if not is_business_day(on, setting.holidays) or not any(one.is_lawful(day) for one in setting.days.values()):
        return None
    return None if _signed_for(day) is not None else day


@dataclass(frozen=True)
class ListRow:
    """A row of a list as a screen shows it; ``state`` of a signed one is what its order came to."""

    account_id: int
    number: str
    name: str
    address: str
    route: str
    sequence: int
    cents: int
    listed: bool
    code: str
    says: str
    moves_to: date | None
    order_id: int | None
    state: str


@dataclass(frozen=True)
class ListPage:
    """A cut-off list whole: who is on it, who is skipped and why, who signed it, and how the day goes."""

    list_id: int
    cutoff_on: date
    frozen_on: date
    frozen_by: str
    signed_by: str
    signed_at: datetime | None
    rows: tuple[ListRow, ...]

    @property
    def listed(self) -> tuple[ListRow, ...]:
        return tuple(row for row in self.rows if row.listed)

    @property
    def skipped(self) -> tuple[ListRow, ...]:
        return tuple(row for row in self.rows if not row.listed)

    @property
    def cents(self) -> int:
        return sum(row.cents for row in self.listed)


_LAST_LISTS = """
select c.id, c.cutoff_on, c.frozen_on, coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username),
  coalesce(nullif(trim(w.first_name || ' ' || w.last_name), ''), w.username, ''), s.at
from delinquency_cutlist c join base_user u on u.id = c.by_id
left join delinquency_cutsigned s on s.list_id = c.id left join base_user w on w.id = s.by_id
where not exists (select from delinquency_cutlist n where n.cutoff_on = c.cutoff_on and n.id > c.id)
  and (%(list)s::bigint is null or c.id = %(list)s)
order by c.cutoff_on desc limit %(most)s"""

_LIST_ROWS = """
select r.list_id, r.account_id, a.number, c.name, coalesce(p.address, ''), coalesce(p.route, ''),
  coalesce(p.sequence, 0), r.cents, r.listed, r.code, r.says, r.moves_to, o.order_id,
  case when not r.listed then 'skipped' when s.list_id is null then 'listed' when o.order_id is null then 'fell away'
    when e.order_id is null then 'to do' else e.outcome end
from delinquency_cutrow r join customers_account a on a.id = r.account_id
join customers_customer c on c.id = a.customer_id left join customers_premise p on p.id = r.premise_id
left join delinquency_cutorder o on o.row_id = r.id left join orders_end e on e.order_id = o.order_id
left join delinquency_cutsigned s on s.list_id = r.list_id
where r.list_id = any(%(lists)s) order by r.list_id, r.id"""


def list_lists(*, most: int = 5, list_id: int | None = None) -> tuple[ListPage, ...]:
    """The cut-off lists, the last day first; of each day the list that holds."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST_LISTS, {"list": list_id, "most": most})
        heads = cursor.fetchall()
        cursor.execute(_LIST_ROWS, {"lists": [head[0] for head in heads]})
        rows: dict[int, list[ListRow]] = {}
        for id, *row in cursor.fetchall():
            rows.setdefault(id, []).append(ListRow(*row))
    return tuple(
        ListPage(id, cutoff_on, frozen_on, frozen_by, signed_by, signed_at, tuple(rows.get(id, ())))
        for id, cutoff_on, frozen_on, frozen_by, signed_by, signed_at in heads
    )


CHRONIC, CHRONIC_FEE = "delinquency.chronic", "fee.chronic"

_CUT_BEFORE = """
select count(*) from orders_order o join orders_end e on e.order_id = o.id and e.outcome = 'done'
where o.account_id = %s and o.type = %s and e.done_on > %s and e.done_on <= %s"""


def fee_kind(account_id: int, on: date, *, done_now: int = 0) -> str:
    """The kind of the cut-off fee: that of somebody who is cut off again and again, where the city has one.

    :param done_now: a cut-off that is being completed and stands among those done already
    """
    rules = policies.load(CHRONIC, CHRONIC_FEE)
    try:
        rule = rules.table(CHRONIC, on=on)
        rules.cents(CHRONIC_FEE, on=on)
    except NotSet:
        return FEE
    months, times = int(str(rule["months"])), int(str(rule["times"]))
    since = on.replace(year=on.year - months // 12, day=min(on.day, 28)) if months % 12 == 0 else None
    if since is None:
        since = date.fromordinal(on.toordinal() - 365 * months // 12)
    with connection.cursor() as cursor:
        cursor.execute(_CUT_BEFORE, [account_id, SHUT_OFF, since, on])
        before = int(cursor.fetchone()[0])
    return CHRONIC_FEE if before - done_now + 1 >= times else FEE
