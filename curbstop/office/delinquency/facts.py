"""What the ladder's rule is asked with: what accounts owe, held, were told, and whether water runs, as columns.

One account or two hundred thousand: the same statements and the same rule. ``until`` asks as of an instant, for a valve
that was turned before the telephone had signal: money that was posted later is not seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curbstop.office import _holds, policies
from curbstop.office._orders import OPEN, load_types
from curbstop.office.delinquency.late import _PENDING, AFTER_FINDING, _disputed
from curbstop.office.delinquency.setting import Setting, load_setting
from curbstop.records.bulk.arrays import Many, fetch
from curbstop.rules.delinquency.ladder import CLASSES, NAMES, CityDays, Climbed, Facts, Ladder, climb
from curbstop.rules.policies import NotSet

Column = NDArray[np.int64]
Flags = NDArray[np.bool_]


def _day(sql: str) -> str:
    """A date as the rule counts it: its ordinal."""
    return f"({sql} - date '0001-01-01' + 1)::bigint"


_ITEMS = f"""
with i as (
  select p.account_id, p.document_id, max(p.due_on) due_on, sum(p.debit_cents - p.credit_cents)::bigint cents
  from ledger_posting p {{seen}} where p.account_id = any(%(ids)s) and p.sub = 2
  group by p.account_id, p.document_id having sum(p.debit_cents - p.credit_cents) > 0)
select i.account_id account, i.document_id document, i.cents, {_day("least(i.due_on, x.due_on)")} due,
  {_day("coalesce(r.bill_on, i.due_on)")} bill
from i left join delinquency_latecharge l on l.document_id = i.document_id
left join i x on (x.account_id, x.document_id) = (i.account_id, l.bill_id)
left join bills_bill b on b.id = i.document_id left join bills_run r on r.id = b.run_id"""
# a late charge is past due with its bill, though it is to be paid with the next one (least skips nulls)

_SEEN = "join ledger_transaction t on t.id = p.txn_id and (t.posted_at <= %(until)s or p.debit_cents > 0)"

_CREDIT = """
select p.account_id account, sum(p.credit_cents - p.debit_cents)::bigint cents
from ledger_posting p {seen} join ledger_gl g on g.id = p.gl_id
where p.account_id = any(%(ids)s) and p.sub = 3 and g.object in (2310, 2320) group by p.account_id"""

_WHO = f"""
with g as (
  select x.account_id, bool_or(upper_inf(x.during) or upper(x.during) > %(on)s) open, max(upper(x.during)) last
  from customers_agreement x where x.account_id = any(%(ids)s) group by x.account_id),
p as (
  select distinct on (x.account_id) x.account_id, s.premise_id
  from customers_agreement x join customers_servicepoint s on s.id = x.service_point_id
  where x.account_id = any(%(ids)s)
  order by x.account_id, upper_inf(x.during) desc, upper(x.during) desc, (s.service = 'water') desc, s.id)
select a.id, a.customer_class = 'commercial' commercial, coalesce(p.premise_id, 0) premise,
  coalesce(case when not g.open then {_day("g.last")} end, 0) ended
from customers_account a left join g on g.account_id = a.id left join p on p.account_id = a.id
where a.id = any(%(ids)s) order by a.id"""

_STEPS = f"""
select distinct on (s.account_id, s.anchor, s.rung) s.account_id account, s.anchor, s.rung, {_day('s."on"')} "on",
  coalesce({_day("s.cutoff_on")}, 0) told
from delinquency_step s where s.account_id = any(%(ids)s)
order by s.account_id, s.anchor, s.rung, s."on" desc, s.id desc"""

_MARKS = f"""
select o.account_id account, 'ordered' mark, 0::bigint "on" from orders_order o
where o.account_id = any(%(ids)s) and o.type = any(%(types)s::text[]) and {OPEN}
union all
select r.account_id, 'listed', 0 from delinquency_cutrow r join delinquency_cutlist c on c.id = r.list_id
where r.account_id = any(%(ids)s) and r.listed and c.cutoff_on >= %(on)s
  and not exists (select from delinquency_cutsigned s where s.list_id = c.id)
  and not exists (select from delinquency_cutlist n where n.cutoff_on = c.cutoff_on and n.id > c.id)
