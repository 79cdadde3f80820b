"""Posting a run: chunk by chunk, each one transaction and one event with the ids that the plan reserved.

Whoever posts it and however often it is interrupted, the rows are the same: ids come from the plan, instants from
the approval, and a chunk is there whole or not at all. Nothing is posted that is not what was approved: an account
that comes to something else by now is held, with the approver as its owner.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act, plain
from curbstop.office.bills import outcomes, runs
from curbstop.office.bills.inputs import Ints
from curbstop.office.bills.rates import KindRow, Rated
from curbstop.office.bills.runs import ChunkRow, RunRow, Step
from curbstop.office.bills.values import ChunkPosted, RunPosted
from curbstop.records.bills.models import Bill, ChargeBilled, Outcome
from curbstop.records.bulk.arrays import Many, execute, fetch
from curbstop.records.bulk.columns import Coded, Column
from curbstop.records.bulk.copy import copy_in
from curbstop.records.ledger.models import Posting
from curbstop.rules.money import show


def _chunk_event(values: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select chunk_event_id from bills_chunk where run_id = %s and no = %s", [values["run"], values["chunk"]]
        )
        found = cursor.fetchone()
    if found is None:
        raise Refused(f"Run {values['run']} has no chunk {values['chunk']}.", field="chunk")
    return int(found[0])


def _finish_event(values: Mapping[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select finish_event_id from bills_run where id = %s", [values["run"]])
        found = cursor.fetchone()
    if found is None:
        raise Refused(f"There is no bill run {values['run']}.", field="run")
    return int(found[0])


@act("bills.post", reserved=_chunk_event)
def post(event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int, chunk: int) -> ChunkPosted:
    """Post one chunk of an approved run: bills, postings, outcomes, and the mark that says so, in one commit.

    The event and every row carry the instant of the approval, not ``at``: so a restart an hour later changes nothing.

    :raises Refused: the run is not approved, the chunk is posted, or what was written does not hold
    """
    row, plan = runs.load_run(run), runs.load_chunk(run, chunk, lock=True)
    approved = _approved(row)
    _refuse_done(run, chunk)
    _lock_accounts(plan.accounts)
    rated = runs.rate_chunk(row, plan)
    owners = _take_out(row, plan, rated, approved)
    event.at = approved.at
    _do_not_wait()
    _insert_header(event, plan, row, approved)
    before = _balances(plan.accounts[rated.billed])
    bill_of = _copy_bills(row, plan, rated, before["cents"])
    lines = _copy_postings(row, plan, rated, bill_of)
    _copy_outcomes(row, plan, rated, bill_of, owners)
    _keep_given(row, rated)
    _ask_deposits(row, plan, rated)
    posted = _check(row, plan, rated, lines, int((before["credit"] > 0).sum()))
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bills_chunkdone (run_id, chunk_no, bills, exceptions, lines, cents)"
            " values (%s, %s, %s, %s, %s, %s)",
            [run, chunk, posted.bills, posted.exceptions, posted.lines, posted.cents],
        )
    says = f"Posted chunk {chunk} of run {run}: {posted.bills:,} bills, {show(posted.cents)}."
    event.about(f"run:{run}", says=says)
    return posted


@act("bills.finish", reserved=_finish_event)
def finish(event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int) -> RunPosted:
    """Say that every chunk of the run is posted.

    :raises Refused: the run is not approved, a chunk is missing, or it was said before
    """
    row = runs.load_run(run, lock=True)
    approved = _approved(row)
    if "posted" in row.steps:
        raise Refused(f"Run {run} is posted: {row.steps['posted'].bills:,} bills. Nothing is left to do.", field="run")
    event.at = approved.at
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) filter (where d.run_id is null), coalesce(sum(d.bills), 0),"
            " coalesce(sum(d.exceptions), 0), coalesce(sum(d.cents), 0) from bills_chunk c"
            " left join bills_chunkdone d on (d.run_id, d.chunk_no) = (c.run_id, c.no) where c.run_id = %s",
            [run],
        )
        left, bills, exceptions, cents = (int(value) for value in cursor.fetchone())
        if left:
            raise Refused(f"{left} chunks of run {run} are not posted yet. Post them first.", field="run")
        cursor.execute(
            "insert into bills_runstep (run_id, step, bills, cents, by_id, at, event_id)"
            " values (%s, 'posted', %s, %s, %s, %s, %s)",
            [run, bills, cents, by.id, approved.at, event.id],
        )
    event.about(f"run:{run}", says=f"Posted run {run}: {bills:,} bills for {show(cents)}; {exceptions:,} services not.")
    return RunPosted(run=run, bills=bills, exceptions=exceptions, cents=cents)


def _lock_accounts(accounts: Ints) -> None:
    """As ``office._locks`` does it, in the same order, without bringing thousands of ids back."""
    lock = "select id from customers_account where id = any(%(ids)s) order by id for no key update"
    if execute(lock, {"ids": Many(accounts)}) != len(accounts):
        raise LookupError("an account of the plan is gone; accounts are never deleted")


def _do_not_wait() -> None:
    """The commit of a chunk does not wait for the disk: one that a power failure takes along is there whole or not
    at all, and is posted again. The end of the run waits, for all of them."""
    with connection.cursor() as cursor:
        cursor.execute("set local synchronous_commit = off")


def _approved(row: RunRow) -> Step:
    if "approved" not in row.steps:
        raise Refused(f"Run {row.id} is not approved. A supervisor approves it first.", field="run")
    return row.steps["approved"]


def _refuse_done(run: int, chunk: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select bills from bills_chunkdone where run_id = %s and chunk_no = %s", [run, chunk])
        found = cursor.fetchone()
    if found is not None:
        raise Refused(
            f"Chunk {chunk} of run {run} is posted: {found[0]:,} bills. Nothing is left to do.", field="chunk"
        )


# --- what is not posted -----------------------------------------------------------------------------------------------


def _take_out(row: RunRow, plan: ChunkRow, rated: Rated, approved: Step) -> Ints:
    """Hold what people hold and what is not as it was approved; returns each account's owner for what is left out.

    :raises Refused: the chunk was never calculated, or its totals by kind are not those approved
    """
    before = runs.calculated_chunk(plan.id)
    if before is None:
        raise Refused(f"Chunk {plan.no} of run {row.id} was never calculated.", field="chunk")
    rated.hold(runs.held_accounts(row.id, plan), "held_by_review")
    now = rated.account_cents
    changed = (now >= 0) & (now != before["cents"])
    rated.hold(changed, "held_changed")
    if not changed.any() and ((before["cents"] < 0) == (now < 0)).all():
        _refuse_other_kinds(row, plan, rated)
    rows = fetch(
        """select distinct on (account_id) account_id account, owner_id owner from bills_review
           where run_id = %(run)s and owner_id is not null and account_id in (select unnest(%(accounts)s))
           order by account_id, held desc, finding like 'held%%' desc, id""",
        {"run": row.id, "accounts": Many(plan.accounts)},
        {"account": "bigint", "owner": "bigint"},
    )
    owners = np.full(len(plan.accounts), approved.by_id, dtype=np.int64)
    owners[np.searchsorted(plan.accounts, rows["account"])] = rows["owner"]
    return owners


def _refuse_other_kinds(row: RunRow, plan: ChunkRow, rated: Rated) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "select kind_id, bills, cents from bills_calculated where run_id = %s and chunk_no = %s", [row.id, plan.no]
        )
        approved = {kind: (bills, cents) for kind, bills, cents in cursor.fetchall()}
    now = runs.kind_totals(rated)
    if approved != now:
        raise Refused(
            f"Chunk {plan.no} of run {row.id} comes to other totals by kind than were approved: the chart of"
            " accounts changed. Put it back, or have the run corrected.",
            field="chunk",
        )


# --- what is written --------------------------------------------------------------------------------------------------


def _insert_header(event: Acting, plan: ChunkRow, row: RunRow, approved: Step) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into ledger_transaction (id, posted_at, event_id, posted_on, effective_on, act, by, closes)"
            " values (%s, %s, %s, %s, %s, 'bill', %s, false)",
            [plan.txn_id, approved.at, event.id, approved.on, row.turn.bill_on, event.by.id],
        )


def _copy_bills(row: RunRow, plan: ChunkRow, rated: Rated, before: Ints) -> Ints:
    """Write the bills, with what each account owed before; returns the bill id of each account, 0 for none."""
    billed = np.flatnonzero(rated.billed)
    bill_of = np.zeros(len(plan.accounts), dtype=np.int64)
    bill_of[billed] = plan.first_document_id + billed
    rows = np.flatnonzero(rated.work.code == 0)
    place = rated.work.place[rows]
    starts = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1]))) if len(rows) else rows
    if len(billed):
        days = rated.work.from_on[rows].astype(np.int64), rated.work.until_on[rows].astype(np.int64)
        copy_in(
            Bill,
            {
                "id": bill_of[billed],
                "account_id": plan.accounts[billed],
                "txn_id": plan.txn_id,
                "run_id": row.id,
                "total_cents": rated.account_cents[billed],
                "previous_cents": before,
                "chunk_no": plan.no,
                "from_on": np.minimum.reduceat(days[0], starts).astype("datetime64[D]"),
                "until_on": np.maximum.reduceat(days[1], starts).astype("datetime64[D]"),
                "due_on": row.turn.due_on,
            },
        )
    return bill_of


def _balances(accounts: Ints) -> dict[str, Ints]:
    """Of each account before this run: ``cents`` owed, receivables less unapplied and levelised credit, and
    ``credit``, what is unapplied."""
    rows = fetch(
        """select p.account_id account, sum(p.debit_cents - p.credit_cents)::bigint cents,
                  coalesce(sum(p.credit_cents - p.debit_cents) filter (where p.gl_id = any(unapplied.ids)), 0)::bigint
                    credit
           from ledger_posting p,
                (select array(select id from ledger_gl where sub = 3 and object = 2310) ids) unapplied,
                (select array(select id from ledger_gl where sub = 3 and object in (2310, 2320)) ids) netted
           where p.account_id = any(%(accounts)s) and (p.sub = 2 or p.gl_id = any(netted.ids)) group by p.account_id""",
        {"accounts": Many(accounts)},
        {"account": "bigint", "cents": "bigint", "credit": "bigint"},
    )
    at = np.searchsorted(accounts, rows["account"])
    found = {name: np.zeros(len(accounts), dtype=np.int64) for name in ("cents", "credit")}
    for name, column in found.items():
        column[at] = rows[name]
    return found


def _copy_postings(row: RunRow, plan: ChunkRow, rated: Rated, bill_of: Ints) -> int:
    """Write the lines as charges, then what is earned, one leg a kind; returns how many lines there are."""
    lines = rated.lines
    n = len(lines.kind)
    if not n:
        return 0
    present = np.unique(lines.kind)
    which = np.searchsorted(present, lines.kind)
    of = [row.kinds.by_id[kind] for kind in present.tolist()]
    earned = np.zeros(len(present), dtype=np.int64)
    np.add.at(earned, which, lines.cents)
    is_line = np.arange(n + len(present)) < n
    line_no = _line_numbers(lines.place)

    def both(line: NDArray[Any], leg: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([line, leg])

    nothing = np.zeros(len(present), dtype=np.int64)
    copy_in(
        Posting,
        {
            "txn_id": plan.txn_id,
            "account_id": Column(both(plan.accounts[lines.place], nothing), ~is_line),
            "document_id": Column(both(bill_of[lines.place], nothing), ~is_line),
            "debit_cents": both(lines.cents, nothing),
            "credit_cents": both(np.zeros(n, dtype=np.int64), earned),
            "leg_no": np.arange(1, n + len(present) + 1),
            "due_on": Column(np.full(n + len(present), row.turn.due_on, dtype="datetime64[D]"), ~is_line),
            "fund": both(_each(of, "fund")[which], _each(of, "fund")),
            "gl_id": both(_each(of, "control_gl")[which], _each(of, "contra_gl")),
            "kind_id": both(lines.kind, present),
            "line_no": Column(both(line_no, nothing), ~is_line),
            "sub": np.where(is_line, 2, 0),
        },
    )
    charged = np.flatnonzero(lines.charge)
    if len(charged):
        bills = bill_of[lines.place[charged]]
        copy_in(ChargeBilled, {"charge_id": lines.charge[charged], "bill_id": bills, "line_no": line_no[charged]})
    return n


def _line_numbers(place: NDArray[np.intp]) -> Ints:
    """1, 2, 3... within each bill."""
    starts = np.concatenate(([True], place[1:] != place[:-1]))
    first = np.flatnonzero(starts)
    before: Ints = first[np.cumsum(starts) - 1]
    return np.arange(1, len(place) + 1, dtype=np.int64) - before


def _each(kinds: list[KindRow], name: str) -> Ints:
    return np.array([getattr(kind, name) for kind in kinds], dtype=np.int64)


def _copy_outcomes(row: RunRow, plan: ChunkRow, rated: Rated, bill_of: Ints, owners: Ints) -> None:
    work = rated.work
    order = np.argsort(~work.measured, kind="stable")  # rows that look alike together: they go as one block
    code = work.code[order]
    out, already = code != 0, code == outcomes.place("already_billed")
    nothing = np.datetime64("NaT")
    place = work.place[order]
    from_read, to_read = work.from_read[order], work.to_read[order]
    copy_in(
        Outcome,
        {
            "run_id": row.id,
            "agreement_id": work.agreement[order],
            "account_id": plan.accounts[place],
            "bill_id": Column(bill_of[place], out),
            "from_read_id": Column(from_read, from_read == 0),
            "to_read_id": Column(to_read, to_read == 0),
            "usage_gal": work.gal[order],
            "average_gal": work.average_gal[order],
            "cents": rated.cents[order],
            "owner_id": Column(owners[place], ~out),
            "from_on": np.where(already, nothing, work.from_on[order]),
            "until_on": np.where(already, nothing, work.until_on[order]),
            "chunk_no": plan.no,
            "items": work.items[order],
            "prorate_days": work.prorate_days[order],
            "code": Coded(code.astype(np.int64), outcomes.CODES),
        },
    )


def _keep_given(row: RunRow, rated: Rated) -> None:
    """Keep what tariffs asked for and were told, and what averages of their own were made from."""
    work = rated.work
    asks = np.array([bool(tariff is not None and tariff.asks) for tariff in work.tariffs])[work.tariff]
    asks[list(work.made_from)] = True
    rows = np.flatnonzero(asks & (work.code == 0)).tolist()
    if not rows:
        return
    told, averages = [], []
    for place in rows:
        tariff = work.tariffs[int(work.tariff[place])]
        assert tariff is not None
        words = {name: str(work.facts[name][place]) for name in tariff.asks}
        told.append(json.dumps({name: word for name, word in words.items() if word}, ensure_ascii=False))
        made = work.made_from.get(place)
        averages.append(None if made is None else json.dumps(plain(made)))
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bills_given (run_id, agreement_id, facts, average)"
            " select %s, * from unnest(%s::bigint[], %s::jsonb[], %s::jsonb[])",
            [row.id, work.agreement[rows].tolist(), told, averages],
        )


def _ask_deposits(row: RunRow, plan: ChunkRow, rated: Rated) -> None:
    """Ask for the next instalment of each account's deposit with its bill: a memo, never part of the total."""
    execute(
        """update payments_depositdemand set due_on = %(due_on)s where id in (
             select distinct on (account_id) id from payments_depositdemand
             where account_id in (select unnest(%(accounts)s)) and due_on is null
               and cents > coalesce((select sum(w.cents) from payments_depositwaived w where w.demand_id =
                 payments_depositdemand.id), 0)
             order by account_id, event_id, instalment, id)""",
        {"due_on": row.turn.due_on, "accounts": Many(plan.accounts[rated.billed])},
    )


