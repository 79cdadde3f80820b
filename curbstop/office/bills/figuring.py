"""Calculating a run: everything rated, totals and findings written for review, nothing posted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.bills import due, findings, inputs, outcomes, planning, rates, runs
from curbstop.office.bills.findings import Findings
from curbstop.office.bills.inputs import Ints, Work
from curbstop.office.bills.rates import Kinds, Rated
from curbstop.office.bills.runs import ChunkRow, RunRow
from curbstop.office.bills.values import Calculated, KindFigure, RunFigures
from curbstop.office.tariffs import load_tariffs
from curbstop.records.bills.models import Calculated as CalculatedTable
from curbstop.records.bills.models import Review
from curbstop.records.bulk.arrays import Many, execute, fetch
from curbstop.records.bulk.columns import Coded, Column
from curbstop.records.bulk.copy import copy_in
from curbstop.rules.money import show
from curbstop.rules.policies import Plain


@act("bills.calculate")
def calculate(event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int) -> Calculated:
    """Rate every agreement of the plan and write down what it comes to and what wants a look. May be done again
    until approved.

    People's holds and owners are kept.

    :raises Refused: no such run, or it is approved
    """
    row = runs.load_run(run, lock=True)
    refuse_approved(row)
    bands = findings.load_bands(row.turn.read_on)
    for no in runs.chunk_numbers(run):
        calculate_chunk(row, runs.load_chunk(run, no), bands)
    found = figures(run)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bills_runstep (run_id, step, bills, cents, by_id, at, event_id)"
            " values (%s, 'calculated', %s, %s, %s, %s, %s)",
            [run, found.bills, found.cents, by.id, at, event.id],
        )
    event.about(f"run:{run}", says=f"Calculated run {run}: {found.bills:,} bills, {show(found.cents)}.")
    return Calculated(run=run, figures=found, without_owner=count_without_owner(run))


def refuse_approved(row: RunRow) -> None:
    """:raises Refused: the run is approved, so that its figures stand"""
    if "approved" in row.steps:
        raise Refused(
            f"Run {row.id} is approved; its figures stand. What has changed since is held when it is posted.",
            field="run",
        )


def calculate_chunk(row: RunRow, chunk: ChunkRow, bands: list[Plain] | None) -> None:
    """Write a chunk's figures and findings in the place of the last ones."""
    rated = runs.rate_chunk(row, chunk)
    found = findings.look(rated, bands)
    held = runs.held_accounts(row.id, chunk)
    would_be = rated.account_cents
    if held.any():
        rated.hold(held, "held_by_review")
    _write_figures(row.id, chunk, rated)
    _write_reviews(row.id, chunk, found, would_be, rated.work)


def _write_figures(run: int, chunk: ChunkRow, rated: Rated) -> None:
    totals = runs.kind_totals(rated)
    with connection.cursor() as cursor:
        cursor.execute("delete from bills_calculated where run_id = %s and chunk_no = %s", [run, chunk.no])
    execute(
        """insert into bills_calculatedchunk (chunk_id, account_cents, codes) values (%(chunk)s, %(cents)s, %(codes)s)
           on conflict (chunk_id) do update set account_cents = excluded.account_cents, codes = excluded.codes""",
        {"chunk": chunk.id, "cents": Many(rated.account_cents), "codes": Many(rated.work.code.astype(np.int16))},
    )
    if totals:
        copy_in(
            CalculatedTable,
            {
                "run_id": run,
                "chunk_no": chunk.no,
                "kind_id": np.array(list(totals)),
                "bills": np.array([bills for bills, _ in totals.values()]),
                "cents": np.array([cents for _, cents in totals.values()]),
            },
        )


def _write_reviews(run: int, chunk: ChunkRow, found: Findings, would_be: Ints, work: Work) -> None:
    """The chunk's findings in the place of the last ones. Holds by people stay, and whoever owned a finding owns it
    still."""
    values = {"run": run, "accounts": Many(chunk.accounts)}
    owners = fetch(
        """select account_id account, finding, owner_id owner from bills_review
           where run_id = %(run)s and not held and owner_id is not null
             and account_id in (select unnest(%(accounts)s))""",
        values,
        {"account": "bigint", "finding": "text", "owner": "bigint"},
    )
    owned = {
        (account, word): owner for account, word, owner in zip(*(owners[name].tolist() for name in owners), strict=True)
    }
    for held, holder in _read_owners(run, chunk).items():  # who holds a read by name owns its exception
        for word in ("held_no_read", "held_undecided_read"):
            owned.setdefault((held, word), holder)
    execute(
        "delete from bills_review where run_id = %(run)s and not held and account_id in (select unnest(%(accounts)s))",
        values,
    )
    if not found.words:
        return
    place, agreement = np.concatenate(found.place), np.concatenate(found.agreement)
    account = chunk.accounts[place]
    words = Coded(np.concatenate(found.code), found.words)
    owner = np.zeros(len(place), dtype=np.int64)
    if owned:
        names = [found.words[code] for code in words.codes.tolist()]
        owner[:] = [owned.get(pair, 0) for pair in zip(account.tolist(), names, strict=True)]
    usual_from = np.array([found.usual_from.get(row, -1) for row in agreement.tolist()], dtype=np.int64)
    usual_until = np.array([found.usual_until.get(row, -1) for row in agreement.tolist()], dtype=np.int64)
    copy_in(
        Review,
        {
            "run_id": run,
            "account_id": account,
            "finding": words,
            "agreement_id": chunk.agreements[agreement],
            "cents": np.maximum(would_be[place], 0),
            "usage_gal": Column(work.gal[agreement], ~work.measured[agreement]),
            "usual_from_gal": Column(usual_from, usual_from < 0),
            "usual_until_gal": Column(usual_until, usual_until < 0),
            "held": False,
            "reason": "",
            "owner_id": Column(owner, owner == 0),
        },
    )