union all
select o.account_id, 'off', {_day("max(e.done_on)")}
from orders_order o join orders_end e on e.order_id = o.id and e.outcome = 'done'
where o.account_id = any(%(ids)s) and o.type = any(%(types)s::text[])
  and not exists (select from orders_valve v join customers_servicepoint s on s.id = v.service_point_id
    where s.premise_id = o.premise_id and v.state = 'on' and v.at > e.done_at) group by o.account_id
union all
select a.account_id, 'pending', 0 from ({_PENDING.replace("%(accounts)s", "%(ids)s")}) a"""

_DECIDED = f"""
select h.account_id account, coalesce(d.id, 0) document, {_day('r."on"')} "on"
from delinquency_hold h join delinquency_holdrelease r on r.hold_id = h.id
left join lateral unnest(h.documents) d (id) on true
where h.account_id = any(%(ids)s) and h.reason = 'dispute' and r."on" <= %(on)s
union all
select a.id, 0, {_day('max(v."on")')} from unnest(%(ids)s::bigint[]) a (id)
join ledger_request q on q.account_ids @> array[a.id] and q.held_cents > 0
join ledger_verdict v on v.request_id = q.id group by a.id"""


@dataclass(frozen=True)
class Looked:
    """Accounts as the rule finds them, a place each, by account id. ``holds`` are those that hold on the day;
    ``anchors``: the document that the climb is about, 0 where nothing is owed."""

    on: date
    account_ids: Column
    commercial: Flags
    premise_ids: Column
    anchors: Column
    facts: Facts
    climbed: Climbed
    holds: Mapping[int, tuple[_holds.HoldThere, ...]]
    disputed: Mapping[int, int]
    setting: Setting

    def code(self, place: int) -> str:
        """The outcome of the account in this place."""
        return str(NAMES[int(self.climbed.code[place])])

    def ladder(self, place: int) -> Ladder:
        """The ladder of its class."""
        return self.setting.ladders[self.of(place)]

    def of(self, place: int) -> str:
        """Its class of customers."""
        return CLASSES[int(self.commercial[place])]

    def days(self, place: int) -> CityDays:
        """The city's days for its class."""
        return self.setting.days[self.of(place)]

    def places(self, *codes: str) -> list[int]:
        """The places of the accounts that came to one of these."""
        wanted = [NAMES.index(code) for code in codes]
        return [int(place) for place in np.flatnonzero(np.isin(self.climbed.code, wanted))]


def look(
    account_ids: Iterable[int], *, on: date, until: datetime | None = None, without: Collection[str] = ()
) -> Looked:
    """Where these accounts stand on the day; a few statements, however many they are.

    :param until: what was posted later is not seen
    :param without: marks that are not looked at, ``listed`` and ``ordered``: as if no list or order were there
    """
    wanted = np.unique(np.fromiter(account_ids, dtype=np.int64))
    setting = load_setting(on)
    kinds = {"id": "bigint", "commercial": "boolean", "premise": "bigint", "ended": "bigint"}
    who = fetch(_WHO, {"ids": Many(wanted), "on": on}, kinds)
    ids: Column = who["id"]
    listed = ids.tolist()
    holds, disputed = _holds.list_at(listed, on), _disputed(listed)
    items = _load_items(ids, on, until)
    debt, anchors = _debt(ids, items, _credit(ids, until), on, holds, disputed, setting)
    facts = Facts(**debt, **_climbing(ids, anchors, debt["due_on"]), **_marks(ids, on, without), ended_on=who["ended"])
    climbed = _climb(facts, who["commercial"], setting, on)
    return Looked(on, ids, who["commercial"], who["premise"], anchors, facts, climbed, holds, disputed, setting)