# --- what must hold ---------------------------------------------------------------------------------------------------

_FAULTS = """
with bill as materialized (
       select id, account_id, total_cents, txn_id, run_id, chunk_no from bills_bill
       where id between %(first)s and %(last)s),
     item as (select document_id, account_id, sum(debit_cents) cents from ledger_posting
              where txn_id = %(txn)s and sub = 2 group by 1, 2),
     leg as materialized (
       select gl_id, fund, sub, kind_id, sum(debit_cents) debits, sum(credit_cents) credits
       from ledger_posting where txn_id = %(txn)s group by 1, 2, 3, 4)
select 'bill ' || coalesce(b.id, i.document_id) || ' is not the sum of its items' fault
from bill b full join item i on i.document_id = b.id
where b.id is null or i.account_id <> b.account_id or b.total_cents <> coalesce(i.cents, 0)
   or b.txn_id <> %(txn)s or b.run_id <> %(run)s or b.chunk_no <> %(chunk)s
union all
select 'bill ' || b.id || ' has no account' from bill b
where not exists (select from customers_account a where a.id = b.account_id)
union all
select 'kind ' || kind_id || ' is charged and not earned, or the reverse' from leg
group by kind_id having sum(debits) <> sum(credits)
union all
select 'account string ' || p.gl_id || ' or kind ' || p.kind_id || ' is not in the chart'
from leg p
left join ledger_gl g on (g.id, g.fund, g.sub) = (p.gl_id, p.fund, p.sub) left join ledger_kind k on k.id = p.kind_id
where g.id is null or k.id is null
limit 5
"""


