"""A run as stored, and its chunks as rated: what calculating, posting and showing have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from curbstop.office import tariffs
from curbstop.office._once import Refused
from curbstop.office.bills import inputs, rates
from curbstop.office.bills.inputs import Ints
from curbstop.office.bills.rates import Kinds, Rated
from curbstop.office.bills.values import Turn
from curbstop.records.bulk.arrays import Many, fetch, fetch_arrays
from curbstop.rules.plans import Tariff


@dataclass(frozen=True)
class Step:
    """A step of a run that is over."""

    bills: int
    cents: int
    at: datetime
    by_id: int
    on: date | None


@dataclass(frozen=True)
class RunRow:
    """A run with what its chunks share. ``steps``: the last ``calculated``, and ``approved`` and ``posted``."""

    id: int
    turn: Turn
    steps: Mapping[str, Step]
    tariffs: Mapping[str, Tariff]
    kinds: Kinds


@dataclass(frozen=True)
class ChunkRow:
    """A chunk as planned."""

    id: int
    no: int
    accounts: Ints
    agreements: Ints
    from_ons: NDArray[np.datetime64]
    first_document_id: int
    txn_id: int
    event_id: int


def load_run(run: int, *, lock: bool = False) -> RunRow:
    """The run; with ``lock``, nobody else decides about it until the transaction ends.

    :raises Refused: there is none of this number
    """
    if lock:
        _take_turn(f"bills.run:{run}")
    with connection.cursor() as cursor:
        cursor.execute(
            "select r.cycle_id, r.read_on, r.bill_on, r.due_on, c.every_days from bills_run r"
            " join decisions_cycle c on c.code = r.cycle_id where r.id = %s",
            [run],
        )
        found = cursor.fetchone()
        if found is None:
            raise Refused(f"There is no bill run {run}; the list of runs has the numbers.", field="run")
        cursor.execute("select read_on from decisions_cycledate where cycle_id = %s order by read_on", [found[0]])
        turns = tuple(row[0] for row in cursor.fetchall())
        cursor.execute(
            'select step, bills, cents, at, by_id, "on" from bills_runstep where run_id = %s order by event_id', [run]
        )
        steps = {row[0]: Step(*row[1:]) for row in cursor.fetchall()}
    turn = Turn(found[0], found[1], found[2], found[3], turns, found[4])
    return RunRow(run, turn, steps, tariffs.load_tariffs(), rates.load_kinds(turn.bill_on))


def load_chunk(run: int, no: int, *, lock: bool = False) -> ChunkRow:
    """The chunk's plan. :raises Refused: the run has none of this number"""
    if lock:
        _take_turn(f"bills.chunk:{run}:{no}")
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, first_document_id, txn_id, chunk_event_id from bills_chunk where run_id = %s and no = %s",
            [run, no],
        )
        found = cursor.fetchone()
    if found is None:
        raise Refused(f"Run {run} has no chunk {no}.", field="chunk")
    arrays = fetch_arrays(
        "select account_ids, agreement_ids, from_ons from bills_chunk where id = %(id)s",
        {"id": found[0]},
        {"accounts": "bigint", "agreements": "bigint", "from_ons": "date"},
    )
    assert arrays is not None
    return ChunkRow(found[0], no, arrays["accounts"], arrays["agreements"], arrays["from_ons"], *found[1:])


def _take_turn(name: str) -> None:
    """Wait for whoever decides about the same run or chunk. Not a row lock: those need the right to update, which
    nobody has on a plan."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 3))", [name])


def chunk_numbers(run: int) -> list[int]:
    """The chunks of a run, in order."""
    with connection.cursor() as cursor:
        cursor.execute("select no from bills_chunk where run_id = %s order by no", [run])
        return [row[0] for row in cursor.fetchall()]


def rate_chunk(run: RunRow, chunk: ChunkRow) -> Rated:
    """Rate a chunk from what holds now. Holds by people are the caller's to apply."""
    work = inputs.load(run.turn, run.tariffs, chunk.accounts, chunk.agreements, chunk.from_ons)
    return rates.rate(work, run.kinds, run.turn.bill_on)


def held_accounts(run: int, chunk: ChunkRow) -> NDArray[np.bool_]:
    """Which of the chunk's accounts a person holds, by their place."""
    rows = fetch(
        "select account_id account from bills_review"
        " where run_id = %(run)s and held and account_id in (select unnest(%(accounts)s))",
        {"run": run, "accounts": Many(chunk.accounts)},
        {"account": "bigint"},
    )
    return np.isin(chunk.accounts, rows["account"])


def kind_totals(rated: Rated) -> dict[int, tuple[int, int]]:
    """Kind -> bills that have it, and cents."""
    lines = rated.lines
    found: dict[int, tuple[int, int]] = {}
    for kind in np.unique(lines.kind).tolist():
        here = lines.kind == kind
        found[kind] = (len(np.unique(lines.place[here])), int(lines.cents[here].sum()))
    return found


def calculated_chunk(chunk: int) -> dict[str, Any] | None:
    """``cents`` by account and ``codes`` by agreement as last calculated; None before the first calculation."""
    return fetch_arrays(
        "select account_cents, codes from bills_calculatedchunk where chunk_id = %(chunk)s",
        {"chunk": chunk},
        {"cents": "bigint", "codes": "smallint"},
    )