def _climb(facts: Facts, commercial: Flags, setting: Setting, on: date) -> Climbed:
    """The rule, asked for each class with its own ladder."""
    code = np.zeros(len(facts), dtype=np.int8)
    next_on, cutoff_on = np.zeros((2, len(facts)), dtype=np.int64)
    for n, of in enumerate(CLASSES):
        where = commercial if n else ~commercial
        if where.any():
            found = climb(facts.take(where), setting.ladders[of], setting.days[of], on)
            code[where], next_on[where], cutoff_on[where] = found.code, found.next_on, found.cutoff_on
    return Climbed(code, next_on, cutoff_on)


_OWING = """
select p.account_id id from ledger_posting p where p.sub = 2 group by p.account_id, p.document_id
having sum(p.debit_cents - p.credit_cents) > 0 and max(p.due_on) < %(before)s"""


def list_owing(on: date) -> Column:
    """The accounts that owe something past due on the day, or due so soon that the city reminds before; in order."""
    before = on
    for ladder in load_setting(on).ladders.values():
        before = max(before, on + timedelta(days=1 - min(ladder.reminder_days or 1, 1)))
    found: Column = np.unique(fetch(_OWING, {"before": before}, {"id": "bigint"})["id"])
    return found


# --- what is owed -----------------------------------------------------------------------------------------------------


def _seen(query: str, until: datetime | None) -> tuple[str, dict[str, Any]]:
    told: str = query.format(seen=_SEEN if until else "")
    return told, {"until": until} if until else {}


def _load_items(ids: Column, on: date, until: datetime | None) -> dict[str, Any]:
    """Open documents of the accounts, oldest first; one whose dispute was decided is due so many days later."""
    query, more = _seen(_ITEMS, until)
    kinds = dict.fromkeys(("account", "document", "cents", "due", "bill"), "bigint")
    items = fetch(query, {"ids": Many(ids), **more}, kinds)
    decided = fetch(_DECIDED, {"ids": Many(ids), "on": on}, dict.fromkeys(("account", "document", "on"), "bigint"))
    later = _days_after_finding(on)
    for account, document, day in zip(decided["account"], decided["document"], decided["on"], strict=True):
        reached = (items["account"] == account) & (items["due"] <= day + later)
        reached &= (items["document"] == document) | (document == 0)
        items["due"] = np.where(reached, np.maximum(items["due"], day + later), items["due"])
    order = np.lexsort((items["document"], items["due"], items["account"]))
    return {name: column[order] for name, column in items.items()}


def _days_after_finding(on: date) -> int:
    try:
        return policies.load(AFTER_FINDING).whole(AFTER_FINDING, on=on)
    except NotSet:
        return 0


def _credit(ids: Column, until: datetime | None) -> Column:
    """Money of each account that went to nothing yet."""
    query, more = _seen(_CREDIT, until)
    rows = fetch(query, {"ids": Many(ids), **more}, {"account": "bigint", "cents": "bigint"})
    found = np.zeros(len(ids), dtype=np.int64)
    found[np.searchsorted(ids, rows["account"])] = np.maximum(rows["cents"], 0)
    return found


def _debt(
    ids: Column,
    items: Mapping[str, Any],
    credit: Column,
    on: date,
    holds: Mapping[int, tuple[_holds.HoldThere, ...]],
    disputed: Mapping[int, int],
    setting: Setting,
) -> tuple[dict[str, Any], Column]:
    """What is past due, what of it no hold keeps, and the document that the climb is about."""
    place = np.searchsorted(ids, items["account"])
    past = items["due"] < on.toordinal()
    free = {
        "notice": np.where(past, items["cents"], 0),
        "cutoff": np.where(past, items["cents"], 0),
    }
    _take_off_holds(free, items, holds, disputed)

    def summed(cents: Column) -> Column:
        total = np.zeros(len(ids), dtype=np.int64)
        np.add.at(total, place, cents)
        return total

    owed = summed(np.where(past, items["cents"], 0)) - credit
    kept = {name: np.clip(np.minimum(summed(cents), owed), 0, None) for name, cents in free.items()}
    free_first = np.lexsort(
        (items["document"], items["due"], ~((free["notice"] > 0) | (free["cutoff"] > 0)), ~past, place)
    )
    found, first = np.unique(place[free_first], return_index=True)
    chosen = free_first[first]
    columns = np.zeros((5, len(ids)), dtype=np.int64)
    for row, name in enumerate(("document", "bill", "due", "cents")):
        columns[row, found] = items[name][chosen]
    columns[4, found] = past[chosen]
    anchors, bill_on, due_on, cents, is_past = columns
    debt = {
        "owed_cents": owed,
        "coming_cents": np.where((owed <= 0) & (is_past == 0), np.maximum(cents - credit, 0), 0),
        "notice_cents": kept["notice"],
        "cutoff_cents": kept["cutoff"],
        "bill_on": bill_on,
        "due_on": due_on,
    }
    return debt, anchors