def _refuse_other_services(row: RunRow, plan: ChunkRow, rated: Rated) -> None:
    """Every bill is the sum of its services and its waiting charges, as they were written."""
    cents = np.zeros(len(plan.accounts), dtype=np.int64)
    np.add.at(cents, rated.work.place, rated.cents)
    waited = rated.lines.charge > 0
    np.add.at(cents, rated.lines.place[waited], rated.lines.cents[waited])
    if (cents[rated.billed] != rated.account_cents[rated.billed]).any():
        raise Refused(
            f"Chunk {plan.no} of run {row.id}: a bill is not the sum of its services and charges. It is undone.",
            field="chunk",
        )


def _check(row: RunRow, plan: ChunkRow, rated: Rated, lines: int, with_credit: int) -> ChunkPosted:
    """Check what was written as a set, which row by row would cost half the run; then say what it is.

    :raises Refused: something does not hold; the chunk is undone
    """
    _refuse_other_services(row, plan, rated)
    last = plan.first_document_id + len(plan.accounts) - 1
    values = {"txn": plan.txn_id, "first": plan.first_document_id, "last": last, "run": row.id, "chunk": plan.no}
    with connection.cursor() as cursor:
        cursor.execute(_FAULTS, values)
        faults = [fault for (fault,) in cursor.fetchall()]
        cursor.execute(
            "select count(*), coalesce(sum(total_cents), 0) from bills_bill where id between %(first)s and %(last)s",
            values,
        )
        bills, cents = (int(value) for value in cursor.fetchone())
    if bills != int(rated.billed.sum()) or cents != int(rated.lines.cents.sum()):
        faults.append(f"{bills} bills for {cents} cents were written, not what was rated")
    if faults:
        raise Refused(
            f"Chunk {plan.no} of run {row.id} does not hold and is undone: {'; '.join(faults)}.", field="chunk"
        )
    exceptions = int((rated.work.code != 0).sum())
    return ChunkPosted(row.id, plan.no, bills, exceptions, lines, cents, with_credit)
