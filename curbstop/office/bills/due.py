"""Which turn of the cycle a run bills, and whom: every agreement with days through the read that no bill has."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from curbstop.office import policies
from curbstop.office._once import Refused
from curbstop.office.bills.values import Turn
from curbstop.records.bulk.arrays import fetch
from curbstop.rules.policies import NotSet


def find_turn(cycle: str, bill_on: date) -> Turn:
    """The turn that a run of ``cycle`` on ``bill_on`` bills: the calendar's of that day, or the last before it (a
    later run for what was held).

    :raises Refused: no such cycle, no turn on or before the day, or no due date
    """
    with connection.cursor() as cursor:
        cursor.execute("select every_days from decisions_cycle where code = %s", [cycle])
        found = cursor.fetchone()
        if found is None:
            cursor.execute("select coalesce(string_agg(code, ', ' order by code), 'none') from decisions_cycle")
            raise Refused(f"There is no cycle {cycle!r}; the cycles are {cursor.fetchone()[0]}.", field="cycle")
        cursor.execute(
            "select read_on, bill_on, due_on from decisions_cycledate where cycle_id = %s order by bill_on", [cycle]
        )
        turns = cursor.fetchall()
    past = [turn for turn in turns if turn[1] <= bill_on]
    if not past:
        first = f"its first turn is billed on {turns[0][1].isoformat()}" if turns else "plan its calendar first"
        raise Refused(f"Cycle {cycle} has no turn to bill on {bill_on.isoformat()}: {first}.", field="bill_on")
    read_on, planned_on, due_on = past[-1]
    if due_on is None or planned_on != bill_on:
        due_on = _due_on(cycle, bill_on)
    return Turn(cycle, read_on, bill_on, due_on, tuple(turn[0] for turn in turns), found[0])


def _due_on(cycle: str, bill_on: date) -> date:
    try:
        days = policies.load("bill.due_days").whole("bill.due_days", on=bill_on)
    except NotSet as unset:
        raise Refused(
            f"No due date: cycle {cycle} of {bill_on.isoformat()} has none in the calendar, and {unset}. "
            "Set the due date in the calendar, or the policy bill.due_days.",
            field="bill_on",
        ) from None
    return bill_on + timedelta(days=days)


_DUE = """
select agreement, account, from_on, rank, number from (
  select g.id agreement, g.account_id account, least(%(read_on)s, coalesce(upper(g.during), 'infinity')) until_on,
         coalesce(l.until_on,
                  (select o.until_on from bills_outcome o where o.agreement_id = g.id and o.code = 'billed'
                   order by o.from_on desc limit 1),
                  lower(g.during)) from_on,
         case s.service when 'water' then 1 when 'irrigation' then 2 when 'sewer' then 3 when 'sanitation' then 4
           when 'stormwater' then 5 else 9 end rank, s.number
  from customers_premise p
  join customers_servicepoint s on s.premise_id = p.id
  join customers_agreement g on g.service_point_id = s.id
  left join bills_outcome l on l.run_id = %(last)s and l.agreement_id = g.id and l.code = 'billed'
  where p.cycle_id = %(cycle)s and lower(g.during) < %(read_on)s
) due where from_on < until_on
"""
_ENDED = "and exists (select from customers_agreement e where e.id = agreement and upper(e.during) <= %(read_on)s)"
# most were billed by the cycle's last run; only of the others is the last bill looked for one by one. Whatever
# another run
# billed meanwhile is found when the chunk is loaded.
_DUE_KINDS = {"agreement": "bigint", "account": "bigint", "from_on": "date", "rank": "integer", "number": "smallint"}


def who_is_due(turn: Turn, *, finals: bool = False) -> dict[str, NDArray[Any]]:
    """``agreement``, ``account`` and ``from_on`` of everything to bill through the turn's read, accounts ascending, the
    services of each in the order of the bill's lines. Agreements that ended and are not billed to their end are due
    too; with ``finals`` they alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "select max(id) from bills_run where cycle_id = %s and bill_on < %s and rebills is null",
            [turn.cycle, turn.bill_on],
        )
        last = cursor.fetchone()[0] or 0
    values = {"cycle": turn.cycle, "read_on": turn.read_on, "last": last}
    rows = fetch(_DUE + (_ENDED if finals else ""), values, _DUE_KINDS)
    order = np.lexsort([rows[name] for name in ("agreement", "from_on", "number", "rank", "account")])
    return {name: rows[name][order] for name in ("agreement", "account", "from_on")}


def cut(account: NDArray[np.int64], size: int) -> list[slice]:
    """Slices of whole accounts, at most ``size`` accounts each."""
    starts = np.flatnonzero(np.concatenate(([True], account[1:] != account[:-1]))) if len(account) else np.empty(0, int)
    edges = [*starts[::size].tolist(), len(account)]
    return [slice(start, stop) for start, stop in zip(edges, edges[1:], strict=False)]
