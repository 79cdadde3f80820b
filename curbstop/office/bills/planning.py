"""Planning a run: whom it bills, frozen and numbered, so that whoever posts it, however often, ends in the same
rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from curbstop.office import _events, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.bills import due
from curbstop.office.bills.values import Planned, Turn
from curbstop.office.reads.holding import list_open
from curbstop.records.bulk.arrays import Many, execute
from curbstop.rules.policies import NotSet

CHUNK = 5_000
"""Accounts a chunk: one commit of under half a second, which is as long as a payment may wait for it."""


@act("bills.plan")
def plan(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    cycle: str,
    bill_on: date,
    chunk_size: int = CHUNK,
    finals: bool = False,
) -> Planned:
    """Freeze whom a run of the cycle bills, cut it into chunks, reserve the ids that its rows will have.

    :param bill_on: the calendar's bill date, or a later day for what was held then
    :param finals: final bills between two turns: of what ended by the bill date and is not billed to its end
    :raises Refused: the run exists, an earlier run of the cycle is not posted, there is no due date, nothing is
        due, or none of the tariffs has a version in force
    """
    turn = due.find_turn(cycle, bill_on)
    _refuse_other_runs(turn)
    _refuse_undecided(turn)
    if finals:
        turn = replace(turn, read_on=bill_on)
    rows = due.who_is_due(turn, finals=finals)
    if not len(rows["agreement"]):
        raise Refused(
            f"Nothing of cycle {cycle} is due on {bill_on.isoformat()}: every service"
            f"{' that ended' if finals else ''} is billed through {turn.read_on.isoformat()}.",
            field="bill_on",
        )
    _refuse_without_tariffs(turn)
    slices = due.cut(rows["account"], chunk_size)
    event_ids = _events.reserve_ids(len(slices) + 1)
    run = _insert_run(event, turn, event_ids[-1])
    accounts = 0
    for no, part in enumerate(slices, start=1):
        accounts += _insert_chunk(run, no, rows, part, event_ids[no - 1])
    planned = Planned(
        run=run, cycle=cycle, read_on=turn.read_on, bill_on=bill_on, due_on=turn.due_on, accounts=accounts,
        agreements=len(rows["agreement"]), chunks=len(slices),
    )  # fmt: skip
    what = "final bills" if finals else "bills"
    says = f"Planned the {what} of cycle {cycle} of {bill_on.isoformat()}: {accounts:,} accounts."
    event.about(f"run:{run}", f"cycle:{cycle}", says=says)
    return planned


def _refuse_other_runs(turn: Turn) -> None:
    """One run of a cycle at a time: two plans would freeze the same days."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('bills.plan:' || %s, 2))", [turn.cycle])
        cursor.execute(
            "select r.id, r.bill_on, exists (select from bills_runstep s where s.run_id = r.id and s.step = 'posted')"
            " from bills_run r where r.cycle_id = %s and r.rebills is null order by r.bill_on desc",
            [turn.cycle],
        )
        for run, bill_on, posted in cursor.fetchall():
            if bill_on == turn.bill_on:
                raise Refused(
                    f"Cycle {turn.cycle} of {bill_on.isoformat()} is planned already: run {run}. Go on with that run.",
                    field="bill_on",
                )
            if not posted:
                raise Refused(
                    f"Run {run} of cycle {turn.cycle} ({bill_on.isoformat()}) is not posted yet. Post it first.",
                    field="cycle",
                )


_WHY = {"missing": "missing", "below_last": "negative", "same": "stuck", "zero": "zero", "high": "high", "low": "low"}
NAMED = 12
"""Accounts that a refusal names; the list of open reads has them all."""


def _refuse_undecided(turn: Turn) -> None:
    """Where the city says so (``reads.undecided: refuse``), a cycle is not planned while a read in it is missing or
    undecided and nobody holds it by name. Elsewhere the run holds what is undecided, and needs an owner for each."""
    try:
        if policies.load("reads.undecided").text("reads.undecided", on=turn.bill_on) != "refuse":
            return
    except NotSet:
        return
    left = [one for one in list_open(cycle=turn.cycle, read_on=turn.read_on) if one.owner_id is None]
    if left:
        named = ", ".join(f"{one.account} {_WHY.get(one.why.split(' ')[0], one.why)}" for one in left[:NAMED])
        more = f" and {len(left) - NAMED:,} more" if len(left) > NAMED else ""
        raise Refused(
            f"{len(left):,} {'read' if len(left) == 1 else 'reads'} of cycle {turn.cycle} are undecided: {named}{more};"
            " decide each or hold each with an owner.",
            field="cycle",
        )


def _refuse_without_tariffs(turn: Turn) -> None:
    """A price that is not set holds one account; no tariff at all in force is a mistake of the whole run."""
    with connection.cursor() as cursor:
        cursor.execute("select exists (select from decisions_tariffversion where valid @> %s)", [turn.read_on])
        if not cursor.fetchone()[0]:
            raise Refused(
                f"No tariff has a version in force on {turn.read_on.isoformat()}. Adopt the city's tariffs first.",
                field="cycle",
            )


def _insert_run(event: Acting, turn: Turn, finish_event_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bills_run (cycle_id, read_on, bill_on, due_on, at, by_id, event_id, finish_event_id)"
            " values (%s, %s, %s, %s, %s, %s, %s, %s) returning id",
            [turn.cycle, turn.read_on, turn.bill_on, turn.due_on, event.at, event.by.id, event.id, finish_event_id],
        )
        return int(cursor.fetchone()[0])


def _insert_chunk(run: int, no: int, rows: dict[str, NDArray[Any]], part: slice, event_id: int) -> int:
    """Write a chunk's plan; returns how many accounts it has."""
    accounts = np.unique(rows["account"][part])
    execute(
        """insert into bills_chunk
           (run_id, no, account_ids, agreement_ids, from_ons, first_document_id, txn_id, chunk_event_id)
           values (%(run)s, %(no)s, %(accounts)s, %(agreements)s, %(from_ons)s, %(first)s,
                   nextval(pg_get_serial_sequence('ledger_transaction', 'id')), %(event)s)""",
        {
            "run": run, "no": no, "accounts": Many(accounts), "agreements": Many(rows["agreement"][part]),
            "from_ons": Many(rows["from_on"][part]), "first": _reserve_documents(len(accounts)), "event": event_id,
        },
    )  # fmt: skip
    return len(accounts)


def _reserve_documents(count: int) -> int:
    """The first of ``count`` document ids in a row.

    A sequence cannot be asked for a block in one step; when somebody took a number in between, the block is left
    and another is asked for. Document ids may have gaps.
    """
    with connection.cursor() as cursor:
        for _ in range(100):
            cursor.execute(
                "select min(id), max(id)"
                " from (select nextval('ledger_document_seq') id from generate_series(1, %s)) taken",
                [count],
            )
            first, last = cursor.fetchone()
            if last - first == count - 1:
                return int(first)
    raise Refused(
        "The document numbers are being taken faster than a block can be had. Plan the run again in a moment."
    )