def _read_owners(run: int, chunk: ChunkRow) -> dict[int, int]:
    """Who holds an undecided read of the run's day, or had it read again, by account."""
    rows = fetch(
        """select g.account_id account, max(h.owner) as owner from (
             select service_point_id point, owner_id as owner from meters_readhold
             where read_on = (select read_on from bills_run where id = %(run)s)
             union all
             select r.service_point_id, x.by_id from meters_reread x join meters_read r on r.id = x.read_id
             where r.read_on = (select read_on from bills_run where id = %(run)s)
               and not exists (select from meters_rereadanswer y where y.reread_id = x.id)) h
           join customers_agreement g on g.service_point_id = h.point
           where g.account_id in (select unnest(%(accounts)s)) group by g.account_id""",
        {"run": run, "accounts": Many(chunk.accounts)},
        {"account": "bigint", "owner": "bigint"},
    )
    return dict(zip(rows["account"].tolist(), rows["owner"].tolist(), strict=True))


# --- figures ----------------------------------------------------------------------------------------------------------


def figures(run: int) -> RunFigures:
    """What the run comes to as last calculated, with the holds of now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """select coalesce(sum(cardinality(c.agreement_ids)), 0), coalesce(sum(cardinality(c.account_ids)), 0),
                      coalesce(sum(a.bills), 0), coalesce(sum(a.cents), 0)
               from bills_chunk c left join bills_calculatedchunk k on k.chunk_id = c.id
               left join lateral (select count(*) bills, sum(cents) cents from unnest(k.account_cents) u (cents)
                                  where cents >= 0) a on true
               where c.run_id = %s""",
            [run],
        )
        agreements, accounts, bills, cents = (int(value) for value in cursor.fetchone())
        cursor.execute(
            """select k.code, k.says, sum(c.bills), sum(c.cents)
               from bills_calculated c join ledger_kind k on k.id = c.kind_id
               where c.run_id = %s group by k.id, k.code, k.says order by k.id""",
            [run],
        )
        by_kind = tuple(KindFigure(row[0], row[1], int(row[2]), int(row[3])) for row in cursor.fetchall())
        cursor.execute(
            """select code, count(*) from bills_calculatedchunk k join bills_chunk c on c.id = k.chunk_id,
                      unnest(k.codes) u (code) where c.run_id = %s and code > 0 group by code order by code""",
            [run],
        )
        held = {outcomes.CODES[code]: count for code, count in cursor.fetchall()}
        cursor.execute(
            "select finding, count(*) from bills_review where run_id = %s and finding = any(%s) group by 1 order by 1",
            [run, list(outcomes.FINDINGS)],
        )
        looks = dict(cursor.fetchall())
    return RunFigures(agreements, accounts, bills, cents, by_kind, held, looks)


def count_without_owner(run: int) -> int:
    """Accounts that are held and that nobody owns."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(distinct account_id) from bills_review"
            " where run_id = %s and owner_id is null and (held or finding like 'held\\_%%')",
            [run],
        )
        return int(cursor.fetchone()[0])


def dry_run(*, cycle: str, bill_on: date) -> RunFigures:
    """What a run of the cycle would come to on the day, written nowhere.

    :raises Refused: no such cycle, no turn to bill, no due date
    """
    turn = due.find_turn(cycle, bill_on)
    rows = due.who_is_due(turn)
    known, kinds = load_tariffs(), rates.load_kinds(bill_on)
    bands = findings.load_bands(turn.read_on)
    bills = cents = accounts = 0
    by_kind: dict[int, tuple[int, int]] = {}
    held: Counter[str] = Counter()
    looks: Counter[str] = Counter()
    for part in due.cut(rows["account"], planning.CHUNK):
        here = np.unique(rows["account"][part])
        work = inputs.load(turn, known, here, rows["agreement"][part], rows["from_on"][part])
        rated = rates.rate(work, kinds, bill_on)
        accounts += len(here)
        bills += int(rated.billed.sum())
        cents += int(rated.lines.cents.sum())
        for kind, (count, amount) in runs.kind_totals(rated).items():
            before = by_kind.get(kind, (0, 0))
            by_kind[kind] = (before[0] + count, before[1] + amount)
        held.update(outcomes.CODES[code] for code in work.code[work.code > 0].tolist())
        found = findings.look(rated, bands)
        looks.update({word: len(found.place[n]) for n, word in enumerate(found.words) if word in outcomes.FINDINGS})
    return RunFigures(
        agreements=len(rows["agreement"]), accounts=accounts, bills=bills, cents=cents, by_kind=_named(by_kind, kinds),
        held=dict(sorted(held.items())), findings=dict(sorted(looks.items())),
    )  # fmt: skip


def _named(by_kind: Mapping[int, tuple[int, int]], kinds: Kinds) -> tuple[KindFigure, ...]:
    named = [(kinds.by_id[id], figure) for id, figure in sorted(by_kind.items())]
    return tuple(KindFigure(kind.code, kind.says, *figure) for kind, figure in named)