def _take_off_holds(
    free: Mapping[str, Column],
    items: Mapping[str, Any],
    holds: Mapping[int, tuple[_holds.HoldThere, ...]],
    disputed: Mapping[int, int],
) -> None:
    """Take what holds reach off what is free: a whole document, or so many cents of the oldest."""
    accounts = items["account"]
    for account in set(holds) | set(disputed):
        begin, end = np.searchsorted(accounts, account), np.searchsorted(accounts, account, side="right")
        for hold in holds.get(account, ()):
            for name, held in (("notice", hold.held.notice), ("cutoff", hold.held.cutoff)):
                if held:
                    _take_off(free[name], items, begin, end, hold.documents, hold.cents)
        by_hold = sum(hold.cents or 0 for hold in holds.get(account, ()) if hold.reason == "dispute")
        if (rest := disputed.get(account, 0) - by_hold) > 0:  # disputes of requests that no hold stands for
            for cents in free.values():
                _take_off(cents, items, begin, end, (), rest)


def _take_off(
    free: Column, items: Mapping[str, Any], begin: Any, end: Any, documents: tuple[int, ...], cents: int | None
) -> None:
    left = cents
    for row in range(int(begin), int(end)):
        if documents and int(items["document"][row]) not in documents:
            continue
        taken = int(free[row]) if left is None else min(left, int(free[row]))
        free[row] -= taken
        left = None if left is None else left - taken


# --- what was done ----------------------------------------------------------------------------------------------------

_OF_RUNG = {"reminder": "reminded_on", "notice": "noticed_on", "call": "called_on", "hanger": "hung_on",
            "off_check": "checked_on", "final": "final_on"}  # fmt: skip


def _climbing(ids: Column, anchors: Column, due_on: Column) -> dict[str, Any]:
    """The rungs that each climb has behind it. A notice, a call or a hanger from before the debt was due is of an
    earlier time (its dispute was decided since) and counts no more."""
    found = {name: np.zeros(len(ids), dtype=np.int64) for name in (*_OF_RUNG.values(), "told_on")}
    kinds = {"account": "bigint", "anchor": "bigint", "rung": "text", "on": "bigint", "told": "bigint"}
    rows = fetch(_STEPS, {"ids": Many(ids)}, kinds)
    place = np.searchsorted(ids, rows["account"])
    counts = (rows["anchor"] == anchors[place]) & (
        (rows["on"] > due_on[place]) | np.isin(rows["rung"], ("reminder", "off_check"))
    )
    for rung, name in _OF_RUNG.items():
        of = counts & (rows["rung"] == rung)
        found[name][place[of]] = rows["on"][of]
        if rung == "notice":
            found["told_on"][place[of]] = rows["told"][of]
    return found


def _marks(ids: Column, on: date, without: Collection[str]) -> dict[str, Any]:
    """Whether money is on its way, a list or an order is there, and since when water is off."""
    types = [code for code, type in load_types().items() if type.unpaid]
    rows = fetch(
        _MARKS, {"ids": Many(ids), "on": on, "types": types}, {"account": "bigint", "mark": "text", "on": "bigint"}
    )
    place = np.searchsorted(ids, rows["account"])
    found = {
        name: np.isin(np.arange(len(ids)), place[rows["mark"] == name]) & (name not in without)
        for name in ("pending", "listed", "ordered")
    }
    off = np.zeros(len(ids), dtype=np.int64)
    of = rows["mark"] == "off"
    off[place[of]] = rows["on"][of]
    return {**found, "off_on": off}
